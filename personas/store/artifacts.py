"""Versioned, hashed artifacts in a folder: ``kind/name/version/record.json`` beside the payload files.

A version appears by one rename and is never written again, so a reader sees a whole version or none; it
goes by one rename, too. Versions sort in the order of writing, whatever the clock does meanwhile.
Writers of one name take turns by a lock that the operating system drops when a process ends, however it
ends; whatever temporary folder a writer finds under that lock was left by a killed one.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personas.errors import DataError, NotFoundError
from personas.store.disk import (
    TEMPORARY,
    discard,
    locked,
    read_json,
    remove_leftovers,
    replace_json,
    write_payload,
)
from personas.store.naming import SAFE, VERSION, check_put, checked_name, time_of_version
from personas.store.record import (
    RECORD,
    ArtifactRecord,
    Promotion,
    check_payload,
    hash_content,
    publish,
    read_record,
)

_CHAMPION, _NAMES, _REMOVED = "champion.json", "names.json", "removed.json"


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
        check_put(files, created_at)
        with locked(folder):
            remove_leftovers(folder)
            building = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=folder))
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
        return check_payload(read_record(self._folder(kind, name) / (version or known[-1])))

    def metadata(self, kind: str, name: str) -> dict[str, dict[str, Any]]:
        """Return version -> metadata, oldest first, without reading any payload.

        Raises
        ------
        DataError
            If a name is unsafe or a record was changed.
        """
        folder = self._folder(kind, name)
        return {v: read_record(folder / v).metadata for v in self.versions(kind, name)}

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
        found = (entry.name for entry in folder.iterdir() if (entry / RECORD).is_file())
        return sorted(name for name in found if VERSION.fullmatch(name))

    def kinds(self) -> list[str]:
        """Return the kinds that have a version, sorted."""
        entries = sorted(entry.name for entry in self.root.iterdir()) if self.root.is_dir() else []
        return [kind for kind in entries if SAFE.fullmatch(kind) and self.names(kind)]

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
        folder = self.root / checked_name("kind", kind)
        entries = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
        return [name for name in entries if SAFE.fullmatch(name) and self.versions(kind, name)]

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
        with locked(self._folder(kind, name)):
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
        with locked(self._folder(kind, name)):
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
        pointer = read_json(self._folder(kind, name) / _CHAMPION)
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
        found = read_json(self._folder(kind, name) / _CHAMPION).get("history", [])
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
        with locked(folder):
            known = read_json(folder / _NAMES)
            replace_json(folder / _NAMES, {**known, persona_id: {"zh": zh, "en": en}})

    def persona_names(self, kind: str, name: str) -> dict[str, dict[str, str]]:
        """Return persona_id -> ``{"zh": ..., "en": ...}`` of the names that people gave.

        Raises
        ------
        DataError
            If a name is unsafe or the file of names is damaged.
        """
        return read_json(self._folder(kind, name) / _NAMES)

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
        check_put(files, old.created_at)
        folder = self._folder(kind, name)
        with locked(folder):
            remove_leftovers(folder)
            building = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=folder))
            try:
                hashes = {file: write_payload(building / file, files[file]) for file in sorted(files)}
                content = hash_content(hashes)
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
                    publish(building, record)
            finally:
                shutil.rmtree(building, ignore_errors=True)
            self._repoint(folder, version, new)
            discard(old.path)
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
        with locked(folder):
            if self.champion(kind, name) == version:
                raise DataError(
                    f"{version} is the champion of {kind} {name!r}, which is never removed; promote another first."
                )
            noted = read_json(folder / version / RECORD).get("metadata", {})
            replace_json(folder / _REMOVED, {**read_json(folder / _REMOVED), version: noted})
            discard(folder / version)

    def removed(self, kind: str, name: str) -> dict[str, dict[str, Any]]:
        """Return version -> metadata of every version that was removed, oldest first.

        Raises
        ------
        DataError
            If a name is unsafe or the file is damaged.
        """
        return dict(sorted(read_json(self._folder(kind, name) / _REMOVED).items()))

    def _point(self, kind: str, name: str, promotion: Promotion) -> None:
        path = self._folder(kind, name) / _CHAMPION
        pointer = read_json(path)
        history = pointer.get("history", [])
        details = dict(pointer.get("details", {}))
        if detail := promotion.to_dict():
            details[str(len(history))] = detail
        replace_json(
            path, {"version": promotion.version, "history": [*history, promotion.version], "details": details}
        )

    def _repoint(self, folder: Path, old: str, new: str) -> None:
        text = json.dumps(read_json(folder / _CHAMPION), ensure_ascii=False)
        if old in text:
            replace_json(folder / _CHAMPION, json.loads(text.replace(old, new)))

    def _folder(self, kind: str, name: str) -> Path:
        return self.root / checked_name("kind", kind) / checked_name("name", name)

    def _build(
        self,
        building: Path,
        filed: tuple[str, str],
        files: Mapping[str, bytes | Path],
        created_at: datetime,
        metadata: Mapping[str, Any],
    ) -> ArtifactRecord:
        hashes = {file: write_payload(building / file, files[file]) for file in sorted(files)}
        content = hash_content(hashes)
        folder = building.parent
        for version in reversed(self.versions(*filed)):
            if version.endswith(content[:8]) and read_record(folder / version).content_sha256 == content:
                return self.get(*filed, version)
        version = f"{time_of_version(created_at, self.versions(*filed))}-{content[:8]}"
        record = ArtifactRecord(
            *filed, version, created_at, hashes, content, dict(metadata), path=folder / version
        )
        if record.path.exists():
            raise DataError(
                f"Version {version} of {filed[0]} {filed[1]!r} exists with another payload; a version is never "
                "overwritten. Write again with a later created_at."
            )
        publish(building, record)
        return record
