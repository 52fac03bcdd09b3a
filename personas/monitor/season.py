"""Choose the users of a year ago, so that a season is not taken for a drift."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from personas.monitor.base import Reference


def last_season(
    candidates: Iterable[Reference], as_of: date, *, model_version: str, window_days: int
) -> Reference | None:
    """Return the sketch that is nearest to one year ago.

    Parameters
    ----------
    candidates : iterable of Reference
        Of stored scorings and models.
    as_of : date
        First day that today's features do not see.
    model_version : str
        Model that is watched: its own sketches come first, since they have the same bins and personas.
    window_days : int, days, >= 0
        How far from a year ago a sketch may be.

    Returns
    -------
    Reference or None
        None when none is within the window. Ties go to more features, the earlier day and the smaller version.

    Examples
    --------
    >>> from personas.model.sketch import Sketch
    >>> def of(day): return Reference("last_season", Sketch(day, (), (), (), ()), "v1")
    >>> days = [date(2025, 1, 1), date(2025, 5, 20)]
    >>> last_season(map(of, days), date(2026, 6, 1), model_version="v1", window_days=31).sketch.as_of
    datetime.date(2025, 5, 20)
    """
    target = year_before(as_of)
    near = [c for c in candidates if is_last_season(c.sketch.as_of, as_of, window_days=window_days)]
    return min(
        near,
        key=lambda c: (
            c.model_version != model_version,
            abs((c.sketch.as_of - target).days),
            -len(c.sketch.features),
            c.sketch.as_of,
            c.model_version,
        ),
        default=None,
    )


def is_last_season(day: date, as_of: date, *, window_days: int) -> bool:
    """Return whether a day is at most ``window_days`` from one year before ``as_of``.

    Examples
    --------
    >>> is_last_season(date(2025, 5, 20), date(2026, 6, 1), window_days=31)
    True
    """
    return abs((day - year_before(as_of)).days) <= window_days


def year_before(day: date) -> date:
    """Return the same day of the year before; 28 February for the 29th.

    Examples
    --------
    >>> year_before(date(2024, 2, 29))
    datetime.date(2023, 2, 28)
    """
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)
