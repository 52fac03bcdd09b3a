"""The scorecard as a compiled kernel: the answers of the reference at millions of users a second.

Every user is scored alone and every sum runs in the order of the terms, so neither the order nor the
grouping of users can change an answer; fast maths is off for the same reason. The kernel releases the
interpreter lock, so a caller may read or write another batch meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from personas.scorecard.columns import LARGEST_Z, MISSING, read_columns
from personas.scorecard.terms import (
    BinTerm,
    Floats,
    PolynomialTerm,
    Scorecard,
    Scores,
    TableTerm,
    check_scorecard,
)

_TRANSFORMS = ("identity", "log1p", "sqrt")
_LOG1P, _SQRT, _TABLE, _BINS = 1, 2, 3, 4
_BLOCK = 512  # users scored together: their sums stay in the processor's first cache


@dataclass(frozen=True, slots=True)
class PackedScorecard:
    """A scorecard flattened for the kernel; made by :func:`pack`.

    Parameters
    ----------
    intercept : ndarray of shape (n_personas,)
        As of the scorecard.
    layout : ndarray of int64, shape (n_terms, 4)
        Per term: its type, its row among the numbers or the codes, the first column of its points, and
        the number of its points without the missing one.
    constants : ndarray of shape (n_terms, 6)
        Per term: lower, upper, centre, scale, typical mean and variance.
    points : ndarray of shape (n_personas, sum of widths + n_terms)
        The points (coefficients) of all terms side by side, each followed by its missing row.
    base : ndarray of shape (sum of widths + n_terms,)
        The bases in the same columns.
    edges : ndarray of shape (sum of widths,)
        The inner edges of bins, at the column of the bin that they open less one.
    """

    intercept: Floats
    layout: NDArray[np.int64]
    constants: Floats
    points: Floats
    base: Floats
    edges: Floats


def pack(scorecard: Scorecard) -> PackedScorecard:
    """Flatten a scorecard for :func:`score`.

    Parameters
    ----------
    scorecard : Scorecard
        What to score with.

    Returns
    -------
    PackedScorecard

    Raises
    ------
    DataError
        If the scorecard is broken.
    """
    check_scorecard(scorecard)
    layout: list[list[int]] = []
    constants: list[list[float]] = []
    points: list[Floats] = []
    base: list[Floats] = []
    edges: list[Floats] = []
    n_numbers = n_codes = first = 0
    for term in scorecard.terms:
        table = term.coefficients if isinstance(term, PolynomialTerm) else term.points
        width = table.shape[1]
        inner = np.zeros(width + 1)
        scaling = [-np.inf, np.inf, 0.0, 1.0]
        if isinstance(term, TableTerm):
            layout.append([_TABLE, n_codes, first, width])
            n_codes += 1
        elif isinstance(term, BinTerm):
            layout.append([_BINS, n_numbers, first, width])
            inner[: width - 1] = term.edges
            n_numbers += 1
        else:
            layout.append([_TRANSFORMS.index(term.transform), n_numbers, first, width])
            scaling = [term.lower, term.upper, term.centre, term.scale]
            n_numbers += 1
        constants.append([*scaling, term.typical_mean, term.typical_variance])
        points += [table, term.missing[:, None]]
        base.append(np.append(term.base, term.base_missing))
        edges.append(inner)
        first += width + 1
    return PackedScorecard(
        intercept=_floats(scorecard.intercept),
        layout=np.array(layout, dtype=np.int64).reshape(-1, 4),
        constants=_floats(constants).reshape(-1, 6),
        points=_floats(np.column_stack(points) if points else np.zeros((scorecard.n_personas, 0))),
        base=_floats(np.concatenate(base) if base else []),
        edges=_floats(np.concatenate(edges) if edges else []),
    )


def score(packed: PackedScorecard, numbers: Floats, codes: NDArray[np.int32]) -> Scores:
    """Score users whose columns were read.

    Parameters
    ----------
    packed : PackedScorecard
        What to score with.
    numbers : ndarray of shape (n_number_terms, n_users)
        Values of the terms that read numbers, in order; NaN = missing.
    codes : ndarray of int32, shape (n_table_terms, n_users)
        Level codes of the terms that read levels, in order; see :mod:`personas.scorecard.columns`.

    Returns
    -------
    Scores
        One entry per user.
    """
    n_users = numbers.shape[1]
    whole = np.empty((4, n_users), dtype=np.int32)
    real = np.empty((3, n_users), dtype=np.float64)
    _score_users(
        packed.intercept,
        packed.layout,
        packed.constants,
        packed.points,
        packed.base,
        packed.edges,
        np.ascontiguousarray(numbers, dtype=np.float64),
        np.ascontiguousarray(codes, dtype=np.int32),
        whole,
        real,
    )
    return Scores(
        label=whole[0],
        runner_up=whole[1],
        probability=real[0],
        runner_up_probability=real[1],
        surprise=real[2],
        n_flags=whole[2],
        n_observed=whole[3],
    )


def evaluate(scorecard: Scorecard, columns: Mapping[str, ArrayLike]) -> Scores:
    """Score users; as :func:`personas.scorecard.reference.evaluate`, compiled.

    Parameters
    ----------
    scorecard : Scorecard
        What to score with.
    columns : mapping of str to array of shape (n_users,)
        Feature name -> numbers or levels; missing as NaN, None or NA.

    Returns
    -------
    Scores
        One entry per user.

    Raises
    ------
    DataError
        If the scorecard is broken, or a column is missing, of another length or of another type.
    """
    packed = pack(scorecard)
    return score(packed, *read_columns(scorecard, columns))


def _floats(values: Any) -> Floats:
    return np.ascontiguousarray(values, dtype=np.float64)


def _compile(function: Callable[..., None]) -> Any:
    """Compile on first use, and keep the machine code on disk where some folder can be written."""
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # a read-only install without a writable cache folder
        return numba.njit(nogil=True, error_model="numpy")(function)


@_compile
def _score_users(  # noqa: C901, PLR0912, PLR0915, PLR0917 - one loop nest; calls would split the compiled blocks
    intercept: Any,
    layout: Any,
    constants: Any,
    points: Any,
    base: Any,
    edges: Any,
    numbers: Any,
    codes: Any,
    whole: Any,
    real: Any,
) -> None:
    n_personas = intercept.shape[0]
    n_users = whole.shape[1]
    scores = np.empty((n_personas, _BLOCK))
    z = np.empty(_BLOCK)
    column = np.empty(_BLOCK, dtype=np.int64)
    is_read = np.empty(_BLOCK, dtype=np.bool_)
    density = np.empty(_BLOCK)
    mean = np.empty(_BLOCK)
    variance = np.empty(_BLOCK)

    for start in range(0, n_users, _BLOCK):
        n = min(_BLOCK, n_users - start)
        n_flags = whole[2, start : start + n]
        n_observed = whole[3, start : start + n]
        for i in range(n):
            density[i] = mean[i] = variance[i] = 0.0
            n_flags[i] = n_observed[i] = 0
        for k in range(n_personas):
            for i in range(n):
                scores[k, i] = intercept[k]

        for t in range(layout.shape[0]):
            kind, row, first, width = layout[t, 0], layout[t, 1], layout[t, 2], layout[t, 3]
            lower, upper, centre, scale = constants[t, 0], constants[t, 1], constants[t, 2], constants[t, 3]
            last = first + width  # the missing row
            if kind < _TABLE:
                for i in range(n):
                    x = numbers[row, start + i]
                    z[i] = 0.0
                    is_read[i] = False
                    if x == x:  # noqa: PLR0124 - not NaN
                        if kind == _LOG1P:
                            x = np.log1p(max(x, 0.0))
                        elif kind == _SQRT:
                            x = np.sqrt(max(x, 0.0))
                        scaled = (min(max(x, lower), upper) - centre) / scale
                        is_read[i] = abs(scaled) <= LARGEST_Z
                        if is_read[i]:
                            z[i] = scaled
                        n_observed[i] += 1
                        if x < lower or x > upper or not is_read[i]:
                            n_flags[i] += 1
                for k in range(n_personas):
                    c0, c1, c2 = points[k, first], points[k, first + 1], points[k, first + 2]
                    missing = points[k, last]
                    for i in range(n):
                        polynomial = c0 + c1 * z[i] + c2 * (z[i] * z[i])
                        scores[k, i] += polynomial if is_read[i] else missing
                b0, b1, b2 = base[first], base[first + 1], base[first + 2]
                for i in range(n):
                    polynomial = b0 + b1 * z[i] + b2 * (z[i] * z[i])
                    density[i] += polynomial if is_read[i] else base[last]
            else:
                for i in range(n):
                    column[i] = last
                    is_read[i] = False
                    if kind == _TABLE:
                        code = codes[row, start + i]
                        if code >= 0:
                            column[i] = first + code
                            is_read[i] = True
                            n_observed[i] += 1
                        elif code != MISSING:
                            n_observed[i] += 1
                            n_flags[i] += 1
                    else:
                        x = numbers[row, start + i]
                        if x == x:  # noqa: PLR0124 - not NaN
                            inner = edges[first : last - 1]
                            column[i] = first + np.searchsorted(inner, x, side="right")
                            is_read[i] = True
                            n_observed[i] += 1
                for k in range(n_personas):
                    for i in range(n):
                        scores[k, i] += points[k, column[i]]
                for i in range(n):
                    density[i] += base[column[i]]
            for i in range(n):
                mean[i] += constants[t, 4] if is_read[i] else 0.0
                variance[i] += constants[t, 5] if is_read[i] else 0.0

        for i in range(n):
            label = 0
            for k in range(1, n_personas):
                if scores[k, i] > scores[label, i]:
                    label = k
            runner_up = -1
            for k in range(n_personas):
                if k != label and (runner_up < 0 or scores[k, i] > scores[runner_up, i]):
                    runner_up = k
            best = scores[label, i]
            total = 1.0  # the share of the best, before all are divided by their sum
            share = 0.0
            for k in range(n_personas):
                if k != label:
                    part = np.exp(scores[k, i] - best) if best > -np.inf else 1.0
                    total += part
                    if k == runner_up:
                        share = part
            surprise = 0.0
            if variance[i] > 0.0:
                surprise = -(best + np.log(total) + density[i] - mean[i]) / np.sqrt(variance[i])
            whole[0, start + i] = label
            whole[1, start + i] = runner_up
            real[0, start + i] = 1.0 / total
            real[1, start + i] = share / total
            real[2, start + i] = surprise
