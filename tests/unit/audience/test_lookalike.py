import numpy as np
import pandas as pd
import pytest

from personas.audience.lookalike import _auc, _curve, _label_frequency, _rank, find_lookalikes
from personas.errors import ConfigError, DataError, GateError
from personas.features.base import Feature, FeatureSet, typed_columns


def make_feature(name, kind, role="input", levels=()):
    return Feature(
        name,
        kind,
        "who",
        "",
        "not stated",
        "profile",
        name,
        levels=levels,
        role=role,
        protected=role == "profile",
    )


FEATURES = FeatureSet(
    (
        make_feature("age", "numeric"),
        make_feature("order_count", "count"),
        make_feature("city_tier", "ordinal", levels=("T1", "T2", "T3")),
        make_feature("gender", "nominal", role="profile", levels=("f", "m")),
    )
)


def make_world(n_users=3000, *, random_state=0):
    """Return features and who is of the kind that seeds are drawn from: a fifth of all users."""
    rng = np.random.default_rng(random_state)
    like = rng.random(n_users) < 0.2
    data = pd.DataFrame(
        {
            "age": np.where(rng.random(n_users) < 0.1, np.nan, rng.normal(40 - 12 * like, 6)),
            "order_count": rng.poisson(2 + 4 * like).astype(float),
            "city_tier": np.array(["T1", "T2", "T3"])[np.clip(rng.poisson(1.2 - 0.9 * like), 0, 2)],
            "gender": rng.choice(["f", "m"], n_users),
        },
        index=pd.Index([f"u{i:05d}" for i in range(n_users)], name="user_id"),
    )
    return typed_columns(data, FEATURES), like


@pytest.fixture(scope="module")
def world():
    return make_world()


@pytest.fixture(scope="module")
def seed(world):
    """Half of those who are like it, at random."""
    data, like = world
    chosen = like & (np.random.default_rng(1).random(len(like)) < 0.5)
    return set(data.index[chosen])


@pytest.fixture(scope="module")
def found(world, seed):
    return find_lookalikes(world[0], FEATURES, seed)


def test_curve_of_six_users_worked_out_by_hand():
    # Two seed users score .9 and .5, the others .8, .5, .3 and .1; the label frequency is .7.
    score = np.array([0.9, 0.5, 0.8, 0.5, 0.3, 0.1])
    is_seed = np.array([True, True, False, False, False, False])
    curve = _curve(score, is_seed, 0.7, np.array([1, 2, 4]))
    assert curve["reach"].tolist() == [0.25, 0.5, 1.0]
    assert curve["recall"].tolist() == [0.5, 1.0, 1.0]  # equal scores count as reached
    assert curve["lift"].tolist() == [2.0, 2.0, 1.0]
    assert curve["seed_share"].tolist() == [1 / 2, 2 / 4, 2 / 6]
    likes_per_seed = 1 / 0.7 - 1
    np.testing.assert_allclose(curve["precision"], [likes_per_seed, likes_per_seed, likes_per_seed / 2])
    assert _auc(score, is_seed) == pytest.approx((4 + 2.5) / 8)
    ranked = _rank(pd.Index(list("stabcd")), score, is_seed)
    assert ranked.reset_index().to_numpy().tolist() == [
        ["a", 1, 0.8],
        ["b", 2, 0.5],
        ["c", 3, 0.3],
        ["d", 4, 0.1],
    ]


def test_label_frequency_is_the_largest_share_of_the_seed_among_the_best():
    # 50 users are looked at least: of the best 50, 30 are of the seed, of the best 60, 40; then nobody is.
    is_seed = np.repeat([True, False, True, False], [30, 20, 10, 40])
    assert _label_frequency(np.linspace(1, 0, 100), is_seed) == pytest.approx(40 / 60)


def test_the_like_are_ranked_first(world, seed, found):
    data, like = world
    assert found.n_seed == len(seed)
    assert found.auc > 0.85
    assert len(found.scores) == len(data) - len(seed)
    assert not set(found.scores.index) & seed
    size = int(like.sum()) - len(seed)  # as many as are like the seed and not in it
    taken = pd.Series(like, index=data.index)[found.members(size)]
    assert taken.mean() > 0.75
    assert found.scores["rank"].tolist() == list(range(1, len(found.scores) + 1))
    assert (found.scores["score"].diff().dropna() <= 0).all()


