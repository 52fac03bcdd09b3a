import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize
from scipy.special import gammaln, log_softmax

from personas.cluster.columns import Column
from personas.cluster.emissions import (
    MINIMUM_VARIANCE,
    AdjacentCategory,
    Categorical,
    Gaussian,
    make_emissions,
)

LEVELS = ("a", "b", "c", "d")
COUNTS = np.array([[30.0, 20.0, 10.0, 5.0], [5.0, 12.0, 30.0, 9.0], [1.0, 2.0, 8.0, 40.0]])


def density(emission, parameters, values):
    """Return the log density of each value in each class, shape (n_values, n_classes)."""
    design = np.zeros((len(values), emission.width))
    emission.fill(design, 0, slice(None), values)
    constant, linear = emission.points(parameters)
    return constant + design @ linear.T + emission.base(values)[:, None]


def test_gaussian_density_is_scipys():
    emission = Gaussian(Column("x", "numeric"), centre=3.0, scale=2.0)
    values = np.array([-1.0, 3.0, 8.0])
    parameters = np.array([[0.5, 0.25], [-1.0, 2.0]])
    expected = stats.norm.logpdf(
        values[:, None], 3.0 + 2.0 * parameters[:, 0], 2.0 * np.sqrt(parameters[:, 1])
    )
    np.testing.assert_allclose(density(emission, parameters, values), expected)


def test_poisson_density_is_scipys():
    values = np.array([0.0, 1.0, 7.0, 40.0])
    (emission,) = make_emissions([Column("x", "count", (), 0.0)], values[:, None], np.ones(4))
    expected = stats.poisson.logpmf(values[:, None], [2.0, 30.0])
    np.testing.assert_allclose(density(emission, np.array([[2.0], [30.0]]), values), expected)


def test_poisson_curve_is_exact_where_three_counts_occur():
    values = np.array([0.0, 0.0, 2.0, 5.0])
    (emission,) = make_emissions([Column("x", "count", (), 0.0)], values[:, None], np.ones(4))
    z = values / emission.scale
    np.testing.assert_allclose(
        np.vander(z, 3, increasing=True) @ emission.curve, -gammaln(values + 1), atol=1e-9
    )


def test_a_class_of_one_value_keeps_a_variance():
    emission = Gaussian(Column("x", "numeric"), 0.0, 1.0)
    sums = np.array([[10.0, 20.0]])
    assert emission.estimate(np.array([5.0]), sums, 0.0, None).tolist() == [[2.0, MINIMUM_VARIANCE]]
    assert emission.estimate(np.array([5.0]), sums, 1.0, None)[0, 1] == pytest.approx(1 / 6)


@pytest.mark.parametrize("emission", [Categorical, AdjacentCategory])
def test_a_class_without_rows_looks_like_all_rows(emission):
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    made = emission(Column("x", "nominal", LEVELS), shares)
    counts = np.vstack([COUNTS, np.zeros(4)])
    parameters = made.estimate(counts.sum(axis=1), counts, 0.0, None)
    assert np.isfinite(parameters).all()


def negative_gain(theta, counts):
    intercepts = np.array([0.0, theta[0], theta[1], 0.0])
    scores = intercepts + np.outer(theta[2:], np.arange(4) / 3)
    return -np.vdot(counts, log_softmax(scores, axis=1))


def test_adjacent_categories_reach_the_maximum_of_a_general_optimiser():
    emission = AdjacentCategory(Column("x", "ordinal", LEVELS), COUNTS.sum(axis=0) / COUNTS.sum())
    parameters = emission.estimate(COUNTS.sum(axis=1), COUNTS, 0.0, None)
    ours = np.vdot(COUNTS, emission.points(parameters)[1])
    best = minimize(negative_gain, np.zeros(5), args=(COUNTS,), method="BFGS", options={"gtol": 1e-8})
    assert ours == pytest.approx(-best.fun, rel=1e-9)


def test_adjacent_categories_share_intercepts():
    emission = AdjacentCategory(Column("x", "ordinal", LEVELS), COUNTS.sum(axis=0) / COUNTS.sum())
    log_shares = emission.points(emission.estimate(COUNTS.sum(axis=1), COUNTS, 0.0, None))[1]
    # log odds of a step differ between classes by the difference of slopes, the same at every step
    steps = np.diff(log_shares, axis=1)
    np.testing.assert_allclose(np.ptp(steps - steps[0], axis=1), 0.0, atol=1e-9)


def test_adjacent_categories_survive_classes_at_the_ends_of_the_scale():
    counts = np.array([[50.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 50.0], [1.0, 1.0, 1.0, 1.0]])
    emission = AdjacentCategory(Column("x", "ordinal", LEVELS), counts.sum(axis=0) / counts.sum())
    parameters = None
    gains = []
    for _ in range(5):
        parameters = emission.estimate(counts.sum(axis=1), counts, 0.0, parameters)
        gains.append(np.vdot(counts, emission.points(parameters)[1]))
    assert np.isfinite(parameters).all()
    assert np.diff(gains).min() >= -1e-9
    assert gains[-1] == pytest.approx(4 * np.log(0.25), abs=1.0)


def test_two_levels_are_a_free_share_per_class():
    counts = np.array([[9.0, 1.0], [2.0, 8.0]])
    emission = AdjacentCategory(Column("x", "ordinal", ("n", "y")), np.array([0.55, 0.45]))
    shares = np.exp(emission.points(emission.estimate(np.array([10.0, 10.0]), counts, 0.0, None))[1])
    np.testing.assert_allclose(shares, [[0.9, 0.1], [0.2, 0.8]], atol=1e-6)
    assert emission.n_parameters(2) == 2
