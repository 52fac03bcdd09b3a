from datetime import date, datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from personas.category.base import purchases
from personas.category.direction import purchase_direction
from personas.category.first_purchases import group_categories
from personas.schema import ObservationWindow

YEAR = ObservationWindow(date(2026, 1, 1), 365)
SCHEMA = pa.schema([("user_id", pa.string()), ("category", pa.string()), ("event_at", pa.timestamp("us"))])


def bought(lines):
    start = datetime(2025, 1, 1)
    rows = [{"user_id": u, "category": c, "event_at": start + timedelta(days=day)} for u, c, day in lines]
    return ibis.memtable(pa.Table.from_pylist(rows, SCHEMA))


def pair(found, a, b):
    table = found.table
    return table[(table["category"] == a) & (table["next_category"] == b)].iloc[0]


def test_directions_of_six_users_are_those_worked_out_by_hand(six_users, year):
    found = purchase_direction(purchases(six_users, year), year)
    assert len(found.table) == 6
    # u2 扫地机 first (bought at 2 instants, 门锁 at 1), u3 门锁 first (1 and 1), u1 both at once.
    row = pair(found, "扫地机", "门锁")
    assert row[["n_before", "n_after", "n_same", "share_before", "p_value"]].tolist() == [1, 1, 1, 0.5, 1]
    assert row["expected_share"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    # u1 扫地机 first, u4 空调 first; u4's two lines are one instant.
    row = pair(found, "扫地机", "空调")
    assert row[["n_before", "n_after", "n_same", "expected_share"]].tolist() == [1, 1, 0, 0.5]
    row = pair(found, "空调", "门锁")
    assert row[["n_before", "n_after", "share_before", "p_value"]].tolist() == [0, 1, 0, 1]


def test_bought_once_each_it_is_the_ordinary_sign_test():
    lines = [(f"u{i}", category, day) for i in range(6) for category, day in (("A", 1), ("B", 9))]
    row = pair(purchase_direction(bought(lines), YEAR), "A", "B")
    assert row["expected_share"] == 0.5
    assert row["p_value"] == pytest.approx(2 / 2**6)  # all six one way
    lines[0], lines[1] = ("u0", "A", 9), ("u0", "B", 1)
    row = pair(purchase_direction(bought(lines), YEAR), "A", "B")
    assert row["p_value"] == pytest.approx(2 * (1 + 6) / 2**6)  # five of six, or more


def test_what_is_bought_often_is_first_by_chance_alone():
    rng = np.random.default_rng(11)
    lines = []
    for i in range(400):
        days = rng.choice(365, size=5, replace=False)
        lines += [(f"u{i}", "A", int(day)) for day in days[:4]] + [(f"u{i}", "B", int(days[4]))]
    row = pair(purchase_direction(bought(lines), YEAR), "A", "B")
    assert row["expected_share"] == 0.8  # four of five places in a random order
    assert row["share_before"] == pytest.approx(0.8, abs=0.05)
    assert row["p_value"] > 0.05
    assert (
        stats.binomtest(int(row["n_before"]), 400).pvalue < 1e-20
    )  # against 1/2 it would look like an order


def test_instants_of_both_are_left_out_of_what_chance_gives():
    # B never comes without A, but A came first once: with nothing but A alone, it had to.
    lines = [("u", "A", 1), ("u", "A", 5), ("u", "B", 5)]
    row = pair(purchase_direction(bought(lines), YEAR), "A", "B")
    assert row[["n_before", "expected_share", "p_value"]].tolist() == [1, 1, 1]


def test_the_two_sides_of_a_pair_mirror_each_other():
    lines = [
        ("a", "A", 1),
        ("a", "B", 2),
        ("b", "A", 1),
        ("b", "A", 2),
        ("b", "B", 3),
        ("c", "B", 1),
        ("c", "A", 2),
    ]
    found = purchase_direction(bought(lines), YEAR)
    one, other = pair(found, "A", "B"), pair(found, "B", "A")
    assert (one["n_before"], one["n_after"]) == (other["n_after"], other["n_before"])
    for left, right in [
        ("share_before", "share_before"),
        ("low", "high"),
        ("expected_share", "expected_share"),
    ]:
        assert one[left] == pytest.approx(1 - other[right])
    assert (one["p_value"], one["q_value"]) == (other["p_value"], other["q_value"])


def test_q_values_count_each_pair_of_categories_once():
    lines = [(f"u{i}", c, day) for i in range(8) for c, day in (("A", 1), ("B", 5))]
    lines += [(f"v{i}", c, day) for i in range(2) for c, day in (("C", 1), ("D", 5))]
    found = purchase_direction(bought(lines), YEAR)
    assert pair(found, "A", "B")["q_value"] == pytest.approx(2 * pair(found, "A", "B")["p_value"])


def test_bought_only_at_the_same_instant_there_is_no_direction():
    assert purchase_direction(bought([("a", "A", 1), ("a", "B", 1)]), YEAR).table.empty
    assert purchase_direction(bought([]), YEAR).table.empty


def test_groups_of_categories_have_directions_too():
    lines = [("a", "冰箱", 1), ("a", "电饭煲", 9), ("b", "空调", 3), ("b", "扫地机", 4), ("b", "冰箱", 2)]
    groups = {"冰箱": "大家电", "空调": "大家电", "电饭煲": "小家电", "扫地机": "小家电"}
    row = pair(purchase_direction(group_categories(bought(lines), groups), YEAR), "大家电", "小家电")
    assert row[["n_before", "n_after"]].tolist() == [2, 0]
    assert row["expected_share"] == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_the_definition_states_window_unit_and_chance():
    definition = purchase_direction(bought([]), YEAR).definition
    assert "2025-01-01 至 2025-12-31" in definition.zh
    assert "次序随机" in definition.zh
    assert "random order" in definition.en


Lines = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("ABC"), st.integers(0, 9)), max_size=16)


@settings(max_examples=40)
@given(Lines)
def test_the_counts_are_those_of_a_plain_loop_over_users(lines):
    days = {}
    for user, category, day in lines:
        days.setdefault(category, {}).setdefault(user, set()).add(day)
    table = purchase_direction(bought(lines), YEAR).table
    for row in table.itertuples():
        a, b = days[row.category], days[row.next_category]
        both = [(a[u], b[u]) for u in a.keys() & b.keys()]
        assert row.n_before == sum(min(x) < min(y) for x, y in both)
        assert row.n_after == sum(min(x) > min(y) for x, y in both)
        assert row.n_same == sum(min(x) == min(y) for x, y in both)
        chances = [len(x - y) / len(x ^ y) for x, y in both if min(x) != min(y)]
        assert row.expected_share == pytest.approx(np.mean(chances), abs=1e-8)
        assert 0 < row.p_value <= row.q_value + 1e-12 <= 1 + 1e-9
