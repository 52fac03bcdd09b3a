"""Contracts of the source tables: users, events, identifiers, consents; items, tags and the market."""

from __future__ import annotations

from dataclasses import replace

from personas.schema.base import Column, TableSchema
from personas.schema.levels import LEVELS

_USER_ID = Column("user_id", "id", required=True, nullable=False)

USERS = TableSchema(
    "users",
    (
        _USER_ID,
        # 120: the oldest documented human lived 122 years (J. Calment); above it is a typing error.
        Column("age", "number", minimum=0, maximum=120),
        Column("birth_date", "date", minimum=1900),
        Column("age_band", "text"),
        Column("gender", "text", levels=LEVELS["gender"]),
        Column("marital_status", "text", levels=LEVELS["marital_status"]),
        Column("education", "text", levels=LEVELS["education"]),
        # JD.com publishes no maximum of its membership value (京享值), so there is none here.
        Column("membership_value", "number", minimum=0),
        Column("membership_level", "text"),
        Column("city_tier", "text", levels=LEVELS["city_tier"]),
        Column("target_group", "text", levels=LEVELS["target_group"]),
    ),
    unique_key=("user_id",),
)
"""One row per user. ``birth_date`` becomes ``age`` and is not kept."""

EVENTS = TableSchema(
    "events",
    (
        _USER_ID,
        Column("event_at", "timestamp", required=True, nullable=False, minimum=1990),
        Column("event_type", "text", required=True, levels=LEVELS["event_type"]),
        Column("category", "text"),
        Column("amount", "money", minimum=0, maximum=10_000_000),
        Column("quantity", "integer", minimum=0, maximum=1_000_000),
        Column("order_id", "id"),
        Column("item_id", "id"),
        Column("brand", "text"),
    ),
)
"""One row per event; of an order, one row per order line, whose ``amount`` is the line total."""

IDENTIFIERS = TableSchema(
    "identifiers",
    (
        _USER_ID,
        *(Column(n, "id") for n in ("email", "phone", "imei", "idfa", "gaid", "oaid", "mac", "openid")),
    ),
    unique_key=("user_id",),
)
"""One row per user, for exports only; never a feature."""

CONSENTS = TableSchema(
    "consents",
    (
        _USER_ID,
        Column("consent_marketing", "flag"),
        Column("consent_share_3p", "flag"),
        Column("consent_profiling", "flag"),
        Column("opt_out", "flag"),
        Column("erasure_requested", "flag"),
        Column("is_minor", "flag"),
        Column("jurisdiction", "text"),
    ),
)
"""What users allow and object to. Several rows of a user all count: the strictest answer wins."""

TABLES: dict[str, TableSchema] = {schema.name: schema for schema in (USERS, EVENTS, IDENTIFIERS, CONSENTS)}
"""What personas are made of."""

ITEMS = TableSchema(
    "items",
    (
        Column("item_id", "id", required=True, nullable=False),
        Column("category", "text"),
        Column("brand", "text"),
        Column("price", "money", minimum=0, maximum=10_000_000),
        Column("business_unit", "text"),
        Column("is_own", "flag"),
    ),
    unique_key=("item_id",),
)
"""One row per item; ``is_own`` tells the brand's items from a rival's."""

TAGS = TableSchema(
    "tags",
    (
        _USER_ID,
        Column("tag", "text", required=True, nullable=False),
        Column("value", "text"),
        Column("source", "text"),
    ),
)
"""Any number of rows per user: a tag, its value and who gave it. Users unknown elsewhere are no fault."""

MARKET = TableSchema(
    "market",
    (
        Column("period_start", "date", required=True, nullable=False, minimum=1990, may_lie_ahead=True),
        Column("period_end", "date", minimum=1990, may_lie_ahead=True),
        Column("category", "text", required=True, nullable=False),
        Column("brand", "text"),
        Column("segment", "text"),
        Column("buyers", "integer", minimum=0),
        Column("orders", "integer", minimum=0),
        # Cents of a whole industry still fit 18 digits.
        Column("revenue", "money", minimum=0),
    ),
)
"""One row per period, category, and brand or segment; no brand = the whole market, the own brand included; no
segment = everybody. ``period_end`` is the first day after the period."""

CATEGORY_TABLES: dict[str, TableSchema] = {schema.name: schema for schema in (ITEMS, TAGS, MARKET)}
"""What category analyses look at besides; no table of these is needed to find personas."""


def limit_amount(schema: TableSchema, maximum: float) -> TableSchema:
    """Return the contract with another largest plausible amount.

    Parameters
    ----------
    schema : TableSchema
        Contract with an ``amount`` column.
    maximum : float, currency of the brand, >= 0
        Largest plausible order line; a row above it is quarantined.

    Returns
    -------
    TableSchema
        A copy.

    Examples
    --------
    >>> limit_amount(EVENTS, 50_000).column("amount").maximum
    50000
    """
    columns = tuple(replace(c, maximum=maximum) if c.name == "amount" else c for c in schema.columns)
    return replace(schema, columns=columns)
