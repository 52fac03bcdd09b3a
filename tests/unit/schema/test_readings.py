import pytest

from personas.schema.guess import guess_mapping
from personas.schema.readings import looks_like, read_as
from personas.schema.samples import Sample


@pytest.mark.parametrize(
    ("canonical", "values"),
    [
        ("age", [130]),
        ("age", ["26-30"]),
        ("age_band", ["young"]),
        ("age_band", [26, 30]),
        ("email", ["a", "b"]),
        ("amount", ["many"]),
        ("event_at", ["soon"]),
        ("gender", [f"g{i}" for i in range(21)]),
    ],
)
def test_values_that_cannot_be_a_column_are_refused(canonical, values):
    assert read_as(canonical, Sample.of(values)) is None


def test_negative_amounts_are_pointed_out():
    reading = read_as("amount", Sample.of([1, -1]))
    assert not reading.fits
    assert "negative" in reading.note


def test_a_flag_with_other_words_is_pointed_out():
    assert read_as("opt_out", Sample.of(["Y", "n", 1, False])).fits
    assert not read_as("opt_out", Sample.of(["maybe"])).fits


@pytest.mark.parametrize(
    ("canonical", "values", "answer"),
    [
        ("gender", ["M", "F"], True),
        ("gender", ["M", "M"], False),
        ("marital_status", ["M", "S"], True),
        ("city_tier", ["1", "5+"], False),
        ("email", ["a@b.cn", "c@d.cn"], True),
        ("event_type", ["浏览", "下单"], True),
        ("event_type", ["浏览", "别的"], False),
    ],
)
def test_values_alone_tell_only_when_they_all_do(canonical, values, answer):
    assert looks_like(canonical, Sample.of(values)) is answer


def test_a_few_words_among_ages_do_not_hide_the_column():
    guess = guess_mapping(
        {"会员号": [f"a{i}" for i in range(100)], "年龄": ["abc", *(str(20 + i % 50) for i in range(99))]}
    )
    assert guess.mapping.columns["age"] == "年龄"
    (age,) = [column for column in guess.columns if column.target == "age"]
    assert age.confidence == "guessed"
    assert "1.0% of the sample is no number" in age.reason
