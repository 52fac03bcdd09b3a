from datetime import date, datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personas.category.base import purchases, wilson_interval
from personas.category.sequence import next_category
from personas.errors import ConfigError
from personas.schema import ObservationWindow

YEAR = ObservationWindow(date(2026, 1, 1), 365)
METHODS = ("complete_follow_up", "aalen_johansen")
nan = np.nan


def bought(lines):
    """Purchases of (user, category, instant) lines; an instant is a datetime or a day of the year."""
    rows = [
        {
            "user_id": user,
            "category": category,
            "event_at": at if isinstance(at, datetime) else datetime(2025, 1, 1) + timedelta(days=at),
        }
        for user, category, at in lines
    ]
    schema = pa.schema(
        [("user_id", pa.string()), ("category", pa.string()), ("event_at", pa.timestamp("us"))]
    )
    return ibis.memtable(pa.Table.from_pylist(rows, schema))


def pair(found, a, b):
    table = found.table
    return table[(table["category"] == a) & (table["next_category"] == b)].iloc[0]


def test_next_categories_of_six_users_are_those_worked_out_by_hand(six_users, year):
    found = next_category(purchases(six_users, year), year, horizon_days=30)
    expected = [
        # u4 buys its 扫地机 12 days before the end: not followed. u1 bought both at once, u3 had a 门锁.
        ("扫地机", "门锁", 4, 1, 1, 1.0, 19.0),
        ("扫地机", "空调", 4, 3, 1, 1 / 3, 29 + 23 / 24),
        ("门锁", "空调", 3, 3, 1, 1 / 3, 29 + 23 / 24),
        ("门锁", "扫地机", 3, 1, 0, 0.0, nan),  # u3 needs 44 days
        ("空调", "扫地机", 2, 1, 0, 0.0, nan),  # u4 needs 172 days
        ("空调", "门锁", 2, 1, 0, 0.0, nan),
    ]
    names = ["category", "next_category", "n_buyers", "n_at_risk", "n_next", "probability", "median_lag_days"]
    assert found.table[names[:2]].to_numpy().tolist() == [list(row[:2]) for row in expected]
    np.testing.assert_allclose(found.table[names[2:]].astype(float), [row[2:] for row in expected])
    assert found.table["n_followed"].equals(found.table["n_at_risk"])
    low, high = wilson_interval([1], [3])
    row = pair(found, "扫地机", "空调")
    assert (row["low"], row["high"]) == pytest.approx((low[0], high[0]))


def test_aalen_johansen_uses_users_who_are_followed_for_a_part(six_users, year):
    # u4 is at risk of 门锁 for 11 days; u2 buys on day 19, when u4 is gone.
    row = pair(
        next_category(purchases(six_users, year), year, horizon_days=30, method="aalen_johansen"),
        "扫地机",
        "门锁",
    )
    assert row[["n_at_risk", "n_followed", "n_next", "probability"]].tolist() == [2, 1, 1, 1.0]
    # Until day 12 both are there, and neither has bought.
    row = pair(
        next_category(purchases(six_users, year), year, horizon_days=12, method="aalen_johansen"),
        "扫地机",
        "门锁",
    )
    assert row[["n_at_risk", "n_followed", "n_next", "probability"]].tolist() == [2, 1, 0, 0.0]


@pytest.mark.parametrize("method", METHODS)
def test_the_horizon_is_half_open(method):
    start = datetime(2025, 3, 1, 12)
    lines = [("a", "A", start), ("a", "B", start + timedelta(days=10) - timedelta(microseconds=1))]
    late = [("b", "A", start), ("b", "B", start + timedelta(days=10))]
    found = next_category(bought(lines + late), YEAR, horizon_days=10, method=method)
    assert pair(found, "A", "B")[["n_at_risk", "n_next", "probability"]].tolist() == [2, 1, 0.5]


def test_a_user_counts_when_the_follow_up_just_fits():
    fits = datetime(2025, 12, 22)  # ten days before the end
    lines = [("a", "A", fits), ("b", "A", fits + timedelta(microseconds=1)), ("c", "B", fits)]
    assert pair(next_category(bought(lines), YEAR, horizon_days=10), "A", "B")["n_at_risk"] == 1


