"""Match: a persona keeps its id across retrains, and refits are compared label by label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from personas.errors import DataError
from personas.schema import Text

Labels = NDArray[np.integer]

KEPT_JACCARD = 0.5
"""Least Jaccard overlap of a persona that keeps its id. Hennig calls a cluster whose best overlap is at
most .5 dissolved; a persona that just reaches it is kept here."""


@dataclass(frozen=True, slots=True)
class IdMatch:
    """Ids of new personas and what happened to the old ones.

    Parameters
    ----------
    persona_ids : tuple of str
        One per new persona, in row order.
    events : tuple of Text
        Kept, new and retired personas, in words; empty for a first model.
    """

    persona_ids: tuple[str, ...]
    events: tuple[Text, ...]


def match_personas(
    old_labels: Labels | None,
    new_labels: Labels,
    old_ids: Sequence[str],
    n_new: int,
    *,
    used_ids: Sequence[str] = (),
) -> IdMatch:
    """Give each new persona the id of the old one that it continues, or a new id.

    Parameters
    ----------
    old_labels : ndarray of int, shape (n_panel,), or None
        Row of the old persona of each user of a shared panel, -1 = none. None when there is no old model,
        or it can't label the panel: then every persona is new.
    new_labels : ndarray of int, shape (n_panel,)
        Row of the new persona of the same users, -1 = none.
    old_ids : sequence of str
        Ids of the old personas, in row order.
    n_new : int
        Number of new personas.
    used_ids : sequence of str, optional
        Ids of all earlier models; none of them, and none of ``old_ids``, is given to another persona.

    Returns
    -------
    IdMatch
        Ids in row order, and what happened to the old personas.

    Raises
    ------
    DataError
        If the panels differ in length.

    Notes
    -----
    Pairs are matched one to one so that the total Jaccard overlap of those that reach .5 is largest; ties
    go to the lower rows. New ids count on from the largest number ever used, larger personas first.

    References
    ----------
    Hennig, C. (2008). Dissolution point and isolation robustness: robustness criteria for general cluster
    analysis methods. Journal of Multivariate Analysis 99(6), for the Jaccard overlap and its limit.

    Examples
    --------
    >>> import numpy as np
    >>> match_personas(None, np.array([0, 1, 1]), (), 2).persona_ids
    ('P02', 'P01')
    >>> match = match_personas(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 2]), ["P01", "P04"], 3)
    >>> match.persona_ids
    ('P04', 'P01', 'P05')
    """
    sizes = np.bincount(new_labels[new_labels >= 0], minlength=n_new)
    ids: dict[int, str] = {}
    events: list[Text] = []
    if old_labels is not None:
        jaccard = _jaccard(old_labels, new_labels, len(old_ids), n_new)
        kept = np.where(jaccard >= KEPT_JACCARD, jaccard, 0.0)
        for old, new in zip(*linear_sum_assignment(kept, maximize=True), strict=True):
            if kept[old, new] > 0:
                ids[int(new)] = old_ids[old]
                overlap = f"{100 * jaccard[old, new]:.0f}%"
                events.append(
                    Text(
                        f"{old_ids[old]} 保留（重合度 {overlap}）", f"{old_ids[old]} kept (overlap {overlap})"
                    )
                )
    number = max((_number(used) for used in (*old_ids, *used_ids)), default=0)
    for new in sorted(set(range(n_new)) - set(ids), key=lambda row: (-sizes[row], row)):
        number += 1
        ids[new] = f"P{number:02d}"
        if old_ids:
            events.append(Text(f"{ids[new]} 新出现", f"{ids[new]} new"))
    events += [Text(f"{old} 退役", f"{old} retired") for old in old_ids if old not in ids.values()]
    return IdMatch(tuple(ids[row] for row in range(n_new)), tuple(events))


def align(reference: Labels, other: Labels, *, size: int) -> NDArray[np.int64]:
    """Rename the labels of a refit so that it agrees with a reference as often as it can.

    Parameters
    ----------
    reference, other : ndarray of int, shape (n_users,)
        Labels of the same users, -1 = none.
    size : int
        Number of labels on either side.

    Returns
    -------
    ndarray of int64, shape (size,)
        A permutation; ``align(reference, other, size=k)[other]`` speaks in the reference's labels.

    Raises
    ------
    DataError
        If the arrays differ in length.

    References
    ----------
    Kuhn, H. W. (1955). The Hungarian method for the assignment problem. Naval Research Logistics 2.

    Examples
    --------
    >>> import numpy as np
    >>> align(np.array([0, 0, 1, 2]), np.array([2, 2, 0, 1]), size=3)
    array([1, 2, 0])
    """
    together = _contingency(reference, other, size, size)
    rows, columns = linear_sum_assignment(together, maximize=True)
    permutation = np.empty(size, dtype=np.int64)
    permutation[columns] = rows
    return permutation


def _contingency(first: Labels, second: Labels, n_first: int, n_second: int) -> NDArray[np.int64]:
    if first.shape != second.shape:
        raise DataError(
            f"Labels of {first.shape[0]} and of {second.shape[0]} users can't be compared; "
            "expected the labels of the same users."
        )
    both = (first >= 0) & (second >= 0)
    cells = np.bincount(first[both] * n_second + second[both], minlength=n_first * n_second)
    return cells.reshape(n_first, n_second)


def _jaccard(old: Labels, new: Labels, n_old: int, n_new: int) -> NDArray[np.float64]:
    shared = _contingency(old, new, n_old, n_new)
    n_in_old = np.bincount(old[old >= 0], minlength=n_old)
    n_in_new = np.bincount(new[new >= 0], minlength=n_new)
    union = n_in_old[:, None] + n_in_new[None, :] - shared
    overlap: NDArray[np.float64] = shared / np.maximum(union, 1)
    return overlap


def _number(persona_id: str) -> int:
    digits = persona_id.removeprefix("P")
    return int(digits) if digits.isdecimal() else 0
