"""Scenes come back where they were planted, substitutes are told apart, and chance makes none."""

from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from personas.category.breadth import _chance_of_both
from personas.category.scene_groups import attach
from personas.category.scene_pairs import (
    CategorySets,
    compute_co_purchase,
    pair_table,
    read_category_sets,
)
from personas.category.scenes import SceneSeed, SceneSet, find_scenes, seed_scenes
from personas.datasets.co_purchase import CoPurchaseWorld, make_co_purchase_world, shuffle_categories
from personas.errors import ConfigError, NotFoundError
from personas.schema import Text

SEEDS = Path(__file__).parents[3] / "configs" / "scenes" / "home_appliances.yaml"

SIX = {
    "u1": "AB",
    "u2": "AB",
    "u3": "CD",
    "u4": "CD",
    "u5": "AC",
    "u6": "BD",
}
"""Six users who bought two of four categories each, every category three times."""


def table(baskets: Iterable[tuple[str, Iterable[str]]]) -> ibis.Table:
    rows = [(user, category) for user, categories in baskets for category in categories]
    users, categories = zip(*rows, strict=True) if rows else ((), ())
    schema = pa.schema([("user_id", pa.string()), ("category", pa.string())])
    return ibis.memtable(pa.table({"user_id": users, "category": categories}, schema=schema))


def bought_in(world: CoPurchaseWorld) -> ibis.Table:
    events = world.events
    end = pa.scalar(world.window.end_at, pa.timestamp("us"))
    lines = events.filter(pc.and_(pc.equal(events["行为"], "下单"), pc.less(events["时间"], end)))
    return ibis.memtable(lines.select(["用户ID", "品类"]).rename_columns(["user_id", "category"]))


def recovered(found: SceneSet, world: CoPurchaseWorld) -> float:
    """Adjusted Rand index over all categories; one in no scene is a group of its own."""
    place = dict(zip(found.members["category"], found.members["scene_id"], strict=True))
    categories, scenes = world.scenes["category"].to_pylist(), world.scenes["scene"].to_pylist()
    truth = [scene or category for category, scene in zip(categories, scenes, strict=True)]
    answer = [place[c] if isinstance(place[c], str) else c for c in categories]
    return adjusted_rand_score(truth, answer)


@pytest.fixture(scope="module")
def world() -> CoPurchaseWorld:
    return make_co_purchase_world(6000, random_state=0)


@pytest.fixture(scope="module")
def found(world) -> SceneSet:
    labels = {"空调": Text("空调", "air conditioner")}
    return find_scenes(bought_in(world), n_resamples=10, labels=labels)


# Weights, worked out by hand ------------------------------------------------------------------------


def test_six_users_by_hand():
    pairs = pair_table(compute_co_purchase(read_category_sets(table(SIX.items()), min_buyers=1)))
    by_pair = pairs.set_index(["category_a", "category_b"])
    # Everybody bought 2 of 4 and every category has 3 of 6 users: a random pair has 6 x 1/6 = 1 user.
    assert pairs["n_expected"].to_numpy() == pytest.approx(np.ones(6))
    assert by_pair["n_both"].to_dict() == {
        ("A", "B"): 2, ("A", "C"): 1, ("A", "D"): 0, ("B", "C"): 0, ("B", "D"): 1, ("C", "D"): 2,
    }  # fmt: skip
    ab = by_pair.loc[("A", "B")]
    assert ab["lift"] == pytest.approx(2)
    # Excess 1 over a spread of 6 x 1/2 x 1/2 for each.
    assert ab["weight"] == pytest.approx(1 / 1.5)
    # (x - 1/2)(y - 1/2) is 1/4 with chance 1/3, else -1/4: variance 1/18, times 36 / 5.
    assert ab["z_score"] == pytest.approx(1 / np.sqrt(0.4))
    # With 1 expected: two-sided Poisson, 2 (1 - 2 / e).
    assert ab["p_value"] == pytest.approx(2 * (1 - 2 / np.e))
    assert by_pair.loc[("A", "D"), "weight"] == pytest.approx(-1 / 1.5)


