"""Tables of six users that can be worked out by hand."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest
import yaml

from personas.audience.ladder_file import ladder_from_dict

LADDERS = Path(__file__).parents[3] / "configs" / "ladders"

_EVENTS = pa.schema(
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
_TAGS = pa.schema([(name, pa.string()) for name in ("user_id", "tag", "value", "source")])


def make_events(rows: list[dict[str, Any]]) -> ibis.Table:
    """Return canonical events; ``event_at`` may be ISO text, ``amount`` a number."""
    typed = [
        {
            **row,
            "event_at": datetime.fromisoformat(row["event_at"])
            if isinstance(row["event_at"], str)
            else row["event_at"],
            "amount": None if row.get("amount") is None else Decimal(str(row["amount"])),
        }
        for row in rows
    ]
    return ibis.memtable(pa.Table.from_pylist(typed, _EVENTS))


def make_tags(rows: list[tuple[str, str, str | None]]) -> ibis.Table:
    """Return a tags table from (user_id, tag, value)."""
    named = [{"user_id": u, "tag": t, "value": v, "source": "platform"} for u, t, v in rows]
    return ibis.memtable(pa.Table.from_pylist(named, _TAGS))


def act(user_id, at, kind, category="扫地机", brand="米家", order_id=None, item_id=None) -> dict[str, Any]:
    """Return one event."""
    return {
        "user_id": user_id,
        "event_at": at,
        "event_type": kind,
        "category": category,
        "brand": brand,
        "order_id": order_id,
        "item_id": item_id,
    }


def rows_of(table: ibis.Table, *columns: str) -> list[tuple[Any, ...]]:
    """Return rows as tuples, sorted by the first column."""
    found = table.order_by(columns[0]).select(*columns).to_pyarrow().to_pylist()
    return [tuple(row.values()) for row in found]


@pytest.fixture(scope="session")
def shipped_ladder():
    """Return a function that reads a shipped ladder."""

    def read(name: str):
        return ladder_from_dict(yaml.safe_load((LADDERS / f"{name}.yaml").read_text(encoding="utf-8")))

    return read


@pytest.fixture(scope="session")
def tables():
    """Return the makers of tables."""

    class Makers:
        events = staticmethod(make_events)
        tags = staticmethod(make_tags)
        act = staticmethod(act)
        rows = staticmethod(rows_of)

    return Makers
