from dataclasses import replace

import numpy as np
import pytest

from personas.model.cards import make_cards
from personas.model.number_words import say_number
from personas.model.profile import profile_personas
from personas.model.traits import is_commonplace
from personas.schema import Text


def cards(world, labels=None):
    labels = world.labels if labels is None else labels
    traits = profile_personas(world.data, labels, world.feature_set, n_personas=5)
    return make_cards(traits, world.feature_set), traits


def test_sentences_state_share_and_index_of_the_strongest_traits(world):
    (_, _, _, tech, _), traits = cards(world)

    unmarried = next(t for t in traits[3] if t.level == "unmarried")
    assert f"{100 * unmarried.share:.0f}% 为未婚（TGI {unmarried.tgi:.0f}）" in tech.who.zh
    assert f"{100 * unmarried.share:.0f}% unmarried (TGI {unmarried.tgi:.0f})" in tech.who.en
    assert "京享值 3000-6000" in tech.worth.zh
    assert "with membership value 3,000–6,000" in tech.worth.en
    assert "购买过音箱" in tech.what.zh
    assert "bought smart speaker" in tech.what.en


def test_what_nearly_everybody_has_is_no_fact(world):
    _, traits = cards(world)
    told = next(t for t in traits[3] if t.level == "unmarried")
    common = replace(told, feature="home", share=0.98, base_share=0.9, tgi=108.9)

    assert is_commonplace(common)
    assert not is_commonplace(replace(common, base_share=0.7, tgi=140.0))
    assert make_cards([[replace(common, feature="marital_status")]], world.feature_set)[0].who.en.startswith(
        "Close"
    )


@pytest.mark.parametrize(
    ("name", "level", "zh", "en", "said"),
    [
        ("order_count", ">=1", "≥1", "1 or more", Text("下过单", "ordered at least once")),
        ("order_count", "<3", "<3", "under 3", Text("下单 不到 3 次", "placed fewer than 3 orders")),
        ("order_count", "1", "1", "1", Text("下单 1 次", "ordered once")),
        ("revenue", "<290", "<290", "under 290", Text("消费 不到 290", "spent under 290")),
        (
            "recency_days",
            ">=90",
            "≥90",
            "90 or more",
            Text("最近购买在 90 天前或更早", "last bought 90 or more days ago"),
        ),
        ("points", ">=90", "≥90", "90 or more", Text("积分≥90", "with points 90 or more")),
    ],
)
def test_bands_of_numbers_are_said_as_people_say_them(name, level, zh, en, said):
    assert say_number(name, level, Text(f"积分：{zh}", f"Points: {en}")) == said


def test_merged_ages_are_said_in_one_breath(world):
    (_, _, _, tech, _), _ = cards(world)

    assert "26-35岁" in tech.who.zh
    assert "aged 26–35" in tech.who.en


def test_a_persona_like_everybody_is_called_close_to_the_average(world):
    mixed = np.random.default_rng(2).permutation(world.labels)

    for card in cards(world, mixed)[0]:
        assert card.who.en.startswith("Close to the average")
        assert card.worth.zh == "价值水平接近整体平均。"
        assert card.what.zh == "购买偏好接近整体平均。"
        assert card.offers == ()
        assert all(card.message)


def test_a_question_without_data_says_so(world):
    traits = [t for t in cards(world)[1][0] if t.block != "worth"]

    (card,) = make_cards([traits], world.feature_set)

    assert card.worth == Text("暂无可展示的数据。", "No data to show.")


def test_protected_attributes_stand_apart_as_described_only(world):
    (first, women, *_), _ = cards(world)

    assert "另外（仅作描述，不参与聚类）：" in women.who.zh
    assert "为女" in women.who.zh.partition("另外")[2]
    assert "女" not in women.who.zh.partition("另外")[0]
    assert "另外" not in first.who.zh


def test_offers_are_over_indexed_categories_best_first(world):
    found, traits = cards(world)

    assert [card.offers[:1] for card in found[:4]] == [
        (Text("扫地机", "robot vacuum"),),
        (Text("门锁", "smart lock"),),
        (Text("油烟机", "range hood"),),
        (Text("音箱", "smart speaker"),),
    ]
    for card, persona in zip(found, traits, strict=True):
        scores = {t.short.zh: t.tgi * t.share for t in persona if t.level == "bought"}
        offered = [scores[offer.zh] for offer in card.offers]
        assert offered == sorted(offered, reverse=True)


def test_messages_speak_of_the_category_and_never_of_the_customer(world):
    found, traits = cards(world)
    facts = {t.short.zh for persona in traits for t in persona if t.block != "what"}

    for card in found[:4]:
        assert card.offers[0].zh in card.message.zh
        assert card.offers[0].en in card.message.en.lower()
    for card in found:
        assert not any(len(fact) > 1 and fact in card.message.zh for fact in facts)
        assert "你" not in card.message.zh
