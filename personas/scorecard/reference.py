"""The scorecard in plain numpy: slow, short, and the meaning that every faster evaluator must match."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from personas.scorecard.columns import (
    LARGEST_Z,
    MISSING,
    UNSEEN,
    check_columns,
    read_levels,
    read_numbers,
)
from personas.scorecard.terms import (
    Floats,
    PolynomialTerm,
    Scorecard,
    Scores,
    TableTerm,
    Term,
    Transform,
    check_scorecard,
)

Flags = NDArray[np.bool_]


def evaluate(scorecard: Scorecard, columns: Mapping[str, ArrayLike]) -> Scores:
    """Score users.

    Parameters
    ----------
    scorecard : Scorecard
        What to score with.
    columns : mapping of str to array of shape (n_users,)
        Feature name -> numbers, or levels (texts; numbers for a binary feature). NaN, None or NA =
        missing. Columns that the scorecard doesn't read are ignored.

    Returns
    -------
    Scores
        One entry per user.

    Raises
    ------
    DataError
        If the scorecard is broken, or a column is missing, of another length or of another type.

    Notes
    -----
    The log density of a user is the log of the sum over personas of ``exp(score)`` plus the base of
    every term. ``surprise`` compares it with the sum of the typical mean over the terms that read a
    value, in standard deviations of that sum (features taken as independent); it is 0 for users of
    whom nothing could be read and for scorecards without typical figures.

    Examples
    --------
    >>> term = TableTerm("plan", ("basic", "plus"), np.log([[0.9, 0.1], [0.2, 0.8]]),
    ...                  np.zeros(2), np.zeros(2))
    >>> scores = evaluate(Scorecard(np.log([0.5, 0.5]), (term,)), {"plan": ["basic", "plus", None]})
    >>> scores.label.tolist(), scores.probability.round(2).tolist()
    ([0, 1, 0], [0.82, 0.89, 0.5])
    """
    readings = _read(scorecard, columns)
    n_users = readings[0].points.shape[0] if readings else 0
    score = np.tile(scorecard.intercept, (n_users, 1))
    base, mean, variance = np.zeros(n_users), np.zeros(n_users), np.zeros(n_users)
    n_flags, n_observed = np.zeros(n_users, dtype=np.int32), np.zeros(n_users, dtype=np.int32)
    for term, reading in zip(scorecard.terms, readings, strict=True):
        score += reading.points
        base += reading.base
        mean += np.where(reading.is_read, term.typical_mean, 0.0)
        variance += np.where(reading.is_read, term.typical_variance, 0.0)
        n_flags += reading.is_flagged
        n_observed += reading.is_observed

    order = np.argsort(-score, axis=1, kind="stable")  # ties go to the lower index
    label = order[:, 0]
    best = np.take_along_axis(score, label[:, None], axis=1)
    drop = np.where(np.isneginf(best), 0.0, score - np.where(np.isneginf(best), 0.0, best))
    share = np.exp(drop)  # log 0 for every persona says nothing: equal shares
    total = share.sum(axis=1)
    share /= total[:, None]

    log_density = best[:, 0] + np.log(total) + base
    surprise = np.zeros(n_users)
    known = variance > 0
    surprise[known] = -(log_density[known] - mean[known]) / np.sqrt(variance[known])

    only_one = scorecard.n_personas == 1
    runner_up = np.full(n_users, -1) if only_one else order[:, 1]
    rows = np.arange(n_users)
    return Scores(
        label=label.astype(np.int32),
        runner_up=runner_up.astype(np.int32),
        probability=share[rows, label],
        runner_up_probability=np.zeros(n_users) if only_one else share[rows, runner_up],
        surprise=surprise,
        n_flags=n_flags,
        n_observed=n_observed,
    )


def points_of(scorecard: Scorecard, columns: Mapping[str, ArrayLike]) -> dict[str, Floats]:
    """Return the points that each feature gives each persona: the reasons of an answer.

    Parameters
    ----------
    scorecard, columns
        As of :func:`evaluate`.

    Returns
    -------
    dict of str to ndarray of shape (n_users, n_personas)
        Points per feature, in the order of the terms. Their sum plus the intercept is the score; the
        features whose points favour the answer most over the runner-up are its best reasons.

    Raises
    ------
    DataError
        As of :func:`evaluate`.

    Examples
    --------
    >>> term = TableTerm("plan", ("basic", "plus"), np.array([[1.0, 0.0], [0.0, 2.0]]),
    ...                  np.zeros(2), np.zeros(2))
    >>> points_of(Scorecard(np.zeros(2), (term,)), {"plan": ["plus"]})["plan"].tolist()
    [[0.0, 2.0]]
    """
    readings = _read(scorecard, columns)
    return {name: reading.points for name, reading in zip(scorecard.features, readings, strict=True)}


class _Reading(NamedTuple):
    """What one term makes of its column; every array has one row per user."""

    points: Floats
    base: Floats
    is_observed: Flags
    is_read: Flags
    is_flagged: Flags


def _read(scorecard: Scorecard, columns: Mapping[str, ArrayLike]) -> list[_Reading]:
    check_scorecard(scorecard)
    check_columns(scorecard, columns)
    return [_read_term(term, columns[term.feature]) for term in scorecard.terms]


def _read_term(term: Term, values: ArrayLike) -> _Reading:
    if isinstance(term, PolynomialTerm):
        return _read_polynomial(term, read_numbers(values, term.feature))
    if isinstance(term, TableTerm):
        codes = read_levels(values, term.levels)
        return _look_up(term, np.maximum(codes, MISSING), codes != MISSING, codes == UNSEEN)
    numbers = read_numbers(values, term.feature)
    is_observed = ~np.isnan(numbers)
    bins = np.where(is_observed, np.searchsorted(term.edges, numbers, side="right"), MISSING)
    return _look_up(term, bins, is_observed, np.zeros(len(numbers), dtype=bool))


def _look_up(term: Term, column: NDArray[np.integer], is_observed: Flags, is_flagged: Flags) -> _Reading:
    """Read a table whose last column, at -1, is the missing row."""
    assert not isinstance(term, PolynomialTerm)
    points = np.column_stack([term.points, term.missing]).T
    base = np.append(term.base, term.base_missing)
    return _Reading(points[column], base[column], is_observed, is_observed & ~is_flagged, is_flagged)


def _read_polynomial(term: PolynomialTerm, numbers: Floats) -> _Reading:
    is_observed = ~np.isnan(numbers)
    transformed = _transform(numbers, term.transform)
    is_beyond = (transformed < term.lower) | (transformed > term.upper)
    z = (np.clip(transformed, term.lower, term.upper) - term.centre) / term.scale
    is_read = np.abs(z) <= LARGEST_Z  # False for NaN
    z = np.where(is_read, z, 0.0)[:, None]
    c = term.coefficients
    return _Reading(
        points=np.where(is_read[:, None], c[:, 0] + c[:, 1] * z + c[:, 2] * (z * z), term.missing),
        base=np.where(
            is_read, (term.base[0] + term.base[1] * z + term.base[2] * (z * z))[:, 0], term.base_missing
        ),
        is_observed=is_observed,
        is_read=is_read,
        is_flagged=is_beyond | (is_observed & ~is_read),
    )


def _transform(numbers: Floats, transform: Transform) -> Floats:
    if transform == "log1p":
        return np.log1p(np.maximum(numbers, 0.0))
    if transform == "sqrt":
        return np.sqrt(np.maximum(numbers, 0.0))
    return numbers