def test_attachment_to_a_group_by_hand():
    # Four users each of AB, CD; two each of AC, BD: excess AB = 4 - 2, AC = 2 - 2, AD = 0 - 2; spread 3.
    sets = CategorySets(
        tuple("ABCD"),
        np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]], dtype=bool),
        np.array([4, 4, 2, 2]),
    )
    found = compute_co_purchase(sets)
    everything = np.ones((4, 2), dtype=bool)
    attached = attach(found, [[0, 1], [2, 3]], tested=everything, apart=np.zeros((4, 4), dtype=bool))
    # A against B alone: 2 / sqrt(3 x 3). A against C and D: (0 - 2) / sqrt(3 x (3 + 3 + 2 x 2)).
    assert attached.weight[0] == pytest.approx([2 / 3, -2 / np.sqrt(30)])
    apart = np.zeros((4, 4), dtype=bool)
    apart[0, 3] = apart[3, 0] = True
    without_d = attach(found, [[0, 1], [2, 3]], tested=everything, apart=apart)
    assert without_d.weight[0] == pytest.approx([2 / 3, 0])


def test_attach_share_is_of_buyers_who_bought_another_category_of_the_scene():
    baskets = [(f"a{i}", "AB") for i in range(30)] + [(f"b{i}", "A") for i in range(10)]
    baskets += [(f"c{i}", "CD") for i in range(30)] + [(f"d{i}", "AC") for i in range(2)]
    members = find_scenes(table(baskets), n_resamples=0).members.set_index("category")
    assert members.loc["A", "attach_share"] == pytest.approx(30 / 42)
    assert members.loc["B", "attach_share"] == 1.0
    assert members.loc["A", "n_buyers"] == 42


