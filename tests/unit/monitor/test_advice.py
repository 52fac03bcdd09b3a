from dataclasses import replace

import pytest

from personas.monitor import DriftRow, DriftRules, PersonaDrift, Shift
from personas.monitor.advice import advise
from personas.schema import Text

LABEL = Text("年龄", "age")
STILL, SOME, MUCH = (
    Shift(0.001, 0.0, 0.002, 0.013),
    Shift(0.12, 0.02, 0.002, 0.013),
    Shift(0.4, 0.1, 0.002, 0.013),
)
RULES = DriftRules()


def row(shift, name="age", *, is_scored=True, before=0.1, now=0.2):
    return DriftRow(name, LABEL, is_scored, shift, Text("一线", "tier 1"), before, now)


def persona(distance, limit=0.05, band="rather_similar"):
    return PersonaDrift("P01", Text("甲", "A"), 0.5, 0.5, distance, limit, band, (LABEL,))


def verdict(rows=(), answers=(), personas=()):
    return advise(rows, answers, personas, RULES).verdict


def test_nothing_moved():
    advice = advise(
        [row(STILL)], [row(STILL, "persona_share")], [persona(0.03, 0.05, "nearly_identical")], RULES
    )
    assert advice.verdict == "keep"
    assert not advice.is_alarm
    assert len(advice.reasons) == 1


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ({"rows": [row(SOME)]}, "recalibrate"),
        ({"rows": [row(MUCH)]}, "retrain"),
        ({"rows": [row(MUCH, is_scored=False)]}, "recalibrate"),
        ({"answers": [row(SOME, "persona_share")]}, "retrain"),
        ({"answers": [row(SOME, "out_of_distribution")]}, "retrain"),
        ({"answers": [row(SOME, "out_of_distribution", before=0.2, now=0.1)]}, "recalibrate"),
        ({"answers": [row(MUCH, "confidence")]}, "recalibrate"),
        ({"answers": [row(replace(SOME, psi=0.05), "low_confidence")]}, "recalibrate"),
        ({"personas": [persona(0.2)]}, "recalibrate"),
        ({"personas": [persona(0.4, band="some_difference")]}, "retrain"),
        ({"personas": [persona(0.4, limit=0.5, band="some_difference")]}, "keep"),
        ({"personas": [persona(None, band=None)]}, "keep"),
    ],
)
def test_each_rule(what, expected):
    assert verdict(**what) == expected


def test_the_weightiest_reason_comes_first_and_in_both_languages():
    advice = advise([row(SOME), row(MUCH, "plan", is_scored=False)], [row(SOME, "persona_share")], [], RULES)
    assert advice.verdict == "retrain"
    assert advice.reasons[0].en.startswith("age moved: tier 1 10.0% → 20.0%")
    assert all(reason.zh and reason.en for reason in advice.reasons)
    assert len(advice.reasons) == 3


def test_many_features_are_counted_and_some_named():
    reason = advise([row(SOME, f"f{i}") for i in range(30)], [], [], RULES).reasons[0]
    assert reason.en.startswith("30 scored feature(s) drifted")
    assert reason.en.count("PSI") == 5
