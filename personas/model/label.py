"""Label: a name for each persona, from the user, an archetype, or what sets it apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from personas.model.archetypes import Archetype, match_archetypes
from personas.model.base import NameSource, Trait, usable_names
from personas.model.traits import SLIGHT_EFFECT, SMALL_EFFECT, known_parts, pick_distinctive
from personas.schema import BLOCKS, Text

__all__ = ["Archetype", "PersonaName", "name_personas"]

LONGEST_ZH, LONGEST_EN = 24, 64
"""Most characters of a composed name, as a card's heading holds them (own choice)."""

COMMON_SHARE = 0.25
"""A name speaks of what at least a quarter of the persona has, if there is any such trait (own choice)."""

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

MAINSTREAM = Text("均衡大众", "Mainstream")
"""Name of a persona that nothing sets apart."""


@dataclass(frozen=True, slots=True)
class PersonaName:
    """A name and where it comes from.

    Parameters
    ----------
    name : Text
        Unique within the model in both languages.
    source : {"archetype", "traits", "override"}
        Where it comes from.
    archetype : str or None
        Key of the matched archetype, kept under an override too.
    """

    name: Text
    source: NameSource
    archetype: str | None = None


def name_personas(
    traits: Sequence[Sequence[Trait]],
    persona_ids: Sequence[str],
    *,
    archetypes: Sequence[Archetype] = (),
    overrides: Mapping[str, Text] | None = None,
) -> list[PersonaName]:
    """Name every persona.

    A name given by the user wins; then the archetype that matches; else the name is composed of up to one
    trait each on who they are, what they are worth and what they buy, the most telling of each block.
    Composed names never speak of protected attributes.

    Parameters
    ----------
    traits : sequence of sequence of Trait
        Traits of each persona, in feature order.
    persona_ids : sequence of str
        Ids, in the same order.
    archetypes : sequence of Archetype, optional
        See :func:`personas.model.archetypes.match_archetypes`.
    overrides : mapping of str to Text, optional
        Persona id -> name given by the user; one that can't be used is passed over, see
        :func:`personas.model.base.usable_names`.

    Returns
    -------
    list of PersonaName
        In the order of ``traits``.

    Examples
    --------
    >>> [named.name.en for named in name_personas([[], []], ["P01", "P02"])]
    ['Mainstream', 'Mainstream 2']
    """
    given = usable_names(dict.fromkeys(persona_ids), overrides or {})
    matched = match_archetypes(traits, archetypes)
    taken = _Taken(persona_ids)
    for name in given.values():
        taken.add(name)
    names: dict[int, PersonaName] = {}
    for k, persona_id in enumerate(persona_ids):
        archetype = matched[k]
        key = archetype.key if archetype else None
        if persona_id in given:
            names[k] = PersonaName(given[persona_id], "override", key)
        elif archetype and taken.is_free(archetype.name):
            names[k] = PersonaName(archetype.name, "archetype", key)
            taken.add(archetype.name)
    for k, persona in enumerate(traits):
        if k not in names:
            name = next(name for name in _candidates(persona) if taken.is_free(name))
            names[k] = PersonaName(name, "traits")
            taken.add(name)
    return [names[k] for k in range(len(persona_ids))]


class _Taken:
    """Names in use, in each language; a persona is looked up by id or by either name."""

    def __init__(self, persona_ids: Sequence[str]) -> None:
        self._names = set(persona_ids)

    def is_free(self, name: Text) -> bool:
        return self._names.isdisjoint(name)

    def add(self, name: Text) -> None:
        self._names.update(name)


def _candidates(traits: Sequence[Trait]) -> Iterator[Text]:
    """Yield names, the best first; without end, so that a free one is always found."""
    ranked = _rank([trait for trait in traits if not trait.protected])
    if ranked:
        best = _shorten(_one_per_block(ranked))
        yield _compose(best)
        others = [trait for trait in ranked if trait not in best]
        yield from (name for extra in others if _fits(name := _compose([*best, extra])))
        # Room for no more words: say something else.
        for n_parts in (3, 2, 1):
            for parts in combinations(ranked, n_parts):
                if _fits(name := _compose(parts)):
                    yield name
    stem = _compose(best) if ranked else MAINSTREAM
    number = 1
    while True:
        yield stem if number == 1 else Text(f"{stem.zh} {number}", f"{stem.en} {number}")
        number += 1


def _rank(traits: Sequence[Trait]) -> list[Trait]:
    """Return what a name may speak of, the most telling first: clear traits, else slight ones; common ones, else any."""
    parts = known_parts(traits)
    for minimum_effect in (SMALL_EFFECT, SLIGHT_EFFECT):
        found = pick_distinctive(traits, minimum_effect)
        if found:
            common = [t for t in found if (t.share or 0.0) * parts[t.feature] >= COMMON_SHARE]
            return sorted(common or found, key=lambda t: _told(t) * parts[t.feature], reverse=True)
    return []


def _told(trait: Trait) -> float:
    """Return the bits by which the trait tells the persona from all users: its part of their divergence.

    Cohen's h, which screens traits, makes much of the last percents: that all of a persona buy cheese, and four in five
    users do, would outweigh that three in four of it, and one in three users, buy organic fruit.

    References
    ----------
    Kullback, S., & Leibler, R. A. (1951). On information and sufficiency. Ann. Math. Statist. 22(1).
    """
    if not trait.share or not trait.base_share:
        return 0.0
    return trait.share * math.log2(trait.share / trait.base_share)


def _one_per_block(ranked: Sequence[Trait]) -> list[Trait | None]:
    """Return the strongest trait per block; how much somebody buys is said once, not in every block."""
    chosen: list[Trait | None] = []
    for block in BLOCKS:
        is_told = any(trait is not None and trait.feature in ACTIVITY for trait in chosen)
        chosen.append(
            next((t for t in ranked if t.block == block and not (is_told and t.feature in ACTIVITY)), None)
        )
    return chosen


def _shorten(parts: Sequence[Trait | None]) -> list[Trait]:
    """Leave out what has no room: keep what tells most together; what somebody is worth counts half."""
    kept = [part for part in parts if part is not None]
    sets = [some for n in range(1, len(kept) + 1) for some in combinations(kept, n)]
    fitting = [some for some in sets if _fits(_compose(some))] or [(part,) for part in kept]
    return list(max(fitting, key=lambda some: sum(_told(t) / (1 + (t.block == "worth")) for t in some)))


def _compose(parts: Sequence[Trait]) -> Text:
    ordered = sorted(parts, key=lambda trait: BLOCKS.index(trait.block))
    zh = "·".join(trait.short.zh for trait in ordered)
    en = ", ".join(trait.short.en for trait in ordered)
    return Text(zh if zh.endswith("人群") else f"{zh}人群", f"{en[:1].upper()}{en[1:]}")


def _fits(name: Text) -> bool:
    return len(name.zh) <= LONGEST_ZH and len(name.en) <= LONGEST_EN
