"""Versioned, hashed artifacts in a folder: ``kind/name/version/record.json`` beside the payload files.

A version appears by one rename and is never written again, so a reader sees a whole version or none; it
goes by one rename, too. Versions sort in the order of writing, whatever the clock does meanwhile.
Writers of one name take turns by a lock that the operating system drops when a process ends, however it
ends; whatever temporary folder a writer finds under that lock was left by a killed one.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personas.errors import DataError, NotFoundError
from personas.store.disk import RECORD, TEMPORARY, discard, locked, read_json, remove_leftovers, write_payload
from personas.store.naming import check_put, time_of_version
from personas.store.pointers import add_name, add_promotion, add_removed, repoint
from personas.store.reader import StoreReader
from personas.store.record import ArtifactRecord, Promotion, hash_content, publish, read_record


class ArtifactStore(StoreReader):
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
        folder = self._folder(kind, name)
        with locked(folder):
            if self.champion(kind, name) != version:
                self.get(kind, name, version)  # it may have been removed while another writer had the lock
                add_promotion(folder, Promotion(version, at, reason, is_forced))

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
        folder = self._folder(kind, name)
        with locked(folder):
            reigns = self.reigns(kind, name)
            if len(reigns) < 2:
                raise NotFoundError(
                    f"No version of {kind} {name!r} was promoted before {reigns[-1] if reigns else 'any'}; expected "
                    "one to go back to. The store stays as it is."
                )
            before, now = reigns[-2:]
            if before not in self.versions(kind, name):
                raise NotFoundError(
                    f"{before}, the champion of {kind} {name!r} before {now}, is no longer in the store: it was pruned, "
                    "or its folder was deleted. Restore it from a copy, or promote another version. The store stays as "
                    "it is."
                )
            self.get(kind, name, before)
            add_promotion(folder, Promotion(before, at, reason, is_rollback=True))
        return before

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
            add_name(folder, persona_id, zh=zh, en=en)

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
            repoint(folder, version, new)
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
        folder = self._folder(kind, name)
        self._check_is_there(
            kind, name, version
        )  # before the lock, which would make the folder of a new name
        with locked(folder):
            self._check_is_there(kind, name, version)  # another writer may have removed it meanwhile
            if self.champion(kind, name) == version:
                raise DataError(
                    f"{version} is the champion of {kind} {name!r}, which is never removed; promote another first."
                )
            noted = read_json(folder / version / RECORD).get("metadata", {})
            add_removed(folder, version, noted)
            discard(folder / version)

    def _check_is_there(self, kind: str, name: str, version: str) -> None:
        if version not in self.versions(kind, name):
            raise NotFoundError(
                f"The store has no version {version} of {kind} {name!r}; name one that it has."
            )

    def sweep(self) -> None:
        """Remove what killed writers left beside the versions, wherever it is; see :meth:`put`.

        Every writer does so for its own name. This does it for all of them, at once, where nothing may be left.
        """
        for folder in sorted({leftover.parent for leftover in self.root.glob(f"*/*/{TEMPORARY}*")}):
            with locked(folder):
                remove_leftovers(folder)

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
