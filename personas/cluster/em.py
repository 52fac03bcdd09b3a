"""Expectation-maximisation over one design matrix: a matrix product per step, in cache-sized chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.cluster.emissions import MINIMUM_SHARE, Emission

Floats = NDArray[np.float64]

_CHUNK_VALUES = 1 << 17
"""Numbers per chunk of the design matrix (1 MiB): it is read twice per step, once from memory."""


@dataclass(frozen=True, slots=True)
class Design:
    """What the emissions read of a batch of rows.

    Parameters
    ----------
    matrix : ndarray of shape (n_rows, width)
        Column 0 is all ones; then one block per emission, zero where the value is missing, so that a
        missing value takes no part in any product (full information maximum likelihood).
    blocks : tuple of slice
        Block of each emission.
    observed : tuple of int
        Column that is 1 where the emission's value is observed; 0 when none is missing.
    base : ndarray of shape (n_rows,)
        Weighted sum of the emissions' class-independent log densities.
    """

    matrix: Floats
    blocks: tuple[slice, ...]
    observed: tuple[int, ...]
    base: Floats

    def chunks(self) -> Iterator[slice]:
        """Yield slices of rows of a size that stays in the processor's cache."""
        n_rows, width = self.matrix.shape
        size = max(64, _CHUNK_VALUES // width)
        for start in range(0, n_rows, size):
            yield slice(start, min(start + size, n_rows))


@dataclass(frozen=True, slots=True)
class Mixture:
    """Parameters of a mixture: log class shares, shape (n_classes,), and each emission's parameters."""

    log_shares: Floats
    parameters: tuple[Floats, ...]

    def reordered(self, order: NDArray[np.intp]) -> Mixture:
        """Return the mixture with its classes in the given order."""
        return Mixture(self.log_shares[order], tuple(p[order] for p in self.parameters))


@dataclass(frozen=True, slots=True)
class Run:
    """Result of one EM run: the mixture, its log likelihood after every iteration, and whether it converged."""

    mixture: Mixture
    path: tuple[float, ...]
    converged: bool


@dataclass(frozen=True, slots=True)
class MixedModel:
    """What stays the same over all runs of one fit.

    Parameters
    ----------
    emissions : tuple of Emission
        One per column.
    feature_weights : ndarray of shape (n_columns,)
        Factor on each column's log density.
    prior : float, >= 0
        Pseudo-rows per class.
    """

    emissions: tuple[Emission, ...]
    feature_weights: Floats
    prior: float

    def design(self, values: Floats) -> Design:
        """Return the design of rows as :func:`personas.cluster.columns.read_columns` returns them."""
        known = ~np.isnan(values)
        complete: list[bool] = np.all(known, axis=0).tolist()
        base = np.zeros(len(values))
        blocks, observed = [], []
        width = 1
        for emission, whole in zip(self.emissions, complete, strict=True):
            blocks.append(slice(width, width + emission.width))
            width = blocks[-1].stop
            observed.append(0 if whole else width)
            width += 0 if whole else 1
        matrix = np.zeros((len(values), width))
        matrix[:, 0] = 1.0
        for j, emission in enumerate(self.emissions):
            rows = slice(None) if complete[j] else np.flatnonzero(known[:, j])
            emission.fill(matrix, blocks[j].start, rows, values[rows, j])
            matrix[rows, observed[j]] = 1.0
            base[rows] += self.feature_weights[j] * emission.base(values[rows, j])
        return Design(matrix, tuple(blocks), tuple(observed), base)

    def coefficients(self, design: Design, mixture: Mixture) -> Floats:
        """Return the matrix, shape (n_classes, width), whose product with a design row is the score."""
        result = np.zeros((len(mixture.log_shares), design.matrix.shape[1]))
        result[:, 0] = mixture.log_shares
        for j, emission in enumerate(self.emissions):
            constant, linear = emission.points(mixture.parameters[j])
            result[:, design.blocks[j]] = self.feature_weights[j] * linear
            result[:, design.observed[j]] += self.feature_weights[j] * constant
        return result

    def joint(self, design: Design, mixture: Mixture) -> Floats:
        """Return log share + log density (less the base) per row and class, shape (n_rows, n_classes)."""
        coefficients = self.coefficients(design, mixture)
        result = np.empty((len(design.matrix), len(coefficients)))
        for rows in design.chunks():
            np.matmul(design.matrix[rows], coefficients.T, out=result[rows])
        return result

    def expect(self, design: Design, weight: Floats, mixture: Mixture) -> tuple[float, Floats]:
        """Return the log likelihood (less the base) and the weighted sums of the design per class."""
        coefficients = self.coefficients(design, mixture)
        sums = np.zeros_like(coefficients)
        total = 0.0
        for rows in design.chunks():
            part = design.matrix[rows]
            scores = coefficients @ part.T
            best = scores.max(axis=0)
            scores -= best
            np.exp(scores, out=scores)
            mass = scores.sum(axis=0)
            total += float(weight[rows] @ (best + np.log(mass)))
            scores *= weight[rows] / mass
            sums += scores @ part
        return total, sums

    def maximise(self, design: Design, sums: Floats, previous: Mixture | None, prior: float) -> Mixture:
        """Return the mixture that fits the expected sums best."""
        n_classes = len(sums)
        shares = np.maximum(sums[:, 0] + prior / n_classes, 0.0)
        shares = np.maximum(shares / shares.sum(), MINIMUM_SHARE)
        parameters = tuple(
            emission.estimate(
                sums[:, design.observed[j]],
                sums[:, design.blocks[j]],
                prior,
                previous.parameters[j] if previous else None,
            )
            for j, emission in enumerate(self.emissions)
        )
        return Mixture(np.log(shares / shares.sum()), parameters)

    def start(self, design: Design, weight: Floats, labels: NDArray[np.intp], n_classes: int) -> Mixture:
        """Return the mixture of a hard partition; one pseudo-row per class keeps it off the boundary."""
        sums = np.zeros((n_classes, design.matrix.shape[1]))
        for label in range(n_classes):
            rows = labels == label
            sums[label] = weight[rows] @ design.matrix[rows]
        return self.maximise(design, sums, None, max(self.prior, 1.0))

    def run(self, design: Design, weight: Floats, mixture: Mixture, *, tol: float, max_iter: int) -> Run:
        """Iterate until the log likelihood per row changes by ``tol`` at most."""
        tolerance = tol * float(weight.sum())
        total, sums = self.expect(design, weight, mixture)
        path = [total]
        for _ in range(max_iter):
            mixture = self.maximise(design, sums, mixture, self.prior)
            total, sums = self.expect(design, weight, mixture)
            path.append(total)
            if abs(path[-1] - path[-2]) <= tolerance:
                return Run(mixture, tuple(path), converged=True)
        return Run(mixture, tuple(path), converged=False)


def best_runs(runs: Sequence[Run], n_kept: int) -> list[Run]:
    """Return the runs with the highest log likelihood, the earlier one first in a tie."""
    return sorted(runs, key=lambda run: -run.path[-1])[:n_kept]
