import numpy as np
import pandas as pd
import pytest
from scipy import stats

from personas.errors import DataError
from personas.features.base import FeatureSet, typed_columns
from personas.features.category_history import category_features
from personas.model.profile import profile_personas
from personas.schema import Text


def only(traits, level):
    return next(trait for trait in traits if trait.level == level)


def two_groups(one_feature, n_first, first_married, n_second, second_married):
    counts = (first_married, n_first - first_married, second_married, n_second - second_married)
    values = np.repeat(["married", "unmarried", "married", "unmarried"], counts)
    labels = np.repeat([0, 1], [n_first, n_second])
    data, feature_set = one_feature("marital_status", values, levels=("married", "unmarried"))
    return data, labels, feature_set


def test_index_reproduces_the_published_worked_example(one_feature):
    # 8.9 % of the target, 6.6 % of all: usually printed as 134.9, exactly 134.85
    data, labels, feature_set = two_groups(one_feature, 1_000, 89, 9_000, 571)

    trait = only(profile_personas(data, labels, feature_set, n_personas=2)[0], "married")

    assert (trait.share, trait.base_share) == (0.089, 0.066)
    assert trait.tgi == pytest.approx(134.85, abs=0.005)
    assert trait.tgi_lower < trait.tgi < trait.tgi_upper


def test_interval_is_the_risk_ratio_interval_of_katz_carried_over_to_the_index(one_feature):
    data, labels, feature_set = two_groups(one_feature, 1_000, 89, 9_000, 571)

    trait = only(profile_personas(data, labels, feature_set, n_personas=2)[0], "married")

    reference = stats.contingency.relative_risk(89, 1_000, 571, 9_000).confidence_interval(0.95)
    ends = [100 * ratio / (0.1 * ratio + 0.9) for ratio in (reference.low, reference.high)]
    assert [trait.tgi_lower, trait.tgi_upper] == pytest.approx(ends)


def test_q_value_compares_the_persona_with_the_rest_by_the_pooled_z_test(one_feature):
    data, labels, feature_set = two_groups(one_feature, 1_000, 89, 9_000, 571)

    trait = only(profile_personas(data, labels, feature_set, n_personas=2)[0], "married")

    table = [[89, 911], [571, 8_429]]
    # All four cells are one and the same test, so the adjusted value is the raw one.
    assert trait.q_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)


def test_q_value_is_fishers_where_an_expected_count_is_below_five(one_feature):
    data, labels, feature_set = two_groups(one_feature, 30, 0, 3_000, 40)

    trait = only(profile_personas(data, labels, feature_set, n_personas=2, small_cell=1)[0], "married")

    assert trait.q_value == pytest.approx(stats.fisher_exact([[0, 30], [40, 2_960]]).pvalue)


def test_index_never_passes_the_largest_possible_value(one_feature):
    data, labels, feature_set = two_groups(one_feature, 1_000, 300, 3_000, 0)

    trait = only(profile_personas(data, labels, feature_set, n_personas=2)[0], "married")

    assert trait.tgi == pytest.approx(400)
    assert trait.tgi_lower < 400
    assert trait.tgi_upper == pytest.approx(400)


def test_index_of_an_absent_level_is_zero_and_of_a_level_nobody_has_is_undefined(one_feature):
    data, feature_set = one_feature("city_tier", ["T1"] * 100 + ["T2"] * 100, levels=("T1", "T2", "T3"))

    first, _ = profile_personas(data, np.repeat([0, 1], 100), feature_set, n_personas=2)

    absent, impossible = only(first, "T2"), only(first, "T3")
    assert (absent.n_users, absent.share, absent.tgi, absent.tgi_lower) == (0, 0.0, 0.0, 0.0)
    assert absent.tgi_upper > 0
    assert (impossible.base_share, impossible.tgi, impossible.q_value) == (0.0, None, None)


def test_unknown_values_are_left_out_of_shares(one_feature):
    data, feature_set = one_feature(
        "marital_status",
        ["married"] * 40 + ["unmarried"] * 40 + [None] * 120,
        levels=("married", "unmarried"),
    )

    (only_persona,) = profile_personas(data, np.zeros(200, dtype=int), feature_set, n_personas=1)

    assert [trait.share for trait in only_persona] == [0.5, 0.5]
    assert [trait.tgi for trait in only_persona] == [100.0, 100.0]


def test_users_of_no_persona_belong_to_the_base(one_feature):
    data, feature_set = one_feature("marital_status", ["married"] * 100 + ["unmarried"] * 100)

    (persona,) = profile_personas(data, np.repeat([0, -1], 100), feature_set, n_personas=1)

    assert only(persona, "married").base_share == 0.5
    assert only(persona, "married").tgi == pytest.approx(200)


def test_small_cells_are_suppressed_together_with_what_would_give_them_away(one_feature):
    values = np.repeat(["T1", "T2", "T3"] * 2, [500, 7, 60, 400, 90, 80])
    data, feature_set = one_feature("city_tier", values, levels=("T1", "T2", "T3"))

    first, second = profile_personas(data, np.repeat([0, 1], [567, 570]), feature_set, n_personas=2)

    for persona in (first, second):
        hidden = [only(persona, "T2"), only(persona, "T3")]
        assert all(t.n_users is t.share is t.tgi is t.tgi_lower is t.q_value is None for t in hidden)
    assert only(first, "T1").n_users == 500
    assert only(first, "T2").base_share == pytest.approx(97 / 1137)


