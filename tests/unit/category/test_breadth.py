"""Co-buyers against breadth: who buys many categories buys any two of them more often."""

import ibis
import numpy as np
import pyarrow as pa
import pytest

from personas.category.association import associate
from personas.category.base import purchases
from personas.category.breadth import Breadth, compare_with_breadth, read_breadth
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


def test_the_expectation_of_the_six_users_is_that_worked_out_by_hand(six_users, year):
    # u1 holds three categories; u2, u3 and u4 two. 门锁 has 3 of them, 空调 2; with s = 1 - t the margins are
    # 4 - 3 s**2 - s**3, so s = 2 cos(40°) - 1 and s = sqrt(3) - 1.
    breadth = read_breadth(purchases(six_users, year), "user")
    assert breadth.n_categories.tolist() == [2, 3]
    assert breadth.n_units.tolist() == [3, 1]
    lock, air = 2 * np.cos(np.radians(40)) - 1, np.sqrt(3) - 1
    by_hand = 3 * (1 - lock**2) * (1 - air**2) + (1 - lock**3) * (1 - air**3)
    expected, p_value = compare_with_breadth([1], [3], [2], breadth)
    assert expected[0] == pytest.approx(by_hand)
    assert expected[0] == pytest.approx(1.514, abs=5e-4)
    assert p_value[0] == pytest.approx(1 - np.exp(-by_hand))


def test_orders_have_a_breadth_of_their_own(six_users, year):
    breadth = read_breadth(purchases(six_users, year), "order")
    assert dict(zip(breadth.n_categories, breadth.n_units, strict=True)) == {1: 9, 2: 1}


@pytest.mark.parametrize(("n_row", "n_column"), [(0, 5), (10, 5), (0, 0)])
def test_nobody_and_everybody_are_not_tested(n_row, n_column):
    breadth = Breadth(np.array([1.0, 3.0]), np.array([5.0, 5.0]))
    expected, p_value = compare_with_breadth([min(n_row, n_column)], [n_row], [n_column], breadth)
    assert np.isnan([*expected, *p_value]).all()


def test_units_of_one_breadth_are_expected_as_margins_say():
    expected, _ = compare_with_breadth([30], [40], [50], Breadth(np.array([4.0]), np.array([100.0])))
    assert expected[0] == pytest.approx(40 * 50 / 100)


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
