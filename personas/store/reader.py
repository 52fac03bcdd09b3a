"""What a store holds, read without writing anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from personas.errors import NotFoundError
from personas.store.disk import RECORD
from personas.store.naming import SAFE, VERSION, checked_name
from personas.store.pointers import read_names, read_promotions, read_removed, reigns_of
from personas.store.record import ArtifactRecord, Promotion, check_payload, read_record


class StoreReader:
    """The reading half of :class:`personas.store.ArtifactStore`.

    Parameters
    ----------
    root : Path
        The folder; may be absent, and is empty then.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

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
        return {record.version: record.metadata for record in self.records(kind, name)}

    def records(self, kind: str, name: str) -> list[ArtifactRecord]:
        """Return the record of every version, oldest first, without reading any payload.

        Raises
        ------
        DataError
            If a name is unsafe or a record was changed.
        """
        folder = self._folder(kind, name)
        return [read_record(folder / version) for version in self.versions(kind, name)]

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

    def promotions(self, kind: str, name: str) -> list[Promotion]:
        """Return how each champion came to be one, oldest first.

        Raises
        ------
        DataError
            If a name is unsafe or the pointer is damaged.
        """
        return read_promotions(self._folder(kind, name))

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
        return [promotion.version for promotion in self.promotions(kind, name)]

    def reigns(self, kind: str, name: str) -> list[str]:
        """Return the versions that rollbacks would go through, the champion last; withdrawn ones are left out.

        Raises
        ------
        DataError
            If a name is unsafe or the pointer is damaged.
        """
        return reigns_of(self.promotions(kind, name))

    def persona_names(self, kind: str, name: str) -> dict[str, dict[str, str]]:
        """Return persona_id -> ``{"zh": ..., "en": ...}`` of the names that people gave.

        Raises
        ------
        DataError
            If a name is unsafe or the file of names is damaged.
        """
        return read_names(self._folder(kind, name))

    def removed(self, kind: str, name: str) -> dict[str, dict[str, Any]]:
        """Return version -> metadata of every version that was removed, oldest first.

        Raises
        ------
        DataError
            If a name is unsafe or the file is damaged.
        """
        return read_removed(self._folder(kind, name))

    def _folder(self, kind: str, name: str) -> Path:
        return self.root / checked_name("kind", kind) / checked_name("name", name)
