import ibis
import numpy as np
import pyarrow as pa
import pytest

from personas.errors import DataError
from personas.model.migration import ENTERED, LEFT, date_migration, model_migration
from personas.selection.intervals import wilson_interval


def _cell(migration, source, target):
    return next(m for m in migration.moves if (m.source, m.target) == (source, target))


def test_a_change_of_the_model_moves_the_same_users():
    old = np.repeat([0, 0, 1, -1], [60, 40, 100, 5])
    new = np.repeat([0, 1, 1, 1], [60, 40, 100, 5])
    found = model_migration(old, new, ["P01", "P02"], ["P01", "P03"], value=np.where(new == 0, 3.0, 1.0))
    assert found.between == "models"
    assert found.n_users == 200
    assert found.kept_users == 60 / 200
    assert found.kept_value == 180 / 320
    cell = _cell(found, "P01", "P03")
    low, high = wilson_interval([40], [100])
    assert (cell.n_users, cell.share, cell.low, cell.high) == (40, 0.4, low[0], high[0])
    assert (cell.value, cell.value_share) == (40.0, 40 / 220)
    assert sum(m.share for m in found.moves if m.source == "P02") == 1


def test_small_cells_are_hidden_with_what_would_give_them_away():
    old = np.repeat([0, 0, 1, 1], [80, 12, 60, 70])
    new = np.repeat([0, 1, 0, 1], [80, 12, 60, 70])
    found = model_migration(old, new, ["P01", "P02"], ["P01", "P02"], value=np.ones(222))
    assert all((m.n_users, m.share, m.value) == (None, None, None) for m in found.moves)
    assert found.kept_users == 150 / 222


def test_the_few_who_left_a_large_persona_are_counted_with_it():
    old = np.repeat([0, 0, 1], [995, 5, 500])
    new = np.repeat([0, 1, 1], [995, 5, 500])
    found = model_migration(old, new, ["P01", "P02"], ["P01", "P02"], value=np.ones(1500))
    assert (_cell(found, "P01", "P01").n_users, _cell(found, "P01", "P01").value) == (1000, 1000.0)
    assert _cell(found, "P01", "P02").n_users == 0


def test_small_moves_of_a_large_persona_hide_nothing_else():
    old = np.repeat([0, 0, 0, 0, 1], [500, 15, 12, 40, 300])
    new = np.repeat([0, 1, 2, 3, 0], [500, 15, 12, 40, 300])
    found = model_migration(old, new, ["P01", "P02"], ["P01", "P02", "P03", "P04"], value=np.ones(867))
    assert [m.n_users for m in found.moves] == [527, 0, 0, 40, 300, 0, 0, 0]
    assert [m.value for m in found.moves][:4] == [527.0, 0.0, 0.0, 40.0]
    assert found.kept_users == 500 / 867


def test_users_of_a_target_are_the_true_ones_or_untold():
    old = np.repeat([0, 0, 1, 1], [1290, 15, 400, 200])
    new = np.repeat([0, 1, 2, 3], [1290, 15, 400, 200])
    found = model_migration(old, new, ["P01", "P02"], ["P01", "P02", "P03", "P04"])
    assert [m.n_users for m in found.moves][:2] == [1305, 0]
    assert found.n_sources == (1305, 600)
    assert found.n_targets == (None, None, 400, 200)


def test_shares_of_a_target_are_of_the_true_counts():
    old = np.repeat([0, 1, 0, 1, 1], [900, 100, 15, 500, 485])
    new = np.repeat([0, 0, 1, 1, 2], [900, 100, 15, 500, 485])
    found = model_migration(old, new, ["P01", "P02"], ["P01", "P02", "P03"])
    assert [_cell(found, source, "P01").target_share for source in ("P01", "P02")] == [0.9, 0.1]
    assert [_cell(found, source, "P02").target_share for source in ("P01", "P02")] == [None, 1.0]
    assert _cell(found, "P02", "P03").target_share == 1.0


def test_a_target_whose_rest_is_a_few_tells_no_share():
    old, new = np.repeat([0, 1, 0], [85, 15, 900]), np.repeat([0, 0, 1], [85, 15, 900])
    found = model_migration(old, new, ["P01", "P02"], ["P01", "P02"])
    assert [_cell(found, source, "P01").target_share for source in ("P01", "P02")] == [None, None]


def test_nobody_on_the_panel_keeps_nothing():
    nobody = np.array([], dtype=int)
    found = model_migration(nobody, nobody, ["P01"], ["P01"], value=np.array([]))
    assert (found.n_users, found.kept_users, found.kept_value) == (0, None, None)
    assert found.moves[0].share is None


def _day(personas, version="v1"):
    users = [f"u{i}" for i in personas]
    return ibis.memtable(
        pa.table(
            {
                "user_id": users,
                "persona_id": list(personas.values()),
                "model_version": [version] * len(users),
            }
        )
    )


def test_between_two_days_customers_enter_move_and_leave():
    then = _day({i: "P01" if i < 60 else "P02" for i in range(100)})
    now = _day({i: "P01" if i < 30 else "P02" for i in range(25, 150)})
    spend = ibis.memtable(pa.table({"user_id": [f"u{i}" for i in range(40)], "value": [2.5] * 40}))
    found = date_migration(then, now, ["P01", "P02"], value=spend, small_cell=1)
    assert found.between == "dates"
    assert found.sources == ("P01", "P02", ENTERED)
    assert found.targets == ("P01", "P02", LEFT)
    counts = {(m.source, m.target): m.n_users for m in found.moves if m.n_users}
    assert counts == {
        ("P01", "P01"): 5,
        ("P01", "P02"): 30,
        ("P01", LEFT): 25,
        ("P02", "P02"): 40,
        (ENTERED, "P02"): 50,
    }
    assert found.kept_users == 45 / 75
    assert found.kept_value == 12.5 / 37.5


def test_spend_that_is_no_number_counts_as_nothing():
    then = _day(dict.fromkeys(range(3), "P01"))
    spend = ibis.memtable(pa.table({"user_id": ["u0", "u1"], "value": [2.0, float("nan")]}))
    found = date_migration(then, then, ["P01"], value=spend, small_cell=1)
    assert _cell(found, "P01", "P01").value == 2.0


@pytest.mark.parametrize("twice", ["then", "now", "value"])
def test_a_user_who_stands_twice_is_refused(twice):
    day = _day({0: "P01", 1: "P01"})
    spend = ibis.memtable(pa.table({"user_id": ["u0", "u1"], "value": [1.0, 1.0]}))
    tables = {"then": day, "now": day, "value": spend}
    tables[twice] = tables[twice].union(tables[twice])
    with pytest.raises(DataError, match="2 rows more than users; expected one row per user"):
        date_migration(tables["then"], tables["now"], ["P01"], value=tables["value"])


@pytest.mark.parametrize(
    ("now", "problem"),
    [
        (_day({0: "P01"}, "v2"), "made by 2 models"),
        (_day({0: "P07"}), "the persona 'P07', which the model lacks"),
        (_day({0: "P01"}).drop("model_version"), "lack model_version"),
    ],
)
def test_what_is_no_move_of_a_customer_is_refused(now, problem):
    with pytest.raises(DataError, match=problem):
        date_migration(_day({0: "P01"}), now, ["P01"])
