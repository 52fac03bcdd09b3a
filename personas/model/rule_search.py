"""Search: the conjunctions of levels that pick out one group of users best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Bits = NDArray[np.uint64]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MAX_CONDITIONS = 3
"""Conditions per rule: what a marketer takes in at a glance (own choice)."""

MAX_RULES = 3
"""Rules per group (own choice)."""

MAX_LISTED = 3
"""Levels of an unordered attribute that one condition may list (own choice)."""

BETA = 0.5
"""Of the objective F_beta: precision counts for twice as much as recall (own choice: reach that misses costs)."""

COST = 0.01
"""F_beta that every condition, and every further level in a list, has to add to be worth its words (own choice)."""

BEAM_WIDTH = 40
"""Conjunctions that are refined at each length (own choice)."""

PER_ATTRIBUTE = 5
"""Terms of one attribute that refine a conjunction (own choice): else forty age ranges would fill the beam.

On 150 made-up groups, the best conjunction scored .0001 below that of a beam of 100 with 30 terms on average, and
.009 at most; on the planted world of :mod:`personas.datasets` the rules are those of a beam of 200 with 10."""

Term = tuple[int, tuple[int, ...]]
"""Position of an attribute, and which of its levels are accepted."""

Conjunction = tuple[Term, ...]
"""Terms of different attributes, in the order of the attributes."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a term may speak of.

    Parameters
    ----------
    codes : ndarray of int64, shape (n_users,)
        Level of each user, -1 = unknown.
    n_levels : int
        Number of levels.
    is_ordered : bool
        Whether terms are ranges of neighbouring levels; else they are lists.
    """

    codes: Integers
    n_levels: int
    is_ordered: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A conjunction, its score, and the positions of its terms; ``order`` puts the best first and never ties."""

    score: float
    conjunction: Conjunction
    positions: tuple[int, ...]
    is_clear: bool

    @property
    def order(self) -> tuple[float, int, tuple[int, ...]]:
        return -self.score, len(self.positions), self.positions


class LevelTable:
    """One bit per level and user, packed, and every term that the levels make.

    Parameters
    ----------
    attributes : sequence of Attribute
        At least one; every one of the same users.
    """

    def __init__(self, attributes: Sequence[Attribute]) -> None:
        self.n_users = len(attributes[0].codes)
        self.rows = np.concatenate([pack(a.codes == np.arange(a.n_levels)[:, None]) for a in attributes])
        self.starts: Integers = np.cumsum([0, *(a.n_levels for a in attributes)])[:-1]
        self.is_ordered = [a.is_ordered for a in attributes]
        # Where two terms score the same, the first one is taken: of ranges those without an upper end, so
        # that "46 and above" runs on over bands where nobody is yet; then the fewest levels.
        self.terms: list[Term] = sorted(
            ((i, levels) for i, a in enumerate(attributes) for levels in _choices(a)),
            key=lambda term: (
                self.is_ordered[term[0]] and term[1][-1] < attributes[term[0]].n_levels - 1,
                len(term[1]),
                term,
            ),
        )
        self.position = {term: i for i, term in enumerate(self.terms)}
        self.attribute: Integers = np.array([i for i, _ in self.terms], dtype=np.int64)
        self.n_words: Integers = np.array([self.words((term,)) for term in self.terms], dtype=np.int64)
        accepted = [self.starts[i] + level for i, levels in self.terms for level in levels]
        ends = np.cumsum([0, *(len(levels) for _, levels in self.terms)])
        self._accepts = csr_array(
            (np.ones(len(accepted), dtype=np.int64), np.array(accepted, dtype=np.int64), ends),
            shape=(len(self.terms), len(self.rows)),
        )

    def words(self, conjunction: Conjunction) -> int:
        """Return how much is said: one word per range, one per level of a list."""
        return sum(1 if self.is_ordered[i] else len(levels) for i, levels in conjunction)

    def mask(self, conjunction: Conjunction) -> Bits:
        """Return the users who satisfy all terms."""
        mask = np.full(_n_words(self.n_users), np.iinfo(np.uint64).max, dtype=np.uint64)
        for attribute, levels in conjunction:
            mask &= np.bitwise_or.reduce(self.rows[self.starts[attribute] + np.array(levels)], axis=0)
        return mask

    def counts(self, mask: Bits) -> Integers:
        """Return how many users of a mask satisfy each term."""
        per_level = np.bitwise_count(self.rows & mask).sum(axis=1, dtype=np.int64)
        return np.asarray(self._accepts @ per_level)


def _choices(attribute: Attribute) -> Iterator[tuple[int, ...]]:
    """Yield what a term may accept: ranges, or short lists; never all levels."""
    n = attribute.n_levels
    if attribute.is_ordered:
        yield from (tuple(range(i, j)) for i in range(n) for j in range(i + 1, n + 1) if j - i < n)
    else:
        for size in range(1, min(MAX_LISTED, n - 1) + 1):
            yield from combinations(range(n), size)


def pack(masks: Mask) -> Bits:
    """Pack boolean rows of users into 64-bit words."""
    n_users = masks.shape[-1]
    padded = np.zeros((*masks.shape[:-1], 64 * _n_words(n_users)), dtype=np.bool_)
    padded[..., :n_users] = masks
    return np.packbits(padded, axis=-1).view(np.uint64)


