"""The additive scorecard: what is stored is what scores.

``score_k(x) = intercept_k + sum over terms of points_k(x_feature)``; the persona is the argmax and the
posterior is the softmax. A term never looks at more than one feature, so its points are also the
explanation of an answer. Missing has its own row of points in every term: folding constants into the
intercept would change answers for users with missing values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from personas.errors import DataError

Transform = Literal["identity", "log1p", "sqrt"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PolynomialTerm:
    """Points that are a polynomial of degree <= 2 of a transformed, clipped, scaled number.

    ``z = (clip(transform(x), lower, upper) - centre) / scale``;
    ``points_k = c[k, 0] + c[k, 1] z + c[k, 2] z**2``.

    Parameters
    ----------
    feature : str
        Column it reads.
    transform : Transform
        Applied first; ``log1p`` and ``sqrt`` read negative numbers as 0.
    lower, upper : float
        Clip bounds on the transformed scale (may be infinite).
    centre, scale : float
        Standardisation on the transformed scale; scale > 0.
    coefficients : ndarray of shape (n_personas, 3)
        Constant, linear and quadratic coefficient.
    missing : ndarray of shape (n_personas,)
        Points when the value is missing.
    base : ndarray of shape (3,)
        Polynomial of the class-independent log density that the points leave out.
    base_missing : float
        The same when the value is missing.
    typical_mean, typical_variance : float
        Mean and variance over training users of this feature's own marginal log density; the
        out-of-distribution test compares a user's density with their sums over observed features.
    """

    feature: str
    transform: Transform
    lower: float
    upper: float
    centre: float
    scale: float
    coefficients: Floats
    missing: Floats
    base: Floats
    base_missing: float = 0.0
    typical_mean: float = 0.0
    typical_variance: float = 0.0


@dataclass(frozen=True, slots=True)
class TableTerm:
    """Points looked up by level; an unseen level counts as missing and is flagged.

    Parameters
    ----------
    feature : str
        Column it reads.
    levels : tuple of str
        Known levels. A binary feature has the levels ``("0", "1")``.
    points : ndarray of shape (n_personas, n_levels)
        Points per level.
    missing : ndarray of shape (n_personas,)
        Points when the value is missing or unseen.
    base : ndarray of shape (n_levels,)
        Class-independent log density per level.
    base_missing : float
        The same when missing.
    typical_mean, typical_variance : float
        As in :class:`PolynomialTerm`.
    """

    feature: str
    levels: tuple[str, ...]
    points: Floats
    missing: Floats
    base: Floats
    base_missing: float = 0.0
    typical_mean: float = 0.0
    typical_variance: float = 0.0


@dataclass(frozen=True, slots=True)
class BinTerm:
    """Points looked up by interval: bin ``j`` holds ``edges[j-1] <= x < edges[j]``.

    Parameters
    ----------
    feature : str
        Column it reads.
    edges : ndarray of shape (n_bins - 1,)
        Inner edges, increasing.
    points : ndarray of shape (n_personas, n_bins)
        Points per bin.
    missing : ndarray of shape (n_personas,)
        Points when missing.
    base : ndarray of shape (n_bins,)
        Class-independent log density per bin.
    base_missing : float
        The same when missing.
    typical_mean, typical_variance : float
        As in :class:`PolynomialTerm`.
    """

    feature: str
    edges: Floats
    points: Floats
    missing: Floats
    base: Floats
    base_missing: float = 0.0
    typical_mean: float = 0.0
    typical_variance: float = 0.0


Term = PolynomialTerm | TableTerm | BinTerm


@dataclass(frozen=True, slots=True)
class Scorecard:
    """An intercept per persona and one term per feature.

    Parameters
    ----------
    intercept : ndarray of shape (n_personas,)
        Log prior of each persona (zeros for k-means).
    terms : tuple of Term
        One term per clustered feature.
    """

    intercept: Floats
    terms: tuple[Term, ...]

    @property
    def n_personas(self) -> int:
        """Number of personas that it chooses among."""
        return int(self.intercept.shape[0])

    @property
    def features(self) -> list[str]:
        """Features that it reads, in order."""
        return [term.feature for term in self.terms]


@dataclass(frozen=True, slots=True)
class Scores:
    """What a scorecard says of a batch of users.

    Parameters
    ----------
    label : ndarray of int32, shape (n_users,)
        Index of the best persona; ties go to the lower index.
    runner_up : ndarray of int32, shape (n_users,)
        Index of the second best, -1 when there is one persona only.
    probability : ndarray of shape (n_users,), 0 to 1
        Softmax share of the best.
    runner_up_probability : ndarray of shape (n_users,), 0 to 1
        Softmax share of the second best.
    surprise : ndarray of shape (n_users,)
        Standardised drop of the log density below what is typical for the features that the user
        has (higher = stranger).
    n_flags : ndarray of int32, shape (n_users,)
        Unseen levels (and values beyond the clip bounds) per user.
    n_observed : ndarray of int32, shape (n_users,)
        Features that the user has a value of, seen in training or not.
    """

    label: NDArray[np.int32]
    runner_up: NDArray[np.int32]
    probability: Floats
    runner_up_probability: Floats
    surprise: Floats
    n_flags: NDArray[np.int32]
    n_observed: NDArray[np.int32]


def check_scorecard(scorecard: Scorecard) -> None:
    """Check that every array has its shape and that no number could spoil a sum.

    Parameters
    ----------
    scorecard : Scorecard
        Of any origin, for example read from a file.

    Raises
    ------
    DataError
        If there is no persona, a feature has two terms, an array has another shape, a scale is not
        positive, bounds or edges are out of order, or a number is NaN or infinite. Points and bases
        of levels and bins may be ``-inf``, the log of a share of zero.

    Examples
    --------
    >>> check_scorecard(Scorecard(np.zeros(2), ()))
    """
    if scorecard.intercept.ndim != 1 or scorecard.n_personas < 1:
        raise DataError(
            f"The intercept of the scorecard has the shape {scorecard.intercept.shape}; expected one number "
            "per persona. Fit the model again."
        )
    _check_numbers("intercept", scorecard.intercept, scorecard.intercept.shape)
    if len(set(scorecard.features)) < len(scorecard.terms):
        twice = sorted({name for name in scorecard.features if scorecard.features.count(name) > 1})
        raise DataError(
            f"The scorecard has more than one term for {', '.join(twice)}; expected one term per feature."
        )
    for term in scorecard.terms:
        _check_term(term, scorecard.n_personas)


def _check_term(term: Term, n_personas: int) -> None:
    name = term.feature
    _check_numbers(f"missing row of {name}", term.missing, (n_personas,))
    scalars = [term.base_missing, term.typical_mean, term.typical_variance]
    if isinstance(term, PolynomialTerm):
        _check_numbers(f"coefficients of {name}", term.coefficients, (n_personas, 3))
        _check_numbers(f"base of {name}", term.base, (3,))
        scalars += [term.centre, term.scale]
        is_ordered = term.lower <= term.upper and term.lower < np.inf and term.upper > -np.inf
        if not (is_ordered and term.scale > 0):
            raise DataError(
                f"The term of {name} has the bounds {term.lower} and {term.upper} and the scale {term.scale}; "
                "expected lower <= upper and a scale above 0. Fit the model again."
            )
    else:
        width = len(term.levels) if isinstance(term, TableTerm) else len(term.edges) + 1
        _check_numbers(f"points of {name}", term.points, (n_personas, width), or_log_of_zero=True)
        _check_numbers(f"base of {name}", term.base, (width,), or_log_of_zero=True)
    if isinstance(term, BinTerm):
        _check_numbers(f"edges of {name}", term.edges, (len(term.edges),))
        if np.any(np.diff(term.edges) <= 0):
            raise DataError(f"The edges of {name} do not increase; expected increasing inner edges.")
    if isinstance(term, TableTerm) and len(set(term.levels)) < len(term.levels):
        raise DataError(f"The term of {name} names a level twice; expected each level once.")
    _check_numbers(f"constants of {name}", np.array(scalars), (len(scalars),))


def _check_numbers(what: str, values: Floats, shape: tuple[int, ...], or_log_of_zero: bool = False) -> None:
    fine = np.isfinite(values) | (np.isneginf(values) & or_log_of_zero)
    if values.shape != shape or not fine.all():
        raise DataError(
            f"The {what} has the shape {values.shape} and {int((~fine).sum())} numbers that are not finite; "
            f"expected the shape {shape} and finite numbers. Fit the model again."
        )
