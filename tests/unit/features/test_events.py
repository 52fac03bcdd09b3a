from datetime import date, datetime

import ibis
import pyarrow as pa
import pytest

from personas.errors import DataError
from personas.features.events import days_until, window_events
from personas.schema import ObservationWindow

YEAR = ObservationWindow(date(2026, 1, 1), 365)


def test_only_the_half_open_window_is_seen(six_users):
    seen = window_events(six_users, YEAR).to_pyarrow().to_pandas()
    assert "outsider" not in set(seen["user_id"])
    assert "gift" in set(seen["user_id"])


@pytest.mark.parametrize(
    ("at", "days"),
    [
        (datetime(2025, 12, 31, 23, 59, 59, 999999), 0),
        (datetime(2025, 12, 31), 1),
        (datetime(2025, 12, 30, 23, 59, 59, 999999), 1),
        (datetime(2025, 12, 31, 0, 0, 0, 1), 0),
        (datetime(1969, 12, 31, 12), 20454),
    ],
)
def test_days_are_the_floor_of_the_exact_distance(at, days):
    table = ibis.memtable(pa.table({"at": pa.array([at], pa.timestamp("us"))}))
    answer = ibis.duckdb.connect().to_pyarrow(table.select(days=days_until(YEAR, table["at"])))
    assert answer["days"].to_pylist() == [days] == [(datetime(2026, 1, 1) - at).days]


def test_timestamps_with_a_time_zone_are_refused(make_source):
    source = make_source([{"user_id": "a"}])
    zoned = source.table("events").mutate(event_at=ibis.timestamp("2025-01-01").cast("timestamp('UTC')"))
    source.create_table("events", zoned, overwrite=True)
    with pytest.raises(DataError, match="without time zone"):
        window_events(source, YEAR)


def test_a_missing_column_is_named(make_source):
    source = make_source([{"user_id": "a"}])
    source.create_table("events", source.table("events").drop("order_id"), overwrite=True)
    with pytest.raises(DataError, match="lacks order_id"):
        window_events(source, YEAR)
