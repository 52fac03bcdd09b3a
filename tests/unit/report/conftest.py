"""A persona model made by hand: Chinese categories, small cells, long names, one archetype."""

from __future__ import annotations

import runpy
from dataclasses import replace
from datetime import date
from math import exp, sqrt
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from personas.features import Feature, FeatureSet
from personas.model.base import Calibration, Card, Persona, PersonaModel, Trait
from personas.model.profile import SMALL_CELL
from personas.model.rule_base import Condition, Rule, RuleSet
from personas.report.analysis_tables import AnalysisTables
from personas.report.figures import Figures
from personas.schema import ObservationWindow, Text
from personas.scorecard import Scorecard
from personas.selection import Candidate
from personas.selection.base import Verdict
from personas.selection.quality import Measure

N_USERS = 128_640
SHARES = (0.312, 0.247, 0.221, 0.148, 0.072)

AGES = ("21-25", "26-30", "31-35", "36-40", "41-45", "46+")
TIERS = {
    "T1": Text("一线城市", "tier 1 city"),
    "T2": Text("二线城市", "tier 2 city"),
    "T3": Text("三线城市", "tier 3 city"),
    "T4": Text("四线城市", "tier 4 city"),
}
MEMBERSHIP = ("<3000", "3000-5999", "6000+")
GENDERS = {"female": Text("女", "female"), "male": Text("男", "male"), "other": Text("其他", "other")}
MARRIED = {
    "married": Text("已婚", "married"),
    "unmarried": Text("未婚", "unmarried"),
    "widowed": Text("丧偶", "widowed"),
}
CATEGORIES = {
    "手机": "phone",
    "扫地机": "robot vacuum",
    "空气净化器": "air purifier",
    "智能门锁": "smart lock",
    "监控摄像头": "security camera",
    "蓝牙耳机": "earphones",
    "电视": "television",
    "油烟机": "range hood",
    "洗碗机": "dishwasher",
    "新能源汽车充电桩": "EV home charger",
}

# Share of each level per persona, then among all users (last row).
_AGE = [
    (5, 36, 34, 15, 6, 4),
    (2, 10, 30, 36, 14, 8),
    (4, 14, 33, 29, 12, 8),
    (22, 45, 22, 6, 3, 2),
    (3, 9, 14, 18, 22, 34),
]
_TIER = [(44, 38, 13, 5), (48, 34, 12, 6), (8, 30, 41, 21), (42, 36, 15, 7), (14, 22, 30, 34)]
_MEMBERSHIP = [(10, 28, 62), (8, 25, 67), (22, 63, 15), (24, 60, 16), (66, 29, 5)]
_GENDER = [(38, 62, 0.01), (57, 43, 0.02), (44, 56, 0.0), (33, 66, 0.06), (52, 48, 0.0)]
_MARRIED = [(91, 8.9, 0.02), (95, 4.8, 0.2), (88, 11.8, 0.02), (9, 91, 0.0), (80, 15, 5)]
_BOUGHT = [
    (58, 46, 12, 30, 34, 41, 15, 5, 8, 4.2),
    (40, 49, 28, 22, 20, 18, 31, 19, 22, 2.6),
    (47, 12, 6, 8, 17, 22, 28, 13, 2, 0.01),
    (66, 18, 5, 9, 14, 63, 7, 1, 1, 0.3),
    (21, 7, 9, 3, 9, 6, 24, 6, 1, 0.0),
]


def _feature(name, kind, block, zh, en, **more):
    return Feature(
        name=name, kind=kind, block=block, unit=more.pop("unit", ""), null_meaning=more.pop("null", "not stated"),
        source=more.pop("source", "profile"), measure=more.pop("measure", "value"), label=Text(zh, en), **more,
    )  # fmt: skip


FEATURES = FeatureSet(
    (
        _feature("age", "numeric", "who", "年龄", "age", unit="years"),
        _feature("city_tier", "ordinal", "who", "城市线级", "city tier", levels=tuple(TIERS)),
        _feature("gender", "nominal", "who", "性别", "gender", levels=tuple(GENDERS), role="profile", protected=True),
        _feature(
            "marital_status", "nominal", "who", "婚姻状况", "marital status",
            levels=tuple(MARRIED), role="profile", protected=True,
        ),
        _feature("membership_value", "numeric", "worth", "京享值", "membership value", unit="points", null="not a member"),
        _feature("recency_days", "numeric", "worth", "距上次购买天数", "days since last order", unit="days", null="never bought"),
        *(
            _feature(f"order_count:{zh}", "count", "what", f"{zh}购买次数", f"{en}: orders", unit="orders",
                     null="never missing", source="category_history", measure="count", argument=zh)
            for zh, en in CATEGORIES.items()
        ),
    )
)  # fmt: skip


