"""Reach and taste of small groups, worked out by hand and by a plain loop over users."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from personas.errors import DataError
from personas.selection.quality import N_BOOTSTRAPS, SHRINKAGE, halves, judge

RATE_FLOOR, SHARE_FLOOR = 1e-4, 1e-6


def _users(*runs):
    """Return labels, outcomes and the estimating half from runs of (users, label, purchases, estimating)."""
    labels, outcomes, estimating = [], [], []
    for n, label, purchases, is_estimating in runs:
        labels += [label] * n
        outcomes += [purchases] * n
        estimating += [is_estimating] * n
    return np.array(labels), np.array(outcomes, dtype=float), np.array(estimating)


def _figures(quality):
    return quality.reach, quality.taste


def _world(seed, n_users=4_000, n_categories=5):
    """Return activity and taste of users, and the orders that follow from them."""
    random = np.random.default_rng(seed)
    activity = random.gamma(2.0, 1.0, n_users)
    taste = random.integers(0, 2, n_users)
    shares = random.dirichlet(np.full(n_categories, 3.0), size=2)
    return activity, taste, random.poisson(activity[:, None] * shares[taste])


def _reach_by_loop(labels, outcomes, pairs):
    """Return the skill over (estimating, judged) halves, user by user."""
    own_loss = base_loss = 0.0
    for estimating, judged in pairs:
        for u in judged:
            for c in range(outcomes.shape[1]):
                bought = [float(outcomes[v, c] > 0) for v in estimating]
                base = min(max(sum(bought) / len(bought), RATE_FLOOR), 1 - RATE_FLOOR)
                mates = [b for b, v in zip(bought, estimating, strict=True) if labels[v] == labels[u]]
                own = (sum(mates) + SHRINKAGE * base) / (len(mates) + SHRINKAGE)
                for rate, is_own in ((own, True), (base, False)):
                    loss = -math.log(rate if outcomes[u, c] > 0 else 1 - rate)
                    own_loss, base_loss = own_loss + loss * is_own, base_loss + loss * (not is_own)
    return 1 - own_loss / base_loss


def _taste_by_loop(labels, outcomes, pairs):
    """Return the mean bits over judged buyers, user by user."""
    gains = []
    for estimating, judged in pairs:
        buyers = [v for v in estimating if outcomes[v].sum() > 0]
        shares = {v: outcomes[v] / outcomes[v].sum() for v in buyers}
        base = np.mean([shares[v] for v in buyers], axis=0) + SHARE_FLOOR
        base = base / base.sum()
        for u in judged:
            if outcomes[u].sum() > 0:
                mates = [shares[v] for v in buyers if labels[v] == labels[u]]
                own = (sum(mates, np.zeros(len(base))) + SHRINKAGE * base) / (len(mates) + SHRINKAGE)
                gains.append(float(outcomes[u] / outcomes[u].sum() @ np.log2(own / base)))
    return float(np.mean(gains))


# --- worked out by hand


def test_reach_of_two_known_rates():
    # 20 of 20 against 0 of 20, base rate 1/2; with 20 average users added: 30/40 and 10/40.
    runs = [(20, 0, [1], True), (20, 1, [0], True), (7, 0, [1], False), (5, 1, [0], False)]
    reach = judge(*_users(*runs)).reach
    assert reach.value == pytest.approx(1 - math.log(3 / 4) / math.log(1 / 2), rel=1e-12)


def test_reach_is_negative_when_rates_mislead():
    runs = [(20, 0, [1], True), (20, 1, [0], True), (6, 0, [0], False), (6, 1, [1], False)]
    reach = judge(*_users(*runs)).reach
    assert reach.value == pytest.approx(1 - math.log(1 / 4) / math.log(1 / 2), rel=1e-12)


def test_reach_reads_whether_and_not_how_often():
    runs = [(20, 0, [1], True), (20, 1, [0], True), (7, 0, [1], False), (5, 1, [0], False)]
    labels, outcomes, estimating = _users(*runs)
    often = outcomes * np.arange(1, len(outcomes) + 1)[:, None]
    assert judge(labels, often, estimating).reach == judge(labels, outcomes, estimating).reach


def test_taste_of_two_known_shares():
    # Shares of 1 and 0, base 1/2; with 20 average users added: 30/40 against 1/2.
    runs = [
        (20, 0, [2, 0], True),
        (20, 1, [0, 5], True),
        (4, 0, [1, 0], False),
        (4, 1, [0, 9], False),
    ]
    taste = judge(*_users(*runs)).taste
    assert taste.value == pytest.approx(math.log2(1.5), rel=1e-12)
    assert taste.low == pytest.approx(taste.high, rel=1e-12)  # every buyer gains the same


def test_every_buyer_weighs_the_same_in_taste():
    # A buyer of group 0 who buys as group 1 does, once: log2(10/40 / (1/2)) = -1; the others gain log2(1.5).
    runs = [
        (20, 0, [1, 0], True),
        (20, 1, [0, 1], True),
        (3, 0, [50, 0], False),
        (1, 0, [0, 1], False),
    ]
    taste = judge(*_users(*runs)).taste
    assert taste.value == pytest.approx((3 * math.log2(1.5) - 1) / 4, rel=1e-12)


def test_those_who_buy_nothing_have_no_taste_but_count_for_reach():
    runs = [(20, 0, [1, 0], True), (20, 1, [0, 1], True), (4, 0, [1, 0], False), (4, 1, [0, 1], False)]
    idle = [(10, 0, [0, 0], False), (10, 1, [0, 0], False)]
    plain, diluted = judge(*_users(*runs)), judge(*_users(*runs, *idle))
    assert diluted.taste.value == pytest.approx(plain.taste.value, rel=1e-12)
    assert diluted.reach.value < plain.reach.value


def test_both_ways_judges_every_user_once():
    runs = [
        (12, 0, [1, 0], True),
        (8, 1, [0, 3], True),
        (3, 1, [2, 1], True),
        (9, 0, [1, 1], False),
        (11, 1, [0, 1], False),
        (4, 0, [0, 0], False),
    ]
    labels, outcomes, estimating = _users(*runs)
    first, second = np.flatnonzero(estimating), np.flatnonzero(~estimating)
    both = judge(labels, outcomes, estimating, both_ways=True)
    pairs = [(first, second), (second, first)]
    assert both.reach.value == pytest.approx(_reach_by_loop(labels, outcomes, pairs), rel=1e-12)
    assert both.taste.value == pytest.approx(_taste_by_loop(labels, outcomes, pairs), rel=1e-12)
    one = judge(labels, outcomes, estimating)
    assert one.reach.value == pytest.approx(_reach_by_loop(labels, outcomes, pairs[:1]), rel=1e-12)
    assert one.taste.value == pytest.approx(_taste_by_loop(labels, outcomes, pairs[:1]), rel=1e-12)
    swapped = judge(labels, outcomes, ~estimating, both_ways=True)
    assert swapped.reach.value == pytest.approx(both.reach.value, rel=1e-12)
    assert swapped.taste.value == pytest.approx(both.taste.value, rel=1e-12)


def test_a_group_that_nobody_estimates_has_base_rates():
    runs = [(20, 0, [1], True), (20, 1, [0], True), (8, 2, [1], False)]
    assert judge(*_users(*runs)).reach.value == pytest.approx(0.0, abs=1e-12)


# --- what the measures see, and what they don't


@pytest.mark.parametrize("seed", range(5))
def test_random_labels_tell_nothing(seed):
    _, _, outcomes = _world(seed)
    labels = np.random.default_rng(100 + seed).integers(0, 3, len(outcomes))
    quality = judge(labels, outcomes, halves(len(outcomes), seed), both_ways=True)
    for measure in (quality.reach, quality.taste):
        # Rates of random groups err, so the figure lies a trifle below 0, and the interval may too.
        assert abs(measure.value) < 0.01
        assert measure.low <= 0


@pytest.mark.parametrize("seed", range(5))
def test_many_random_groups_never_look_good(seed):
    _, _, outcomes = _world(seed, n_users=600)
    labels = np.random.default_rng(100 + seed).integers(0, 12, len(outcomes))
    quality = judge(labels, outcomes, halves(len(outcomes), seed), both_ways=True)
    assert quality.reach.low <= 0
    assert quality.taste.low <= 0


@pytest.mark.parametrize("seed", range(5))
def test_tiers_of_activity_have_reach_but_no_taste(seed):
    activity, _, outcomes = _world(seed)
    tiers = np.searchsorted(np.quantile(activity, [0.25, 0.5, 0.75]), activity)
    quality = judge(tiers, outcomes, halves(len(outcomes), seed), both_ways=True)
    assert quality.reach.low > 0.02
    assert abs(quality.taste.value) < 0.01
    assert quality.taste.low <= 0


@pytest.mark.parametrize("seed", range(5))
def test_planted_taste_is_found(seed):
    activity, taste, outcomes = _world(seed)
    both = taste * 2 + (activity > np.median(activity))
    split = halves(len(outcomes), seed)
    by_taste, by_both = judge(taste, outcomes, split), judge(both, outcomes, split)
    assert by_taste.taste.low > 0
    assert by_both.reach.value > by_taste.reach.value
    assert by_both.taste.value == pytest.approx(by_taste.taste.value, abs=0.01)


def test_noise_is_a_group_of_its_own():
    activity, taste, outcomes = _world(0, n_users=500)
    split = halves(len(outcomes), 0)
    assert _figures(judge(taste - 1, outcomes, split)) == _figures(judge(taste, outcomes, split))
    three = np.where(activity > 3, 2, taste)
    assert _figures(judge(three - 1, outcomes, split)) == _figures(judge(three, outcomes, split))
    merged = np.maximum(three - 1, 0)
    assert _figures(judge(merged, outcomes, split)) != _figures(judge(three, outcomes, split))


def test_nobody_buys_so_taste_is_not_defined():
    labels = np.array([0, 1, 0, 1])
    half = np.array([True, True, False, False])
    assert judge(labels, np.zeros((4, 2)), half).taste is None
    one_half = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    assert judge(labels, one_half, half).taste is None
    assert judge(labels, one_half, ~half).taste is None
    both = judge(labels, one_half, half, both_ways=True)
    assert both.taste is None
    assert both.taste_draws is None


# --- intervals


def test_the_interval_holds_the_figure_and_narrows_with_users():
    widths = []
    for n_users in (400, 6_400):
        activity, _, outcomes = _world(1, n_users=n_users)
        tiers = (activity > np.median(activity)).astype(int)
        reach = judge(tiers, outcomes, halves(n_users, 0), both_ways=True).reach
        assert reach.low < reach.value < reach.high
        assert reach.error == pytest.approx((reach.high - reach.low) / (2 * 1.96), rel=0.3)
        widths.append(reach.high - reach.low)
    assert widths[0] / widths[1] == pytest.approx(4.0, rel=0.5)  # 16 times the users


def test_the_seed_draws_the_interval_only():
    _, taste, outcomes = _world(2, n_users=300)
    split = halves(300, 0)
    first, again, other = (judge(taste, outcomes, split, random_state=seed) for seed in (3, 3, 4))
    assert _figures(first) == _figures(again)
    assert other.reach.value == first.reach.value
    assert other.taste.value == first.taste.value
    assert other.reach.low != first.reach.low


def test_the_interval_is_that_of_the_draws():
    _, taste, outcomes = _world(3, n_users=300)
    quality = judge(taste, outcomes, halves(300, 0))
    for measure, draws in ((quality.reach, quality.reach_draws), (quality.taste, quality.taste_draws)):
        assert draws.shape == (N_BOOTSTRAPS,)
        assert np.quantile(draws, [0.025, 0.975]).tolist() == [measure.low, measure.high]
        assert measure.error == draws.std()


def test_solutions_are_compared_on_the_same_resamples():
    activity, taste, outcomes = _world(4, n_users=2_000)
    split = halves(2_000, 0)
    finer = taste * 2 + (
        activity > 4
    )  # much the same groups: what a resample does to one it does to the other
    first, second, other = (
        judge(labels, outcomes, split, random_state=seed)
        for labels, seed in ((taste, 0), (finer, 0), (finer, 1))
    )
    assert np.corrcoef(first.taste_draws, second.taste_draws)[0, 1] > 0.9
    assert abs(np.corrcoef(first.taste_draws, other.taste_draws)[0, 1]) < 0.3


def test_halves_are_random_halves():
    assert halves(7, 0).sum() == 3
    np.testing.assert_array_equal(halves(50, 1), halves(50, 1))
    assert (halves(50, 1) != halves(50, 2)).any()


# --- bad input


@pytest.mark.parametrize(
    ("labels", "outcomes", "estimating"),
    [
        (np.zeros(3, int), np.ones((4, 2)), np.array([True, False, True, False])),
        (np.zeros(4, int), np.ones((4, 2)), np.array([True, False])),
        (np.zeros(4, int), np.ones(4), np.array([True, False, True, False])),
    ],
)
def test_rows_that_do_not_fit_are_refused(labels, outcomes, estimating):
    with pytest.raises(DataError, match="expected one row each per user"):
        judge(labels, outcomes, estimating)


@pytest.mark.parametrize("all_estimate", [True, False])
def test_an_empty_half_is_refused(all_estimate):
    with pytest.raises(DataError, match="One half of the users is empty"):
        judge(np.zeros(4, int), np.ones((4, 2)), np.full(4, all_estimate))


# --- properties

_SMALL = st.integers(4, 14).flatmap(
    lambda n: st.tuples(
        arrays(np.int64, n, elements=st.integers(-1, 3)),
        arrays(np.float64, (n, 3), elements=st.integers(0, 4).map(float)),
        st.integers(1, n - 1),
    )
)


@given(_SMALL, st.permutations(range(5)))
def test_names_of_groups_do_not_matter(world, names):
    labels, outcomes, n_estimating = world
    half = np.arange(len(labels)) < n_estimating
    renamed = np.array(names)[labels + 1]
    first, second = judge(labels, outcomes, half), judge(renamed, outcomes, half)
    assert first.reach.value == pytest.approx(second.reach.value, abs=1e-12)
    assert (first.taste is None) == (second.taste is None)
    if first.taste and second.taste:
        assert first.taste.value == pytest.approx(second.taste.value, abs=1e-12)


@given(_SMALL)
def test_figures_are_those_of_a_loop_over_users(world):
    labels, outcomes, n_estimating = world
    half = np.arange(len(labels)) < n_estimating
    quality = judge(labels, outcomes, half)
    pairs = [(np.flatnonzero(half), np.flatnonzero(~half))]
    assert quality.reach.value == pytest.approx(_reach_by_loop(labels, outcomes, pairs), abs=1e-9)
    if quality.taste is not None:
        assert quality.taste.value == pytest.approx(_taste_by_loop(labels, outcomes, pairs), abs=1e-9)


def test_reach_and_taste_of_one_draw_are_of_the_same_users():
    # A user who buys what the group buys raises both; other users in each would hide it.
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, 600)
    own = rng.random(600) < 0.8
    outcomes = np.zeros((600, 2))
    outcomes[np.arange(600), np.where(own, labels, 1 - labels)] = 1.0
    quality = judge(labels, outcomes, np.arange(600) % 2 == 0)
    assert np.corrcoef(quality.reach_draws, quality.taste_draws)[0, 1] > 0.9
