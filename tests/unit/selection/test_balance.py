"""How features are weighed, and how far personas lie apart, by hand."""

import numpy as np
import pandas as pd
import pytest

from personas.features import Feature, FeatureSet
from personas.selection.balance import between_share, feature_weights, skewed_transforms


def feature(name, kind="numeric", block="who", source="profile", **more):
    return Feature(name, kind, block, "", "not stated", source, "value", **more)


def test_an_over_dispersed_count_is_discounted_by_its_dispersion():
    # Mean 2, variance 4: half the weight. Mean 2, variance 1: counts for what it is.
    data = pd.DataFrame({"wild": [0.0, 4.0, 0.0, 4.0], "tame": [1.0, 3.0, 1.0, 3.0]})
    features = FeatureSet((feature("wild", "count"), feature("tame", "count")))
    weights = feature_weights(data, features, {})
    assert weights == pytest.approx({"wild": 0.5, "tame": 1.0})


def test_a_block_that_could_say_more_is_scaled_down_to_the_median_and_none_up():
    # A standardised Gaussian has the same capacity: blocks of 3, 1 and 1 features, so a median of 1.
    names = ("a", "b", "c", "d", "e")
    data = pd.DataFrame({name: [0.0, 1.0, 2.0] for name in names})
    blocks = dict(zip(names, ("who", "who", "who", "worth", "what"), strict=True))
    features = FeatureSet(tuple(feature(name, block=block) for name, block in blocks.items()))
    weights = feature_weights(data, features, {"what": 0.5})
    assert weights == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3, "d": 1.0, "e": 0.5})


def test_only_what_is_skewed_to_the_right_and_not_negative_is_taken_as_a_logarithm():
    data = pd.DataFrame({"long": [0.0] * 9 + [100.0], "even": [1.0, 2.0] * 5, "below": [-1.0] * 9 + [100.0]})
    found = skewed_transforms(data, FeatureSet(tuple(feature(name) for name in data)))
    assert found == {"long": "log1p", "even": "identity", "below": "identity"}


def test_spread_and_actionability_by_hand():
    # log1p is 0, 1, 1, 2 of revenue: variance 1/2, between the halves (1/2)**2 = 1/4. The tag tells the halves apart.
    data = pd.DataFrame(
        {
            "revenue": np.expm1([0.0, 1.0, 1.0, 2.0]),
            "city": pd.Categorical(["x", "x", "y", "y"], ["x", "y"]),
        }
    )
    features = FeatureSet(
        (feature("revenue", block="worth", source="rfm"), feature("city", "nominal", levels=("x", "y")))
    )
    value, actionable = between_share(data, np.array([0, 0, 1, 1]), features)
    assert value == pytest.approx(1 / 2)
    assert actionable == pytest.approx(1 / (1 + 1 / 2))
    assert between_share(data, np.array([0, 1, 0, 1]), features)[1] == 0  # the tag tells nothing


def test_negative_numbers_count_as_none():
    data = pd.DataFrame({"revenue": [-50.0, 0.0, 0.0, -1.0]})
    features = FeatureSet((feature("revenue", block="worth", source="rfm"),))
    assert between_share(data, np.array([0, 0, 1, 1]), features) == (0.0, None)


def test_there_is_no_spread_without_value():
    data = pd.DataFrame({"age": [1.0, 1.0, 2.0, 2.0]})
    assert between_share(data, np.array([0, 0, 1, 1]), FeatureSet((feature("age"),))) == (
        None,
        pytest.approx(1),
    )
