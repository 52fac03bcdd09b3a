from datetime import date, datetime

import ibis
import numpy as np
import pyarrow as pa
import pytest

from personas.category.market import read_market
from personas.category.periods import yearly_windows
from personas.errors import DataError

WINDOWS = THEN, NOW = yearly_windows(date(2026, 1, 1))
FIELDS = {
    "period_start": pa.date32(),
    "period_end": pa.date32(),
    "category": pa.string(),
    "brand": pa.string(),
    "segment": pa.string(),
    "buyers": pa.int64(),
    "revenue": pa.decimal128(18, 2),
}


def market(*rows, without=()):
    schema = pa.schema([(name, kind) for name, kind in FIELDS.items() if name not in without])
    return ibis.memtable(pa.Table.from_pylist(list(rows), schema))


def row(window, category, brand, buyers, **further):
    return {"period_start": window.start, "category": category, "brand": brand, "buyers": buyers, **further}


def test_the_largest_rival_and_the_growth_of_the_whole_market_are_read():
    table = market(
        row(THEN, "门锁", None, 200),
        row(THEN, "门锁", "A", 900),
        row(NOW, "门锁", None, 250, period_end=NOW.as_of),
        row(NOW, "门锁", "A", 60),
        row(NOW, "门锁", "B", 80),
        row(NOW, "空调", "A", 5),
        row(NOW, "音箱", None, 5),
    )
    found = read_market(table, WINDOWS, "users")
    np.testing.assert_array_equal(found.loc["门锁"], [80, 0.25])
    np.testing.assert_array_equal(found.loc["空调"], [5, np.nan])
    np.testing.assert_array_equal(found.loc["音箱"], [np.nan, np.nan])


def test_segments_and_other_periods_are_not_read():
    month = {"period_start": date(2025, 2, 1), "category": "门锁", "brand": "A", "buyers": 999}
    table = market(row(NOW, "门锁", "A", 60, segment=""), row(NOW, "门锁", "A", 999, segment="female"), month)
    assert read_market(table, WINDOWS, "users").loc["门锁", "largest_rival"] == 60


def test_a_rival_or_market_of_zero_is_no_denominator():
    table = market(row(NOW, "门锁", "A", 0), row(NOW, "门锁", None, 10), row(THEN, "门锁", None, 0))
    assert read_market(table, WINDOWS, "users").loc["门锁"].isna().all()


def test_other_metrics_optional_columns_and_timestamps():
    stamped = {"period_start": datetime(2025, 1, 1), "category": "门锁", "brand": "A", "revenue": 12.5}
    table = ibis.memtable(pa.Table.from_pylist([stamped]))
    assert read_market(table, WINDOWS, "revenue").loc["门锁", "largest_rival"] == 12.5


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (market(without=("brand", "buyers")), "lacks brand, buyers"),
        (market(row(THEN, "门锁", "A", 1)), "no rows of everybody for the period from 2025-01-01"),
        (market(row(NOW, "门锁", "A", 1, segment="female")), "no rows of everybody"),
        (market(row(NOW, "门锁", None, 1), row(NOW, "门锁", None, 2)), "two rows"),
        (market(row(NOW, "门锁", "A", 1, period_end=date(2025, 7, 1))), "2025-07-01; expected 2026-01-01"),
    ],
)
def test_a_broken_table_is_refused(table, message):
    with pytest.raises(DataError, match=message):
        read_market(table, WINDOWS, "users")
