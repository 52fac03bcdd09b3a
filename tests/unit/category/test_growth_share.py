from datetime import date
from decimal import Decimal

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personas.category.base import purchases
from personas.category.growth_share import METRICS, QUADRANTS, REASONS, Cuts, growth_share
from personas.category.periods import yearly_windows
from personas.errors import ConfigError
from personas.schema import Text

THEN, NOW = WINDOWS = yearly_windows(date(2026, 1, 1))
SCHEMA = pa.schema(
    [
        ("user_id", pa.string()),
        ("order_key", pa.string()),
        ("category", pa.string()),
        ("amount", pa.decimal128(18, 2)),
    ]
)
nan = np.nan


def lines(rows):
    """Purchases of (user, category, amount) rows, each an order of its own."""
    records = [
        {"user_id": u, "order_key": f"o{i}", "category": c, "amount": None if a is None else Decimal(a)}
        for i, (u, c, a) in enumerate(rows)
    ]
    return ibis.memtable(pa.Table.from_pylist(records, SCHEMA))


def buyers(amount=100, **counts):
    return lines([(f"u{i}", category, amount) for category, n in counts.items() for i in range(n)])


def matrix(then, now, **options):
    return growth_share(then, now, windows=WINDOWS, **{"min_buyers": 1, **options})


def figures(found, name):
    return dict(zip(found.table["category"], found.table[name], strict=True))


@pytest.mark.parametrize(
    ("metric", "share", "growth", "cuts"),
    [
        # 4, 3 and 2 of the 4 buyers of 2025; one of each in 2024. Their sum grows from 3 to 9.
        ("users", {"扫地机": 1, "空调": 0.5, "门锁": 0.75}, {"扫地机": 3, "空调": 1, "门锁": 2}, (0.75, 2)),
        # 5, 3 and 3 of 10 orders, as o1 holds two categories; their sum grows from 3 to 11.
        (
            "orders",
            {"扫地机": 0.5, "空调": 0.3, "门锁": 0.3},
            {"扫地机": 4, "空调": 2, "门锁": 2},
            (0.3, 8 / 3),
        ),
        # 9,199, 8,000 and 3,700 of 20,899, from 500, 2,800 and 950.
        (
            "revenue",
            {"扫地机": 9199 / 20899, "空调": 8000 / 20899, "门锁": 3700 / 20899},
            {"扫地机": 8699 / 500, "空调": 5200 / 2800, "门锁": 2750 / 950},
            (8000 / 20899, 16649 / 4250),
        ),
    ],
)
def test_the_matrix_of_six_users_is_that_worked_out_by_hand(six_users, metric, share, growth, cuts):
    found = matrix(purchases(six_users, THEN), purchases(six_users, NOW), metric=metric)
    assert figures(found, "share") == pytest.approx(share)
    assert figures(found, "growth") == pytest.approx(growth)
    assert (found.share_cut, found.growth_cut) == pytest.approx(cuts)
    # By revenue, the size of the bubble.
    assert found.table["category"].tolist() == ["扫地机", "空调", "门锁"]
    assert found.table["revenue_now"].tolist() == [9199, 8000, 3700]
    assert found.table["users_then"].tolist() == [1, 1, 1]
    assert found.table["orders_now"].tolist() == [5, 3, 3]


def test_the_quadrants_of_six_users_are_those_worked_out_by_hand(six_users):
    found = matrix(purchases(six_users, THEN), purchases(six_users, NOW))
    # 门锁 lies on both cuts, which counts as high.
    assert figures(found, "quadrant") == {"扫地机": "star", "门锁": "star", "空调": "dog"}
    assert figures(found, "near_cut") == {"扫地机": False, "门锁": True, "空调": False}


def test_all_four_quadrants_lie_where_the_matrix_has_them():
    found = matrix(
        buyers(star=50, cow=100, mark=10, dog=40),
        buyers(star=100, cow=90, mark=30, dog=20),
        cuts=Cuts(0.5, 0.1),
    )
    assert figures(found, "quadrant") == {
        "star": "star",
        "cow": "cash_cow",
        "mark": "question_mark",
        "dog": "dog",
    }
    assert QUADRANTS["cash_cow"] == Text("现金牛", "cash cow")


def test_a_value_on_a_cut_is_high_and_below_it_low():
    then, now = buyers(a=100, b=100, c=1000), buyers(a=110, b=109, c=1000)
    found = figures(matrix(then, now, cuts=Cuts(0.11, 0.1)), "quadrant")
    assert (found["a"], found["b"], found["c"]) == ("star", "dog", "cash_cow")


