from __future__ import annotations

from itertools import combinations
from math import hypot

import pytest

from personas.report.cards import make_cards
from personas.report.figures import Figures, text_width
from personas.report.label_places import Box
from personas.report.persona_map import NARROW, WIDE, lay_out_map


def _label_box(bubble, size):
    width = max(text_width(line) for line in bubble.lines) * size
    part = {"start": 0.0, "middle": 0.5, "end": 1.0}[bubble.text_anchor]
    top = bubble.baselines[0] - size * 0.9
    return Box(bubble.text_x - part * width, top, width, bubble.note_y - top)


def _cards(model, language="zh-CN"):
    return make_cards(model.personas, model.feature_set, Figures(language))


@pytest.mark.parametrize("frame", [WIDE, NARROW])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_labels_cover_neither_each_other_nor_the_edge(model, frame, language):
    positions = [(p.map_x, p.map_y) for p in model.personas]
    drawn = lay_out_map(_cards(model, language), positions, frame)
    boxes = [_label_box(bubble, drawn.font_size) for bubble in drawn.bubbles]

    assert all(first.overlap(second) == 0 for first, second in combinations(boxes, 2))
    assert all(box.x >= 0 and box.x + box.width <= drawn.width for box in boxes)
    assert all(box.y >= 0 and box.y + box.height <= drawn.height for box in boxes)


def test_areas_are_proportional_to_shares_and_distances_keep_their_ratios(model):
    positions = [(p.map_x, p.map_y) for p in model.personas]
    bubbles = lay_out_map(_cards(model), positions, WIDE).bubbles

    assert (bubbles[1].radius / bubbles[0].radius) ** 2 == pytest.approx(0.247 / 0.312, rel=0.01)

    def apart(i, j):
        return hypot(bubbles[i].x - bubbles[j].x, bubbles[i].y - bubbles[j].y)

    def meant(i, j):
        return hypot(positions[i][0] - positions[j][0], positions[i][1] - positions[j][1])

    assert apart(0, 4) / apart(1, 3) == pytest.approx(meant(0, 4) / meant(1, 3), rel=0.01)


def test_personas_at_the_same_place_are_drawn_with_labels_apart(model):
    drawn = lay_out_map(_cards(model), [(0.0, 0.0)] * 5, WIDE)
    boxes = [_label_box(bubble, drawn.font_size) for bubble in drawn.bubbles]

    assert all(first.overlap(second) == 0 for first, second in combinations(boxes, 2))


def test_one_persona_is_drawn_in_the_middle(model):
    drawn = lay_out_map(_cards(model)[:1], [(3.0, -2.0)], WIDE)

    assert (drawn.bubbles[0].x, drawn.bubbles[0].y) == (WIDE.width / 2, drawn.height / 2)
