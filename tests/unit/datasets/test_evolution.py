from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from personas.datasets.evolution import CHANGES, Change, make_evolution
from personas.errors import ConfigError, NotFoundError


@pytest.fixture(scope="module")
def months():
    return list(make_evolution(1_200, changes=CHANGES, random_state=3))


def test_the_same_seed_gives_the_same_months(months):
    for month, again in zip(months, make_evolution(1_200, changes=CHANGES, random_state=3), strict=True):
        pd.testing.assert_frame_equal(month.users, again.users)
        pd.testing.assert_series_equal(month.truth, again.truth)


def test_months_share_two_thirds_of_their_users_whose_profiles_stay(months):
    for then, now in pairwise(months[:3]):
        both = then.users.index.intersection(now.users.index)
        assert len(both) == 800
        columns = ["age", "city_tier", "membership_value"]
        pd.testing.assert_frame_equal(then.users.loc[both, columns], now.users.loc[both, columns])
        assert not then.users.loc[both, "revenue"].equals(now.users.loc[both, "revenue"])


def test_each_change_happens_in_its_month_and_to_its_kinds(months):
    for change in CHANGES:
        before, after = (set(months[change.month - back].truth) for back in (1, 0))
        assert set(change.before) <= before
        assert set(change.before).isdisjoint(after)
        assert set(change.after) <= after
        both = months[change.month - 1].truth.index.intersection(months[change.month].truth.index)
        then, now = (months[change.month - back].truth[both] for back in (1, 0))
        assert set(then[then != now]) <= set(change.before)
        if change.kind in ("birth", "death"):
            assert (then == now).all()


@pytest.mark.parametrize(("is_clear", "least", "most"), [(True, 0.99, 1.0), (False, 0.85, 0.95)])
def test_clear_kinds_are_clear_and_noisy_ones_are_noisy(is_clear, least, most):
    for month in make_evolution(2_000, n_months=2, is_clear=is_clear):
        assert least <= (month.oracle == month.truth).mean() <= most


def test_values_are_those_that_features_see(months):
    users = months[6].users
    assert set(users["education"].dropna()) <= {
        "primary", "junior_high", "high_school", "college", "bachelor", "postgraduate",
    }  # fmt: skip
    assert 0.07 < users["age"].isna().mean() < 0.13
    assert users.filter(like="order_count:").shape[1] == 22
    assert np.isfinite(users["revenue"]).all()


@pytest.mark.parametrize(
    ("changes", "error", "problem"),
    [
        ([Change(1, "death", ("nobody",))], NotFoundError, "names nobody"),
        ([Change(1, "merge", ("tech_life", "background"), ("both",))], ConfigError, "who differ in profile"),
    ],
)
def test_impossible_changes_are_refused(changes, error, problem):
    with pytest.raises(error, match=problem):
        list(make_evolution(100, changes=changes))


def test_impossible_numbers_are_refused():
    with pytest.raises(ConfigError, match="n_users is 99"):
        list(make_evolution(99))
