"""Pick the number of personas by a rule that is stated, shown and reproducible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from personas.schema import Text
from personas.selection.base import Candidate

STABLE_ARI = 0.75
"""Mean adjusted Rand index from which a solution counts as stable (the scale of Hennig's clusterboot,
https://cran.r-project.org/package=fpc, applied to the global index; the transfer is our own)."""


_ALL_SMALL = Text(
    "所有方案都有过小的人群；取最小人群最大者",
    "every solution has a persona that is too small; this one's smallest is the largest",
)


def choose(candidates: Sequence[Candidate], *, min_share: float) -> tuple[Candidate, ...]:
    """Mark the candidate that the rule picks, and write the reason beside every one.

    The rule: among solutions that are stable (:data:`STABLE_ARI`) and have no persona below
    ``min_share``, take the lowest BIC (without a BIC: the most personas). If none is stable, take the
    most stable one and say so. If every solution has a smaller persona, take the one whose smallest
    persona is largest, and say so.

    Parameters
    ----------
    candidates : sequence of Candidate
        One per number of personas.
    min_share : float, 0 to 1
        Smallest persona allowed.

    Returns
    -------
    tuple of Candidate
        The same rows in the same order; exactly one is ``chosen``.
    """
    large = [c for c in candidates if c.smallest_share >= min_share]
    if not large:
        return _marked(candidates, max(candidates, key=lambda c: c.smallest_share), _ALL_SMALL, min_share)
    stable = [c for c in large if (c.stability or 0.0) >= STABLE_ARI]
    if stable:
        best = min(stable, key=lambda c: (c.bic if c.bic is not None else -c.n_personas, c.n_personas))
        why = Text(
            "在稳定且人群规模足够的方案中 BIC 最低" if best.bic is not None else "稳定方案中人群数最多",
            "lowest BIC among stable solutions of sufficient size"
            if best.bic is not None
            else "most personas among the stable solutions",
        )
    else:
        best = max(large, key=lambda c: (c.stability or 0.0, -c.n_personas))
        why = Text("没有达到稳定标准的方案，取最稳定者", "no solution is stable; this is the most stable one")
    return _marked(candidates, best, why, min_share)


def _marked(
    candidates: Sequence[Candidate], best: Candidate, why: Text, min_share: float
) -> tuple[Candidate, ...]:
    return tuple(
        replace(c, chosen=c is best, reason=why if c is best else _why_not(c, min_share)) for c in candidates
    )


def _why_not(candidate: Candidate, min_share: float) -> Text:
    if candidate.smallest_share < min_share:
        return Text(f"最小人群低于 {min_share:.0%}", f"smallest persona below {min_share:.0%}")
    if (candidate.stability or 0.0) < STABLE_ARI:
        return Text(f"稳定性低于 {STABLE_ARI}", f"stability below {STABLE_ARI}")
    return Text("BIC 较高或人群更少", "higher BIC, or fewer personas")
