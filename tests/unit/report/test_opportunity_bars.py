from __future__ import annotations

from dataclasses import replace

import pandas as pd

from personas.report.opportunity_bars import N_FITTING, opportunity_page
from personas.schema import Text


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


def test_what_a_segment_buys_more_than_others_is_listed(made, tables_of):
    ((key, (women,), _),) = opportunity_page(tables_of(made.opportunity())).preferences

    assert (key, women.segment) == ("preferences", "women")
    assert [row[0].text for row in women.table.rows] == ["smart lock"]
    assert "rank" not in [cell.text for cell in women.table.headings]


def test_a_definition_that_is_the_same_for_all_segments_is_told_once(made, tables_of):
    found = made.opportunity()
    likes = found.tables["preferences"]
    both = pd.concat([likes, likes.assign(segment="plus")], ignore_index=True)
    lines = {"women": "2025; segment: women. Share.", "plus": "2025; segment: plus. Share."}

    def told(*said):
        definitions = {"preferences": Text("", "\n".join(said))}
        one = replace(found, tables={"preferences": both}, definitions=definitions)
        ((_, lists, definition),) = opportunity_page(tables_of(one)).preferences
        assert [of.segment for of in lists] == ["women", "plus"]
        return definition

    assert told(*lines.values()) == "2025; segment: women, plus. Share."
    assert told(lines["women"], "2024; segment: plus. Share.").count("\n") == 1
    assert told("One line.") == "One line."


def test_white_space_shows_only_what_fits(made, tables_of):
    space = opportunity_page(tables_of(made.opportunity())).white_space

    assert [[cell.text for cell in row[:3]] for row in space.rows] == [
        ["P01 Trend-setters", "smart lock", "250"]
    ]


def test_every_persona_has_its_share_of_the_white_space(made, tables_of):
    one = made.opportunity().tables["white_space"].iloc[[0]]
    rows = [
        one.assign(persona_id=persona, category=f"{n:02d}") for n in range(30) for persona in ("P02", "P01")
    ]
    space = pd.concat([*rows, one.assign(persona_id="P03", category="last")], ignore_index=True)
    table = opportunity_page(tables_of(made.analysis("opportunity", {"white_space": space}))).white_space
    shown = [(row[0].text[:3], row[1].text) for row in table.rows]

    assert shown == [(p, f"{n:02d}") for p in ("P01", "P02") for n in range(N_FITTING)] + [("P03", "last")]
    assert table.n_further == 61 - len(shown)


def test_offers_have_all_their_columns(made, tables_of):
    offers = opportunity_page(tables_of(made.opportunity(), "zh-CN")).offers

    assert offers.rows[0][0].text == "全体"
    assert len(offers.headings) == 8  # the expected value is not known


def test_bundles_audiences_and_look_alikes_are_shown_whole(made, tables_of):
    asked = {
        "bundles": [
            {"scene": "living", "rank": 1, "categories": "门锁 + 空调", "price": 2053.05, "mean_lift": 2.356}
        ],
        "wide_audience": [{"code": "seg_d2434023", "n_users": 199}],
        "wide_overlap": [
            {"combination": "有车一族 = 是", "n_tags": 1.0, "n_users": 30.0},
            {"combination": "(other combinations)", "n_tags": float("nan"), "n_users": float("nan")},
        ],
        "lookalikes": [
            {"segment": "women", "size": 400, "reach": 0.25, "recall": 0.5, "lift": 2.0, "auc": 0.7}
        ],
    }
    found = made.analysis("opportunity", {key: pd.DataFrame(rows) for key, rows in asked.items()})
    shown = {key: rows for key, rows, _ in opportunity_page(tables_of(found)).campaigns}

    assert list(shown) == list(asked)
    texts = {key: [cell.text for cell in table.rows[0]] for key, table in shown.items()}
    assert texts["bundles"][2:] == ["smart lock + air conditioner", "2,053", "2.36"]
    assert texts["wide_overlap"][1:] == ["1", "30"]
    assert [[cell.bar for cell in row][2] for row in shown["wide_overlap"].rows] == [100, 0]
    assert texts["lookalikes"] == ["women", "400", "25.0%", "50.0%", "2.00", "0.70"]


def test_what_was_not_asked_is_not_there(made, tables_of):
    alone = made.analysis("opportunity", {"white_space": made.opportunity().tables["white_space"].iloc[[1]]})
    page = opportunity_page(tables_of(alone))

    assert page.gaps == ()
    assert page.white_space is None
    assert page.white_space_definition
    assert opportunity_page(tables_of(made.attach())) is None
