"""What behaviour tells of the next window, and personas of it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from personas.cluster import AdditiveClusterer, KMeansClusterer
from personas.cluster.foresight import N_DIRECTIONS, Foresight, ForesightKMeans, learn_foresight
from personas.errors import ConfigError, DataError
from personas.scorecard.reference import evaluate

KINDS = {"level": "ordinal", "member": "binary", "orders": "count"}
BEHAVIOUR = ["spend", "orders"]


def make_shop(n_users=2_000, seed=0):
    """Return orders before a cut, orders after it, and the planted taste of users.

    Buyers of tea buy tea again, buyers of coffee buy coffee; salt is bought at random and tells nothing.
    """
    random = np.random.default_rng(seed)
    taste = random.integers(0, 2, n_users)
    rates = np.array([[3.0, 0.3, 1.0], [0.3, 3.0, 1.0]])[taste]
    history = pd.DataFrame(random.poisson(rates).astype(float), columns=["tea", "coffee", "salt"])
    return history, random.poisson(rates[:, :2]).astype(float), taste


def counted(history):
    return dict.fromkeys(history.columns, "count")


def standardised(history):
    logs = np.log1p(history.to_numpy())
    return (logs - logs.mean(axis=0)) / logs.std(axis=0)


def make_foresight(mixed, **options):
    """Learn which spend and orders are followed by orders of two things."""
    random = np.random.default_rng(5)
    rate = np.nan_to_num(mixed["orders"].to_numpy(), nan=3.0)
    outcomes = np.column_stack([random.poisson(0.2 * rate), random.poisson(0.3, len(mixed))])
    kinds = {"spend": "numeric", "orders": "count"}
    return learn_foresight(mixed[BEHAVIOUR], outcomes.astype(float), kinds=kinds, **options)


def make_model(n_clusters=3, **parameters):
    return ForesightKMeans(n_clusters, **{"kinds": KINDS, "random_state": 0, **parameters})


def columns_of(frame):
    return {name: frame[name].to_numpy() for name in frame}


@parametrize_with_checks([ForesightKMeans(n_clusters=3, n_init=3, random_state=0)])
def test_it_passes_the_estimator_checks(estimator, check):
    check(estimator)


# --- learning


def test_a_planted_relation_is_recovered():
    history, outcomes, taste = make_shop()
    foresight = learn_foresight(history, outcomes, kinds=counted(history))
    first = foresight.directions[:, 0]
    tea, coffee, salt = first / np.abs(first).max()
    assert tea == pytest.approx(-coffee, abs=0.1)
    assert abs(salt) < 0.1
    position = standardised(history) @ first
    assert abs(np.corrcoef(position, taste)[0, 1]) > 0.8


def test_directions_are_sorted_and_add_up_to_variance_one_over_active_users():
    history, outcomes, _ = make_shop(500)
    active = history.sum(axis=1) > 0
    assert 0 < (~active).sum() < 50
    foresight = learn_foresight(history, outcomes, kinds=counted(history))
    variances = (standardised(history[active]) @ foresight.directions).var(axis=0)
    assert variances.sum() == pytest.approx(1.0, rel=1e-12)
    assert (np.diff(variances) <= 1e-12).all()


def test_users_without_a_history_teach_nothing():
    history, outcomes, _ = make_shop(500)
    idle = pd.DataFrame(0.0, index=range(200), columns=history.columns)
    bought = np.random.default_rng(1).poisson(2.0, (200, 2)).astype(float)
    alone = learn_foresight(history, outcomes, kinds=counted(history))
    beside = learn_foresight(
        pd.concat([history, idle], ignore_index=True), np.vstack([outcomes, bought]), kinds=counted(history)
    )
    np.testing.assert_array_equal(alone.directions, beside.directions)


def test_columns_of_different_transforms_are_stretched_apart():
    """In other units, roots of shares keep their say against logarithms of counts."""
    history, outcomes, _ = make_shop()
    shares = history.div(history.sum(axis=1).replace(0, np.nan), axis=0).add_suffix(" share")
    both = history.join(shares)
    kinds = {**counted(history), **dict.fromkeys(shares.columns, "numeric")}
    transforms = dict.fromkeys(shares.columns, "sqrt")
    plain = learn_foresight(both, outcomes, kinds=kinds, transforms=transforms)
    other = learn_foresight(both.assign(**(100 * shares)), outcomes, kinds=kinds, transforms=transforms)
    np.testing.assert_allclose(plain.directions, other.directions, rtol=1e-8, atol=1e-10)


def test_without_counts_everybody_is_active():
    history, outcomes, _ = make_shop(500)
    kinds = dict.fromkeys(history.columns, "numeric")
    transforms = dict.fromkeys(history.columns, "log1p")
    foresight = learn_foresight(history, outcomes, kinds=kinds, transforms=transforms)
    variance = (standardised(history) @ foresight.directions).var(axis=0).sum()
    assert variance == pytest.approx(1.0, rel=1e-12)


def test_categories_of_nobody_or_everybody_teach_nothing():
    history, outcomes, _ = make_shop()
    empty, full = np.zeros((len(history), 1)), np.ones((len(history), 1))
    full[0] = 0.0  # 99.95 % of the users
    empty[1] = 1.0  # 0.05 %
    plain = learn_foresight(history, outcomes, kinds=counted(history))
    more = learn_foresight(history, np.hstack([empty, outcomes, full]), kinds=counted(history))
    np.testing.assert_allclose(more.directions, plain.directions, rtol=1e-10)
    with pytest.raises(DataError, match=r"None of 2 categories .* 1% to 95% of the \d+ users"):
        learn_foresight(history, np.hstack([empty, full]), kinds=counted(history))


def test_nobody_with_a_history_is_refused():
    history = pd.DataFrame({"tea": [0.0, 0.0]})
    with pytest.raises(DataError, match="the 0 users with a history"):
        learn_foresight(history, np.ones((2, 1)), kinds=counted(history))


def test_a_missing_value_is_the_mean_and_a_constant_column_tells_nothing():
    history, outcomes, _ = make_shop(500)
    kinds = {**counted(history), "days": "numeric", "flat": "numeric"}
    random = np.random.default_rng(2)
    days = random.normal(size=500)
    with_gaps = history.assign(days=np.where(random.random(500) < 0.3, np.nan, days), flat=7.0)
    filled = with_gaps.assign(
        days=with_gaps["days"].fillna(with_gaps.loc[history.sum(axis=1) > 0, "days"].mean())
    )
    gaps = learn_foresight(with_gaps, outcomes, kinds=kinds)
    place = list(with_gaps.columns).index("flat")
    assert gaps.features == tuple(with_gaps.columns)
    np.testing.assert_array_equal(gaps.directions[place], 0.0)
    # The filled column has a smaller variance, hence larger coordinates: the same users are told apart.
    full = learn_foresight(filled, outcomes, kinds=kinds)
    np.testing.assert_allclose(gaps.directions[:3], full.directions[:3], atol=0.05)


def test_at_most_so_many_directions_are_kept():
    random = np.random.default_rng(3)
    history = pd.DataFrame(random.poisson(1.0, (400, 12)).astype(float)).rename(columns=str)
    outcomes = random.poisson(history.to_numpy()).astype(float)
    assert learn_foresight(history, outcomes, kinds=counted(history)).directions.shape == (12, N_DIRECTIONS)


# --- clustering


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize(
    "parameters", [{}, {"clip": 0.1}, {"transforms": {"spend": "log1p"}}, {"feature_weights": {"age": 3.0}}]
)
def test_scorecard_reproduces_predictions_on_new_users(mixed, new_users, parameters, learned):
    foresight = make_foresight(mixed) if learned else None
    model = make_model(foresight=foresight, **parameters).fit(mixed)
    scores = evaluate(model.score_terms(), columns_of(new_users))
    np.testing.assert_array_equal(scores.label, model.predict(new_users))
    np.testing.assert_array_equal(model.predict(mixed), model.labels_)
    assert len(set(scores.label)) == 3
    assert isinstance(model, AdditiveClusterer)


def test_points_differ_by_the_squared_distance_in_the_projected_space(mixed):
    model = make_model(foresight=make_foresight(mixed)).fit(mixed)
    card = evaluate(model.score_terms(), columns_of(mixed))
    positions = model._encoder.encode(_read(model, mixed))
    halves = ((positions[:, None] - model.cluster_centers_[None]) ** 2).sum(axis=2) / 2
    np.testing.assert_array_equal(card.label, halves.argmin(axis=1))
    best = np.exp(-halves) / np.exp(-halves).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(card.probability, best.max(axis=1), rtol=1e-9)


def _read(model, frame):
    from personas.cluster.columns import read_columns

    return read_columns(frame, model.columns_)


def test_planted_tastes_become_personas():
    history, outcomes, taste = make_shop()
    foresight = learn_foresight(history, outcomes, kinds=counted(history))
    told = ForesightKMeans(2, foresight=foresight, kinds=counted(history), random_state=0).fit(history)
    plain = KMeansClusterer(2, kinds=counted(history), random_state=0).fit(history)
    assert adjusted_rand_score(taste, told.labels_) > 0.7
    assert adjusted_rand_score(taste, told.labels_) >= adjusted_rand_score(taste, plain.labels_)


def test_what_tells_nothing_does_not_part_users():
    random = np.random.default_rng(4)
    history, outcomes, taste = make_shop()
    loud = history.assign(**{f"noise{j}": random.poisson(1.0, len(history)) for j in range(20)})
    foresight = learn_foresight(loud, outcomes, kinds=counted(loud))
    told = ForesightKMeans(2, foresight=foresight, kinds=counted(loud), random_state=0).fit(loud)
    assert adjusted_rand_score(taste, told.labels_) > 0.65


def test_without_counts_it_is_k_means(mixed):
    parameters = {
        "kinds": {"level": "ordinal", "member": "binary", "orders": "numeric"},
        "feature_weights": {"age": 0.5},
        "random_state": 0,
    }
    told = ForesightKMeans(3, **parameters).fit(mixed)
    plain = KMeansClusterer(3, **parameters).fit(mixed)
    np.testing.assert_array_equal(told.labels_, plain.labels_)
    np.testing.assert_array_equal(told.cluster_centers_, plain.cluster_centers_)
    assert told.inertia_ == plain.inertia_


def test_counts_that_all_users_have_leave_k_means():
    users = pd.DataFrame({"visits": [1.0, 1.0, 2.0, 2.0], "age": [20.0, 21.0, 60.0, 61.0]})
    told = ForesightKMeans(2, kinds={"visits": "count"}, random_state=0).fit(users)
    plain = KMeansClusterer(2, kinds={"visits": "count"}, random_state=0).fit(users)
    np.testing.assert_array_equal(told.cluster_centers_, plain.cluster_centers_)


def test_own_counts_stand_in_for_what_follows():
    history, _, taste = make_shop()
    model = ForesightKMeans(2, kinds=counted(history), random_state=0).fit(history)
    assert adjusted_rand_score(taste, model.labels_) > 0.7


@pytest.mark.parametrize("weight", [0.0, 1e4])
def test_the_weight_of_a_profile_decides_between_behaviour_and_profile(weight):
    history, outcomes, taste = make_shop()
    colour = np.random.default_rng(6).integers(0, 2, len(history))
    users = history.assign(colour=np.array(["red", "blue"])[colour])
    foresight = learn_foresight(history, outcomes, kinds=counted(history))
    model = ForesightKMeans(
        2,
        foresight=foresight,
        kinds=counted(history),
        feature_weights={"colour": weight},
        random_state=0,
    ).fit(users)
    assert adjusted_rand_score(colour if weight else taste, model.labels_) > 0.7
    assert adjusted_rand_score(taste if weight else colour, model.labels_) < 0.05


def test_weights_of_behaviour_have_no_effect(mixed):
    foresight = make_foresight(mixed)
    plain = make_model(foresight=foresight).fit(mixed)
    weighted = make_model(foresight=foresight, feature_weights={"orders": 50.0, "spend": 0.0}).fit(mixed)
    np.testing.assert_array_equal(plain.cluster_centers_, weighted.cluster_centers_)


def test_the_order_of_columns_does_not_matter(mixed):
    foresight = make_foresight(mixed)
    model = make_model(foresight=foresight).fit(mixed)
    turned = make_model(foresight=foresight).fit(mixed[mixed.columns[::-1]])
    assert turned.inertia_ == pytest.approx(model.inertia_, rel=1e-9)
    assert adjusted_rand_score(turned.labels_, model.labels_) == 1.0


def test_it_is_deterministic(mixed):
    first, again = (make_model(foresight=make_foresight(mixed)).fit(mixed) for _ in range(2))
    np.testing.assert_array_equal(first.cluster_centers_, again.cluster_centers_)
    np.testing.assert_array_equal(first.labels_, again.labels_)


@pytest.mark.parametrize("learned", [True, False])
def test_row_order_and_repetition_do_not_matter(mixed, learned):
    foresight = make_foresight(mixed) if learned else None
    order = np.random.default_rng(1).permutation(len(mixed))
    repeats = np.random.default_rng(2).integers(0, 3, size=len(mixed))
    weighted = make_model(foresight=foresight).fit(mixed, sample_weight=repeats)
    repeated = make_model(foresight=foresight).fit(mixed.iloc[np.repeat(order, repeats[order])])
    assert weighted.inertia_ == pytest.approx(repeated.inertia_)
    np.testing.assert_array_equal(weighted.predict(mixed), repeated.predict(mixed))


def test_clusters_are_sorted_by_size(mixed):
    model = make_model(4, foresight=make_foresight(mixed)).fit(mixed)
    assert (np.diff(model.weights_) <= 0).all()
    np.testing.assert_allclose(np.bincount(model.labels_) / len(mixed), model.weights_)


# --- bad input


def test_a_foresight_of_other_columns_is_refused(mixed):
    foresight = Foresight(("orders", "visits", "clicks"), np.ones((3, 1)))
    with pytest.raises(DataError, match="reads clicks, visits, which X lacks"):
        make_model(foresight=foresight).fit(mixed)


def test_a_wrong_parameter_is_refused(mixed):
    with pytest.raises(ConfigError, match="n_clusters is 0"):
        make_model(0).fit(mixed)


def test_fewer_distinct_positions_than_clusters_are_refused():
    history, outcomes, _ = make_shop(300)
    foresight = learn_foresight(history, outcomes, kinds=counted(history))
    alike = pd.DataFrame({"tea": [1.0, 1.0, 2.0], "coffee": [0.0, 0.0, 0.0], "salt": [0.0, 0.0, 0.0]})
    with pytest.raises(DataError, match=r"2 distinct rows .* n_clusters=3"):
        ForesightKMeans(3, foresight=foresight, kinds=counted(alike)).fit(alike)
