"""Report: one offline HTML file about a stored model."""

from __future__ import annotations

from pathlib import Path

from personas.report import render_report
from personas.schema import Language
from personas.store import ArtifactStore
from pipelines.models import ASSIGNMENTS, StoredModel, scorings
from pipelines.work_folder import replaced


def write_report(store: ArtifactStore, stored: StoredModel, language: Language, output: Path | None) -> Path:
    """Write the report of a model and return where it is.

    Parameters
    ----------
    store : ArtifactStore
        Where the model and its assignments are; those scored last are shown.
    stored : StoredModel
        The model.
    language : {"zh-CN", "en"}
        Language of the report.
    output : Path or None
        Target; default ``reports/NAME-AS_OF-HASH-LANGUAGE.html`` in the store, the hash being that of the
        model's version.
    """
    model = stored.model
    runs = (store.get(ASSIGNMENTS, model.name, v).metadata for v in reversed(scorings(store, model.name)))
    scored = next((run for run in runs if run["model_version"] == stored.record.version), None)
    file = f"{model.name}-{model.as_of.isoformat()}-{stored.record.content_sha256[:8]}-{language}.html"
    target = output or store.root / "reports" / file
    html = render_report(
        model, language=language, contract=stored.contract, scored=scored, version=stored.record.version
    )
    with replaced(target) as partial:
        partial.write_text(html, encoding="utf-8")
    return target
