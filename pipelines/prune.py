"""Prune: old versions leave the store, the champion and what recent runs refer to never do."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personas.errors import NotFoundError
from personas.store import ArtifactStore
from pipelines.console import say, shown
from pipelines.journal import RECORD, RUNS
from pipelines.models import ASSIGNMENTS, MODELS
from pipelines.user_tables import SCENE_AFFINITY, needed_for_training
from pipelines.work_folder import only_one, remove_dead, run_folder

ERASURES = "erasures"
_KEPT_KINDS = (ERASURES, "monitorings", "sketches")
"""Proofs, and small counts without ids that the report's curves are drawn from and next year is compared with: never
pruned."""
_HASH = slice(len("2026-05-01-"), len("2026-05-01-1a2b3c4d"))
"""Where the name of a folder of audiences has the hash of its assignments; the id of a scene may follow."""


@dataclass
class Pruned:
    """What went of one use case, and what stayed.

    Parameters
    ----------
    removed : list of str
        ``kind/name/version``, and folders of audiences, in the order they went.
    n_kept : int
        Versions that stay.
    """

    removed: list[str] = field(default_factory=list)
    n_kept: int = 0


def prune_store(store: Path, keep: int, *, dry_run: bool, as_json: bool) -> None:
    """Remove all but the newest versions of every kind and name, and print what went.

    Parameters
    ----------
    store : Path
        Folder of models and outputs.
    keep : int, >= 1
        Versions to keep of each kind and name; so many former champions stay, too.
    dry_run : bool
        Print only.
    as_json : bool
        Print one JSON object.

    Raises
    ------
    NotFoundError
        If there is no store.
    BusyError
        If a run is at work on a use case.
    """
    opened = open_store(store)
    whole = Pruned()
    for name in use_cases(opened):
        with only_one(store, name, "personas store prune"):
            pruned = _prune(opened, name, keep, dry_run=dry_run)
            if not dry_run:
                remove_dead(store / "audiences" / name)
        whole.removed += pruned.removed
        whole.n_kept += pruned.n_kept
    if not dry_run:
        opened.sweep()  # what killed writers left, and
        with run_folder(store):  # what killed runs did
            pass
    verb = "Would be removed" if dry_run else "Removed"
    summary = f"{verb} from {shown(store)}: {len(whole.removed)}; versions that stay: {whole.n_kept}."
    result = {"removed": whole.removed, "n_kept": whole.n_kept, "dry_run": dry_run}
    say(result, [*(f"  {place}" for place in whole.removed), summary], as_json=as_json)


def open_store(store: Path) -> ArtifactStore:
    """Return a store that exists."""
    if not store.is_dir():
        raise NotFoundError(f"{shown(store)} is no folder; give the folder of your models with --store.")
    return ArtifactStore(store)


def use_cases(store: ArtifactStore) -> list[str]:
    """Return the names of the use cases that have a version or an audience in a store."""
    audiences = store.root / "audiences"
    exported = {path.name for path in audiences.iterdir() if path.is_dir()} if audiences.is_dir() else set()
    kinds = (kind for kind in store.kinds() if kind != ERASURES)
    return sorted(exported.union(*(map(_use_case, store.names(kind)) for kind in kinds)))


def _use_case(name: str) -> str:
    """Return the use case of a name: analyses are filed under ``NAME.VERB``."""
    return name.partition(".")[0]


def _prune(store: ArtifactStore, name: str, keep: int, *, dry_run: bool) -> Pruned:
    found = Pruned()
    referred = _referred_by_runs(store, name, keep)
    # Assignments first: what stays of them says which models stay.
    for kind in sorted(store.kinds(), key=lambda kind: (kind == MODELS, kind)):
        if kind in _KEPT_KINDS:
            continue
        for filed in (filed for filed in store.names(kind) if _use_case(filed) == name):
            versions = store.versions(kind, filed)
            kept = {*versions[-keep:], *store.champions(kind, filed)[-keep:], *referred} & set(versions)
            if kind == SCENE_AFFINITY:
                kept |= needed_for_training(store, filed)
            if kind == ASSIGNMENTS:
                referred |= {store.metadata(kind, filed)[version]["model_version"] for version in kept}
                found.removed += _prune_audiences(store, filed, kept, dry_run=dry_run)
            for version in (version for version in versions if version not in kept):
                if not dry_run:
                    store.remove(kind, filed, version)
                found.removed.append(f"{kind}/{filed}/{version}")
            found.n_kept += len(kept)
    return found


def _referred_by_runs(store: ArtifactStore, name: str, keep: int) -> set[str]:
    referred: set[str] = set()
    for version in store.versions(RUNS, name)[-keep:]:
        record: dict[str, Any] = json.loads((store.get(RUNS, name, version).path / RECORD).read_bytes())
        referred |= {found for found in record["versions"].values() if found}
    return referred


def _prune_audiences(store: ArtifactStore, name: str, kept: set[str], *, dry_run: bool) -> list[str]:
    """Remove the audiences of assignments that go; the hash of these follows the day in the folder's name."""
    folder = store.root / "audiences" / name
    records = [record for record in store.records(ASSIGNMENTS, name) if record.version in kept]
    hashes = {v[-8:] for record in records for v in (record.version, *record.further.get("rewrites", ()))}
    removed = []
    for place in sorted(folder.glob("[!.]*")) if folder.is_dir() else ():
        if place.is_dir() and place.name[_HASH] not in hashes:
            if not dry_run:
                unseen = place.with_name(f".partial-{os.getpid()}-{place.name}")
                place.rename(unseen)
                shutil.rmtree(unseen)
            removed.append(place.relative_to(store.root).as_posix())
    return removed
