from __future__ import annotations

from dataclasses import replace

import pandas as pd

from personas.report.category_flow import flow_page


def test_the_table_has_margins_a_blank_diagonal_and_hidden_small_cells(made, tables_of):
    grid = flow_page(tables_of(made.flow())).grid

    assert grid.columns == (("smart lock", "420"), ("door viewer", "350"))
    assert grid.rows == (("smart lock", "400"), ("air conditioner", "300"))
    assert [[cell.figure for cell in row] for row in grid.cells] == [["–", "25.0%"], ["20.0%", "hidden"]]
    assert grid.cells[0][1].tip == "smart lock → door viewer: 100 of 400; 95% interval 21.0–30.0%"


def test_the_change_has_both_figures_and_is_coloured_where_it_is_significant(made, tables_of):
    change = flow_page(tables_of(made.flow())).change
    strong, weak = change.cells[0][1], change.cells[1][0]

    assert (strong.figure, strong.note, strong.shade) == ("+66.7%", "+10.0", "over")
    assert (weak.figure, weak.note, weak.shade) == ("−4.8%", "−1.0", "")
    assert change.rows == (("smart lock", "+5.3%"), ("air conditioner", "−3.2%"))
    assert change.cells[1][1].figure == "hidden"


def test_a_share_is_shaded_against_the_mean_of_its_column(made, tables_of):
    found = made.flow()
    cells = found.tables["cells"]
    more = cells[cells["column"] == "猫眼"].assign(row="音箱", n_row=500.0, n_both=300.0, share=0.6).head(1)
    both = pd.concat([cells, more], ignore_index=True)
    other = both[both["row"] == "音箱"].assign(column="门锁", n_column=420, share=0.2)
    wide = replace(found, tables={**found.tables, "cells": pd.concat([both, other], ignore_index=True)})
    grid = flow_page(tables_of(wide)).grid

    assert [cell.shade for cell in grid.cells[2]] == ["h0", "h2"]
    assert grid.cells[0][1].shade == "h-2"
    assert grid.cells[0][0].shade == ""


def test_two_periods_have_no_change(made, tables_of):
    page = flow_page(tables_of(made.flow(years=2)))

    assert page.change is None
    assert page.change_definition == ""


def test_the_drawing_leaves_out_the_diagonal_and_what_is_hidden(made, tables_of):
    (_, wide), _ = flow_page(tables_of(made.flow())).drawings

    assert sorted(ribbon.tip for ribbon in wide.ribbons) == [
        "air conditioner → smart lock: 60 users, 20.0%",
        "smart lock → door viewer: 100 users, 25.0%",
    ]


def test_the_largest_flows_are_spoken(made, tables_of):
    assert flow_page(tables_of(made.flow(), "zh-CN")).spoken.startswith("门锁 → 猫眼：100 人，25.0%")


def test_all_small_is_a_table_without_a_drawing(made, tables_of):
    page = flow_page(tables_of(made.flow(), minimum_cell=1000))

    assert page.drawings == ()
    assert page.grid.cells[1][1].figure == "hidden"
