"""What splits, merges, comes and goes, told apart by who is where and what the groups are like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.model.changes import Panel, panel_events
from personas.model.portrait import Portrait, blend


def _panel(together):
    """A panel on which nobody is without a persona: rows = earlier personas, columns = later ones."""
    table = np.array(together)
    return Panel(table, table.sum(axis=1), table.sum(axis=0))


def _portrait(**shares):
    return Portrait({name: {"bought": share} for name, share in shares.items()})


TEA, COFFEE, BIKES = (
    _portrait(tea=0.9, coffee=0.1),
    _portrait(tea=0.1, coffee=0.9),
    _portrait(tea=0.0, coffee=0.0),
)


def _told(events):
    return [(e.kind, e.persona_id, e.others) for e in events]


def test_an_old_persona_whose_users_make_up_two_new_ones_split():
    events = panel_events(_panel([[300, 10, 0], [0, 110, 80]]), ["P01", "P02"], ["P01", "P02", "P03"])
    assert _told(events) == [("kept", "P01", ()), ("split", "P02", ("P02", "P03"))]
    assert events[1].shares == pytest.approx((110 / 190, 80 / 190))
    assert events[1].n_users == 190
    assert events[1].text().en == "P02 split into P02 (58% of its users) and P03 (42%)"
    assert events[1].text().zh == "P02 拆分为 P02（其用户的 58%）、P03（42%）"


def test_two_old_personas_that_are_mostly_in_one_new_one_merged():
    events = panel_events(_panel([[95, 5], [90, 10], [0, 300]]), ["P01", "P02", "P03"], ["P04", "P03"])
    assert _told(events) == [("kept", "P03", ()), ("merged", "P04", ("P01", "P02"))]
    assert events[1].text().en == "P01 (95% of its users) and P02 (90%) merged into P04"
    assert events[1].text().zh == "P01（其用户的 95%）、P02（90%） 合并为 P04"


def test_crumbs_are_no_part():
    events = panel_events(_panel([[95, 5]]), ["P01"], ["P01", "P02"])
    assert _told(events) == [("kept", "P01", ()), ("new", "P02", ("P01",))]


def test_a_kind_that_came_up_is_new_where_it_only_seemed_to_be_a_part():
    panel = _panel([[300, 100]])
    whole = blend([TEA, COFFEE], [300, 100])
    split = panel_events(panel, ["P01"], ["P01", "P02"], ([whole], [TEA, COFFEE]))
    birth = panel_events(panel, ["P01"], ["P01", "P02"], ([TEA], [TEA, BIKES]))
    assert _told(split) == [("split", "P01", ("P01", "P02"))]
    assert _told(birth) == [("kept", "P01", ()), ("new", "P02", ("P01",))]
    assert birth[1].text().en == "P02 new (largest part, 100%, was in P01)"


def test_a_kind_that_is_gone_retired_where_its_last_users_only_seemed_to_merge():
    panel = _panel([[300], [40]])
    whole = blend([TEA, COFFEE], [300, 40])
    merger = panel_events(panel, ["P01", "P02"], ["P01"], ([TEA, COFFEE], [whole]))
    death = panel_events(panel, ["P01", "P02"], ["P01"], ([TEA, BIKES], [TEA]))
    assert _told(merger) == [("merged", "P01", ("P01", "P02"))]
    assert _told(death) == [("kept", "P01", ()), ("retired", "P02", ("P01",))]
    assert death[1].text().zh == "P02 退役（转入 P01 的用户最多，占 100%）"


def test_few_users_are_not_counted_out():
    events = panel_events(_panel([[300, 0], [15, 0]]), ["P01", "P02"], ["P01", "P03"])
    retired = next(e for e in events if e.kind == "retired")
    assert (retired.n_users, retired.shares) == (None, ())
    assert retired.text().en == "P02 retired"


@given(
    st.lists(st.lists(st.integers(0, 200), min_size=4, max_size=4), min_size=3, max_size=3),
    st.permutations(["P01", "P02", "P05", "P06"]),
)
def test_every_persona_is_told_of(together, new_ids):
    old_ids = ["P01", "P02", "P03"]
    events = panel_events(_panel(together), old_ids, new_ids)
    assert {i for e in events for i in e.earlier} == set(old_ids)
    assert {i for e in events for i in e.later} == set(new_ids)
