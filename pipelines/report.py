"""Report: one offline HTML file about a stored model."""

from __future__ import annotations

from pathlib import Path

from personas.report import render_report
from personas.schema import Language
from personas.store import ArtifactStore
from pipelines.models import ASSIGNMENTS, StoredModel
from pipelines.work_folder import replaced


def write_report(store: ArtifactStore, stored: StoredModel, language: Language, output: Path | None) -> Path:
    """Write the report of a model and return where it is.

    Parameters
    ----------
    store : ArtifactStore
        Where the model and its newest assignments are.
    stored : StoredModel
        The model.
    language : {"zh-CN", "en"}
        Language of the report.
    output : Path or None
        Target; default ``reports/NAME-AS_OF-LANGUAGE.html`` in the store.
    """
    model = stored.model
    runs = [store.get(ASSIGNMENTS, model.name, v).metadata for v in store.versions(ASSIGNMENTS, model.name)]
    scored = next((run for run in reversed(runs) if run["model_version"] == stored.record.version), None)
    target = output or store.root / "reports" / f"{model.name}-{model.as_of.isoformat()}-{language}.html"
    html = render_report(
        model, language=language, contract=stored.contract, scored=scored, version=stored.record.version
    )
    with replaced(target) as partial:
        partial.write_text(html, encoding="utf-8")
    return target
