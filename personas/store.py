"""Versioned, hashed artifacts in a folder: ``kind/name/version/record.json`` beside the payload files.

A version appears by one rename and is never written again, so a reader sees a whole version or none; it
goes by one rename, too. Versions sort in the order of writing, whatever the clock does meanwhile.
Writers of one name take turns by a lock that the operating system drops when a process ends, however it
ends; whatever temporary folder a writer finds under that lock was left by a killed one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from personas.errors import DataError, NotFoundError

__all__ = ["ArtifactRecord", "ArtifactStore", "Promotion"]

_RECORD, _CHAMPION, _NAMES, _LOCK = "record.json", "champion.json", "names.json", ".lock"
_REMOVED = "removed.json"
_TEMPORARY = ".writing-"
_SAFE = re.compile(r"[\w-][\w.-]{0,99}")  # \w includes Chinese; no leading dot, no separator
_VERSION = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
_TIME = "%Y%m%dT%H%M%SZ"
_CHUNK_BYTES = 1 << 20


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


class ArtifactStore:
    """Artifacts under one folder of a POSIX file system.

    Parameters
    ----------
    root : Path
        The folder; made on the first write.

    Examples
    --------
    >>> import tempfile
    >>> store = ArtifactStore(Path(tempfile.mkdtemp()))
    >>> record = store.put("model", "home", {"model.json": b"{}"},
    ...                    created_at=datetime(2026, 5, 1, tzinfo=UTC), metadata={})
    >>> record.version
    '20260501T000000Z-fc80efe3'
    >>> store.promote("model", "home", record.version)
    >>> store.champion("model", "home") == record.version
    True
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(
        self,
        kind: str,
        name: str,
        files: Mapping[str, bytes | Path],
        *,
        created_at: datetime,
        metadata: Mapping[str, Any],
    ) -> ArtifactRecord:
        """Write a new version, or return the one that holds the same payload already.

        Parameters
        ----------
        kind, name : str
            Where to file it: letters (of any script), digits, ``_``, ``-`` and ``.``, no leading dot.
        files : mapping of str to bytes or Path
            Payload file name -> content, or a file to copy.
        created_at : datetime with a time zone
            Time of writing; the store never looks at the clock. The record keeps it as it is; the version
            gets a later time where an earlier version has this one or a later one.
        metadata : mapping
            JSON-ready notes; not part of the content hash.

        Returns
        -------
        ArtifactRecord
            Of the new version or of the existing one with the same payload.

        Raises
        ------
        DataError
            If a name is unsafe, there is no file, ``created_at`` has no time zone, ``metadata`` is not
            JSON-ready, or another payload bears the same version.
        NotFoundError
            If a file to copy doesn't exist.
        """
        folder = self._folder(kind, name)
        _check_put(files, created_at)
        with _locked(folder):
            _remove_leftovers(folder)
            building = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=folder))
            try:
                return self._build(building, (kind, name), files, created_at.astimezone(UTC), metadata)
            finally:
                shutil.rmtree(building, ignore_errors=True)  # gone already when it became the version

    def get(self, kind: str, name: str, version: str | None = None) -> ArtifactRecord:
        """Return the record of a version after checking every payload file against it.

        Parameters
        ----------
        kind, name : str
            Where it is filed.
        version : str, optional
            By default the newest; see :meth:`champion` for the promoted one.

        Returns
        -------
        ArtifactRecord

        Raises
        ------
        NotFoundError
            If there is no such version.
        DataError
            If a file was changed, cut short or removed since it was written.
        """
        known = self.versions(kind, name)
        if not known or (version is not None and version not in known):
            what = f"no version {version}" if version else "no version"
            raise NotFoundError(
                f"The store has {what} of {kind} {name!r}; found {', '.join(known) or 'none'}. Write one first, "
                "or name one of these."
            )
        return _check_payload(self._record(self._folder(kind, name) / (version or known[-1])))

    def metadata(self, kind: str, name: str) -> dict[str, dict[str, Any]]:
        """Return version -> metadata, oldest first, without reading any payload.

        Raises
        ------
        DataError
            If a name is unsafe or a record was changed.
        """
        folder = self._folder(kind, name)
        return {v: self._record(folder / v).metadata for v in self.versions(kind, name)}

    def versions(self, kind: str, name: str) -> list[str]:
        """Return the versions in the order they were written, oldest first.

        Parameters
        ----------
        kind, name : str
            Where they are filed.

        Returns
        -------
        list of str
            Empty when there is none.

        Raises
        ------
        DataError
            If a name is unsafe.
        """
        folder = self._folder(kind, name)
        if not folder.is_dir():
            return []
        found = (entry.name for entry in folder.iterdir() if (entry / _RECORD).is_file())
        return sorted(name for name in found if _VERSION.fullmatch(name))

    def kinds(self) -> list[str]:
        """Return the kinds that have a version, sorted."""
        entries = sorted(entry.name for entry in self.root.iterdir()) if self.root.is_dir() else []
        return [kind for kind in entries if _SAFE.fullmatch(kind) and self.names(kind)]

    def names(self, kind: str) -> list[str]:
        """Return the names that have a version, sorted.

        Parameters
        ----------
        kind : str
            For example ``"model"``.

        Returns
        -------
        list of str

        Raises
        ------
        DataError
            If ``kind`` is unsafe.
        """
        folder = self.root / _checked("kind", kind)
        entries = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
        return [name for name in entries if _SAFE.fullmatch(name) and self.versions(kind, name)]

    def promote(
        self,
        kind: str,
        name: str,
        version: str,
        *,
        at: datetime | None = None,
        reason: str = "",
        is_forced: bool = False,
    ) -> None:
        """Make a version the champion; promoting the champion again changes nothing.

        Parameters
        ----------
        kind, name, version : str
            An intact version.
        at : datetime with a time zone, optional
            Time of the promotion, kept in its history.
        reason : str
            Why, kept in its history.
        is_forced : bool
            Whether somebody overruled a gate.

        Raises
        ------
        NotFoundError, DataError
            As of :meth:`get`.
        """
        self.get(kind, name, version)
        with _locked(self._folder(kind, name)):
            if self.champion(kind, name) != version:
                self._point(kind, name, Promotion(version, at, reason, is_forced))

    def rollback(self, kind: str, name: str, *, at: datetime | None = None, reason: str = "") -> str:
        """Make the version before the champion the champion again, and return it.

        Parameters
        ----------
        kind, name : str
            Where it is filed.
        at, reason
            As in :meth:`promote`.

        Returns
        -------
        str
            The version that was champion when the present one was promoted. Rolled back again, the one before
            that: a version that was rolled back never returns by itself.

        Raises
        ------
        NotFoundError
            If there is no version before the champion, or its folder was removed.
        DataError
            If it was changed since it was written.
        """
        with _locked(self._folder(kind, name)):
            reigns: list[str] = []
            for promotion in self.promotions(kind, name):
                if promotion.is_rollback:
                    reigns.pop()
                else:
                    reigns.append(promotion.version)
            if len(reigns) < 2:
                raise NotFoundError(
                    f"No version of {kind} {name!r} was promoted before {reigns[-1] if reigns else 'any'}; expected "
                    "one to go back to. The store stays as it is."
                )
            self.get(kind, name, reigns[-2])
            self._point(kind, name, Promotion(reigns[-2], at, reason, is_rollback=True))
        return reigns[-2]

    def promotions(self, kind: str, name: str) -> list[Promotion]:
        """Return how each champion came to be one, oldest first.

        Raises
        ------
        DataError
            If a name is unsafe or the pointer is damaged.
        """
        pointer = _read_json(self._folder(kind, name) / _CHAMPION)
        details = pointer.get("details", {})
        return [
            Promotion.from_dict(str(version), details.get(str(place), {}))
            for place, version in enumerate(pointer.get("history", []))
        ]

    def champion(self, kind: str, name: str) -> str | None:
        """Return the promoted version, or None.

        Raises
        ------
        DataError
            If a name is unsafe or the pointer is damaged.
        """
        history = self.champions(kind, name)
        return history[-1] if history else None

    def champions(self, kind: str, name: str) -> list[str]:
        """Return every version that was promoted, in that order; the last is the champion.

        Raises
        ------
        DataError
            If a name is unsafe or the pointer is damaged.
        """
        found = _read_json(self._folder(kind, name) / _CHAMPION).get("history", [])
        return [str(version) for version in found]

    def set_persona_name(self, kind: str, name: str, persona_id: str, *, zh: str, en: str) -> None:
        """Remember the name that people gave a persona, for this and later versions.

        Parameters
        ----------
        kind, name : str
            Where the model is filed.
        persona_id : str
            For example ``"P03"``.
        zh, en : str
            Name in Chinese and in English.

        Raises
        ------
        DataError
            If a name is unsafe or the file of names is damaged.
        """
        folder = self._folder(kind, name)
        with _locked(folder):
            known = _read_json(folder / _NAMES)
            _replace_json(folder / _NAMES, {**known, persona_id: {"zh": zh, "en": en}})

    def persona_names(self, kind: str, name: str) -> dict[str, dict[str, str]]:
        """Return persona_id -> ``{"zh": ..., "en": ...}`` of the names that people gave.

        Raises
        ------
        DataError
            If a name is unsafe or the file of names is damaged.
        """
        return _read_json(self._folder(kind, name) / _NAMES)

    def rewrite(
        self,
        kind: str,
        name: str,
        version: str,
        files: Mapping[str, bytes | Path],
        *,
        metadata: Mapping[str, Any],
    ) -> ArtifactRecord:
        """Replace a version by one with another payload, at the same place in the order of versions.

        For what must not be kept, such as the rows of a user who asked to be forgotten. The new version
        has the time of the old one and the hash of its own payload, its record names the old ones under
        ``rewrites``, and it takes over the pointers. Killed at any point, the store holds the old version,
        the new one or both, and the same call again finishes the work.

        Parameters
        ----------
        kind, name, version : str
            The version that goes.
        files : mapping of str to bytes or Path
            The new payload, whole.
        metadata : mapping
            The new notes.

        Returns
        -------
        ArtifactRecord
            Of the new version; of the old one, untouched, where the payload is the same.

        Raises
        ------
        NotFoundError, DataError
            As of :meth:`get` and :meth:`put`.
        """
        old = self.get(kind, name, version)
        _check_put(files, old.created_at)
        folder = self._folder(kind, name)
        with _locked(folder):
            _remove_leftovers(folder)
            building = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=folder))
            try:
                hashes = {file: _write_payload(building / file, files[file]) for file in sorted(files)}
                content = _content_hash(hashes)
                if content == old.content_sha256:
                    return old
                new = f"{version.partition('-')[0]}-{content[:8]}"
                further = {**old.further, "rewrites": [*old.further.get("rewrites", []), version]}
                record = ArtifactRecord(
                    kind,
                    name,
                    new,
                    old.created_at,
                    hashes,
                    content,
                    dict(metadata),
                    path=folder / new,
                    further=further,
                )
                if not record.path.exists():  # else a killed call got that far
                    _publish(building, record)
            finally:
                shutil.rmtree(building, ignore_errors=True)
            self._repoint(folder, version, new)
            _discard(old.path)
        return self.get(kind, name, new)

    def remove(self, kind: str, name: str, version: str) -> None:
        """Remove a version for good; what its record noted is remembered, see :meth:`removed`.

        Parameters
        ----------
        kind, name, version : str
            Any version but the champion.

        Raises
        ------
        NotFoundError
            If there is no such version.
        DataError
            If it is the champion.
        """
        if version not in self.versions(kind, name):
            raise NotFoundError(
                f"The store has no version {version} of {kind} {name!r}; name one that it has."
            )
        folder = self._folder(kind, name)
        with _locked(folder):
            if self.champion(kind, name) == version:
                raise DataError(
                    f"{version} is the champion of {kind} {name!r}, which is never removed; promote another first."
                )
            noted = _read_json(folder / version / _RECORD).get("metadata", {})
            _replace_json(folder / _REMOVED, {**_read_json(folder / _REMOVED), version: noted})
            _discard(folder / version)

    def removed(self, kind: str, name: str) -> dict[str, dict[str, Any]]:
        """Return version -> metadata of every version that was removed, oldest first.

        Raises
        ------
        DataError
            If a name is unsafe or the file is damaged.
        """
        return dict(sorted(_read_json(self._folder(kind, name) / _REMOVED).items()))

    def _point(self, kind: str, name: str, promotion: Promotion) -> None:
        path = self._folder(kind, name) / _CHAMPION
        pointer = _read_json(path)
        history = pointer.get("history", [])
        details = dict(pointer.get("details", {}))
        if detail := promotion.to_dict():
            details[str(len(history))] = detail
        _replace_json(
            path, {"version": promotion.version, "history": [*history, promotion.version], "details": details}
        )

    def _repoint(self, folder: Path, old: str, new: str) -> None:
        text = json.dumps(_read_json(folder / _CHAMPION), ensure_ascii=False)
        if old in text:
            _replace_json(folder / _CHAMPION, json.loads(text.replace(old, new)))

    def _folder(self, kind: str, name: str) -> Path:
        return self.root / _checked("kind", kind) / _checked("name", name)

    def _build(
        self,
        building: Path,
        filed: tuple[str, str],
        files: Mapping[str, bytes | Path],
        created_at: datetime,
        metadata: Mapping[str, Any],
    ) -> ArtifactRecord:
        hashes = {file: _write_payload(building / file, files[file]) for file in sorted(files)}
        content = _content_hash(hashes)
        folder = building.parent
        for version in reversed(self.versions(*filed)):
            if version.endswith(content[:8]) and self._record(folder / version).content_sha256 == content:
                return self.get(*filed, version)
        version = f"{_time_of_version(created_at, self.versions(*filed))}-{content[:8]}"
        record = ArtifactRecord(
            *filed, version, created_at, hashes, content, dict(metadata), path=folder / version
        )
        if record.path.exists():
            raise DataError(
                f"Version {version} of {filed[0]} {filed[1]!r} exists with another payload; a version is never "
                "overwritten. Write again with a later created_at."
            )
        _publish(building, record)
        return record

    def _record(self, path: Path) -> ArtifactRecord:
        data = _read_json(path / _RECORD)
        try:
            known = {
                key: data.pop(key)
                for key in ("kind", "name", "version", "files", "content_sha256", "metadata")
            }
            created_at = datetime.fromisoformat(data.pop("created_at"))
            record = ArtifactRecord(**known, created_at=created_at, path=path, further=data)
            is_intact = _content_hash(record.files) == record.content_sha256
        except (KeyError, TypeError, ValueError, AttributeError):
            is_intact = False
        if not (is_intact and record.version == path.name and path.name.endswith(record.content_sha256[:8])):
            raise DataError(f"The record of version {path.name} was changed since it was written. {_RESTORE}")
        return record


