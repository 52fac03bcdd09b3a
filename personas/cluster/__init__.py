"""Discover: clusterers that find groups of users in a raw feature frame."""

from typing import TYPE_CHECKING, Any

from personas.cluster.base import AdditiveClusterer, Clusterer, FeatureKinds

if TYPE_CHECKING:
    from personas.cluster.columns import DEFAULT_CLIP
    from personas.cluster.hdbscan import HDBSCANClusterer
    from personas.cluster.kmeans import KMeansClusterer
    from personas.cluster.latent_class import LatentClass

__all__ = [
    "DEFAULT_CLIP",
    "AdditiveClusterer",
    "Clusterer",
    "FeatureKinds",
    "HDBSCANClusterer",
    "KMeansClusterer",
    "LatentClass",
]

_HOMES = {
    "DEFAULT_CLIP": "personas.cluster.columns",
    "HDBSCANClusterer": "personas.cluster.hdbscan",
    "KMeansClusterer": "personas.cluster.kmeans",
    "LatentClass": "personas.cluster.latent_class",
}


def __getattr__(name: str) -> Any:
    """Load a clusterer when it is first asked for: scikit-learn and its kin take seconds to import."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
