"""What is measured of a candidate."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personas.errors import DataError
from personas.features import Feature, FeatureSet
from personas.model.recipe import Recipe
from personas.model.study import Study, judge_fit, label_panel, measure
from personas.schema import Text
from personas.selection.checkpoint import Checkpoint
from personas.selection.select import choose


def _rows(trials):
    return {(t.candidate.clusterer, t.candidate.n_personas): t.candidate for t in trials}


@pytest.fixture(scope="module")
def trials(shop):
    study = shop.study(evidence=shop.evidence(), n_resamples=3)
    return measure([shop.recipe("latent_class"), shop.recipe("foresight")], (2, 3), study)


def test_every_planted_persona_is_found_again(shop, trials):
    assert [(t.candidate.clusterer, t.candidate.n_personas) for t in trials] == [
        ("latent_class", 2),
        ("latent_class", 3),
        ("foresight", 2),
        ("foresight", 3),
    ]
    for name in ("latent_class", "foresight"):
        found = _rows(trials)[name, 3]
        assert len(found.jaccards) == 3
        assert min(found.jaccards) >= 0.9
        assert found.stability >= 0.9
        assert found.smallest_share == pytest.approx(1 / 3, abs=0.03)
        assert found.reach.value > 0.1
        assert found.taste.value > 0.5


def test_the_right_number_foretells_more_and_is_picked(trials):
    rows = _rows(trials)
    for name in ("latent_class", "foresight"):
        assert rows[name, 3].taste.value > rows[name, 2].taste.value
    picked = next(
        c
        for c in choose([t.candidate for t in trials], min_share=0.03, draws=[t.draws for t in trials])
        if c.chosen
    )
    assert picked.n_personas == 3


def test_personas_are_held_against_the_next_smaller_number_of_the_same_clusterer(trials):
    rows = _rows(trials)
    assert rows["foresight", 2].across == ()
    assert len(rows["foresight", 3].across) == 3
    assert all(0 <= share <= 1 for share in rows["foresight", 3].across)


def test_only_a_mixture_has_a_likelihood(trials):
    rows = _rows(trials)
    assert rows["latent_class", 3].bic < rows["latent_class", 2].bic
    assert rows["foresight", 3].bic is None
    assert rows["foresight", 3].log_likelihood is None


def test_without_evidence_nothing_is_judged(shop):
    (trial,) = measure([shop.recipe()], (3,), shop.study())
    assert trial.candidate.reach is None
    assert trial.candidate.taste is None
    assert trial.draws.taste is None
    assert min(trial.candidate.jaccards) >= 0.9


def test_a_candidate_with_a_tiny_persona_is_judged_but_not_refitted(shop):
    study = shop.study(evidence=shop.evidence(), min_share=0.3)
    three, six = measure([shop.recipe()], (3, 6), study)
    assert len(three.refits) == len(three.candidate.jaccards) // 3 * study.n_resamples == 2
    assert six.candidate.smallest_share < 0.3
    assert (six.refits, six.candidate.jaccards, six.candidate.stability) == ((), (), None)
    assert six.candidate.taste.value > 0
    (asked,) = measure([shop.recipe()], (6,), study)
    assert len(asked.candidate.jaccards) == 6


def test_where_every_candidate_has_a_tiny_persona_all_are_refitted(shop):
    trials = measure([shop.recipe()], (2, 3), shop.study(min_share=0.9))
    assert [len(t.candidate.jaccards) for t in trials] == [2, 3]


def _lonely(n_users=60):
    """Two groups, and one user of their own."""
    values = np.where(np.arange(n_users) < n_users // 2, 0.0, 5.0)
    values[-1] = 20.0
    data = pd.DataFrame({"x": values}, index=[f"u{i:02d}" for i in range(n_users)])
    feature = Feature("x", "numeric", "who", "", "unknown", "profile", "value", "x", label=Text("x", "x"))
    study = Study(data, data, None, FeatureSet((feature,)), 4, 0.0, 0)
    return Recipe("kmeans", {"x": "numeric"}, {}, {}), study


def test_a_refit_that_fails_finds_nobody_again():
    recipe, study = _lonely()
    refits = [label_panel(recipe, [2, 3], study, i)["labels"] for i in range(study.n_resamples)]
    found = [bool((labels[1] >= 0).all()) for labels in refits]
    assert 0 < sum(found) < len(found)  # some resamples hold the lonely user, some don't
    assert all((labels[0] >= 0).all() for labels in refits)
    assert all((labels[1] == -1).all() for labels, ok in zip(refits, found, strict=True) if not ok)
    _, three = measure([recipe], (2, 3), study)
    assert three.candidate.jaccards == pytest.approx([np.mean(found)] * 3)
    # Of the pairs of refits, those agree of which neither failed; the others don't count as agreement.
    n, k = len(found), sum(found)
    assert three.candidate.stability == pytest.approx(k * (k - 1) / (n * (n - 1)))


def test_too_few_distinct_users_for_a_fit_are_named():
    recipe, study = _lonely()
    with pytest.raises(DataError, match="Found 3 distinct rows"):
        measure([recipe], (4,), study)


def test_a_half_that_is_too_alike_judges_nothing(shop):
    study = shop.study(evidence=shop.evidence())
    same = replace(study.evidence, history=shop.data * 0.0)
    assert judge_fit(shop.recipe(), 3, replace(study, evidence=same)) is None


def test_the_same_is_measured_with_and_without_a_checkpoint(shop, tmp_path):
    recipes = [shop.recipe()]
    study = shop.study(evidence=shop.evidence())
    kept = replace(study, checkpoint=Checkpoint(tmp_path))
    plain, first = measure(recipes, (2, 3), study), measure(recipes, (2, 3), kept)
    files = sorted(tmp_path.iterdir())
    assert {path.suffix for path in files} == {".npz"}
    for path in files[::2]:
        path.unlink()
    told = []
    resumed = measure(recipes, (2, 3), replace(kept, progress=lambda *at: told.append(at)))
    for other in (first, resumed):
        for a, b in zip(plain, other, strict=True):
            assert a.candidate == b.candidate
            np.testing.assert_array_equal(a.panel, b.panel)
            np.testing.assert_array_equal(a.refits, b.refits)
            np.testing.assert_array_equal(a.draws.taste, b.draws.taste)
    assert sorted(tmp_path.iterdir()) == files
    assert told == [(i, 6) for i in range(1, 7)]  # 2 fits, 2 judgements and 2 refits


def test_what_was_kept_holds_for_no_other_study(shop):
    study = shop.study(evidence=shop.evidence())
    others = [
        replace(study, sample=shop.data.iloc[:-1]),
        replace(study, panel=shop.data.iloc[:-1]),
        replace(study, evidence=None),
        replace(study, evidence=replace(study.evidence, outcomes=shop.outcomes[::-1])),
        replace(study, evidence=replace(study.evidence, history=shop.data * 2)),
        replace(study, evidence=replace(study.evidence, hidden=frozenset(shop.data.columns[:1]))),
        replace(study, feature_set=FeatureSet(tuple(shop.feature_set)[::-1])),
        replace(study, min_share=0.05),
        replace(study, random_state=1),
    ]
    keys = [study.digest(), study.digest("a recipe"), *(other.digest() for other in others)]
    assert len(set(keys)) == len(keys)
    # What changes no measurement: how many refits there are, who is told, and where they are kept.
    same = replace(study, n_resamples=9, progress=print, checkpoint=Checkpoint())
    assert same.digest() == study.digest()
