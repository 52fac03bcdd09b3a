from datetime import date, datetime

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.category.base import purchases
from personas.category.flow import category_flow, compare_flows
from personas.category.periods import yearly_windows
from personas.category.slices import ALL
from personas.errors import ConfigError, DataError
from personas.schema import ObservationWindow

FIRST, SECOND, THIRD = yearly_windows(date(2026, 1, 1), n_windows=3)
nan = np.nan


def bought(pairs):
    """Purchases of (user, category) pairs."""
    schema = pa.schema([("user_id", pa.string()), ("category", pa.string())])
    return ibis.memtable(pa.Table.from_pylist([{"user_id": u, "category": c} for u, c in pairs], schema))


def flow_of(then, now, windows=(SECOND, THIRD), **options):
    return category_flow(bought(then), bought(now), windows=windows, **options)


def grid(flow, figure, persona=ALL):
    cells = flow.cells[flow.cells["persona_id"] == persona]
    return {(r, c): v for r, c, v in zip(cells["row"], cells["column"], cells[figure], strict=True)}


@pytest.fixture
def six_flow(six_users):
    # 2024: u6 扫地机, u3 空调, u1 门锁. 2025: 扫地机 u1 u2 u3 u4, 门锁 u1 u2 u3, 空调 u1 u4.
    return category_flow(purchases(six_users, SECOND), purchases(six_users, THIRD), windows=(SECOND, THIRD))


def test_shares_of_six_users_are_those_worked_out_by_hand(six_flow):
    expected = {
        ("扫地机", "扫地机"): nan,  # the diagonal
        ("扫地机", "门锁"): 0,  # u6 buys nothing in 2025
        ("扫地机", "空调"): 0,
        ("空调", "扫地机"): 1,  # u3
        ("空调", "门锁"): 1,
        ("空调", "空调"): nan,
        ("门锁", "扫地机"): 1,  # u1
        ("门锁", "门锁"): nan,
        ("门锁", "空调"): 1,
    }
    found = grid(six_flow, "share")
    assert list(found) == list(expected)  # most buyers first, ties by name
    np.testing.assert_array_equal(list(found.values()), list(expected.values()))


def test_margins_of_six_users_count_buyers_lost_and_new_ones(six_flow):
    rows = six_flow.rows[["category", "n_buyers", "n_lost", "lost_share"]].to_numpy().tolist()
    assert rows == [["扫地机", 1, 1, 1.0], ["空调", 1, 0, 0.0], ["门锁", 1, 0, 0.0]]
    columns = six_flow.columns[["category", "n_buyers", "n_new"]].to_numpy().tolist()
    assert columns == [["扫地机", 4, 2], ["门锁", 3, 1], ["空调", 2, 1]]  # new: u2 and u4
    assert set(six_flow.cells["n_row"]) == {1}
    assert grid(six_flow, "n_column")["门锁", "扫地机"] == 4


def test_the_diagonal_is_shown_on_request(six_users):
    flow = category_flow(
        purchases(six_users, SECOND), purchases(six_users, THIRD), windows=(SECOND, THIRD), diagonal=True
    )
    assert grid(flow, "share")["门锁", "门锁"] == 1  # u1
    assert grid(flow, "share")["空调", "空调"] == 0
    assert "对角线" not in flow.definition.zh


def test_personas_of_six_users_have_tables_of_their_own(six_users):
    flow = category_flow(
        purchases(six_users, SECOND),
        purchases(six_users, THIRD),
        windows=(SECOND, THIRD),
        assignments=six_users.table("assignments"),
    )
    assert flow.cells["persona_id"].unique().tolist() == [ALL, "P01", "P02"]
    assert len(flow.cells) == 27
    assert grid(flow, "n_row", "P01") == {
        (r, c): n for r, n in [("扫地机", 0), ("空调", 1), ("门锁", 1)] for c in ("扫地机", "门锁", "空调")
    }
    assert np.isnan(grid(flow, "share", "P01")["扫地机", "门锁"])  # no buyer, no share
    # P02 bought nothing in 2024; u4 is new.
    new = flow.columns[flow.columns["persona_id"] == "P02"]
    assert new[["category", "n_buyers", "n_new"]].to_numpy().tolist() == [
        ["扫地机", 1, 1],
        ["门锁", 0, 0],
        ["空调", 1, 1],
    ]
    assert np.isnan(new["new_share"].iloc[1])


