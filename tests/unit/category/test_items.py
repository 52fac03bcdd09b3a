"""Items fill what events leave out."""

import ibis
import pyarrow as pa
import pytest

from personas.category.items import fill_from_items, most_bought, own_brands
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
