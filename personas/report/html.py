"""Put the report together: one HTML file, nothing fetched at view time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from personas.category.analysis import Analysis
from personas.errors import ConfigError
from personas.model.archetypes import Archetype
from personas.model.base import PersonaModel
from personas.model.profile import SMALL_CELL
from personas.model.traits import SIGNIFICANT
from personas.report.card_notes import make_notes
from personas.report.cards import make_cards
from personas.report.category_chapters import make_chapters
from personas.report.contract import contract_view, feature_list
from personas.report.figures import Figures
from personas.report.heatmap import HEAT_CUTS, make_heatmap
from personas.report.history import History
from personas.report.judgement import judge_model
from personas.report.parameters import parameter_view
from personas.report.persona_map import NARROW, WIDE, lay_out_map
from personas.report.quality import headlines, metric_rows, scored_view
from personas.report.selection_table import (
    JACCARD_SCALE,
    clusterer_name,
    selection_charts,
    selection_table,
    stability_rows,
)
from personas.report.since import since_page
from personas.report.words import GLOSSARY, SECTIONS, STRATEGY_GLOSSARY, say
from personas.schema import LANGUAGES, Language


def render_report(
    model: PersonaModel,
    *,
    language: Language,
    contract: Mapping[str, Any] | None,
    scored: Mapping[str, Any] | None,
    version: str,
    minimum_cell: int = SMALL_CELL,
    archetypes: Sequence[Archetype] = (),
    analyses: Sequence[Analysis] = (),
    history: History | None = None,
) -> str:
    """Render a model as one offline HTML file.

    Parameters
    ----------
    model : PersonaModel
        What to show.
    language : {"zh-CN", "en"}
        Language of the texts; names of personas appear in both.
    contract : mapping or None
        What the contract check found: ``{"tables": [{"name", "file", "n_rows", "n_valid",
        "n_quarantined", "reasons": [{"column", "reason", "n_rows"}], "missing": {column: share},
        "warnings": [text], "n_after_as_of"}], "admission": {"n_users", "n_admitted", "dropped":
        {reason: n}}, "warnings": [text]}``. None leaves that part out.
    scored : mapping or None
        Who was scored into what: ``{"n_users", "by_persona": {persona_id: n}, "by_status": {status: n},
        "model_version", "as_of"}`` and optionally ``"by_confidence"``, numbers of users in equal steps
        of the confidence from 0 to 1. None leaves that part out.
    version : str
        Version of the model.
    minimum_cell : int, users, >= 1
        Smaller cells were suppressed when the model was made; the report only says so.
    archetypes : sequence of Archetype, optional
        Those that personas are named after; a card then shows what its persona shares with its own.
    analyses : sequence of Analysis, optional
        Of the categories; each gets a section. Of several with the same verb the last one counts.
    history : History, optional
        What came before the model; makes the chapter on what happened since last time.

    Returns
    -------
    str
        An HTML document without scripts, links or outside resources. The same input gives the same
        bytes.

    Raises
    ------
    ConfigError
        If ``language`` is not one of the two, or ``minimum_cell`` is below 1.
    """
    if language not in LANGUAGES:
        raise ConfigError(
            f"The report language is {language!r}; expected one of {', '.join(LANGUAGES)}. Choose one of them."
        )
    if minimum_cell < 1:
        raise ConfigError(
            f"minimum_cell is {minimum_cell}; expected a whole number of at least 1. "
            "Give the number that the profiles were made with."
        )
    figures = Figures(language)
    cards = make_cards(model.personas, model.feature_set, figures)
    names = {persona.persona_id: persona.name.of(language) for persona in model.personas}
    chapters = make_chapters(analyses, figures, names, minimum_cell)
    since = since_page(model, version, history or History(), figures)
    positions = [(persona.map_x, persona.map_y) for persona in model.personas]
    return (
        environment(figures)
        .get_template("report.html")
        .render(
            model=model,
            language=language,
            other_language="en" if language == "zh-CN" else "zh-CN",
            title=f"{model.name} · {say('page.title', language)}",
            about=f"{model.name} · {version} · {say('word.as_of', language)} {model.as_of.isoformat()}",
            version=version,
            sections=_sections([*(chapter.section for chapter in chapters), *(["since"] if since else [])]),
            chapters=chapters,
            since=since,
            n_users=figures.count(sum(persona.n_users for persona in model.personas)),
            cards=cards,
            notes=make_notes(model, archetypes, figures),
            events=[event.of(language) for event in model.events],
            headlines=headlines(model, figures),
            maps=[
                ("wide", lay_out_map(cards, positions, WIDE)),
                ("narrow", lay_out_map(cards, positions, NARROW)),
            ],
            heatmap=make_heatmap(model, figures),
            heat_cuts=[figures.index(cut) for cut in HEAT_CUTS],
            judgement=judge_model(model, figures),
            selection=selection_table(model, figures),
            charts=selection_charts(model, figures),
            stability=stability_rows(model, figures),
            jaccard_scale=JACCARD_SCALE,
            metrics=metric_rows(model, figures),
            clusterer=clusterer_name(model.clusterer, figures),
            parameters=parameter_view(model, figures),
            low_confidence=figures.decimal(model.low_confidence),
            surprise_limit=figures.decimal(model.surprise_limit),
            scored=None if scored is None else scored_view(scored, model, figures),
            contract=None if contract is None else contract_view(contract, figures),
            features=feature_list(model.feature_set, model.scorecard.features, figures),
            glossary=(*GLOSSARY, *(STRATEGY_GLOSSARY if chapters else ())),
            minimum_cell=minimum_cell,
            significant=SIGNIFICANT,
        )
    )


def _sections(chapters: Sequence[str]) -> list[str]:
    """Return the sections with further chapters after the pages on personas."""
    place = SECTIONS.index("categories") + 1
    return [*SECTIONS[:place], *chapters, *SECTIONS[place:]]


def environment(figures: Figures) -> Environment:
    """Return what fills the templates; ``t`` is a text of the report."""
    environment = Environment(
        loader=PackageLoader("personas.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def text(key: str) -> str:
        return say(key, figures.language)

    environment.globals["t"] = text
    return environment
