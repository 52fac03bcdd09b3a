from __future__ import annotations

from personas.report.colours import N_COLOURS, persona_colours


def test_a_persona_has_the_same_colour_whoever_else_is_there():
    first, second = persona_colours(["P01", "P02", "P05"]), persona_colours(["P05", "P07"], gone=["P02"])

    assert first["P05"] == second["P05"]
    assert first["P02"] == second["P02"]


def test_no_two_personas_share_a_colour_while_there_are_colours_left():
    colours = persona_colours(["P01", "P10", "P19"], gone=["P02", "P03", "P11"])

    assert len(set(colours.values())) == 6


def test_personas_of_the_model_come_before_those_that_are_gone():
    assert persona_colours(["P10"], gone=["P01"])["P10"] == 0


def test_more_than_nine_personas_have_a_colour_each_all_the_same():
    colours = persona_colours(f"P{i:02d}" for i in range(1, 13))

    assert set(colours.values()) == set(range(N_COLOURS))


def test_any_iterable_will_do():
    ids = ["P01", "P02"]

    assert persona_colours(iter(ids), gone=iter(["P03"])) == persona_colours(ids, gone=["P03"])
