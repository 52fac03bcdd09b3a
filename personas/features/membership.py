"""What a loyalty programme says of a user: columns of USERS taken as they stand."""

from __future__ import annotations

from personas.features.base import Feature
from personas.schema.levels import COLUMN_LABELS

MEMBERSHIP_FEATURES: tuple[Feature, ...] = (
    Feature(
        name="membership_value",
        kind="numeric",
        block="worth",
        unit="points",
        null_meaning="not a member",
        source="membership",
        measure="value",
        argument="membership_value",
        label=COLUMN_LABELS["membership_value"],
    ),
    Feature(
        name="membership_level",
        kind="nominal",
        block="worth",
        unit="",
        null_meaning="not a member",
        source="membership",
        measure="level",
        argument="membership_level",
        label=COLUMN_LABELS["membership_level"],
    ),
)
"""The score is non-negative and right-skewed; no maximum is published for JD.com's 京享值.

Levels are nominal: nothing in a source says in which order they stand.
"""
