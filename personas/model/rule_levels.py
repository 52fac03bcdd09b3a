"""What the levels of a condition stand for: words, ages, or numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from personas.errors import DataError
from personas.features.base import Feature, FeatureSet, typed_columns
from personas.model.bands import BOUGHT, YES, read_features
from personas.model.rule_base import Condition
from personas.schema import Text
from personas.schema.levels import BANDS, LEVEL_LABELS

LevelLabels = Mapping[str, Mapping[str, Text]]
"""Feature -> level -> name for people."""

_NUMBER = r"-?[\d.]+(?:e[+-]?\d+)?"
_BAND = re.compile(rf"(?P<sign><|>=?)?(?P<low>{_NUMBER})%?(?:-(?P<high>{_NUMBER})%?)?")


class LevelWords:
    """Words of the levels of nominal and ordinal features, which need no data.

    Parameters
    ----------
    feature_set : FeatureSet
        The set that the rules were found in.
    level_labels : mapping of str to mapping of str to Text, optional
        Names for people, for attributes that a config adds.
    """

    def __init__(self, feature_set: FeatureSet, level_labels: LevelLabels | None) -> None:
        self._named = level_labels or {}
        nobody = typed_columns(pd.DataFrame(columns=feature_set.names), feature_set)
        self._labels = {
            reading.feature.name: {level.name: level.label for level in reading.levels if level is not None}
            for reading in read_features(nobody, feature_set, self._named)
        }

    def of(self, condition: Condition) -> list[Text]:
        """Return the words of each level, without the feature's name."""
        labels = self._labels[condition.feature]
        unknown = [level for level in condition.levels if level not in labels]
        if unknown:
            raise DataError(
                f"A rule speaks of {condition.feature} {', '.join(unknown)}; expected one of "
                f"{', '.join(labels)}. Pass the feature set that the rule was found in."
            )
        found = [labels[level] for level in condition.levels]
        return [Text(label.zh.partition("：")[2], label.en.partition(": ")[2]) for label in found]

    def stand_alone(self, condition: Condition) -> bool:
        """Return whether the levels say what they are of: 已婚 does, the Gold of a membership level doesn't."""
        named = self._named.get(condition.feature, {})
        return condition.feature in LEVEL_LABELS or all(level in named for level in condition.levels)


def asks_for_yes(condition: Condition) -> bool:
    """Return whether a condition on a category or another yes/no feature asks for yes."""
    return condition.levels in ((BOUGHT,), (YES,))


def age_span(condition: Condition) -> str | None:
    """Return neighbouring age bands as one; None for other features, and for bands in a source's own words.

    Examples
    --------
    >>> age_span(Condition("age", ("26-30", "31-35"))), age_span(Condition("age_band", ("66-70", "71+")))
    ('26-35', '66+')
    """
    levels = condition.levels
    if condition.feature not in ("age", "age_band"):
        return None
    if not all(re.fullmatch(r"\d+-\d+|\d+\+", level) for level in levels):
        return None
    low = re.split(r"[-+]", levels[0])[0]
    return f"{low}+" if levels[-1].endswith("+") else f"{low}-{levels[-1].partition('-')[2]}"


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers that neighbouring bands hold together.

    Parameters
    ----------
    low : float or None
        Least number (0: only larger ones); None = no lower end.
    high : float or None
        Largest number; None = no upper end.
    includes_high : bool
        Whether ``high`` itself is among them; of whole numbers it always is.
    """

    low: float | None
    high: float | None
    includes_high: bool

    @property
    def is_single(self) -> bool:
        """Whether it holds one number, ``high``: 0 is the least of numbers that have a band for it."""
        return self.includes_high and self.high is not None and self.high == (self.low or 0)


def number_span(condition: Condition, feature: Feature) -> Span:
    """Return the numbers that a condition on a number accepts.

    Parameters
    ----------
    condition : Condition
        Its levels are neighbouring bands, as :mod:`personas.model.bands` names them.
    feature : Feature
        Feature of the condition.

    Returns
    -------
    Span

    Raises
    ------
    DataError
        If a level isn't the name of a band.

    Notes
    -----
    A band "10-20" of a number that may be whole or not doesn't tell whether 20 belongs to it; it is taken to.
    Long edges are round, so "60000-69999" is one of whole numbers and taken to end below 70000.

    Examples
    --------
    >>> from personas.features.rfm import RFM_FEATURES
    >>> number_span(Condition("order_count", ("<3", "3-4")), RFM_FEATURES[0])
    Span(low=None, high=4.0, includes_high=True)
    """
    first, last = _BAND.fullmatch(condition.levels[0]), _BAND.fullmatch(condition.levels[-1])
    if first is None or last is None:
        raise DataError(
            f"A rule speaks of {feature.name} {', '.join(condition.levels)}; expected bands such as <10, 10-19 "
            "or >=20. Pass the feature set that the rule was found in."
        )
    # Zero has a band of its own only where nothing is below it.
    is_lowest = first["sign"] == "<" or condition.levels[0] in ("0", "0%")
    low = None if is_lowest else float(first["low"])
    high = None if last["sign"] in (">", ">=") else float(last["high"] or last["low"])
    includes_high = last["sign"] != "<" and feature.name not in BANDS
    if high is None:
        return Span(low, None, includes_high=False)
    if feature.kind == "count" or feature.unit == "days":
        return Span(low, high if includes_high else high - 1, includes_high=True)
    if includes_high and high > 99 and (high + 1) % 100 == 0:
        return Span(low, high + 1, includes_high=False)
    return Span(low, high, includes_high)


def spell(number: float | None, feature: Feature) -> Text:
    """Write a number, with thousands separated in English; nothing for None."""
    if number is None:
        return Text("", "")
    percent = "%" if feature.unit == "share 0-1" else ""
    return Text(f"{number:.10g}{percent}", f"{number:,.10g}{percent}")
