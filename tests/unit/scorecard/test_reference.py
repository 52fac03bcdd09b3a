from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personas.errors import DataError
from personas.scorecard import BinTerm, PolynomialTerm, Scorecard, TableTerm, points_of
from personas.scorecard.reference import evaluate

AGE = PolynomialTerm(
    "age",
    "identity",
    20.0,
    60.0,
    40.0,
    10.0,
    coefficients=np.array([[0.0, 1.0, 0.0], [0.0, -1.0, 0.5]]),
    missing=np.array([0.25, 0.0]),
    base=np.array([-1.0, 0.0, -0.5]),
    base_missing=0.0,
    typical_mean=-1.5,
    typical_variance=4.0,
)
TIER = TableTerm(
    "city_tier",
    ("T1", "T2"),
    points=np.array([[0.0, 3.0], [1.0, 0.0]]),
    missing=np.array([0.0, 0.5]),
    base=np.array([-0.1, -0.2]),
    typical_mean=-0.7,
    typical_variance=1.0,
)
CARD = Scorecard(np.log([0.5, 0.5]), (AGE, TIER))


def scores_of(scorecard=CARD, **columns):
    return evaluate(scorecard, columns)


def test_scores_are_the_hand_calculation():
    scores = scores_of(age=[50.0], city_tier=["T2"])
    first, second = np.log(0.5) + 1 + 3, np.log(0.5) - 1 + 0.5 + 0
    total = np.logaddexp(first, second)
    assert (scores.label[0], scores.runner_up[0]) == (0, 1)
    assert scores.probability[0] == pytest.approx(np.exp(first - total), abs=1e-12)
    assert scores.runner_up_probability[0] == pytest.approx(np.exp(second - total), abs=1e-12)
    log_density = total + (-1.0 - 0.5) + (-0.2)
    assert scores.surprise[0] == pytest.approx(-(log_density + 1.5 + 0.7) / np.sqrt(5), abs=1e-12)
    assert (scores.n_flags[0], scores.n_observed[0]) == (0, 2)


def test_a_missing_value_takes_the_missing_row_and_leaves_the_typical_sums():
    scores = scores_of(age=[np.nan], city_tier=["T1"])
    total = np.logaddexp(np.log(0.5) + 0.25, np.log(0.5) + 1)
    assert scores.label[0] == 1
    assert scores.surprise[0] == pytest.approx(-(total - 0.1 + 0.7) / 1.0, abs=1e-12)
    assert scores.n_observed[0] == 1


def test_an_unseen_level_counts_as_missing_and_is_flagged():
    seen = scores_of(age=[30.0, 30.0], city_tier=["T9", None])
    assert seen.probability[0] == seen.probability[1]
    assert seen.surprise[0] == seen.surprise[1]
    assert seen.n_flags.tolist() == [1, 0]
    assert seen.n_observed.tolist() == [2, 1]


def test_a_number_beyond_the_bounds_is_clipped_and_flagged():
    scores = scores_of(age=[60.0, 200.0, np.inf, 20.0, -np.inf], city_tier=["T1"] * 5)
    assert scores.n_flags.tolist() == [0, 1, 1, 0, 1]
    assert scores.probability[1] == scores.probability[0] == scores.probability[2]
    assert scores.probability[3] == scores.probability[4]


def test_a_number_too_large_to_square_is_missing_and_flagged_when_nothing_clips_it():
    card = Scorecard(np.zeros(2), (replace(AGE, lower=-np.inf, upper=np.inf),))
    scores = scores_of(card, age=[np.inf, 1e300, np.nan, 41.0])
    assert scores.n_flags.tolist() == [1, 1, 0, 0]
    assert scores.probability[0] == scores.probability[1] == scores.probability[2]
    assert np.isfinite(scores.surprise).all()


def test_users_with_nothing_observed_have_no_surprise_and_the_prior():
    card = replace(CARD, intercept=np.log([0.25, 0.75]), terms=(replace(AGE, missing=np.zeros(2)),))
    scores = scores_of(card, age=[None])
    assert scores.surprise[0] == 0
    assert scores.label[0] == 1
    assert scores.probability[0] == pytest.approx(0.75)


