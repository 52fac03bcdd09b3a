from datetime import date

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personas.category.slices import ALL
from personas.category.stage_flow import LOST, NEW, NONE, STATES, stage_flow
from personas.errors import ConfigError, DataError

DATES = (date(2025, 1, 1), date(2025, 7, 1))
ORDER = ["A1", "A2", "A3"]
# u1 rises, u2 stays, u3 falls, u4 is lost, u5 comes from nothing, u6 is new.
THEN = {"u1": "A1", "u2": "A1", "u3": "A2", "u4": "A3", "u5": None}
NOW = {"u6": "A3", "u5": "A1", "u3": "A1", "u2": "A1", "u1": "A2"}
nan = np.nan


def staged(stages):
    schema = pa.schema([("user_id", pa.string()), ("stage", pa.string())])
    return ibis.memtable(
        pa.Table.from_pylist([{"user_id": u, "stage": s} for u, s in stages.items()], schema)
    )


def flow_of(then, now, **options):
    return stage_flow(staged(then), staged(now), dates=DATES, **options)


def counted(flow, persona=ALL):
    cells = flow.cells[(flow.cells["persona_id"] == persona) & (flow.cells["n_users"] > 0)]
    return {
        (a, b): n for a, b, n in zip(cells["from_stage"], cells["to_stage"], cells["n_users"], strict=True)
    }


def test_the_moves_of_six_users_are_those_worked_out_by_hand():
    flow = flow_of(THEN, NOW, order=ORDER)
    assert counted(flow) == {
        (NONE, "A1"): 1,
        ("A1", "A1"): 1,
        ("A1", "A2"): 1,
        ("A2", "A1"): 1,
        ("A3", LOST): 1,
        (NEW, "A3"): 1,
    }
    assert flow.cells["from_stage"].unique().tolist() == [NONE, *ORDER, NEW]
    assert flow.cells["to_stage"].unique().tolist() == [NONE, *ORDER, LOST]
    half = flow.cells[flow.cells["from_stage"] == "A1"]
    assert half["share"].tolist() == [0, 0.5, 0.5, 0, 0]
    # 1 of 2: (.5 + z2/4 -+ z sqrt(.125 + z2/16)) / (1 + z2/2) with z2 = 3.841459
    assert half[["low", "high"]].iloc[1].tolist() == pytest.approx([0.094531, 0.905469], abs=1e-6)


def test_movements_of_six_users_are_those_worked_out_by_hand():
    table = flow_of(THEN, NOW, order=ORDER).stages.set_index("stage").drop(columns="persona_id")
    assert table.index.tolist() == [NONE, *ORDER]
    counts = ["n_then", "n_now", "n_in", "n_out", "net_flow"]
    assert table[counts].to_numpy().tolist() == [
        [1, 0, 0, 1, -1],
        [2, 3, 2, 1, 1],
        [1, 1, 1, 1, 0],
        [1, 1, 1, 1, 0],
    ]
    rates = ["retained_rate", "moved_rate", "upgrade_rate", "downgrade_rate", "lost_rate"]
    assert table[rates].to_numpy().tolist() == [
        [0, 1, 1, 0, 0],
        [0.5, 0.5, 0.5, 0, 0],
        [0, 1, 0, 1, 0],
        [0, 0, 0, 0, 1],
    ]


def test_totals_of_six_users_are_those_worked_out_by_hand():
    total = flow_of(THEN, NOW, order=ORDER).totals.iloc[0]
    assert total[["n_then", "n_now", "n_new", "n_lost"]].tolist() == [5, 5, 1, 1]
    rates = ["retained_rate", "moved_rate", "upgrade_rate", "downgrade_rate", "lost_rate", "net_upgrade_rate"]
    assert total[rates].tolist() == pytest.approx([0.2, 0.6, 0.4, 0.2, 0.2, 0.2])


def test_personas_as_stages_have_no_upgrades_but_move():
    flow = flow_of({"a": "P01", "b": "P01", "c": "P02"}, {"a": "P02", "b": "P01", "c": "P02"})
    assert flow.stages["stage"].tolist() == ["P01", "P02"]
    assert flow.stages["moved_rate"].tolist() == [0.5, 0]
    assert flow.stages[["upgrade_rate", "downgrade_rate"]].isna().all(axis=None)
    assert np.isnan(flow.totals["net_upgrade_rate"].iloc[0])
    assert "无高低之分" in flow.definition.zh


