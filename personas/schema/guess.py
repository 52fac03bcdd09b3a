"""Draft a mapping: guess from column names and sampled values what a source table holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from personas.errors import ConfigError
from personas.schema.attributes import AttributeGuess, guess_attribute
from personas.schema.base import Attribute, SourceMapping
from personas.schema.readings import Reading, looks_like, read_as
from personas.schema.samples import Sample
from personas.schema.tables import TABLES
from personas.schema.words import COLUMN_WORDS, LEVEL_WORDS, has_words, plain, tokens

Confidence = Literal["sure", "guessed", "unknown"]
"""``sure``: the name is a known one and every sampled value fits; ``guessed``: please look;
``unknown``: please fill in."""

_FEATURE_NAMES = (
    *("order_count", "revenue", "recency_days", "average_order_value", "active_days"),
    *("category_breadth", "first_category", "last_category"),
)  # taken by the features that are derived from events

_EVENT_SIGNS = ("amount", "order_id", "item_id", "event_type", "category", "quantity")


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What is guessed of one column.

    Parameters
    ----------
    source : str
        Source column; empty when no source column was found for a column that is needed.
    target : str
        Canonical column or attribute; empty when the column is left out.
    confidence : {"sure", "guessed", "unknown"}
        How far to trust the guess.
    reason : str
        Why, in words; never holds a value of the table.
    unmapped : tuple of str
        Values of a closed vocabulary that no level is known for; to be mapped by hand.
    """

    source: str
    target: str
    confidence: Confidence
    reason: str
    unmapped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guess:
    """A drafted mapping of one source table.

    Parameters
    ----------
    table : str
        ``"users"``, ``"events"``, ``"identifiers"`` or ``"consents"``.
    confidence : {"sure", "guessed", "unknown"}
        How far to trust the choice of the table.
    mapping : SourceMapping
        Columns, values, constants, date formats and characters to strip.
    attributes : tuple of Attribute
        Further columns of ``users``; empty for the other tables.
    columns : tuple of ColumnGuess
        One per source column, in their order, then one per needed column that was not found.
    """

    table: str
    confidence: Confidence
    mapping: SourceMapping
    attributes: tuple[Attribute, ...]
    columns: tuple[ColumnGuess, ...]


@dataclass(frozen=True, slots=True)
class _Match:
    """A source column that may be a canonical one; sorts best first."""

    by: Literal["name", "part of the name", "values"]
    rank: int
    canonical: str
    source: str
    reading: Reading

    @property
    def order(self) -> tuple[int, bool, int, str]:
        by = ("name", "part of the name", "values").index(self.by)
        return by, not self.reading.fits, self.rank, self.source


def guess_mapping(columns: Mapping[str, Sequence[object]], table: str | None = None) -> Guess:
    """Guess how a source table maps to a canonical one.

    Parameters
    ----------
    columns : mapping of str to sequence
        Source column -> sampled values, as text or typed; missing ones as None, NaN or blank. A few
        hundred rows are enough. Nothing beyond the sample is looked at, and no id is kept.
    table : {"users", "events", "identifiers", "consents"}, optional
        What the table holds; None = guess that as well.

    Returns
    -------
    Guess
        With a confidence and a reason for every column. Values that are canonical already, or that
        the contract check reads by itself, are not listed in the mapping.

    Raises
    ------
    ConfigError
        If ``table`` is no canonical table, or there is no column.

    Examples
    --------
    >>> guess = guess_mapping({"会员号": ["a1", "a2"], "性别": ["男", "女"], "年龄": ["26~30", "71岁及以上"]})
    >>> guess.table, guess.mapping.columns
    ('users', {'user_id': '会员号', 'age_band': '年龄', 'gender': '性别'})
    >>> guess.mapping.values["gender"]
    {'女': 'female', '男': 'male'}
    """
    if not columns:
        raise ConfigError("The table has no column; expected at least one. Check the file and its delimiter.")
    if table is not None and table not in TABLES:
        raise ConfigError(f"No table is called {table!r}; expected one of {', '.join(TABLES)}.")
    samples = {name: Sample.of(values) for name, values in columns.items()}
    if table is not None:
        return _guess_as(table, "sure", samples)
    found = {kind: _assign(kind, samples) for kind in TABLES}
    chosen, confidence = _guess_table(found)
    return _guess_as(chosen, confidence, samples)


def _guess_table(found: Mapping[str, Mapping[str, _Match]]) -> tuple[str, Confidence]:
    points = {kind: len(matches.keys() - {"user_id"}) for kind, matches in found.items()}
    events = found["events"]
    if "event_at" not in events or not any(sign in events for sign in _EVENT_SIGNS):
        points["events"] = 0
    # A country or a phone number alone says little of a table of people.
    ranked = sorted(points, key=lambda kind: -points[kind])
    best, next_best = ranked[0], ranked[1]
    if points[best] == 0:
        return "users", "unknown"
    clear = "user_id" in found[best] and points[best] >= points[next_best] + 2
    return best, "sure" if clear else "guessed"


