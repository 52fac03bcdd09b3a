"""Cards: what a marketer reads about a persona, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from personas.features.base import Feature, FeatureSet
from personas.model.bands import AGES, BOUGHT, BUYERS, category_name, is_category
from personas.model.base import Card, Trait
from personas.model.traits import (
    ACTIVITY,
    SIGNIFICANT,
    SLIGHT_EFFECT,
    known_parts,
    pick_distinctive,
    pull,
    tell_once,
)
from personas.schema import BLOCKS, Block, Text

MAX_FACTS = 3
"""Facts per sentence: a card keeps the few tags that drive a decision."""

KNOWN_OF_MOST = 0.8
"""A fact known of a smaller part of the persona says so (own choice)."""

MAX_OFFERS = 5
"""Categories to offer on a card."""

_AVERAGE: dict[Block, Text] = {
    "who": Text("人群特征接近整体平均。", "Close to the average user."),
    "worth": Text("价值水平接近整体平均。", "Worth close to the average."),
    "what": Text("购买偏好接近整体平均。", "Buys close to what everybody buys."),
}
_OF_WHOM = (
    Text("", ""),
    Text("有购买的 {0} 中，", "of the {0} who bought, "),
    Text("信息已知的 {0} 中，", "of the {0} whose value is known, "),
)
"""Of whom a fact is known: nearly everybody, buyers, those who stated it."""

_PHRASES = {
    "order_count": "with {0} orders",
    "revenue": "with revenue {0}",
    "active_days": "with {0} active days",
    "recency_days": "last ordered {0} days ago",
    "category_breadth": "with {0} categories",
}
"""Feature -> English words around its band."""

_ENGLISH = {"education": "with ", "city_tier": "in "}
"""Feature -> English word before its level."""

_LINES: tuple[tuple[Text, ...], ...] = (
    (
        Text(
            "看看本周上新，挑一件让日常更轻松的。", "See what is new this week and what makes a day easier."
        ),
        Text("本周精选已更新，随时来逛。", "This week's picks are in: have a look around."),
        Text("好用的日常之选，本周一次看全。", "Good everyday choices, all in one place this week."),
    ),
    (
        Text("{0}新品到店：挑一款，让日常更省心。", "{0}: new arrivals that make the day easier."),
        Text(
            "{0}本周精选：先看口碑，再选合适的。", "{0}: this week's picks, with reviews to help you choose."
        ),
        Text("关于{0}：一页看懂怎么选。", "{0}: how to choose, on one page."),
    ),
    (
        Text("{0}搭配{1}，让日常更省心：看看本周组合。", "{0} plus {1}: see this week's picks for both."),
        Text("{0}、{1}本周上新，一次看全。", "{0} and {1}: what is new this week, in one place."),
        Text("从{0}到{1}，本周精选一次配齐。", "From {0} to {1}: this week's picks, all in one place."),
        Text("{0}怎么选？连同{1}一起看。", "{0}: how to choose, and {1} alongside."),
    ),
)
"""Lines to start a message from, for no, one and two categories to offer."""

_UNKNOWN = Text("暂无可展示的数据。", "No data to show.")


def make_cards(traits: Sequence[Sequence[Trait]], feature_set: FeatureSet) -> tuple[Card, ...]:
    """Write the card of every persona.

    Parameters
    ----------
    traits : sequence of sequence of Trait
        Traits of each persona, in feature order.
    feature_set : FeatureSet
        Says what the traits were read from.

    Returns
    -------
    tuple of Card
        In the order of ``traits``.

    Notes
    -----
    A sentence states up to three facts with share and TGI, strongest effect (Cohen's h) first; facts need
    TGI above 100, q below .05 and at least half a small effect, otherwise the sentence says that the
    persona is close to the average. A fact that is known of less than four in five says of how many. The
    same users are not told twice ("no orders", "no spending"). Protected attributes stand apart, marked as
    described only.

    Offers are the categories that the persona buys significantly more than all users, ranked by
    :func:`personas.model.traits.pull`, so that neither what everybody buys nor a strong preference of a
    handful comes first. The message speaks of those categories, never of the customer: a message that
    tells people their own marital status, income or purchases discloses the profile behind it.

    References
    ----------
    Personal Information Protection Law of the People's Republic of China, article 24 (transparent, fair
    automated decisions; no unreasonable differential treatment), for keeping worth out of messages.
    """
    return tuple(_make_card(place, persona, feature_set) for place, persona in enumerate(traits))


def _make_card(place: int, traits: Sequence[Trait], feature_set: FeatureSet) -> Card:
    parts = known_parts(traits)
    open_traits = [trait for trait in traits if not trait.protected]
    told: list[Trait] = []
    sentences: dict[Block, Text] = {}
    for block in BLOCKS:
        mine = [trait for trait in open_traits if trait.block == block]
        facts = tell_once(_categories_by_pull(pick_distinctive(mine, SLIGHT_EFFECT, parts)), told)[:MAX_FACTS]
        told += facts
        sentences[block] = _sentence(block, mine, facts, feature_set, parts)
    offers = _offers(open_traits, feature_set)
    who = sentences["who"]
    guarded = [trait for trait in traits if trait.protected]
    if facts := pick_distinctive(guarded, SLIGHT_EFFECT, parts)[:MAX_FACTS]:
        zh, en = _list(facts, feature_set, parts)
        who = Text(
            f"{who.zh}另外（仅作描述，不参与聚类）：{zh}。",
            f"{who.en} Described only, never clustered on: {en}.",
        )
    return Card(who, sentences["worth"], sentences["what"], offers, _message(place, offers))


def _categories_by_pull(facts: Sequence[Trait]) -> list[Trait]:
    """Return the facts with the categories among them in the order of their pull."""
    categories = iter(sorted((fact for fact in facts if fact.level == BOUGHT), key=pull, reverse=True))
    return [next(categories) if fact.level == BOUGHT else fact for fact in facts]


def _sentence(
    block: Block,
    traits: Sequence[Trait],
    facts: Sequence[Trait],
    feature_set: FeatureSet,
    parts: Mapping[str, float],
) -> Text:
    if not any(trait.tgi is not None for trait in traits):
        return _UNKNOWN
    if not facts:
        return _AVERAGE[block]
    zh, en = _list(facts, feature_set, parts)
    return Text(f"{zh}。", f"{en[:1].upper()}{en[1:]}.")


def _list(facts: Sequence[Trait], feature_set: FeatureSet, parts: Mapping[str, float]) -> Text:
    """State facts; those known of few come last, under one statement of how many that is."""
    groups: tuple[list[Trait], ...] = ([], [], [])
    for fact in facts:
        is_known = parts.get(fact.feature, 1.0) >= KNOWN_OF_MOST
        groups[0 if is_known else 1 if fact.feature in ACTIVITY else 2].append(fact)
    said = []
    for opening, group in zip(_OF_WHOM, groups, strict=True):
        if group:
            of = _percents([parts.get(fact.feature, 1.0) for fact in group])
            stated = [_state(fact, feature_set) for fact in group]
            comma_zh, comma_en = ("；", "; ") if opening is _OF_WHOM[0] else ("、", ", ")
            said.append(
                Text(
                    opening.zh.format(of) + comma_zh.join(fact.zh for fact in stated),
                    opening.en.format(of) + comma_en.join(fact.en for fact in stated),
                )
            )
    return Text("；".join(part.zh for part in said), "; ".join(part.en for part in said))


def _percents(shares: Sequence[float]) -> str:
    low, high = f"{100 * min(shares):.0f}", f"{100 * max(shares):.0f}"
    return f"{high}%" if low == high else f"{low}–{high}%"


def _state(trait: Trait, feature_set: FeatureSet) -> Text:
    """State one fact: ``62% 为已婚（TGI 128）``."""
    share, tgi = f"{100 * (trait.share or 0.0):.0f}%", f"TGI {trait.tgi or 0.0:.0f}"
    zh, en = _claim(trait, feature_set[trait.feature])
    return Text(f"{share} {zh}（{tgi}）", f"{share} {en} ({tgi})")


def _claim(trait: Trait, feature: Feature) -> Text:
    """Say what the share of a fact is a share of."""
    if is_category(feature):
        return Text(f"购买过{category_name(feature).zh}", f"bought {category_name(feature).en}")
    if feature.name in AGES:
        return Text(f"为{trait.short.zh}", f"aged {trait.short.en}")
    if feature.kind in ("numeric", "count"):
        name, _, value = trait.label.zh.partition("：")
        if value == "0" or trait.short in BUYERS:
            return Text(trait.short.zh, f"{'' if trait.short in BUYERS else 'with '}{trait.short.en}")
        # "京享值≥6000", but "购买次数 2-3": a digit after a word needs room.
        room = "" if value[:1] in "<≥>" else " "
        english, _, number = trait.label.en.partition(": ")
        article = "an" if english[:1] in "AEIOU" else "a"
        phrase = _PHRASES.get(feature.name, f"with {article} {english[:1].lower()}{english[1:]} of {{0}}")
        return Text(f"{name}{room}{value}", phrase.format(number))
    verb = "为" if feature.kind in ("nominal", "ordinal") and feature.block == "who" else ""
    article = _ENGLISH.get(feature.name, "")
    return Text(f"{verb}{trait.short.zh}", f"{article}{trait.short.en}")


def _offers(traits: Sequence[Trait], feature_set: FeatureSet) -> tuple[Text, ...]:
    ranked = sorted(
        (
            (-pull(trait), trait.feature)
            for trait in traits
            if is_category(feature_set[trait.feature])
            and pull(trait) > 0
            and trait.q_value is not None
            and trait.q_value < SIGNIFICANT
        ),
    )
    return tuple(category_name(feature_set[name]) for _, name in ranked[:MAX_OFFERS])


def _message(place: int, offers: Sequence[Text]) -> Text:
    """Return a line about the first two offers; personas take turns with the wordings."""
    lines = _LINES[min(len(offers), 2)]
    line = lines[place % len(lines)]
    zh = line.zh.format(*(offer.zh for offer in offers))
    en = line.en.format(*(offer.en for offer in offers))
    return Text(zh, f"{en[:1].upper()}{en[1:]}")
