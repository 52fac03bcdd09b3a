"""Point-in-time user vectors: which features a use case has, and their values for every user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from personas.features.base import (
    NEVER_MISSING,
    Feature,
    FeatureFrame,
    FeatureSet,
    Role,
    TableSource,
    columns_of,
    typed_columns,
)

if TYPE_CHECKING:
    from personas.features.build import build_features
    from personas.features.propose import FeatureSpec, propose_features
    from personas.features.rehearsal import Rehearsal, rehearse

__all__ = [
    "NEVER_MISSING",
    "Feature",
    "FeatureFrame",
    "FeatureSet",
    "FeatureSpec",
    "Rehearsal",
    "Role",
    "TableSource",
    "build_features",
    "columns_of",
    "propose_features",
    "rehearse",
    "typed_columns",
]

_LAZY = {
    "FeatureSpec": "personas.features.propose",
    "Rehearsal": "personas.features.rehearsal",
    "rehearse": "personas.features.rehearsal",
    "build_features": "personas.features.build",
    "propose_features": "personas.features.propose",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)
