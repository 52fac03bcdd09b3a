"""From candidates to one solution on all users."""

import numpy as np
import pytest

from personas.features import columns_of
from personas.model.discover import discover
from personas.scorecard.reference import evaluate
from personas.selection.nulls import permute_columns


@pytest.fixture(scope="module")
def found(shop):
    study = shop.study(sample=shop.data.iloc[:240], panel=shop.data.iloc[240:], evidence=shop.evidence())
    return discover([shop.recipe()], shop.data, study, foretold=shop.evidence(), sizes=(2, 3), as_asked=False)


def _shares_of_groups(labels, group):
    return [np.bincount(labels[group == g], minlength=3).max() / (group == g).sum() for g in range(3)]


def test_the_chosen_solution_is_the_planted_one(shop, found):
    (chosen,) = [c for c in found.candidates if c.chosen]
    assert chosen.n_personas == found.scorecard.n_personas == len(found.jaccards) == 3
    labels = evaluate(found.scorecard, columns_of(shop.data)).label
    assert min(_shares_of_groups(labels, shop.group)) > 0.95
    assert min(found.jaccards) >= 0.85


def test_the_panel_carries_the_confidence(found):
    assert found.probability.shape == found.agreement.shape == (60,)
    assert set(np.unique(found.agreement)) <= {0.0, 0.5, 1.0}  # of two refits
    assert found.agreement.mean() > 0.9


def test_the_figures_are_those_of_the_chosen_one(found):
    (chosen,) = [c for c in found.candidates if c.chosen]
    assert found.metrics["stability"] == chosen.stability
    assert found.metrics["taste"] == chosen.taste.value
    assert found.metrics["reach"] == chosen.reach.value
    assert found.metrics["smallest_jaccard"] == min(found.jaccards)
    assert "bic" not in found.metrics  # k-means has none
    assert "fidelity" not in found.metrics  # its scorecard is exact


def test_users_who_were_the_same_a_window_ago_keep_their_persona(found):
    assert found.metrics["kept_share"] == 1.0


def test_the_solution_was_taught_but_held_against_the_nulls_untaught(shop, found):
    assert found.recipe.foresight is not None
    assert {v.null for v in found.verdicts} == {"columns_permuted", "purchases_shuffled"}
    assert all(v.beats_null for v in found.verdicts if v.measure == "taste")


def test_a_number_that_was_asked_for_is_given_whatever_its_stability(shop):
    data = permute_columns(shop.data, random_state=3)
    asked = discover(
        [shop.recipe()],
        data,
        shop.study(sample=data, panel=data),
        foretold=None,
        sizes=(4,),
        as_asked=True,
    )
    assert asked.scorecard.n_personas == 4
    assert "kept_share" not in asked.metrics
    assert "taste" not in asked.metrics
