import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.category.base import wilson_interval
from personas.category.incidence import FollowUp, cumulative_incidence

HORIZON = 5


def estimate(users):
    """Users as (day, bought) pairs; who has not bought is lost sight of on that day."""
    events, censored = np.zeros((2, 1, HORIZON + 1), dtype=np.int64)
    for day, is_event in users:
        (events if is_event else censored)[0, min(day, HORIZON)] += 1
    n_followed = sum(is_event or day >= HORIZON for day, is_event in users)
    figures = cumulative_incidence(
        FollowUp(np.array([len(users)]), np.array([n_followed]), events, censored), HORIZON
    )
    return tuple(float(figure[0]) for figure in figures)


def test_six_users_give_the_figure_worked_out_by_hand():
    # Day 0: 1 of 6; day 2, when one is gone: 1 of 4; day 4: 1 of 2. 1 - 5/6 * 3/4 * 1/2 = 11/16.
    users = [(0, True), (1, False), (2, True), (3, False), (4, True), (9, False)]
    assert estimate(users)[0] == pytest.approx(11 / 16)


def test_events_come_before_censorings_of_the_same_day():
    assert estimate([(1, True), (1, False), (9, False), (9, False)])[0] == pytest.approx(1 / 4)


def test_nobody_followed_to_the_end_gives_no_figure():
    assert all(np.isnan(estimate([(1, False), (2, False)])))


def test_the_interval_is_that_of_greenwoods_effective_number():
    users = [(0, True), (1, False), (2, True), (3, False), (4, True), (9, False)]
    share, low, high = estimate(users)
    greenwood = 1 / (6 * 5) + 1 / (4 * 3) + 1 / (2 * 1)
    n = share / ((1 - share) * greenwood)
    expected = wilson_interval([share * n], [n])
    assert (low, high) == pytest.approx((expected[0][0], expected[1][0]))


@given(st.lists(st.tuples(st.integers(0, HORIZON - 1), st.booleans()), min_size=1, max_size=12))
def test_without_censoring_it_is_the_plain_share_and_wilsons_interval(days):
    users = [(day, True) if is_event else (HORIZON, False) for day, is_event in days]
    k = sum(is_event for _, is_event in users)
    share, low, high = estimate(users)
    expected = wilson_interval([k], [len(users)])
    assert share == pytest.approx(k / len(users))
    assert (low, high) == pytest.approx((expected[0][0], expected[1][0]), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, HORIZON), st.booleans()), min_size=1, max_size=12))
def test_it_equals_a_product_over_users_ranked_by_time(days):
    users = [(day, is_event and day < HORIZON) for day, is_event in days]
    survival = 1.0
    for day in range(HORIZON):
        at_risk = sum(when >= day for when, _ in users)
        bought = sum(when == day and is_event for when, is_event in users)
        survival *= 1 - bought / at_risk if at_risk else 1
    share, low, high = estimate(users)
    if np.isnan(share):
        assert not any(is_event or day >= HORIZON for day, is_event in users)
    else:
        assert share == pytest.approx(1 - survival)
        assert low - 1e-12 <= share <= high + 1e-12
