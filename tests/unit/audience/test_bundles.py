from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personas.audience.bundles import BundleRule, build_bundles
from personas.errors import ConfigError, DataError

ITEMS = pd.DataFrame(
    [
        ("w1", "净水器", "米家", 1000.0, "厨房", 50),
        ("w2", "净水器", "米家", 1800.0, "厨房", 80),
        ("r1", "扫地机", "米家", 2000.0, "生活", 90),
        ("r2", "扫地机", "米家", 3000.0, "厨房", 10),
        ("p1", "空净", "米家", 900.0, "生活", 20),
        ("p2", "空净", "米家", 700.0, "厨房", 20),
    ],
    columns=["item_id", "category", "brand", "price", "business_unit", "n_buyers"],
)
LIFT = pd.DataFrame(
    [("净水器", "扫地机", 1.2), ("空净", "净水器", 2.0), ("扫地机", "空净", 1.6)],
    columns=["row", "column", "shrunk_lift"],
)
ATTACH = pd.DataFrame(
    [
        ("净水器", "扫地机", 0.10),
        ("扫地机", "净水器", 0.05),
        ("净水器", "空净", 0.20),
        ("空净", "净水器", 0.25),
        ("扫地机", "空净", 0.12),
        ("空净", "扫地机", 0.15),
    ],
    columns=["row", "column", "rate"],
)
SCENE = {"健康家庭": ["净水器", "扫地机", "空净"]}


def test_bundles_of_six_items_worked_out_by_hand():
    found = build_bundles(ITEMS, LIFT, SCENE, attach=ATTACH)
    # Mean lifts: 净水器 and 空净 2.0; all three (1.2 + 2.0 + 1.6) / 3 = 1.6, as 扫地机 and 空净, but more items; then 1.2.
    assert found.table["categories"].tolist() == [
        "净水器 + 空净",
        "净水器 + 扫地机 + 空净",
        "扫地机 + 空净",
        "净水器 + 扫地机",
    ]
    assert found.table["mean_lift"].tolist() == pytest.approx([2.0, 1.6, 1.6, 1.2])
    assert found.table["min_lift"].tolist() == [2.0, 1.2, 1.6, 1.2]
    # The most bought of each category, of equally bought air purifiers the cheaper.
    assert found.table["item_ids"].tolist() == ["w2 + p2", "w2 + r1 + p2", "r1 + p2", "w2 + r1"]
    assert found.table["price"].tolist() == [2500, 4500, 2700, 3800]
    assert found.table["business_unit"].tolist() == ["厨房", "", "", ""]
    # Buyers of 空净 buy .25 净水器 and .15 扫地机: the hero of three, and of both pairs it is in.
    assert found.table["hero_category"].tolist() == ["空净", "空净", "空净", "净水器"]
    assert found.table["expected_attach"].tolist() == pytest.approx([0.25, 0.40, 0.15, 0.10])
    assert found.table["rank"].tolist() == [1, 2, 3, 4]
    assert len(found.items) == 2 + 3 + 2 + 2
    assert found.items.groupby("rank")["price"].sum().tolist() == found.table["price"].tolist()


@pytest.mark.parametrize(
    ("rule", "item_ids"),
    [
        (BundleRule(price_to=1700), ["w1 + p2"]),
        (BundleRule(price_from=1900, price_to=1900), ["w1 + p1"]),
        (BundleRule(price_from=5700), ["w2 + r2 + p1"]),
        (BundleRule(units="same"), ["w2 + p2", "w2 + r2 + p2", "r1 + p1", "w2 + r2"]),
        (BundleRule(business_units=frozenset({"生活"})), ["r1 + p1"]),
        (BundleRule(sizes=(3,)), ["w2 + r1 + p2"]),
        (BundleRule(per_scene=1), ["w2 + p2"]),
        (BundleRule(sizes=(4,)), []),
        (BundleRule(price_to=100), []),
    ],
)
def test_constraints(rule, item_ids):
    found = build_bundles(ITEMS, LIFT, SCENE, rule=rule)
    assert found.table["item_ids"].tolist() == item_ids
    assert found.table["price"].between(rule.price_from, rule.price_to).all()
    assert found.table["expected_attach"].isna().all()


def test_the_name_of_a_unit_does_not_decide():
    renamed = ITEMS.replace({"business_unit": {"生活": "A"}})
    found = build_bundles(renamed, LIFT, SCENE, rule=BundleRule(units="same"))
    assert found.table["item_ids"].tolist() == ["w2 + p2", "w2 + r2 + p2", "r1 + p1", "w2 + r2"]


