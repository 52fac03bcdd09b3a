from datetime import date

import ibis
import pyarrow as pa
import pytest

from personas.audience.white_space import find_white_space
from personas.errors import ConfigError, DataError
from personas.schema import ObservationWindow

YEAR = ObservationWindow(date(2026, 1, 1), 365)


def make_bought(pairs):
    rows = [{"user_id": user, "category": category} for user, category in pairs]
    schema = pa.schema([("user_id", pa.string()), ("category", pa.string())])
    return ibis.memtable(pa.Table.from_pylist(rows, schema))


def make_assignments(personas):
    return ibis.memtable(pa.table({"user_id": list(personas), "persona_id": list(personas.values())}))


def test_figures_of_six_users_worked_out_by_hand():
    personas = {"u1": "P01", "u2": "P01", "u3": "P01", "u4": "P02", "u5": "P02", "u6": None}
    bought = make_bought([("u1", "门锁"), ("u1", "门锁"), ("u2", "门锁"), ("u4", "空调"), ("u6", "门锁")])
    found = find_white_space(bought, make_assignments(personas), window=YEAR)
    table = found.table.set_index(["persona_id", "category"])
    # 门锁: 2 of 3 in P01, 2 of 5 in all; the user without a persona does not count.
    lock = table.loc[("P01", "门锁")]
    assert lock[["n_users", "n_buyers", "n_open"]].tolist() == [3, 2, 1]
    assert lock["share"] == pytest.approx(2 / 3)
    assert lock["base_share"] == pytest.approx(0.4)
    assert lock["tgi"] == pytest.approx(100 * (2 / 3) / 0.4)
    assert table.loc[("P02", "门锁"), "tgi"] == 0.0
    assert table.loc[("P02", "空调"), "tgi"] == pytest.approx(250)
    # Six users prove nothing.
    assert not table["fits"].any()
    assert found.members.count().to_pyarrow().as_py() == 0


@pytest.fixture
def planted():
    """40 users; of P01 16 of 20 bought 门锁, of P02 2 of 20; 空调 is bought alike."""
    personas = {f"a{i:02d}": "P01" for i in range(20)} | {f"b{i:02d}": "P02" for i in range(20)}
    users = list(personas)
    locks = [*users[:16], *users[20:22]]
    pairs = [(user, "门锁") for user in locks] + [(user, "空调") for user in users[::2]]
    return make_bought(pairs), make_assignments(personas)


def test_what_most_further_buyers_are_expected_of_comes_first():
    personas = {f"a{i:02d}": "P01" for i in range(40)} | {f"b{i:02d}": "P02" for i in range(40)}
    rare = [(f"a{i:02d}", "雪茄") for i in range(8)]
    common = [(f"a{i:02d}", "门锁") for i in range(20)]
    found = find_white_space(make_bought(rare + common), make_assignments(personas), window=YEAR)
    fitting = found.table[found.table["fits"]]

    assert fitting[["category", "n_open"]].values.tolist() == [["门锁", 20], ["雪茄", 32]]


def test_who_did_not_buy_what_the_persona_likes(planted, tables):
    found = find_white_space(*planted, window=YEAR)
    fitting = found.table[found.table["fits"]]
    assert fitting[["persona_id", "category", "n_open"]].values.tolist() == [["P01", "门锁", 4]]
    assert found.table["fits"].iloc[0]
    rows = tables.rows(found.members, "user_id", "persona_id", "category", "tgi")
    assert [row[:3] for row in rows] == [(f"a{i}", "P01", "门锁") for i in range(16, 20)]
    assert rows[0][3] == pytest.approx(100 * 0.8 / 0.45)
    assert "TGI ≥ 120" in found.definition.zh


def test_a_higher_threshold_leaves_less(planted):
    found = find_white_space(*planted, window=YEAR, minimum_tgi=180)
    assert not found.table["fits"].any()
    with pytest.raises(ConfigError, match="at least 100"):
        find_white_space(*planted, window=YEAR, minimum_tgi=90)


def test_nobody_bought_or_nobody_has_a_persona(planted):
    bought, assignments = planted
    assert find_white_space(make_bought([]), assignments, window=YEAR).table.empty
    nobody = ibis.memtable(pa.schema([("user_id", pa.string()), ("persona_id", pa.string())]).empty_table())
    found = find_white_space(bought, nobody, window=YEAR)
    assert found.table.empty
    assert found.members.count().to_pyarrow().as_py() == 0


def test_broken_tables_are_refused(planted):
    bought, assignments = planted
    with pytest.raises(DataError, match="assignments lacks persona_id"):
        find_white_space(bought, assignments.drop("persona_id"), window=YEAR)
    with pytest.raises(DataError, match="expected one row per user"):
        find_white_space(bought, ibis.union(assignments, assignments), window=YEAR)
