import numpy as np
import pandas as pd
import pytest

from personas.features.base import Feature, FeatureSet, typed_columns
from personas.features.category_history import HISTORY_FEATURES, category_features
from personas.features.rfm import RFM_FEATURES
from personas.model.bands import read_features
from personas.schema import Text


def read(feature, values):
    feature_set = FeatureSet((feature,))
    return list(
        read_features(typed_columns(pd.DataFrame({feature.name: values}), feature_set), feature_set, {})
    )


def attribute(name, kind, label, levels=(), unit=""):
    return Feature(
        name, kind, "who", unit, "not stated", "profile", "value", name, levels=levels, label=label
    )


def test_bands_of_an_attribute_say_high_and_low_without_the_unit():
    income = attribute("income", "numeric", Text("年收入（美元）", "annual income (USD)"))

    (reading,) = read(income, np.linspace(10_000, 170_000, 500))

    assert [level.short.en for level in reading.levels] == [
        "low annual income",
        "lower-middle annual income",
        "upper-middle annual income",
        "high annual income",
    ]
    assert reading.levels[-1].label == Text("年收入（美元）：≥130000", "Annual income (USD): 130,000 or more")


def test_small_whole_numbers_are_said_as_they_are():
    children = attribute("children", "numeric", Text("孩子数", "number of children"))

    (reading,) = read(children, np.repeat([0.0, 1.0, 2.0, 3.0], [100, 60, 60, 60]))

    assert [level.name for level in reading.levels] == ["0", "1", "2", ">=3"]
    assert reading.levels[1].short == Text("孩子数1", "number of children 1")
    assert np.bincount(reading.codes).tolist() == [100, 60, 60, 60]


def test_fewer_than_one_of_a_count_is_none():
    orders = next(f for f in RFM_FEATURES if f.name == "order_count")

    (reading,) = read(orders, np.repeat([0, 1, 2, 3], [12, 40, 30, 30]))

    assert reading.levels[0].name == "<1"
    assert reading.levels[0].label.en == "Orders: 0"
    assert reading.levels[0].short.en == "no orders"


def test_shares_are_said_in_percent():
    returned = attribute("returned", "numeric", Text("退货占比", "returned share"), unit="share 0-1")

    (reading,) = read(returned, np.linspace(0.0, 1.0, 401))

    assert [level.name for level in reading.levels] == ["<25%", "25%-50%", "50%-75%", ">=75%"]


@pytest.mark.parametrize(
    ("measure", "values"),
    [
        ("count", [0.0, 2.0, 0.0]),
        ("revenue", [0.0, 0.5, 0.0]),
        ("share", [0.0, 0.01, None]),
        ("recency", [None, 0.0, None]),
    ],
)
def test_a_category_is_bought_or_not_whatever_is_measured(measure, values):
    (feature,) = category_features(measure, [("扫地机", Text("扫地机", "robot vacuum"))])

    (reading,) = read(feature, values)

    assert reading.codes.tolist() == [0, 1, 0]
    assert reading.levels[1].label == Text("购买过 扫地机", "bought robot vacuum")


def test_a_category_speaks_once_and_by_its_orders():
    category = [("Road Bikes", Text("公路车", "road bikes"))]
    feature_set = FeatureSet((*category_features("share", category), *category_features("count", category)))
    data = typed_columns(
        pd.DataFrame({"revenue_share:Road Bikes": [0.0, 0.4], "order_count:Road Bikes": [0, 3]}), feature_set
    )

    (reading,) = read_features(data, feature_set, {})

    assert reading.feature.name == "order_count:Road Bikes"
    assert reading.levels[1].short == Text("公路车", "buyers of road bikes")


def test_binary_features_show_the_yes_and_count_the_no():
    owner = attribute("home_owner", "binary", Text("自有住房", "homeowner"))

    (reading,) = read(owner, [1.0, 0.0, None])

    assert reading.levels[0] is None
    assert reading.levels[1].short == Text("自有住房", "homeowner")
    assert reading.codes.tolist() == [1, 0, -1]


def test_a_code_is_said_with_its_feature_and_a_word_alone():
    income = attribute("income", "ordinal", Text("收入", "income"), levels=("25-49K", "High earner"))

    (reading,) = read(income, ["25-49K", "High earner"])

    assert [level.short.en for level in reading.levels] == ["income 25-49K", "High earner"]


def test_first_category_borrows_the_translation_of_the_category():
    first = next(f for f in HISTORY_FEATURES if f.name == "first_category")
    first = Feature.from_dict({**first.to_dict(), "levels": ["扫地机"]})
    feature_set = FeatureSet(
        (first, *category_features("count", [("扫地机", Text("扫地机", "robot vacuum"))]))
    )
    data = typed_columns(pd.DataFrame({"first_category": ["扫地机"], "order_count:扫地机": [1]}), feature_set)

    reading = next(iter(read_features(data, feature_set, {})))

    assert reading.levels[0].short == Text("首购扫地机", "first bought robot vacuum")


@pytest.mark.parametrize("values", [[5.0] * 9, [None] * 9])
def test_a_number_that_says_nothing_is_left_out(values):
    assert read(attribute("children", "numeric", Text("孩子数", "children")), values) == []


def test_missing_numbers_are_unknown():
    (reading,) = read(attribute("points", "numeric", Text("积分", "points")), [None, 1.5, 2.5, 3.5, 4.5])

    assert reading.codes[0] == -1
    assert (reading.codes[1:] >= 0).all()
