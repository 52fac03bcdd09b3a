"""The world looks like a marketplace's tables, leans as the cards say, and hides its truth."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest
import yaml

from personas.config import parse_archetypes
from personas.datasets import make_home_appliances
from personas.datasets.oracle import order_counts
from personas.datasets.planted import (
    CATEGORIES,
    CATEGORY_NAMES,
    HUB,
    PERSONAS,
    PROFILE_MARGINALS,
    TAG_MARGINALS,
)
from personas.errors import ConfigError

ARCHETYPES = Path(__file__).parents[3] / "configs" / "archetypes" / "home_appliances.yaml"

SOURCE_COLUMN = {
    "target_group": "十大靶群",
    "age": "年龄",
    "marital_status": "婚姻状况",
    "education": "学历",
    "membership_value": "京享值",
    "city_tier": "城市线级",
}
SOURCE_VALUES = {
    "married": ["已婚"],
    "unmarried": ["未婚"],
    "primary": ["小学"],
    "junior_high": ["初中"],
    "high_school": ["高中", "中专"],
    "college": ["大专"],
    "bachelor": ["本科"],
    "postgraduate": ["硕士", "博士"],
    "T1": ["一线"],
    "T2": ["二线"],
    "T3": ["三线"],
}


@pytest.fixture(scope="module")
def users(world):
    return world.users.to_pandas()


@pytest.fixture(scope="module")
def persona(world):
    return np.array(world.truth["persona"].to_pylist())


def is_missing(column):
    return column.isna() | (column == "未知")


def test_the_same_seed_makes_the_same_world():
    first, again = (make_home_appliances(300, random_state=5) for _ in range(2))
    assert first.truth.equals(again.truth)
    assert all(table.equals(again.tables[name]) for name, table in first.tables.items())


def test_another_seed_makes_another_world():
    first, other = (make_home_appliances(300, random_state=seed) for seed in (5, 6))
    assert not first.users.equals(other.users)
    assert not first.truth.equals(other.truth)


@pytest.mark.parametrize("n_users", [1, 2])
def test_a_tiny_world_can_be_made(n_users):
    assert make_home_appliances(n_users).users.num_rows == n_users


@pytest.mark.parametrize(("n_users", "random_state"), [(0, 0), (1_000_001, 0), (10, -1)])
def test_an_impossible_argument_is_refused(n_users, random_state):
    with pytest.raises(ConfigError, match="expected"):
        make_home_appliances(n_users, random_state=random_state)


def test_users_are_unique_and_shared_by_all_tables(world):
    ids = world.users["用户ID"]
    assert len(pc.unique(ids)) == 8000
    assert world.identifiers["用户ID"].equals(ids)
    assert world.consents["用户ID"].equals(ids)
    assert world.truth["user_id"].equals(ids)
    assert pc.all(pc.is_in(world.events["用户ID"], ids.combine_chunks())).as_py()


def test_columns_and_values_are_those_of_the_source(users):
    assert list(users.columns[:7]) == ["用户ID", "年龄", "婚姻状况", "学历", "城市线级", "十大靶群", "京享值"]
    for column, marginal in {**PROFILE_MARGINALS, **TAG_MARGINALS}.items():
        assert set(users[column].dropna()) - {"未知"} == set(marginal.levels)


def test_a_tenth_of_every_profile_column_is_missing_whoever_the_user_is(users, persona):
    for column in users.columns.drop("用户ID"):
        missing = is_missing(users[column])
        assert missing.mean() == pytest.approx(0.10, abs=0.015)
        assert missing.groupby(persona).mean().to_numpy() == pytest.approx(np.full(5, 0.10), abs=0.035)


def test_the_membership_value_is_non_negative_and_right_skewed(users):
    value = users["京享值"].dropna()
    assert value.min() >= 0
    assert value.mean() > 1.1 * value.median()
    assert value.max() > 20_000


def test_every_line_of_every_card_is_over_represented(users, persona):
    spec = parse_archetypes(yaml.safe_load(ARCHETYPES.read_text(encoding="utf-8")), ARCHETYPES.name)
    assert [archetype.key for archetype in spec.archetypes] == list(PERSONAS[:4])
    for archetype in spec.archetypes:
        for attribute, wanted in archetype.attributes.items():
            column = users[SOURCE_COLUMN[attribute]]
            known = ~is_missing(column)
            if isinstance(wanted, list):
                fits = column.isin([raw for level in wanted for raw in SOURCE_VALUES.get(level, [level])])
            else:
                fits = column.between(wanted.from_ or 0, wanted.to or np.inf, inclusive="left")
            of_persona = known & (persona == archetype.key)
            tgi = 100 * fits[of_persona].mean() / fits[known].mean()
            assert tgi > 110, (archetype.key, attribute)


def test_the_cards_are_marginals_and_few_users_fit_a_whole_card(users, persona):
    ants = users[persona == "striving_ants"].dropna()
    whole = (
        ants["十大靶群"].isin(["小镇中产", "小镇家庭"])
        & ants["年龄"].between(31, 40)
        & (ants["婚姻状况"] == "已婚")
        & ants["学历"].isin(["小学", "初中", "高中", "中专", "大专"])
        & ants["京享值"].between(3000, 6000)
        & ants["城市线级"].isin(["二线", "三线"])
    )
    assert whole.mean() < 0.4


def test_no_table_names_a_persona(world):
    spec = parse_archetypes(yaml.safe_load(ARCHETYPES.read_text(encoding="utf-8")), ARCHETYPES.name)
    names = {*PERSONAS, *(a.name.zh for a in spec.archetypes), *(a.name.en for a in spec.archetypes)}
    for table in world.tables.values():
        assert table.schema.metadata is None
        assert not names & set(table.column_names)
        for column in table.columns:
            if column.type == "string":
                assert not any(pc.any(pc.match_substring(column, name)).as_py() for name in names)


def test_no_profile_column_alone_tells_the_persona(users, persona):
    for column in users.columns.drop("用户ID"):
        values = users[column]
        if pd.api.types.is_numeric_dtype(values):
            values = pd.qcut(values, 10).astype("str")
        guess = pd.crosstab(values.fillna("missing"), persona).max(axis=1).sum() / len(users)
        assert guess < 0.5, column


def test_ids_gaps_and_consents_do_not_depend_on_the_persona(world, persona):
    blocks = pd.crosstab(np.arange(8000) // 2000, persona, normalize="index")
    assert (blocks.max() - blocks.min()).max() < 0.05
    signs = {
        "邮箱": ~world.identifiers["邮箱"].to_pandas().isna(),
        "手机号": ~world.identifiers["手机号"].to_pandas().isna(),
        "邮箱的数": world.identifiers["邮箱"].to_pandas().str[4:11].astype(float) / 8000,
        **{
            c: world.consents[c].to_pandas() == "是"
            for c in ("营销同意", "第三方共享同意", "画像同意", "退订")
        },
    }
    for sign, values in signs.items():
        means = values.groupby(persona).mean()
        assert means.max() - means.min() < 0.06, sign


def test_order_numbers_and_prices_do_not_depend_on_the_persona(world, persona):
    orders = world.events.filter(pc.equal(world.events["行为"], "下单")).to_pandas()
    orders["persona"] = orders["用户ID"].map(
        dict(zip(world.users["用户ID"].to_pylist(), persona, strict=True))
    )
    number = orders["订单号"].str[1:].astype(float).groupby(orders["persona"]).mean() / len(orders)
    assert number.to_numpy() == pytest.approx(np.full(5, 0.5), abs=0.03)
    earphones = orders[orders["品类"] == "耳机"]
    price = earphones["金额"].astype(float).groupby(earphones["persona"]).mean()
    assert price.max() / price.min() < 1.15


def test_identifiers_are_made_up_in_valid_forms(world):
    frame = world.identifiers.to_pandas()
    assert frame["邮箱"].dropna().str.lower().str.fullmatch(r"user\d{7}@example\.com").all()
    phones = frame["手机号"].dropna()
    assert phones.str.replace(r"^\+86|[ -]", "", regex=True).str.fullmatch(r"19900\d{6}").all()
    assert phones.is_unique
    assert frame["IDFA"].dropna().str.match(r"DEC0DE00-|0{8}-").all()
    assert (
        frame["OAID"]
        .dropna()
        .str.fullmatch(r"dec0de00-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}")
        .all()
    )
    assert frame["IMEI"].dropna().str.fullmatch(r"00\d{13}").all()
    assert frame["IMEI"].dropna().map(passes_luhn).all()


def passes_luhn(digits):
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(d // 10 + d % 10 for d in doubled) % 10 == 0


def test_only_apple_users_have_an_idfa(world):
    apple = world.users["当前手机品牌"].to_pandas() == "Apple"
    assert (world.identifiers["IDFA"].to_pandas().notna() == apple).all()
    assert world.identifiers["OAID"].to_pandas()[apple].isna().all()


def test_minors_are_those_under_18(world, users):
    known = users["年龄"].notna()
    minor = world.consents["未成年"].to_pandas() == "是"
    assert (minor[known] == (users["年龄"][known] < 18)).all()
    assert minor.any()


def test_there_are_22_categories_in_three_scenes():
    assert len(set(CATEGORY_NAMES)) == len(CATEGORIES) == 22
    scenes = {
        scene: {c.name.zh for c in CATEGORIES if c.scene == scene} for scene in ("客厅", "安防", "厨房")
    }
    assert scenes["客厅"] >= {"音箱", "路由器", "扫地机", "电视", "空调"}
    assert scenes["安防"] == {"手机", "门锁", "猫眼", "监控"}
    assert scenes["厨房"] >= {"油烟机", "集成灶", "洗碗机", "冰箱"}


def test_the_phone_goes_with_everything_and_the_two_floor_cleaners_exclude_each_other(world):
    bought = order_counts(world) > 0
    share = bought.mean(axis=0)

    def lift(a, b):
        a, b = CATEGORY_NAMES.index(a), CATEGORY_NAMES.index(b)
        return (bought[:, a] & bought[:, b]).mean() / (share[a] * share[b])

    assert share.argmax() == CATEGORY_NAMES.index(HUB)
    assert all(lift(HUB, name) > 1 for name in CATEGORY_NAMES if name != HUB)
    assert lift("扫地机", "洗地机") < 0.5


def test_each_persona_prefers_categories_of_its_own(world, persona):
    counts = pd.DataFrame(order_counts(world), columns=list(CATEGORY_NAMES)).groupby(persona).sum()
    shares = counts.div(counts.sum(axis=1), axis=0)
    for key, categories in {
        "smart_trendsetters": ["扫地机", "音箱", "路由器", "电视"],
        "quality_and_taste": ["洗地机", "洗碗机", "油烟机", "冰箱"],
        "striving_ants": ["门锁", "猫眼", "监控"],
        "tech_life": ["智能手表", "手环", "耳机"],
    }.items():
        assert (shares[categories].idxmax() == key).all()


def test_events_fill_three_years_and_the_month_after(world):
    first, last = pc.min_max(world.events["时间"]).as_py().values()
    assert datetime(2022, 12, 1) <= first < datetime(2022, 12, 2)
    assert datetime(2025, 12, 31) <= last < datetime(2026, 1, 1)
    after = pc.greater_equal(world.events["时间"], world.window.end_at)
    assert pc.sum(pc.and_(after, pc.equal(world.events["行为"], "下单"))).as_py() > 500