def exact_chance(weights: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Enumerate random sets of a fixed size: chance of each category, and of each pair."""
    n = len(weights)
    single, both, total = np.zeros(n), np.zeros((n, n)), 0.0
    for chosen in combinations(range(n), size):
        chance = float(np.prod(weights[list(chosen)]))
        total += chance
        for i in chosen:
            single[i] += chance
            for j in chosen:
                both[i, j] += chance * (i != j)
    return single / total, both / total


@pytest.mark.parametrize(("size", "tolerance"), [(1, 1e-9), (5, 1e-9), (2, 0.012), (3, 0.012)])
def test_the_chance_of_both_is_that_of_random_sets_of_one_size(size, tolerance):
    single, both = exact_chance(np.array([0.5, 1.0, 1.5, 2.0, 3.0, 12.0]), size)
    computed = _chance_of_both(single, np.arange(6))
    off_diagonal = ~np.eye(6, dtype=bool)
    assert computed[off_diagonal] == pytest.approx(both[off_diagonal], abs=tolerance)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sets(st.integers(0, 5), min_size=1), min_size=1, max_size=30))
def test_no_category_has_an_excess_with_all_others_together(baskets):
    held = np.array([[c in basket for c in range(6)] for basket in baskets], dtype=bool)
    found = compute_co_purchase(CategorySets(tuple("abcdef"), held, np.ones(len(baskets), dtype=np.int64)))
    excess = found.excess - np.diag(found.spread)
    # Exact but where the approximation would be an impossible chance, in strata of a few users.
    assert np.abs(excess.sum(axis=1)).max() <= 1e-6 + 0.02 * len(baskets)
    assert (found.expected >= 0).all()
    assert found.expected == pytest.approx(found.expected.T)
    assert (found.expected <= np.minimum.outer(found.n_buyers, found.n_buyers) + 1e-9).all()


def test_users_of_one_category_are_expected_to_hold_no_pair():
    baskets = [(f"u{i}", "AB"[i % 2]) for i in range(50)]
    pairs = pair_table(compute_co_purchase(read_category_sets(table(baskets), min_buyers=1)))
    assert pairs["n_expected"].tolist() == pytest.approx([0.0], abs=1e-9)
    assert np.isnan(pairs.loc[0, "z_score"])
    assert pairs.loc[0, "relation"] == ""


def test_under_chance_z_scores_have_unit_spread(world):
    shuffled = bought_in(shuffle_categories(world, random_state=3))
    z_score = pair_table(compute_co_purchase(read_category_sets(shuffled, min_buyers=20)))["z_score"]
    assert len(z_score) == 231
    assert abs(z_score.mean()) < 0.15
    assert z_score.std() == pytest.approx(1, abs=0.15)


# The planted world ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_three_planted_scenes_come_back_with_a_hub_and_substitutes(seed):
    world = make_co_purchase_world(5000, random_state=seed)
    found = find_scenes(bought_in(world), n_resamples=0)
    assert recovered(found, world) >= 0.9
    assert len(found.scenes) == 3
    assert found.substitutes == (("扫地机", "洗地机"),)


def test_a_hub_bought_with_everything_joins_no_scene(found):
    hub = found.members.set_index("category").loc["手机"]
    assert hub["n_buyers"] == found.members["n_buyers"].max()
    assert not isinstance(hub["scene_id"], str)
    assert np.isnan(hub["weight"])
    assert hub["next_weight"] < 0.1


def test_substitutes_share_a_scene_but_have_no_link(found):
    pair = found.pairs.set_index(["category_a", "category_b"]).loc[("扫地机", "洗地机")]
    assert pair["relation"] == "substitute"
    assert pair["lift"] < 0.5
    assert pair["similarity"] > 0.5
    place = found.members.set_index("category")["scene_id"]
    assert place["扫地机"] == place["洗地机"]


def test_categories_of_different_people_are_no_substitutes():
    # Two scenes of different people: no A with X, and other companions.
    baskets = [(f"a{i}", np.roll(list("ABCD"), i)[:3]) for i in range(200)]
    baskets += [(f"x{i}", np.roll(list("WXYZ"), i)[:3]) for i in range(200)]
    pairs = find_scenes(table(baskets), n_resamples=0).pairs.set_index(["category_a", "category_b"])
    assert pairs.loc[("A", "X"), "n_both"] == 0
    assert pairs.loc[("A", "X"), "q_value"] < 0.001
    assert pairs.loc[("A", "X"), "relation"] == ""


@pytest.mark.parametrize(("hubs", "relation"), [("H", ""), ("GH", "substitute")])
def test_substitutes_have_complements_in_common(hubs, relation):
    # S and T are never bought together, and both with nothing of P, Q, R: alike as that makes them, it is no
    # sign that one stands in for the other. Two hubs that both go with are one.
    pairs = [f"{one}{hub}" for one in "ST" for hub in hubs] + ["PQ", "QR", "PR"]
    baskets = [(f"{pair}{i}", pair) for pair in pairs for i in range(100)]
    found = pair_table(compute_co_purchase(read_category_sets(table(baskets), min_buyers=1)))
    pair = found.set_index(["category_a", "category_b"]).loc["S", "T"]
    assert pair["q_value"] < 0.01
    assert pair["weight"] < -0.05
    assert pair["similarity"] > 0.9
    assert pair["relation"] == relation


def test_scenes_are_described(found):
    assert [scene.scene_id for scene in found.scenes] == ["scene_1", "scene_2", "scene_3"]
    assert [scene.n_users for scene in found.scenes] == sorted(
        (scene.n_users for scene in found.scenes), reverse=True
    )
    for scene in found.scenes:
        rows = found.members[found.members["scene_id"] == scene.scene_id]
        assert tuple(rows["category"]) == scene.categories
        assert rows["weight"].is_monotonic_decreasing
        assert rows["is_hero"].tolist() == [True] + [False] * (len(rows) - 1)
        assert scene.hero == scene.categories[0]
        assert scene.name.zh == f"{scene.hero}场景"
        assert scene.name.en.endswith(" scene")
        assert scene.stability > 0.9
        assert scene.verdict.en == "highly stable"
    assert found["scene_2"] is found.scenes[1]
    assert "q < 0.05" in found.definition.zh
    assert "q < 0.05" in found.definition.en


def test_a_found_scene_is_named_in_both_languages():
    baskets = [(f"u{i}", ("扫地机", "音箱")) for i in range(40)] + [(f"v{i}", "AB") for i in range(40)]
    labels = {"扫地机": Text("扫地机", "robot vacuum")}
    names = {scene.name for scene in find_scenes(table(baskets), labels=labels, n_resamples=0).scenes}
    assert Text("扫地机场景", "robot vacuum scene") in names


def test_a_shuffled_world_has_no_scenes_and_no_links(world):
    for seed in range(3):
        found = find_scenes(bought_in(shuffle_categories(world, random_state=seed)), n_resamples=0)
        assert found.scenes == ()
        assert (found.pairs["relation"] == "").all()
        assert (found.pairs["q_value"] >= 0.05).all()
        assert found.members["scene_id"].isna().all()


def test_more_resolution_never_gives_fewer_scenes(world):
    bought = bought_in(world)
    few, many = (len(find_scenes(bought, resolution=r, n_resamples=0).scenes) for r in (0.3, 1.0))
    assert few <= many == 3


def test_a_scene_on_the_edge_of_chance_is_called_doubtful():
    rng = np.random.default_rng(0)
    # A weak tie of A and B among 300 users, on the edge of significance.
    baskets = [(f"u{i}", {str(c) for c in rng.choice(list("ABCDEFGH"), size=2)}) for i in range(300)]
    baskets += [(f"v{i}", "AB") for i in range(14)]
    found = find_scenes(table(baskets), n_resamples=30)
    assert len(found.scenes) == 1
    assert 0.6 <= found.scenes[0].stability < 0.75
    assert found.scenes[0].verdict.en == "a pattern with doubtful members"


# Seeded scenes --------------------------------------------------------------------------------------


def shipped_seeds() -> list[SceneSeed]:
    spec = yaml.safe_load(SEEDS.read_text(encoding="utf-8"))
    return [SceneSeed(s["key"], Text(**s["name"]), tuple(s["categories"])) for s in spec["scenes"]]


def test_shipped_seeds_draw_in_the_other_categories(world):
    grown = seed_scenes(bought_in(world), shipped_seeds(), n_resamples=5)
    assert [scene.scene_id for scene in grown.scenes] == ["living_room", "security", "kitchen"]
    assert set(grown["living_room"].categories) == {
        "音箱", "路由器", "扫地机", "电视", "空调", "洗地机", "吸尘器", "空气净化器",
    }  # fmt: skip
    # The hub is a seed here, and draws nobody in.
    assert set(grown["security"].categories) == {"手机", "门锁", "猫眼", "监控"}
    assert set(grown["kitchen"].categories) == {"油烟机", "集成灶", "洗碗机", "冰箱", "净水器", "电饭煲"}
    assert grown.absent == ("汽车", "门锁机")
    assert grown["kitchen"].name == Text("厨房", "kitchen")
    members = grown.members.set_index("category")
    assert members["is_seed"].sum() == 13
    assert members.loc[["洗衣机", "耳机", "手环", "智能手表"], "scene_id"].isna().all()
    assert all(scene.stability > 0.85 for scene in grown.scenes)
    assert members.loc["手机", "weight"] < 0.1


def test_a_category_that_goes_with_no_seed_stays_out():
    baskets = [(f"a{i}", "AB") for i in range(50)] + [(f"c{i}", "CD") for i in range(50)]
    grown = seed_scenes(table(baskets), [SceneSeed("one", Text("一", "one"), ("A",))], n_resamples=0)
    assert grown["one"].categories == ("A", "B") or grown["one"].categories == ("B", "A")
    assert set(grown.members[grown.members["scene_id"].isna()]["category"]) == {"C", "D"}


def test_a_rare_seed_stays_and_another_rare_category_is_left_out():
    baskets = [(f"a{i}", "AB") for i in range(50)] + [(f"c{i}", "CD") for i in range(50)]
    baskets += [("r1", "AR"), ("r2", "AS")]
    grown = seed_scenes(table(baskets), [SceneSeed("one", Text("一", "one"), ("R", "A"))], n_resamples=0)
    assert {"R", "A"} <= set(grown["one"].categories)
    assert "S" not in set(grown.members["category"])


def test_seeds_that_nobody_bought_are_refused():
    seeds = [SceneSeed("cars", Text("汽车", "cars"), ("汽车", "充电桩"))]
    with pytest.raises(ConfigError, match=r"Nobody bought any category of the scene cars: 汽车, 充电桩"):
        seed_scenes(table(SIX.items()), seeds, n_resamples=0)


@pytest.mark.parametrize(
    ("keys", "categories", "message"),
    [
        (("a", "a"), (("A",), ("B",)), "scene key a stands in two scenes"),
        (("a", "b"), (("A", "B"), ("B",)), "category B stands in two scenes"),
    ],
)
def test_a_key_or_category_in_two_scenes_is_refused(keys, categories, message):
    seeds = [SceneSeed(k, Text(k, k), c) for k, c in zip(keys, categories, strict=True)]
    with pytest.raises(ConfigError, match=message):
        seed_scenes(table(SIX.items()), seeds)


def test_no_seeds_are_refused():
    with pytest.raises(ConfigError, match="No scenes are given"):
        seed_scenes(table(SIX.items()), [])


@pytest.mark.parametrize(
    ("key", "categories", "message"),
    [
        ("Living Room", ("A",), "snake_case"),
        ("living_room", (), "lists 0 categories"),
        ("living_room", ("A", "A"), "lists 2 categories, 1 different"),
    ],
)
def test_a_bad_seed_is_refused(key, categories, message):
    with pytest.raises(ConfigError, match=message):
        SceneSeed(key, Text("客厅", "living room"), categories)


# Edges ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "baskets",
    [
        {},
        {"u1": "A"},
        {f"u{i}": "A" for i in range(50)},
        {f"u{i}": "ABCD"[i % 4] for i in range(200)},
        {f"u{i}": "ABCD" for i in range(50)},
        {"u1": "AB", "u2": "AB"},
    ],
    ids=["nobody", "one user", "one category", "no co-purchase", "all buy all", "two users"],
)
def test_nothing_to_find_gives_no_scenes(baskets):
    found = find_scenes(table(baskets.items()), min_buyers=1, n_resamples=2)
    assert found.scenes == ()
    assert (found.pairs["relation"] == "").all()
    assert found.n_users == len(baskets)
    assert found.members["scene_id"].isna().all()
    assert set(found.members["category"]) == set("".join(baskets.values()))


def test_rare_categories_are_left_out_before_breadth_is_counted():
    baskets = [(f"u{i}", ("A", f"rare {i}")) for i in range(30)]
    found = find_scenes(table(baskets), n_resamples=0)
    assert found.members["category"].tolist() == ["A"]
    assert found.n_users == 30


def test_lines_without_user_or_category_are_left_out():
    rows = pa.table({"user_id": ["u1", None, "u2"], "category": ["A", "A", None]})
    assert read_category_sets(ibis.memtable(rows), min_buyers=1).n_users.tolist() == [1]


def test_the_order_of_the_rows_and_the_threads_change_nothing(world):
    rows = bought_in(world).to_pyarrow()
    answers = []
    for threads, seed in ((1, None), (2, 5)):
        order = (
            np.arange(rows.num_rows) if seed is None else np.random.default_rng(seed).permutation(len(rows))
        )
        connection = ibis.duckdb.connect(threads=threads)
        bought = connection.create_table("bought", rows.take(pa.array(order)))
        answers.append(find_scenes(bought, n_resamples=3, random_state=1))
        connection.disconnect()
    first, second = answers
    assert first.scenes == second.scenes
    assert first.members.equals(second.members)
    assert first.pairs.equals(second.pairs)


def test_repeated_purchases_count_once():
    once = find_scenes(table(SIX.items()), min_buyers=1, n_resamples=0)
    twice = find_scenes(table([*SIX.items(), *SIX.items()]), min_buyers=1, n_resamples=0)
    assert once.pairs.equals(twice.pairs)


def test_without_resamples_stability_is_not_measured():
    baskets = [(f"a{i}", "AB") for i in range(50)] + [(f"c{i}", "CD") for i in range(50)]
    found = find_scenes(table(baskets), n_resamples=0)
    assert all(np.isnan(scene.stability) for scene in found.scenes)
    assert {scene.verdict.en for scene in found.scenes} == {"not measured"}


def test_an_unknown_scene_is_named(found):
    with pytest.raises(NotFoundError, match="No scene has the id 'garden'; known: scene_1, scene_2, scene_3"):
        found["garden"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_buyers": 0}, "min_buyers is 0"),
        ({"min_weight": 1.5}, "min_weight is 1.5"),
        ({"resolution": 0.0}, "resolution is 0.0"),
        ({"n_resamples": -1}, "n_resamples is -1"),
        ({"random_state": -1}, "random_state -1"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        find_scenes(table(SIX.items()), **options)
