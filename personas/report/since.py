"""The chapter "since last time": events, lineage, migration, drift and the gate, as far as they are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from personas.model.base import PersonaModel
from personas.model.gate import GateReport
from personas.model.lineage import LineageRow
from personas.model.migration import Migration
from personas.report.alluvial import NARROW, WIDE, Alluvial, AlluvialFrame, lay_out_alluvial
from personas.report.colours import persona_colours
from personas.report.downloads import Download
from personas.report.drift_view import BAND_TICKS, DriftView, drift_view
from personas.report.figures import Figures
from personas.report.gate_table import GateTable, gate_table
from personas.report.history import History
from personas.report.identity_view import Chip, EventView, event_views
from personas.report.migration_grid import MigrationGrid, migration_grid
from personas.report.since_tables import since_downloads
from personas.report.words import say


@dataclass(frozen=True, slots=True)
class LineageView:
    """The picture of the lineage, for wide and for narrow pages.

    Parameters
    ----------
    drawings : tuple of (str, Alluvial, str)
        Class of the drawing, the drawing, and what it leaves out.
    caption : str
        The same in words, for people who don't see it.
    gone : tuple of (Chip, str)
        Personas that the model no longer has, and since when.
    """

    drawings: tuple[tuple[str, Alluvial, str], ...]
    caption: str
    gone: tuple[tuple[Chip, str], ...]


@dataclass(frozen=True, slots=True)
class SincePage:
    """What the chapter shows; None or empty = it isn't known.

    Parameters
    ----------
    lead : str
        Against what.
    events : tuple of EventView
        What became of each persona.
    lineage : LineageView or None
        The personas of all versions.
    migrations : tuple of MigrationGrid
        First what the model did, then what the customers did.
    drift : DriftView or None
        The last monitoring.
    gate : GateTable or None
        The verdict on the model.
    band_ticks : tuple of float
        Where the bands of the portrait distance part.
    downloads : tuple of Download
        One file per table.
    """

    lead: str
    events: tuple[EventView, ...]
    lineage: LineageView | None
    migrations: tuple[MigrationGrid, ...]
    drift: DriftView | None
    gate: GateTable | None
    band_ticks: tuple[float, ...]
    downloads: tuple[Download, ...]


def since_page(model: PersonaModel, version: str, history: History, figures: Figures) -> SincePage | None:
    """Write out what happened since last time.

    Parameters
    ----------
    model : PersonaModel
        The model of the report; holds what became of the champion's personas.
    version : str
        Its version.
    history : History
        What else is known.
    figures : Figures
        Writes the numbers.

    Returns
    -------
    SincePage or None
        None for a first model that passed its gate and that nobody has monitored or scored twice: there is nothing
        to tell.
    """
    columns = history.columns(version)
    monitorings = history.watched(version, model.as_of)
    gate = history.told_gate
    events = () if model.continuity is None else model.continuity.events
    if not (events or len(columns) > 1 or monitorings or gate or history.moves):
        return None
    language, last = figures.language, _last_time(model, gate, columns)
    names = {row.persona_id: row.name.of(language) for column in columns for row in column}
    if monitorings:
        names |= {
            p.persona_id: p.name.of(language) for p in monitorings[-1].personas if p.persona_id not in names
        }
    names |= {persona.persona_id: persona.name.of(language) for persona in model.personas}
    told = {i for event in events for i in (event.persona_id, *event.others)}
    colours = persona_colours((p.persona_id for p in model.personas), gone=(*names, *told))
    return SincePage(
        lead=_lead(last, figures),
        events=event_views(events, names, colours, figures),
        lineage=_lineage(columns, names, colours, figures) if len(columns) > 1 else None,
        migrations=tuple(
            migration_grid(migration, lead, names, colours, figures)
            for migration, lead in _migrations(model, history, figures)
        ),
        drift=drift_view(monitorings, names, colours, figures) if monitorings else None,
        gate=None if gate is None else gate_table(gate, figures),
        band_ticks=BAND_TICKS,
        downloads=since_downloads(model, history, version, names, figures),
    )


def _last_time(
    model: PersonaModel, gate: GateReport | None, columns: Sequence[Sequence[LineageRow]]
) -> date | None:
    """Return the day of the model before; None = this is the first."""
    if model.continuity is not None:
        return model.continuity.champion_as_of
    if gate is not None:
        return gate.champion_as_of
    return columns[-2][0].as_of if len(columns) > 1 else None


def _lead(last: date | None, figures: Figures) -> str:
    if last is None:
        return say("since.lead_first", figures.language)
    return say("since.lead", figures.language).format(day=last.isoformat())


def _migrations(model: PersonaModel, history: History, figures: Figures) -> list[tuple[Migration, str]]:
    """Return the flow matrices that there are, each with what it holds."""
    found: list[tuple[Migration, str]] = []
    if model.continuity is not None and model.continuity.migration is not None:
        found.append((model.continuity.migration, say("since.moves.models_read", figures.language)))
    if history.moves is not None:
        lead = say("since.moves.dates_read", figures.language).format(
            then=history.moves.then.isoformat(), now=history.moves.now.isoformat()
        )
        found.append((history.moves.migration, lead))
    return found


def _lineage(
    columns: Sequence[Sequence[LineageRow]], names: dict[str, str], colours: dict[str, int], figures: Figures
) -> LineageView:
    here = {row.persona_id for row in columns[-1] if row.share > 0}
    gone: dict[str, str] = {}
    for column in columns:
        for row in column:
            if row.persona_id not in here:
                gone[row.persona_id] = "" if row.share > 0 else row.as_of.isoformat()
    drawings = (("wide", WIDE), ("narrow", NARROW))
    return LineageView(
        drawings=tuple(
            (
                name,
                lay_out_alluvial(columns, names, colours, figures, frame),
                _left_out(len(columns), frame, figures),
            )
            for name, frame in drawings
        ),
        caption=say("since.lineage_caption", figures.language).format(events=_in_words(columns, figures)),
        gone=tuple(
            (
                Chip(persona_id, colours[persona_id], names[persona_id]),
                say("since.gone_since", figures.language).format(day=day) if day else "",
            )
            for persona_id, day in gone.items()
        ),
    )


def _left_out(n_columns: int, frame: AlluvialFrame, figures: Figures) -> str:
    n_left_out = n_columns - frame.most_columns
    if n_left_out <= 0:
        return ""
    return say("since.earlier", figures.language).format(n=figures.count(n_left_out))


def _in_words(columns: Sequence[Sequence[LineageRow]], figures: Figures) -> str:
    """Say who is in each version, and what happened to whom."""
    parts = []
    for column in columns:
        personas = [
            row.persona_id
            if row.event in (None, "kept")
            else f"{row.persona_id} ({say(f'since.kind.{row.event}', figures.language)})"
            for row in column
        ]
        parts.append(f"{column[0].as_of.isoformat()} {figures.join(personas)}")
    return "; ".join(parts)
