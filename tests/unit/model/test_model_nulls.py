"""A solution against tables without structure."""

import numpy as np
import pandas as pd
import pytest

from personas.features import Feature, FeatureSet
from personas.model.evidence import held_out_columns
from personas.model.nulls import N_NULLS, verdicts
from personas.model.recipes import make_recipes
from personas.model.study import Study
from personas.schema import Text
from personas.selection.base import MEASURES, NULLS
from personas.selection.checkpoint import Checkpoint
from personas.selection.nulls import permute_columns, shuffle_counts, shuffle_purchases
from personas.selection.verdict import has_structure


def _verdicts(shop, study):
    return {(v.measure, v.null): v for v in verdicts(shop.recipe(), 3, study)}


def test_planted_tastes_beat_both_nulls(shop):
    found = _verdicts(shop, shop.study(evidence=shop.evidence()))
    assert list(found) == [(measure, null) for null in NULLS for measure in MEASURES]
    for null in NULLS:
        assert found["taste", null].beats_null
        assert found["taste", null].null_mean < 0.2 < found["taste", null].value
        assert found["stability", null].null_mean < found["stability", null].value
    assert has_structure(list(found.values()))


@pytest.mark.parametrize("null", NULLS)
def test_held_out_columns_of_planted_tastes_beat_the_nulls_too(shop, null):
    study = shop.study(evidence=held_out_columns(shop.data, shop.feature_set))
    assert _verdicts(shop, study)["taste", null].beats_null


def test_permuted_columns_beat_no_null(shop):
    data = permute_columns(shop.data, random_state=7)
    study = shop.study(sample=data, panel=data, evidence=held_out_columns(data, shop.feature_set))
    found = _verdicts(shop, study)
    assert not has_structure(list(found.values()))
    assert not found["reach", "columns_permuted"].beats_null
    assert min(v.null_mean for v in found.values()) < 0 <= min(v.null_limit for v in found.values())


def test_shuffled_purchases_carry_activity_but_no_personas(shop):
    data = shuffle_purchases(shop.data, shop.feature_set, random_state=7)
    study = shop.study(sample=data, panel=data, evidence=held_out_columns(data, shop.feature_set))
    assert not has_structure(verdicts(shop.recipe(), 3, study))


def test_a_next_window_that_has_nothing_to_do_with_the_history_has_no_taste(shop):
    data = permute_columns(shop.data, random_state=7)
    evidence = shop.evidence().rows(np.arange(len(data)))
    outcomes = shuffle_counts(shop.outcomes, random_state=8).astype(float)
    evidence = type(evidence)(data, outcomes, "next_window")
    found = _verdicts(shop, shop.study(sample=data, panel=data, evidence=evidence))
    assert not has_structure(list(found.values()))


def test_without_purchases_only_columns_are_permuted_and_taste_is_not_defined():
    rng = np.random.default_rng(0)
    group = np.arange(200) % 2
    names = ("a", "b", "c", "d")
    data = pd.DataFrame(
        {name: rng.normal(group * 4.0) for name in names}, index=[f"u{i:03d}" for i in range(200)]
    )
    features = FeatureSet(
        tuple(
            Feature(n, "numeric", "who", "", "unknown", "profile", "value", n, label=Text(n, n))
            for n in names
        )
    )
    (recipe,) = make_recipes(["kmeans"], data, features, None)
    study = Study(data, data, held_out_columns(data, features), features, 2, 0.03, 0)
    found = verdicts(recipe, 2, study)
    assert [(v.measure, v.null) for v in found] == [
        ("reach", "columns_permuted"),
        ("stability", "columns_permuted"),
    ]
    assert found[0].beats_null
    assert has_structure(found)


def test_without_evidence_only_stability_is_measured(shop):
    found = verdicts(shop.recipe(), 3, shop.study())
    assert [(v.measure, v.null) for v in found] == [("stability", null) for null in NULLS]


def test_one_persona_of_everybody_is_no_structure(shop):
    assert not has_structure(verdicts(shop.recipe(), 1, shop.study(evidence=shop.evidence())))


def test_the_same_verdicts_come_from_a_checkpoint(shop, tmp_path):
    study = shop.study(checkpoint=Checkpoint(tmp_path))
    first = verdicts(shop.recipe(), 3, study)
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == 1 + len(NULLS) * N_NULLS
    for path in kept[::3]:
        path.unlink()
    assert verdicts(shop.recipe(), 3, study) == first == verdicts(shop.recipe(), 3, shop.study())
