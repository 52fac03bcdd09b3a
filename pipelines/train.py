"""Train: tables in, a stored model out. The first one becomes champion if its gate passes; later ones wait."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from personas.features import build_features, rehearse
from personas.model import FitOptions, fit_personas
from personas.model.continuity import with_champion_features
from personas.model.gate import GateReport, gate_to_bytes, judge_challenger
from personas.model.lineage import lineage_entry
from personas.model.persist import model_to_files
from personas.schema import TABLES, Text
from personas.store import ArtifactStore
from pipelines.archetypes import archetype_nouns, archetypes_to_files
from pipelines.champion import GATE_FILE, champion_model, gate_rules, settle_first
from pipelines.config_file import LoadedConfig
from pipelines.console import Steps
from pipelines.journal import toolkit_version
from pipelines.models import ASSIGNMENTS, MODELS, StoredModel, given_names, open_model
from pipelines.tables import Prepared, proposed_features
from pipelines.user_tables import HORIZON, judged_days


@dataclass(frozen=True)
class Trained:
    """What a training run left in the store, and what the gate says of it."""

    stored: StoredModel
    gate: GateReport


def train(
    loaded: LoadedConfig,
    prepared: Prepared,
    steps: Steps,
    *,
    force: bool = False,
    made_from: str | None = None,
) -> Trained:
    """Fit personas on prepared tables and store the model.

    Parameters
    ----------
    loaded : LoadedConfig
        The use case.
    prepared : Prepared
        Its checked tables.
    steps : Steps
        Progress display.
    force : bool
        Store a model even if tables without structure give personas that are as good; the first one becomes
        champion even if its gate says no.
    made_from : str or None
        What the model is made from, see :func:`pipelines.made_from.training_key`; noted beside it.

    Returns
    -------
    Trained
    """
    config = loaded.config
    store = ArtifactStore(loaded.store_path)
    with steps.step("choose features"):
        feature_set = proposed_features(loaded, prepared)
    contract = {
        **prepared.contract,
        "warnings": [*prepared.contract["warnings"], *feature_set.warnings],
    }
    names = given_names(store, config.name)
    champion = champion_model(store, config.name)
    measured = loaded.store_path / ".work" / f"selection-{config.name}"
    feature_set = with_champion_features(feature_set, champion.model if champion else None)
    with steps.step("look back"):
        rehearsal = rehearse(prepared.engine, prepared.window, feature_set, config.personas.horizon_days)
    with steps.step("find personas") as step:
        model = fit_personas(
            build_features(prepared.engine, prepared.window, feature_set),
            clusterer=config.personas.clusterer,
            n_personas=config.personas.n_personas,
            random_state=config.personas.random_state,
            options=replace(fit_options(loaded, names), force=force, checkpoint=measured / toolkit_version()),
            rehearsal=rehearsal,
            champion=champion.model if champion else None,
            progress=lambda _, done, total: step(done, total),
        )
    gate = judge_challenger(model, champion.model if champion else None, gate_rules(config.gate))
    files = {
        **model_to_files(model),
        "contract.json": _json_bytes(contract),
        GATE_FILE: gate_to_bytes(gate),
        **archetypes_to_files(loaded.archetypes()),
    }
    record = store.put(
        MODELS,
        config.name,
        files,
        created_at=datetime.now(UTC),
        metadata={
            "as_of": model.as_of.isoformat(),
            "persona_ids": [p.persona_id for p in model.personas],
            "made_from": made_from,
            HORIZON: judged_days(loaded, model.as_of),
            "beside": champion.record.version if champion else None,
            "lineage": lineage_entry(model),
        },
    )
    settle_first(store, config.name, record.version, gate, force=force)
    shutil.rmtree(measured, ignore_errors=True)
    return Trained(open_model(store, config.name, record.version), gate)


def fit_options(loaded: LoadedConfig, names: Mapping[str, Text]) -> FitOptions:
    """Return the options of a fit that the config asks for."""
    spec, scoring = loaded.config.personas, loaded.config.scoring
    return FitOptions(
        name=loaded.config.name,
        min_personas=spec.min_personas,
        max_personas=spec.max_personas,
        min_share=spec.min_share,
        block_weights=spec.block_weights,
        n_resamples=spec.bootstraps,
        max_training_users=spec.max_training_users,
        holdout_share=spec.holdout_share,
        low_confidence=scoring.low_confidence,
        out_of_distribution_share=scoring.out_of_distribution_share,
        archetypes=archetype_nouns(loaded.archetypes()),
        archetype_use=spec.archetype_use,
        must_keep=tuple(spec.must_keep),
        warm_start=spec.warm_start,
        macro_personas=spec.macro_personas,
        name_overrides=names,
        used_ids=_used_ids(ArtifactStore(loaded.store_path), loaded.config.name),
        level_labels={a.name: a.level_labels for a in loaded.config.attribute_nouns if a.level_labels},
        config=without_places(loaded.config.model_dump(mode="json", by_alias=True)),
    )


def _used_ids(store: ArtifactStore, name: str) -> tuple[str, ...]:
    """Return the persona ids of every model and scoring that is or was stored; no payload is read."""
    noted = (*store.metadata(MODELS, name).values(), *store.removed(MODELS, name).values())
    # Users may still stand under the ids of a model whose folder somebody took away.
    scored = (*store.metadata(ASSIGNMENTS, name).values(), *store.removed(ASSIGNMENTS, name).values())
    ids = {i for metadata in noted for i in metadata["persona_ids"]}
    return tuple(sorted(ids.union(*(metadata.get("by_persona", ()) for metadata in scored))))


def without_places(config: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a model does not depend on: the same data elsewhere is the same model."""
    kept = {key: value for key, value in config.items() if key not in {"store", "category"}}
    sources = dict(config["sources"])
    kept["sources"] = {
        **{name: _without_place(source) for name, source in sources.items() if name in TABLES and source},
        "user_tables": {name: _without_place(source) for name, source in sources["user_tables"].items()},
    }
    return kept


def _without_place(source: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in source.items() if k not in {"path", "connection", "connection_env"}}


def _json_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str).encode()
