"""Discover: clusterers that find groups of users in a raw feature frame."""

from typing import TYPE_CHECKING, Any

from personas.cluster.base import AdditiveClusterer, Clusterer, FeatureKinds

if TYPE_CHECKING:
    from personas.cluster.bisecting_kmeans import BisectingKMeansClusterer
    from personas.cluster.columns import DEFAULT_CLIP
    from personas.cluster.foresight import Foresight, ForesightKMeans, learn_foresight
    from personas.cluster.gaussian_mixture import GaussianMixtureClusterer
    from personas.cluster.hdbscan import HDBSCANClusterer
    from personas.cluster.kmeans import KMeansClusterer
    from personas.cluster.latent_class import LatentClass

__all__ = [
    "DEFAULT_CLIP",
    "AdditiveClusterer",
    "BisectingKMeansClusterer",
    "Clusterer",
    "FeatureKinds",
    "Foresight",
    "ForesightKMeans",
    "GaussianMixtureClusterer",
    "HDBSCANClusterer",
    "KMeansClusterer",
    "LatentClass",
    "learn_foresight",
]

_HOMES = {
    "BisectingKMeansClusterer": "personas.cluster.bisecting_kmeans",
    "DEFAULT_CLIP": "personas.cluster.columns",
    "Foresight": "personas.cluster.foresight",
    "ForesightKMeans": "personas.cluster.foresight",
    "GaussianMixtureClusterer": "personas.cluster.gaussian_mixture",
    "HDBSCANClusterer": "personas.cluster.hdbscan",
    "KMeansClusterer": "personas.cluster.kmeans",
    "LatentClass": "personas.cluster.latent_class",
    "learn_foresight": "personas.cluster.foresight",
}


def __getattr__(name: str) -> Any:
    """Load a clusterer when it is first asked for: scikit-learn and its kin take seconds to import."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
