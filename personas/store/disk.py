"""Files that appear and go by one rename, folders that one writer at a time has, and all of it synced to disk."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from personas.errors import DataError

TEMPORARY = ".writing-"
"""Start of the names of what is not complete yet, or not any more."""

RECORD = "record.json"
"""File of the record of a version, beside its payload."""

_LOCK = ".lock"
_CHUNK_BYTES = 1 << 20


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, waiting for another writer; the folder is made when absent."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # dropped when the file is closed, or by the end of the process
        yield


def remove_leftovers(folder: Path) -> None:
    """Remove what killed writers left; the caller holds the lock."""
    for leftover in folder.glob(f"{TEMPORARY}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()


def discard(version: Path) -> None:
    """Take a version's name away, which is when readers cease to see it, then delete its files."""
    unseen = version.with_name(f"{TEMPORARY}{version.name}")
    version.rename(unseen)
    sync(version.parent)
    shutil.rmtree(unseen)


def write_payload(target: Path, content: bytes | Path) -> str:
    """Write a payload file to disk and return the SHA-256 of what was written."""
    digest = hashlib.sha256()
    with target.open("xb") as out:
        for chunk in read_chunks(content) if isinstance(content, Path) else (content,):
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def read_chunks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, some at a time."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; empty when there is no file."""
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise DataError(f"{shown(path)} is damaged; expected a JSON object. Restore it from a copy.")
    return data


def shown(path: Path) -> str:
    """Return as much of a path in a store as tells which file is meant: ``kind/name[/version]/file``."""
    return "/".join(path.parts[-4:] if path.name == RECORD else path.parts[-3:])


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write a new JSON file, readable and with the same bytes for the same data."""
    try:
        text = json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"The metadata can't be written as JSON ({error}); pass plain, finite values."
        ) from None
    write_payload(path, (text + "\n").encode())


def replace_json(path: Path, data: Mapping[str, Any]) -> None:
    """Put a JSON file into its place, whole or not at all; the caller holds the lock."""
    temporary = path.with_name(f"{TEMPORARY}{path.name}")
    temporary.unlink(missing_ok=True)  # of a killed writer; the caller holds the lock
    try:
        write_json(temporary, data)
        temporary.replace(path)
    except OSError:  # such as a full disk
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
