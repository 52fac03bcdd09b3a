import itertools
from datetime import date, datetime, timedelta

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personas.category import order_pairs, pair_counts
from personas.category.attach import attach_matrix
from personas.category.attach_definition import AttachDefinition
from personas.errors import ConfigError, DataError
from personas.schema import ObservationWindow

CATEGORIES = ("扫地机", "门锁", "空调")
nan = np.nan


def definition(**choices):
    any_time = {"unit": "user", "direction": "any", "within_days": None, "base": "all", "diagonal": "blank"}
    return AttachDefinition(**{**any_time, **choices})


def cells(found):
    return {(c.row, c.column): (c.n_both, c.at_risk) for c in found.table.itertuples()}


def matrix(source, window, chosen):
    """Return (n_both, at_risk) as a 3 x 3 list in the order of CATEGORIES, None where there is no cell."""
    found = cells(attach_matrix(source, window, CATEGORIES, CATEGORIES, chosen))
    return [[found.get((row, column)) for column in CATEGORIES] for row in CATEGORIES]


# The docstring of six_users says who bought what and when.
@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        (
            {"diagonal": "repurchase"},  # u2 bought 扫地机 twice, u4 空调 twice
            [[(1, 4), (3, 4), (2, 4)], [(3, 3), (0, 3), (1, 3)], [(2, 2), (1, 2), (1, 2)]],
        ),
        (
            # u4 bought 扫地机 too late to be followed; the 空调 of u1 came after 29 days and 23 hours
            {"direction": "after", "within_days": 30, "diagonal": "repurchase"},
            [[(0, 3), (1, 3), (1, 3)], [(0, 3), (0, 3), (1, 3)], [(0, 2), (0, 2), (0, 2)]],
        ),
        (
            {"direction": "after", "within_days": 29},
            [[None, (1, 3), (0, 3)], [(0, 3), None, (0, 3)], [(0, 2), (0, 2), None]],
        ),
        (
            {"direction": "after", "within_days": 100, "diagonal": "repurchase"},
            [[(1, 3), (1, 3), (1, 3)], [(2, 3), (0, 3), (1, 3)], [(0, 2), (0, 2), (0, 2)]],
        ),
        (
            # who bought 扫地机 before or with the first 门锁 leaves that cell: only u3 stays
            {"direction": "after", "within_days": 100, "base": "exclude_prior_owners"},
            [[None, (1, 1), (1, 3)], [(1, 1), None, (1, 3)], [(0, 1), (0, 1), None]],
        ),
        (
            # u1 bought 扫地机 and 门锁 9 days into the window, too early to look 30 days back
            {"direction": "before", "within_days": 30},
            [[None, (0, 3), (0, 3)], [(1, 2), None, (0, 2)], [(1, 2), (1, 2), None]],
        ),
        (
            {"within_days": 45, "diagonal": "repurchase"},
            [[(0, 2), (2, 2), (0, 2)], [(2, 2), (0, 2), (0, 2)], [(0, 1), (0, 1), (1, 1)]],
        ),
        (
            # bought with it or later, by those who did not own it when they first bought the row's
            {"base": "exclude_prior_owners", "diagonal": "repurchase"},
            [[(1, 4), (2, 3), (1, 3)], [(2, 2), (0, 3), (1, 3)], [(1, 1), (0, 1), (1, 2)]],
        ),
        (
            {"direction": "same_order"},
            [[None, (1, 4), (0, 4)], [(1, 3), None, (0, 3)], [(0, 2), (0, 2), None]],
        ),
        (
            {"direction": "same_order", "base": "exclude_prior_owners"},
            [[None, (1, 3), (0, 3)], [(1, 2), None, (0, 3)], [(0, 1), (0, 1), None]],
        ),
        (
            {"unit": "order", "direction": "same_order"},
            [[None, (1, 5), (0, 5)], [(1, 3), None, (0, 3)], [(0, 3), (0, 3), None]],
        ),
        (
            {"unit": "order"},
            [[None, (1, 5), (0, 5)], [(1, 3), None, (0, 3)], [(0, 3), (0, 3), None]],
        ),
        (
            # 门锁 is not new to u2 at o5 nor to u3 at o7; 空调 is not to u4
            {"unit": "order", "base": "exclude_prior_owners"},
            [[None, (1, 3), (0, 4)], [(1, 2), None, (0, 3)], [(0, 2), (0, 2), None]],
        ),
    ],
    ids=str,
)
def test_counts_are_those_worked_out_by_hand(six_users, year, choices, expected):
    assert matrix(six_users, year, definition(**choices)) == expected


