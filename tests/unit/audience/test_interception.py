from datetime import date

import ibis
import pyarrow as pa
import pytest

from personas.audience.base import Segment
from personas.audience.interception import RivalTarget, intercept
from personas.audience.preference import rank_preferences
from personas.errors import ConfigError, DataError
from personas.schema import ObservationWindow, Text

MONTH = ObservationWindow(date(2026, 1, 1), 31)
OWN = {"本品"}
APPLE = RivalTarget(brands=frozenset({"Apple"}))


def act(tables, user, day, kind, item, brand="Apple", category="手环"):
    return tables.act(user, day, kind, category, brand, item_id=item)


@pytest.fixture
def six_users(tables):
    return tables.events(
        [
            act(tables, "u1", "2025-12-05", "view", "s9"),
            act(tables, "u1", "2025-12-06", "cart", "s9"),
            act(tables, "u1", "2025-12-07", "view", "se"),
            act(tables, "u2", "2025-12-08", "view", "se"),
            act(tables, "u3", "2025-12-08", "view", "x1", "本品"),
            act(tables, "u4", "2025-12-08", "ad_exposure", "s9"),
            act(tables, "u5", "2025-11-30T23:59:59", "view", "s9"),
            act(tables, "u5", "2026-01-01T00:00:00", "order", "s9"),
            act(tables, "u6", "2025-12-31T23:59:59", "order", "p4", category="耳机"),
            act(tables, "u6", "2025-12-30", "search", None),
            act(tables, "u6", "2025-12-30", "view", "z1", None),
        ]
    )


@pytest.fixture
def items():
    return ibis.memtable(
        pa.table(
            {
                "item_id": ["s9", "se", "p4", "x1", "z1"],
                "category": ["手环", "手环", "耳机", "手环", "手环"],
                "brand": ["Apple", "Apple", "Apple", "本品", "Huawei"],
                "price": pa.array([2999.0, 1000.0, 999.99, 299.0, None]),
            }
        )
    )


def users(found, tables):
    return [row[0] for row in tables.rows(found.members, "user_id")]


def test_contacts_of_six_users_by_brand(six_users, tables):
    found = intercept(six_users, APPLE, window=MONTH, own_brands=OWN)
    assert [row[:2] for row in tables.rows(found.members, "user_id", "n_contacts")] == [
        ("u1", 3),
        ("u2", 1),
        ("u6", 2),
    ]
    assert found.n_users == 3
    assert found.items.fillna("?").values.tolist() == [
        ["se", "Apple", 2, 2],
        ["s9", "Apple", 1, 2],
        ["p4", "Apple", 1, 1],
        ["?", "Apple", 1, 1],
    ]
    assert "品牌：Apple" in found.definition.zh


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (RivalTarget(items=frozenset({"s9"})), ["u1"]),
        (RivalTarget(categories=frozenset({"耳机"})), ["u6"]),
        (RivalTarget(brands=frozenset({"Apple"}), price_from=1000), ["u1", "u2"]),
        (RivalTarget(price_from=1000, price_to=2999), ["u1", "u2"]),
        (RivalTarget(price_to=1000), ["u6"]),
        (RivalTarget(brands=frozenset({"Huawei"})), ["u6"]),
        (RivalTarget(categories=frozenset({"耳机"}), price_from=1000), []),
    ],
)
def test_targets_by_item_category_and_price(six_users, items, tables, target, expected):
    found = intercept(six_users, target, window=MONTH, own_brands=OWN, items=items)
    assert users(found, tables) == expected
    assert found.n_users == len(expected)


def test_event_types_and_a_threshold(six_users, tables):
    carts = intercept(six_users, APPLE, window=MONTH, own_brands=OWN, event_types=("cart",))
    assert users(carts, tables) == ["u1"]
    twice = intercept(six_users, APPLE, window=MONTH, own_brands=OWN, at_least=2)
    assert users(twice, tables) == ["u1", "u6"]
    assert set(twice.items["n_contacts"]) == {1, 2}
    assert twice.items["n_users"].max() == 1  # u2 is no member


def test_the_items_that_a_segment_looks_at_most(six_users):
    found = intercept(six_users, APPLE, window=MONTH, own_brands=OWN)
    known = {"user_id": ["u1", "u2", "u6"], "is_member": [True, False, False]}
    segment = Segment("women", Text("女性", "women"), ibis.memtable(pa.table(known)))
    table = rank_preferences(found.contacts, segment, window=MONTH, by="item_id").table
    assert table.loc[0, "item_id"] == "s9"
    assert table.loc[0, "tgi"] == pytest.approx(300)


def test_impossible_requests_are_refused(six_users, items):
    def ask(target=APPLE, own_brands=OWN, **further):
        intercept(six_users, target, window=MONTH, own_brands=own_brands, **further)

    with pytest.raises(ConfigError, match="No rival item is named"):
        RivalTarget()
    with pytest.raises(ConfigError, match="from 10 to 10; expected from < to"):
        RivalTarget(price_from=10, price_to=10)
    with pytest.raises(ConfigError, match="there is no items table"):
        ask(RivalTarget(price_from=10))
    with pytest.raises(ConfigError, match="own brands are none"):
        ask(own_brands=())
    with pytest.raises(ConfigError, match="none that is targeted"):
        ask(own_brands={"Apple"})
    with pytest.raises(ConfigError, match="viewed; known: view, search"):
        ask(event_types=("viewed",))
    with pytest.raises(ConfigError, match="event types are none"):
        ask(event_types=())
    with pytest.raises(ConfigError, match="at_least is 0"):
        ask(at_least=0)
    with pytest.raises(DataError, match="10 rows of 5 items"):
        ask(items=ibis.union(items, items))
    with pytest.raises(DataError, match="items lacks price"):
        ask(items=items.drop("price"))


@pytest.mark.parametrize(
    ("prices", "zh", "en"),
    [
        ((1000, None), "价格：1000及以上", "price: 1000 and more"),
        ((None, 500), "价格：低于500", "price: below 500"),
        ((500, 1000), "价格：500（含）至1000（不含）", "price: 500 up to 1000"),
    ],
)
def test_a_target_says_what_it_is(prices, zh, en):
    assert RivalTarget(price_from=prices[0], price_to=prices[1]).words == Text(zh, en)
