"""Measure stability: whether refits on other samples of the same users tell the same story."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score


def mean_pairwise_ari(labelings: list[NDArray[np.int32]]) -> float:
    """Return the mean adjusted Rand index over all pairs of labelings of the same panel.

    Parameters
    ----------
    labelings : list of ndarray of shape (n_panel,)
        At least two; -1 throughout where a refit failed.

    Returns
    -------
    float, -1 to 1
        1 = every refit gives the same groups; 0 = no better than chance, or one of the pair failed.

    References
    ----------
    Hubert, L., & Arabie, P. (1985). Comparing partitions. Journal of Classification 2.

    Examples
    --------
    >>> import numpy as np
    >>> mean_pairwise_ari([np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0])])
    1.0
    """
    pairs = combinations(labelings, 2)
    # Two refits that failed would be the same: one group of everybody.
    return float(
        np.mean([adjusted_rand_score(a, b) if min(a.max(), b.max()) >= 0 else 0.0 for a, b in pairs])
    )
