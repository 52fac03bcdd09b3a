"""What the co-purchase world says it planted is in its tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from personas.datasets import make_home_appliances, write_world
from personas.datasets.co_purchase import make_co_purchase_world, shuffle_categories
from personas.datasets.planted import CATEGORY_NAMES, HUB
from personas.errors import ConfigError


@pytest.fixture(scope="module")
def bought():
    return make_co_purchase_world(8000, random_state=0)


@pytest.fixture(scope="module")
def lines(bought) -> pd.DataFrame:
    """Order lines inside the window."""
    events = bought.events.to_pandas()
    return events[(events["行为"] == "下单") & (events["时间"] < bought.window.end_at)]


@pytest.fixture(scope="module")
def first(lines) -> pd.DataFrame:
    """Time of the first purchase, users x categories."""
    return lines.pivot_table(index="用户ID", columns="品类", values="时间", aggfunc="min")


def test_users_are_those_of_the_home_appliance_world(bought):
    base = make_home_appliances(8000, random_state=0)
    assert bought.users.equals(base.users)
    assert bought.identifiers.equals(base.identifiers)
    assert bought.consents.equals(base.consents)
    assert bought.truth.equals(base.truth)
    assert not bought.events.equals(base.events)
    assert bought.events.schema == base.events.schema


def test_same_seed_same_world():
    one, two, other = (make_co_purchase_world(150, random_state=seed) for seed in (3, 3, 4))
    assert all(one.tables[name].equals(two.tables[name]) for name in one.tables)
    assert not one.events.equals(other.events)


def test_a_world_of_one_user_has_all_tables():
    small = make_co_purchase_world(1, random_state=0)
    assert small.users.num_rows == 1
    assert set(small.tables) == {"users", "events", "identifiers", "consents", "items", "tags", "market"}


def test_bad_arguments_are_refused():
    with pytest.raises(ConfigError, match="n_users is 0"):
        make_co_purchase_world(0)


def test_it_can_be_written(bought, tmp_path):
    paths = write_world(shuffle_categories(bought), tmp_path)
    assert {path.stem for path in paths} == {*bought.tables, *bought.truths}
    assert pq.read_table(tmp_path / "truth_scenes.parquet").equals(bought.scenes)
    assert pq.read_table(tmp_path / "items.parquet").equals(bought.items)


def test_categories_of_a_scene_are_bought_together(bought, first):
    has = first.notna()
    truth = dict(zip(bought.scenes["category"].to_pylist(), bought.scenes["scene"].to_pylist(), strict=True))
    assert truth[HUB] is None
    assert {scene for scene in truth.values() if scene} == {"客厅", "安防", "厨房"}
    for category, other, outsider in (
        ("门锁", "猫眼", "洗碗机"),
        ("空调", "音箱", "门锁"),
        ("冰箱", "油烟机", "监控"),
    ):
        assert truth[category] == truth[other] != truth[outsider]
        assert has.loc[has[category], other].mean() > 1.2 * has[other].mean()
        assert has.loc[has[category], outsider].mean() < 1.2 * has[outsider].mean()


def test_the_hub_lies_beside_everything_alike(lines):
    orders = lines.groupby("订单号")["品类"].agg(set)
    beside = {
        category: np.mean([HUB in order for order in orders if category in order])
        for category in CATEGORY_NAMES
        if category != HUB
    }
    assert min(beside.values()) > 0.06
    assert max(beside.values()) < 0.22
    assert lines["品类"].value_counts().idxmax() == HUB


def test_substitutes_are_hardly_ever_owned_together(bought, first):
    a, b = bought.substitutes.to_pylist()[0].values()
    has = first.notna()
    expected = has[a].mean() * has[b].mean() * len(has)
    assert has[a].sum() > 300
    assert has[b].sum() > 300
    assert (has[a] & has[b]).sum() < 0.3 * expected


def test_planted_sequences_have_the_clearest_direction(bought, first):
    directions = {}
    for a in first.columns:
        for b in first.columns:
            gap = (first[b] - first[a]).dropna()
            if a != b and len(gap) >= 200:
                directions[a, b] = (gap > pd.Timedelta(0)).mean() - (gap < pd.Timedelta(0)).mean()
    planted = set(zip(bought.sequence["first"].to_pylist(), bought.sequence["then"].to_pylist(), strict=True))
    assert len(planted) == 6
    assert set(sorted(directions, key=directions.__getitem__)[-6:]) == planted
    days = (first["音箱"] - first["空调"]).dt.total_seconds() / 86_400
    assert days[(days > 0) & (days < 150)].median() == pytest.approx(30, abs=8)


def test_buyers_grow_as_planted(bought, lines):
    edges = pd.to_datetime(["2022-12-01", "2023-12-01", "2024-12-01", "2025-12-01"])
    dated = lines.assign(year=pd.cut(lines["时间"], edges, right=False, labels=[0, 1, 2]).astype(int))
    buyers = dated.pivot_table(index="品类", columns="year", values="用户ID", aggfunc="nunique")
    growth = bought.growth.to_pandas().set_index("category")
    assert set(growth.index) == set(CATEGORY_NAMES)
    seen = np.sqrt(buyers[2] / buyers[0])
    large = buyers.min(axis=1) >= 300
    assert large.sum() >= 10
    assert (seen / growth["yearly_growth"])[large].to_numpy() == pytest.approx(np.ones(large.sum()), abs=0.1)


def test_the_market_fits_the_brand(bought, lines):
    market = bought.market.to_pandas()
    assert len(market) == 3 * 22 * 5
    assert market["起始日"].nunique() == 3
    last = market[market["起始日"] == market["起始日"].max()]
    whole = last[last["品牌"].isna() & last["人群"].isna()].set_index("品类")["购买人数"]
    recent = lines[lines["时间"] >= "2024-12-01"]
    buyers = recent.groupby("品类")["用户ID"].nunique()
    share = bought.growth.to_pandas().set_index("category")["market_share"]
    assert (buyers / whole).to_dict() == pytest.approx(share.to_dict(), rel=0.01)
    rivals = last[last["品牌"].notna()].groupby("品类")["购买人数"].sum()
    assert (rivals + buyers - whole <= 1).all()


def test_planted_opportunities_are_the_widest_gaps(bought, lines):
    market = bought.market.to_pandas()
    last = market[(market["起始日"] == market["起始日"].max()) & market["品牌"].isna()]
    figures = last.pivot_table(index="品类", columns=last["人群"].fillna("全部"), values="购买人数")
    users = bought.users.to_pandas().set_index("用户ID")
    buyers = lines.drop_duplicates(["用户ID", "品类"]).join(users, on="用户ID")
    gaps = {}
    for segment, column, level in (("女性", "性别", "女"), ("苹果手机用户", "当前手机品牌", "Apple")):
        known = buyers[buyers[column].notna()]
        own = (known[column] == level).groupby(known["品类"]).mean()
        for category, gap in (figures[segment] / figures["全部"] - own).items():
            gaps[category, segment] = gap
    planted = [(row["category"], row["segment"]) for row in bought.opportunities.to_pylist()]
    assert sorted(gaps, key=gaps.__getitem__, reverse=True)[:2] == planted
    for row in bought.opportunities.to_pylist():
        planted_gap = row["market_share"] - row["brand_share"]
        assert gaps[row["category"], row["segment"]] == pytest.approx(planted_gap, abs=0.05)


def test_items_cover_every_item_of_the_events(bought):
    items = bought.items.to_pandas()
    assert items["商品ID"].is_unique
    own = set(items.loc[items["是否本品"] == "是", "商品ID"])
    seen = {item for item in bought.events["商品ID"].to_pylist() if item is not None}
    assert seen == own
    assert set(items["品类"]) == set(CATEGORY_NAMES)
    assert (items["价格"] > 0).all()


def test_tags_are_one_row_per_user_and_tag(bought):
    tags = bought.tags.to_pandas()
    assert not tags.duplicated(["用户ID", "标签"]).any()
    assert set(tags["来源"]) == {"平台", "品牌"}
    assert tags["值"].notna().all()
    users = bought.users.to_pandas().set_index("用户ID")["购买力"].dropna()
    power = tags[tags["标签"] == "购买力"].set_index("用户ID")["值"]
    assert power.to_dict() == users.to_dict()
    medal = (tags["标签"] == "家电勋章").sum() / bought.users.num_rows
    assert medal == pytest.approx(0.3, abs=0.02)


def test_shuffling_keeps_all_margins(bought):
    before = bought.events.filter(pc.equal(bought.events["行为"], "下单")).to_pandas()
    after = shuffle_categories(bought, random_state=1).events.to_pandas()
    for name in ("用户ID", "时间", "订单号"):
        assert after[name].equals(before[name])
    contents = ["品类", "金额", "数量", "商品ID", "品牌"]
    assert not after["品类"].equals(before["品类"])
    left, right = (x[contents].sort_values(contents, ignore_index=True) for x in (before, after))
    assert left.equals(right)


def test_shuffling_is_reproducible(bought):
    one, two, other = (shuffle_categories(bought, random_state=seed).events for seed in (1, 1, 2))
    assert one.equals(two)
    assert not one.equals(other)
