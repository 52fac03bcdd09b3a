"""Personas of what people do next: k-means in the space of expected behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from personas.cluster.base import FeatureKinds
from personas.cluster.columns import Column, learn_columns, read_columns, resolve_transforms
from personas.cluster.encode import Encoder, ProjectedEncoder
from personas.cluster.kmeans import KMeansClusterer
from personas.errors import DataError
from personas.scorecard import Scorecard, Transform

Floats = NDArray[np.float64]

N_DIRECTIONS = 4
"""Dimensions of the expected behaviour. On two retailers 3 to 6 told as much, more gave noise (own choice)."""

RIDGE = 0.01
"""Ridge penalty per user, standardised feature and number of features: so behaviour is expected to explain as
much however many columns tell of it. On two retailers .003 to .01 told as much; more is steadier (own choice)."""

TASTE_SAY = 0.87
"""Say of *which* categories against *how many*, as shares of the variance of the expected behaviour. Activity
is one strong direction, taste many weak ones: at equal say personas are little more than tiers of activity; at .9 and
more, reach at a grocer fell below .85 of what tiers and tastes without a profile reach (own choice)."""

RARITY = 0.5
"""Power of a feature's standard deviation that its coordinate keeps. At 0 a category that few users buy counts as
much as any other, and its few buyers decide what it tells; at 1 it hardly counts. On two retailers .5 was best (own
choice)."""

RAREST, MOST_COMMON = 0.01, 0.95
"""A category bought by fewer, or by more, of the active users teaches next to nothing (own choice)."""


@dataclass(frozen=True, slots=True)
class Foresight:
    """A linear map from standardised behaviour to what users are expected to do next.

    Parameters
    ----------
    features : tuple of str
        Behaviour columns: counts and numbers.
    directions : ndarray of shape (n_features, n_directions)
        Weight of each standardised feature in each direction.
    """

    features: tuple[str, ...]
    directions: Floats


def learn_foresight(
    history: pd.DataFrame,
    outcomes: Floats,
    *,
    kinds: FeatureKinds,
    transforms: Mapping[str, Transform] | None = None,
    clip: float | None = None,
) -> Foresight:
    """Learn which behaviour tells what is bought next.

    Two things are foretold from the standardised history by ridge regression: whether a user buys a category
    at all (each category in units of its standard deviation), and which share of the user's purchases
    it gets (in units of the root of its mean share). These are the scales on which squared distance
    approximates the log loss of the one and the information of the other. The leading directions of both
    predictions, weighed by :data:`TASTE_SAY`, are kept.

    Parameters
    ----------
    history : DataFrame of shape (n_users, n_features)
        Behaviour before a cut; counts and numbers, missing values allowed.
    outcomes : ndarray of shape (n_users, n_categories)
        Purchases per category after the cut, one row per row of ``history``.
    kinds : mapping of str to Kind
        Kind of every column of ``history``: count or numeric.
    transforms, clip
        As in :class:`personas.cluster.LatentClass`.

    Returns
    -------
    Foresight
        Its predictions have total variance 1 over the active users.

    Raises
    ------
    DataError
        If no category is bought by 1 % to 95 % of the users with a history, or their history is constant.

    References
    ----------
    The reduced-rank idea: Izenman, A. J. (1975). Reduced-rank regression for the multivariate linear
    model. Journal of Multivariate Analysis 5(2). The two targets and their weights are our own.

    Examples
    --------
    >>> history = pd.DataFrame({"tea": [3.0, 0, 4, 0], "coffee": [0.0, 2, 0, 5]})
    >>> learn_foresight(history, history.to_numpy(), kinds=dict.fromkeys(history, "count")).directions.shape
    (2, 2)
    """
    counts = [name for name in history.columns if kinds[name] == "count"]
    active = history[counts].sum(axis=1).to_numpy() > 0 if counts else np.ones(len(history), dtype=bool)
    bought = outcomes[active] > 0
    shares = bought.mean(axis=0) if active.any() else np.zeros(outcomes.shape[1])
    told = (shares >= RAREST) & (shares <= MOST_COMMON)
    if not told.any():
        raise DataError(
            f"None of {outcomes.shape[1]} categories is bought by {RAREST:.0%} to {MOST_COMMON:.0%} of the "
            f"{int(active.sum())} users with a history; expected at least one. Choose a longer next window, or "
            "another clusterer."
        )
    with threadpool_limits(limits=1, user_api="blas"):
        standardised, stretch = _standardised(history[active], kinds, transforms, clip)
        standardised *= stretch
        gram = standardised.T @ standardised
        gram[np.diag_indices_from(gram)] += RIDGE * len(standardised) * np.sum(stretch**2)
        parts = []
        for target, say in (
            (_reach_target(outcomes[active][:, told]), 1 - TASTE_SAY),
            (_taste_target(outcomes[active][:, told]), TASTE_SAY),
        ):
            weights = np.linalg.solve(gram, standardised.T @ (target - target.mean(axis=0)))
            variance = (standardised @ weights).var(axis=0).sum()
            if variance > 0:
                parts.append(weights * np.sqrt(say / variance))
        if not parts:
            raise DataError(
                "The history of the active users is constant, so it foretells nothing; expected at least one "
                "column that varies. Choose another clusterer."
            )
        weights = np.hstack(parts)
        # The leading directions of the predictions, from the small matrix of their second moments.
        moments = weights.T @ (standardised.T @ standardised) @ weights
        _, vectors = np.linalg.eigh(moments)
        directions = weights @ vectors[:, ::-1][:, : min(N_DIRECTIONS, *weights.shape)]
        directions /= np.sqrt((standardised @ directions).var(axis=0).sum())
    return Foresight(tuple(map(str, history.columns)), stretch[:, None] * directions)


def _standardised(
    history: pd.DataFrame,
    kinds: FeatureKinds,
    transforms: Mapping[str, Transform] | None,
    clip: float | None,
) -> tuple[Floats, Floats]:
    """Return the history as coordinates of mean 0 and variance 1, and by how much each is to be stretched.

    A missing value is the mean. Standard deviations are compared among columns of one transform only: those of
    logarithms of counts and of roots of shares have nothing to do with each other.
    """
    weight = np.ones(len(history))
    chosen = {str(name): kinds[str(name)] for name in history.columns}
    read = resolve_transforms(
        {name: t for name, t in (transforms or {}).items() if name in chosen}, chosen, count_transform="log1p"
    )
    columns = learn_columns(history, chosen, read, clip, weight)
    values = read_columns(history, columns)
    encoder = Encoder.learn(columns, values, weight, np.ones(len(columns)))
    spread = np.array([column.scale for column in encoder.columns])
    kind = np.array([column.column.transform for column in encoder.columns])
    stretch = np.empty(len(spread))
    for one in np.unique(kind):
        stretch[kind == one] = (spread / np.sqrt(np.mean(spread[kind == one] ** 2)))[kind == one] ** RARITY
    return encoder.encode(values), stretch


def _reach_target(outcomes: Floats) -> Floats:
    bought = outcomes > 0
    share = bought.mean(axis=0)
    return np.asarray((bought - share) / np.sqrt(share * (1 - share)))


def _taste_target(outcomes: Floats) -> Floats:
    """Return shares of purchases in units of the root of the mean share; who buys nothing has the mean."""
    totals = outcomes.sum(axis=1)
    buys = totals > 0
    taste = np.zeros(outcomes.shape)
    shares = outcomes[buys] / totals[buys, None]
    mean = shares.mean(axis=0)
    taste[buys] = (shares - mean) / np.sqrt(mean)
    return taste


class ForesightKMeans(KMeansClusterer):
    """K-means over what users are expected to do next, and over who they are.

    Behaviour columns are projected onto the directions of a :class:`Foresight`, learned before from an
    earlier history and what followed it; the other columns keep coordinates of their own, weighted by
    ``feature_weights``. All of it is additive over columns, so the scorecard is exact. Without a foresight the
    users' own counts stand in for what follows; without counts it is plain k-means.

    Parameters
    ----------
    n_clusters : int, >= 1, default=8
        Number of clusters.
    foresight : Foresight or None, default=None
        What behaviour tells; its features must be columns of ``X``.
    kinds, feature_weights, n_init, random_state, transforms, clip, start
        As in :class:`personas.cluster.KMeansClusterer`. Weights of behaviour columns have no effect: the
        foresight weighs them.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_dimensions)
        Centres in the projected space.
    inertia_, n_iter_, weights_, labels_, columns_, n_features_in_, feature_names_in_
        As in :class:`personas.cluster.KMeansClusterer`.

    Examples
    --------
    >>> users = pd.DataFrame({"tea": [3.0, 5, 4, 0, 0, 1], "coffee": [0.0, 0, 1, 5, 4, 6]})
    >>> model = ForesightKMeans(2, kinds={"tea": "count", "coffee": "count"}, random_state=0).fit(users)
    >>> model.weights_.round(1).tolist()
    [0.5, 0.5]
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        foresight: Foresight | None = None,
        kinds: FeatureKinds | None = None,
        feature_weights: Mapping[str, float] | None = None,
        n_init: int = 10,
        random_state: Any = None,
        transforms: Mapping[str, Transform] | None = None,
        clip: float | None = None,
        start: Scorecard | None = None,
    ) -> None:
        super().__init__(
            n_clusters,
            kinds=kinds,
            feature_weights=feature_weights,
            n_init=n_init,
            random_state=random_state,
            transforms=transforms,
            clip=clip,
            start=start,
        )
        self.foresight = foresight

    def _learn_encoder(
        self, rows: Floats, mass: Floats, feature_weights: Floats
    ) -> Encoder | ProjectedEncoder:
        foresight = self.foresight or _own_foresight(self.columns_, rows, mass)
        if foresight is None:
            return Encoder.learn(self.columns_, rows, mass, feature_weights)
        known = [column.name for column in self.columns_]
        absent = sorted(set(foresight.features) - set(known))
        if absent:
            raise DataError(
                f"The foresight reads {', '.join(absent)}, which X lacks; expected every one of its columns. "
                "Learn it on the same features."
            )
        told = np.array([name in foresight.features for name in known])
        encoder = Encoder.learn(self.columns_, rows, mass, np.where(told, 1.0, feature_weights))
        return ProjectedEncoder(encoder, _directions(encoder, foresight))


