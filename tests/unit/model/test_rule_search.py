from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personas.model.rule_search import BETA, COST, Attribute, LevelTable, search_rules

ORDERED, LISTED, YES_NO = 0, 1, 2


def make_table(n=2000, random_state=0):
    """An ordered attribute of 5 levels, an unordered one of 4, and a yes/no one; a tenth is unknown."""
    rng = np.random.default_rng(random_state)
    codes = [rng.integers(0, n_levels, n) for n_levels in (5, 4, 2)]
    codes = [np.where(rng.random(n) < 0.1, -1, c) for c in codes]
    attributes = [
        Attribute(c, k, is_ordered=o) for c, k, o in zip(codes, (5, 4, 2), (True, False, True), strict=True)
    ]
    return LevelTable(attributes), codes


def search(table, is_member, minimum_hits=1, minimum_effect=0.2):
    return search_rules(table, is_member, minimum_hits=minimum_hits, minimum_effect=minimum_effect)


def holds(conjunction, codes):
    return np.logical_and.reduce([np.isin(codes[i], levels) for i, levels in conjunction])


def test_terms_are_ranges_and_short_lists_but_never_all_levels():
    table, _ = make_table(10)

    ranges = {levels for i, levels in table.terms if i == ORDERED}
    lists = {levels for i, levels in table.terms if i == LISTED}
    assert ranges == {tuple(range(a, b)) for a in range(5) for b in range(a + 1, 6)} - {(0, 1, 2, 3, 4)}
    assert lists == {c for size in (1, 2, 3) for c in combinations(range(4), size)}
    assert {levels for i, levels in table.terms if i == YES_NO} == {(0,), (1,)}


@pytest.mark.parametrize("n", [1, 63, 64, 65, 1000])
def test_counts_are_those_of_the_boolean_masks(n):
    table, codes = make_table(n)
    conjunction = ((ORDERED, (1, 2, 3)), (YES_NO, (1,)))

    counts = table.counts(table.mask(conjunction))

    expected = [(holds(conjunction, codes) & np.isin(codes[i], levels)).sum() for i, levels in table.terms]
    assert counts.tolist() == expected


@pytest.mark.parametrize("seed", [3, 12, 16, 19])
def test_the_first_conjunction_is_the_best_there_is(seed):
    # A narrower beam, or one term per attribute, misses it.
    rng = np.random.default_rng(seed)
    kinds = ((7, True), (7, True), (4, False), (2, True))
    codes = [rng.integers(0, n_levels, 800) for n_levels, _ in kinds]
    distance = sum(((codes[i] - rng.integers(1, 6)) / rng.uniform(1.0, 2.5)) ** 2 for i in (0, 1))
    is_member = rng.random(800) < 0.9 * np.exp(-distance / 2) * np.where(codes[2] == 1, 1, 0.5) + 0.03
    table = LevelTable([Attribute(c, k, is_ordered=o) for c, (k, o) in zip(codes, kinds, strict=True)])

    def score(conjunction):
        mask = holds(conjunction, codes)
        words = sum(1 if kinds[i][1] else len(levels) for i, levels in conjunction)
        hits, users = (mask & is_member).sum(), mask.sum()
        return (1 + BETA**2) * hits / (BETA**2 * is_member.sum() + users) - COST * words

    found = search(table, is_member)[0]

    singles = [(term,) for term in table.terms]
    pairs = [tuple(sorted(c)) for c in combinations(table.terms, 2) if c[0][0] != c[1][0]]
    narrow = [term for term in table.terms if term[0] >= 2]
    triples = [(*c, term) for c in pairs if c[1][0] < 2 for term in narrow]
    assert score(found) == pytest.approx(max(map(score, singles + pairs + triples)))


def _yes_no(*columns):
    return LevelTable([Attribute(np.asarray(c, dtype=np.int64), 2, is_ordered=True) for c in columns])


def test_a_precise_conjunction_goes_before_one_that_reaches_more():
    user = np.arange(1000)
    precise, broad = user < 40, (user >= 10) & (user < 170)
    is_member = user < 100

    # F_0.5 of 40 hits in 40 is 1.25 x 40 / (25 + 40) = .77, of 90 in 160 it is .61; F_1 has it the other way.
    assert search(_yes_no(precise, broad), is_member)[0] == ((0, (1,)),)


@pytest.mark.parametrize(("n_misses", "is_worth_it"), [(2, False), (4, True)])
def test_a_condition_has_to_add_a_hundredth(n_misses, is_worth_it):
    user = np.arange(1000)
    is_member = user < 200
    mine, sharper = user < 204, (user < 204 - n_misses) | (user > 500)

    # 200 hits in 204 give .984; in 202 they give .992, in 200 they give 1.
    found = search(_yes_no(mine, sharper), is_member)

    assert found == ([((0, (1,)), (1, (1,)))] if is_worth_it else [((0, (1,)),)])


@pytest.mark.parametrize(("n_further", "is_worth_it"), [(5, False), (20, True)])
def test_a_listed_level_has_to_add_a_hundredth_too(n_further, is_worth_it):
    codes = np.concatenate([np.zeros(600), np.ones(200), np.full(200, 2), np.full(n_further, 3)]).astype(
        np.int64
    )
    table = LevelTable([Attribute(codes, 4, is_ordered=False)])

    assert search(table, codes >= 2) == ([((0, (2, 3)),)] if is_worth_it else [((0, (2,)),)])


def test_the_next_conjunction_is_about_the_members_that_are_left():
    table, codes = make_table()
    is_member = (codes[0] == 4) | ((codes[1] == 0) & (codes[2] == 1))

    assert set(search(table, is_member)) == {((ORDERED, (4,)),), ((LISTED, (0,)), (YES_NO, (1,)))}


def test_members_beyond_the_floor_and_a_clear_effect_are_needed():
    table, codes = make_table()
    is_member = codes[0] == 4

    assert search(table, is_member, minimum_hits=is_member.sum()) == [((ORDERED, (4,)),)]
    assert search(table, is_member, minimum_hits=is_member.sum() + 1) == []
    assert search(table, is_member, minimum_effect=np.pi) == []


def test_everybody_and_nobody_have_no_conjunction():
    table, _ = make_table(100)

    assert search(table, np.ones(100, dtype=bool)) == []
    assert search(table, np.zeros(100, dtype=bool)) == []


def test_an_attribute_of_one_level_makes_no_term():
    table = LevelTable([Attribute(np.zeros(100, dtype=np.int64), 1, is_ordered=True)])

    assert table.terms == []
    assert search(table, np.arange(100) < 50) == []


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 300))
def test_the_order_of_users_does_not_matter(seed, n):
    rng = np.random.default_rng(seed)
    _, codes = make_table(n, seed)
    is_member = rng.random(n) < np.where(codes[0] == seed % 5, 0.7, 0.2)
    order = rng.permutation(n)
    kinds = ((5, True), (4, False), (2, True))

    straight = LevelTable([Attribute(c, k, is_ordered=o) for c, (k, o) in zip(codes, kinds, strict=True)])
    shuffled = LevelTable(
        [Attribute(c[order], k, is_ordered=o) for c, (k, o) in zip(codes, kinds, strict=True)]
    )

    assert search(straight, is_member) == search(shuffled, is_member[order])
