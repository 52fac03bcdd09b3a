"""What a run did, on disk after every step: so a killed run can be told of, and the next one goes on.

``runs/NAME/unfinished.json`` is the record of the run at work. When it ends, however it ends, the record
becomes an artifact of the kind ``runs``. Where a run finds an unfinished record under the lock, its run was
killed, since the lock goes with its process.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from personas.errors import DataError, GateError, NotFoundError, PersonasError
from personas.store import ArtifactStore
from pipelines.work_folder import replaced

RUNS = "runs"
RECORD = "run.json"
_UNFINISHED = "unfinished.json"
_FORMAT = 1
_NEEDED = {"name", "as_of", "status", "started_at", "ended_at", "versions", "steps"}
"""Fields of an unfinished record without which nothing can be told of its run."""

ENDED = ("done", "gate_said_no")
"""States of a run that did all its steps."""

Record = dict[str, Any]
"""JSON-ready; ``docs/operate.md`` lists the fields."""


@dataclass
class StepNote:
    """What a step says of itself while it runs.

    Parameters
    ----------
    outputs : dict of str to str
        What it left: path in the store -> SHA-256 (of the content, for an artifact).
    result : dict
        What is printed of it, JSON-ready.
    is_reused : bool
        Whether an earlier run had done it.
    """

    outputs: dict[str, str] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    is_reused: bool = False


class Journal:
    """The record of one run, written to disk after every change.

    Parameters
    ----------
    store : ArtifactStore
        Where records are kept; the caller holds the lock of the use case.
    name : str
        Name of the use case.
    as_of : date
        Of the run.
    continues : str or None
        Version of the record of a killed run that this one goes on with.
    """

    def __init__(self, store: ArtifactStore, name: str, as_of: date, continues: str | None) -> None:
        self.version: str | None = None
        self._store = store
        self._path = store.root / RUNS / name / _UNFINISHED
        self.record: Record = {
            "format": _FORMAT,
            "name": name,
            "as_of": as_of.isoformat(),
            "status": "running",
            "exit_code": None,
            "reason": None,
            "process": os.getpid(),
            "personas_version": toolkit_version(),
            "started_at": _now(),
            "ended_at": None,
            "continues": continues,
            "versions": {},
            "steps": [],
        }
        self._write()

    @property
    def name(self) -> str:
        """Name of the use case."""
        return str(self.record["name"])

    def note(self, **fields: Any) -> None:
        """Set fields of the record; ``versions`` are added to those that are known."""
        versions = {**self.record["versions"], **fields.pop("versions", {})}
        self.record |= {**fields, "versions": versions}
        self._write()

    @contextmanager
    def step(self, title: str) -> Iterator[StepNote]:
        """Note one step while its body runs."""
        row: Record = {"step": title, "status": "running", "started_at": _now(), "ended_at": None}
        self.record["steps"].append(row)
        self._write()
        note = StepNote()
        try:
            yield note
        except GateError:
            row |= {"status": "gate_said_no", "ended_at": _now()}
            raise
        except BaseException:
            row |= {"status": "failed", "ended_at": _now()}
            raise
        row |= {
            "status": "reused" if note.is_reused else "done",
            "ended_at": _now(),
            "outputs": note.outputs,
            "result": note.result,
        }
        self._write()

    @contextmanager
    def until_the_end(self) -> Iterator[None]:
        """File the record when the body ends, with the reason where it ends by an error."""
        try:
            yield
        except BaseException as error:
            self._end(error)
            raise
        self._file()

    def end(self, status: str, exit_code: int, reason: str | None) -> None:
        """Say how the run ended; the record is filed when its body is left."""
        self.note(status=status, exit_code=exit_code, reason=reason, ended_at=_now())

    def drop(self) -> None:
        """Leave no record, as there was nothing to do."""
        self._path.unlink(missing_ok=True)

    def _end(self, error: BaseException) -> None:
        try:
            if self.record["status"] == "running":
                self.end(*_how(error))
            self._file()
        except (OSError, DataError):
            # A full disk, say: the error that ended the run matters more. The next run files what is there.
            return

    def _file(self) -> None:
        if self._path.exists():  # else it was dropped
            self.version = _file(self._store, self.record)
            self._path.unlink()

    def _write(self) -> None:
        with replaced(self._path) as partial:
            partial.write_bytes(_bytes(self.record))


def take_over(store: ArtifactStore, name: str) -> tuple[str, Record] | None:
    """File what an earlier run left unfinished.

    Parameters
    ----------
    store : ArtifactStore
        Where records are kept; the caller holds the lock of the use case.
    name : str
        Name of the use case.

    Returns
    -------
    tuple of str and dict, or None
        Version and content of the record of a run that was killed; None if none was.
    """
    path = store.root / RUNS / name / _UNFINISHED
    try:
        record: Record = json.loads(path.read_bytes())
        is_whole_record = record.keys() >= _NEEDED and all(
            {"step", "status"} <= row.keys() for row in record["steps"]
        )
    except FileNotFoundError:
        return None
    except (ValueError, AttributeError, TypeError):
        is_whole_record = False
    if not is_whole_record:  # a power cut; artifacts are synced to disk, this file isn't
        path.unlink()
        return None
    is_killed = record["status"] == "running"
    if is_killed:
        at = record["steps"][-1]["step"] if record["steps"] else "start"
        record |= {"status": "killed", "reason": f"The process ended in the step {at!r}."}
    version = _file(store, record)
    path.unlink()
    return (version, record) if is_killed else None


def earlier_records(store: ArtifactStore, name: str) -> Iterator[tuple[str, Record]]:
    """Yield version and content of every record of a use case, newest first."""
    for version in reversed(store.versions(RUNS, name)):
        with suppress(DataError):  # what was done is done again where its record is damaged
            path = store.get(RUNS, name, version).path / RECORD
            yield version, json.loads(path.read_text(encoding="utf-8"))


def is_whole(store: ArtifactStore, outputs: Mapping[str, str]) -> bool:
    """Return whether everything that a step left is there, byte for byte.

    Parameters
    ----------
    store : ArtifactStore
        Where it was left.
    outputs : mapping of str to str
        Of :class:`StepNote`.
    """
    return all(_hash(store, path) == wanted for path, wanted in outputs.items())


def outputs_of(store: ArtifactStore, *paths: Path) -> dict[str, str]:
    """Return what a step left, for its note: files, or the folders of versions."""
    relative = [path.relative_to(store.root).as_posix() for path in paths]
    return {path: found for path in sorted(relative) if (found := _hash(store, path))}


def toolkit_version() -> str:
    """Return the version of this package."""
    return metadata.version("personas")


def _hash(store: ArtifactStore, path: str) -> str | None:
    place = store.root / path
    if place.is_dir():
        try:
            return store.get(*path.split("/")).content_sha256
        except (DataError, NotFoundError):
            return None
    if not place.is_file():
        return None
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _how(error: BaseException) -> tuple[str, int, str]:
    """Return status, exit code and reason of a run that an error ended."""
    if isinstance(error, GateError):
        return "gate_said_no", error.exit_code, str(error)
    if isinstance(error, PersonasError):
        return "failed", error.exit_code, str(error)
    if isinstance(error, KeyboardInterrupt):
        return "stopped", 130, "Stopped by Ctrl-C."
    if isinstance(error, OSError):
        return "failed", 2, error.strerror or type(error).__name__
    # Messages of libraries may quote the data.
    return "failed", 3, type(error).__name__


def _file(store: ArtifactStore, record: Record) -> str:
    kept: Record = {key: record[key] for key in ("as_of", "status", "exit_code", "job") if key in record}
    files = {RECORD: _bytes(record)}
    return store.put(RUNS, record["name"], files, created_at=datetime.now(UTC), metadata=kept).version


def _bytes(record: Record) -> bytes:
    return (json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
