from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.cluster import LatentClass
from personas.errors import ConfigError
from personas.features import columns_of
from personas.model.base import Card, Persona
from personas.model.macro import (
    group_probability,
    macros_of,
    merge_by_entropy,
    persona_probability,
    with_macros,
)
from personas.schema import Text
from personas.scorecard.reference import evaluate

NOTHING = Text("", "")


def persona(persona_id, zh, en, share):
    card = Card(NOTHING, NOTHING, NOTHING, (), NOTHING)
    return Persona(persona_id, Text(zh, en), "traits", None, share, round(1000 * share), (), card)


@pytest.fixture(scope="module")
def four_classes():
    """Four classes on a plane, two of which overlap, found by a mixture of four."""
    random = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [3.2, 0.0], [20.0, 0.0], [0.0, 20.0]])
    group = np.repeat(np.arange(4), [500, 400, 400, 200])
    users = pd.DataFrame(random.normal(centres[group]), columns=["x", "y"])
    model = LatentClass(4, n_init=2, random_state=0, prior_count=1).fit(users)
    return users, group, model


def test_the_two_classes_that_overlap_are_merged(four_classes):
    users, group, model = four_classes
    probability = persona_probability(model.score_terms(), users)
    np.testing.assert_allclose(probability, model.predict_proba(users), atol=1e-9)
    groups = merge_by_entropy(probability, 3)
    of_group = [np.bincount(model.labels_[group == g]).argmax() for g in range(4)]
    merged = [groups[label] for label in of_group]
    assert merged == [0, 0, 1, 2]  # 900, 400 and 200 users
    added = group_probability(probability, groups)
    np.testing.assert_allclose(added.sum(axis=1), 1.0)
    np.testing.assert_allclose(
        added[:, 0], probability[:, of_group[0]] + probability[:, of_group[1]], atol=1e-12
    )


def test_the_scorecard_stays_and_each_persona_gets_the_id_of_its_group(four_classes):
    users, _, model = four_classes
    card = model.score_terms()
    share = np.bincount(evaluate(card, columns_of(users)).label) / len(users)
    flat = tuple(persona(f"P0{k + 1}", f"第{k}", f"number {k}", share[k]) for k in range(4))
    grouped = with_macros(flat, card, users, 3)
    assert tuple(replace(p, macro=None) for p in grouped) == flat
    groups = merge_by_entropy(persona_probability(card, users), 3)
    assert [p.macro for p in grouped] == [f"M{g + 1}" for g in groups]
    macros = macros_of(grouped)
    assert [m.macro_id for m in macros] == ["M1", "M2", "M3"]
    assert sum(m.share for m in macros) == pytest.approx(1.0)
    assert [len(m.persona_ids) for m in macros] == [2, 1, 1]
    assert sum(m.n_users for m in macros) == sum(p.n_users for p in flat)


def test_the_pair_that_lowers_the_entropy_most_is_merged_first():
    # -sum t log t: 0 and 1 share .5/.5 (2 users: 2 ln 2 = 1.39), 2 and 3 share .9/.1 (4 users: 4 * .325 = 1.30).
    probability = np.array([[0.5, 0.5, 0, 0]] * 2 + [[0, 0, 0.9, 0.1]] * 4 + [[1.0, 0, 0, 0]])
    assert merge_by_entropy(probability, 3) == (1, 1, 0, 2)
    assert merge_by_entropy(probability, 2) == (1, 1, 0, 0)
    assert merge_by_entropy(probability, 1) == (0, 0, 0, 0)


def test_a_tie_goes_to_the_lower_personas():
    probability = np.array([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]])
    assert merge_by_entropy(probability, 3) == (0, 0, 1, 2)


def test_as_many_groups_as_personas_or_more_merge_nothing():
    probability = np.array([[0.2, 0.8], [0.4, 0.6]])
    assert merge_by_entropy(probability, 2) == merge_by_entropy(probability, 5) == (1, 0)
    with pytest.raises(ConfigError, match="expected at least 1"):
        merge_by_entropy(probability, 0)


def test_a_macro_persona_is_called_by_the_present_names_of_its_personas():
    first, second, third = (
        replace(persona("P01", "甲", "A", 0.5), macro="M2"),
        replace(persona("P02", "乙", "B", 0.3), macro="M1"),
        replace(persona("P03", "丙", "C", 0.2), macro="M2"),
    )
    small, large = macros_of((first, second, third))
    assert (small.macro_id, small.name, small.persona_ids) == ("M1", Text("乙", "B"), ("P02",))
    assert (large.name, large.persona_ids, large.n_users) == (Text("甲＋丙", "A + C"), ("P01", "P03"), 700)
    assert large.share == pytest.approx(0.7)
    renamed = replace(third, name=Text("丁", "D"))
    assert macros_of((first, second, renamed))[1].name == Text("甲＋丁", "A + D")
    assert [m.macro_id for m in macros_of([replace(first, macro=f"M{k}") for k in range(1, 12)])][-2:] == [
        "M10",
        "M11",
    ]
    assert macros_of((persona("P01", "甲", "A", 1.0),)) == ()


@given(st.integers(0, 10_000), st.integers(2, 7), st.integers(1, 7))
def test_groups_are_numbered_by_size_and_keep_the_probability(random_state, n_personas, n_groups):
    probability = np.random.default_rng(random_state).dirichlet(np.full(n_personas, 0.3), size=30)
    groups = merge_by_entropy(probability, n_groups)
    assert set(groups) == set(range(min(n_groups, n_personas)))
    added = group_probability(probability, groups)
    np.testing.assert_allclose(added.sum(axis=1), 1.0)
    assert (np.diff(added.sum(axis=0)) <= 1e-9).all()
