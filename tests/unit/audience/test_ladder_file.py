import copy

import pytest

from personas.audience.ladder import EventCondition, TagCondition
from personas.audience.ladder_file import ladder_from_dict
from personas.errors import ConfigError

GOOD = {
    "key": "demo",
    "version": 2,
    "name": {"zh": "示例", "en": "demo"},
    "sources": [{"mark": "vendor", "text": "a page"}],
    "nobody": {"zh": "其他", "en": "others"},
    "stages": [
        {
            "key": "A1",
            "name": {"zh": "认知", "en": "aware"},
            "reached_by": [[{"events": ["view"], "days": 30}, {"tag": "会员", "values": ["金卡"]}]],
            "sub_stages": [
                {"key": "x", "name": {"zh": "甲", "en": "x"}, "reached_by": [[{"events": ["cart"]}]]}
            ],
            "action": {"zh": "触达", "en": "reach"},
        }
    ],
}


def changed(path, value):
    data = copy.deepcopy(GOOD)
    here = data
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    return data


def test_everything_a_file_says_is_read():
    ladder = ladder_from_dict(GOOD)
    stage = ladder.stages[0]
    assert (ladder.key, ladder.version, ladder.nobody.en, ladder.sources[0].mark) == (
        "demo",
        2,
        "others",
        "vendor",
    )
    assert stage.rule == ((EventCondition(("view",), days=30), TagCondition("会员", ("金卡",))),)
    assert stage.sub_stages[0].rule == ((EventCondition(("cart",)),),)
    assert stage.action.zh == "触达"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["stages", 0, "reached_by", 0, 0, "events"], ["viewed"], "'viewed'; Did you mean 'view'"),
        (["stages", 0, "reached_by", 0, 0, "event"], ["view"], "unknown event. Its keys are events, days"),
        (["stages", 0, "reached_by", 0, 1, "value"], "x", "unknown value. Its keys are tag, values, brand"),
        (["stages", 0, "reached_by"], [["view"]], "Found str where a condition"),
        (["stages", 0, "reached_by"], [[{"days": 3}]], "no events"),
        (["stages", 0, "name"], {"zh": "只有中文"}, "In a text of a ladder file: no en"),
        (["stages", 0, "keys"], "x", "unknown keys"),
        (["sources", 0, "mark"], "rumour", "mark is 'rumour'; expected one of vendor, secondary, own choice"),
        (["sources"], [{"mark": "vendor"}], "no text"),
        (["stage"], [], "unknown stage"),
        (["stages"], [], "has no stage"),
    ],
)
def test_mistakes_are_named(path, value, message):
    with pytest.raises(ConfigError, match=message):
        ladder_from_dict(changed(path, value))


@pytest.mark.parametrize("name", ["a4", "aipl", "o5a", "page_views", "device_holder"])
def test_shipped_ladders_say_where_they_come_from_and_what_was_not_found(shipped_ladder, name):
    ladder = shipped_ladder(name)
    marks = {source.mark for source in ladder.sources}
    assert ladder.key == name
    assert ladder.version >= 1
    assert ladder.not_found
    assert "own choice" in marks
    assert marks & {"vendor", "secondary"}
    assert ("vendor" in marks) == (name == "aipl")


def test_shipped_stages_stand_from_the_shallowest_to_the_deepest(shipped_ladder):
    assert shipped_ladder("a4").order == ["category_intent", "A1", "A2", "A3", "A4"]
    assert shipped_ladder("aipl").order == ["A", "I", "P", "L"]
    assert shipped_ladder("o5a").order == ["O", "A1", "A2", "A3", "A4", "A5"]
    assert shipped_ladder("page_views").order == ["PV1-2", "PV3-7", "PV8+"]
    assert shipped_ladder("device_holder").order == ["no_intent", "intent"]
