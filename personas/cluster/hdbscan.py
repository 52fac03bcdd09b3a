"""Density clusters on mixed data: an embedding, then HDBSCAN."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
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
)
from personas.cluster.embed import embed_famd, embed_umap
from personas.cluster.encode import Encoder
from personas.cluster.rows import sort_rows
from personas.errors import ConfigError, DataError
from personas.scorecard import Transform

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Embedding = Literal["umap", "famd"]

EMBEDDINGS: tuple[Embedding, ...] = ("umap", "famd")

SMALLEST_CLUSTER = 5
"""``min_cluster_size`` of few rows; the default of the HDBSCAN package."""

SMALLEST_SHARE = 0.01
"""``min_cluster_size`` of many rows, as a share of them: below 1 % a persona can't be worked with."""

DENSE_NEIGHBOURS = 15
"""Most neighbours that ``min_samples=None`` asks for: beyond it, noise and cost grow and little else."""

UMAP_ROWS = 500
"""Fewer rows are clustered as they are encoded: a neighbour graph of so few rows shows noise."""

CORE_STRENGTH = 0.5
"""Membership strength from which a row counts as the core of its cluster (own choice). On planted groups of
unequal density, the nearest core names the group of a noise row more often than the nearest member does."""


class HDBSCANClusterer(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Density clusters of any shape, with noise, in a low-dimensional embedding.

    Offers no ``predict``: its labels are to be distilled into a scorecard. A row given twice counts twice;
    there are no row weights, as HDBSCAN has none.

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
        Dimensions of the embedding.
    embedding : {"umap", "famd"}, default="umap"
        What the clusters are found in. UMAP follows curved groups, from 500 rows on; fewer are clustered as
        they are encoded. Factor analysis of mixed data is linear, has no seed and takes a hundredth of the
        time, but parts overlapping groups less well.
    coverage : float, 0 to 1, or None, default=None
        Share of the rows that get a cluster: noise joins the clusters, the most certain first, until this
        share is reached. A larger share that HDBSCAN finds by itself stays. None = noise stays noise.
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
        Cluster of each row, -1 = noise; cluster 0 is the largest before ``coverage``.
    noise_share_ : float, 0 to 1
        Share of noise that is left.
    joined_share_ : float, 0 to 1
        Share that HDBSCAN called noise and ``coverage`` added to a cluster.
    columns_ : tuple of Column
        What was learned of the columns.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, when ``X`` had them.

    Notes
    -----
    The core of a cluster are its rows of a membership strength of at least .5. A row of noise joins the
    cluster whose core has the nearest row in the embedding. It is the more certain the smaller the ratio
    of that distance to the one from the next cluster's core (the rule of the ratio is Lowe's, its use here
    our own); ties go to the smaller distance, then to the first row in sorted order.

    References
    ----------
    Campello, R., Moulavi, D. and Sander, J. (2013). Density-based clustering based on hierarchical
    density estimates. PAKDD 2013, 160-172.
    Lowe, D. (2004). Distinctive image features from scale-invariant keypoints. International Journal of
    Computer Vision 60(2), 91-110.

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
        embedding: Embedding = "umap",
        coverage: float | None = None,
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
        self.embedding = embedding
        self.coverage = coverage
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
            If there is one row only, all rows are alike, a column has no observed value, or holds values that
            its kind does not allow, or if no cluster is found that could give the ``coverage``.
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
        encoder = Encoder.learn(self.columns_, values, weight, feature_weights)
        with threadpool_limits(limits=1):
            points = self._embed(encoder, values)
            found, strength = self._cluster(points)
            found = _by_size(found)
            covered = found if self.coverage is None else _cover(found, strength, points, self.coverage)
        self.labels_ = np.empty(len(frame), dtype=np.int64)
        self.labels_[order] = covered
        self.noise_share_ = float(np.mean(covered == -1))
        self.joined_share_ = float(np.mean(found == -1)) - self.noise_share_
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
        if self.embedding not in EMBEDDINGS:
            raise ConfigError(f"embedding is {self.embedding!r}; expected one of {', '.join(EMBEDDINGS)}.")
        if self.coverage is not None and not 0 <= self.coverage <= 1:
            raise ConfigError(f"coverage is {self.coverage}; expected None or a share from 0 to 1.")

    def _embed(self, encoder: Encoder, values: Floats) -> Floats:
        encoded = encoder.encode(values)
        if not np.ptp(encoded, axis=0).any():
            raise DataError(
                f"All {len(values)} rows are alike; clusters need rows that differ in at least one feature of "
                "positive weight. Choose other features."
            )
        if self.embedding == "famd":
            return embed_famd(encoder, values, self.n_components)
        if len(values) < UMAP_ROWS:
            return encoded
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        return embed_umap(
            encoded, n_components=self.n_components, n_neighbors=self.n_neighbors, random_state=seed
        )

    def _cluster(self, points: Floats) -> tuple[Labels, Floats]:
        """Return the cluster of each row, -1 = noise, and the strength of its membership."""
        from hdbscan import HDBSCAN

        n_rows = len(points)
        smallest = self.min_cluster_size or max(SMALLEST_CLUSTER, round(SMALLEST_SHARE * n_rows))
        if smallest > n_rows:
            return np.full(n_rows, -1, dtype=np.int64), np.zeros(n_rows)
        found = HDBSCAN(
            min_cluster_size=smallest,
            min_samples=min(self.min_samples or min(smallest, DENSE_NEIGHBOURS), n_rows - 1),
            core_dist_n_jobs=1,
        ).fit(points)
        return np.asarray(found.labels_, dtype=np.int64), np.asarray(found.probabilities_, dtype=np.float64)


def _by_size(labels: Labels) -> Labels:
    """Return the labels renumbered so that 0 is the largest cluster; ties keep their order."""
    sizes = np.bincount(labels[labels >= 0])
    rank = np.empty(len(sizes) + 1, dtype=np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    rank[-1] = -1
    return rank[labels]


def _cover(labels: Labels, strength: Floats, points: Floats, coverage: float) -> Labels:
    """Return the labels with as much noise in clusters as the coverage asks for; see the class's notes."""
    # As decimals, because .145 * 100 is below 14.5 as a float.
    wanted = int((Decimal(str(float(coverage))) * len(labels)).quantize(Decimal(1), ROUND_HALF_UP))
    noise = np.flatnonzero(labels == -1)
    n_missing = wanted - (len(labels) - len(noise))
    if n_missing <= 0:
        return labels
    if len(noise) == len(labels):
        raise DataError(
            f"No cluster was found among {len(labels)} rows, so a coverage of {coverage} can't be given. Lower "
            "min_cluster_size, choose other features, or give no coverage."
        )
    distances = np.empty((len(noise), int(labels.max()) + 1))
    for label in range(distances.shape[1]):
        core = points[(labels == label) & (strength >= CORE_STRENGTH)]
        distances[:, label] = KDTree(core).query(points[noise])[0]
    nearest = distances.min(axis=1)
    # The only cluster has no next one: there, the distance decides alone.
    others = (
        np.partition(distances, 1, axis=1)[:, 1] if distances.shape[1] > 1 else np.full(len(noise), np.inf)
    )
    ratio = np.divide(nearest, others, out=np.ones(len(noise)), where=others > 0)
    first = np.lexsort((nearest, ratio))[:n_missing]
    covered = labels.copy()
    covered[noise[first]] = distances[first].argmin(axis=1)
    return covered
