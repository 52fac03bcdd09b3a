"""A result table as rows of written cells: counts as counts, shares as percentages, ids by their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from personas.category.small_cells import HIDDEN
from personas.report.analysis_tables import AnalysisTables, value_of
from personas.report.figures import UNDEFINED, Figures
from personas.report.words import say_or
from personas.schema import Language

if TYPE_CHECKING:
    import pandas as pd

_KINDS: Final = {
    "change": ("growth", "relative_change"),
    "points": ("difference_pp",),
    "percent": (
        "rate",
        "probability",
        "support",
        "low",
        "high",
        "gap",
        "affinity",
        "reach",
        "recall",
        "precision",
    ),
    "count": (
        "rank",
        "market_rank",
        "reach_order",
        "length",
        "at_risk",
        "headroom",
        "net_flow",
        "size",
        "numerator",
        "denominator",
    ),
    "decimal": (
        "lift",
        "shrunk_lift",
        "mean_lift",
        "min_lift",
        "expected_attach",
        "auc",
        "weight",
        "z_score",
        "stability",
        "similarity",
        "next_weight",
        "relative_share",
    ),
    "q": ("p_value", "q_value"),
    "index": ("index",),
}
"""How the figures of a column are written; other columns go by their names, see :func:`figure`."""

_ALWAYS_COUNTED: Final = ("n_high", "n_mid", "n_low")
"""Counts that are known in every row, so that an empty one is a hidden one."""


@dataclass(frozen=True, slots=True)
class PlainCell:
    """One cell; ``is_number`` = set to the right; ``bar``, 0 to 100, = drawn as a bar of this length."""

    text: str
    is_number: bool
    bar: float | None = None


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A table, written out.

    Parameters
    ----------
    headings : tuple of PlainCell
        One per column.
    rows : tuple of tuple of PlainCell
        The first cell of a row is its heading.
    n_further : int
        Rows that are only in the download.
    """

    headings: tuple[PlainCell, ...]
    rows: tuple[tuple[PlainCell, ...], ...]
    n_further: int


def plain_table(
    table: pd.DataFrame, columns: Sequence[str], tables: AnalysisTables, *, n_rows: int = 20, bars: str = ""
) -> PlainTable:
    """Write out some columns of the first rows of a table.

    Parameters
    ----------
    table : DataFrame
        A result table.
    columns : sequence of str
        Which columns, in this order; absent ones and those without any value are left out.
    tables : AnalysisTables
        Knows the names and writes the figures.
    n_rows : int
        How many rows at most.
    bars : str
        Column of figures of at least 0 that is drawn, too, the longest bar for the largest; empty = none.

    Returns
    -------
    PlainTable
    """
    shown = [name for name in columns if name in table and table[name].notna().any()]
    head = table.head(n_rows)
    hidden = head[HIDDEN].tolist() if HIDDEN in head else [False] * len(head)
    written = [_cells(head[name], hidden, tables, drawn=name == bars) for name in shown]
    headings = tuple(
        PlainCell(
            heading(name, tables.figures.language), _is_number(table[name]), 0.0 if name == bars else None
        )
        for name in shown
    )
    return PlainTable(headings, tuple(zip(*written, strict=True)), len(table) - len(head))


def _is_number(values: pd.Series) -> bool:
    return values.dtype.kind in "iuf"


def _cells(
    values: pd.Series, hidden: Sequence[bool], tables: AnalysisTables, *, drawn: bool
) -> list[PlainCell]:
    """Write out one column; a figure of a row with hidden figures is hidden where it is missing."""
    name, is_number = str(values.name), _is_number(values)
    largest = (value_of(values.max()) if drawn else None) or 1.0
    cells = []
    for value, is_hidden in zip(values.tolist(), hidden, strict=True):
        known = value_of(value) if is_number else None
        concealed = is_number and known is None and (is_hidden or name in _ALWAYS_COUNTED)
        text = tables.figures.suppressed if concealed else _write(name, value, tables)
        cells.append(PlainCell(text, is_number, round(100 * (known or 0.0) / largest, 2) if drawn else None))
    return cells


def heading(column: str, language: Language) -> str:
    """Return the heading of a column in words; one that is not known stays as it is.

    Examples
    --------
    >>> heading("median_lag_days", "en")
    'median days'
    """
    return say_or(f"column.{column}", column, language)


def figure(column: str, value: float | None, figures: Figures) -> str:
    """Write a figure by what its column holds.

    Parameters
    ----------
    column : str
        Name of the column.
    value : float or None
        None = undefined.
    figures : Figures
        Writes it.

    Returns
    -------
    str

    Examples
    --------
    >>> figure("growth", 0.25, Figures("en")), figure("n_users", 1200.0, Figures("en"))
    ('+25.0%', '1,200')
    """
    written: dict[str, Callable[[float], str]] = {
        "change": figures.change,
        "points": figures.points,
        "percent": figures.percent,
        "q": figures.q_value,
        "index": figures.index,
        "decimal": figures.decimal,
        "days": lambda days: figures.decimal(days, 1),
        "count": lambda n: figures.count(round(n)).replace("-", "−"),
    }
    if value is None:
        return UNDEFINED
    kind = _kind(column)
    return written[kind](value) if kind else figures.decimal(value, 0 if abs(value) >= 100 else 2)


def _kind(column: str) -> str:
    """Return how a figure is written; nothing = by its size."""
    known = next((kind for kind, names in _KINDS.items() if column in names), "")
    if known:
        return known
    if column.endswith(("share", "_rate")):
        return "percent"
    if column.endswith("_growth"):
        return "change"
    if "tgi" in column:
        return "index"
    if column.endswith("_days"):
        return "days"
    return "count" if column.startswith(("n_", "users_", "orders_")) or column.endswith("_users") else ""


def written_ids(table: pd.DataFrame, tables: AnalysisTables) -> pd.DataFrame:
    """Return a table with names in place of ids; what is missing stays missing."""
    written = table.copy()
    for name in written.columns:
        if written[name].dtype.kind not in "iufb":
            values = written[name].astype(object).where(written[name].notna(), None)
            written[name] = [tables.name(v, str(name)) if v else v for v in values]
    return written


def say_hidden(written: pd.DataFrame, found: pd.DataFrame, figures: Figures) -> pd.DataFrame:
    """Return a table in which a word stands where figures were taken out, as an empty cell might be an unknown one.

    Parameters
    ----------
    written : DataFrame
        The table as it is written out.
    found : DataFrame
        The same rows and columns as a result table, with the column ``hidden``.
    figures : Figures
        Says the word.

    Returns
    -------
    DataFrame
    """
    said = written.copy()
    for name in said.columns:
        if _is_number(found[name]):
            gone = found[name].isna() & (found[HIDDEN].astype(bool) | (name in _ALWAYS_COUNTED))
            if gone.any():
                said[name] = said[name].astype(object).mask(gone, figures.suppressed)
    return said


def _write(column: str, value: Any, tables: AnalysisTables) -> str:
    if isinstance(value, bool):
        return say_or(f"result_word.{'yes' if value else 'no'}", str(value), tables.figures.language)
    if isinstance(value, str):
        return tables.name(value, column)
    return figure(column, value_of(value), tables.figures)
