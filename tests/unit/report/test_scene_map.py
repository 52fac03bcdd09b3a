from __future__ import annotations

from dataclasses import replace

import pandas as pd

from personas.report.category_report import render_category_report
from personas.report.scene_map import HEIGHT, N_DRAWN, WIDTH, scene_page


def test_the_hero_stands_in_the_middle_and_members_around_it(made, tables_of):
    security, living = scene_page(tables_of(made.scenes())).scenes

    assert (security.name, security.hero, security.n_users) == ("home security", "door viewer", "500")
    assert (security.stability, security.stability_word) == ("0.91", "highly stable")
    assert [node.is_hero for node in security.nodes] == [True, False]
    assert security.nodes[0].x == WIDTH / 2
    assert [(e.is_substitute, (e.x1, e.y1)) for e in security.edges] == [
        (False, (security.nodes[0].x, security.nodes[0].y))
    ]
    assert living.members == ("air conditioner",)
    assert living.edges == ()


def test_areas_are_proportional_to_buyers(made, tables_of):
    nodes = scene_page(tables_of(made.scenes())).scenes[0].nodes

    assert (nodes[0].radius / nodes[1].radius) ** 2 - 350 / 400 < 0.01


def test_categories_of_no_scene_and_substitutes_are_told(made, tables_of):
    page = scene_page(tables_of(made.scenes()))

    assert page.alone == ("smart speaker",)
    assert page.substitutes == (("air conditioner", "smart speaker"),)


def test_the_grid_shades_what_is_significant_and_hides_what_is_suppressed(made, tables_of):
    (_, trend), (_, cooks) = scene_page(tables_of(made.scenes())).grid

    assert [(cell.tgi, cell.shade) for cell in trend] == [("160", 2), ("40", -3)]
    assert (cooks[0].tgi, cooks[0].shade, cooks[0].significant) == ("80", 0, False)
    assert cooks[1].tgi == "hidden"
    assert trend[0].order == "1"


def test_scenes_that_are_no_audience_stand_apart_with_the_reason(made, tables_of):
    found = made.scenes()
    told = {**found.tables, "scenes": found.tables["scenes"].assign(caution=["everybody", "unstable"])}
    security, living = scene_page(tables_of(replace(found, tables=told))).scenes

    assert (security.is_offered, living.is_offered) == (True, False)
    assert "tells nothing of who they are" in security.caution
    html = render_category_report("shop", [replace(found, tables=told)], language="en")
    apart = html.partition("<summary>Scenes that are no audience, with the reason (1)")[2]
    assert "stability below 0.6, not to be trusted" in apart.partition("</details>")[0]


def test_nobody_is_reached_in_no_order(made, tables_of):
    found = made.scenes()
    grid = found.tables["grid"].copy()
    grid.loc[0, ["n_users", "share", "tgi"]] = 0.0
    (_, trend), _ = scene_page(tables_of(replace(found, tables={**found.tables, "grid": grid}))).grid

    assert (trend[0].tgi, trend[0].order, trend[1].order) == ("0", "", "2")


def test_names_keep_inside_and_a_large_scene_is_drawn_in_part(made, tables_of):
    found = made.scenes()
    one = found.tables["members"].iloc[[0]]
    many = pd.concat([one.assign(category=f"品类{i:02d}") for i in range(30)], ignore_index=True)
    tables = {"scenes": found.tables["scenes"].head(1), "members": many}
    card = scene_page(tables_of(made.analysis("scenes", tables))).scenes[0]

    assert len(card.nodes) == N_DRAWN
    assert (len(card.members), card.n_further) == (30, 30 - N_DRAWN)
    assert all(node.x - node.radius > 0 and node.x + node.radius < WIDTH for node in card.nodes)
    assert all(node.y - node.radius > 0 and node.lines[-1][1] < HEIGHT for node in card.nodes)


def test_names_of_the_ring_stand_outside_of_it(made, tables_of):
    found = made.scenes()
    one = found.tables["members"].iloc[[0]]
    many = pd.concat([one.assign(category=f"品类{i:02d}") for i in range(9)], ignore_index=True)
    tables = {"scenes": found.tables["scenes"].head(1), "members": many}
    _, *ring = scene_page(tables_of(made.analysis("scenes", tables))).scenes[0].nodes

    for node in ring:
        side = {"start": 1, "end": -1, "middle": 0}[node.text_anchor]
        assert (node.text_x - node.x) * side >= 0
        assert side * (node.x - WIDTH / 2) >= 0
    top, bottom = (
        next(n for n in ring if n.text_anchor == "middle" and (n.y < HEIGHT / 2) == up)
        for up in (True, False)
    )
    assert top.lines[-1][1] < top.y - top.radius
    assert bottom.lines[0][1] > bottom.y + bottom.radius


def test_a_name_that_is_too_wide_ends_in_an_ellipsis(made, tables_of):
    found = made.scenes()
    one = found.tables["members"].iloc[[0]]
    long = pd.concat([one.assign(category="X" * n) for n in (3, 4, 40)], ignore_index=True)
    many = pd.concat([long, long.tail(1).assign(category="Y" * 40)], ignore_index=True)
    tables = {"scenes": found.tables["scenes"].head(1), "members": many}
    nodes = scene_page(tables_of(made.analysis("scenes", tables))).scenes[0].nodes

    assert all(node.lines[0][0].endswith("…") and len(node.lines[0][0]) < 20 for node in nodes[2:])


def test_only_a_scene_that_a_category_goes_with_is_its_next_closest(made, tables_of):
    found = made.scenes()
    members = found.tables["members"].assign(next_weight=[0.02, -0.13, 0.01, 0.002])
    page = scene_page(tables_of(replace(found, tables={**found.tables, "members": members})))

    assert [row[5].text for row in page.members.rows] == ["living room", "–", "home security", "–"]


def test_without_scenes_there_is_no_page(made, tables_of):
    assert scene_page(tables_of(made.attach())) is None
