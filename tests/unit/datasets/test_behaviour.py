"""Orders follow the stated Poisson-gamma model; what surrounds them hangs together."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pytest

from personas.datasets.oracle import order_counts
from personas.datasets.planted import ACTIVITY_SHAPE, PERSONAS, category_mix, category_rates


@pytest.fixture(scope="module")
def events(world):
    return world.events.to_pandas()


def test_the_mix_of_every_persona_sums_to_one():
    assert category_mix().sum(axis=1) == pytest.approx(np.ones(5))


def test_orders_per_category_have_the_stated_rates(world):
    persona = np.array(world.truth["persona"].to_pylist())
    counts, rates = order_counts(world), category_rates()
    for row, key in enumerate(PERSONAS):
        mine = counts[persona == key]
        error = np.sqrt((rates[row] + rates[row] ** 2 / ACTIVITY_SHAPE) / len(mine))
        assert (np.abs(mine.mean(axis=0) - rates[row]) < 4.5 * error).all()


def test_the_number_of_orders_varies_as_a_gamma_activity_says(world):
    persona = np.array(world.truth["persona"].to_pylist())
    total, expected = order_counts(world).sum(axis=1), category_rates().sum(axis=1)
    for row, key in enumerate(PERSONAS):
        variance = expected[row] + expected[row] ** 2 / ACTIVITY_SHAPE
        assert total[persona == key].var() == pytest.approx(variance, rel=0.15)


def test_events_are_sorted_by_time(world):
    assert (np.diff(world.events["时间"].to_numpy()) >= np.timedelta64(0)).all()


def test_every_event_type_occurs(events):
    assert set(events["行为"]) == {
        "浏览",
        "搜索",
        "加购",
        "收藏",
        "下单",
        "退货",
        "评价",
        "广告曝光",
        "广告点击",
    }


def test_an_order_has_an_amount_and_a_number_of_its_own(events):
    orders = events[events["行为"] == "下单"]
    assert (orders["金额"] > 0).all()
    assert (orders["数量"] >= 1).all()
    assert orders["订单号"].is_unique
    assert (orders["品牌"] == "本品").all()


def test_only_orders_and_returns_have_money(events):
    others = events[~events["行为"].isin(["下单", "退货"])]
    assert others["金额"].isna().all()
    assert others["数量"].isna().all()


def test_a_return_undoes_an_earlier_order(events):
    orders = events[events["行为"] == "下单"].set_index("订单号")
    returns = events[events["行为"] == "退货"].set_index("订单号")
    origin = orders.loc[returns.index]
    assert len(returns) > 100
    assert (returns["时间"] > origin["时间"]).all()
    for column in ("用户ID", "品类", "金额", "数量", "商品ID"):
        assert (returns[column] == origin[column]).all()


def test_a_review_follows_an_order_of_the_same_user(events):
    orders = events[events["行为"] == "下单"].set_index("订单号")
    reviews = events[events["行为"] == "评价"].set_index("订单号")
    assert (reviews["用户ID"] == orders.loc[reviews.index, "用户ID"]).all()
    assert (reviews["时间"] > orders.loc[reviews.index, "时间"]).all()


def test_three_in_a_hundred_exposures_are_clicked(events):
    numbers = events["行为"].value_counts()
    assert numbers["广告点击"] / numbers["广告曝光"] == pytest.approx(0.03, abs=0.006)


def test_the_shopping_festivals_stand_out(world):
    orders = world.events.filter(pc.equal(world.events["行为"], "下单"))
    months = pc.value_counts(pc.strftime(orders["时间"], "%Y-%m")).to_pylist()
    per_month = {row["values"]: row["counts"] for row in months}
    assert per_month["2024-11"] > 1.6 * per_month["2024-10"]
    assert per_month["2024-06"] > 1.3 * per_month["2024-07"]
