"""A start at what is in use: run like any other, kept only where it is better."""

import numpy as np
import pandas as pd
import pytest

from personas.cluster import ForesightKMeans, KMeansClusterer, LatentClass
from personas.cluster.start import started_labels

KINDS = {"tea": "count", "oil": "count", "age": "numeric"}


@pytest.fixture(scope="module")
def users():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(8), 60)
    centres = rng.uniform(1, 12, (8, 2))
    return pd.DataFrame(
        {
            "tea": rng.poisson(centres[group, 0]).astype(float),
            "oil": rng.poisson(centres[group, 1]).astype(float),
            "age": rng.normal(20 + 7 * group, 2.0),
        }
    )


def _objective(model):
    return model.log_likelihood_ if isinstance(model, LatentClass) else -model.inertia_


def _make(clusterer, n, **given):
    usual = {"kinds": KINDS, "random_state": 3, "n_init": 1}
    if clusterer is LatentClass:
        usual["prior_count"] = 1.0
    return clusterer(n, **{**usual, **given})


@pytest.mark.parametrize("clusterer", [LatentClass, KMeansClusterer, ForesightKMeans])
def test_a_better_solution_in_use_is_found_again(clusterer, users):
    best = _make(clusterer, 8, n_init=20, random_state=0).fit(users)
    cold = [_make(clusterer, 8, random_state=seed).fit(users) for seed in range(6)]
    warm = [_make(clusterer, 8, random_state=s, start=best.score_terms()).fit(users) for s in range(6)]
    assert all(_objective(w) >= _objective(c) - 1e-6 for w, c in zip(warm, cold, strict=True))
    assert min(map(_objective, warm)) >= _objective(best) - 1e-3 * abs(_objective(best))


@pytest.mark.parametrize("clusterer", [LatentClass, KMeansClusterer])
def test_a_worse_solution_in_use_changes_nothing(clusterer, users):
    nonsense = _make(clusterer, 2, kinds={"age": "numeric"}).fit(pd.DataFrame({"age": np.arange(480.0) % 2}))
    cold = _make(clusterer, 2, n_init=10).fit(users)
    warm = _make(clusterer, 2, n_init=10, start=nonsense.score_terms()).fit(users)
    assert _objective(warm) == pytest.approx(_objective(cold))
    assert (warm.labels_ == cold.labels_).all()


def test_what_does_not_fit_is_no_start(users):
    card = _make(KMeansClusterer, 3).fit(users).score_terms()
    place = np.arange(len(users))
    assert started_labels(None, users, [place], 3) is None
    assert started_labels(card, users, [place], 4) is None
    assert started_labels(card, users.drop(columns="age"), [place], 3) is None
    assert (
        started_labels(card, users, [place], 3).tolist()
        == _make(KMeansClusterer, 3).fit(users).labels_.tolist()
    )


def test_the_order_of_the_rows_does_not_matter(users):
    card = _make(LatentClass, 4, random_state=9).fit(users).score_terms()
    warm = _make(LatentClass, 4, start=card).fit(users)
    shuffled = users.sample(frac=1, random_state=1)
    again = _make(LatentClass, 4, start=card).fit(shuffled)
    assert again.log_likelihood_ == warm.log_likelihood_
