import math

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from personas.errors import DataError
from personas.monitor.shift import compare_counts, pool_rare

EQUAL = np.full(10, 0.1)
UNEQUAL = np.array([0.5, 0.3, 0.15, 0.03, 0.01, 0.005, 0.003, 0.002])


def test_the_figures_are_those_of_the_formulas():
    shift = compare_counts([300_000, 700_000], [400_000, 600_000], false_alarm=0.01)
    by_hand = 0.1 * math.log(0.4 / 0.3) - 0.1 * math.log(0.6 / 0.7)
    assert shift.psi == pytest.approx(by_hand, rel=1e-4)
    assert shift.js == pytest.approx(jensenshannon([0.3, 0.7], [0.4, 0.6], base=2) ** 2, rel=1e-4)
    assert shift.noise == pytest.approx(stats.chi2.isf(0.01, 1) * 2e-6)


def test_which_sample_comes_first_does_not_matter():
    one, other = [50, 30, 20, 0], [100, 200, 10, 3]
    assert compare_counts(one, other, false_alarm=0.01) == compare_counts(other, one, false_alarm=0.01)


def test_the_same_counts_never_drift():
    for n in (1, 50, 10_000_000):
        shift = compare_counts([n, 2 * n, 3 * n], [n, 2 * n, 3 * n], false_alarm=0.5)
        assert (shift.psi, shift.js, shift.is_drift) == (0.0, 0.0, False)


@pytest.mark.parametrize("shares", [EQUAL, UNEQUAL], ids=["equal", "unequal"])
@pytest.mark.parametrize(("n", "m"), [(300, 300), (2000, 50_000), (100_000, 1000)])
def test_chance_exceeds_the_noise_as_often_as_it_may(shares, n, m):
    rng, rounds = np.random.default_rng(0), 1500
    pairs = zip(rng.multinomial(n, shares, rounds), rng.multinomial(m, shares, rounds), strict=True)
    shifts = [compare_counts(before, now, false_alarm=0.05) for before, now in pairs]
    alarms = np.mean([shift.psi > shift.noise for shift in shifts])
    assert 0.03 < alarms < 0.07  # four standard errors around .05


def test_a_move_that_is_tolerated_exceeds_the_limit_as_rarely():
    rng, n, rounds = np.random.default_rng(1), 50_000, 1500
    moved = EQUAL + np.repeat([0.01, -0.01], 5)
    psi = float(((moved - EQUAL) * np.log(moved / EQUAL)).sum())
    shifts = [
        compare_counts(before, now, false_alarm=0.05, tolerated_psi=psi)
        for before, now in zip(
            rng.multinomial(n, EQUAL, rounds), rng.multinomial(n, moved, rounds), strict=True
        )
    ]
    assert 0.03 < np.mean([shift.is_drift for shift in shifts]) < 0.07
    assert all(shift.limit > shift.noise for shift in shifts)


def test_an_empty_cell_gives_no_infinite_index():
    shift = compare_counts([1000, 0], [500, 500], false_alarm=0.01)
    assert math.isfinite(shift.psi)
    assert shift.psi > 3
    assert shift.js <= 1
    assert shift.is_drift


@pytest.mark.parametrize("counts", [[7], [7, 0, 0]])
def test_one_cell_cannot_move(counts):
    shift = compare_counts(counts, counts, false_alarm=0.01)
    assert (shift.psi, shift.limit, shift.is_drift) == (0.0, 0.0, False)


@pytest.mark.parametrize(("before", "now"), [([0, 0], [1, 2]), ([1, 2], [0, 0])])
def test_an_empty_sample_is_refused(before, now):
    with pytest.raises(DataError, match="expected some of both"):
        compare_counts(before, now, false_alarm=0.01)


def test_rare_cells_are_pooled_and_no_user_is_lost():
    before, now = np.array([899, 60, 4, 2, 0, 35]), np.array([799, 90, 4, 2, 0, 5])
    first, second = pool_rare(before, now)
    assert (first.sum(), second.sum()) == (1000, 900)
    assert first.tolist() == [899, 60, 35, 6]
    assert second.tolist() == [799, 90, 5, 6]


def test_what_stays_rare_joins_the_smallest_cell():
    first, second = pool_rare(np.array([900, 60, 1, 39]), np.array([900, 60, 1, 39]))
    assert first.tolist() == second.tolist() == [900, 60, 40]
