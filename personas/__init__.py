"""Raw customer tables in; named, explainable, scorable personas and audience files out.

Everything here loads on first use, so that ``import personas`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personas.cluster import HDBSCANClusterer, KMeansClusterer, LatentClass
    from personas.engine import Source, open_engine
    from personas.export import export_audience
    from personas.features import FeatureSpec, Rehearsal, build_features, propose_features, rehearse
    from personas.model import PersonaModel, fit_personas, load_model, save_model
    from personas.report import Dossier, render_report
    from personas.schema import ObservationWindow, SourceMapping, check_table
    from personas.scoring import score_parquet, score_users

__all__ = [
    "Dossier",
    "FeatureSpec",
    "HDBSCANClusterer",
    "KMeansClusterer",
    "LatentClass",
    "ObservationWindow",
    "PersonaModel",
    "Rehearsal",
    "Source",
    "SourceMapping",
    "build_features",
    "check_table",
    "export_audience",
    "fit_personas",
    "load_model",
    "open_engine",
    "propose_features",
    "rehearse",
    "render_report",
    "save_model",
    "score_parquet",
    "score_users",
]

_ROOMS = {
    "cluster": ("HDBSCANClusterer", "KMeansClusterer", "LatentClass"),
    "engine": ("Source", "open_engine"),
    "export": ("export_audience",),
    "features": ("FeatureSpec", "Rehearsal", "build_features", "propose_features", "rehearse"),
    "model": ("PersonaModel", "fit_personas", "load_model", "save_model"),
    "report": ("Dossier", "render_report"),
    "schema": ("ObservationWindow", "SourceMapping", "check_table"),
    "scoring": ("score_parquet", "score_users"),
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"personas.{_HOMES[name]}"), name)
