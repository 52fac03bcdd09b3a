import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import BisectingKMeans
from sklearn.metrics import adjusted_rand_score, euclidean_distances

from personas.cluster import AdditiveClusterer, BisectingKMeansClusterer
from personas.errors import ConfigError, DataError
from personas.scorecard.reference import evaluate

KINDS = {"level": "ordinal", "member": "binary", "orders": "count"}


def make_model(n_clusters=3, **parameters):
    return BisectingKMeansClusterer(n_clusters, **{"kinds": KINDS, "random_state": 0, **parameters})


def standardised(n_rows=400):
    rows = np.random.default_rng(3).normal(size=(n_rows, 2))
    rows -= rows.mean(axis=0)
    rows /= rows.std(axis=0)
    return rows[np.lexsort(rows.T[::-1])]  # as the clusterer sorts them


def plain(rows, n_clusters):
    return BisectingKMeans(n_clusters, init="k-means++", n_init=10, random_state=0).fit(rows)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"clip": 0.1},
        {"transforms": {"spend": "log1p"}},
        {"feature_weights": {"age": 3.0, "city": 0.2, "spend": 0.0}},
    ],
)
def test_scorecard_reproduces_predictions_on_new_users(mixed, new_users, parameters):
    model = make_model(4, **parameters).fit(mixed)
    scores = evaluate(model.score_terms(), {name: new_users[name].to_numpy() for name in new_users})
    np.testing.assert_array_equal(scores.label, model.predict(new_users))
    assert isinstance(model, AdditiveClusterer)


def test_centres_are_the_leaves_of_bisecting_k_means():
    rows = standardised()
    model = BisectingKMeansClusterer(5, random_state=0).fit(rows)
    ours, theirs = model.cluster_centers_, plain(rows, 5).cluster_centers_
    np.testing.assert_allclose(np.sort(ours, axis=0), np.sort(theirs, axis=0), atol=1e-9)


def test_a_row_goes_to_the_nearest_leaf_even_across_a_split():
    rows = standardised()
    model = BisectingKMeansClusterer(5, random_state=0).fit(rows)
    distances = euclidean_distances(rows, model.cluster_centers_)
    np.testing.assert_array_equal(model.labels_, distances.argmin(axis=1))
    assert model.inertia_ == pytest.approx((distances.min(axis=1) ** 2).sum())
    assert model.inertia_ < plain(rows, 5).inertia_  # the tree keeps some rows on the wrong side


def test_planted_groups_are_found(planted):
    frame, group = planted
    assert adjusted_rand_score(group, make_model().fit_predict(frame)) > 0.85


def test_row_order_and_repetition_do_not_matter(mixed):
    order = np.random.default_rng(1).permutation(len(mixed))
    repeats = np.random.default_rng(2).integers(0, 3, size=len(mixed))
    weighted = make_model().fit(mixed, sample_weight=repeats)
    repeated = make_model().fit(mixed.iloc[np.repeat(order, repeats[order])])
    assert weighted.inertia_ == pytest.approx(repeated.inertia_)
    np.testing.assert_array_equal(weighted.predict(mixed), repeated.predict(mixed))


def test_clusters_are_sorted_by_size(mixed):
    model = make_model(4).fit(mixed)
    assert (np.diff(model.weights_) <= 0).all()
    np.testing.assert_allclose(np.bincount(model.labels_) / len(mixed), model.weights_)


def test_as_many_clusters_as_distinct_rows_are_single_rows():
    model = BisectingKMeansClusterer(4, random_state=0).fit(pd.DataFrame({"a": [1.0, 1.0, 2.0, 5.0, 9.0]}))
    assert model.labels_.tolist()[:2] == [0, 0]
    assert sorted(model.labels_.tolist()) == [0, 0, 1, 2, 3]
    assert model.inertia_ == pytest.approx(0.0, abs=1e-12)


def test_fewer_distinct_rows_than_clusters_are_refused():
    with pytest.raises(DataError, match=r"2 distinct rows .* n_clusters=3"):
        BisectingKMeansClusterer(3).fit(pd.DataFrame({"a": [1.0, 1.0, 2.0]}))


@pytest.mark.parametrize("name", ["n_clusters", "n_init"])
def test_a_wrong_parameter_is_refused(mixed, name):
    with pytest.raises(ConfigError, match=f"{name} is 0"):
        BisectingKMeansClusterer(**{name: 0}).fit(mixed)
