"""Periods that are compared: windows a calendar year apart, and how they are printed."""

from __future__ import annotations

from datetime import date, timedelta

from personas.errors import ConfigError
from personas.schema import ObservationWindow, Text


def yearly_windows(
    as_of: date, *, lookback_days: int | None = None, n_windows: int = 2
) -> tuple[ObservationWindow, ...]:
    """Return windows that lie a calendar year apart, the earliest first.

    Parameters
    ----------
    as_of : date
        First day after the latest window.
    lookback_days : int, days, 1 to 365, optional
        Length of the latest window, for example 90 for the last quarter against the same quarter of the year
        before. By default a whole calendar year, so that the windows touch.
    n_windows : int, >= 1
        How many: two for a flow, three for two flows to compare.

    Returns
    -------
    tuple of ObservationWindow
        They never overlap.

    Raises
    ------
    ConfigError
        If ``lookback_days`` or ``n_windows`` is out of range, or a window would start before year 1.

    Notes
    -----
    Both ends move by calendar years, as year-over-year figures (同比) compare the same days of the calendar.
    A window that holds 29 February is therefore a day longer than the same one of a common year. An end that
    falls on 29 February moves to 1 March of a common year: as an end is the first day *not* seen, both see
    everything up to 28 February. A start on 29 February moves to 1 March as well, so that whole years touch
    and every day is in one of them (own choice).

    Examples
    --------
    >>> [f"{w.start} {w.as_of}" for w in yearly_windows(date(2024, 2, 29))]
    ['2022-03-01 2023-03-01', '2023-03-01 2024-02-29']
    >>> [w.lookback_days for w in yearly_windows(date(2024, 4, 1), lookback_days=91)]
    [90, 91]
    """
    if lookback_days is not None and not 1 <= lookback_days <= 365:
        raise ConfigError(
            f"lookback_days is {lookback_days}; expected 1 to 365 days, as windows a year apart must not "
            "overlap. Leave it out for whole calendar years."
        )
    if n_windows < 1:
        raise ConfigError(f"n_windows is {n_windows}; expected a whole number of at least 1.")
    if as_of.year - n_windows < 1:
        raise ConfigError(f"{n_windows} years before {as_of} reach before year 1; ask for fewer windows.")
    start = _years_before(as_of, 1) if lookback_days is None else as_of - timedelta(days=lookback_days)
    ends = [(_years_before(start, k), _years_before(as_of, k)) for k in range(n_windows)]
    return tuple(ObservationWindow(last, (last - first).days) for first, last in reversed(ends))


def check_order(then: ObservationWindow, now: ObservationWindow) -> None:
    """Refuse two windows that overlap or stand in the wrong order.

    Parameters
    ----------
    then, now : ObservationWindow
        The earlier and the later period; they may touch, and there may be days between them.

    Raises
    ------
    ConfigError
        If the later one starts before the earlier one ends.
    """
    if now.start < then.as_of:
        raise ConfigError(
            f"The later period starts on {now.start}, but the earlier one ends before {then.as_of}; expected "
            "two periods that do not overlap, the earlier one first."
        )


def span(window: ObservationWindow) -> Text:
    """Return the first and last day of a window in words.

    Parameters
    ----------
    window : ObservationWindow
        Half open; the last day is the one before ``as_of``.

    Returns
    -------
    Text
        For definitions under tables.

    Examples
    --------
    >>> span(ObservationWindow(date(2026, 1, 1), 365)).en
    '2025-01-01 to 2025-12-31'
    """
    last = window.as_of - timedelta(days=1)
    return Text(f"{window.start} 至 {last}", f"{window.start} to {last}")


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February of a common year
        return date(day.year - years, 3, 1)
