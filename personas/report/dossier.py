"""What a report is made from: the model, and what else is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personas.category.analysis import Analysis
from personas.model.archetypes import Archetype
from personas.model.base import PersonaModel
from personas.report.history import History


@dataclass(frozen=True, slots=True)
class Dossier:
    """A model with everything that its report tells; all but the model and its version may be absent.

    Parameters
    ----------
    model : PersonaModel
        What to show.
    version : str
        Version of the model.
    contract : mapping or None
        What the contract check found: ``{"tables": [{"name", "file", "n_rows", "n_valid",
        "n_quarantined", "reasons": [{"column", "reason", "n_rows"}], "missing": {column: share},
        "warnings": [text], "n_after_as_of"}], "admission": {"n_users", "n_admitted", "dropped":
        {reason: n}}, "warnings": [text]}``. None leaves that part out.
    scored : mapping or None
        Who was scored into what: ``{"n_users", "by_persona": {persona_id: n}, "by_status": {status: n},
        "model_version", "as_of"}`` and optionally ``"by_confidence"``, numbers of users in equal steps
        of the confidence from 0 to 1. None leaves that part out.
    archetypes : tuple of Archetype
        Those that personas are named after; a card then shows what its persona shares with its own.
    analyses : tuple of Analysis
        Of the categories; each gets a section. Of several with the same verb the last one counts.
    history : History
        What came before the model; makes the chapter on what happened since last time.
    """

    model: PersonaModel
    version: str
    contract: Mapping[str, Any] | None = None
    scored: Mapping[str, Any] | None = None
    archetypes: tuple[Archetype, ...] = ()
    analyses: tuple[Analysis, ...] = ()
    history: History = field(default_factory=History)
