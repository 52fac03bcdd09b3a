"""Archetypes: known kinds of customers, matched softly and one to one with the personas that were found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import linear_sum_assignment

from personas.model.base import Trait
from personas.model.traits import SIGNIFICANT
from personas.schema import Text
from personas.schema.bands import band_order

Range = tuple[float | None, float | None]
"""Half-open range ``from <= x < to``; None = open."""

Floats = NDArray[np.float64]

PRIOR_USERS = 10
"""Weight of the base share in a shrunk share, in users."""

SMALLEST_MEAN_LIFT = 0.2
"""Least mean log2 lift of a match: its attributes are, geometrically, 15 % over-indexed (own choice)."""

LARGEST_LIFT = 2.0
"""Log2 lifts are clipped here, four times as much or a quarter, so that no attribute decides alone
(own choice)."""

SMALLEST_PART = 0.5
"""Least part of an archetype's attributes that must be known, and of those that must point upward
significantly (own choice)."""


@dataclass(frozen=True)
class Archetype:
    """A known kind of customer.

    Parameters
    ----------
    key : str
        Unique key.
    name : Text
        Name for people.
    attributes : mapping of str to frozenset of str or Range
        Feature -> levels, or a range of numbers. Each is read by itself: published persona cards list
        the typical levels attribute by attribute, and hardly a user has them all.
    """

    key: str
    name: Text
    attributes: Mapping[str, frozenset[str] | Range]


def match_archetypes(
    traits: Sequence[Sequence[Trait]], archetypes: Sequence[Archetype]
) -> list[Archetype | None]:
    """Find the archetype of each persona, at most one persona per archetype.

    Parameters
    ----------
    traits : sequence of sequence of Trait
        Traits of each persona.
    archetypes : sequence of Archetype
        Candidates.

    Returns
    -------
    list of Archetype or None
        One per persona; None = nothing fits.

    Notes
    -----
    The similarity of a persona and an archetype is the mean, over the archetype's attributes that are
    known and not protected, of the log2 lift of the persona's share of the archetype's levels over the
    base share. The persona's share is shrunk towards the base by 10 users; a band that only partly lies
    in a range counts in part; suppressed levels are left out on both sides.

    A pair may match when at least half of the attributes are known, the mean lift is at least 0.2, and at
    least half of the known attributes are significantly over-indexed: one-sided z test of the persona's
    share against the base share, Benjamini-Hochberg over all pairs and attributes, q < .05. As the persona
    is itself part of the base, this test errs on the careful side. Among the pairs that may match, those
    with the largest total similarity are taken.
    """
    if not traits or not archetypes:
        return [None] * len(traits)
    lift, p_value = attribute_lifts(traits, archetypes)
    known = ~np.isnan(lift)
    q_value = np.full_like(p_value, np.nan)
    if known.any():
        q_value[known] = stats.false_discovery_control(p_value[known], method="bh")
    n_attributes = np.array([max(len(archetype.attributes), 1) for archetype in archetypes])
    n_known = known.sum(axis=2)
    mean_lift = np.nansum(lift, axis=2) / np.maximum(n_known, 1)
    n_upward = ((lift > 0) & (q_value < SIGNIFICANT)).sum(axis=2)
    allowed = (
        (n_known > 0)
        & (n_known >= SMALLEST_PART * n_attributes)
        & (mean_lift >= SMALLEST_MEAN_LIFT)
        & (n_upward >= SMALLEST_PART * n_known)
    )
    rows, columns = linear_sum_assignment(np.where(allowed, mean_lift, 0.0), maximize=True)
    found: list[Archetype | None] = [None] * len(traits)
    for row, column in zip(rows, columns, strict=True):
        if allowed[row, column]:
            found[row] = archetypes[column]
    return found


def attribute_lifts(
    traits: Sequence[Sequence[Trait]], archetypes: Sequence[Archetype]
) -> tuple[Floats, Floats]:
    """Return log2 lifts and p values of shape (n_personas, n_archetypes, n_attributes), NaN = unknown."""
    width = max(len(archetype.attributes) for archetype in archetypes)
    lift = np.full((len(traits), len(archetypes), width), np.nan)
    p_value = np.full_like(lift, np.nan)
    for i, persona in enumerate(traits):
        by_feature: dict[str, list[Trait]] = {}
        for trait in persona:
            if not trait.protected and trait.share is not None and trait.base_share is not None:
                by_feature.setdefault(trait.feature, []).append(trait)
        for j, archetype in enumerate(archetypes):
            for a, (attribute, wanted) in enumerate(archetype.attributes.items()):
                levels = by_feature.get(attribute) or by_feature.get(f"{attribute}_band")
                if levels:
                    lift[i, j, a], p_value[i, j, a] = _lift(levels, wanted)
    return lift, p_value


def _lift(levels: Sequence[Trait], wanted: frozenset[str] | Range) -> tuple[float, float]:
    weights = np.array([_overlap(trait, wanted) for trait in levels])
    share = float(weights @ np.array([trait.share for trait in levels], dtype=np.float64))
    base_share = float(weights @ np.array([trait.base_share for trait in levels], dtype=np.float64))
    n_known = max((t.n_users / t.share for t in levels if t.n_users and t.share), default=0.0)
    if base_share <= 0 or not n_known:
        return np.nan, np.nan
    shrunk = (share * n_known + PRIOR_USERS * base_share) / (n_known + PRIOR_USERS)
    lift = float(np.clip(np.log2(shrunk / base_share), -LARGEST_LIFT, LARGEST_LIFT))
    variance = base_share * (1 - base_share) / n_known
    z = (share - base_share) / np.sqrt(variance) if variance > 0 else 0.0
    return lift, float(stats.norm.sf(z))


def _overlap(trait: Trait, wanted: frozenset[str] | Range) -> float:
    """Return which part of a level, 0 to 1, lies in the archetype's levels or range."""
    if isinstance(wanted, frozenset):
        return float(trait.level in wanted)
    low = -np.inf if wanted[0] is None else wanted[0]
    high = np.inf if wanted[1] is None else wanted[1]
    if re.fullmatch(r"-?\d+(\.\d+)?", trait.level):
        return float(low <= float(trait.level) < high)
    start, stop, _ = band_order(trait.level)
    if start == np.inf:
        return 0.0  # no numbers in the level
    is_age = trait.feature in ("age", "age_band")
    if np.isinf(start):  # "<3000": down to zero
        start = min(0.0, stop)
    elif np.isinf(stop):  # ">=6000": twice as far; "71+": ten years
        stop = start + 10 if is_age else start + max(abs(start), 1.0)
    elif is_age:  # "26-30" holds everybody who is 30
        stop += 1
    if stop <= start:
        return float(low <= start < high)
    return float(max(0.0, min(stop, high) - max(start, low)) / (stop - start))
