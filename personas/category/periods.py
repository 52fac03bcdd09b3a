"""Periods that are compared: windows a calendar year apart, and how they are printed."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from personas.errors import ConfigError
from personas.schema import ObservationWindow, Text

PERIOD_MONTHS: Final = {"year": 12, "half_year": 6, "quarter": 3, "month": 1}
"""Name of a length of period -> months, the longest first."""

SLACK_DAYS = 7
"""Days that events may begin after the first period does, for it to count as seen whole (own choice)."""


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


def recent_windows(as_of: date, *, months: int, n_windows: int = 2) -> tuple[ObservationWindow, ...]:
    """Return the last windows of some months each, the earliest first; they touch.

    Parameters
    ----------
    as_of : date
        First day after the latest window.
    months : int, >= 1
        Length of each.
    n_windows : int, >= 1
        How many.

    Returns
    -------
    tuple of ObservationWindow
        Windows of 12 months are those of :func:`yearly_windows`.

    Raises
    ------
    ConfigError
        If an argument is below 1, or a window would start before year 1.

    Notes
    -----
    An end on a day that a month lacks moves to the first of the next one, so that every day is in one window.

    Examples
    --------
    >>> [f"{w.start} {w.as_of}" for w in recent_windows(date(2018, 1, 1), months=6)]
    ['2017-01-01 2017-07-01', '2017-07-01 2018-01-01']
    >>> [f"{w.start} {w.as_of}" for w in recent_windows(date(2025, 8, 31), months=6)]
    ['2024-08-31 2025-03-01', '2025-03-01 2025-08-31']
    """
    if months < 1 or n_windows < 1:
        raise ConfigError(
            f"months is {months} and n_windows {n_windows}; expected whole numbers of at least 1."
        )
    ends = [_months_before(as_of, k * months) for k in range(n_windows, -1, -1)]
    pairs = pairwise(ends)
    return tuple(ObservationWindow(last, (last - first).days) for first, last in pairs)


def comparable_windows(
    as_of: date, earliest: date, *, period: str = "auto", at_most: int = 3
) -> tuple[ObservationWindow, ...]:
    """Return the last periods that the data hold whole, the earliest first.

    Parameters
    ----------
    as_of : date
        First day after the latest period.
    earliest : date
        Day of the first purchase that is known.
    period : {"auto", "year", "half_year", "quarter", "month"}
        Length; auto = the longest of which there are two.
    at_most : int, >= 2
        Most periods.

    Returns
    -------
    tuple of ObservationWindow
        Two or more.

    Raises
    ------
    ConfigError
        If the data don't hold two periods.

    Examples
    --------
    >>> [str(w.start) for w in comparable_windows(date(2018, 1, 1), date(2017, 1, 1))]
    ['2017-01-01', '2017-07-01']
    """
    lengths = PERIOD_MONTHS if period == "auto" else {period: PERIOD_MONTHS[period]}
    for months in lengths.values():
        seen = [
            n
            for n in range(2, at_most + 1)
            if _months_before(as_of, n * months) + timedelta(days=SLACK_DAYS) >= earliest
        ]
        if seen:
            return recent_windows(as_of, months=months, n_windows=seen[-1])
    shortest = list(lengths)[-1].replace("_", " ")
    raise ConfigError(
        f"The orders before {as_of} begin on {earliest}; comparing needs two periods of a {shortest} before {as_of}. "
        "Choose a shorter category.period or a later --as-of, or add earlier events."
    )


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


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    if year < 1:
        raise ConfigError(
            f"{months} months before {day} lie before year 1; ask for fewer or shorter periods."
        )
    try:
        return day.replace(year=year, month=month + 1)
    except ValueError:  # the month lacks the day
        return date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February of a common year
        return date(day.year - years, 3, 1)
