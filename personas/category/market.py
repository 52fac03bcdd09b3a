"""What the table ``market`` says of an industry: figures of the largest rival and of the whole market."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis
import numpy as np

from personas.errors import DataError
from personas.schema import ObservationWindow

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS: Final = {"users": "buyers", "orders": "orders", "revenue": "revenue"}
"""Metric -> column of the market table."""

_KEY: Final = ["period_start", "category", "brand"]


def read_market(
    market: ibis.Table, windows: tuple[ObservationWindow, ObservationWindow], metric: str
) -> pd.DataFrame:
    """Read the figures of rivals and of the whole market for two periods.

    Parameters
    ----------
    market : ibis.Table
        ``period_start`` (date, first day of the period), ``category`` (text), ``brand`` (text; null = the whole
        market, the own brand included; the own brand has no row), the metric's column: ``buyers``,
        ``orders`` or ``revenue``. Optional: ``period_end`` (date, first day after the period), ``segment``
        (text; empty or null = everybody, the only rows that are read here).
    windows : tuple of two ObservationWindow
        Base period and later period; rows of other periods are not read. Buyers of months do not add up to
        buyers of a year, so nothing is summed.
    metric : {"users", "orders", "revenue"}
        Which figure.

    Returns
    -------
    DataFrame indexed by category
        ``largest_rival`` (later period, NaN = none known), ``growth`` of the whole market, 0.1 = 10 % (NaN
        unless both periods are known and the base is above 0).

    Raises
    ------
    DataError
        If a column is absent, there is no row for the later period, a period ends elsewhere, or there are two
        rows for one period, category and brand.

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> from personas.category.periods import yearly_windows
    >>> market = ibis.memtable(pa.table({"period_start": [date(2025, 1, 1)] * 2, "category": ["门锁"] * 2,
    ...     "brand": ["A", "B"], "buyers": [300, 500]}))
    >>> read_market(market, yearly_windows(date(2026, 1, 1)), "users").loc["门锁", "largest_rival"]
    np.float64(500.0)
    """
    column = _COLUMNS[metric]
    absent = [name for name in (*_KEY, column) if name not in market.columns]
    if absent:
        raise DataError(
            f"The table market lacks {', '.join(absent)}; expected period_start, category, brand and {column}."
        )
    rows = _read(market, windows, column)
    then, now = (rows[rows["period_start"] == window.start] for window in windows)
    if now.empty:
        raise DataError(
            f"The table market has no rows of everybody for the period from {windows[1].start}; expected the "
            "later of the two periods. Add them, or leave the table out."
        )
    rivals = now[now["brand"].notna()].groupby("category")["figure"].max()
    whole_then, whole_now = (
        part[part["brand"].isna()].set_index("category")["figure"] for part in (then, now)
    )
    figures = rivals.where(rivals > 0).rename("largest_rival").to_frame()
    growth = ((whole_now - whole_then) / whole_then.where(whole_then > 0)).rename("growth")
    return figures.join(growth, how="outer").astype("float64")


def _read(
    market: ibis.Table, windows: tuple[ObservationWindow, ObservationWindow], column: str
) -> pd.DataFrame:
    kept = market
    if "segment" in market.columns:
        kept = kept.filter(kept["segment"].fill_null("") == "")
    kept = kept.mutate(period_start=kept["period_start"].cast("date"))
    kept = kept.filter(kept["period_start"].isin([window.start for window in windows]))
    end = kept["period_end"].cast("date") if "period_end" in market.columns else ibis.null("date")
    read = kept.select(*_KEY, figure=kept[column].cast("float64"), period_end=end)
    rows: pd.DataFrame = read.to_pyarrow().to_pandas()
    ends = {window.start: window.as_of for window in windows}
    stated = rows[rows["period_end"].notna()]
    wrong = stated[stated["period_end"] != stated["period_start"].map(ends)]
    if len(wrong):
        first = wrong.iloc[0]
        raise DataError(
            f"The table market has a period from {first['period_start']} to, not including, "
            f"{first['period_end']}; expected {ends[first['period_start']]}. Compare periods of the same length."
        )
    if rows.duplicated(_KEY).any():
        raise DataError(
            "The table market has two rows for one period, category and brand; expected one. Leave segment empty "
            "for everybody only."
        )
    return rows.replace({"figure": {np.inf: np.nan}})
