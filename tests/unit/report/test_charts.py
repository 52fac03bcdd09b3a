from __future__ import annotations

from dataclasses import replace

from personas.report.charts import SkillPoint, draw_line, draw_skill

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


def _skill(**changes):
    points = [
        SkillPoint("潜在类别模型", 2, 0.4, 0.1, is_stable=True, chosen=False),
        SkillPoint("潜在类别模型", 3, 1.0, 0.1, is_stable=True, chosen=True),
        SkillPoint("行为预判聚类", 2, -0.1, 0.05, is_stable=False, chosen=False),
    ]
    points = [replace(point, **changes) for point in points]
    return draw_skill(points, x_title="人群数", description="skill")


def test_the_skill_chart_has_a_colour_per_clusterer_and_fetches_nothing():
    svg = _skill()

    assert "潜在类别模型" in svg
    assert "行为预判聚类" in svg
    assert "var(--c0)" in svg
    assert "var(--c1)" in svg
    assert "#0" not in svg
    assert "http" not in svg
    assert _skill() == svg


def test_solutions_with_an_unstable_persona_are_hollow_and_the_chosen_one_is_ringed():
    assert 'fill="var(--paper)"' in _skill()
    assert 'fill="var(--paper)"' not in _skill(is_stable=True)
    assert _skill().count('stroke="var(--ink)"') == _skill(chosen=False).count('stroke="var(--ink)"') + 1
