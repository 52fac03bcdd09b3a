"""Small cells of an analysis: which figures of a result table may be shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from personas.category.slices import ALL

if TYPE_CHECKING:
    import pandas as pd

    from personas.category.analysis import Analysis

HIDDEN: Final = "hidden"
"""Further column of a table: whether figures of the row were taken out."""

_NOT_USERS: Final = ("n_expected", "n_categories", "n_items", "n_orders", "n_tags", "n_contacts")
"""Columns that start like counts of users and are none."""

_TIERS: Final = ("n_high", "n_mid", "n_low")
"""Counts that add up to the users of their row: none is shown where one is small."""

_ASIDE: Final = ("n_same", "n_main", *_TIERS)
"""Counts that no other figure of their row is made of."""

_PARTS: Final = (
    ("n_row", "n_both"),
    ("n_column", "n_both"),
    ("at_risk", "n_both"),
    ("n_at_risk", "n_next"),
    ("n_row", "n_lost"),
    ("n_column", "n_new"),
    ("n_followed", "n_next"),
    ("n_users", "n_open"),
    ("n_brand", "n_brand_segment"),
    ("denominator", "numerator"),
)
"""A count of users and a part of it in the same row: what is left of it is a count of users, too."""

_SHARES: Final = {
    "preferences": (("n_segment", "segment_share"), ("n_others", "others_share")),
    "item_preferences": (("n_segment", "segment_share"), ("n_others", "others_share")),
    "wide_tags": (("n_users", "share"),),
}
"""Key of a table -> a count of users and its share, which tell how many are left of the whole."""

_PLACES: Final = ("length", "n_categories", "rank", "market_rank", "reach_order")
"""Whole numbers that say nothing of how many users there are."""


@dataclass(frozen=True, slots=True)
class _Totals:
    """Which counts of a table add up to shown totals, along which of the keys that tell its rows apart."""

    keys: tuple[str, ...]
    counts: tuple[str, ...]
    summed_over: tuple[str, ...]


_BY_PERSONA: Final = ("persona_id",)

_TOTALS: Final = {
    "matrix": _Totals(("persona_id", "row", "column"), ("n_row", "n_both", "at_risk"), _BY_PERSONA),
    "cells": _Totals(("persona_id", "row", "column"), ("n_row", "n_column", "n_both"), _BY_PERSONA),
    "change_cells": _Totals(
        ("persona_id", "row", "column"),
        ("n_row_last", "n_both_last", "n_row_this", "n_both_this"),
        _BY_PERSONA,
    ),
    "change_rows": _Totals(("persona_id", "category"), ("n_buyers_last", "n_buyers_this"), _BY_PERSONA),
    "change_columns": _Totals(("persona_id", "category"), ("n_buyers_last", "n_buyers_this"), _BY_PERSONA),
    "rows": _Totals(("persona_id", "category"), ("n_buyers", "n_lost"), _BY_PERSONA),
    "columns": _Totals(("persona_id", "category"), ("n_buyers", "n_new"), _BY_PERSONA),
    "indicators": _Totals(
        ("indicator", "period", "persona_id"), ("numerator", "denominator", "n_users"), _BY_PERSONA
    ),
    "penetration": _Totals(("period", "persona_id", "category"), ("numerator", "denominator"), _BY_PERSONA),
    "conversion": _Totals(("period", "persona_id", "category"), ("numerator", "denominator"), _BY_PERSONA),
    "white_space": _Totals(("persona_id", "category"), ("n_buyers",), _BY_PERSONA),
    "grid": _Totals(("persona_id", "scene_id"), ("n_users",), ("persona_id", "scene_id")),
    "stages": _Totals(("ladder", "stage"), ("n_users",), ("stage",)),
    "sub_stages": _Totals(("ladder", "stage", "sub_stage"), ("n_users",), ("sub_stage",)),
    "offers": _Totals(("persona_id", "category"), ("n_users", *_TIERS), _BY_PERSONA),
    "movements": _Totals(("ladder", "persona_id", "stage"), ("n_then", "n_now"), ("persona_id", "stage")),
    "totals": _Totals(("ladder", "persona_id"), ("n_then", "n_now", "n_new", "n_lost"), _BY_PERSONA),
    "flow": _Totals(
        ("ladder", "persona_id", "from_stage", "to_stage"),
        ("n_from", "n_users"),
        ("persona_id", "from_stage", "to_stage"),
    ),
}
"""Key of a table -> its totals."""

_FURTHER_TOTALS: Final = {
    "movements": _Totals(("ladder", "persona_id", "stage"), ("n_in", "n_out"), _BY_PERSONA)
}
"""The same, along fewer of the keys."""

_LINKED: Final = {"movements": ("n_in", "n_out"), "white_space": ("n_buyers", "n_open")}
"""Key of a table -> counts that the shown ones of their row would tell."""

_N_PASSES: Final = 5


def hide_small(key: str, table: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Take out what a cell of few users would show.

    Parameters
    ----------
    key : str
        Of the table in its analysis.
    table : DataFrame
        A result table; its counts of users start with ``n_`` or ``users_``, or are a numerator, a denominator
        or ``at_risk``. One that came from here already stays as it is.
    minimum : int, >= 1
        A count of 1 to ``minimum - 1`` users must not be shown, nor must what leaves so few of its whole.

    Returns
    -------
    DataFrame
        The table with the further column ``hidden`` (boolean). A row that has a small count loses that count and
        every figure that is no count of users, as rates would give it away. Where the other rows of a shown
        total would, the smallest of them is hidden too; so it is where all that is hidden of a total is small.

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
    figures = table[counts].astype("float64")
    small, hidden = _what_to_hide(key, table, figures, minimum)
    shown = table.assign(**figures.mask(small))
    for name in table.columns.difference([*counts, HIDDEN]):
        kind = table[name].dtype.kind
        if kind == "f" or (kind in "iu" and name not in _PLACES):
            shown[name] = shown[name].astype("float64").mask(hidden)
    return shown.assign(**{HIDDEN: hidden})


def _what_to_hide(
    key: str, table: pd.DataFrame, figures: pd.DataFrame, minimum: int
) -> tuple[pd.DataFrame, pd.Series[bool]]:
    """Return which counts must not be shown, and which rows' other figures."""
    small = _small_counts(key, table, figures, minimum)
    tiers = [name for name in _TIERS if name in small]
    if tiers:
        small.loc[small[tiers].any(axis=1), tiers] = True
    hidden = small.drop(columns=list(_ASIDE), errors="ignore").any(axis=1)
    if HIDDEN in table:
        hidden |= table[HIDDEN].astype(bool)
        small |= figures.isna().mul(hidden, axis=0)
    if key == "decomposition":
        hidden |= _few_in_segment(table, minimum)
    if "attach_share" in table:
        hidden |= _few_did(figures["n_buyers"], table["attach_share"], minimum)
    if "n_then" in table:
        hidden |= _few_moved(table, figures["n_then"], minimum)
    linked = [name for name in _LINKED.get(key, ()) if name in small]
    for name in linked:
        small[name] |= hidden
    for totals in (part[key] for part in (_TOTALS, _FURTHER_TOTALS) if key in part):
        for name in [name for name in totals.counts if name in small]:
            small[name] = _companions(totals, table, figures[name], small[name], minimum)
            hidden |= small[name]
    for name in linked:
        small[name] |= hidden
    return small, hidden


