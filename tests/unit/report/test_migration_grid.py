from __future__ import annotations

from dataclasses import replace

import pytest

from personas.model.migration import Move
from personas.report.colours import persona_colours
from personas.report.figures import Figures
from personas.report.migration_grid import migration_grid, shade


def _grid(past, between, language="en"):
    names = {persona_id: name.of(language) for persona_id, name in past.NAMES.items()}
    return migration_grid(past.migration(between), "lead", names, persona_colours(names), Figures(language))


def test_cells_have_share_users_and_interval(past):
    grid = _grid(past, "models")
    cell = grid.cells[0][0]

    assert (cell.share, cell.n_users, cell.shade) == ("97.5%", "3,900", 3)
    assert cell.tip == "P01 → P01: 3,900 of 4,000; 95% interval 96.5–98.5%; 97.5% of the spend"
    assert [(row.chip.persona_id, row.n_users) for row in grid.rows] == [("P01", "4,000"), ("P03", "1,000")]


def test_those_who_stayed_stand_on_the_diagonal(past):
    flow = past.migration("models")
    turned = replace(flow, targets=flow.targets[::-1], n_targets=flow.n_targets[::-1])
    grid = migration_grid(turned, "lead", {}, persona_colours(past.NAMES), Figures("en"))

    assert [column.chip.persona_id for column in grid.columns] == ["P01", "P05"]
    assert [column.n_users for column in grid.columns] == ["4,900", "100"]
    assert grid.cells[0][0].share == "97.5%"


def test_the_sentence_tells_how_much_stays(past):
    assert (
        _grid(past, "models").kept
        == "78.0% of the users keep their persona id, and with them 81.0% of the spend"
    )
    assert _grid(past, "models", "zh-CN").kept == "78.0% 的用户保持人群编号，他们占消费额的 81.0%"


def test_whose_doing_it_is_stands_above(past):
    assert _grid(past, "models").title == "Moves that are the model's doing"
    assert _grid(past, "dates").title == "Moves that are the customers' doing"


def test_small_cells_are_hidden_and_empty_ones_quiet(past):
    grid = _grid(past, "dates")

    assert grid.cells[1][2].share == "hidden"
    assert grid.cells[1][1].share == "0"
    assert grid.columns[2].n_users == "hidden"


def test_nobody_who_entered_is_no_row(past):
    grid = _grid(past, "dates")

    assert [row.chip.persona_id for row in grid.rows] == ["P01", "P03"]
    assert [column.chip.name for column in grid.columns] == ["Persona 1", "Persona 5", "left"]


@pytest.mark.parametrize(
    ("share", "expected"), [(0.01, 0), (0.02, -1), (0.1, -2), (0.25, -3), (None, 0), (0.0, 0)]
)
def test_moves_are_shaded_by_their_share(share, expected):
    assert shade(Move("P01", "P02", 1, share, None, None)) == expected


@pytest.mark.parametrize(("share", "expected"), [(0.3, 1), (0.5, 2), (0.8, 3)])
def test_those_who_stayed_are_shaded_the_other_way(share, expected):
    assert shade(Move("P01", "P01", 1, share, None, None)) == expected
