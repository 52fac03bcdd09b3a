"""Watch: how far today's users are from those a model knows, and what to do about it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from personas.monitor.base import (
    Advice,
    Band,
    DriftReport,
    DriftRow,
    DriftRules,
    PersonaDrift,
    Reference,
    Shift,
    Verdict,
)

if TYPE_CHECKING:
    from personas.monitor.count import count_users
    from personas.monitor.drift import measure_drift
    from personas.monitor.season import is_last_season, last_season

__all__ = [
    "Advice",
    "Band",
    "DriftReport",
    "DriftRow",
    "DriftRules",
    "PersonaDrift",
    "Reference",
    "Shift",
    "Verdict",
    "count_users",
    "is_last_season",
    "last_season",
    "measure_drift",
]

_HOMES = {
    "count_users": "count",
    "is_last_season": "season",
    "last_season": "season",
    "measure_drift": "drift",
}
"""Name -> module, loaded on first use: scipy and the compiled kernel are slow to import."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"personas.monitor.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
