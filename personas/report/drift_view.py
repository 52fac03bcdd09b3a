"""Drift, written out: the advice, features and answers with their past, and the portraits of the personas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from personas.monitor import DriftReport, DriftRow, PersonaDrift
from personas.monitor.advice import BAND_WORDS
from personas.report.figures import UNDEFINED, Figures
from personas.report.identity_view import Chip
from personas.report.words import say

N_SHOWN: Final = 10
"""Features in the table, more only if more drifted; the download has all (own choice)."""

N_MONITORINGS: Final = 12
"""Monitorings in a small chart: a year of months (own choice)."""

CEILING: Final = 2.0
"""PSI over limit at which a bar of a small chart ends (own choice)."""

BAND_TICKS: Final = (0.1, 0.3, 0.5)
"""Where the bands of the portrait distance part, see :func:`personas.monitor.portrait.band_of`."""


@dataclass(frozen=True, slots=True)
class SparkBar:
    """One monitoring in a small chart, 0 to 100 wide and high; ``look`` = over, within or another (model)."""

    x: float
    width: float
    height: float
    look: str


@dataclass(frozen=True, slots=True)
class Spark:
    """A small chart with what it says in words."""

    bars: tuple[SparkBar, ...]
    said: str


@dataclass(frozen=True, slots=True)
class DriftLine:
    """One feature or answer, written out."""

    label: str
    is_scored: bool
    is_drift: bool
    psi: str
    limit: str
    spark: Spark
    cell: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class PortraitLine:
    """One persona, written out; ``bar`` is its distance, ``mark`` its limit, 0 to 100."""

    chip: Chip
    before: str
    now: str
    distance: str
    band: str
    limit: str
    bar: float
    mark: float
    is_drift: bool
    drivers: str


@dataclass(frozen=True, slots=True)
class DriftView:
    """A monitoring, written out.

    Parameters
    ----------
    is_alarm : bool
        Whether somebody should act.
    advice : str
        What to do.
    reasons : tuple of str
        Why, weightiest first.
    lead : str
        Who was compared with whom.
    tolerated : str
        Drift that is too little to matter.
    has_trend : bool
        Whether there were several monitorings.
    features : tuple of DriftLine
        Drifted ones first.
    features_title : str
        With the number of features that drifted.
    n_further : int
        Features that are only in the download.
    answers : tuple of DriftLine
        Persona shares, confidence, uncertain and strange users.
    personas : tuple of PortraitLine
        In the order of the model.
    notes : tuple of str
        What could not be compared.
    """

    is_alarm: bool
    advice: str
    reasons: tuple[str, ...]
    lead: str
    tolerated: str
    has_trend: bool
    features: tuple[DriftLine, ...]
    features_title: str
    n_further: int
    answers: tuple[DriftLine, ...]
    personas: tuple[PortraitLine, ...]
    notes: tuple[str, ...]


def drift_view(
    monitorings: Sequence[DriftReport], names: Mapping[str, str], colours: Mapping[str, int], figures: Figures
) -> DriftView:
    """Write out the last of some monitorings.

    Parameters
    ----------
    monitorings : sequence of DriftReport
        By day; the last one is told of, those before it make the small charts.
    names : mapping of str to str
        Persona id -> name; a persona without one goes by the name of the monitoring.
    colours : mapping of str to int
        Persona id -> number of its colour class.
    figures : Figures
        Writes the numbers.

    Returns
    -------
    DriftView
    """
    report, language = monitorings[-1], figures.language
    past = monitorings[-N_MONITORINGS:]
    n_drifted = sum(row.shift.is_drift for row in report.rows)
    shown = report.rows[: max(N_SHOWN, n_drifted)]
    return DriftView(
        is_alarm=report.advice.is_alarm,
        advice=say(f"since.advice.{report.advice.verdict}", language),
        reasons=tuple(reason.of(language) for reason in report.advice.reasons),
        lead=say("since.drift_read", language).format(
            now=report.as_of.isoformat(),
            n=figures.count(report.n_users),
            reference=say(f"since.reference.{report.reference}", language),
            then=report.reference_as_of.isoformat(),
            m=figures.count(report.reference_n_users),
            version=report.model_version,
        ),
        tolerated=f"{report.rules.tolerated_psi:g}",
        has_trend=len(past) > 1,
        features=tuple(_line(row, past, figures) for row in shown),
        features_title=say("since.features", language).format(
            n=figures.count(len(report.rows)), drifted=figures.count(n_drifted)
        ),
        n_further=len(report.rows) - len(shown),
        answers=tuple(_line(row, past, figures) for row in report.answers),
        personas=tuple(_portrait(persona, names, colours, figures) for persona in report.personas),
        notes=tuple(note.of(language) for note in report.notes),
    )


def written_psi(value: float, figures: Figures) -> str:
    """Write a population stability index.

    Examples
    --------
    >>> written_psi(0.0123, Figures("en")), written_psi(0.0001, Figures("en"))
    ('0.012', '<0.001')
    """
    return "<0.001" if 0 < value < 0.0005 else figures.decimal(value, 3)


def _line(row: DriftRow, past: Sequence[DriftReport], figures: Figures) -> DriftLine:
    return DriftLine(
        label=row.label.of(figures.language),
        is_scored=row.is_scored,
        is_drift=row.shift.is_drift,
        psi=written_psi(row.shift.psi, figures) if row.shift.limit > 0 else UNDEFINED,
        limit=written_psi(row.shift.limit, figures) if row.shift.limit > 0 else UNDEFINED,
        spark=_spark(row.name, past, figures),
        cell=row.cell.of(figures.language),
        before=_share(row.share_before, figures),
        now=_share(row.share_now, figures),
    )


def _share(share: float | None, figures: Figures) -> str:
    return figures.suppressed if share is None else figures.percent(share)


def _spark(name: str, past: Sequence[DriftReport], figures: Figures) -> Spark:
    """Draw PSI over limit of one feature or answer in every monitoring that knows it."""
    width = 100 / len(past)
    bars, said = [], []
    for place, report in enumerate(past):
        row = next((row for row in (*report.rows, *report.answers) if row.name == name), None)
        if row is None or row.shift.limit <= 0:
            continue
        height = min(row.shift.psi / row.shift.limit, CEILING) / CEILING * 100
        look = "over" if row.shift.is_drift else "within"
        bars.append(
            SparkBar(
                x=round(place * width + width * 0.1, 2),
                width=round(width * 0.8, 2),
                height=round(max(2.0, height), 2),
                look=look if report.model_version == past[-1].model_version else f"{look} another",
            )
        )
        said.append(
            say("since.trend_said", figures.language).format(
                day=report.as_of.isoformat(),
                psi=written_psi(row.shift.psi, figures),
                limit=written_psi(row.shift.limit, figures),
            )
        )
    return Spark(tuple(bars), "; ".join(said))


def _portrait(
    persona: PersonaDrift, names: Mapping[str, str], colours: Mapping[str, int], figures: Figures
) -> PortraitLine:
    language = figures.language
    band = "" if persona.band is None else BAND_WORDS[persona.band].of(language)
    return PortraitLine(
        chip=Chip(
            persona.persona_id,
            colours[persona.persona_id],
            names.get(persona.persona_id, persona.name.of(language)),
        ),
        before=figures.percent(persona.share_before),
        now=figures.percent(persona.share_now),
        distance=figures.decimal(persona.distance, 3),
        band=band,
        limit=figures.decimal(None if persona.distance is None else persona.limit, 3),
        bar=round(100 * (persona.distance or 0.0), 2),
        mark=round(100 * min(persona.limit, 1.0), 2),
        is_drift=persona.is_drift,
        drivers=figures.join(driver.of(language) for driver in persona.drivers),
    )
