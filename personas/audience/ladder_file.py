"""Ladder files: the plain content of a YAML file becomes a ladder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from personas.audience.ladder import (
    Condition,
    EventCondition,
    Ladder,
    LadderSource,
    Rule,
    Stage,
    SubStage,
    TagCondition,
)
from personas.errors import ConfigError
from personas.schema import Text

_LADDER_KEYS = ("key", "version", "name", "sources", "stages", "nobody", "nobody_action", "not_found")
_STAGE_KEYS = ("key", "name", "reached_by", "sub_stages", "action")
_SUB_STAGE_KEYS = ("key", "name", "reached_by")
_EVENT_KEYS = ("events", "days", "at_least", "at_most", "brand", "categories", "count")
_TAG_KEYS = ("tag", "values", "brand")


def ladder_from_dict(data: Mapping[str, Any]) -> Ladder:
    """Make a ladder from the content of a ladder file.

    Parameters
    ----------
    data : mapping
        ``key, version, name, sources, stages`` and, where there are any, ``nobody``, ``nobody_action`` and
        ``not_found``. A stage has ``key, name`` and ``reached_by``, ``sub_stages`` or both, perhaps an ``action``; texts are
        ``{zh, en}``; ``reached_by`` is a list of alternatives, each a list of conditions.

    Returns
    -------
    Ladder

    Raises
    ------
    ConfigError
        If a key is unknown or missing, or a definition impossible.

    Examples
    --------
    >>> ladder = ladder_from_dict({
    ...     "key": "buyers", "version": 1, "name": {"zh": "购买", "en": "buying"},
    ...     "sources": [{"mark": "own choice", "text": "an example"}],
    ...     "stages": [{"key": "P", "name": {"zh": "购买", "en": "bought"},
    ...                 "reached_by": [[{"events": ["order"], "days": 365}]]}]})
    >>> ladder.order
    ['P']
    """
    _check_keys("the head", data, _LADDER_KEYS, required=5)
    further = {key: _text(data[key]) for key in ("nobody", "nobody_action") if key in data}
    return Ladder(
        key=data["key"],
        name=_text(data["name"]),
        version=data["version"],
        sources=tuple(_source(source) for source in data["sources"]),
        stages=tuple(_stage(stage) for stage in data["stages"]),
        not_found=tuple(data.get("not_found", ())),
        **further,
    )


def _source(data: Mapping[str, Any]) -> LadderSource:
    _check_keys("a source", data, ("mark", "text"), required=2)
    return LadderSource(data["mark"], data["text"])


def _stage(data: Mapping[str, Any]) -> Stage:
    _check_keys("a stage", data, _STAGE_KEYS, required=2)
    return Stage(
        key=data["key"],
        name=_text(data["name"]),
        rule=_rule(data.get("reached_by", ())),
        sub_stages=tuple(_sub_stage(part) for part in data.get("sub_stages", ())),
        action=_text(data.get("action", {"zh": "", "en": ""})),
    )


def _sub_stage(data: Mapping[str, Any]) -> SubStage:
    _check_keys("a sub-stage", data, _SUB_STAGE_KEYS, required=3)
    return SubStage(data["key"], _text(data["name"]), _rule(data["reached_by"]))


def _rule(alternatives: Sequence[Sequence[Mapping[str, Any]]]) -> Rule:
    return tuple(tuple(_condition(part) for part in together) for together in alternatives)


def _condition(data: Mapping[str, Any]) -> Condition:
    if isinstance(data, Mapping) and "tag" in data:
        _check_keys("a condition on a tag", data, _TAG_KEYS, required=1)
        return TagCondition(**_with_tuples(data))
    _check_keys("a condition", data, _EVENT_KEYS, required=1)
    return EventCondition(**_with_tuples(data))


def _with_tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


def _text(data: Mapping[str, Any]) -> Text:
    _check_keys("a text", data, ("zh", "en"), required=2)
    return Text(data["zh"], data["en"])


def _check_keys(what: str, data: Any, known: Sequence[str], *, required: int) -> None:
    """Refuse keys that nobody reads, and absent ones among the first ``required``."""
    if not isinstance(data, Mapping):
        raise ConfigError(
            f"Found {type(data).__name__} where {what} of a ladder file stands; expected the keys {', '.join(known)}."
        )
    unknown = [str(key) for key in data if key not in known]
    absent = [key for key in known[:required] if key not in data]
    if unknown or absent:
        found = [f"unknown {', '.join(unknown)}"] * bool(unknown) + [f"no {', '.join(absent)}"] * bool(absent)
        raise ConfigError(f"In {what} of a ladder file: {'; '.join(found)}. Its keys are {', '.join(known)}.")
