"""The small files beside the versions of a name: who is champion, what personas are called, what was removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from personas.errors import DataError
from personas.store.disk import read_json, replace_json, shown
from personas.store.record import Promotion

_CHAMPION, _NAMES, _REMOVED = "champion.json", "names.json", "removed.json"


def read_promotions(folder: Path) -> list[Promotion]:
    """Return how each champion came to be one, oldest first.

    Raises
    ------
    DataError
        If the pointer is damaged.
    """
    pointer = read_json(folder / _CHAMPION)
    history, details = pointer.get("history", []), pointer.get("details", {})
    damaged = _damaged(folder / _CHAMPION, "the versions that were promoted, in order")
    if not (isinstance(history, list) and all(isinstance(version, str) for version in history)):
        raise damaged
    try:
        return [
            Promotion.from_dict(version, details.get(str(place), {})) for place, version in enumerate(history)
        ]
    except (AttributeError, TypeError, ValueError):
        raise damaged from None


def add_promotion(folder: Path, promotion: Promotion) -> None:
    """Make a version the champion; the caller holds the lock."""
    pointer = read_json(folder / _CHAMPION)
    history, details = pointer.get("history", []), dict(pointer.get("details", {}))
    if detail := promotion.to_dict():
        details[str(len(history))] = detail
    whole = {"version": promotion.version, "history": [*history, promotion.version], "details": details}
    replace_json(folder / _CHAMPION, whole)


def repoint(folder: Path, old: str, new: str) -> None:
    """Let every promotion of a version be one of another; the caller holds the lock."""
    text = json.dumps(read_json(folder / _CHAMPION), ensure_ascii=False)
    if old in text:
        replace_json(folder / _CHAMPION, json.loads(text.replace(old, new)))


def reigns_of(promotions: list[Promotion]) -> list[str]:
    """Return the versions that a rollback would go through, the champion last.

    Examples
    --------
    >>> reigns_of([Promotion("a"), Promotion("b"), Promotion("a", is_rollback=True), Promotion("c")])
    ['a', 'c']
    """
    reigns: list[str] = []
    for promotion in promotions:
        if not promotion.is_rollback:
            reigns.append(promotion.version)
        elif reigns:
            reigns.pop()
    return reigns


def read_names(folder: Path) -> dict[str, dict[str, str]]:
    """Return persona_id -> ``{"zh": ..., "en": ...}`` of the names that people gave.

    Raises
    ------
    DataError
        If the file is damaged.
    """
    names = read_json(folder / _NAMES)
    for name in names.values():
        if not (isinstance(name, dict) and all(isinstance(name.get(key), str) for key in ("zh", "en"))):
            raise _damaged(folder / _NAMES, "a Chinese and an English name per persona id")
    return names


def add_name(folder: Path, persona_id: str, *, zh: str, en: str) -> None:
    """Remember the name of a persona; the caller holds the lock."""
    replace_json(folder / _NAMES, {**read_names(folder), persona_id: {"zh": zh, "en": en}})


def read_removed(folder: Path) -> dict[str, dict[str, Any]]:
    """Return version -> metadata of every version that was removed, oldest first.

    Raises
    ------
    DataError
        If the file is damaged.
    """
    removed = read_json(folder / _REMOVED)
    if not all(isinstance(noted, dict) for noted in removed.values()):
        raise _damaged(folder / _REMOVED, "the notes of each version that was removed")
    return dict(sorted(removed.items()))


def add_removed(folder: Path, version: str, noted: dict[str, Any]) -> None:
    """Remember what was noted of a version that goes; the caller holds the lock."""
    replace_json(folder / _REMOVED, {**read_removed(folder), version: noted})


def _damaged(path: Path, expected: str) -> DataError:
    return DataError(f"{shown(path)} is damaged; expected {expected}. Restore it from a copy.")
