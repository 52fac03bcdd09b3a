"""Find models in the store, list them, name their personas, promote one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from personas.errors import NotFoundError
from personas.model import PersonaModel
from personas.model.persist import load_model
from personas.schema import Text
from personas.store import ArtifactRecord, ArtifactStore
from pipelines.console import shown

MODELS = "models"
ASSIGNMENTS = "assignments"
_TRAIN = "personas train CONFIG --as-of DATE"


@dataclass(frozen=True)
class StoredModel:
    """A model with its place in the store; personas carry the names that the user gave."""

    record: ArtifactRecord
    model: PersonaModel
    is_champion: bool

    @property
    def contract(self) -> dict[str, Any] | None:
        """The contract report of the training tables."""
        path = self.record.path / "contract.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def open_model(
    store: ArtifactStore, name: str, version: str | None = None, *, how_to_train: str = _TRAIN
) -> StoredModel:
    """Load a model: the given version, else the champion.

    Parameters
    ----------
    store : ArtifactStore
        Where models are kept.
    name : str
        Name of the use case.
    version : str, optional
        Version, or the start of one.
    how_to_train : str
        Command that the message names when there is no model.

    Raises
    ------
    NotFoundError
        If there is no such model.
    """
    versions = store.versions(MODELS, name)
    champion = store.champion(MODELS, name)
    if not versions:
        raise NotFoundError(
            f"{shown(store.root)} holds no model of {name!r}; train one first: {how_to_train}."
        )
    wanted = version or champion or versions[-1]
    matches = [v for v in versions if v.startswith(wanted)]
    if len(matches) != 1:
        raise NotFoundError(
            f"{len(matches)} models of {name!r} have a version starting with {wanted!r}; "
            f"choose one of: {', '.join(versions)}."
        )
    record = store.get(MODELS, name, matches[0])
    return StoredModel(
        record, load_model(record.path).renamed(given_names(store, name)), matches[0] == champion
    )


def find_model(store: ArtifactStore, reference: str | None) -> StoredModel:
    """Load the model that ``NAME``, ``NAME/VERSION`` or ``VERSION`` means; nothing = the only use case.

    Raises
    ------
    NotFoundError
        If nothing, or more than one use case, matches.
    """
    names = store.names(MODELS)
    if not names:
        raise NotFoundError(
            f"{shown(store.root)} holds no model; give the folder of your models with --store, or train one "
            f"first: {_TRAIN}."
        )
    if reference is None:
        if len(names) > 1:
            raise NotFoundError(f"{shown(store.root)} holds models of {', '.join(names)}; say which.")
        return open_model(store, names[0])
    name, _, version = reference.partition("/")
    if name in names:
        return open_model(store, name, version or None)
    owners = [n for n in names if any(v.startswith(reference) for v in store.versions(MODELS, n))]
    if len(owners) != 1:
        raise NotFoundError(
            f"{reference!r} is no model here; expected a use case ({', '.join(names)}), NAME/VERSION or a version."
        )
    return open_model(store, owners[0], reference)


def given_names(store: ArtifactStore, name: str) -> dict[str, Text]:
    """Return the names that the user gave to personas of a use case."""
    return {key: Text(value["zh"], value["en"]) for key, value in store.persona_names(MODELS, name).items()}


def model_row(stored: StoredModel) -> dict[str, Any]:
    """Return one JSON-ready line of ``models list``."""
    model = stored.model
    return {
        "name": model.name,
        "version": stored.record.version,
        "champion": stored.is_champion,
        "as_of": model.as_of.isoformat(),
        "clusterer": model.clusterer,
        "n_personas": len(model.personas),
        "stability": model.metrics.get("stability"),
        "n_training_users": int(model.metrics.get("n_training_users", 0)),
    }


def personas_of(model: PersonaModel) -> list[dict[str, Any]]:
    """Return the personas of a model, JSON-ready."""
    return [
        {
            "persona_id": p.persona_id,
            "name_zh": p.name.zh,
            "name_en": p.name.en,
            "name_source": p.name_source,
            "archetype": p.archetype,
            "share": round(p.share, 4),
            "n_users": p.n_users,
        }
        for p in model.personas
    ]
