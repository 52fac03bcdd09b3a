"""Nouns that every room shares: texts, kinds, windows and the contracts of source tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple

from personas.errors import ConfigError

Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")

Kind = Literal["numeric", "ordinal", "nominal", "binary", "count"]
KINDS: tuple[Kind, ...] = ("numeric", "ordinal", "nominal", "binary", "count")

Block = Literal["who", "worth", "what"]
"""The three questions a persona answers: who they are, what they are worth, what they buy."""
BLOCKS: tuple[Block, ...] = ("who", "worth", "what")


class Text(NamedTuple):
    """One text for people, in Chinese and in English.

    Examples
    --------
    >>> Text("已婚", "married").of("zh-CN")
    '已婚'
    """

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """Return the text in ``language``."""
        return self.zh if language == "zh-CN" else self.en


@dataclass(frozen=True, slots=True)
class ObservationWindow:
    """The half-open span ``[as_of - lookback_days, as_of)`` that features may look at.

    Parameters
    ----------
    as_of : date
        First day that is *not* seen.
    lookback_days : int, days, >= 1
        Length of the window.

    Raises
    ------
    ConfigError
        If ``lookback_days`` is below 1 or reaches before year 1.

    Examples
    --------
    >>> ObservationWindow(date(2017, 9, 1), 243).start
    datetime.date(2017, 1, 1)
    """

    as_of: date
    lookback_days: int

    def __post_init__(self) -> None:
        if self.lookback_days < 1:
            raise ConfigError(
                f"lookback_days is {self.lookback_days}; expected a whole number of at least 1 day."
            )
        try:
            _ = self.start
        except OverflowError:
            raise ConfigError(
                f"lookback_days is {self.lookback_days}, which starts before year 1; choose a shorter window."
            ) from None

    @property
    def start(self) -> date:
        """First day inside the window."""
        return self.as_of - timedelta(days=self.lookback_days)

    @property
    def end_at(self) -> datetime:
        """First instant outside the window, naive local time."""
        return datetime.combine(self.as_of, time.min)

    @property
    def start_at(self) -> datetime:
        """First instant inside the window, naive local time."""
        return datetime.combine(self.start, time.min)


ColumnType = Literal["id", "text", "number", "money", "integer", "date", "timestamp", "flag"]


@dataclass(frozen=True, slots=True)
class Column:
    """Contract of one canonical column.

    Parameters
    ----------
    name : str
        Canonical name, for example ``"membership_value"``.
    type : ColumnType
        How the raw value is read; a value that can't be read so is a row fault.
    required : bool
        Whether the source must have the column (a *missing* required column is fatal).
    nullable : bool
        Whether a row may leave it empty; an empty value elsewhere is a row fault.
    levels : tuple of str
        Closed vocabulary after mapping, in order for ordinal columns; empty = open.
    minimum, maximum : float or None
        Inclusive range for numbers, of years for dates and timestamps; a value outside is a row fault.
    may_lie_ahead : bool
        Whether a date may be later than the day that the table is checked as of; else it is a row fault.
    """

    name: str
    type: ColumnType
    required: bool = False
    nullable: bool = True
    levels: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    may_lie_ahead: bool = False


@dataclass(frozen=True, slots=True)
class TableSchema:
    """Contract of a source table: its canonical columns and its key.

    Parameters
    ----------
    name : str
        For example ``"users"``.
    columns : tuple of Column
        Canonical columns.
    unique_key : tuple of str
        Columns whose combination may occur once; later rows are row faults. Empty = no key.
    """

    name: str
    columns: tuple[Column, ...]
    unique_key: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        """Return the column called ``name``, or None."""
        return next((c for c in self.columns if c.name == name), None)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A further user attribute that a config adds to USERS.

    Parameters
    ----------
    name : str
        Canonical name, snake_case.
    kind : Kind
        Measurement level.
    block : Block
        Which question it answers.
    unit : str
        Unit in words, empty for none.
    levels : tuple of str
        Levels in order (ordinal) or closed vocabulary (nominal); empty = taken from the data.
    label : Text
        Name for people.
    level_labels : dict of str to Text
        Names of its levels for people; a level without one is shown as it stands.
    """

    name: str
    kind: Kind
    block: Block = "who"
    unit: str = ""
    levels: tuple[str, ...] = ()
    label: Text = Text("", "")
    level_labels: dict[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """How the columns and values of a source become canonical ones.

    Parameters
    ----------
    columns : dict of str to str
        Canonical column -> source column.
    values : dict of str to dict of str to str or None
        Canonical column -> source value -> canonical value (None = missing).
    constants : dict of str to str
        Canonical column -> one value for every row.
    date_formats : dict of str to tuple of str
        Canonical column -> ``strptime`` formats tried in order; ISO 8601 when absent.
    strip_characters : dict of str to str
        Canonical number column -> characters removed before reading, for example ``"$, "``.
    """

    columns: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str | None]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    date_formats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    strip_characters: dict[str, str] = field(default_factory=dict)
