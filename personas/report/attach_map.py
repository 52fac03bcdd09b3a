"""The attach-rate heat map: a rectangle of categories, shaded by the tier of their association."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from personas.category.slices import ALL
from personas.category.small_cells import HIDDEN
from personas.report.analysis_tables import AnalysisTables, value_of
from personas.report.words import say

if TYPE_CHECKING:
    import pandas as pd

N_SHOWN: Final = 24
"""Rows and columns that are drawn at most, the first ones; the download has all (own choice)."""

N_STRONGEST: Final = 10
"""Pairs of high association that are named above the map (own choice)."""


@dataclass(frozen=True, slots=True)
class AttachCell:
    """One cell; ``tier`` is high, mid, low or nothing; ``tip`` has the counts, the interval and the lift.

    ``is_self`` = a category against itself: the share that buys it again.
    """

    rate: str
    tier: str
    tier_word: str
    tip: str
    is_self: bool


@dataclass(frozen=True, slots=True)
class AttachRow:
    """One row category with its units; a blank cell is None."""

    category: str
    n_units: str
    cells: tuple[AttachCell | None, ...]


@dataclass(frozen=True, slots=True)
class AttachGrid:
    """The rectangle of everybody or of one persona."""

    who: str
    columns: tuple[str, ...]
    rows: tuple[AttachRow, ...]


@dataclass(frozen=True, slots=True)
class StrongPair:
    """A pair of high association, written out."""

    row: str
    column: str
    rate: str
    lift: str


@dataclass(frozen=True, slots=True)
class AttachPage:
    """What the report shows of an attach analysis.

    Parameters
    ----------
    grid : AttachGrid
        Everybody.
    slices : tuple of AttachGrid
        One per persona.
    strongest : tuple of StrongPair
        The pairs of tier high, the largest lift first; a pair stands once.
    has_tiers : bool
        Whether associations were measured.
    n_left_out : str
        Rows and columns that only the download has; empty = none.
    definition, tier_definition : str
        What is printed under the map.
    """

    grid: AttachGrid
    slices: tuple[AttachGrid, ...]
    strongest: tuple[StrongPair, ...]
    has_tiers: bool
    n_left_out: str
    definition: str
    tier_definition: str


def attach_page(tables: AnalysisTables) -> AttachPage | None:
    """Write out the attach matrix; None without one."""
    matrix, association = tables.table("matrix"), tables.table("association")
    if matrix is None:
        return None
    everybody = matrix[matrix["persona_id"] == ALL] if "persona_id" in matrix else matrix
    links = {} if association is None else {(r["row"], r["column"]): r for r in _records(association)}
    rows, columns = (list(dict.fromkeys(everybody[side])) for side in ("row", "column"))
    left_out = max(0, len(rows) - N_SHOWN), max(0, len(columns) - N_SHOWN)
    return AttachPage(
        grid=_grid("", everybody, links, tables),
        slices=tuple(
            _grid(tables.name(persona), matrix[matrix["persona_id"] == persona], {}, tables)
            for persona in tables.personas(matrix)
        ),
        strongest=_strongest(everybody, association, tables),
        has_tiers=association is not None,
        n_left_out=""
        if not any(left_out)
        else say("attach.left_out", tables.figures.language).format(rows=left_out[0], columns=left_out[1]),
        definition=tables.definition("matrix"),
        tier_definition="" if association is None else tables.definition("association"),
    )


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _grid(
    who: str, matrix: pd.DataFrame, links: dict[tuple[str, str], dict[str, Any]], tables: AnalysisTables
) -> AttachGrid:
    cells = {(r["row"], r["column"]): r for r in _records(matrix)}
    # The columns follow the rows, so that a category stands in both at the same place.
    rows = list(dict.fromkeys(matrix["row"]))
    asked = dict.fromkeys(matrix["column"])
    columns = [*(c for c in rows if c in asked), *(c for c in asked if c not in rows)]
    rows, columns = rows[:N_SHOWN], columns[:N_SHOWN]
    units = dict(zip(matrix["row"], matrix["n_row"], strict=True))
    return AttachGrid(
        who=who,
        columns=tuple(tables.name(column) for column in columns),
        rows=tuple(
            AttachRow(
                category=tables.name(row),
                n_units=tables.count(units[row]),
                cells=tuple(
                    None
                    if (row, column) not in cells
                    else _cell(cells[row, column], links.get((row, column)), tables)
                    for column in columns
                ),
            )
            for row in rows
        ),
    )


def _cell(found: dict[str, Any], link: dict[str, Any] | None, tables: AnalysisTables) -> AttachCell:
    figures = tables.figures
    if found[HIDDEN]:
        return AttachCell(figures.suppressed, "", "", say("attach.hidden", figures.language), is_self=False)
    tier = link["tier"] if link is not None and isinstance(link["tier"], str) else ""
    tip = say("attach.tip", figures.language).format(
        row=tables.name(found["row"]),
        column=tables.name(found["column"]),
        both=tables.count(found["n_both"]),
        n=tables.count(found["at_risk"]),
        interval=figures.share_interval(value_of(found["low"]), value_of(found["high"])),
    )
    if link is not None:
        lift, q = (value_of(link[name]) for name in ("lift", "q_value"))
        written = {"lift": figures.decimal(lift), "q": figures.q_value(q)}
        tip += say("attach.tip_lift", figures.language).format(**written)
    word = say(f"tier.{tier}", figures.language) if tier else ""
    rate = figures.percent(value_of(found["rate"]))
    return AttachCell(rate, tier, word, tip, is_self=found["row"] == found["column"])


def _strongest(
    everybody: pd.DataFrame, association: pd.DataFrame | None, tables: AnalysisTables
) -> tuple[StrongPair, ...]:
    if association is None:
        return ()
    high = association[association["tier"].astype("str") == "high"].dropna(subset="lift")
    rates = {(r["row"], r["column"]): r["rate"] for r in _records(everybody)}
    seen: set[frozenset[str]] = set()
    pairs: list[StrongPair] = []
    # Of the two directions of a pair the one that says more leads, as it does among the findings.
    order = ["shrunk_lift", "confidence", "row", "column"]
    for link in _records(high.sort_values(order, ascending=[False, False, True, True])):
        pair = frozenset((link["row"], link["column"]))
        if pair in seen or len(pairs) == N_STRONGEST:
            continue
        seen.add(pair)
        pairs.append(
            StrongPair(
                row=tables.name(link["row"]),
                column=tables.name(link["column"]),
                rate=tables.figures.percent(value_of(rates.get((link["row"], link["column"])))),
                lift=tables.figures.decimal(link["lift"]),
            )
        )
    return tuple(pairs)
