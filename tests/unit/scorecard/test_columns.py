import decimal

import numpy as np
import pytest

from personas.scorecard.columns import MISSING, UNSEEN, numbers_of_levels, read_levels, read_numbers


@pytest.mark.parametrize(
    "values",
    [[1, None], np.array([1.0, np.nan]), np.array([decimal.Decimal(1), None], dtype=object), [True, None]],
)
def test_numbers_of_any_kind_become_floats(values):
    numbers = read_numbers(values, "age")
    assert numbers.dtype == np.float64
    assert numbers[0] == 1
    assert np.isnan(numbers[1])


def test_number_levels_match_whatever_their_spelling():
    assert read_levels(np.array([2, 1, 7]), ("1.0", "2")).tolist() == [1, 0, UNSEEN]


def test_numbers_never_match_levels_that_spell_none():
    assert read_levels(np.array([1.0, np.nan]), ("T1",)).tolist() == [UNSEEN, MISSING]


@pytest.mark.parametrize("levels", [("1", "01"), ("1", "x"), ("nan",), ("inf",)])
def test_ambiguous_levels_are_texts_only(levels):
    assert numbers_of_levels(levels) is None
