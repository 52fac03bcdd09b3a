import pytest

from personas.schema.bands import band_order


def test_ranges_stand_in_the_order_of_their_numbers():
    levels = ["250K+", "15-24K", "Under 15K", "100-124K", "18岁以下", "1,000-2,000", "other"]
    assert sorted(levels, key=band_order) == [
        "Under 15K",
        "18岁以下",
        "15-24K",
        "100-124K",
        "250K+",
        "1,000-2,000",
        "other",
    ]


@pytest.mark.parametrize(
    "level", ["未满18岁", "不满14岁", "小于18岁", "不到18岁", "up to 17", "17 and younger", "<18"]
)
def test_open_bands_of_the_young_start_at_the_bottom(level):
    assert band_order(level)[0] == float("-inf")
