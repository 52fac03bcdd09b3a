from __future__ import annotations

from dataclasses import replace

from personas.report.figures import Figures
from personas.report.selection_table import Cell, selection_charts, selection_table, stability_rows


def test_every_clusterer_and_number_is_a_row_and_the_chosen_one_is_marked(judged):
    table = selection_table(judged, Figures("en"))
    chosen = [row for row in table.rows if row.chosen]

    assert len(table.rows) == 10
    assert [(row.clusterer, row.n_personas, row.reason) for row in chosen] == [
        ("foresight k-means", "5", "less skill")
    ]
    cells = dict(zip(table.headings, chosen[0].cells, strict=True))
    assert cells["Skill"] == Cell("90.0%")
    assert cells["Reach [95%]"] == Cell("5.4%", "[4.4%, 6.4%]")
    assert cells["Taste [95%]"] == Cell("0.247 bits", "[0.188, 0.306]")
    assert cells["Least stable persona (Jaccard)"] == Cell("0.75", "stable", is_word=True)


def test_columns_that_say_nothing_are_left_out(model, judged):
    assert "BIC" not in selection_table(judged, Figures("en")).headings
    assert selection_table(model, Figures("en")).headings == ("Stability (ARI)", "Smallest persona", "BIC")
    assert selection_table(model, Figures("en")).rows[0].clusterer == "latent class model"


def test_a_solution_that_was_not_refitted_has_no_stability(judged):
    table = selection_table(judged, Figures("zh-CN"))
    small = dict(zip(table.headings, table.rows[4].cells, strict=True))

    assert small["最不稳定的人群（Jaccard）"] == small["稳定性（ARI）"] == Cell("–")


def test_an_unknown_clusterer_keeps_its_name(judged):
    candidates = tuple(replace(c, clusterer="my_own") for c in judged.selection)

    assert selection_table(replace(judged, selection=candidates), Figures("en")).rows[0].clusterer == "my_own"


def test_skill_is_drawn_where_it_exists_else_stability_and_bic(model, judged):
    (title, _, picture), *others = selection_charts(judged, Figures("en"))

    assert (title, others) == ("Skill", [])
    assert "foresight k-means 5 = 90.0%" in picture
    assert [title for title, _, _ in selection_charts(model, Figures("en"))] == [
        "Stability (mean ARI)",
        "BIC",
    ]


def test_one_line_never_mixes_clusterers(judged):
    bare = tuple(replace(c, skill=None) for c in judged.selection)

    assert selection_charts(replace(judged, selection=bare), Figures("en")) == []


def test_each_persona_has_its_stability_in_words_and_where_it_came_from(judged):
    rows = stability_rows(judged, Figures("en"))

    assert [(row.figure, row.word, row.is_stable) for row in rows] == [
        ("0.97", "highly stable", True),
        ("0.88", "highly stable", True),
        ("0.79", "stable", True),
        ("0.66", "a pattern with doubtful members", False),
        ("0.41", "not to be trusted", False),
    ]
    assert {row.across for row in rows} == {"0.90"}


def test_an_old_model_has_no_stability_per_persona(model):
    assert stability_rows(model, Figures("en")) == []
