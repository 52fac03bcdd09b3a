"""A small planted world: four personas after the cards of a consumer-electronics case, and the rest."""

from dataclasses import dataclass, replace
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from personas.features.base import FeatureFrame, FeatureSet, typed_columns
from personas.features.category_history import category_features
from personas.features.membership import MEMBERSHIP_FEATURES
from personas.features.profile import profile_features
from personas.features.rehearsal import Rehearsal
from personas.features.rfm import RFM_FEATURES
from personas.model.archetypes import Archetype
from personas.model.evidence import Evidence
from personas.model.recipes import make_recipes
from personas.model.study import Study
from personas.schema import ObservationWindow, Text
from personas.schema.levels import LEVELS

CATEGORIES = (
    ("扫地机", Text("扫地机", "robot vacuum")),
    ("门锁", Text("门锁", "smart lock")),
    ("油烟机", Text("油烟机", "range hood")),
    ("音箱", Text("音箱", "smart speaker")),
)


@dataclass
class World:
    data: pd.DataFrame
    labels: np.ndarray
    feature_set: FeatureSet


def _one_feature(name, values, levels=None):
    """A frame with one canonical feature, typed as the feature room types it."""
    known = {f.name: f for f in (*profile_features(), *MEMBERSHIP_FEATURES, *RFM_FEATURES)}
    feature = known[name]
    if feature.kind in ("nominal", "ordinal"):
        feature = replace(feature, levels=tuple(levels or LEVELS[name]))
    feature_set = FeatureSet((feature,))
    return typed_columns(pd.DataFrame({name: values}), feature_set), feature_set


def _pick(rng, n, options):
    """Draw ``n`` of the keys with their probabilities."""
    keys, weights = zip(*options.items(), strict=True)
    return rng.choice(np.array(keys, dtype=object), size=n, p=np.array(weights) / sum(weights))


def _make_world(n_each=1500, random_state=0):
    rng = np.random.default_rng(random_state)
    high, middle = (
        {"college": 1, "bachelor": 6, "postgraduate": 3},
        {"high_school": 6, "college": 3, "bachelor": 1},
    )
    everyone = dict.fromkeys(LEVELS["education"], 1)
    near = {"T1": 5, "T2": 4, "T3": 1}
    cards = (
        # ages, married, education, membership value, tiers, target groups, category
        ((26, 35), 0.85, high, (6200, 11000), near, {"都市家庭": 6, "小镇家庭": 3, "都市蓝领": 1}, 0),
        ((31, 40), 0.90, high, (6200, 11000), near, {"小镇家庭": 6, "都市家庭": 3, "都市蓝领": 1}, 1),
        ((31, 40), 0.85, middle, (3000, 6000), {"T2": 5, "T3": 4, "T4": 1}, {"小镇中产": 6, "小镇家庭": 3, "小镇中年": 1}, 2),
        ((26, 35), 0.12, high, (3000, 6000), near, {"小镇中产": 3, "都市中产": 6, "都市Z世代": 1}, 3),
        ((18, 75), 0.50, everyone, (0, 5000), dict.fromkeys(LEVELS["city_tier"], 1), dict.fromkeys(LEVELS["target_group"], 1), None),
    )  # fmt: skip
    parts = []
    for ages, married, education, value, tiers, groups, favourite in cards:
        columns = {
            "age": np.where(rng.random(n_each) < 0.8, rng.uniform(ages[0], ages[1] + 1, n_each), rng.uniform(18, 75, n_each)),
            "gender": _pick(rng, n_each, {"female": 7, "male": 3} if favourite == 1 else {"female": 5, "male": 5}),
            "marital_status": np.where(rng.random(n_each) < married, "married", "unmarried"),
            "education": _pick(rng, n_each, education),
            "city_tier": _pick(rng, n_each, tiers),
            "target_group": _pick(rng, n_each, groups),
            "membership_value": np.where(rng.random(n_each) < 0.8, rng.uniform(*value, n_each), rng.gamma(2.0, 2000.0, n_each)),
            "revenue": rng.gamma(2.0, 300.0, n_each),
        }  # fmt: skip
        for j, (category, _) in enumerate(CATEGORIES):
            columns[f"order_count:{category}"] = rng.poisson(0.9 if j == favourite else 0.15, n_each)
        parts.append(pd.DataFrame(columns))
    data = pd.concat(parts, ignore_index=True)
    data.index = pd.Index([f"u{i:05d}" for i in range(len(data))], name="user_id")
    by_name = {
        f.name: f
        for f in (
            *profile_features(),
            *MEMBERSHIP_FEATURES,
            *RFM_FEATURES,
            *category_features("count", CATEGORIES),
        )
    }
    features = [
        replace(by_name[name], levels=LEVELS[name])
        if by_name[name].kind in ("nominal", "ordinal")
        else by_name[name]
        for name in data.columns
    ]
    features = [replace(f, role="profile", protected=True) if f.name == "gender" else f for f in features]
    feature_set = FeatureSet(tuple(features))
    return World(typed_columns(data, feature_set), np.repeat(np.arange(5), n_each), feature_set)


