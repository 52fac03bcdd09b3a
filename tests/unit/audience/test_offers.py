from datetime import date, datetime

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personas.audience.offers import GOALS, next_offers
from personas.errors import ConfigError, DataError
from personas.schema import ObservationWindow

YEAR = ObservationWindow(date(2026, 1, 1), 365)

ATTACH = pd.DataFrame(
    [
        ("扫地机", "门锁", 0.10, 2.0, "high"),
        ("扫地机", "空调", 0.20, 4.0, "mid"),
        ("门锁", "扫地机", 0.30, 1.5, "mid"),
        ("门锁", "空调", 0.90, 1.1, "low"),
        ("(all)", "扫地机", 0.08, 1.0, "low"),
    ],
    columns=["row", "column", "rate", "lift", "tier"],
)
# Added rates: .1 - .05, .2 - .05, .3 - .2; a low pair is never offered. Expected values: 扫地机>门锁 .05*300*1.5-50*.2 =
# 12.5, 扫地机>空调 .15*200-50*.4 = 10, 门锁>扫地机 .1*100*2-30*.1 = 17, (all)>扫地机 .08*200-3 = 13.
ECONOMICS = pd.DataFrame(
    {
        "category": ["门锁", "空调", "扫地机"],
        "margin": [300.0, 200.0, 100.0],
        "uplift": [1.5, 1.0, 2.0],
        "coupon_cost": [50.0, 50.0, 30.0],
        "redeem_probability": [0.2, 0.4, 0.1],
    }
)


def make_bought(rows):
    schema = pa.schema(
        [
            ("user_id", pa.string()),
            ("order_key", pa.string()),
            ("event_at", pa.timestamp("us")),
            ("category", pa.string()),
        ]
    )
    named = [
        dict(zip(schema.names, (u, o, datetime.fromisoformat(at), c), strict=True)) for u, o, at, c in rows
    ]
    return ibis.memtable(pa.Table.from_pylist(named, schema))


@pytest.fixture
def six_users():
    """u1 owns 扫地机, u2 门锁 (two orders), u3 both, u4 扫地机 of long ago, u5 all three; u6 is a prospect."""
    return make_bought(
        [
            ("u1", "o1", "2025-10-01", "扫地机"),
            ("u2", "o1", "2025-10-01", "门锁"),
            ("u2", "o2", "2025-11-01", "门锁"),
            ("u3", "o1", "2025-10-01", "门锁"),
            ("u3", "o1", "2025-10-01", "扫地机"),
            ("u4", "o1", "2025-01-05", "扫地机"),
            ("u5", "o1", "2025-09-01", "门锁"),
            ("u5", "o2", "2025-09-02", "扫地机"),
            ("u5", "o3", "2025-09-03", "空调"),
        ]
    )


USERS = ibis.memtable(pa.table({"user_id": ["u1", "u2", "u3", "u4", "u5", "u6"]}))


def rows_of(offers, *columns):
    rows = (
        offers.users.order_by("user_id", "rank").select("user_id", "rank", *columns).to_pyarrow().to_pylist()
    )
    return [tuple(row.values()) for row in rows]


def test_expected_values_of_six_users_worked_out_by_hand(six_users):
    offers = next_offers(six_users, ATTACH, window=YEAR, economics=ECONOMICS, users=USERS)
    assert offers.ranked_by == "expected_value"
    rows = rows_of(offers, "category", "owned_category", "expected_value", "goal")
    assert [(*row[:4], row[5]) for row in rows] == [
        ("u1", 1, "门锁", "扫地机", "first_to_second"),
        ("u1", 2, "空调", "扫地机", "first_to_second"),
        ("u2", 1, "扫地机", "门锁", "repeat"),
        ("u3", 1, "空调", "扫地机", "first_to_second"),
        ("u4", 1, "门锁", "扫地机", "first_to_second"),
        ("u4", 2, "空调", "扫地机", "first_to_second"),
        ("u6", 1, "扫地机", "(all)", "new"),
    ]
    assert [row[4] for row in rows] == pytest.approx([12.5, 10, 17, 10, 12.5, 10, 13])
    assert "期望价值 = 增量连带率 × 毛利 × 增益" in offers.definition.zh
    assert GOALS["first_to_second"].zh == "一转二"


