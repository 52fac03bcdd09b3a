"""Category strategy: what goes with what, what grows, what comes next, for whom."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personas.category.affinity import (
        PersonaSceneGrid,
        SceneAffinity,
        missing_categories,
        persona_scene_grid,
        scene_affinity,
        scene_audience,
        user_scene_table,
    )
    from personas.category.analysis import Analysis, analysis_to_files, read_analysis
    from personas.category.association import Association, TierRule, associate
    from personas.category.attach import AttachMatrix, attach_matrix
    from personas.category.attach_definition import AttachDefinition
    from personas.category.base import purchases
    from personas.category.decomposition import Decomposition, decompose, decompose_gmv, gmv_factors
    from personas.category.direction import PurchaseDirection, purchase_direction
    from personas.category.first_purchases import group_categories
    from personas.category.flow import CategoryFlow, FlowComparison, category_flow, compare_flows
    from personas.category.growth_share import Cuts, GrowthShare, growth_share
    from personas.category.kpi import (
        breadth,
        cross_category_share,
        multi_category_order_share,
        units_per_order,
    )
    from personas.category.kpi_table import KpiTable
    from personas.category.paths import FrequentPaths, frequent_paths
    from personas.category.periods import yearly_windows
    from personas.category.reach import conversion, penetration
    from personas.category.scenes import Scene, SceneSeed, SceneSet, find_scenes, seed_scenes
    from personas.category.sequence import NextCategory, next_category
    from personas.category.stage_flow import StageFlow, stage_flow

__all__ = [
    "Analysis",
    "Association",
    "AttachDefinition",
    "AttachMatrix",
    "CategoryFlow",
    "Cuts",
    "Decomposition",
    "FlowComparison",
    "FrequentPaths",
    "GrowthShare",
    "KpiTable",
    "NextCategory",
    "PersonaSceneGrid",
    "PurchaseDirection",
    "Scene",
    "SceneAffinity",
    "SceneSeed",
    "SceneSet",
    "StageFlow",
    "TierRule",
    "analysis_to_files",
    "associate",
    "attach_matrix",
    "breadth",
    "category_flow",
    "compare_flows",
    "conversion",
    "cross_category_share",
    "decompose",
    "decompose_gmv",
    "find_scenes",
    "frequent_paths",
    "gmv_factors",
    "group_categories",
    "growth_share",
    "missing_categories",
    "multi_category_order_share",
    "next_category",
    "penetration",
    "persona_scene_grid",
    "purchase_direction",
    "purchases",
    "read_analysis",
    "scene_affinity",
    "scene_audience",
    "seed_scenes",
    "stage_flow",
    "units_per_order",
    "user_scene_table",
    "yearly_windows",
]

_MODULES = {
    "affinity": (
        "PersonaSceneGrid",
        "SceneAffinity",
        "missing_categories",
        "persona_scene_grid",
        "scene_affinity",
        "scene_audience",
        "user_scene_table",
    ),
    "analysis": (
        "Analysis",
        "analysis_to_files",
        "read_analysis",
    ),
    "association": (
        "Association",
        "TierRule",
        "associate",
    ),
    "attach": (
        "AttachMatrix",
        "attach_matrix",
    ),
    "attach_definition": ("AttachDefinition",),
    "base": ("purchases",),
    "decomposition": (
        "Decomposition",
        "decompose",
        "decompose_gmv",
        "gmv_factors",
    ),
    "direction": (
        "PurchaseDirection",
        "purchase_direction",
    ),
    "first_purchases": ("group_categories",),
    "flow": (
        "CategoryFlow",
        "FlowComparison",
        "category_flow",
        "compare_flows",
    ),
    "growth_share": (
        "Cuts",
        "GrowthShare",
        "growth_share",
    ),
    "kpi": (
        "breadth",
        "cross_category_share",
        "multi_category_order_share",
        "units_per_order",
    ),
    "kpi_table": ("KpiTable",),
    "paths": (
        "FrequentPaths",
        "frequent_paths",
    ),
    "periods": ("yearly_windows",),
    "reach": (
        "conversion",
        "penetration",
    ),
    "scenes": (
        "Scene",
        "SceneSeed",
        "SceneSet",
        "find_scenes",
        "seed_scenes",
    ),
    "sequence": (
        "NextCategory",
        "next_category",
    ),
    "stage_flow": (
        "StageFlow",
        "stage_flow",
    ),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}
"""Name -> module, loaded on first use: pandas, scipy and networkx are slow to import."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"personas.category.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
