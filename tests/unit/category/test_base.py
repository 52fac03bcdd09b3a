from datetime import date, datetime

import ibis
import pyarrow as pa
import pytest

from personas.category.base import purchases
from personas.engine import Source, open_engine
from personas.errors import DataError
from personas.schema import ObservationWindow


def test_lines_of_the_window_with_a_category_are_purchases(six_users, year):
    bought = purchases(six_users, year).to_pyarrow().to_pandas()
    assert bought.groupby("user_id").size().to_dict() == {"u1": 3, "u2": 4, "u3": 2, "u4": 3}
    assert bought.groupby("user_id")["order_key"].nunique().to_dict() == {"u1": 2, "u2": 3, "u3": 2, "u4": 3}
    assert bought["amount"].sum() == 2000 + 1000 + 3000 + 1500 + 1800 + 1600 + 900 + 2100 + 5000 + 1999
    assert bought["quantity"].sum() == 12
    assert bought["brand"].isna().sum() == 1
    assert list(bought.columns) == [
        "user_id", "order_key", "event_at", "category", "amount", "quantity", "item_id", "brand",
    ]  # fmt: skip


def test_a_line_without_order_id_is_an_order_whose_key_is_no_order_id(make_source, year):
    line = {"user_id": "a", "event_at": "2025-05-01", "category": "门锁"}
    source = make_source([line, {**line, "event_at": "2025-04-01"}, {**line, "order_id": "line 0"}])
    bought = purchases(source, year).order_by("order_key").to_pyarrow()
    assert bought["order_key"].to_pylist() == ["line 0", "line 1", "order line 0"]
    assert bought["event_at"].to_pylist()[0] == datetime(2025, 4, 1)


def test_the_events_table_itself_will_do_and_may_lack_what_is_optional(year):
    rows = {
        "user_id": ["a"],
        "event_at": [datetime(2025, 1, 1)],
        "event_type": ["order"],
        "category": ["门锁"],
        "amount": [1.5],
        "order_id": ["o1"],
    }
    bought = purchases(ibis.memtable(pa.table(rows)), year)
    assert bought.schema()["amount"].is_decimal()
    assert bought.schema()["quantity"].is_int64()
    assert bought.select("quantity", "item_id", "brand").to_pyarrow().to_pylist() == [
        {"quantity": None, "item_id": None, "brand": None}
    ]


def test_an_engine_is_a_source(tmp_path, six_users, year):
    with open_engine(work_dir=tmp_path, threads=1) as engine:
        engine.store("events", engine.read(Source(table=six_users.table("events").to_pyarrow())).table)
        assert purchases(engine, year).count().to_pyarrow().as_py() == 12


@pytest.mark.parametrize(
    ("column", "problem"), [("amount", "lacks amount"), ("order_id", "lacks order_id"), ("category", "lacks")]
)
def test_an_absent_column_is_named(six_users, year, column, problem):
    with pytest.raises(DataError, match=problem):
        purchases(six_users.table("events").drop(column), year)


def test_times_with_a_zone_are_refused(six_users, year):
    events = six_users.table("events")
    with pytest.raises(DataError, match="without time zone"):
        purchases(events.mutate(event_at=events["event_at"].cast("timestamp('UTC')")), year)


def test_the_window_is_half_open(six_users):
    day_of_o10 = ObservationWindow(date(2026, 1, 2), 1)
    assert purchases(six_users, day_of_o10).to_pyarrow()["user_id"].to_pylist() == ["u6"]
    day_of_o9 = ObservationWindow(date(2025, 1, 1), 1)
    assert purchases(six_users, day_of_o9).to_pyarrow()["amount"].to_pylist() == [500]
