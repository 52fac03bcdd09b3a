"""Contracts of the four source tables: users, events, identifiers and consents."""

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
