"""Stages: the deepest step of a ladder that each user has reached, and how many stand on each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
from ibis.expr import datatypes as dt

from personas.audience.base import TagRule, check_columns, check_tags
from personas.audience.ladder import Condition, EventCondition, Ladder, Rule
from personas.category.stage_flow import NONE
from personas.errors import ConfigError, DataError
from personas.schema import ObservationWindow, Text

if TYPE_CHECKING:
    import pandas as pd

_EVENT_COLUMNS = ("user_id", "event_at", "event_type", "category", "order_id", "brand")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a ladder is climbed for.

    Parameters
    ----------
    own_brands : frozenset of str, or None
        Brands that are "own"; for a ladder of a rival, name the rival's. None = every event is about the own
        brand, whatever its ``brand`` says.
    categories : frozenset of str
        Categories whose events count where a condition names none; empty = all, events without a category
        among them.
    """

    own_brands: frozenset[str] | None = frozenset()
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class StageCounts:
    """How many users stand on each stage.

    Parameters
    ----------
    stages : DataFrame, one row per stage, the deepest first, ``"(none)"`` last
        ``stage``, ``name_zh``, ``name_en``, ``n_users``, ``share`` = n_users / all users (NaN without users),
        ``action_zh``, ``action_en``.
    sub_stages : DataFrame, one row per sub-stage, the deepest first
        ``stage``, ``sub_stage``, ``name_zh``, ``name_en``, ``n_users``, ``share`` = n_users / all users.
    definition : Text
        Windows, thresholds, unit and denominator, to be printed under the tables.
    """

    stages: pd.DataFrame
    sub_stages: pd.DataFrame
    definition: Text


def assign_stages(
    events: ibis.Table,
    ladder: Ladder,
    as_of: date,
    users: ibis.Table | None = None,
    *,
    tags: ibis.Table | None = None,
    scope: Scope = Scope(),
) -> ibis.Table:
    """Find the deepest stage that each user has reached.

    Parameters
    ----------
    events : ibis.Table
        Canonical events. Those on or after ``as_of`` are not seen.
    ladder : Ladder
        Stages and what reaches them.
    as_of : date
        First day that is not seen.
    users : ibis.Table, optional
        ``user_id`` of everybody to answer for. By default everybody with an event in the ladder's longest
        window and, for a ladder with conditions on tags, everybody with a tag.
    tags : ibis.Table, optional
        ``user_id``, ``tag``, ``value``; needed by conditions on tags.
    scope : Scope
        Own brands and categories; needed by conditions on own or rival brands.

    Returns
    -------
    ibis.Table
        Lazy, one row per user: ``user_id``, ``stage`` (key of the deepest stage, ``"(none)"`` = no stage),
        ``sub_stage`` (key of the deepest sub-stage that holds within it, null = none does).

    Raises
    ------
    ConfigError
        If the ladder needs own brands or tags and there are none, or a window starts before year 1.
    DataError
        If a table lacks a column, or ``event_at`` is anything but a timestamp without time zone.
    NotFoundError
        If a tag of the ladder does not occur.

    Notes
    -----
    One grouped pass over the events counts, per user, what each distinct condition asks for; the stages are
    then cases over these counts. The order of the events changes nothing; a repeated event counts each time,
    a repeated line of an order does not where orders are counted; who returned what they bought has bought. That the deepest stage wins is how Alibaba documents AIPL; for the other
    ladders it is our reading.

    References
    ----------
    Alibaba Cloud, Quick Audience: AIPL model (vendor documentation, May 2025).

    Examples
    --------
    >>> from datetime import datetime
    >>> import pyarrow as pa
    >>> from personas.audience.ladder import LadderSource, Stage
    >>> view, order = (((EventCondition((kind,), days=30),),) for kind in ("view", "order"))
    >>> ladder = Ladder("demo", Text("示例", "demo"), 1, (LadderSource("own choice", "an example"),), (
    ...     Stage("I", Text("兴趣", "interest"), view), Stage("P", Text("购买", "purchase"), order)))
    >>> events = ibis.memtable(pa.table({
    ...     "user_id": ["a", "a", "b"], "event_at": [datetime(2025, 5, day) for day in (1, 2, 3)],
    ...     "event_type": ["view", "order", "view"], "category": ["空调"] * 3,
    ...     "order_id": [None, "o1", None], "brand": ["本品"] * 3}))
    >>> assign_stages(events, ladder, date(2025, 6, 1)).order_by("user_id").to_pyarrow()["stage"].to_pylist()
    ['P', 'I']
    """
    _check_scope(ladder, tags, scope)
    counted = _count_events(_seen(events, ladder, as_of), ladder, as_of, scope)
    tagged = None if tags is None or not ladder.tag_conditions else _hold_tags(tags, ladder, scope)
    if users is None:
        users = counted if tagged is None else counted.select("user_id").union(tagged.select("user_id"))
    else:
        check_columns(users, "users", ("user_id",))
    facts = users.select("user_id").distinct().left_join(counted, "user_id").drop("user_id_right")
    if tagged is not None:
        facts = facts.left_join(tagged, "user_id").drop("user_id_right")
    holds = _conditions_that_hold(facts, ladder)
    stages, sub_stages = [], []
    for stage in reversed(ladder.stages):
        reached = _reached(stage.reached_by, holds)
        parts = [(_reached(sub.rule, holds), sub.key) for sub in reversed(stage.sub_stages)]
        stages.append((reached, stage.key))
        sub_stages.append((reached, ibis.cases(*parts) if parts else ibis.null("string")))
    return facts.select(
        "user_id", stage=ibis.cases(*stages, else_=NONE), sub_stage=ibis.cases(*sub_stages).cast("string")
    )