def _trait(feature, level, label, short, block, place, shares, *, protected=False):
    """Compute a trait the way a profile does: share, index, log interval, a rough q value."""
    n_persona = round(N_USERS * SHARES[place])
    share = shares[place] / 100
    base = sum(s / 100 * weight for s, weight in zip(shares, SHARES, strict=True))
    n_users = round(share * n_persona)
    if 0 < n_users < SMALL_CELL:
        return Trait(feature, level, label, short, block, protected, None, None, base, None, None, None, None)
    tgi = 100 * share / base
    if n_users == 0:
        return Trait(feature, level, label, short, block, protected, 0, 0.0, base, 0.0, 0.0, 0.0, 0.001)
    z = abs(share - base) / sqrt(base * (1 - base) / n_persona)
    error = sqrt((1 - share) / n_users + (1 - base) / (base * N_USERS))
    return Trait(
        feature, level, label, short, block, protected, n_users, share, base, tgi,
        tgi * exp(-1.96 * error), tgi * exp(1.96 * error), min(1.0, exp(-z * z / 2)),
    )  # fmt: skip


def _traits(place):
    def column(rows, level):
        return [row[level] for row in rows]

    traits = [
        _trait(
            "age",
            level,
            Text(f"年龄：{level}", f"Age: {level}"),
            Text(f"{level}岁", f"aged {level}"),
            "who",
            place,
            column(_AGE, i),
        )
        for i, level in enumerate(AGES)
    ]
    traits += [
        _trait(
            "city_tier",
            level,
            Text(f"城市线级：{text.zh}", f"City tier: {text.en}"),
            text,
            "who",
            place,
            column(_TIER, i),
        )
        for i, (level, text) in enumerate(TIERS.items())
    ]
    traits += [
        _trait(
            "gender",
            level,
            Text(f"性别：{text.zh}", f"Gender: {text.en}"),
            text,
            "who",
            place,
            column(_GENDER, i),
            protected=True,
        )
        for i, (level, text) in enumerate(GENDERS.items())
    ]
    traits += [
        _trait("marital_status", level, Text(f"婚姻状况：{text.zh}", f"Marital status: {text.en}"), text, "who", place,
               column(_MARRIED, i), protected=True)
        for i, (level, text) in enumerate(MARRIED.items())
    ]  # fmt: skip
    traits += [
        _trait("membership_value", level, Text(f"京享值：{level}", f"Membership value: {level}"),
               Text(f"京享值{level}", f"membership value {level}"), "worth", place, column(_MEMBERSHIP, i))
        for i, level in enumerate(MEMBERSHIP)
    ]  # fmt: skip
    traits += [
        _trait(
            f"order_count:{zh}",
            "bought",
            Text(f"购买过 {zh}", f"bought {en}"),
            Text(zh, f"{en} buyers"),
            "what",
            place,
            column(_BOUGHT, i),
        )
        for i, (zh, en) in enumerate(CATEGORIES.items())
    ]
    return tuple(traits)


NAMES = (
    (Text("智能潮流派", "Smart trend-setters"), "archetype", "smart_trend_setter"),
    (Text("品质格调家", "Quality and taste"), "override", None),
    (Text("三线城市·京享值3000-5999·偏好电视", "Tier 3 city, membership value 3000-5999, fond of television"), "traits", None),
    (Text("26-30岁·蓝牙耳机偏好者", "Aged 26-30, fond of earphones"), "traits", None),
    (Text("46+岁·京享值<3000", "Aged 46+, membership value <3000"), "traits", None),
)  # fmt: skip
POSITIONS = ((-1.9, 0.35), (-1.6, -0.3), (0.9, -0.9), (0.1, 1.3), (2.5, -0.45))
OFFERS = (
    ("扫地机", "智能门锁", "监控摄像头"),
    ("洗碗机", "空气净化器", "油烟机", "扫地机"),
    ("电视",),
    ("蓝牙耳机", "手机"),
    (),
)


