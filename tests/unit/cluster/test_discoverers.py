"""What every discoverer does with awkward tables."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from personas.cluster import (
    BisectingKMeansClusterer,
    GaussianMixtureClusterer,
    HDBSCANClusterer,
    KMeansClusterer,
    LatentClass,
)
from personas.errors import DataError
from personas.registry import load_clusterer

SIZED = [
    LatentClass(3, n_init=2, random_state=0, prior_count=1.0),
    KMeansClusterer(3, n_init=3, random_state=0),
    BisectingKMeansClusterer(3, n_init=3, random_state=0),
    GaussianMixtureClusterer(3, n_init=3, random_state=0),
]
DENSE = [
    HDBSCANClusterer(10, random_state=0),
    HDBSCANClusterer(10, embedding="famd"),
    HDBSCANClusterer(10, embedding="famd", coverage=0.9),
]


def named(estimators):
    return pytest.mark.parametrize("estimator", estimators, ids=str)


@pytest.fixture
def users(mixed):
    return mixed.iloc[:300]


def set_kinds(estimator, mixed_kinds):
    return clone(estimator).set_params(kinds=mixed_kinds, clip=0.5)


@pytest.mark.parametrize(
    ("name", "class_", "sized_by"),
    [
        ("latent_class", LatentClass, "n_components"),
        ("kmeans", KMeansClusterer, "n_clusters"),
        ("bisecting_kmeans", BisectingKMeansClusterer, "n_clusters"),
        ("gaussian_mixture", GaussianMixtureClusterer, "n_components"),
        ("hdbscan", HDBSCANClusterer, None),
    ],
)
def test_it_is_registered_with_the_parameter_that_sets_its_size(name, class_, sized_by):
    assert load_clusterer(name) is class_
    assert getattr(class_, "size_parameter", None) == sized_by
    assert sized_by is None or sized_by in class_().get_params()


@named(SIZED + DENSE)
def test_row_order_does_not_matter_and_answers_repeat(estimator, users, mixed_kinds):
    order = np.random.default_rng(5).permutation(len(users))
    first, second = set_kinds(estimator, mixed_kinds), set_kinds(estimator, mixed_kinds)
    labels = first.fit_predict(users)
    assert labels.dtype == np.int64
    assert len(np.unique(labels[labels >= 0])) > 1
    np.testing.assert_array_equal(second.fit_predict(users.iloc[order]), labels[order])
    np.testing.assert_array_equal(second.fit_predict(users), labels)


@named(SIZED)
def test_repeated_rows_share_a_label(estimator, users, mixed_kinds):
    repeated = users.iloc[np.repeat(np.arange(60), 3)]
    labels = set_kinds(estimator, mixed_kinds).fit_predict(repeated)
    assert (labels.reshape(60, 3) == labels[::3, None]).all()


@named(DENSE)
def test_repeated_rows_are_found_alike_in_any_order(estimator, users, mixed_kinds):
    # Ties may part equal rows (HDBSCAN's own doing), but not differently in another order.
    row = np.repeat(np.arange(60), 3)
    order = np.random.default_rng(6).permutation(180)
    model = set_kinds(estimator, mixed_kinds)
    labels, shuffled = (model.fit_predict(users.iloc[rows]) for rows in (row, row[order]))
    assert labels.max() > 0
    assert sorted(zip(row, labels, strict=True)) == sorted(zip(row[order], shuffled, strict=True))


@named(SIZED)
def test_new_users_with_missing_values_and_unseen_levels_get_a_label(
    estimator, users, new_users, mixed_kinds
):
    model = set_kinds(estimator, mixed_kinds).fit(users)
    labels = model.predict(new_users)
    assert set(np.unique(labels)) <= {0, 1, 2}
    unseen, unknown = new_users.iloc[[7]], new_users.iloc[[7]].assign(city=None)
    assert unseen["city"].tolist() == ["moon"]
    assert model.predict(unseen) == model.predict(unknown)


@named(SIZED + DENSE)
def test_constant_columns_change_nothing(estimator, users, mixed_kinds):
    constant = users.assign(flat=7.0, label=pd.Categorical(["x"] * len(users)))
    with_them = set_kinds(estimator, mixed_kinds).fit_predict(constant)
    np.testing.assert_array_equal(with_them, set_kinds(estimator, mixed_kinds).fit_predict(users))


@named(SIZED)
def test_one_row_cannot_be_three_groups(estimator):
    with pytest.raises(DataError, match=r"1 distinct rows \(n_samples=1\)"):
        clone(estimator).fit(pd.DataFrame({"a": [1.0], "b": ["x"]}))


@named(SIZED)
def test_fewer_distinct_rows_than_groups_are_refused(estimator):
    frame = pd.DataFrame({"a": [1.0, 1.0, 2.0, 2.0], "b": ["x", "x", "y", "y"]})
    with pytest.raises(DataError, match=r"2 distinct rows .* expected at least .*=3"):
        clone(estimator).fit(frame)


@named(SIZED)
def test_rows_that_are_all_alike_cannot_be_three_groups(estimator):
    with pytest.raises(DataError, match=r"1 distinct rows \(n_samples=9\)"):
        clone(estimator).fit(pd.DataFrame({"a": [1.0] * 9, "b": ["x"] * 9}))
