"""Changes: which personas split, merged, came and went, read off who is where and what the groups are like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.model.identity import KINDS, EventKind, IdentityEvent
from personas.model.migration import SMALL_CELL
from personas.model.portrait import Portrait, blend, portrait_distance
from personas.selection.jaccard import contingency

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]

Portraits = tuple[Sequence[Portrait], Sequence[Portrait]]
"""Of the old and of the new personas, in row order."""

MOST = 0.5
"""A part of a split is mostly from the persona that split, and an earlier persona of a merger is mostly in the one
that came of it (own choice, the plain meaning of the words)."""

SMALLEST_PART = 0.1
"""Least share of a persona that is a part of it, and no crumb (own choice)."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Users whom two models label.

    Parameters
    ----------
    together : ndarray of int64, shape (n_old, n_new), users
        Users of each pair of personas.
    n_old, n_new : ndarray of int64, users
        Users of each old and of each new persona, those without a persona on the other side included.
    """

    together: NDArray[np.int64]
    n_old: NDArray[np.int64]
    n_new: NDArray[np.int64]

    @classmethod
    def of(cls, old_labels: Labels, new_labels: Labels, n_old: int, n_new: int) -> Panel:
        """Count the users of both labellings."""
        return cls(
            contingency(old_labels, new_labels, n_old, n_new),
            np.bincount(old_labels[old_labels >= 0], minlength=n_old),
            np.bincount(new_labels[new_labels >= 0], minlength=n_new),
        )

    def without_strays(self, portraits: Portraits | None) -> Panel:
        """Leave out users whom a model counts to a persona only for want of a better one.

        A model that has not learned a kind of user counts them to whatever persona is least unlike them. So a kind
        that has come up swells an old persona, and looks like a part of it that split; and the few users that are left
        of a kind that has gone look like a merger. Portraits tell: a group belongs to a persona only if the
        persona's portrait is no further from it and the closest group together than from the closest group alone.

        Parameters
        ----------
        portraits : pair of sequence of Portrait, or None
            Of the old and of the new personas; None = nothing can be told.
        """
        if portraits is None:
            return self
        strays = self._strays(portraits)
        if not strays.any():
            return self
        gone = np.where(strays, self.together, 0)
        rest = Panel(self.together - gone, self.n_old - gone.sum(axis=1), self.n_new - gone.sum(axis=0))
        return rest.without_strays(portraits)  # what is left of a group may stray elsewhere

    def _strays(self, portraits: Portraits) -> NDArray[np.bool_]:
        strays = np.zeros(self.together.shape, dtype=bool)
        for old in range(len(self.n_old)):
            parts = _parts(self.of_new[old], self.of_old[old])
            belonging = _belonging(portraits[0][old], portraits[1], parts, self.together[old])
            strays[old, [part for part in parts if part not in belonging]] = True
        for new in range(len(self.n_new)):
            parts = _parts(self.of_old[:, new], self.of_new[:, new])
            belonging = _belonging(portraits[1][new], portraits[0], parts, self.together[:, new])
            strays[[part for part in parts if part not in belonging], new] = True
        return strays

    @property
    def jaccard(self) -> Floats:
        """Jaccard overlap of each pair, shape (n_old, n_new), 0 to 1."""
        union = self.n_old[:, None] + self.n_new[None, :] - self.together
        overlap: Floats = self.together / np.maximum(union, 1)
        return overlap

    @property
    def of_old(self) -> Floats:
        """Share of each old persona that has each new one, shape (n_old, n_new), 0 to 1."""
        share: Floats = self.together / np.maximum(self.n_old[:, None], 1)
        return share

    @property
    def of_new(self) -> Floats:
        """Share of each new persona that had each old one, shape (n_old, n_new), 0 to 1."""
        share: Floats = self.together / np.maximum(self.n_new[None, :], 1)
        return share


def portrait_distances(portraits: Portraits | None, n_old: int, n_new: int) -> Floats:
    """Return the distance of every old portrait from every new one, infinite where it can't be told.

    Parameters
    ----------
    portraits : pair of sequence of Portrait, or None
        None = nothing can be told.
    n_old, n_new : int
        Numbers of personas.

    Returns
    -------
    ndarray of shape (n_old, n_new), 0 to 1 or infinite
    """
    distances = np.full((n_old, n_new), np.inf)
    if portraits is not None:
        for i, old in enumerate(portraits[0]):
            for j, new in enumerate(portraits[1]):
                distance = portrait_distance(old, new)
                distances[i, j] = np.inf if distance is None else distance
    return distances


def panel_events(
    panel: Panel, old_ids: Sequence[str], new_ids: Sequence[str], portraits: Portraits | None = None
) -> tuple[IdentityEvent, ...]:
    """Say what became of every persona, by the users whom both models label.

    Parameters
    ----------
    panel : Panel
        Who is where.
    old_ids, new_ids : sequence of str
        Ids in row order; the same id on both sides is the same persona.
    portraits : pair of sequence of Portrait, optional
        Of the old and new personas.

    Returns
    -------
    tuple of IdentityEvent
        Every persona is in at least one, by kind and then by row.

    Notes
    -----
    An old persona *split* if two or more new ones consist mostly of its users, hold at least a tenth of it each and
    half of it together. Two or more old personas *merged* if most of each is in one new persona, makes up at least a
    tenth of it, and together they are most of it.

    Strays are left out first, see :meth:`Panel.without_strays`.
    """
    whole, panel = panel, panel.without_strays(portraits)
    splits, mergers = _splits(panel), _mergers(panel)
    shares = panel.of_old
    kept = {old: new_ids.index(name) for old, name in enumerate(old_ids) if name in new_ids}
    distances = portrait_distances(portraits, len(old_ids), len(new_ids))
    covered_old = {*splits, *(old for olds in mergers.values() for old in olds)}
    covered_new = {*mergers, *(new for news in splits.values() for new in news)}
    events = [
        _event("split", old_ids[old], panel.n_old[old], [(new_ids[new], shares[old, new]) for new in news])
        for old, news in splits.items()
    ]
    events += [
        _event("merged", new_ids[new], panel.n_new[new], [(old_ids[old], shares[old, new]) for old in olds])
        for new, olds in mergers.items()
    ]
    for old, new in kept.items():
        if old not in covered_old or new not in covered_new:
            distance = float(distances[old, new])
            events.append(
                IdentityEvent(
                    "kept",
                    old_ids[old],
                    n_users=_shown(panel.n_old[old]),
                    overlap=float(panel.jaccard[old, new]),
                    distance=distance if np.isfinite(distance) else None,
                )
            )
    for old in sorted(set(range(len(old_ids))) - covered_old - kept.keys()):
        events.append(_event("retired", old_ids[old], whole.n_old[old], _largest(whole.of_old[old], new_ids)))
    for new in sorted(set(range(len(new_ids))) - covered_new - set(kept.values())):
        events.append(_event("new", new_ids[new], whole.n_new[new], _largest(whole.of_new[:, new], old_ids)))
    return tuple(sorted(events, key=lambda event: KINDS.index(event.kind)))


def profile_events(
    distances: Floats, old_ids: Sequence[str], new_ids: Sequence[str]
) -> tuple[IdentityEvent, ...]:
    """Say what became of every persona, by portraits alone; who split or merged can't be told by them.

    Parameters
    ----------
    distances : ndarray of shape (n_old, n_new), 0 to 1 or infinite
        As of :func:`portrait_distances`.
    old_ids, new_ids : sequence of str
        Ids in row order; the same id on both sides is the same persona.

    Returns
    -------
    tuple of IdentityEvent
        Kept, new and retired ones.
    """
    events = []
    for old, name in enumerate(old_ids):
        kind: EventKind = "kept" if name in new_ids else "retired"
        row = new_ids.index(name) if kind == "kept" else int(distances[old].argmin())
        distance = float(distances[old, row])
        known = np.isfinite(distance)
        others = (new_ids[row],) if kind == "retired" and known else ()
        events.append(IdentityEvent(kind, name, others, "profiles", distance=distance if known else None))
    events += [IdentityEvent("new", name, by="profiles") for name in new_ids if name not in old_ids]
    return tuple(sorted(events, key=lambda event: KINDS.index(event.kind)))


def _splits(panel: Panel) -> dict[int, list[int]]:
    """Return old persona -> the new ones that it split into."""
    found = {old: _parts(panel.of_new[old], panel.of_old[old]) for old in range(len(panel.n_old))}
    return {o: parts for o, parts in found.items() if len(parts) > 1 and panel.of_old[o, parts].sum() >= MOST}


def _mergers(panel: Panel) -> dict[int, list[int]]:
    """Return new persona -> the old ones that merged into it."""
    found = {new: _parts(panel.of_old[:, new], panel.of_new[:, new]) for new in range(len(panel.n_new))}
    return {n: parts for n, parts in found.items() if len(parts) > 1 and panel.of_new[parts, n].sum() >= MOST}


def _parts(theirs: Floats, mine: Floats) -> list[int]:
    """Return the groups that are mostly in this persona, and of which it is more than a crumb."""
    return [int(part) for part in np.flatnonzero((theirs >= MOST) & (mine >= SMALLEST_PART))]


def _belonging(
    whole: Portrait, portraits: Sequence[Portrait], parts: list[int], users: NDArray[np.int64]
) -> list[int]:
    """Return the parts that make the whole: the closest one, and whatever brings it no further away.

    If all parts together are no further away than those, all belong: parts that lie on different sides of the whole
    may each, alone with the closest one, lead away from it.
    """
    if len(parts) < 2:
        return parts
    distances = {part: portrait_distance(whole, portraits[part]) for part in parts}
    known = {part: distance for part, distance in distances.items() if distance is not None}
    if len(known) < len(parts):
        return parts  # nothing to tell by
    anchor = min(known, key=lambda part: (known[part], part))

    def distance_of(some: list[int]) -> float:
        together = blend([portraits[p] for p in some], [float(users[p]) for p in some])
        distance = portrait_distance(whole, together)
        return -np.inf if distance is None else distance

    kept = [part for part in parts if part == anchor or distance_of([anchor, part]) <= known[anchor]]
    return parts if distance_of(parts) <= distance_of(kept) else kept


def _largest(shares: Floats, ids: Sequence[str]) -> list[tuple[str, float]]:
    """Return the largest share with its id; nothing if all are zero."""
    place = int(shares.argmax())
    return [(ids[place], float(shares[place]))] if shares[place] > 0 else []


def _event(kind: EventKind, persona_id: str, n_users: int, others: list[tuple[str, float]]) -> IdentityEvent:
    shown = _shown(n_users)
    return IdentityEvent(
        kind,
        persona_id,
        tuple(name for name, _ in others),
        n_users=shown,
        shares=() if shown is None else tuple(float(share) for _, share in others),
    )


def _shown(n_users: int) -> int | None:
    return int(n_users) if n_users >= SMALL_CELL else None
