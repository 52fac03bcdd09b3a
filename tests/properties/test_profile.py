"""What must hold of every profile, whatever the data."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from personas.features.base import FeatureSet, typed_columns
from personas.features.profile import profile_features
from personas.model.profile import profile_personas
from personas.model.suppress import protect_counts

LEVELS = ("T1", "T2", "T3", "T4")
FEATURES = FeatureSet(
    tuple(replace(f, levels=LEVELS) for f in profile_features() if f.name == "city_tier"),
)


@st.composite
def labelled(draw):
    counts = draw(arrays(np.int64, (3, 5), elements=st.integers(0, 80)))
    values = np.concatenate([np.repeat([*LEVELS, None], row) for row in counts])
    labels = np.repeat([0, 1, -1], counts.sum(axis=1))
    return typed_columns(pd.DataFrame({"city_tier": values}, dtype=object), FEATURES), labels, counts[:, :4]


@given(labelled())
@settings(deadline=None)
def test_shown_figures_are_in_range_and_never_small(case):
    data, labels, _ = case
    for persona in profile_personas(data, labels, FEATURES, n_personas=2):
        assert [trait.level for trait in persona] == list(LEVELS)
        for trait in persona:
            assert trait.n_users is None or trait.n_users == 0 or trait.n_users >= 20
            assert trait.share is None or 0 <= trait.share <= 1
            assert trait.q_value is None or 0 <= trait.q_value <= 1
            if trait.n_users is None:
                assert trait.share is trait.tgi is trait.tgi_lower is trait.tgi_upper is trait.q_value is None
            if trait.tgi_lower is not None:
                assert trait.tgi_lower <= trait.tgi + 1e-9
                assert trait.tgi <= trait.tgi_upper + 1e-9


@given(labelled())
@settings(deadline=None)
def test_shares_are_the_counted_ones_when_every_cell_may_be_shown(case):
    data, labels, counts = case
    for persona, row in zip(
        profile_personas(data, labels, FEATURES, n_personas=2, small_cell=1), counts, strict=False
    ):
        if row.sum():
            assert [t.share for t in persona] == pytest.approx(list(row / row.sum()))
            assert sum(t.base_share for t in persona) == pytest.approx(1)


@given(labelled(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_users_does_not_matter(case, random):
    data, labels, _ = case
    order = list(range(len(data)))
    random.shuffle(order)

    assert profile_personas(data, labels, FEATURES, n_personas=2) == profile_personas(
        data.iloc[order], labels[order], FEATURES, n_personas=2
    )


@given(arrays(np.int64, st.tuples(st.integers(3, 5), st.integers(2, 5)), elements=st.integers(0, 60)))
@settings(deadline=None, max_examples=40)
def test_no_suppressed_small_cell_follows_from_the_totals(counts):
    """Bound what is hidden as an attacker would who knows every row and column total."""
    counts[-1] = 0  # everybody has a persona: nothing is hidden for free
    safe, suppressed = protect_counts(counts, 20)
    hidden = np.argwhere(suppressed)
    small = np.argwhere((safe > 0) & (safe < 20))
    assert suppressed[tuple(small.T)].all()
    if (safe.sum(axis=1) > 0).sum() < 2 or not len(small):
        return
    equations = np.zeros((sum(safe.shape), len(hidden)))
    for unknown, (row, column) in enumerate(hidden):
        equations[row, unknown] = equations[safe.shape[0] + column, unknown] = 1
    totals = equations @ safe[suppressed]
    for row, column in small:
        if (safe[row] > 0).sum() == 1 and (safe.sum(axis=0) > 0).sum() == 1:
            continue  # everybody has the same level: nothing to hide behind
        goal = (hidden == (row, column)).all(axis=1).astype(float)
        ends = [linprog(sign * goal, A_eq=equations, b_eq=totals).fun * sign for sign in (1, -1)]
        assert ends[1] - ends[0] >= 1 - 1e-6
