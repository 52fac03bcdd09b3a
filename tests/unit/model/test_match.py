import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from personas.errors import DataError
from personas.model.changes import Panel
from personas.model.identity import IdentityEvent
from personas.model.match import KEPT_JACCARD, align, match_personas
from personas.model.portrait import Portrait
from personas.schema import Text


def test_first_personas_are_numbered_by_size():
    match = match_personas(None, np.repeat([0, 1, 2], [10, 30, 20]), (), 3)

    assert match.persona_ids == ("P03", "P01", "P02")
    assert match.events == ()


def test_a_persona_keeps_its_id_whatever_its_row():
    old = np.repeat([0, 1, 2], 100)

    match = match_personas(old, np.repeat([2, 0, 1], 100), ["P01", "P02", "P07"], 3)

    assert match.persona_ids == ("P02", "P07", "P01")
    assert match.events[0] == IdentityEvent("kept", "P01", n_users=100, overlap=1.0)
    assert match.events[0].text() == Text("P01 保留（重合度 100%）", "P01 kept (overlap 100%)")
    assert len(match.events) == 3


def test_the_id_of_a_persona_that_dissolves_is_not_given_again():
    old = np.repeat([0, 1], 100)
    new = np.repeat([0, 1, 2, 3], [100, 40, 30, 30])

    match = match_personas(old, new, ["P01", "P02"], 4)

    assert match.persona_ids == ("P01", "P03", "P04", "P05")
    assert [event.kind for event in match.events] == ["kept", "split"]
    assert match.events[1].others == ("P03", "P04", "P05")
    assert match.events[1].shares == (0.4, 0.3, 0.3)


def test_ids_of_earlier_models_are_never_given_again():
    match = match_personas(np.zeros(10, dtype=int), np.arange(10) % 2, ["P01"], 2, used_ids=["P01", "P09"])

    assert match.persona_ids == ("P01", "P10")


def test_half_of_the_overlap_is_enough_and_ties_go_to_the_lower_row():
    match = match_personas(np.zeros(10, dtype=int), np.repeat([0, 1], 5), ["P01"], 2)

    assert match.persona_ids == ("P01", "P02")


def test_overlap_counts_users_that_either_model_leaves_out():
    old = np.array([0, 0, 0, -1, -1, -1, -1])
    new = np.array([0, 0, 0, 0, 0, 0, 0])

    assert match_personas(old, new, ["P01"], 1).persona_ids == ("P02",)


def test_when_the_old_model_cannot_label_all_personas_are_new():
    match = match_personas(None, np.array([0, 1]), ["P01", "P02"], 2)

    assert match.persona_ids == ("P03", "P04")
    assert {event.text().en for event in match.events} == {
        "P03 new",
        "P04 new",
        "P01 retired",
        "P02 retired",
    }
    assert {event.by for event in match.events} == {"profiles"}


def test_panels_of_different_size_are_refused():
    with pytest.raises(DataError, match="same users"):
        match_personas(np.zeros(3, dtype=int), np.zeros(4, dtype=int), ["P01"], 1)


def _portrait(**shares):
    return Portrait({name: {"yes": share} for name, share in shares.items()})


def test_without_a_panel_nearly_identical_portraits_that_are_closest_to_each_other_match():
    old = [_portrait(car=0.9, pet=0.1), _portrait(car=0.1, pet=0.9)]
    new = [_portrait(car=0.5, pet=0.5), _portrait(car=0.12, pet=0.88)]

    match = match_personas(None, np.array([0, 1]), ["P01", "P02"], 2, portraits=(old, new))

    assert match.persona_ids == ("P03", "P02")
    assert match.by == "profiles"
    assert [(e.kind, e.persona_id) for e in match.events] == [
        ("kept", "P02"),
        ("new", "P03"),
        ("retired", "P01"),
    ]
    assert match.events[0].distance == pytest.approx(0.02)
    assert match.events[2].others == ("P03",)


def test_two_portraits_that_are_equally_close_are_matched_to_nobody():
    alike = [_portrait(car=0.5), _portrait(car=0.5)]

    match = match_personas(None, np.array([0, 1]), ["P01", "P02"], 2, portraits=(alike, alike))

    assert match.persona_ids == ("P03", "P04")


def test_newcomers_whom_the_old_model_counts_to_a_persona_do_not_take_its_id_away():
    old = np.zeros(200, dtype=int)
    new = np.repeat([0, 1], [90, 110])
    then, newcomers = _portrait(tea=0.9, bikes=0.0), _portrait(tea=0.0, bikes=0.9)

    match = match_personas(old, new, ["P01"], 2, portraits=([then], [then, newcomers]))

    assert match.persona_ids == ("P01", "P02")
    assert [event.text().en for event in match.events] == [
        "P01 kept (overlap 100%)",
        "P02 new (largest part, 100%, was in P01)",
    ]


def test_more_personas_than_before_leave_the_others_their_ids():
    old = np.repeat([0, 1, 2], 100)
    new = np.repeat([2, 0, 1, 3], [100, 100, 60, 40])

    assert match_personas(old, new, ["P01", "P02", "P03"], 4).persona_ids == ("P02", "P03", "P01", "P04")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=60))
def test_greedy_pairs_overlap_as_much_as_the_best_assignment(pairs):
    old, new = np.array(pairs).T
    jaccard = Panel.of(old, new, 4, 5).jaccard
    worth = np.where(jaccard >= KEPT_JACCARD, jaccard, 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)

    ids = match_personas(old, new, ["P01", "P02", "P03", "P04"], 5).persona_ids

    kept = [(int(name[1:]) - 1, row) for row, name in enumerate(ids) if int(name[1:]) <= 4]
    assert sum(worth[pair] for pair in kept) == pytest.approx(worth[rows, columns].sum())
    assert all(worth[pair] > 0 for pair in kept)


@given(st.permutations(range(5)), st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_alignment_undoes_a_renaming(renaming, labels):
    reference = np.array(labels)
    renamed = np.array(renaming)[reference]

    np.testing.assert_array_equal(align(reference, renamed, size=5)[renamed], reference)


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)), min_size=1, max_size=60))
def test_alignment_is_a_permutation_that_never_agrees_less(pairs):
    reference, other = np.array(pairs).T

    permutation = align(reference, other, size=4)

    assert sorted(permutation) == [0, 1, 2, 3]
    both = (reference >= 0) & (other >= 0)
    assert (permutation[other[both]] == reference[both]).sum() >= (other[both] == reference[both]).sum()
