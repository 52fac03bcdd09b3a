"""How the report writes a number, in each language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from personas.report.words import say
from personas.schema import Language

UNDEFINED = "–"


@dataclass(frozen=True, slots=True)
class Figures:
    """Write figures for people.

    Parameters
    ----------
    language : Language
        Decides separators and joins.

    Examples
    --------
    >>> figures = Figures("en")
    >>> figures.count(128640), figures.count(None), figures.percent(0.2314)
    ('128,640', 'hidden', '23.1%')
    >>> Figures("zh-CN").interval(138.2, 166.0)
    '138～166'
    """

    language: Language

    @property
    def suppressed(self) -> str:
        """What stands in place of a suppressed figure."""
        return say("word.hidden", self.language)

    def count(self, value: int | None) -> str:
        """Write a number of users or rows; None = suppressed."""
        return self.suppressed if value is None else f"{value:,}"

    def percent(self, share: float | None) -> str:
        """Write a share (0 to 1), or a skill (up to 1), as a percentage; None = undefined."""
        if share is None:
            return UNDEFINED
        if 0 < share < 0.0005:
            return "<0.1%"
        if 0.9995 <= share < 1:
            return ">99.9%"
        if -0.0005 <= share < 0:
            return "0.0%"
        return f"{share:.1%}".replace("-", "−")

    def change(self, share: float | None) -> str:
        """Write a relative change with its sign; None = undefined."""
        if share is not None and abs(share) < 0.0005:
            return "0.0%"
        text = self.percent(share)
        return f"+{text}" if share is not None and share > 0 else text

    def points(self, difference: float | None) -> str:
        """Write a difference in percentage points with its sign; None = undefined."""
        if difference is None:
            return UNDEFINED
        return "0.0" if abs(difference) < 0.05 else f"{difference:+.1f}".replace("-", "−")

    def share_interval(self, lower: float | None, upper: float | None) -> str:
        """Write the interval of a share; None = undefined."""
        if lower is None or upper is None:
            return UNDEFINED
        return f"{100 * lower:.1f}{'～' if self.language == 'zh-CN' else '–'}{100 * upper:.1f}%"

    def index(self, tgi: float | None) -> str:
        """Write a target group index; None = undefined."""
        return UNDEFINED if tgi is None else f"{tgi:,.0f}"

    def interval(self, lower: float | None, upper: float | None) -> str:
        """Write the interval of an index; None = undefined."""
        if lower is None or upper is None:
            return UNDEFINED
        return f"{lower:,.0f}{'～' if self.language == 'zh-CN' else '–'}{upper:,.0f}"

    def decimal(self, value: float | None, digits: int = 2) -> str:
        """Write a number with fixed digits; None = undefined."""
        if value is None:
            return UNDEFINED
        text = f"{value:,.{digits}f}"
        return text.replace("-", "−") if text.strip("-0.") else text.lstrip("-")

    def q_value(self, value: float | None) -> str:
        """Write an adjusted p value; None = undefined."""
        if value is None:
            return UNDEFINED
        return "<0.001" if value < 0.001 else f"{value:.3f}"

    def parameter(self, value: object) -> str:
        """Write a parameter of a clusterer in one line, tables and lists as their entries."""
        if isinstance(value, Mapping):
            return self.join(f"{name} {self.parameter(item)}" for name, item in value.items()) or UNDEFINED
        if isinstance(value, list | tuple):
            return self.join(map(self.parameter, value)) or UNDEFINED
        if isinstance(value, float):
            return f"{value:.2f}"
        return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)

    def join(self, items: Iterable[str]) -> str:
        """Write a list in one line."""
        return ("、" if self.language == "zh-CN" else ", ").join(items)


def text_width(text: str) -> float:
    """Estimate the width of a text, in em: a Chinese character is 1 wide, a Latin one about 0.56.

    Examples
    --------
    >>> text_width("智能")
    2.0
    """
    return sum(1.0 if ord(char) > 0x2E7F else 0.56 for char in text)


def wrap(text: str, width: float) -> list[str]:
    """Break a text into lines of at most ``width`` em, at spaces and between Chinese characters.

    Examples
    --------
    >>> wrap("Urban quality seekers", 8)
    ['Urban quality', 'seekers']
    >>> wrap("小镇中产奋斗蚁族", 5)
    ['小镇中产奋', '斗蚁族']
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and text_width(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """Split a text where a line may break; closing punctuation stays with what it closes."""
    if not text:
        return []
    cuts = [0]
    for place, (before, after) in enumerate(pairwise(text), start=1):
        breaks = before in " -/·" or ord(before) > 0x2E7F or ord(after) > 0x2E7F
        if breaks and after not in " ，。、：；！？）》」”·/-":
            cuts.append(place)
    return [text[start:end] for start, end in pairwise([*cuts, len(text)])]
