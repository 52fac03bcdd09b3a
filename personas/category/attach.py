"""Attach rates (连带率): who buys a category also buys which others, as a rectangle of category pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from personas.category.attach_definition import AttachDefinition
from personas.category.base import purchases, wilson_interval
from personas.category.pair_counts import check_categories, count_pairs
from personas.schema import ObservationWindow, Text

if TYPE_CHECKING:
    import ibis
    import pandas as pd

    from personas.features.base import TableSource


@dataclass(frozen=True, slots=True, eq=False)
class AttachMatrix:
    """Attach rates with their counts and the sentence that says how they were counted.

    Parameters
    ----------
    table : DataFrame
        Long, one row per cell in the order of rows and columns: ``persona_id`` (only when sliced), ``row``,
        ``column``, ``n_row`` (units with the row's category in the window), ``n_both`` (units of the base
        with both), ``rate`` (0-1, NaN when nobody is at risk, or nobody at all bought the column's), ``low``,
        ``high`` (95 % Wilson interval, 0-1; with unit ``"order"`` as if orders were independent), ``at_risk`` (units of the base). Blank diagonal cells are not in it.
    definition : Text
        To be printed under every table made of it.
    """

    table: pd.DataFrame
    definition: Text


def attach_matrix(
    source: TableSource | ibis.Table,
    window: ObservationWindow,
    rows: Sequence[str],
    columns: Sequence[str],
    definition: AttachDefinition,
    *,
    assignments: ibis.Table | None = None,
) -> AttachMatrix:
    """Compute the attach rate of every row category and column category.

    Parameters
    ----------
    source : TableSource or ibis.Table
        Holds the canonical table ``events``, or is that table.
    window : ObservationWindow
        Purchases outside are not looked at, so "first purchase" means the first in the window.
    rows, columns : sequence of str
        Categories, each list of its own; one that nobody bought in the window has the rate NaN, as a row and as
        a column: whether it was on sale, the table cannot say.
    definition : AttachDefinition
        Unit, direction, distance in time, base and diagonal; all are required.
    assignments : ibis.Table, optional
        ``user_id`` (unique) and ``persona_id``: the same table for everybody, whose ``persona_id`` is
        ``"(all)"``, and for each persona.

    Returns
    -------
    AttachMatrix
        The table and its definition.

    Raises
    ------
    ConfigError
        If a list is empty or names a category twice, or the window is too short for ``within_days``.
    DataError
        If the events or the assignments break their contract.

    Notes
    -----
    ``rate = n_both / at_risk``, the conditional reading of 连带率: of those with the row's category, the
    share with the column's. (The trade also calls units per order by that name; see
    :func:`personas.category.kpi.units_per_order`.)

    With ``within_days`` a user is at risk only if the whole span around the index purchase is inside the
    window: late buyers have not had the time to come back, and would lower the rate. Times are compared to
    the microsecond; of data that has only dates, orders of one day are simultaneous, so neither after nor
    before. Neither the order of the events nor repeated lines change a rate, but for lines without an order id,
    each of which is an order. Returns are not deducted, so who returned more than they bought is a buyer.

    With ``unit="order"`` the intervals take orders for independent. Orders of one user resemble each other, so the
    true intervals are wider; the definition says so.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of
    the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import ibis, pyarrow as pa
    >>> events = ibis.memtable(pa.table({
    ...     "user_id": ["a", "a", "b"], "event_at": [datetime(2025, 3, day) for day in (1, 9, 1)],
    ...     "event_type": ["order"] * 3, "category": ["扫地机", "门锁", "扫地机"],
    ...     "amount": [1999.0, 800.0, 1999.0], "order_id": ["o1", "o2", "o3"]}))
    >>> within_30_days = AttachDefinition(
    ...     unit="user", direction="after", within_days=30, base="all", diagonal="blank")
    >>> window = ObservationWindow(date(2026, 1, 1), 365)
    >>> found = attach_matrix(events, window, ["扫地机"], ["扫地机", "门锁"], within_30_days)
    >>> found.table.drop(columns=["low", "high"]).to_dict("records")
    [{'row': '扫地机', 'column': '门锁', 'n_row': 2, 'n_both': 1, 'rate': 0.5, 'at_risk': 2}]
    """
    import pandas as pd

    rows, columns = check_categories("rows", rows), check_categories("columns", columns)
    definition.check_window(window)
    categories = tuple(dict.fromkeys((*rows, *columns)))
    counts = count_pairs(purchases(source, window), window, categories, definition, assignments)
    r = np.repeat([categories.index(name) for name in rows], len(columns))
    c = np.tile([categories.index(name) for name in columns], len(rows))
    if definition.diagonal == "blank":
        r, c = r[r != c], c[r != c]
    names = np.array(categories, dtype=object)
    parts = []
    for s, persona in enumerate(counts.personas):
        n_both, at_risk = counts.n_both[s, r, c], counts.at_risk[s, r, c]
        known = np.where(counts.n_with[0, c] > 0, at_risk, 0)
        low, high = wilson_interval(n_both, known)
        figures = {
            "row": names[r],
            "column": names[c],
            "n_row": counts.n_with[s, r],
            "n_both": n_both,
            "rate": _ratio(n_both, known),
            "low": low,
            "high": high,
            "at_risk": at_risk,
        }
        parts.append(pd.DataFrame(figures if assignments is None else {"persona_id": persona, **figures}))
    table = pd.concat(parts, ignore_index=True).astype({"row": "str", "column": "str"})
    return AttachMatrix(table, definition.sentence(window, by_persona=assignments is not None))


def _ratio(part: np.typing.ArrayLike, whole: np.typing.ArrayLike) -> np.typing.NDArray[np.float64]:
    k, n = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(k, n, out=np.full_like(n, np.nan), where=n > 0)
