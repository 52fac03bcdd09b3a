import json
from dataclasses import fields

import numpy as np
import pytest

from personas.errors import DataError
from personas.scorecard import (
    BinTerm,
    PolynomialTerm,
    Scorecard,
    TableTerm,
    scorecard_from_arrays,
    scorecard_to_arrays,
)

CARD = Scorecard(
    np.array([0.1, -np.pi]),
    (
        PolynomialTerm(
            "recency_days",
            "log1p",
            -np.inf,
            5.9,
            1 / 3,
            0.1,
            np.full((2, 3), 1e-300),
            np.zeros(2),
            -np.ones(3),
        ),
        TableTerm(
            "品类", ("扫地机", "电视"), np.array([[0.0, -np.inf], [-0.0, 1.0]]), np.ones(2), np.ones(2), 0.5
        ),
        BinTerm("revenue", np.array([0.0]), np.ones((2, 2)), np.ones(2), np.ones(2), 0.1, 0.2, 0.3),
    ),
)


def assert_same(left, right):
    assert np.array_equal(left.intercept, right.intercept)
    for one, other in zip(left.terms, right.terms, strict=True):
        assert type(one) is type(other)
        for field in fields(one):
            here, there = getattr(one, field.name), getattr(other, field.name)
            assert np.asarray(here).tobytes() == np.asarray(there).tobytes(), field.name


def test_a_scorecard_survives_the_trip_through_json_bit_for_bit():
    description, arrays = scorecard_to_arrays(CARD)
    text = json.dumps(description, allow_nan=False)
    assert_same(scorecard_from_arrays(json.loads(text), arrays), CARD)


def _without(mapping, key):
    return {name: value for name, value in mapping.items() if name != key}


def test_an_absent_array_is_named():
    description, arrays = scorecard_to_arrays(CARD)
    with pytest.raises(DataError, match=r"0\.coefficients"):
        scorecard_from_arrays(description, _without(arrays, "0.coefficients"))


@pytest.mark.parametrize(
    "change",
    [
        {"type": "spline"},
        {"transform": "exp"},
        {"surplus": 1},
        {"scale": "wide"},
        {"upper": -1e9, "lower": 0.0},
    ],
)
def test_a_changed_description_is_refused(change):
    description, arrays = scorecard_to_arrays(CARD)
    description["terms"][0] |= change
    with pytest.raises(DataError):
        scorecard_from_arrays(description, arrays)


def test_a_description_of_another_kind_is_refused():
    with pytest.raises(DataError, match="put together"):
        scorecard_from_arrays({"terms": 3}, {"intercept": np.zeros(1)})
