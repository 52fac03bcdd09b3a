import numpy as np
import pandas as pd
import pytest

from personas.cluster.columns import (
    Column,
    learn_columns,
    read_columns,
    resolve_kinds,
    resolve_transforms,
    resolve_weights,
)
from personas.errors import ConfigError, DataError


def learn(frame, kinds=None, clip=None, weight=None, transforms=None):
    kinds = resolve_kinds(frame, kinds)
    transforms = resolve_transforms(transforms, kinds, "identity")
    return learn_columns(frame, kinds, transforms, clip, np.ones(len(frame)) if weight is None else weight)


def test_levels_are_those_seen_in_order():
    frame = pd.DataFrame(
        {
            "tier": pd.Categorical(["T3", "T1", None], categories=["T1", "T2", "T3"], ordered=True),
            "score": [10.0, 2.0, np.nan],
            "city": ["b", "a", None],
            "flag": [True, True, True],
        }
    )
    columns = learn(frame, {"score": "ordinal"})
    assert [column.levels for column in columns] == [("T1", "T3"), ("2", "10"), ("a", "b"), ("0", "1")]
    codes = read_columns(frame, columns)
    np.testing.assert_array_equal(codes, [[1, 1, 1, 1], [0, 0, 0, 1], [np.nan, np.nan, np.nan, 1]])


def test_unseen_levels_are_missing():
    columns = (Column("flag", "binary", ("0", "1")), Column("city", "nominal", ("a",)))
    frame = pd.DataFrame({"flag": [0.0, 2.0, 0.5], "city": ["a", "b", "a"]})
    np.testing.assert_array_equal(read_columns(frame, columns), [[0, 0], [np.nan, np.nan], [np.nan, 0]])


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "int32", "float32", "float64"])
def test_every_number_dtype_is_read(dtype):
    frame = pd.DataFrame({"a": pd.Series([1, 2], dtype=dtype)})
    np.testing.assert_array_equal(read_columns(frame, learn(frame)), [[1.0], [2.0]])


def test_nullable_missing_values_are_read():
    frame = pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": pd.array([True, None], "boolean")})
    np.testing.assert_array_equal(read_columns(frame, learn(frame)), [[1, 1], [np.nan, np.nan]])


def test_clip_bounds_come_from_weighted_percentiles():
    frame = pd.DataFrame({"a": [0.0, 1.0, 100.0], "n": [0.0, 1.0, 100.0]})
    weight = np.array([500.0, 500.0, 1.0])
    columns = learn(frame, {"n": "count"}, clip=2.0, weight=weight)
    assert [(c.lower, c.upper) for c in columns] == [(-2.0, 3.0), (0.0, 3.0)]
    assert read_columns(frame, columns)[2].tolist() == [3.0, 3.0]


def test_numbers_are_transformed_before_they_are_clipped():
    frame = pd.DataFrame({"a": [-4.0, 0.0, 4.0, 9.0], "b": [0.0, 0.0, 1.0, 1.0]})
    columns = learn(frame, transforms={"a": "sqrt", "b": "log1p"}, clip=0.0)
    np.testing.assert_allclose(read_columns(frame, columns)[:, 0], [0.0, 0.0, 2.0, 3.0])
    assert columns[0].upper == 3.0
    assert columns[1].upper == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("transforms", "message"),
    [
        ({"z": "log1p"}, "unknown columns: z"),
        ({"a": "log"}, "expected one of"),
        ({"c": "log1p"}, "only numeric"),
    ],
)
def test_a_wrong_transform_is_refused(transforms, message):
    frame = pd.DataFrame({"a": [1.0, 2.0], "c": ["x", "y"]})
    with pytest.raises(ConfigError, match=message):
        learn(frame, transforms=transforms)


def test_a_nearly_constant_column_is_not_clipped():
    frame = pd.DataFrame({"a": [0.0] * 999 + [5.0]})
    assert learn(frame, clip=0.5)[0].upper == np.inf


def test_weights_default_to_one():
    assert resolve_weights({"b": 0.5}, ["a", "b"]).tolist() == [1.0, 0.5]
    with pytest.raises(ConfigError, match="nan"):
        resolve_weights({"b": float("nan")}, ["a", "b"])


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        ([np.nan, np.nan], "numeric", "no observed value"),
        ([None, None], "nominal", "no observed value"),
        ([1.0, np.inf], "numeric", "infinity"),
        ([1.0, -1.0], "count", "negative or fractional"),
        ([1.0, 0.5], "count", "negative or fractional"),
        ([1.0, 2.0], "binary", "other than 0 and 1"),
        (["low", "high"], "ordinal", "without an order"),
        (["low", "high"], "numeric", "not numbers"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), None, "dtype datetime64"),
    ],
)
def test_a_column_that_breaks_its_kind_is_refused(values, kind, message):
    frame = pd.DataFrame({"a": values})
    with pytest.raises(DataError, match=message) as error:
        learn(frame, {"a": kind} if kind else None)
    assert "'a'" in str(error.value)
