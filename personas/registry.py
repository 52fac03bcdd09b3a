"""Name -> class, loaded only when asked for; third parties join by entry point.

Holds names as text, so that asking what exists loads nothing.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from personas.errors import NotFoundError

__all__ = ["CLUSTERER_GROUP", "clusterer_names", "load_clusterer"]

CLUSTERER_GROUP = "personas.clusterers"
"""Entry-point group in which other packages offer clusterers."""

_CLUSTERERS = {
    "latent_class": "personas.cluster.latent_class:LatentClass",
    "kmeans": "personas.cluster.kmeans:KMeansClusterer",
    "bisecting_kmeans": "personas.cluster.bisecting_kmeans:BisectingKMeansClusterer",
    "foresight": "personas.cluster.foresight:ForesightKMeans",
    "gaussian_mixture": "personas.cluster.gaussian_mixture:GaussianMixtureClusterer",
    "hdbscan": "personas.cluster.hdbscan:HDBSCANClusterer",
}


def clusterer_names() -> list[str]:
    """Return every known clusterer name, sorted.

    Returns
    -------
    list of str
        Built-in names and those of installed packages.

    Examples
    --------
    >>> {"hdbscan", "kmeans", "latent_class"} <= set(clusterer_names())
    True
    """
    return sorted({*_CLUSTERERS, *entry_points(group=CLUSTERER_GROUP).names})


def load_clusterer(name: str) -> type[Any]:
    """Return the clusterer class registered under ``name``.

    Parameters
    ----------
    name : str
        A built-in name, or one that an installed package offers in the entry-point group
        ``personas.clusterers``. A built-in name always means the built-in class.

    Returns
    -------
    type
        The class; see :class:`personas.cluster.Clusterer` for what it does.

    Raises
    ------
    NotFoundError
        If nothing is registered under ``name``.

    Examples
    --------
    >>> load_clusterer("latent_class").__name__
    'LatentClass'
    """
    if name in _CLUSTERERS:
        module, _, attribute = _CLUSTERERS[name].partition(":")
        found: type[Any] = getattr(import_module(module), attribute)
        return found
    offered = entry_points(group=CLUSTERER_GROUP, name=name)
    # Two packages may offer one name: the first by value, so that the answer does not depend on install order.
    for entry in sorted(offered, key=lambda e: e.value):
        loaded: type[Any] = entry.load()
        return loaded
    raise NotFoundError(
        f"No clusterer is called {name!r}; known: {', '.join(clusterer_names())}. "
        f"A package can add one in the entry-point group {CLUSTERER_GROUP!r}."
    )
