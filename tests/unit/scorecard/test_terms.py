from dataclasses import replace

import numpy as np
import pytest

from personas.errors import DataError
from personas.scorecard import BinTerm, PolynomialTerm, Scorecard, TableTerm, check_scorecard

NUMBER = PolynomialTerm(
    "age", "identity", 16.0, 100.0, 40.0, 10.0, np.zeros((2, 3)), np.zeros(2), np.zeros(3)
)
LEVEL = TableTerm("city_tier", ("T1", "T2"), np.zeros((2, 2)), np.zeros(2), np.zeros(2))
BINS = BinTerm("revenue", np.array([0.0, 10.0]), np.zeros((2, 3)), np.zeros(2), np.zeros(3))


def card(*terms):
    return Scorecard(np.zeros(2), terms)


def test_a_sound_scorecard_passes():
    check_scorecard(card(NUMBER, LEVEL, BINS))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (replace(NUMBER, coefficients=np.zeros((3, 3))), r"coefficients of age has the shape \(3, 3\)"),
        (replace(NUMBER, scale=0.0), "scale 0.0"),
        (replace(NUMBER, lower=np.nan), "bounds nan"),
        (replace(NUMBER, lower=5.0, upper=4.0), "lower <= upper"),
        (replace(NUMBER, lower=np.inf, upper=np.inf), "bounds inf"),
        (replace(NUMBER, typical_mean=np.nan), "constants of age"),
        (replace(NUMBER, missing=np.array([0.0, np.nan])), "missing row of age .* 1 numbers"),
        (replace(LEVEL, points=np.full((2, 2), np.inf)), "points of city_tier .* 4 numbers"),
        (replace(LEVEL, levels=("T1", "T1")), "level twice"),
        (replace(LEVEL, levels=("T1",)), "points of city_tier"),
        (replace(BINS, edges=np.array([10.0, 10.0])), "edges of revenue do not increase"),
        (replace(BINS, base=np.zeros(2)), "base of revenue"),
    ],
)
def test_a_broken_term_is_refused_by_name(broken, message):
    with pytest.raises(DataError, match=message):
        check_scorecard(card(broken))


def test_two_terms_for_one_feature_are_refused():
    with pytest.raises(DataError, match="more than one term for age"):
        check_scorecard(card(NUMBER, NUMBER))


def test_a_scorecard_without_personas_is_refused():
    with pytest.raises(DataError, match=r"shape \(0,\)"):
        check_scorecard(Scorecard(np.zeros(0), ()))


def test_the_log_of_a_zero_share_is_allowed_in_tables_and_bins():
    check_scorecard(card(replace(LEVEL, points=np.full((2, 2), -np.inf))))
