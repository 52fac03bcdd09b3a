"""The interval of a share, and the constants of normal approximations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

NORMAL_975 = 1.959963984540054
"""Standard normal quantile of two-sided 95 % intervals."""

SMALLEST_EXPECTED = 5
"""Below this expected count the normal tail is not trusted: an exact one is taken (Cochran 1954)."""


def wilson_interval(
    successes: ArrayLike, trials: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % Wilson score interval of shares.

    Parameters
    ----------
    successes : array-like of numbers, >= 0
        How many of the trials succeeded.
    trials : array-like of numbers, >= successes, of a shape that broadcasts with ``successes``
        Denominators.

    Returns
    -------
    low, high : ndarray of float64, 0 to 1
        NaN where ``trials`` is 0.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of
    the American Statistical Association 22, 209-212.
    Brown, Cai & DasGupta (2001). Interval estimation for a binomial proportion. Statistical Science 16,
    101-133, for its behaviour at small counts.

    Examples
    --------
    >>> low, high = wilson_interval([0, 3], [0, 4])
    >>> low.round(4), high.round(4)
    (array([   nan, 0.3006]), array([   nan, 0.9544]))
    """
    k, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    z2 = NORMAL_975**2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = k / n
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = NORMAL_975 / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    # At 0 and 1 the interval ends there exactly; rounding may miss it by a hair.
    low = np.where(share == 0, 0.0, middle - half)
    high = np.where(share == 1, 1.0, middle + half)
    return low, high
