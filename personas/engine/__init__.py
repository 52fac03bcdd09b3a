"""The only door to the data: sources of any size in, Ibis tables out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personas.engine.base import Engine, Format, RawTable, Source
    from personas.engine.duckdb import DuckDBEngine, open_engine

__all__ = ["DuckDBEngine", "Engine", "Format", "RawTable", "Source", "open_engine"]

_HOMES = {"DuckDBEngine": "duckdb", "open_engine": "duckdb"}


def __getattr__(name: str) -> Any:
    # Ibis and DuckDB take a second to import, so they are imported on first use.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'base')}"), name)
