from __future__ import annotations

from dataclasses import replace

import pytest

from personas.report.figures import Figures
from personas.report.quality import headlines, metric_rows, scored_view


@pytest.mark.parametrize(
    ("stability", "word"),
    [(0.95, "Very stable"), (0.90, "Very stable"), (0.80, "Stable"), (0.74, "Not stable")],
)
def test_the_headline_names_the_grade_of_stability(model, stability, word):
    sentences = headlines(replace(model, metrics={"stability": stability}), Figures("en"))

    assert sentences[0].startswith(word)


def test_the_headline_says_when_there_is_no_structure(model):
    alone = replace(model, personas=model.personas[:1], metrics={}, selection=())

    assert headlines(alone, Figures("en")) == [
        "The data show no structure that separates users: everyone is in one group."
    ]


def test_known_metrics_are_explained_and_unknown_ones_are_still_shown(model):
    rows = metric_rows(replace(model, metrics={"entropy": 0.5, "fidelity": 0.956}), Figures("en"))

    assert [(row.name, row.value) for row in rows] == [("Fidelity", "95.6%"), ("entropy", "0.500")]
    assert rows[0].reading


def test_the_verdict_comes_first_and_metrics_that_are_not_defined_are_left_out(judged):
    judged = replace(judged, metrics={"stability": float("nan"), "taste": 0.349, "reach": 0.054})

    assert headlines(judged, Figures("en"))[0] == "These tables carry personas."
    assert not any("nan" in sentence for sentence in headlines(judged, Figures("en")))
    assert [(row.name, row.value) for row in metric_rows(judged, Figures("en"))] == [
        ("Reach skill", "5.4%"),
        ("Taste", "0.349 bits"),
    ]


def test_the_reason_names_the_clusterer_in_words(judged):
    assert "Why foresight k-means with 5 personas: less skill." in headlines(judged, Figures("en"))


def test_scored_users_are_compared_with_training(model):
    scored = {
        "n_users": 200,
        "by_persona": {"P01": 50, "P02": 150},
        "by_status": {"assigned": 190, "low_confidence": 10},
        "model_version": "v1",
        "as_of": "2025-02-01",
    }
    view = scored_view(scored, model, Figures("en"))

    assert [(row.key, row.share, row.before) for row in view.personas][:2] == [
        ("P01", "25.0%", "31.2%"),
        ("P02", "75.0%", "24.7%"),
    ]
    assert [row.users for row in view.statuses] == ["190", "10", "0"]
    assert view.confidence == ()


def test_confidence_steps_are_named_by_their_edges(model):
    view = scored_view({"n_users": 4, "by_confidence": [1, 3]}, model, Figures("en"))

    assert [(row.name, row.share) for row in view.confidence] == [("0–50%", "25.0%"), ("50–100%", "75.0%")]