_RESTORE = "Restore the version from a copy, or remove its folder and write it again."


def _checked(what: str, name: str) -> str:
    if not _SAFE.fullmatch(name):
        raise DataError(
            f"The {what} {name!r} can't be a folder name; expected 1 to 100 letters (of any script), digits, "
            "'_', '-' or '.', not starting with a dot. Choose another."
        )
    return name


def _check_put(files: Mapping[str, bytes | Path], created_at: datetime) -> None:
    if not files:
        raise DataError("There is no file to store; expected at least one payload file.")
    for name, content in files.items():
        if _checked("file", name) == _RECORD:
            raise DataError(f"A payload file is called {_RECORD}, which is the record's name; rename it.")
        if isinstance(content, Path) and not content.exists():
            raise NotFoundError(f"The file {content} doesn't exist; expected a file to store as {name!r}.")
    if created_at.tzinfo is None:
        raise DataError(
            f"created_at is {created_at.isoformat()}, without a time zone; expected one, for example UTC."
        )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # dropped when the file is closed, or by the end of the process
        yield


def _time_of_version(created_at: datetime, known: list[str]) -> str:
    """Return the time in the name of a new version: later than every known one, even if the clock went back."""
    wanted = f"{created_at:{_TIME}}"
    newest = max((version.partition("-")[0] for version in known), default="")
    if wanted > newest:
        return wanted
    after = datetime.strptime(newest, _TIME).replace(tzinfo=UTC) + timedelta(seconds=1)
    return f"{after:{_TIME}}"