@pytest.mark.parametrize(
    ("share_cut", "growth_cut", "near"),
    [
        (0.49, 0.25, False),  # b lies at .5455 and 20 %; .49 * 1.1 = .539
        (0.51, 0.5, True),  # .51 * 1.1 = .561 > .5455
        (0.6, 0.5, True),  # .6 * .9 = .54 < .5455
        (0.1, 0.21, True),  # .21 * .9 = .189 < .2
        (0.1, 0.23, False),  # .23 * .9 = .207
        (0.1, 0.185, True),  # .185 * 1.1 = .2035
        (0.1, 0.0, False),  # a cut of 0 moves by one percentage point
        (0.1, 0.2, True),
    ],
)
def test_near_a_cut_is_what_a_tenth_of_it_would_move(share_cut, growth_cut, near):
    found = matrix(buyers(a=10, b=5), buyers(a=11, b=6), cuts=Cuts(share_cut, growth_cut))
    assert figures(found, "near_cut")["b"] == near


def test_a_growth_cut_of_zero_still_moves_by_a_point():
    found = matrix(buyers(a=200, b=200), buyers(a=201, b=210), cuts=Cuts(0.1, 0.0))
    assert figures(found, "near_cut") == {"a": True, "b": False}  # .5 % and 5 %


def test_what_cannot_be_judged_says_why_and_sets_no_cuts():
    then = buyers(a=40, b=50, old=60, few=29)
    now = buyers(a=80, b=40, new=70, few=290)
    found = matrix(then, now, min_buyers=30)
    assert figures(found, "reason") == {
        "a": "",
        "b": "",
        "old": "one_period",
        "new": "one_period",
        "few": "few_buyers",
    }
    assert {c for c, q in figures(found, "quadrant").items() if q == "not_judged"} == {"old", "new", "few"}
    growth = figures(found, "growth")
    assert np.isnan([growth["old"], growth["new"]]).all()
    assert growth["few"] == 9  # known, not judged
    assert np.isnan([figures(found, "share")[c] for c in ("old", "new")]).all()
    assert found.growth_cut == pytest.approx(120 / 90 - 1)
    assert found.share_cut == pytest.approx((80 / 290 + 40 / 290) / 2)
    assert not any(figures(found, "near_cut")[c] for c in ("old", "new", "few"))
    assert set(found.table["reason"]) - {""} <= set(REASONS)
    assert found.table["category"].iloc[-1] == "old"  # without revenue now


def test_thirty_buyers_are_enough_by_default():
    found = growth_share(buyers(a=30, b=29), buyers(a=30, b=29), windows=WINDOWS)
    assert figures(found, "reason") == {"a": "", "b": "few_buyers"}


@pytest.mark.parametrize("amounts", [[None, None], ["0", "0"], ["10", "-25"]])
def test_without_a_positive_base_there_is_no_growth(amounts):
    # The last: more given back than bought.
    then = lines([("u1", "a", amounts[0]), ("u2", "a", amounts[1]), ("u3", "b", "5")])
    found = matrix(then, lines([("u1", "a", "7"), ("u3", "b", "5")]), metric="revenue")
    assert figures(found, "reason") == {"a": "no_base", "b": ""}
    assert np.isnan(figures(found, "growth")["a"])
    assert figures(found, "quadrant")["b"] == "star"


def test_unknown_revenue_now_is_neither_growth_nor_a_bubble():
    found = matrix(lines([("u1", "a", "7")]), lines([("u1", "a", None)]), metric="revenue")
    assert found.table[["revenue_now", "share", "growth"]].isna().all(axis=None)
    assert found.table["quadrant"].tolist() == ["not_judged"]


@pytest.mark.parametrize("metric", METRICS)
def test_no_purchases_give_an_empty_table(metric):
    found = matrix(lines([]), lines([]), metric=metric)
    assert found.table.empty
    assert np.isnan([found.share_cut, found.growth_cut]).all()
    assert "nan" not in found.definition.en


