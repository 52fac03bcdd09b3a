"""How stable each persona is, by hand-computed overlaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from personas.errors import DataError
from personas.selection.jaccard import (
    HIGHLY_STABLE_JACCARD,
    PATTERN_JACCARD,
    STABLE_JACCARD,
    across_stability,
    contingency,
    jaccard_matrix,
    origin_shares,
    persona_jaccards,
    stability_word,
    temporal_stability,
)

nan = np.nan


def _labels(*runs):
    """Return labels from runs of (label, number of users)."""
    return np.repeat([label for label, _ in runs], [length for _, length in runs]).astype(np.int32)


def _panels(n_labelings):
    """Return labelings of one panel, noise and empty personas included."""
    return st.integers(0, 30).flatmap(
        lambda n: st.tuples(*[arrays(np.int32, n, elements=st.integers(-1, 4)) for _ in range(n_labelings)])
    )


def _jaccard_of_sets(first, second):
    return len(first & second) / len(first | second)


def _groups(labels):
    return {int(k): set(np.flatnonzero(labels == k)) for k in np.unique(labels) if k >= 0}


# --- overlaps


def test_the_table_leaves_out_users_without_a_label_on_either_side():
    table = contingency(np.array([0, 0, 1, -1, 1]), np.array([1, 1, -1, 0, 0]), 2, 3)
    assert table.tolist() == [[0, 2, 0], [1, 0, 0]]


def test_users_without_a_label_on_one_side_still_count_in_the_union():
    assert jaccard_matrix(_labels((0, 4)), _labels((0, 1), (-1, 3)), 1, 1).tolist() == [[0.25]]
    assert jaccard_matrix(_labels((0, 1), (-1, 3)), _labels((0, 4)), 1, 1).tolist() == [[0.25]]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.array([0, 1]), np.array([0]), "of 2 and of 1 users"),
        (np.array([0, 2]), np.array([0, 1]), "from 0 to 2; expected -1 .none. to 1"),
        (np.array([0, -2]), np.array([0, 1]), "from -2 to 0"),
        (np.array([0, 1]), np.array([0.0, 1.0]), "float64"),
        (np.array([[0, 1]]), np.array([[0, 1]]), r"shape \(1, 2\)"),
    ],
)
def test_labels_that_cannot_be_compared_are_refused(first, second, message):
    with pytest.raises(DataError, match=message):
        contingency(first, second, 2, 2)


# --- within: SLSw


def test_the_mean_over_refits_is_that_worked_out_by_hand():
    reference = _labels((0, 6), (1, 4))
    renamed = _labels((1, 6), (0, 4))  # the same groups: 1 and 1
    shifted = _labels((0, 4), (1, 6))  # 4 of 6 shared; 4 of 6
    split = _labels((0, 3), (1, 3), (2, 4))  # 3 of 6; 4 of 4
    np.testing.assert_allclose(
        persona_jaccards(reference, [renamed, shifted, split]),
        [(1 + 2 / 3 + 1 / 2) / 3, (1 + 2 / 3 + 1) / 3],
        rtol=1e-15,
    )


def test_one_group_of_a_refit_may_be_the_best_of_several_personas():
    merged = _labels((0, 2), (1, 4))
    assert persona_jaccards(_labels((0, 2), (1, 2), (2, 2)), [merged]).tolist() == [1.0, 0.5, 0.5]


def test_a_persona_that_a_refit_calls_noise_is_not_found_in_it():
    reference = _labels((0, 2), (1, 2))
    found = persona_jaccards(reference, [_labels((-1, 2), (0, 2)), _labels((0, 2), (1, 2))])
    assert found.tolist() == [0.5, 1.0]
    assert persona_jaccards(reference, [_labels((-1, 4))]).tolist() == [0.0, 0.0]


def test_noise_is_no_group_that_a_persona_is_found_in():
    assert persona_jaccards(_labels((0, 2), (-1, 2)), [_labels((0, 2), (-1, 2))]).tolist() == [1.0]


def test_a_persona_that_nobody_has_is_not_measured():
    reference = _labels((0, 2), (2, 2))
    np.testing.assert_array_equal(persona_jaccards(reference, [reference], n_personas=4), [1, nan, 1, nan])
    assert persona_jaccards(_labels((-1, 3)), [_labels((0, 3))]).shape == (0,)


def test_refits_in_pairs_give_the_mean_of_all_of_them():
    # flexclust's slswFlexclust averages the two refits of each pair, then its summary averages the pairs.
    random = np.random.default_rng(0)
    reference = random.integers(0, 3, 60)
    refits = [np.where(random.random(60) < 0.7, reference, random.integers(0, 3, 60)) for _ in range(6)]
    pairs = [persona_jaccards(reference, refits[at : at + 2]) for at in (0, 2, 4)]
    np.testing.assert_allclose(persona_jaccards(reference, refits), np.mean(pairs, axis=0), rtol=1e-14)


def test_without_refits_or_with_another_panel_it_says_what_is_wrong():
    with pytest.raises(DataError, match="no refit"):
        persona_jaccards(np.array([0, 1]), [])
    with pytest.raises(DataError, match="of 2 and of 3 users"):
        persona_jaccards(np.array([0, 1]), [np.array([0, 1]), np.array([0, 1, 1])])
    with pytest.raises(DataError, match=r"expected -1 .none. to 0"):
        persona_jaccards(np.array([0, 1]), [np.array([0, 1])], n_personas=1)


@given(_panels(3))
def test_it_is_what_sets_of_users_say(labelings):
    reference, *refits = labelings
    found = persona_jaccards(reference, refits)
    groups = _groups(reference)
    for persona, value in enumerate(found):
        if persona not in groups:
            assert np.isnan(value)
            continue
        best = [
            max((_jaccard_of_sets(groups[persona], other) for other in _groups(refit).values()), default=0)
            for refit in refits
        ]
        assert value == pytest.approx(np.mean(best))


@given(_panels(2), st.permutations(range(5)), st.randoms(use_true_random=False))
def test_names_of_groups_and_order_of_users_do_not_matter(labelings, names, random):
    reference, refit = labelings
    order = random.sample(range(len(reference)), len(reference))
    renamed = np.append(names, -1)[refit]  # -1 picks the last: noise stays noise
    np.testing.assert_array_equal(
        persona_jaccards(reference[order], [renamed[order]]), persona_jaccards(reference, [refit])
    )


# --- the scale


@pytest.mark.parametrize(
    ("jaccard", "word"),
    [
        (0.0, "not to be trusted"),
        (0.5999, "not to be trusted"),
        (PATTERN_JACCARD, "a pattern with doubtful members"),
        (0.7499, "a pattern with doubtful members"),
        (STABLE_JACCARD, "stable"),
        (0.8499, "stable"),
        (HIGHLY_STABLE_JACCARD, "highly stable"),
        (1.0, "highly stable"),
        (nan, "not measured"),
    ],
)
def test_each_step_of_the_scale_has_its_word(jaccard, word):
    assert stability_word(jaccard).en == word
    assert stability_word(jaccard).zh


def test_the_scale_is_the_one_of_clusterboot():
    assert (PATTERN_JACCARD, STABLE_JACCARD, HIGHLY_STABLE_JACCARD) == (0.6, 0.75, 0.85)


@pytest.mark.parametrize("jaccard", [-0.01, 1.01, np.inf])
def test_what_is_no_jaccard_is_refused(jaccard):
    with pytest.raises(DataError, match="expected 0 to 1"):
        stability_word(jaccard)


# --- across: SLSa


def test_a_persona_split_in_two_leaves_all_three_at_one():
    previous, now = _labels((0, 4), (1, 6)), _labels((2, 4), (0, 3), (1, 3))
    assert origin_shares(now, previous).tolist() == [[0, 1], [0, 1], [1, 0]]
    assert across_stability(now, previous).tolist() == [1.0, 1.0, 1.0]


def test_a_persona_from_everywhere_alike_is_at_zero():
    # With five previous personas the formula comes out at -2e-16.
    previous, now = np.repeat(np.arange(5), 2), np.tile([0, 1], 5)
    assert across_stability(now, previous).tolist() == [0.0, 0.0]


def test_in_between_the_entropy_is_that_worked_out_by_hand():
    # 3 of 4 from one of two: 1 + (.75 log2 .75 + .25 log2 .25) = .188722
    found = across_stability(_labels((0, 4), (1, 4)), _labels((0, 3), (1, 5)))
    np.testing.assert_allclose(found, [1 - 0.8112781244591328, 1.0], rtol=1e-12)
    # 2, 1, 1 of 4 from three: entropy 1.5 bits of log2(3) = 1.584963
    found = across_stability(_labels((0, 4), (1, 3)), _labels((0, 2), (1, 1), (2, 4)))
    np.testing.assert_allclose(found, [1 - 1.5 / np.log2(3), 1.0], rtol=1e-12)


def test_personas_that_nobody_had_do_not_count_among_the_previous_ones():
    now = np.array([0, 0, 1, 1])
    assert across_stability(now, np.array([0, 3, 0, 3])).tolist() == [0.0, 0.0]


def test_users_without_a_persona_are_left_out_of_the_origins():
    now, previous = np.array([0, 0, 0, -1, 1]), np.array([0, 1, -1, 0, -1])
    np.testing.assert_array_equal(origin_shares(now, previous), [[0.5, 0.5], [nan, nan]])
    np.testing.assert_array_equal(across_stability(now, previous), [0, nan])
    np.testing.assert_array_equal(across_stability(now, previous, n_personas=3), [0, nan, nan])


def test_one_previous_persona_tells_nothing_apart():
    np.testing.assert_array_equal(across_stability(np.array([0, 1]), np.array([0, 0])), [nan, nan])
    np.testing.assert_array_equal(across_stability(np.array([0, 1]), np.array([-1, -1])), [nan, nan])


@given(_panels(2))
def test_origins_add_up_and_the_measure_stays_between_zero_and_one(labelings):
    now, previous = labelings
    shares, stability = origin_shares(now, previous), across_stability(now, previous)
    told = (shares >= 0).any(axis=1)
    np.testing.assert_allclose(shares[told].sum(axis=1), 1)
    known = stability[~np.isnan(stability)]
    assert ((known >= 0) & (known <= 1)).all()


@given(_panels(2))
def test_parts_of_the_previous_personas_are_all_at_one(labelings):
    previous, cut = labelings
    pairs = previous.astype(np.int64) * 6 + cut + 1
    parts = np.where(previous >= 0, np.unique(pairs, return_inverse=True)[1], -1)
    stability = across_stability(parts, previous)
    assert set(stability[~np.isnan(stability)]) <= {1.0}


# --- over time


def test_kept_shares_are_those_counted_by_hand():
    then = _labels((0, 4), (1, 5), (2, 1))
    now = np.array([0, 0, 0, 1, 1, 1, 1, 0, 2, 0])
    found = temporal_stability(then, now, n_personas=4)
    np.testing.assert_allclose(found.kept_shares, [3 / 4, 3 / 5, 0, nan])
    assert found.kept_share == pytest.approx(6 / 10)


def test_the_ari_is_that_worked_out_by_hand():
    # 1 pair together in both, of 2 and 1 in each; expected 2 x 1 / 6: (1 - 1/3) / (3/2 - 1/3) = 4/7
    assert temporal_stability(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])).ari == pytest.approx(4 / 7)


def test_exchanged_personas_are_not_kept_though_the_groups_are_the_same():
    found = temporal_stability(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    assert (found.kept_shares.tolist(), found.kept_share, found.ari) == ([0.0, 0.0], 0.0, 1.0)


def test_who_lost_their_persona_has_not_kept_it_and_who_had_none_is_left_out():
    found = temporal_stability(np.array([0, 0, 1, 1, -1]), np.array([0, -1, 1, 1, 0]))
    assert (found.kept_shares.tolist(), found.kept_share, found.ari) == ([0.5, 1.0], 0.75, 1.0)


def test_without_anybody_nothing_is_measured():
    found = temporal_stability(np.array([-1, -1]), np.array([0, 1]))
    assert np.isnan([*found.kept_shares, found.kept_share, found.ari]).all()


def test_a_large_persona_is_kept_by_chance_but_the_ari_is_not():
    random = np.random.default_rng(3)
    then, now = random.choice(2, (2, 5_000), p=[0.8, 0.2])
    found = temporal_stability(then, now)
    assert found.kept_shares[0] == pytest.approx(0.8, abs=0.02)
    assert found.ari == pytest.approx(0, abs=0.02)
