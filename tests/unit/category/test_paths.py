from datetime import date, datetime, timedelta
from itertools import permutations

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personas.category.base import purchases
from personas.category.paths import frequent_paths
from personas.errors import ConfigError
from personas.schema import ObservationWindow

YEAR = ObservationWindow(date(2026, 1, 1), 365)
SCHEMA = pa.schema([("user_id", pa.string()), ("category", pa.string()), ("event_at", pa.timestamp("us"))])


def bought(lines):
    start = datetime(2025, 1, 1)
    rows = [{"user_id": u, "category": c, "event_at": start + timedelta(days=day)} for u, c, day in lines]
    return ibis.memtable(pa.Table.from_pylist(rows, SCHEMA))


def walk(user, path, gap=1):
    return [(user, category, place * gap) for place, category in enumerate(path)]


def listed(found):
    """Paths with their users, in the order of the table."""
    steps = found.table.filter(like="step_")
    names = ["".join(step for step in row if isinstance(step, str)) for row in steps.to_numpy()]
    return list(zip(names, found.table["n_users"], strict=True))


def test_paths_of_six_users_are_those_worked_out_by_hand(six_users, year):
    found = frequent_paths(purchases(six_users, year), year, min_users=1)
    # u1 bought 扫地机 and 门锁 at once, so there is no path of three.
    assert listed(found) == [
        ("扫地机空调", 1),
        ("扫地机门锁", 1),
        ("空调扫地机", 1),
        ("门锁扫地机", 1),
        ("门锁空调", 1),
    ]
    assert found.n_buyers == 4
    assert found.table["support"].tolist() == [0.25] * 5
    assert found.table["median_days"].tolist() == pytest.approx([29 + 23 / 24, 19, 172, 44, 29 + 23 / 24])


def test_a_gap_leaves_out_slow_steps(six_users, year):
    found = frequent_paths(purchases(six_users, year), year, min_users=1, max_gap_days=30)
    assert [name for name, _ in listed(found)] == ["扫地机空调", "扫地机门锁", "门锁空调"]


def test_others_may_lie_between_and_the_gap_counts_from_step_to_step():
    lines = walk("a", "ABCD", gap=10)
    assert ("AD", 1) in listed(frequent_paths(bought(lines), YEAR, min_users=1))
    found = frequent_paths(bought(lines), YEAR, min_users=1, max_gap_days=10, max_length=4)
    assert listed(found) == [("AB", 1), ("BC", 1), ("CD", 1), ("ABC", 1), ("BCD", 1), ("ABCD", 1)]
    assert found.table["median_days"].tolist() == [10, 10, 10, 20, 20, 30]
    assert found.table["length"].tolist() == [2, 2, 2, 3, 3, 4]


def test_a_gap_of_exactly_the_limit_is_within_it():
    lines = [("a", "A", 0), ("a", "B", 10)]
    assert len(frequent_paths(bought(lines), YEAR, min_users=1, max_gap_days=10).table) == 1
    assert frequent_paths(bought(lines), YEAR, min_users=1, max_gap_days=9).table.empty


def test_rare_paths_are_not_listed():
    lines = walk("a", "ABC") + walk("b", "ABC") + walk("c", "AB") + walk("d", "CA")
    assert listed(frequent_paths(bought(lines), YEAR, min_users=2)) == [
        ("AB", 3),
        ("AC", 2),
        ("BC", 2),
        ("ABC", 2),
    ]


def test_longest_paths_are_asked_for():
    lines = walk("a", "ABCD")
    lengths = [
        frequent_paths(bought(lines), YEAR, min_users=1, max_length=n).table["length"].max()
        for n in (2, 3, 4)
    ]
    assert lengths == [2, 3, 4]


@pytest.mark.parametrize("lines", [[], [("a", "A", 1)], [("a", "A", 1), ("a", "B", 1)]])
def test_without_an_order_there_are_no_paths(lines):
    found = frequent_paths(bought(lines), YEAR, min_users=1)
    assert found.table.empty
    assert found.n_buyers == len({user for user, _, _ in lines})
    assert "support" in found.table


def test_only_the_first_purchase_of_a_category_is_a_step():
    lines = [*walk("a", "ABA"), ("a", "A", 30), ("a", "B", 40)]
    assert listed(frequent_paths(bought(reversed(lines)), YEAR, min_users=1)) == [("AB", 1)]


def test_the_definition_states_window_gap_and_denominator():
    definition = frequent_paths(bought([]), YEAR, max_gap_days=90).definition
    for words in ("2025-01-01 至 2025-12-31", "不超过 90 天", "÷ 统计期内购买人数", "20 人"):
        assert words in definition.zh
    assert "any time between steps" in frequent_paths(bought([]), YEAR).definition.en


@pytest.mark.parametrize(
    "options", [{"max_length": 1}, {"max_length": 5}, {"max_gap_days": 0}, {"min_users": 0}]
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ConfigError):
        frequent_paths(bought([]), YEAR, **options)


Lines = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("ABCD"), st.integers(0, 9)), max_size=20)


@settings(max_examples=40)
@given(Lines, st.sampled_from([None, 1, 3]), st.integers(1, 3))
def test_the_paths_are_those_of_a_plain_search(lines, gap, min_users):
    first = {}
    for user, category, day in lines:
        days = first.setdefault(user, {})
        days[category] = min(day, days.get(category, day))
    expected = {}
    for length in (2, 3, 4):
        for path in permutations("ABCD", length):
            n = 0
            for days in first.values():
                steps = np.diff([days[c] for c in path]) if all(c in days for c in path) else [0]
                n += all(0 < step <= (gap or 99) for step in steps)
            if n >= min_users:
                expected["".join(path)] = n
    found = frequent_paths(bought(lines), YEAR, max_length=4, max_gap_days=gap, min_users=min_users)
    assert dict(listed(found)) == expected
