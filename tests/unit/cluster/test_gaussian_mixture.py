import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from sklearn.metrics import adjusted_rand_score

from personas.cluster import AdditiveClusterer, GaussianMixtureClusterer, KMeansClusterer
from personas.cluster.gaussian_mixture import REGULARISATION
from personas.errors import ConfigError, DataError

KINDS = {"level": "ordinal", "member": "binary", "orders": "count"}


def make_model(n_components=3, **parameters):
    defaults = {"kinds": KINDS, "n_init": 3, "random_state": 0}
    return GaussianMixtureClusterer(n_components, **{**defaults, **parameters})


def make_crossed(n_rows=1500, seed=0):
    """Return two groups that differ in nothing but the sign of a correlation of .95, and the groups."""
    random = np.random.default_rng(seed)
    group = (random.random(n_rows) < 0.4).astype(int)
    a = random.normal(size=n_rows)
    b = np.where(group == 0, 0.95, -0.95) * a + np.sqrt(1 - 0.95**2) * random.normal(size=n_rows)
    return pd.DataFrame({"a": a, "b": b}), group


def test_planted_groups_are_found(planted):
    frame, group = planted
    assert adjusted_rand_score(group, make_model().fit_predict(frame)) > 0.85


def test_groups_that_differ_in_a_correlation_alone_are_found():
    frame, group = make_crossed()
    found = GaussianMixtureClusterer(2, random_state=0).fit_predict(frame)
    assert adjusted_rand_score(group, found) > 0.5
    assert adjusted_rand_score(group, KMeansClusterer(2, random_state=0).fit_predict(frame)) < 0.1


def test_one_component_is_the_normal_distribution_of_the_rows():
    rows = np.random.default_rng(0).normal(size=(50, 2)) @ np.array([[2.0, 1.0], [0.0, 1.0]])
    model = GaussianMixtureClusterer(1).fit(rows)
    points = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    # Both columns have variance 1, so the mean variance of the axes is 1.
    normal = multivariate_normal(np.zeros(2), np.cov(points.T, ddof=0) + REGULARISATION * np.eye(2))
    assert model.log_likelihood_ == pytest.approx(normal.logpdf(points).sum())
    assert model.n_parameters_ == 5
    assert model.bic_ == pytest.approx(-2 * model.log_likelihood_ + 5 * np.log(50))
    assert model.labels_.tolist() == [0] * 50


def test_probabilities_add_up_and_predict_takes_the_largest(mixed, new_users):
    model = make_model().fit(mixed)
    probabilities = model.predict_proba(new_users)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    np.testing.assert_array_equal(model.predict(new_users), probabilities.argmax(axis=1))
    np.testing.assert_array_equal(model.predict(mixed), model.labels_)


def test_groups_are_sorted_by_share(planted):
    model = make_model().fit(planted[0])
    assert (np.diff(model.weights_) <= 0).all()
    assert model.weights_.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(model.predict_proba(planted[0]).mean(axis=0), model.weights_, atol=1e-3)
    assert model.converged_


def test_only_directions_that_vary_count_as_parameters():
    frame = pd.DataFrame({"car": ["n", "y"] * 20, "home": ["n", "n", "y", "y"] * 10, "flat": 3.0})
    # Two axes: a component has 1 proportion, 2 means and 3 covariances.
    assert GaussianMixtureClusterer(2, random_state=0).fit(frame).n_parameters_ == 11


def test_a_missing_value_counts_as_the_mean(mixed):
    model = make_model().fit(mixed)
    row = mixed.dropna().iloc[[0]]
    unknown, mean = row.assign(age=np.nan), row.assign(age=mixed["age"].mean())
    np.testing.assert_allclose(model.predict_proba(unknown), model.predict_proba(mean))


def test_a_feature_without_weight_has_no_say(mixed):
    ignored = dict.fromkeys(["spend", "level", "city", "orders", "member"], 0.0)
    alone = make_model(2, kinds=None).fit(mixed[["age"]])
    labels = make_model(2, feature_weights=ignored).fit_predict(mixed)
    np.testing.assert_array_equal(labels, alone.labels_)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.sampled_from("xyz")), min_size=4, max_size=25))
def test_every_table_with_enough_distinct_rows_is_fitted(rows):
    frame = pd.DataFrame(rows, columns=["a", "city"]).astype({"a": float})
    if len(frame.drop_duplicates()) < 3:
        with pytest.raises(DataError, match="distinct rows"):
            make_model(3, kinds=None).fit(frame)
        return
    model = make_model(3, kinds=None).fit(frame)
    assert np.isfinite(model.bic_)
    assert np.isfinite(model.predict_proba(frame)).all()
    by_row = pd.Series(model.labels_).groupby([frame["a"], frame["city"]]).nunique()
    assert (by_row == 1).all()


def test_it_offers_no_scorecard():
    assert not isinstance(GaussianMixtureClusterer(), AdditiveClusterer)


@pytest.mark.parametrize(("n_components", "n_distinct"), [(3, 2), (2, 1), (1, 1)])
def test_too_few_distinct_rows_are_refused(n_components, n_distinct):
    frame = pd.DataFrame({"a": [1.0, 1.0, float(n_distinct)]})
    with pytest.raises(DataError, match=rf"{n_distinct} distinct rows .* n_components={n_components}"):
        GaussianMixtureClusterer(n_components).fit(frame)


@pytest.mark.parametrize("name", ["n_components", "n_init"])
def test_a_wrong_parameter_is_refused(mixed, name):
    with pytest.raises(ConfigError, match=f"{name} is 0"):
        GaussianMixtureClusterer(**{name: 0}).fit(mixed)
