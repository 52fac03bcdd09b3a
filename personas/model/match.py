"""Match: a persona keeps its id across retrains, and refits are compared label by label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from personas.model.changes import Panel, Portraits, panel_events, portrait_distances, profile_events
from personas.model.identity import Basis, IdentityEvent
from personas.model.portrait import NEARLY_IDENTICAL
from personas.selection.jaccard import contingency

Labels = NDArray[np.integer]
Floats = NDArray[np.float64]

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
    by : {"panel", "profiles"}
        What they were matched by.
    events : tuple of IdentityEvent
        What became of every persona of either model; empty for a first model.
    """

    persona_ids: tuple[str, ...]
    by: Basis = "panel"
    events: tuple[IdentityEvent, ...] = ()


def match_personas(
    old_labels: Labels | None,
    new_labels: Labels,
    old_ids: Sequence[str],
    n_new: int,
    *,
    used_ids: Sequence[str] = (),
    portraits: Portraits | None = None,
) -> IdMatch:
    """Give each new persona the id of the old one that it continues, or a new id.

    Parameters
    ----------
    old_labels : ndarray of int, shape (n_panel,), or None
        Row of the old persona of each user of a shared panel, -1 = none. None when there is no old model, or it
        can't label the panel: then personas are matched by their portraits, if any.
    new_labels : ndarray of int, shape (n_panel,)
        Row of the new persona of the same users, -1 = none.
    old_ids : sequence of str
        Ids of the old personas, in row order.
    n_new : int
        Number of new personas.
    used_ids : sequence of str, optional
        Ids of all earlier models; none of them, and none of ``old_ids``, is given to another persona.
    portraits : pair of sequence of Portrait, optional
        Of the old and of the new personas, in row order.

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
    On a panel, users whom a model counts to a persona for want of a better one are left out
    (:meth:`personas.model.changes.Panel.without_strays`). Then pairs are taken by falling Jaccard overlap while it reaches .5 and both are free; ties go to the
    lower rows. Only exact halves of one another compete at .5, so this is the one-to-one assignment of largest
    total overlap, and nothing needs to be perturbed to break a tie. By portraits, a pair matches if each is the
    other's closest and they are nearly identical. New ids count on from the largest number ever used, larger
    personas first.

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
    by: Basis = "panel" if old_labels is not None or not old_ids else "profiles"
    if old_labels is not None:
        panel = Panel.of(old_labels, new_labels, len(old_ids), n_new)
        pairs = _overlapping(panel.without_strays(portraits).jaccard)
    else:
        distances = portrait_distances(portraits, len(old_ids), n_new)
        pairs = _closest(distances)
    ids = {new: old_ids[old] for old, new in pairs}
    number = max((_number(used) for used in (*old_ids, *used_ids)), default=0)
    for new in sorted(set(range(n_new)) - set(ids), key=lambda row: (-sizes[row], row)):
        number += 1
        ids[new] = f"P{number:02d}"
    persona_ids = tuple(ids[row] for row in range(n_new))
    if not old_ids:
        return IdMatch(persona_ids)
    if old_labels is not None:
        return IdMatch(persona_ids, by, panel_events(panel, old_ids, persona_ids, portraits))
    return IdMatch(persona_ids, by, profile_events(distances, old_ids, persona_ids))


def _overlapping(jaccard: Floats) -> list[tuple[int, int]]:
    """Return the pairs that overlap enough, one to one, by falling overlap."""
    pairs: list[tuple[int, int]] = []
    for old, new in sorted(np.argwhere(jaccard >= KEPT_JACCARD).tolist(), key=lambda p: (-jaccard[*p], p)):
        if all(old != taken[0] and new != taken[1] for taken in pairs):
            pairs.append((old, new))
    return pairs


def _closest(distances: Floats) -> list[tuple[int, int]]:
    """Return the pairs of which each is nearly identical to the other, and to nobody as much."""
    return [
        (old, new)
        for old, new in np.argwhere(distances <= NEARLY_IDENTICAL).tolist()
        if _is_least(distances[old], new) and _is_least(distances[:, new], old)
    ]


def _is_least(values: Floats, place: int) -> bool:
    """Return whether no other value is as small."""
    return bool((values <= values[place]).sum() == 1)


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
    together = contingency(reference, other, size, size)
    rows, columns = linear_sum_assignment(together, maximize=True)
    permutation = np.empty(size, dtype=np.int64)
    permutation[columns] = rows
    return permutation


def _number(persona_id: str) -> int:
    digits = persona_id.removeprefix("P")
    return int(digits) if digits.isdecimal() else 0
