"""Six users whose purchases can be counted by hand."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest

from personas.schema import ObservationWindow

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
ASSIGNMENTS = pa.schema([("user_id", pa.string()), ("persona_id", pa.string())])

Rows = list[dict[str, Any]]


@pytest.fixture(scope="session")
def year() -> ObservationWindow:
    """Return the calendar year 2025."""
    return ObservationWindow(date(2026, 1, 1), 365)


@pytest.fixture
def make_source() -> Iterator[Callable[..., ibis.BaseBackend]]:
    """Return a function that makes a connection with the tables users, events and assignments.

    Events are dicts; ``event_at`` may be ISO text and ``amount`` text or a number. Users default to those
    of the events.
    """
    connections = []

    def make(events: Rows, assignments: dict[str, str] | None = None, users: list[str] | None = None):
        connection = ibis.duckdb.connect(threads=1)
        connections.append(connection)
        rows = [_typed(row) for row in events]
        names = sorted({row["user_id"] for row in rows}) if users is None else users
        pairs = [{"user_id": u, "persona_id": p} for u, p in (assignments or {}).items()]
        connection.create_table("users", pa.table({"user_id": pa.array(names, pa.string())}))
        connection.create_table("events", pa.Table.from_pylist(rows, EVENTS))
        connection.create_table("assignments", pa.Table.from_pylist(pairs, ASSIGNMENTS))
        return connection

    yield make
    for connection in connections:
        connection.disconnect()


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    at, amount = row["event_at"], row.get("amount")
    return {
        "event_type": "order",
        **row,
        "event_at": datetime.fromisoformat(at) if isinstance(at, str) else at,
        "amount": None if amount is None else Decimal(str(amount)),
    }


@pytest.fixture
def six_users(make_source) -> ibis.BaseBackend:
    """Return a connection with the tables users, events and assignments (user_id, persona_id).

    Users u1 ... u6; personas P01 = u1, u2, u3 and P02 = u4, u5; u6 has none. Orders in 2025::

        u1  o1   01-10 10:00  扫地机 1 x 2000 (米家), 门锁 1 x 1000 (米家): one order of two categories
            o2   02-09 09:00  空调 1 x 3000 (格力): 29 days 23 hours after o1
        u2  o3   03-01 12:00  扫地机 1 x 1500 (石头)
            o4   03-20 12:00  门锁 2 units, 1800 (米家): 19 days after o3
            o5   06-01 12:00  扫地机 1 x 1600 (石头), as two lines of 1000 and 600, the second of 0 units:
                              a repurchase after 92 days
        u3  o6   04-01 12:00  门锁 1 x 900 (brand unknown)
            o7   05-15 12:00  扫地机 1 x 2100 (米家): 44 days later
        u4  -    07-01 12:00  空调 1 x 2500 (格力), twice the same line without order id: two orders
            -    12-20 12:00  扫地机 1 x 1999 (米家), without order id: 12 days before the year ends;
                              on 07-05 an 空调 is returned
        u5  o8   08-01 12:00  category unknown, 1 x 100; views 扫地机 (06-01), 门锁 (06-02),
                              adds 门锁 to the cart (06-03)
        u6  -    nothing in 2025; o9 扫地机 1 x 500 on 2024-12-31 23:59:59.999999 and
                 o10 门锁 1 x 700 on 2026-01-01 00:00 are just outside

    In 2024, besides o9: u3 o11 06-18 空调 1 x 2800 (格力); u1 o12 11-11 门锁 1 x 950 (米家).
    Views in 2025 besides those of u5: u1 扫地机 (01-09), u2 门锁 (03-10), u6 saw an advertisement of 空调 (05-05).

    Buyers of 2025: 扫地机 u1 u2 u3 u4, 门锁 u1 u2 u3, 空调 u1 u4. Orders with a category: 2 + 3 + 2 + 3 = 10.
    """
    return make_source(
        _SIX_USERS,
        {"u1": "P01", "u2": "P01", "u3": "P01", "u4": "P02", "u5": "P02"},
        ["u1", "u2", "u3", "u4", "u5", "u6"],
    )


def _line(user_id, order_id, at, category, amount, quantity=1, brand="米家") -> dict[str, Any]:
    return {
        "user_id": user_id,
        "event_at": at,
        "category": category,
        "amount": amount,
        "quantity": quantity,
        "order_id": order_id,
        "brand": brand,
    }


def _act(user_id, at, kind, category) -> dict[str, Any]:
    return {"user_id": user_id, "event_at": at, "event_type": kind, "category": category}


_SIX_USERS = [
    _line("u1", "o12", "2024-11-11T12:00:00", "门锁", 950),
    _act("u1", "2025-01-09T12:00:00", "view", "扫地机"),
    _line("u1", "o1", "2025-01-10T10:00:00", "扫地机", 2000),
    _line("u1", "o1", "2025-01-10T10:00:00", "门锁", 1000),
    _line("u1", "o2", "2025-02-09T09:00:00", "空调", 3000, brand="格力"),
    _line("u2", "o3", "2025-03-01T12:00:00", "扫地机", 1500, brand="石头"),
    _act("u2", "2025-03-10T12:00:00", "view", "门锁"),
    _line("u2", "o4", "2025-03-20T12:00:00", "门锁", 1800, 2),
    _line("u2", "o5", "2025-06-01T12:00:00", "扫地机", 1000, brand="石头"),
    _line("u2", "o5", "2025-06-01T12:00:00", "扫地机", 600, 0, brand="石头"),
    _line("u3", "o11", "2024-06-18T12:00:00", "空调", 2800, brand="格力"),
    _line("u3", "o6", "2025-04-01T12:00:00", "门锁", 900, brand=None),
    _line("u3", "o7", "2025-05-15T12:00:00", "扫地机", 2100),
    _line("u4", None, "2025-07-01T12:00:00", "空调", 2500, brand="格力"),
    _line("u4", None, "2025-07-01T12:00:00", "空调", 2500, brand="格力"),
    {**_line("u4", None, "2025-07-05T12:00:00", "空调", 2500, brand="格力"), "event_type": "return"},
    _line("u4", None, "2025-12-20T12:00:00", "扫地机", 1999),
    _line("u5", "o8", "2025-08-01T12:00:00", None, 100, brand=None),
    _act("u5", "2025-06-01T12:00:00", "view", "扫地机"),
    _act("u5", "2025-06-02T12:00:00", "view", "门锁"),
    _act("u5", "2025-06-03T12:00:00", "cart", "门锁"),
    _line("u6", "o9", "2024-12-31T23:59:59.999999", "扫地机", 500),
    _act("u6", "2025-05-05T12:00:00", "ad_exposure", "空调"),
    _line("u6", "o10", "2026-01-01T00:00:00", "门锁", 700),
]
