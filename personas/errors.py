"""The whole error tree.

PersonasError
├── UserError                the user's config or data is wrong        (exit code 2)
│   ├── BusyError            another process works on the same thing
│   ├── ConfigError          a config file says something impossible
│   ├── DataError            a table breaks its contract               (also a ValueError)
│   ├── NotFoundError        a named thing does not exist              (also a LookupError)
│   └── UnsafeExportError    an export would break a privacy or platform rule
└── GateError                a gate said no; no new model took over     (exit code 1)

Every message says what was found, what was expected and what to do next.
"""

from __future__ import annotations

__all__ = [
    "BusyError",
    "ConfigError",
    "DataError",
    "GateError",
    "NotFoundError",
    "PersonasError",
    "UnsafeExportError",
    "UserError",
]


class PersonasError(Exception):
    """Base of every error that this package raises on purpose."""

    exit_code = 3


class UserError(PersonasError):
    """The user's config or data is wrong, and the message says how to mend it."""

    exit_code = 2


class BusyError(UserError):
    """Another process works on the same thing; the message says which and since when."""


class ConfigError(UserError):
    """A config file, option or argument is invalid."""


class DataError(UserError, ValueError):
    """A table or array breaks its contract."""


class NotFoundError(UserError, LookupError):
    """A named model, persona, destination, plug-in or file does not exist."""


class UnsafeExportError(UserError):
    """An export would break a consent, minimum-size or identifier rule."""


class GateError(PersonasError):
    """A quality gate said no; no new model took over."""

    exit_code = 1
