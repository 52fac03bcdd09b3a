"""Cards: what a marketer reads about a persona, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from personas.features.base import FeatureSet
from personas.model.bands import category_name, is_category
from personas.model.base import Card, Trait
from personas.model.number_words import say_number
from personas.model.traits import SIGNIFICANT, SLIGHT_EFFECT, is_commonplace, pick_distinctive
from personas.schema import BLOCKS, Block, Text

MAX_FACTS = 3
"""Facts per sentence: a card keeps the few tags that drive a decision."""

MAX_OFFERS = 5
"""Categories to offer on a card."""

_AVERAGE: dict[Block, Text] = {
    "who": Text("人群特征接近整体平均。", "Close to the average user."),
    "worth": Text("价值水平接近整体平均。", "Worth close to the average."),
    "what": Text("购买偏好接近整体平均。", "Buys close to what everybody buys."),
}
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
    persona is close to the average. What nearly everybody has is no fact. Protected attributes stand apart, marked as described only.

    Offers are the categories that the persona buys significantly more than all users, ranked by
    TGI x share, so that a strong preference of a handful doesn't outrank reach. The message speaks of
    those categories and what they do for a day, never of the customer: a message that tells people their
    own marital status, income or purchases discloses the profile behind it.

    References
    ----------
    Personal Information Protection Law of the People's Republic of China, article 24 (transparent, fair
    automated decisions; no unreasonable differential treatment), for keeping worth out of messages.
    """
    return tuple(_make_card(persona, feature_set) for persona in traits)


def _make_card(traits: Sequence[Trait], feature_set: FeatureSet) -> Card:
    open_traits = [trait for trait in traits if not trait.protected]
    sentences = {block: _sentence(block, open_traits, feature_set) for block in BLOCKS}
    offers = _offers(open_traits, feature_set)
    who = sentences["who"]
    guarded = pick_distinctive([trait for trait in traits if trait.protected], SLIGHT_EFFECT)[:MAX_FACTS]
    if guarded:
        zh, en = _list(guarded, feature_set)
        who = Text(
            f"{who.zh}另外（仅作描述，不参与聚类）：{zh}。",
            f"{who.en} Described only, never clustered on: {en}.",
        )
    return Card(who, sentences["worth"], sentences["what"], offers, _message(offers))


def _sentence(block: Block, traits: Sequence[Trait], feature_set: FeatureSet) -> Text:
    mine = [trait for trait in traits if trait.block == block]
    if not any(trait.tgi is not None for trait in mine):
        return _UNKNOWN
    facts = [fact for fact in pick_distinctive(mine, SLIGHT_EFFECT) if not is_commonplace(fact)][:MAX_FACTS]
    if not facts:
        return _AVERAGE[block]
    zh, en = _list(facts, feature_set)
    return Text(f"{zh}。", f"{en}.")


def _list(facts: Sequence[Trait], feature_set: FeatureSet) -> Text:
    stated = [_state(fact, feature_set) for fact in facts]
    return Text("，".join(fact.zh for fact in stated), "; ".join(fact.en for fact in stated))


def _state(trait: Trait, feature_set: FeatureSet) -> Text:
    """State one fact: ``62 % 为已婚（TGI 128）``."""
    feature = feature_set[trait.feature]
    share, tgi = f"{100 * (trait.share or 0.0):.0f}%", f"TGI {trait.tgi or 0.0:.0f}"
    if is_category(feature):
        category = category_name(feature)
        return Text(f"{share} 购买过{category.zh}（{tgi}）", f"{share} bought {category.en} ({tgi})")
    if feature.name in ("age", "age_band"):
        return Text(f"{share} 为{trait.short.zh}（{tgi}）", f"{share} aged {trait.short.en} ({tgi})")
    if feature.kind in ("numeric", "count"):
        said = say_number(feature.name, trait.level, trait.label)
        return Text(f"{share} {said.zh}（{tgi}）", f"{share} {said.en} ({tgi})")
    verb = "为" if feature.kind in ("nominal", "ordinal") and feature.block == "who" else ""
    return Text(f"{share} {verb}{trait.short.zh}（{tgi}）", f"{share} {trait.short.en} ({tgi})")


def _offers(traits: Sequence[Trait], feature_set: FeatureSet) -> tuple[Text, ...]:
    ranked = sorted(
        (
            (-trait.tgi * trait.share, trait.feature)
            for trait in traits
            if is_category(feature_set[trait.feature])
            and trait.tgi is not None
            and trait.tgi > 100
            and trait.share is not None
            and trait.q_value is not None
            and trait.q_value < SIGNIFICANT
        ),
    )
    return tuple(category_name(feature_set[name]) for _, name in ranked[:MAX_OFFERS])


def _message(offers: Sequence[Text]) -> Text:
    if not offers:
        return Text(
            "看看本周上新，挑一件让日常更轻松的。", "See what is new this week and what makes a day easier."
        )
    first = offers[0]
    if len(offers) == 1:
        return Text(
            f"{first.zh}新品到店：挑一款，让日常更省心。",
            f"{first.en[:1].upper()}{first.en[1:]}: new arrivals that make the day easier.",
        )
    second = offers[1]
    return Text(
        f"{first.zh}搭配{second.zh}，让日常更省心：看看本周组合。",
        f"{first.en[:1].upper()}{first.en[1:]} and {second.en} go well together: see this week's picks.",
    )