def test_what_was_bought_long_ago_may_be_offered_again():
    bought = make_bought([("u7", "o1", "2025-01-05", "扫地机"), ("u7", "o2", "2025-10-01", "门锁")])
    offers = next_offers(bought, ATTACH, window=YEAR, economics=ECONOMICS, not_bought_days=180)
    assert [row[2:] for row in rows_of(offers, "category", "owned_category")] == [
        ("扫地机", "门锁"),
        ("空调", "扫地机"),
    ]
    assert "180天" in offers.definition.zh
    whole = next_offers(bought, ATTACH, window=YEAR, economics=ECONOMICS)
    assert [row[2] for row in rows_of(whole, "category")] == ["空调"]


def test_without_economics_the_added_rate_decides(six_users):
    offers = next_offers(six_users, ATTACH, window=YEAR)
    assert offers.ranked_by == "added_rate"
    rows = rows_of(offers, "category", "tier", "expected_value", "added_rate")
    assert [row[:5] for row in rows] == [
        ("u1", 1, "空调", "mid", None),
        ("u1", 2, "门锁", "high", None),
        ("u2", 1, "扫地机", "mid", None),
        ("u3", 1, "空调", "mid", None),
        ("u4", 1, "空调", "mid", None),
        ("u4", 2, "门锁", "high", None),
    ]
    assert [row[5] for row in rows] == pytest.approx([0.15, 0.05, 0.1, 0.15, 0.15, 0.05])
    assert "added rate" in offers.definition.en


def test_neither_what_everybody_buys_nor_what_is_rare_leads():
    pairs = [
        ("面包", "牛奶", 0.95, 1.0, "low"),  # everybody buys milk
        ("面包", "猫粮", 0.03, 3.0, "high"),  # few have a cat, whoever they are
        ("面包", "奶酪", 0.40, 1.6, "mid"),
    ]
    attach = pd.DataFrame(pairs, columns=["row", "column", "rate", "lift", "tier"])
    offers = next_offers(make_bought([("u1", "o1", "2025-10-01", "面包")]), attach, window=YEAR)
    assert [row[2] for row in rows_of(offers, "category")] == ["奶酪", "猫粮"]
    assert offers.personas["category"].tolist() == ["奶酪", "猫粮"]


def test_one_unknown_uplift_makes_all_rank_by_added_rate(six_users):
    unknown = ECONOMICS.assign(uplift=[1.5, np.nan, 2.0])
    offers = next_offers(six_users, ATTACH, window=YEAR, economics=unknown)
    assert offers.ranked_by == "added_rate"
    u1 = [row[2:] for row in rows_of(offers, "category", "expected_value") if row[0] == "u1"]
    assert u1 == [("空调", None), ("门锁", pytest.approx(12.5))]
    valued = offers.personas.set_index("category")["expected_value"]
    assert valued["门锁"] == pytest.approx(25)
    assert np.isnan(valued["空调"])
    absent = next_offers(six_users, ATTACH, window=YEAR, economics=ECONOMICS.drop(columns="margin"))
    assert absent.ranked_by == "added_rate"


def test_offers_of_personas_worked_out_by_hand(six_users):
    personas = {"user_id": ["u1", "u2", "u3", "u4"], "persona_id": ["P01", "P01", "P02", None]}
    offers = next_offers(
        six_users,
        ATTACH,
        window=YEAR,
        economics=ECONOMICS,
        assignments=ibis.memtable(pa.table(personas)),
        n=2,
    )
    table = offers.personas
    assert table[["persona_id", "rank", "category", "n_users"]].to_numpy().tolist() == [
        ["(all)", 1, "空调", 3],  # u1, u3, u4: 30
        ["(all)", 2, "门锁", 2],  # u1 and u4: 25
        ["P01", 1, "扫地机", 1],
        ["P01", 2, "门锁", 1],
        ["P02", 1, "空调", 1],
    ]
    assert table["expected_value"].tolist() == pytest.approx([30, 25, 17, 12.5, 10])
    assert table["mean_rate"].tolist() == pytest.approx([0.2, 0.1, 0.3, 0.1, 0.2])
    assert table["mean_added_rate"].tolist() == pytest.approx([0.15, 0.05, 0.1, 0.05, 0.15])
    assert table[["n_high", "n_mid"]].to_numpy().tolist()[:2] == [[0, 3], [2, 0]]


def test_users_are_counted_where_the_category_is_among_their_best(six_users):
    best = next_offers(six_users, ATTACH, window=YEAR, n=1).personas
    assert best[["category", "n_users"]].to_numpy().tolist() == [["空调", 3]]


