"""The events that a window may see, and distances in time from its end."""

from __future__ import annotations

import ibis
from ibis.expr import datatypes as dt

from personas.errors import DataError
from personas.features.base import TableSource
from personas.schema import ObservationWindow

_COLUMNS = ("user_id", "event_at", "event_type", "category", "amount", "order_id")


def window_events(source: TableSource, window: ObservationWindow) -> ibis.Table:
    """Return the events in ``[window.start_at, window.end_at)``; nothing else is ever looked at.

    Parameters
    ----------
    source : TableSource
        Holds the canonical table ``events``.
    window : ObservationWindow
        What may be seen.

    Returns
    -------
    ibis.Table
        ``user_id, event_at, event_type, category, amount, order_id``; ``amount`` is DECIMAL, so that
        its sums are exact whatever the order of the rows.

    Raises
    ------
    DataError
        If a column is absent, or ``event_at`` is anything but a timestamp without time zone.
    """
    events = source.table("events")
    absent = [column for column in _COLUMNS if column not in events.columns]
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
    exact = amount if amount.type().is_decimal() else amount.cast("decimal(18, 4)")
    return seen.select(*_COLUMNS[:4], amount=exact, order_id=seen["order_id"])


def orders(events: ibis.Table) -> ibis.Table:
    """Return the order lines among ``events``; returns are not netted against them."""
    return events.filter(events["event_type"] == "order")


def days_until(window: ObservationWindow, at: ibis.Value) -> ibis.Value:
    """Return whole days from ``at`` to the midnight that ends the window.

    Parameters
    ----------
    window : ObservationWindow
        Its ``end_at`` is the reference.
    at : timestamp expression
        Instants before ``end_at``.

    Returns
    -------
    int64 expression, days, >= 0
        ``floor((end_at - at) / 86,400 s)``.

    Notes
    -----
    ``end_at`` is a midnight, so the floor is the difference of the dates, less one unless ``at`` is
    itself a midnight. Engines agree on dates; their epochs differ in fractions of a second.
    """
    midnights = ibis.date(window.as_of).delta(at.date(), unit="day")
    return midnights - (at != at.truncate("D")).cast("int64")
