"""How far a spread has moved, and how far chance alone would move it.

The usual reading of the population stability index (below .1 nothing, above .25 a change) is a convention
that knows no sample size: small samples alarm without drift, large ones hide a fifth of a standard
deviation in each of many features. A plain test errs the other way: of a million users any difference is
significant. So one test does both: it asks whether the population has surely moved by more than a stated
amount that is too little to matter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from personas.errors import DataError
from personas.monitor.base import Shift
from personas.selection.intervals import SMALLEST_EXPECTED

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_SMOOTHING = 0.5
"""Users added to every cell, so that an empty one gives no infinite index (as Walter 1976 for ratios)."""


def compare_counts(
    before: Sequence[int] | Counts,
    now: Sequence[int] | Counts,
    *,
    false_alarm: float,
    tolerated_psi: float = 0.0,
) -> Shift:
    """Compare how two samples spread over the same cells.

    Parameters
    ----------
    before, now : sequence of int, shape (n_cells,)
        Users per cell.
    false_alarm : float, 0 to 1
        Chance of exceeding the noise (the limit) when nothing moved (moved by ``tolerated_psi``).
    tolerated_psi : float, >= 0
        Index of a move that is too small to matter.

    Returns
    -------
    Shift
        All zero when there is only one cell.

    Raises
    ------
    DataError
        If a sample is empty.

    Notes
    -----
    With shares ``p`` before and ``q`` now, ``PSI = sum (q - p) ln(q / p)``: the divergence of Jeffreys, in
    nats. Half a user is added to every cell. ``JS`` is that of Lin, in bits: the mean divergence of both
    from ``(p + q) / 2``; it lies between 0 and 1.

    ``PSI / (1/n + 1/m)`` for samples of n and m users is asymptotically chi-square with one degree of freedom
    less than there are cells (Yurdakul 2018): to second order it is Pearson's statistic of homogeneity. When
    the populations differ by a small index ``d``, it is non-central chi-square with non-centrality
    ``d / (1/n + 1/m)``, so "have they moved by more than d?" is a test as well (as Potgieter et al. 2023 do
    with Pearson's statistic). Edges that are quantiles of the first sample change nothing: what falls
    between two of them varies as a count does. Users who are in both samples make the samples more alike, so
    the limit is then too wide rather than too narrow.

    References
    ----------
    Jeffreys, H. (1946). An invariant form for the prior probability in estimation problems. Proc. R. Soc. A 186.
    Lin, J. (1991). Divergence measures based on the Shannon entropy. IEEE Trans. Inf. Theory 37(1).
    Siddiqi, N. (2006). Credit Risk Scorecards. Wiley, for the index and its conventional limits.
    Yurdakul, B. (2018). Statistical properties of population stability index. Dissertation, Western Michigan
    University.
    Potgieter, C. J., van Zyl, C., Schutte, W. D., & Lombard, F. (2023). The population resemblance statistic.
    arXiv:2307.11878.
    Cochran, W. G. (1954). Some methods for strengthening the common chi-squared tests. Biometrics 10.

    Examples
    --------
    >>> shift = compare_counts([5000, 5000], [5500, 4500], false_alarm=0.01)
    >>> round(shift.psi, 3), round(shift.noise, 4), shift.is_drift
    (0.01, 0.0013, True)
    >>> compare_counts([50, 50], [55, 45], false_alarm=0.01).is_drift
    False
    """
    first, second = np.asarray(before, dtype=np.int64), np.asarray(now, dtype=np.int64)
    n, m = int(first.sum()), int(second.sum())
    if not (n and m):
        raise DataError(
            f"There are {n} users before and {m} now; expected some of both. Score users before they are compared."
        )
    first, second = pool_rare(first, second)
    if len(first) < 2:
        return Shift(0.0, 0.0, 0.0, 0.0)
    p, q = smoothed_shares(first), smoothed_shares(second)
    middle = (p + q) / 2
    js = float((p * np.log2(p / middle) + q * np.log2(q / middle)).sum() / 2)
    scale = 1 / n + 1 / m
    freedom = len(first) - 1
    noise = float(stats.chi2.isf(false_alarm, freedom)) * scale
    limit = noise
    if tolerated_psi > 0:
        limit = float(stats.ncx2.isf(false_alarm, freedom, tolerated_psi / scale)) * scale
    return Shift(float(contributions(p, q).sum()), max(js, 0.0), noise, limit)


def smoothed_shares(counts: Counts) -> Floats:
    """Return shares of counts to which half a user per cell was added."""
    filled = counts + _SMOOTHING
    shares: Floats = filled / filled.sum()
    return shares


def contributions(p: Floats, q: Floats) -> Floats:
    """Return what each cell adds to the population stability index."""
    parts: Floats = (q - p) * np.log(q / p)
    return parts


def pool_rare(before: Counts, now: Counts) -> tuple[Counts, Counts]:
    """Pool the cells that expect fewer than :data:`SMALLEST_EXPECTED` users in the smaller sample.

    Parameters
    ----------
    before, now : ndarray of int64, shape (n_cells,)
        Neither sums to 0.

    Returns
    -------
    tuple of two ndarrays
        The other cells, and last what was pooled; if that is still rare, it joins the smallest other cell.
        Cells that are empty in both samples are gone.

    Examples
    --------
    >>> pool_rare(np.array([90, 3, 0, 107]), np.array([95, 2, 0, 103]))
    (array([ 93, 107]), array([ 97, 103]))
    """
    n, m = before.sum(), now.sum()
    expected = (before + now) / (n + m) * min(n, m)
    rare = expected < SMALLEST_EXPECTED
    kept = np.flatnonzero(~rare)
    rest = np.array([before[rare].sum(), now[rare].sum()])
    pairs = np.stack([before[kept], now[kept]])
    if rest.sum():
        if expected[rare].sum() < SMALLEST_EXPECTED and len(kept):
            pairs[:, int(expected[kept].argmin())] += rest
        else:
            pairs = np.column_stack([pairs, rest])
    return pairs[0], pairs[1]
