"""Macro personas on the overview: which personas belong together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from personas.model.base import Persona
from personas.model.macro import macros_of
from personas.report.cards import PersonaCard
from personas.report.figures import Figures


@dataclass(frozen=True, slots=True)
class CardGroup:
    """Personas that stand together; without macro personas all stand in one group that has no id.

    Parameters
    ----------
    macro_id, name : str
        Of the macro persona.
    share, users : str
        Figures.
    cards : tuple of PersonaCard
        Its personas, the largest first.
    """

    macro_id: str
    name: str
    share: str
    users: str
    cards: tuple[PersonaCard, ...]


def group_cards(
    personas: Sequence[Persona], cards: Sequence[PersonaCard], figures: Figures
) -> tuple[CardGroup, ...]:
    """Group cards by macro persona.

    Parameters
    ----------
    personas : sequence of Persona
        Of the model.
    cards : sequence of PersonaCard, same length
        The same personas, written out.
    figures : Figures
        Writes the numbers.

    Returns
    -------
    tuple of CardGroup
        In the order of the macro personas.
    """
    by_id = {card.persona_id: card for card in cards}
    macros = macros_of(personas)
    if not macros:
        return (CardGroup("", "", "", "", _largest_first(cards)),)
    return tuple(
        CardGroup(
            macro_id=macro.macro_id,
            name=macro.name.of(figures.language),
            share=figures.percent(macro.share),
            users=figures.count(macro.n_users),
            cards=_largest_first(by_id[persona_id] for persona_id in macro.persona_ids),
        )
        for macro in macros
    )


def _largest_first(cards: Iterable[PersonaCard]) -> tuple[PersonaCard, ...]:
    return tuple(sorted(cards, key=lambda card: (-card.share_value, card.persona_id)))
