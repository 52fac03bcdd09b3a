"""Two measures of truth: how well personas tell how much, and what, people buy next."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from personas.errors import DataError

Floats = NDArray[np.float64]

SHRINKAGE = 20.0
"""Users of average behaviour that are added to every persona before its rates are taken (own choice)."""

N_BOOTSTRAPS = 200
"""Resamples of the judged users behind an interval; enough for a 95 % interval to one digit."""

_RATE_FLOOR = 1e-4
"""A rate that is 0 or 1 among those who are estimated on would make one exception infinitely dear (own choice)."""

_SHARE_FLOOR = 1e-6
"""A category that nobody of them bought has no share to take a logarithm of (own choice)."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with its 95 % bootstrap interval.

    Parameters
    ----------
    value : float
        The figure.
    low, high : float
        2.5 % and 97.5 % quantiles over resamples of the judged users.
    error : float, >= 0
        Standard deviation over those resamples.
    """

    value: float
    low: float
    high: float
    error: float


@dataclass(frozen=True, slots=True)
class Quality:
    """What personas tell about behaviour that they have not seen.

    Parameters
    ----------
    reach : Measure
        Skill at "buys category c", 0 = no better than base rates, 1 = perfect. It knows *how much*;
        activity alone already earns some.
    taste : Measure or None
        Bits gained per purchase about *which* category it is, every buyer weighing the same. It is blind to
        activity. None if nobody buys anything in one of the halves.
    reach_draws, taste_draws : ndarray of shape (N_BOOTSTRAPS,), or None
        The figures on resamples. The same users and seed give the same resamples, so that two solutions can be
        compared draw by draw.
    """

    reach: Measure
    taste: Measure | None
    reach_draws: Floats = field(compare=False, repr=False)
    taste_draws: Floats | None = field(compare=False, repr=False)


def judge(
    labels: NDArray[np.integer],
    outcomes: Floats,
    estimating: NDArray[np.bool_],
    *,
    random_state: int = 0,
    both_ways: bool = False,
) -> Quality:
    """Judge personas by purchases: rates from one half of the users, log loss on the other.

    Parameters
    ----------
    labels : ndarray of int, shape (n_users,)
        Personas of users, found without their outcomes; -1 = noise, a group of its own.
    outcomes : ndarray of shape (n_users, n_categories), >= 0
        Purchases per category in the next window.
    estimating : ndarray of bool, shape (n_users,)
        Users whose outcomes give the rates; the others are judged.
    random_state : int, default=0
        Seed of the bootstrap.
    both_ways : bool, default=False
        Judge the first half by the second as well, so that every user is judged once.

    Returns
    -------
    Quality
        *Reach* is ``1 - sum log loss(persona rates) / sum log loss(base rates)`` over users and
        categories. *Taste* is the mean over judged buyers of
        ``sum_c share_c log2(persona share_c / base share_c)``. Rates and shares are shrunk to the base with
        the weight of :data:`SHRINKAGE` users.

    Raises
    ------
    DataError
        If a half is empty, or the shapes don't fit.

    Notes
    -----
    The definitions are our own: the skill score of forecasting (Brier, G. W. (1950). Monthly Weather
    Review 78) with log loss, and the mutual information of persona and category, out of sample.

    Examples
    --------
    >>> labels, outcomes = np.tile([0, 1], 200), np.tile([[3.0, 0.0], [0.0, 3.0]], (200, 1))
    >>> quality = judge(labels, outcomes, np.arange(400) < 200)
    >>> round(quality.reach.value, 2), round(quality.taste.value, 2)
    (0.87, 0.87)
    """
    labels, outcomes = np.asarray(labels), np.asarray(outcomes, dtype=np.float64)
    if outcomes.ndim != 2 or not len(labels) == len(outcomes) == len(estimating):
        raise DataError(
            f"Found {len(labels)} labels, outcomes of shape {outcomes.shape} and a split of {len(estimating)} users; "
            "expected one row each per user."
        )
    if estimating.all() or not estimating.any():
        raise DataError("One half of the users is empty; expected users to estimate on and users to judge.")
    group = labels - min(0, int(labels.min()))
    halves = [estimating, ~estimating] if both_ways else [estimating]
    reach = np.vstack([_reach_losses(group, outcomes, half) for half in halves])
    taste = np.concatenate([_taste_gains(group, outcomes, half) for half in halves])
    # One draw is one set of users for both measures, which often rise and fall together.
    weights = _weights(len(reach), random_state)
    reach_draws = _skills(reach, weights)
    buys = ~np.isnan(taste)
    taste_draws = _means(taste[buys], weights[:, buys]) if buys.any() else None
    return Quality(
        _measure(reach_draws),
        None if taste_draws is None else _measure(taste_draws),
        reach_draws[1:],
        None if taste_draws is None else taste_draws[1:],
    )


def halves(n_users: int, random_state: int) -> NDArray[np.bool_]:
    """Return a random half of the users as a mask, shape (n_users,)."""
    return np.random.default_rng(random_state).permutation(n_users) < n_users // 2


def _reach_losses(group: NDArray[np.integer], outcomes: Floats, estimating: NDArray[np.bool_]) -> Floats:
    """Return the log loss of each judged user by persona rates and by base rates, shape (n_judged, 2)."""
    bought = (outcomes > 0).astype(np.float64)
    base = np.clip(bought[estimating].mean(axis=0), _RATE_FLOOR, 1 - _RATE_FLOOR)
    rates = _shrunk(group, bought, estimating, base)
    judged, own = bought[~estimating], rates[group[~estimating]]
    losses = [-(judged * np.log(p) + (1 - judged) * np.log1p(-p)).sum(axis=1) for p in (own, base)]
    return np.column_stack(losses)


def _taste_gains(group: NDArray[np.integer], outcomes: Floats, estimating: NDArray[np.bool_]) -> Floats:
    """Return the bits per purchase that each judged user's persona gains, shape (n_judged,); NaN = buys nothing."""
    totals = outcomes.sum(axis=1)
    buys = totals > 0
    if not (buys & estimating).any():
        return np.full(int((~estimating).sum()), np.nan)
    shares = outcomes / np.where(buys, totals, 1.0)[:, None]
    base = shares[buys & estimating].mean(axis=0) + _SHARE_FLOOR
    base /= base.sum()
    own = _shrunk(group, shares, buys & estimating, base)
    judged = shares[~estimating]
    gains: Floats = (judged * np.log2(own[group[~estimating]] / base)).sum(axis=1)
    gains[~buys[~estimating]] = np.nan
    return gains


