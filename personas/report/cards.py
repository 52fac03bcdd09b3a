"""What a persona card shows: the traits that set the persona apart, with their bars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from math import log2

from personas.features import FeatureSet
from personas.model.base import Persona, Trait
from personas.model.traits import SIGNIFICANT, SLIGHT_EFFECT, effect_size, is_commonplace, pick_distinctive
from personas.report.colours import persona_colours
from personas.report.figures import Figures
from personas.schema import BLOCKS, Block, Text

N_TOP_TRAITS = 10
N_HEADLINE_TRAITS = 3
WIDEST_TGI = 400.0
"""Bars of the index end here and at 10,000 / 400 = 25; the figures beside them do not."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a bar, in percent of its width."""

    start: float
    width: float


@dataclass(frozen=True, slots=True)
class TraitRow:
    """One trait, written out.

    Parameters
    ----------
    label, short : str
        Trait for people.
    users, share, base_share, tgi, interval, q_value : str
        Figures, ready to print.
    suppressed : bool
        Whether the cell must not be shown.
    significant : bool
        Whether the q value is below :data:`SIGNIFICANT`.
    direction : {"over", "under", "even"}
        Side of the average.
    share_bar, base_mark : float, 0 to 100
        Length of the share bar and place of the base mark.
    tgi_bar, whisker : Span or None
        Bar from the average line, and its interval.
    """

    label: str
    short: str
    users: str
    share: str
    base_share: str
    tgi: str
    interval: str
    q_value: str
    suppressed: bool
    significant: bool
    direction: str
    share_bar: float
    base_mark: float
    tgi_bar: Span | None
    whisker: Span | None


@dataclass(frozen=True, slots=True)
class TraitGroup:
    """Traits under one heading."""

    heading: str
    rows: tuple[TraitRow, ...]


@dataclass(frozen=True, slots=True)
class PersonaCard:
    """One persona, written out; ``colour`` is the number of its colour class."""

    persona_id: str
    anchor: str
    colour: int
    name: str
    other_name: str
    name_source: str
    share: str
    share_value: float
    users: str
    who: str
    worth: str
    what: str
    offers: tuple[str, ...]
    message: str
    headline: str
    top: tuple[tuple[Block, tuple[TraitRow, ...]], ...]
    protected: tuple[TraitGroup, ...]
    everything: tuple[TraitGroup, ...]
    n_traits: int


def make_cards(personas: Iterable[Persona], feature_set: FeatureSet, figures: Figures) -> list[PersonaCard]:
    """Write out every persona.

    Parameters
    ----------
    personas : iterable of Persona
        In the order of the report.
    feature_set : FeatureSet
        Names the features that the traits come from.
    figures : Figures
        Writes the numbers.

    Returns
    -------
    list of PersonaCard
        In the same order.
    """
    shown = list(personas)
    colours = persona_colours(persona.persona_id for persona in shown)
    return [
        _make_card((place, colours[persona.persona_id]), persona, feature_set, figures)
        for place, persona in enumerate(shown)
    ]


def _make_card(
    look: tuple[int, int], persona: Persona, feature_set: FeatureSet, figures: Figures
) -> PersonaCard:
    (place, colour), language = look, figures.language
    top = pick_top_traits(persona.traits, N_TOP_TRAITS)
    found = pick_distinctive((t for t in persona.traits if not t.protected), SLIGHT_EFFECT)
    best = [trait for trait in found if not is_commonplace(trait)]
    other_name = persona.name.en if language == "zh-CN" else persona.name.zh
    name = persona.name.of(language)
    return PersonaCard(
        persona_id=persona.persona_id,
        anchor=f"persona-{place + 1}",
        colour=colour,
        name=name,
        other_name="" if other_name == name else other_name,
        name_source=persona.name_source,
        share=figures.percent(persona.share),
        share_value=round(100 * persona.share, 3),
        users=figures.count(persona.n_users),
        who=persona.card.who.of(language),
        worth=persona.card.worth.of(language),
        what=persona.card.what.of(language),
        offers=tuple(offer.of(language) for offer in persona.card.offers),
        message=persona.card.message.of(language),
        headline=figures.join(trait.short.of(language) for trait in best[:N_HEADLINE_TRAITS]),
        top=tuple(
            (block, tuple(trait_row(t, figures) for t in top if t.block == block))
            for block in BLOCKS
            if any(t.block == block for t in top)
        ),
        protected=_by_feature((t for t in persona.traits if t.protected), feature_set, figures),
        everything=_by_feature((t for t in persona.traits if not t.protected), feature_set, figures),
        n_traits=sum(not t.protected for t in persona.traits),
    )