def test_the_interval_is_wilsons():
    # 1 of 4: (.25 + z2/8 -+ z sqrt(.1875/4 + z2/64)) / (1 + z2/4) with z2 = 3.841459
    flow = flow_of([(u, "A") for u in "abcd"], [("a", "B")])
    assert flow.cells[["low", "high"]].iloc[0].tolist() == pytest.approx([0.045587, 0.699358], abs=1e-6)


def test_rows_and_columns_may_differ_and_keep_their_order():
    flow = flow_of(
        [("a", "A"), ("a", "B"), ("b", "B")], [("a", "C"), ("b", "D")], rows=["A", "Z", "B"], columns=["D"]
    )
    assert flow.cells["row"].tolist() == ["A", "Z", "B"]
    assert flow.cells["n_row"].tolist() == [1, 0, 2]
    np.testing.assert_array_equal(flow.cells["share"], [0, nan, 0.5])


def test_a_category_that_nobody_bought_in_its_period_has_no_share():
    flow = flow_of([("a", "A")], [("a", "B")], columns=["B", "A", "C"], diagonal=True)
    np.testing.assert_array_equal(flow.cells["share"], [1, nan, nan])
    assert flow.cells["n_both"].tolist() == [1, 0, 0]
    assert flow.cells[["low", "high"]].iloc[1:].isna().all(axis=None)


@pytest.mark.parametrize(("then", "now"), [([], []), ([("a", "A")], []), ([], [("a", "A")])])
def test_a_period_without_purchases_gives_an_empty_table(then, now):
    flow = flow_of(then, now)
    assert flow.cells.empty
    assert len(flow.rows) == len(then)
    assert len(flow.columns) == len(now)
    comparison = compare_flows(flow_of(then, now, windows=(FIRST, SECOND)), flow)
    assert comparison.cells.empty


def test_returns_duplicates_and_the_order_of_rows_change_nothing(make_source):
    def event(user, at, category, kind="order", order_id=None):
        return {
            "user_id": user,
            "event_at": at,
            "event_type": kind,
            "category": category,
            "amount": 10,
            "order_id": order_id,
        }

    events = [
        event("a", "2024-05-01", "A", order_id="o1"),
        event("a", "2025-05-01", "B"),
        event("b", "2024-06-01", "A"),
    ]
    noise = [
        event("a", "2024-05-01", "A", order_id="o1"),  # the same line again
        event("b", "2024-06-02", "A", kind="return"),  # more returned than bought
        event("b", "2024-06-03", "A", kind="return"),
        event("b", "2025-06-03", "B", kind="view"),
    ]
    flows = []
    for rows in (events, [*reversed(noise), *reversed(events)]):
        source = make_source(rows)
        flows.append(
            category_flow(purchases(source, SECOND), purchases(source, THIRD), windows=(SECOND, THIRD))
        )
    assert flows[0].cells.equals(flows[1].cells)
    assert flows[0].cells["share"].tolist() == [0.5]


def test_the_leap_day_belongs_to_one_period_only(make_source):
    events = [
        {"user_id": "a", "event_at": datetime(2024, 2, 28, 23, 59), "category": "A"},
        {"user_id": "b", "event_at": datetime(2024, 2, 29), "category": "A"},
    ]
    source = make_source(events)
    then, now = yearly_windows(date(2025, 2, 28))  # whole years that turn on 28 February
    assert purchases(source, then).count().to_pyarrow().as_py() == 0
    assert purchases(source, now).count().to_pyarrow().as_py() == 2
    then, now = yearly_windows(date(2024, 2, 29))
    assert purchases(source, now).count().to_pyarrow().as_py() == 1


def test_a_year_of_hand_made_change_is_compared_cell_by_cell():
    # Last year 1 of 4 buyers of A went to B, this year 3 of 4.
    last = flow_of([(u, "A") for u in "abcd"], [("a", "B")], windows=(FIRST, SECOND))
    this = flow_of([(u, "A") for u in "cdef"], [(u, "B") for u in "cde"])
    comparison = compare_flows(last, this)
    cell = comparison.cells.iloc[0]
    assert cell[["n_row_last", "n_both_last", "n_row_this", "n_both_this"]].tolist() == [4, 1, 4, 3]
    assert (cell["difference_pp"], cell["relative_change"], cell["test"]) == (50, 2, "fisher")
    assert cell["p_value"] == pytest.approx(34 / 70)
    assert cell["q_value"] == pytest.approx(34 / 70)  # the only test
    assert comparison.rows["relative_change"].tolist() == [0]
    assert comparison.columns["relative_change"].tolist() == [2]


