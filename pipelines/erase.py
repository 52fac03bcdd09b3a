"""Erase: the rows of given users leave every stored table and audience, and a proof without ids stays."""

from __future__ import annotations

import csv
import hashlib
import json
import secrets
import shutil
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personas.errors import DataError, NotFoundError
from personas.export.erase import drop_users, erase_from_audience, restore_audiences
from personas.export.run import RECEIPT_FILE
from personas.scoring.summary import summarise_assignments
from personas.store import ArtifactRecord, ArtifactStore
from pipelines.console import say, shown, steps
from pipelines.journal import toolkit_version
from pipelines.models import ASSIGNMENTS
from pipelines.prune import ERASURES, open_store, use_cases
from pipelines.score import FILE
from pipelines.work_folder import only_one, remove_dead, run_folder

_PROOF, _NAME = "proof.json", "store"
_UNREADABLE = (ValueError, LookupError, csv.Error, zipfile.BadZipFile)
"""What comes of a table that somebody else wrote or changed: another encoding, rows of another length."""

_OWN = (".work", "audiences", "reports", "quarantine")


@dataclass
class _Found:
    """What was rewritten, what could not be searched, and what is not ours to change."""

    rewritten: list[dict[str, Any]] = field(default_factory=list)
    audiences: list[dict[str, Any]] = field(default_factory=list)
    hashed_uploads: list[dict[str, Any]] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    n_searched: int = 0
    n_found: int = 0


def erase_users(store: Path, ids: Path, *, as_json: bool) -> None:
    """Remove users from every stored assignment, audience and further table of users; store a proof.

    Parameters
    ----------
    store : Path
        Folder of models and outputs.
    ids : Path
        UTF-8 text, one user id per line.
    as_json : bool
        Print one JSON object.

    Raises
    ------
    NotFoundError
        If there is no store or no file of ids.
    DataError
        If the file holds no id. After the work, if something in the store is damaged and could not be searched.
    BusyError
        If a run is at work on a use case.
    """
    opened, user_ids = open_store(store), read_ids(ids)
    found, known = _Found(), set[str]()
    with ExitStack() as locks, steps(quiet=as_json) as progress:
        names = use_cases(opened)
        for name in names:
            locks.enter_context(only_one(store, name, "personas store erase"))
        scratch = locks.enter_context(run_folder(store))  # removes what killed runs left
        for name in names:
            shutil.rmtree(store / ".work" / f"selection-{name}", ignore_errors=True)
        opened.sweep()  # rows that a killed writer, or a killed erasure, left
        with progress.step("stored tables"):
            known |= _erase_versions(opened, user_ids, scratch, found)
        with progress.step("audiences"):
            known |= _erase_audiences(store, user_ids, found)
        found.n_found = len(known)
        _look_elsewhere(opened, user_ids, scratch, found)
        key = secrets.token_hex(16)
        record = _put_proof(opened, user_ids, key, found)
    result = {**vars(found), "proof": record.path / _PROOF, "proof_key": key, "n_ids": len(user_ids)}
    say(result, _lines(found, record, key, len(user_ids)), as_json=as_json)
    if found.damaged:
        raise DataError(
            f"Damaged, so not searched for the users: {', '.join(found.damaged)}. Everything else was, and the proof names "
            "these. Restore each from a copy or remove its folder, then erase again."
        )


