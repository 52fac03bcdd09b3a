"""One offline HTML report per model, and a workbook of the same: personas, categories, quality, data."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personas.report.category_report import render_category_report
    from personas.report.dossier import Dossier
    from personas.report.html import render_report
    from personas.report.workbook import write_workbook

__all__ = ["Dossier", "render_category_report", "render_report", "write_workbook"]

_HOMES = {
    "Dossier": "personas.report.dossier",
    "render_category_report": "personas.report.category_report",
    "render_report": "personas.report.html",
    "write_workbook": "personas.report.workbook",
}


def __getattr__(name: str) -> Any:
    """Load what draws and writes only when it is first asked for."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
