"""Co-buyers against breadth: who buys many categories buys any two of them more often."""

import ibis
import numpy as np
import pyarrow as pa
import pytest

from personas.category.association import associate
from personas.category.base import purchases
from personas.category.breadth import Breadth, compare_with_breadth, expect_pairs, read_breadth
from personas.datasets.co_purchase import CoPurchaseWorld, make_co_purchase_world, shuffle_categories
from personas.datasets.planted import CATEGORY_NAMES

COLUMNS = {
    "用户ID": "user_id",
    "时间": "event_at",
    "行为": "event_type",
    "品类": "category",
    "金额": "amount",
    "订单号": "order_id",
}


@pytest.fixture(scope="module")
def world() -> CoPurchaseWorld:
    return make_co_purchase_world(3_000, random_state=0)


def associated(world: CoPurchaseWorld):
    """Return the association of all pairs of a world, each once."""
    events = world.events.select(list(COLUMNS)).rename_columns(list(COLUMNS.values()))
    place = events.column_names.index("event_type")
    kinds = ["order" if kind == "下单" else "view" for kind in events["event_type"].to_pylist()]
    source = ibis.memtable(events.set_column(place, "event_type", pa.array(kinds)))
    table = associate(source, world.window, CATEGORY_NAMES, CATEGORY_NAMES, unit="user").table
    return table[table["row"] < table["column"]]


def breadth_of(held):
    """Return the breadth of units, one row of yes and no each."""
    size = held.sum(axis=1)
    sizes = np.unique(size)
    n_with = np.array([held[size == s].sum(axis=0) for s in sizes], dtype=float)
    return Breadth(tuple(f"c{j:02d}" for j in range(held.shape[1])), sizes, n_with)


def drawn(n_units, weights, random):
    """Draw sets of given sizes, category by category without replacement."""
    keys = random.exponential(size=(len(n_units), len(weights))) / weights
    return keys.argsort(axis=1).argsort(axis=1) < n_units[:, None]


def test_the_expectation_of_the_six_users_is_that_worked_out_by_hand(six_users, year):
    # u1 holds all three categories; u2, u3 and u4 hold 扫地机 and one of 门锁, 门锁, 空调: never both of them.
    breadth = read_breadth(purchases(six_users, year), "user")
    assert breadth.n_categories.tolist() == [2, 3]
    assert breadth.n_units.tolist() == [3, 1]
    assert dict(zip(breadth.categories, breadth.n_with.T.tolist(), strict=True)) == {
        "扫地机": [3, 1],
        "门锁": [2, 1],
        "空调": [1, 1],
    }
    null = expect_pairs(breadth, ["门锁", "空调", "扫地机"])
    assert null.expected[0, 1] == pytest.approx(1)
    expected, _ = compare_with_breadth([3], [0], [2], null)  # everybody has 扫地机
    assert np.isnan(expected).all()


def test_orders_have_a_breadth_of_their_own(six_users, year):
    breadth = read_breadth(purchases(six_users, year), "order")
    assert dict(zip(breadth.n_categories, breadth.n_units, strict=True)) == {1: 9, 2: 1}


def test_nobody_and_everybody_are_not_tested():
    held = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1]], dtype=bool)
    null = expect_pairs(breadth_of(held), ["c00", "c01", "sold by nobody"])
    expected, p_value = compare_with_breadth([1, 0, 0], [0, 0, 1], [1, 2, 2], null)
    assert np.isnan([*expected, *p_value]).all()


def test_units_of_one_category_add_nothing():
    # 1,000 units of two of 20 equal categories: 190 pairs, so 5.3 each; 9,000 units of one category more.
    two = np.full((1, 20), 100.0)
    alone = expect_pairs(Breadth(tuple("abcdefghijklmnopqrst"), np.array([2]), two))
    crowd = expect_pairs(
        Breadth(tuple("abcdefghijklmnopqrst"), np.array([1, 2]), np.vstack([450 + 0 * two, two]))
    )
    assert crowd.expected[0, 1] == pytest.approx(1_000 / 190)
    off_diagonal = ~np.eye(20, dtype=bool)
    assert crowd.expected[off_diagonal] == pytest.approx(alone.expected[off_diagonal])
    assert crowd.variance[off_diagonal] == pytest.approx(alone.variance[off_diagonal])
    _, p_value = compare_with_breadth([20], [0], [1], crowd)
    assert p_value[0] < 1e-8


def test_no_more_pairs_are_expected_than_units_that_can_hold_them():
    # 1,000 units of one of two categories, 1,000 of both: there is no choice.
    null = expect_pairs(Breadth(("a", "b"), np.array([1, 2]), np.array([[500.0, 500.0], [1_000.0, 1_000.0]])))
    assert null.expected[0, 1] == 1_000


@pytest.mark.parametrize("popular", [1.0, 6.0], ids=["equal", "with hubs"])
def test_of_random_draws_one_in_twenty_is_called_unlikely_at_most(popular):
    random = np.random.default_rng(7)
    sizes = np.repeat([1, 2, 3, 6], [9_000, 1_500, 500, 200])
    weights = np.linspace(1.0, popular, 20)
    row, column = np.triu_indices(20, 1)
    found = []
    for _ in range(10):
        held = drawn(sizes, weights, random)
        n_both = (held.T.astype(float) @ held)[row, column]
        found.append(compare_with_breadth(n_both, row, column, expect_pairs(breadth_of(held)))[1])
    p_value = np.concatenate(found)
    assert not np.isnan(p_value).any()
    assert 0.03 < (p_value < 0.05).mean() < 0.06
    assert (p_value < 0.001).mean() < 0.004


def test_a_pair_that_goes_together_is_told_though_most_units_hold_one_category(make_source, year):
    random = np.random.default_rng(1)
    sizes = np.repeat([1, 2], [1_700, 200])
    held = drawn(sizes, np.ones(20), random)
    held[-40:] = np.arange(20) < 2  # 40 of the 200 buy the first two
    rows = [
        {"user_id": f"u{i:04d}", "event_at": "2025-03-01", "category": f"c{j}", "order_id": "o"}
        for i, j in np.argwhere(held)
    ]
    names = [f"c{j}" for j in range(20)]
    for unit in ("user", "order"):
        table = associate(make_source(rows), year, names, names, unit=unit).table
        strong = table[table["tier"] != "low"]
        assert {tuple(sorted((pair.row, pair.column))) for pair in strong.itertuples()} == {("c0", "c1")}


@pytest.mark.parametrize("seed", range(3))
def test_a_shuffled_world_has_no_strong_pair_though_fisher_sees_them_everywhere(world, seed):
    pairs = associated(shuffle_categories(world, random_state=seed))
    assert (pairs["q_value"] < 0.05).mean() > 0.3
    assert (pairs["tier"] == "low").all()
    assert pairs["n_both"].sum() == pytest.approx(pairs["n_expected"].sum(), rel=0.07)


def test_strong_pairs_of_the_planted_world_are_of_one_scene(world):
    pairs = associated(world)
    scene = dict(zip(world.scenes["category"].to_pylist(), world.scenes["scene"].to_pylist(), strict=True))
    strong = pairs[pairs["tier"] != "low"]
    assert len(strong) >= 20
    assert all(scene[pair.row] == scene[pair.column] is not None for pair in strong.itertuples())
