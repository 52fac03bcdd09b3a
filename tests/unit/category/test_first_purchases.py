from datetime import datetime

import pytest

from personas.category.base import purchases
from personas.category.first_purchases import first_purchases, group_categories, ordered_pairs
from personas.errors import ConfigError

_DAY = 86_400_000_000


def rows(table, *columns):
    return sorted(tuple(row[name] for name in columns) for row in table.to_pyarrow().to_pylist())


def test_first_purchases_of_six_users_count_instants_not_lines(six_users, year):
    assert rows(
        first_purchases(purchases(six_users, year)), "user_id", "category", "first_at", "n_times"
    ) == [
        ("u1", "扫地机", datetime(2025, 1, 10, 10), 1),
        ("u1", "空调", datetime(2025, 2, 9, 9), 1),
        ("u1", "门锁", datetime(2025, 1, 10, 10), 1),
        ("u2", "扫地机", datetime(2025, 3, 1, 12), 2),
        ("u2", "门锁", datetime(2025, 3, 20, 12), 1),
        ("u3", "扫地机", datetime(2025, 5, 15, 12), 1),
        ("u3", "门锁", datetime(2025, 4, 1, 12), 1),
        ("u4", "扫地机", datetime(2025, 12, 20, 12), 1),
        ("u4", "空调", datetime(2025, 7, 1, 12), 1),  # the same line twice, at one instant
    ]


def test_pairs_of_six_users_carry_the_lag_in_both_directions(six_users, year):
    found = rows(
        ordered_pairs(first_purchases(purchases(six_users, year))),
        "user_id",
        "category",
        "next_category",
        "lag",
    )
    assert ("u2", "扫地机", "门锁", 19 * _DAY) in found
    assert ("u2", "门锁", "扫地机", -19 * _DAY) in found
    assert ("u1", "扫地机", "门锁", 0) in found
    assert len(found) == 6 + 2 + 2 + 2


def test_lags_are_exact_to_the_microsecond(make_source, year):
    times = {"A": datetime(2025, 1, 1, 23, 59, 59, 999_999), "B": datetime(2025, 1, 2)}
    source = make_source([{"user_id": "a", "event_at": at, "category": c} for c, at in times.items()])
    found = rows(ordered_pairs(first_purchases(purchases(source, year))), "category", "lag")
    assert found == [("A", 1), ("B", -1)]


def test_groups_replace_categories_and_others_are_left_out(six_users, year):
    grouped = group_categories(purchases(six_users, year), {"扫地机": "小家电", "空调": "大家电"})
    found = rows(first_purchases(grouped), "user_id", "category")
    assert found == [
        ("u1", "大家电"),
        ("u1", "小家电"),
        ("u2", "小家电"),
        ("u3", "小家电"),
        ("u4", "大家电"),
        ("u4", "小家电"),
    ]
    assert grouped.columns == purchases(six_users, year).columns


def test_no_groups_are_refused(six_users, year):
    with pytest.raises(ConfigError, match="category -> group"):
        group_categories(purchases(six_users, year), {})
