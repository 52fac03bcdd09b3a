from datetime import date
from decimal import Decimal

import ibis
import pyarrow as pa
import pytest

from personas.schema import (
    CATEGORY_TABLES,
    EVENTS,
    IDENTIFIERS,
    ITEMS,
    LEVELS,
    MARKET,
    TABLES,
    TAGS,
    USERS,
    SourceMapping,
)
from personas.schema.check import check_table
from personas.schema.tables import limit_amount


@pytest.mark.parametrize("name", TABLES)
def test_every_table_requires_a_user(name: str) -> None:
    column = TABLES[name].column("user_id")
    assert column is not None
    assert column.required
    assert not column.nullable


def test_membership_value_has_no_maximum() -> None:
    column = USERS.column("membership_value")
    assert column is not None
    assert (column.minimum, column.maximum) == (0, None)


def test_closed_vocabularies_are_the_canonical_levels() -> None:
    for schema in (USERS, EVENTS):
        for column in schema.columns:
            if column.levels:
                assert column.levels == LEVELS[column.name]


def test_age_bands_are_open_because_sources_choose_their_own() -> None:
    column = USERS.column("age_band")
    assert column is not None
    assert column.levels == ()


def test_limit_of_amounts_is_set_in_a_copy() -> None:
    limited = limit_amount(EVENTS, 100)
    assert limited.column("amount").maximum == 100
    assert EVENTS.column("amount").maximum > 100
    assert limited.column("quantity") == EVENTS.column("quantity")


def test_identifiers_are_never_measured() -> None:
    assert {column.type for column in IDENTIFIERS.columns} == {"id"}


def checked(schema, rows, mapping=None):
    """Check rows of a table as of 2025-06-01; return the valid ones and the reasons of the others."""
    found = check_table(
        ibis.memtable(pa.Table.from_pylist(rows)),
        schema,
        mapping=mapping or SourceMapping(),
        as_of=date(2025, 6, 1),
    )
    faults = found.faults.order_by("row").to_pyarrow().to_pylist()
    return found.valid.to_pyarrow().to_pylist(), [(f["row"], f["column"], f["reason"]) for f in faults]


def test_items_are_told_apart_and_own_ones_are_flagged() -> None:
    rows = [
        {"item_id": "1", "category": "门锁", "price": "1,999.00", "is_own": "是"},
        {"item_id": "1", "category": "门锁", "price": "1", "is_own": "否"},
        {"item_id": "2", "category": None, "price": "-1", "is_own": "否"},
        {"item_id": "", "category": "x", "price": "1", "is_own": "perhaps"},
    ]
    valid, faults = checked(ITEMS, rows, SourceMapping(strip_characters={"price": ","}))
    assert [(item["price"], item["is_own"], item["brand"]) for item in valid] == [
        (Decimal("1999.00"), True, None)
    ]
    assert {(row, column) for row, column, _ in faults} == {
        (2, "item_id"),
        (3, "price"),
        (4, "is_own"),
        (4, "item_id"),
    }


def test_users_may_have_many_tags_but_none_without_a_name() -> None:
    rows = [
        {"user_id": "a", "tag": "有车一族", "value": "是"},
        {"user_id": "a", "tag": "有车一族", "value": None},
        {"user_id": "a", "tag": " ", "value": "是"},
    ]
    valid, faults = checked(TAGS, rows)
    assert len(valid) == 2
    assert faults == [(3, "tag", "empty")]


def test_periods_of_the_market_may_lie_ahead_but_counts_are_whole() -> None:
    rows = [
        {"period_start": "2025-01-01", "period_end": "2026-01-01", "category": "门锁", "buyers": 1000},
        {"period_start": "2025-07-01", "period_end": None, "category": "门锁", "buyers": 10},
        {"period_start": "2025-01-01", "period_end": None, "category": "门锁", "buyers": -1},
        {"period_start": "soon", "period_end": None, "category": "门锁", "buyers": 1},
    ]
    valid, faults = checked(MARKET, rows)
    assert [(row["period_start"], row["buyers"], row["segment"]) for row in valid] == [
        (date(2025, 1, 1), 1000, None),
        (date(2025, 7, 1), 10, None),
    ]
    assert [(row, column) for row, column, _ in faults] == [(3, "buyers"), (4, "period_start")]


def test_category_tables_are_apart_from_those_that_personas_are_made_of() -> None:
    assert set(CATEGORY_TABLES) == {"items", "tags", "market"}
    assert not set(CATEGORY_TABLES) & set(TABLES)
