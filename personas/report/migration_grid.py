"""Migration as a heat map: shares of each row's users, those who stayed in one colour, those who moved in another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from personas.model.migration import ENTERED, LEFT, Migration, Move
from personas.report.figures import Figures
from personas.report.identity_view import Chip
from personas.report.words import say

STAY_CUTS: Final = (0.0, 0.5, 0.8)
MOVE_CUTS: Final = (0.02, 0.1, 0.25)
"""From which share on a cell has which of three shades; a reading aid of our own."""


@dataclass(frozen=True, slots=True)
class Margin:
    """A row or a column with its users; ``chip`` has no id for users who are known on one day only."""

    chip: Chip
    n_users: str


@dataclass(frozen=True, slots=True)
class MoveCell:
    """One cell; ``shade`` is 1 to 3 for users who stayed, -1 to -3 for users who moved, 0 = few or nobody."""

    share: str
    n_users: str
    shade: int
    tip: str


@dataclass(frozen=True, slots=True)
class MigrationGrid:
    """A flow matrix, written out.

    Parameters
    ----------
    title, lead : str
        Whose doing the moves are.
    kept : str
        How many users keep their id, and how much spend is theirs.
    columns, rows : tuple of Margin
        Personas after and before, in the same order; users who are known on one day only, where there are any.
    cells : tuple of tuple of MoveCell
        One tuple per row.
    """

    title: str
    lead: str
    kept: str
    columns: tuple[Margin, ...]
    rows: tuple[Margin, ...]
    cells: tuple[tuple[MoveCell, ...], ...]


def migration_grid(
    migration: Migration,
    lead: str,
    names: Mapping[str, str],
    colours: Mapping[str, int],
    figures: Figures,
) -> MigrationGrid:
    """Write out a flow matrix.

    Parameters
    ----------
    migration : Migration
        Who is where; small cells are suppressed in it.
    lead : str
        What the table holds.
    names : mapping of str to str
        Persona id -> name.
    colours : mapping of str to int
        Persona id -> number of its colour class.
    figures : Figures
        Writes the numbers.

    Returns
    -------
    MigrationGrid
    """
    found = {(move.source, move.target): move for move in migration.moves}
    rows, columns = (
        {i: n for i, n in zip(ids, totals, strict=True) if n != 0 or i not in (ENTERED, LEFT)}
        for ids, totals in (
            (migration.sources, migration.n_sources),
            (migration.targets, migration.n_targets),
        )
    )
    # Columns in the order of the rows, so that those who stayed stand on the diagonal.
    columns = {i: columns[i] for i in (*rows, *columns) if i in columns}

    def margin(persona_id: str, n_users: int | None) -> Margin:
        chip = Chip(
            "" if persona_id in (ENTERED, LEFT) else persona_id,
            colours.get(persona_id, 0),
            persona_name(persona_id, names, figures),
        )
        return Margin(chip, figures.count(n_users))

    return MigrationGrid(
        title=say(f"since.moves.{migration.between}", figures.language),
        lead=lead,
        kept=_kept(migration, figures),
        columns=tuple(margin(*pair) for pair in columns.items()),
        rows=tuple(margin(*pair) for pair in rows.items()),
        cells=tuple(
            tuple(_cell(found[source, target], n_users, figures) for target in columns)
            for source, n_users in rows.items()
        ),
    )


def persona_name(persona_id: str, names: Mapping[str, str], figures: Figures) -> str:
    """Return the name of a persona, or what users are called who are known on one day only."""
    if persona_id in (ENTERED, LEFT):
        word = "since.moves.entered" if persona_id == ENTERED else "since.moves.left"
        return say(word, figures.language)
    return names.get(persona_id, "")


def shade(move: Move) -> int:
    """Return the shade of a cell, -3 to 3.

    Examples
    --------
    >>> shade(Move("P01", "P01", 90, 0.9, 0.8, 0.95)), shade(Move("P01", "P02", 10, 0.1, 0.05, 0.2))
    (3, -2)
    """
    if not move.share:
        return 0
    if move.source == move.target:
        return bisect_right(STAY_CUTS, move.share)
    return -bisect_right(MOVE_CUTS, move.share)


def _cell(move: Move, n_source: int | None, figures: Figures) -> MoveCell:
    if move.n_users is None:
        return MoveCell(figures.suppressed, "", 0, say("attach.hidden", figures.language))
    if not move.n_users:
        return MoveCell(figures.count(0), "", 0, "")
    tip = say("since.moves.tip", figures.language).format(
        source=move.source,
        target=move.target,
        n=figures.count(move.n_users),
        all=figures.count(n_source),
        interval=figures.share_interval(move.low, move.high),
    )
    if move.value_share is not None:
        tip += say("since.moves.tip_value", figures.language).format(share=figures.percent(move.value_share))
    return MoveCell(figures.percent(move.share), figures.count(move.n_users), shade(move), tip)


def _kept(migration: Migration, figures: Figures) -> str:
    """Say how many users keep their id, and how much spend is theirs."""
    if migration.kept_users is None:
        return ""
    parts = [say("since.moves.kept", figures.language).format(share=figures.percent(migration.kept_users))]
    if migration.kept_value is not None:
        share = figures.percent(migration.kept_value)
        parts.append(say("since.moves.kept_value", figures.language).format(share=share))
    return ("，" if figures.language == "zh-CN" else ", ").join(parts)
