"""Portrait: the shares of a persona's traits, and how far two portraits are apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from personas.model.base import Trait

NEARLY_IDENTICAL, RATHER_SIMILAR, SOMEWHAT_DIFFERENT = 0.1, 0.3, 0.5
"""Bands of the distance, as Chinese marketplaces' audience portraits are read: below .1 nearly identical, to .3
rather similar, to .5 some difference, above clearly different."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """What share of a group has each level of each feature.

    Parameters
    ----------
    shares : mapping of str to mapping of str to float or None
        Feature -> level -> share, 0 to 1, among those whose value is known; None = suppressed.
    """

    shares: Mapping[str, Mapping[str, float | None]]


def portrait_of(traits: Sequence[Trait]) -> Portrait:
    """Return the portrait of a persona.

    Parameters
    ----------
    traits : sequence of Trait
        Every trait of the persona.
    """
    shares: dict[str, dict[str, float | None]] = {}
    for trait in traits:
        shares.setdefault(trait.feature, {})[trait.level] = trait.share
    return Portrait(shares)


def portrait_distance(first: Portrait, second: Portrait) -> float | None:
    """Return how far two portraits are apart.

    Parameters
    ----------
    first, second : Portrait
        Two groups.

    Returns
    -------
    float or None, 0 to 1
        0 = the same shares everywhere, 1 = each group is of one level of every feature, and never of the same.
        None if no feature has the same levels in both.

    Notes
    -----
    :func:`normed` over the ``m`` features whose levels are the same in both. Of a feature with one level ("bought") the complement counts,
    too. Levels that either portrait suppresses count as equal; bands that were cut anew can't be compared.

    References
    ----------
    The audience distance used with marketplace portraits; its source is a practitioners' article, not a standard.

    Examples
    --------
    >>> city = [Portrait({"city": {"T1": share, "T2": 1 - share}}) for share in (0.0, 1.0)]
    >>> portrait_distance(city[0], city[0]), round(portrait_distance(*city), 3)
    (0.0, 1.0)
    """
    squares = []
    for feature in sorted(first.shares.keys() & second.shares.keys()):
        one, other = first.shares[feature], second.shares[feature]
        if one.keys() != other.keys():
            continue
        gaps = [
            p - q
            for level in sorted(one)
            if (p := one[level]) is not None and (q := other[level]) is not None
        ]
        if gaps:
            squares.append(sum(gap**2 for gap in gaps) + (gaps[0] ** 2 if len(one) == 1 else 0.0))
    return normed(sum(squares), len(squares)) if squares else None


def normed(square: float, n_features: int) -> float:
    """Return the distance of portraits, from 0 to 1, by which portraits of any number of features can be compared.

    Parameters
    ----------
    square : float, >= 0
        Sum over features and levels of the squared difference of shares.
    n_features : int, >= 1
        Number ``m`` of features.

    Returns
    -------
    float
        ``sqrt(square) / sqrt(2 m)``: two spreads over the same levels differ by at most the root of 2.

    Examples
    --------
    >>> normed(2.0, 1), normed(2.0, 4)
    (1.0, 0.5)
    """
    return math.sqrt(square / (2 * n_features))


def blend(portraits: Sequence[Portrait], weights: Sequence[float]) -> Portrait:
    """Return the portrait of several groups together.

    Parameters
    ----------
    portraits : sequence of Portrait
        The groups.
    weights : sequence of float, > 0
        Users of each.

    Returns
    -------
    Portrait
        Of the features that all of them have, with the same levels; a level that one suppresses is suppressed.

    Examples
    --------
    >>> blend([Portrait({"tea": {"bought": 0.2}}), Portrait({"tea": {"bought": 0.6}})], [3, 1]).shares
    {'tea': {'bought': 0.3}}
    """
    shares: dict[str, dict[str, float | None]] = {}
    for feature, levels in portraits[0].shares.items():
        others = [portrait.shares.get(feature, {}) for portrait in portraits]
        if all(other.keys() == levels.keys() for other in others):
            shares[feature] = {
                level: _mean([other[level] for other in others], weights) for level in sorted(levels)
            }
    return Portrait(shares)


def _mean(values: Sequence[float | None], weights: Sequence[float]) -> float | None:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    return round(sum(v * w for v, w in zip(known, weights, strict=True)) / sum(weights), 12)
