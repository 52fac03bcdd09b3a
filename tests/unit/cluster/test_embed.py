import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from personas.cluster.columns import learn_columns, read_columns, resolve_kinds, resolve_transforms
from personas.cluster.embed import embed_famd, principal_axes
from personas.cluster.encode import Encoder

KINDS = {"level": "ordinal", "member": "binary", "orders": "count"}


def famd(frame, n_components=100, feature_weights=None):
    ones = np.ones(len(frame))
    kinds = resolve_kinds(frame, {name: kind for name, kind in KINDS.items() if name in frame})
    columns = learn_columns(frame, kinds, resolve_transforms(None, kinds, "log1p"), None, ones)
    values = read_columns(frame, columns)
    weights = np.ones(len(columns)) if feature_weights is None else np.array(feature_weights)
    encoder = Encoder.learn(columns, values, ones, weights)
    return embed_famd(encoder, values, n_components), values


def test_axes_are_orthonormal_and_sorted_by_variance():
    points = np.random.default_rng(0).normal(size=(200, 4)) * [1.0, 5.0, 2.0, 3.0]
    axes = principal_axes(points - points.mean(axis=0), 3)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-12)
    assert np.abs(axes).argmax(axis=0).tolist() == [1, 3, 2]


def test_directions_without_variance_are_no_axes():
    one_hot = np.eye(3)[[0, 1, 2, 2]]
    assert principal_axes(one_hot - one_hot.mean(axis=0), 9).shape == (3, 2)
    assert principal_axes(np.zeros((4, 3)), 9).shape == (3, 0)


def test_total_variance_is_that_of_the_features(mixed):
    # 1 of each of age, spend, level and orders, n_levels - 1 of city (4) and member (2).
    coordinates, _ = famd(mixed.dropna())
    assert coordinates.shape[1] == 8
    assert coordinates.var(axis=0).sum() == pytest.approx(8.0)
    assert (np.diff(coordinates.var(axis=0)) <= 1e-12).all()


def test_the_variance_of_an_axis_is_its_relation_to_every_feature(mixed):
    # Pagès (2004): the squared correlations of the numbers and the correlation ratios of the levels.
    mixed = mixed.dropna()
    coordinates, values = famd(mixed, 3)
    for axis in coordinates.T:
        related = 0.0
        for name, column in zip(mixed, values.T, strict=True):
            if name in ("city", "member"):
                means = pd.Series(axis).groupby(column).transform("mean")
                related += means.var(ddof=0) / axis.var()
            else:
                related += np.corrcoef(axis, column)[0, 1] ** 2
        assert axis.var() == pytest.approx(related)


def test_numbers_alone_are_principal_component_analysis():
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(100, 4)) @ np.diag([1.0, 2.0, 3.0, 4.0]))
    rows.columns = list("abcd")
    expected = PCA(2).fit_transform((rows - rows.mean()) / rows.std(ddof=0))
    np.testing.assert_allclose(np.abs(famd(rows, 2)[0]), np.abs(expected), atol=1e-9)


def test_levels_alone_are_multiple_correspondence_analysis(mixed):
    mixed = mixed[["city", "member"]].dropna()
    indicators = pd.get_dummies(mixed.astype(str), dtype=float).to_numpy()
    shares = indicators / indicators.sum()
    by_row, by_column = shares.sum(axis=1, keepdims=True), shares.sum(axis=0, keepdims=True)
    residuals = (shares - by_row * by_column) / np.sqrt(by_row * by_column)
    inertia = np.linalg.svd(residuals, compute_uv=False)[:4] ** 2
    np.testing.assert_allclose(famd(mixed)[0].var(axis=0), 2 * inertia)  # two features


def test_a_row_without_values_lies_at_the_mean(mixed):
    mixed.iloc[0] = np.nan
    coordinates, _ = famd(mixed, 5)
    np.testing.assert_array_equal(coordinates[0], 0.0)
    np.testing.assert_allclose(coordinates.mean(axis=0), 0.0, atol=1e-12)


def test_weights_scale_variance(mixed):
    coordinates, _ = famd(mixed.dropna(), feature_weights=[4.0, 1.0, 0.0, 0.5, 1.0, 1.0])
    assert coordinates.var(axis=0).sum() == pytest.approx(4.0 + 1.0 + 0.5 * 3 + 1.0 + 1.0)


def test_a_constant_feature_adds_nothing():
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [5.0] * 3, "c": ["x"] * 3, "member": [1.0] * 3})
    coordinates, _ = famd(frame)
    assert coordinates.shape == (3, 1)
    assert np.isfinite(coordinates).all()