@pytest.mark.parametrize("method", METHODS)
def test_who_had_it_before_or_got_it_at_the_same_instant_is_not_at_risk(method):
    lines = [("a", "A", 10), ("a", "B", 10), ("b", "B", 5), ("b", "A", 10), ("b", "B", 12), ("c", "A", 10)]
    found = next_category(bought(lines), YEAR, horizon_days=30, method=method)
    assert pair(found, "A", "B")[["n_buyers", "n_at_risk", "n_next"]].tolist() == [3, 1, 0]
    # b's first A after b's first B, at the lag of five days; a's at the same instant.
    assert pair(found, "B", "A")[["n_at_risk", "n_next", "median_lag_days"]].tolist() == [1, 1, 5]


@pytest.mark.parametrize("method", METHODS)
def test_one_order_users_are_at_risk_of_everything_and_buy_nothing(method):
    found = next_category(bought([("a", "A", 1), ("b", "B", 2)]), YEAR, horizon_days=30, method=method)
    assert found.table[["n_at_risk", "n_next"]].to_numpy().tolist() == [[1, 0], [1, 0]]
    assert found.table["probability"].tolist() == [0, 0]
    assert found.table["median_lag_days"].isna().all()


@pytest.mark.parametrize("method", METHODS)
def test_nobody_followed_to_the_end_gives_no_probability(method):
    found = next_category(bought([("a", "A", 360), ("a", "B", 362)]), YEAR, horizon_days=30, method=method)
    row = pair(found, "A", "B")
    assert row[["probability", "low", "high"]].isna().all()
    assert row["n_followed"] == 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("lines", [[], [("a", "A", 1), ("a", "A", 9)]])
def test_no_pair_of_categories_gives_an_empty_table(method, lines):
    found = next_category(bought(lines), YEAR, horizon_days=30, method=method)
    assert found.table.empty
    assert "probability" in found.table


def test_the_order_of_rows_and_repeated_rows_change_nothing():
    lines = [("a", "A", 1), ("a", "B", 5), ("b", "A", 3), ("b", "A", 7), ("b", "C", 9)]
    once = next_category(bought(lines), YEAR, horizon_days=30)
    again = next_category(bought([*reversed(lines), *lines]), YEAR, horizon_days=30)
    assert once.table.equals(again.table)


def test_a_leap_day_is_a_day_of_the_lag():
    window = ObservationWindow(date(2025, 1, 1), 366)
    lines = [("a", "A", datetime(2024, 2, 28)), ("a", "B", datetime(2024, 3, 1))]
    assert pair(next_category(bought(lines), window, horizon_days=3), "A", "B")["median_lag_days"] == 2


@pytest.mark.parametrize("horizon_days", [0, 365, 400])
def test_a_horizon_that_nobody_can_be_followed_for_is_refused(horizon_days):
    with pytest.raises(ConfigError, match="1 to 364"):
        next_category(bought([]), YEAR, horizon_days=horizon_days)


@pytest.mark.parametrize("method", METHODS)
def test_the_definition_states_window_unit_and_denominator(method):
    definition = next_category(bought([]), YEAR, horizon_days=90, method=method).definition
    for words in ("2025-01-01 至 2025-12-31", "90 天", "÷", "单位为人"):
        assert words in definition.zh
    assert ("censored" in definition.en) == (method == "aalen_johansen")


Lines = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from("ABC"), st.integers(0, 364)), max_size=16
)


@settings(max_examples=40)
@given(Lines, st.integers(1, 200))
def test_the_counts_are_those_of_a_plain_loop_over_users(lines, horizon):
    first = {}
    for user, category, day in lines:
        first[user, category] = min(day, first.get((user, category), day))
    found = next_category(bought(lines), YEAR, horizon_days=horizon)
    censored = next_category(bought(lines), YEAR, horizon_days=horizon, method="aalen_johansen")
    for row in found.table.itertuples():
        buyers = {u for u, c in first if c == row.category}
        lags = {u: first.get((u, row.next_category), 10_000) - first[u, row.category] for u in buyers}
        followed = {u for u in buyers if 365 - first[u, row.category] >= horizon and lags[u] > 0}
        soon = sorted(lags[u] for u in followed if lags[u] < horizon)
        assert (row.n_buyers, row.n_at_risk, row.n_next) == (len(buyers), len(followed), len(soon))
        if soon:
            assert row.median_lag_days == np.median(soon)
        other = pair(censored, row.category, row.next_category)
        assert other["n_followed"] == len(followed)
        assert other["n_at_risk"] == sum(lag > 0 for lag in lags.values())
        assert other["n_next"] == sum(0 < lag < horizon for lag in lags.values())
        if all(365 - first[u, row.category] >= horizon for u in buyers) and followed:
            assert other["probability"] == pytest.approx(row.probability)
