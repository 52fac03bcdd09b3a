"""Tests of shares: of two groups against each other, and of many pairs at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from personas.selection.intervals import SMALLEST_EXPECTED

Floats = NDArray[np.float64]


def compare_shares(
    successes: ArrayLike, trials: ArrayLike, other_successes: ArrayLike, other_trials: ArrayLike
) -> tuple[Floats, NDArray[np.bool_]]:
    """Test whether two groups have the same share, pair by pair.

    Parameters
    ----------
    successes, trials : array-like of int, shape (n_pairs,)
        Users of the first group who do it, and all its users.
    other_successes, other_trials : array-like of int, shape (n_pairs,)
        The same of the second group.

    Returns
    -------
    p_value : ndarray of float64, shape (n_pairs,), 0 to 1
        Two-sided: pooled two-proportion z test, or Fisher's exact test where an expected count is below
        5. NaN where there is nothing to test: a group is empty, or everybody or nobody does it in both.
    exact : ndarray of bool, shape (n_pairs,)
        Where the exact test was used.

    References
    ----------
    Cochran, W. G. (1954). Some methods for strengthening the common chi-squared tests. Biometrics 10.
    Fisher, R. A. (1922). On the interpretation of chi-squared from contingency tables. J. R. Stat. Soc. 85.

    Examples
    --------
    >>> p_value, exact = compare_shares([30, 3, 0], [100, 4, 5], [50, 1, 0], [100, 4, 9])
    >>> p_value.round(4), exact
    (array([0.0039, 0.4857,    nan]), array([False,  True, False]))
    """
    k1, n1, k2, n2 = (
        np.asarray(values, dtype=np.float64) for values in (successes, trials, other_successes, other_trials)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (k1 + k2) / (n1 + n2)
        z = (k1 / n1 - k2 / n2) / np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
        p_value: Floats = 2 * stats.norm.sf(np.abs(z))
        smallest = np.minimum(n1, n2) * np.minimum(pooled, 1 - pooled)
    # Where there is nothing to test z is 0 / 0, and the smallest expected count 0 or NaN.
    exact = (smallest > 0) & (smallest < SMALLEST_EXPECTED)
    # Small cells repeat themselves: each distinct table is tested once.
    tables, place = np.unique(
        np.stack([k1, n1 - k1, k2, n2 - k2], axis=1)[exact].astype(np.int64), axis=0, return_inverse=True
    )
    found = np.array([stats.fisher_exact(table.reshape(2, 2)).pvalue for table in tables])
    p_value[exact] = found[place.ravel()]
    return p_value, exact


def false_discovery(p_value: ArrayLike) -> Floats:
    """Adjust p values for being many.

    Parameters
    ----------
    p_value : array-like of float, shape (n_tests,), 0 to 1, NaN = not tested
        P values of one family of tests.

    Returns
    -------
    ndarray of float64, shape (n_tests,), 0 to 1
        q values; NaN where nothing was tested, which does not count as a test.

    References
    ----------
    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. J. R. Stat. Soc. B 57.

    Examples
    --------
    >>> false_discovery([0.01, float("nan"), 0.04, 0.03])
    array([0.03,  nan, 0.04, 0.04])
    """
    p = np.asarray(p_value, dtype=np.float64)
    q = np.full_like(p, np.nan)
    tested = ~np.isnan(p)
    if tested.any():
        q[tested] = stats.false_discovery_control(p[tested], method="bh")
    return q
