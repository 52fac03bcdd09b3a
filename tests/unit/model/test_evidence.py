"""What personas are judged by."""

from dataclasses import replace
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from personas.features import Feature, FeatureFrame, FeatureSet
from personas.features.base import typed_columns
from personas.features.category_history import category_features
from personas.features.rehearsal import Rehearsal
from personas.features.rfm import RFM_FEATURES
from personas.model.evidence import (
    MINIMUM_ACTIVE,
    MINIMUM_BUYERS,
    Evidence,
    held_out_columns,
    next_window,
    taught,
    varies,
)
from personas.model.recipe import Recipe
from personas.schema import ObservationWindow, Text

WINDOW = ObservationWindow(date(2025, 1, 1), 365)


def _counts(*names):
    return tuple(category_features("count", [(name, Text(name, name)) for name in names]))


def _attribute(name, kind="numeric", levels=()):
    return Feature(name, kind, "who", "", "unknown", "profile", "value", name, levels, label=Text(name, name))


def _frame(data, features):
    return FeatureFrame(ibis.memtable(pa.Table.from_pandas(data.reset_index())), FeatureSet(features), WINDOW)


def _rehearsal(n_active=120, n_silent=30, n_buyers=60):
    """Users u000, u001, ...: first those with a history, then those without; the first few buy afterwards."""
    n = n_active + n_silent
    index = pd.Index([f"u{i:03d}" for i in range(n)], name="user_id")
    number = np.arange(n)
    earlier = pd.DataFrame(
        {"age": 30.0, "order_count:tea": np.where(number < n_active, 1.0 + number % 3, 0.0)}, index=index
    )
    after = pd.DataFrame(
        {"order_count:tea": np.where(number < n_buyers, 2.0, 0.0), "order_count:figs": 0.0}, index=index
    )
    return Rehearsal(
        _frame(earlier, (_attribute("age"), *_counts("tea"))), _frame(after, _counts("tea", "figs"))
    )


def _users(n):
    return pd.Index([f"u{i:03d}" for i in range(n)])


def test_only_active_training_users_are_evidence():
    evidence = next_window(_rehearsal(), _users(110), 1000)
    assert list(evidence.history.index) == list(_users(110))
    assert list(evidence.history.columns) == ["age", "order_count:tea"]
    assert evidence.outcomes.shape == (110, 2)
    assert evidence.outcomes.sum(axis=0).tolist() == [120.0, 0.0]
    assert (evidence.yardstick, evidence.hidden, evidence.are_purchases) == ("next_window", frozenset(), True)
    everybody = next_window(_rehearsal(), _users(150), 1000)
    assert list(everybody.history.index) == list(_users(120))  # not those without a history


def test_the_rehearsal_is_sampled_like_the_training_frame():
    rehearsal = _rehearsal(n_active=200, n_buyers=200)
    evidence = next_window(rehearsal, _users(200), 150)
    sampled = rehearsal.earlier.sample(150).to_pandas()
    active = sampled.index[sampled["order_count:tea"] > 0]
    assert list(evidence.history.index) == list(active)
    assert len(evidence.outcomes) == len(active)


@pytest.mark.parametrize(
    ("rehearsal", "n_users", "enough"),
    [
        (_rehearsal(n_active=MINIMUM_ACTIVE), 200, True),
        (_rehearsal(n_active=MINIMUM_ACTIVE - 1), 200, False),
        (_rehearsal(), MINIMUM_ACTIVE - 1, False),
        (_rehearsal(n_buyers=MINIMUM_BUYERS), 200, True),
        (_rehearsal(n_buyers=MINIMUM_BUYERS - 1), 200, False),
    ],
)
def test_too_few_users_or_buyers_judge_nothing(rehearsal, n_users, enough):
    assert (next_window(rehearsal, _users(n_users), 1000) is not None) is enough


def test_a_history_without_counts_judges_nothing():
    rehearsal = _rehearsal()
    ages = FeatureFrame(rehearsal.earlier.table, FeatureSet((_attribute("age"),)), WINDOW)
    assert next_window(replace(rehearsal, earlier=ages), _users(150), 1000) is None


