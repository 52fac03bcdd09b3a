"""Null worlds keep the margins and nothing of the personas."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from personas.errors import DataError, NotFoundError
from personas.features import Feature, FeatureSet, typed_columns
from personas.features.category_history import HISTORY_FEATURES, category_features
from personas.features.membership import MEMBERSHIP_FEATURES
from personas.features.rfm import RFM_FEATURES
from personas.schema import Text
from personas.selection.nulls import permute_columns, shuffle_counts, shuffle_purchases

nan = np.nan
CATEGORIES = [(name, Text(name, name)) for name in ("扫地机", "门锁", "空调", "净水器")]
BOUGHT = category_features("count", CATEGORIES)
AGE = Feature("age", "numeric", "who", "years", "not stated", "profile", "value", "age")
TIER = Feature(
    "city_tier", "ordinal", "who", "", "not stated", "profile", "value", "city_tier", ("T1", "T2", "T3")
)
TASTE = Feature("taste", "nominal", "who", "", "not stated", "profile", "value", "taste", ("home", "cool"))
FEATURES = FeatureSet(
    (
        AGE,
        TIER,
        TASTE,
        MEMBERSHIP_FEATURES[0],
        *RFM_FEATURES[:2],
        *BOUGHT,
        *category_features("revenue", CATEGORIES[:1]),
        HISTORY_FEATURES[0],
    )
)
NAMES = [feature.name for feature in BOUGHT]
SHARES = np.array([[0.45, 0.45, 0.05, 0.05], [0.05, 0.05, 0.45, 0.45]])


def _purchases(taste, activity, random):
    return random.poisson(activity[:, None] * SHARES[taste]).astype(float)


@pytest.fixture(scope="module")
def world():
    """Return a table of two tastes and what the same users buy in the next window."""
    random = np.random.default_rng(7)
    n_users = 2_000
    taste, activity = random.integers(0, 2, n_users), random.gamma(2, 6, n_users)
    counts = _purchases(taste, activity, random)
    age = 30 + 20 * taste + random.normal(size=n_users)
    unstated = random.random(n_users) < 0.1
    data = pd.DataFrame(counts, columns=NAMES, index=[f"u{n:04}" for n in range(n_users)]).assign(
        age=np.where(unstated, nan, age),
        city_tier=np.where(unstated, None, np.array(["T1", "T3"], dtype=object)[taste]),
        taste=np.array(["home", "cool"])[taste],
        membership_value=activity * 100,
        order_count=counts.sum(axis=1),
        revenue=counts.sum(axis=1) * 99.5,
        category_breadth=(counts > 0).sum(axis=1),
        **{"revenue:扫地机": counts[:, 0] * 99.5},
    )
    return typed_columns(data, FEATURES), _purchases(taste, activity, random)


def _same_values(column, other):
    kept = column.dtype == other.dtype and column.isna().sum() == other.isna().sum()
    return kept and column.dropna().sort_values().tolist() == other.dropna().sort_values().tolist()


def _chi_square(counts):
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    return float(((counts - expected) ** 2 / expected).sum())


def _home_shares(counts):
    return counts[:, :2].sum(axis=1) / counts.sum(axis=1)


def _persistence(first, second):
    """Return the correlation over users of a taste in one window and in the next."""
    active = (first.sum(axis=1) > 0) & (second.sum(axis=1) > 0)
    return np.corrcoef(_home_shares(first[active]), _home_shares(second[active]))[0, 1]


# --- every column on its own


def test_permuted_columns_keep_values_types_and_users_but_not_their_relations(world):
    data, _ = world
    before = data.copy()
    null = permute_columns(data, random_state=0)
    pd.testing.assert_frame_equal(data, before)
    assert null.index.equals(data.index)
    assert null.columns.equals(data.columns)
    for name in data.columns:
        assert _same_values(data[name], null[name]), name
    assert null["city_tier"].cat.ordered
    assert abs(data["age"].corr(data[NAMES[0]])) > 0.5
    assert abs(null["age"].corr(null[NAMES[0]])) < 0.07
    assert data["age"].isna().corr(data["city_tier"].isna()) == pytest.approx(1)
    assert abs(null["age"].isna().corr(null["city_tier"].isna())) < 0.07


def test_permuted_columns_move_differently():
    data = pd.DataFrame({name: np.arange(50.0) for name in "abc"})
    null = permute_columns(data, random_state=0)
    assert not any(null[one].equals(null[other]) for one, other in pairwise("abc"))


def test_permuting_is_the_same_for_the_same_seed_only(world):
    data, _ = world
    once = permute_columns(data, random_state=5)
    pd.testing.assert_frame_equal(once, permute_columns(data, random_state=5))
    assert not once.equals(permute_columns(data, random_state=6))


def test_a_table_without_users_stays_empty(world):
    data, _ = world
    pd.testing.assert_frame_equal(permute_columns(data.iloc[:0], random_state=0), data.iloc[:0])
    pd.testing.assert_frame_equal(shuffle_purchases(data.iloc[:0], FEATURES, random_state=0), data.iloc[:0])


# --- purchases dealt out anew


@st.composite
def _tables(draw):
    """Return whole counts, some of them missing."""
    shape = draw(array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=7))
    counts = draw(arrays(np.float64, shape, elements=st.integers(0, 9).map(float)))
    return np.where(draw(arrays(bool, shape)) & draw(st.booleans()), nan, counts)


@given(_tables(), st.integers(0, 2**32))
def test_every_users_and_every_categorys_total_is_kept(counts, seed):
    null = shuffle_counts(counts, random_state=seed)
    assert null.dtype == counts.dtype
    np.testing.assert_array_equal(np.isnan(null), np.isnan(counts))
    np.testing.assert_array_equal(np.nansum(null, axis=0), np.nansum(counts, axis=0))
    np.testing.assert_array_equal(np.nansum(null, axis=1), np.nansum(counts, axis=1))
    known = null[~np.isnan(null)]
    assert ((known >= 0) & (known == np.floor(known))).all()
    np.testing.assert_array_equal(null, shuffle_counts(counts, random_state=seed))


def test_the_three_tables_of_two_by_two_come_up_as_often_as_they_should():
    # 4 purchases, 2 to each user and category: 2 ways of 6 keep to one category, 4 of 6 mix.
    drawn = [shuffle_counts(np.array([[2, 0], [0, 2]]), random_state=seed)[0, 0] for seed in range(3_000)]
    np.testing.assert_allclose(np.bincount(drawn, minlength=3) / 3_000, [1 / 6, 4 / 6, 1 / 6], atol=0.025)


def test_what_is_left_is_no_more_than_chance(world):
    # Under fixed sums the mean of chi-square is N / (N - 1) x (rows - 1) x (columns - 1) (Haldane, 1940).
    counts = world[0][NAMES].to_numpy()
    counts = counts[counts.sum(axis=1) > 0]
    total = counts.sum()
    chance = total / (total - 1) * (len(counts) - 1) * (counts.shape[1] - 1)
    nulls = [_chi_square(shuffle_counts(counts, random_state=seed)) for seed in range(20)]
    assert np.mean(nulls) / chance == pytest.approx(1, abs=0.01)
    assert _chi_square(counts) / chance > 3


def test_loyalty_to_one_category_is_dealt_out():
    counts = np.diag([10, 10, 10])
    null = shuffle_counts(counts, random_state=1)
    assert (null.sum(axis=1) == 10).all()
    assert (null > 0).sum() > 3


def test_a_total_may_outgrow_the_type_that_held_the_counts():
    counts = np.full((2, 2), 100, dtype=np.int8)
    null = shuffle_counts(counts, random_state=0)
    assert (null.dtype, null.sum(axis=1).tolist()) == (np.int64, [200, 200])


def test_users_with_other_categories_known_are_dealt_with_apart():
    counts = np.array([[4, 0, nan], [0, 4, nan], [5, 0, 0], [0, 0, 5], [nan, nan, 3]])
    for seed in range(20):
        null = shuffle_counts(counts, random_state=seed)
        np.testing.assert_array_equal(null[:2].sum(axis=0), [4, 4, nan])
        np.testing.assert_array_equal(null[2:4].sum(axis=0), [5, 0, 5])
        np.testing.assert_array_equal(null[4], counts[4])


@pytest.mark.parametrize("wrong", [0.5, -1.0, np.inf])
def test_what_is_no_count_is_refused(wrong):
    with pytest.raises(DataError, match=r"1 of 3 purchase counts .* expected whole numbers"):
        shuffle_counts(np.array([[1.0, wrong], [2.0, nan]]), random_state=0)


def test_what_is_no_matrix_is_refused():
    with pytest.raises(DataError, match="1 dimensions; expected 2"):
        shuffle_counts(np.array([1, 2]), random_state=0)


# --- a whole table


def test_a_shuffled_table_keeps_activity_and_destroys_the_rest(world):
    data, _ = world
    before = data.copy()
    null = shuffle_purchases(data, FEATURES, random_state=0)
    pd.testing.assert_frame_equal(data, before)
    assert null.index.equals(data.index)
    assert null.dtypes.equals(data.dtypes)
    assert null.columns.equals(data.columns)
    pd.testing.assert_series_equal(null[NAMES].sum(axis=1), data[NAMES].sum(axis=1))
    pd.testing.assert_series_equal(null[NAMES].sum(axis=0), data[NAMES].sum(axis=0))
    pd.testing.assert_frame_equal(null[["order_count", "revenue"]], data[["order_count", "revenue"]])
    for name in ("age", "city_tier", "taste", "membership_value", "revenue:扫地机", "category_breadth"):
        assert _same_values(data[name], null[name]), name
        assert not null[name].equals(data[name]), name
    assert data[NAMES[0]].corr(data[NAMES[1]]) > 0.8
    assert data[NAMES[0]].corr(data[NAMES[2]]) < 0
    # What is left is activity: who buys more buys more of everything.
    assert null[NAMES[0]].corr(null[NAMES[1]]) == pytest.approx(null[NAMES[0]].corr(null[NAMES[2]]), abs=0.05)
    assert abs(null["age"].corr(null[NAMES[0]])) < 0.07


def test_shuffling_a_table_is_the_same_for_the_same_seed_only(world):
    data, _ = world
    once = shuffle_purchases(data, FEATURES, random_state=5)
    pd.testing.assert_frame_equal(once, shuffle_purchases(data, FEATURES, random_state=5))
    assert not once[NAMES].equals(shuffle_purchases(data, FEATURES, random_state=6)[NAMES])


def test_a_taste_that_lasts_into_the_next_window_lasts_in_no_null(world):
    data, after = world
    before = data[NAMES].to_numpy()
    assert _persistence(before, after) > 0.75
    for seed in range(3):
        null = shuffle_purchases(data, FEATURES, random_state=seed)[NAMES].to_numpy()
        assert abs(_persistence(null, shuffle_counts(after, random_state=seed))) < 0.08
        pooled = shuffle_counts(np.vstack([before, after]), random_state=seed)
        assert abs(_persistence(pooled[: len(before)], pooled[len(before) :])) < 0.08
        np.testing.assert_array_equal(pooled[: len(before)].sum(axis=1), before.sum(axis=1))


def test_two_windows_with_one_seed_are_not_dealt_alike(world):
    data, _ = world
    null = shuffle_purchases(data, FEATURES, random_state=3)[NAMES].to_numpy()
    again = shuffle_counts(data[NAMES].to_numpy(), random_state=3)
    assert abs(_persistence(null, again)) < 0.08


def test_the_columns_may_be_some_of_the_feature_set(world):
    data, _ = world
    null = shuffle_purchases(data[["age", *NAMES[:2]]], FEATURES, random_state=0)
    assert null.columns.tolist() == ["age", *NAMES[:2]]


def test_a_table_with_nothing_to_deal_out_is_refused(world):
    data, _ = world
    with pytest.raises(DataError, match="Found 1 of 2 columns"):
        shuffle_purchases(data[["age", NAMES[0]]], FEATURES, random_state=0)
    with pytest.raises(NotFoundError, match="No feature is called 'shoe_size'"):
        shuffle_purchases(data.assign(shoe_size=42.0), FEATURES, random_state=0)
