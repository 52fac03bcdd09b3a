from __future__ import annotations

from dataclasses import replace

import pandas as pd

from personas.report.ladder_view import ladder_cards
from personas.schema import Text


def test_stages_are_followed_by_their_parts(made, tables_of):
    (card,) = ladder_cards(tables_of(made.ladder()))

    assert card.name == "JD 4A"
    assert [(row.name, row.n_users, row.is_part) for row in card.stages] == [
        ("A2 appeal", "300", False),
        ("added to cart", "hidden", True),
        ("frequent views", "hidden", True),
        ("A1 aware", "500", False),
        ("no intent", "200", False),
    ]
    assert card.stages[0].action == "encourage the first order"
    assert card.stages[3].bar == 100


def test_moves_know_their_direction(made, tables_of):
    (card,) = ladder_cards(tables_of(made.ladder(), "zh-CN", minimum_cell=1))

    assert card.to_stages == ("A1认知", "A2吸引", "流失")
    (aware, n, cells), (_, _, appeal), (new, _, _) = card.moves
    assert (aware, n, new) == ("A1认知", "400", "新进入")
    assert [(cell.share, cell.step) for cell in cells] == [("50.0%", "same"), ("30.0%", "up"), ("20.0%", "")]
    assert appeal[0].step == "down"


def test_small_moves_are_hidden_with_their_companions(made, tables_of):
    (card,) = ladder_cards(tables_of(made.ladder()))

    assert card.moves[1][2][0].share == "hidden"
    assert sum(cell.share == "hidden" for cell in card.moves[1][2]) > 1


def test_a_column_of_lost_users_stands_only_where_somebody_is_lost(made, tables_of):
    flow = made.ladder().tables["flow"]
    kept = flow.assign(n_users=flow["n_users"].where(flow["to_stage"] != "(lost)", 0))
    found = made.analysis("ladder", {**made.ladder().tables, "flow": kept})
    (card,) = ladder_cards(tables_of(found))

    assert card.to_stages == ("A1 aware", "A2 appeal")


def test_one_date_has_no_moves(made, tables_of):
    (card,) = ladder_cards(tables_of(made.analysis("ladder", {"stages": made.ladder().tables["stages"]})))

    assert card.moves == ()
    assert card.movements is None
    assert ladder_cards(tables_of(made.attach())) == ()


def test_a_definition_with_a_line_per_ladder_is_shared_out(made, tables_of):
    found = made.ladder()
    stages = pd.concat(
        [found.tables["stages"], found.tables["stages"].assign(ladder="pv")], ignore_index=True
    )
    both = replace(
        made.analysis("ladder", {"stages": stages}), definitions={"stages": Text("甲\n乙", "first\nsecond")}
    )

    assert [card.definition for card in ladder_cards(tables_of(both))] == ["first", "second"]


def test_stages_go_by_the_names_of_their_own_ladder(made, tables_of):
    found = made.ladder()
    other = {"A1": Text("别的", "another ladder's"), "a4": Text("京东4A", "JD 4A")}
    (card,) = ladder_cards(tables_of(replace(found, labels=other)))

    assert card.moves[0][0] == "A1 aware"
    assert card.movements.rows[0][0].text == "A1 aware"
