import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from personas.errors import DataError
from personas.features import FeatureSet
from personas.model.sketch import Bins, FeatureSketch, Sketch
from personas.monitor import DriftReport, DriftRules, Reference, measure_drift

from .conftest import draw, sketched


def names(report):
    return [row.name for row in report.rows if row.shift.is_drift]


def test_samples_of_the_same_population_raise_no_alarm(report):
    alarms = [report(draw(20_000, 100 + i)).advice.is_alarm for i in range(10)]
    assert sum(alarms) == 0


def test_a_fifth_of_a_standard_deviation_is_found(report):
    found = report(draw(20_000, 1, age=0.2 * np.sqrt(10**2 + 6**2)))
    assert names(found)[0] == "age"
    assert found.advice.is_alarm
    assert 0.02 < found.rows[0].shift.psi < 0.08


def test_a_few_users_more_or_less_are_no_drift(report):
    # A thousandth of a share is significant among millions, and of no interest.
    counts = {"before": (5_000_000, 5_000_000), "now": (5_010_000, 4_990_000)}
    from personas.monitor.shift import compare_counts

    shift = compare_counts(counts["before"], counts["now"], false_alarm=1e-4, tolerated_psi=0.01)
    assert shift.psi > shift.noise
    assert not shift.is_drift


def test_what_moved_is_told_in_words(report):
    found = report(draw(20_000, 2, first_tier=0.35))
    row = next(row for row in found.rows if row.name == "city_tier")
    assert row.shift.is_drift
    assert row.cell.en == "tier 1 city"
    assert row.share_before > row.share_now + 0.1
    assert row.missing_before == pytest.approx(0.1, abs=0.01)


def test_other_people_call_for_a_training(report):
    found = report(draw(20_000, 3, age=25.0))
    assert found.advice.verdict == "retrain"
    answers = {row.name: row for row in found.answers}
    assert answers["out_of_distribution"].shift.is_drift
    assert answers["out_of_distribution"].share_now > 0.1
    assert answers["persona_share"].shift.is_drift
    changed = [persona for persona in found.personas if persona.is_drift]
    assert changed
    assert all("age" in [driver.en for driver in persona.drivers] for persona in changed)


def test_a_feature_that_only_cards_tell_of_calls_for_no_training(report):
    found = report(draw(20_000, 4, orders=2.0))
    assert names(found) == ["orders"]
    assert not found.rows[0].is_scored
    assert found.advice.verdict == "recalibrate"
    assert "only cards tell of" in found.advice.reasons[-1].en


def test_unseen_levels_and_lost_columns_are_drift(report):
    data = draw(5000, 5)
    data["city_tier"] = np.where(np.arange(5000) < 500, "T9", data["city_tier"])
    found = report(data)
    row = next(row for row in found.rows if row.name == "city_tier")
    assert row.shift.is_drift
    assert (row.cell.en, row.share_before) == ("unseen levels", 0.0)
    data["city_tier"] = None
    row = next(row for row in report(data).rows if row.name == "city_tier")
    assert row.shift.is_drift
    assert (row.missing_before, row.missing_now) == (pytest.approx(0.1, abs=0.01), 1.0)


def test_levels_that_were_unseen_in_training_already_are_no_drift(model, count):
    def some_unknown(n, seed):
        data = draw(n, seed)
        data["city_tier"] = np.where(np.arange(n) % 20 == 0, "T9", data["city_tier"])
        return data

    known = sketched(model, some_unknown(20_000, 20))
    assert known.sketch.feature("city_tier").counts[-2] == 1000
    now = count(some_unknown(20_000, 21))
    found = measure_drift(known, now, Reference("training", known.sketch, "v1"), model_version="v1")
    assert names(found) == []


def test_small_cells_are_not_told(report):
    data = draw(5000, 6)
    data["city_tier"] = ["T9"] * 5 + list(data["city_tier"])[5:]
    row = next(row for row in report(data).rows if row.name == "city_tier")
    assert row.cell.en != "unseen levels"
    data["age"] = [np.nan] * 5 + [30.0] * 4995
    row = next(row for row in report(data).rows if row.name == "age")
    assert row.missing_now is None