def pick_top_traits(traits: Iterable[Trait], n_traits: int) -> list[Trait]:
    """Pick the traits that set a persona apart: those above average, then those below.

    At least three in five are above average where there are as many. On each side significant traits
    come first, then the larger effect (Cohen's h between the share and the base share). A feature gives
    at most one trait per side. Protected and suppressed traits are left out, and what nearly everybody has.

    Parameters
    ----------
    traits : iterable of Trait
        Of one persona.
    n_traits : int, >= 0
        How many at most.

    Returns
    -------
    list of Trait
        Strongest first on each side; ties stay in feature order.

    References
    ----------
    Cohen, J. (1988). Statistical Power Analysis for the Behavioral Sciences, 2nd ed., chapter 6.
    """
    shown = [t for t in traits if not t.protected and t.tgi is not None and not is_commonplace(t)]
    ranked = sorted(shown, key=lambda t: (not _is_significant(t), -abs(effect_size(t))))
    # The first of a feature is its strongest.
    over: dict[str, Trait] = {}
    under: dict[str, Trait] = {}
    for trait in ranked:
        (over if _direction(trait.tgi) == "over" else under).setdefault(trait.feature, trait)
    n_under = min(len(under), 2 * n_traits // 5)
    picked = list(over.values())[: n_traits - n_under]
    return picked + list(under.values())[: n_traits - len(picked)]


def trait_row(trait: Trait, figures: Figures) -> TraitRow:
    """Write out one trait."""
    suppressed = trait.n_users is None
    hidden = figures.suppressed if suppressed else None
    return TraitRow(
        label=trait.label.of(figures.language),
        short=trait.short.of(figures.language),
        users=figures.count(trait.n_users),
        share=hidden or figures.percent(trait.share),
        base_share=hidden if hidden and trait.base_share is None else figures.percent(trait.base_share),
        tgi=hidden or figures.index(trait.tgi),
        interval=hidden or figures.interval(trait.tgi_lower, trait.tgi_upper),
        q_value=hidden or figures.q_value(trait.q_value),
        suppressed=suppressed,
        significant=_is_significant(trait),
        direction=_direction(trait.tgi),
        share_bar=round(100 * (trait.share or 0.0), 2),
        base_mark=round(100 * (trait.base_share or 0.0), 2),
        tgi_bar=None if trait.tgi is None else _span(100.0, trait.tgi),
        whisker=None
        if trait.tgi_lower is None or trait.tgi_upper is None
        else _span(trait.tgi_lower, trait.tgi_upper),
    )


def tgi_place(tgi: float) -> float:
    """Place an index on its bar, in percent: 25 -> 0, 100 -> 50, 400 -> 100, logarithmic.

    Half as likely and twice as likely are then equally far from the average.

    Examples
    --------
    >>> tgi_place(50), tgi_place(100), tgi_place(200), tgi_place(9000), tgi_place(0)
    (25.0, 50.0, 75.0, 100.0, 0.0)
    """
    widest = log2(WIDEST_TGI / 100)
    if tgi <= 0:
        return 0.0
    return 50 + 50 * max(-1.0, min(1.0, log2(tgi / 100) / widest))


def _span(first: float, second: float) -> Span:
    start, end = sorted((tgi_place(first), tgi_place(second)))
    return Span(round(start, 2), round(end - start, 2))


def _by_feature(traits: Iterable[Trait], feature_set: FeatureSet, figures: Figures) -> tuple[TraitGroup, ...]:
    return tuple(
        TraitGroup(
            heading=feature_heading(feature_set[name].label, name, figures),
            rows=tuple(trait_row(trait, figures) for trait in group),
        )
        for name, group in groupby(traits, key=lambda trait: trait.feature)
    )


def feature_heading(label: Text, name: str, figures: Figures) -> str:
    """Name a feature for people; its technical name when it has no label."""
    return label.of(figures.language) or name


def _is_significant(trait: Trait) -> bool:
    return trait.q_value is not None and trait.q_value < SIGNIFICANT


def _direction(tgi: float | None) -> str:
    if tgi is None or round(tgi) == 100:
        return "even"
    return "over" if tgi > 100 else "under"
