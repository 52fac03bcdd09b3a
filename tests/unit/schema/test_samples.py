from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from personas.schema.samples import Sample, canonical_band, is_band, read_dates, read_numbers


def test_every_kind_of_missing_is_missing():
    sample = Sample.of([None, float("nan"), pd.NaT, pd.NA, "", "  ", np.nan, "x"])
    assert sample.texts == ("x",)
    assert sample.n_missing == 7


def test_whole_floats_read_as_integers():
    assert Sample.of([11000.0, 0.5]).texts == ("11000", "0.5")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["¥1,299.00", "0"], ([1299.0, 0.0], "¥,")),
        ([1, 2.5, Decimal("3.10"), np.int64(4)], ([1.0, 2.5, 3.1, 4.0], "")),
        (["12万"], None),
        (["1e999"], None),
        (["inf"], None),
        ([True, False], None),
        ([date(2020, 1, 1)], None),
    ],
)
def test_numbers_are_read_with_the_characters_to_strip(values, expected):
    assert read_numbers(Sample.of(values)) == expected


@pytest.mark.parametrize(
    ("values", "formats", "share", "ambiguous"),
    [
        (["2024-01-05", "2024/1/6 10:00"], (), 1, False),
        (["20240105", "20241231"], ("%Y%m%d",), 1, False),
        (["13/02/2024", "01/02/2024"], ("%d/%m/%Y",), 1, False),
        (["01/02/2024"], ("%m/%d/%Y",), 1, True),
        (["1/31/2024", "31.1.2024", "2/1/2024"], ("%m/%d/%Y", "%d.%m.%Y"), 1, False),
        (["12/25/2024 3:05 PM"], ("%m/%d/%Y %I:%M %p",), 1, False),
        (["2024-01-05", "soon"], ("%Y-%m-%d",), 0.5, False),
        (["soon"], (), 0, False),
        ([datetime(2024, 1, 1)], (), 1, False),
    ],
)
def test_the_fewest_date_formats_are_found(values, formats, share, ambiguous):
    dates = read_dates(Sample.of(values))
    assert (dates.formats, dates.share, dates.ambiguous) == (formats, share, ambiguous)


@pytest.mark.parametrize(
    "value", ["2024-01-05T10:00:00Z", "2024-01-05 10:00:00+08:00", datetime(2024, 1, 1, tzinfo=UTC)]
)
def test_offsets_from_utc_are_noticed(value):
    assert read_dates(Sample.of([value])).has_offset


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("16~20", "16-20"),
        ("26–30岁", "26-30"),
        ("65+", "65+"),
        ("71岁及以上", "71+"),
        ("Under 18", "0-17"),
        ("30", "30"),
    ],
)
def test_age_bands_get_canonical_words(text, band):
    assert is_band(text)
    assert canonical_band(text) == band


@pytest.mark.parametrize("text", ["Renter", "2 Adults Kids", "", "a1"])
def test_words_are_no_bands(text):
    assert not is_band(text)
