"""What the report says of the source tables and the features made from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from personas.features import FeatureSet
from personas.report.cards import feature_heading
from personas.report.figures import Figures
from personas.report.words import say, say_or
from personas.schema import COLUMN_LABELS


@dataclass(frozen=True, slots=True)
class MissingRow:
    """Share of empty values of one column."""

    column: str
    name: str
    share: str
    bar: float


@dataclass(frozen=True, slots=True)
class FaultRow:
    """Rows quarantined for one reason."""

    column: str
    reason: str
    n_rows: str


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One source table, written out."""

    name: str
    file: str
    n_rows: str
    n_valid: str
    valid_share: str
    valid_bar: float
    n_quarantined: str
    has_faults: bool
    n_after_as_of: str
    faults: tuple[FaultRow, ...]
    missing: tuple[MissingRow, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Admission:
    """Who was let in, and why others were not."""

    n_users: str
    n_admitted: str
    dropped: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ContractView:
    """The contract report, written out."""

    tables: tuple[SourceTable, ...]
    admission: Admission | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One feature, written out."""

    name: str
    label: str
    kind: str
    block: str
    unit: str
    null_meaning: str
    role: str
    protected: bool


def contract_view(contract: Mapping[str, Any], figures: Figures) -> ContractView:
    """Write out what was read, what was quarantined and who was left out.

    Row counts are written as they are; they say nothing of a person.
    """
    admission = contract.get("admission")
    return ContractView(
        tables=tuple(_source_table(table, figures) for table in contract.get("tables", ())),
        admission=None if not admission else _admission(admission, figures),
        warnings=tuple(_warning(str(text), figures) for text in contract.get("warnings", ())),
    )


def _warning(text: str, figures: Figures) -> str:
    """Say in the report's language why features were left out; any other sentence stays as it is."""
    found = re.fullmatch(r"Left out (?P<names>.+): (?P<reason>[^:]+)\.", text)
    if found is None:
        return text
    reason = say_or(f"left_out.{found['reason']}", found["reason"], figures.language)
    return say("data.left_out", figures.language).format(names=found["names"], reason=reason)


def feature_rows(feature_set: FeatureSet, figures: Figures) -> list[FeatureRow]:
    """Write out every feature, in order."""
    language = figures.language
    return [
        FeatureRow(
            name=feature.name,
            label=feature_heading(feature.label, feature.name, figures),
            kind=say(f"kind.{feature.kind}", language),
            block=say(f"block.{feature.block}", language),
            unit=say_or(f"unit.{feature.unit}", feature.unit, figures.language),
            null_meaning=say_or(f"null.{feature.null_meaning}", feature.null_meaning, figures.language),
            role=say("role.protected" if feature.protected else f"role.{feature.role}", language),
            protected=feature.protected,
        )
        for feature in feature_set
    ]


def _source_table(table: Mapping[str, Any], figures: Figures) -> SourceTable:
    n_rows, n_valid = int(table["n_rows"]), int(table["n_valid"])
    n_quarantined = int(table.get("n_quarantined", n_rows - n_valid))
    valid_share = n_valid / n_rows if n_rows else 1.0
    missing = sorted(dict(table.get("missing", {})).items(), key=lambda item: (-item[1], item[0]))
    return SourceTable(
        name=say_or(f"table.{table['name']}", str(table["name"]), figures.language),
        file=str(table.get("file", "")),
        n_rows=figures.count(n_rows),
        n_valid=figures.count(n_valid),
        valid_share=figures.percent(valid_share),
        valid_bar=round(100 * valid_share, 2),
        n_quarantined=figures.count(n_quarantined),
        has_faults=n_quarantined > 0,
        n_after_as_of=figures.count(int(table.get("n_after_as_of", 0))),
        faults=tuple(
            FaultRow(
                column=str(fault["column"]) or say("data.whole_row", figures.language),
                reason=say_or(f"fault.{fault['reason']}", str(fault["reason"]), figures.language),
                n_rows=figures.count(int(fault["n_rows"])),
            )
            for fault in table.get("reasons", ())
        ),
        missing=tuple(
            MissingRow(
                column=column,
                name=COLUMN_LABELS[column].of(figures.language) if column in COLUMN_LABELS else column,
                share=figures.percent(share),
                bar=round(100 * share, 2),
            )
            for column, share in missing
            if share > 0
        ),
        warnings=tuple(map(str, table.get("warnings", ()))),
    )


def _admission(admission: Mapping[str, Any], figures: Figures) -> Admission:
    dropped = sorted(dict(admission.get("dropped", {})).items(), key=lambda item: (-item[1], item[0]))
    return Admission(
        n_users=figures.count(int(admission["n_users"])),
        n_admitted=figures.count(int(admission["n_admitted"])),
        dropped=tuple(
            (say_or(f"dropped.{reason}", reason, figures.language), figures.count(int(n)))
            for reason, n in dropped
            if n > 0
        ),
    )
