"""What was known some time ago, and what users did next: the only honest judge of personas."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from personas.errors import ConfigError
from personas.features.base import FeatureFrame, FeatureSet, TableSource
from personas.features.build import build_features
from personas.features.category_history import category_features
from personas.features.events import orders, window_events
from personas.schema import ObservationWindow, Text

SHORTEST_HORIZON, LONGEST_HORIZON = 14, 91
"""Days of a next window: shorter ones hold too few purchases; longer ones leave a history that knows nothing of
what was introduced since (own choice)."""

MAX_OUTCOMES = 300
"""Most categories that are foretold and judged."""

LEAST_BUYERS, MOST_BUYERS = 0.01, 0.95
"""Share of the buyers of the next window that a judged category needs, and may have at most (own choice)."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Features before a cut, and purchases after it.

    Parameters
    ----------
    earlier : FeatureFrame
        The user vectors as they were at the cut.
    outcomes : FeatureFrame
        Orders per category and user from the cut on, for the judged categories.
    """

    earlier: FeatureFrame
    outcomes: FeatureFrame


def default_horizon(window: ObservationWindow) -> int:
    """Return the length of the next window, in days: a quarter of the lookback, two weeks to a quarter of a year.

    Examples
    --------
    >>> from datetime import date
    >>> default_horizon(ObservationWindow(date(2026, 1, 1), 365))
    91
    """
    return min(LONGEST_HORIZON, max(SHORTEST_HORIZON, window.lookback_days // 4))


def rehearse(
    source: TableSource, window: ObservationWindow, feature_set: FeatureSet, horizon_days: int | None = None
) -> Rehearsal | None:
    """Look back from an earlier day, and at what followed until ``window.as_of``.

    Parameters
    ----------
    source : TableSource
        Holds the canonical tables ``users`` and ``events``.
    window : ObservationWindow
        The window of the training; nothing on or after its end is seen.
    feature_set : FeatureSet
        Features to build at the earlier day.
    horizon_days : int, days, 1 to ``lookback_days``, optional
        Length of the next window; default :func:`default_horizon`.

    Returns
    -------
    Rehearsal or None
        None if no category was bought by enough users in the next window, or nothing before it.

    Raises
    ------
    ConfigError
        If ``horizon_days`` is out of range.
    """
    horizon = default_horizon(window) if horizon_days is None else horizon_days
    if not 1 <= horizon <= window.lookback_days:
        raise ConfigError(f"horizon_days is {horizon}; expected 1 to lookback_days={window.lookback_days}.")
    after = ObservationWindow(window.as_of, horizon)
    before = ObservationWindow(window.as_of - timedelta(days=horizon), window.lookback_days)
    judged = _judged_categories(source, after)
    if not judged or not _has_orders(source, before):
        return None
    counts = FeatureSet(tuple(category_features("count", [(c, Text(c, c)) for c in judged])))
    return Rehearsal(build_features(source, before, feature_set), build_features(source, after, counts))


def _judged_categories(source: TableSource, window: ObservationWindow) -> list[str]:
    """Return the categories that some, but not (almost) all, buyers of the window bought; the most bought first."""
    lines = orders(window_events(source, window)).semi_join(source.table("users"), "user_id")
    pairs = lines.filter(lines["category"].notnull()).select("user_id", "category").distinct()
    n_buyers = int(pairs.select("user_id").distinct().count().to_pyarrow().as_py())
    rows = pairs.group_by("category").agg(n=pairs.count()).to_pyarrow().to_pylist()
    some = [row for row in rows if LEAST_BUYERS * n_buyers <= row["n"] <= MOST_BUYERS * n_buyers]
    some.sort(key=lambda row: (-row["n"], row["category"]))
    return [row["category"] for row in some[:MAX_OUTCOMES]]


def _has_orders(source: TableSource, window: ObservationWindow) -> bool:
    return bool(orders(window_events(source, window)).count().to_pyarrow().as_py())