_SMART = (
    Rule(
        (Condition("age", ("26-30", "31-35")), Condition("order_count:扫地机", ("bought",))),
        precision=0.71, recall=0.36, share=0.158, lift=2.3, n_users=3_960,
    ),
    Rule((Condition("city_tier", ("T1", "T2")),), precision=0.52, recall=0.41, share=0.246, lift=1.7, n_users=6_150),
)  # fmt: skip
RULES = (RuleSet(_SMART, 0.55, 0.58, 0.33), RuleSet(), None, None, None)
STABILITY = (0.97, 0.88, 0.79, 0.66, 0.41)
DULL = Text("行为预判力较低", "less skill")


def _measure(value, error):
    return Measure(value, value - 1.96 * error, value + 1.96 * error, error)


def _candidate(clusterer, n_personas, skill, least, *, chosen=False, small=False):
    return Candidate(
        n_personas, None, None, None if small else least + 0.05, 0.02 if small else 0.11, chosen, DULL, clusterer,
        reach=_measure(0.06 * skill, 0.005), taste=_measure(0.33 * skill - 0.05, 0.03), skill=skill, skill_error=0.06,
        jaccards=() if small else (*[0.95] * (n_personas - 1), least), across=(0.9,) * n_personas,
        value_spread=0.31, actionability=0.22,
    )  # fmt: skip


def make_judged_model(**changes) -> PersonaModel:
    """Make the model with everything that a judged one has: two clusterers, verdicts, stability, rules."""
    model = make_model()
    fields = {
        "personas": tuple(
            replace(p, stability=STABILITY[i], rules=RULES[i]) for i, p in enumerate(model.personas)
        ),
        "selection": (
            *(_candidate("latent_class", n, 0.2 * n - 0.3, 0.93 - 0.04 * n) for n in range(2, 6)),
            _candidate("latent_class", 6, 0.88, 0.4, small=True),
            *(_candidate("foresight", n, 0.18 * n, 1.0 - 0.05 * n, chosen=n == 5) for n in range(2, 7)),
        ),
        "verdicts": (
            Verdict("reach", "columns_permuted", 0.054, -0.009, 0.007),
            Verdict("taste", "columns_permuted", 0.349, -0.042, 0.066),
            Verdict("stability", "columns_permuted", 0.946, 0.136, 0.395),
            Verdict("reach", "purchases_shuffled", 0.054, 0.119, 0.128),
            Verdict("taste", "purchases_shuffled", 0.349, -0.045, 0.022),
        ),
        "clusterer": "foresight",
        "clusterer_params": {
            "random_state": 0, "judged_by": "next_window", "left_out": ["city_tier"],
            "transforms": {"membership_value": "log1p"}, "feature_weights": {"age": 0.1, "order_count:手机": 1.0},
        },
        "metrics": {**model.metrics, "reach": 0.054, "taste": 0.349, "kept_share": 0.911, "smallest_jaccard": 0.41},
        "config": {"personas": {"horizon_days": 90}},
    }  # fmt: skip
    return replace(model, **{**fields, **changes})


