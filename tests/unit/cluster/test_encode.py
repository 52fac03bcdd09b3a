import numpy as np
import pandas as pd

from personas.cluster.columns import learn_columns, read_columns, resolve_kinds, resolve_transforms
from personas.cluster.encode import Encoder

KINDS = {"level": "ordinal", "member": "binary", "orders": "count"}


def encode(frame, feature_weights=None):
    weight = np.ones(len(frame))
    kinds = resolve_kinds(frame, {k: v for k, v in KINDS.items() if k in frame})
    columns = learn_columns(frame, kinds, resolve_transforms(None, kinds, "log1p"), None, weight)
    values = read_columns(frame, columns)
    factors = np.ones(len(columns)) if feature_weights is None else feature_weights
    encoder = Encoder.learn(columns, values, weight, factors)
    return encoder, encoder.encode(values)


def test_every_feature_has_unit_variance_and_mean_zero(mixed):
    encoder, points = encode(mixed.dropna())
    blocks = encoder.split(points)
    assert len(blocks) == 6
    np.testing.assert_allclose([block.var(axis=0).sum() for block in blocks], 1.0)
    np.testing.assert_allclose(points.mean(axis=0), 0.0, atol=1e-12)


def test_weights_scale_squared_distances(mixed):
    mixed = mixed.dropna()
    encoder, points = encode(mixed, np.array([4.0, 1.0, 0.0, 1.0, 0.25, 1.0]))
    variances = [block.var(axis=0).sum() for block in encoder.split(points)]
    np.testing.assert_allclose(variances, [4.0, 1.0, 0.0, 1.0, 0.25, 1.0], atol=1e-12)


def test_missing_becomes_the_mean(mixed):
    mixed.iloc[0] = np.nan
    encoder, points = encode(mixed)
    np.testing.assert_array_equal(points[0], 0.0)
    means = [
        np.nanmean(block[mixed.iloc[:, j].notna()], axis=0) for j, block in enumerate(encoder.split(points))
    ]
    np.testing.assert_allclose(np.concatenate(means), 0.0, atol=1e-12)


def test_counts_are_read_on_a_log_scale():
    _, points = encode(pd.DataFrame({"orders": [0.0, 1.0, 3.0]}))
    steps = np.diff(points[:, 0])
    np.testing.assert_allclose(steps[0], steps[1])  # log1p: 0, log 2, log 4


def test_a_constant_column_has_no_distance():
    _, points = encode(pd.DataFrame({"a": [2.0, 2.0], "b": ["x", "x"]}))
    np.testing.assert_array_equal(points, 0.0)
