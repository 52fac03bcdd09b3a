"""Nouns of identity: what became of each persona when a model was trained anew, and on what evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from personas.model.migration import Migration
from personas.schema import Text
from personas.selection.quality import Measure

EventKind = Literal["kept", "renamed", "split", "merged", "new", "retired"]
KINDS: tuple[EventKind, ...] = ("kept", "renamed", "split", "merged", "new", "retired")
"""In the order in which events are told."""

Basis = Literal["panel", "profiles"]
"""What personas were matched by: users whom both models label, or, where the older model can't label them, the
shares of their traits."""


@dataclass(frozen=True, slots=True)
class IdentityEvent:
    """What became of one persona, or of several together.

    Parameters
    ----------
    kind : {"kept", "renamed", "split", "merged", "new", "retired"}
        ``renamed`` is a proposal: the persona keeps its name until somebody gives it another.
    persona_id : str
        The persona: the earlier one of a split, the later one of a merger.
    others : tuple of str
        The later personas of a split, the earlier ones of a merger; of a new persona the earlier one that most of
        its users had, of a retired one the later one that most of its users have. May hold ``persona_id``.
    by : {"panel", "profiles"}
        The evidence.
    n_users : int or None
        Users of the persona on the panel; None = fewer than a small cell, or there was no panel.
    shares : tuple of float, 0 to 1
        For each of ``others`` the share of users: of the earlier persona that went to the later one, but of a new
        persona the share of its own that came from the earlier one. Empty where they are too few to tell.
    overlap : float or None, 0 to 1
        Jaccard overlap of a kept persona on the panel.
    distance : float or None, 0 to 1
        :func:`personas.model.portrait.portrait_distance` to the earlier (of a retired one: closest later) persona.
    names : tuple of Text
        Of a renamed persona: its name, and the one that its traits would give it now.

    Examples
    --------
    >>> IdentityEvent("split", "P02", ("P02", "P06"), shares=(0.6, 0.38)).text().en
    'P02 split into P02 (60% of its users) and P06 (38%)'
    """

    kind: EventKind
    persona_id: str
    others: tuple[str, ...] = ()
    by: Basis = "panel"
    n_users: int | None = None
    shares: tuple[float, ...] = ()
    overlap: float | None = None
    distance: float | None = None
    names: tuple[Text, ...] = ()

    def text(self) -> Text:
        """Return the event in words."""
        return _WORDS[self.kind](self)

    @property
    def earlier(self) -> tuple[str, ...]:
        """Ids of the earlier model that the event tells of."""
        if self.kind == "merged":
            return self.others
        return () if self.kind == "new" else (self.persona_id,)

    @property
    def later(self) -> tuple[str, ...]:
        """Ids of the later model that the event tells of."""
        if self.kind == "split":
            return self.others
        return () if self.kind == "retired" else (self.persona_id,)


@dataclass(frozen=True, slots=True)
class Continuity:
    """What became of the champion's personas in a model that was trained after it.

    Parameters
    ----------
    champion_as_of : date
        Day of the champion; its version stands in the record of the artifact.
    by : {"panel", "profiles"}
        What personas were matched by.
    events : tuple of IdentityEvent
        Every persona of either model is in one of them; proposals of names come on top.
    migration : Migration or None
        Who is where under either model, on the same users and days; None without a panel.
    reach, taste : Measure or None
        What the champion tells about the next window of the very users by whom this model was judged; None where
        it can't be told.
    """

    champion_as_of: date
    by: Basis
    events: tuple[IdentityEvent, ...]
    migration: Migration | None = None
    reach: Measure | None = None
    taste: Measure | None = None


def _kept(event: IdentityEvent) -> Text:
    if event.by == "profiles":
        near = "" if event.distance is None else f"{event.distance:.2f}"
        return Text(
            f"{event.persona_id} 保留（按画像匹配，画像距离 {near}）",
            f"{event.persona_id} kept (by its profile, portrait distance {near})",
        )
    if event.overlap is None:
        return Text(f"{event.persona_id} 保留", f"{event.persona_id} kept")
    return Text(
        f"{event.persona_id} 保留（重合度 {event.overlap:.0%}）",
        f"{event.persona_id} kept (overlap {event.overlap:.0%})",
    )


def _renamed(event: IdentityEvent) -> Text:
    name, proposed = event.names
    return Text(
        f"{event.persona_id} 名称不变，仍为“{name.zh}”；按现有特征建议改称“{proposed.zh}”",
        f'{event.persona_id} keeps its name "{name.en}"; its traits now suggest "{proposed.en}"',
    )


def _split(event: IdentityEvent) -> Text:
    zh, en = _listed(event)
    return Text(f"{event.persona_id} 拆分为 {zh}", f"{event.persona_id} split into {en}")


def _merged(event: IdentityEvent) -> Text:
    zh, en = _listed(event)
    return Text(f"{zh} 合并为 {event.persona_id}", f"{en} merged into {event.persona_id}")


def _new(event: IdentityEvent) -> Text:
    if not event.shares:
        return Text(f"{event.persona_id} 新出现", f"{event.persona_id} new")
    return Text(
        f"{event.persona_id} 新出现（来自 {event.others[0]} 的用户最多，占 {event.shares[0]:.0%}）",
        f"{event.persona_id} new (largest part, {event.shares[0]:.0%}, was in {event.others[0]})",
    )


def _retired(event: IdentityEvent) -> Text:
    if not event.shares:
        return Text(f"{event.persona_id} 退役", f"{event.persona_id} retired")
    return Text(
        f"{event.persona_id} 退役（转入 {event.others[0]} 的用户最多，占 {event.shares[0]:.0%}）",
        f"{event.persona_id} retired (largest part, {event.shares[0]:.0%}, is now in {event.others[0]})",
    )


def _listed(event: IdentityEvent) -> tuple[str, str]:
    """List the other personas with their shares; the first one says what they are shares of."""
    if not event.shares:
        return "、".join(event.others), " and ".join(event.others)
    shares = [f"{share:.0%}" for share in event.shares]
    zh = [f"其用户的 {shares[0]}", *shares[1:]]
    en = [f"{shares[0]} of its users", *shares[1:]]
    return (
        "、".join(f"{other}（{part}）" for other, part in zip(event.others, zh, strict=True)),
        " and ".join(f"{other} ({part})" for other, part in zip(event.others, en, strict=True)),
    )


_WORDS = {
    "kept": _kept,
    "renamed": _renamed,
    "split": _split,
    "merged": _merged,
    "new": _new,
    "retired": _retired,
}