def _publish(building: Path, record: ArtifactRecord) -> None:
    """Complete a version and give it its name, which is when readers see it."""
    _write_json(building / _RECORD, record.to_dict())
    _sync(building)
    # mkdtemp makes folders that only their owner can enter; a version is as open as the store.
    building.chmod(building.parent.stat().st_mode & 0o777)
    building.rename(record.path)
    _sync(building.parent)


def _discard(version: Path) -> None:
    """Take a version's name away, which is when readers cease to see it, then delete its files."""
    unseen = version.with_name(f"{_TEMPORARY}{version.name}")
    version.rename(unseen)
    _sync(version.parent)
    shutil.rmtree(unseen)


def _remove_leftovers(folder: Path) -> None:
    for leftover in folder.glob(f"{_TEMPORARY}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()


def _write_payload(target: Path, content: bytes | Path) -> str:
    """Write a payload file to disk and return the SHA-256 of what was written."""
    digest = hashlib.sha256()
    with target.open("xb") as out:
        for chunk in _chunks(content) if isinstance(content, Path) else (content,):
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _check_payload(record: ArtifactRecord) -> ArtifactRecord:
    for name, expected in record.files.items():
        path = record.path / name
        digest = hashlib.sha256()
        is_there = path.is_file()
        for chunk in _chunks(path) if is_there else ():
            digest.update(chunk)
        if not is_there or digest.hexdigest() != expected:
            raise DataError(
                f"The file {name!r} of version {record.version} was changed since it was written; expected "
                f"the bytes that the record's hash was made of. {_RESTORE}"
            )
    return record


def _content_hash(hashes: Mapping[str, str]) -> str:
    lines = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    return hashlib.sha256(lines.encode()).hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; empty when there is no file."""
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise DataError(f"{path.name} is damaged; expected a JSON object. Restore it from a copy.")
    return data


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    try:
        text = json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"The metadata can't be written as JSON ({error}); pass plain, finite values."
        ) from None
    _write_payload(path, (text + "\n").encode())


def _replace_json(path: Path, data: Mapping[str, Any]) -> None:
    temporary = path.with_name(f"{_TEMPORARY}{path.name}")
    temporary.unlink(missing_ok=True)  # of a killed writer; the caller holds the lock
    try:
        _write_json(temporary, data)
        temporary.replace(path)
    except OSError:  # such as a full disk
        temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
