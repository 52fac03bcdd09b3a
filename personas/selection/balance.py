"""Weigh features so that who, worth and what each get a hearing.

A mixture adds up log likelihoods. Thirty over-dispersed purchase counts then shout down a handful of
profile attributes, and standardised one-hot columns do the reverse. Two corrections mend that:

* a count that varies more than a Poisson count is discounted by its dispersion (quasi-likelihood);
* a block that could say more than the typical block is scaled down to it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from personas.features import Feature, FeatureSet
from personas.schema import BLOCKS, Block
from personas.scorecard import Transform

_NUMERIC_CAPACITY = 0.5 * np.log(2 * np.pi * np.e)
"""Differential entropy of a standardised Gaussian, in nats."""


def feature_weights(
    data: pd.DataFrame, feature_set: FeatureSet, block_weights: Mapping[Block, float]
) -> dict[str, float]:
    """Return the weight of each clustered feature's log likelihood.

    Parameters
    ----------
    data : DataFrame of shape (n_users, n_features)
        Typed feature columns.
    feature_set : FeatureSet
        The clustered features.
    block_weights : mapping of block to float, >= 0
        What the user wants each block to count; 1 for each is a balanced persona.

    Returns
    -------
    dict of str to float, 0 to 1 for block weights of at most 1
        A block's *capacity* is the sum over its features of weight x share known x entropy (nats): what
        it could tell at most. Each block is scaled to its block weight x the median capacity, never up.

    References
    ----------
    Wedderburn, R. W. M. (1974). Quasi-likelihood functions, generalized linear models, and the
    Gauss-Newton method. Biometrika 61(3), for the dispersion. The capacity rule is our own.
    """
    weights = {f.name: _dispersion_weight(data[f.name], f) for f in feature_set}
    capacity = {f.name: weights[f.name] * _capacity(data[f.name], f) for f in feature_set}
    blocks = [b for b in BLOCKS if any(f.block == b for f in feature_set)]
    totals = {b: sum(capacity[f.name] for f in feature_set if f.block == b) for b in blocks}
    budget = float(np.median([total for total in totals.values() if total > 0] or [1.0]))
    scale = {b: block_weights.get(b, 1.0) * min(1.0, budget / max(totals[b], 1e-12)) for b in blocks}
    return {f.name: weights[f.name] * scale[f.block] for f in feature_set}


def _dispersion_weight(values: pd.Series, feature: Feature) -> float:
    if feature.kind != "count":
        return 1.0
    known = values.dropna().to_numpy(dtype=float)
    if known.size < 2 or known.mean() <= 0:
        return 1.0
    return float(1.0 / max(1.0, known.var() / known.mean()))


def _capacity(values: pd.Series, feature: Feature) -> float:
    known = values.dropna()
    if known.empty:
        return 0.0
    share_known = len(known) / len(values)
    if feature.kind == "numeric":
        return share_known * float(_NUMERIC_CAPACITY)
    shares = known.value_counts(normalize=True).to_numpy(dtype=float)
    shares = shares[shares > 0]
    return share_known * float(-(shares * np.log(shares)).sum())


def skewed_transforms(data: pd.DataFrame, feature_set: FeatureSet) -> dict[str, Transform]:
    """Return the transform of each numeric feature: ``log1p`` for right-skewed non-negative ones.

    Parameters
    ----------
    data : DataFrame of shape (n_users, n_features)
        Typed feature columns.
    feature_set : FeatureSet
        The clustered features.

    Returns
    -------
    dict of str to {"identity", "log1p"}
        Money and membership values are right-skewed; a Gaussian on the raw scale would spend its
        personas on the tail. A skewness above 1 counts as "highly skewed" (own choice of cut).
    """
    return {f.name: _transform(data[f.name]) for f in feature_set if f.kind == "numeric"}


def _transform(values: pd.Series) -> Transform:
    known = values.dropna().to_numpy(dtype=float)
    if known.size < 3 or known.min() < 0 or known.std() == 0:
        return "identity"
    skewness = float((((known - known.mean()) / known.std()) ** 3).mean())
    return "log1p" if skewness > 1 else "identity"


def between_share(
    data: pd.DataFrame, labels: NDArray[np.integer], feature_set: FeatureSet
) -> tuple[float | None, float | None]:
    """Return how far personas lie apart in value, and how much of their difference can be targeted.

    Parameters
    ----------
    data : DataFrame of shape (n_users, n_features)
        Typed feature columns.
    labels : ndarray of int, shape (n_users,)
        Personas.
    feature_set : FeatureSet
        What the columns are; those that are described count.

    Returns
    -------
    value_spread : float or None, 0 to 1
        Share of the variance of revenue (without revenue: of the membership value) that lies between personas
        (eta squared); None without either.
    actionability : float or None, 0 to 1
        Sum of eta squared over attributes of the profile and the membership, which targeting tools know as
        tags, over the same sum over all features; None when personas differ in nothing. Own definition.

    Notes
    -----
    Every number enters as ``log1p(max(x, 0))``, so that a few large ones do not decide (own choice); levels enter
    as one yes/no column each, weighted by their variance.
    """
    explained = {
        f.name: _eta_squared(data[f.name], labels) for f in feature_set.described if f.name in data.columns
    }
    value = next((explained[name] for name in ("revenue", "membership_value") if name in explained), None)
    usable = sum(explained[f.name] for f in feature_set if f.name in explained and f.source in _TAG_SOURCES)
    total = sum(explained.values())
    return value, usable / total if total > 0 else None


_TAG_SOURCES = ("profile", "membership")


def _eta_squared(values: pd.Series, labels: NDArray[np.integer]) -> float:
    """Return the between-persona share of variance; of levels, the mean over levels weighted by variance."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes = values.cat.codes.to_numpy()
        known = codes >= 0
        columns = (codes[known, None] == np.arange(len(values.cat.categories))).astype(np.float64)
    else:
        numbers = values.to_numpy(dtype=np.float64)
        known = ~np.isnan(numbers)
        columns = np.log1p(np.maximum(numbers[known], 0.0))[:, None]
    groups = labels[known]
    counts = np.bincount(groups).astype(np.float64)
    total = columns.var(axis=0).sum()
    if not len(groups) or total <= 0:
        return 0.0
    means = (
        np.stack([np.bincount(groups, weights=c) for c in columns.T], axis=1) / np.maximum(counts, 1)[:, None]
    )
    between = counts @ (means - columns.mean(axis=0)) ** 2 / counts.sum()
    return float(between.sum() / total)
