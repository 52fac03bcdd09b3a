import pytest

from personas.audience.ladder import (
    EventCondition,
    Ladder,
    LadderSource,
    Stage,
    SubStage,
    TagCondition,
)
from personas.errors import ConfigError
from personas.schema import Text

VIEW = ((EventCondition(("view",), days=30),),)
MEMBER = ((TagCondition("品牌会员"),),)
NAME = Text("名", "name")
SOURCES = (LadderSource("own choice", "an example"),)


def make_ladder(*stages):
    return Ladder("demo", NAME, 1, SOURCES, stages)


def test_an_unknown_event_type_is_named_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"'veiw'; Did you mean 'view'\? Known: view, search, cart"):
        EventCondition(("veiw", "cart"))
    with pytest.raises(ConfigError, match="an empty list"):
        EventCondition(())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"days": 0}, "looks back 0 days"),
        ({"at_least": 3, "at_most": 2}, "3 to 2"),
        ({"at_least": -1, "at_most": 2}, "-1 to 2"),
        ({"at_least": 0}, "always holds"),
        ({"brand": "ours"}, "brand is 'ours'; expected one of any, own, rival"),
        ({"count": "lines"}, "count is 'lines'"),
    ],
)
def test_impossible_conditions_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        EventCondition(("view",), **arguments)


def test_a_tag_condition_takes_values_or_a_brand():
    with pytest.raises(ConfigError, match="values and a brand"):
        TagCondition("手机", ("Apple",), brand="own")


def test_conditions_that_differ_in_their_range_only_are_counted_once():
    few, many = EventCondition(("view",), 30, 1, 2), EventCondition(("view",), 30, 3, None)
    assert few.counted == many.counted
    assert few.counted != EventCondition(("view",), 31).counted


@pytest.mark.parametrize(
    ("condition", "zh", "en"),
    [
        (
            EventCondition(("search", "cart"), 30, brand="own"),
            "30天本品搜索/加购≥1次",
            "own-brand search/add to cart: at least 1 in 30 days",
        ),
        (EventCondition(("order",), None, 0, 0), "历史下单无", "order: none ever"),
        (
            EventCondition(("order",), 365, 2, count="orders"),
            "365天下单≥2单",
            "order: at least 2 orders in 365 days",
        ),
        (EventCondition(("view",), 30, 3, 7), "30天浏览3-7次", "view: 3 to 7 in 30 days"),
        (
            EventCondition(("view",), 7, 1, 1, categories=("空调",)),
            "7天浏览(空调)1次",
            "view(空调): 1 in 7 days",
        ),
        (TagCondition("机型", ("A", "B")), "标签“机型”为A/B", "tag '机型': A/B"),
        (TagCondition("机型", brand="own"), "标签“机型”为本品", "tag '机型': own brand"),
        (TagCondition("机型"), "有标签“机型”", "tag '机型': any value"),
    ],
)
def test_conditions_say_what_they_ask(condition, zh, en):
    assert condition.words == Text(zh, en)


@pytest.mark.parametrize("twice", ["A1", "A2"])
def test_a_stage_that_stands_twice_is_refused(twice):
    stages = [Stage(key, NAME, VIEW) for key in ("A1", "A2", twice)]
    with pytest.raises(ConfigError, match=f"has {twice} twice"):
        make_ladder(*stages)


def test_sub_stages_are_unique_within_their_stage_only():
    parts = (SubStage("x", NAME, VIEW), SubStage("x", NAME, MEMBER))
    with pytest.raises(ConfigError, match="stage 'A1' has x twice"):
        make_ladder(Stage("A1", NAME, sub_stages=parts))
    ladder = make_ladder(*(Stage(key, NAME, sub_stages=parts[:1]) for key in ("A1", "A2")))
    assert ladder.order == ["A1", "A2"]


def test_a_ladder_needs_stages_that_something_reaches():
    with pytest.raises(ConfigError, match="has no stage"):
        make_ladder()
    with pytest.raises(ConfigError, match="Nothing reaches the stage 'A1'"):
        make_ladder(Stage("A1", NAME))
    with pytest.raises(ConfigError, match="Nothing reaches the stage 'A1'"):
        make_ladder(Stage("A1", NAME, ((),)))
    with pytest.raises(ConfigError, match="Nothing reaches the stage 'A1'"):
        make_ladder(Stage("A1", NAME, VIEW, (SubStage("x", NAME, ()),)))
    with pytest.raises(ConfigError, match="called"):
        make_ladder(Stage("(none)", NAME, VIEW))


def test_without_tags_leaves_out_what_only_a_tag_reaches():
    either = (*VIEW, *MEMBER)
    ladder = make_ladder(
        Stage("tag", NAME, MEMBER),
        Stage("tag_with_parts", NAME, MEMBER, (SubStage("x", NAME, VIEW),)),
        Stage("either", NAME, either),
        Stage("parts", NAME, sub_stages=(SubStage("x", NAME, MEMBER), SubStage("y", NAME, VIEW))),
    )
    rest = ladder.without_tags()
    assert rest.order == ["either", "parts"]
    assert [sub.key for sub in rest.stages[1].sub_stages] == ["y"]
    assert rest.tag_conditions == []
    assert ladder.tag_conditions == [TagCondition("品牌会员")]
