from __future__ import annotations

import pandas as pd

from personas.report.attach_map import N_SHOWN, attach_page


def test_cells_have_their_rate_their_tier_and_their_counts(made, tables_of):
    grid = attach_page(tables_of(made.attach())).grid

    assert grid.columns == ("air conditioner", "door viewer")  # as the rows, then the others
    assert [row.category for row in grid.rows] == ["smart lock", "air conditioner"]
    weak, strong = grid.rows[0].cells
    assert (strong.rate, strong.tier, strong.tier_word) == ("50.0%", "high", "high")
    assert strong.tip == "smart lock → door viewer: 200 of 400; 95% interval 45.0–55.0%; lift 1.43, q <0.001"
    assert weak.tier == "low"


def test_the_diagonal_is_blank_and_a_small_cell_is_hidden(made, tables_of):
    rows = attach_page(tables_of(made.attach())).grid.rows

    assert rows[1].cells[0] is None
    assert (rows[1].cells[1].rate, rows[1].cells[1].tier) == ("hidden", "")


def test_each_persona_has_its_own_rates(made, tables_of):
    page = attach_page(tables_of(made.attach()))

    assert [grid.who for grid in page.slices] == ["P01 Trend-setters", "P02 Cooks"]
    assert page.slices[0].rows[0].cells[1].rate == "60.0%"


def test_the_strongest_pairs_stand_once(made, tables_of):
    found = made.attach()
    mirrored = found.tables["association"].iloc[[0]].assign(row="猫眼", column="门锁")
    both = pd.concat([found.tables["association"], mirrored], ignore_index=True)
    page = attach_page(tables_of(made.analysis("attach", {**found.tables, "association": both})))

    assert [(pair.lift, pair.row) for pair in page.strongest] == [("1.43", "door viewer")]


def test_of_a_pair_the_stronger_direction_stands(made, tables_of):
    found = made.attach()
    mirrored = found.tables["association"].iloc[[0]].assign(row="猫眼", column="门锁", confidence=0.4)
    both = pd.concat([mirrored, found.tables["association"]], ignore_index=True)
    page = attach_page(tables_of(made.analysis("attach", {**found.tables, "association": both})))

    assert [pair.row for pair in page.strongest] == ["smart lock"]


def test_without_associations_there_are_no_tiers(made, tables_of):
    page = attach_page(tables_of(made.analysis("attach", {"matrix": made.attach().tables["matrix"]})))

    assert not page.has_tiers
    assert page.grid.rows[0].cells[0].tier == ""
    assert page.tier_definition == ""


def test_a_repurchase_is_told_from_other_cells(made, tables_of):
    matrix = made.attach().tables["matrix"]
    again = matrix.iloc[[0]].assign(column="门锁")
    page = attach_page(
        tables_of(made.analysis("attach", {"matrix": pd.concat([matrix, again], ignore_index=True)}))
    )

    assert [cell.is_self for cell in page.grid.rows[0].cells] == [True, False, False]


def test_a_large_rectangle_is_cut_and_says_so(made, tables_of):
    names = [f"c{i:02d}" for i in range(N_SHOWN + 3)]
    rows = [(a, b, 100, 50, 0.5, 0.4, 0.6, 100) for a in names for b in names[:2] if a != b]
    matrix = pd.DataFrame(
        rows, columns=["row", "column", "n_row", "n_both", "rate", "low", "high", "at_risk"]
    )
    page = attach_page(tables_of(made.analysis("attach", {"matrix": matrix})))

    assert len(page.grid.rows) == N_SHOWN
    assert page.n_left_out.startswith("3 rows and 0 columns")
