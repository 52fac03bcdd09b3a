"""Which traits set a persona apart, how much, and how neighbouring bands are said in one breath."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from personas.model.bands import age_level, band_words, plain_name, span_text
from personas.model.base import Trait
from personas.schema import Text
from personas.schema.levels import LEVELS

SIGNIFICANT = 0.05
"""A trait counts when its q value is below it."""

SMALL_EFFECT = 0.2
"""Cohen's h of a small effect (Cohen 1988, section 6.2); names need it."""

SLIGHT_EFFECT = 0.1
"""Half a small effect; sentences of a card need it, so that a large base doesn't make trifles speak."""

ACTIVITY = frozenset(
    {
        "order_count",
        "revenue",
        "recency_days",
        "active_days",
        "average_order_value",
        "category_breadth",
        "first_category",
        "last_category",
    }
)
"""Features that tell one story between them: how much somebody buys."""


class Joined(NamedTuple):
    """A run of levels said as one: its name, alone in the fewest words, and beside its feature."""

    level: str
    short: Text
    value: Text


_FREQUENCY = frozenset({"order_count", "active_days"})

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


def pull(trait: Trait) -> float:
    """Return how much a category draws a persona: its share times its lift over the base.

    Share alone would name what everybody buys, lift alone what hardly anybody does (own choice).

    Parameters
    ----------
    trait : Trait
        A suppressed one draws nobody.

    Returns
    -------
    float
        ``share x (TGI / 100 - 1)``; positive when the persona has more of it.
    """
    return (trait.share or 0.0) * ((trait.tgi or 100.0) / 100 - 1)


def tell_once(traits: Iterable[Trait], told: Iterable[Trait] = ()) -> list[Trait]:
    """Leave out what says again how much somebody buys.

    Parameters
    ----------
    traits : iterable of Trait
        Traits of one persona, the most important first.
    told : iterable of Trait
        What was said before.

    Returns
    -------
    list of Trait
        In the same order. Of orders and days with an order only one stays, and of several features of the
        activity that single out the same users ("no orders", "no spending") too.
    """
    said = list(told)
    kept: list[Trait] = []
    for trait in traits:
        if not any(_repeats(trait, other) for other in said):
            kept.append(trait)
            said.append(trait)
    return kept


def _repeats(trait: Trait, other: Trait) -> bool:
    if not {trait.feature, other.feature} <= ACTIVITY:
        return False
    if {trait.feature, other.feature} <= _FREQUENCY:
        return True
    return (trait.n_users, trait.share, trait.base_share) == (other.n_users, other.share, other.base_share)


def pick_distinctive(
    traits: Iterable[Trait], minimum_effect: float, parts: Mapping[str, float] | None = None
) -> list[Trait]:
    """Return the traits that a persona has more of than the base, strongest first.

    Parameters
    ----------
    traits : iterable of Trait
        Traits of one persona, in feature order.
    minimum_effect : float, 0 to pi
        Least Cohen's h, scaled by the part of the persona whose value is known: what is true of the few
        who bought doesn't speak for a persona that hardly buys.
    parts : mapping of str to float, optional
        :func:`known_parts` of the whole persona, when ``traits`` are only some of its traits.

    Returns
    -------
    list of Trait
        TGI above 100, q below .05, at least the effect; neighbouring bands of ages, education, city tiers
        and numbers that are all slightly distinctive are merged into one. Never two of the same feature.
        Ties: feature order.
    """
    parts = known_parts(traits := list(traits)) if parts is None else parts
    merged: list[Trait] = []

    def strength(trait: Trait) -> float:
        return effect_size(trait) * parts.get(trait.feature, 0.0)

    for feature, group in groupby(traits, key=lambda trait: trait.feature):
        levels = list(group)
        join = _JOIN.get(feature) or (_join_bands if _are_bands(levels) else None)
        needed = SLIGHT_EFFECT if join else minimum_effect
        over = [_is_over(trait) and strength(trait) >= needed for trait in levels]
        runs = (
            _runs(over, apart=join is _join_bands and levels[0].level == "0")
            if join
            else [(i, i + 1) for i, is_over in enumerate(over) if is_over]
        )
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


