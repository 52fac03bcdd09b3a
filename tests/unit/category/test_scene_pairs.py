"""Pairs of categories and what chance alone would give, by hand."""

import ibis
import numpy as np
import pyarrow as pa
import pytest

from personas.category.scene_pairs import (
    CategorySets,
    compute_co_purchase,
    pair_table,
    read_category_sets,
    substitute_matrix,
)


def test_users_are_collapsed_to_sets_and_rare_categories_left_out_first():
    lines = [("u1", "a"), ("u1", "a"), ("u1", "b"), ("u2", "b"), ("u2", "a"), ("u3", "b"), ("u3", "rare")]
    users, categories = zip(*lines, strict=True)
    bought = ibis.memtable(pa.table({"user_id": users, "category": categories}))
    sets = read_category_sets(bought, min_buyers=2)
    found = {tuple(held.tolist()): int(n) for held, n in zip(sets.bought, sets.n_users, strict=True)}
    assert sets.categories == ("a", "b")
    assert found == {(True, True): 2, (False, True): 1}
    assert read_category_sets(bought, min_buyers=2, always=["rare", "unseen"]).categories == (
        "a",
        "b",
        "rare",
    )
    assert read_category_sets(bought, min_buyers=9).categories == ()


def test_weight_is_the_excess_over_the_spread():
    # Six users hold two of four categories, each held by three: each pair is expected once; the spread is 6 / 4.
    held = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]], dtype=bool)
    found = compute_co_purchase(CategorySets(tuple("ABCD"), held, np.array([2, 2, 1, 1])))
    assert found.spread == pytest.approx([1.5] * 4)
    assert found.weight[0, 1:] == pytest.approx([(2 - 1) / 1.5, 0, (0 - 1) / 1.5])


def test_substitutes_go_with_the_same_and_not_with_each_other():
    # Pairs only: either of two robots with door, lamp or curtain, never both; x, y and z among themselves.
    names = ("curtain", "door", "lamp", "robot1", "robot2", "x", "y", "z")
    often = [f"{third} {robot}" for robot in ("robot1", "robot2") for third in ("curtain", "door", "lamp")]
    often += ["x y", "y z", "x z"]
    sets = [*often, "door x", "lamp y", "robot1 z", "robot2 x", "curtain z"]
    held = np.array([[name in text.split() for name in names] for text in sets])
    found = compute_co_purchase(CategorySets(names, held, np.array([60] * 9 + [10] * 5)))
    pairs = pair_table(found).set_index(["category_a", "category_b"])
    assert pairs.loc[("robot1", "robot2"), "relation"] == "substitute"
    assert pairs.loc[("door", "robot1"), "relation"] == "complement"
    assert pairs.loc[("robot1", "x"), "relation"] == ""  # bought by other people, which is no substitution
    matrix = substitute_matrix(pairs.reset_index(), found)
    assert matrix[3, 4]
    assert (matrix == matrix.T).all()
    assert not matrix[3, 5]