def test_what_is_rival_unpriced_or_unknown_is_left_out():
    items = ITEMS.assign(own=[False, True, True, True, None, True])
    items.loc[items["item_id"] == "w2", "price"] = np.nan
    found = build_bundles(items, LIFT, SCENE)
    assert found.table["item_ids"].tolist() == ["r1 + p2"]  # no 净水器 is left
    gift = ITEMS.assign(own=items["own"], price=ITEMS["price"].where(ITEMS["item_id"] != "w2", 0.0))
    assert build_bundles(gift, LIFT, SCENE).table["item_ids"].tolist() == ["r1 + p2"]
    pair = build_bundles(ITEMS, LIFT[:1], {**SCENE, "空": ["监控"]})
    assert pair.table["categories"].tolist() == ["净水器 + 扫地机"]


def test_the_order_of_rows_does_not_matter():
    shuffled = build_bundles(
        ITEMS.sample(frac=1, random_state=1),
        LIFT.sample(frac=1, random_state=2).rename(columns={"row": "column", "column": "row"}),
        {"健康家庭": SCENE["健康家庭"][::-1]},
        attach=ATTACH.sample(frac=1, random_state=3),
    )
    expected = build_bundles(ITEMS, LIFT, SCENE, attach=ATTACH)
    pd.testing.assert_frame_equal(shuffled.table, expected.table, check_exact=True)
    pd.testing.assert_frame_equal(shuffled.items, expected.items, check_exact=True)


def test_without_buyers_the_cheapest_are_taken():
    found = build_bundles(ITEMS.drop(columns="n_buyers"), LIFT, SCENE, rule=BundleRule(per_scene=1))
    assert found.table["item_ids"].tolist() == ["w1 + p2"]


def test_a_band_of_dear_items_is_found_among_many():
    cheap = pd.DataFrame(
        {
            "item_id": [f"{c}{i:04d}" for c in ("a", "b", "c", "d") for i in range(200)],
            "category": np.repeat(["甲", "乙", "丙", "丁"], 200),
            "brand": "米家",
            "price": np.tile(np.arange(1.0, 201.0), 4),
            "business_unit": "生活",
        }
    )
    names = ["甲", "乙", "丙", "丁"]
    lift = pd.DataFrame(
        [(a, b, 1.5) for i, a in enumerate(names) for b in names[i + 1 :]],
        columns=["row", "column", "shrunk_lift"],
    )
    found = build_bundles(cheap, lift, {"x": names}, rule=BundleRule(price_from=799, sizes=(4,)))
    assert found.table["price"].tolist() == [799]


def test_broken_tables_are_refused():
    with pytest.raises(DataError, match="items lacks price"):
        build_bundles(ITEMS.drop(columns="price"), LIFT, SCENE)
    with pytest.raises(DataError, match="an item twice"):
        build_bundles(pd.concat([ITEMS, ITEMS]), LIFT, SCENE)
    with pytest.raises(DataError, match="prices below 0"):
        build_bundles(ITEMS.assign(price=-1.0), LIFT, SCENE)
    with pytest.raises(DataError, match="lacks shrunk_lift"):
        build_bundles(ITEMS, LIFT.rename(columns={"shrunk_lift": "lift"}), SCENE)
    with pytest.raises(DataError, match="two values of shrunk_lift"):
        build_bundles(ITEMS, pd.concat([LIFT, LIFT.assign(shrunk_lift=9.0)]), SCENE)
    with pytest.raises(ConfigError, match="No scene"):
        build_bundles(ITEMS, LIFT, {})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"price_from": 2, "price_to": 1}, "price range is 2 to 1"),
        ({"price_from": -1}, "price range is -1"),
        ({"sizes": (1, 2)}, "sizes are 1, 2"),
        ({"sizes": (5,)}, "sizes are 5"),
        ({"sizes": ()}, "sizes are none"),
        ({"units": "one"}, "units is 'one'"),
        ({"per_scene": 0}, "per_scene is 0"),
    ],
)
def test_impossible_rules_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        BundleRule(**arguments)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 5)), min_size=2, max_size=8),
    st.integers(0, 40),
    st.integers(0, 20),
)
def test_the_items_of_a_pair_are_what_trying_everything_finds(drawn, low, width):
    items = pd.DataFrame(
        {
            "item_id": [f"i{k}" for k in range(len(drawn))],
            "category": ["甲" if k % 2 else "乙" for k in range(len(drawn))],
            "brand": "米家",
            "price": [float(price) for price, _ in drawn],
            "business_unit": "生活",
            "n_buyers": [buyers for _, buyers in drawn],
        }
    )
    lift = pd.DataFrame({"row": ["甲"], "column": ["乙"], "shrunk_lift": [1.5]})
    rule = BundleRule(price_from=low, price_to=low + width)
    found = build_bundles(items, lift, {"x": ["甲", "乙"]}, rule=rule)
    first, second = (items[items["category"] == name].to_dict("records") for name in sorted(["甲", "乙"]))
    choices = [
        (-(a["n_buyers"] + b["n_buyers"]), a["price"] + b["price"], a["item_id"], b["item_id"])
        for a, b in product(first, second)
        if low <= a["price"] + b["price"] <= low + width
    ]
    expected = [f"{min(choices)[2]} + {min(choices)[3]}"] if choices else []
    assert found.table["item_ids"].tolist() == expected
