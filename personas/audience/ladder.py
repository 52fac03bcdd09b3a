"""Ladders: ordered stages of closeness to a brand, each reached by counts of events or by tags."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, get_args

from personas.category.stage_flow import NONE
from personas.errors import ConfigError
from personas.schema import LEVELS, Text, label_of

Side = Literal["any", "own", "rival"]
Counted = Literal["events", "orders"]
Mark = Literal["vendor", "secondary", "own choice"]


@dataclass(frozen=True, slots=True)
class EventCondition:
    """A number of events of some types within a window.

    Parameters
    ----------
    events : tuple of str
        Event types that count, of the canonical vocabulary.
    days : int or None, days, >= 1
        Length of the window that ends with the day before ``as_of``; None = everything before ``as_of``.
    at_least, at_most : int, >= 0, and int or None
        Range of the number, both ends included; None = no upper end. ``at_least=0, at_most=0`` says "none".
    brand : {"any", "own", "rival"}
        Whose events count. An event without a brand counts for ``"any"`` only.
    categories : tuple of str
        Categories that count; empty = those of the :class:`~personas.audience.stages.Scope`.
    count : {"events", "orders"}
        ``"orders"`` counts distinct order ids, so that an order of two lines counts once; a line without an
        order id is an order of its own.

    Raises
    ------
    ConfigError
        If an event type is unknown, the window is empty or the range impossible.

    Examples
    --------
    >>> EventCondition(("search", "cart"), days=30).words.en
    'search/add to cart: at least 1 in 30 days'
    """

    events: tuple[str, ...]
    days: int | None = None
    at_least: int = 1
    at_most: int | None = None
    brand: Side = "any"
    categories: tuple[str, ...] = ()
    count: Counted = "events"

    def __post_init__(self) -> None:
        unknown = [event for event in self.events if event not in LEVELS["event_type"]]
        if unknown or not self.events:
            near = difflib.get_close_matches(unknown[0], LEVELS["event_type"], n=1) if unknown else []
            hint = f"Did you mean {near[0]!r}? " if near else ""
            raise ConfigError(
                f"A condition counts the event types {', '.join(map(repr, unknown)) or 'of an empty list'}; "
                f"{hint}Known: {', '.join(LEVELS['event_type'])}."
            )
        if self.days is not None and self.days < 1:
            raise ConfigError(
                f"A condition looks back {self.days} days; expected at least 1, or no days at all."
            )
        if self.at_least < 0 or (self.at_most is not None and self.at_most < self.at_least):
            raise ConfigError(
                f"A condition asks for {self.at_least} to {self.at_most} events; expected 0 <= at_least <= at_most."
            )
        if self.at_least == 0 and self.at_most is None:
            raise ConfigError("A condition with at_least 0 and no at_most always holds; leave it out.")
        _check_choice("brand", self.brand, get_args(Side))
        _check_choice("count", self.count, get_args(Counted))

    @property
    def counted(self) -> EventCondition:
        """The condition without its range: what has to be counted."""
        return EventCondition(
            self.events, self.days, brand=self.brand, categories=self.categories, count=self.count
        )

    @property
    def words(self) -> Text:
        """The condition in words."""
        actions = [label_of("event_type", event) for event in self.events]
        where = f"({'/'.join(self.categories)})" if self.categories else ""
        number = _number_words(self.at_least, self.at_most)
        unit = Text("单", " orders") if self.count == "orders" else Text("次", "")
        unit = Text("", "") if self.at_most == 0 else unit
        window = Text("历史", "ever") if self.days is None else Text(f"{self.days}天", f"in {self.days} days")
        brand = _SIDE_WORDS[self.brand]
        return Text(
            f"{window.zh}{brand.zh}{'/'.join(a.zh for a in actions)}{where}{number.zh}{unit.zh}",
            f"{brand.en}{'/'.join(a.en for a in actions)}{where}: {number.en}{unit.en} {window.en}",
        )


@dataclass(frozen=True, slots=True)
class TagCondition:
    """A tag that the user holds.

    Parameters
    ----------
    tag : str
        Name of the tag, for example the brand of the phone in use.
    values : tuple of str
        Values that count; empty = any value of the ``brand`` asked for.
    brand : {"any", "own", "rival"}
        ``"own"``: the value is one of the own brands of the scope; ``"rival"``: it is another.

    Raises
    ------
    ConfigError
        If ``brand`` is unknown, or given together with ``values``.

    Examples
    --------
    >>> TagCondition("当前手机品牌", brand="rival").words.zh
    '标签“当前手机品牌”为竞品'
    """

    tag: str
    values: tuple[str, ...] = ()
    brand: Side = "any"

    def __post_init__(self) -> None:
        _check_choice("brand", self.brand, get_args(Side))
        if self.values and self.brand != "any":
            raise ConfigError(
                f"The condition on the tag {self.tag!r} names values and a brand; expected one of the two."
            )

    @property
    def words(self) -> Text:
        """The condition in words."""
        which = {"any": "/".join(self.values), "own": "本品", "rival": "竞品"}[self.brand]
        what = {"any": "/".join(self.values), "own": "own brand", "rival": "rival brand"}[self.brand]
        return Text(
            f"标签“{self.tag}”为{which}" if which else f"有标签“{self.tag}”",
            f"tag '{self.tag}': {what or 'any value'}",
        )


Condition = EventCondition | TagCondition
Rule = tuple[tuple[Condition, ...], ...]
"""Alternatives: the rule holds when all conditions of at least one of them hold. Empty = never."""


@dataclass(frozen=True, slots=True)
class SubStage:
    """A part of a stage.

    Parameters
    ----------
    key : str
        Unique among the sub-stages of its stage.
    name : Text
        Name for people.
    rule : Rule
        What reaches it.
    """

    key: str
    name: Text
    rule: Rule


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a ladder.

    Parameters
    ----------
    key : str
        Unique within the ladder.
    name : Text
        Name for people.
    rule : Rule
        What reaches it; its sub-stages then only tell those users apart. Empty = it is reached through any
        of its sub-stages.
    sub_stages : tuple of SubStage
        The shallowest first; of several that hold, the last counts.
    action : Text
        What to do with users who stand here; empty where nothing is said.
    """

    key: str
    name: Text
    rule: Rule = ()
    sub_stages: tuple[SubStage, ...] = ()
    action: Text = Text("", "")

    @property
    def reached_by(self) -> Rule:
        """What reaches the stage, directly or through its sub-stages."""
        return self.rule or tuple(chain.from_iterable(sub.rule for sub in self.sub_stages))


