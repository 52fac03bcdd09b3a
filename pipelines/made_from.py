"""What outputs are made from, as short hashes: the same hash again means the same output again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from pipelines.config_file import LoadedConfig
from pipelines.journal import toolkit_version
from pipelines.models import StoredModel
from pipelines.tables import Prepared
from pipelines.train import without_places

MADE_FROM = "made_from"
"""Key of the metadata of models and assignments."""

_READ_BY_FEATURES = ("users", "events")

_NOT_TRAINED_ON = ("export", "monitor")
_NOT_SCORED_BY = (*_NOT_TRAINED_ON, "gate")
_NOT_IN_A_RUN = ("monitor",)
"""Sections of the config that an output does not depend on: to change them makes no other one. The gate's verdict is
stored with the model, so its rules belong to the training."""


def data_of(prepared: Prepared) -> dict[str, str]:
    """Return table -> fingerprint of its valid rows (of users: the admitted ones)."""
    names = [table["name"] for table in prepared.contract["tables"]]
    return {name: prepared.engine.fingerprint(name) for name in names}


def config_of(loaded: LoadedConfig, *, without: Collection[str] = ()) -> str:
    """Return the hash of a config, and of its archetypes, without the places of tables and outputs.

    Parameters
    ----------
    loaded : LoadedConfig
        The use case.
    without : collection of str
        Sections to leave out.
    """
    archetypes = loaded.archetypes()
    config = without_places(loaded.config.model_dump(mode="json", by_alias=True))
    return _hash(
        {section: value for section, value in config.items() if section not in without},
        None if archetypes is None else archetypes.model_dump(mode="json", by_alias=True),
    )


def training_key(loaded: LoadedConfig, prepared: Prepared, *, force: bool) -> str:
    """Return what a model is made from: config, data, day, and whether gates were overruled.

    The champion, whose ids a model takes over, is left out: a job that is done again would otherwise
    train against the model that it made the first time.

    Parameters
    ----------
    loaded : LoadedConfig
        The use case.
    prepared : Prepared
        Its checked tables.
    force : bool
        Of the training.
    """
    config = config_of(loaded, without=_NOT_TRAINED_ON)
    return _hash(config, _features_data(prepared), prepared.window.as_of.isoformat(), force)


def scoring_key(loaded: LoadedConfig, prepared: Prepared, stored: StoredModel) -> str:
    """Return what assignments are made from: model with its names, config, data and day.

    Parameters
    ----------
    loaded : LoadedConfig
        The use case.
    prepared : Prepared
        Its checked tables.
    stored : StoredModel
        The model that scores.
    """
    return _hash(
        stored.record.version,
        {p.persona_id: [p.name.zh, p.name.en] for p in stored.model.personas},
        config_of(loaded, without=_NOT_SCORED_BY),
        _features_data(prepared),
        prepared.window.as_of.isoformat(),
    )


def job_key(loaded: LoadedConfig, data: Mapping[str, str], *parts: Any) -> str:
    """Return what a whole job is made from.

    Parameters
    ----------
    loaded : LoadedConfig
        The use case.
    data : mapping of str to str
        Of :func:`data_of`.
    *parts : JSON-ready
        What else its outputs depend on.
    """
    return _hash(config_of(loaded, without=_NOT_IN_A_RUN), dict(data), *parts)


def _features_data(prepared: Prepared) -> dict[str, str]:
    names = {table["name"] for table in prepared.contract["tables"]}
    return {name: prepared.engine.fingerprint(name) for name in _READ_BY_FEATURES if name in names}


def _hash(*parts: Any) -> str:
    text = json.dumps([toolkit_version(), *parts], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
