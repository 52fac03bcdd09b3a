"""Distance between the portraits of a persona at two times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from personas.model.portrait import NEARLY_IDENTICAL, RATHER_SIMILAR, SOMEWHAT_DIFFERENT, normed
from personas.model.sketch import ROUNDING
from personas.monitor.base import Band

Counts = NDArray[np.int64]

_BANDS: tuple[tuple[float, Band], ...] = (
    (NEARLY_IDENTICAL, "nearly_identical"),
    (RATHER_SIMILAR, "rather_similar"),
    (SOMEWHAT_DIFFERENT, "some_difference"),
    (np.inf, "clearly_different"),
)


@dataclass(frozen=True, slots=True)
class PortraitDistance:
    """How far two portraits are apart.

    Parameters
    ----------
    distance : float, 0 to 1
        0 = the same shares in every feature, 1 = one level each, another in every feature.
    limit : float
        What chance alone exceeds as rarely as was asked for.
    parts : tuple of float, one per feature
        Squared distance of each feature, NaN where one side knows of nobody.
    """

    distance: float
    limit: float
    parts: tuple[float, ...]


def compare_portraits(
    before: Sequence[Counts], now: Sequence[Counts], *, false_alarm: float
) -> PortraitDistance | None:
    """Compare two portraits of one persona.

    Parameters
    ----------
    before, now : sequence of ndarray of int64, one per feature, shape (n_levels,)
        Users of the persona per level, rounded as :class:`personas.model.sketch.FeatureSketch` rounds.
    false_alarm : float, 0 to 1
        Chance of exceeding the limit when nothing moved.

    Returns
    -------
    PortraitDistance or None
        None when no feature is known on both sides.

    Notes
    -----
    The distance is that of :func:`personas.model.portrait.portrait_distance`, here of counts, with what chance explains.

    The limit is our own derivation. Without drift the squared distance of one feature has the mean
    ``c sum p (1 - p)`` and the variance ``2 c^2 tr(V^2)`` with ``c = 1/n + 1/m`` and ``V`` the covariance of one
    draw; a gamma variable with these moments stands for it (Satterthwaite 1946), and rounding adds its
    variance. Features depend on each other, so the quantiles at ``false_alarm / m`` are added up, which holds
    for any dependence.

    References
    ----------
    Satterthwaite, F. E. (1946). An approximate distribution of estimates of variance components. Biometrics
    Bulletin 2(6).

    Examples
    --------
    >>> one, other = np.array([1000, 0]), np.array([0, 1000])
    >>> compare_portraits([one, one], [other, other], false_alarm=0.01).distance
    1.0
    >>> compare_portraits([one], [one], false_alarm=0.01).distance
    0.0
    """
    known = [i for i in range(len(before)) if before[i].sum() and now[i].sum()]
    if not known:
        return None
    parts = np.full(len(before), np.nan)
    noise = 0.0
    for i in known:
        n, m = int(before[i].sum()), int(now[i].sum())
        parts[i] = np.square(now[i] / m - before[i] / n).sum()
        noise += _noise(before[i] + now[i], n, m, false_alarm / len(known))
    distance, limit = (normed(square, len(known)) for square in (float(np.nansum(parts)), noise))
    return PortraitDistance(distance, limit, tuple(parts.tolist()))


def band_of(distance: float) -> Band:
    """Return a distance in words.

    Parameters
    ----------
    distance : float, 0 to 1
        Of two portraits.

    Returns
    -------
    Band
        Below .1 nearly identical, .1 to .3 rather similar, .3 to .5 some difference, above clearly different.

    Examples
    --------
    >>> band_of(0.09), band_of(0.3)
    ('nearly_identical', 'some_difference')
    """
    return next(band for end, band in _BANDS if distance < end)


def _noise(pooled: Counts, n: int, m: int, false_alarm: float) -> float:
    """Return the squared distance of one feature that chance exceeds so rarely."""
    p = pooled / pooled.sum()
    c = 1 / n + 1 / m
    squares = float((p**2).sum())
    mean = c * (1 - squares)
    variance = 2 * c**2 * (squares - 2 * float((p**3).sum()) + squares**2)
    rounding = int((pooled > 0).sum()) * ROUNDING**2 / 12 * (1 / n**2 + 1 / m**2)
    if variance <= 0:
        return rounding
    return float(stats.gamma.isf(false_alarm, mean**2 / variance, scale=variance / mean)) + rounding
