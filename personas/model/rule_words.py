"""Words of rules: a rule as a marketer reads it, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from personas.features.base import Feature, FeatureSet
from personas.model.bands import age_level, category_name, feature_name, is_category
from personas.model.rule_base import Condition, Rule, RuleSet
from personas.model.rule_levels import (
    LevelLabels,
    LevelWords,
    Span,
    age_span,
    asks_for_yes,
    number_span,
    spell,
)
from personas.schema import Text
from personas.schema.levels import LEVELS

NO_RULE = Text("没有足够准确的规则", "no rule is precise enough")
"""What is said of an empty rule set."""

_TIERS = "一二三四五六"

_VERBS = {"first_category": Text("首购", "first bought"), "last_category": Text("最近购买", "last bought")}
"""Feature whose levels are categories -> what was done with them."""


class _Counted(NamedTuple):
    """Words for how often something was done; ``one`` and ``many`` are the English unit."""

    never: Text
    verb: Text
    unit: str
    one: str
    many: str


_COUNTED = {
    "order_count": _Counted(
        Text("没下过单", "never ordered"), Text("买过", "ordered"), "次", "time", "times"
    ),
    "category_breadth": _Counted(
        Text("没买过任何品类", "bought no category"),
        Text("买过", "bought"),
        "个品类",
        "category",
        "categories",
    ),
}


def describe_rule(rule: Rule, feature_set: FeatureSet, level_labels: LevelLabels | None = None) -> Text:
    """Say the conditions of a rule.

    Parameters
    ----------
    rule : Rule
        What to say.
    feature_set : FeatureSet
        The set that the rule was found in.
    level_labels : mapping of str to mapping of str to Text, optional
        Feature -> level -> name for people, for attributes that a config adds.

    Returns
    -------
    Text

    Raises
    ------
    NotFoundError
        If the feature set lacks a feature of the rule.
    DataError
        If a feature lacks a level of the rule.

    Examples
    --------
    >>> from personas.features.category_history import category_features
    >>> from personas.features.profile import profile_features
    >>> age = profile_features()[0]
    >>> vacuum = category_features("count", [("扫地机", Text("扫地机", "robot vacuum"))])
    >>> bought = Condition("order_count:扫地机", ("bought",))
    >>> conditions = (Condition("age", ("26-30", "31-35")), bought)
    >>> rule = Rule(conditions, precision=0.62, recall=0.41, share=0.09, lift=3.1, n_users=900)
    >>> describe_rule(rule, FeatureSet((age, *vacuum)))
    Text(zh='26-35岁 且 买过扫地机', en='aged 26–35 and bought robot vacuum')
    """
    words = LevelWords(feature_set, level_labels)
    said = [_say(condition, feature_set[condition.feature], words) for condition in rule.conditions]
    return Text(" 且 ".join(part.zh for part in said), _and([part.en for part in said]))


def describe_rule_set(
    rule_set: RuleSet, name: Text, feature_set: FeatureSet, level_labels: LevelLabels | None = None
) -> tuple[Text, ...]:
    """Say every rule of a persona with its figures, then what they pick out together.

    Parameters
    ----------
    rule_set : RuleSet
        What to say.
    name : Text
        Name of the persona.
    feature_set : FeatureSet
        The set that the rules were found in.
    level_labels : mapping of str to mapping of str to Text, optional
        As of :func:`describe_rule`.

    Returns
    -------
    tuple of Text
        One line per rule and, if there are several, one for all; a single line when there is none.

    Raises
    ------
    NotFoundError, DataError
        As of :func:`describe_rule`.

    Examples
    --------
    >>> describe_rule_set(RuleSet(), Text("智能潮流派", "Smart trend-setters"), FeatureSet())
    (Text(zh='没有足够准确的规则', en='no rule is precise enough'),)
    """
    if rule_set.precision is None:
        return (NO_RULE,)
    lines = []
    for rule in rule_set.rules:
        said = describe_rule(rule, feature_set, level_labels)
        figures = _figures(rule.precision, rule.recall, rule.share, name)
        lines.append(Text(f"{said.zh} → {figures.zh}", f"{said.en[0].upper()}{said.en[1:]} → {figures.en}"))
    if len(lines) > 1:
        figures = _figures(rule_set.precision, rule_set.recall, rule_set.share, name)
        lines.append(Text(f"满足任一规则 → {figures.zh}", f"Any of these → {figures.en}"))
    return tuple(lines)


def _figures(precision: float, recall: float, share: float, name: Text) -> Text:
    p, r, s = _percent(precision), _percent(recall), _percent(share)
    return Text(
        f"{p} 属于{name.zh}，覆盖该人群的 {r}，占全体 {s}",
        f"{p} belong to {name.en}; covers {r} of this persona, {s} of all users",
    )


def _percent(share: float) -> str:
    """Return a whole per cent; neither none nor all unless it is."""
    if 0 < share < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= share < 1 else f"{100 * share:.0f}%"


def _say(condition: Condition, feature: Feature, words: LevelWords) -> Text:
    if is_category(feature) or feature.kind == "binary":
        return _say_yes_or_no(feature, is_yes=asks_for_yes(condition))
    if (ages := age_span(condition)) is not None:
        return Text(age_level(ages).zh, f"aged {age_level(ages).en}")
    if feature.kind == "nominal":
        return _say_list(condition, feature, words)
    if feature.kind == "ordinal":
        return _say_range(condition, feature, words)
    return _say_number(number_span(condition, feature), feature)


def _say_yes_or_no(feature: Feature, *, is_yes: bool) -> Text:
    if is_category(feature):
        name, yes, no = category_name(feature), Text("买过", "bought "), Text("没买过", "never bought ")
    else:
        name, yes, no = feature_name(feature), Text("", ""), Text("非", "not ")
    verb = yes if is_yes else no
    return Text(f"{verb.zh}{name.zh}", f"{verb.en}{name.en}")


def _say_list(condition: Condition, feature: Feature, words: LevelWords) -> Text:
    said = _or(words.of(condition))
    if feature.name in _VERBS:
        verb = _VERBS[feature.name]
        return Text(f"{verb.zh}{said.zh}", f"{verb.en} {said.en}")
    return said if words.stand_alone(condition) else _name_and(feature, said)


def _say_range(condition: Condition, feature: Feature, words: LevelWords) -> Text:
    """Say neighbouring levels: 一二线城市, 本科及以上, 高中或大专."""
    texts = words.of(condition)
    first, last = texts[0], texts[-1]
    is_first, is_last = condition.levels[0] == feature.levels[0], condition.levels[-1] == feature.levels[-1]
    if len(texts) == 1:
        said = first
    elif feature.name == "city_tier" and set(condition.levels) <= set(LEVELS["city_tier"]):
        said = _say_tiers([LEVELS["city_tier"].index(level) for level in condition.levels], is_last=is_last)
    elif is_last:
        said = Text(f"{first.zh.removesuffix('及以上')}及以上", f"{first.en} or higher")
    elif is_first:
        said = Text(f"{last.zh.removesuffix('及以下')}及以下", f"{last.en} or lower")
    elif len(texts) > 2:
        said = Text(f"{first.zh}至{last.zh}", f"{first.en} to {last.en}")
    else:
        said = _or(texts)
    return said if words.stand_alone(condition) else _name_and(feature, said)


def _say_tiers(tiers: Sequence[int], *, is_last: bool) -> Text:
    if is_last and len(tiers) > 2:
        return Text(f"{_TIERS[tiers[0]]}线及以下城市", f"tier {tiers[0] + 1} or smaller city")
    said = "".join(_TIERS[tier] for tier in tiers)
    return Text(f"{said}线城市", f"tier {tiers[0] + 1}–{tiers[-1] + 1} city")


def _say_number(span: Span, feature: Feature) -> Text:
    if feature.name == "recency_days":
        return _say_recency(span)
    if feature.name in _COUNTED:
        return _say_count(span, _COUNTED[feature.name])
    low, high = spell(span.low, feature), spell(span.high, feature)
    name = feature_name(feature)
    if span.is_single:
        zh, en = f"为 {high.zh}", high.en
    elif span.high is None:
        zh, en = (f"≥{low.zh}", f"{low.en} or more") if span.low else (">0", "more than 0")
    elif span.low is None:
        sign, words = ("≤", "up to") if span.includes_high else ("<", "under")
        zh, en = f"{sign}{high.zh}", f"{words} {high.en}"
    else:
        room = "" if name.zh.endswith("）") else " "
        zh, en = f"{room}{low.zh}-{high.zh}", f"{low.en}–{high.en}"
    return Text(f"{name.zh}{zh}", f"{name.en} {en}")


def _say_count(span: Span, words: _Counted) -> Text:
    if span.is_single and not span.high:
        return words.never
    low, high = (f"{end or 0:.0f}" for end in (span.low, span.high))
    if span.high is None:
        zh, en, number = "至少", "at least ", low
    elif span.low is None:
        zh, en, number = "最多", "at most ", high
    else:
        zh, en, number = "", "", low if low == high else f"{low}-{high}"
    unit = words.one if number == "1" else words.many
    return Text(
        f"{zh}{words.verb.zh} {number} {words.unit}",
        f"{words.verb.en} {en}{number.replace('-', '–')} {unit}",
    )


def _say_recency(span: Span) -> Text:
    """Say days since the last order: 0 is the last day of the window, so 0 to 39 are its last 40 days."""
    low, high = span.low or 0, span.high or 0
    if span.high is None:
        return Text(f"买过但最近 {low:.0f} 天没买", f"ordered, but not in the last {low:.0f} days")
    if span.low is None:
        return Text(f"最近 {high + 1:.0f} 天内买过", f"ordered in the last {high + 1:.0f} days")
    return Text(f"最近一次购买在 {low:.0f}-{high:.0f} 天前", f"last ordered {low:.0f}–{high:.0f} days before")


def _name_and(feature: Feature, said: Text) -> Text:
    name = feature_name(feature)
    return Text(f"{name.zh}为{said.zh}", f"{name.en} {said.en}")


def _or(texts: Sequence[Text]) -> Text:
    *most, last = texts
    if not most:
        return last
    return Text(
        f"{'、'.join(text.zh for text in most)}或{last.zh}",
        f"{', '.join(text.en for text in most)} or {last.en}",
    )


def _and(parts: Sequence[str]) -> str:
    """Join conditions; a comma keeps them apart where one of them holds several levels."""
    if len(parts) == 2 and not any(" or " in part or ", " in part for part in parts):
        return " and ".join(parts)
    *most, last = parts
    return f"{', '.join(most)}, and {last}" if most else last
