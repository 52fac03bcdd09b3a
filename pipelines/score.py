"""Score: every admitted user gets a persona from a stored model."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personas.errors import ConfigError
from personas.features import build_features
from personas.scoring import score_parquet
from personas.scoring.summary import summarise_assignments
from personas.store import ArtifactRecord, ArtifactStore
from pipelines.config_file import LoadedConfig
from pipelines.console import Steps
from pipelines.models import ASSIGNMENTS, StoredModel
from pipelines.tables import Prepared

FILE = "assignments.parquet"


@dataclass(frozen=True)
class Scored:
    """Where the assignments are, and how they spread."""

    record: ArtifactRecord
    path: Path
    summary: dict[str, Any]


def score(
    loaded: LoadedConfig, prepared: Prepared, stored: StoredModel, steps: Steps, output: Path | None
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

    Returns
    -------
    Scored
    """
    model, config = stored.model, loaded.config
    if prepared.window.lookback_days != model.window.lookback_days:
        raise ConfigError(
            f"features.lookback_days is {prepared.window.lookback_days}, but the model was trained on "
            f"{model.window.lookback_days} days; set it back, or train again."
        )
    store = ArtifactStore(loaded.store_path)
    scratch = Path(tempfile.mkdtemp(prefix="score-", dir=loaded.store_path / ".work"))
    try:
        with steps.step("build features"):
            inputs = model.feature_set.inputs
            frame = build_features(prepared.engine, prepared.window, inputs)
            prepared.engine.write_parquet(frame.table.order_by("user_id"), scratch / "features.parquet")
        with steps.step("score users") as step:
            score_parquet(
                model,
                scratch / "features.parquet",
                scratch / FILE,
                model_version=stored.record.version,
                as_of=prepared.window.as_of,
                language=config.language,
                progress=step,
            )
        summary = {
            **summarise_assignments(scratch / FILE),
            "model_version": stored.record.version,
            "as_of": prepared.window.as_of.isoformat(),
        }
        record = store.put(
            ASSIGNMENTS, config.name, {FILE: scratch / FILE}, created_at=datetime.now(UTC), metadata=summary
        )
        if output is not None:
            _publish(record.path / FILE, output)
        return Scored(record, record.path / FILE, summary)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _publish(source: Path, target: Path) -> None:
    """Copy beside the target first, so that a half-written file never carries its name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    shutil.copyfile(source, partial)
    partial.replace(target)
