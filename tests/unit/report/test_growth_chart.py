from __future__ import annotations

from itertools import combinations
from math import log

import pandas as pd
import pytest

from personas.report.growth_chart import N_DRAWN, N_LISTED, NARROW, WIDE, growth_page
from personas.report.label_places import Box


@pytest.mark.parametrize("place", [0, 1])
def test_bubbles_stand_on_the_right_side_of_the_cuts(made, tables_of, place):
    _, chart = growth_page(tables_of(made.growth())).charts[place]
    by_tip = {bubble.tip.partition(":")[0]: bubble for bubble in chart.bubbles}

    assert set(by_tip) == {"air conditioner", "smart lock", "door viewer", "smart speaker"}
    star, cow = by_tip["air conditioner"], by_tip["smart lock"]
    assert star.x > chart.x_cut > by_tip["door viewer"].x
    assert star.y < chart.y_cut < cow.y
    assert (star.radius / cow.radius) ** 2 == pytest.approx(6 / 3.1, rel=0.05)


@pytest.mark.parametrize("frame", [WIDE, NARROW])
def test_everything_stays_inside_and_names_do_not_cover_each_other(made, tables_of, frame):
    charts = dict(growth_page(tables_of(made.growth())).charts)
    chart = charts["wide" if frame is WIDE else "narrow"]
    boxes = [
        Box(b.lines[0][1] - 1, b.lines[0][2] - frame.font_size, 2, frame.font_size)
        for b in chart.bubbles
        if b.lines
    ]

    assert all(0 <= x <= chart.width for x, _ in chart.x_ticks)
    assert all(chart.plot.y <= y <= chart.plot.y + chart.plot.height for y, _ in chart.y_ticks)
    assert all(a.overlap(b) == 0 for a, b in combinations(boxes, 2))
    assert all(chart.plot.x <= b.x <= chart.plot.x + chart.plot.width for b in chart.bubbles)


def test_the_quadrants_are_named_in_words(made, tables_of):
    page = growth_page(tables_of(made.growth(), "zh-CN"))

    assert page.quadrants == (("明星", "空调"), ("现金牛", "门锁"), ("问题", "猫眼"), ("瘦狗", "音箱"))
    assert (page.x_title, page.y_title) == ("份额", "购买人数增长率")


def test_a_category_that_is_not_judged_is_in_the_table_only(made, tables_of):
    page = growth_page(tables_of(made.growth()))

    assert len(page.table.rows) == 5
    assert page.table.rows[4][1].text == "not judged"
    assert "hidden" in [cell.text for cell in page.table.rows[4]]


def test_relative_shares_are_on_a_log_scale(made, tables_of):
    _, chart = growth_page(tables_of(made.growth(relative=True))).charts[0]
    places = {text: x for x, text in chart.x_ticks}

    assert places["0.20"] - places["0.10"] > 0
    ratio = (places["0.50"] - places["0.20"]) / (places["0.20"] - places["0.10"])
    assert ratio == pytest.approx(log(2.5) / log(2), abs=0.01)


def test_a_relative_share_is_a_ratio_in_the_table(made, tables_of):
    table = growth_page(tables_of(made.growth(relative=True))).table
    internal = growth_page(tables_of(made.growth())).table

    assert (table.headings[2].text, table.rows[0][2].text) == ("relative share", "0.50")
    assert (internal.headings[2].text, internal.rows[0][2].text) == ("share", "50.0%")


def test_a_name_that_finds_no_room_beside_its_bubble_is_left_to_the_table(made, tables_of):
    one = made.growth().tables["growth_share"].iloc[[0]]
    crowd = pd.concat([one.assign(category=f"a long name {i:02d}") for i in range(20)], ignore_index=True)
    chart = growth_page(tables_of(made.analysis("growth", {"growth_share": crowd}))).charts[0][1]

    assert 0 < sum(bool(bubble.lines) for bubble in chart.bubbles) < 20


def test_only_the_largest_of_many_categories_are_drawn_and_listed(made, tables_of):
    one = made.growth().tables["growth_share"].iloc[[0]]
    many = pd.concat([one.assign(category=f"c{i:02d}") for i in range(60)], ignore_index=True)
    page = growth_page(tables_of(made.analysis("growth", {"growth_share": many}, {"used_share_cut": 0.4})))

    assert len(page.charts[0][1].bubbles) == N_DRAWN
    assert page.quadrants[0][1].endswith(f"c{N_LISTED - 1} and {60 - N_LISTED} more")


def test_contributions_add_up_and_point_to_their_side(made, tables_of):
    parts = {part.factor: part for part in growth_page(tables_of(made.growth())).contributions}

    assert parts["total"].amount == "+140,000"
    assert (parts["conversion"].amount, parts["conversion"].is_gain) == ("−60,000", False)
    assert parts["conversion"].bar.start + parts["conversion"].bar.width == pytest.approx(50)
    assert parts["users"].bar.start == 50


def test_no_figures_make_no_page(made, tables_of):
    assert growth_page(tables_of(made.attach())) is None
