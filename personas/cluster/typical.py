"""What a scorecard term usually says: the yardstick of the out-of-distribution test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp

from personas.scorecard import PolynomialTerm, Scorecard, TableTerm

Floats = NDArray[np.float64]

MeasuredTerm = PolynomialTerm | TableTerm


def make_scorecard(
    intercept: Floats, terms: Sequence[MeasuredTerm], values: Floats, sample_weight: Floats
) -> Scorecard:
    """Return the scorecard of these terms with their typical mean and variance filled in.

    Both are taken over the training rows in which the feature is observed, of its own marginal log
    density ``log sum_k share_k exp(points_k(x)) + base(x)`` with shares = softmax of the intercept.

    Parameters
    ----------
    intercept : ndarray of shape (n_personas,)
        Intercept of the scorecard.
    terms : sequence of PolynomialTerm or TableTerm
        One per column.
    values : ndarray of shape (n_rows, n_columns)
        Training rows as :func:`personas.cluster.columns.read_columns` returns them.
    sample_weight : ndarray of shape (n_rows,)
        Row weights.

    Returns
    -------
    Scorecard
    """
    log_shares = log_softmax(intercept)
    measured = []
    for j, term in enumerate(terms):
        observed = ~np.isnan(values[:, j])
        weight = sample_weight[observed] / sample_weight[observed].sum()
        density = _marginal_density(term, values[observed, j], log_shares)
        mean = float(weight @ density)
        variance = float(weight @ (density - mean) ** 2)
        measured.append(replace(term, typical_mean=mean, typical_variance=variance))
    return Scorecard(intercept=intercept, terms=tuple(measured))


def _marginal_density(term: MeasuredTerm, values: Floats, log_shares: Floats) -> Floats:
    if isinstance(term, TableTerm):
        per_level: Floats = logsumexp(term.points + log_shares[:, None], axis=0) + term.base
        return np.asarray(per_level[values.astype(np.intp)])
    z = (values - term.centre) / term.scale
    constant, linear, quadratic = term.coefficients.T[:, :, None]
    points = (quadratic * z + linear) * z + (constant + log_shares[:, None])
    best: Floats = points.max(axis=0)
    points -= best
    density: Floats = np.log(np.exp(points, out=points).sum(axis=0))
    density += best + (term.base[2] * z + term.base[1]) * z + term.base[0]
    return density
