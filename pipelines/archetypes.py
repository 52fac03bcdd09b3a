"""The archetypes of a use case: as the library's nouns, and beside the model that was named after them."""

from __future__ import annotations

import json

from personas.config import ArchetypeRange, ArchetypesSpec, parse_archetypes
from personas.model import Archetype
from pipelines.models import StoredModel

ARCHETYPES_FILE = "archetypes.json"
"""Beside the model, so that its report knows them when the config has changed or is gone."""


def archetype_nouns(spec: ArchetypesSpec | None) -> tuple[Archetype, ...]:
    """Return the archetypes of a file as the library's nouns.

    Parameters
    ----------
    spec : ArchetypesSpec or None
        None = the config names none.
    """
    return tuple(
        Archetype(
            key=a.key,
            name=a.name.to_text(),
            attributes={
                name: (wanted.from_, wanted.to) if isinstance(wanted, ArchetypeRange) else frozenset(wanted)
                for name, wanted in a.attributes.items()
            },
        )
        for a in ([] if spec is None else spec.archetypes)
    )


def archetypes_to_files(spec: ArchetypesSpec | None) -> dict[str, bytes]:
    """Return file name -> content: what is stored beside a model; nothing without archetypes."""
    if spec is None:
        return {}
    content = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {ARCHETYPES_FILE: json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode()}


def archetypes_of(stored: StoredModel) -> tuple[Archetype, ...]:
    """Return the archetypes that a model was named after; none for models that were stored without them."""
    path = stored.record.path / ARCHETYPES_FILE
    if not path.exists():
        return ()
    return archetype_nouns(parse_archetypes(json.loads(path.read_text(encoding="utf-8")), path.name))
