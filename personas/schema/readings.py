"""Read sampled values as a canonical column: what has to be mapped, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from personas.schema.samples import (
    IDENTIFIER_PATTERNS,
    Sample,
    canonical_band,
    is_band,
    read_dates,
    read_numbers,
)
from personas.schema.tables import TABLES
from personas.schema.words import APPROXIMATE_WORDS, LEVEL_WORDS, MISSING_WORDS, YES_NO_WORDS, plain

MAX_UNMAPPED = 20
"""A column with more values that are no known level has no closed vocabulary."""

_LEVELS = {
    column: {plain(word): level for level, words in levels.items() for word in (level, *words)}
    for column, levels in LEVEL_WORDS.items()
}
_MISSING = {plain(word) for word in MISSING_WORDS}
_APPROXIMATE = {plain(word) for word in APPROXIMATE_WORDS}

MAX_ODD_SHARE = 0.05
"""Share of a column that may be no number; the contract check quarantines up to as many rows by default."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the sampled values of a source column read as one canonical column.

    Parameters
    ----------
    fits : bool
        Whether every value is understood for sure.
    note : str
        What to look at; holds no value.
    values : dict of str to str or None
        Source value -> canonical value, where they differ; None = missing.
    formats : tuple of str
        Date formats; empty when the contract check needs none.
    strip : str
        Characters to remove from numbers.
    unmapped : tuple of str
        Values of a closed vocabulary that no level is known for.
    """

    fits: bool = True
    note: str = ""
    values: dict[str, str | None] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    strip: str = ""
    unmapped: tuple[str, ...] = ()


def read_as(canonical: str, sample: Sample) -> Reading | None:
    """Read a sample as a canonical column.

    Parameters
    ----------
    canonical : str
        Canonical column of any table.
    sample : Sample
        Sampled values.

    Returns
    -------
    Reading or None
        None when the values can't be that column.

    Examples
    --------
    >>> read_as("city_tier", Sample.of(["一线", "六线-1"])).values
    {'一线': 'T1', '六线-1': 'T6'}
    >>> read_as("age", Sample.of(["1958-07-03"])) is None
    True
    """
    if not sample.texts:
        return Reading(fits=False, note="the sample holds no value")
    reader = _READERS.get(canonical)
    return reader(canonical, sample) if reader else Reading()


def looks_like(canonical: str, sample: Sample) -> bool:
    """Return whether the values alone tell that a column is a canonical one.

    Examples
    --------
    >>> looks_like("gender", Sample.of(["男", "女"])), looks_like("city_tier", Sample.of(["1", "2"]))
    (True, False)
    """
    if canonical in ("email", "phone"):
        pattern = IDENTIFIER_PATTERNS[canonical]
        return len(sample.texts) > 1 and all(map(pattern.fullmatch, sample.texts))
    if canonical not in LEVEL_WORDS or any(plain(text).isdigit() for text in sample.distinct):
        return False
    levels = {_LEVELS[canonical].get(plain(text)) for text in sample.distinct}
    return not _read_levels(canonical, sample).unmapped and len(levels - {None}) > 1


def _read_levels(canonical: str, sample: Sample) -> Reading:
    words = _LEVELS[canonical]
    values: dict[str, str | None] = {}
    unmapped = []
    for text in sample.distinct:
        level = words.get(plain(text))
        if level is not None:
            values |= {text: level} if text != level else {}
        elif plain(text) in _MISSING:
            values[text] = None
        else:
            unmapped.append(text)
    rough = any(plain(text) in _APPROXIMATE for text in sample.distinct)
    note = "some levels are the nearest ones, not the same" if rough else ""
    if unmapped:
        note = "please state what its other values mean"
    return Reading(not unmapped and not rough, note, values, unmapped=tuple(unmapped))


def _read_vocabulary(canonical: str, sample: Sample) -> Reading | None:
    reading = _read_levels(canonical, sample)
    return None if len(reading.unmapped) > MAX_UNMAPPED else reading


def _read_dates(_: str, sample: Sample) -> Reading | None:
    dates = read_dates(sample)
    if dates.share < 0.5:
        return None
    notes = []
    if dates.share < 1:
        share = f"{1 - dates.share:.0%}"
        part = "less than 1%" if share == "0%" else share
        notes.append(f"{part} of the sample is in no known date format")
    if dates.ambiguous:
        notes.append("day and month could as well be the other way round")
    if dates.has_offset:
        notes.append("its times carry a UTC offset: state the brand's time_zone")
    return Reading(not notes, "; ".join(notes), formats=dates.formats)


def _read_numbers(canonical: str, sample: Sample) -> Reading | None:
    read, odd = _mostly_numbers(sample)
    if read is None:
        return None
    numbers, strip = read
    if canonical == "age" and not all(0 <= number <= 120 for number in numbers):
        return None
    notes = []
    if odd:
        notes.append(f"{odd:.1%} of the sample is no number: such rows are quarantined")
    if any(number < 0 for number in numbers):
        notes.append("some values are negative, which the contract refuses")
    return Reading(not notes, "; ".join(notes), strip=strip)


def _mostly_numbers(sample: Sample) -> tuple[tuple[list[float], str] | None, float]:
    """Read the numbers of a column, and the share of words among them: a few are row faults, not another column."""
    read = read_numbers(sample)
    if read is not None:
        return read, 0.0
    numeric = [text for text in sample.texts if any(character.isdigit() for character in text)]
    odd = 1 - len(numeric) / len(sample.texts) if sample.texts else 1.0
    return (read_numbers(Sample.of(numeric)), odd) if odd <= MAX_ODD_SHARE else (None, odd)


def _read_band(_: str, sample: Sample) -> Reading | None:
    if read_numbers(sample) or not all(map(is_band, sample.texts)):
        return None
    bands = {text: canonical_band(text) for text in sample.distinct}
    return Reading(values={text: band for text, band in bands.items() if text != band})


def _read_identifier(canonical: str, sample: Sample) -> Reading | None:
    matches = [bool(IDENTIFIER_PATTERNS[canonical].fullmatch(text)) for text in sample.texts]
    return Reading(fits=all(matches)) if sum(matches) > len(matches) / 2 else None


def _read_name(_: str, sample: Sample) -> Reading | None:
    return None if sample.is_unique else Reading()


def _read_flag(_: str, sample: Sample) -> Reading:
    known = {word: answer for answer, words in YES_NO_WORDS.items() for word in words}
    fits = all(text.casefold() in known for text in sample.texts)
    return Reading(fits, "" if fits else "please map its other values to yes or no")


_READERS: dict[str, Callable[[str, Sample], Reading | None]] = {
    **dict.fromkeys(LEVEL_WORDS, _read_vocabulary),
    **dict.fromkeys(("birth_date", "event_at"), _read_dates),
    **dict.fromkeys(("age", "membership_value", "amount", "quantity"), _read_numbers),
    "age_band": _read_band,
    **dict.fromkeys(IDENTIFIER_PATTERNS, _read_identifier),
    **dict.fromkeys(("category", "brand", "membership_level", "jurisdiction"), _read_name),
    **{c.name: _read_flag for schema in TABLES.values() for c in schema.columns if c.type == "flag"},
}
