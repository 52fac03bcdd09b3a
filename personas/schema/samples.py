"""What sampled values look like: numbers, dates, yes and no, bands, identifiers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

_ISO = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?")
_BAND = re.compile(
    r"(under|below|less than|<|≤)?\s*\$?\d[\d,.]*\s*[kKwW万]?"
    r"(\s*([-~～–—至到]|to)\s*\$?\d[\d,.]*\s*[kKwW万]?)?\s*(岁|元)?\s*(\+|及以上|以上|以下|及以下|and over)?",
    re.IGNORECASE,
)
_STRIPPED = "$¥￥€£,元% "

_DAYS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d"),
    *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%m/%d/%y", "%d/%m/%y"),
    *("%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y"),
)
_TIMES = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", " %H:%M:%S.%f", "T%H:%M:%S.%f", " %I:%M:%S %p", " %I:%M %p")
_FORMATS = tuple(day + time for day in _DAYS for time in _TIMES)
_OTHER_ORDER = (("%m/%d", "%d/%m"), ("%m-%d", "%d-%m"))

IDENTIFIER_PATTERNS: dict[str, re.Pattern[str]] = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "phone": re.compile(r"(\+?86[- ]?)?1[3-9]\d{9}|\+[1-9][\d ()-]{6,18}"),
    "imei": re.compile(r"\d{14,16}"),
    "idfa": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "gaid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "mac": re.compile(r"([0-9a-fA-F]{2}[:-]?){5}[0-9a-fA-F]{2}"),
}
"""Shapes of contacts and device ids, as far as they have one of their own."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The sampled values of one source column.

    Parameters
    ----------
    values : tuple of object
        Values that are not missing.
    texts : tuple of str
        The same as trimmed text.
    n_missing : int
        Values that are missing or blank.
    """

    values: tuple[object, ...]
    texts: tuple[str, ...]
    n_missing: int

    @classmethod
    def of(cls, values: Sequence[object]) -> Sample:
        """Read sampled values; None, NaN, NaT and blank text are missing."""
        pairs = [(value, _as_text(value)) for value in values]
        known = [(value, text) for value, text in pairs if text]
        return cls(tuple(v for v, _ in known), tuple(t for _, t in known), len(pairs) - len(known))

    @property
    def distinct(self) -> tuple[str, ...]:
        """Distinct texts, sorted."""
        return tuple(sorted(set(self.texts)))

    @property
    def is_date(self) -> bool:
        """Whether every value is a date or a time, not text."""
        return bool(self.values) and all(isinstance(value, date) for value in self.values)

    @property
    def is_unique(self) -> bool:
        """Whether nearly every value occurs once, as far as 30 or more values can tell."""
        return len(self.texts) >= 30 and len(set(self.texts)) > 0.9 * len(self.texts)


def _as_text(value: object) -> str:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return ""
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        # Whole numbers with gaps become floats in pandas.
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    return str(value).strip()


def read_numbers(sample: Sample) -> tuple[list[float], str] | None:
    """Read a sample as numbers.

    Returns
    -------
    tuple of list of float and str, or None
        Numbers and the characters that had to be removed; None when a value is no number.

    Examples
    --------
    >>> read_numbers(Sample.of(["$90,000 ", "$1,200"]))
    ([90000.0, 1200.0], '$,')
    """
    if any(isinstance(value, (bool, date)) for value in sample.values):
        return None
    found = {c for value in sample.values if isinstance(value, str) for c in value.strip() if c in _STRIPPED}
    strip = "".join(c for c in _STRIPPED if c in found)
    table = str.maketrans("", "", strip)
    try:
        numbers = [float(Decimal(text.translate(table))) for text in sample.texts]
    except ArithmeticError:
        return None
    return (numbers, strip) if all(map(math.isfinite, numbers)) else None


@dataclass(frozen=True, slots=True)
class DateReading:
    """How a sample can be read as dates.

    Parameters
    ----------
    formats : tuple of str
        ``strptime`` formats in the order of use; empty when ISO 8601 (or a date type) will do.
    share : float, 0 to 1
        Share of the values that can be read.
    ambiguous : bool
        Whether day and month could as well be swapped.
    has_offset : bool
        Whether times carry an offset from UTC.
    """

    formats: tuple[str, ...]
    share: float
    ambiguous: bool = False
    has_offset: bool = False


def read_dates(sample: Sample) -> DateReading:
    """Find the fewest date formats that read a sample, the most frequent first.

    Examples
    --------
    >>> read_dates(Sample.of(["07/03/1958", "9/28/1976"])).formats
    ('%m/%d/%Y',)
    >>> read_dates(Sample.of(["2024-01-05", "2024年1月6日"])).formats
    ('%Y-%m-%d', '%Y年%m月%d日')
    """
    if not sample.texts:
        return DateReading((), 0.0)
    iso = [match for match in map(_ISO.fullmatch, sample.texts) if match]
    offset = any(match.group(4) for match in iso)
    aware = sample.is_date and any(getattr(value, "tzinfo", None) for value in sample.values)
    if sample.is_date or len(iso) == len(sample.texts):
        return DateReading((), 1.0, has_offset=offset or aware)
    rest = list(sample.texts)
    formats: list[str] = []
    ambiguous = False
    while rest:
        # Only formats that read the first value are worth trying on all of them.
        read = {f: [t for t in rest if _fits(t, f)] for f in _FORMATS if any(_fits(t, f) for t in rest[:50])}
        best = max(read, key=lambda f: len(read[f]), default=None)  # the first of the longest
        if best is None or not read[best]:
            break
        formats.append(best)
        swapped = next((best.replace(a, b) for a, b in _OTHER_ORDER if a in best), best)
        ambiguous |= swapped != best and len(read.get(swapped, ())) == len(read[best])
        done = set(read[best])
        rest = [text for text in rest if text not in done]
    return DateReading(tuple(formats), 1 - len(rest) / len(sample.texts), ambiguous, offset)


def _fits(text: str, pattern: str) -> bool:
    try:
        datetime.strptime(text, pattern)  # noqa: DTZ007
    except ValueError:
        return False
    return True


def is_band(text: str) -> bool:
    """Return whether a text is a number, or a range of numbers.

    Examples
    --------
    >>> [is_band(text) for text in ("16~20", "71岁及以上", "Under 15K", "5+", "Renter")]
    [True, True, True, True, False]
    """
    return _BAND.fullmatch(text) is not None


def canonical_band(text: str) -> str:
    """Return an age band in canonical words.

    Examples
    --------
    >>> [canonical_band(text) for text in ("16~20", "71岁及以上", "18岁以下")]
    ['16-20', '71+', '0-17']
    """
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if len(numbers) == 2:
        return f"{numbers[0]}-{numbers[1]}"
    if len(numbers) != 1:
        return text
    if re.search(r"\+|以上|over", text, re.IGNORECASE):
        return f"{numbers[0]}+"
    if re.search(r"及以下|≤", text):
        return f"0-{numbers[0]}"
    return f"0-{numbers[0] - 1}" if re.search(r"以下|under|below|<", text, re.IGNORECASE) else text