def hide_small_cells(analysis: Analysis, minimum: int) -> Analysis:
    """Take the small cells out of every table of an analysis, as it is kept and shown.

    Parameters
    ----------
    analysis : Analysis
        As it was computed.
    minimum : int, >= 1
        See :func:`hide_small`.

    Returns
    -------
    Analysis
        With the further column ``hidden`` in every table, and ``minimum_cell`` among the parameters; counts
        stay whole numbers, missing where they are hidden.
    """
    tables = {key: _whole(hide_small(key, table, minimum), table) for key, table in analysis.tables.items()}
    return replace(analysis, tables=tables, parameters={**analysis.parameters, "minimum_cell": minimum})


def _whole(shown: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return what was whole numbers as such, some of which may be missing."""
    kinds = {
        name: "Int64" for name in table if table[name].dtype.kind in "iu" and shown[name].dtype.kind == "f"
    }
    return shown.astype(kinds)


def _counts_users(name: str) -> bool:
    counted = name.startswith(("n_", "users_")) or name in ("numerator", "denominator", "at_risk")
    return counted and name not in _NOT_USERS


def _small_counts(key: str, table: pd.DataFrame, figures: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Return which counts are small, or leave a small rest of a count beside them."""
    small: pd.DataFrame = _is_small(figures, minimum)
    for whole, part in _PARTS:
        if whole in figures and part in figures:
            small[part] |= _is_small(figures[whole] - figures[part], minimum)
    for part, share in _SHARES.get(key, ()):
        if part not in figures or share not in table:
            continue
        everybody = (figures[part] / table[share].where(table[share] > 0)).round()
        small[part] |= _is_small(everybody - figures[part], minimum)
    return small


def _is_small(count: Any, minimum: int) -> Any:
    return (count > 0) & (count < minimum)


def _few_did(users: pd.Series[float], rate: pd.Series[float], minimum: int) -> Any:
    """Return where a rate of users stands for few of them, or leaves few."""
    did = (users * rate).round()
    return _is_small(did, minimum) | _is_small(users - did, minimum)


def _few_in_segment(table: pd.DataFrame, minimum: int) -> pd.Series[bool]:
    """Return the rows of the segments that have few users or buyers in a period."""
    few: list[str] = []
    for period in ("before", "after"):
        wide = table.pivot_table(index="segment", columns="factor", values=period, dropna=False)
        small = _is_small(wide["users"], minimum) | _few_did(wide["users"], wide["conversion"], minimum)
        few += wide.index[small].tolist()
    return table["segment"].isin(few)


def _few_moved(table: pd.DataFrame, n_then: pd.Series[float], minimum: int) -> pd.Series[bool]:
    """Return the stages where a rate stands for few users."""
    rates = [name for name in table.columns if name.endswith("_rate") and not name.startswith("net_")]
    moved = table[rates].mul(n_then, axis=0).round()
    small: pd.DataFrame = _is_small(moved, minimum)
    return small.any(axis=1)


def _companions(
    totals: _Totals, table: pd.DataFrame, count: pd.Series[float], hidden: pd.Series[bool], minimum: int
) -> pd.Series[bool]:
    """Return the hidden rows with further ones, so that none can be worked out from its totals."""
    keys = [name for name in totals.keys if name in table]
    for _ in range(_N_PASSES if len(keys) > 1 else 0):
        before = hidden
        for summed in totals.summed_over:
            if summed in keys:
                rest = [name for name in keys if name != summed]
                parts = table[rest].assign(hidden=hidden, count=count)[table[summed] != ALL]
                hidden = hidden | hidden.index.isin(_companion(parts, rest, minimum))
        if hidden.equals(before):
            break
    return hidden


def _companion(parts: pd.DataFrame, total: list[str], minimum: int) -> pd.Series[int]:
    """Return the smallest shown part of every total that has just one hidden part, or few users in all of them."""
    grouped = parts.assign(few=parts["count"].where(parts["hidden"])).groupby(total, sort=False)
    tells = (grouped["hidden"].transform("sum") == 1) | _is_small(grouped["few"].transform("sum"), minimum)
    left = parts[tells & ~parts["hidden"] & (parts["count"] > 0)]
    smallest: pd.Series[int] = left.groupby(total, sort=False)["count"].idxmin()
    return smallest
