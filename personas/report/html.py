"""Put the report together: one HTML file, nothing fetched at view time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from personas.errors import ConfigError
from personas.model.base import PersonaModel
from personas.model.profile import SMALL_CELL
from personas.model.traits import SIGNIFICANT
from personas.report.card_notes import make_notes
from personas.report.cards import make_cards
from personas.report.category_chapters import make_chapters
from personas.report.contract import contract_view, feature_list
from personas.report.dossier import Dossier
from personas.report.figures import Figures
from personas.report.heatmap import HEAT_CUTS, make_heatmap
from personas.report.judgement import judge_model
from personas.report.macro_view import group_cards
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


def render_report(dossier: Dossier, *, language: Language, minimum_cell: int = SMALL_CELL) -> str:
    """Render a model as one offline HTML file.

    Parameters
    ----------
    dossier : Dossier
        What to show.
    language : {"zh-CN", "en"}
        Language of the texts; names of personas appear in both.
    minimum_cell : int, users, >= 1
        Smaller cells were suppressed when the model was made; the report says so, and hides those of analyses.

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
    figures, model = Figures(language), dossier.model
    names = {persona.persona_id: persona.name.of(language) for persona in model.personas}
    chapters = make_chapters(dossier.analyses, figures, names, minimum_cell)
    since = since_page(model, dossier.version, dossier.history, figures)
    return (
        environment(figures)
        .get_template("report.html")
        .render(
            model=model,
            language=language,
            other_language="en" if language == "zh-CN" else "zh-CN",
            heading=_heading(model, language),
            title=f"{_heading(model, language)} · {say('page.title', language)}",
            about=f"{model.name} · {dossier.version} · {say('word.as_of', language)} {model.as_of.isoformat()}",
            version=dossier.version,
            sections=_sections([*(chapter.section for chapter in chapters), *(["since"] if since else [])]),
            chapters=chapters,
            since=since,
            glossary=_glossary(model, strategy=bool(chapters)),
            minimum_cell=minimum_cell,
            significant=SIGNIFICANT,
            **_people(dossier, figures),
            **_evidence(dossier, figures),
        )
    )


def _heading(model: PersonaModel, language: Language) -> str:
    """Return the title that the config gives, else the name in words."""
    title = model.config.get("title")
    given = title.get("zh" if language == "zh-CN" else "en") if isinstance(title, dict) else None
    return str(given or model.name.replace("_", " "))


def _people(dossier: Dossier, figures: Figures) -> dict[str, Any]:
    """Write out who the personas are."""
    model = dossier.model
    cards = make_cards(model.personas, model.feature_set, figures)
    positions = [(persona.map_x, persona.map_y) for persona in model.personas]
    groups = group_cards(model.personas, cards, figures)
    return {
        "n_users": figures.count(sum(persona.n_users for persona in model.personas)),
        "cards": cards,
        "groups": groups,
        "macro_of": {card.persona_id: group for group in groups if group.macro_id for card in group.cards},
        "notes": make_notes(model, dossier.archetypes, figures),
        "events": _events(model, figures),
        "headlines": headlines(model, figures),
        "maps": [
            ("wide", lay_out_map(cards, positions, WIDE)),
            ("narrow", lay_out_map(cards, positions, NARROW)),
        ],
        "heatmap": make_heatmap(model, figures),
        "heat_cuts": [figures.index(cut) for cut in HEAT_CUTS],
    }


def _events(model: PersonaModel, figures: Figures) -> list[str]:
    """Say what became of each persona, changes first; models of an older format have the words only."""
    if model.continuity is None:
        return [event.of(figures.language) for event in model.events]
    told = sorted(model.continuity.events, key=lambda event: event.kind == "kept")
    return [event.text().of(figures.language) for event in told]


def _evidence(dossier: Dossier, figures: Figures) -> dict[str, Any]:
    """Write out why the model can be trusted, and what it was made from."""
    model = dossier.model
    labels = {feature.name: feature.label for feature in model.feature_set if feature.label.en}
    return {
        "judgement": judge_model(model, figures),
        "selection": selection_table(model, figures),
        "charts": selection_charts(model, figures),
        "stability": stability_rows(model, figures),
        "jaccard_scale": JACCARD_SCALE,
        "metrics": metric_rows(model, figures),
        "clusterer": clusterer_name(model.clusterer, figures),
        "parameters": parameter_view(model, figures),
        "low_confidence": figures.decimal(model.low_confidence),
        "surprise_limit": figures.decimal(model.surprise_limit),
        "scored": None if dossier.scored is None else scored_view(dossier.scored, model, figures),
        "contract": None if dossier.contract is None else contract_view(dossier.contract, figures, labels),
        "features": feature_list(model.feature_set, model.scorecard.features, figures),
    }


def _glossary(model: PersonaModel, *, strategy: bool) -> tuple[str, ...]:
    """Return the terms that the report uses."""
    grouped = any(persona.macro is not None for persona in model.personas)
    terms = tuple(term for term in GLOSSARY if term != "macro" or grouped)
    return (*terms, *(STRATEGY_GLOSSARY if strategy else ()))


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
