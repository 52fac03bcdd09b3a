from __future__ import annotations

import pytest

from personas.report.sankey import NARROW, WIDE, Flow, lay_out_sankey

LEFT, RIGHT = [("a", "10"), ("b", "20")], [("c", "15"), ("d", "9")]
FLOWS = [Flow(0, 0, 30, "a c"), Flow(0, 1, 10, "a d"), Flow(1, 0, 20, "b c")]


@pytest.mark.parametrize("frame", [WIDE, NARROW])
def test_bars_are_as_high_as_their_flows_and_stay_inside(frame):
    drawn = lay_out_sankey(LEFT, RIGHT, FLOWS, frame)
    a, b, c, d = drawn.bars

    assert a.height / b.height == pytest.approx(40 / 20, rel=0.01)
    assert c.height / d.height == pytest.approx(50 / 10, rel=0.01)
    assert a.height + b.height == pytest.approx(c.height + d.height, abs=0.3)
    assert a.y + a.height < b.y
    assert all(bar.y >= 0 and bar.y + bar.height <= drawn.height for bar in drawn.bars)
    assert all(0 <= bar.x <= drawn.width - 12 for bar in drawn.bars)


def test_ribbons_have_the_colour_of_where_they_come_from():
    ribbons = lay_out_sankey(LEFT, RIGHT, FLOWS, WIDE).ribbons

    assert [(ribbon.tip, ribbon.colour) for ribbon in ribbons] == [("a c", 0), ("a d", 0), ("b c", 1)]
    assert all(ribbon.path.startswith("M") and ribbon.path.endswith("Z") for ribbon in ribbons)


def test_long_names_are_broken_inside_the_margin():
    bar = lay_out_sankey(
        [("Urban quality seekers of all ages", "1")], RIGHT[:1], [Flow(0, 0, 1, "")], NARROW
    ).bars[0]

    assert len(bar.lines) == 2
