from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from personas.category.kpi import (
    breadth,
    cross_category_share,
    multi_category_order_share,
    units_per_order,
)
from personas.category.kpi_table import add_mean
from personas.errors import ConfigError, DataError
from personas.schema import ObservationWindow

nan = np.nan


@pytest.fixture
def years(year):
    return {"2024": ObservationWindow(date(2025, 1, 1), 366), "2025": year}


def figures(found):
    return found.table[["numerator", "denominator"]].to_numpy().tolist()


# The docstring of six_users says who bought what; everybody, then P01 = u1 u2 u3, then P02 = u4 u5.
@pytest.mark.parametrize(
    ("indicator", "expected"),
    [
        (cross_category_share, [[4, 4], [3, 3], [1, 1]]),
        (units_per_order, [[12, 10], [9, 7], [3, 3]]),
        (multi_category_order_share, [[1, 10], [1, 7], [0, 3]]),
        (breadth, [[9, 4], [7, 3], [2, 1]]),
    ],
)
def test_figures_of_the_six_users_are_those_counted_by_hand(six_users, year, indicator, expected):
    found = indicator(six_users, {"2025": year}, assignments=six_users.table("assignments"))
    assert found.table["persona_id"].tolist() == ["(all)", "P01", "P02"]
    assert figures(found) == expected
    np.testing.assert_allclose(found.table["value"], [y / x for y, x in expected])
    alone = indicator(six_users, {"2025": year})
    pd.testing.assert_frame_equal(alone.table, found.table.iloc[:1])


def test_the_same_table_has_all_periods_with_their_growth(six_users, years):
    # 2024: u1 门锁, u3 空调, u6 扫地机: three buyers of one category each
    table = breadth(six_users, years).table
    assert table.columns.tolist() == [
        "period", "persona_id", "numerator", "denominator", "n_users", "value", "low", "high", "change", "growth",
    ]  # fmt: skip
    assert table["period"].tolist() == ["2024", "2025"]
    np.testing.assert_allclose(table["value"], [1.0, 2.25])
    np.testing.assert_allclose(table["change"], [nan, 1.25])
    np.testing.assert_allclose(table["growth"], [nan, 1.25])
    shares = cross_category_share(six_users, years).table
    np.testing.assert_allclose(shares["change"], [nan, 1.0])
    assert shares["growth"].isna().all()  # from nothing to something has no relative growth


def test_a_persona_without_purchases_has_no_value(make_source, year):
    source = make_source([{"user_id": "a", "event_at": "2025-03-01", "category": "门锁"}], {"b": "P09"})
    for indicator in (cross_category_share, units_per_order, multi_category_order_share, breadth):
        table = indicator(source, {"2025": year}, assignments=source.table("assignments")).table
        assert table.loc[1, "denominator"] == 0
        assert table.loc[1, ["value", "low", "high"]].isna().all()


def test_an_order_of_unknown_quantity_is_not_averaged(make_source, year):
    line = {"user_id": "a", "event_at": "2025-03-01", "category": "门锁"}
    source = make_source(
        [
            {**line, "order_id": "o1", "quantity": 3},
            {**line, "order_id": "o2", "quantity": 3},
            {**line, "order_id": "o2", "quantity": None},
        ]
    )
    assert figures(units_per_order(source, {"2025": year})) == [[3, 1]]
    assert figures(multi_category_order_share(source, {"2025": year})) == [[0, 2]]


def test_the_interval_of_a_mean_is_that_of_its_users(six_users, year):
    row = breadth(six_users, {"2025": year}).table.iloc[0]
    # categories of the four buyers: 3, 2, 2, 2
    half = 1.959964 * np.std([3, 2, 2, 2], ddof=1) / 2
    assert (row["low"], row["high"]) == pytest.approx((2.25 - half, 2.25 + half), abs=1e-5)


def test_orders_of_one_user_are_not_independent(six_users, year):
    row = units_per_order(six_users, {"2025": year}).table.iloc[0]
    units, orders = np.array([3, 4, 2, 3]), np.array([2, 3, 2, 3])
    variance = 4 / 3 * np.sum((units - 1.2 * orders) ** 2) / 10**2
    assert row["high"] - row["value"] == pytest.approx(1.959964 * np.sqrt(variance), abs=1e-5)
    assert row["value"] - row["low"] == pytest.approx(1.959964 * np.sqrt(variance), abs=1e-5)


def test_a_share_of_orders_has_a_wilson_interval_of_its_effective_size(six_users, year):
    row = multi_category_order_share(six_users, {"2025": year}).table.iloc[0]
    several, orders = np.array([1, 0, 0, 0]), np.array([2, 3, 2, 3])
    variance = 4 / 3 * np.sum((several - 0.1 * orders) ** 2) / 10**2
    n, z2, p = 0.1 * 0.9 / variance, 1.959964**2, 0.1
    middle, half = p + z2 / 2 / n, np.sqrt(z2 * (p * (1 - p) / n + z2 / 4 / n**2))
    expected = ((middle - half) / (1 + z2 / n), (middle + half) / (1 + z2 / n))
    assert (row["low"], row["high"]) == pytest.approx(expected, abs=1e-6)


@given(data=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8))
def test_intervals_hold_their_value(data):
    y, x = np.array([(several, several + more) for several, more in data], dtype=int).reshape(-1, 2).T
    keep = x > 0
    y, x = y[keep], x[keep]
    sums = {
        "numerator": y.sum(), "denominator": x.sum(), "n_users": len(x),
        "yy": (y * y).sum(), "xy": (x * y).sum(), "xx": (x * x).sum(),
    }  # fmt: skip
    for is_share in (True, False):
        row = add_mean(pd.DataFrame([sums]), is_share=is_share).iloc[0]
        if len(x) < 2:
            assert np.isnan([row["low"], row["high"]]).all()
            assert np.isnan(row["value"]) == (len(x) == 0)
        else:
            assert 0 <= row["low"] <= row["value"] + 1e-12
            assert row["value"] <= row["high"] + 1e-12
            assert not is_share or row["high"] <= 1


def test_users_with_one_order_each_give_the_binomial_interval():
    sums = {"numerator": 30, "denominator": 100, "n_users": 100, "yy": 30, "xy": 30, "xx": 100}
    row = add_mean(pd.DataFrame([sums]), is_share=True).iloc[0]
    wilson = stats.binomtest(30, 99).proportion_ci(method="wilson")  # about: the variance has m - 1
    assert row["high"] - row["low"] == pytest.approx(wilson.high - wilson.low, rel=2e-2)


def test_periods_must_be_in_order(six_users, years):
    backwards = dict(reversed(years.items()))
    for periods in ({}, backwards):
        with pytest.raises(ConfigError, match="in the order in which they end"):
            breadth(six_users, periods)


def test_assignments_are_checked(six_users, year):
    pairs = six_users.table("assignments")
    with pytest.raises(DataError, match="lack persona_id"):
        breadth(six_users, {"2025": year}, assignments=pairs.drop("persona_id"))


def test_the_definition_names_numerator_denominator_periods_and_interval(six_users, years):
    found = cross_category_share(six_users, years)
    assert found.definition.zh == (
        "跨品类购买占比 = 购买过至少两个品类的用户 ÷ 有品类购买的全部用户。时期：2024（2024-01-01 至 2024-12-31）、"
        "2025（2025-01-01 至 2025-12-31）；按毛订单统计，不扣除退货；区间为 95% Wilson 区间。"
    )
    assert "以用户为独立单位" in units_per_order(six_users, years).definition.zh
    assert "users are the independent units" in units_per_order(six_users, years).definition.en