def test_drifted_rows_come_first(report):
    found = report(draw(20_000, 7, age=3.0, orders=0.6))
    assert set(names(found)) == {"age", "orders"}
    assert {row.name for row in found.rows[:2]} == {"age", "orders"}


def test_a_report_survives_the_trip_through_json(report):
    found = report(draw(3000, 8, age=4.0))
    assert DriftReport.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False))) == found


def test_a_report_holds_no_ids(report):
    assert "u000" not in json.dumps(report(draw(500, 9)).to_dict())


def test_one_persona_has_no_share_to_move(model, count):
    alone = replace(
        model,
        personas=model.personas[:1],
        sketch=replace(model.sketch, persona_ids=("P01",), by_persona=(20_000,)),
    )
    now = replace(count(draw(3000, 10)), persona_ids=("P01",), by_persona=(3000,))
    found = measure_drift(alone, now, Reference("training", alone.sketch, "v1"), model_version="v1")
    assert found.answers[0].shift.psi == 0
    assert found.personas[0].share_now == 1


def test_a_model_without_a_sketch_and_an_empty_sample_are_refused(model):
    reference = Reference("training", model.sketch, "v1")
    with pytest.raises(DataError, match="no sketch of its training users"):
        measure_drift(replace(model, sketch=None), model.sketch, reference, model_version="v1")
    nobody = Sketch(date(2026, 6, 1), ("P01", "P02"), (0, 0), (0,) * 10, (0, 0, 0))
    with pytest.raises(DataError, match="0 today"):
        measure_drift(model, nobody, reference, model_version="v1")


def test_answers_of_another_model_are_not_compared(model, count):
    last = replace(model.sketch, by_persona=(1000, 19_000), as_of=date(2025, 5, 2))
    found = measure_drift(
        model, count(draw(5000, 11)), Reference("last_season", last, "v0"), model_version="v1"
    )
    assert (found.reference, found.reference_as_of) == ("last_season", date(2025, 5, 2))
    assert not found.answers[0].shift.is_drift
    assert any("another model" in note.en for note in found.notes)
    same = measure_drift(
        model, count(draw(5000, 11)), Reference("last_season", last, "v1"), model_version="v1"
    )
    assert same.answers[0].shift.is_drift


def test_levels_are_compared_by_name_and_other_bins_are_not(model, count):
    features = list(model.sketch.features)
    features[0] = FeatureSketch(Bins("age", edges=(40.0,)), (10_000, 10_000, 0, 0))
    features[1] = FeatureSketch(Bins("city_tier", levels=("T2", "T1")), (4500, 9000, 4500, 2000))
    other = replace(model.sketch, features=tuple(features))
    found = measure_drift(
        model, count(draw(20_000, 12)), Reference("last_season", other, "v0"), model_version="v1"
    )
    assert {row.name for row in found.rows} == {"city_tier", "plus", "orders"}
    assert any("age" in note.en for note in found.notes)
    row = next(row for row in found.rows if row.name == "city_tier")
    assert not row.shift.is_drift


def test_stricter_rules_give_another_advice(report):
    data = draw(20_000, 13, age=3.0)
    assert report(data).advice.verdict == "recalibrate"
    assert report(data, rules=DriftRules(retrain_feature_psi=0.02)).advice.verdict == "retrain"
    assert report(data, rules=DriftRules(tolerated_psi=1.0)).advice.verdict == "keep"


def test_the_champions_bins_are_kept_while_they_tell_users_apart(model):
    later = sketched(model, draw(10_000, 14), earlier=model.sketch)
    assert later.sketch.feature("age").bins == model.sketch.feature("age").bins
    fresh = sketched(model, draw(10_000, 14))
    assert fresh.sketch.feature("age").bins != model.sketch.feature("age").bins
    moved = sketched(model, draw(10_000, 14, age=40.0), earlier=model.sketch)
    assert moved.sketch.feature("age").bins != model.sketch.feature("age").bins


def test_only_features_of_the_set_are_compared(model, count):
    less = replace(model, feature_set=FeatureSet(tuple(model.feature_set)[:2]))
    found = measure_drift(
        less, count(draw(500, 15)), Reference("training", model.sketch, "v1"), model_version="v1"
    )
    assert {row.name for row in found.rows} == {"age", "city_tier"}