def test_a_category_of_one_year_only_has_no_change_and_no_test():
    last = flow_of([("a", "A"), ("b", "OLD")], [("a", "B")], windows=(FIRST, SECOND))
    this = flow_of([("a", "A"), ("c", "NEW")], [("a", "B")])
    comparison = compare_flows(last, this)
    assert comparison.cells["row"].tolist() == ["A", "NEW", "OLD"]
    assert comparison.cells["relative_change"].isna().tolist() == [False, True, True]
    assert comparison.cells["difference_pp"].isna().tolist() == [False, True, True]
    assert comparison.cells["q_value"].isna().tolist() == [True, True, True]  # A: all in both years
    assert comparison.rows["relative_change"].isna().tolist() == [False, True, True]
    assert not np.isinf(comparison.cells.select_dtypes("number")).any(axis=None)


def test_no_share_last_year_is_no_relative_change_but_a_difference():
    last = flow_of([("a", "A"), ("b", "C")], [("b", "B")], windows=(FIRST, SECOND))
    this = flow_of([("a", "A")], [("a", "B")])
    cell = compare_flows(last, this).cells.iloc[0]
    assert cell["difference_pp"] == 100
    assert np.isnan(cell["relative_change"])


def test_q_values_of_everybody_do_not_depend_on_the_slices():
    then = [(f"u{i}", "A") for i in range(40)]
    assignments = ibis.memtable(pa.table({"user_id": [u for u, _ in then[:20]], "persona_id": ["P01"] * 20}))
    q_values = []
    for pairs in (None, assignments):
        last = flow_of(then, [(u, "B") for u, _ in then[:5]], windows=(FIRST, SECOND), assignments=pairs)
        this = flow_of(then, [(u, "B") for u, _ in then[:30]], assignments=pairs)
        cells = compare_flows(last, this).cells
        q_values.append(cells.loc[cells["persona_id"] == ALL, "q_value"].tolist())
        assert cells["test"].tolist() == ["z"] * len(cells)
    assert q_values[0] == q_values[1]


def test_the_definitions_state_periods_units_and_denominators():
    flow = flow_of([("a", "A")], [("a", "B")])
    for words in ("2024-01-01 至 2024-12-31", "2025-01-01 至 2025-12-31", "÷ 前期购买行品类的人数", "退货"):
        assert words in flow.definition.zh
    for words in ("2024-01-01 to 2024-12-31", "/ users who bought the row category", "returns not netted"):
        assert words in flow.definition.en
    earlier = flow_of([("a", "A")], [("a", "B")], windows=(FIRST, SECOND))
    assert "Benjamini-Hochberg" in compare_flows(earlier, flow).definition.en


def test_what_cannot_be_compared_is_refused():
    flow = flow_of([("a", "A")], [("a", "B")])
    with pytest.raises(ConfigError, match="earlier flow first"):
        compare_flows(flow, flow)
    with pytest.raises(ConfigError, match="do not overlap"):
        flow_of([], [], windows=(THIRD, SECOND))
    with pytest.raises(ConfigError, match="do not overlap"):
        flow_of([], [], windows=(ObservationWindow(date(2025, 6, 1), 365), THIRD))
    with pytest.raises(ConfigError, match="listed twice"):
        flow_of([("a", "A")], [("a", "A")], rows=["A", "A"])
    twice = ibis.memtable(pa.table({"user_id": ["a", "a"], "persona_id": ["P01", "P02"]}))
    with pytest.raises(DataError, match="one row per user"):
        flow_of([("a", "A")], [("a", "A")], assignments=twice)


Pairs = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("ABC")), max_size=14)


@given(Pairs, Pairs)
def test_every_cell_is_the_intersection_of_two_sets_of_buyers(then, now):
    flow = flow_of(then, now, diagonal=True)
    for cell in flow.cells.itertuples():
        before = {u for u, c in then if c == cell.row}
        after = {u for u, c in now if c == cell.column}
        assert (cell.n_row, cell.n_column, cell.n_both) == (len(before), len(after), len(before & after))
        assert cell.share == len(before & after) / len(before)
        assert 0 <= cell.low <= cell.share <= cell.high <= 1
    assert set(flow.cells["row"]) == ({c for _, c in then} if now else set())
    for row in flow.rows.itertuples():
        assert row.n_lost == len({u for u, c in then if c == row.category} - {u for u, _ in now})
