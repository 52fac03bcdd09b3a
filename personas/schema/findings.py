"""What a contract check found: counts, hints and warnings, without any value that could be an id."""

from __future__ import annotations

import difflib
import re
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from personas.errors import DataError
from personas.schema.levels import LEVEL_LABELS

MALFORMED = "_malformed"
"""Raw column: why a row could not be split into fields; null = well formed."""

VALID = "_valid"

_MAX_LISTED_LEVELS = 5
_MAX_UNKNOWN_LEVELS = 50


@dataclass(frozen=True, slots=True)
class FaultCount:
    """How many rows have one fault in one column.

    Parameters
    ----------
    column : str
        Canonical column; empty when the whole row is malformed.
    reason : str
        What is wrong.
    n_rows : int, rows
        Rows with this fault; a row may have several.
    hint : str
        What to do; holds no value of the table except unknown levels of closed vocabularies.
    """

    column: str
    reason: str
    n_rows: int
    hint: str


@dataclass(frozen=True, slots=True)
class TableReport:
    """What the contract check found in one table.

    Parameters
    ----------
    name, file : str
        Name of the contract, and of the source.
    n_rows, n_valid, n_quarantined : int, rows
        Rows read, kept and left out.
    reasons : tuple of FaultCount
        Most frequent first.
    missing_share : dict of str to float, 0 to 1
        Share of valid rows without a value, per canonical column that the source has.
    absent : tuple of str
        Canonical columns that the source lacks; null everywhere.
    uninformative : tuple of str
        User columns that the source has but that never vary, or are always missing, in valid rows.
    n_after_as_of : int, rows
        Valid events on or after ``as_of``; they are kept, and features never see them.
    warnings : tuple of str
        Sentences for the reader.
    """

    name: str
    file: str
    n_rows: int
    n_valid: int
    n_quarantined: int
    reasons: tuple[FaultCount, ...] = ()
    missing_share: dict[str, float] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    uninformative: tuple[str, ...] = ()
    n_after_as_of: int = 0
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dict."""
        return {
            "name": self.name,
            "file": self.file,
            "n_rows": self.n_rows,
            "n_valid": self.n_valid,
            "n_quarantined": self.n_quarantined,
            "reasons": [asdict(count) for count in self.reasons],
            "missing": dict(self.missing_share),
            "absent": list(self.absent),
            "uninformative": list(self.uninformative),
            "n_after_as_of": self.n_after_as_of,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True)
class Fault:
    """One check of one column; ``flag`` is the boolean column that says where it fails, ``key`` what must be unique."""

    column: str
    reason: str
    flag: str
    levels: tuple[str, ...] = ()
    key: tuple[str, ...] = ()


def build_report(
    flagged: ir.Table, faults: list[Fault], *, name: str, supplied: tuple[str, ...], as_of: date, file: str
) -> TableReport:
    """Count what was found in a flagged table.

    Parameters
    ----------
    flagged : ibis.Table
        ``_malformed``, ``_valid``, the flag of each fault, canonical values (``out_``) and the texts of
        closed vocabularies (``text_``).
    faults : list of Fault
        Checks that were made.
    name : str
        Name of the contract.
    supplied : tuple of str
        Canonical columns that the source has.
    as_of : date
        First day that features do not see.
    file : str
        Name of the source.

    Returns
    -------
    TableReport
        Counts, hints and warnings.

    Raises
    ------
    DataError
        If the table has no rows.
    """
    counts = _count(flagged, faults, supplied, name, as_of)
    n_rows, n_valid = counts["n_rows"], counts["n_valid"]
    if n_rows == 0:
        raise DataError(
            f"{file or name}: the table has no rows; expected at least one. Check the export or the filter."
        )
    reasons = [
        FaultCount(f.column, f.reason, counts[f.flag], _hint(flagged, f)) for f in faults if counts[f.flag]
    ]
    if counts["n_malformed"]:
        reasons.append(FaultCount("", "malformed row", counts["n_malformed"], _HINTS["malformed row"]))
    canonical = [name.removeprefix("out_") for name in flagged.columns if name.startswith("out_")]
    uninformative: tuple[str, ...] = ()
    if name == "users":
        uninformative = tuple(n for n in supplied if n != "user_id" and not counts[f"varies_{n}"])
    report = TableReport(
        name=name,
        file=file,
        n_rows=n_rows,
        n_valid=n_valid,
        n_quarantined=n_rows - n_valid,
        reasons=tuple(sorted(reasons, key=lambda r: (-r.n_rows, r.column, r.reason))),
        missing_share={n: counts[f"missing_{n}"] / n_valid for n in supplied} if n_valid else {},
        absent=tuple(n for n in canonical if n not in supplied),
        uninformative=uninformative if n_valid else (),
        n_after_as_of=counts.get("n_after_as_of", 0),
    )
    return replace(report, warnings=_warnings(report, as_of))


def _count(
    flagged: ir.Table, faults: list[Fault], supplied: tuple[str, ...], name: str, as_of: date
) -> dict[str, Any]:
    """Count everything that the report says in one pass."""
    valid = flagged[VALID]
    wanted: dict[str, ir.Scalar] = {
        "n_rows": flagged.count(),
        "n_valid": flagged.count(where=valid),
        "n_malformed": flagged[MALFORMED].count(),
    }
    wanted |= {f.flag: flagged.count(where=flagged[f.flag]) for f in faults}
    for column in supplied:
        value = flagged[f"out_{column}"]
        wanted[f"missing_{column}"] = flagged.count(where=valid & value.isnull())
        if name == "users":
            varies = value.max(where=valid) > value.min(where=valid)
            wanted[f"varies_{column}"] = varies
    if name == "events":
        wanted["n_after_as_of"] = flagged.count(where=valid & (flagged["out_event_at"].date() >= as_of))
    row: dict[str, Any] = flagged.aggregate(**wanted).to_pyarrow().to_pylist()[0]
    return row


def _warnings(report: TableReport, as_of: date) -> tuple[str, ...]:
    label = report.file or report.name
    sentences = []
    if report.n_quarantined:
        share = report.n_quarantined / report.n_rows
        sentences.append(
            f"{label}: {report.n_quarantined:,} of {report.n_rows:,} rows ({share:.1%}) are quarantined."
        )
    if report.uninformative:
        names = ", ".join(report.uninformative)
        sentences.append(
            f"{label}: never varies or is always missing, so it can't tell users apart: {names}."
        )
    if report.n_after_as_of:
        sentences.append(
            f"{label}: {report.n_after_as_of:,} events are on or after {as_of}; features do not see them."
        )
    return tuple(sentences)


_HINTS = {
    "empty": "Every row needs a value; fill it in the source.",
    "not a number": "List signs such as $ and , under strip_characters, or map words to a number or null.",
    "not a whole number": "Expected a count; check that the right column is mapped.",
    "not a date in the stated formats": "Add the missing strptime format to date_formats.",
    "not an ISO 8601 date": "Expected YYYY-MM-DD hh:mm:ss; state date_formats, and time_zone when times carry an offset.",
    "in the future": "Expected a day up to as_of; check the order of day and month in date_formats.",
    "not yes or no": "Expected yes/no, Y/N, true/false, 1/0 or 是/否; map other values to one of them or to null.",
    "user not in users": "Expected a user of the users table; complete it, or check that both use the same id.",
    "malformed row": "Expected one value per column; put quotation marks around values that hold the delimiter.",
}


def _hint(flagged: ir.Table, fault: Fault) -> str:
    if fault.reason == "unknown level":
        return _unknown_levels(flagged, fault)
    if fault.reason == "duplicate key":
        return (
            f"Expected one row per {' and '.join(fault.key)}; the first valid row was kept. Remove the others in the "
            "source."
        )
    return _HINTS.get(
        fault.reason, "Check the unit and that the right column is mapped, or map the value to null."
    )


def _unknown_levels(flagged: ir.Table, fault: Fault) -> str:
    """List the most frequent unknown values, each with the nearest level."""
    expected = f"Expected {', '.join(fault.levels)}."
    bad = flagged.filter(flagged[fault.flag])
    groups = bad.group_by(level=bad[f"text_{fault.column}"]).agg(n=bad.count())
    rows = groups.order_by(ibis.desc("n"), "level").limit(_MAX_UNKNOWN_LEVELS + 1).to_pyarrow().to_pylist()
    # A column of very many values, or of values that look like contacts, is no vocabulary: never quote it.
    quotable = [row for row in rows if not _IDENTIFIER.search(row["level"])]
    if len(rows) > _MAX_UNKNOWN_LEVELS or not quotable:
        return f"{expected} The values look like identifiers or free text; check that the right column is mapped."
    listed = [
        f"{row['level']!r} ({row['n']:,} rows{_nearest_level(row['level'], fault)})"
        for row in quotable[:_MAX_LISTED_LEVELS]
    ]
    return f"{expected} Found {', '.join(listed)}. Map them to a level or to null."


_IDENTIFIER = re.compile(r"@|\d{5}|.{33}")


def _nearest_level(value: str, fault: Fault) -> str:
    names = {level.casefold(): level for level in fault.levels}
    for level in fault.levels:
        names |= {text.casefold(): level for text in LEVEL_LABELS.get(fault.column, {}).get(level, ())}
    match = difflib.get_close_matches(value.casefold(), names, n=1)
    return f", nearest: {names[match[0]]}" if match else ""
