from __future__ import annotations

import pandas as pd
import pytest

from personas.report.analysis_tables import value_of


@pytest.mark.parametrize(
    ("value", "column", "written"),
    [
        ("门锁", "row", "smart lock"),
        ("P01", "persona_id", "P01 Trend-setters"),
        ("P09", "persona_id", "P09"),
        ("(all)", "persona_id", "All users"),
        ("(none)", "stage", "no stage"),
        ("(lost)", "to_stage", "lost"),
        ("(none)", "segment", "no persona"),
        ("(others)", "segment", "others"),
        ("(other combinations)", "combination", "others"),
        ("cash_cow", "quadrant", "cash cow"),
        ("few_buyers", "reason", "too few buyers in the base period"),
        ("substitute", "relation", "substitute"),
        (None, "scene_id", "–"),
        (float("nan"), "scene_id", "–"),
    ],
)
def test_every_id_has_a_name(made, tables_of, value, column, written):
    assert tables_of(made.attach()).name(value, column) == written


def test_an_empty_table_is_as_good_as_none(made, tables_of):
    empty = made.analysis("attach", {"matrix": made.attach().tables["matrix"].head(0)})

    assert tables_of(empty).table("matrix") is None
    assert tables_of(empty).table("association") is None


def test_slices_are_told_from_everybody(made, tables_of):
    tables = tables_of(made.attach())

    assert len(tables.everybody("matrix")) == 3
    assert tables.personas(tables.table("matrix")) == ["P01", "P02"]


def test_numbers_that_are_missing_are_none():
    assert [value_of(v) for v in (None, float("nan"), pd.NA, 3, "4.5")] == [None, None, None, 3.0, 4.5]
