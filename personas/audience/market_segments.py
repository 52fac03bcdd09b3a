"""What the table ``market`` says of segments: their buyers in each category, and everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ibis

from personas.audience.base import check_columns
from personas.errors import DataError, NotFoundError
from personas.schema import ObservationWindow

if TYPE_CHECKING:
    import pandas as pd

EVERYBODY = ""
"""Value of ``segment`` for all buyers; null says the same."""

_COLUMNS = ("period_start", "category", "segment", "buyers")


def read_segments(market: ibis.Table, window: ObservationWindow, segments: Sequence[str]) -> pd.DataFrame:
    """Return the buyers of each category on the whole market, everybody and the members of segments.

    Parameters
    ----------
    market : ibis.Table
        ``period_start`` (date, first day of the period), ``category``, ``segment`` (empty or null = everybody) and
        ``buyers`` (users) of the whole market, the own brand included. Optional: ``period_end`` (date, first
        day after the period), ``brand`` (only rows without one are read: they count the whole market).
    window : ObservationWindow
        Period to read: rows that start on its first day.
    segments : sequence of str
        Segments to return.

    Returns
    -------
    DataFrame, one row per category, indexed by ``category`` in binary order
        ``""`` (everybody) and one column per segment: buyers, NaN = not in the table.

    Raises
    ------
    DataError
        If a column is absent, a period ends elsewhere, a row stands twice, or a segment has more buyers than
        everybody.
    NotFoundError
        If there is no row of everybody for the period, or none of a segment.

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> market = ibis.memtable(pa.table({"period_start": [date(2025, 1, 1)] * 2, "category": ["空调"] * 2,
    ...                                  "segment": [None, "women"], "buyers": [1000, 420]}))
    >>> read_segments(market, ObservationWindow(date(2026, 1, 1), 365), ["women"]).to_dict()
    {'': {'空调': 1000.0}, 'women': {'空调': 420.0}}
    """
    rows = _read(market, window)
    found = set(rows["segment"])
    if EVERYBODY not in found:
        raise NotFoundError(
            f"The table market has no rows of everybody for the period from {window.start}; expected them with an "
            "empty segment. Add them, or choose a period that the table has."
        )
    absent = [segment for segment in segments if segment not in found]
    if absent:
        raise NotFoundError(
            f"The table market has no segment {', '.join(map(repr, absent))} in the period from {window.start}; "
            f"known: {', '.join(sorted(found - {EVERYBODY})) or 'none'}. Correct the name, or map it."
        )
    wide: pd.DataFrame = rows.pivot_table(index="category", columns="segment", values="buyers", dropna=False)
    wide = wide[[EVERYBODY, *segments]].rename_axis(columns=None).sort_index()
    for segment in segments:
        larger = wide.index[wide[segment] > wide[EVERYBODY]].tolist()
        if larger:
            raise DataError(
                f"In the table market the segment {segment!r} has more buyers than everybody in "
                f"{', '.join(larger)}; expected a part of them. Correct the table."
            )
    return wide


def _read(market: ibis.Table, window: ObservationWindow) -> pd.DataFrame:
    check_columns(market, "market", _COLUMNS)
    kept = market.mutate(
        period_start=market["period_start"].cast("date"), segment=market["segment"].fill_null(EVERYBODY)
    )
    kept = kept.filter(kept["period_start"] == window.start)
    if "brand" in market.columns:
        kept = kept.filter(kept["brand"].fill_null("") == "")
    end = kept["period_end"].cast("date") if "period_end" in market.columns else ibis.null("date")
    read = kept.select("category", "segment", buyers=kept["buyers"].cast("float64"), period_end=end)
    rows: pd.DataFrame = read.to_pyarrow().to_pandas()
    stated = rows["period_end"].dropna()
    wrong = stated[stated != window.as_of]
    if len(wrong):
        raise DataError(
            f"The table market has a period from {window.start} to, not including, {wrong.iloc[0]}; expected "
            f"{window.as_of}. Compare periods of the same length."
        )
    if rows.duplicated(["category", "segment"]).any():
        raise DataError(
            f"The table market has two rows for one category and segment of the period from {window.start}; "
            "expected one. Add them up or keep one."
        )
    return rows