def _guess_as(table: str, confidence: Confidence, samples: Mapping[str, Sample]) -> Guess:
    matches = _assign(table, samples)
    by_source = {match.source: match for match in matches.values()}
    mapping = SourceMapping(
        columns={canonical: match.source for canonical, match in matches.items()},
        values={c: m.reading.values for c, m in matches.items() if m.reading.values},
        date_formats={c: m.reading.formats for c, m in matches.items() if m.reading.formats},
        strip_characters={c: m.reading.strip for c, m in matches.items() if m.reading.strip},
    )
    attributes: list[Attribute] = []
    guesses: list[ColumnGuess] = []
    taken = {*COLUMN_WORDS["users"], *_FEATURE_NAMES}
    for name, sample in samples.items():
        if name in by_source:
            guesses.append(_column_guess(by_source[name]))
            continue
        reason = _reason_to_leave_out(table, name, sample, matches)
        guess = AttributeGuess(None, reason) if reason else guess_attribute(name, sample, taken)
        if guess.attribute is None:
            guesses.append(ColumnGuess(name, "", "guessed", f"left out: {guess.reason}"))
            continue
        attribute = guess.attribute
        taken.add(attribute.name)
        attributes.append(attribute)
        mapping.columns[attribute.name] = name
        if guess.values:
            mapping.values[attribute.name] = guess.values
        if guess.strip:
            mapping.strip_characters[attribute.name] = guess.strip
        sure: Confidence = "sure" if guess.is_sure else "guessed"
        guesses.append(ColumnGuess(name, attribute.name, sure, guess.reason))
    guesses += _needed(table, mapping)
    return Guess(table, confidence, mapping, tuple(attributes), tuple(guesses))


def _needed(table: str, mapping: SourceMapping) -> list[ColumnGuess]:
    """Return the required columns that were not found; orders need no column of event types."""
    guesses = []
    for column in TABLES[table].columns:
        if not column.required or column.name in mapping.columns:
            continue
        if column.name == "event_type" and {"amount", "order_id"} & mapping.columns.keys():
            mapping.constants["event_type"] = "order"
            reason = "no column of event types, but orders: every row is taken as an order line"
            guesses.append(ColumnGuess("", "event_type", "guessed", reason))
        else:
            reason = "no column looks like it, and the table needs it: please fill in"
            guesses.append(ColumnGuess("", column.name, "unknown", reason))
    return guesses


def _column_guess(match: _Match) -> ColumnGuess:
    reading = match.reading
    confidence: Confidence = "sure" if match.by == "name" and reading.fits else "guessed"
    if reading.unmapped and not reading.values:
        confidence = "unknown"
    reason = {
        "name": "its name is a known one",
        "part of the name": "part of its name is a known one",
        "values": "its values look like it",
    }[match.by]
    if reading.note:
        reason = f"{reason}; {reading.note}"
    return ColumnGuess(match.source, match.canonical, confidence, reason, reading.unmapped)


def _reason_to_leave_out(table: str, name: str, sample: Sample, matches: Mapping[str, _Match]) -> str:
    for canonical, match in matches.items():
        alike = plain(name) in map(plain, COLUMN_WORDS[table][canonical])
        closed = table != "users" or canonical in LEVEL_WORDS or canonical == "user_id"
        if alike and closed and read_as(canonical, sample) is not None:
            return f"it may be {canonical} too, but {match.source!r} looks more like it"
    if table != "users":
        return f"the table {table} has no such column"
    for other, what in (("identifiers", "a contact or a device id"), ("consents", "an answer about consent")):
        for canonical, words in COLUMN_WORDS[other].items():
            by_name = canonical not in ("user_id", "jurisdiction") and plain(name) in map(plain, words)
            if by_name or (canonical in ("email", "phone") and looks_like(canonical, sample)):
                return f"it is {what}; map it in the table {other}"
    return ""


# --- matching -------------------------------------------------------------------------------------


def _assign(table: str, samples: Mapping[str, Sample]) -> dict[str, _Match]:
    """Return the best source column of each canonical column, in canonical order."""
    matches = [
        match
        for canonical, words in COLUMN_WORDS[table].items()
        for name, sample in samples.items()
        if (match := _match(canonical, words, name, sample)) is not None
    ]
    chosen: dict[str, _Match] = {}
    used: set[str] = set()
    for match in sorted(matches, key=lambda m: m.order):
        if match.canonical not in chosen and match.source not in used:
            chosen[match.canonical] = match
            used.add(match.source)
    return {canonical: chosen[canonical] for canonical in COLUMN_WORDS[table] if canonical in chosen}


def _match(canonical: str, words: tuple[str, ...], name: str, sample: Sample) -> _Match | None:
    exact = [rank for rank, word in enumerate(words) if plain(word) == plain(name)]
    partial = [
        rank
        for rank, word in enumerate(words)
        # A customer's or a user's anything is not the user's id.
        if has_words(name, word) and not (canonical == "user_id" and len(tokens(word)) == 1)
    ]
    if not exact and not partial and not looks_like(canonical, sample):
        return None
    reading = read_as(canonical, sample)
    if reading is None:
        return None
    if exact:
        return _Match("name", exact[0], canonical, name, reading)
    if partial:
        return _Match("part of the name", partial[0], canonical, name, reading)
    return _Match("values", 0, canonical, name, reading)
