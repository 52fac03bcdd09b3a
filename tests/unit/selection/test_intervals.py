import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from personas.selection.intervals import wilson_interval


@given(counts=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=5))
def test_the_interval_is_that_of_scipy(counts):
    successes = np.array([k for k, _ in counts])
    trials = successes + np.array([more for _, more in counts])
    for k, n, low, high in zip(successes, trials, *wilson_interval(successes, trials), strict=True):
        if n == 0:
            assert np.isnan([low, high]).all()
        else:
            expected = stats.binomtest(int(k), int(n)).proportion_ci(method="wilson")
            assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
            assert 0 <= low <= k / n <= high <= 1
