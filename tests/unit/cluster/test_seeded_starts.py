import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

from personas.cluster import LatentClass
from personas.cluster.columns import Column, learn_columns, read_columns
from personas.cluster.latent_class import SEED_COST
from personas.cluster.rows import collapse_rows
from personas.cluster.seeds import NONE, match_seeds, seeded_labels
from personas.errors import ConfigError

MOTHERS = {"city": ["T3"], "family": ["young children"], "channel": ["live"]}


def two_splits(agreement=0.855, n_users=3000, random_state=0):
    """Users who fall into two halves in two ways; the second is what the archetype speaks of.

    ``agreement`` is how often a column says what its half says; the first half is told by 0.86 of each.
    """
    random = np.random.default_rng(random_state)
    first, second = random.random((2, n_users)) < 0.5

    def column(half, yes, no, share):
        return pd.Categorical(np.where(half == (random.random(n_users) < share), yes, no))

    frame = pd.DataFrame(
        {
            **{f"habit{i}": column(first, "a", "b", 0.86) for i in range(3)},
            "city": column(second, "T3", "T1", agreement),
            "family": column(second, "young children", "none", agreement),
            "channel": column(second, "live", "search", agreement),
        }
    )
    return frame, first, second


def make_model(seeds=None, **parameters):
    return LatentClass(2, **{"n_init": 1, "random_state": 0, "prior_count": 1, "seeds": seeds, **parameters})


def agreement_of(group, model):
    return adjusted_rand_score(group, model.labels_)


@pytest.mark.parametrize("random_state", range(5))
def test_a_seed_finds_the_class_that_other_starts_miss(random_state):
    frame, habits, mothers = two_splits()
    free = make_model(random_state=random_state).fit(frame)
    seeded = make_model([MOTHERS], random_state=random_state).fit(frame)
    assert agreement_of(mothers, free) < 0.1 < 0.7 < agreement_of(habits, free)
    assert agreement_of(mothers, seeded) > 0.7
    assert (free.seeded_, seeded.seeded_) == (False, True)
    assert 0 < free.log_likelihood_ - seeded.log_likelihood_ <= SEED_COST * len(frame)


def test_a_seed_that_costs_too_much_is_not_taken():
    frame, _, mothers = two_splits(agreement=0.8)
    free, seeded = make_model().fit(frame), make_model([MOTHERS]).fit(frame)
    assert not seeded.seeded_
    np.testing.assert_array_equal(seeded.labels_, free.labels_)
    assert agreement_of(mothers, seeded) < 0.1


def test_a_seed_works_on_a_resample_and_on_many_rows():
    frame, _, mothers = two_splits()
    drawn = np.random.default_rng(3).integers(0, len(frame), 2000)
    model = clone(make_model([MOTHERS])).fit(frame.iloc[drawn])
    assert model.seeded_
    assert adjusted_rand_score(mothers, model.predict(frame)) > 0.7
    many, _, mothers = two_splits(n_users=12_000, random_state=2)
    many["age"] = np.random.default_rng(0).normal(40.0, 10.0, len(many))  # every row is another one
    model = make_model([MOTHERS], max_iter=300, tol=1e-6).fit(many)
    assert model.seeded_
    assert agreement_of(mothers, model) > 0.7


def test_a_seeded_fit_depends_neither_on_the_order_of_rows_nor_on_weights_or_copies():
    frame, _, _ = two_splits(n_users=400, random_state=1)
    model = make_model([MOTHERS], random_state=0).fit(frame)
    turned = make_model([MOTHERS], random_state=0).fit(frame.iloc[::-1])
    twice = make_model([MOTHERS], random_state=0).fit(frame, sample_weight=np.full(len(frame), 2.0))
    copied = make_model([MOTHERS], random_state=0).fit(pd.concat([frame, frame]))
    assert model.seeded_
    np.testing.assert_array_equal(model.labels_, turned.labels_[::-1])
    np.testing.assert_array_equal(twice.labels_, copied.labels_[: len(frame)])


def test_a_seed_that_hardly_anybody_matches_changes_nothing():
    frame, _, _ = two_splits()
    free, seeded = make_model().fit(frame), make_model([{"city": ["T9"]}]).fit(frame)
    assert not seeded.seeded_
    assert seeded.log_likelihood_ == free.log_likelihood_


def test_seeds_are_a_parameter_like_any_other():
    model = make_model([MOTHERS])
    assert clone(model).get_params()["seeds"] == [MOTHERS]
    frame, _, _ = two_splits(n_users=100)
    model.fit(frame)
    assert model.seeds == [MOTHERS]


# --- who matches ----------------------------------------------------------------------------------


def rows_of(frame, kinds, transforms=None):
    read = {name: (transforms or {}).get(name, "identity") for name in kinds}
    columns = learn_columns(frame, kinds, read, None, np.ones(len(frame)))
    return columns, read_columns(frame, columns)


def test_a_row_that_differs_in_one_of_several_columns_still_matches():
    frame = pd.DataFrame(
        {
            "age": [30.0, 30, 30, 70, np.nan, np.nan],
            "city": ["T1", "T1", "T5", "T5", "T1", None],
            "plus": ["yes", "yes", "yes", "no", "yes", None],
            "tier": ["gold", "base", "gold", "base", None, "gold"],
        }
    )
    kinds = {"age": "numeric", "city": "nominal", "plus": "nominal", "tier": "nominal"}
    columns, rows = rows_of(frame, kinds)
    seed = {"age": (26, 36), "city": ["T1"], "plus": ["yes"], "tier": ["gold"]}
    # Base shares .75, .6, .8, .6: a hit is worth .415, .737, .322, .737; a miss -2.
    # Row 1 misses tier: (.415 + .737 + .322 - 2) / 4 < .2; row 4 knows two: (.737 + .322) / 2; row 5 knows one.
    assert match_seeds([seed], columns, rows, np.full(6, 10.0)).tolist() == [0, NONE, NONE, NONE, 0, NONE]
    # Rarer levels are worth 2 at most: (2 + 2 - 2) / 3 = .67.
    rare = pd.DataFrame({"a": ["x"] * 2 + ["y"] * 8, "b": ["x"] * 2 + ["y"] * 8, "c": ["z", "x"] + ["y"] * 8})
    columns, rows = rows_of(rare, dict.fromkeys(rare, "nominal"))
    seed = {name: ["x"] for name in rare}
    assert match_seeds([seed], columns, rows, np.full(10, 10.0)).tolist() == [0, 0] + [NONE] * 8


