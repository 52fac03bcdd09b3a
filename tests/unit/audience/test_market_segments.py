from datetime import date

import ibis
import numpy as np
import pyarrow as pa
import pytest

from personas.audience.market_segments import read_segments
from personas.errors import DataError, NotFoundError
from personas.schema import ObservationWindow

YEAR = ObservationWindow(date(2026, 1, 1), 365)
SCHEMA = pa.schema(
    [
        ("period_start", pa.date32()),
        ("period_end", pa.date32()),
        ("category", pa.string()),
        ("brand", pa.string()),
        ("segment", pa.string()),
        ("buyers", pa.int64()),
    ]
)


def make_market(rows, columns=SCHEMA.names):
    named = [dict(zip(SCHEMA.names, row, strict=True)) for row in rows]
    return ibis.memtable(pa.Table.from_pylist(named, SCHEMA).select(columns))


def row(segment, buyers, category="空调", year=2025, brand=None, end=None):
    return (date(year, 1, 1), end, category, brand, segment, buyers)


def test_the_whole_market_of_one_period_is_read():
    market = make_market(
        [
            row(None, 1000),
            row("women", 400),
            row("", 300, "门锁"),
            row(None, 900, year=2024),
            row(None, 700, brand="竞品A"),
            row("men", 600),
        ]
    )
    table = read_segments(market, YEAR, ["women"])
    assert table.index.tolist() == ["空调", "门锁"]
    assert table.loc["空调"].tolist() == [1000, 400]
    assert table.loc["门锁", ""] == 300
    assert np.isnan(table.loc["门锁", "women"])


def test_brand_and_period_end_need_not_be_there():
    market = make_market([row(None, 10), row("women", 4)], ["period_start", "category", "segment", "buyers"])
    assert read_segments(market, YEAR, ["women"]).values.tolist() == [[10, 4]]


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([row(None, 10, year=2024)], NotFoundError, "no rows of everybody for the period from 2025-01-01"),
        ([row(None, 10), row("men", 4)], NotFoundError, "no segment 'women' in the period.*known: men"),
        ([row(None, 10), row("women", 4), row("women", 5)], DataError, "two rows for one category"),
        ([row(None, 10), row("", 10), row("women", 5)], DataError, "two rows for one category"),
        ([row(None, 10), row("women", 11)], DataError, "'women' has more buyers than everybody in 空调"),
        (
            [row(None, 10), row("women", 5, end=date(2025, 7, 1))],
            DataError,
            "to, not including, 2025-07-01; expected 2026-01-01",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(rows, error, message):
    with pytest.raises(error, match=message):
        read_segments(make_market(rows), YEAR, ["women"])


def test_an_absent_column_is_named():
    market = make_market([row(None, 1)], ["period_start", "category", "buyers"])
    with pytest.raises(DataError, match="market lacks segment"):
        read_segments(market, YEAR, [])
