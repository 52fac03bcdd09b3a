"""Measure stability: whether refits on other samples of the same users tell the same story."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from personas.features import columns_of
from personas.scorecard import Scorecard
from personas.scorecard.reference import evaluate

Fit = Callable[[pd.DataFrame, int], Scorecard]
"""Fits a clusterer on a frame with a seed and returns its scorecard."""


def refit_labels(
    fit: Fit, data: pd.DataFrame, panel: pd.DataFrame, *, n_resamples: int, max_users: int, random_state: int
) -> Iterator[NDArray[np.int32]]:
    """Refit on bootstrap resamples and label one shared panel with each refit.

    Parameters
    ----------
    fit : callable(DataFrame, int) -> Scorecard
        What is refitted; must be picklable.
    data : DataFrame of shape (n_users, n_features)
        Users that resamples are drawn from, with replacement.
    panel : DataFrame of shape (n_panel, n_features)
        Users that every refit labels.
    n_resamples : int, >= 2
        Number of refits.
    max_users : int
        Size of a resample at most.
    random_state : int
        Seed of the resamples and of the refits.

    Yields
    ------
    ndarray of int32, shape (n_panel,)
        Labels of one refit, in the order of the seeds.
    """
    seeds = np.random.SeedSequence(random_state).generate_state(n_resamples)
    size = min(max_users, len(data))

    def draw(seed: int) -> pd.DataFrame:
        return data.iloc[np.sort(np.random.default_rng(seed).integers(0, len(data), size))]

    # Drawn here, so that a worker is sent one resample instead of all users.
    yield from Parallel(n_jobs=-1, return_as="generator")(
        delayed(_label_panel)(fit, draw(int(seed)), panel, int(seed % 2**31)) for seed in seeds
    )


def _label_panel(fit: Fit, resample: pd.DataFrame, panel: pd.DataFrame, seed: int) -> NDArray[np.int32]:
    with threadpool_limits(limits=1):  # a worker process has a limit of its own, which varies by machine
        return evaluate(fit(resample, seed), columns_of(panel)).label


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
