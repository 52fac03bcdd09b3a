"""The contract check: raw table in; canonical rows, quarantined rows and a report out."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from personas.errors import DataError
from personas.schema.base import Attribute, Column, ColumnType, Kind, SourceMapping, TableSchema
from personas.schema.canonical import (
    CANONICAL_TYPES,
    CanonicalColumn,
    check_time_zone,
    clean_text,
    read_column,
)
from personas.schema.findings import MALFORMED, VALID, Fault, TableReport, build_report

_ROW = "_row"

MAX_QUARANTINE_SHARE = 0.05
"""Rows that may be quarantined before a run stops; our choice, not a norm."""


_ATTRIBUTE_TYPES: dict[Kind, ColumnType] = {
    "numeric": "number",
    "count": "integer",
    "binary": "flag",
    "ordinal": "text",
    "nominal": "text",
}


@dataclass(frozen=True, slots=True)
class CheckedTable:
    """A source table after its contract check.

    Parameters
    ----------
    valid : ibis.Table
        Canonical columns of the valid rows.
    faults : ibis.Table
        ``file, row, column, reason``: one row per fault; ``row`` is the 1-based data row.
    report : TableReport
        Counts.
    """

    valid: ir.Table
    faults: ir.Table
    report: TableReport


def check_table(
    table: ir.Table,
    schema: TableSchema,
    *,
    mapping: SourceMapping,
    as_of: date,
    attributes: tuple[Attribute, ...] = (),
    file: str = "",
    time_zone: str | None = None,
    known_users: ir.Table | None = None,
) -> CheckedTable:
    """Check a source table against its contract.

    A row with any fault is quarantined whole. Missing stays missing: nothing is imputed, and blank text
    is missing.

    Parameters
    ----------
    table : ibis.Table
        Source columns; ``_row`` (1-based) and ``_malformed`` (reason or null) as
        :meth:`personas.engine.base.Engine.read` adds them, both optional.
    schema : TableSchema
        Contract.
    mapping : SourceMapping
        How source columns and values become canonical ones.
    as_of : date
        Day that ages are reckoned at.
    attributes : tuple of Attribute
        Further user columns; one with levels has a closed vocabulary.
    file : str
        Name of the source for the report.
    time_zone : str or None
        IANA zone of the brand, for sources that hold instants.
    known_users : ibis.Table or None
        Ids of :func:`user_ids`; a row of a user who is not there is a fault.

    Returns
    -------
    CheckedTable
        Lazy tables, and their report.

    Raises
    ------
    DataError
        If the table has no rows, or lacks a required or mapped column.
    ConfigError
        If a date format, a constant or the time zone is not understood.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from personas.schema.tables import USERS
    >>> raw = ibis.memtable(pa.table({"uid": ["a", "a", "b"], "sex": ["F", "M", "X"]}))
    >>> checked = check_table(
    ...     raw,
    ...     USERS,
    ...     mapping=SourceMapping({"user_id": "uid", "gender": "sex"}, {"gender": {"F": "female", "M": "male"}}),
    ...     as_of=date(2025, 1, 1),
    ... )
    >>> checked.faults.order_by("row").select("row", "column", "reason").to_pyarrow().to_pylist()
    [{'row': 2, 'column': 'user_id', 'reason': 'duplicate key'}, {'row': 3, 'column': 'gender', 'reason': 'unknown level'}]
    """
    check_time_zone(time_zone)
    columns = _all_columns(schema, attributes)
    sources = _find_sources(table, columns, mapping, file or schema.name)
    table = _with_row_columns(table)
    readings = {
        column.name: read_column(
            sources[column.name], column, mapping=mapping, as_of=as_of, time_zone=time_zone
        )
        for column in columns
        if column.name in sources
    }
    levels = {column.name: column.levels for column in columns}
    flagged, faults = _flag(table, readings, levels, schema.unique_key, known_users)
    values = _canonical_values(flagged, columns, attributes, as_of)
    flagged = flagged.mutate(**{f"out_{name}": value for name, value in values.items()})
    supplied = tuple(n for n in values if n in readings or (n == "age" and "birth_date" in readings))
    report = build_report(flagged, faults, name=schema.name, supplied=supplied, as_of=as_of, file=file)
    # A clean table, the usual case, is not flagged again when its rows are stored.
    clean = report.n_quarantined == 0
    kept = flagged if clean else flagged.filter(flagged[VALID])
    left_out = flagged.limit(0) if clean else flagged.filter(~flagged[VALID])
    valid = kept.select(**{name: f"out_{name}" for name in values})
    return CheckedTable(valid, _fault_table(left_out, faults, file), report)


def user_ids(table: ir.Table, mapping: SourceMapping) -> ir.Table:
    """Return the distinct ids of a raw users table, before any row is quarantined or left out.

    Parameters
    ----------
    table : ibis.Table
        Raw users.
    mapping : SourceMapping
        Mapping of the users.

    Returns
    -------
    ibis.Table
        One column ``user_id`` (text, not null).
    """
    source = _find_sources(table, (Column("user_id", "id", required=True),), mapping, "users")["user_id"]
    ids = table.select(user_id=clean_text(source, mapping.values.get("user_id", {})))
    return ids.filter(ids.user_id.notnull()).distinct()


def enforce_quarantine_share(report: TableReport, max_share: float = MAX_QUARANTINE_SHARE) -> None:
    """Stop when too many rows of a table are quarantined.

    Parameters
    ----------
    report : TableReport
        Report of the table.
    max_share : float, 0 to 1
        Largest share of quarantined rows. For consents it is always 0: an objection that can't be read
        can't be honoured.

    Raises
    ------
    DataError
        If the share is larger, or no valid row is left.
    """
    limit = 0.0 if report.name == "consents" else max_share
    share = report.n_quarantined / report.n_rows
    if share <= limit and report.n_valid > 0:
        return
    lines = [
        f"  {count.column or 'whole row'}: {count.reason} ({count.n_rows:,} rows). {count.hint}"
        for count in report.reasons
    ]
    raise DataError(
        f"{report.file or report.name}: {report.n_quarantined:,} of {report.n_rows:,} rows ({share:.1%}) break "
        f"the contract of {report.name}; at most {limit:.0%} may, and one valid row is needed.\n"
        + "\n".join(lines)
    )


# --- columns --------------------------------------------------------------------------------------


def _all_columns(schema: TableSchema, attributes: tuple[Attribute, ...]) -> tuple[Column, ...]:
    further = tuple(
        Column(
            a.name,
            _ATTRIBUTE_TYPES[a.kind],
            levels=a.levels if a.kind in ("ordinal", "nominal") else (),
            minimum=0 if a.kind == "count" else None,
        )
        for a in attributes
    )
    own = {a.name for a in attributes}
    return (*(c for c in schema.columns if c.name not in own), *further)


def _find_sources(
    table: ir.Table, columns: tuple[Column, ...], mapping: SourceMapping, label: str
) -> dict[str, ir.Value]:
    known = [name for name in table.columns if name not in (_ROW, MALFORMED)]
    found: dict[str, ir.Value] = {}
    for column in columns:
        source = mapping.columns.get(column.name, column.name)
        is_taken = column.name not in mapping.columns and source in mapping.columns.values()
        if source in known and not is_taken:
            found[column.name] = table[source]
        elif column.name in mapping.columns:
            raise DataError(
                f"{label}: there is no column {source!r}, which {column.name} is mapped to.{_nearest(source, known)} "
                f"It has: {', '.join(known)}."
            )
        elif column.name in mapping.constants:
            found[column.name] = ibis.literal(mapping.constants[column.name])
        elif column.required:
            raise DataError(
                f"{label}: the required column {column.name} is missing.{_nearest(column.name, known)} "
                f"It has: {', '.join(known)}. Map one of them to {column.name}, or state a constant."
            )
    return found


def _nearest(name: str, known: list[str]) -> str:
    folded = {k.casefold(): k for k in known}
    match = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f" The nearest name is {folded[match[0]]!r}." if match else ""


def _with_row_columns(table: ir.Table) -> ir.Table:
    if _ROW not in table.columns:
        table = table.mutate(**{_ROW: ibis.row_number() + 1})
    if MALFORMED not in table.columns:
        table = table.mutate(**{MALFORMED: ibis.null("string")})
    return table


# --- flags ----------------------------------------------------------------------------------------


def _flag(
    table: ir.Table,
    readings: dict[str, CanonicalColumn],
    levels: dict[str, tuple[str, ...]],
    unique_key: tuple[str, ...],
    known_users: ir.Table | None,
) -> tuple[ir.Table, list[Fault]]:
    """Add values (``in_``), texts of closed vocabularies (``text_``), fault flags and ``_valid``."""
    marks = {
        f"fault_{name}_{i}": (name, reason, where)
        for name, reading in readings.items()
        for i, (reason, where) in enumerate(reading.faults)
    }
    well_formed = table[MALFORMED].isnull()
    flagged = table.select(
        _ROW,
        MALFORMED,
        **{f"in_{name}": reading.value for name, reading in readings.items()},
        **{f"text_{name}": r.text for name, r in readings.items() if r.text is not None},
        **{flag: where & well_formed for flag, (_, _, where) in marks.items()},
    )
    faults = [Fault(name, reason, flag, levels[name]) for flag, (name, reason, _) in marks.items()]
    if known_users is not None:
        known = known_users.select(in_user_id="user_id").mutate(_known=True)
        flagged = flagged.left_join(known, "in_user_id").drop("in_user_id_right")
        stranger = flagged["_known"].isnull() & flagged["in_user_id"].notnull()
        flagged = flagged.mutate(fault_stranger=stranger).drop("_known")
        faults.append(Fault("user_id", "user not in users", "fault_stranger"))
    if unique_key:
        key = [f"in_{name}" for name in unique_key]
        faulty = reduce(or_, [flagged[f.flag] for f in faults], flagged[MALFORMED].notnull())
        # The first row that is otherwise valid stays.
        order = [faulty, flagged[_ROW]]
        place = ibis.row_number().over(ibis.window(group_by=key, order_by=order))
        stated = reduce(lambda a, b: a & b, [flagged[k].notnull() for k in key])
        flagged = flagged.mutate(fault_duplicate=(place > 0) & stated)
        faults.append(Fault(unique_key[0], "duplicate key", "fault_duplicate", key=unique_key))
    any_fault = reduce(or_, [flagged[f.flag] for f in faults], flagged[MALFORMED].notnull())
    return flagged.mutate(**{VALID: ~any_fault}), faults


def _canonical_values(
    flagged: ir.Table, columns: tuple[Column, ...], attributes: tuple[Attribute, ...], as_of: date
) -> dict[str, ir.Value]:
    """Return every canonical column, typed, and null where the source lacks it."""
    numbers = {a.name for a in attributes if a.kind in ("binary", "count")}
    values: dict[str, ir.Value] = {}
    for column in columns:
        target = "float64" if column.name in numbers else CANONICAL_TYPES[column.type]
        name = f"in_{column.name}"
        known = flagged[name] if name in flagged.columns else ibis.null(target)
        values[column.name] = known.cast(target)
    if "birth_date" in values:
        born = values.pop("birth_date")
        if "in_birth_date" in flagged.columns:
            # A birth date tells the age at as_of; a stated age is as old as the table.
            values["age"] = _completed_years(born, as_of).coalesce(values["age"])
    return values


def _completed_years(born: ir.DateValue, as_of: date) -> ir.FloatingValue:
    # As numbers like 20250131 the difference counts a year only once the birthday is reached.
    today = as_of.year * 10_000 + as_of.month * 100 + as_of.day
    birthday = born.year().cast("int64") * 10_000 + born.month() * 100 + born.day()
    return ((today - birthday) // 10_000).cast("float64")


# --- report ---------------------------------------------------------------------------------------


def _fault_table(bad: ir.Table, faults: list[Fault], file: str) -> ir.Table:
    codes = ibis.array(
        [bad[MALFORMED].notnull().ifelse(-1, ibis.null("int64"))]
        + [bad[f.flag].ifelse(i, ibis.null("int64")) for i, f in enumerate(faults)]
    )
    each = bad.select(_ROW, MALFORMED, code=codes.unnest())
    each = each.filter(each.code.notnull())
    named = [(i, f) for i, f in enumerate(faults)]
    column = each.code.cases(*((i, f.column) for i, f in named), else_="")
    reason = each.code.cases(*((i, f.reason) for i, f in named), else_=each[MALFORMED])
    return each.select(file=ibis.literal(file), row=each[_ROW], column=column, reason=reason)
