"""The workbook for marketers: portraits of the personas, attach rates, flows, and every other stored table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from personas.category.analysis import Analysis
from personas.category.slices import ALL
from personas.category.small_cells import HIDDEN
from personas.export.portrait_workbook import PlainSheet, PortraitSheet, write_portrait_workbook
from personas.features import FeatureSet
from personas.model.bands import BOUGHT
from personas.model.base import Persona, PersonaModel, Trait
from personas.model.profile import SMALL_CELL
from personas.report.analysis_tables import AnalysisTables
from personas.report.figures import Figures
from personas.report.plain_table import heading, say_hidden, written_ids
from personas.report.words import say, say_or
from personas.schema import Language


def write_workbook(
    model: PersonaModel,
    analyses: Sequence[Analysis],
    path: Path,
    *,
    language: Language,
    minimum_cell: int = SMALL_CELL,
) -> None:
    """Write a model and analyses as a workbook.

    Parameters
    ----------
    model : PersonaModel
        One portrait per persona: its traits and, where scenes were found, its main scenes.
    analyses : sequence of Analysis
        Attach rates and category flows become portraits, one for everybody and one per persona: 标签名 is the row
        category, 枚举值 the column category, 占比 the rate. TGI is 100 x lift where the rate counts what the lift does
        (users or orders with both at any time in the window, of all buyers), else empty. Every table also gets a sheet
        of its own, with the sentence that defines it.
    path : Path
        ``.xlsx`` file to write.
    language : {"zh-CN", "en"}
        Of names and headings; the Chinese headings of portraits are those of JD.com's tool.
    minimum_cell : int, users, >= 1
        Smaller counts, and what would give them away, are hidden: a word stands in their place.

    Raises
    ------
    DataError
        If a text holds a control character.
    """
    figures = Figures(language)
    names = {persona.persona_id: persona.name.of(language) for persona in model.personas}
    latest = {analysis.verb: analysis for analysis in analyses}
    read = [AnalysisTables(analysis, figures, names, minimum_cell) for analysis in latest.values()]
    scenes = next((tables for tables in read if tables.analysis.verb == "scenes"), None)
    sheets: list[PortraitSheet | PlainSheet] = []
    for persona in model.personas:
        rows = _portrait(persona, model.feature_set, language)
        if scenes is not None:
            rows += _main_scenes(persona.persona_id, scenes)
        sheets.append(
            _sheet(f"{persona.persona_id} {persona.name.of(language)}", names[persona.persona_id], rows)
        )
    for tables in read:
        sheets += _pair_sheets(tables)
    for tables in read:
        sheets += _plain_sheets(tables)
    write_portrait_workbook(sheets, path, as_of=model.as_of, language=language)


Row = tuple[str, str, float | None, float | None]
"""Tag, level, share and index."""


def _sheet(title: str, audience: str, rows: Sequence[Row]) -> PortraitSheet:
    import pandas as pd

    table = pd.DataFrame(list(rows), columns=["tag", "level", "share", "tgi"])
    return PortraitSheet(title, audience, table.astype({"share": "float64", "tgi": "float64"}))


def _portrait(persona: Persona, features: FeatureSet, language: Language) -> list[Row]:
    rows = [(*_tag_of(trait, features, language), trait.share, trait.tgi) for trait in persona.traits]
    # Rows of one tag stand together, in the order in which the tags come first.
    order = {tag: place for place, tag in enumerate(dict.fromkeys(row[0] for row in rows))}
    return sorted(rows, key=lambda row: order[row[0]])


def _tag_of(trait: Trait, features: FeatureSet, language: Language) -> tuple[str, str]:
    """Return the tag and the level of a trait; what was bought are the levels of one tag."""
    if trait.level == BOUGHT:
        return say("workbook.bought", language), trait.short.of(language)
    tag = features[trait.feature].label.of(language) or trait.feature
    label = trait.label.of(language)
    for sign in ("：", ": "):
        if sign in label:
            return tag, label.partition(sign)[2]
    return tag, trait.short.of(language)


def _main_scenes(persona_id: str, tables: AnalysisTables) -> list[Row]:
    found = tables.table("grid")
    if found is None:
        return []
    grid = found[found["persona_id"] == persona_id]
    tag = say("workbook.main_scene", tables.figures.language)
    return [
        (tag, tables.name(scene), share, tgi)
        for scene, share, tgi in zip(grid["scene_id"], grid["share"], grid["tgi"], strict=True)
    ]


def _pair_sheets(tables: AnalysisTables) -> list[PortraitSheet]:
    key, rate = {"attach": ("matrix", "rate"), "flow": ("cells", "share")}.get(tables.analysis.verb, ("", ""))
    found = tables.table(key) if key else None
    if found is None:
        return []
    lifts = _lifts(tables)
    title = say(f"result.{key}", tables.figures.language)
    everybody = say("word.base", tables.figures.language)
    sheets = []
    for who in (ALL, *tables.personas(found)):
        part = found if "persona_id" not in found else found[found["persona_id"] == who]
        shown = part[part[rate].notna() | part[HIDDEN]]
        rows = [
            (
                tables.name(row),
                tables.name(column),
                share,
                lifts.get((row, column)) if who == ALL and share == share else None,  # noqa: PLR0124
            )
            for row, column, share in zip(shown["row"], shown["column"], shown[rate], strict=True)
        ]
        if rows:
            audience = everybody if who == ALL else tables.persona_names.get(who, who)
            sheets.append(_sheet(title if who == ALL else f"{title} {who}", audience, rows))
    return sheets


def _lifts(tables: AnalysisTables) -> dict[tuple[str, str], float]:
    """Return 100 x lift per pair, where the attach rate is its numerator."""
    asked, links = tables.analysis.parameters, tables.table("association")
    same_unit = asked.get("direction") == "any" or (asked.get("unit"), asked.get("direction")) == (
        "order",
        "same_order",
    )
    if links is None or not same_unit or asked.get("within_days") is not None or asked.get("base") != "all":
        return {}
    return {
        (row, column): 100 * lift
        for row, column, lift in zip(links["row"], links["column"], links["lift"], strict=True)
    }


def _plain_sheets(tables: AnalysisTables) -> list[PlainSheet]:
    sheets = []
    language = tables.figures.language
    for key in tables.analysis.tables:
        found = tables.table(key)
        if found is None:
            continue
        table = say_hidden(written_ids(found.drop(columns=HIDDEN), tables), found, tables.figures)
        table.columns = [heading(str(name), language) for name in table.columns]
        note = f"{tables.definition(key)}\n{say('workbook.hidden', language).format(n=tables.hidden_below)}"
        title = say("workbook.plain", language).format(name=say_or(f"result.{key}", key, language))
        sheets.append(PlainSheet(title, table, note))
    return sheets
