import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from personas.category.significance import compare_shares, false_discovery


def test_large_counts_take_the_pooled_z_test():
    # Pooled share .4, standard error sqrt(.24 * .02) = .0692820, z = -.2 / .0692820 = -2.886751.
    p_value, exact = compare_shares([30], [100], [50], [100])
    assert p_value[0] == pytest.approx(2 * stats.norm.sf(2.886751), rel=1e-5)
    assert not exact[0]


def test_an_expected_count_below_five_takes_the_exact_test():
    # Expected 4 and 4. Of 70 tables with these margins 16 + 16 + 1 + 1 are as extreme: 34 / 70.
    p_value, exact = compare_shares([3], [4], [1], [4])
    assert p_value[0] == pytest.approx(34 / 70)
    assert exact[0]


def test_an_expected_count_of_five_is_enough_for_the_z_test():
    assert not compare_shares([5], [10], [5], [10])[1][0]
    assert compare_shares([4], [10], [5], [10])[1][0]


@pytest.mark.parametrize(("k1", "n1", "k2", "n2"), [(0, 0, 1, 4), (1, 4, 0, 0), (0, 9, 0, 9), (9, 9, 5, 5)])
def test_where_there_is_nothing_to_test_there_is_no_p_value(k1, n1, k2, n2):
    p_value, exact = compare_shares([k1], [n1], [k2], [n2])
    assert np.isnan(p_value[0])
    assert not exact[0]


@given(st.lists(st.tuples(*[st.integers(0, 6)] * 4), min_size=1, max_size=8))
def test_the_exact_p_values_are_those_of_scipy_in_the_right_places(cells):
    k1, n1, k2, n2 = np.array([(a, a + b, c, c + d) for a, b, c, d in cells]).T
    p_value, exact = compare_shares(k1, n1, k2, n2)
    for i in np.flatnonzero(exact):
        table = [[k1[i], n1[i] - k1[i]], [k2[i], n2[i] - k2[i]]]
        assert p_value[i] == pytest.approx(stats.fisher_exact(table).pvalue)


def test_untested_pairs_do_not_count_as_tests():
    q = false_discovery([0.02, np.nan, 0.01])
    np.testing.assert_allclose(q, [0.02, np.nan, 0.02])


def test_no_tests_at_all_are_no_error():
    assert np.isnan(false_discovery([np.nan, np.nan])).all()
    assert false_discovery([]).shape == (0,)
