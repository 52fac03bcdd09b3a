"""Tables at the edge of what personas can be found in: a clear message, or a documented plain answer."""

from dataclasses import replace
from datetime import date

import ibis
import numpy as np
import pyarrow as pa
import pytest

from personas.errors import DataError, GateError
from personas.features import Feature, FeatureFrame, FeatureSet
from personas.features.category_history import category_features
from personas.model import FitOptions, fit_personas
from personas.model.fit import _held_out
from personas.model.persist import model_to_files
from personas.schema import ObservationWindow, Text
from personas.selection.nulls import permute_columns

WINDOW = ObservationWindow(date(2025, 1, 1), 365)
SMALL = FitOptions(n_resamples=2, min_personas=2, max_personas=3)
FORCED = replace(SMALL, force=True)


def _frame(columns, features):
    n = len(next(iter(columns.values())))
    table = pa.table({"user_id": [f"u{i:04d}" for i in range(n)], **columns})
    return FeatureFrame(ibis.memtable(table), FeatureSet(tuple(features)), WINDOW)


def _number(name):
    return Feature(name, "numeric", "who", "", "unknown", "profile", "value", name, label=Text(name, name))


def _counts(*names):
    return category_features("count", [(name, Text(name, name)) for name in names])


def _judged(model):
    return {(v.measure, v.null): v for v in model.verdicts}


@pytest.fixture(scope="module")
def rehearsed(shop):
    """A fit of planted tastes that is judged by a next window."""
    return fit_personas(shop.frame(), options=SMALL, rehearsal=shop.rehearsal())


def test_a_rehearsal_is_what_solutions_are_judged_by(shop, rehearsed):
    assert rehearsed.clusterer_params["judged_by"] == "next_window"
    assert len(rehearsed.personas) == 3
    assert sum(c.chosen for c in rehearsed.selection) == 1
    assert {c.clusterer for c in rehearsed.selection} == {"latent_class", "foresight"}
    assert all(p.stability >= 0.9 for p in rehearsed.personas)
    assert rehearsed.metrics["kept_share"] > 0.9
    assert rehearsed.metrics["taste"] > 0.5
    assert _judged(rehearsed)["taste", "purchases_shuffled"].beats_null


def test_without_a_second_window_columns_that_no_fit_sees_judge(shop):
    model = fit_personas(shop.frame(), clusterer="foresight", options=SMALL)
    assert model.clusterer_params["judged_by"] == "held_out_columns"
    assert "kept_share" not in model.metrics
    assert len(model.personas) == 3


def test_a_second_window_in_which_hardly_anybody_buys_does_not_judge(shop):
    quiet = shop.outcomes * (np.arange(len(shop.outcomes)) < 30)[:, None]
    model = fit_personas(
        shop.frame(),
        clusterer="foresight",
        n_personas=3,
        options=SMALL,
        rehearsal=replace(shop, outcomes=quiet).rehearsal(),
    )
    assert model.clusterer_params["judged_by"] == "held_out_columns"


def test_users_of_the_second_window_who_are_held_out_judge_nothing(shop):
    # What held-out users buy next may be anything: every candidate is measured as before.
    everybody = fit_personas(
        shop.frame(), clusterer="foresight", n_personas=3, options=SMALL, rehearsal=shop.rehearsal()
    )
    data = shop.frame().to_pandas()
    held_out = _held_out(data.index, SMALL.holdout_share)
    other = np.where(held_out[:, None], shop.outcomes[::-1], shop.outcomes)
    changed = fit_personas(
        shop.frame(),
        clusterer="foresight",
        n_personas=3,
        options=SMALL,
        rehearsal=replace(shop, outcomes=other).rehearsal(),
    )
    assert changed.selection == everybody.selection
    assert changed.verdicts == everybody.verdicts
    # The chosen solution is then fitted on everybody, and learns from them, too.
    assert model_to_files(changed) != model_to_files(everybody)


def test_two_fits_with_one_seed_are_byte_identical_also_after_an_interruption(shop, rehearsed, tmp_path):
    options = replace(SMALL, checkpoint=tmp_path / "kept")
    files = model_to_files(rehearsed)
    assert model_to_files(fit_personas(shop.frame(), options=options, rehearsal=shop.rehearsal())) == files
    kept = sorted((tmp_path / "kept").iterdir())
    assert {path.suffix for path in kept} == {".npz"}
    for place, path in enumerate(kept):
        if place % 3 == 0:
            path.unlink()
        elif place % 3 == 1:
            path.write_bytes(path.read_bytes()[:200])  # killed while the machine went down
    assert model_to_files(fit_personas(shop.frame(), options=options, rehearsal=shop.rehearsal())) == files
    assert sorted((tmp_path / "kept").iterdir()) == kept


def test_a_checkpoint_of_another_next_window_is_not_taken_up(shop, make_shop, tmp_path):
    other = replace(shop, outcomes=make_shop(random_state=5).outcomes)
    options = replace(SMALL, checkpoint=tmp_path)
    fit_personas(
        shop.frame(), clusterer="foresight", n_personas=3, options=options, rehearsal=shop.rehearsal()
    )
    resumed = fit_personas(
        shop.frame(), clusterer="foresight", n_personas=3, options=options, rehearsal=other.rehearsal()
    )
    fresh = fit_personas(
        shop.frame(), clusterer="foresight", n_personas=3, options=SMALL, rehearsal=other.rehearsal()
    )
    assert model_to_files(resumed) == model_to_files(fresh)


