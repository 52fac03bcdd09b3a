"""The table behind the choice: every clusterer with every number of personas, and how stable each persona is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from personas.model.base import PersonaModel
from personas.report.cards import Span
from personas.report.charts import SkillPoint, draw_line, draw_skill
from personas.report.colours import persona_colours
from personas.report.figures import UNDEFINED, Figures
from personas.report.judgement import written_measure
from personas.report.words import say, say_or
from personas.selection.base import Candidate, MeasureName
from personas.selection.jaccard import HIGHLY_STABLE_JACCARD, PATTERN_JACCARD, STABLE_JACCARD, stability_word
from personas.selection.quality import Measure
from personas.selection.select import is_stable

JACCARD_SCALE = (PATTERN_JACCARD, STABLE_JACCARD, HIGHLY_STABLE_JACCARD)


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure with what stands small beside it: an interval, or a word."""

    figure: str
    note: str = ""
    is_word: bool = False


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One row of the selection table, written out; cells as the table's headings."""

    clusterer: str
    n_personas: str
    chosen: bool
    reason: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class SelectionTable:
    """The selection table without the columns that say nothing for this model."""

    headings: tuple[str, ...]
    rows: tuple[CandidateRow, ...]


@dataclass(frozen=True, slots=True)
class StabilityRow:
    """How surely one persona is found again.

    Parameters
    ----------
    persona_id, name : str
        The persona.
    colour : int
        Number of its colour class.
    figure, word : str
        Mean Jaccard, and what it says.
    is_stable : bool
        Whether it counts as stable.
    bar : Span
        Its bar, in percent of the width.
    across : str
        SLSa against the next smaller number of personas.
    """

    persona_id: str
    name: str
    colour: int
    figure: str
    word: str
    is_stable: bool
    bar: Span
    across: str


def clusterer_name(name: str, figures: Figures) -> str:
    """Name a clusterer in words; one that the report doesn't know keeps its registered name."""
    return say_or(f"clusterer.{name}", name, figures.language)


def selection_table(model: PersonaModel, figures: Figures) -> SelectionTable:
    """Write out the selection table."""
    language = figures.language
    columns: list[tuple[str, Callable[[Candidate], Cell]]] = [
        ("select.skill", lambda c: Cell(figures.percent(c.skill))),
        ("select.reach", lambda c: _measure("reach", c.reach, figures)),
        ("select.taste", lambda c: _measure("taste", c.taste, figures)),
        ("select.ari", lambda c: Cell(figures.decimal(c.stability))),
        ("select.least", lambda c: _least(c, figures)),
        ("select.smallest", lambda c: Cell(figures.percent(c.smallest_share))),
        ("select.value_spread", lambda c: Cell(figures.percent(c.value_spread))),
        ("select.actionability", lambda c: Cell(figures.percent(c.actionability))),
        ("select.bic", lambda c: Cell(figures.decimal(c.bic, 0))),
        ("select.noise", lambda c: Cell(figures.percent(c.noise_share) if c.noise_share else UNDEFINED)),
    ]
    kept = [(k, write) for k, write in columns if any(write(c).figure != UNDEFINED for c in model.selection)]
    return SelectionTable(
        headings=tuple(say(key, language) for key, _ in kept),
        rows=tuple(
            CandidateRow(
                clusterer=clusterer_name(c.clusterer or model.clusterer, figures),
                n_personas=str(c.n_personas),
                chosen=c.chosen,
                reason=c.reason.of(language),
                cells=tuple(write(c) for _, write in kept),
            )
            for c in model.selection
        ),
    )


def selection_charts(model: PersonaModel, figures: Figures) -> list[tuple[str, str, str]]:
    """Draw what the choice rests on: title, how to read it, picture."""
    language = figures.language
    x_title = say("chart.n_personas", language)
    points = [
        SkillPoint(
            series=clusterer_name(c.clusterer or model.clusterer, figures),
            n_personas=c.n_personas,
            skill=c.skill,
            error=c.skill_error or 0.0,
            is_stable=is_stable(c),
            chosen=c.chosen,
        )
        for c in model.selection
        if c.skill is not None
    ]
    if len(points) > 1:
        title = say("chart.skill.title", language)
        said = figures.join(f"{p.series} {p.n_personas} = {figures.percent(p.skill)}" for p in points)
        picture = draw_skill(points, x_title=x_title, description=f"{title}: {said}")
        return [(title, say("chart.skill.read", language), picture)]
    if len({c.clusterer for c in model.selection}) > 1:
        return []  # a line over the number of personas would mix clusterers
    return _lines(model, x_title, figures)


def stability_rows(model: PersonaModel, figures: Figures) -> list[StabilityRow]:
    """Write out the stability of each persona; empty when it wasn't measured."""
    chosen = next((c for c in model.selection if c.chosen), None)
    across: tuple[float | None, ...] = (None,) * len(model.personas)
    if chosen is not None and len(chosen.across) == len(model.personas):
        across = chosen.across
    colours = persona_colours(persona.persona_id for persona in model.personas)
    return [
        StabilityRow(
            persona_id=persona.persona_id,
            name=persona.name.of(figures.language),
            colour=colours[persona.persona_id],
            figure=figures.decimal(persona.stability),
            word=stability_word(persona.stability).of(figures.language),
            is_stable=persona.stability >= STABLE_JACCARD,
            bar=Span(0.0, round(100 * persona.stability, 2)),
            across=figures.decimal(across[place]),
        )
        for place, persona in enumerate(model.personas)
        if persona.stability is not None
    ]


def _measure(name: MeasureName, measure: Measure | None, figures: Figures) -> Cell:
    if measure is None:
        return Cell(UNDEFINED)
    low, high = (
        figures.percent(x) if name == "reach" else figures.decimal(x, 3) for x in (measure.low, measure.high)
    )
    return Cell(written_measure(name, measure.value, figures), f"[{low}, {high}]")


def _least(candidate: Candidate, figures: Figures) -> Cell:
    if not candidate.jaccards:
        return Cell(UNDEFINED)
    least = min(candidate.jaccards)
    return Cell(figures.decimal(least), stability_word(least).of(figures.language), is_word=True)


def _lines(model: PersonaModel, x_title: str, figures: Figures) -> list[tuple[str, str, str]]:
    """Draw stability and BIC over the number of personas."""
    chosen = next((c.n_personas for c in model.selection if c.chosen), None)
    series = {
        "stability": ([(c.n_personas, c.stability) for c in model.selection if c.stability is not None], 2),
        "bic": ([(c.n_personas, c.bic) for c in model.selection if c.bic is not None], 0),
    }
    charts = []
    for name, (points, digits) in series.items():
        if len(points) > 1:
            title = say(f"chart.{name}.title", figures.language)
            said = figures.join(f"{n} = {figures.decimal(value, digits)}" for n, value in points)
            picture = draw_line(
                points, chosen=chosen, x_title=x_title, digits=digits, description=f"{title}: {said}"
            )
            charts.append((title, say(f"chart.{name}.read", figures.language), picture))
    return charts