def read_ids(path: Path) -> frozenset[str]:
    """Return the user ids of a file, one per line, blanks at both ends removed as the contract does.

    Raises
    ------
    NotFoundError
        If there is no such file.
    DataError
        If it is no UTF-8 text or holds no id.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise NotFoundError(f"{path}: no such file; expected a text with one user id per line.") from None
    except UnicodeDecodeError:
        raise DataError(
            f"{path.name}: not UTF-8 text; expected one user id per line. Save it as UTF-8."
        ) from None
    found = frozenset(line.strip() for line in text.splitlines()) - {""}
    if not found:
        raise DataError(f"{path.name}: holds no id; expected one user id per line.")
    return found


def proof_hash(user_ids: frozenset[str], key: str) -> str:
    """Return the hash in a proof: it tells the list again to who has the list and the key, and nobody else.

    Parameters
    ----------
    user_ids : frozenset of str
        Who was erased.
    key : str
        Printed when they were; not in the store, as an id that can be guessed could else be tried out.
    """
    return hashlib.sha256("\n".join([key, *sorted(user_ids)]).encode()).hexdigest()


def _erase_versions(store: ArtifactStore, user_ids: frozenset[str], scratch: Path, found: _Found) -> set[str]:
    """Rewrite the versions that hold the users; return who was found."""
    known: set[str] = set()
    for kind in store.kinds():
        for name in store.names(kind):
            for version in store.versions(kind, name):
                try:
                    record = store.get(kind, name, version)
                    changed, here = _erase_version(store, record, user_ids, scratch)
                except DataError:
                    found.damaged.append(f"{kind}/{name}/{version}")
                    continue
                found.n_searched += 1
                found.rewritten += [changed] if changed else []
                known |= here
    return known


def _erase_version(
    store: ArtifactStore, record: ArtifactRecord, user_ids: frozenset[str], scratch: Path
) -> tuple[dict[str, Any] | None, set[str]]:
    """Rewrite one version if it has rows of the users; return what became of it, and who was found."""
    files: dict[str, bytes | Path] = {file: record.path / file for file in record.files}
    rows = {}
    known: set[str] = set()
    for file in record.files:
        dropped = drop_users(record.path / file, scratch / file, user_ids)
        if dropped is not None and dropped.n_after < dropped.n_before:
            files[file] = scratch / file
            rows[file] = {"rows_before": dropped.n_before, "rows_after": dropped.n_after}
            known |= dropped.found
    if not rows:
        return None, known
    metadata = {**record.metadata, "erased_at": _now(), "erased": rows}
    if record.kind == ASSIGNMENTS:
        metadata |= summarise_assignments(scratch / FILE)
    new = store.rewrite(record.kind, record.name, record.version, files, metadata=metadata)
    place = {"kind": record.kind, "name": record.name}
    return {**place, "old_version": record.version, "new_version": new.version, "files": rows}, known


def _erase_audiences(store: Path, user_ids: frozenset[str], found: _Found) -> set[str]:
    """Rewrite the audiences that hold the users; return who was found."""
    known: set[str] = set()
    root = store / "audiences"
    remove_dead(root)
    restore_audiences(root)
    for receipt in sorted(root.rglob(RECEIPT_FILE)):
        folder = receipt.parent.relative_to(store).as_posix()
        try:
            erased = erase_from_audience(receipt.parent, user_ids)
        except _UNREADABLE:
            found.damaged.append(folder)
            continue
        found.n_searched += 1
        known |= erased.found
        place = {"folder": folder, "destination": erased.destination}
        if erased.is_hashed:
            found.hashed_uploads.append({**place, "n_users": erased.n_after})
        elif erased.n_after < erased.n_before:
            found.audiences.append({**place, "rows_before": erased.n_before, "rows_after": erased.n_after})
    return known


def _look_elsewhere(store: ArtifactStore, user_ids: frozenset[str], scratch: Path, found: _Found) -> None:
    """List other tables in the folder that hold the users, such as source tables: not ours to change."""
    own = {*_OWN, *store.kinds()}
    for path in sorted(store.root.rglob("*.*")):
        place = path.relative_to(store.root)
        if not path.is_file() or place.parts[0] in own:
            continue
        try:
            dropped = drop_users(path, scratch / "elsewhere", user_ids)
        except _UNREADABLE:
            found.unread.append(place.as_posix())
            continue
        if dropped is not None and dropped.n_after < dropped.n_before:
            found.left_alone.append(place.as_posix())


def _put_proof(store: ArtifactStore, user_ids: frozenset[str], key: str, found: _Found) -> ArtifactRecord:
    at = datetime.now(UTC)
    proof = {
        "format": 1,
        "personas_version": toolkit_version(),
        "erased_at": at.isoformat(timespec="seconds"),
        "n_ids": len(user_ids),
        "ids_sha256_with_key": proof_hash(user_ids, key),
        **vars(found),
    }
    content = json.dumps(proof, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    metadata = {"n_ids": len(user_ids), "n_rewritten": len(found.rewritten) + len(found.audiences)}
    return store.put(ERASURES, _NAME, {_PROOF: content.encode()}, created_at=at, metadata=metadata)


def _lines(found: _Found, record: ArtifactRecord, key: str, n_ids: int) -> list[str]:
    n_rows = sum(
        rows["rows_before"] - rows["rows_after"]
        for rows in (*(r for v in found.rewritten for r in v["files"].values()), *found.audiences)
    )
    lines = [
        f"{found.n_searched:,} versions and audiences searched; {found.n_found:,} of {n_ids:,} ids found, {n_rows:,} rows removed."
    ]
    lines += [f"  {v['kind']}/{v['name']}/{v['old_version']} -> {v['new_version']}" for v in found.rewritten]
    lines += [f"  {v['folder']}" for v in found.audiences]
    if found.hashed_uploads:
        lines.append(
            "Hashed uploads hold no user ids, so nobody can be found in them. Remove these where it matters:"
        )
        lines += [f"  {v['folder']} ({v['n_users']:,} users)" for v in found.hashed_uploads]
    if found.damaged:
        lines += ["Damaged, so not searched:", *(f"  {place}" for place in found.damaged)]
    if found.left_alone:
        lines.append("Other tables in this folder hold these users and were left as they are:")
        lines += [f"  {path}" for path in found.left_alone]
    if found.unread:
        lines.append("Other tables in this folder that could not be read, so look at them yourself:")
        lines += [f"  {path}" for path in found.unread]
    return [
        *lines,
        f"Proof: {shown(record.path / _PROOF)}",
        f"Key of the proof: {key} (keep it with the request; it is not stored)",
        "Not searched: source tables, copies made with --output, backups, and what was uploaded.",
    ]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