def test_every_other_count_is_held_out_with_the_totals():
    totals = tuple(replace(f, role="signal") for f in RFM_FEATURES if f.name == "order_count")
    features = FeatureSet((_attribute("age"), *totals, *_counts("a", "b", "c", "d", "e")))
    data = pd.DataFrame({f.name: [1.0, 2.0, np.nan] for f in features}, index=["u", "v", "w"])
    evidence = held_out_columns(data, features)
    assert evidence.outcome_columns == ("order_count:b", "order_count:d")
    assert evidence.hidden == {"order_count:b", "order_count:d", "order_count"}
    assert evidence.outcomes.tolist() == [[1.0, 1.0], [2.0, 2.0], [0.0, 0.0]]
    assert evidence.are_purchases
    assert evidence.yardstick == "held_out_columns"
    assert evidence.history is data


def test_without_enough_counts_every_other_attribute_is_held_out():
    features = FeatureSet(
        (
            _attribute("age"),
            _attribute("income"),
            _attribute("height"),
            _attribute("city", "nominal", ("east", "west")),
            *_counts("tea"),
        )
    )
    raw = pd.DataFrame(
        {
            "age": [20.0, 30.0, 40.0, 50.0],
            "income": [1.0, 2.0, 9.0, np.nan],
            "height": 1.0,
            "city": ["west", "east", None, "west"],
            "order_count:tea": 1.0,
        },
        index=list("uvwx"),
    )
    evidence = held_out_columns(typed_columns(raw, features), features)
    assert evidence.hidden == {"income", "city"}
    # Above the median income of 2, then one column per city; unknown is neither.
    assert evidence.outcomes.tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert not evidence.are_purchases
    assert evidence.outcome_columns == ()


def test_too_few_columns_judge_nothing():
    features = FeatureSet((_attribute("age"), *_counts("tea", "figs")))
    data = pd.DataFrame({f.name: [1.0, 2.0] for f in features}, index=["u", "v"])
    assert held_out_columns(data, features) is None


def test_features_that_nobody_clusters_on_are_not_held_out():
    profile = tuple(replace(f, role="profile") for f in _counts("a", "b", "c", "d"))
    data = pd.DataFrame({f.name: [1.0, 2.0] for f in profile}, index=["u", "v"])
    assert held_out_columns(data, FeatureSet(profile)) is None


def test_rows_and_users_are_taken_as_they_are_named():
    history = pd.DataFrame({"a": [1.0, 2.0, 3.0]}, index=["u", "v", "w"])
    evidence = Evidence(history, np.array([[1.0], [2.0], [3.0]]), "next_window")
    assert evidence.rows(np.array([True, False, True])).outcomes.tolist() == [[1.0], [3.0]]
    assert list(evidence.rows(np.array([2, 0])).history.index) == ["w", "u"]
    some = evidence.of(pd.Index(["w", "nobody", "u", "w"]))
    assert list(some.history.index) == ["w", "u", "w"]
    assert some.outcomes.tolist() == [[3.0], [1.0], [3.0]]


def test_a_foresight_is_learned_from_a_next_window_only(shop):
    recipe = shop.recipe()
    foresight = taught(recipe, shop.evidence()).foresight
    assert foresight.features == recipe.behaviour
    assert taught(recipe, None) is recipe
    assert taught(recipe, held_out_columns(shop.data, shop.feature_set)) is recipe
    mixture = shop.recipe("latent_class")
    assert taught(mixture, shop.evidence()) is mixture


def test_a_foresight_is_not_learned_on_columns_that_tell_nothing(shop):
    recipe, evidence = shop.recipe(), shop.evidence()
    silent = replace(evidence, history=shop.data.assign(**{recipe.behaviour[0]: 0.0}))
    assert taught(recipe, silent).foresight.features == recipe.behaviour[1:]
    nobody_buys = replace(evidence, outcomes=np.zeros_like(shop.outcomes))
    assert taught(recipe, nobody_buys).foresight is None
    assert taught(recipe, replace(evidence, history=shop.data * 0.0)).foresight is None
    ages_only = Recipe("foresight", {"age": "numeric"}, {}, {})
    assert taught(ages_only, evidence).foresight is None


def test_a_column_varies_if_it_holds_two_values():
    assert varies(pd.Series([1.0, 2.0, np.nan]))
    assert not varies(pd.Series([1.0, 1.0, np.nan]))
    assert not varies(pd.Series([np.nan, np.nan]))