def test_ties_go_to_the_lower_index():
    scores = evaluate(
        Scorecard(np.zeros(3), (replace(AGE, coefficients=np.zeros((3, 3)), missing=np.zeros(3)),)),
        {"age": [40.0]},
    )
    assert (scores.label[0], scores.runner_up[0]) == (0, 1)
    assert scores.probability[0] == pytest.approx(1 / 3)


def test_one_persona_has_no_runner_up():
    card = Scorecard(np.zeros(1), (replace(AGE, coefficients=np.zeros((1, 3)), missing=np.zeros(1)),))
    scores = scores_of(card, age=[40.0])
    assert (scores.label[0], scores.runner_up[0]) == (0, -1)
    assert (scores.probability[0], scores.runner_up_probability[0]) == (1.0, 0.0)


def test_a_level_that_no_persona_has_leaves_equal_shares_and_infinite_surprise():
    card = Scorecard(np.zeros(2), (replace(TIER, points=np.array([[0.0, -np.inf], [0.0, -np.inf]])),))
    scores = scores_of(card, city_tier=["T2"])
    assert (scores.label[0], scores.probability[0]) == (0, 0.5)
    assert scores.surprise[0] == np.inf


def test_transforms_read_negative_numbers_as_zero():
    for transform in ("log1p", "sqrt"):
        card = Scorecard(
            np.zeros(2), (replace(AGE, transform=transform, lower=-np.inf, centre=0.0, scale=1.0),)
        )
        points = points_of(card, {"age": [-3.0, 0.0, 8.0]})["age"]
        assert points[0].tolist() == points[1].tolist()
        expected = np.log(9) if transform == "log1p" else np.sqrt(8)
        assert points[2, 0] == pytest.approx(expected)


def test_bins_are_closed_below_and_open_above():
    bins = BinTerm("x", np.array([0.0, 10.0]), np.array([[1.0, 2.0, 3.0]]), np.array([9.0]), np.zeros(3))
    points = points_of(Scorecard(np.zeros(1), (bins,)), {"x": [-1.0, 0.0, 9.9, 10.0, np.inf, np.nan]})
    assert points["x"][:, 0].tolist() == [1.0, 2.0, 2.0, 3.0, 3.0, 9.0]


def test_points_add_up_to_the_score():
    columns = {"age": [33.0, np.nan], "city_tier": ["T2", "T1"]}
    score = CARD.intercept + sum(points_of(CARD, columns).values())
    assert evaluate(CARD, columns).label.tolist() == score.argmax(axis=1).tolist()
    assert list(points_of(CARD, columns)) == ["age", "city_tier"]


@pytest.mark.parametrize(
    "levels",
    [
        ["T2", None, "T9"],
        np.array(["T2", np.nan, "T9"], dtype=object),
        pd.Categorical(["T2", None, "T9"]),
        pd.Series(["T2", pd.NA, "T9"], dtype="str"),
    ],
)
def test_levels_may_come_in_any_text_container(levels):
    scores = scores_of(age=[40.0] * 3, city_tier=levels)
    assert scores.n_observed.tolist() == [2, 1, 2]
    assert scores.n_flags.tolist() == [0, 0, 1]


def test_binary_levels_match_numbers_by_value():
    flag = replace(TIER, feature="plus", levels=("0", "1"))
    scores = evaluate(Scorecard(np.zeros(2), (flag,)), {"plus": [0.0, 1.0, 2.0, np.nan]})
    assert scores.label.tolist() == [1, 0, 1, 1]
    assert scores.n_flags.tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"age": [1.0]}, "'city_tier' is missing"),
        ({"age": [1.0], "city_tier": ["T1", "T2"]}, "one value per user"),
        ({"age": ["old"], "city_tier": ["T1"]}, "'age' holds .* expected numbers"),
        ({"age": ["40"], "city_tier": ["T1"]}, "'age' holds .* expected numbers"),
    ],
)
def test_columns_that_break_the_contract_are_refused_by_name(columns, message):
    with pytest.raises(DataError, match=message):
        evaluate(CARD, columns)
