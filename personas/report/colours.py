"""Colours of personas: one per id, so that a persona looks the same in every picture and in every report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

N_COLOURS: Final = 9


def persona_colours(here: Iterable[str], gone: Iterable[str] = ()) -> dict[str, int]:
    """Return the number of the colour class of each persona.

    Parameters
    ----------
    here : iterable of str
        Ids of the personas of a model.
    gone : iterable of str, optional
        Ids that only earlier models have.

    Returns
    -------
    dict of str to int
        Persona id -> 0 to 8. An id has the colour of its number; where two would share one, the later of them takes
        the next that is free, and personas that are gone give way to those of the model. Beyond nine personas colours
        recur.

    Examples
    --------
    >>> persona_colours(["P03", "P01", "P10"], gone=["P02"])
    {'P01': 0, 'P03': 2, 'P10': 1, 'P02': 3}
    """
    living = set(here)
    colours: dict[str, int] = {}
    for ids in (living, set(gone) - living):
        ordered = sorted(ids, key=lambda persona_id: (_number(persona_id), persona_id))
        homeless = []
        for persona_id in ordered:
            own = _own(persona_id)
            if own in colours.values():
                homeless.append(persona_id)
            else:
                colours[persona_id] = own
        for persona_id in homeless:
            colours[persona_id] = _next_free(_own(persona_id), set(colours.values()))
    return colours


def _next_free(own: int, taken: set[int]) -> int:
    places = [(own + step) % N_COLOURS for step in range(N_COLOURS)]
    return next((place for place in places if place not in taken), own)


def _own(persona_id: str) -> int:
    return (_number(persona_id) - 1) % N_COLOURS


def _number(persona_id: str) -> int:
    digits = persona_id.removeprefix("P")
    return int(digits) if digits.isdecimal() else 0
