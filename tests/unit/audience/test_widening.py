import re

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personas.audience.base import TagRule
from personas.audience.widening import (
    OTHER_COMBINATIONS,
    WeightedTag,
    neutral_code,
    tags_of_users,
    widen_audience,
)
from personas.errors import ConfigError, DataError, NotFoundError

CAR, HOME, PLUS = TagRule("有车一族", ("是",)), TagRule("有房人群", ("是",)), TagRule("PLUS会员", ("正式中",))
WEIGHTED = [WeightedTag(CAR, 1), WeightedTag(HOME, 2), WeightedTag(PLUS, 1)]


@pytest.fixture
def six_users(tables):
    """u1 has all three, u2 car and home, u3 home, u4 home and a lapsed PLUS, u5 a car, u6 none."""
    return tables.tags(
        [
            ("u1", "有车一族", "是"),
            ("u1", "有房人群", "是"),
            ("u1", "PLUS会员", "正式中"),
            ("u2", "有车一族", "是"),
            ("u2", "有房人群", "是"),
            ("u3", "有房人群", "是"),
            ("u4", "有房人群", "是"),
            ("u4", "PLUS会员", "正式过期"),
            ("u5", "有车一族", "是"),
            ("u6", "有车一族", "否"),
        ]
    )


def test_union_score_and_overlap_of_six_users(six_users, tables):
    wide = widen_audience(six_users, WEIGHTED, small_cell=1)
    assert tables.rows(wide.members, "user_id", "score", "n_tags") == [
        ("u1", 1.0, 3),
        ("u2", 0.75, 2),
        ("u3", 0.5, 1),
        ("u4", 0.5, 1),
        ("u5", 0.25, 1),
    ]
    assert wide.n_users == 5
    assert wide.tags[["n_users", "share"]].values.tolist() == [[3, 0.6], [4, 0.8], [1, 0.2]]
    assert wide.overlap.values.tolist() == [
        ["有房人群 = 是", 1, 2],
        ["有车一族 = 是", 1, 1],
        ["有车一族 = 是 ∩ 有房人群 = 是", 2, 1],
        ["有车一族 = 是 ∩ 有房人群 = 是 ∩ PLUS会员 = 正式中", 3, 1],
    ]


def test_a_minimum_score_narrows_the_audience(six_users, tables):
    wide = widen_audience(six_users, WEIGHTED, minimum_score=0.5, small_cell=1)
    assert [row[0] for row in tables.rows(wide.members, "user_id")] == ["u1", "u2", "u3", "u4"]
    assert wide.overlap["n_users"].sum() == wide.n_users == 4
    assert "0.5" in wide.definition.en


def test_rare_combinations_are_added_up(six_users):
    shown = widen_audience(six_users, WEIGHTED, small_cell=2).overlap
    assert shown["combination"].tolist() == ["有房人群 = 是", OTHER_COMBINATIONS]
    assert shown["n_users"].tolist() == [2, 3]
    hidden = widen_audience(six_users, WEIGHTED, small_cell=4).overlap
    assert hidden["n_users"].tolist() == [5]
    assert np.isnan(widen_audience(six_users, WEIGHTED).overlap["n_users"].item())


def test_few_with_rare_combinations_are_not_what_the_total_leaves(tables):
    # 3 with car and home, 3 with home, 2 with a car: the two would be 8 - 6.
    held = {"有车一族": range(5), "有房人群": (*range(3), 6, 7, 8)}
    rows = [(f"w{i}", tag, "是") for tag, users in held.items() for i in users]
    shown = widen_audience(tables.tags(rows), WEIGHTED[:2], small_cell=3).overlap
    assert shown["n_users"].tolist() == [3, 5]


def test_nobody_reaches_the_score(tables):
    tags = tables.tags([("a", "有车一族", "是"), ("b", "有房人群", "是"), ("b", "PLUS会员", "正式中")])
    wide = widen_audience(tags, WEIGHTED, minimum_score=1.0)
    assert wide.n_users == 0
    assert wide.overlap.empty
    assert wide.tags["share"].isna().all()


def test_the_outside_code_is_neutral_and_stable(six_users):
    code = widen_audience(six_users, WEIGHTED).code
    assert re.fullmatch(r"seg_[0-9a-f]{8}", code)
    assert widen_audience(six_users, WEIGHTED[::-1]).code == code
    doubled = [WeightedTag(tag.rule, 2 * tag.weight) for tag in WEIGHTED]
    assert widen_audience(six_users, doubled).code == code  # the same audience and the same score
    assert widen_audience(six_users, WEIGHTED, minimum_score=0.5).code != code
    assert widen_audience(six_users, WEIGHTED[:2]).code != code
    assert neutral_code("高净值") != neutral_code("女性")


def test_numbers_of_the_users_table_serve_as_tags(six_users, tables):
    users = ibis.memtable(
        pa.table(
            {
                "user_id": ["u5", "u6", "u7"],
                "membership_value": [6000.0, 5999.9, None],
                "gender": ["f", None, "m"],
            }
        )
    )
    both = ibis.union(six_users, tags_of_users(users, ["membership_value", "gender"]))
    rules = [WeightedTag(TagRule("membership_value", minimum=6000)), WeightedTag(TagRule("gender", ("m",)))]
    wide = widen_audience(both, rules, small_cell=1)
    assert tables.rows(wide.members, "user_id", "score") == [("u5", 0.5), ("u7", 0.5)]
    with pytest.raises(DataError, match="users lacks income"):
        tags_of_users(users, ["income"])


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf")])
def test_impossible_weights_are_refused(weight):
    with pytest.raises(ConfigError, match="expected a number above 0"):
        WeightedTag(CAR, weight)


def test_impossible_requests_are_refused(six_users):
    with pytest.raises(ConfigError, match="listed twice"):
        widen_audience(six_users, [WeightedTag(CAR), WeightedTag(CAR, 2)])
    with pytest.raises(ConfigError, match=r"minimum_score is 1\.2"):
        widen_audience(six_users, WEIGHTED, minimum_score=1.2)
    with pytest.raises(NotFoundError, match="No user has the tag '钻石会员'"):
        widen_audience(six_users, [WeightedTag(TagRule("钻石会员"))])
    with pytest.raises(ConfigError, match="No tag is named"):
        widen_audience(six_users, [])


@settings(max_examples=20, deadline=None)
@given(st.sets(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz")), min_size=1))
def test_the_overlap_adds_up_to_the_union(tables, held):
    tags = tables.tags([(user, tag, "是") for user, tag in sorted(held)])
    present = sorted({tag for _, tag in held})
    wide = widen_audience(tags, [WeightedTag(TagRule(tag)) for tag in present], small_cell=1)
    users = {user for user, _ in held}
    assert wide.n_users == wide.overlap["n_users"].sum() == len(users)
    assert wide.tags["n_users"].sum() == len(held)
    scores = dict(tables.rows(wide.members, "user_id", "score"))
    for user in users:
        assert scores[user] == pytest.approx(sum(u == user for u, _ in held) / len(present))
