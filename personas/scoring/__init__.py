"""Every user gets an honest answer: a persona with its confidence, or a warning that none fits."""

from typing import TYPE_CHECKING, Any

from personas.scoring.base import ASSIGNMENT_SCHEMA, STATUSES, Status

if TYPE_CHECKING:
    from personas.scoring.batch import score_parquet, score_users

__all__ = ["ASSIGNMENT_SCHEMA", "STATUSES", "Status", "score_parquet", "score_users"]


def __getattr__(name: str) -> Any:
    if name in ("score_parquet", "score_users"):  # the compiled kernel is slow to import
        from personas.scoring import batch

        return getattr(batch, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
