"""What the report says of a model against tables without structure, and of what personas were judged by."""

from __future__ import annotations

from dataclasses import dataclass

from personas.features.rehearsal import default_horizon
from personas.model.base import PersonaModel
from personas.report.figures import Figures
from personas.report.words import say
from personas.selection.base import MEASURES, NULLS, MeasureName, Verdict
from personas.selection.verdict import has_structure, rule_text, verdict_text


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that tables without structure give, and whether the model gives more."""

    value: str
    is_beaten: bool | None


@dataclass(frozen=True, slots=True)
class JudgedMeasure:
    """One measure of the model with a limit per kind of table without structure."""

    name: str
    value: str
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, written out.

    Parameters
    ----------
    sentence : str
        What the tables carry; empty = it wasn't measured.
    rule : str
        Which measure decided so, against which tables without structure; empty = it wasn't measured.
    is_found : bool
        Whether they carry personas.
    judged_by : str
        What the measures were taken on; empty = not known.
    nulls : tuple of str
        Kinds of tables without structure, headings of the limits.
    rows : tuple of JudgedMeasure
        Empty = it wasn't measured.
    """

    sentence: str
    rule: str
    is_found: bool
    judged_by: str
    nulls: tuple[str, ...]
    rows: tuple[JudgedMeasure, ...]


def judge_model(model: PersonaModel, figures: Figures) -> Judgement:
    """Write out the verdict on a model; a model from before there were verdicts has an empty one."""
    language = figures.language
    judged_by = _judged_by(model, figures)
    if not model.verdicts:
        return Judgement("", "", is_found=False, judged_by=judged_by, nulls=(), rows=())
    nulls = [null for null in NULLS if any(v.null == null for v in model.verdicts)]
    by_place = {(v.measure, v.null): v for v in model.verdicts}
    found, rule = (text(model.verdicts).of(language) for text in (verdict_text, rule_text))
    return Judgement(
        sentence=_sentence(found, figures),
        rule=_sentence(rule, figures),
        is_found=has_structure(model.verdicts),
        judged_by=judged_by,
        nulls=tuple(say(f"null_table.{null}", language) for null in nulls),
        rows=tuple(
            _row(measure, [by_place.get((measure, null)) for null in nulls], figures)
            for measure in MEASURES
            if any((measure, null) in by_place for null in nulls)
        ),
    )


def _sentence(text: str, figures: Figures) -> str:
    return say("verdict.sentence", figures.language).format(text=text[0].upper() + text[1:]) if text else ""


def written_measure(name: MeasureName, value: float, figures: Figures) -> str:
    """Write a measure in its unit: reach in per cent, taste in bits, stability as it is.

    Examples
    --------
    >>> written_measure("reach", 0.0592, Figures("en")), written_measure("taste", -0.0077, Figures("en"))
    ('5.9%', '−0.008 bits')
    """
    if name == "reach":
        return figures.percent(value)
    if name == "taste":
        return say("unit_of.taste", figures.language).format(value=figures.decimal(value, 3))
    return figures.decimal(value)


def _row(measure: MeasureName, verdicts: list[Verdict | None], figures: Figures) -> JudgedMeasure:
    value = next(v.value for v in verdicts if v is not None)
    return JudgedMeasure(
        name=say(f"measure.{measure}", figures.language),
        value=written_measure(measure, value, figures),
        limits=tuple(
            Limit(figures.decimal(None), None)
            if v is None
            else Limit(written_measure(measure, v.null_limit, figures), v.beats_null)
            for v in verdicts
        ),
    )


def _judged_by(model: PersonaModel, figures: Figures) -> str:
    yardstick = model.clusterer_params.get("judged_by")
    if yardstick not in ("next_window", "held_out_columns", "none"):
        return ""
    options = model.config.get("personas")
    if yardstick != "next_window" or not isinstance(options, dict):
        # The length of the next window is only known from a config.
        return say(f"judged_by.{yardstick}", figures.language)
    days = options.get("horizon_days") or default_horizon(model.window)
    return say("judged_by.next_days", figures.language).format(days=days)
