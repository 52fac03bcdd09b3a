"""The gate, check by check, on models of given figures."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from personas.errors import DataError
from personas.features import FeatureSet
from personas.model.base import Calibration, Card, Persona, PersonaModel, Trait
from personas.model.gate import (
    CHECKS,
    GateRules,
    gate_from_bytes,
    gate_to_bytes,
    judge_challenger,
    largest_gap,
)
from personas.model.identity import Continuity, IdentityEvent
from personas.model.migration import model_migration
from personas.schema import ObservationWindow, Text
from personas.scorecard import Scorecard
from personas.selection.base import Candidate, Verdict
from personas.selection.quality import Measure

NOTHING = Text("", "")
CARD = Card(NOTHING, NOTHING, NOTHING, (), NOTHING)


def _persona(number, share, women=0.5):
    trait = Trait(
        "gender", "female", NOTHING, NOTHING, "who", True, 100, women, 0.5, 100.0, 90.0, 110.0, 0.5
    )  # fmt: skip
    name = Text(f"甲{number}", f"A{number}")
    return Persona(
        f"P{number:02d}", name, "traits", None, share, round(1000 * share), (trait,), CARD, stability=0.8
    )


def _measure(value, error=0.01):
    return Measure(value, value - 2 * error, value + 2 * error, error)


def _model(**changes):
    model = PersonaModel(
        name="shop",
        window=ObservationWindow(date(2026, 1, 1), 365),
        feature_set=FeatureSet(()),
        scorecard=Scorecard(np.zeros(2), ()),
        personas=(_persona(1, 0.6), _persona(2, 0.4)),
        calibration=Calibration(),
        low_confidence=0.6,
        surprise_limit=1.0,
        clusterer="kmeans",
        clusterer_params={},
        selection=(
            Candidate(2, None, None, 0.9, 0.4, True, NOTHING, reach=_measure(0.3), taste=_measure(0.1)),
        ),
        metrics={"assigned_share": 0.9},
        verdicts=(Verdict("taste", "purchases_shuffled", 0.1, 0.0, 0.05),),
    )
    return replace(model, **changes)


def _continuity(moved=5, **changes):
    """Of 100 users in P01 so many went to P02."""
    old, new = (
        np.repeat([0, 0, 1], [100 - moved, moved, 100]),
        np.repeat([0, 1, 1], [100 - moved, moved, 100]),
    )
    flow = model_migration(old, new, ["P01", "P02"], ["P01", "P02"], value=np.where(old == 0, 9.0, 1.0))
    found = Continuity(date(2025, 12, 1), "panel", (), flow, _measure(0.31), _measure(0.1))
    return replace(found, **changes)


CHAMPION = _model(window=ObservationWindow(date(2025, 12, 1), 365))


def _check(name, challenger, champion=CHAMPION, rules=None):
    return next(c for c in judge_challenger(challenger, champion, rules).checks if c.name == name)


def test_a_first_model_is_judged_by_itself():
    report = judge_challenger(_model())
    assert report.passed
    assert report.champion_as_of is None
    assert {c.name for c in report.checks} == set(CHECKS) - {"kept_users", "kept_value", "fidelity"}
    assert {c.champion for c in report.checks} == {None}


def test_a_challenger_that_is_as_good_passes_with_a_reason_for_every_check():
    report = judge_challenger(_model(continuity=_continuity()), CHAMPION)
    assert report.passed
    assert report.champion_as_of == date(2025, 12, 1)
    assert [c.name for c in report.checks] == [name for name in CHECKS if name != "fidelity"]
    assert all(c.reason.zh and c.reason.en for c in report.checks)


WEAK = {
    "structure": {"verdicts": (Verdict("taste", "purchases_shuffled", 0.1, 0.0, 0.2),)},
    "reach": {"continuity": _continuity(reach=_measure(0.5))},
    "taste": {"continuity": _continuity(taste=_measure(0.2))},
    "stability": {"personas": tuple(replace(p, stability=0.65) for p in _model().personas)},
    "coverage": {"metrics": {"assigned_share": 0.7}},
    "smallest_share": {"personas": (_persona(1, 0.995), replace(_persona(2, 0.005), n_users=50))},
    "smallest_users": {"personas": (_persona(1, 0.985), _persona(2, 0.015))},
    "kept_users": {"continuity": _continuity(moved=60)},
    "kept_value": {"continuity": _continuity(moved=30)},
    "fairness": {"personas": (_persona(1, 0.6, women=0.6), _persona(2, 0.4))},
    "fidelity": {"metrics": {"assigned_share": 0.9, "fidelity": 0.85}},
}


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_can_say_no(name):
    challenger = _model(**{"continuity": _continuity(), **WEAK[name]})
    report = judge_challenger(challenger, CHAMPION)
    assert not report.passed
    assert name in {c.name for c in report.failed}
    assert {c.name for c in report.failed} <= {name, "kept_value"}


def test_a_loss_within_the_interval_is_chance():
    check = _check("reach", _model(continuity=_continuity(reach=_measure(0.35))))
    assert check.passed
    assert check.value < check.threshold
    assert check.reason.en.endswith("the difference is within the interval")


def test_what_can_not_be_measured_passes_and_says_so():
    nothing = replace(_model().selection[0], reach=None, taste=None)
    check = _check("taste", _model(selection=(nothing,), continuity=_continuity()))
    assert (check.passed, check.value, check.threshold) == (True, None, None)
    assert check.reason.en == "there is no later behaviour to measure it by"
    plain = tuple(replace(p, traits=()) for p in _model().personas)
    assert _check("fairness", _model(personas=plain, continuity=_continuity())).passed


def test_without_a_panel_users_are_counted_by_profiles():
    kept = (IdentityEvent("kept", "P01", by="profiles", distance=0.02),)
    loose = _continuity(by="profiles", events=kept, migration=None)
    check = _check("kept_users", _model(continuity=loose))
    assert (check.value, check.passed) == (0.6, False)
    assert "matched by their profiles" in check.reason.en
    both = replace(loose, events=(*kept, IdentityEvent("kept", "P02", by="profiles", distance=0.02)))
    assert _check("kept_users", _model(continuity=both)).passed


def test_a_challenger_that_was_never_held_against_the_champion_is_refused():
    assert not _check("kept_users", _model()).passed


def test_rules_are_what_is_asked_for():
    strict = GateRules(min_coverage=0.95)
    assert not _check("coverage", _model(continuity=_continuity()), rules=strict).passed


def test_the_largest_gap_is_that_of_protected_levels():
    assert largest_gap(_model(personas=(_persona(1, 0.6, women=0.35), _persona(2, 0.4)))) == pytest.approx(
        0.15
    )
    hidden = replace(_persona(1, 1.0), traits=(replace(_persona(1, 1.0).traits[0], share=None),))
    assert largest_gap(_model(personas=(hidden,))) is None


def test_a_report_survives_its_file():
    report = judge_challenger(_model(continuity=_continuity(moved=60)), CHAMPION)
    raw = gate_to_bytes(report)
    assert gate_from_bytes(raw) == report
    assert gate_to_bytes(report) == raw
    assert json.loads(raw)["passed"] is False


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b'{"format": 1}', b"\xff", b'{"format": 1, "checks": 3, "champion_as_of": null}']
)
def test_a_damaged_report_is_refused(raw):
    with pytest.raises(DataError, match="gate report is damaged"):
        gate_from_bytes(raw)


def test_a_report_of_a_later_format_is_refused():
    with pytest.raises(DataError, match="has format 2; this version of personas reads format 1"):
        gate_from_bytes(b'{"format": 2}')
