import numpy as np
import pytest

from personas.model.base import Trait
from personas.model.label import name_personas
from personas.model.profile import profile_personas
from personas.schema import Text

IDS = ["P01", "P02", "P03", "P04", "P05"]


def trait(feature, block, zh, en, *, share=0.6, base_share=0.3, protected=False):
    return Trait(
        feature=feature,
        level=en,
        label=Text(f"名：{zh}", f"Name: {en}"),
        short=Text(zh, en),
        block=block,
        protected=protected,
        n_users=round(1000 * share),
        share=share,
        base_share=base_share,
        tgi=100 * share / base_share,
        tgi_lower=None,
        tgi_upper=None,
        q_value=0.001,
    )


AGE = trait("age", "who", "26-35岁", "26–35")
WORTH = trait("membership_value", "worth", "高京享值", "high membership value")
VACUUM = trait("order_count:扫地机", "what", "扫地机", "robot vacuum buyers")
LOCK = trait("order_count:门锁", "what", "门锁", "smart lock buyers", share=0.5)


def profile(world):
    return profile_personas(world.data, world.labels, world.feature_set, n_personas=5)


def names(*personas, ids=None, **options):
    return [named.name for named in name_personas(personas, ids or IDS[: len(personas)], **options)]


def test_a_composed_name_says_who_they_are_what_they_are_worth_and_what_they_buy():
    assert names([VACUUM, LOCK, WORTH, AGE]) == [
        Text("26-35岁·高京享值·扫地机人群", "26–35, high membership value, robot vacuum buyers")
    ]


def test_names_are_unique_in_both_languages():
    found = names([AGE, WORTH, VACUUM], [AGE, WORTH, VACUUM, LOCK], [AGE, WORTH, VACUUM], [], [])

    assert len({name.zh for name in found}) == len({name.en for name in found}) == 5
    assert "门锁" in found[1].zh
    assert found[3:] == [Text("均衡大众", "Mainstream"), Text("均衡大众 2", "Mainstream 2")]


def test_same_words_in_one_language_only_are_still_told_apart():
    found = names([AGE], [trait("age", "who", "26-35岁", "26 to 35")])

    assert len({name.zh for name in found}) == 2


def test_protected_attributes_are_never_in_a_composed_name():
    women = trait("gender", "who", "女", "female", share=0.95, base_share=0.4, protected=True)

    assert names([women, WORTH]) == [Text("高京享值人群", "High membership value")]
    assert names([women]) == [Text("均衡大众", "Mainstream")]


def test_what_nearly_everybody_buys_names_nobody_who_buys_something_of_their_own():
    cheese = trait("order_count:奶酪", "what", "奶酪", "cheese buyers", share=0.999, base_share=0.82)
    organic = trait(
        "order_count:有机果蔬", "what", "有机果蔬", "organic produce buyers", share=0.72, base_share=0.33
    )

    assert names([cheese, organic]) == [Text("有机果蔬人群", "Organic produce buyers")]
    assert names([cheese]) == [Text("奶酪人群", "Cheese buyers")]


def test_what_few_of_them_have_names_them_only_when_nothing_else_does():
    rare = trait("order_count:油烟机", "what", "油烟机", "range hood buyers", share=0.12, base_share=0.03)

    assert names([AGE, rare]) == [Text("26-35岁人群", "26–35")]
    assert names([rare]) == [Text("油烟机人群", "Range hood buyers")]


def test_slight_traits_name_a_persona_that_has_no_clear_one():
    slight = trait("marital_status", "who", "已婚", "married", share=0.57, base_share=0.50)

    assert names([slight]) == [Text("已婚人群", "Married")]


def test_a_long_name_drops_its_weakest_part():
    long = trait(
        "occupation", "who", "专业技术人员", "professional and technical workers in cities", share=0.5
    )

    (name,) = names([long, WORTH, VACUUM])

    assert name.en == "High membership value, robot vacuum buyers"


def test_archetypes_name_what_they_match_and_traits_the_rest(world, archetypes):
    found = name_personas(profile(world), IDS, archetypes=archetypes)

    assert [named.archetype for named in found] == ["smart", "quality", "ants", "tech", None]
    assert [named.source for named in found] == ["archetype"] * 4 + ["traits"]
    assert found[0].name == Text("智能潮流派", "Smart trend-setters")


def test_composed_names_of_the_planted_world_speak_of_what_was_planted(world):
    found = [named.name.zh for named in name_personas(profile(world), IDS)]

    for name, category in zip(found, ("扫地机", "门锁", "油烟机", "音箱"), strict=False):
        assert category in name
    assert all(len(name) <= 24 for name in found)


def test_an_override_wins_and_keeps_its_archetype(world, archetypes):
    mine = Text("我的人群", "My people")

    found = name_personas(profile(world), IDS, archetypes=archetypes, overrides={"P01": mine})

    assert (found[0].name, found[0].source, found[0].archetype) == (mine, "override", "smart")


def test_an_archetype_whose_name_the_user_gave_away_is_not_used_twice(world, archetypes):
    found = name_personas(
        profile(world), IDS, archetypes=archetypes, overrides={"P05": Text("智能潮流派", "Trendy")}
    )

    assert found[0].source == "traits"


@pytest.mark.parametrize(
    ("overrides", "used"),
    [
        ({"P09": Text("新", "new")}, []),
        ({"P01": Text("甲", "same"), "P02": Text("乙", "same")}, ["P01"]),
        ({"P01": Text("P02", "two")}, []),
    ],
)
def test_overrides_that_can_not_be_used_are_passed_over(overrides, used):
    ids = ["P01", "P02"]
    found = name_personas([[AGE], [WORTH]], ids, overrides=overrides)

    assert [i for i, named in zip(ids, found, strict=True) if named.source == "override"] == used
    assert [named.name for named in found if named.source != "override"]


def test_an_override_wins_over_the_name_that_another_persona_would_get():
    ((_, other),) = [names([AGE], [WORTH])]
    found = name_personas([[AGE], [WORTH]], ["P01", "P02"], overrides={"P01": other})

    assert (found[0].name, found[0].source) == (other, "override")
    assert set(found[1].name).isdisjoint(other)


def test_names_do_not_depend_on_the_order_of_users(world):
    order = np.random.default_rng(3).permutation(len(world.labels))
    shuffled = profile_personas(world.data.iloc[order], world.labels[order], world.feature_set, n_personas=5)

    assert name_personas(shuffled, IDS) == name_personas(profile(world), IDS)
