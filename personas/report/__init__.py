"""One offline HTML report per model: persona cards, map, heat map, quality, data contract, glossary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personas.report.html import render_report

__all__ = ["render_report"]


def __getattr__(name: str) -> Any:
    """Load the drawing libraries only when a report is rendered."""
    if name == "render_report":
        from personas.report.html import render_report

        return render_report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
