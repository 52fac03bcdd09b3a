from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personas.errors import NotFoundError
from personas.features import Feature, FeatureSet, typed_columns

AGE = Feature("age", "numeric", "who", "years", "not stated", "profile", "value", "age")
TIER = Feature("city_tier", "ordinal", "who", "", "not stated", "profile", "value", "city_tier", ("T1", "T2"))
ORDERS = Feature("order_count:a", "count", "what", "orders", "-", "category_history", "count", "a")


def test_a_set_survives_the_way_to_a_dict_and_back():
    features = FeatureSet((AGE, TIER), warnings=("left out something",))
    assert FeatureSet.from_dict(features.to_dict()) == features


def test_inputs_stand_in_the_order_of_the_three_questions():
    assert FeatureSet((ORDERS, TIER, AGE)).inputs.names == ["city_tier", "age", "order_count:a"]


def test_an_unknown_feature_is_named_with_the_known_ones():
    with pytest.raises(NotFoundError, match="known: age"):
        FeatureSet((AGE,))["agee"]


def test_typed_columns_close_the_levels_and_keep_numbers_as_float64():
    data = pd.DataFrame({"city_tier": ["T2", "T9", None], "age": [1, 2, None]}, index=["a", "b", "c"])
    typed = typed_columns(data, FeatureSet((AGE, TIER)))
    assert typed.dtypes["age"] == np.float64
    assert typed["city_tier"].cat.ordered
    assert typed["city_tier"].isna().tolist() == [False, True, True]
    assert typed.columns.tolist() == ["age", "city_tier"]


def test_typed_columns_read_what_they_made_and_columns_without_any_value():
    data = pd.DataFrame({"city_tier": ["T1", None], "age": [None, None]})
    once = typed_columns(data, FeatureSet((AGE, TIER)))
    pd.testing.assert_frame_equal(typed_columns(once, FeatureSet((AGE, TIER))), once)
    assert typed_columns(data.assign(city_tier=None), FeatureSet((TIER,)))["city_tier"].isna().all()


def test_signals_hold_the_inputs_too_and_cards_tell_of_what_is_described():
    total = replace(ORDERS, name="order_count", block="worth", role="signal")
    rare = replace(ORDERS, name="order_count:b", role="signal", described=False)
    gender = replace(TIER, name="gender", role="profile", protected=True)
    features = FeatureSet((rare, ORDERS, total, gender, AGE))
    assert features.inputs.names == ["age", "order_count:a"]
    assert features.signals.names == ["age", "order_count", "order_count:b", "order_count:a"]
    assert features.described.names == ["order_count:a", "order_count", "gender", "age"]
    assert features.only({"age", "order_count:b", "no such"}).names == ["order_count:b", "age"]
    assert FeatureSet.from_dict(features.to_dict()) == features
