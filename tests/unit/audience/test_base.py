import ibis
import pyarrow as pa
import pytest

from personas.audience.base import Segment, TagRule, check_levels, segment_of_attribute, segment_of_tags
from personas.errors import ConfigError, DataError, NotFoundError
from personas.schema import Text

NAME = Text("名", "name")


@pytest.fixture
def tags(tables):
    return tables.tags(
        [
            ("a", "京享值", "7000"),
            ("b", "京享值", "6000.0"),
            ("c", "京享值", "5999"),
            ("d", "京享值", "很高"),
            ("e", "有车一族", "是"),
            ("f", "有车一族", "否"),
            ("g", "有车一族", None),
        ]
    )


def members(segment):
    rows = segment.users.order_by("user_id").to_pyarrow().to_pylist()
    return {row["user_id"]: row["is_member"] for row in rows}


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (TagRule("京享值", minimum=6000), {"a": True, "b": True, "c": False, "d": False}),
        (TagRule("有车一族", ("是", "有")), {"e": True, "f": False}),
        (TagRule("有车一族"), {"e": True, "f": True}),
    ],
)
def test_a_rule_on_a_tag_finds_its_holders(tags, rule, found):
    assert members(segment_of_tags(tags, [rule], key="x", label=NAME, unlisted=None)) == found


def test_several_rules_are_joined_by_or(tags):
    rules = [TagRule("有车一族", ("是",)), TagRule("京享值", minimum=7000)]
    found = members(segment_of_tags(tags, rules, key="x", label=NAME, unlisted=False))
    assert [user for user, is_member in found.items() if is_member] == ["a", "e"]
    assert len(found) == 6


def test_a_rule_has_one_line_whatever_the_order_of_its_values():
    assert TagRule("车", ("b", "a")).text == TagRule("车", ("a", "b")).text == "车 = a | b"
    assert TagRule("京享值", minimum=6000).text == "京享值 >= 6000"
    with pytest.raises(ConfigError, match="values and a minimum"):
        TagRule("京享值", ("高",), minimum=1)


def test_unknown_tags_and_values_are_named_with_the_known_ones(tags):
    with pytest.raises(NotFoundError, match="No user has the tag '有车'; known: 京享值, 有车一族"):
        segment_of_tags(tags, [TagRule("有车")], key="x", label=NAME, unlisted=None)
    with pytest.raises(NotFoundError, match="never has the value 'yes'; found: 否, 是"):
        segment_of_tags(tags, [TagRule("有车一族", ("yes",))], key="x", label=NAME, unlisted=None)
    with pytest.raises(ConfigError, match="No tag is named"):
        segment_of_tags(tags, [], key="x", label=NAME, unlisted=None)
    with pytest.raises(DataError, match="tags lacks value"):
        segment_of_tags(tags.drop("value"), [TagRule("有车一族")], key="x", label=NAME, unlisted=None)


def test_a_message_lists_a_few_tags_only(tables):
    many = tables.tags([("a", f"tag{i:02d}", "x") for i in range(30)])
    with pytest.raises(NotFoundError, match=r"tag18, tag19, \.\.\.\. Correct"):
        segment_of_tags(many, [TagRule("none")], key="x", label=NAME, unlisted=None)


def test_what_is_known_of_who_is_not_listed(tags):
    users = ibis.memtable(pa.table({"user_id": ["a", "b", "c"], "gender": ["female", "male", None]}))
    people = ibis.memtable(pa.table({"user_id": ["a", "b", "c", "z"]}))
    women = segment_of_attribute(users, "gender", ["female"], key="women", label=NAME)
    rich = segment_of_tags(tags, [TagRule("京享值", minimum=6500)], key="rich", label=NAME, unlisted=False)

    def marked(segment):
        return segment.mark(people).order_by("user_id").to_pyarrow()["is_member"].to_pylist()

    assert marked(women) == [True, False, None, None]
    assert marked(rich) == [True, False, False, False]
    assert marked(Segment("rich", NAME, rich.users, unlisted=None)) == [True, False, False, None]
    with pytest.raises(DataError, match="users lacks sex"):
        segment_of_attribute(users, "sex", ["female"], key="women", label=NAME)


def test_a_segment_is_not_called_like_everybody(tags):
    with pytest.raises(ConfigError, match="empty key"):
        Segment("", NAME, tags)


def test_a_least_number_of_a_tag_without_numbers_is_a_slip(tags):
    with pytest.raises(
        NotFoundError, match=r"never is a number, and the rule asks for at least 5; found: 否, 是"
    ):
        segment_of_tags(tags, [TagRule("有车一族", minimum=5)], key="x", label=NAME, unlisted=None)


def test_levels_that_nobody_has_are_named_with_the_known_ones():
    users = ibis.memtable(pa.table({"user_id": ["a", "b", "c"], "gender": ["male", "female", None]}))
    check_levels(users, "gender", ["female", "other"])
    with pytest.raises(NotFoundError, match="No user has the gender 'f' or 'w'; found: female, male"):
        check_levels(users, "gender", ["f", "w"])
    with pytest.raises(NotFoundError, match="no attribute 'sex'; known: gender"):
        check_levels(users, "sex", ["female"])


def test_tags_that_repeat_or_contradict_each_other_have_one_answer(tables):
    tags = tables.tags(
        [
            ("a", "车", "是"),
            ("a", "车", "否"),
            ("b", "车", "否"),
            ("b", "车", "否"),
            ("c", "车", "是"),
            ("c", "车", "是"),
        ]
    )
    found = segment_of_tags(tags, [TagRule("车", ("是",))], key="x", label=NAME, unlisted=None)
    assert members(found) == {"a": True, "b": False, "c": True}
