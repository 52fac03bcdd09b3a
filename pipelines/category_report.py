"""The report of a use case's categories; it needs no model."""

from __future__ import annotations

from pathlib import Path

from personas.category.analysis import VERBS
from personas.errors import NotFoundError
from personas.report import render_category_report
from personas.schema import Language
from personas.store import ArtifactStore
from pipelines.config_file import load_config
from pipelines.console import command, say, shown
from pipelines.report import latest_analyses
from pipelines.work_folder import replaced


def report_categories(config: Path, language: Language | None, output: Path | None, *, as_json: bool) -> None:
    """Write the last analysis of each verb as one offline HTML file.

    Parameters
    ----------
    config : Path
        The use case.
    language : {"zh-CN", "en"} or None
        Language of the report; default that of the config.
    output : Path or None
        Target; default ``reports/NAME-categories-AS_OF-LANGUAGE.html`` in the store.
    as_json : bool
        Print JSON.

    Raises
    ------
    NotFoundError
        If nothing was analysed yet.
    """
    loaded = load_config(config)
    name, store = loaded.config.name, ArtifactStore(loaded.store_path)
    analyses = latest_analyses(store, name)
    if not analyses:
        raise NotFoundError(
            f"{shown(store.root)} holds no analysis of {name}; expected at least one of {', '.join(VERBS)}. Run, for "
            f"example: {command('category', 'attach', loaded.path)} --as-of DATE"
        )
    spoken = language or loaded.config.language
    as_of = max(analysis.as_of for analysis in analyses)
    target = output or store.root / "reports" / f"{name}-categories-{as_of.isoformat()}-{spoken}.html"
    title = loaded.config.title
    html = render_category_report(
        title.to_text().of(spoken) if title else name.replace("_", " "),
        analyses,
        language=spoken,
        minimum_cell=loaded.config.category.minimum_cell,
    )
    with replaced(target) as partial:
        partial.write_text(html, encoding="utf-8")
    say(
        {"report": target, "verbs": [a.verb for a in analyses]}, [f"Report: {shown(target)}"], as_json=as_json
    )