def test_each_persona_has_a_table_of_its_own():
    assignments = ibis.memtable(pa.table({"user_id": ["u1", "u6"], "persona_id": ["P02", "P02"]}))
    flow = flow_of(THEN, NOW, order=ORDER, assignments=assignments)
    assert counted(flow, "P02") == {("A1", "A2"): 1, (NEW, "A3"): 1}
    assert flow.totals["persona_id"].tolist() == [ALL, "P02"]
    assert flow.totals["n_then"].tolist() == [5, 1]
    assert flow.stages["persona_id"].tolist() == [ALL] * 4 + ["P02"] * 4


def test_a_stage_where_nobody_was_has_counts_but_no_rates():
    flow = flow_of({"a": "A1"}, {"a": "A1"}, order=ORDER)
    empty = flow.stages.set_index("stage").loc["A3"]
    assert empty[["n_then", "n_now", "net_flow"]].tolist() == [0, 0, 0]
    assert empty[["retained_rate", "upgrade_rate", "lost_rate"]].isna().all()
    assert flow.cells.loc[flow.cells["from_stage"] == "A3", ["share", "low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("then", "now", "expected"), [({}, {}, [0, 0, 0, 0]), ({}, {"a": "A1"}, [0, 1, 1, 0])]
)
def test_no_users_at_the_earlier_date_give_no_rates(then, now, expected):
    flow = flow_of(then, now, order=ORDER)
    assert flow.totals[["n_then", "n_now", "n_new", "n_lost"]].iloc[0].tolist() == expected
    assert np.isnan(flow.totals["retained_rate"].iloc[0])


def test_stages_called_new_or_lost_or_none_are_ordinary_stages():
    flow = flow_of({"a": "new", "b": "none"}, {"a": "lost", "c": "new"}, order=["none", "lost", "new"])
    assert counted(flow) == {("new", "lost"): 1, ("none", LOST): 1, (NEW, "new"): 1}
    assert flow.totals["downgrade_rate"].iloc[0] == 0.5


def test_the_definition_states_dates_order_and_denominators():
    definition = flow_of(THEN, NOW, order=ORDER).definition
    assert "2025-01-01" in definition.zh
    assert "无阶段 < A1 < A2 < A3" in definition.zh
    assert "no stage < A1 < A2 < A3" in definition.en
    assert "rows sum to 100%" in definition.en
    assert set(STATES) == {NONE, NEW, LOST}


def test_bad_input_is_refused_without_naming_users():
    doubled = ibis.memtable(pa.table({"user_id": ["a", "a"], "stage": ["A1", "A2"]}))
    with pytest.raises(DataError, match="earlier stages have 2 rows of 1 users"):
        stage_flow(doubled, staged(NOW), dates=DATES)
    with pytest.raises(DataError, match="later stages lack stage"):
        stage_flow(staged(THEN), ibis.memtable(pa.table({"user_id": ["a"]})), dates=DATES)
    with pytest.raises(DataError, match="'A3'"):
        flow_of(THEN, NOW, order=["A1", "A2"])
    with pytest.raises(ConfigError, match="twice"):
        flow_of(THEN, NOW, order=["A1", "A1"])
    with pytest.raises(ConfigError, match="earlier one first"):
        stage_flow(staged(THEN), staged(NOW), dates=(DATES[1], DATES[0]))


Stages = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from([*ORDER, None]))


@settings(max_examples=40)
@given(Stages, Stages)
def test_rows_sum_to_one_and_nobody_appears_or_vanishes(then, now):
    flow = flow_of(then, now, order=ORDER)
    shares = flow.cells.groupby("from_stage")["share"].sum(min_count=1).dropna()
    np.testing.assert_allclose(shares, 1)
    assert flow.cells["n_users"].sum() == len(then.keys() | now.keys())
    total = flow.totals.iloc[0]
    assert (total["n_then"], total["n_now"]) == (len(then), len(now))
    assert flow.stages["net_flow"].sum() == len(now) - len(then)
    assert (flow.stages["n_in"] - flow.stages["n_out"]).equals(flow.stages["net_flow"])
    for stage in flow.stages.itertuples():
        name = None if stage.stage == NONE else stage.stage
        assert stage.n_then == list(then.values()).count(name)
        assert stage.n_now == list(now.values()).count(name)
        if stage.n_then:
            assert stage.retained_rate + stage.moved_rate + stage.lost_rate == pytest.approx(1)
            assert stage.upgrade_rate + stage.downgrade_rate == pytest.approx(stage.moved_rate)