def test_lines_of_an_order_are_one_order_and_their_order_changes_nothing(make_source):
    def event(user, at, order_id, amount):
        return {"user_id": user, "event_at": at, "category": "a", "order_id": order_id, "amount": amount}

    rows = [
        event("x", "2024-02-29", "o1", 10),
        event("x", "2025-03-01", "o2", 10),
        event("x", "2025-03-01", "o2", 10),
        event("y", "2025-03-02", None, 10),
    ]
    tables = []
    for order in (rows, rows[::-1]):
        source = make_source(order)
        tables.append(matrix(purchases(source, THEN), purchases(source, NOW), metric="orders").table)
    assert tables[0].equals(tables[1])
    assert tables[0][["users_now", "orders_then", "orders_now", "revenue_now"]].iloc[0].tolist() == [
        2,
        1,
        2,
        30,
    ]


def market(*rows):
    names = ("period_start", "category", "brand", "buyers", "orders", "revenue")
    schema = pa.schema(
        [("period_start", pa.date32()), ("category", pa.string()), ("brand", pa.string())]
        + [(name, pa.int64()) for name in names[3:]]
    )
    records = [dict(zip(names, (*row, row[-1], row[-1]), strict=True)) for row in rows]
    return ibis.memtable(pa.Table.from_pylist(records, schema))


def test_with_a_market_the_share_is_against_the_largest_rival():
    industry = market(
        (NOW.start, "a", "X", 40),
        (NOW.start, "a", "Y", 20),
        (NOW.start, "a", None, 130),
        (THEN.start, "a", None, 100),
        (THEN.start, "a", "X", 1),
        (NOW.start, "b", "X", 0),
        (NOW.start, "b", None, 50),
    )
    found = matrix(buyers(a=40, b=10, c=10), buyers(a=60, b=10, c=10), market=industry, cuts=Cuts(share=1.0))
    assert found.share_kind == "relative"
    assert figures(found, "share")["a"] == 1.5
    assert figures(found, "market_growth")["a"] == pytest.approx(0.3)
    assert figures(found, "quadrant") == {"a": "star", "b": "not_judged", "c": "not_judged"}
    assert figures(found, "reason") == {"a": "", "b": "no_share", "c": "no_share"}
    assert "最大竞品" in found.definition.zh
    assert "share 1.00" in found.definition.en


def test_without_a_market_there_is_no_market_growth():
    found = matrix(buyers(a=1), buyers(a=1))
    assert found.share_kind == "internal"
    assert found.table["market_growth"].isna().all()


def test_the_definition_states_periods_cuts_and_denominators():
    definition = matrix(buyers(a=4, b=4), buyers(a=8, b=4), min_buyers=3).definition
    for words in ("2024-01-01 至 2024-12-31", "品牌全部购买人数", "份额 75.0%", "增长率 50.0%", "少于 3 人"):
        assert words in definition.zh
    for words in (
        "2025-01-01 to 2025-12-31",
        "the brand's buyers",
        "share 75.0%",
        "growth 50.0%",
        "fewer than 3",
    ):
        assert words in definition.en


@pytest.mark.parametrize("cuts", [{"share": 0.0}, {"share": np.inf}, {"growth": -1.0}, {"growth": nan}])
def test_impossible_cuts_are_refused(cuts):
    with pytest.raises(ConfigError, match="cut is"):
        Cuts(**cuts)


def test_impossible_options_are_refused():
    with pytest.raises(ConfigError, match="users, orders, revenue"):
        matrix(buyers(a=1), buyers(a=1), metric="gmv")
    with pytest.raises(ConfigError, match="min_buyers"):
        matrix(buyers(a=1), buyers(a=1), min_buyers=0)
    with pytest.raises(ConfigError, match="do not overlap"):
        growth_share(buyers(a=1), buyers(a=1), windows=(NOW, THEN))


Counts = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 6))


@settings(max_examples=40)
@given(Counts, Counts)
def test_every_category_has_one_place_or_one_reason(then, now):
    found = matrix(buyers(**then), buyers(**now))
    assert set(found.table["category"]) == then.keys() | now.keys()
    judged = found.table[found.table["reason"] == ""]
    assert ((found.table["reason"] == "") == (found.table["quadrant"] != "not_judged")).all()
    for row in judged.itertuples():
        large, fast = row.share >= found.share_cut, row.growth >= found.growth_cut
        expected = {(True, True): "star", (True, False): "cash_cow", (False, True): "question_mark"}
        assert row.quadrant == expected.get((large, fast), "dog")
    if len(judged):
        # The mean lies between the smallest and the largest growth, so somebody is fast.
        assert (judged["growth"] >= found.growth_cut - 1e-12).any()
        assert (judged["share"] >= found.share_cut).mean() >= 0.5
    assert not np.isinf(found.table.select_dtypes("number")).any(axis=None)