def test_rates_have_wilson_intervals(six_users, year):
    table = attach_matrix(six_users, year, ["扫地机"], ["门锁"], definition()).table
    assert table.columns.tolist() == [
        "row", "column", "n_row", "n_both", "rate", "low", "high", "at_risk",
    ]  # fmt: skip
    cell = table.iloc[0]
    # 3 of 4: (.75 + z²/8 ± z √(.1875/4 + z²/64)) / (1 + z²/4) with z² = 3.8415
    assert (cell["rate"], cell["low"], cell["high"]) == pytest.approx((0.75, 0.300642, 0.954413), abs=1e-6)


def test_rows_and_columns_are_lists_of_their_own(six_users, year):
    table = attach_matrix(six_users, year, ["空调", "充电桩"], ["扫地机", "充电桩"], definition()).table
    assert table[["row", "column", "n_row", "n_both", "at_risk"]].to_numpy().tolist() == [
        ["空调", "扫地机", 2, 2, 2],
        ["空调", "充电桩", 2, 0, 2],
        ["充电桩", "扫地机", 0, 0, 0],
    ]
    # Nobody bought 充电桩, which may not have been on sale: there is no rate of it.
    np.testing.assert_array_equal(table["rate"], [1.0, nan, nan])
    np.testing.assert_array_equal(table[["low", "high"]].isna().all(axis=1), [False, True, True])


@pytest.mark.parametrize("direction", ["any", "after"])
def test_returns_repeated_lines_and_the_order_of_the_rows_change_nothing(
    six_users, make_source, year, direction
):
    events = six_users.table("events").to_pyarrow().to_pylist()
    bought = [event for event in events if event["event_type"] == "order" and event["order_id"]]
    returned = [{**event, "event_type": "return", "amount": 9 * event["amount"]} for event in bought]
    odd = make_source([*returned, *bought[::-1], *events[::-1]])
    asked = definition(direction=direction, within_days=None if direction == "any" else 90)
    tables = [attach_matrix(source, year, CATEGORIES, CATEGORIES, asked).table for source in (six_users, odd)]
    pd.testing.assert_frame_equal(*tables)


def test_a_cell_does_not_depend_on_the_other_categories(make_source, year):
    # An order whose lines are hours apart has the moment of its earliest line, listed or not.
    line = {"user_id": "a", "order_id": "o1", "amount": 1}
    source = make_source(
        [
            {**line, "event_at": "2025-03-01T08:00", "category": "空调"},
            {**line, "event_at": "2025-03-01T12:00", "category": "扫地机"},
            {**line, "event_at": "2025-03-08T09:00", "category": "门锁", "order_id": "o2"},
        ]
    )
    after = definition(direction="after", within_days=7)
    alone = attach_matrix(source, year, ["扫地机"], ["门锁"], after)
    among = attach_matrix(source, year, CATEGORIES, CATEGORIES, after)
    assert cells(alone)["扫地机", "门锁"] == cells(among)["扫地机", "门锁"] == (0, 1)


