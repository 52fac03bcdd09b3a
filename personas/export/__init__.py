"""Audiences out: consent, hashing, minimum sizes, files and a receipt per persona."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from personas.errors import ConfigError, NotFoundError
from personas.export.base import Audience, Destination, Receipt, Written

if TYPE_CHECKING:
    from personas.export.run import ExportRequest, ScenePeople, export_audience

DESTINATIONS: dict[str, str] = {
    "file": "personas.export.file:File",
    "google_customer_match": "personas.export.google_customer_match:GoogleCustomerMatch",
    "tencent_ids": "personas.export.tencent_ids:TencentIds",
}
"""Name -> "module:Class" of every destination."""

_LAZY = dict.fromkeys(("ExportRequest", "ScenePeople", "export_audience"), "personas.export.run")


def load_destination(name: str, options: Mapping[str, Any] | None = None) -> Destination:
    """Return the destination that is registered under a name.

    Parameters
    ----------
    name : str
        One of :data:`DESTINATIONS`.
    options : mapping or None
        Its own options, for example ``{"format": "xlsx"}`` for ``file``.

    Returns
    -------
    Destination
        Ready to write.

    Raises
    ------
    NotFoundError
        If no destination has the name.
    ConfigError
        If the destination has no such option.

    Examples
    --------
    >>> load_destination("google_customer_match").minimum_size
    100
    """
    if name not in DESTINATIONS:
        raise NotFoundError(
            f"No destination is called {name!r}; there are {', '.join(sorted(DESTINATIONS))}."
        )
    module, _, attribute = DESTINATIONS[name].partition(":")
    factory = getattr(import_module(module), attribute)
    options = dict(options or {})
    known = [field.name for field in fields(factory)]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ConfigError(
            f"The destination {name} has no option {', '.join(unknown)}; it has {', '.join(known) or 'none'}."
        )
    destination: Destination = factory(**options)
    return destination


def __getattr__(name: str) -> Any:
    """Load what needs pandas and pyarrow when it is first asked for."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


__all__ = [
    "DESTINATIONS",
    "Audience",
    "Destination",
    "ExportRequest",
    "Receipt",
    "ScenePeople",
    "Written",
    "export_audience",
    "load_destination",
]
