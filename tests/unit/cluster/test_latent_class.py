import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

from personas.cluster import DEFAULT_CLIP, AdditiveClusterer, LatentClass
from personas.errors import ConfigError, DataError
from personas.scorecard.reference import evaluate, points_of

KINDS = {"level": "ordinal", "member": "binary", "orders": "count"}


def make_model(n_components=3, **parameters):
    return LatentClass(n_components, **{"kinds": KINDS, "n_init": 2, "random_state": 0, **parameters})


def columns_of(frame):
    return {name: frame[name].to_numpy() for name in frame}


def test_planted_groups_are_found():
    random = np.random.default_rng(1)
    group = random.choice(3, size=900)
    frame = pd.DataFrame({"a": random.normal(8.0 * group), "b": random.poisson(1 + 20 * group).astype(float)})
    model = LatentClass(3, kinds={"b": "count"}, random_state=0).fit(frame)
    assert adjusted_rand_score(group, model.labels_) > 0.99


def test_kinds_are_inferred_from_dtypes(mixed):
    mixed["car"] = pd.Series([True, False] * 300, dtype="boolean")
    mixed["visits"] = 3
    mixed["shop"] = ["a", None] * 300
    model = LatentClass(2, random_state=0).fit(mixed)
    assert {column.name: column.kind for column in model.columns_} == {
        "age": "numeric",
        "spend": "numeric",
        "level": "ordinal",
        "city": "nominal",
        "member": "numeric",
        "orders": "numeric",
        "car": "binary",
        "visits": "numeric",
        "shop": "nominal",
    }


def test_likelihood_never_falls(mixed):
    model = make_model(n_init=1).fit(mixed)
    assert len(model.log_likelihoods_) == model.n_iter_ + 1 > 3
    assert np.diff(model.log_likelihoods_).min() >= -1e-7


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"prior_count": 1.0},
        {"clip": 0.05},
        {"transforms": {"spend": "log1p", "age": "sqrt"}, "clip": 0.5},
        {"feature_weights": {"age": 0.3, "city": 2.0, "member": 0.0}},
    ],
)
def test_scorecard_reproduces_predictions_on_new_users(mixed, new_users, parameters):
    model = make_model(**parameters).fit(mixed)
    card = model.score_terms()
    columns = columns_of(new_users)
    score = card.intercept + sum(points_of(card, columns).values())
    np.testing.assert_allclose(softmax(score, axis=1), model.predict_proba(new_users), atol=1e-9)
    scores = evaluate(card, columns)
    np.testing.assert_array_equal(scores.label, model.predict(new_users))
    np.testing.assert_allclose(scores.probability, model.predict_proba(new_users).max(axis=1), atol=1e-9)
    assert card.features == list(mixed)
    assert isinstance(model, AdditiveClusterer)


def test_scorecard_base_completes_the_likelihood(mixed):
    del mixed["orders"]  # -log(x!) is no polynomial; its base is an approximation
    model = make_model(kinds={"member": "binary"}).fit(mixed)
    card = model.score_terms()
    surprise = evaluate(card, columns_of(mixed)).surprise
    observed = mixed.notna().to_numpy()
    mean = observed @ np.array([term.typical_mean for term in card.terms])
    spread = np.sqrt(observed @ np.array([term.typical_variance for term in card.terms]))
    known = observed.any(axis=1)
    np.testing.assert_allclose(
        (mean - surprise * spread)[known], model.score_samples(mixed)[known], rtol=1e-9
    )


def test_typical_figures_are_those_of_the_feature_alone(mixed):
    model = make_model(prior_count=1.0).fit(mixed)
    for term in model.score_terms().terms:
        alone = mixed.copy()
        alone.loc[:, alone.columns != term.feature] = np.nan
        alone = alone[alone[term.feature].notna()]
        density = model.score_samples(alone)
        if term.feature != "orders":
            assert term.typical_mean == pytest.approx(density.mean(), rel=1e-9)
            assert term.typical_variance == pytest.approx(density.var(), rel=1e-9)
        else:
            assert term.typical_mean == pytest.approx(density.mean(), abs=0.1)


