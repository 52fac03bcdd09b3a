import pytest

from personas.schema.attributes import guess_attribute
from personas.schema.samples import Sample


@pytest.mark.parametrize(
    ("name", "values", "kind", "block"),
    [
        ("MonthlySpend", ["$1,200 ", "$90"], "numeric", "worth"),
        ("number_of_cars", [0, 1, 2], "count", "who"),
        ("kids count", [0, 1], "count", "who"),
        ("is_active", ["TRUE", "false"], "binary", "who"),
        ("brand_preference", ["A", "B"], "nominal", "what"),
        ("爱好", ["健身", "旅游"], "nominal", "what"),
        ("promo_response", ["low", "high", "mid"], "ordinal", "who"),
        ("income_band", ["Under 15K", "15-24K", "250K+"], "ordinal", "worth"),
    ],
)
def test_kind_and_block_follow_from_name_and_values(name, values, kind, block):
    attribute = guess_attribute(name, Sample.of(values)).attribute
    assert (attribute.kind, attribute.block) == (kind, block)


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("territory_key", [1, 2, 3], "ids"),
        ("门店编号", ["s1", "s2"], "ids"),
        ("comment", [f"a very long remark about nothing, number {i}" for i in range(5)], "free text"),
        ("town", [f"town {i}" for i in range(50)], "too many different values"),
        ("hobby", ["x"] * 9, "the same"),
        ("first_name", ["Ann", "Bo"], "a person"),
        ("joined", ["2020-01-01", "2021-05-05"], "dates"),
        ("empty", [None, ""], "no value"),
    ],
)
def test_what_cannot_describe_users_is_left_out_with_the_reason(name, values, reason):
    guess = guess_attribute(name, Sample.of(values))
    assert guess.attribute is None
    assert reason in guess.reason
    assert not any(str(value) in guess.reason for value in values if value)


def test_spellings_of_a_scale_are_mapped_to_one():
    guess = guess_attribute("促销敏感度", Sample.of(["不敏感", "极度优惠敏感"]))
    assert guess.is_sure
    assert guess.values == {"极度优惠敏感": "极度敏感"}
    assert guess.attribute.name == "promotion_sensitivity"
    assert guess.attribute.level_labels["轻度"].en == "slightly sensitive"
