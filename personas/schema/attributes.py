"""Guess a further attribute of users from the name and the sampled values of a source column."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from personas.schema.base import Attribute, Block, Kind, Text
from personas.schema.samples import Sample, is_band, read_dates, read_numbers
from personas.schema.words import (
    COUNT_WORDS,
    ID_WORDS,
    KNOWN_ATTRIBUTES,
    PERSON_WORDS,
    SCALE_LABELS,
    SCALES,
    WHAT_WORDS,
    WORTH_WORDS,
    YES_NO_WORDS,
    has_words,
    plain,
    tokens,
)

MAX_DISTINCT = 30
"""A text column with more different values in the sample is left out."""

MAX_TEXT_LENGTH = 40
"""A text column with longer values is free text."""

# What the contract check reads as yes or no by itself.
_READ_AS_FLAGS = ("yes", "y", "true", "t", "1", "是", "no", "n", "false", "f", "0", "否")

_KNOWN = {plain(name): known for name, known in KNOWN_ATTRIBUTES.items()}


@dataclass(frozen=True, slots=True)
class AttributeGuess:
    """What is guessed of a column that has no canonical name.

    Parameters
    ----------
    attribute : Attribute or None
        None = leave the column out.
    reason : str
        Why; never holds a value of the table.
    is_sure : bool
        Whether both the name and the values are known ones.
    values : dict of str to str or None
        Source value -> value that the contract check reads.
    strip : str
        Characters to remove from numbers.
    """

    attribute: Attribute | None
    reason: str
    is_sure: bool = False
    values: dict[str, str | None] = field(default_factory=dict)
    strip: str = ""


def guess_attribute(name: str, sample: Sample, taken: Collection[str] = ()) -> AttributeGuess:
    """Guess whether a source column can describe users, and how it is measured.

    Parameters
    ----------
    name : str
        Source column.
    sample : Sample
        Its sampled values.
    taken : collection of str
        Names that attributes may not have.

    Returns
    -------
    AttributeGuess
        Ids, persons' names, dates, free text, constants and columns of very many values are left out.

    Examples
    --------
    >>> guess = guess_attribute("购买力", Sample.of(["蓝领", "土豪"]))
    >>> guess.attribute.name, guess.attribute.kind, guess.attribute.levels
    ('purchasing_power', 'ordinal', ('收入很少', '蓝领', '小白领', '高级白领', '土豪'))
    >>> guess_attribute("地址", Sample.of(["a", "b"])).reason
    'its name says that it holds the name or the address of a person'
    """
    out = _reason_to_leave_out(name, sample)
    if out:
        return AttributeGuess(None, out)
    measured = _measure(name, sample)
    if measured is None:
        return AttributeGuess(None, "it holds free text or too many different values")
    canonical, block, label = _identity(name, taken)
    names = {level: SCALE_LABELS[level] for level in measured.levels if level in SCALE_LABELS}
    attribute = Attribute(canonical, measured.kind, block, "", measured.levels, label, names)
    is_sure = plain(name) in _KNOWN and measured.kind != "nominal"
    return AttributeGuess(attribute, measured.reason, is_sure, measured.values, measured.strip)


def _reason_to_leave_out(name: str, sample: Sample) -> str:
    if not sample.texts:
        return "the sample holds no value"
    if plain(name) in ("name", "remark", "备注") or any(has_words(name, word) for word in PERSON_WORDS):
        return "its name says that it holds the name or the address of a person"
    if len(set(sample.texts)) == 1:
        return "every sampled value is the same"
    if sample.is_date or (read_numbers(sample) is None and read_dates(sample).share > 0.9):
        return "it holds dates; derive a number from them first"
    if _yes_no(sample) is None and _is_id(name):
        return "its name says that it holds ids"
    return ""


def _is_id(name: str) -> bool:
    words = tokens(name)
    chinese = [word for word in ID_WORDS if not word.isascii()]
    return bool(words) and (words[-1] in ID_WORDS or words[-1].endswith(tuple(chinese)))


@dataclass(frozen=True, slots=True)
class _Measured:
    kind: Kind
    reason: str
    levels: tuple[str, ...] = ()
    values: dict[str, str | None] = field(default_factory=dict)
    strip: str = ""


def _measure(name: str, sample: Sample) -> _Measured | None:
    read = read_numbers(sample)
    counted = any(has_words(name, word) for word in COUNT_WORDS)
    if read and counted and all(number >= 0 and number.is_integer() for number in read[0]):
        return _Measured("count", "its name speaks of a count and its values are whole", strip=read[1])
    flags = _yes_no(sample)
    if flags is not None:
        return _Measured("binary", "its values are yes and no", values=flags)
    if read:
        return _Measured("numeric", "its values are numbers", strip=read[1])
    return _measure_text(sample)


def _measure_text(sample: Sample) -> _Measured | None:
    scale = _scale(sample)
    if scale is not None:
        levels, values = scale
        return _Measured("ordinal", "its values are a known scale", levels, values)
    distinct = sample.distinct
    if len(distinct) > MAX_DISTINCT or sample.is_unique or max(map(len, distinct)) > MAX_TEXT_LENGTH:
        return None
    if all(map(is_band, distinct)):
        return _Measured("ordinal", "its values are ranges of numbers; they are put in order by them")
    return _Measured(
        "nominal", "its values are few; if they have an order, make it ordinal and list its levels"
    )


def _yes_no(sample: Sample) -> dict[str, str | None] | None:
    """Return the words that need a mapping, or None when the sample is not both yes and no."""
    answers = {
        text: answer
        for text in sample.distinct
        for answer, words in YES_NO_WORDS.items()
        if text.casefold() in words
    }
    if len(answers) < len(sample.distinct) or len(set(answers.values())) < len(YES_NO_WORDS):
        return None
    return {text: answer for text, answer in answers.items() if text.casefold() not in _READ_AS_FLAGS}


def _scale(sample: Sample) -> tuple[tuple[str, ...], dict[str, str | None]] | None:
    for scale in SCALES:
        spellings = {plain(word): words[0] for words in scale for word in words}
        found = {text: spellings.get(plain(text)) for text in sample.distinct}
        if None not in found.values():
            levels = tuple(words[0] for words in scale)
            return levels, {text: level for text, level in found.items() if text != level}
    return None


def _identity(name: str, taken: Collection[str]) -> tuple[str, Block, Text]:
    own = "_".join(tokens(name)) or "attribute"
    block: Block = "who"
    if any(has_words(name, word) for word in WORTH_WORDS):
        block = "worth"
    elif any(has_words(name, word) for word in WHAT_WORDS):
        block = "what"
    words = name.strip() if not name.isascii() else " ".join(tokens(name))
    canonical, block, label = _KNOWN.get(plain(name), (own, block, Text(words, words)))
    free, n = canonical, 1
    while free in taken:
        n += 1
        free = f"{canonical}_{n}"
    return free, block, label
