"""Small cells of an analysis: which figures of a result table may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from personas.category.slices import ALL

if TYPE_CHECKING:
    import pandas as pd

HIDDEN: Final = "hidden"
"""Further column of a table: whether figures of the row were taken out."""

_NOT_USERS: Final = ("n_expected", "n_categories", "n_items", "n_orders", "n_tags", "n_contacts")
"""Columns that start like counts of users and are none."""

_ASIDE: Final = ("n_same", "n_main", "n_high", "n_mid", "n_low")
"""Counts that no other figure of their row is made of."""

_PARTS: Final = (
    ("n_row", "n_both"),
    ("n_column", "n_both"),
    ("n_row", "n_lost"),
    ("n_column", "n_new"),
    ("n_followed", "n_next"),
    ("n_users", "n_open"),
    ("n_brand", "n_brand_segment"),
    ("denominator", "numerator"),
)
"""A count of users and a part of it in the same row: what is left of it is a count of users, too."""

_PLACES: Final = ("length", "n_categories", "rank", "market_rank", "reach_order")
"""Whole numbers that say nothing of how many users there are."""


@dataclass(frozen=True, slots=True)
class _Totals:
    """Which counts of a table add up to shown totals, along which of the keys that tell its rows apart."""

    keys: tuple[str, ...]
    counts: tuple[str, ...]
    summed_over: tuple[str, ...]


_TOTALS: Final = {
    "matrix": _Totals(("persona_id", "row", "column"), ("n_both",), ("persona_id",)),
    "cells": _Totals(("persona_id", "row", "column"), ("n_both",), ("persona_id",)),
    "grid": _Totals(("persona_id", "scene_id"), ("n_users",), ("persona_id", "scene_id")),
    "stages": _Totals(("ladder", "stage"), ("n_users",), ("stage",)),
    "sub_stages": _Totals(("ladder", "stage", "sub_stage"), ("n_users",), ("sub_stage",)),
    "movements": _Totals(("ladder", "persona_id", "stage"), ("n_then", "n_now"), ("persona_id", "stage")),
    "flow": _Totals(
        ("ladder", "persona_id", "from_stage", "to_stage"),
        ("n_users",),
        ("persona_id", "from_stage", "to_stage"),
    ),
}
"""Key of a table -> its totals."""

_N_PASSES: Final = 5


def hide_small(key: str, table: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Take out what a cell of few users would show.

    Parameters
    ----------
    key : str
        Of the table in its analysis.
    table : DataFrame
        A result table; its counts of users start with ``n_`` or ``users_``, or are a numerator or a
        denominator.
    minimum : int, >= 1
        A count of 1 to ``minimum - 1`` users must not be shown, nor must what leaves so few of its whole.

    Returns
    -------
    DataFrame
        The table with the further column ``hidden`` (boolean). A row that has a small count loses that count and
        every figure that is no count of users, as rates would give it away. Where the other rows of a shown
        total would, the smallest of them is hidden too.

    Notes
    -----
    A simple form of cell suppression: one companion along each total. Totals may add up over several levels;
    it is no proof against somebody who solves for all of them at once.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"row": ["门锁"] * 2, "n_row": [90, 90], "n_both": [7, 60], "rate": [0.08, 0.67]})
    >>> hide_small("matrix", table, 20)[["n_row", "n_both", "hidden"]].to_numpy().tolist()
    [[90.0, nan, True], [90.0, 60.0, False]]
    """
    counts = [n for n in table.columns if _counts_users(n)]
    small = _small_counts(table, counts, minimum)
    hidden = small[[name for name in counts if name not in _ASIDE]].any(axis=1)
    for name in _TOTALS[key].counts if key in _TOTALS else ():
        if name in table:
            small[name] = _companions(_TOTALS[key], table, table[name], small[name])
            hidden |= small[name]
    if "n_then" in table:
        hidden |= _few_moved(table, minimum)
        for name in ("n_in", "n_out"):
            if name in small:
                small[name] |= hidden  # with the stage's users they say how many stayed
    shown = table.copy()
    for name in counts:
        shown[name] = shown[name].astype("float64").mask(small[name])
    for name in table.columns.difference(counts):
        kind = table[name].dtype.kind
        if kind == "f" or (kind in "iu" and name not in _PLACES):
            shown[name] = shown[name].astype("float64").mask(hidden)
    shown[HIDDEN] = hidden
    return shown


def _counts_users(name: str) -> bool:
    counted = name.startswith(("n_", "users_")) or name in ("numerator", "denominator")
    return counted and name not in _NOT_USERS


def _small_counts(table: pd.DataFrame, counts: list[str], minimum: int) -> pd.DataFrame:
    """Return which counts are small, or leave a small rest of a count beside them."""
    small = (table[counts] > 0) & (table[counts] < minimum)
    for whole, part in _PARTS:
        if whole in table and part in table:
            rest = table[whole] - table[part]
            small[part] |= (rest > 0) & (rest < minimum)
    return small


def _few_moved(table: pd.DataFrame, minimum: int) -> pd.Series[bool]:
    """Return the stages where a rate stands for few users."""
    rates = [name for name in table.columns if name.endswith("_rate") and not name.startswith("net_")]
    moved = table[rates].mul(table["n_then"], axis=0).round()
    return ((moved > 0) & (moved < minimum)).any(axis=1)


def _companions(
    totals: _Totals, table: pd.DataFrame, count: pd.Series[int], hidden: pd.Series[bool]
) -> pd.Series[bool]:
    """Return the hidden rows with further ones, so that none can be worked out from its totals."""
    keys = [name for name in totals.keys if name in table]
    for _ in range(_N_PASSES if len(keys) > 1 else 0):
        before = hidden
        for summed in totals.summed_over:
            if summed in keys:
                hidden = hidden | _companion(table, count, hidden, [k for k in keys if k != summed], summed)
        if hidden.equals(before):
            break
    return hidden


def _companion(
    table: pd.DataFrame, count: pd.Series[int], hidden: pd.Series[bool], total: list[str], summed: str
) -> pd.Series[bool]:
    """Return the smallest shown part of every total that has just one hidden part."""
    parts = table[total].assign(hidden=hidden, shown=count.where(~hidden & (count > 0)))[table[summed] != ALL]
    alone = parts.groupby(total, sort=False)["hidden"].transform("sum") == 1
    left = parts[alone & parts["shown"].notna()]
    picked = left.groupby(total, sort=False)["shown"].idxmin()
    found: pd.Series[bool] = hidden & False
    found[table.index.isin(picked)] = True
    return found
