from __future__ import annotations

from dataclasses import replace

import pytest

from personas.report.cards import make_cards, pick_top_traits, tgi_place, trait_row
from personas.report.figures import Figures


def _trait(model, feature, level, persona=0):
    return next(t for t in model.personas[persona].traits if (t.feature, t.level) == (feature, level))


def test_a_card_shows_both_names_and_the_main_one_in_the_language(model):
    chinese = make_cards(model.personas, model.feature_set, Figures("zh-CN"))[0]
    english = make_cards(model.personas, model.feature_set, Figures("en"))[0]

    assert (chinese.name, chinese.other_name) == ("智能潮流派", "Smart trend-setters")
    assert (english.name, english.other_name) == ("Smart trend-setters", "智能潮流派")
    assert (english.share, english.users) == ("31.2%", "40,136")


def test_protected_traits_appear_in_their_own_strip_only(model):
    card = make_cards(model.personas, model.feature_set, Figures("en"))[0]

    assert [group.heading for group in card.protected] == ["gender", "marital status"]
    shown = {row.label for _, rows in card.top for row in rows}
    shown |= {row.label for group in card.everything for row in group.rows}
    assert not any("Marital" in label or "Gender" in label for label in shown)
    assert "married" not in card.headline


def test_top_traits_put_significant_ones_first_on_each_side_and_one_per_feature(model):
    doubtful = replace(
        _trait(model, "age", "26-30"), feature="doubtful", q_value=0.4, share=0.99, base_share=0.01
    )
    top = pick_top_traits([doubtful, *model.personas[0].traits], 99)

    over = [t for t in top if t.tgi > 100]
    assert top[: len(over)] == over
    assert over[-1] is doubtful
    for side in (over, top[len(over) :]):
        assert len({t.feature for t in side}) == len(side)
    assert all(t.tgi is not None and not t.protected for t in top)


def test_three_in_five_top_traits_are_above_average_where_there_are_as_many(model):
    top = pick_top_traits(model.personas[1].traits, 5)

    assert [t.tgi > 100 for t in top] == [True, True, True, False, False]


def test_a_persona_below_average_everywhere_still_gets_its_traits(model):
    under = [t for t in model.personas[0].traits if t.tgi is not None and t.tgi < 99]
    top = pick_top_traits(under, 4)

    assert len(top) == 4


def test_suppressed_cells_show_no_figure(model):
    row = trait_row(_trait(model, "gender", "other"), Figures("en"))

    assert row.suppressed
    assert {row.users, row.share, row.tgi, row.interval, row.q_value} == {"hidden"}
    assert row.tgi_bar is None
    assert row.share_bar == 0


def test_a_suppressed_cell_of_a_rare_level_hides_the_base_too(model):
    rare = replace(_trait(model, "gender", "other"), base_share=None)

    assert trait_row(rare, Figures("en")).base_share == "hidden"


@pytest.mark.parametrize(
    ("tgi", "place"), [(25, 0), (50, 25), (100, 50), (200, 75), (400, 100), (5000, 100), (0, 0)]
)
def test_the_index_bar_is_logarithmic_and_ends_where_it_says(tgi, place):
    assert tgi_place(tgi) == pytest.approx(place)


def test_bars_start_at_the_average_line(model):
    over = trait_row(_trait(model, "age", "26-30"), Figures("en"))
    under = trait_row(_trait(model, "city_tier", "T4"), Figures("en"))

    assert (over.direction, over.tgi_bar.start) == ("over", 50)
    assert under.direction == "under"
    assert under.tgi_bar.start + under.tgi_bar.width == pytest.approx(50)
    assert (
        over.whisker.start < over.tgi_bar.start + over.tgi_bar.width < over.whisker.start + over.whisker.width
    )


def test_more_personas_than_colours_still_get_one(model):
    many = tuple(replace(model.personas[0], persona_id=f"P{i:02d}") for i in range(1, 13))
    cards = make_cards(many, model.feature_set, Figures("en"))

    assert [card.colour for card in cards] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2]
    assert len({card.anchor for card in cards}) == 12
