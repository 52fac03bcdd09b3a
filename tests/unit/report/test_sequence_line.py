from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from personas.report.sequence_line import sequence_page
from personas.schema import Text


def test_steps_with_a_clear_order_stand_first(made, tables_of):
    (steps,) = sequence_page(tables_of(made.sequence())).lists

    assert [(s.first, s.then) for s in steps.steps] == [
        ("air conditioner", "smart speaker"),
        ("smart lock", "air conditioner"),
    ]
    first, second = steps.steps
    assert (first.days, first.probability, first.n_users) == ("28", "30.0%", "80")
    assert (first.first_share, first.expected, first.is_directed) == ("75.0%", "50.0%", True)
    assert not second.is_directed


def test_a_line_is_as_long_as_the_wait_and_leaves_room_for_its_label(made, tables_of):
    (steps,) = sequence_page(tables_of(made.sequence())).lists
    end = float(steps.ticks[-1][0].removesuffix(" d"))

    assert [s.bar for s in steps.steps] == [pytest.approx(100 * d / end, abs=0.01) for d in (28, 61)]
    assert max(s.bar for s in steps.steps) <= 80


def test_without_a_test_of_the_order_steps_stand_by_lift(made, tables_of):
    steps = made.sequence().tables["next_category"]
    often = steps.iloc[[0]].assign(category="猫眼", n_next=240, probability=0.8)
    alone = made.analysis("sequence", {"next_category": pd.concat([steps, often], ignore_index=True)})
    (steps,) = sequence_page(tables_of(alone)).lists

    # Of the buyers of anything 57.5 % buy the second category, so 35 % is less than usual.
    assert [s.probability for s in steps.steps] == ["80.0%", "30.0%", "35.0%"]
    assert steps.steps[0].first_share == ""


def test_paths_name_their_steps(made, tables_of):
    paths = sequence_page(tables_of(made.sequence())).paths

    assert [cell.text for cell in paths.rows[1][:3]] == ["smart lock", "air conditioner", "smart speaker"]
    assert paths.rows[0][2].text == "–"


def test_groups_of_categories_have_a_list_of_their_own(made, tables_of):
    found = made.sequence().tables
    both = {**found, "next_group": found["next_category"], "direction_group": found["direction"]}

    first, second = sequence_page(tables_of(made.analysis("sequence", both))).lists
    assert (first.definition, second.definition) == (
        "Definition of next_category",
        "Definition of next_group",
    )


def test_definitions_that_both_lists_have_are_told_once(made, tables_of):
    found = made.sequence().tables
    both = {**found, "next_group": found["next_category"], "direction_group": found["direction"]}
    same = replace(
        made.analysis("sequence", both), definitions=dict.fromkeys(both, Text("口径", "The definition"))
    )
    first, second = sequence_page(tables_of(same)).lists

    assert (first.definition, first.direction_definition) == ("", "")
    assert (second.definition, second.direction_definition) == ("The definition", "The definition")
