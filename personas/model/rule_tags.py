"""Tag expressions of rules, for platforms that pick users out by tags alone."""

from __future__ import annotations

from personas.errors import ConfigError
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
from personas.schema import LANGUAGES, Language, Text

ANYTHING = Text("全品类", "any category")
"""Object of a behaviour that isn't about one category."""

_AND, _OR = Text(" ∩ ", " AND "), Text(" ∪ ", " OR ")

_EDGES = {"first_category": Text("首购", "first bought "), "last_category": Text("最近购买", "last bought ")}


def tag_expression(
    rule_set: RuleSet,
    feature_set: FeatureSet,
    language: Language,
    *,
    lookback_days: int,
    level_labels: LevelLabels | None = None,
) -> str:
    """Write a rule set as one expression of tags.

    Parameters
    ----------
    rule_set : RuleSet
        What to write.
    feature_set : FeatureSet
        The set that the rules were found in.
    language : {"zh-CN", "en"}
        Language of tags and operators.
    lookback_days : int, days, >= 1
        Window that the features saw; behaviour names it: ``扫地机365天购买``.
    level_labels : mapping of str to mapping of str to Text, optional
        Feature -> level -> name for people, for attributes that a config adds.

    Returns
    -------
    str
        ``∩`` (``AND``) between conditions, ``∪`` (``OR``) between rules, each rule of several conditions in
        brackets where there are several rules; a slash between levels of one attribute, of which one is
        enough. Empty for an empty set. A slash inside a name is written ``／``.

    Raises
    ------
    ConfigError
        If the language is unknown or the window is shorter than a day.
    NotFoundError
        If the feature set lacks a feature of a rule.
    DataError
        If a feature lacks a level of a rule.

    Notes
    -----
    Behaviour is object, window and verb; 未购 is its absence. Days since the last order become windows that
    end with the lookback: bought in 365 days but not in the last 90. Thousands are written ``K``.

    Examples
    --------
    >>> from personas.features.membership import MEMBERSHIP_FEATURES
    >>> from personas.features.profile import profile_features
    >>> features = FeatureSet((profile_features()[0], MEMBERSHIP_FEATURES[0]))
    >>> conditions = Condition("age", ("26-30", "31-35")), Condition("membership_value", (">=6000",))
    >>> rule = Rule(conditions, precision=0.62, recall=0.41, share=0.09, lift=3.1, n_users=900)
    >>> rule_set = RuleSet((rule,), 0.62, 0.41, 0.09)
    >>> tag_expression(rule_set, features, "zh-CN", lookback_days=365)
    '26-35岁 ∩ 京享值6K+'
    >>> tag_expression(rule_set, features, "en", lookback_days=365)
    'aged 26–35 AND membership value 6K+'
    """
    if language not in LANGUAGES:
        raise ConfigError(f"language is {language!r}; expected {' or '.join(LANGUAGES)}.")
    if lookback_days < 1:
        raise ConfigError(f"lookback_days is {lookback_days}; expected at least 1 day.")
    words = LevelWords(feature_set, level_labels)
    written = [
        _AND.of(language).join(tag.of(language) for tag in _tags(rule, feature_set, words, lookback_days))
        for rule in rule_set.rules
    ]
    if len(written) > 1:
        written = [f"({rule})" if _AND.of(language) in rule else rule for rule in written]
    return _OR.of(language).join(written)


def _tags(rule: Rule, feature_set: FeatureSet, words: LevelWords, days: int) -> list[Text]:
    return [tag for c in rule.conditions for tag in _tags_of(c, feature_set[c.feature], words, days)]


def _tags_of(condition: Condition, feature: Feature, words: LevelWords, days: int) -> list[Text]:
    if is_category(feature):
        return [_behaviour(_safe(category_name(feature)), days, is_bought=asks_for_yes(condition))]
    if feature.kind == "binary":
        name = _safe(feature_name(feature))
        return [name if asks_for_yes(condition) else Text(f"非{name.zh}", f"NOT {name.en}")]
    if (ages := age_span(condition)) is not None:
        return [Text(age_level(ages).zh, f"aged {age_level(ages).en}")]
    if feature.kind in ("nominal", "ordinal"):
        return [_list(condition, feature, words)]
    return _numbers(number_span(condition, feature), feature, days)


def _numbers(span: Span, feature: Feature, days: int) -> list[Text]:
    if feature.name == "recency_days":
        return _recency(span, days)
    if feature.name == "order_count" and span.is_single and span.high == 0:
        return [Text(f"{days}天未购", f"nothing bought in {days} days")]
    name = _safe(feature_name(feature))
    if feature.source in ("rfm", "category_history"):
        name = Text(f"{days}天{name.zh}", f"{name.en} in {days} days")
    return [_number(name, span, feature)]


def _behaviour(what: Text, days: int, *, is_bought: bool) -> Text:
    zh, en = ("购买", "bought") if is_bought else ("未购", "not bought")
    return Text(f"{what.zh}{days}天{zh}", f"{what.en} {en} in {days} days")


def _list(condition: Condition, feature: Feature, words: LevelWords) -> Text:
    texts = [_safe(text) for text in words.of(condition)]
    if feature.name in _EDGES:
        edge = _EDGES[feature.name]
        texts = [Text(f"{edge.zh}{text.zh}", f"{edge.en}{text.en}") for text in texts]
    said = Text("/".join(text.zh for text in texts), "/".join(text.en for text in texts))
    if feature.name in _EDGES or words.stand_alone(condition):
        return said
    name = _safe(feature_name(feature))
    return Text(f"{name.zh}：{said.zh}", f"{name.en}: {said.en}")


def _recency(span: Span, days: int) -> list[Text]:
    """Return windows: ordered in the last days up to ``high``, not in those before ``low``."""
    window = days if span.high is None else min(int(span.high) + 1, days)
    bought = _behaviour(ANYTHING, window, is_bought=True)
    if span.low is None:
        return [bought]
    return [bought, _behaviour(ANYTHING, int(span.low), is_bought=False)]


def _number(name: Text, span: Span, feature: Feature) -> Text:
    low, high = _short(span, feature)
    if span.is_single:
        said = high
    elif span.high is None:
        said = f"{low}+" if span.low else ">0"
    elif span.low is None and feature.kind == "count":
        said = f"<{_short(Span(None, span.high + 1, includes_high=False), feature)[1]}"
    elif span.low is None:
        said = f"≤{high}" if span.includes_high else f"<{high}"
    else:
        said = f"{low}-{high}"
    return Text(f"{name.zh}{said}", f"{name.en} {said}")


def _short(span: Span, feature: Feature) -> list[str]:
    """Write both ends, as K where they are round thousands or hundreds above: 6000 -> 6K, 7600 -> 7.6K."""
    ends = (span.low, span.high)
    if all(end is None or (abs(end) >= 1000 and end % 100 == 0) for end in ends):
        return ["" if end is None else f"{end / 1000:.10g}K" for end in ends]
    return [spell(end, feature).zh for end in ends]


def _safe(text: Text) -> Text:
    """Keep a slash in a name apart from the one between levels."""
    return Text(*(part.replace("/", "／") for part in text))