def _directions(encoder: Encoder, foresight: Foresight) -> Floats:
    """Return the map of all coordinates: behaviour into the foresight, every other one onto itself."""
    place = {name: i for i, name in enumerate(foresight.features)}
    own = [0 if c.column.name in place else c.n_coordinates for c in encoder.columns]
    n_told = foresight.directions.shape[1]
    directions = np.zeros((sum(c.n_coordinates for c in encoder.columns), n_told + sum(own)))
    row, column = 0, n_told
    for encoded, n_own in zip(encoder.columns, own, strict=True):
        if n_own:
            directions[row : row + n_own, column : column + n_own] = np.eye(n_own)
        else:
            directions[row, :n_told] = foresight.directions[place[encoded.column.name]]
        row += encoded.n_coordinates
        column += n_own
    return directions


def _own_foresight(columns: Sequence[Column], rows: Floats, mass: Floats) -> Foresight | None:
    """Learn from the counts themselves, as if the same purchases followed; None without counts to learn from."""
    counts = [j for j, column in enumerate(columns) if column.kind == "count"]
    if not counts:
        return None
    names = [columns[j].name for j in counts]
    repeated = np.repeat(np.arange(len(rows)), np.maximum(1, np.rint(mass)).astype(np.intp))
    bought = np.nan_to_num(np.expm1(rows[repeated][:, counts]))
    history = pd.DataFrame(bought, columns=names)
    try:
        return learn_foresight(history, bought, kinds=dict.fromkeys(names, "count"))
    except DataError:  # everybody buys everything, or nobody anything: nothing tells users apart
        return None
