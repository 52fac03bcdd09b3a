import numpy as np
import pytest

from personas.cluster.columns import Column
from personas.cluster.em import MixedModel, Mixture, best_runs
from personas.cluster.emissions import make_emissions

COLUMNS = [Column("n", "numeric"), Column("c", "nominal", ("a", "b"))]


def make_model(values, prior=0.0):
    return MixedModel(make_emissions(COLUMNS, values, np.ones(len(values))), np.ones(2), prior)


@pytest.fixture
def values():
    random = np.random.default_rng(0)
    return np.column_stack([random.normal(size=5000), random.integers(0, 2, size=5000)])


def test_a_design_marks_what_is_observed():
    values = np.array([[1.0, 0.0], [3.0, np.nan]])
    design = make_model(np.array([[1.0, 0.0], [3.0, 1.0]])).design(values)
    np.testing.assert_array_equal(design.matrix, [[1, -1, 1, 1, 0, 1], [1, 1, 1, 0, 0, 0]])
    assert design.observed == (0, 5)


def test_chunks_cover_every_row_once(values):
    design = make_model(values).design(values)
    rows = np.concatenate([np.arange(5000)[chunk] for chunk in design.chunks()])
    np.testing.assert_array_equal(rows, np.arange(5000))


def test_sums_are_those_of_the_posterior(values):
    model = make_model(values)
    design = model.design(values)
    mixture = model.start(design, np.ones(5000), (values[:, 0] > 0).astype(np.intp), 2)
    joint = model.joint(design, mixture)
    total = np.logaddexp(*joint.T)
    posterior = np.exp(joint - total[:, None])
    likelihood, sums = model.expect(design, np.ones(5000), mixture)
    assert likelihood == pytest.approx(total.sum())
    np.testing.assert_allclose(sums, posterior.T @ design.matrix)


def test_a_class_that_loses_its_rows_keeps_finite_parameters(values):
    model = make_model(values)
    design = model.design(values)
    start = model.start(design, np.ones(5000), np.zeros(5000, dtype=np.intp), 2)
    run = model.run(design, np.ones(5000), start, tol=1e-9, max_iter=20)
    assert np.isfinite(run.path).all()
    assert np.isfinite(run.mixture.log_shares).all()


def test_a_run_that_may_not_iterate_returns_its_start(values):
    model = make_model(values)
    design = model.design(values)
    start = model.start(design, np.ones(5000), (values[:, 0] > 0).astype(np.intp), 2)
    run = model.run(design, np.ones(5000), start, tol=0.0, max_iter=0)
    assert (run.mixture, len(run.path), run.converged) == (start, 1, False)


def test_the_best_run_comes_first_and_ties_keep_their_order(values):
    model = make_model(values)
    design = model.design(values)
    start = model.start(design, np.ones(5000), (values[:, 0] > 0).astype(np.intp), 2)
    runs = [model.run(design, np.ones(5000), start, tol=0.0, max_iter=n) for n in (0, 3, 0)]
    assert best_runs(runs, 2)[0] is runs[1]
    assert best_runs(runs, 2)[1] is runs[0]


def test_classes_can_be_reordered():
    mixture = Mixture(np.log([0.2, 0.8]), (np.array([[1.0], [2.0]]),))
    swapped = mixture.reordered(np.array([1, 0]))
    np.testing.assert_allclose(np.exp(swapped.log_shares), [0.8, 0.2])
    assert swapped.parameters[0].tolist() == [[2.0], [1.0]]
