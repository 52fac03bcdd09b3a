"""Planted worlds whose truth is known, and loaders of public data."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from personas.errors import NotFoundError

if TYPE_CHECKING:
    import pyarrow as pa

    from personas.datasets.co_purchase import make_co_purchase_world
    from personas.datasets.complete_journey import load_complete_journey
    from personas.datasets.home_appliances import make_home_appliances
    from personas.datasets.oracle import oracle_posterior
    from personas.datasets.world import World, write_world

__all__ = [
    "World",
    "load_complete_journey",
    "load_dataset",
    "make_co_purchase_world",
    "make_home_appliances",
    "oracle_posterior",
    "write_world",
]

_HOMES = {
    "World": "world",
    "load_complete_journey": "complete_journey",
    "make_co_purchase_world": "co_purchase",
    "make_home_appliances": "home_appliances",
    "oracle_posterior": "oracle",
    "write_world": "world",
}

_LOADERS = {"complete_journey": "load_complete_journey"}


def load_dataset(name: str) -> dict[str, pa.Table]:
    """Load a public dataset by name.

    Parameters
    ----------
    name : str
        ``"complete_journey"``.

    Returns
    -------
    dict of str to pyarrow.Table
        Its tables by name; see :func:`load_complete_journey`.

    Raises
    ------
    NotFoundError
        If no dataset has that name, or the package that holds it isn't installed.

    Examples
    --------
    >>> sorted(load_dataset("complete_journey"))
    ['households', 'transactions']
    """
    if name not in _LOADERS:
        raise NotFoundError(
            f"No dataset is called {name!r}; known: {', '.join(sorted(_LOADERS))}. "
            "Planted worlds are made, not loaded: see make_home_appliances."
        )
    tables: dict[str, pa.Table] = __getattr__(_LOADERS[name])()
    return tables


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"personas.datasets.{_HOMES[name]}"), name)
