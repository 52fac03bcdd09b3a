"""Score: every admitted user gets a persona from a stored model."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personas.engine import Source
from personas.errors import ConfigError, DataError
from personas.features import FeatureSet, build_features
from personas.features.events import window_events
from personas.model import PersonaModel
from personas.model.continuity import SPEND
from personas.monitor import count_users
from personas.schema import Language
from personas.scoring import score_parquet
from personas.scoring.summary import summarise_assignments
from personas.store import ArtifactRecord, ArtifactStore
from pipelines.config_file import LoadedConfig
from pipelines.console import Steps
from pipelines.models import ASSIGNMENTS, StoredModel, scorings
from pipelines.sketches import put_sketch
from pipelines.tables import Prepared
from pipelines.work_folder import replaced

FILE = "assignments.parquet"
SPEND_FILE = "spend.parquet"
"""Beside the assignments: ``user_id`` and ``value``, what each user spent in the window; moves are weighted by it."""


@dataclass(frozen=True)
class Scored:
    """Where the assignments are, and how they spread."""

    record: ArtifactRecord
    path: Path
    summary: dict[str, Any]


def score(
    loaded: LoadedConfig,
    prepared: Prepared,
    stored: StoredModel,
    steps: Steps,
    output: Path | None,
    *,
    remedy: str = "train and promote a new model",
    made_from: str | None = None,
    only_if_later: bool = False,
) -> Scored:
    """Build the model's features for every admitted user and stream them through its scorecard.

    Parameters
    ----------
    loaded : LoadedConfig
        The use case.
    prepared : Prepared
        Its checked tables.
    stored : StoredModel
        The model.
    steps : Steps
        Progress display.
    output : Path or None
        A second place to write the assignments to.
    remedy : str
        What the message says to do instead of changing the config back, when the model doesn't fit it.
    made_from : str or None
        What the assignments are made from, see :func:`pipelines.made_from.scoring_key`; noted beside them.
    only_if_later : bool
        Whether assignments as of an earlier day than those scored last leave these the ones that are exported.

    Returns
    -------
    Scored
    """
    model, config = stored.model, loaded.config
    check_fit(model, loaded, prepared, remedy)
    features, answers = answer_users(prepared, stored, _with_spend(model), steps, config.language)
    sketch = None
    if model.sketch is not None:
        with steps.step("count users") as step:
            sketch = count_users(model.sketch, features, answers, as_of=prepared.window.as_of, progress=step)
    summary = {
        **summarise_assignments(answers),
        "model_version": stored.record.version,
        "as_of": prepared.window.as_of.isoformat(),
    }
    # The copy is complete before anything is stored, and bears its name only afterwards.
    with nullcontext() if output is None else replaced(output) as partial:
        if partial is not None:
            shutil.copyfile(answers, partial)
        store = ArtifactStore(loaded.store_path)
        if sketch is not None:  # first, as a killed run is not scored again once its assignments are stored
            put_sketch(store, stored, sketch)
        record = store.put(
            ASSIGNMENTS,
            config.name,
            {FILE: answers, **_spend(prepared, features)},
            created_at=datetime.now(UTC),
            metadata={**summary, "made_from": made_from},
        )
        use_for_exports(store, config.name, record, only_if_later=only_if_later)
    return Scored(record, record.path / FILE, summary)


def _with_spend(model: PersonaModel) -> FeatureSet:
    """Return what the scorecard reads and, where the model knows of it, what users spend."""
    spend = tuple(
        f for f in model.feature_set if f.name == SPEND and f.name not in model.scored_features.names
    )
    return FeatureSet((*model.scored_features, *spend))


def _spend(prepared: Prepared, features: Path) -> dict[str, bytes | Path]:
    """Return the file of what users spend; nothing where that is not known."""
    built = prepared.engine.read(Source(path=features)).table
    if SPEND not in built.columns:
        return {}
    path = prepared.scratch / SPEND_FILE
    prepared.engine.write_parquet(built.select("user_id", value=built[SPEND]).order_by("user_id"), path)
    return {SPEND_FILE: path}


def answer_users(
    prepared: Prepared, stored: StoredModel, feature_set: FeatureSet, steps: Steps, language: Language
) -> tuple[Path, Path]:
    """Build features for every admitted user and score them; return both files, which live as long as the run.

    Parameters
    ----------
    prepared : Prepared
        Checked tables of the use case.
    stored : StoredModel
        The model.
    feature_set : FeatureSet
        What to build: at least what the model's scorecard reads.
    steps : Steps
        Progress display.
    language : {"zh-CN", "en"}
        Of the personas' names.

    Returns
    -------
    tuple of two Path
        Features and assignments, with the same users in the same order.
    """
    features, answers = prepared.scratch / "features.parquet", prepared.scratch / FILE
    with steps.step("build features"):
        frame = build_features(prepared.engine, prepared.window, feature_set)
        prepared.engine.write_parquet(frame.table.order_by("user_id"), features)
    with steps.step("score users") as step:
        score_parquet(
            stored.model,
            features,
            answers,
            model_version=stored.record.version,
            as_of=prepared.window.as_of,
            language=language,
            progress=step,
        )
    return features, answers


def use_for_exports(store: ArtifactStore, name: str, record: ArtifactRecord, *, only_if_later: bool) -> None:
    """Make assignments the ones that exports take."""
    noted = store.metadata(ASSIGNMENTS, name)[scorings(store, name)[-1]] if only_if_later else {}
    if noted.get("as_of", "") <= record.metadata["as_of"]:
        store.promote(ASSIGNMENTS, name, record.version)


def check_window(prepared: Prepared) -> None:
    """Stop when there are events, but none in the window: the day is mistyped, or far from the data.

    Scores of that day would say that nobody buys any more, and exports would go on taking them as the latest.

    Raises
    ------
    DataError
        If no event lies in the window.
    """
    events = next((t for t in prepared.contract["tables"] if t["name"] == "events"), None)
    window = prepared.window
    if events is None or window_events(prepared.engine, window).count().to_pyarrow().as_py():
        return
    raise DataError(
        f"{events['file']}: none of the {events['n_valid']:,} events lies in the window, {window.start} to before "
        f"{window.as_of}; expected some. Check --as-of and features.lookback_days."
    )


def check_fit(model: PersonaModel, loaded: LoadedConfig, prepared: Prepared, remedy: str) -> None:
    """Stop when the model was trained on something that the tables no longer have."""
    if prepared.window.lookback_days != model.window.lookback_days:
        raise ConfigError(
            f"features.lookback_days is {prepared.window.lookback_days}, but the model was trained on "
            f"{model.window.lookback_days} days; set it back, or {remedy}."
        )
    trained_where = model.config.get("personas", {}).get("where", {})
    if loaded.config.personas.where != trained_where:
        raise ConfigError(
            f"personas.where is {loaded.config.personas.where or 'everybody'}, but the model was trained on "
            f"{trained_where or 'everybody'}; set it back, or {remedy}."
        )
    check_window(prepared)
    inputs = model.scored_features
    tables = {table["name"]: table for table in prepared.contract["tables"]}
    absent = set(tables["users"]["absent"])
    gone = [f.argument for f in inputs if f.source in ("profile", "membership") and f.argument in absent]
    if gone:
        raise DataError(
            f"{tables['users']['file']}: the model was trained on {', '.join(gone)}, which the users no longer "
            f"have; map them in the config, or {remedy}."
        )
    kinds = {name: spec.kind for name, spec in loaded.config.attributes.items()}
    for feature in inputs:
        if feature.source == "profile" and kinds.get(feature.argument, feature.kind) != feature.kind:
            raise ConfigError(
                f"attributes.{feature.argument}.kind is {kinds[feature.argument]}, but the model was trained on a "
                f"{feature.kind} attribute; set it back, or {remedy}."
            )
    categories = sorted({f.argument for f in inputs if f.source == "category_history" and f.argument})
    if not categories:
        return
    events = prepared.engine.table("events")
    n_known = events.count(where=events.category.isin(categories)).to_pyarrow().as_py()
    if not n_known:
        raise DataError(
            f"{tables['events']['file'] if 'events' in tables else 'sources.events'}: none of the categories that "
            f"the model was trained on occurs ({', '.join(categories[:5])}{' ...' if categories[5:] else ''}); "
            f"map events and their categories as before, or {remedy}."
        )
