"""What the report says of the source tables and the features made from them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from personas.features import Feature, FeatureSet
from personas.features.category_history import is_category_count
from personas.report.cards import feature_heading
from personas.report.figures import Figures
from personas.report.words import say, say_or
from personas.schema import COLUMN_LABELS, Text


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


@dataclass(frozen=True, slots=True)
class FeatureList:
    """The features, written out: a summary, those that are described, and what is said of the others."""

    summary: str
    rows: tuple[FeatureRow, ...]
    further: str


def contract_view(
    contract: Mapping[str, Any], figures: Figures, labels: Mapping[str, Text] | None = None
) -> ContractView:
    """Write out what was read, what was quarantined and who was left out.

    Row counts are written as they are; they say nothing of a person.

    Parameters
    ----------
    contract : mapping
        What the contract check found, see :class:`personas.report.Dossier`.
    figures : Figures
        Writes the numbers.
    labels : mapping of str to Text, optional
        Names of further attributes; columns of the contract have theirs.
    """
    names = {**(labels or {}), **COLUMN_LABELS}
    admission = contract.get("admission")
    return ContractView(
        tables=tuple(_source_table(table, names, figures) for table in contract.get("tables", ())),
        admission=None if not admission else _admission(admission, figures),
        warnings=tuple(_warning(str(text), names, figures) for text in contract.get("warnings", ())),
    )


_SENTENCES = {
    "data.left_out": re.compile(r"Left out (?P<names>.+): (?P<reason>[^:]+)\."),
    "data.said.quarantined": re.compile(
        r"(?P<label>.+): (?P<part>[\d,]+) of (?P<whole>[\d,]+) rows \([^)]*\) are quarantined\."
    ),
    "data.said.uninformative": re.compile(
        r"(?P<label>.+): never varies or is always missing, so it can't tell users apart: (?P<names>.+)\."
    ),
    "data.said.after": re.compile(
        r"(?P<label>.+): (?P<n>[\d,]+) events are on or after (?P<day>[\d-]+); features do not see them\."
    ),
}
"""Key of the text -> sentence of the contract check."""

_REASONS = {
    "fault.bound.outside": re.compile(r"outside (?P<low>\S+) to (?P<high>\S+)"),
    "fault.bound.below": re.compile(r"below (?P<low>\S+)"),
    "fault.bound.above": re.compile(r"above (?P<high>\S+)"),
}


def _warning(text: str, names: Mapping[str, Text], figures: Figures) -> str:
    """Say a sentence of the contract check in the report's language; any other stays as it is."""
    for key, pattern in _SENTENCES.items():
        if found := pattern.fullmatch(text):
            return say(key, figures.language).format(**_translated(found.groupdict(), names, figures))
    return text


def _translated(parts: dict[str, str], labels: Mapping[str, Text], figures: Figures) -> dict[str, str]:
    if "reason" in parts:
        parts["reason"] = say_or(f"left_out.{parts['reason']}", parts["reason"], figures.language)
    if "names" in parts:
        names = parts["names"].split(", ")
        parts["names"] = figures.join(_column_name(name, labels, figures) for name in names)
    if "part" in parts:
        part, whole = (int(parts[key].replace(",", "")) for key in ("part", "whole"))
        parts["share"] = figures.percent(part / whole)
    return parts


def _column_name(column: str, names: Mapping[str, Text], figures: Figures) -> str:
    return names[column].of(figures.language) if column in names else column


def _reason(reason: str, figures: Figures) -> str:
    for key, pattern in _REASONS.items():
        if found := pattern.fullmatch(reason):
            return say(key, figures.language).format(**found.groupdict())
    return say_or(f"fault.{reason}", reason, figures.language)


def feature_list(feature_set: FeatureSet, read: Collection[str], figures: Figures) -> FeatureList:
    """Write out the features that are described, in order, and count the others.

    Parameters
    ----------
    feature_set : FeatureSet
        The features.
    read : collection of str
        Features that the scorecard reads; a signal that it doesn't read is only described.
    figures : Figures
        Writes the words.
    """
    rows = tuple(_feature_row(f, read, figures) for f in feature_set.described)
    n_further = sum(is_category_count(f) and not f.described for f in feature_set)
    n_inputs = len(feature_set.inputs)
    n_signals = sum(f.role == "signal" and f.name in read for f in feature_set)
    n_profiled = len(feature_set) - n_inputs - n_signals
    key = "data.features_summary" if not n_signals else "data.features_summary_signals"
    summary = say(key, figures.language).format(
        n=len(feature_set), inputs=n_inputs, signals=n_signals, profiled=n_profiled
    )
    further = say("data.features_further", figures.language).format(n=n_further) if n_further else ""
    return FeatureList(summary, rows, further)


def _feature_row(feature: Feature, read: Collection[str], figures: Figures) -> FeatureRow:
    language = figures.language
    role = feature.role if feature.role != "signal" or feature.name in read else "profile"
    return FeatureRow(
        name=feature.name,
        label=feature_heading(feature.label, feature.name, figures),
        kind=say(f"kind.{feature.kind}", language),
        block=say(f"block.{feature.block}", language),
        unit=say_or(f"unit.{feature.unit}", feature.unit, language),
        null_meaning=say_or(f"null.{feature.null_meaning}", feature.null_meaning, language),
        role=say("role.protected" if feature.protected else f"role.{role}", language),
        protected=feature.protected,
    )


def _source_table(table: Mapping[str, Any], names: Mapping[str, Text], figures: Figures) -> SourceTable:
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
                reason=_reason(str(fault["reason"]), figures),
                n_rows=figures.count(int(fault["n_rows"])),
            )
            for fault in table.get("reasons", ())
        ),
        missing=tuple(
            MissingRow(
                column=column,
                name=_column_name(column, names, figures),
                share=figures.percent(share),
                bar=round(100 * share, 2),
            )
            for column, share in missing
            if share > 0
        ),
        warnings=tuple(_warning(str(text), names, figures) for text in table.get("warnings", ())),
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
