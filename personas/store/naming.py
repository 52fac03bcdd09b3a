"""Names that can be folders, and versions that sort in the order of writing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from personas.errors import DataError, NotFoundError
from personas.store.disk import RECORD

SAFE = re.compile(r"[\w-][\w.-]{0,99}")  # \w includes Chinese; no leading dot, no separator
VERSION = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
_TIME = "%Y%m%dT%H%M%SZ"


def checked_name(what: str, name: str) -> str:
    """Return a name that can be a folder or a file.

    Raises
    ------
    DataError
        If it can't.
    """
    if not SAFE.fullmatch(name):
        raise DataError(
            f"The {what} {name!r} can't be a folder name; expected 1 to 100 letters (of any script), digits, "
            "'_', '-' or '.', not starting with a dot. Choose another."
        )
    return name


def check_put(files: Mapping[str, bytes | Path], created_at: datetime) -> None:
    """Check what is to be stored.

    Raises
    ------
    DataError
        If there is no file, a name is unsafe or the record's, or ``created_at`` has no time zone.
    NotFoundError
        If a file to copy doesn't exist.
    """
    if not files:
        raise DataError("There is no file to store; expected at least one payload file.")
    for name, content in files.items():
        if checked_name("file", name) == RECORD:
            raise DataError(f"A payload file is called {RECORD}, which is the record's name; rename it.")
        if isinstance(content, Path) and not content.exists():
            raise NotFoundError(f"The file {content} doesn't exist; expected a file to store as {name!r}.")
    if created_at.tzinfo is None:
        raise DataError(
            f"created_at is {created_at.isoformat()}, without a time zone; expected one, for example UTC."
        )


def time_of_version(created_at: datetime, known: list[str]) -> str:
    """Return the time in the name of a new version: later than every known one, even if the clock went back."""
    wanted = f"{created_at:{_TIME}}"
    newest = max((version.partition("-")[0] for version in known), default="")
    if wanted > newest:
        return wanted
    after = datetime.strptime(newest, _TIME).replace(tzinfo=UTC) + timedelta(seconds=1)
    return f"{after:{_TIME}}"
