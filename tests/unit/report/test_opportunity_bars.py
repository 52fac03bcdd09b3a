from __future__ import annotations

from personas.report.opportunity_bars import opportunity_page


def test_gaps_are_drawn_on_one_axis(made, tables_of):
    gap, ahead = opportunity_page(tables_of(made.opportunity())).gaps

    assert (gap.category, gap.segment, gap.gap, gap.headroom) == ("air conditioner", "women", "+20.0", "60")
    assert (gap.is_gap, gap.significant, gap.brand_growth, gap.market_growth) == (
        True,
        True,
        "+10.0%",
        "+30.0%",
    )
    assert gap.brand_mark < gap.market_mark
    assert ahead.brand_mark == 100
    assert (ahead.is_gap, ahead.headroom, ahead.gap, ahead.brand_growth) == (False, "0", "−5.0", "")


def test_preferences_are_listed_per_segment(made, tables_of):
    ((key, (women,), _),) = opportunity_page(tables_of(made.opportunity())).preferences

    assert (key, women.segment) == ("preferences", "women")
    assert [row[0].text for row in women.table.rows] == ["smart lock", "air conditioner"]


def test_white_space_shows_only_what_fits(made, tables_of):
    space = opportunity_page(tables_of(made.opportunity())).white_space

    assert [[cell.text for cell in row[:3]] for row in space.rows] == [
        ["P01 Trend-setters", "smart lock", "250"]
    ]


def test_offers_have_all_their_columns(made, tables_of):
    offers = opportunity_page(tables_of(made.opportunity(), "zh-CN")).offers

    assert offers.rows[0][0].text == "全体"
    assert len(offers.headings) == 8  # the expected value is not known


def test_what_was_not_asked_is_not_there(made, tables_of):
    alone = made.analysis("opportunity", {"white_space": made.opportunity().tables["white_space"].iloc[[1]]})
    page = opportunity_page(tables_of(alone))

    assert page.gaps == ()
    assert page.white_space is None
    assert page.white_space_definition
    assert opportunity_page(tables_of(made.attach())) is None
