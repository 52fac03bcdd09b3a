"""A day that is far from the data is refused before anybody is scored."""

import csv
from datetime import date

import pytest
import yaml

from personas.errors import DataError
from pipelines.config_file import load_config
from pipelines.console import Steps
from pipelines.score import check_window
from pipelines.tables import prepared_tables


@pytest.fixture
def prepared(tmp_path):
    """Return a function that opens two users, and perhaps an order of May, on a day."""

    def opened(day, *, has_events=True):
        tables = {"users": [["user_id", "age"], ["u1", 20], ["u2", 30]]}
        if has_events:
            events = [["user_id", "event_at", "event_type", "category"], ["u1", "2026-05-02", "order", "tea"]]
            tables["events"] = events
        for name, rows in tables.items():
            with (tmp_path / f"{name}.csv").open("w", newline="") as file:
                csv.writer(file).writerows(rows)
        raw = {"name": "shop", "sources": {name: {"path": f"{name}.csv"} for name in tables}}
        (tmp_path / "shop.yaml").write_text(yaml.safe_dump({**raw, "store": "store"}), encoding="utf-8")
        return prepared_tables(load_config(tmp_path / "shop.yaml"), day, Steps(None))

    return opened


@pytest.mark.parametrize("day", [date(2026, 5, 3), date(2027, 5, 2)])
def test_one_event_in_the_window_is_enough(prepared, day):
    with prepared(day) as tables:
        check_window(tables)


@pytest.mark.parametrize("day", [date(2026, 5, 2), date(2027, 5, 3), date(2062, 6, 1), date(9999, 12, 31)])
def test_a_window_without_any_event_is_refused(prepared, day):
    with (
        prepared(day) as tables,
        pytest.raises(DataError, match=rf"none of the 1 events .* before {day}.*--as-of"),
    ):
        check_window(tables)


def test_without_a_table_of_events_every_day_will_do(prepared):
    with prepared(date(9999, 12, 31), has_events=False) as tables:
        check_window(tables)