def test_another_seed_is_another_selection(shop, rehearsed):
    other = fit_personas(
        shop.frame(), clusterer="foresight", options=SMALL, rehearsal=shop.rehearsal(), random_state=1
    )
    seen = [c.stability for c in rehearsed.selection if c.clusterer == "foresight"]
    assert [c.stability for c in other.selection] != seen
    assert len(other.personas) == 3


def test_no_structure_is_refused_unless_it_is_forced(shop):
    data = permute_columns(shop.data, random_state=7)
    with pytest.raises(GateError, match="No personas were found"):
        fit_personas(shop.frame(data), clusterer="foresight", options=SMALL)
    model = fit_personas(shop.frame(data), clusterer="foresight", options=FORCED)
    assert not any(v.beats_null for v in model.verdicts if v.measure != "reach")


def test_fewer_users_than_personas_is_said(shop):
    with pytest.raises(DataError, match="expected at least n_clusters=400"):
        fit_personas(shop.frame(), clusterer="foresight", n_personas=400, options=SMALL)
    with pytest.raises(DataError, match="expected at least n_components=400"):
        fit_personas(shop.frame(), clusterer="latent_class", n_personas=400, options=SMALL)


def test_fewer_kinds_of_users_than_personas_is_said():
    two = _frame(
        {"x": np.repeat([0.0, 9.0], 50), "y": np.repeat([1.0, 3.0], 50)}, [_number("x"), _number("y")]
    )
    with pytest.raises(DataError, match="Found 2 distinct rows"):
        fit_personas(two, options=SMALL)


def test_users_who_are_all_the_same_leave_nothing_to_cluster_on():
    same = _frame({f.name: np.ones(100) for f in _counts("tea", "figs")}, _counts("tea", "figs"))
    with pytest.raises(DataError, match="No feature is left"):
        fit_personas(same, options=SMALL)


def test_users_who_all_were_the_same_at_the_cut_teach_no_foresight(shop):
    still = replace(shop.rehearsal(), earlier=shop.frame(shop.data * 0.0 + 1.0))
    model = fit_personas(shop.frame(), clusterer="foresight", n_personas=3, options=FORCED, rehearsal=still)
    assert len(model.personas) == 3
    assert "reach" not in model.metrics


def test_one_category_alone_carries_no_personas():
    bought = np.random.default_rng(0).poisson(1.0, 200).astype(float)
    frame = _frame({"order_count:tea": bought}, _counts("tea"))
    with pytest.raises(GateError, match="no structure at all"):
        fit_personas(frame, clusterer="foresight", options=SMALL)
    model = fit_personas(frame, clusterer="foresight", options=FORCED)
    assert model.clusterer_params["judged_by"] == "none"
    assert [(v.measure, v.null) for v in model.verdicts] == [("stability", "columns_permuted")]


def test_one_persona_of_everybody_is_no_structure_but_can_be_had(shop):
    with pytest.raises(GateError, match="No personas were found"):
        fit_personas(shop.frame(), clusterer="foresight", n_personas=1, options=SMALL)
    model = fit_personas(shop.frame(), clusterer="foresight", n_personas=1, options=FORCED)
    assert [p.share for p in model.personas] == [1.0]


def test_a_persona_that_vanishes_in_every_refit_is_not_vouched_for():
    n = 70
    x = np.where(np.arange(n) % 2 == 0, 0.0, 5.0)
    x[0] = 30.0  # with seed 9, neither resample holds this user
    frame = _frame({"x": x}, [_number("x")])
    options = replace(FORCED, holdout_share=0.0)
    model = fit_personas(frame, clusterer="kmeans", n_personas=3, random_state=9, options=options)
    assert sorted(p.n_users for p in model.personas) == [1, 34, 35]
    assert [p.stability for p in model.personas] == [0.0, 0.0, 0.0]
    assert model.metrics["stability"] == 0.0
    assert model.metrics["mean_confidence"] == 0.0


def test_weights_of_zero_for_what_is_bought_leave_who_and_worth(shop):
    rng = np.random.default_rng(2)
    data = shop.data.assign(age=shop.group * 6.0 + rng.normal(size=len(shop.data)))
    people = replace(shop, feature_set=FeatureSet((_number("age"), *shop.feature_set)))
    model = fit_personas(
        people.frame(data), n_personas=3, options=replace(FORCED, block_weights={"what": 0.0})
    )
    assert model.scorecard.features == ["age"]
    assert len(model.personas) == 3


def test_only_features_that_are_read_or_described_are_kept(shop):
    hidden = tuple(replace(f, described=False) for f in shop.feature_set)
    odd = replace(hidden[-1], role="profile")
    people = replace(shop, feature_set=FeatureSet((*hidden[:-1], odd)))
    model = fit_personas(people.frame(), clusterer="foresight", n_personas=3, options=FORCED)
    assert odd.name not in model.feature_set.names
    assert set(model.scorecard.features) <= set(model.feature_set.names)
    assert all(not p.traits for p in model.personas)
