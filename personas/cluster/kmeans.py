"""K-means on mixed data, as an additive scorecard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.utils.validation import _check_sample_weight, check_is_fitted
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
from personas.cluster.encode import Encoder, ProjectedEncoder
from personas.cluster.rows import collapse_rows
from personas.cluster.start import started_labels
from personas.cluster.typical import make_scorecard
from personas.errors import ConfigError, DataError
from personas.scorecard import Scorecard, Transform

Floats = NDArray[np.float64]

_Solution = tuple[Floats, NDArray[np.intp], float]
"""Centres, the nearest of them to each row, and the inertia."""


class KMeansClusterer(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """K-means over an encoding in which every feature counts alike.

    Numbers are standardised, counts after log1p; an ordinal level counts as its rank, standardised;
    nominal and binary levels are one-hot, scaled so that the feature's total variance is 1. A missing
    value becomes the mean (of levels: the base shares).

    Parameters
    ----------
    n_clusters : int, >= 1, default=8
        Number of clusters.
    kinds : mapping of str to Kind, or None, default=None
        As in :class:`personas.cluster.LatentClass`.
    feature_weights : mapping of str to float, or None, default=None
        Factor on a column's squared distances, 1 where none is given.
    n_init : int, >= 1, default=10
        Number of starts.
    random_state : int, RandomState instance or None, default=None
        Drives the starts; an int makes the fit reproducible.
    transforms : mapping of str to {"identity", "log1p", "sqrt"}, or None, default=None
        Transform of numeric columns, identity where none is given; log1p suits money.
    clip : float or None, >= 0, default=None
        As in :class:`personas.cluster.LatentClass`.
    start : Scorecard or None, default=None
        What is in use; the centres of its groups are one more start, if it has as many groups and none is empty.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_coordinates)
        Centres in the encoded space.
    inertia_ : float, >= 0
        Weighted sum of squared distances to the nearest centre.
    n_iter_ : int
        Iterations of the best start.
    weights_ : ndarray of shape (n_clusters,), 0 to 1, decreasing
        Cluster shares; cluster 0 is the largest.
    labels_ : ndarray of int64, shape (n_rows,)
        Cluster of each training row; ties go to the lower label.
    columns_ : tuple of Column
        What was learned of the columns.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, when ``X`` had them.

    References
    ----------
    Arthur, D. and Vassilvitskii, S. (2007). k-means++: the advantages of careful seeding. SODA 2007,
    1027-1035.

    Examples
    --------
    >>> import pandas as pd
    >>> users = pd.DataFrame({"age": [21.0, 23.0, 22.0, 64.0, 66.0, None], "car": ["n", "n", None, "y", "y", "y"]})
    >>> KMeansClusterer(n_clusters=2, random_state=0).fit(users).weights_.round(1).tolist()
    [0.5, 0.5]
    """

    size_parameter = "n_clusters"
    """Parameter that sets the number of groups; a clusterer without one finds the number itself."""

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        kinds: FeatureKinds | None = None,
        feature_weights: Mapping[str, float] | None = None,
        n_init: int = 10,
        random_state: Any = None,
        transforms: Mapping[str, Transform] | None = None,
        clip: float | None = None,
        start: Scorecard | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.kinds = kinds
        self.feature_weights = feature_weights
        self.n_init = n_init
        self.random_state = random_state
        self.transforms = transforms
        self.clip = clip
        self.start = start

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:  # noqa: ARG002
        """Find the clusters.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Raw rows; missing values are allowed.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_rows,), >= 0, or None
            Row weights.

        Returns
        -------
        KMeansClusterer
            Itself.

        Raises
        ------
        ConfigError
            If a parameter is out of range or names an unknown column.
        DataError
            If there are fewer distinct rows than clusters, a column has no observed value, or holds
            values that its kind does not allow.
        """
        for name in ("n_clusters", "n_init"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected a whole number of at least 1.")
        frame = as_frame(self, X, reset=True)
        weight = _check_sample_weight(sample_weight, frame, dtype=np.float64, ensure_non_negative=True)
        used = weight > 0
        kinds = resolve_kinds(frame, self.kinds)
        transforms = resolve_transforms(self.transforms, kinds, count_transform="log1p")
        self.columns_ = learn_columns(frame[used], kinds, transforms, self.clip, weight[used])
        rows, mass, place = collapse_rows(read_columns(frame[used], self.columns_), weight[used])
        feature_weights = resolve_weights(self.feature_weights, [column.name for column in self.columns_])
        self._encoder = self._learn_encoder(rows, mass, feature_weights)
        # Again, because rows that differ may have the same coordinates (a missing value and the mean).
        points, points_mass, again = collapse_rows(self._encoder.encode(rows), mass)
        if len(points) < self.n_clusters:
            raise DataError(
                f"Found {len(points)} distinct rows (n_samples={len(frame)}); expected at least "
                f"n_clusters={self.n_clusters}. Ask for fewer clusters or give more rows."
            )
        points = np.ascontiguousarray(points)
        centres, nearest, self.inertia_ = self._find_centres(points, points_mass)
        warm = started_labels(self.start, frame[used], [place, again], self.n_clusters)
        if warm is not None and len(np.unique(warm)) == self.n_clusters:
            centres, nearest, self.inertia_ = self._or_warm(
                (centres, nearest, self.inertia_), points, points_mass, warm
            )
        shares = np.bincount(nearest, weights=points_mass, minlength=self.n_clusters) / mass.sum()
        order = np.argsort(-shares, kind="stable")
        self.weights_ = shares[order]
        self.cluster_centers_ = centres[order]
        terms = self._encoder.terms(self.cluster_centers_)
        self._scorecard = make_scorecard(np.zeros(self.n_clusters), terms, rows, mass)
        self.labels_ = self._nearest(frame)
        return self

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return the nearest cluster of each row, shape (n_rows,); ties go to the lower label."""
        check_is_fitted(self)
        return self._nearest(as_frame(self, X, reset=False))

    def score_terms(self) -> Scorecard:
        """Return the scorecard that reproduces :meth:`predict`.

        Returns
        -------
        Scorecard
            One term per column, one row per cluster; a missing value has the points of the mean. The log
            density is ``-distance**2 / 2``, summed over clusters.
        """
        check_is_fitted(self)
        return self._scorecard

    def __sklearn_tags__(self) -> Any:
        """Say that missing values are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _learn_encoder(
        self, rows: Floats, mass: Floats, feature_weights: Floats
    ) -> Encoder | ProjectedEncoder:
        return Encoder.learn(self.columns_, rows, mass, feature_weights)

    def _find_centres(self, points: Floats, mass: Floats) -> tuple[Floats, NDArray[np.intp], float]:
        """Return the centres, the nearest of them to each row, and the inertia."""
        found = KMeans(self.n_clusters, n_init=self.n_init, random_state=self.random_state)
        with threadpool_limits(limits=1):
            found.fit(points, sample_weight=mass)
        self.n_iter_ = int(found.n_iter_)
        return found.cluster_centers_, found.labels_, float(found.inertia_)

    def _or_warm(self, cold: _Solution, points: Floats, mass: Floats, warm: NDArray[np.intp]) -> _Solution:
        """Return the solution that begins at the means of given groups where it has the lower inertia."""
        means = [
            np.average(points[warm == k], axis=0, weights=mass[warm == k]) for k in range(self.n_clusters)
        ]
        found = KMeans(self.n_clusters, init=np.array(means), n_init=1)
        with threadpool_limits(limits=1):
            found.fit(points, sample_weight=mass)
        if found.inertia_ >= cold[2]:
            return cold
        return found.cluster_centers_, found.labels_, float(found.inertia_)

    def _nearest(self, frame: pd.DataFrame) -> NDArray[np.int64]:
        points = self._encoder.encode(read_columns(frame, self.columns_))
        halves = 0.5 * np.einsum("ij,ij->i", self.cluster_centers_, self.cluster_centers_)
        with threadpool_limits(limits=1, user_api="blas"):
            labels: NDArray[np.int64] = np.argmax(points @ self.cluster_centers_.T - halves, axis=1)
        return labels