def count_stages(stages: ibis.Table, ladder: Ladder, as_of: date) -> StageCounts:
    """Count the users on each stage and sub-stage.

    Parameters
    ----------
    stages : ibis.Table
        What :func:`assign_stages` returned.
    ladder : Ladder
        The ladder it was given.
    as_of : date
        The date it was given; it is printed in the definition.

    Returns
    -------
    StageCounts
        Stages without users are there, with 0.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from personas.audience.ladder import LadderSource, Stage
    >>> rule = ((EventCondition(("order",), days=365),),)
    >>> ladder = Ladder("demo", Text("示例", "demo"), 1, (LadderSource("own choice", "an example"),),
    ...                 (Stage("P", Text("购买", "purchase"), rule),))
    >>> stages = ibis.memtable(pa.table({
    ...     "user_id": ["a", "b"], "stage": ["P", "(none)"], "sub_stage": pa.array([None, None], pa.string())}))
    >>> counts = count_stages(stages, ladder, date(2026, 1, 1))
    >>> counts.stages[["stage", "n_users", "share"]].values.tolist()
    [['P', 1, 0.5], ['(none)', 1, 0.5]]
    >>> print(counts.definition.en.split("; ")[-1])
    purchase: order: at least 1 in 365 days.
    """
    import pandas as pd

    counted = stages.group_by("stage", "sub_stage").agg(n_users=stages.count()).to_pyarrow().to_pandas()
    n_all = int(counted["n_users"].sum())
    by_stage = counted.groupby("stage")["n_users"].sum()
    by_part = counted.dropna(subset="sub_stage").set_index(["stage", "sub_stage"])["n_users"]
    steps = [(stage.key, stage.name, stage.action) for stage in reversed(ladder.stages)]
    parts = [(stage.key, sub) for stage in reversed(ladder.stages) for sub in reversed(stage.sub_stages)]
    rows: list[dict[str, Any]] = [
        {
            "stage": key,
            "name_zh": name.zh,
            "name_en": name.en,
            "n_users": int(by_stage.get(key, 0)),
            "action_zh": action.zh,
            "action_en": action.en,
        }
        for key, name, action in [*steps, (NONE, ladder.nobody, ladder.nobody_action)]
    ]
    sub_rows: list[dict[str, Any]] = [
        {
            "stage": key,
            "sub_stage": sub.key,
            "name_zh": sub.name.zh,
            "name_en": sub.name.en,
            "n_users": int(by_part.get((key, sub.key), 0)),
        }
        for key, sub in parts
    ]
    columns = ["stage", "sub_stage", "name_zh", "name_en", "n_users"]
    tables = (pd.DataFrame(rows), pd.DataFrame(sub_rows, columns=columns))
    for table in tables:
        table.insert(
            4 if "sub_stage" not in table else 5, "share", table["n_users"] / (n_all or float("nan"))
        )
    return StageCounts(*tables, definition=_define(ladder, as_of))


def _check_scope(ladder: Ladder, tags: ibis.Table | None, scope: Scope) -> None:
    sides = {condition.brand for condition in ladder.event_conditions} - {"any"}
    if sides and scope.own_brands is not None and not scope.own_brands:
        raise ConfigError(
            f"The ladder {ladder.key!r} tells own brands from rivals, but no brand is named as own; name them in "
            "the scope, or say that every event is about the own brand (own_brands=None)."
        )
    if not ladder.tag_conditions:
        return
    if tags is None:
        raise ConfigError(f"The ladder {ladder.key!r} asks for tags, but there is no tags table; give one.")
    check_tags(tags, [TagRule(condition.tag, condition.values) for condition in ladder.tag_conditions])
    if not scope.own_brands and any(condition.brand != "any" for condition in ladder.tag_conditions):
        raise ConfigError(
            f"The ladder {ladder.key!r} asks whether a tag names an own brand, but no brand is named as own; "
            "name them in the scope."
        )