def test_the_estimates_are_near_the_truth(world, found):
    data, like = world
    truth = pd.Series(like, index=data.index)
    for size, precision, lower in found.curve[["size", "precision", "seed_share"]].itertuples(index=False):
        true = truth[found.members(int(size))].mean()
        assert precision == pytest.approx(true, abs=0.1)
        assert lower < true + 0.03
    assert found.label_frequency == pytest.approx(0.5, abs=0.08)


def test_the_curve_rises_to_everybody(found):
    assert found.curve["size"].is_monotonic_increasing
    assert found.curve["recall"].is_monotonic_increasing
    assert found.curve["reach"].iloc[-1] == 1.0
    assert found.curve["recall"].iloc[-1] <= 1.0
    assert found.curve["lift"].iloc[0] > 3


def test_a_seed_of_anybody_has_no_look_alikes(world):
    data, _ = world
    anybody = data.index[np.random.default_rng(3).random(len(data)) < 0.1]
    found = find_lookalikes(data, FEATURES, list(anybody), sizes=[300])
    assert 0.42 < found.auc < 0.58
    assert found.curve["lift"].item() < 1.5


def test_the_answer_depends_on_neither_order_nor_repetition(world, seed, found):
    data, _ = world
    shuffled = data.sample(frac=1, random_state=5)
    again = find_lookalikes(shuffled, FEATURES, [*sorted(seed), *sorted(seed)])
    pd.testing.assert_frame_equal(again.scores, found.scores, check_exact=True)
    pd.testing.assert_frame_equal(again.curve, found.curve, check_exact=True)
    other = find_lookalikes(data, FEATURES, seed, random_state=1)
    assert not other.scores["score"].equals(found.scores["score"])


def test_protected_attributes_are_not_used(world, seed, found):
    data, _ = world
    telling = data.assign(
        gender=pd.Categorical(np.where(data.index.isin(list(seed)), "f", "m"), categories=["f", "m"])
    )
    again = find_lookalikes(telling, FEATURES, seed)
    pd.testing.assert_frame_equal(again.scores, found.scores, check_exact=True)


def test_the_unlabelled_are_sampled_without_moving_the_scores(world, seed, found, monkeypatch):
    monkeypatch.setattr("personas.audience.lookalike.MOST_UNLABELLED", 1000)
    sampled = find_lookalikes(world[0], FEATURES, seed)
    assert sampled.label_frequency == pytest.approx(found.label_frequency, abs=0.08)
    common = sampled.scores["score"].reindex(found.scores.index)
    assert np.corrcoef(common, found.scores["score"])[0, 1] > 0.98


def test_a_small_seed_is_refused_by_a_gate(world, seed):
    data, _ = world
    few = sorted(seed)[:40]
    with pytest.raises(GateError, match="names 41 users, 40 of them with features; expected at least 100"):
        find_lookalikes(data, FEATURES, [*few, "stranger"])
    found = find_lookalikes(data, FEATURES, [*few, "stranger"], minimum_seed=40, sizes=[10])
    assert (found.n_seed, found.n_unknown) == (40, 1)


def test_no_message_names_a_user(world, seed):
    with pytest.raises(GateError) as caught:
        find_lookalikes(world[0], FEATURES, sorted(seed)[:3])
    assert not any(user in str(caught.value) for user in seed)


def test_impossible_requests_are_refused(world, seed):
    data, _ = world
    with pytest.raises(DataError, match="seed is empty"):
        find_lookalikes(data, FEATURES, [])
    with pytest.raises(DataError, match="outside it to rank"):
        find_lookalikes(data, FEATURES, data.index)
    with pytest.raises(DataError, match="stands twice"):
        find_lookalikes(pd.concat([data, data[:1]]), FEATURES, seed)
    with pytest.raises(ConfigError, match="has no input"):
        find_lookalikes(data, FeatureSet(FEATURES.features[3:]), seed)
    with pytest.raises(ConfigError, match="minimum_seed is 9"):
        find_lookalikes(data, FEATURES, seed, minimum_seed=9)
    with pytest.raises(ConfigError, match="random_state is -1"):
        find_lookalikes(data, FEATURES, seed, random_state=-1)
    for sizes in ([0], [10_000], []):
        with pytest.raises(ConfigError, match="The sizes are"):
            find_lookalikes(data, FEATURES, seed, sizes=sizes)


def test_members_are_as_many_as_asked_for(found):
    assert len(found.members(7)) == 7
    assert found.members(7) == sorted(found.scores.index[:7])
    for size in (0, len(found.scores) + 1):
        with pytest.raises(ConfigError, match="The size is"):
            found.members(size)
