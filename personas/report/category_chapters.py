"""The chapters on category strategy: one section per stored analysis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from personas.category.analysis import Analysis
from personas.category.findings import tell_findings
from personas.report.analysis_tables import AnalysisTables
from personas.report.attach_map import attach_page
from personas.report.category_flow import flow_page
from personas.report.downloads import Download, make_downloads
from personas.report.figures import Figures
from personas.report.growth_chart import growth_page
from personas.report.ladder_view import ladder_cards
from personas.report.opportunity_bars import opportunity_page
from personas.report.scene_map import scene_page
from personas.report.sequence_line import sequence_page

_PAGES: Final[dict[str, Callable[[AnalysisTables], Any]]] = {
    "growth": growth_page,
    "attach": attach_page,
    "scenes": scene_page,
    "flow": flow_page,
    "sequence": sequence_page,
    "opportunity": opportunity_page,
    "ladder": ladder_cards,
}
"""Verb -> what writes its section, in the order in which a marketer plans: what grows, what goes with it, in which
scenes, who moves, what comes next, for whom, and how close they are."""


_TOLD: Final = ("flow", "sequence", "opportunity")
"""Sections that begin with what stands out; the others begin with a picture of it."""

N_TOLD: Final = 2
"""Sentences per table at the head of a section (own choice)."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One section.

    Parameters
    ----------
    section : str
        Verb of the analysis; anchor of the section and name of its template.
    as_of : str
        First day that the analysis did not see.
    findings : tuple of str
        What stands out, in sentences; empty where a picture says it first.
    page : object
        What the template shows.
    downloads : tuple of Download
        One file per table.
    minimum_cell : int, users
        Smaller counts are hidden.
    """

    section: str
    as_of: str
    findings: tuple[str, ...]
    page: Any
    downloads: tuple[Download, ...]
    minimum_cell: int


def make_chapters(
    analyses: Sequence[Analysis], figures: Figures, persona_names: Mapping[str, str], minimum_cell: int
) -> tuple[Chapter, ...]:
    """Write out analyses, one section per verb.

    Parameters
    ----------
    analyses : sequence of Analysis
        Of several with the same verb the last one counts.
    figures : Figures
        Writes the numbers.
    persona_names : mapping of str to str
        Persona id -> name.
    minimum_cell : int, users, >= 1
        Smaller counts are hidden.

    Returns
    -------
    tuple of Chapter
        Those with something to show, in the order of the report.
    """
    by_verb = {analysis.verb: analysis for analysis in analyses}
    chapters = []
    for verb, write in _PAGES.items():
        if verb in by_verb:
            tables = AnalysisTables(by_verb[verb], figures, persona_names, minimum_cell)
            page = write(tables)
            if page:
                told = _findings(tables) if verb in _TOLD else ()
                as_of = by_verb[verb].as_of.isoformat()
                chapters.append(Chapter(verb, as_of, told, page, make_downloads(tables), tables.hidden_below))
    return tuple(chapters)


def _findings(tables: AnalysisTables) -> tuple[str, ...]:
    """Tell what stands out."""
    told = tell_findings(tables.analysis, most=N_TOLD, minimum_cell=tables.hidden_below)
    return tuple(finding.text.of(tables.figures.language) for finding in told)
