"""Scratch folders and locks inside the store: gone when the process ends, however it ends.

A job holds a lock on its scratch folder that the operating system drops when the process ends. A folder
whose lock is free was left by a killed one, and the next job removes it. Jobs that must not meet (runs,
pruning, erasing) hold one lock per use case in the same way; training, scoring and exporting hold a share of it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from personas.errors import BusyError, ConfigError

_LOCK = ".lock"
_PREFIX = "run-"
_AT_WORK = ".at-work"
_PARTIAL = re.compile(r"\..+\.(\d+)\.partial|\.partial-(\d+)-.+")


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
    with _explained(store):
        work.mkdir(parents=True, exist_ok=True)
        folder, lock = _claim(work)
    with lock:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def only_one(store: Path, name: str, job: str) -> Iterator[None]:
    """Hold the lock of a use case whole: no other job that takes it, or a share of it, works there meanwhile.

    Parameters
    ----------
    store : Path
        Folder of models and outputs; made when absent.
    name : str
        Name of the use case.
    job : str
        What is done, for the message to the second one.

    Raises
    ------
    BusyError
        If another process holds the lock; the message says which, since when and what it does.
    ConfigError
        As of :func:`run_folder`.
    """
    with _held(store, name, job, fcntl.LOCK_EX):
        yield


@contextmanager
def beside_others(store: Path, name: str, job: str) -> Iterator[None]:
    """Hold a share of the lock of a use case: others may have one, too, but nobody has the whole lock meanwhile.

    For jobs that don't disturb each other, but must not meet one that removes rows or versions, or does the whole job.

    Parameters
    ----------
    store, name, job
        As in :func:`only_one`.

    Raises
    ------
    BusyError, ConfigError
        As of :func:`only_one`.
    """
    with _held(store, name, job, fcntl.LOCK_SH):
        yield


@contextmanager
def _held(store: Path, name: str, job: str, how: int) -> Iterator[None]:
    folder = store / "runs" / name
    with _explained(store):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _AT_WORK).open("a+", encoding="utf-8")
    with lock:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(_who(lock, name)) from None
        since = datetime.now(UTC).isoformat(timespec="seconds")
        lock.truncate(0)
        lock.write(json.dumps({"process": os.getpid(), "since": since, "job": job}))
        lock.flush()
        yield


def remove_dead(folder: Path) -> None:
    """Remove the half-written files and folders that killed processes left anywhere inside a folder.

    Parameters
    ----------
    folder : Path
        May be absent. What a living process writes stays.
    """
    for path in sorted(folder.rglob(".*partial*")):
        found = _PARTIAL.fullmatch(path.name)
        if found is None or _is_alive(int(found[1] or found[2])):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


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


@contextmanager
def _explained(store: Path) -> Iterator[None]:
    try:
        yield
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(
            f"{store} can't be a folder, since a file stands in its way; choose another store in the config."
        ) from None
    except PermissionError:
        raise ConfigError(
            f"{store}: nothing may be written here; get the right to write, or choose another store in the "
            "config."
        ) from None


def _who(lock: IO[str], name: str) -> str:
    lock.seek(0)
    try:
        found = json.loads(lock.read())
        is_there = _is_alive(found["process"])  # of several with a share, the one that came last may be gone
    except ValueError:  # in the moment between taking the lock and saying so
        is_there = False
    who = (
        f"process {found['process']} ({found['job']}) since {found['since']}"
        if is_there
        else "another process"
    )
    return (
        f"{name}: {who} is at work on this use case, and one at a time may be. Nothing was begun; wait until it "
        "has ended, then run again."
    )


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # of another user
    return True
