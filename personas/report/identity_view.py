"""What became of each persona, in words, with the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from personas.model.identity import IdentityEvent
from personas.monitor.advice import BAND_WORDS
from personas.monitor.portrait import band_of
from personas.report.figures import Figures
from personas.report.words import say


@dataclass(frozen=True, slots=True)
class Chip:
    """A persona by its id, its colour class and its name."""

    persona_id: str
    colour: int
    name: str


@dataclass(frozen=True, slots=True)
class EventView:
    """One event.

    Parameters
    ----------
    kind, word : str
        Kind of event and the word for it.
    chips : tuple of Chip
        The personas it tells of: of a split first the one that split, of a merger first the one that came of it.
    sentence : str
        What happened.
    evidence : str
        How that is known.
    """

    kind: str
    word: str
    chips: tuple[Chip, ...]
    sentence: str
    evidence: str


def event_views(
    events: Sequence[IdentityEvent], names: Mapping[str, str], colours: Mapping[str, int], figures: Figures
) -> tuple[EventView, ...]:
    """Write out events.

    Parameters
    ----------
    events : sequence of IdentityEvent
        What became of the personas.
    names : mapping of str to str
        Persona id -> name.
    colours : mapping of str to int
        Persona id -> number of its colour class.
    figures : Figures
        Writes the numbers.

    Returns
    -------
    tuple of EventView
        In their order, but personas that were simply kept come last: a reader looks for changes.
    """
    return tuple(
        EventView(
            kind=event.kind,
            word=say(f"since.kind.{event.kind}", figures.language),
            chips=tuple(Chip(i, colours[i], names.get(i, "")) for i in _told_of(event)),
            sentence=event.text().of(figures.language),
            evidence=_evidence(event, figures),
        )
        for event in sorted(events, key=lambda event: event.kind == "kept")
    )


def written_distance(distance: float, figures: Figures) -> str:
    """Write a portrait distance with its band.

    Examples
    --------
    >>> written_distance(0.04, Figures("en"))
    'portrait distance 0.04, nearly identical'
    """
    band = BAND_WORDS[band_of(distance)].of(figures.language)
    return say("since.distance", figures.language).format(value=figures.decimal(distance), band=band)


def _told_of(event: IdentityEvent) -> list[str]:
    """Return the personas of an event; of a new or retired one only itself, as the sentence names the other."""
    others = event.others if event.kind in ("split", "merged") else ()
    return list(dict.fromkeys((event.persona_id, *others)))


def _evidence(event: IdentityEvent, figures: Figures) -> str:
    """Say how the event is known; a proposed name has its sentence only."""
    language = figures.language
    if event.kind == "renamed":
        return ""
    if event.by == "profiles":
        parts = [say("since.by.profiles", language)]
    else:
        is_few = event.n_users is None
        said = say("since.by.panel_few", language) if is_few else say("since.by.panel", language)
        parts = [said.format(n=figures.count(event.n_users))]
        if event.overlap is not None:
            parts.append(say("since.overlap", language).format(value=figures.percent(event.overlap)))
    if event.distance is not None:
        parts.append(written_distance(event.distance, figures))
    return ("；" if language == "zh-CN" else "; ").join(parts)
