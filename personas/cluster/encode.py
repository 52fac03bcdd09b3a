"""Encode raw columns for squared Euclidean distance: every feature has unit variance, then its weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.cluster.columns import Column
from personas.cluster.typical import MeasuredTerm
from personas.scorecard import PolynomialTerm, TableTerm

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EncodedColumn:
    """How one column becomes coordinates.

    Parameters
    ----------
    column : Column
        What was learned of it.
    vectors : ndarray of shape (n_levels, n_coordinates)
        Coordinates of each level, for ordinal, nominal and binary; empty for numbers.
    centre, scale, stretch : float
        A number, as read, becomes ``stretch * (x - centre) / scale``.
    """

    column: Column
    vectors: Floats
    centre: float = 0.0
    scale: float = 1.0
    stretch: float = 1.0

    @property
    def n_coordinates(self) -> int:
        """Number of coordinates."""
        return int(self.vectors.shape[1])

    def encode(self, values: Floats) -> Floats:
        """Return coordinates of shape (n_rows, n_coordinates); a missing value is the mean, which is 0."""
        missing = np.isnan(values)
        if self.column.levels:
            codes = np.where(missing, 0, values).astype(np.intp)
            coordinates = self.vectors[codes]
        else:
            coordinates = (self.stretch * (values - self.centre) / self.scale)[:, None]
        return np.where(missing[:, None], 0.0, coordinates)

    def term(self, centres: Floats, constant: Floats | None = None) -> MeasuredTerm:
        """Return the points whose sum over features ranks centres by distance.

        ``-|z - c|^2 / 2 = z.c - |c|^2 / 2`` (points) ``- |z|^2 / 2`` (base).

        Parameters
        ----------
        centres : ndarray of shape (n_clusters, n_coordinates)
            This column's coordinates of the cluster centres.
        constant : ndarray of shape (n_clusters,), optional
            What stands for ``-|c|^2 / 2`` where the column shares its coordinates with others.
        """
        missing = -0.5 * np.einsum("ij,ij->i", centres, centres) if constant is None else constant
        if self.column.levels:
            return TableTerm(
                feature=self.column.name,
                levels=self.column.levels,
                points=centres @ self.vectors.T + missing[:, None],
                missing=missing,
                base=-0.5 * np.einsum("ij,ij->i", self.vectors, self.vectors),
            )
        linear = self.stretch * centres[:, 0]
        return PolynomialTerm(
            feature=self.column.name,
            transform=self.column.transform,
            lower=self.column.lower,
            upper=self.column.upper,
            centre=self.centre,
            scale=self.scale,
            coefficients=np.column_stack([missing, linear, np.zeros_like(linear)]),
            missing=missing,
            base=np.array([0.0, 0.0, -0.5 * self.stretch**2]),
        )


@dataclass(frozen=True, slots=True)
class Encoder:
    """A fitted encoding of several columns.

    Numbers, as read, are standardised; an ordinal level counts as its rank, standardised;
    nominal and binary levels are one-hot, centred and scaled so that the feature's total variance is
    1. A missing value becomes the feature's mean (for levels: the base shares).

    Parameters
    ----------
    columns : tuple of EncodedColumn
        In column order.
    """

    columns: tuple[EncodedColumn, ...]

    @classmethod
    def learn(
        cls, columns: Sequence[Column], values: Floats, sample_weight: Floats, feature_weights: Floats
    ) -> Encoder:
        """Learn the encoding from training rows.

        Parameters
        ----------
        columns : sequence of Column
            What was learned of the columns.
        values : ndarray of shape (n_rows, n_columns)
            As :func:`personas.cluster.columns.read_columns` returns them.
        sample_weight : ndarray of shape (n_rows,)
            Row weights.
        feature_weights : ndarray of shape (n_columns,), >= 0
            Factor on each feature's squared distances.

        Returns
        -------
        Encoder
        """
        return cls(
            tuple(
                _learn_column(column, values[:, j], sample_weight, float(np.sqrt(feature_weights[j])))
                for j, column in enumerate(columns)
            )
        )

    def encode(self, values: Floats) -> Floats:
        """Return the coordinates of shape (n_rows, n_coordinates)."""
        blocks = [column.encode(values[:, j]) for j, column in enumerate(self.columns)]
        return np.ascontiguousarray(np.hstack(blocks))

    def terms(self, centres: Floats) -> list[MeasuredTerm]:
        """Return one scorecard term per column, whose points rank centres by distance.

        Parameters
        ----------
        centres : ndarray of shape (n_clusters, n_coordinates)
            Cluster centres.
        """
        return [column.term(c) for column, c in zip(self.columns, self.split(centres), strict=True)]

    def split(self, coordinates: Floats) -> list[Floats]:
        """Return the coordinates column by column; the inverse of stacking."""
        ends = np.cumsum([column.n_coordinates for column in self.columns])
        return np.split(coordinates, ends[:-1], axis=1)


@dataclass(frozen=True, slots=True)
class ProjectedEncoder:
    """An encoding followed by a linear map; still a sum over columns, so still a scorecard.

    Parameters
    ----------
    encoder : Encoder
        Encodes the columns.
    directions : ndarray of shape (n_coordinates, n_dimensions)
        Where each coordinate points to.
    """

    encoder: Encoder
    directions: Floats

    def encode(self, values: Floats) -> Floats:
        """Return the positions of shape (n_rows, n_dimensions)."""
        return np.ascontiguousarray(self.encoder.encode(values) @ self.directions)

    def terms(self, centres: Floats) -> list[MeasuredTerm]:
        """Return one scorecard term per column, whose points rank centres by distance.

        ``-|D'z - c|^2 / 2 = z.(D c) - |c|^2 / 2`` but for what all centres share; every column carries an
        equal part of the constant.

        Parameters
        ----------
        centres : ndarray of shape (n_clusters, n_dimensions)
            Cluster centres.
        """
        parts = self.encoder.split(centres @ self.directions.T)
        constant = -0.5 * np.einsum("ij,ij->i", centres, centres) / len(parts)
        return [column.term(c, constant) for column, c in zip(self.encoder.columns, parts, strict=True)]


def _learn_column(column: Column, values: Floats, weight: Floats, stretch: float) -> EncodedColumn:
    observed = ~np.isnan(values)
    values, weight = values[observed], weight[observed]
    total = weight.sum()
    if column.kind in ("nominal", "binary"):
        shares = np.bincount(values.astype(np.intp), weights=weight, minlength=len(column.levels)) / total
        spread = 1.0 - float(shares @ shares)
        scale = np.sqrt(spread) if spread > 0 else 1.0
        return EncodedColumn(column, stretch * (np.eye(len(shares)) - shares) / scale)
    centre = float(weight @ values / total)
    variance = float(weight @ (values - centre) ** 2 / total)
    scale = float(np.sqrt(variance)) if variance > 0 else 1.0
    if column.kind == "ordinal":
        ranks = np.arange(len(column.levels), dtype=np.float64)
        return EncodedColumn(column, (stretch * (ranks - centre) / scale)[:, None])
    return EncodedColumn(column, np.empty((0, 1)), centre, scale, stretch)
