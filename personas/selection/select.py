"""Pick a solution by a rule that is stated, shown and reproducible."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from personas.schema import Text
from personas.selection.base import Candidate
from personas.selection.jaccard import STABLE_JACCARD

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Draws:
    """Reach and taste of one candidate on resamples of the judged users, the same for all candidates.

    Parameters
    ----------
    reach, taste : ndarray of shape (n_draws,), or None
        None where the measure is not defined.
    """

    reach: Floats | None
    taste: Floats | None


STABLE_ARI = 0.75
"""Mean adjusted Rand index from which a solution counts as stable (the scale of Hennig's clusterboot,
https://cran.r-project.org/package=fpc, applied to the global index; the transfer is our own)."""

_BY_USER = Text("由用户指定", "given by the user")
_ONLY_ONE = Text("仅有这一个方案", "the only solution")
_BEST = Text(
    "在每个人群都稳定且规模足够的方案中行为预判力最强（一个标准误内取人群数最少者）",
    "most skill among solutions whose every persona is stable and large enough (within one standard error: the "
    "fewest personas)",
)
_BEST_BIC = Text(
    "在每个人群都稳定且规模足够的方案中 BIC 最低",
    "lowest BIC among solutions whose every persona is stable and large enough",
)
_MOST = Text(
    "在每个人群都稳定且规模足够的方案中人群数最多",
    "most personas among solutions whose every persona is stable and large enough",
)
_BEST_OF_SIZE = Text(
    "人群数由用户指定，行为预判力最强", "number given by the user; most skill of this number"
)
_LESS_SKILL = Text("行为预判力较低", "less skill")
_NO_MORE_STABLE = Text("预判力相当，但较不稳定", "no more skill, and less stable")
_NONE_STABLE = Text(
    "没有方案的全部人群都稳定，取最不稳定的人群最稳定者",
    "no solution has only stable personas; the least stable persona of this one is the most stable",
)
_ALL_SMALL = Text(
    "所有方案都有过小的人群；取最小人群最大者",
    "every solution has a persona that is too small; this one's smallest is the largest",
)


def with_skill(
    candidates: Sequence[Candidate], draws: Sequence[Draws] | None = None
) -> tuple[tuple[Candidate, ...], Floats]:
    """Fill in the skill of every candidate: reach and taste as shares of the best of the table.

    Parameters
    ----------
    candidates : sequence of Candidate
        With reach and taste.
    draws : sequence of Draws, optional
        Reach and taste of each candidate on the same resamples of the judged users.

    Returns
    -------
    candidates : tuple of Candidate
        The same rows. A measure that is nowhere positive, or not defined, is left out.
    skills : ndarray of shape (n_candidates, n_draws)
        Skill on each resample, in units of the same best; NaN where there is none.
    """
    best = {"reach": max((c.reach.value for c in candidates if c.reach), default=0.0)}
    best["taste"] = max((c.taste.value for c in candidates if c.taste), default=0.0)
    used = {name: value for name, value in best.items() if value > 0}
    found = draws or [Draws(None, None)] * len(candidates)
    skills = [_skill_draws(d, used) for d in found]
    n_draws = max((len(s) for s in skills), default=0)
    padded = np.array([s if len(s) else np.full(n_draws, np.nan) for s in skills]).reshape(
        len(skills), n_draws
    )
    return tuple(_skilled(c, used, s) for c, s in zip(candidates, skills, strict=True)), padded


def _skill_draws(draws: Draws, best: Mapping[str, float]) -> Floats:
    parts = [part / best[name] for name in best if (part := getattr(draws, name)) is not None]
    return np.mean(parts, axis=0) if parts else np.empty(0)


def _skilled(candidate: Candidate, best: Mapping[str, float], draws: Floats) -> Candidate:
    found = [measure.value / best[name] for name in best if (measure := getattr(candidate, name)) is not None]
    if not found:
        return replace(candidate, skill=None, skill_error=None)
    error = float(draws.std()) if len(draws) else None
    return replace(candidate, skill=sum(found) / len(found), skill_error=error)


def choose(
    candidates: Sequence[Candidate],
    *,
    min_share: float,
    draws: Sequence[Draws] | None = None,
    as_asked: bool = False,
) -> tuple[Candidate, ...]:
    """Mark the candidate that the rule picks, and write the reason beside every one.

    The rule: among solutions without a persona below ``min_share`` whose every persona has a bootstrap
    Jaccard of at least .75 (:data:`STABLE_JACCARD`), find the one with the most skill; of those within one
    standard error of it (of the difference, on the same resamples of users) take the fewest personas, then the
    most skill. Where skill is not defined, take the lowest BIC of the first clusterer that has one (those of two
    clusterers are of different likelihoods), without any the most personas. If no solution has only stable personas, take the one whose
    least stable persona is the most stable; if every solution has a smaller persona, the one whose smallest
    persona is the largest.

    Parameters
    ----------
    candidates : sequence of Candidate
        One per clusterer and number of personas.
    min_share : float, 0 to 1
        Smallest persona allowed.
    draws : sequence of Draws, optional
        Of each candidate; without them only equal skill counts as close.
    as_asked : bool, default=False
        The user gave the number of personas, so stability and size inform, but don't decide.

    Returns
    -------
    tuple of Candidate
        The same rows in the same order, with skill; exactly one is ``chosen``.

    References
    ----------
    One standard error: Breiman, L., Friedman, J., Olshen, R. and Stone, C. (1984). Classification and
    Regression Trees. Jaccard: Hennig, C. (2007). Cluster-wise assessment of cluster stability. CSDA 52.
    """
    rows, skills = with_skill(candidates, draws)
    if as_asked:
        best = max(rows, key=lambda c: (_skill(c), c.stability or 0.0))
        why = _BEST_OF_SIZE if len({c.clusterer for c in rows}) > 1 else _BY_USER
        return _marked(rows, best, why, None)
    if len(rows) == 1:
        return _marked(rows, rows[0], _ONLY_ONE, min_share)
    large = [c for c in rows if c.smallest_share >= min_share]
    if not large:
        return _marked(rows, max(rows, key=lambda c: c.smallest_share), _ALL_SMALL, min_share)
    stable = [c for c in large if is_stable(c)]
    if not stable:
        best = max(large, key=lambda c: (min(c.jaccards, default=0.0), _skill(c), -c.n_personas))
        return _marked(rows, best, _NONE_STABLE, min_share)
    if all(c.skill is None for c in stable):
        best, why = _without_skill(stable)
        return _marked(rows, best, why, min_share)
    top = max(stable, key=_skill)
    place = {id(c): row for c, row in zip(rows, skills, strict=True)}
    close = [c for c in stable if _skill(top) - _skill(c) <= _error(place[id(top)] - place[id(c)])]
    best = min(close, key=lambda c: (c.n_personas, -_skill(c)))
    return _marked(rows, best, _BEST, min_share)


def _without_skill(stable: Sequence[Candidate]) -> tuple[Candidate, Text]:
    with_bic = [c for c in stable if c.bic is not None]
    if not with_bic:
        return max(stable, key=lambda c: c.n_personas), _MOST
    first = [c for c in with_bic if c.clusterer == with_bic[0].clusterer]
    return min(first, key=lambda c: (c.bic if c.bic is not None else math.inf, c.n_personas)), _BEST_BIC


def is_stable(candidate: Candidate) -> bool:
    """Return whether every persona of the solution is stable."""
    return bool(candidate.jaccards) and min(candidate.jaccards) >= STABLE_JACCARD


def _error(differences: Floats) -> float:
    return float(differences.std()) if len(differences) and not np.isnan(differences).any() else 0.0


def _skill(candidate: Candidate) -> float:
    return -math.inf if candidate.skill is None else candidate.skill


def _marked(
    candidates: Sequence[Candidate], best: Candidate, why: Text, min_share: float | None
) -> tuple[Candidate, ...]:
    """Mark the best; ``min_share`` is None where size and stability did not decide."""
    return tuple(
        replace(c, chosen=c is best, reason=why if c is best else _why_not(c, best, min_share))
        for c in candidates
    )


def _why_not(candidate: Candidate, best: Candidate, min_share: float | None) -> Text:
    if min_share is None:
        return _LESS_SKILL if _skill(candidate) < _skill(best) else _NO_MORE_STABLE
    if candidate.smallest_share < min_share:
        return Text(f"最小人群低于 {min_share:.0%}", f"smallest persona below {min_share:.0%}")
    if not is_stable(candidate):
        return Text(
            f"有人群的稳定性低于 {STABLE_JACCARD}",
            f"a persona is less stable than {STABLE_JACCARD} (Jaccard)",
        )
    if candidate.skill is None and best.skill is None:
        return _why_not_without_skill(candidate, best)
    if _skill(candidate) >= _skill(best):
        return Text("预判力相当，但人群更多", "no more skill than its error, with more personas")
    return _LESS_SKILL


def _why_not_without_skill(candidate: Candidate, best: Candidate) -> Text:
    if best.bic is None:
        return Text("人群较少", "fewer personas")
    if candidate.bic is None or candidate.clusterer != best.clusterer:
        return Text("没有可比的 BIC", "no BIC that can be compared")
    return Text("BIC 较高", "higher BIC")