def _shrunk(group: NDArray[np.integer], values: Floats, used: NDArray[np.bool_], base: Floats) -> Floats:
    """Return each group's mean over the used rows, with :data:`SHRINKAGE` rows of the base added."""
    sums = np.zeros((int(group.max()) + 1, values.shape[1]))
    counts = np.zeros((len(sums), 1))
    for k in range(len(sums)):
        rows = used & (group == k)
        sums[k], counts[k] = values[rows].sum(axis=0), rows.sum()
    shrunk: Floats = (sums + SHRINKAGE * base) / (counts + SHRINKAGE)
    return shrunk


def _skills(losses: Floats, weights: Floats) -> Floats:
    """Return the skill on all judged users, then on each resample of them."""
    own, base = (weights @ losses).T
    return np.asarray(1 - own / base)


def _means(gains: Floats, weights: Floats) -> Floats:
    weights = np.where(weights.any(axis=1, keepdims=True), weights, 1.0)  # a draw without any buyer
    return np.asarray(weights @ gains / weights.sum(axis=1))


def _weights(n_users: int, random_state: int) -> Floats:
    """Return how often each user counts: once, and then as in each Poisson bootstrap."""
    draws = np.random.default_rng(random_state).poisson(1.0, size=(N_BOOTSTRAPS, n_users)).astype(np.float64)
    draws[draws.sum(axis=1) == 0] = 1.0
    return np.vstack([np.ones(n_users), draws])


def _measure(figures: Floats) -> Measure:
    low, high = np.quantile(figures[1:], [0.025, 0.975])
    return Measure(float(figures[0]), float(low), float(high), float(figures[1:].std()))
