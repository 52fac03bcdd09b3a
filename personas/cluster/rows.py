"""Rows in an order of their own, each once: so that no fit depends on how its users were sorted or repeated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def sort_rows(values: Floats) -> NDArray[np.intp]:
    """Return the order that sorts rows by their columns, the first column first.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        NaN sorts last.

    Returns
    -------
    ndarray of shape (n_rows,)
        Row numbers; equal rows keep their order.
    """
    order = np.argsort(values[:, 0], kind="stable")
    same = _same_as_next(values[order, 0])
    tied = np.append(same, False) | np.concatenate(([False], same))
    # Most often the first column leaves few ties, and one sort is much cheaper than one per column.
    rows = order[tied]
    order[tied] = rows[np.lexsort(values[rows].T[::-1])]
    return order


def collapse_rows(values: Floats, sample_weight: Floats) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Return sorted, unique rows, their summed weights, and where each row went.

    What is fitted on the result depends neither on the order of the rows nor on whether a row is
    repeated or weighted.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        NaN = missing; missing equals missing.
    sample_weight : ndarray of shape (n_rows,)
        Row weights.

    Returns
    -------
    rows : ndarray of shape (n_unique, n_columns)
    weight : ndarray of shape (n_unique,)
    place : ndarray of shape (n_rows,)
        ``rows[place]`` are the given rows.
    """
    order = sort_rows(values)
    same = np.ones(len(values) - 1, dtype=bool)
    for column in values.T:
        same &= _same_as_next(column[order])
    first = np.concatenate(([True], ~same))
    starts = np.flatnonzero(first)
    rows = np.empty((len(starts), values.shape[1]), order="F")
    for j, column in enumerate(values.T):
        rows[:, j] = column[order[starts]]
    place = np.empty(len(values), dtype=np.intp)
    place[order] = np.cumsum(first) - 1
    return rows, np.add.reduceat(sample_weight[order], starts), place


def _same_as_next(column: Floats) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = (column[1:] == column[:-1]) | (np.isnan(column[1:]) & np.isnan(column[:-1]))
    return same
