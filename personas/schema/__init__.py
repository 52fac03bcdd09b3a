"""Contracts of the source tables: what a table must hold, how it is mapped, and what is quarantined."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from personas.schema.base import (
    BLOCKS,
    KINDS,
    LANGUAGES,
    Attribute,
    Block,
    Column,
    ColumnType,
    Kind,
    Language,
    ObservationWindow,
    SourceMapping,
    TableSchema,
    Text,
)
from personas.schema.levels import BANDS, COLUMN_LABELS, LEVEL_LABELS, LEVELS, label_of
from personas.schema.tables import (
    CATEGORY_TABLES,
    CONSENTS,
    EVENTS,
    IDENTIFIERS,
    ITEMS,
    MARKET,
    TABLES,
    TAGS,
    USERS,
)

if TYPE_CHECKING:
    from personas.schema.admit import AdmissionReport, admit_users
    from personas.schema.check import CheckedTable, check_table, enforce_quarantine_share, user_ids
    from personas.schema.findings import FaultCount, TableReport

__all__ = [
    "BANDS",
    "BLOCKS",
    "CATEGORY_TABLES",
    "COLUMN_LABELS",
    "CONSENTS",
    "EVENTS",
    "IDENTIFIERS",
    "ITEMS",
    "KINDS",
    "LANGUAGES",
    "LEVELS",
    "LEVEL_LABELS",
    "MARKET",
    "TABLES",
    "TAGS",
    "USERS",
    "AdmissionReport",
    "Attribute",
    "Block",
    "CheckedTable",
    "Column",
    "ColumnType",
    "FaultCount",
    "Kind",
    "Language",
    "ObservationWindow",
    "SourceMapping",
    "TableReport",
    "TableSchema",
    "Text",
    "admit_users",
    "check_table",
    "enforce_quarantine_share",
    "label_of",
    "user_ids",
]

_HOMES = {
    "AdmissionReport": "admit",
    "FaultCount": "findings",
    "TableReport": "findings",
    "admit_users": "admit",
}


def __getattr__(name: str) -> Any:
    # Ibis takes a second to import, so the modules that need it are imported on first use.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'check')}"), name)