def test_no_more_than_n_offers(six_users):
    offers = next_offers(six_users, ATTACH, window=YEAR, n=1)
    assert {row[1] for row in rows_of(offers)} == {1}


def test_ties_go_to_the_first_name():
    attach = pd.DataFrame(
        {"row": ["甲"] * 3, "column": ["丙", "乙", "丁"], "rate": [0.1] * 3, "tier": ["mid"] * 3}
    ).assign(lift=2.0)
    bought = make_bought([("u1", "o1", "2025-10-01", "甲")])
    offers = next_offers(bought, attach, window=YEAR)
    assert [row[2] for row in rows_of(offers, "category")] == sorted(["乙", "丙", "丁"])


def test_nothing_to_offer_is_an_empty_table(six_users):
    unknown = ATTACH.assign(rate=np.nan)
    offers = next_offers(six_users, unknown, window=YEAR)
    assert rows_of(offers) == []
    assert offers.personas.empty
    worthless = next_offers(six_users, ATTACH, window=YEAR, economics=ECONOMICS.assign(margin=0.0))
    assert rows_of(worthless) == []


def test_the_tiers_of_the_association_table_are_understood(six_users):
    tier = pd.Categorical([*ATTACH["tier"][:4], None], categories=["low", "mid", "high"], ordered=True)
    offers = next_offers(six_users, ATTACH.assign(tier=tier), window=YEAR, users=USERS)
    assert "u6" not in {row[0] for row in rows_of(offers)}  # the pair without a tier is not offered


@pytest.mark.parametrize(
    ("attach", "economics", "message"),
    [
        (ATTACH.drop(columns="tier"), None, "lacks tier"),
        (ATTACH.assign(rate=1.2), None, "outside 0 to 1"),
        (ATTACH.assign(lift=-1.0), None, "negative lifts"),
        (ATTACH.assign(tier="top"), None, "tiers top; expected high, mid, low"),
        (pd.concat([ATTACH, ATTACH]), None, "a pair of categories twice"),
        (ATTACH, pd.concat([ECONOMICS, ECONOMICS]), "hold one twice"),
        (ATTACH, ECONOMICS.drop(columns="category"), "lack a category"),
        (ATTACH, ECONOMICS.assign(uplift=-1.0), "negative uplift"),
        (ATTACH, ECONOMICS.assign(redeem_probability=1.5), "redeem_probability outside"),
    ],
)
def test_broken_tables_are_refused(six_users, attach, economics, message):
    with pytest.raises(DataError, match=message):
        next_offers(six_users, attach, window=YEAR, economics=economics)


def test_impossible_requests_are_refused(six_users):
    with pytest.raises(ConfigError, match="n is 0"):
        next_offers(six_users, ATTACH, window=YEAR, n=0)
    with pytest.raises(ConfigError, match="not_bought_days 0"):
        next_offers(six_users, ATTACH, window=YEAR, not_bought_days=0)
    with pytest.raises(DataError, match="bought lacks order_key"):
        next_offers(six_users.drop("order_key"), ATTACH, window=YEAR)
    twice = ibis.memtable(pa.table({"user_id": ["u1", "u1"], "persona_id": ["P01", "P02"]}))
    with pytest.raises(DataError, match="one row per user"):
        next_offers(six_users, ATTACH, window=YEAR, assignments=twice)


CATEGORIES = ("甲", "乙", "丙")


@settings(max_examples=20, deadline=None)
@given(
    st.sets(st.tuples(st.sampled_from("abc"), st.sampled_from(CATEGORIES)), min_size=1),
    st.lists(st.floats(0, 1), min_size=9, max_size=9),
)
def test_nobody_is_offered_what_they_own_and_the_best_comes_first(owned, rates):
    pairs = [(row, column) for row in CATEGORIES for column in CATEGORIES]
    attach = pd.DataFrame(pairs, columns=["row", "column"]).assign(rate=rates, lift=2.0, tier="mid")
    bought = make_bought([(user, "o1", "2025-10-01", category) for user, category in sorted(owned)])
    rate = dict(zip(pairs, rates, strict=True))
    for user in {user for user, _ in owned}:
        has = {category for who, category in owned if who == user}
        best = {c: max(rate[h, c] for h in has) for c in CATEGORIES if c not in has}
        offers = next_offers(bought, attach, window=YEAR)
        rows = [row for row in rows_of(offers, "category", "rate") if row[0] == user]
        assert {row[2]: row[3] for row in rows} == best
        assert [row[3] for row in rows] == sorted(best.values(), reverse=True)
