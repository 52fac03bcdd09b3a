"""The order of levels that are written as number ranges."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
_BELOW = re.compile(
    r"under|below|less|younger|up to|<|≤|以下|以内|不足|未满|不满|小于|不到|少于|低于", re.IGNORECASE
)


def band_order(level: str) -> tuple[float, float, str]:
    """Return a sort key that puts number ranges in the order of their numbers.

    Parameters
    ----------
    level : str
        A level such as ``"16-20"``, ``"71+"``, ``"Under 15K"`` or ``"18岁以下"``.

    Returns
    -------
    tuple of float, float and str
        Lower edge, upper edge and the level itself; open ends are infinite, and a level without
        numbers comes last.

    Examples
    --------
    >>> sorted(["71+", "Under 15K", "15-24K", "100-124K"], key=band_order)
    ['Under 15K', '15-24K', '71+', '100-124K']
    """
    numbers = [float(found) for found in _NUMBER.findall(_THOUSANDS.sub("", level))]
    if not numbers:
        return math.inf, math.inf, level
    if len(numbers) > 1:
        return numbers[0], numbers[1], level
    if _BELOW.search(level):
        return -math.inf, numbers[0], level
    return numbers[0], math.inf, level
