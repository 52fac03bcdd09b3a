"""Small cells: which counts of a persona x level table may be shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

LARGEST_RECODED_SHARE = 0.05
"""At most this share of a persona is counted as having the level that nearly all of it has (own choice)."""


def protect_counts(counts: Counts, small_cell: int) -> tuple[Counts, Mask]:
    """Recode what is nearly pure and choose the cells to suppress.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_personas + 1, n_levels)
        Users per persona and level; the last row is users of no persona, which is never shown.
    small_cell : int, >= 1
        A cell of 1 to ``small_cell - 1`` users must not be shown, nor be worked out from what is.

    Returns
    -------
    counts : ndarray of int64, shape (n_personas + 1, n_levels)
        What every figure is to be computed from.
    suppressed : ndarray of bool, shape (n_personas + 1, n_levels)
        Cells that must not be shown.

    Notes
    -----
    An empty cell is about nobody and may be shown. Three steps:

    1. Where all but a few users of a persona (fewer than ``small_cell`` and at most 5 %) have one level,
       the few are counted as having it too. Otherwise the most telling level of a clear-cut persona
       would have to go, because its complement is a small cell.
    2. Cells of 1 to ``small_cell - 1`` users are suppressed.
    3. Each of them gets three companions that complete a rectangle, so that neither the persona's nor the
       base's totals give it away: another table with the same totals is always possible. The rectangle
       that hides the fewest further users is taken (ties: lower index). Totals over all users are not
       protected.

    The threshold is the caller's: no legal minimum for marketing tables is known.

    References
    ----------
    Repsilber, D. (1994). Preservation of confidentiality in aggregated data. Second International
    Seminar on Statistical Confidentiality, Luxembourg, for the rectangle ("hypercube") method.

    Examples
    --------
    >>> import numpy as np
    >>> counts = np.array([[500, 7, 60], [400, 90, 80], [0, 0, 0]])
    >>> protect_counts(counts, small_cell=20)[1].astype(int)
    array([[0, 1, 1],
           [0, 1, 1],
           [0, 0, 0]])
    """
    counts = _recode_nearly_pure(counts, small_cell)
    small = (counts > 0) & (counts < small_cell)
    small[-1] = False
    suppressed = small.copy()
    suppressed[-1] = True
    for row, column in np.argwhere(small):
        _add_companions(counts, suppressed, int(row), int(column))
    suppressed[-1] = False
    return counts, suppressed


def _recode_nearly_pure(counts: Counts, small_cell: int) -> Counts:
    known = counts.sum(axis=1)
    largest = counts.argmax(axis=1)
    others = known - counts.max(axis=1)
    pure = (others > 0) & (others < small_cell) & (others <= LARGEST_RECODED_SHARE * known)
    pure[-1] = False
    recoded = counts.copy()
    recoded[pure] = 0
    recoded[pure, largest[pure]] = known[pure]
    return recoded


def _add_companions(counts: Counts, suppressed: Mask, row: int, column: int) -> None:
    cost = np.where(suppressed, 0.0, counts)
    total = cost + cost[row][None, :] + cost[:, column][:, None]
    # A user must be able to move along the rectangle without any count falling below zero.
    movable = (counts > 0) | ((counts[row] > 0)[None, :] & (counts[:, column] > 0)[:, None])
    total[~movable] = np.inf
    total[row] = total[:, column] = np.inf
    if np.isfinite(total).any():
        other_row, other_column = np.unravel_index(int(total.argmin()), total.shape)
        for cell in ((other_row, column), (other_row, other_column), (row, other_column)):
            suppressed[cell] = True
        return
    # No other persona: hide at least what this one's own total gives away.
    others = np.where(counts[row] > 0, cost[row], np.inf)
    others[column] = np.inf
    if np.isfinite(others).any():
        suppressed[row, int(others.argmin())] = True
