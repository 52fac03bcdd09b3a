from __future__ import annotations

from personas.report.charts import draw_line

POINTS = [(3, 0.98), (4, 0.95), (5, 0.93)]


def _draw(**changes):
    options = {"chosen": 5, "x_title": "人群数", "digits": 2, "description": 'a "chart" <b>'}
    return draw_line(POINTS, **{**options, **changes})


def test_a_chart_is_one_inline_picture_that_fetches_nothing():
    svg = _draw()

    assert svg.startswith('<svg class="chart" role="img" aria-label="a &quot;chart&quot; &lt;b&gt;" viewBox=')
    assert "http" not in svg
    assert "<script" not in svg
    assert "人群数" in svg


def test_charts_take_the_colours_of_the_page():
    svg = _draw()

    assert "var(--accent)" in svg
    assert "#0" not in svg


def test_the_same_points_give_the_same_bytes():
    assert _draw() == _draw()


def test_the_chosen_number_is_marked():
    assert 'fill="var(--accent)"' in _draw()
    assert 'fill="var(--accent)"' not in _draw(chosen=None)
