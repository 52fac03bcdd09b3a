"""Items fill what events leave out."""

from decimal import Decimal

import ibis
import pyarrow as pa
import pytest

from personas.category.base import purchases
from personas.category.items import fill_from_items, items_of_orders, most_bought, own_brands
from personas.errors import DataError

ITEMS = pa.table(
    {
        "item_id": ["1", "2", "3"],
        "category": ["门锁", "空调", None],
        "brand": ["米家", "格力", "米家"],
        "is_own": [True, False, None],
    }
)


def test_what_an_event_says_itself_stays():
    events = pa.table(
        {"item_id": ["1", "1", "9", None, "3"], "category": [None, "猫眼", None, "电视", None],
         "brand": [None, "X", None, None, None], "user_id": list("abcde")}
    )  # fmt: skip
    filled = fill_from_items(ibis.memtable(events), ibis.memtable(ITEMS)).order_by("user_id").to_pyarrow()
    assert filled.column_names == events.column_names
    assert filled["category"].to_pylist() == ["门锁", "猫眼", None, "电视", None]
    assert filled["brand"].to_pylist() == ["米家", "X", None, None, "米家"]


def test_an_item_with_two_rows_would_double_events():
    twice = ibis.memtable(pa.concat_tables([ITEMS, ITEMS]))
    with pytest.raises(DataError, match="6 rows of 3 items"):
        fill_from_items(ibis.memtable(pa.table({"item_id": ["1"]})), twice)


def test_only_items_known_to_be_own_name_own_brands():
    assert own_brands(ibis.memtable(ITEMS)) == {"米家"}
    assert own_brands(ibis.memtable(ITEMS.slice(1))) == frozenset()


def test_ties_of_the_most_bought_go_to_the_smaller_name():
    lines = pa.table({"user_id": list("aabbc"), "category": ["b", "c", "c", "a", "d"]})
    assert most_bought(ibis.memtable(lines), 3) == ["c", "a", "b"]


def test_items_of_six_users_cost_what_was_paid_in_the_median(six_users, year):
    lines = purchases(six_users, year)
    # 扫地机 of 米家: 2000, 2100, 1999; of 石头: 1500 and 1000, the line of 0 units tells no price; 门锁: 1000 and
    # 1800 for two.
    named = {("扫地机", "米家"): "r1", ("扫地机", "石头"): "r2", ("门锁", "米家"): "l1"}
    item = ibis.cases(
        *(((lines["category"] == c) & (lines["brand"] == b), name) for (c, b), name in named.items())
    )
    found = items_of_orders(lines.mutate(item_id=item), {"米家"}).to_pyarrow().to_pylist()
    assert [
        (row["item_id"], row["category"], row["brand"], row["price"], row["is_own"]) for row in found
    ] == [
        ("l1", "门锁", "米家", 950.0, True),
        ("r1", "扫地机", "米家", 2000.0, True),
        ("r2", "扫地机", "石头", 1250.0, False),
    ]
    everything = items_of_orders(lines.mutate(item_id=item), None)
    assert everything["is_own"].all().to_pyarrow().as_py()


def test_an_item_has_the_category_of_most_lines_and_a_price_only_where_one_is_known():
    lines = pa.table(
        {
            "item_id": ["1", "1", "1", "2", "3", None],
            "category": ["门锁", "猫眼", "门锁", "空调", "电视", "手机"],
            "brand": [None, "B", None, None, "A", "A"],
            "amount": [
                Decimal("10.00"),
                Decimal("20.00"),
                None,
                Decimal("5.00"),
                Decimal("0.00"),
                Decimal("1.00"),
            ],
            "quantity": [1, 1, 1, None, 1, 1],
        }
    )
    found = items_of_orders(ibis.memtable(lines), {"A"}).to_pyarrow().to_pylist()
    assert [(row["category"], row["brand"], row["price"], row["is_own"]) for row in found] == [
        ("门锁", None, 15.0, None),
        ("空调", None, None, None),
        ("电视", "A", None, True),
    ]
