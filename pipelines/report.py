"""Report: one offline HTML file about a stored model."""

from __future__ import annotations

from pathlib import Path

from personas.category.analysis import VERBS, Analysis, read_analysis
from personas.errors import ConfigError
from personas.report import Dossier, render_report, write_workbook
from personas.schema import Language
from personas.store import ArtifactStore
from pipelines.archetypes import archetypes_of
from pipelines.category import ANALYSES
from pipelines.history import read_history
from pipelines.models import ASSIGNMENTS, StoredModel, scorings
from pipelines.work_folder import replaced


def write_report(store: ArtifactStore, stored: StoredModel, language: Language, output: Path | None) -> Path:
    """Write the report of a model and return where it is.

    Parameters
    ----------
    store : ArtifactStore
        Where the model, its assignments and the analyses of its categories are; the last ones are shown.
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
    dossier = Dossier(
        model,
        stored.record.version,
        contract=stored.contract,
        scored=scored,
        archetypes=archetypes_of(stored),
        analyses=tuple(latest_analyses(store, model.name)),
        history=read_history(store, stored),
    )
    html = render_report(dossier, language=language)
    with replaced(target) as partial:
        partial.write_text(html, encoding="utf-8")
    return target


def write_model_workbook(store: ArtifactStore, stored: StoredModel, language: Language, output: Path) -> None:
    """Write the portraits of a model and the last analyses of its categories as a workbook.

    Parameters
    ----------
    store : ArtifactStore
        Where the analyses are.
    stored : StoredModel
        The model.
    language : {"zh-CN", "en"}
        Language of names and headings.
    output : Path
        Target; a name that ends in ``.xlsx``.

    Raises
    ------
    ConfigError
        If the name ends otherwise.
    """
    if output.suffix.lower() != ".xlsx":
        raise ConfigError(
            f"--workbook is {output.name!r}; expected a name that ends in .xlsx, as spreadsheets tell files by it."
        )
    with replaced(output) as partial:
        write_workbook(stored.model, latest_analyses(store, stored.model.name), partial, language=language)


def latest_analyses(store: ArtifactStore, name: str) -> list[Analysis]:
    """Return the last analysis of each verb of a use case.

    Parameters
    ----------
    store : ArtifactStore
        Where they are.
    name : str
        Name of the use case.
    """
    found = []
    for verb in VERBS:
        kept = f"{name}.{verb}"
        version = store.champion(ANALYSES, kept)
        if version is not None and version in store.versions(ANALYSES, kept):
            found.append(read_analysis(store.get(ANALYSES, kept, version).path))
    return found
