from dataclasses import replace

import pytest

from personas.model.bands import age_level
from personas.model.base import Trait
from personas.model.traits import SLIGHT_EFFECT, SMALL_EFFECT, effect_size, pick_distinctive
from personas.schema import Text
from personas.schema.levels import label_of


def trait(feature, level, share, base_share, short=None, q_value=0.001):
    return Trait(
        feature=feature,
        level=level,
        label=Text("名：值", "Name: value"),
        short=short or Text(level, level),
        block="who",
        protected=False,
        n_users=round(1000 * share),
        share=share,
        base_share=base_share,
        tgi=100 * share / base_share,
        tgi_lower=None,
        tgi_upper=None,
        q_value=q_value,
    )


def levels(feature, column, *rows):
    return [trait(feature, level, *shares, short=label_of(column, level)) for level, *shares in rows]


def test_effect_is_cohens_h():
    # Cohen (1988), table 6.2.2: phi(.5) - phi(.25) = 1.571 - 1.047
    assert effect_size(trait("x", "a", 0.5, 0.25)) == pytest.approx(1.571 - 1.047, abs=1e-3)


def test_a_suppressed_trait_has_no_effect():
    assert effect_size(replace(trait("x", "a", 0.5, 0.25), share=None)) == 0


def test_distinctive_traits_are_over_indexed_significant_and_not_trifles():
    kept = trait("a", "1", 0.5, 0.3)
    traits = [
        trait("b", "1", 0.3, 0.5),
        trait("c", "1", 0.5, 0.3, q_value=0.06),
        trait("d", "1", 0.50, 0.48),
        kept,
        replace(trait("e", "1", 0.5, 0.3), tgi=None, q_value=None),
    ]

    assert pick_distinctive(traits, SMALL_EFFECT) == [kept]


def test_a_feature_speaks_once_and_the_strongest_comes_first():
    weak, strong, other = trait("a", "1", 0.4, 0.25), trait("a", "2", 0.5, 0.25), trait("b", "1", 0.9, 0.3)

    assert pick_distinctive([weak, strong, other], SMALL_EFFECT) == [other, strong]


def test_neighbouring_distinctive_age_bands_are_merged():
    rows = [("21-25", 0.05, 0.1), ("26-30", 0.4, 0.2), ("31-35", 0.3, 0.2), ("36-40", 0.25, 0.5)]
    ages = [trait("age", level, *shares, short=age_level(level)) for level, *shares in rows]

    (merged,) = pick_distinctive(ages, SLIGHT_EFFECT)

    assert (merged.level, merged.short) == ("26-35", Text("26-35岁", "26–35"))
    assert (merged.share, merged.base_share, merged.tgi) == pytest.approx((0.7, 0.4, 175))
    assert merged.n_users == 700


@pytest.mark.parametrize(
    ("distinctive", "expected"),
    [
        ({"bachelor", "postgraduate"}, Text("本科及以上", "bachelor's degree or higher")),
        ({"primary", "junior_high"}, Text("初中及以下", "junior high school or lower")),
        ({"high_school", "college"}, Text("高中至大专", "high school to college")),
    ],
)
def test_neighbouring_education_levels_are_said_as_a_span(distinctive, expected):
    names = ("primary", "junior_high", "high_school", "college", "bachelor", "postgraduate")
    rows = [(name, 0.3, 0.1) if name in distinctive else (name, 0.05, 0.2) for name in names]

    assert pick_distinctive(levels("education", "education", *rows), SLIGHT_EFFECT)[0].short == expected


def test_neighbouring_city_tiers_are_said_in_one_breath():
    rows = [("T1", 0.4, 0.2), ("T2", 0.4, 0.2), ("T3", 0.1, 0.3), ("T4", 0.1, 0.3)]

    assert pick_distinctive(levels("city_tier", "city_tier", *rows), SLIGHT_EFFECT)[0].short == Text(
        "一二线城市", "tier 1–2 cities"
    )


def test_what_is_known_of_few_speaks_softly():
    of_everybody = trait("order_count", "0", 0.65, 0.42)
    of_buyers = replace(trait("recency_days", ">=180", 0.6, 0.25), n_users=210)  # 350 of 1,000 bought

    assert pick_distinctive([of_buyers, of_everybody], SMALL_EFFECT) == [of_everybody, of_buyers]