def _seen(events: ibis.Table, ladder: Ladder, as_of: date) -> ibis.Table:
    check_columns(events, "events", _EVENT_COLUMNS)
    event_at = events["event_at"].type()
    if not isinstance(event_at, dt.Timestamp) or event_at.timezone is not None:
        raise DataError(
            f"events.event_at has the type {event_at}; expected a timestamp without time zone in the "
            "brand's local time. Convert it, or pass the table through the contract check first."
        )
    seen = events.filter(events["event_at"] < ibis.timestamp(ObservationWindow(as_of, 1).end_at))
    days = [condition.days for condition in ladder.event_conditions]
    longest = [length for length in days if length is not None]
    if len(longest) == len(days) and longest:
        start = ObservationWindow(as_of, max(longest)).start_at
        seen = seen.filter(seen["event_at"] >= ibis.timestamp(start))
    return seen


def _count_events(seen: ibis.Table, ladder: Ladder, as_of: date, scope: Scope) -> ibis.Table:
    counts = {}
    for condition in dict.fromkeys(condition.counted for condition in ladder.event_conditions):
        wanted = _is_counted(seen, condition, as_of, scope)
        if condition.count == "events":
            counts[_column(condition)] = seen.count(where=wanted)
        else:
            loose = seen.count(where=wanted & seen["order_id"].isnull())  # noqa: PD003 - of Ibis
            counts[_column(condition)] = seen["order_id"].nunique(where=wanted) + loose
    return seen.group_by("user_id").agg(**counts) if counts else seen.select("user_id").distinct()


def _is_counted(seen: ibis.Table, condition: EventCondition, as_of: date, scope: Scope) -> ibis.Value:
    parts = [seen["event_type"].isin(condition.events)]
    if condition.days is not None:
        parts.append(seen["event_at"] >= ibis.timestamp(ObservationWindow(as_of, condition.days).start_at))
    categories = condition.categories or tuple(sorted(scope.categories))
    if categories:
        parts.append(seen["category"].isin(categories))
    if condition.brand != "any":
        parts.append(_is_of(seen["brand"], condition.brand == "own", scope))
    return ibis.and_(*parts)


def _is_of(brand: ibis.Value, own: bool, scope: Scope) -> ibis.Value:
    if scope.own_brands is None:
        return ibis.literal(own)
    named = brand.isin(sorted(scope.own_brands))
    return named if own else ~named


def _hold_tags(tags: ibis.Table, ladder: Ladder, scope: Scope) -> ibis.Table:
    held = {}
    for condition in ladder.tag_conditions:
        matches = TagRule(condition.tag, condition.values).matches(tags)
        if condition.brand != "any":
            matches &= _is_of(tags["value"], condition.brand == "own", scope).fill_null(False)
        held[_column(condition)] = matches.any()
    return tags.group_by("user_id").agg(**held)


def _column(condition: Condition) -> str:
    return repr(condition.counted if isinstance(condition, EventCondition) else condition)


def _conditions_that_hold(facts: ibis.Table, ladder: Ladder) -> Mapping[Condition, ibis.Value]:
    holds: dict[Condition, ibis.Value] = {}
    for condition in ladder.event_conditions:
        number = facts[_column(condition)].fill_null(0)
        holds[condition] = number >= condition.at_least
        if condition.at_most is not None:
            holds[condition] &= number <= condition.at_most
    for tag in ladder.tag_conditions:
        holds[tag] = facts[_column(tag)].fill_null(False)
    return holds


def _reached(rule: Rule, holds: Mapping[Condition, ibis.Value]) -> ibis.Value:
    return ibis.or_(*(ibis.and_(*(holds[part] for part in together)) for together in rule))


def _define(ladder: Ladder, as_of: date) -> Text:
    steps = []
    for stage in reversed(ladder.stages):
        words = [Text(f"{stage.name.zh}：", f"{stage.name.en}: ")]
        if stage.rule:
            words.append(_rule_words(stage.rule))
        parts = [
            Text(f"{sub.name.zh}（{rule.zh}）", f"{sub.name.en} ({rule.en})")
            for sub, rule in ((sub, _rule_words(sub.rule)) for sub in reversed(stage.sub_stages))
        ]
        steps.append(_join(words, Text("", "")))
        if parts:
            between = Text("；其中 ", ", of whom ") if stage.rule else Text("", "")
            steps[-1] = _join([steps[-1], between, _join(parts, Text("、", ", "))], Text("", ""))
    listed = _join(steps, Text("；", "; "))
    return Text(
        f"{ladder.name.zh}（第{ladder.version}版），截至 {as_of}（不含当日）。单位为人，每人只计入达到的最深一层，"
        f"占比的分母为表内全部用户。由深到浅：{listed.zh}。",
        f"{ladder.name.en} (version {ladder.version}), before {as_of}. Unit: users, each on the deepest stage "
        f"reached; shares are of all users of the table. From the deepest; {listed.en}.",
    )


def _rule_words(rule: Rule) -> Text:
    return _join(
        [_join([part.words for part in together], Text("且", " and ")) for together in rule],
        Text(" 或 ", " or "),
    )


def _join(texts: Iterable[Text], between: Text) -> Text:
    found: Sequence[Text] = list(texts)
    return Text(between.zh.join(text.zh for text in found), between.en.join(text.en for text in found))
