"""Bisecting k-means on mixed data, as an additive scorecard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import BisectingKMeans
from sklearn.metrics import euclidean_distances
from threadpoolctl import threadpool_limits

from personas.cluster.kmeans import KMeansClusterer

Floats = NDArray[np.float64]


class BisectingKMeansClusterer(KMeansClusterer):
    """Bisecting k-means over an encoding in which every feature counts alike.

    All rows are split in two by k-means, then whichever part has the largest sum of squared distances, and
    so on, which gives parts of more even size than k-means does. Encoding, missing values and scorecard are
    those of :class:`personas.cluster.KMeansClusterer`.

    A row belongs to the nearest centre of a final part. That is one more assignment step than the tree of
    splits makes, in which a row stays on its side of every split even where a centre beyond it is nearer;
    it makes the scorecard exact.

    Parameters
    ----------
    n_clusters : int, >= 1, default=8
        Number of clusters.
    kinds : mapping of str to Kind, or None, default=None
        As in :class:`personas.cluster.LatentClass`.
    feature_weights : mapping of str to float, or None, default=None
        Factor on a column's squared distances, 1 where none is given.
    n_init : int, >= 1, default=10
        Number of starts of every split.
    random_state : int, RandomState instance or None, default=None
        Drives the starts; an int makes the fit reproducible.
    transforms : mapping of str to {"identity", "log1p", "sqrt"}, or None, default=None
        Transform of numeric columns, identity where none is given; log1p suits money.
    clip : float or None, >= 0, default=None
        As in :class:`personas.cluster.LatentClass`.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_coordinates)
        Centres of the final parts in the encoded space.
    inertia_ : float, >= 0
        Weighted sum of squared distances to the nearest centre.
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
    Steinbach, M., Karypis, G. and Kumar, V. (2000). A comparison of document clustering techniques. KDD
    Workshop on Text Mining.

    Examples
    --------
    >>> import pandas as pd
    >>> users = pd.DataFrame({"age": [21.0, 23.0, 22.0, 64.0, 66.0, None], "car": ["n", "n", None, "y", "y", "y"]})
    >>> BisectingKMeansClusterer(n_clusters=2, random_state=0).fit(users).weights_.round(1).tolist()
    [0.5, 0.5]
    """

    def _find_centres(self, points: Floats, mass: Floats) -> tuple[Floats, NDArray[np.intp], float]:
        found = BisectingKMeans(
            self.n_clusters, init="k-means++", n_init=self.n_init, random_state=self.random_state
        )
        with threadpool_limits(limits=1):
            found.fit(points, sample_weight=mass)
            distances = euclidean_distances(points, found.cluster_centers_, squared=True)
        nearest: NDArray[np.intp] = distances.argmin(axis=1)
        return found.cluster_centers_, nearest, float(mass @ distances.min(axis=1))
