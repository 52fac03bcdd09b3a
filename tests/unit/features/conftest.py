"""Canonical tables in a plain Ibis connection."""

from collections.abc import Callable, Iterator
from typing import Any

import ibis
import pyarrow as pa
import pytest

USERS = pa.schema(
    [("user_id", pa.string()), ("age", pa.float64()), ("membership_value", pa.float64())]
    + [
        (name, pa.string())
        for name in (
            "age_band",
            "gender",
            "marital_status",
            "education",
            "membership_level",
            "city_tier",
            "target_group",
        )
    ]
)
EVENTS = pa.schema(
    [
        ("user_id", pa.string()),
        ("event_at", pa.timestamp("us")),
        ("event_type", pa.string()),
        ("category", pa.string()),
        ("amount", pa.decimal128(18, 2)),
        ("quantity", pa.int64()),
        ("order_id", pa.string()),
        ("item_id", pa.string()),
        ("brand", pa.string()),
    ]
)

Rows = list[dict[str, Any]]


@pytest.fixture
def make_source() -> Iterator[Callable[..., ibis.BaseBackend]]:
    """Return a function that makes a connection with the tables users and events."""
    connections = []

    def make(users: Rows, events: Rows = (), further: tuple[pa.Field, ...] = (), threads: int = 1):
        connection = ibis.duckdb.connect(threads=threads)
        connections.append(connection)
        schema = pa.schema([*USERS, *further])
        connection.create_table("users", pa.Table.from_pylist(list(users), schema))
        connection.create_table("events", pa.Table.from_pylist(list(events), EVENTS))
        return connection

    yield make
    for connection in connections:
        connection.disconnect()


@pytest.fixture
def six_users(make_source):
    """Return six users whose features can be worked out by hand; the year seen is 2025."""
    from datetime import datetime
    from decimal import Decimal

    def event(user_id, at, kind="order", category=None, amount=None, order_id=None):
        return {
            "user_id": user_id,
            "event_at": datetime.fromisoformat(at),
            "event_type": kind,
            "category": category,
            "amount": None if amount is None else Decimal(amount),
            "order_id": order_id,
        }

    events = [
        # buyer: one order of two categories, then one of two lines of the same category
        event("buyer", "2025-03-01T10:00:00", category="扫地机", amount="1999.90", order_id="o1"),
        event("buyer", "2025-03-01T10:00:00", category="门锁", amount="800.10", order_id="o1"),
        event("buyer", "2025-12-30T00:00:00", category="扫地机", amount="100.00", order_id="o2"),
        event("buyer", "2025-12-30T00:00:00", category="扫地机", amount="100.00", order_id="o2"),
        event("buyer", "2025-12-31T08:00:00", kind="return", category="扫地机", amount="100.00"),
        event("buyer", "2025-03-01T09:00:00", kind="view", category="空调"),
        # walk_in: lines without order ids; the last one a fraction of a second before a midnight
        event("walk_in", "2025-06-01T12:00:00", category="空调", amount="3000.00"),
        event("walk_in", "2025-12-29T23:59:59.500000", category="空调", amount="1000.00"),
        # browser: a view, and an advertisement on another day
        event("browser", "2025-07-01T12:00:00", kind="view", category="门锁"),
        event("browser", "2025-07-02T12:00:00", kind="ad_exposure", category="门锁"),
        # outsider: buys only just outside the window
        event("outsider", "2026-01-01T00:00:00", category="空调", amount="5.00", order_id="o8"),
        event("outsider", "2024-12-31T23:59:59.999999", category="空调", amount="5.00", order_id="o9"),
        # gift: the first instant, two categories at once, no amount, and a line without category
        event("gift", "2025-01-01T00:00:00", category="门锁", order_id="o5"),
        event("gift", "2025-01-01T00:00:00", category="扫地机", order_id="o5"),
        event("gift", "2025-01-01T00:00:00", order_id="o6"),
        # somebody who is not in users
        event("stranger", "2025-05-05T00:00:00", category="门锁", amount="9.00", order_id="o7"),
    ]
    users = [
        {"user_id": name, "age": age}
        for name, age in [
            ("buyer", 31.0),
            ("walk_in", 45.5),
            ("browser", None),
            ("silent", 60.0),
            ("outsider", 22.0),
            ("gift", 28.0),
        ]
    ]
    return make_source(users, events)