def test_a_strange_user_is_surprising(mixed):
    model = make_model(prior_count=1.0).fit(mixed)
    strange = mixed.iloc[:1].copy()
    strange["age"], strange["orders"] = 400.0, 500.0
    usual = evaluate(model.score_terms(), columns_of(mixed)).surprise
    assert evaluate(model.score_terms(), columns_of(strange)).surprise[0] > usual.max() + 5


def test_row_order_does_not_matter(mixed):
    order = np.random.default_rng(3).permutation(len(mixed))
    model, other = make_model().fit(mixed), make_model().fit(mixed.iloc[order])
    assert model.log_likelihood_ == other.log_likelihood_
    np.testing.assert_array_equal(model.labels_[order], other.labels_)


def test_weight_two_is_a_row_twice_and_weight_zero_is_no_row(mixed):
    weight = np.random.default_rng(4).integers(0, 3, size=len(mixed))
    weighted = make_model().fit(mixed, sample_weight=weight)
    repeated = make_model().fit(mixed.iloc[np.repeat(np.arange(len(mixed)), weight)])
    assert weighted.log_likelihood_ == pytest.approx(repeated.log_likelihood_, rel=1e-12)
    assert weighted.bic_ == pytest.approx(repeated.bic_, rel=1e-12)
    np.testing.assert_array_equal(weighted.predict(mixed), repeated.predict(mixed))
    assert len(weighted.labels_) == len(mixed)


def test_same_seed_gives_the_same_bytes(mixed):
    cards = [make_model().fit(mixed).score_terms() for _ in range(2)]
    assert cards[0].intercept.tobytes() == cards[1].intercept.tobytes()
    assert repr(cards[0]) == repr(cards[1])


def test_many_rows_are_started_on_a_draw():
    random = np.random.default_rng(5)
    group = random.choice(4, size=12_000, p=[0.4, 0.3, 0.2, 0.1])
    rows = random.normal(np.array([0.0, 3.0, 6.0, 9.0])[group][:, None], 1.0, size=(12_000, 3))
    order = random.permutation(len(rows))
    model = LatentClass(4, n_init=1, random_state=0).fit(rows)
    other = LatentClass(4, n_init=1, random_state=0).fit(rows[order])
    assert adjusted_rand_score(group, model.labels_) > 0.95
    np.testing.assert_array_equal(model.labels_[order], other.labels_)
    assert np.diff(model.log_likelihoods_).min() >= -1e-7


def test_classes_are_sorted_by_size(mixed):
    weights = make_model(4).fit(mixed).weights_
    assert (np.diff(weights) <= 0).all()
    assert weights.sum() == pytest.approx(1.0)


def test_a_feature_with_weight_zero_is_described_but_not_used(mixed):
    model = make_model(feature_weights={"age": 0.0}).fit(mixed)
    without = make_model().fit(mixed.drop(columns="age"))
    assert model.log_likelihood_ == pytest.approx(without.log_likelihood_, rel=1e-6)
    assert adjusted_rand_score(model.labels_, without.labels_) > 0.99


def test_a_user_with_nothing_known_gets_the_class_shares(mixed):
    model = make_model().fit(mixed)
    nothing = mixed.iloc[:1].copy()
    nothing.iloc[0] = np.nan
    np.testing.assert_allclose(model.predict_proba(nothing)[0], model.weights_)
    assert model.predict(nothing)[0] == 0
    assert model.score(nothing) == pytest.approx(0.0, abs=1e-12)


def test_an_unseen_level_counts_as_missing(mixed):
    model = make_model().fit(mixed)
    user = mixed.iloc[:1].copy()
    user["city"] = pd.Categorical(["moon"])
    blank = user.copy()
    blank["city"] = pd.Categorical([None], categories=["east"])
    np.testing.assert_array_equal(model.predict_proba(user), model.predict_proba(blank))


