"""What a card says beside its traits: how stable, how to pick it out, whether it is somebody, whom it matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from personas.features import FeatureSet
from personas.model.archetypes import Archetype, Range
from personas.model.base import Persona, PersonaModel, Trait
from personas.model.rule_tags import tag_expression
from personas.model.rule_words import describe_rule_set
from personas.model.traits import SIGNIFICANT
from personas.report.figures import Figures
from personas.report.words import say
from personas.schema import Text
from personas.schema.bands import band_order
from personas.selection.jaccard import stability_word

ENOUGH_IDENTITY_TRAITS = 3
"""Significant traits of who somebody is from which a persona differs clearly from everybody (own choice)."""


@dataclass(frozen=True, slots=True)
class CardNotes:
    """Notes on one persona, written out.

    Parameters
    ----------
    stability : str
        Word and figure; empty = not measured.
    identity : str
        Whether the persona differs from everybody in who they are.
    is_somebody : bool
        Whether it clearly does.
    has_rules : bool
        Whether rules were looked for.
    rules : tuple of str
        Each rule with its figures; empty = none is precise enough.
    tags : str
        The rules as one expression of tags.
    archetype : str
        Name of the matched archetype; empty = none, or not known.
    matched : tuple of str
        What the persona shares with it.
    """

    stability: str
    identity: str
    is_somebody: bool
    has_rules: bool
    rules: tuple[str, ...]
    tags: str
    archetype: str
    matched: tuple[str, ...]


def make_notes(model: PersonaModel, archetypes: Sequence[Archetype], figures: Figures) -> list[CardNotes]:
    """Write out the notes on every persona, in the order of the model."""
    known = {archetype.key: archetype for archetype in archetypes}
    labels = _level_labels(model.config)
    return [_make(p, model, known.get(p.archetype or ""), labels, figures) for p in model.personas]


def identity_traits(persona: Persona, feature_set: FeatureSet) -> list[Trait]:
    """Return the significant traits of who a persona's users are: profile and membership, no behaviour.

    Traits of who and worth that come from users' attributes, not from their orders, with q < .05.
    """
    attributes = {
        f.name for f in feature_set if f.block in ("who", "worth") and f.source in ("profile", "membership")
    }
    return [
        t
        for t in persona.traits
        if t.feature in attributes and t.q_value is not None and t.q_value < SIGNIFICANT
    ]


def matched_traits(persona: Persona, archetype: Archetype) -> list[Trait]:
    """Return the traits that a persona shares with its archetype: wanted, and significantly over-indexed."""
    return [
        trait
        for attribute, wanted in archetype.attributes.items()
        for trait in persona.traits
        if trait.feature in (attribute, f"{attribute}_band")
        and not trait.protected
        and (trait.tgi or 0.0) > 100
        and trait.q_value is not None
        and trait.q_value < SIGNIFICANT
        and _is_wanted(trait.level, wanted)
    ]


def _make(
    persona: Persona,
    model: PersonaModel,
    archetype: Archetype | None,
    labels: Mapping[str, Mapping[str, Text]],
    figures: Figures,
) -> CardNotes:
    language = figures.language
    traits = identity_traits(persona, model.feature_set)
    is_somebody = len(traits) >= ENOUGH_IDENTITY_TRAITS
    key = "clear" if is_somebody else ("none", "one", "some")[len(traits)]
    rules, tags = persona.rules, ""
    lines: tuple[Text, ...] = ()
    if rules is not None and rules.rules:
        lines = describe_rule_set(rules, persona.name, model.feature_set, labels)
        days = model.window.lookback_days
        tags = tag_expression(rules, model.feature_set, language, lookback_days=days, level_labels=labels)
    return CardNotes(
        stability=""
        if persona.stability is None
        else say("notes.stability", language).format(
            word=stability_word(persona.stability).of(language), value=figures.decimal(persona.stability)
        ),
        identity=say(f"notes.identity.{key}", language).format(n=len(traits), q=SIGNIFICANT),
        is_somebody=is_somebody,
        has_rules=rules is not None,
        rules=tuple(line.of(language) for line in lines),
        tags=tags,
        archetype="" if archetype is None else archetype.name.of(language),
        matched=()
        if archetype is None
        else tuple(
            say("notes.matched", language).format(trait=t.short.of(language), tgi=figures.index(t.tgi))
            for t in matched_traits(persona, archetype)
        ),
    )


def _level_labels(config: Mapping[str, object]) -> dict[str, dict[str, Text]]:
    """Return the names that the stored config gives to levels of further attributes."""
    attributes = config.get("attributes")
    if not isinstance(attributes, Mapping):
        return {}
    return {
        name: {level: Text(text["zh"], text["en"]) for level, text in spec["level_labels"].items()}
        for name, spec in attributes.items()
        if spec.get("level_labels")
    }


def _is_wanted(level: str, wanted: frozenset[str] | Range) -> bool:
    """Return whether an archetype asks for a level, or for a range that a band overlaps."""
    if isinstance(wanted, frozenset):
        return level in wanted
    low = -inf if wanted[0] is None else wanted[0]
    high = inf if wanted[1] is None else wanted[1]
    start, stop, _ = band_order(level)
    return start != inf and start < high and (stop > low or start == stop >= low)