def test_a_level_that_hardly_anybody_has_shows_no_base_share(one_feature):
    data, feature_set = one_feature("city_tier", ["T1"] * 500 + ["T2"] * 500 + ["T3"] * 12)
    labels = np.arange(len(data)) % 2

    first, _ = profile_personas(data, labels, feature_set, n_personas=2)

    assert only(first, "T3").base_share is None
    assert only(first, "T3").n_users is None


def test_ages_are_read_in_five_year_bins(one_feature):
    data, feature_set = one_feature("age", np.repeat([25.9, 26.0, 30.99, 71.0], 50))

    (persona,) = profile_personas(data, np.zeros(200, dtype=int), feature_set, n_personas=1)

    assert {t.level: t.n_users for t in persona if t.n_users} == {"21-25": 50, "26-30": 100, "71+": 50}
    assert only(persona, "26-30").short == Text("26-30岁", "26–30")
    assert only(persona, "26-30").label == Text("年龄：26-30岁", "Age: 26–30")


def test_membership_value_is_read_in_its_published_bands(one_feature):
    data, feature_set = one_feature("membership_value", np.repeat([0.0, 3000.0, 5999.0, 6000.0], 50))

    (persona,) = profile_personas(data, np.zeros(200, dtype=int), feature_set, n_personas=1)

    assert [(t.level, t.n_users) for t in persona] == [("<3000", 50), ("3000-6000", 100), (">=6000", 50)]
    assert persona[2].short == Text("高京享值", "high membership value")
    assert persona[2].label == Text("京享值：≥6000", "Membership value: 6,000 or more")


def test_counts_are_read_in_whole_bands_with_zero_apart(one_feature):
    data, feature_set = one_feature(
        "order_count", np.repeat([0.0, 1.0, 2.0, 4.0, 8.0], [200, 50, 50, 50, 50])
    )

    (persona,) = profile_personas(data, np.zeros(400, dtype=int), feature_set, n_personas=1)

    assert sum(t.n_users for t in persona) == 400
    assert (persona[0].level, persona[0].n_users, persona[0].short.en) == ("0", 200, "no orders")
    assert persona[-1].short == Text("高频购买", "frequent buyers")


def test_money_gets_readable_quartile_bands(one_feature):
    amounts = np.random.default_rng(0).gamma(2.0, 437.3, 4_000)
    data, feature_set = one_feature("revenue", amounts)

    (persona,) = profile_personas(data, np.zeros(4_000, dtype=int), feature_set, n_personas=1)

    assert [t.short.zh for t in persona] == ["低消费", "中低消费", "中高消费", "高消费"]
    assert all(0.2 < t.share < 0.3 for t in persona)
    assert all(len(number.rstrip("0")) <= 2 for t in persona for number in t.level.strip("<>=").split("-"))


def test_category_counts_become_bought_or_not():
    feature_set = FeatureSet(tuple(category_features("count", [("扫地机", Text("扫地机", "robot vacuum"))])))
    data = typed_columns(
        pd.DataFrame({"order_count:扫地机": np.repeat([0, 1, 3], [100, 60, 40])}), feature_set
    )

    (persona,) = profile_personas(data, np.zeros(200, dtype=int), feature_set, n_personas=1)

    (trait,) = persona
    assert (trait.level, trait.n_users, trait.share) == ("bought", 100, 0.5)
    assert trait.label == Text("购买过 扫地机", "bought robot vacuum")
    assert trait.short == Text("扫地机", "robot vacuum buyers")


def test_constant_numbers_give_no_traits(one_feature):
    data, feature_set = one_feature("revenue", np.full(100, 7.0))

    assert profile_personas(data, np.zeros(100, dtype=int), feature_set, n_personas=1) == ((),)


def test_protected_features_are_profiled_and_marked(world):
    traits = profile_personas(world.data, world.labels, world.feature_set, n_personas=5)[0]

    assert {t.feature for t in traits if t.protected} == {"gender"}
    assert any(t.n_users for t in traits if t.protected)


def test_a_config_can_name_levels_for_people(one_feature):
    data, feature_set = one_feature("membership_level", ["A"] * 50 + ["B"] * 50, levels=("A", "B"))
    labels = {"membership_level": {"A": Text("金卡", "gold card")}}

    (persona,) = profile_personas(
        data, np.zeros(100, dtype=int), feature_set, n_personas=1, level_labels=labels
    )

    assert persona[0].short == Text("金卡", "gold card")
    assert persona[1].short == Text("会员等级B", "membership level B")


@pytest.mark.parametrize("labels", [np.zeros(3, dtype=int), np.full(4, 2), np.full(4, -2)])
def test_labels_that_do_not_fit_are_refused(labels, one_feature):
    data, feature_set = one_feature("marital_status", ["married"] * 4)

    with pytest.raises(DataError, match="labels"):
        profile_personas(data, labels, feature_set, n_personas=2)