def test_clip_keeps_an_outlier_out_of_training_and_scoring(mixed):
    spoiled = mixed.copy()
    spoiled.loc[0, "spend"] = 1e9
    clipped = make_model(clip=DEFAULT_CLIP, prior_count=1.0).fit(spoiled)
    clean = make_model(prior_count=1.0).fit(mixed)
    assert adjusted_rand_score(clipped.labels_[1:], clean.labels_[1:]) > 0.97
    top = clipped.score_terms().terms[1].upper
    assert 700 < top < 1200
    at_bound = spoiled.copy()
    at_bound.loc[0, "spend"] = top
    np.testing.assert_array_equal(clipped.predict_proba(spoiled)[0], clipped.predict_proba(at_bound)[0])


def test_default_clip_leaves_clean_normal_rows_alone():
    rows = np.random.default_rng(6).normal(size=(20_000, 1))
    column = LatentClass(1, clip=DEFAULT_CLIP).fit(rows).columns_[0]
    assert (column.lower, column.upper) == pytest.approx((-4.65, 4.65), abs=0.2)
    assert np.mean((rows < column.lower) | (rows > column.upper)) < 1e-4


def test_a_constant_column_tells_no_classes_apart(mixed):
    same = mixed.assign(constant=1.0, word="same")
    model, other = make_model().fit(same), make_model().fit(mixed)
    np.testing.assert_array_equal(model.labels_, other.labels_)


def test_one_class_is_the_base_distribution(mixed):
    model = make_model(1).fit(mixed)
    assert model.weights_.tolist() == [1.0]
    assert set(model.labels_) == {0}


def test_prior_count_keeps_shares_off_zero():
    frame = pd.DataFrame({"a": list("xxxxyyyy"), "b": list("ppppqqqq")})
    bare = LatentClass(2, random_state=0).fit(frame).score_terms()
    kept = LatentClass(2, random_state=0, prior_count=1.0).fit(frame).score_terms()
    assert min(term.points.min() for term in bare.terms) < -15
    assert min(term.points.min() for term in kept.terms) > -4


def test_bic_counts_parameters_by_kind(mixed):
    model = make_model(3).fit(mixed)
    # shares 2; age, spend 6 each; level 3 intercepts + 2 slopes; city 9; member 3; orders 3
    assert model.n_parameters_ == 2 + 6 + 6 + 5 + 9 + 3 + 3
    assert model.bic_ == pytest.approx(-2 * model.log_likelihood_ + 34 * np.log(600))


def test_parameters_are_left_as_given(mixed):
    model = make_model(feature_weights={"age": 0.5})
    before = clone(model).get_params()
    assert model.fit(mixed).get_params() == before


def test_an_array_names_its_columns_by_position():
    rows = np.random.default_rng(7).integers(0, 3, size=(200, 2)).astype(float)
    model = LatentClass(2, kinds={"x1": "nominal"}, random_state=0).fit(rows)
    assert model.score_terms().features == ["x0", "x1"]
    assert model.columns_[1].levels == ("0", "1", "2")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_components": 0}, "n_components is 0"),
        ({"n_init": 0}, "n_init is 0"),
        ({"prior_count": -1.0}, "prior_count is -1"),
        ({"clip": -0.1}, "clip is -0.1"),
        ({"kinds": {"ages": "numeric"}}, "unknown columns: ages; the columns are age"),
        ({"kinds": {"age": "float"}}, "expected one of numeric"),
        ({"feature_weights": {"agee": 1.0}}, "unknown columns: agee"),
        ({"feature_weights": {"age": -1.0}}, "expected a finite number of at least 0"),
    ],
)
def test_a_wrong_parameter_is_refused(mixed, parameters, message):
    with pytest.raises(ConfigError, match=message):
        make_model(**parameters).fit(mixed)


def test_fewer_distinct_rows_than_classes_are_refused():
    with pytest.raises(DataError, match=r"2 distinct rows .* expected at least n_components=3"):
        LatentClass(3).fit(pd.DataFrame({"a": ["x", "x", "x", "y"]}))


def test_as_many_distinct_rows_as_classes_are_enough():
    model = LatentClass(3, random_state=0).fit(pd.DataFrame({"a": [1.0, 1.0, 1.0, 5.0, 9.0]}))
    assert sorted(np.bincount(model.labels_).tolist()) == [1, 1, 3]
