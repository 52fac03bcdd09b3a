import numpy as np
import pytest

from personas.model.sketch import ROUNDING
from personas.monitor.portrait import band_of, compare_portraits


def rounded(counts):
    return ROUNDING * np.rint(np.asarray(counts) / ROUNDING).astype(np.int64)


def test_the_distance_is_that_of_the_formula():
    before = [np.array([200, 200]), np.array([100, 300])]
    now = [np.array([300, 100]), np.array([100, 300])]
    found = compare_portraits(before, now, false_alarm=0.01)
    assert found.distance == pytest.approx(np.sqrt(2 * 0.25**2 / (2 * 2)))
    assert found.parts == pytest.approx((2 * 0.25**2, 0.0))


@pytest.mark.parametrize("n", [200, 2000, 40_000])
def test_chance_rarely_exceeds_the_limit_and_the_limit_shrinks(n):
    rng, shares = (
        np.random.default_rng(n),
        [np.full(10, 0.1), np.array([0.6, 0.3, 0.1]), np.array([0.9, 0.1])],
    )
    exceeded, limits = 0, []
    for _ in range(400):
        before, now = ([rounded(rng.multinomial(n, p)) for p in shares] for _ in range(2))
        found = compare_portraits(before, now, false_alarm=0.01)
        exceeded += found.distance > found.limit
        limits.append(found.limit)
    assert exceeded <= 10  # .01 of 400, and more than room for chance
    assert np.mean(limits) < 4 / np.sqrt(n)


def test_features_nobody_is_known_of_are_left_out():
    nobody, some = np.zeros(2, dtype=np.int64), np.array([40, 60])
    found = compare_portraits([some, some], [some, nobody], false_alarm=0.01)
    assert found.distance == 0
    assert np.isnan(found.parts[1])
    assert compare_portraits([nobody], [some], false_alarm=0.01) is None
    assert compare_portraits([], [], false_alarm=0.01) is None


def test_one_level_on_both_sides_is_no_distance():
    found = compare_portraits([np.array([500, 0])], [np.array([700, 0])], false_alarm=0.01)
    assert found.distance == 0


@pytest.mark.parametrize(
    ("distance", "band"),
    [
        (0.0, "nearly_identical"),
        (0.1, "rather_similar"),
        (0.29, "rather_similar"),
        (0.49, "some_difference"),
        (1.0, "clearly_different"),
    ],
)
def test_bands(distance, band):
    assert band_of(distance) == band
