import numpy as np
import pandas as pd
import pytest

from personas.errors import DataError, GateError
from personas.model.distill import DistillReport, check_fidelity, distill
from personas.scorecard.reference import evaluate

KINDS = {"value": "numeric", "orders": "count", "tier": "ordinal", "owner": "binary"}
PURE = {"value": "numeric", "orders": "count"}


def make_world(n_users=4_000, random_state=0):
    """Three clusters that differ in every feature, a tenth of it missing."""
    rng = np.random.default_rng(random_state)
    labels = rng.integers(0, 3, n_users)
    values = {
        "value": rng.normal(np.array([0.0, 6.0, 12.0])[labels], 1.0),
        "orders": rng.poisson(np.array([0.1, 4.0, 15.0])[labels]).astype(float),
        "owner": (rng.random(n_users) < np.array([0.1, 0.5, 0.9])[labels]).astype(float),
    }
    tiers = np.array(["T1", "T2", "T3"], dtype=object)[
        np.where(rng.random(n_users) < 0.9, labels, rng.integers(0, 3, n_users))
    ]
    data = pd.DataFrame(values, index=pd.Index([f"u{i}" for i in range(n_users)], name="user_id"))
    data = data.mask(rng.random(data.shape) < 0.1)
    tiers[rng.random(n_users) < 0.1] = None
    data["tier"] = pd.Categorical(tiers, categories=["T1", "T2", "T3", "T4"], ordered=True)
    return data, labels


def test_an_easy_world_passes_the_gate():
    data, labels = make_world()

    scorecard, report = distill(data, labels, KINDS, random_state=0)

    check_fidelity(report)
    assert report.fidelity > 0.97
    assert report.n_fitted + report.n_held_out == len(data)
    assert (evaluate(scorecard, dict(data.items())).label == labels).mean() > 0.97


def test_random_labels_are_refused_with_their_figures():
    data, _ = make_world()

    _, report = distill(data, np.random.default_rng(5).integers(0, 3, len(data)), KINDS, random_state=0)

    with pytest.raises(GateError, match=f"{report.fidelity:.3f} of {report.n_held_out}"):
        check_fidelity(report)


@pytest.mark.parametrize(
    ("fidelity", "recalls"),
    [(0.89, (0.95, 0.95)), (0.99, (1.0, 0.79)), (0.99, (1.0, float("nan")))],
)
def test_either_figure_alone_refuses(fidelity, recalls):
    with pytest.raises(GateError, match="expected at least"):
        check_fidelity(DistillReport(fidelity, recalls, 75, 25, np.ones(25), np.ones(25)))


def test_the_figures_just_reached_pass():
    check_fidelity(DistillReport(0.90, (1.0, 0.80), 75, 25, np.ones(25), np.ones(25)))


def test_noise_is_left_out():
    data, labels = make_world()
    noise = np.arange(len(labels)) % 5 == 0
    noisy = np.where(noise, -1, labels)
    wild = data.copy()
    wild.loc[noise, "value"] = 1e6

    scorecard, report = distill(wild, noisy, KINDS, random_state=0)

    assert scorecard.n_personas == 3
    assert report.n_fitted + report.n_held_out == (~noise).sum()
    assert report.fidelity > 0.97


def test_points_are_log_densities_relative_to_the_base():
    data, labels = make_world()

    scorecard, _ = distill(data, labels, KINDS, random_state=0)

    prior = np.exp(scorecard.intercept)
    assert prior.sum() == pytest.approx(1)
    for term in scorecard.terms:
        for points in (*term.points.T, term.missing):
            assert prior @ np.exp(points) == pytest.approx(1)
        assert np.exp(term.base).sum() == pytest.approx(1, abs=0.01)


def test_strange_users_surprise():
    data, labels = make_world()
    scorecard, _ = distill(data, labels, KINDS, random_state=0)
    usual = evaluate(scorecard, dict(data.items())).surprise
    # Young in one feature and old in every other: each value common, together unseen.
    odd = pd.DataFrame({"value": [0.0], "orders": [18.0], "tier": ["T2"], "owner": [0.0]})

    assert evaluate(scorecard, dict(odd.items())).surprise[0] > np.quantile(usual, 0.99)


def test_missing_everywhere_answers_by_what_missing_means():
    data, labels = make_world()
    informative = data.assign(value=data["value"].where(labels != 2))
    scorecard, report = distill(informative, labels, PURE, random_state=0)

    assert report.fidelity > 0.9
    unknown = evaluate(scorecard, {"value": np.array([np.nan]), "orders": np.array([np.nan])})
    assert unknown.label[0] == 2


def test_a_feature_that_was_never_missing_gives_no_hint_when_it_is():
    data, labels = make_world()
    complete = data[["value"]].fillna(6.0)
    scorecard, _ = distill(complete, labels, {"value": "numeric"}, random_state=0)

    unknown = evaluate(scorecard, {"value": np.array([np.nan])})

    assert unknown.probability[0] < 0.6


def test_levels_unseen_in_training_are_flagged():
    data, labels = make_world()

    scorecard, _ = distill(data, labels, KINDS, random_state=0)

    odd = {"value": [6.0], "orders": [4.0], "tier": ["T4"], "owner": [1.0]}
    assert evaluate(scorecard, odd).n_flags[0] == 1


def test_two_clusters_and_one_cluster_work():
    data, labels = make_world()

    scorecard, report = distill(data, np.minimum(labels, 1), KINDS, random_state=0)
    assert (scorecard.n_personas, report.fidelity > 0.97) == (2, True)

    scorecard, report = distill(data, np.zeros_like(labels), KINDS, random_state=0)
    assert (scorecard.n_personas, report.fidelity) == (1, 1.0)


def test_the_same_data_give_the_same_scorecard():
    data, labels = make_world()
    first, _ = distill(data, labels, KINDS, random_state=0)
    second, _ = distill(data, labels, KINDS, random_state=0)

    for a, b in zip(first.terms, second.terms, strict=True):
        np.testing.assert_array_equal(a.points, b.points)


def test_the_split_follows_the_user_and_not_the_row():
    data, labels = make_world()
    order = np.random.default_rng(1).permutation(len(data))

    _, report = distill(data, labels, KINDS, random_state=0)
    _, shuffled = distill(data.iloc[order], labels[order], KINDS, random_state=0)

    assert report.n_held_out == shuffled.n_held_out
    assert shuffled.fidelity == pytest.approx(report.fidelity, abs=2e-3)


def test_all_noise_is_refused():
    data, labels = make_world()

    with pytest.raises(DataError, match="noise"):
        distill(data, np.full_like(labels, -1), KINDS, random_state=0)
