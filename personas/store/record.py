"""What is known of a version, read from disk and held against its files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personas.errors import DataError
from personas.store.disk import RECORD, read_chunks, read_json, sync, write_json

RESTORE = "Restore the version from a copy, or remove its folder and write it again."


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """What is known of one version of an artifact.

    Parameters
    ----------
    kind, name, version : str
        Where it is filed. The version is the UTC time of writing and 8 hex digits of ``content_sha256``;
        where the clock says no more than at the version before, the second after that one.
    created_at : datetime, UTC
        Time of writing, as its writer gave it.
    files : dict of str to str
        Payload file -> SHA-256 of its bytes.
    content_sha256 : str
        Hash over the names and hashes of all payload files.
    metadata : dict
        Whatever the writer noted; JSON-ready.
    path : Path
        Folder that holds the payload files.
    further : dict
        Fields of the record that this version of the code doesn't know.
    """

    kind: str
    name: str
    version: str
    created_at: datetime
    files: dict[str, str]
    content_sha256: str
    metadata: dict[str, Any]
    path: Path
    further: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-ready record, unknown fields included; it doesn't hold the path."""
        return {
            **self.further,
            "kind": self.kind,
            "name": self.name,
            "version": self.version,
            "created_at": self.created_at.isoformat(),
            "files": self.files,
            "content_sha256": self.content_sha256,
            "metadata": self.metadata,
        }


@dataclass(frozen=True, slots=True)
class Promotion:
    """How a version became champion.

    Parameters
    ----------
    version : str
        The version.
    at : datetime or None
        When, as the caller gave it.
    reason : str
        Why.
    is_forced : bool
        Whether somebody overruled a gate.
    is_rollback : bool
        Whether it came back because a later one was withdrawn.
    """

    version: str
    at: datetime | None = None
    reason: str = ""
    is_forced: bool = False
    is_rollback: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return what is kept beside the version, JSON-ready; nothing where nothing is known."""
        kept = {"reason": self.reason, "is_forced": self.is_forced, "is_rollback": self.is_rollback}
        at = {"at": self.at.astimezone(UTC).isoformat()} if self.at else {}
        return {**at, **{key: value for key, value in kept.items() if value}}

    @classmethod
    def from_dict(cls, version: str, data: Mapping[str, Any]) -> Promotion:
        """Make a promotion from what :meth:`to_dict` returned."""
        at = datetime.fromisoformat(data["at"]) if "at" in data else None
        known = {key: data[key] for key in ("reason", "is_forced", "is_rollback") if key in data}
        return cls(version, at, **known)


def read_record(path: Path) -> ArtifactRecord:
    """Return the record of a version; its payload is not read.

    Raises
    ------
    DataError
        If the record was changed since it was written.
    """
    data = read_json(path / RECORD)
    try:
        known = {
            key: data.pop(key) for key in ("kind", "name", "version", "files", "content_sha256", "metadata")
        }
        created_at = datetime.fromisoformat(data.pop("created_at"))
        record = ArtifactRecord(**known, created_at=created_at, path=path, further=data)
        is_intact = hash_content(record.files) == record.content_sha256
    except (KeyError, TypeError, ValueError, AttributeError):
        is_intact = False
    if not (is_intact and record.version == path.name and path.name.endswith(record.content_sha256[:8])):
        raise DataError(
            f"The record of {'/'.join(path.parts[-3:])} was changed since it was written. {RESTORE}"
        )
    return record


def check_payload(record: ArtifactRecord) -> ArtifactRecord:
    """Return a record after holding every payload file against it.

    Raises
    ------
    DataError
        If a file was changed, cut short or removed since it was written.
    """
    for name, expected in record.files.items():
        path = record.path / name
        digest = hashlib.sha256()
        is_there = path.is_file()
        for chunk in read_chunks(path) if is_there else ():
            digest.update(chunk)
        if not is_there or digest.hexdigest() != expected:
            raise DataError(
                f"The file {name!r} of {record.kind}/{record.name}/{record.version} "
                f"{'was changed' if is_there else 'is gone'} since it was written; expected the bytes that the record's "
                f"hash was made of. {RESTORE}"
            )
    return record


def publish(building: Path, record: ArtifactRecord) -> None:
    """Complete a version and give it its name, which is when readers see it."""
    write_json(building / RECORD, record.to_dict())
    sync(building)
    # mkdtemp makes folders that only their owner can enter; a version is as open as the store.
    building.chmod(building.parent.stat().st_mode & 0o777)
    building.rename(record.path)
    sync(building.parent)


def hash_content(hashes: Mapping[str, str]) -> str:
    """Return the hash over the names and hashes of payload files."""
    lines = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    return hashlib.sha256(lines.encode()).hexdigest()
