"""Cumulative incidence of a first purchase when some users cannot be followed to the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.category.base import wilson_interval

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FollowUp:
    """What happened on each day after the start of the follow-up.

    Parameters
    ----------
    n_at_risk : ndarray of int64, shape (n_pairs,)
        Users at the start.
    n_followed : ndarray of int64, shape (n_pairs,)
        Of them, users for whom the data reach to the end of the horizon.
    n_events, n_censored : ndarray of int64, shape (n_pairs, >= horizon_days)
        Users who bought on a day; users without a purchase of whom nothing is known after that day.
    """

    n_at_risk: Integers
    n_followed: Integers
    n_events: Integers
    n_censored: Integers


def cumulative_incidence(follow_up: FollowUp, horizon_days: int) -> tuple[Floats, Floats, Floats]:
    """Estimate the share of users with an event within the horizon, with 95 % intervals.

    Parameters
    ----------
    follow_up : FollowUp
        Events and censorings by day.
    horizon_days : int, days, >= 1
        Days that count.

    Returns
    -------
    share, low, high : ndarray of float64, shape (n_pairs,), 0 to 1
        NaN where nobody was followed to the end of the horizon: the curve does not reach it.

    Notes
    -----
    The Aalen-Johansen estimator; as a purchase is the only event, it equals one less the Kaplan-Meier curve,
    ``1 - prod(1 - events_d / at_risk_d)`` over the days ``d``. Days are 24 hours from the start; who is lost
    sight of during a day counts as at risk for all of it.

    The interval is Wilson's with the effective number of users, ``F (1 - F) / var(F)``, var by Greenwood, so
    that without censoring it is the interval of the plain share. Where nobody, or everybody, has an event the
    number is that of the users followed to the end.

    References
    ----------
    Aalen, O. O., & Johansen, S. (1978). An empirical transition matrix for non-homogeneous Markov chains
    based on censored observations. Scandinavian Journal of Statistics 5.
    Kaplan, E. L., & Meier, P. (1958). Nonparametric estimation from incomplete observations. Journal of the
    American Statistical Association 53.
    Dorey, F. J., & Korn, E. L. (1987). Effective sample sizes for confidence intervals for survival
    probabilities. Statistics in Medicine 6.

    Examples
    --------
    Of four users one buys on day 0, one is lost sight of on day 1, one buys on day 2:

    >>> import numpy as np
    >>> share, low, high = cumulative_incidence(FollowUp(
    ...     n_at_risk=np.array([4]), n_followed=np.array([2]),
    ...     n_events=np.array([[1, 0, 1]]), n_censored=np.array([[0, 1, 0]])), horizon_days=3)
    >>> share.round(3)
    array([0.625])
    """
    events = follow_up.n_events[:, :horizon_days]
    leaving = (events + follow_up.n_censored[:, :horizon_days]).cumsum(axis=1)
    gone = np.hstack([np.zeros((len(events), 1), dtype=np.int64), leaving[:, :-1]])
    at_risk = (follow_up.n_at_risk[:, None] - gone).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(events > 0, events / at_risk, 0.0)
        share = 1 - np.prod(1 - hazard, axis=1)
        greenwood = np.where(events > 0, events / (at_risk * (at_risk - events)), 0.0).sum(axis=1)
        effective = share / ((1 - share) * greenwood)
    inside = (share > 0) & (share < 1)
    n = np.where(inside, effective, follow_up.n_followed)
    low, high = wilson_interval(share * n, n)
    reached = follow_up.n_followed > 0
    return (
        np.where(reached, share, np.nan),
        np.where(reached, low, np.nan),
        np.where(reached, high, np.nan),
    )
