from __future__ import annotations

from personas.report.ladder_view import ladder_cards


def test_stages_are_followed_by_their_parts(made, tables_of):
    (card,) = ladder_cards(tables_of(made.ladder()))

    assert card.name == "JD 4A"
    assert [(row.name, row.n_users, row.is_part) for row in card.stages] == [
        ("A2 appeal", "300", False),
        ("added to cart", "290", True),
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


def test_one_date_has_no_moves(made, tables_of):
    (card,) = ladder_cards(tables_of(made.analysis("ladder", {"stages": made.ladder().tables["stages"]})))

    assert card.moves == ()
    assert card.movements is None
    assert ladder_cards(tables_of(made.attach())) == ()
