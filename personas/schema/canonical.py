"""How a raw column becomes a canonical one: the value, and the faults that stop it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from personas.errors import ConfigError, DataError
from personas.schema.base import Column, SourceMapping

MONEY = dt.Decimal(18, 2)
"""Exact to the cent; further decimals round half away from zero, line by line."""

_LOCAL = dt.Timestamp(scale=6)

CANONICAL_TYPES: dict[str, dt.DataType] = {
    "id": dt.string,
    "text": dt.string,
    "number": dt.float64,
    "money": MONEY,
    "integer": dt.int64,
    "date": dt.date,
    "timestamp": _LOCAL,
    "flag": dt.boolean,
}

TRUE_WORDS = ("yes", "y", "true", "t", "1", "是")
FALSE_WORDS = ("no", "n", "false", "f", "0", "否")

# Directives of strptime that DuckDB reads as Python does.
_DIRECTIVES = frozenset("aAbBdfHIjmMpSyYz%")
_OFFSET = r"\d(Z|z|[+-]\d{2}(:?\d{2})?)$"
_ISO = r"^\d{4}[-/]\d"


# With the no-break and the ideographic space, and the byte order mark of glued files.
_BLANKS = " \t\n\r\v\f\u00a0\u3000\ufeff"


@dataclass(frozen=True, slots=True)
class CanonicalColumn:
    """One source column read by its contract.

    Parameters
    ----------
    value : ibis.Value
        Canonical value; null when missing or faulty.
    faults : tuple of (str, ibis.BooleanValue)
        Reason and where it holds.
    text : ibis.StringValue or None
        Mapped text before its check, for columns with a closed vocabulary.
    """

    value: ir.Value
    faults: tuple[tuple[str, ir.BooleanValue], ...] = ()
    text: ir.StringValue | None = None


@ibis.udf.scalar.builtin(name="try_strptime")  # type: ignore[untyped-decorator]
def _parse_local(text: str, pattern: str) -> dt.timestamp:
    """Read a local time; null when it does not fit."""


@ibis.udf.scalar.builtin(name="try_strptime")  # type: ignore[untyped-decorator]
def _parse_instant(text: str, pattern: str) -> dt.Timestamp("UTC"):  # type: ignore[valid-type]
    """Read a time with an offset; null when it does not fit."""


@ibis.udf.scalar.builtin(name="trim")  # type: ignore[untyped-decorator]
def _trim(text: str, characters: str) -> str:  # type: ignore[empty-body]
    """Remove characters from both ends."""


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]
def _to_local(zone: str, instant: dt.Timestamp("UTC")) -> dt.timestamp:  # type: ignore[valid-type]
    """Return the wall clock time of an instant in a zone."""


def check_time_zone(time_zone: str | None) -> None:
    """Check that a time zone exists.

    Raises
    ------
    ConfigError
        If its name is not in the IANA database.
    """
    try:
        _ = time_zone is None or ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(
            f"The time zone {time_zone!r} is unknown; use an IANA name such as Asia/Shanghai."
        ) from None


def read_column(
    raw: ir.Value, column: Column, *, mapping: SourceMapping, as_of: date, time_zone: str | None
) -> CanonicalColumn:
    """Read one source column by its contract.

    Parameters
    ----------
    raw : ibis.Value
        Source column, or a constant as a text literal.
    column : Column
        Contract.
    mapping : SourceMapping
        Values, date formats and characters to strip.
    as_of : date
        A date of birth may not be later.
    time_zone : str or None
        IANA zone that instants are converted to; values without a zone are local already.

    Returns
    -------
    CanonicalColumn
        Value and faults; "not null" is checked here, keys are not.

    Raises
    ------
    ConfigError
        If a date format is not understood.
    DataError
        If the source has instants and no time zone is given.
    """
    values = mapping.values.get(column.name, {})
    if column.type in ("number", "money", "integer"):
        reading = _read_number(raw, column, values, mapping.strip_characters.get(column.name, ""))
    elif column.type in ("date", "timestamp"):
        formats = mapping.date_formats.get(column.name, ())
        _check_formats(formats, column.name, time_zone)
        reading = _read_time(raw, column, values, formats=formats, as_of=as_of, time_zone=time_zone)
    elif column.type == "flag":
        reading = _read_flag(raw, values)
    else:
        reading = _read_text(raw, column, values)
    if column.nullable:
        return reading
    bad = [condition for _, condition in reading.faults]
    empty = reading.value.isnull() & ~ibis.or_(*bad) if bad else reading.value.isnull()
    return CanonicalColumn(reading.value, (("empty", empty), *reading.faults), reading.text)


def clean_text(raw: ir.Value, values: dict[str, str | None]) -> ir.StringValue:
    """Return a source column as text: trimmed, blank = missing, values mapped, whole floats as integers."""
    kind = raw.type()
    if kind.is_floating():
        # Pandas turns whole numbers with gaps into floats; 11000.0 means the id "11000".
        whole = (raw == raw.floor()) & (raw.abs() < 1e15)
        text = whole.ifelse(raw.cast("int64").cast("string"), raw.cast("string"))
        text = raw.isnan().ifelse(ibis.null("string"), text)
    else:
        text = raw if kind.is_string() else raw.cast("string")
    text = _trim(text, _BLANKS).nullif("")
    if values:
        pairs = [
            (key.strip(_BLANKS), ibis.null("string") if new is None else new) for key, new in values.items()
        ]
        text = text.cases(*pairs, else_=text)
    return text


def _false_if_null(condition: ir.Value) -> ir.BooleanValue:
    return condition.fill_null(False)


def _read_text(raw: ir.Value, column: Column, values: dict[str, str | None]) -> CanonicalColumn:
    text = clean_text(raw, values)
    if not column.levels:
        return CanonicalColumn(text)
    return CanonicalColumn(text, (("unknown level", _false_if_null(text.notin(column.levels))),), text)


def _read_flag(raw: ir.Value, values: dict[str, str | None]) -> CanonicalColumn:
    if raw.type().is_boolean() and not values:
        return CanonicalColumn(raw)
    text = clean_text(raw, values).lower()
    value = ibis.cases(
        (text.isin(TRUE_WORDS), ibis.literal(True)),
        (text.isin(FALSE_WORDS), ibis.literal(False)),
        else_=ibis.null("boolean"),
    )
    return CanonicalColumn(value, (("not yes or no", text.notnull() & value.isnull()),))


def _read_number(raw: ir.Value, column: Column, values: dict[str, str | None], strip: str) -> CanonicalColumn:
    kind = raw.type()
    text: ir.StringValue | None = None
    if kind.is_numeric() and not values:
        number = raw.cast("float64")
        stated = _false_if_null(~number.isnan()) if kind.is_floating() else raw.notnull()
        decimal = raw.cast("string") if kind.is_floating() else raw
    else:
        text = clean_text(raw, values)
        if strip:
            for character in strip:
                text = text.replace(character, "")
            text = _trim(text, _BLANKS).nullif("")
        number, stated, decimal = text.try_cast("float64"), text.notnull(), text
    # NaN sorts above every number in DuckDB and Spark, so it fails this comparison like infinity.
    finite = _false_if_null(number.abs() < float("inf"))
    faults = [("not a number", stated & ~finite)]
    inside, reason = _inside(number, column)
    if column.type == "integer":
        whole = number == number.floor()
        faults.append(("not a whole number", _false_if_null(finite & ~whole)))
        value: ir.Value = (finite & whole & (number.abs() < 2.0**53)).ifelse(
            number.cast("int64"), ibis.null("int64")
        )
    elif column.type == "money":
        value = decimal.try_cast(MONEY)
        inside &= value.notnull()
    else:
        value = finite.ifelse(number, ibis.null("float64"))
    if reason:
        faults.append((reason, _false_if_null(finite & ~inside)))
    return CanonicalColumn(value, tuple(faults))


def _inside(number: ir.Value, column: Column) -> tuple[ir.BooleanValue, str]:
    lower, upper = column.minimum, column.maximum
    if lower is not None and upper is not None:
        return number.between(lower, upper), f"outside {lower:g} to {upper:,.0f}"
    if lower is not None:
        return number >= lower, f"below {lower:g}"
    if upper is not None:
        return number <= upper, f"above {upper:,.0f}"
    return ibis.literal(True), ""


def _check_formats(formats: tuple[str, ...], name: str, time_zone: str | None) -> None:
    for pattern in formats:
        directives = re.findall(r"%(.?)", pattern)
        if not directives or not _DIRECTIVES.issuperset(directives):
            raise ConfigError(
                f"date_formats of {name}: {pattern!r} is not understood; "
                "use strptime directives such as %Y-%m-%d %H:%M:%S."
            )
        if "z" in directives and time_zone is None:
            raise ConfigError(
                f"date_formats of {name}: {pattern!r} reads a UTC offset; "
                "state the brand's time_zone, for example Asia/Shanghai."
            )


def _read_time(
    raw: ir.Value,
    column: Column,
    values: dict[str, str | None],
    *,
    formats: tuple[str, ...],
    as_of: date,
    time_zone: str | None,
) -> CanonicalColumn:
    kind = raw.type()
    faults: list[tuple[str, ir.BooleanValue]] = []
    if kind.is_timestamp() and kind.timezone is not None:
        if time_zone is None:
            raise DataError(
                f"The source column of {column.name} holds instants in {kind.timezone}; expected local times. "
                "State the brand's time_zone, for example Asia/Shanghai."
            )
        moment = _to_local(time_zone, raw.cast(dt.Timestamp("UTC")))
    elif kind.is_timestamp() or kind.is_date():
        moment = raw.cast(_LOCAL)
    else:
        text = clean_text(raw, values)
        # A workbook mixes typed dates, which arrive as ISO 8601, with typed-in text.
        moment = ibis.coalesce(*_parse(text, formats, time_zone), _parse_iso(text, time_zone))
        reason = "not a date in the stated formats" if formats else "not an ISO 8601 date"
        faults.append((reason, text.notnull() & moment.isnull()))
    if column.minimum is not None:
        first = f"{column.minimum:.0f}"
        early = moment < ibis.timestamp(f"{first}-01-01 00:00:00")
        faults.append((f"before {first}", _false_if_null(early)))
    if column.type == "date" and not column.may_lie_ahead:
        late = moment.date() > ibis.date(as_of.isoformat())
        faults.append(("in the future", _false_if_null(late)))
    return CanonicalColumn(moment.cast(CANONICAL_TYPES[column.type]), tuple(faults))


def _parse(text: ir.StringValue, formats: tuple[str, ...], time_zone: str | None) -> list[ir.TimestampValue]:
    return [
        _to_local(time_zone, _parse_instant(text, pattern))
        if "%z" in pattern
        else _parse_local(text, pattern)
        for pattern in formats
    ]


def _parse_iso(text: ir.StringValue, time_zone: str | None) -> ir.TimestampValue:
    # Without this guard DuckDB reads words such as "epoch" and "infinity" as times.
    iso = text.re_search(_ISO).ifelse(text, ibis.null("string"))
    # DuckDB drops a UTC offset when it reads a local time.
    zoned = (iso.length() > 16) & iso.re_search(_OFFSET)
    if time_zone is None:
        instant = ibis.null(_LOCAL)
    else:
        instant = _to_local(time_zone, iso.try_cast(dt.Timestamp("UTC")))
    return zoned.ifelse(instant, iso.try_cast(_LOCAL))
