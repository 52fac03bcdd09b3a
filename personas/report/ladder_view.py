"""Ladders: how many stand on each stage, and who moved between two dates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personas.category.small_cells import HIDDEN
from personas.category.stage_flow import LOST, NEW
from personas.report.analysis_tables import AnalysisTables, value_of
from personas.report.plain_table import PlainTable, plain_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage, or a part of the stage above it."""

    name: str
    n_users: str
    share: str
    bar: float
    action: str
    is_part: bool


@dataclass(frozen=True, slots=True)
class MoveCell:
    """Users who went from one stage to another; ``step`` is up, down, same or nothing."""

    share: str
    n_users: str
    step: str


@dataclass(frozen=True, slots=True)
class LadderCard:
    """One ladder, written out.

    Parameters
    ----------
    name : str
        Of the ladder.
    stages : tuple of StageRow
        The deepest first, each followed by its parts.
    definition : str
        What is printed under them.
    to_stages : tuple of str
        Columns of the moves.
    moves : tuple of (str, str, tuple of MoveCell)
        Stage left, its users, and a cell per stage reached; empty without a second date.
    movements : PlainTable or None
        Rates per stage.
    flow_definition : str
        What is printed under the moves.
    """

    name: str
    stages: tuple[StageRow, ...]
    definition: str
    to_stages: tuple[str, ...]
    moves: tuple[tuple[str, str, tuple[MoveCell, ...]], ...]
    movements: PlainTable | None
    flow_definition: str


def ladder_cards(tables: AnalysisTables) -> tuple[LadderCard, ...]:
    """Write out every ladder of an analysis."""
    stages = tables.table("stages")
    if stages is None:
        return ()
    return tuple(_card(str(key), stages, tables) for key in dict.fromkeys(stages["ladder"]))


def _card(key: str, stages: pd.DataFrame, tables: AnalysisTables) -> LadderCard:
    flow = _of(key, tables.everybody("flow"))
    movements = _of(key, tables.everybody("movements"))
    own = stages[stages["ladder"] == key]
    # Two ladders may call different stages by one key.
    names = dict(zip(own["stage"], own[f"name_{_language(tables)}"], strict=True))
    to_stages, moves = ((), ()) if flow is None else _moves(flow, names, tables)
    columns = (
        *("stage", "n_then", "n_now", "n_in", "n_out", "net_flow"),
        *("retained_rate", "upgrade_rate", "downgrade_rate", "lost_rate"),
    )
    return LadderCard(
        name=tables.name(key),
        stages=_stage_rows(own, _of(key, tables.table("sub_stages")), tables),
        definition=_definition("stages", key, tables),
        to_stages=to_stages,
        moves=moves,
        movements=None
        if movements is None
        else plain_table(movements.assign(stage=_named(movements["stage"], names, tables)), columns, tables),
        flow_definition="" if flow is None else _definition("flow", key, tables),
    )


def _language(tables: AnalysisTables) -> str:
    return "zh" if tables.figures.language == "zh-CN" else "en"


def _named(stages: Iterable[str], names: dict[str, str], tables: AnalysisTables) -> list[str]:
    """Name stages as their ladder does; what is no stage by its own name."""
    return [names.get(stage) or tables.name(stage) for stage in stages]


def _of(key: str, table: pd.DataFrame | None) -> pd.DataFrame | None:
    found = None if table is None else table[table["ladder"] == key]
    return None if found is None or found.empty else found


def _definition(table: str, key: str, tables: AnalysisTables) -> str:
    """Return the line of a definition that is about one ladder, where it has a line per ladder."""
    lines = tables.definition(table).splitlines()
    ladders = list(dict.fromkeys(tables.analysis.tables[table]["ladder"]))
    return lines[ladders.index(key)] if len(lines) == len(ladders) else "\n".join(lines)


def _stage_rows(
    stages: pd.DataFrame, parts: pd.DataFrame | None, tables: AnalysisTables
) -> tuple[StageRow, ...]:
    largest = max((value_of(share) or 0.0 for share in stages["share"]), default=0.0) or 1.0
    rows = []
    for stage in stages.to_dict("records"):
        rows.append(_stage_row(stage, largest, tables, is_part=False))
        if parts is not None:
            inside = parts[parts["stage"] == stage["stage"]].to_dict("records")
            rows += [_stage_row(part, largest, tables, is_part=True) for part in inside]
    return tuple(rows)


def _stage_row(found: dict[Any, Any], largest: float, tables: AnalysisTables, *, is_part: bool) -> StageRow:
    end = _language(tables)
    share = value_of(found["share"])
    action = found.get(f"action_{end}")
    return StageRow(
        name=str(found[f"name_{end}"]),
        n_users=tables.count(found["n_users"]),
        share=tables.figures.suppressed if found[HIDDEN] else tables.figures.percent(share),
        bar=round(100 * (share or 0.0) / largest, 2),
        action=action if isinstance(action, str) else "",
        is_part=is_part,
    )


def _moves(
    flow: pd.DataFrame, names: dict[str, str], tables: AnalysisTables
) -> tuple[tuple[str, ...], tuple[tuple[str, str, tuple[MoveCell, ...]], ...]]:
    lost = flow[flow["to_stage"] == LOST]
    nobody_lost = not lost[HIDDEN].any() and lost["n_users"].sum() == 0
    lefts, reached = (list(dict.fromkeys(flow[side])) for side in ("from_stage", "to_stage"))
    reached = [stage for stage in reached if stage != LOST or not nobody_lost]
    place = {stage: i for i, stage in enumerate(s for s in lefts if s != NEW)}
    cells = {(row["from_stage"], row["to_stage"]): row for row in flow.to_dict("records")}
    rows = []
    for left in lefts:
        found = [cells[left, stage] for stage in reached]
        n_from = value_of(found[0]["n_from"])
        if n_from == 0:
            continue
        rows.append(
            (
                _named([left], names, tables)[0],
                tables.count(n_from),
                tuple(_move(cell, place, tables) for cell in found),
            )
        )
    return tuple(_named(reached, names, tables)), tuple(rows)


def _move(cell: dict[Any, Any], place: dict[str, int], tables: AnalysisTables) -> MoveCell:
    figures = tables.figures
    if cell[HIDDEN]:
        return MoveCell(figures.suppressed, "", "")
    left, reached = cell["from_stage"], cell["to_stage"]
    step = ""
    if left != NEW and reached != LOST and cell["n_users"] > 0:
        change = place[reached] - place[left]
        step = "up" if change > 0 else "down" if change < 0 else "same"
    return MoveCell(figures.percent(value_of(cell["share"])), tables.count(cell["n_users"]), step)