@pytest.mark.parametrize(
    "choices", [{}, {"direction": "after", "within_days": 100}, {"unit": "order"}], ids=str
)
def test_personas_have_the_same_table_each(six_users, year, choices):
    sliced = attach_matrix(
        six_users, year, ["扫地机"], ["门锁", "空调"], definition(**choices), assignments=six_users.table("assignments")
    )  # fmt: skip
    whole = attach_matrix(six_users, year, ["扫地机"], ["门锁", "空调"], definition(**choices))
    table = sliced.table
    assert table["persona_id"].tolist() == ["(all)", "(all)", "P01", "P01", "P02", "P02"]
    everybody = table[table["persona_id"] == "(all)"].drop(columns="persona_id")
    pd.testing.assert_frame_equal(everybody, whole.table)
    # All buyers have a persona here, so the counts of the personas add up.
    parts = table[table["persona_id"] != "(all)"].groupby("column", sort=False)[
        ["n_row", "n_both", "at_risk"]
    ]
    np.testing.assert_array_equal(parts.sum(), whole.table[["n_row", "n_both", "at_risk"]])
    assert "按人群" in sliced.definition.zh
    assert "按人群" not in whole.definition.zh


def test_a_persona_that_bought_nothing_is_still_there(make_source, year):
    lines = [("a", "扫地机"), ("c", "门锁")]
    events = [{"user_id": user, "event_at": "2025-03-01", "category": name} for user, name in lines]
    source = make_source(events, {"b": "P09"})
    table = attach_matrix(
        source, year, ["扫地机"], ["门锁"], definition(), assignments=source.table("assignments")
    ).table
    assert table["persona_id"].tolist() == ["(all)", "P09"]
    np.testing.assert_array_equal(table["rate"], [0.0, nan])


def test_assignments_may_name_a_user_once(make_source, year):
    source = make_source([{"user_id": "a", "event_at": "2025-03-01", "category": "扫地机"}])
    twice = ibis.memtable(pa.table({"user_id": ["a", "a"], "persona_id": ["P01", "P02"]}))
    with pytest.raises(DataError, match="one row per user"):
        attach_matrix(source, year, ["扫地机"], ["门锁"], definition(), assignments=twice)


@pytest.mark.parametrize(
    ("choices", "problem"),
    [
        ({"unit": "basket"}, "expected one of user, order"),
        ({"base": "buyers"}, "expected one of all, exclude_prior_owners"),
        ({"unit": "order", "direction": "after", "within_days": 30}, "share one moment"),
        ({"unit": "order", "direction": "before", "within_days": 30}, "share one moment"),
        ({"direction": "after"}, "within_days is missing"),
        ({"direction": "before"}, "within_days is missing"),
        ({"within_days": 0}, "at least 1 day"),
        ({"within_days": 1.5}, "at least 1 day"),
        ({"within_days": True}, "at least 1 day"),
        ({"direction": "same_order", "within_days": 3}, "an order has one moment"),
        ({"unit": "order", "within_days": 3}, "an order has one moment"),
        (
            {"direction": "before", "within_days": 3, "base": "exclude_prior_owners"},
            "exactly what is counted",
        ),
        ({"unit": "order", "diagonal": "repurchase"}, "needs a second order"),
        ({"direction": "same_order", "diagonal": "repurchase"}, "needs a second order"),
        ({"direction": "before", "within_days": 3, "diagonal": "repurchase"}, "needs a second order"),
    ],
    ids=str,
)
def test_choices_that_contradict_each_other_are_refused(choices, problem):
    with pytest.raises(ConfigError, match=problem):
        definition(**choices)


def test_every_choice_must_be_made():
    with pytest.raises(TypeError, match="missing 5 required"):
        AttachDefinition()


@pytest.mark.parametrize(
    ("rows", "columns", "problem"),
    [([], ["门锁"], "rows is empty"), (["门锁"], ["空调", "空调"], "columns names 空调 twice"), ("门锁", ["空调"], "list")],
)  # fmt: skip
def test_category_lists_are_checked(six_users, year, rows, columns, problem):
    with pytest.raises(ConfigError, match=problem):
        attach_matrix(six_users, year, rows, columns, definition())


