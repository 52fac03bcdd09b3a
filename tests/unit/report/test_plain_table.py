from __future__ import annotations

import pandas as pd
import pytest

from personas.report.figures import Figures
from personas.report.plain_table import figure, plain_table, written_ids


@pytest.mark.parametrize(
    ("column", "value", "written"),
    [
        ("n_users", 1234.0, "1,234"),
        ("net_flow", -61.0, "−61"),
        ("share", 0.1234, "12.3%"),
        ("retained_rate", 0.5, "50.0%"),
        ("growth", -0.1, "−10.0%"),
        ("difference_pp", 2.04, "+2.0"),
        ("tgi_lower", 145.4, "145"),
        ("lift", 1.428, "1.43"),
        ("median_lag_days", 28.25, "28.2"),
        ("q_value", 0.0001, "<0.001"),
        ("revenue_now", 12345.6, "12,346"),
        ("share", None, "–"),
    ],
)
def test_a_figure_is_written_by_what_its_column_holds(column, value, written):
    assert figure(column, value, Figures("en")) == written


def test_hidden_figures_say_so_and_undefined_ones_do_not(made, tables_of):
    tables = tables_of(made.flow())
    written = plain_table(tables.table("cells"), ["row", "column", "n_both", "share"], tables)
    texts = [[cell.text for cell in row] for row in written.rows]

    assert texts[0] == ["smart lock", "smart lock", "30", "–"]
    assert texts[3] == ["air conditioner", "door viewer", "hidden", "hidden"]
    assert [cell.is_number for cell in written.headings] == [False, False, True, True]


def test_rows_beyond_the_limit_are_counted_and_columns_without_values_left_out(made, tables_of):
    tables = tables_of(made.sequence())
    written = plain_table(tables.table("paths"), ["step_1", "step_4", "n_users"], tables, n_rows=1)

    assert [cell.text for cell in written.headings] == ["step 1", "users"]
    assert (len(written.rows), written.n_further) == (1, 1)


def test_a_column_can_be_drawn_as_bars(made, tables_of):
    tables = tables_of(made.sequence())
    written = plain_table(tables.table("paths"), ["step_1", "n_users"], tables, bars="n_users")

    assert [cell.bar for cell in written.headings] == [None, 0.0]
    assert [row[1].bar for row in written.rows] == [100.0, pytest.approx(100 * 40 / 85, abs=0.01)]
    assert all(row[0].bar is None for row in written.rows)


def test_a_count_that_is_always_known_is_hidden_where_it_is_empty(made, tables_of):
    offers = (
        made.opportunity().tables["offers"].assign(n_low=[40, float("nan")], mean_rate=[0.4, float("nan")])
    )
    tables = tables_of(made.analysis("opportunity", {"offers": offers}))
    written = plain_table(tables.table("offers"), ["category", "n_low", "mean_rate"], tables)

    assert [cell.text for cell in written.rows[1]] == ["air conditioner", "hidden", "–"]


def test_names_replace_ids_and_gaps_stay_gaps(made, tables_of):
    tables = tables_of(made.scenes())
    members = written_ids(made.scenes().tables["members"], tables)

    assert members["scene_id"].tolist()[:3] == ["home security", "home security", "living room"]
    assert pd.isna(members["scene_id"].iloc[3])
    assert members["is_hero"].tolist() == [True, False, True, False]
