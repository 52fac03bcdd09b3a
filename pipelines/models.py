"""Find models in the store, list them, name their personas, promote one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from personas.errors import DataError, NotFoundError
from personas.model import PersonaModel
from personas.model.base import usable_names
from personas.model.persist import load_model
from personas.schema import Text
from personas.store import ArtifactRecord, ArtifactStore
from pipelines.console import command, shown, store_option

MODELS = "models"
ASSIGNMENTS = "assignments"
_TRAIN = "personas train CONFIG --as-of DATE"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}")


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

    A remembered name that another persona of this model goes by is left out, so that names never stop
    a model from being opened.

    Parameters
    ----------
    store : ArtifactStore
        Where models are kept.
    name : str
        Name of the use case.
    version : str, optional
        Version, the start of one, or the as-of date of a model as ``YYYY-MM-DD`` or ``YYYYMMDD``.
    how_to_train : str
        Command that the message names when there is no model.

    Raises
    ------
    NotFoundError
        If there is no such model, or the champion's folder was deleted.
    DataError
        If it was written in a format that this version doesn't read, or was changed since.
    """
    versions = store.versions(MODELS, name)
    champion = store.champion(MODELS, name)
    if not versions:
        raise NotFoundError(
            f"{shown(store.root)} holds no model of {name!r}; train one first: {how_to_train}."
        )
    if version is None and champion is not None and champion not in versions:
        raise NotFoundError(
            f"{shown(store.root)} lacks the champion of {name!r}, {champion}: its folder was deleted. Restore it, "
            f"or promote another version: "
            f"{command('models', 'promote', f'{name}/{versions[-1]}', *store_option(store.root))}"
        )
    wanted = version or champion or versions[-1]
    matches = matching_versions(store, name, wanted)
    if len(matches) != 1:
        known = ", ".join(
            f"{v} (as of {noted.get('as_of', 'an unknown day')})"
            for v, noted in store.metadata(MODELS, name).items()
        )
        raise NotFoundError(
            f"{len(matches)} models of {name!r} have a version starting with {wanted!r}, or that as-of date; "
            f"choose one of: {known}."
        )
    record = store.get(MODELS, name, matches[0])
    try:
        model = load_model(record.path)
    except DataError as error:
        raise DataError(f"{name}/{matches[0]}: {error}") from None
    names = usable_names({p.persona_id: p.name for p in model.personas}, given_names(store, name))
    return StoredModel(record, model.renamed(names), matches[0] == champion)


def matching_versions(store: ArtifactStore, name: str, wanted: str) -> list[str]:
    """Return the models that a version, the start of one, or else an as-of date means.

    A version begins with the day of its writing, which nobody knows by heart; the as-of date is what people know.

    Parameters
    ----------
    store : ArtifactStore
        Where models are kept.
    name : str
        Name of the use case.
    wanted : str
        Version, the start of one, ``YYYY-MM-DD`` or ``YYYYMMDD``.

    Returns
    -------
    list of str
        Oldest first; dates count only where no version starts so.
    """
    found = [v for v in store.versions(MODELS, name) if v.startswith(wanted)]
    if found or not _DAY.fullmatch(wanted):
        return found
    day = wanted.replace("-", "")
    noted = store.metadata(MODELS, name)
    return [v for v, metadata in noted.items() if str(metadata.get("as_of", "")).replace("-", "") == day]


def find_model(store: ArtifactStore, reference: str | None) -> StoredModel:
    """Load the model that ``NAME``, ``NAME/VERSION`` or ``VERSION`` means; nothing = the only use case.

    An as-of date stands for a version, see :func:`matching_versions`.

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
    owners = [n for n in names if matching_versions(store, n, reference)]
    if len(owners) > 1:
        raise NotFoundError(f"{reference!r} means models of {', '.join(owners)}; say which, as NAME/VERSION.")
    if not owners:
        raise NotFoundError(
            f"{reference!r} is no model here; expected a use case ({', '.join(names)}), NAME/VERSION, a version or "
            "an as-of date."
        )
    return open_model(store, owners[0], reference)


def given_names(store: ArtifactStore, name: str) -> dict[str, Text]:
    """Return the names that the user gave to personas of a use case."""
    return {key: Text(value["zh"], value["en"]) for key, value in store.persona_names(MODELS, name).items()}


def remember_name(store: ArtifactStore, stored: StoredModel, persona_id: str, name: Text) -> None:
    """Give a persona a name that this model, the champion and later models keep.

    Raises
    ------
    ConfigError
        If another persona of this model or of the champion goes by that name.
    """
    use_case = stored.model.name
    champion = store.champion(MODELS, use_case)
    stored.model.renamed({persona_id: name})
    if champion in store.versions(MODELS, use_case):
        open_model(store, use_case, champion).model.renamed({persona_id: name})
    store.set_persona_name(MODELS, use_case, persona_id, zh=name.zh, en=name.en)


def scorings(store: ArtifactStore, name: str) -> list[str]:
    """Return the versions of the assignments of a use case; the one scored last comes last.

    Equal assignments are stored once, so the newest version isn't always the one scored last: that one is
    the champion of its kind.
    """
    versions = store.versions(ASSIGNMENTS, name)
    return [*versions, *(v for v in store.champions(ASSIGNMENTS, name) if v in versions)]


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
        "stability_ari": model.metrics.get("stability"),
        "n_training_users": int(model.metrics.get("n_training_users", 0)),
    }


def listed_model(store: ArtifactStore, name: str, version: str) -> dict[str, Any]:
    """Return one JSON-ready line of ``models list``, with the ``problem`` where the model can't be read."""
    try:
        return model_row(open_model(store, name, version))
    except DataError as error:
        is_champion = store.champion(MODELS, name) == version
        return {"name": name, "version": version, "champion": is_champion, "problem": str(error)}


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