@dataclass(frozen=True, slots=True)
class LadderSource:
    """Where a part of a ladder comes from.

    Parameters
    ----------
    mark : {"vendor", "secondary", "own choice"}
        Documentation of the platform itself, a third party's account of it, or a threshold of ours where no
        definition was found.
    text : str
        What is taken from where.
    """

    mark: Mark
    text: str

    def __post_init__(self) -> None:
        _check_choice("mark", self.mark, get_args(Mark))


@dataclass(frozen=True, slots=True)
class Ladder:
    """Ordered stages; a user stands on the deepest one reached.

    Parameters
    ----------
    key : str
        Name in configs, for example ``"a4"``.
    name : Text
        Name for people.
    version : int, >= 1
        Counts up when a definition changes.
    sources : tuple of LadderSource
        Where the definitions come from.
    stages : tuple of Stage
        The shallowest first.
    nobody : Text
        What to call users on no stage.
    nobody_action : Text
        What to do with users on no stage; empty where nothing is said.
    not_found : tuple of str
        What no source defines, and what is used instead.

    Raises
    ------
    ConfigError
        If there is no stage, a stage or sub-stage stands twice, is called like "no stage", or nothing
        reaches it.
    """

    key: str
    name: Text
    version: int
    sources: tuple[LadderSource, ...]
    stages: tuple[Stage, ...]
    nobody: Text = Text("无阶段", "no stage")
    nobody_action: Text = Text("", "")
    not_found: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.stages:
            raise ConfigError(f"The ladder {self.key!r} has no stage; expected at least one.")
        _check_keys(f"ladder {self.key!r}", [stage.key for stage in self.stages])
        for stage in self.stages:
            _check_keys(f"stage {stage.key!r}", [sub.key for sub in stage.sub_stages])
            rules = [stage.reached_by, *(sub.rule for sub in stage.sub_stages)]
            if not all(rule and all(rule) for rule in rules):
                raise ConfigError(
                    f"Nothing reaches the stage {stage.key!r} of the ladder {self.key!r}, or one of its "
                    "sub-stages; expected at least one condition in each alternative."
                )

    @property
    def order(self) -> list[str]:
        """Keys of the stages, the shallowest first; what :func:`personas.category.stage_flow` asks for."""
        return [stage.key for stage in self.stages]

    @property
    def event_conditions(self) -> list[EventCondition]:
        """Every condition on events, as often as it stands."""
        return [condition for condition in self._conditions() if isinstance(condition, EventCondition)]

    @property
    def tag_conditions(self) -> list[TagCondition]:
        """Every condition on tags, once."""
        found = [condition for condition in self._conditions() if isinstance(condition, TagCondition)]
        return list(dict.fromkeys(found))

    def without_tags(self) -> Ladder:
        """Return the ladder for a source that has no tags: what only a tag reaches is left out."""
        stages = []
        for stage in self.stages:
            parts = [replace(sub, rule=_without_tags(sub.rule)) for sub in stage.sub_stages]
            rest = replace(
                stage, rule=_without_tags(stage.rule), sub_stages=tuple(part for part in parts if part.rule)
            )
            # Sub-stages tell apart who is on the stage; they don't replace its own rule.
            if rest.rule or (rest.sub_stages and not stage.rule):
                stages.append(rest)
        return replace(self, stages=tuple(stages))

    def _conditions(self) -> Iterator[Condition]:
        for stage in self.stages:
            for rule in (stage.rule, *(sub.rule for sub in stage.sub_stages)):
                yield from chain.from_iterable(rule)


_SIDE_WORDS = {"any": Text("", ""), "own": Text("本品", "own-brand "), "rival": Text("竞品", "rival-brand ")}


def _number_words(at_least: int, at_most: int | None) -> Text:
    if at_most is None:
        return Text(f"≥{at_least}", f"at least {at_least}")
    if at_most == 0:
        return Text("无", "none")
    if at_least == at_most:
        return Text(f"{at_least}", f"{at_least}")
    return Text(f"{at_least}-{at_most}", f"{at_least} to {at_most}")


def _without_tags(rule: Rule) -> Rule:
    return tuple(
        together for together in rule if not any(isinstance(part, TagCondition) for part in together)
    )


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ConfigError(f"{name} is {value!r}; expected one of {', '.join(choices)}.")


def _check_keys(where: str, keys: Sequence[str]) -> None:
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ConfigError(f"The {where} has {', '.join(twice)} twice; give every stage a key of its own.")
    if NONE in keys or "" in keys:
        raise ConfigError(f"The {where} has a stage called {NONE!r} or nothing; choose another key.")
