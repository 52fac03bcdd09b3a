"""Nouns of the category room: the purchase fact that every file starts from, and slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis.expr import datatypes as dt

from personas.category.slices import persona_order
from personas.errors import DataError
from personas.features.events import orders
from personas.schema import ObservationWindow
from personas.selection.intervals import NORMAL_975, wilson_interval

if TYPE_CHECKING:
    from personas.features.base import TableSource

__all__ = ["NORMAL_975", "assigned_personas", "purchases", "wilson_interval"]

_REQUIRED = ("user_id", "event_at", "event_type", "category", "amount", "order_id")
_OPTIONAL = {"quantity": "int64", "item_id": "string", "brand": "string"}
_ORDER = ("event_at", "category", "amount", "quantity", "item_id", "brand")


def purchases(source: TableSource | ibis.Table, window: ObservationWindow) -> ibis.Table:
    """Return the order lines of a window whose category is known.

    Parameters
    ----------
    source : TableSource or ibis.Table
        Holds the canonical table ``events``, or is that table.
    window : ObservationWindow
        Half open: nothing before ``start_at``, nothing on or after ``end_at``.

    Returns
    -------
    ibis.Table
        One row per order line, lazy, in no order: ``user_id``; ``order_key`` (text, tells the orders of
        one user apart; not unique over users); ``event_at``; ``category`` (text, not null); ``amount``
        (DECIMAL, the line total, null = unknown); ``quantity`` (int64, units, null = unknown);
        ``item_id`` and ``brand`` (text, null = unknown, also where the source has no such column).

    Raises
    ------
    DataError
        If a required column is absent, or ``event_at`` is anything but a timestamp without time zone.

    Notes
    -----
    Orders are counted as the features count them: lines of a user with the same ``order_id`` are one
    order; a line without one is an order of its own. Its key is numbered in the order of the row's values,
    so that it does not depend on the order of the rows.

    Purchases are gross: returns are not netted. Repeated lines are kept, as their amounts and quantities
    add up; they never make a second order unless they lack an ``order_id``.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pyarrow as pa
    >>> events = ibis.memtable(pa.table({
    ...     "user_id": ["a", "a", "a"], "event_at": [datetime(2025, 3, day) for day in (1, 1, 2)],
    ...     "event_type": ["order", "order", "view"], "category": ["扫地机", "门锁", "空调"],
    ...     "amount": [1999.0, 800.0, None], "order_id": ["o1", None, None]}))
    >>> bought = purchases(events, ObservationWindow(date(2026, 1, 1), 365))
    >>> bought.order_by("order_key").select("order_key", "category").to_pyarrow().to_pylist()
    [{'order_key': 'line 0', 'category': '门锁'}, {'order_key': 'order o1', 'category': '扫地机'}]
    """
    lines = orders(_seen(source if isinstance(source, ibis.Table) else source.table("events"), window))
    lines = lines.filter(lines["category"].notnull())
    numbered = lines.filter(lines["order_id"].notnull())
    loose = lines.filter(lines["order_id"].isnull())
    number = ibis.row_number().over(group_by=loose["user_id"], order_by=[loose[name] for name in _ORDER])
    bought = ibis.union(
        numbered.mutate(order_key=ibis.literal("order ") + numbered["order_id"]),
        loose.mutate(order_key=ibis.literal("line ") + number.cast("string")),
    )
    return bought.select("user_id", "order_key", *_ORDER)


def assigned_personas(assignments: ibis.Table | None) -> list[str]:
    """Return the slices of a table: everybody, then each persona that somebody is assigned to.

    Parameters
    ----------
    assignments : ibis.Table or None
        With ``user_id`` and ``persona_id``.

    Returns
    -------
    list of str
        Everybody first, then by id.

    Raises
    ------
    DataError
        If a column is absent.

    Examples
    --------
    >>> import pyarrow as pa
    >>> pairs = pa.table({"user_id": ["a", "b", "c"], "persona_id": ["P02", "P01", "P02"]})
    >>> assigned_personas(ibis.memtable(pairs))
    ['(all)', 'P01', 'P02']
    """
    if assignments is None:
        return persona_order([])
    absent = [name for name in ("user_id", "persona_id") if name not in assignments.columns]
    if absent:
        raise DataError(f"The assignments lack {', '.join(absent)}; expected user_id and persona_id.")
    ids = assignments.select(persona_id=assignments["persona_id"].cast("string")).distinct().drop_null()
    return persona_order(ids.to_pyarrow()["persona_id"].to_pylist())


def _seen(events: ibis.Table, window: ObservationWindow) -> ibis.Table:
    absent = [column for column in _REQUIRED if column not in events.columns]
    if absent:
        raise DataError(
            f"The table events lacks {', '.join(absent)}; expected every canonical column. "
            "Pass the table through the contract check first."
        )
    event_at = events["event_at"].type()
    if not isinstance(event_at, dt.Timestamp) or event_at.timezone is not None:
        raise DataError(
            f"events.event_at has the type {event_at}; expected a timestamp without time zone in the "
            "brand's local time. Convert it, or pass the table through the contract check first."
        )
    seen = events.filter(
        events["event_at"] >= ibis.timestamp(window.start_at),
        events["event_at"] < ibis.timestamp(window.end_at),
    )
    amount = seen["amount"]
    further = {
        name: (seen[name] if name in seen.columns else ibis.null()).cast(kind)
        for name, kind in _OPTIONAL.items()
    }
    return seen.select(
        *(column for column in _REQUIRED if column != "amount"),
        amount=amount if amount.type().is_decimal() else amount.cast("decimal(18, 4)"),
        **further,
    )