def _runs(flags: Sequence[bool], *, apart: bool) -> list[tuple[int, int]]:
    """Return where runs start and stop; ``apart`` = the first level, zero, stays alone."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(flags, dtype=np.int8), [0]])))
    runs = [(int(start), int(stop)) for start, stop in list(pairwise(edges))[::2]]
    if apart and runs and runs[0][0] == 0 and runs[0][1] > 1:
        return [(0, 1), (1, runs[0][1]), *runs[1:]]
    return runs


def _merge(
    levels: Sequence[Trait],
    start: int,
    stop: int,
    join: Callable[[Sequence[Trait], int, int], Joined],
) -> Trait:
    parts = levels[start:stop]
    share = sum(part.share or 0.0 for part in parts)
    base_share = sum(part.base_share or 0.0 for part in parts)
    joined = join(levels, start, stop)
    prefix = Text(
        parts[0].label.zh.partition("：")[0],
        parts[0].label.en.partition(": ")[0],
    )
    return Trait(
        feature=parts[0].feature,
        level=joined.level,
        label=Text(f"{prefix.zh}：{joined.value.zh}", f"{prefix.en}: {joined.value.en}"),
        short=joined.short,
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


def _join_ages(levels: Sequence[Trait], start: int, stop: int) -> Joined:
    first, last = levels[start].level, levels[stop - 1].level
    numbers = re.findall(r"\d+", first)[:1] + re.findall(r"\d+", last)[-1:]
    name = f"{numbers[0]}+" if last.endswith("+") else "-".join(numbers)
    if len(numbers) < 2:  # bands in words of the source's own
        words = Text(
            f"{levels[start].short.zh}至{levels[stop - 1].short.zh}",
            f"{levels[start].short.en} to {levels[stop - 1].short.en}",
        )
        return Joined(f"{first}, {last}", words, words)
    return Joined(name, age_level(name), age_level(name))


def _join_ordered(levels: Sequence[Trait], start: int, stop: int) -> Joined:
    first, last = levels[start].short, levels[stop - 1].short
    name = f"{levels[start].level}-{levels[stop - 1].level}"
    words = Text(f"{first.zh}至{last.zh}", f"{first.en} to {last.en}")
    if stop == len(levels):
        words = Text(f"{first.zh.removesuffix('及以上')}及以上", f"{first.en} or higher")
    elif start == 0:
        words = Text(f"{last.zh.removesuffix('及以下')}及以下", f"{last.en} or lower")
    return Joined(name, words, words)


def _join_tiers(levels: Sequence[Trait], start: int, stop: int) -> Joined:
    found = [LEVELS["city_tier"].index(trait.level) for trait in levels[start:stop]]
    name = f"{levels[start].level}-{levels[stop - 1].level}"
    tiers = "".join(_TIERS[tier] for tier in found)
    words = Text(f"{tiers}线城市", f"tier {found[0] + 1}–{found[-1] + 1} cities")
    return Joined(name, words, words)


_BAND = re.compile(r"(?:>=?|<)?(?P<low>\d[\d.e+]*)(?P<percent>%?)(?:-(?P<high>\d[\d.e+]*)%?)?")
"""A band of numbers as :mod:`personas.model.bands` names it."""


def _are_bands(levels: Sequence[Trait]) -> bool:
    return (
        len(levels) > 1
        and levels[-1].level.startswith(">")
        and all(_BAND.fullmatch(trait.level) for trait in levels)
    )


def _join_bands(levels: Sequence[Trait], start: int, stop: int) -> Joined:
    parsed = [found for trait in levels if (found := _BAND.fullmatch(trait.level))]
    lows = [float(found["low"]) for found in parsed]
    percent = bool(parsed[start]["percent"])
    scale = 100.0 if percent else 1.0
    # Whole numbers leave a gap between the end of a band and the start of the next.
    whole = not percent and all(
        found["high"] is None or float(found["high"]) < following
        for found, following in zip(parsed, lows[1:], strict=False)
    )
    low = None if start == 0 else lows[start] / scale
    high = None if stop == len(levels) else lows[stop] / scale
    has_zero = levels[0].level == "0"
    is_any = has_zero and start == 1 and high is None
    text = (
        Text(">0", "more than 0")
        if is_any and not whole
        else span_text(low, high, whole=whole, percent=percent)
    )
    label = levels[start].label
    name_en = label.en.partition(": ")[0]
    if name_en[1:2].islower():
        name_en = f"{name_en[:1].lower()}{name_en[1:]}"
    name = plain_name(Text(label.zh.partition("：")[0], name_en))
    words = band_words(levels[start].feature, name)
    if levels[start].short.zh == f"{name.zh}{label.zh.partition('：')[2]}":
        short = Text(f"{name.zh}{text.zh}", f"{name.en} {text.en}")
    elif is_any:
        short = words.some
    elif high is None:
        short = words.high
    elif start <= has_zero:
        short = words.low
    else:
        short = Text(f"中等{words.noun.zh}", f"medium {words.noun.en}")
    return Joined(f"{levels[start].level}..{levels[stop - 1].level}", short, text)


_JOIN: dict[str, Callable[[Sequence[Trait], int, int], Joined]] = {
    "age": _join_ages,
    "age_band": _join_ages,
    "education": _join_ordered,
    "city_tier": _join_tiers,
}
"""Feature -> how a run of its levels is said."""
