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
