from __future__ import annotations

from dataclasses import replace

import pytest

from personas.report.figures import Figures
from personas.report.judgement import judge_model
from personas.selection.base import Verdict


def test_the_verdict_holds_every_measure_against_every_kind_of_shuffled_table(judged):
    said = judge_model(judged, Figures("en"))

    assert (said.sentence, said.is_found) == ("These tables carry personas.", True)
    assert said.rule.startswith("Decided by taste 0.349 (limit 0.022), above the most that tables with only")
    assert said.nulls == ("Columns shuffled", "Only what is bought shuffled")
    assert [(row.name, row.value) for row in said.rows] == [
        ("Reach skill", "5.4%"),
        ("Taste", "0.349 bits"),
        ("Stability (ARI)", "0.95"),
    ]
    assert [[(limit.value, limit.is_beaten) for limit in row.limits] for row in said.rows] == [
        [("0.7%", True), ("12.8%", False)],
        [("0.066 bits", True), ("0.022 bits", True)],
        [("0.40", True), ("–", None)],
    ]


def test_tiers_of_activity_are_called_so(judged):
    verdicts = (
        Verdict("taste", "purchases_shuffled", 0.01, 0.0, 0.02),
        Verdict("reach", "columns_permuted", 0.3, 0.0, 0.1),
    )
    said = judge_model(replace(judged, verdicts=verdicts), Figures("zh-CN"))

    assert (said.sentence, said.is_found) == ("这些数据只能分出活跃度高低，没有可靠的人群结构。", False)


@pytest.mark.parametrize(
    ("params", "config", "part"),
    [
        ({"judged_by": "next_window"}, {"personas": {"horizon_days": 90}}, "in the 90 days that followed"),
        ({"judged_by": "next_window"}, {"personas": {"horizon_days": None}}, "days that followed"),
        ({"judged_by": "next_window"}, {}, "bought in the next window"),
        ({"judged_by": "held_out_columns"}, {}, "the other half"),
        ({"judged_by": "none"}, {}, "by stability alone"),
    ],
)
def test_what_personas_were_judged_by_is_said(judged, params, config, part):
    assert (
        part in judge_model(replace(judged, clusterer_params=params, config=config), Figures("en")).judged_by
    )


def test_a_model_without_verdicts_has_none(model):
    said = judge_model(model, Figures("en"))

    assert (said.sentence, said.judged_by, said.rows) == ("", "", ())
