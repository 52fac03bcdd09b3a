from __future__ import annotations

import pytest

from personas.report.figures import Figures
from personas.report.heatmap import make_heatmap, shade


def test_rows_are_categories_by_size_and_columns_are_personas(model):
    rows = make_heatmap(model, Figures("zh-CN"))

    assert [row.category for row in rows][:2] == ["手机", "扫地机"]
    assert rows[-1].category == "新能源汽车充电桩"
    assert all(len(row.cells) == 5 for row in rows)
    assert rows[0].cells[0].share == "58.0%"


def test_rows_are_named_after_the_category_and_not_after_its_buyers(model):
    names = [row.category for row in make_heatmap(model, Figures("en"))]

    assert not [name for name in names if "buyers" in name or "ought" in name or ":" in name]


def test_cells_without_a_significant_difference_have_no_colour(model):
    cells = [cell for row in make_heatmap(model, Figures("en")) for cell in row.cells]

    assert any(cell.shade for cell in cells)
    assert all(cell.shade == 0 for cell in cells if not cell.significant)


def test_suppressed_cells_show_neither_index_nor_share(model):
    cell = make_heatmap(model, Figures("en"))[-1].cells[2]

    assert (cell.tgi, cell.share, cell.suppressed, cell.shade) == ("hidden", "", True, 0)


@pytest.mark.parametrize(
    ("tgi", "expected"), [(0, -3), (49.9, -3), (50, -2), (90, 0), (109.9, 0), (110, 1), (200, 3), (1e6, 3)]
)
def test_shades_change_at_their_cuts(tgi, expected):
    assert shade(tgi) == expected


def test_every_shade_mirrors_its_opposite():
    assert [shade(100 * 1.3), shade(100 / 1.3)] == [1, -1]
    assert [shade(100 * 3), shade(100 / 3)] == [3, -3]
