"""The category verbs: look, analyse, keep the tables in the store, say what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from personas.category.analysis import FILE, analysis_to_files
from personas.category.findings import Finding, tell_findings
from personas.category.small_cells import HIDDEN, hide_small_cells
from personas.schema import Text
from personas.store import ArtifactRecord, ArtifactStore
from pipelines.category_audiences import ladder, opportunity
from pipelines.category_look import Found, Look, open_look
from pipelines.category_scenes import scenes
from pipelines.category_verbs import attach, flow, growth, sequence
from pipelines.config_file import LoadedConfig, load_config
from pipelines.console import say, shown, steps
from pipelines.work_folder import beside_others

ANALYSES = "analyses"

_NOTE = Text("提示：", "note: ")
_EMPTY = Text(
    "少于 {minimum} 人、或会让人推算出其人数的数字已隐藏（文件中为空）。",
    "Figures of fewer than {minimum} users, or that would tell them, are hidden (empty in the files).",
)
_TABLES = Text("结果表：", "Tables: ")
_USERS = Text("用户表（{kind}）：", "Users ({kind}): ")

_VERBS: dict[str, Callable[[Look], Found]] = {
    "attach": attach,
    "scenes": scenes,
    "flow": flow,
    "sequence": sequence,
    "growth": growth,
    "opportunity": opportunity,
    "ladder": ladder,
}


def analyse_categories(verb: str, config: Path, as_of: date, *, as_json: bool) -> None:
    """Do one analysis and keep it.

    Parameters
    ----------
    verb : str
        Key of the analysis, for example ``"attach"``.
    config : Path
        The use case.
    as_of : date
        First day that is not seen.
    as_json : bool
        Print JSON.
    """
    loaded = load_config(config)
    with (
        beside_others(loaded.store_path, loaded.config.name, f"personas category {verb}"),
        steps(quiet=as_json) as progress,
        open_look(loaded, as_of, progress) as look,
    ):
        with progress.step(f"analyse {verb}"):
            found = _VERBS[verb](look)
            # What is kept is opened by people, so it holds no more than what is shown.
            shown_only = hide_small_cells(found.analysis, look.spec.minimum_cell)
            found = replace(found, analysis=shown_only)
        record, user_records = _keep(loaded, found)
        say(
            _result(found, look, record, user_records),
            _lines(found, look, record, user_records),
            as_json=as_json,
        )


def _keep(loaded: LoadedConfig, found: Found) -> tuple[ArtifactRecord, dict[str, ArtifactRecord]]:
    """Write the analysis and the tables of users; the one made last is what others take."""
    store, now = ArtifactStore(loaded.store_path), datetime.now(UTC)
    analysis, name = found.analysis, loaded.config.name
    metadata = {"as_of": analysis.as_of.isoformat()}
    user_records = {
        kind: store.put(kind, name, files, created_at=now, metadata={**metadata, **found.metadata})
        for kind, files in found.user_files.items()
    }
    record = store.put(
        ANALYSES,
        f"{name}.{analysis.verb}",
        analysis_to_files(analysis),
        created_at=now,
        metadata={**metadata, "verb": analysis.verb},
    )
    # Equal payloads are stored once, so the newest version isn't always the one made last.
    store.promote(ANALYSES, record.name, record.version)
    return record, user_records


def _result(
    found: Found, look: Look, record: ArtifactRecord, user_records: dict[str, ArtifactRecord]
) -> dict[str, Any]:
    analysis = found.analysis
    return {
        "verb": analysis.verb,
        "as_of": analysis.as_of,
        "version": record.version,
        "folder": record.path,
        "tables": {key: record.path / f"{key}.csv" for key in analysis.tables},
        "definitions": {key: text._asdict() for key, text in analysis.definitions.items()},
        "minimum_cell": look.spec.minimum_cell,
        "findings": [{"table": f.table, **f.text._asdict()} for f in _told(found, look)],
        "notes": [note.of(look.loaded.config.language) for note in look.notes],
        "user_tables": {
            kind: [kept.path / name for name in kept.files] for kind, kept in user_records.items()
        },
    }


def _told(found: Found, look: Look) -> list[Finding]:
    return tell_findings(found.analysis, minimum_cell=look.spec.minimum_cell)


def _lines(
    found: Found, look: Look, record: ArtifactRecord, user_records: dict[str, ArtifactRecord]
) -> list[str]:
    analysis, language = found.analysis, look.loaded.config.language
    told = _told(found, look)
    lines = [f"{_NOTE.of(language)}{note.of(language)}" for note in look.notes]
    # The sentence that says what is counted stands under what is told of each table, once for tables that share it.
    keys = list(dict.fromkeys([*(finding.table for finding in told), next(iter(analysis.tables))]))
    last = {analysis.definitions[key]: key for key in keys}
    for key in keys:
        lines += [f"- {finding.text.of(language)}" for finding in told if finding.table == key]
        if last[analysis.definitions[key]] == key:
            lines += [f"  [{key}] {analysis.definitions[key].of(language)}"]
    minimum = look.spec.minimum_cell
    few = any(table[HIDDEN].any() for table in analysis.tables.values())
    return [
        *lines,
        *([_EMPTY.of(language).format(minimum=minimum)] if few else []),
        f"{_TABLES.of(language)}{shown(record.path)}/ ({', '.join(f'{key}.csv' for key in analysis.tables)}; {FILE})",
        *(
            f"{_USERS.of(language).format(kind=kind)}{shown(kept.path)}/ ({', '.join(kept.files)})"
            for kind, kept in user_records.items()
        ),
    ]