def make_model(**changes) -> PersonaModel:
    """Make the model; keyword arguments replace fields."""
    personas = tuple(
        Persona(
            persona_id=f"P{place + 1:02d}",
            name=name,
            name_source=source,
            archetype=archetype,
            share=SHARES[place],
            n_users=round(N_USERS * SHARES[place]),
            traits=_traits(place),
            card=Card(
                who=Text("多为26-35岁、住在一二线城市的年轻用户。", "Mostly aged 26-35 and living in tier 1 and 2 cities."),
                worth=Text("京享值6000以上的占62.0%，是平均水平的1.5倍。", "62.0% have a membership value above 6,000, 1.5 times the average."),
                what=Text("常买手机、扫地机和蓝牙耳机。", "They often buy phones, robot vacuums and earphones."),
                offers=tuple(Text(zh, CATEGORIES[zh]) for zh in OFFERS[place]),
                message=Text("从扫地机与智能门锁的全屋联动说起。", "Start from the robot vacuum and the smart lock working together at home."),
            ),
            map_x=POSITIONS[place][0],
            map_y=POSITIONS[place][1],
        )
        for place, (name, source, archetype) in enumerate(NAMES)
    )  # fmt: skip
    reason = Text("稳定性低于 0.75", "stability below 0.75")
    fields = {
        "name": "消费电子·全屋智能 2025",
        "window": ObservationWindow(date(2025, 1, 10), 365),
        "feature_set": FEATURES,
        "scorecard": Scorecard(np.log(np.array(SHARES)), ()),
        "personas": personas,
        "calibration": Calibration(),
        "low_confidence": 0.6,
        "surprise_limit": 4.0,
        "clusterer": "latent_class",
        "clusterer_params": {"max_iter": 200, "n_init": 10, "prior_count": 1.0, "tol": 1e-6},
        "selection": (
            Candidate(3, -1_934_110.4, 3_869_402.0, 0.981, 0.214, False, Text("BIC 较高或人群更少", "higher BIC, or fewer personas")),
            Candidate(4, -1_917_822.9, 3_837_344.1, 0.952, 0.131, False, Text("BIC 较高或人群更少", "higher BIC, or fewer personas")),
            Candidate(5, -1_909_655.0, 3_821_525.5, 0.934, 0.072, True, Text("在稳定且人群规模足够的方案中 BIC 最低", "lowest BIC among stable solutions of sufficient size")),
            Candidate(6, -1_908_120.7, 3_818_974.3, 0.688, 0.041, False, reason),
            Candidate(7, -1_907_004.1, 3_817_258.8, 0.603, 0.012, False, reason),
        ),
        "metrics": {
            "n_training_users": 50_000.0, "n_holdout_users": 12_500.0, "log_likelihood": -1_909_655.0, "bic": 3_821_525.5,
            "stability": 0.934, "mean_confidence": 0.887, "assigned_share": 0.913, "noise_share": 0.042, "fidelity": 0.956,
            "smallest_recall": 0.871,
        },
        "events": (
            Text("P01 智能潮流派保留（占比 29.8% → 31.2%）。", "P01 Smart trend-setters kept (share 29.8% → 31.2%)."),
            Text("P04 由 P02 拆分而来。", "P04 split off from P02."),
            Text("P05 是新人群。", "P05 is new."),
        ),
    }  # fmt: skip
    return PersonaModel(**{**fields, **changes})


CONTRACT = {
    "tables": [
        {
            "name": "users", "file": "users.parquet", "n_rows": 131_204, "n_valid": 130_877, "n_quarantined": 327,
            "reasons": [
                {"column": "age", "reason": "outside 0 to 110", "n_rows": 15},
                {"column": "education", "reason": "unknown level", "n_rows": 290},
                {"column": "", "reason": "malformed row", "n_rows": 22},
            ],
            "missing": {"education": 0.214, "marital_status": 0.183, "age": 0.031, "membership_value": 0.0, "has_a_car": 0.62},
            "warnings": ["education is missing for 21.4% of users"], "n_after_as_of": 0,
        },
        {
            "name": "events", "file": "events_2024.csv", "n_rows": 4_812_930, "n_valid": 4_812_930, "n_quarantined": 0,
            "reasons": [], "missing": {}, "warnings": [], "n_after_as_of": 12_018,
        },
    ],
    "admission": {"n_users": 130_877, "n_admitted": 128_640, "dropped": {"under 16": 911, "erasure requested": 34, "profiling refused": 1_292}},
    "warnings": ["12,018 events on or after 2025-01-10 were left out"],
}  # fmt: skip

SCORED = {
    "n_users": 128_640,
    "by_persona": {"P01": 40_301, "P02": 31_660, "P03": 28_410, "P04": 19_002, "P05": 9_267},
    "by_status": {"assigned": 117_448, "low_confidence": 11_180, "out_of_distribution": 12},
    "by_confidence": [0, 0, 0, 140, 1_900, 5_600, 11_000, 21_000, 36_000, 53_000],
    "model_version": "20250110T020000Z-1a2b3",
    "as_of": "2025-01-10",
}
VERSION = "20250110T020000Z-1a2b3"


@pytest.fixture
def model() -> PersonaModel:
    return make_model()


@pytest.fixture
def judged() -> PersonaModel:
    return make_judged_model()


@pytest.fixture
def contract() -> dict:
    return dict(CONTRACT)


@pytest.fixture
def scored() -> dict:
    return dict(SCORED)


@pytest.fixture(scope="session")
def made() -> SimpleNamespace:
    """Return the functions that make analyses by hand."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("hand_made_analyses.py"))))


@pytest.fixture(scope="session")
def past() -> SimpleNamespace:
    """Return the functions that make a history by hand."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("hand_made_history.py"))))


@pytest.fixture
def tables_of():
    """Return a function that makes an analysis ready to be written out."""

    def make(analysis, language="en", minimum_cell=20):
        names = {"P01": "Trend-setters", "P02": "Cooks"}
        return AnalysisTables(analysis, Figures(language), names, minimum_cell)

    return make