def _n_words(n_users: int) -> int:
    return -(-n_users // 64)


def search_rules(
    table: LevelTable, is_member: Mask, *, minimum_hits: float, minimum_effect: float
) -> list[Conjunction]:
    """Find up to three conjunctions that together pick out the members of a group.

    Parameters
    ----------
    table : LevelTable
        Levels of the users.
    is_member : ndarray of bool, shape (n_users,)
        The group.
    minimum_hits : float, > 0
        Members that a conjunction must find that no earlier one found.
    minimum_effect : float, 0 to pi
        Cohen's h between the share of members among the users that a conjunction adds, and among all.

    Returns
    -------
    list of Conjunction
        Best first; empty when there is none.

    Notes
    -----
    Sequential covering: each conjunction is the one that raises ``F_beta = (1 + beta^2) TP / (beta^2 P + S)``
    of the union most, with ``TP`` of the ``P`` members among the ``S`` users picked out, less
    :data:`COST` per range and per listed level. It is found by a beam search from general to specific.
    Ties: fewer conditions, ranges without an upper end, fewer levels, attribute order; so the order of the
    users doesn't matter.

    References
    ----------
    van Rijsbergen, C. J. (1979). Information Retrieval, 2nd ed., chapter 7, for F_beta (there as
    E = 1 - F).
    Lavrac et al. (2004). Subgroup discovery with CN2-SD. JMLR 5, 153-188, for the beam search with
    covering. Their weighted relative accuracy gives a miss and a hit the same weight, which favours broad
    rules; hence F_beta.
    """
    found: list[Conjunction] = []
    search = _Search(table, pack(is_member), minimum_hits, minimum_effect)
    while len(found) < MAX_RULES and (best := search.best()) is not None:
        found.append(best.conjunction)
        search.cover(best.conjunction)
    return found


class _Search:
    """The search for the next conjunction, given the users that earlier ones cover."""

    def __init__(self, table: LevelTable, members: Bits, minimum_hits: float, minimum_effect: float) -> None:
        self.table = table
        self.members = members
        self.minimum_hits = minimum_hits
        self.minimum_effect = minimum_effect
        self.open = table.mask(())
        self.n_members = _count(members)
        self.base = self.n_members / max(table.n_users, 1)
        self.n_hits = self.n_picked = 0

    def cover(self, conjunction: Conjunction) -> None:
        """Leave the users of a conjunction to it."""
        added = self.open & self.table.mask(conjunction)
        self.n_hits += _count(added & self.members)
        self.n_picked += _count(added)
        self.open = self.open & ~added

    def best(self) -> _Candidate | None:
        """Return the best conjunction that is clear of the base and raises the union's score."""
        beam: list[Conjunction] = [()]
        clear: list[_Candidate] = []
        for _ in range(MAX_CONDITIONS):
            refined = {c.conjunction: c for parent in beam for c in self._refine(parent)}
            ranked = sorted(refined.values(), key=lambda c: c.order)
            clear += [c for c in ranked if c.is_clear][:1]
            beam = [c.conjunction for c in ranked[:BEAM_WIDTH]]
        so_far = self._f_beta(np.zeros(1), np.zeros(1))[0]
        best = min(clear, key=lambda c: c.order, default=None)
        return best if best is not None and best.score > so_far else None

    def _refine(self, parent: Conjunction) -> Iterator[_Candidate]:
        """Yield the best conjunctions with one more term: few per attribute, clear ones and others."""
        mask = self.open & self.table.mask(parent)
        users, hits = self.table.counts(mask), self.table.counts(mask & self.members)
        scores = self._f_beta(users, hits) - COST * (self.table.words(parent) + self.table.n_words)
        effect = _effect(hits / np.maximum(users, 1), self.base)
        is_usable = hits >= self.minimum_hits
        is_usable &= ~np.isin(self.table.attribute, [attribute for attribute, _ in parent])
        is_clear = effect >= self.minimum_effect
        for kept in (np.flatnonzero(is_usable & is_clear), np.flatnonzero(is_usable & ~is_clear)):
            for i in _most_promising(self.table.attribute[kept], scores[kept]):
                conjunction = tuple(sorted((*parent, self.table.terms[kept[i]])))
                positions = tuple(sorted(self.table.position[term] for term in conjunction))
                yield _Candidate(float(scores[kept[i]]), conjunction, positions, bool(is_clear[kept[i]]))

    def _f_beta(self, users: NDArray[np.number], hits: NDArray[np.number]) -> Floats:
        found, picked = self.n_hits + hits, self.n_picked + users
        return np.asarray(
            (1 + BETA**2) * found / (BETA**2 * max(self.n_members, 1) + picked), dtype=np.float64
        )


def _most_promising(group: Integers, scores: Floats) -> Integers:
    """Return the positions of the highest scores, few of each group; ties: the lower position."""
    order = np.lexsort((-scores, group))
    sorted_group = group[order]
    rank = np.arange(len(order)) - np.searchsorted(sorted_group, sorted_group)
    few = np.sort(order[rank < PER_ATTRIBUTE])
    # The beam can't take more of them anyway.
    return few[np.argsort(-scores[few], kind="stable")][:BEAM_WIDTH]


def _count(mask: Bits) -> int:
    return int(np.bitwise_count(mask).sum(dtype=np.int64))


def _effect(share: Floats, base_share: float) -> Floats:
    """Return Cohen's h (Cohen 1988, section 6.2)."""
    return np.asarray(2 * np.arcsin(np.sqrt(share)) - 2 * np.arcsin(np.sqrt(base_share)))
