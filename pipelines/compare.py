"""Compare two models: what became of each persona, and who moved."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from personas.errors import ConfigError
from personas.features import FeatureSet, build_features
from personas.model import PersonaModel
from personas.model.continuity import SPEND, confront
from personas.model.identity import Continuity, IdentityEvent
from personas.model.migration import Migration
from personas.store import ArtifactStore
from pipelines.champion import gate_lines, gate_of, gate_result
from pipelines.config_file import load_config
from pipelines.console import say, steps
from pipelines.models import StoredModel, find_model, model_row
from pipelines.tables import prepared_tables

MOVES_SHOWN = 8
"""Largest moves that people are told of; programs get all."""


def compare_models(
    store: Path, references: tuple[str, str], config: Path | None, as_of: date | None, *, as_json: bool
) -> None:
    """Print what became of the personas of one model in another.

    Parameters
    ----------
    store : Path
        Where models are kept.
    references : pair of str
        The earlier and the later model.
    config : Path or None
        Score both on the data of this config; without it the evidence that was stored with the later model is used if
        it was trained beside the earlier one, else profiles.
    as_of : date or None
        Day of the data.
    as_json : bool
        For programs.

    Raises
    ------
    ConfigError
        If only one of ``config`` and ``as_of`` is given, or the models belong to different use cases.
    """
    if (config is None) != (as_of is None):
        raise ConfigError("--config and --as-of go together: both, to score both models on data, or neither.")
    opened = ArtifactStore(store)
    earlier, later = (find_model(opened, reference) for reference in references)
    if earlier.model.name != later.model.name:
        raise ConfigError(
            f"{references[0]} is a model of {earlier.model.name}, {references[1]} of {later.model.name}; expected two "
            "models of one use case."
        )
    is_pair = later.record.metadata.get("beside") == earlier.record.version
    if config is not None and as_of is not None:
        continuity, basis = _on_data(earlier.model, later.model, config, as_of, quiet=as_json)
    elif is_pair and later.model.continuity is not None:
        continuity, basis = later.model.continuity, "as found when the later one was trained"
    else:
        continuity, basis = (
            confront(earlier.model, later.model),
            "by profiles alone; --config and --as-of score both",
        )
    gate = gate_of(later) if is_pair else None
    lines = [
        f"{_title(earlier)} -> {_title(later)}, {basis}",
        *(f"  {line}" for line in _shares(earlier.model, later.model)),
        *(f"  {event.text().en}" for event in continuity.events),
        *_migration_lines(continuity.migration),
        *(gate_lines(gate) if gate else ()),
    ]
    result = {
        "earlier": model_row(earlier),
        "later": model_row(later),
        **continuity_result(continuity),
        "gate": gate_result(gate) if gate else None,
    }
    say(result, lines, as_json=as_json)


def continuity_result(continuity: Continuity) -> dict[str, Any]:
    """Return what became of the personas, JSON-ready."""
    return {
        "by": continuity.by,
        "events": [_event_row(event) for event in continuity.events],
        "migration": asdict(continuity.migration) if continuity.migration else None,
    }


def _on_data(
    earlier: PersonaModel, later: PersonaModel, config: Path, as_of: date, *, quiet: bool
) -> tuple[Continuity, str]:
    """Score both models on the users of one day."""
    loaded = load_config(config)
    read = {f.name: f for model in (earlier, later) for f in model.scored_features}
    spend = {f.name: f for model in (earlier, later) for f in model.feature_set if f.name == SPEND}
    feature_set = FeatureSet(tuple({**read, **spend}.values()))
    with steps(quiet=quiet) as progress, prepared_tables(loaded, as_of, progress) as prepared:
        frame = build_features(prepared.engine, prepared.window, feature_set)
        data = frame.sample(loaded.config.personas.max_training_users).to_pandas()
    return confront(earlier, later, data, feature_set), f"both on {len(data):,} users as of {as_of}"


def _event_row(event: IdentityEvent) -> dict[str, Any]:
    text = event.text()
    row = asdict(event)
    return {**row, "names": [list(name) for name in event.names], "zh": text.zh, "en": text.en}


def _title(stored: StoredModel) -> str:
    mark = " (champion)" if stored.is_champion else ""
    return f"{stored.model.name}/{stored.record.version}{mark}, as of {stored.model.as_of}"


def _shares(earlier: PersonaModel, later: PersonaModel) -> list[str]:
    before, after = ({p.persona_id: p for p in model.personas} for model in (earlier, later))
    lines = []
    for persona_id in sorted({*before, *after}):
        shares = [
            f"{found[persona_id].share:6.1%}" if persona_id in found else "     -"
            for found in (before, after)
        ]
        persona = after.get(persona_id) or before[persona_id]
        lines.append(f"{persona_id}  {shares[0]} -> {shares[1]}  {persona.name.zh} / {persona.name.en}")
    return lines


def _migration_lines(migration: Migration | None) -> list[str]:
    if migration is None:
        return []
    spend = "" if migration.kept_value is None else f", {migration.kept_value:.1%} of their spend"
    kept = (
        "nobody"
        if migration.kept_users is None
        else f"{migration.kept_users:.1%} of {migration.n_users:,} users"
    )
    lines = [f"{kept}{spend} keep their persona id."]
    moved = [m for m in migration.moves if m.source != m.target and m.n_users and m.share is not None]
    moved.sort(key=lambda m: (-(m.n_users or 0), m.source, m.target))
    return [
        *lines,
        *(
            f"  {m.source} -> {m.target}: {m.n_users:,} users, {m.share:.1%} ({m.low:.1%} to {m.high:.1%}) of {m.source}"
            for m in moved[:MOVES_SHOWN]
        ),
    ]
