import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from personas.cluster import AdditiveClusterer, KMeansClusterer
from personas.errors import ConfigError, DataError
from personas.scorecard.reference import evaluate

KINDS = {"level": "ordinal", "member": "binary", "orders": "count"}


def make_model(n_clusters=3, **parameters):
    return KMeansClusterer(n_clusters, **{"kinds": KINDS, "random_state": 0, **parameters})


def columns_of(frame):
    return {name: frame[name].to_numpy() for name in frame}


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
    model = make_model(**parameters).fit(mixed)
    scores = evaluate(model.score_terms(), columns_of(new_users))
    np.testing.assert_array_equal(scores.label, model.predict(new_users))
    assert isinstance(model, AdditiveClusterer)
    assert model.score_terms().intercept.tolist() == [0.0, 0.0, 0.0]


def test_scorecard_density_is_the_distance():
    rows = pd.DataFrame({"a": [0.0, 1.0, 9.0, 10.0]})
    model = KMeansClusterer(1, random_state=0).fit(rows)
    (term,) = model.score_terms().terms
    z = (rows["a"] - 5.0) / rows["a"].std(ddof=0)
    np.testing.assert_allclose(term.typical_mean, (-(z**2) / 2).mean())


def test_numbers_alone_are_plain_k_means():
    rows = np.random.default_rng(0).normal(size=(300, 3)) + 5 * np.eye(3)[np.arange(300) % 3]
    plain = KMeans(3, n_init=10, random_state=0).fit((rows - rows.mean(axis=0)) / rows.std(axis=0))
    model = KMeansClusterer(3, random_state=0).fit(rows)
    assert adjusted_rand_score(plain.labels_, model.labels_) == 1.0
    assert model.inertia_ == pytest.approx(plain.inertia_)


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


def test_a_heavy_feature_decides_alone(mixed):
    member = mixed["member"].dropna()
    model = make_model(2, feature_weights={"member": 1e4}).fit(mixed.loc[member.index])
    assert adjusted_rand_score(member, model.labels_) == 1.0


def test_a_missing_value_scores_like_the_mean(mixed):
    model = make_model().fit(mixed)
    term = model.score_terms().terms[0]
    assert term.feature == "age"
    np.testing.assert_array_equal(term.coefficients[:, 0], term.missing)


def test_fewer_distinct_rows_than_clusters_are_refused():
    with pytest.raises(DataError, match=r"2 distinct rows .* n_clusters=3"):
        KMeansClusterer(3).fit(pd.DataFrame({"a": [1.0, 1.0, 2.0]}))


def test_a_wrong_parameter_is_refused(mixed):
    with pytest.raises(ConfigError, match="n_clusters is 0"):
        KMeansClusterer(0).fit(mixed)
