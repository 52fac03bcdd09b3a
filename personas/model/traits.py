"""Which traits set a persona apart, how much, and how neighbouring bands are said in one breath."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise

import numpy as np

from personas.model.bands import age_level
from personas.model.base import Trait
from personas.schema import Text
from personas.schema.levels import LEVELS

SIGNIFICANT = 0.05
"""A trait counts when its q value is below it."""

SMALL_EFFECT = 0.2
"""Cohen's h of a small effect (Cohen 1988, section 6.2); names need it."""

SLIGHT_EFFECT = 0.1
"""Half a small effect; sentences of a card need it, so that a large base doesn't make trifles speak."""

_NEARLY_ALL = 0.8
_HARDLY_MORE = 110.0


def is_commonplace(trait: Trait) -> bool:
    """Return whether a trait holds for nearly everybody, and for the persona hardly more.

    Parameters
    ----------
    trait : Trait
        Of a persona.

    Returns
    -------
    bool
        More than 80 % of all users have it and its TGI is from 100 to below 110 (own choice): it may be significant and tells
        nobody anything.
    """
    if trait.tgi is None or trait.base_share is None:
        return False
    return trait.base_share > _NEARLY_ALL and 100 <= trait.tgi < _HARDLY_MORE


_TIERS = "一二三四五六"


def effect_size(trait: Trait) -> float:
    """Return Cohen's h between the persona's share and the base share.

    Parameters
    ----------
    trait : Trait
        A suppressed one has no effect.

    Returns
    -------
    float, -pi to pi
        Positive when the persona has more of it.

    References
    ----------
    Cohen, J. (1988). Statistical Power Analysis for the Behavioral Sciences, 2nd ed., section 6.2.
    """
    if trait.share is None or trait.base_share is None:
        return 0.0
    return float(2 * np.arcsin(np.sqrt(trait.share)) - 2 * np.arcsin(np.sqrt(trait.base_share)))


def pick_distinctive(traits: Iterable[Trait], minimum_effect: float) -> list[Trait]:
    """Return the traits that a persona has more of than the base, strongest first.

    Parameters
    ----------
    traits : iterable of Trait
        Traits of one persona, in feature order.
    minimum_effect : float, 0 to pi
        Least Cohen's h, scaled by the part of the persona whose value is known: what is true of the few
        who bought doesn't speak for a persona that hardly buys.

    Returns
    -------
    list of Trait
        TGI above 100, q below .05, at least the effect; neighbouring bands of ages, education and city
        tiers that are all slightly distinctive are merged into one. Never two of the same feature.
        Ties: feature order.
    """
    parts = known_parts(traits := list(traits))
    merged: list[Trait] = []

    def strength(trait: Trait) -> float:
        return effect_size(trait) * parts.get(trait.feature, 0.0)

    for feature, group in groupby(traits, key=lambda trait: trait.feature):
        levels = list(group)
        join = _JOIN.get(feature)
        needed = SLIGHT_EFFECT if join else minimum_effect
        over = [_is_over(trait) and strength(trait) >= needed for trait in levels]
        runs = _runs(over) if join else [(i, i + 1) for i, is_over in enumerate(over) if is_over]
        found = [
            levels[start] if stop - start == 1 or join is None else _merge(levels, start, stop, join)
            for start, stop in runs
        ]
        found = [trait for trait in found if strength(trait) >= minimum_effect]
        if found:
            merged.append(max(found, key=strength))
    return sorted(merged, key=strength, reverse=True)


def known_parts(traits: Iterable[Trait]) -> dict[str, float]:
    """Return the part of a persona, 0 to 1, whose value of each feature is known.

    Parameters
    ----------
    traits : iterable of Trait
        Traits of one persona.

    Returns
    -------
    dict of str to float
        Feature -> users with a known value, relative to the best known feature.
    """
    known: dict[str, float] = {}
    for trait in traits:
        if trait.n_users and trait.share:
            known[trait.feature] = max(known.get(trait.feature, 0.0), trait.n_users / trait.share)
    most = max(known.values(), default=1.0)
    return {feature: n_users / most for feature, n_users in known.items()}


def _is_over(trait: Trait) -> bool:
    return (
        trait.tgi is not None
        and trait.tgi > 100
        and trait.q_value is not None
        and trait.q_value < SIGNIFICANT
    )


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(flags, dtype=np.int8), [0]])))
    return [(int(start), int(stop)) for start, stop in list(pairwise(edges))[::2]]


def _merge(
    levels: Sequence[Trait],
    start: int,
    stop: int,
    join: Callable[[Sequence[Trait], int, int], tuple[str, Text]],
) -> Trait:
    parts = levels[start:stop]
    share = sum(part.share or 0.0 for part in parts)
    base_share = sum(part.base_share or 0.0 for part in parts)
    level, short = join(levels, start, stop)
    prefix = Text(
        parts[0].label.zh.partition("：")[0],
        parts[0].label.en.partition(": ")[0],
    )
    return Trait(
        feature=parts[0].feature,
        level=level,
        label=Text(f"{prefix.zh}：{short.zh}", f"{prefix.en}: {short.en}"),
        short=short,
        block=parts[0].block,
        protected=parts[0].protected,
        n_users=sum(part.n_users or 0 for part in parts),
        share=share,
        base_share=base_share,
        tgi=100 * share / base_share,
        tgi_lower=None,
        tgi_upper=None,
        q_value=max(part.q_value or 0.0 for part in parts),
    )


def _join_ages(levels: Sequence[Trait], start: int, stop: int) -> tuple[str, Text]:
    first, last = levels[start].level, levels[stop - 1].level
    numbers = re.findall(r"\d+", first)[:1] + re.findall(r"\d+", last)[-1:]
    name = f"{numbers[0]}+" if last.endswith("+") else "-".join(numbers)
    if len(numbers) < 2:  # bands in words of the source's own
        return f"{first}, {last}", Text(
            f"{levels[start].short.zh}至{levels[stop - 1].short.zh}",
            f"{levels[start].short.en} to {levels[stop - 1].short.en}",
        )
    return name, age_level(name)


def _join_ordered(levels: Sequence[Trait], start: int, stop: int) -> tuple[str, Text]:
    first, last = levels[start].short, levels[stop - 1].short
    name = f"{levels[start].level}-{levels[stop - 1].level}"
    if stop == len(levels):
        return name, Text(f"{first.zh.removesuffix('及以上')}及以上", f"{first.en} or higher")
    if start == 0:
        return name, Text(f"{last.zh.removesuffix('及以下')}及以下", f"{last.en} or lower")
    return name, Text(f"{first.zh}至{last.zh}", f"{first.en} to {last.en}")


def _join_tiers(levels: Sequence[Trait], start: int, stop: int) -> tuple[str, Text]:
    found = [LEVELS["city_tier"].index(trait.level) for trait in levels[start:stop]]
    name = f"{levels[start].level}-{levels[stop - 1].level}"
    tiers = "".join(_TIERS[tier] for tier in found)
    return name, Text(f"{tiers}线城市", f"tier {found[0] + 1}–{found[-1] + 1} cities")


_JOIN: dict[str, Callable[[Sequence[Trait], int, int], tuple[str, Text]]] = {
    "age": _join_ages,
    "age_band": _join_ages,
    "education": _join_ordered,
    "city_tier": _join_tiers,
}
"""Feature -> how a run of its levels is said."""
