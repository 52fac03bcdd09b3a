"""The gate as a table: each check with its figures, a verdict in a word and the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from personas.model.gate import CHECKS, GateCheck, GateReport
from personas.report.figures import UNDEFINED, Figures
from personas.report.judgement import written_measure
from personas.report.words import say

_DECIMAL: Final = ("stability",)
_COUNT: Final = ("smallest_users",)
"""Checks of figures that are no shares."""


@dataclass(frozen=True, slots=True)
class GateRow:
    """One check; ``verdict`` is ``passed``, ``failed`` or ``untold`` (nothing to be held against)."""

    check: str
    value: str
    champion: str
    threshold: str
    verdict: str
    word: str
    reason: str


@dataclass(frozen=True, slots=True)
class GateTable:
    """The verdict, written out.

    Parameters
    ----------
    passed : bool
        Whether the model may take the champion's place.
    sentence : str
        The same, with the checks that failed.
    against : str
        The champion that it was held against.
    rows : tuple of GateRow
        In the order of the checks.
    """

    passed: bool
    sentence: str
    against: str
    rows: tuple[GateRow, ...]


def gate_table(report: GateReport, figures: Figures) -> GateTable:
    """Write out the verdict of the gate.

    Parameters
    ----------
    report : GateReport
        The verdict.
    figures : Figures
        Writes the numbers.

    Returns
    -------
    GateTable
    """
    language = figures.language
    failed = figures.join(CHECKS[check.name].of(language) for check in report.failed)
    day = report.champion_as_of
    return GateTable(
        passed=report.passed,
        sentence=say("since.gate_passed", language)
        if report.passed
        else say("since.gate_failed", language).format(checks=failed),
        against="" if day is None else say("since.gate_against", language).format(day=day.isoformat()),
        rows=tuple(_row(check, figures) for check in report.checks),
    )


def _row(check: GateCheck, figures: Figures) -> GateRow:
    verdict = verdict_of(check)
    value, champion, threshold = (
        written_check(check.name, number, figures)
        for number in (check.value, check.champion, check.threshold)
    )
    return GateRow(
        check=CHECKS[check.name].of(figures.language),
        value=value,
        champion=champion,
        threshold=threshold,
        verdict=verdict,
        word=say(f"since.verdict.{verdict}", figures.language),
        reason=check.reason.of(figures.language),
    )


def verdict_of(check: GateCheck) -> str:
    """Return ``passed``, ``failed``, or ``untold`` where a figure passes because it is held against nothing."""
    if not check.passed:
        return "failed"
    return "untold" if check.threshold is None else "passed"


def written_check(name: str, value: float | None, figures: Figures) -> str:
    """Write a figure of a check in its unit; None = undefined.

    Examples
    --------
    >>> [written_check(name, 0.25, Figures("en")) for name in ("coverage", "stability", "taste")]
    ['25.0%', '0.25', '0.250 bits']
    """
    if value is None:
        return UNDEFINED
    if name == "structure":
        return say(f"result_word.{'yes' if value else 'no'}", figures.language)
    if name == "taste":
        return written_measure("taste", value, figures)
    if name in _DECIMAL:
        return figures.decimal(value)
    return figures.count(round(value)) if name in _COUNT else figures.percent(value)
