"""Lineage: the personas of every version on one table, with what each came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from personas.model.base import PersonaModel
from personas.model.identity import EventKind
from personas.model.migration import Migration
from personas.schema import Text


@dataclass(frozen=True, slots=True)
class LineageRow:
    """One persona in one version.

    Parameters
    ----------
    version : str
        Version of the model.
    as_of : date
        Its day.
    champion : str or None
        Version that its personas were matched with; None = a first model, or not known.
    persona_id : str
        The persona.
    name : Text
        Its name in this version.
    share : float, 0 to 1
        Share of the users; 0 in the version that it is gone from.
    event : {"kept", "split", "merged", "new", "retired"} or None
        What became of it; None in a first model, and where it is not known.
    sources : tuple of (str, float)
        Persona of the champion and the share, 0 to 1, of this persona's users that had it, the largest first; small
        cells are left out.
    """

    version: str
    as_of: date
    champion: str | None
    persona_id: str
    name: Text
    share: float
    event: EventKind | None
    sources: tuple[tuple[str, float], ...] = ()


def lineage_entry(model: PersonaModel) -> list[dict[str, Any]]:
    """Return what the record of a version notes of its personas.

    Parameters
    ----------
    model : PersonaModel
        The model.

    Returns
    -------
    list of dict
        JSON-ready, one per persona, and one per persona of the champion that is gone.
    """
    continuity = model.continuity
    events = [e for e in continuity.events if e.kind != "renamed"] if continuity else []
    happened = {persona_id: event.kind for event in events for persona_id in event.later}
    # A persona that keeps its id through a split or a merger is told of by that event alone.
    sources = _sources(continuity.migration) if continuity else {}
    entry: list[dict[str, Any]] = [
        {
            "persona_id": persona.persona_id,
            "name": list(persona.name),
            "share": round(persona.share, 6),
            "event": happened.get(persona.persona_id),
            "sources": sources.get(persona.persona_id, []),
        }
        for persona in model.personas
    ]
    here = {persona.persona_id for persona in model.personas}
    gone = sorted({i for event in events for i in event.earlier} - here)
    ended = {persona_id: event.kind for event in events for persona_id in event.earlier}
    return [
        *entry,
        *({"persona_id": i, "name": None, "share": 0.0, "event": ended[i], "sources": []} for i in gone),
    ]


def read_lineage(noted: Mapping[str, Mapping[str, Any]]) -> tuple[LineageRow, ...]:
    """Return the lineage over all versions.

    Parameters
    ----------
    noted : mapping of str to mapping
        Version -> metadata of its record, oldest first, removed versions included. Versions that were stored before
        their personas were noted tell nothing.

    Returns
    -------
    tuple of LineageRow
        By version, in that order, then as the personas stand.
    """
    rows: list[LineageRow] = []
    names: dict[str, Text] = {}
    for version, metadata in noted.items():
        for item in metadata.get("lineage", ()):
            persona_id = item["persona_id"]
            if item["name"] is not None:
                names[persona_id] = Text(*item["name"])
            rows.append(
                LineageRow(
                    version=version,
                    as_of=date.fromisoformat(metadata["as_of"]),
                    champion=metadata.get("beside"),
                    persona_id=persona_id,
                    name=names.get(persona_id, Text(persona_id, persona_id)),
                    share=float(item["share"]),
                    event=item["event"],
                    sources=tuple((str(source), float(share)) for source, share in item["sources"]),
                )
            )
    return tuple(rows)


def _sources(migration: Migration | None) -> dict[str, list[tuple[str, float]]]:
    """Return where the users of each new persona were before, the largest share first."""
    if migration is None:
        return {}
    found: dict[str, list[tuple[str, float]]] = {}
    for move in sorted(migration.moves, key=lambda m: (-(m.target_share or 0), m.source)):
        if move.target_share:
            found.setdefault(move.target, []).append((move.source, move.target_share))
    return found
