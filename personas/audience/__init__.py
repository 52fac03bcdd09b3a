"""Target: stages of closeness, opportunities, look-alikes, next offers and bundles."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personas.audience.base import Segment, TagRule, segment_of_attribute, segment_of_tags
    from personas.audience.bundles import BundleRule, Bundles, build_bundles
    from personas.audience.interception import Interception, RivalTarget, intercept
    from personas.audience.ladder import EventCondition, Ladder, LadderSource, Stage, SubStage, TagCondition
    from personas.audience.ladder_file import ladder_from_dict
    from personas.audience.lookalike import Lookalikes, find_lookalikes
    from personas.audience.offers import GOALS, NextOffers, next_offers
    from personas.audience.opportunity import ShareGaps, share_gaps
    from personas.audience.preference import Preferences, rank_preferences
    from personas.audience.stages import Scope, StageCounts, assign_stages, count_stages
    from personas.audience.white_space import WhiteSpace, find_white_space
    from personas.audience.widening import (
        WeightedTag,
        WideAudience,
        neutral_code,
        tags_of_users,
        widen_audience,
    )

_MODULES = {
    "base": ("Segment", "TagRule", "segment_of_attribute", "segment_of_tags"),
    "bundles": ("BundleRule", "Bundles", "build_bundles"),
    "interception": ("Interception", "RivalTarget", "intercept"),
    "ladder": ("EventCondition", "Ladder", "LadderSource", "Stage", "SubStage", "TagCondition"),
    "ladder_file": ("ladder_from_dict",),
    "lookalike": ("Lookalikes", "find_lookalikes"),
    "offers": ("GOALS", "NextOffers", "next_offers"),
    "opportunity": ("ShareGaps", "share_gaps"),
    "preference": ("Preferences", "rank_preferences"),
    "stages": ("Scope", "StageCounts", "assign_stages", "count_stages"),
    "white_space": ("WhiteSpace", "find_white_space"),
    "widening": ("WeightedTag", "WideAudience", "neutral_code", "tags_of_users", "widen_audience"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}
"""Name -> module, loaded on first use: Ibis and pandas are slow to import."""

__all__ = [
    "GOALS",
    "BundleRule",
    "Bundles",
    "EventCondition",
    "Interception",
    "Ladder",
    "LadderSource",
    "Lookalikes",
    "NextOffers",
    "Preferences",
    "RivalTarget",
    "Scope",
    "Segment",
    "ShareGaps",
    "Stage",
    "StageCounts",
    "SubStage",
    "TagCondition",
    "TagRule",
    "WeightedTag",
    "WhiteSpace",
    "WideAudience",
    "assign_stages",
    "build_bundles",
    "count_stages",
    "find_lookalikes",
    "find_white_space",
    "intercept",
    "ladder_from_dict",
    "neutral_code",
    "next_offers",
    "rank_preferences",
    "segment_of_attribute",
    "segment_of_tags",
    "share_gaps",
    "tags_of_users",
    "widen_audience",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"personas.audience.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
