"""Nouns of the scoring room: the assignment table that every later step reads."""

from __future__ import annotations

import pyarrow as pa

from personas.model.answers import STATUSES, Status

__all__ = ["ASSIGNMENT_SCHEMA", "STATUSES", "Status"]

_NAMES = pa.dictionary(pa.int32(), pa.string())

ASSIGNMENT_SCHEMA = pa.schema(
    [
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("persona_id", _NAMES, nullable=False),
        pa.field("persona_name", _NAMES, nullable=False),
        pa.field("confidence", pa.float64(), nullable=False),
        pa.field("runner_up_id", _NAMES),
        pa.field("runner_up_confidence", pa.float64()),
        pa.field("status", _NAMES, nullable=False),
        pa.field("model_version", _NAMES, nullable=False),
        pa.field("as_of", pa.date32(), nullable=False),
    ]
)
"""One row per user. The nearest persona is always named, whatever the status."""
