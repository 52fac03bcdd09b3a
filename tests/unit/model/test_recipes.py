"""How clusterers are set up for a use case."""

from dataclasses import replace

import numpy as np
import pytest

from personas.errors import NotFoundError
from personas.features import Feature, FeatureSet
from personas.features.rfm import RFM_FEATURES
from personas.model.recipes import (
    MINIMUM_KNOWN,
    PORTRAIT_WEIGHTS,
    clusterer_list,
    make_recipes,
    with_portrait,
)
from personas.schema import Text

SMALLEST = PORTRAIT_WEIGHTS[-1]


def _attribute(name, block="who"):
    return Feature(name, "numeric", block, "", "unknown", "profile", "value", name, label=Text(name, name))


@pytest.fixture
def people(shop):
    """The shop with two attributes of who, one of worth, and a total; none of them tells the tastes apart."""
    rng = np.random.default_rng(1)
    data = shop.data.assign(**{n: rng.normal(size=len(shop.data)) for n in ("age", "height", "income")})
    data["order_count"] = shop.data.sum(axis=1)
    totals = tuple(replace(f, role="signal") for f in RFM_FEATURES if f.name == "order_count")
    features = (
        _attribute("age"),
        _attribute("height"),
        _attribute("income", "worth"),
        *totals,
        *shop.feature_set,
    )
    return replace(shop, data=data, feature_set=FeatureSet(features))


def _foresight(people, block_weights=None):
    (recipe,) = make_recipes(["foresight"], people.data, people.feature_set, block_weights)
    return recipe


def test_auto_foresees_only_where_purchases_are_counted(shop):
    ages = FeatureSet((_attribute("age"),))
    assert clusterer_list("auto", shop.feature_set) == ("latent_class", "foresight")
    assert clusterer_list("auto", ages) == ("latent_class",)
    assert clusterer_list("kmeans", shop.feature_set) == ("kmeans",)
    assert clusterer_list(["kmeans", "foresight", "kmeans"], ages) == ("kmeans", "foresight")


def test_an_unknown_clusterer_is_refused_with_the_known_ones(shop):
    with pytest.raises(NotFoundError, match="latent_class"):
        clusterer_list(["kmeans", "magic"], shop.feature_set)


def test_only_a_clusterer_that_foresees_reads_signals(people):
    mixture, foresight = make_recipes(["latent_class", "foresight"], people.data, people.feature_set, None)
    assert "order_count" not in mixture.reads
    assert "order_count" in foresight.reads
    assert mixture.behaviour == ()
    assert set(foresight.behaviour) == {
        "order_count",
        *(f.name for f in people.feature_set if f.argument and f.block == "what"),
    }
    assert set(mixture.feature_weights) == set(mixture.reads)


def test_features_that_are_hardly_known_or_say_the_same_of_all_are_left_out(people):
    data = people.data.copy()
    data.loc[data.index[MINIMUM_KNOWN - 1 :], "age"] = np.nan
    data.loc[data.index[MINIMUM_KNOWN:], "height"] = np.nan
    data["income"] = 7.0
    for recipe in make_recipes(["latent_class", "foresight"], data, people.feature_set, None):
        assert not {"age", "income"} & set(recipe.reads)
        assert "height" in recipe.reads


def test_a_share_of_many_users_must_be_known(people):
    import pandas as pd

    data = pd.concat([people.data] * 10, ignore_index=True)  # 3,000 users, of whom 30 must be known
    data.loc[29:, "age"] = np.nan
    data.loc[30:, "height"] = np.nan
    (recipe,) = make_recipes(["latent_class"], data, people.feature_set, None)
    assert "age" not in recipe.reads
    assert "height" in recipe.reads


def test_a_block_of_weight_zero_is_left_out(people):
    for recipe in make_recipes(["latent_class", "foresight"], people.data, people.feature_set, {"who": 0.0}):
        assert not {"age", "height"} & set(recipe.reads)
        assert "income" in recipe.reads


def test_the_smallest_portrait_is_shared_out_over_blocks_and_features(people):
    weights = _foresight(people).feature_weights
    assert weights["age"] == weights["height"] == pytest.approx(SMALLEST / 4)
    assert weights["income"] == pytest.approx(SMALLEST / 2)
    assert weights["order_count"] == 0.0
    assert weights[people.data.columns[0]] == 1.0


def test_weights_of_the_user_are_used_but_none_below_the_minimum(people):
    study = people.study(evidence=people.evidence())
    given = {"who": 2.0, "worth": 0.001}
    weights = with_portrait(_foresight(people, given), study, 3, given).feature_weights
    assert weights["age"] + weights["height"] == pytest.approx(2.0 / 2)
    assert weights["income"] == pytest.approx(SMALLEST / 2)


def test_a_larger_weight_of_what_makes_the_portrait_smaller(people):
    study = people.study(evidence=people.evidence())
    given = {"who": 1.0, "what": 4.0}
    weights = with_portrait(_foresight(people, given), study, 3, given).feature_weights
    assert weights["age"] + weights["height"] == pytest.approx(1.0 / 4 / 2)


def test_no_weight_for_what_is_no_division_by_zero(people):
    recipe = _foresight(people, {"what": 0.0})
    assert set(recipe.reads) == {"age", "height", "income", "order_count"}
    assert all(np.isfinite(w) for w in recipe.feature_weights.values())


def test_a_portrait_that_costs_skill_gets_less_weight(people):
    # Three tiers of income that have nothing to do with the three tastes, and would split users all by themselves.
    data = people.data.assign(income=np.arange(len(people.data)) // 3 % 3 * 10.0)
    names = {"income", *(f.name for f in people.feature_set if f.argument and f.block == "what")}
    tiers = replace(people, data=data, feature_set=people.feature_set.only(names))
    chosen = with_portrait(_foresight(tiers), tiers.study(evidence=tiers.evidence()), 3, None).feature_weights
    assert SMALLEST <= chosen["income"] < PORTRAIT_WEIGHTS[0]


def test_a_portrait_that_tells_tastes_apart_gets_the_full_weight(people):
    by_taste = people.data.assign(
        **{n: people.group * 5.0 + people.data[n] for n in ("age", "height", "income")}
    )
    clear = replace(people, data=by_taste)
    chosen = with_portrait(_foresight(clear), clear.study(evidence=clear.evidence()), 3, None).feature_weights
    assert chosen["age"] + chosen["height"] + chosen["income"] == pytest.approx(PORTRAIT_WEIGHTS[0])


def test_without_evidence_or_a_foresight_the_recipe_stays_as_it_is(people):
    recipe = _foresight(people)
    assert with_portrait(recipe, people.study(), 3, None) is recipe
    (mixture,) = make_recipes(["latent_class"], people.data, people.feature_set, None)
    assert with_portrait(mixture, people.study(evidence=people.evidence()), 3, None) is mixture
