"""What came before a model: what the chapter "since last time" is written from, besides the model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from personas.model.gate import GateReport
from personas.model.lineage import LineageRow
from personas.model.migration import Migration
from personas.monitor import DriftReport


@dataclass(frozen=True, slots=True)
class CustomerMoves:
    """Who moved between two days under one model.

    Parameters
    ----------
    then, now : date
        First days that the features did not see.
    migration : Migration
        Between dates.
    """

    then: date
    now: date
    migration: Migration


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the time before and after a model was trained; every part may be absent.

    Parameters
    ----------
    lineage : tuple of LineageRow
        Personas of all versions of the use case, see :func:`personas.model.lineage.read_lineage`.
    gate : GateReport or None
        The verdict on the model.
    moves : CustomerMoves or None
        Of customers under the model.
    monitorings : tuple of DriftReport
        Of the use case, by day.
    """

    lineage: tuple[LineageRow, ...] = ()
    gate: GateReport | None = None
    moves: CustomerMoves | None = None
    monitorings: tuple[DriftReport, ...] = ()

    @property
    def told_gate(self) -> GateReport | None:
        """The verdict where it tells something: against a champion, or on a first model that did not pass."""
        gate = self.gate
        return gate if gate is not None and (gate.champion_as_of is not None or gate.failed) else None

    def columns(self, version: str) -> tuple[tuple[LineageRow, ...], ...]:
        """Return the personas of a version and of those that it goes back to.

        Parameters
        ----------
        version : str
            A version of the model.

        Returns
        -------
        tuple of tuple of LineageRow
            Oldest version first, each matched with the one before it; empty when nothing is known of the version.
            Versions that nothing came of are left out.
        """
        by_version: dict[str, list[LineageRow]] = {}
        for row in self.lineage:
            by_version.setdefault(row.version, []).append(row)
        found: list[tuple[LineageRow, ...]] = []
        here: str | None = version
        while here is not None and here in by_version:
            rows = by_version.pop(here)
            found.insert(0, tuple(rows))
            here = rows[0].champion
        return tuple(found)

    def watched(self, version: str, as_of: date) -> tuple[DriftReport, ...]:
        """Return the monitorings to tell of beside a model, by day.

        Parameters
        ----------
        version : str
            Version of the model.
        as_of : date
            Its day.

        Returns
        -------
        tuple of DriftReport
            Up to the last one of the model itself or, before there is any, up to the last one by its day: that one
            watched the model before it.
        """
        own = [report.as_of for report in self.monitorings if report.model_version == version]
        last = max(own, default=as_of)
        seen = [report for report in self.monitorings if report.as_of <= last]
        if own:
            while seen and seen[-1].model_version != version:
                seen.pop()
        return tuple(seen)
