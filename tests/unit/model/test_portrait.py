import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.model.portrait import Portrait, blend, portrait_distance

SHARES = st.fixed_dictionaries(
    {
        "tea": st.fixed_dictionaries({"bought": st.one_of(st.none(), st.floats(0, 1))}),
        "city": st.floats(0, 1).map(lambda share: {"T1": share, "T2": 1 - share}),
    }
).map(Portrait)


@given(SHARES, SHARES)
def test_a_distance_is_symmetric_between_0_and_1_and_0_from_itself(first, second):
    assert portrait_distance(first, first) == 0
    assert 0 <= portrait_distance(first, second) <= 1 + 1e-12
    assert portrait_distance(first, second) == pytest.approx(portrait_distance(second, first))


def test_opposite_groups_are_1_apart():
    first = Portrait({"tea": {"bought": 1.0}, "city": {"T1": 1.0, "T2": 0.0}})
    second = Portrait({"tea": {"bought": 0.0}, "city": {"T1": 0.0, "T2": 1.0}})
    assert portrait_distance(first, second) == pytest.approx(1)


def test_bands_that_were_cut_anew_and_hidden_levels_tell_nothing():
    old = Portrait({"orders": {"0-3": 0.5, "3-9": 0.5}, "city": {"T1": 0.2, "T2": None}})
    new = Portrait({"orders": {"0-4": 0.5, "4-9": 0.5}, "city": {"T1": 0.4, "T2": 0.6}})
    assert portrait_distance(old, new) == pytest.approx(0.2 / 2**0.5)
    assert portrait_distance(Portrait({"orders": {"0-3": 1.0}}), Portrait({"city": {"T1": 1.0}})) is None


def test_a_hidden_level_is_hidden_in_the_blend():
    found = blend([Portrait({"tea": {"bought": None}}), Portrait({"tea": {"bought": 0.5}})], [1, 1])
    assert found.shares == {"tea": {"bought": None}}