@pytest.fixture(scope="session")
def world():
    return _make_world()


@pytest.fixture
def archetypes():
    """The four persona cards, as a config file gives them."""
    high = frozenset({"bachelor", "postgraduate"})
    low = frozenset({"primary", "junior_high", "high_school", "college"})
    near, middle = frozenset({"T1", "T2"}), frozenset({"T2", "T3"})
    families = frozenset({"小镇家庭", "都市家庭"})

    def card(key, zh, en, *attributes):
        names = ("target_group", "age", "marital_status", "education", "membership_value", "city_tier")
        return Archetype(key, Text(zh, en), dict(zip(names, attributes, strict=True)))

    married, unmarried = frozenset({"married"}), frozenset({"unmarried"})
    return (
        card("smart", "智能潮流派", "Smart trend-setters", families, (26, 36), married, high, (6000, None), near),
        card("quality", "品质格调家", "Quality and taste", families, (31, 41), married, high, (6000, None), near),
        card("ants", "奋斗蚁族", "Striving ants", frozenset({"小镇中产", "小镇家庭"}), (31, 41), married, low, (3000, 6000), middle),
        card("tech", "科技生活党", "Tech-life", frozenset({"小镇中产", "都市中产"}), (26, 36), unmarried, high, (3000, 6000), near),
    )  # fmt: skip


@pytest.fixture(scope="session")
def one_feature():
    """Make a typed frame and feature set of one canonical feature: ``one_feature(name, values, levels)``."""
    return _one_feature


SHELVES = ("tea", "coffee", "figs", "dates", "oil", "salt")


@dataclass
class Shop:
    """Users of a planted number of tastes: group g buys two shelves of its own, some users more than others."""

    data: pd.DataFrame
    group: np.ndarray
    feature_set: FeatureSet
    outcomes: np.ndarray

    def frame(self, data=None):
        """Return the table as a feature frame in memory."""
        data = self.data if data is None else data
        return FeatureFrame(
            ibis.memtable(pa.Table.from_pandas(data.reset_index())), self.feature_set, SHOP_WINDOW
        )

    def evidence(self):
        """Return the same users' next window, which they buy in as they did before."""
        return Evidence(self.data, self.outcomes, "next_window")

    def rehearsal(self):
        """Return the same evidence as features before a cut and orders after it."""
        counts = FeatureSet(tuple(f for f in self.feature_set if f.source == "category_history"))
        bought = pd.DataFrame(self.outcomes, index=self.data.index, columns=counts.names)
        return Rehearsal(
            self.frame(),
            FeatureFrame(ibis.memtable(pa.Table.from_pandas(bought.reset_index())), counts, SHOP_WINDOW),
        )

    def study(self, **changes):
        """Return a small study of the shop; what isn't given is as small as can be."""
        usual = {
            "sample": self.data,
            "panel": self.data,
            "evidence": None,
            "feature_set": self.feature_set,
            "n_resamples": 2,
            "min_share": 0.03,
            "random_state": 0,
        }
        return Study(**{**usual, **changes})

    def recipe(self, clusterer="foresight"):
        """Return the recipe of one clusterer."""
        (recipe,) = make_recipes([clusterer], self.data, self.feature_set, None)
        return recipe


SHOP_WINDOW = ObservationWindow(date(2025, 1, 1), 365)


def _make_shop(n_users=300, n_groups=3, random_state=0, own=3.0, other=0.2):
    rng = np.random.default_rng(random_state)
    group = np.arange(n_users) % n_groups
    favourite = np.arange(len(SHELVES)) // 2 % n_groups
    rates = np.where(favourite[None, :] == group[:, None], own, other)
    rates = rates * rng.choice([0.7, 1.5], n_users)[:, None]
    feature_set = FeatureSet(tuple(category_features("count", [(s, Text(s, s)) for s in SHELVES])))
    bought, after = (rng.poisson(rates).astype(float) for _ in range(2))
    index = pd.Index([f"u{i:04d}" for i in range(n_users)], name="user_id")
    return Shop(pd.DataFrame(bought, index=index, columns=feature_set.names), group, feature_set, after)


@pytest.fixture(scope="session")
def shop():
    """Three tastes of 100 users each."""
    return _make_shop()


@pytest.fixture(scope="session")
def make_shop():
    """Make a shop: ``make_shop(n_users, n_groups, random_state, own, other)``."""
    return _make_shop
