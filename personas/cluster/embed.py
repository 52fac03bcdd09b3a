"""Few coordinates instead of many: principal axes, factor analysis of mixed data, UMAP."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from personas.cluster.encode import EncodedColumn, Encoder

Floats = NDArray[np.float64]

SMALLEST_VARIANCE = 1e-10
"""Axes of a smaller share of the largest variance hold rounding errors only (own choice)."""


def principal_axes(points: Floats, n_axes: int) -> Floats:
    """Return the directions in which points vary most.

    Parameters
    ----------
    points : ndarray of shape (n_rows, n_coordinates)
        Coordinates with mean 0, as an :class:`personas.cluster.encode.Encoder` returns them.
    n_axes : int, >= 1
        Most axes to return.

    Returns
    -------
    ndarray of shape (n_coordinates, <= n_axes)
        Orthonormal columns, by decreasing variance; ``points @ axes`` are principal coordinates. Directions
        in which nothing varies are left out, such as the one in which one-hot levels add up to 1.

    References
    ----------
    Jolliffe, I. T. (2002). Principal Component Analysis, 2nd ed., chapter 1. Springer.

    Examples
    --------
    >>> import numpy as np
    >>> points = np.array([[-1.0, -1.0], [1.0, 1.0]])
    >>> np.abs(points @ principal_axes(points, 5)).round(3).tolist()
    [[1.414], [1.414]]
    """
    variances, vectors = np.linalg.eigh(points.T @ points / len(points))
    variances, vectors = variances[::-1], vectors[:, ::-1]
    n_varying = int((variances > SMALLEST_VARIANCE * variances[0]).sum())
    return np.ascontiguousarray(vectors[:, : min(n_axes, n_varying)])


def embed_famd(encoder: Encoder, values: Floats, n_components: int) -> Floats:
    """Return the first principal coordinates of factor analysis of mixed data (FAMD).

    Numbers and ranks are standardised; a nominal or binary level of share ``p`` is the indicator
    ``(x - p) / sqrt(p)``. So no feature can give any axis more than a variance of 1, times its weight, and a
    rare level lies far out. A missing value lies at the mean of its feature.

    Parameters
    ----------
    encoder : Encoder
        Learned from the same rows, without row weights.
    values : ndarray of shape (n_rows, n_columns)
        As :func:`personas.cluster.columns.read_columns` returns them.
    n_components : int, >= 1
        Most coordinates to return.

    Returns
    -------
    ndarray of shape (n_rows, <= n_components)

    References
    ----------
    Pagès, J. (2004). Analyse factorielle de données mixtes. Revue de statistique appliquée 52(4), 93-111.

    Examples
    --------
    >>> import numpy as np
    >>> from personas.cluster.columns import Column
    >>> values, ones = np.array([[0.0], [1.0], [1.0], [1.0]]), np.ones(4)
    >>> encoder = Encoder.learn([Column("car", "nominal", ("n", "y"))], values, ones, np.ones(1))
    >>> np.abs(embed_famd(encoder, values, 2)).round(3).ravel().tolist()
    [1.732, 0.577, 0.577, 0.577]
    """
    blocks = [
        column.encode(values[:, j]) * _indicator_scale(column, values[:, j])
        for j, column in enumerate(encoder.columns)
    ]
    scaled = np.hstack(blocks)
    coordinates: Floats = scaled @ principal_axes(scaled, n_components)
    return coordinates


def embed_umap(points: Floats, *, n_components: int, n_neighbors: int, random_state: int) -> Floats:
    """Return UMAP coordinates, packed to be clustered rather than drawn.

    Parameters
    ----------
    points : ndarray of shape (n_rows, n_coordinates)
        Rows to embed.
    n_components : int, >= 1
        Coordinates to return.
    n_neighbors : int, >= 2
        Neighbours in the graph; more = coarser structure.
    random_state : int
        Seed.

    Returns
    -------
    ndarray of shape (n_rows, n_components)

    References
    ----------
    McInnes, L., Healy, J. and Melville, J. (2018). UMAP: uniform manifold approximation and projection
    for dimension reduction. arXiv:1802.03426.
    """
    with warnings.catch_warnings():
        # Importing umap says that a part of it that needs TensorFlow is off; nothing here uses that part.
        warnings.filterwarnings("ignore", message="Tensorflow not installed", category=ImportWarning)
        from umap import UMAP

    # min_dist 0 packs clusters tightly; a second job would make the answer depend on timing.
    embedding = UMAP(
        n_neighbors=n_neighbors,
        n_components=n_components,
        min_dist=0.0,
        random_state=random_state,
        n_jobs=1,
    )
    return np.asarray(embedding.fit_transform(points), dtype=np.float64)


def _indicator_scale(column: EncodedColumn, values: Floats) -> Floats:
    """Return the factors that turn the encoder's indicators, of total variance 1, into those of FAMD."""
    if column.column.kind not in ("nominal", "binary"):
        return np.ones(column.n_coordinates)
    codes = values[~np.isnan(values)].astype(np.intp)
    shares = np.bincount(codes, minlength=column.n_coordinates) / len(codes)
    spread = 1.0 - float(shares @ shares)
    return np.sqrt(np.divide(spread, shares, out=np.zeros_like(shares), where=shares > 0))
