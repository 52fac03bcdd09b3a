"""Indicators by period, and how far each product line reaches and converts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from personas.category.small_cells import HIDDEN
from personas.report.analysis_tables import AnalysisTables
from personas.report.plain_table import PlainTable, plain_table
from personas.report.words import say

if TYPE_CHECKING:
    import pandas as pd

_FIGURES: Final = ("value", "low", "high")


@dataclass(frozen=True, slots=True)
class KpiView:
    """A table of indicators with its title and the sentence under it; empty = said under the next one."""

    title: str
    table: PlainTable
    definition: str


def kpi_tables(tables: AnalysisTables) -> tuple[KpiView, ...]:
    """Write out the indicators of everybody: shares, numbers such as units per order, and product lines."""
    return (*_indicators(tables), *_product_lines(tables))


def _indicators(tables: AnalysisTables) -> list[KpiView]:
    found = tables.everybody("indicators")
    if found is None:
        return []
    language = tables.figures.language
    is_share = found["indicator"].str.endswith("share")
    views = []
    for part, ending, title in (
        (found[is_share], "share", say("growth.shares", language)),
        (found[~is_share], "number", say("growth.numbers", language)),
    ):
        if len(part):
            names = {name: f"{name}_{ending}" for name in _FIGURES}
            columns = ("indicator", "period", "numerator", "denominator", *names.values(), "growth")
            written = plain_table(part.rename(columns=names), columns, tables, n_rows=40)
            views.append(KpiView(title, written, ""))
    return [*views[:-1], KpiView(views[-1].title, views[-1].table, tables.definition("indicators"))]


def _product_lines(tables: AnalysisTables) -> list[KpiView]:
    """Put penetration and conversion of the last period side by side, a row per category.

    The layout follows a published case of a consumer-electronics brand (2025): product line, penetration,
    conversion, and the growth of both.
    """
    joined: pd.DataFrame | None = None
    definitions = []
    for key in ("penetration", "conversion"):
        found = tables.everybody(key)
        if found is None or "category" not in found:
            continue
        last = found[found["period"] == found["period"].iloc[-1]]
        names = {
            "value": f"{key}_share",
            "growth": f"{key}_growth",
            "numerator": f"{key}_users",
            HIDDEN: f"{key}_hidden",
        }
        part = last[["category", *names]].rename(columns=names)
        joined = part if joined is None else joined.merge(part, on="category", how="left")
        definitions.append(tables.definition(key))
    if joined is None:
        return []
    gone = [name for name in joined if str(name).endswith("_hidden")]
    joined[HIDDEN] = joined[gone].fillna(value=False).any(axis=1)
    columns = (
        "category",
        *(f"{key}_{name}" for key in ("penetration", "conversion") for name in ("users", "share", "growth")),
    )
    written = plain_table(joined, columns, tables, n_rows=60)
    return [KpiView(say("growth.lines", tables.figures.language), written, "\n".join(definitions))]
