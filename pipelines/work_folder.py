"""Scratch folders inside the store: one per run, gone when the run ends, however it ends.

A run holds a lock on its folder that the operating system drops when the process ends. A folder whose
lock is free was left by a killed run, and the next run removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from personas.errors import ConfigError

_LOCK = ".lock"
_PREFIX = "run-"


@contextmanager
def run_folder(store: Path) -> Iterator[Path]:
    """Make a scratch folder for one run and remove what killed runs left.

    Parameters
    ----------
    store : Path
        Folder of models and outputs; made when absent.

    Yields
    ------
    Path
        An empty folder on the disk of the store; deleted when the block ends.

    Raises
    ------
    ConfigError
        If a file stands where the store should be, or nothing may be written there.
    """
    work = store / ".work"
    try:
        work.mkdir(parents=True, exist_ok=True)
        folder, lock = _claim(work)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(
            f"{store} can't be a folder, since a file stands in its way; choose another store in the config."
        ) from None
    except PermissionError:
        raise ConfigError(
            f"{store}: nothing may be written here; get the right to write, or choose another store in the "
            "config."
        ) from None
    with lock:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """Yield a path to write; it takes the place of ``target`` when the block ends without an error.

    Parameters
    ----------
    target : Path
        File to write or replace; its folder is made when absent.

    Yields
    ------
    Path
        In the folder of ``target``, so that the last step is one rename; never left behind by an error.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    # Two runs may write the same file at once: each has its own half-written one.
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _claim(work: Path) -> tuple[Path, IO[bytes]]:
    """Return a new folder and its held lock; between making and locking it nobody else looks."""
    with (work / _LOCK).open("ab") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        _remove_left_behind(work)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=work))
        lock = (folder / _LOCK).open("ab")
        fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def _remove_left_behind(work: Path) -> None:
    for folder in work.glob(f"{_PREFIX}*"):
        try:
            with (folder / _LOCK).open("r+b") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # its run is alive
        except FileNotFoundError:
            pass  # killed before it had a lock, or ending this moment
        shutil.rmtree(folder, ignore_errors=True)
