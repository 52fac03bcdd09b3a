"""Write an export beside its place and move it there whole: nobody ever sees a half-written audience."""

from __future__ import annotations

import filecmp
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from personas.errors import ConfigError
from personas.export.base import Receipt

RECEIPT_FILE = "receipt.json"
"""File of each audience's folder that says what was left out, and why."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def workspace_in(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder inside ``folder``; after a failure nothing of either is left."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        _make_folder(folder)
        # The process is in the name, so that what a killed one left can be told from what is being written.
        with TemporaryDirectory(prefix=f".partial-{os.getpid()}-", dir=folder) as temporary:
            yield Path(temporary)
    except BaseException:
        for path in made:
            with suppress(OSError):
                path.rmdir()
        raise


def _make_folder(folder: Path) -> None:
    """Make a folder and its parents where they do not exist."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ConfigError(
            f"{folder} cannot be a folder, since a file stands in its way; choose another folder."
        ) from error


def file_receipt(receipt: Receipt, folder: Path) -> Receipt:
    """Write the receipt and rename the folder of the workspace to the first name that is free or its own."""
    target = folder.parent.parent
    numbers = count(2)
    name = receipt.code
    while True:
        named = replace(receipt, folder=name)
        text = json.dumps(named.to_dict(), ensure_ascii=False, indent=2, sort_keys=True)
        (folder / RECEIPT_FILE).write_text(text + "\n", encoding="utf-8")
        if not (target / name).exists() or _is_same(folder, target / name):
            folder.rename(folder.with_name(name))
            return named
        name = f"{receipt.code}-{next(numbers)}"


def publish(workspace: Path, target: Path, names: list[str]) -> None:
    """Move every finished audience to its place, or none; what stands there already is the same."""
    moved: list[Path] = []
    try:
        for name in names:
            # Where another run took the name meanwhile, the operating system refuses the move.
            if not ((target / name).exists() and _is_same(workspace / name, target / name)):
                (workspace / name).rename(target / name)
                moved.append(target / name)
    except OSError:
        for path in moved:
            shutil.rmtree(path)
        raise


def _is_same(one: Path, other: Path) -> bool:
    """Return whether two folders hold the same files with the same bytes."""
    names = sorted(path.name for path in one.iterdir())
    if not other.is_dir() or names != sorted(path.name for path in other.iterdir()):
        return False
    _, mismatch, errors = filecmp.cmpfiles(one, other, names, shallow=False)
    return not mismatch and not errors