def test_a_window_too_short_to_follow_anybody_is_refused(six_users, year):
    for chosen in (definition(within_days=183), definition(direction="after", within_days=366)):
        with pytest.raises(ConfigError, match="needs 366 around an index purchase"):
            attach_matrix(six_users, year, ["门锁"], ["空调"], chosen)


@pytest.mark.parametrize(
    ("choices", "zh", "en"),
    [
        (
            {"direction": "after", "within_days": 90, "base": "exclude_prior_owners", "diagonal": "repurchase"},
            ("连带率：在行品类的购买用户中，在首次购买行品类之后 90 天内另下单购买列品类的用户占比。"
            "统计期 2025-01-01 至 2025-12-31；分母不含首次购买行品类之前或同时已买过列品类的用户；"
            "只计首次购买之后有完整 90 天观察期的用户（at_risk 为实际分母人数）；"
            "对角线为复购：首购后 90 天内再次下单购买该品类；按毛订单统计，不扣除退货；区间为 95% Wilson 区间。"),
            ("Attach rate: of the users who bought the row's category, the share who bought the column's in a later "
            "order within 90 days of their first purchase of the row's. Window 2025-01-01 to 2025-12-31; base: "
            "without users who bought the column's category before or at their first purchase of the row's; only "
            "users whose first purchase has 90 full days of the window after it count (at_risk is their number); "
            "the diagonal is repurchase: a later order within 90 days of the first; orders are gross, returns are "
            "not deducted; intervals are 95 % Wilson intervals."),
        ),
        (
            {"unit": "order", "direction": "same_order"},
            ("连带率：在含行品类的订单中，同单也含列品类的订单占比。统计期 2025-01-01 至 2025-12-31；"
            "分母为行品类的全部订单；对角线留空；按毛订单统计，不扣除退货；区间为 95% Wilson 区间；"
            "区间与检验视订单彼此独立；同一用户的订单往往相似，实际的不确定性更大。"),
            ("Attach rate: of the orders with the row's category, the share that also hold the column's. Window "
            "2025-01-01 to 2025-12-31; base: all orders of the row's category; the diagonal is blank; orders are "
            "gross, returns are not deducted; intervals are 95 % Wilson intervals; "
            "intervals and tests take orders for independent; orders of one user resemble each other, so that the true "
            "uncertainty is larger."),
        ),
    ],
    ids=["after", "order"],
)  # fmt: skip
def test_the_sentence_states_every_choice(six_users, year, choices, zh, en):
    found = attach_matrix(six_users, year, ["门锁"], ["空调"], definition(**choices))
    assert found.definition == (zh, en)


def possible_definitions():
    choices = itertools.product(
        ("user", "order"),
        ("any", "after", "before", "same_order"),
        (None, 3),
        ("all", "exclude_prior_owners"),
        ("repurchase", "blank"),
    )
    for unit, direction, within_days, base, diagonal in choices:
        try:
            yield AttachDefinition(
                unit=unit, direction=direction, within_days=within_days, base=base, diagonal=diagonal
            )
        except ConfigError:
            continue


DEFINITIONS = list(possible_definitions())
MONTH = ObservationWindow(date(2025, 4, 1), 31)


def test_no_two_definitions_say_the_same():
    for language in range(2):
        sentences = {it.sentence(MONTH)[language] for it in DEFINITIONS}
        assert len(sentences) == len(DEFINITIONS) - 2  # of orders, any and same_order are the same


def counted_one_by_one(rows, row, column, chosen):
    """Count a cell from the definition alone, user by user and order by order."""
    lines = {}
    for n, (user, at, category, order_id) in enumerate(rows):
        lines.setdefault((user, order_id or n), []).append((at, category))
    orders = [(user, min(at for at, _ in of), {c for _, c in of}) for (user, _), of in lines.items()]
    count = _by_order if chosen.unit == "order" else _by_user
    outcomes = [hit for hit in count(orders, row, column, chosen) if hit is not None]
    return sum(outcomes), len(outcomes)