def test_the_better_seed_wins_and_the_earlier_one_in_a_tie():
    frame = pd.DataFrame({"age": [20.0, 30.0, 40.0, 80.0], "city": ["T1", "T1", "T2", "T3"]})
    columns, rows = rows_of(frame, {"age": "numeric", "city": "nominal"})
    seeds = [
        {"age": (None, 35)},
        {"age": (None, 35), "city": ["T1"]},
        {"age": (25, 45), "city": ["T1", "T2"]},
    ]
    # Row 0: 1, 1, and (-2 + .415) / 2; row 1: 1, 1, .707; row 2: -2, -2, .707; row 3: none.
    assert match_seeds(seeds, columns, rows, np.full(4, 10.0)).tolist() == [0, 0, 2, NONE]


def test_a_range_is_read_on_the_scale_of_the_column_and_is_half_open():
    frame = pd.DataFrame({"spend": [99.0, 100.0, 999.0, 1000.0], "orders": [0.0, 1.0, 2.0, 3.0]})
    kinds = {"spend": "numeric", "orders": "count"}
    for transform in ("identity", "log1p", "sqrt"):
        columns, rows = rows_of(frame, kinds, {"spend": transform})
        mass = np.full(4, 10.0)
        assert match_seeds([{"spend": (100, 1000)}], columns, rows, mass).tolist() == [NONE, 0, 0, NONE]
        assert match_seeds([{"orders": (1, None)}], columns, rows, mass).tolist() == [NONE, 0, 0, 0]


def test_a_small_seed_is_no_start():
    columns, rows = rows_of(pd.DataFrame({"a": ["x", "y"]}), {"a": "nominal"})
    assert match_seeds([{"a": ["x"]}], columns, rows, np.array([10.0, 90.0])).tolist() == [0, NONE]
    assert match_seeds([{"a": ["x"]}], columns, rows, np.array([9.0, 90.0])).tolist() == [NONE, NONE]


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ({"a": (1, 2)}, "expects .* of 'a', which is nominal; expected levels"),
        ({"n": ["x"]}, "expects .* of 'n', which is numeric; expected a range"),
        ({"a": "x"}, "expected levels"),
        ({"b": ["x"]}, "seeds names unknown columns: b"),
        ({}, "without columns"),
    ],
)
def test_a_seed_that_can_not_be_read_is_refused(seed, message):
    frame = pd.DataFrame({"a": ["x", "y", "x"], "n": [1.0, 2.0, 3.0]})
    with pytest.raises(ConfigError, match=message):
        LatentClass(2, seeds=[seed]).fit(frame)


# --- where the classes begin ------------------------------------------------------------------------


def test_seeds_begin_in_classes_of_their_own_and_the_rest_in_others():
    encoded = np.array([[0.0], [1.0], [50.0], [100.0], [101.0]])
    labels = seeded_labels(np.array([0, 0, NONE, NONE, NONE]), encoded, np.ones(5), 3, 0)
    assert labels[:2].tolist() == [0, 0]
    assert labels[2] != labels[3] == labels[4]
    assert sorted(set(labels[2:])) == [1, 2]


def test_with_as_many_seeds_as_classes_the_rest_joins_the_nearest_and_of_more_the_largest_count():
    encoded = np.array([[0.0], [10.0], [11.0], [9.0], [2.0]])
    matched = np.array([0, 2, 2, 1, NONE])
    # Seed 2 has the most rows, seed 0 comes before seed 1; the row of seed 1 is left to the nearest.
    assert seeded_labels(matched, encoded, np.ones(5), 2, 0).tolist() == [1, 0, 0, 0, 1]


def test_no_partition_without_a_seed_or_without_rows_for_the_rest():
    points = np.array([[0.0], [1.0]])
    assert seeded_labels(np.array([NONE, NONE]), points, np.ones(2), 2, 0) is None
    assert seeded_labels(np.array([0, 0]), points, np.ones(2), 2, 0) is None
    assert seeded_labels(np.array([0, 0]), points, np.ones(2), 1, 0).tolist() == [0, 0]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60)), min_size=1, max_size=40),
    st.integers(0, 40),
)
def test_only_rows_that_have_something_of_a_seed_match_it(users, start):
    frame = pd.DataFrame(users, columns=["city", "age"]).astype({"age": float})
    columns, rows = rows_of(frame, {"city": "nominal", "age": "numeric"})
    rows, mass, place = collapse_rows(rows, np.full(len(frame), 10.0))
    matched = match_seeds([{"city": ["a"], "age": (start, start + 20)}], columns, rows, mass)[place]
    has = (frame.city == "a") | frame.age.between(start, start + 20, inclusive="left")
    assert not (matched[~has.to_numpy()] == 0).any()


def test_a_column_without_rows_of_the_level_says_nothing():
    column = Column("a", "nominal", ("x",))
    assert match_seeds([{"a": ["q"]}], [column], np.zeros((3, 1)), np.full(3, 10.0)).tolist() == [NONE] * 3
