"""Category flow: a flow diagram, the table of shares with its margins, and the change against a year ago."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from personas.category.slices import ALL
from personas.category.small_cells import HIDDEN
from personas.model.traits import SIGNIFICANT
from personas.report.analysis_tables import AnalysisTables, value_of
from personas.report.heatmap import shade
from personas.report.sankey import NARROW, WIDE, Flow, Sankey, lay_out_sankey
from personas.report.words import say

if TYPE_CHECKING:
    import pandas as pd

N_SHOWN: Final = 24
"""Rows and columns of the tables at most; the download has all (own choice)."""

N_DRAWN: Final = 8
"""Categories on each side of the diagram; more of them can't be told apart (own choice)."""


@dataclass(frozen=True, slots=True)
class FlowCell:
    """One cell: its figure, a second one below it, its shade, and its counts.

    ``shade`` is over or under for a significant change; of a share it is one of the heat map's, against the mean
    share of the column; empty = none.
    """

    figure: str
    note: str
    shade: str
    tip: str


@dataclass(frozen=True, slots=True)
class FlowGrid:
    """A table of row and column categories with buyers at both margins.

    Parameters
    ----------
    who : str
        Everybody (empty) or a persona.
    columns, rows : tuple of (str, str)
        Category and its margin.
    cells : tuple of tuple of FlowCell
        One tuple per row.
    """

    who: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str], ...]
    cells: tuple[tuple[FlowCell, ...], ...]


@dataclass(frozen=True, slots=True)
class FlowPage:
    """What the report shows of a flow analysis.

    Parameters
    ----------
    drawings : tuple of (str, Sankey)
        For wide and for narrow pages.
    spoken : str
        The largest flows in words, for people who don't see the drawing.
    grid : FlowGrid
        Shares of everybody.
    change : FlowGrid or None
        Relative change and percentage points against the period before.
    slices : tuple of FlowGrid
        Shares per persona.
    n_left_out : str
        Categories that only the download has; empty = none.
    definition, change_definition : str
        What is printed under the tables.
    """

    drawings: tuple[tuple[str, Sankey], ...]
    spoken: str
    grid: FlowGrid
    change: FlowGrid | None
    slices: tuple[FlowGrid, ...]
    n_left_out: str
    definition: str
    change_definition: str


def flow_page(tables: AnalysisTables) -> FlowPage | None:
    """Write out and draw the category flow; None without one."""
    cells = tables.table("cells")
    if cells is None:
        return None
    everybody = cells[cells["persona_id"] == ALL]
    change = tables.everybody("change_cells")
    nodes, flows, spoken = _flows(everybody, tables)
    left_out = max(0, everybody["row"].nunique() - N_SHOWN), max(0, everybody["column"].nunique() - N_SHOWN)
    return FlowPage(
        drawings=()
        if not flows
        else tuple(
            (name, lay_out_sankey(*nodes, flows, frame))
            for name, frame in (("wide", WIDE), ("narrow", NARROW))
        ),
        spoken=spoken,
        grid=_share_grid("", everybody, tables),
        change=None if change is None else _change_grid(change, tables),
        slices=tuple(
            _share_grid(tables.name(persona), cells[cells["persona_id"] == persona], tables)
            for persona in tables.personas(cells)
        ),
        n_left_out=""
        if not any(left_out)
        else say("attach.left_out", tables.figures.language).format(rows=left_out[0], columns=left_out[1]),
        definition=tables.definition("cells"),
        change_definition="" if change is None else tables.definition("change_cells"),
    )


def _flows(
    cells: pd.DataFrame, tables: AnalysisTables
) -> tuple[tuple[list[tuple[str, str]], list[tuple[str, str]]], list[Flow], str]:
    """Pick the categories with the most users in flow, and the flows between them."""
    moving = cells[cells["share"].notna() & (cells["row"] != cells["column"]) & (cells["n_both"] > 0)]
    picked: list[list[str]] = []
    for side in ("row", "column"):
        sums = moving.groupby(side)["n_both"].sum()
        order = sorted(sums.index, key=lambda name: (-sums[name], name))[:N_DRAWN]
        picked.append([str(name) for name in order])
    rows, columns = picked
    kept = moving[moving["row"].isin(rows) & moving["column"].isin(columns)]
    figures = tables.figures
    flows = [
        Flow(
            left=rows.index(r["row"]),
            right=columns.index(r["column"]),
            n_users=float(r["n_both"]),
            tip=say("flow.ribbon", figures.language).format(
                row=tables.name(r["row"]),
                column=tables.name(r["column"]),
                n=figures.count(round(r["n_both"])),
                share=figures.percent(r["share"]),
            ),
        )
        for r in kept.to_dict("records")
    ]
    margins = (
        dict(zip(cells["row"], cells["n_row"], strict=True)),
        dict(zip(cells["column"], cells["n_column"], strict=True)),
    )
    nodes = tuple(
        [(tables.name(name), tables.count(margin[name])) for name in names]
        for names, margin in zip(picked, margins, strict=True)
    )
    largest = sorted(flows, key=lambda flow: (-flow.n_users, flow.left, flow.right))[:5]
    return (nodes[0], nodes[1]), flows, "; ".join(flow.tip for flow in largest)