def _by_order(orders, row, column, chosen):
    for user, at, held in orders:
        owned = any(who == user and then < at and column in what for who, then, what in orders)
        if row in held and not (owned and chosen.base == "exclude_prior_owners"):
            yield column in held


def _by_user(orders, row, column, chosen):
    for user in {who for who, _, _ in orders}:
        mine = [(at, held) for who, at, held in orders if who == user]
        of_row = sorted(at for at, held in mine if row in held)
        of_column = sorted(at for at, held in mine if column in held)
        if of_row:
            yield _outcome(mine, of_row, of_column, row, column, chosen)


def _outcome(mine, of_row, of_column, row, column, chosen):
    index, direction = of_row[0], chosen.direction
    span = None if chosen.within_days is None else timedelta(days=chosen.within_days)
    if span and direction != "before" and index + span > MONTH.end_at:
        return None
    if span and direction != "after" and index - span < MONTH.start_at:
        return None
    prior = any(at < index or (at == index and direction == "after") for at in of_column)
    if chosen.base == "exclude_prior_owners" and row != column and prior:
        return None
    if direction == "same_order":
        return any({row, column} <= held for _, held in mine)
    if row == column and direction == "any":
        return len(of_row) > 1 and (span is None or of_row[1] - index <= span)
    near = [at for at in of_column if span is None or abs(at - index) <= span]
    return any(
        {"any": True, "after": at > index, "before": at < index}[direction] for at in near
    )  # fmt: skip


@pytest.fixture(scope="module")
def connection():
    connection = ibis.duckdb.connect(threads=2)
    yield connection
    connection.disconnect()


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("uvw"),
            st.integers(0, 61).map(lambda half: MONTH.start_at + timedelta(hours=12 * half)),
            st.sampled_from("abc"),
            st.sampled_from(["1", "2", "3", None]),
        ),
        max_size=25,
    ),
    chosen=st.sampled_from(DEFINITIONS),
    slab=st.sampled_from([1, 5, 10**6]),
)
def test_the_matrix_is_what_counting_one_by_one_finds(connection, rows, chosen, slab):
    columns = list(zip(*rows, strict=True)) or [()] * 4
    table = {
        "user_id": pa.array(columns[0], pa.string()),
        "event_at": pa.array(columns[1], pa.timestamp("us")),
        "event_type": pa.array(["order"] * len(rows), pa.string()),
        "category": pa.array(columns[2], pa.string()),
        "amount": pa.nulls(len(rows), pa.decimal128(18, 2)),
        "order_id": pa.array(columns[3], pa.string()),
    }
    connection.create_table("events", pa.table(table), overwrite=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_pairs, "PAIRS_PER_SLAB", slab)
        patch.setattr(order_pairs, "USERS_PER_BATCH", slab)
        patch.setattr(pair_counts, "UNITS_PER_BATCH", slab)
        patch.setattr(pair_counts, "_WORD", 2 if slab == 1 else 63)
        found = cells(attach_matrix(connection, MONTH, ["a", "b", "d"], ["a", "b", "d"], chosen))
    for (row, column), counts in found.items():
        assert counts == counted_one_by_one(rows, row, column, chosen)


def test_times_finer_or_coarser_than_a_microsecond_are_read_alike(year):
    for unit in ("s", "ms", "us", "ns"):
        events = pa.table(
            {
                "user_id": ["a", "a"],
                "event_at": pa.array([datetime(2025, 3, 1), datetime(2025, 3, 31)], pa.timestamp(unit)),
                "event_type": ["order", "order"],
                "category": ["扫地机", "门锁"],
                "amount": [1.0, 1.0],
                "order_id": ["o1", "o2"],
            }
        )
        chosen = definition(direction="after", within_days=30)
        found = attach_matrix(ibis.memtable(events), year, ["扫地机"], ["门锁"], chosen)
        assert cells(found) == {("扫地机", "门锁"): (1, 1)}
