"""An analysis as the report reads it: its tables without small cells, and names for every id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personas.audience.widening import OTHER_COMBINATIONS
from personas.category.analysis import Analysis
from personas.category.decomposition import NO_PERSONA, OTHERS
from personas.category.growth_share import QUADRANTS, REASONS
from personas.category.slices import ALL
from personas.category.small_cells import hide_small
from personas.category.stage_flow import STATES
from personas.report.figures import UNDEFINED, Figures
from personas.report.words import say, say_or
from personas.schema import Text

if TYPE_CHECKING:
    import pandas as pd

_WORDED = ("quadrant", "reason", "tier", "relation", "factor", "test", "limit", "indicator", "goal")
"""Columns whose values are words of the toolkit."""

_OTHERS = Text("其他", "others")
_REST = {
    "segment": {NO_PERSONA: Text("未归入人群", "no persona"), OTHERS: _OTHERS},
    "combination": {OTHER_COMBINATIONS: _OTHERS},
}
"""Column -> names of its rows of users without a persona, and of what is too small to stand alone."""


@dataclass(frozen=True, slots=True)
class AnalysisTables:
    """An analysis with what it takes to write it out.

    Parameters
    ----------
    analysis : Analysis
        What was found.
    figures : Figures
        Writes the numbers.
    persona_names : mapping of str to str
        Id -> name as the model has it today; other ids go by the labels of the analysis.
    minimum_cell : int, users, >= 1
        Smaller counts are hidden; below what the analysis was kept with, it asks for nothing.
    """

    analysis: Analysis
    figures: Figures
    persona_names: Mapping[str, str]
    minimum_cell: int

    @property
    def hidden_below(self) -> int:
        """Users that a count needs to be shown: as asked for, but no fewer than when the analysis was kept."""
        return max(self.minimum_cell, int(self.analysis.parameters.get("minimum_cell", 1)))

    def table(self, key: str) -> pd.DataFrame | None:
        """Return a table without its small cells, or None when there is none or it is empty."""
        found = self.analysis.tables.get(key)
        return None if found is None or found.empty else hide_small(key, found, self.hidden_below)

    def everybody(self, key: str) -> pd.DataFrame | None:
        """Return the rows of everybody, where a table has slices of personas."""
        found = self.table(key)
        if found is None or "persona_id" not in found:
            return found
        return found[found["persona_id"] == ALL].reset_index(drop=True)

    def definition(self, key: str) -> str:
        """Return the sentence to be printed under a table."""
        return self.analysis.definitions[key].of(self.figures.language)

    def name(self, value: object, column: str = "") -> str:
        """Return the name of an id for people.

        Parameters
        ----------
        value : object
            Id of a category, scene, stage, persona or segment, or a word of the toolkit; missing = nothing.
        column : str
            Where it stands; tells words of the toolkit from ids.

        Returns
        -------
        str
        """
        language = self.figures.language
        if not isinstance(value, str) or not value:
            return UNDEFINED
        if column in _WORDED:
            known = {**QUADRANTS, **REASONS}.get(value)
            return known.of(language) if known else say_or(f"result_word.{value}", value, language)
        if value == ALL:
            return say("word.base", language)
        if column == "categories":
            return " + ".join(self.name(part) for part in value.split(" + "))
        if value in self.persona_names:
            return f"{value} {self.persona_names[value]}"
        return {**STATES, **self.analysis.labels, **_REST.get(column, {})}.get(value, Text(value, value)).of(
            language
        )

    def count(self, value: object) -> str:
        """Write a number of users; missing = hidden."""
        number = value_of(value)
        return self.figures.count(None if number is None else round(number))

    def personas(self, table: pd.DataFrame) -> list[str]:
        """Return the personas that a table has slices of, by id."""
        if "persona_id" not in table:
            return []
        return sorted({str(p) for p in table["persona_id"] if isinstance(p, str)} - {ALL})


def value_of(value: Any) -> float | None:
    """Return a number of a table, or None where it is missing.

    Examples
    --------
    >>> value_of(float("nan")), value_of(3)
    (None, 3.0)
    """
    return None if value is None or str(value) in ("nan", "None", "<NA>") else float(value)