def _share_grid(who: str, cells: pd.DataFrame, tables: AnalysisTables) -> FlowGrid:
    rows, columns = _margins(cells, "n_row", tables), _margins(cells, "n_column", tables)
    usual = cells.groupby("column")["share"].mean()
    against = cells.assign(against_usual=100 * cells["share"] / cells["column"].map(usual))
    return _grid(who, against, (rows, columns), _share_cell, tables)


def _change_grid(cells: pd.DataFrame, tables: AnalysisTables) -> FlowGrid:
    margins = []
    for side, key in (("row", "change_rows"), ("column", "change_columns")):
        table = tables.everybody(key)
        growth = {} if table is None else dict(zip(table["category"], table["relative_change"], strict=True))
        margins.append(
            {name: tables.figures.change(value_of(growth.get(name))) for name in dict.fromkeys(cells[side])}
        )
    return _grid("", cells, (margins[0], margins[1]), _change_cell, tables)


def _grid(
    who: str,
    cells: pd.DataFrame,
    margins: tuple[dict[str, str], dict[str, str]],
    write: Callable[[dict[Any, Any], AnalysisTables], FlowCell],
    tables: AnalysisTables,
) -> FlowGrid:
    found = {(r["row"], r["column"]): r for r in cells.to_dict("records")}
    rows, columns = (list(margin)[:N_SHOWN] for margin in margins)
    return FlowGrid(
        who=who,
        columns=tuple((tables.name(name), margins[1][name]) for name in columns),
        rows=tuple((tables.name(name), margins[0][name]) for name in rows),
        cells=tuple(tuple(write(found[row, column], tables) for column in columns) for row in rows),
    )


def _margins(cells: pd.DataFrame, count: str, tables: AnalysisTables) -> dict[str, str]:
    side = "row" if count == "n_row" else "column"
    return {name: tables.count(n) for name, n in zip(cells[side], cells[count], strict=True)}


def _share_cell(found: dict[Any, Any], tables: AnalysisTables) -> FlowCell:
    figures = tables.figures
    if found[HIDDEN]:
        return FlowCell(figures.suppressed, "", "", say("attach.hidden", figures.language))
    share = value_of(found["share"])
    if share is None:
        return FlowCell(figures.percent(None), "", "", "")
    tip = say("attach.tip", figures.language).format(
        row=tables.name(found["row"]),
        column=tables.name(found["column"]),
        both=tables.count(found["n_both"]),
        n=tables.count(found["n_row"]),
        interval=figures.share_interval(value_of(found["low"]), value_of(found["high"])),
    )
    against = value_of(found["against_usual"])
    return FlowCell(figures.percent(share), "", "" if against is None else f"h{shade(against)}", tip)


def _change_cell(found: dict[Any, Any], tables: AnalysisTables) -> FlowCell:
    figures = tables.figures
    if found[HIDDEN]:
        return FlowCell(figures.suppressed, "", "", say("attach.hidden", figures.language))
    relative, points, q = (value_of(found[k]) for k in ("relative_change", "difference_pp", "q_value"))
    if points is None:
        return FlowCell(figures.percent(None), "", "", "")
    side = "" if q is None or q >= SIGNIFICANT else "over" if points > 0 else "under"
    tip = say("flow.change_tip", figures.language).format(
        row=tables.name(found["row"]),
        column=tables.name(found["column"]),
        last=figures.percent(value_of(found["share_last"])),
        this=figures.percent(value_of(found["share_this"])),
        q=figures.q_value(q),
    )
    return FlowCell(figures.change(relative), figures.points(points), side, tip)
