"""Small cells of an analysis: which figures of a result table may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from personas.category.slices import ALL

if TYPE_CHECKING:
    import pandas as pd

HIDDEN: Final = "hidden"
"""Further column of a table: whether figures of the row were taken out."""

_NOT_USERS: Final = ("n_expected", "n_categories", "n_items", "n_orders")
"""Columns that start like counts of users and are none."""

_ASIDE: Final = ("n_same", "n_high", "n_mid", "n_low")
"""Counts that no other figure of their row is made of."""

_PLACES: Final = ("length", "n_categories", "rank", "market_rank", "reach_order")
"""Whole numbers that say nothing of how many users there are."""

_KEYS: Final = {
    "matrix": ("persona_id", "row", "column"),
    "cells": ("persona_id", "row", "column"),
    "grid": ("persona_id", "scene_id"),
    "stages": ("ladder", "stage"),
    "flow": ("ladder", "persona_id", "from_stage", "to_stage"),
}
"""Tables whose totals are shown as well -> what tells their rows apart."""

_COUNTED: Final = {
    "matrix": "n_both",
    "cells": "n_both",
    "grid": "n_users",
    "stages": "n_users",
    "flow": "n_users",
}

_SUMMED_OVER: Final = {
    "matrix": ("persona_id",),
    "cells": ("persona_id",),
    "grid": ("persona_id", "scene_id"),
    "stages": ("stage",),
    "flow": ("persona_id", "from_stage", "to_stage"),
}
"""Along which keys the counts add up to a total that is shown."""

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
        A count of 1 to ``minimum - 1`` users must not be shown.

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
    small = (table[counts] > 0) & (table[counts] < minimum)
    telling = [name for name in counts if name not in _ASIDE]
    hidden = small[telling].any(axis=1) | _companions(key, table, minimum)
    if "n_then" in table:
        hidden |= _few_moved(table, minimum)
        for name in ("n_in", "n_out"):
            if name in small:
                small[name] |= hidden  # with the stage's users they say how many stayed
    if key in _COUNTED and _COUNTED[key] in table:
        small[_COUNTED[key]] |= hidden
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


def _few_moved(table: pd.DataFrame, minimum: int) -> pd.Series[bool]:
    """Return the stages where a rate stands for few users."""
    rates = [name for name in table.columns if name.endswith("_rate") and not name.startswith("net_")]
    moved = table[rates].mul(table["n_then"], axis=0).round()
    return ((moved > 0) & (moved < minimum)).any(axis=1)


def _companions(key: str, table: pd.DataFrame, minimum: int) -> pd.Series[bool]:
    """Return the rows to hide so that no other one can be worked out from its totals."""
    import pandas as pd

    if key not in _KEYS or _COUNTED[key] not in table:
        return pd.Series(False, index=table.index)
    count = table[_COUNTED[key]]
    hidden = (count > 0) & (count < minimum)
    keys = [name for name in _KEYS[key] if name in table]
    for _ in range(_N_PASSES if len(keys) > 1 else 0):
        before = hidden
        for summed in _SUMMED_OVER[key]:
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
