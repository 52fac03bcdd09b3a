"""The tables of the chapter "since last time", as files to download."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from personas.model.base import PersonaModel
from personas.model.gate import CHECKS, GateReport
from personas.model.identity import IdentityEvent
from personas.model.lineage import LineageRow
from personas.model.migration import Migration
from personas.monitor import DriftReport
from personas.monitor.advice import BAND_WORDS
from personas.report.downloads import Download, link
from personas.report.figures import Figures
from personas.report.gate_table import verdict_of
from personas.report.history import History
from personas.report.migration_grid import persona_name
from personas.report.plain_table import heading
from personas.report.words import say
from personas.schema import Language

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


def since_downloads(
    model: PersonaModel, history: History, version: str, names: Mapping[str, str], figures: Figures
) -> tuple[Download, ...]:
    """Return one file per table of the chapter that has rows.

    Parameters
    ----------
    model : PersonaModel
        The model of the report.
    history : History
        What else is known.
    version : str
        Version of the model.
    names : mapping of str to str
        Persona id -> name.
    figures : Figures
        Knows the language.

    Returns
    -------
    tuple of Download
        Counts and shares are left empty where they are suppressed.
    """
    day = model.as_of.isoformat()
    return tuple(
        link(
            _table(rows, figures.language),
            say(f"since.table.{key}", figures.language),
            f"since-{key}-{day}.csv",
            figures,
        )
        for key, rows in _tables(model, history, version, names, figures)
        if rows
    )


def _tables(
    model: PersonaModel, history: History, version: str, names: Mapping[str, str], figures: Figures
) -> Iterator[tuple[str, list[Row]]]:
    language = figures.language
    continuity = model.continuity
    if continuity is not None:
        yield "events", _event_rows(continuity.events, language)
    columns = history.columns(version)
    if len(columns) > 1:
        yield "lineage", _lineage_rows(columns, language)
    if continuity is not None and continuity.migration is not None:
        yield "moves-models", _move_rows(continuity.migration, names, figures)
    if history.moves is not None:
        yield "moves-dates", _move_rows(history.moves.migration, names, figures)
    monitorings = history.watched(version, model.as_of)
    if monitorings:
        yield "drift", [row for report in monitorings for row in _drift_rows(report, language)]
        yield "portraits", [row for report in monitorings for row in _portrait_rows(report, language)]
    if (gate := history.told_gate) is not None:
        yield "gate", _gate_rows(gate, language)


def _table(rows: Sequence[Row], language: Language) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(rows)
    table.columns = [heading(str(name), language) for name in table.columns]
    return table


def _event_rows(events: Sequence[IdentityEvent], language: Language) -> list[Row]:
    return [
        {
            "event": say(f"since.kind.{event.kind}", language),
            "persona_id": event.persona_id,
            "others": " ".join(event.others),
            "sentence": event.text().of(language),
            "basis": event.by,
            "n_panel": event.n_users,
            "overlap": event.overlap,
            "distance": event.distance,
        }
        for event in events
    ]


def _lineage_rows(columns: Sequence[Sequence[LineageRow]], language: Language) -> list[Row]:
    return [
        {
            "version": row.version,
            "as_of": row.as_of.isoformat(),
            "persona_id": row.persona_id,
            "persona_name": row.name.of(language),
            "share": row.share,
            "event": "" if row.event is None else say(f"since.kind.{row.event}", language),
            "came_from": " ".join(f"{source} {share:.4f}" for source, share in row.sources),
        }
        for column in columns
        for row in column
    ]


def _move_rows(migration: Migration, names: Mapping[str, str], figures: Figures) -> list[Row]:
    totals = dict(zip(migration.sources, migration.n_sources, strict=True))

    def title(persona_id: str) -> str:
        name = persona_name(persona_id, names, figures)
        return name if persona_id.startswith("(") else f"{persona_id} {name}".strip()

    return [
        {
            "from_persona": title(move.source),
            "to_persona": title(move.target),
            "n_source": totals[move.source],
            "n_moved": move.n_users,
            "move_share": move.share,
            "low": move.low,
            "high": move.high,
            "moved_value": move.value,
            "move_value_share": move.value_share,
        }
        for move in migration.moves
    ]


def _drift_rows(report: DriftReport, language: Language) -> list[Row]:
    return [
        {
            "as_of": report.as_of.isoformat(),
            "version": report.model_version,
            "feature": row.label.of(language),
            "is_scored": _yes_or_no(row.is_scored, language),
            "psi": row.shift.psi,
            "js": row.shift.js,
            "psi_limit": row.shift.limit,
            "is_drift": _yes_or_no(row.shift.is_drift, language),
            "moved_cell": row.cell.of(language),
            "drift_before": row.share_before,
            "drift_now": row.share_now,
            "missing_before": row.missing_before,
            "missing_now": row.missing_now,
        }
        for row in (*report.rows, *report.answers)
    ]


def _portrait_rows(report: DriftReport, language: Language) -> list[Row]:
    return [
        {
            "as_of": report.as_of.isoformat(),
            "version": report.model_version,
            "persona_id": persona.persona_id,
            "persona_name": persona.name.of(language),
            "drift_before": persona.share_before,
            "drift_now": persona.share_now,
            "distance": persona.distance,
            "psi_limit": persona.limit,
            "band": "" if persona.band is None else BAND_WORDS[persona.band].of(language),
            "drivers": " / ".join(driver.of(language) for driver in persona.drivers),
        }
        for persona in report.personas
    ]


def _gate_rows(report: GateReport, language: Language) -> list[Row]:
    return [
        {
            "check": CHECKS[check.name].of(language),
            "check_value": check.value,
            "champion_value": check.champion,
            "threshold": check.threshold,
            "check_verdict": say(f"since.verdict.{verdict_of(check)}", language),
            "check_reason": check.reason.of(language),
        }
        for check in report.checks
    ]


def _yes_or_no(is_so: bool, language: Language) -> str:
    return say(f"result_word.{'yes' if is_so else 'no'}", language)
