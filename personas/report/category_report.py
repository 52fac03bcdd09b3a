"""The chapters on category strategy by themselves: one HTML file, for a use case that has no model."""

from __future__ import annotations

from collections.abc import Sequence

from personas.category.analysis import Analysis
from personas.category.findings import tell_findings
from personas.errors import NotFoundError
from personas.model.profile import SMALL_CELL
from personas.model.traits import SIGNIFICANT
from personas.report.category_chapters import N_TOLD, make_chapters
from personas.report.figures import Figures
from personas.report.html import environment
from personas.report.words import STRATEGY_GLOSSARY, say
from personas.schema import Language


def render_category_report(
    name: str, analyses: Sequence[Analysis], *, language: Language, minimum_cell: int = SMALL_CELL
) -> str:
    """Render analyses of categories as one offline HTML file.

    Parameters
    ----------
    name : str
        What the page is headed by.
    analyses : sequence of Analysis
        Each gets a section. Of several with the same verb the last one counts.
    language : {"zh-CN", "en"}
        Language of the texts.
    minimum_cell : int, users, >= 1
        Smaller counts are hidden.

    Returns
    -------
    str
        An HTML document without scripts or outside resources. The same input gives the same bytes.

    Raises
    ------
    NotFoundError
        If no analysis has anything to show.
    """
    figures = Figures(language)
    chapters = make_chapters(analyses, figures, {}, minimum_cell)
    if not chapters:
        raise NotFoundError(
            f"The analyses of {name} hold no table with rows; expected at least one. Run one again."
        )
    by_verb = {analysis.verb: analysis for analysis in analyses}
    told = []
    for chapter in chapters:
        found = tell_findings(by_verb[chapter.section], most=N_TOLD, minimum_cell=minimum_cell)
        if found:
            told.append((chapter.section, [finding.text.of(language) for finding in found]))
    as_of = max(chapter.as_of for chapter in chapters)
    title = f"{name} · {say('strategy.title', language)}"
    return (
        environment(figures)
        .get_template("category_report.html")
        .render(
            name=name,
            language=language,
            title=title,
            about=f"{title} · {say('word.as_of', language)} {as_of}",
            as_of=as_of,
            sections=["overview", *(chapter.section for chapter in chapters), "glossary"],
            chapters=chapters,
            told=told,
            glossary=("tgi", "interval", "q_value", "suppressed", *STRATEGY_GLOSSARY),
            minimum_cell=minimum_cell,
            significant=SIGNIFICANT,
        )
    )
