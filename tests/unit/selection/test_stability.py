"""How far refits agree with each other."""

import numpy as np
import pytest

from personas.selection.stability import mean_pairwise_ari

HALVES = np.array([0, 0, 1, 1])


def test_names_of_groups_do_not_matter():
    assert mean_pairwise_ari([HALVES, 1 - HALVES, HALVES + 3]) == 1.0


def test_the_mean_is_over_all_pairs():
    # An adjusted Rand index of -0.5 by hand: no pair of users is together in both.
    crossed = np.array([0, 1, 0, 1])
    assert mean_pairwise_ari([HALVES, HALVES, crossed]) == pytest.approx((1.0 - 0.5 - 0.5) / 3)


def test_refits_that_failed_agree_with_nobody_and_not_with_each_other():
    failed = np.full(4, -1)
    assert mean_pairwise_ari([failed, failed]) == 0.0
    assert mean_pairwise_ari([HALVES, HALVES, failed]) == pytest.approx(1 / 3)
