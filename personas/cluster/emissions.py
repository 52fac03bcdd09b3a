"""Within-class distributions of a latent class model, one class per kind.

Each emission is additive in a few columns of a design matrix (``log p(x|k) = constant_k +
design(x) . linear_k + base(x)``), so that one matrix product scores all features of all classes, and
its transpose collects every sufficient statistic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from personas.cluster.columns import Column
from personas.cluster.typical import MeasuredTerm
from personas.scorecard import PolynomialTerm, TableTerm

Floats = NDArray[np.float64]
Rows = slice | NDArray[np.intp]
"""Every row (a full slice) or some row numbers."""

MINIMUM_VARIANCE = 1e-6
"""Smallest variance of a class, as a share of the column's variance; scikit-learn's ``reg_covar``."""

MINIMUM_SHARE = 1e-10
"""Smallest share of a level in a class, so that no answer has infinite points."""

_EMPTY = 1e-8
"""Observed weight below which a class takes the parameters of all rows."""

_NEWTON_STEPS = 25


class Emission(Protocol):
    """Distribution of one column within each class. ``parameters`` has one row per class."""

    @property
    def column(self) -> Column:
        """Column that it reads."""
        ...

    @property
    def width(self) -> int:
        """Number of design columns."""
        ...

    def fill(self, matrix: Floats, start: int, rows: Rows, values: Floats) -> None:
        """Write the design columns of some rows into ``matrix``, which is zero, from column ``start`` on.

        ``values`` belong to ``rows`` and are never missing.
        """
        ...

    def base(self, values: Floats) -> Floats:
        """Return the class-independent part of the log density, shape (n_rows,)."""
        ...

    def estimate(self, weight: Floats, sums: Floats, prior: float, previous: Floats | None) -> Floats:
        """Return the parameters that maximise the expected log likelihood.

        Parameters
        ----------
        weight : ndarray of shape (n_classes,)
            Weight of each class's observed rows.
        sums : ndarray of shape (n_classes, width)
            Weighted sums of the design columns over them.
        prior : float, >= 0
            Pseudo-rows per class with the distribution of all rows.
        previous : ndarray or None
            Parameters to start from where the maximum has no closed form.
        """
        ...

    def points(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Return constant_k, shape (n_classes,), and linear_k, shape (n_classes, width)."""
        ...

    def n_parameters(self, n_classes: int) -> int:
        """Return the number of free parameters."""
        ...

    def term(self, parameters: Floats, weight: float) -> MeasuredTerm:
        """Return the scorecard term: log densities times ``weight``."""
        ...


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Normal with its own mean and variance in each class, on the standardised column.

    ``prior`` pseudo-rows pull the variances towards that of the column; means are left alone.
    """

    column: Column
    centre: float
    scale: float

    @property
    def width(self) -> int:
        """Return 2."""
        return 2

    def fill(self, matrix: Floats, start: int, rows: Rows, values: Floats) -> None:
        """Write z and z squared."""
        z = (values - self.centre) / self.scale
        matrix[rows, start] = z
        matrix[rows, start + 1] = z * z

    def base(self, values: Floats) -> Floats:
        """Return the logarithm of the density's constant factor."""
        return np.full(len(values), -0.5 * np.log(2 * np.pi) - np.log(self.scale))

    def estimate(self, weight: Floats, sums: Floats, prior: float, previous: Floats | None) -> Floats:  # noqa: ARG002
        """Return means and variances, shape (n_classes, 2)."""
        empty = weight < _EMPTY
        rows = np.where(empty, 1.0, weight)
        mean = np.where(empty, 0.0, sums[:, 0] / rows)
        scatter = np.where(empty, 1.0, sums[:, 1] - rows * mean**2)
        variance = (scatter + prior) / (rows + prior)
        return np.column_stack([mean, np.maximum(variance, MINIMUM_VARIANCE)])

    def points(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Return the polynomial's coefficients."""
        mean, variance = parameters.T
        constant = -0.5 * (np.log(variance) + mean**2 / variance)
        return constant, np.column_stack([mean / variance, -0.5 / variance])

    def n_parameters(self, n_classes: int) -> int:
        """Return one mean and one variance per class."""
        return 2 * n_classes

    def term(self, parameters: Floats, weight: float) -> MeasuredTerm:
        """Return a polynomial of degree 2."""
        constant, linear = self.points(parameters)
        return PolynomialTerm(
            feature=self.column.name,
            transform=self.column.transform,
            lower=self.column.lower,
            upper=self.column.upper,
            centre=self.centre,
            scale=self.scale,
            coefficients=weight * np.column_stack([constant, linear]),
            missing=np.zeros(len(constant)),
            base=weight * np.array([self.base(np.zeros(1))[0], 0.0, 0.0]),
        )


@dataclass(frozen=True, slots=True)
class Poisson:
    """Poisson with its own rate in each class. ``prior`` pseudo-rows hold the mean of all rows.

    The scorecard holds polynomials, so its base stands in for ``-log(x!)`` by the parabola that is
    closest to it, in least squares, over the training rows (``curve``, on ``x / scale``).
    """

    column: Column
    mean: float
    scale: float
    curve: Floats

    @property
    def width(self) -> int:
        """Return 1."""
        return 1

    def fill(self, matrix: Floats, start: int, rows: Rows, values: Floats) -> None:
        """Write x / scale."""
        matrix[rows, start] = values / self.scale

    def base(self, values: Floats) -> Floats:
        """Return -log(x!)."""
        result: Floats = -gammaln(values + 1)
        return result

    def estimate(self, weight: Floats, sums: Floats, prior: float, previous: Floats | None) -> Floats:  # noqa: ARG002
        """Return rates, shape (n_classes, 1)."""
        empty = weight < _EMPTY
        rows = np.where(empty, 1.0, weight)
        total = np.where(empty, self.mean, sums[:, 0] * self.scale)
        rate = (total + prior * self.mean) / (rows + prior)
        return np.maximum(rate, MINIMUM_SHARE)[:, None]

    def points(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Return -rate, and scale * log(rate)."""
        return -parameters[:, 0], self.scale * np.log(parameters)

    def n_parameters(self, n_classes: int) -> int:
        """Return one rate per class."""
        return n_classes

    def term(self, parameters: Floats, weight: float) -> MeasuredTerm:
        """Return a polynomial of degree 1."""
        constant, linear = self.points(parameters)
        return PolynomialTerm(
            feature=self.column.name,
            transform="identity",
            lower=self.column.lower,
            upper=self.column.upper,
            centre=0.0,
            scale=self.scale,
            coefficients=weight * np.column_stack([constant, linear, np.zeros_like(constant)]),
            missing=np.zeros(len(constant)),
            base=weight * self.curve,
        )


@dataclass(frozen=True, slots=True)
class Categorical:
    """Free shares of the levels in each class (Bernoulli when there are two).

    ``prior`` pseudo-rows are spread over the levels as all rows are.
    """

    column: Column
    shares: Floats

    @property
    def width(self) -> int:
        """Return the number of levels."""
        return len(self.shares)

    def fill(self, matrix: Floats, start: int, rows: Rows, values: Floats) -> None:
        """Write the levels, one-hot."""
        _fill_levels(matrix, start, rows, values)

    def base(self, values: Floats) -> Floats:
        """Return zeros: the points leave nothing out."""
        return np.zeros(len(values))

    def estimate(self, weight: Floats, sums: Floats, prior: float, previous: Floats | None) -> Floats:  # noqa: ARG002
        """Return log shares, shape (n_classes, n_levels)."""
        counts = _smooth(weight, sums, prior, self.shares)
        shares = np.maximum(counts / counts.sum(axis=1, keepdims=True), MINIMUM_SHARE)
        log_shares: Floats = np.log(shares / shares.sum(axis=1, keepdims=True))
        return log_shares

    def points(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Return zeros and the log shares."""
        return np.zeros(len(parameters)), parameters

    def n_parameters(self, n_classes: int) -> int:
        """Return the free shares."""
        return n_classes * (len(self.shares) - 1)

    def term(self, parameters: Floats, weight: float) -> MeasuredTerm:
        """Return a table."""
        return _table(self.column, parameters, weight)


@dataclass(frozen=True, slots=True)
class AdjacentCategory:
    """Adjacent-category logits: ``log p(j|k) = a_j + b_k j - log sum_l exp(a_l + b_k l)``.

    Shared intercepts and one slope per class say that classes differ by leaning up or down the scale.
    The parameters hold ``a_j + b_k j`` with ``a`` zero at both ends. ``prior`` pseudo-rows are spread
    over the levels as all rows are.

    References
    ----------
    Agresti, A. (2010). Analysis of Ordinal Categorical Data, 2nd ed., section 4.1. Wiley.
    Magidson, J. and Vermunt, J. K. (2004). Latent class models. In The Sage Handbook of Quantitative
    Methodology for the Social Sciences, 175-198.
    """

    column: Column
    shares: Floats

    @property
    def width(self) -> int:
        """Return the number of levels."""
        return len(self.shares)

    def fill(self, matrix: Floats, start: int, rows: Rows, values: Floats) -> None:
        """Write the levels, one-hot."""
        _fill_levels(matrix, start, rows, values)

    def base(self, values: Floats) -> Floats:
        """Return zeros: the points leave nothing out."""
        return np.zeros(len(values))

    def estimate(self, weight: Floats, sums: Floats, prior: float, previous: Floats | None) -> Floats:
        """Return scores, shape (n_classes, n_levels), by damped Newton steps that never lose likelihood."""
        counts = _smooth(weight, sums, prior, self.shares)
        n_levels = len(self.shares)
        if n_levels == 1:
            return np.zeros_like(counts)
        ranks = np.linspace(0.0, 1.0, n_levels)
        if previous is None:
            start = np.log(np.maximum(self.shares, MINIMUM_SHARE))
            slopes = np.full(len(counts), start[-1] - start[0])
            intercepts = start - start[0] - slopes[0] * ranks
        else:
            slopes = previous[:, -1] - previous[:, 0]
            intercepts = previous[0] - previous[0, 0] - slopes[0] * ranks
        return _newton(counts, ranks, intercepts, slopes)

    def points(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Return zeros and the log shares."""
        return np.zeros(len(parameters)), _log_softmax(parameters)

    def n_parameters(self, n_classes: int) -> int:
        """Return the free intercepts and slopes."""
        n_levels = len(self.shares)
        return 0 if n_levels == 1 else n_levels - 1 + n_classes - 1

    def term(self, parameters: Floats, weight: float) -> MeasuredTerm:
        """Return a table."""
        return _table(self.column, self.points(parameters)[1], weight)


def make_emissions(columns: Sequence[Column], values: Floats, sample_weight: Floats) -> tuple[Emission, ...]:
    """Return one emission per column, scaled by the training rows.

    Parameters
    ----------
    columns : sequence of Column
        What was learned of the columns.
    values : ndarray of shape (n_rows, n_columns)
        Training rows; NaN = missing.
    sample_weight : ndarray of shape (n_rows,)
        Row weights.

    Returns
    -------
    tuple of Emission
        In column order.
    """
    emissions: list[Emission] = []
    for j, column in enumerate(columns):
        observed = ~np.isnan(values[:, j])
        emissions.append(_make_emission(column, values[observed, j], sample_weight[observed]))
    return tuple(emissions)


def _make_emission(column: Column, values: Floats, weight: Floats) -> Emission:
    total = weight.sum()
    if column.levels:
        shares = np.bincount(values.astype(np.intp), weights=weight, minlength=len(column.levels)) / total
        return AdjacentCategory(column, shares) if column.kind == "ordinal" else Categorical(column, shares)
    mean = float(weight @ values / total)
    variance = float(weight @ (values - mean) ** 2 / total)
    scale = float(np.sqrt(variance)) if variance > 0 else 1.0
    if column.kind == "numeric":
        return Gaussian(column, mean, scale)
    distinct, place = np.unique(values, return_inverse=True)
    mass = np.sqrt(np.bincount(place, weights=weight))
    powers = np.vander(distinct / scale, 3, increasing=True)
    curve = np.linalg.lstsq(powers * mass[:, None], -gammaln(distinct + 1) * mass, rcond=None)[0]
    return Poisson(column, mean, scale, curve)


def _fill_levels(matrix: Floats, start: int, rows: Rows, values: Floats) -> None:
    numbers = np.arange(len(matrix)) if isinstance(rows, slice) else rows
    matrix[numbers, start + values.astype(np.intp)] = 1.0


def _smooth(weight: Floats, sums: Floats, prior: float, shares: Floats) -> Floats:
    empty = (weight < _EMPTY)[:, None]
    return np.where(empty, shares, sums) + prior * shares


def _log_softmax(scores: Floats) -> Floats:
    shifted = scores - scores.max(axis=1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def _table(column: Column, log_shares: Floats, weight: float) -> TableTerm:
    n_classes, n_levels = log_shares.shape
    return TableTerm(
        feature=column.name,
        levels=column.levels,
        points=weight * log_shares,
        missing=np.zeros(n_classes),
        base=np.zeros(n_levels),
    )


def _newton(counts: Floats, ranks: Floats, intercepts: Floats, slopes: Floats) -> Floats:
    """Maximise ``sum_kj counts_kj log p_kj``, which is concave, from the given start."""
    weight = counts.sum(axis=1)
    inner = slice(1, len(ranks) - 1)
    n_inner = len(ranks) - 2
    scores = intercepts + np.outer(slopes, ranks)
    gain = float(np.vdot(counts, _log_softmax(scores)))
    for _ in range(_NEWTON_STEPS):
        shares = np.exp(_log_softmax(scores))
        surplus = counts - weight[:, None] * shares
        gradient = np.concatenate([surplus[:, inner].sum(axis=0), surplus @ ranks])
        mean = shares @ ranks
        spread = shares * (ranks - mean[:, None]) * weight[:, None]
        curvature = np.zeros((len(gradient), len(gradient)))
        weighted = shares[:, inner] * weight[:, None]
        curvature[:n_inner, :n_inner] = np.diag(weighted.sum(axis=0)) - shares[:, inner].T @ weighted
        curvature[:n_inner, n_inner:] = spread[:, inner].T
        curvature[n_inner:, :n_inner] = spread[:, inner]
        curvature[n_inner:, n_inner:] = np.diag(spread @ ranks)
        curvature[np.diag_indices_from(curvature)] += 1e-9 * weight.sum()
        step = np.linalg.solve(curvature, gradient)
        step *= min(1.0, 5.0 / max(np.abs(step).max(), 1e-300))
        for _halving in range(10):
            move = np.concatenate([[0.0], step[:n_inner], [0.0]]) + np.outer(step[n_inner:], ranks)
            new_gain = float(np.vdot(counts, _log_softmax(scores + move)))
            if new_gain >= gain:
                break
            step *= 0.5
        else:
            break
        scores, improved, gain = scores + move, new_gain - gain, new_gain
        if improved <= 1e-10 * weight.sum():
            break
    return scores
