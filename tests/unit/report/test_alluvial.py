from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from personas.report.alluvial import NARROW, WIDE, lay_out_alluvial, order_of, spread
from personas.report.colours import persona_colours
from personas.report.figures import Figures

FRAMES = pytest.mark.parametrize("frame", [WIDE, NARROW], ids=["wide", "narrow"])


def _draw(past, frame, columns=None, language="en"):
    columns = past.history().columns(past.V3) if columns is None else columns
    names = {persona_id: name.of(language) for persona_id, name in past.NAMES.items()}
    return lay_out_alluvial(columns, names, persona_colours(names), Figures(language), frame)


@FRAMES
def test_there_is_a_bar_per_persona_and_version(past, frame):
    drawing = _draw(past, frame)

    assert len(drawing.nodes) == 3 + 4 + 4
    assert [date for date, _, _ in drawing.dates] == ["2024-11-10", "2024-12-10", "2025-01-10"]


@FRAMES
def test_a_persona_keeps_its_colour_in_every_column(past, frame):
    drawing = _draw(past, frame)
    first = {node.tip.split()[1]: node.colour for node in drawing.nodes}

    assert all(first[node.tip.split()[1]] == node.colour for node in drawing.nodes)
    assert len(set(first.values())) == len(first)


@FRAMES
def test_bars_and_labels_of_a_column_do_not_overlap(past, frame):
    drawing = _draw(past, frame)
    for x in {node.x for node in drawing.nodes}:
        column = sorted((node for node in drawing.nodes if node.x == x), key=lambda node: node.y)
        for above, below in pairwise(column):
            assert above.y + above.height < below.y
            assert below.lines[0][1] - above.lines[-1][1] >= frame.font_size
    assert max(y for node in drawing.nodes for _, y in node.lines) <= drawing.height


@FRAMES
def test_many_small_personas_make_the_drawing_higher_rather_than_crowded(past, frame):
    rows = [
        [
            replace(past.row(version, "P01", 0.01), persona_id=f"P{i:02d}", share=1.0 if i == 1 else 0.001)
            for i in range(1, 31)
        ]
        for version in (past.V1, past.V2)
    ]
    names = {f"P{i:02d}": "A persona with a name that takes two lines" for i in range(1, 31)}
    drawing = lay_out_alluvial(rows, names, persona_colours(names), Figures("en"), frame)
    last = [node for node in drawing.nodes if node.is_last]

    assert drawing.height > frame.height
    for above, below in pairwise(last):
        assert below.lines[0][1] - above.lines[-1][1] >= frame.font_size


def test_streams_have_the_colour_of_where_they_come_from(past):
    drawing = _draw(past, WIDE)
    streams = {(s.tip.split()[0], s.tip.split()[2].strip(":")): s for s in drawing.streams}
    colours = persona_colours(past.NAMES)

    assert streams["P02", "P04"].colour == colours["P02"]
    assert not streams["P02", "P04"].stays
    assert streams["P04", "P04"].stays
    assert ("P03", "P05") not in streams


def test_streams_fill_the_bars_they_leave(past):
    drawing = _draw(past, WIDE)
    left = {node.tip.split()[1]: node for node in drawing.nodes if node.tip.startswith("2024-11-10")}
    begun = [s for s in drawing.streams if s.path.startswith(f"M{left['P02'].x + 14:.1f} ")]
    thick = sum(
        float(re.search(r" ([\d.]+)Z", s.path)[1]) - float(re.match(r"M[\d.]+ ([\d.]+)", s.path)[1])
        for s in begun
        if s.tip.startswith("P02")
    )

    assert thick == pytest.approx(left["P02"].height, abs=0.2)


def test_without_a_panel_kept_personas_are_drawn_whole(past):
    rows = [[past.row(past.V1, "P01", 1.0)], [past.row(past.V2, "P01", 1.0, "kept")]]

    assert [(s.stays, s.tip) for s in _draw(past, WIDE, rows).streams] == [(True, "P01 → P01")]


def test_only_the_last_versions_are_drawn_where_there_are_too_many(past):
    rows = [[past.row(past.V1, "P01", 1.0)]] * 20

    assert len(_draw(past, NARROW, rows).dates) == NARROW.most_columns


def test_labels_say_what_happened(past):
    drawing = _draw(past, WIDE, language="zh-CN")
    labels = [node.lines[0][0] for node in drawing.nodes]

    assert "P04 拆分" in labels
    assert "P05 新出现 · 10.0%" in labels


def test_a_long_name_is_cut_with_a_mark(past):
    names = dict.fromkeys(past.NAMES, "Junior high school to college, low membership value, few categories")
    drawing = lay_out_alluvial(
        past.history().columns(past.V3), names, persona_colours(names), Figures("en"), NARROW
    )

    assert all(node.lines[-1][0].endswith("…") for node in drawing.nodes if node.is_last)


def test_a_part_stands_below_the_persona_that_it_came_from(past):
    assert order_of(past.history().columns(past.V3)) == ["P01", "P02", "P04", "P03", "P05"]


def test_labels_stay_where_they_are_while_there_is_room():
    assert spread([20, 50], [10, 10], (0, 100)) == [15, 45]
