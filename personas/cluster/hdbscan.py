"""Density clusters on mixed data: UMAP, then HDBSCAN."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits

from personas.cluster.base import FeatureKinds
from personas.cluster.columns import (
    as_frame,
    learn_columns,
    read_columns,
    resolve_kinds,
    resolve_transforms,
    resolve_weights,
    sort_rows,
)
from personas.cluster.encode import Encoder
from personas.errors import ConfigError, DataError
from personas.scorecard import Transform

Floats = NDArray[np.float64]

SMALLEST_CLUSTER = 5
"""``min_cluster_size`` of few rows; the default of the HDBSCAN package."""

SMALLEST_SHARE = 0.01
"""``min_cluster_size`` of many rows, as a share of them: below 1 % a persona can't be worked with."""

DENSE_NEIGHBOURS = 15
"""Most neighbours that ``min_samples=None`` asks for: beyond it, noise and cost grow and little else."""

UMAP_ROWS = 500
"""Fewer rows are clustered as they are encoded: a neighbour graph of so few rows shows noise."""


class HDBSCANClusterer(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Density clusters of any shape, with noise, in a low-dimensional embedding.

    Offers no ``predict``: its labels are to be distilled into a scorecard.

    Parameters
    ----------
    min_cluster_size : int, >= 2, or None, default=None
        Smallest cluster; None = the larger of 5 rows and 1 % of the rows.
    min_samples : int, >= 1, or None, default=None
        Neighbours that make a point dense; None = the smaller of ``min_cluster_size`` and 15. Higher =
        more noise.
    n_neighbors : int, >= 2, default=30
        UMAP neighbours; more = coarser structure.
    n_components : int, >= 1, default=5
        UMAP dimensions.
    kinds : mapping of str to Kind, or None, default=None
        As in :class:`personas.cluster.LatentClass`.
    feature_weights : mapping of str to float, or None, default=None
        Factor on a column's squared distances, 1 where none is given.
    random_state : int, RandomState instance or None, default=None
        Drives the embedding; an int makes the fit reproducible.
    transforms : mapping of str to {"identity", "log1p", "sqrt"}, or None, default=None
        Transform of numeric columns, identity where none is given; log1p suits money.
    clip : float or None, >= 0, default=None
        As in :class:`personas.cluster.LatentClass`.

    Attributes
    ----------
    labels_ : ndarray of int64, shape (n_rows,)
        Cluster of each row, -1 = noise; cluster 0 is the largest.
    noise_share_ : float, 0 to 1
        Share of noise.
    columns_ : tuple of Column
        What was learned of the columns.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, when ``X`` had them.

    References
    ----------
    McInnes, L., Healy, J. and Melville, J. (2018). UMAP: uniform manifold approximation and projection
    for dimension reduction. arXiv:1802.03426.
    Campello, R., Moulavi, D. and Sander, J. (2013). Density-based clustering based on hierarchical
    density estimates. PAKDD 2013, 160-172.

    Examples
    --------
    >>> import pandas as pd
    >>> users = pd.DataFrame({"age": [20.0, 21, 22, 23, 24, 60, 61, 62, 63, 64]})
    >>> HDBSCANClusterer(min_cluster_size=3, random_state=0).fit(users).labels_.tolist()
    [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    """

    def __init__(
        self,
        min_cluster_size: int | None = None,
        *,
        min_samples: int | None = None,
        n_neighbors: int = 30,
        n_components: int = 5,
        kinds: FeatureKinds | None = None,
        feature_weights: Mapping[str, float] | None = None,
        random_state: Any = None,
        transforms: Mapping[str, Transform] | None = None,
        clip: float | None = None,
    ) -> None:
        self.min_cluster_size = min_cluster_size
        self.min_samples = min_samples
        self.n_neighbors = n_neighbors
        self.n_components = n_components
        self.kinds = kinds
        self.feature_weights = feature_weights
        self.random_state = random_state
        self.transforms = transforms
        self.clip = clip

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002
        """Find the clusters.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Raw rows; missing values are allowed.
        y : None
            Ignored.

        Returns
        -------
        HDBSCANClusterer
            Itself.

        Raises
        ------
        ConfigError
            If a parameter is out of range or names an unknown column.
        DataError
            If there is one row only, a column has no observed value, or holds values that its kind
            does not allow.
        """
        self._check_parameters()
        frame = as_frame(self, X, reset=True)
        if len(frame) < 2:
            raise DataError("Found one row (n_samples=1); density clusters need at least 2.")
        weight = np.ones(len(frame))
        kinds = resolve_kinds(frame, self.kinds)
        transforms = resolve_transforms(self.transforms, kinds, count_transform="log1p")
        self.columns_ = learn_columns(frame, kinds, transforms, self.clip, weight)
        values = read_columns(frame, self.columns_)
        feature_weights = resolve_weights(self.feature_weights, [column.name for column in self.columns_])
        order = sort_rows(values)
        values = values[order]
        points = Encoder.learn(self.columns_, values, weight, feature_weights).encode(values)
        with threadpool_limits(limits=1):
            found = self._cluster(self._embed(points))
        self.labels_ = np.empty(len(frame), dtype=np.int64)
        self.labels_[order] = _by_size(found)
        self.noise_share_ = float(np.mean(self.labels_ == -1))
        return self

    def __sklearn_tags__(self) -> Any:
        """Say that missing values are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _check_parameters(self) -> None:
        for name, least in (
            ("min_cluster_size", 2),
            ("min_samples", 1),
            ("n_neighbors", 2),
            ("n_components", 1),
        ):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ConfigError(f"{name} is {value}; expected a whole number of at least {least}.")

    def _embed(self, points: Floats) -> Floats:
        if len(points) < UMAP_ROWS:
            return points
        with warnings.catch_warnings():
            # Importing umap says that a part of it that needs TensorFlow is off; nothing here uses that part.
            warnings.filterwarnings("ignore", message="Tensorflow not installed", category=ImportWarning)
            from umap import UMAP

        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        # min_dist 0 packs clusters tightly: the embedding is clustered, not drawn.
        embedding = UMAP(
            n_neighbors=self.n_neighbors,
            n_components=self.n_components,
            min_dist=0.0,
            random_state=seed,
            n_jobs=1,
        )
        return np.asarray(embedding.fit_transform(points), dtype=np.float64)

    def _cluster(self, points: Floats) -> NDArray[np.int64]:
        from hdbscan import HDBSCAN

        n_rows = len(points)
        smallest = self.min_cluster_size or max(SMALLEST_CLUSTER, round(SMALLEST_SHARE * n_rows))
        if smallest > n_rows:
            return np.full(n_rows, -1, dtype=np.int64)
        found = HDBSCAN(
            min_cluster_size=smallest,
            min_samples=min(self.min_samples or min(smallest, DENSE_NEIGHBOURS), n_rows - 1),
            core_dist_n_jobs=1,
        )
        return np.asarray(found.fit_predict(points), dtype=np.int64)


def _by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the labels renumbered so that 0 is the largest cluster; ties keep their order."""
    sizes = np.bincount(labels[labels >= 0])
    rank = np.empty(len(sizes) + 1, dtype=np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    rank[-1] = -1
    return rank[labels]
