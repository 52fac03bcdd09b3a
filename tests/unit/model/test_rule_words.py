from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personas.errors import ConfigError, DataError, NotFoundError
from personas.features.base import Feature, FeatureSet, typed_columns
from personas.features.category_history import HISTORY_FEATURES, category_features
from personas.features.membership import MEMBERSHIP_FEATURES
from personas.features.profile import profile_features
from personas.features.rfm import RFM_FEATURES
from personas.model.bands import read_features
from personas.model.rule_base import Condition, Rule, RuleSet
from personas.model.rule_levels import number_span
from personas.model.rule_tags import tag_expression
from personas.model.rule_words import describe_rule, describe_rule_set
from personas.schema import Attribute, Text
from personas.schema.levels import LEVELS

CATEGORIES = (
    ("扫地机", Text("扫地机", "robot vacuum")),
    ("门锁", Text("门锁", "smart lock")),
    ("平板/电脑", Text("平板/电脑", "tablet/computer")),
)
ATTRIBUTES = (
    Attribute("car_owner", "binary", label=Text("有车一族", "car owner")),
    Attribute("phone_brand", "nominal", levels=("Apple", "其他"), label=Text("手机品牌", "phone brand")),
    Attribute("family_size", "ordinal", levels=("1", "2", "3", "4+"), label=Text("家庭人数", "family size")),
    Attribute("job", "nominal", levels=("Clerical", "Manual", "Other"), label=Text("职业", "job")),
    Attribute("income", "numeric", label=Text("年收入（美元）", "annual income (USD)")),
    Attribute("visits", "count", label=Text("到店次数", "store visits")),
)
LABELS = {"phone_brand": {"Apple": Text("苹果手机", "Apple phone"), "其他": Text("其他手机", "other phone")}}


def _feature_set():
    features = [
        *profile_features(ATTRIBUTES),
        *MEMBERSHIP_FEATURES,
        *RFM_FEATURES,
        *category_features("count", CATEGORIES),
        *category_features("share", CATEGORIES[:1]),
        *HISTORY_FEATURES,
    ]
    share = Feature(
        *("night_share", "numeric", "what", "share 0-1", "", "profile", "value"),
        label=Text("夜间占比", "night share"),
    )
    levels = {
        **LEVELS,
        "membership_level": ("Gold", "PLUS"),
        "first_category": ("扫地机", "门锁"),
        "last_category": ("扫地机", "门锁"),
    }
    return FeatureSet(
        tuple(replace(f, levels=levels[f.name]) if f.name in levels else f for f in (*features, share))
    )


FEATURES = _feature_set()
FIGURES = {"precision": 0.62, "recall": 0.41, "share": 0.09, "lift": 3.1, "n_users": 900}


def rule_of(*conditions):
    return Rule(tuple(Condition(feature, tuple(levels)) for feature, *levels in conditions), **FIGURES)


def write(*rules, language="zh-CN", days=365):
    rule_set = RuleSet(rules, 0.6, 0.5, 0.1)
    return tag_expression(rule_set, FEATURES, language, lookback_days=days, level_labels=LABELS)


CASES = [
    (("age", "26-30", "31-35"), "26-35岁", "aged 26–35", "26-35岁", "aged 26–35"),
    (("age", "31-35"), "31-35岁", "aged 31–35", "31-35岁", "aged 31–35"),
    (("age", "66-70", "71+"), "66岁及以上", "aged 66+", "66岁及以上", "aged 66+"),
    (("age_band", "26-30", "31-35"), "26-35岁", "aged 26–35", "26-35岁", "aged 26–35"),
    (("marital_status", "married"), "已婚", "married", "已婚", "married"),
    (
        ("target_group", "都市家庭", "小镇家庭", "都市蓝领"),
        *("都市家庭、小镇家庭或都市蓝领", "urban families, small-town families or urban blue collar"),
        *("都市家庭/小镇家庭/都市蓝领", "urban families/small-town families/urban blue collar"),
    ),
    (
        ("education", "bachelor", "postgraduate"),
        *("本科及以上", "bachelor's degree or higher"),
        *("本科/研究生及以上", "bachelor's degree/postgraduate degree"),
    ),
    (
        ("education", "primary", "junior_high"),
        *("初中及以下", "junior high school or lower"),
        *("小学及以下/初中", "primary school/junior high school"),
    ),
    (
        ("education", "high_school", "college"),
        *("高中或大专", "high school or college"),
        *("高中/大专", "high school/college"),
    ),
    (
        ("education", "junior_high", "high_school", "college"),
        *("初中至大专", "junior high school to college"),
        *("初中/高中/大专", "junior high school/high school/college"),
    ),
    (("education", "postgraduate"), "研究生及以上", "postgraduate degree", "研究生及以上", "postgraduate degree"),
    (("city_tier", "T1"), "一线城市", "tier 1 city", "一线城市", "tier 1 city"),
    (("city_tier", "T1", "T2"), "一二线城市", "tier 1–2 city", "一线城市/二线城市", "tier 1 city/tier 2 city"),
    (("city_tier", "T5", "T6"), "五六线城市", "tier 5–6 city", "五线城市/六线城市", "tier 5 city/tier 6 city"),
    (
        ("city_tier", "T3", "T4", "T5", "T6"),
        *("三线及以下城市", "tier 3 or smaller city"),
        *("三线城市/四线城市/五线城市/六线城市", "tier 3 city/tier 4 city/tier 5 city/tier 6 city"),
    ),
    (("car_owner", "yes"), "有车一族", "car owner", "有车一族", "car owner"),
    (("car_owner", "no"), "非有车一族", "not car owner", "非有车一族", "NOT car owner"),
    (("phone_brand", "Apple"), "苹果手机", "Apple phone", "苹果手机", "Apple phone"),
    (("job", "Clerical", "Manual"), "职业为Clerical或Manual", "job Clerical or Manual", "职业：Clerical/Manual", "job: Clerical/Manual"),
    (("membership_level", "PLUS"), "会员等级为PLUS", "membership level PLUS", "会员等级：PLUS", "membership level: PLUS"),
    (("family_size", "3", "4+"), "家庭人数为3及以上", "family size 3 or higher", "家庭人数：3/4+", "family size: 3/4+"),
    (("membership_value", ">=6000"), "京享值≥6000", "membership value 6,000 or more", "京享值6K+", "membership value 6K+"),
    (("membership_value", "<3000"), "京享值<3000", "membership value under 3,000", "京享值<3K", "membership value <3K"),
    (("membership_value", "<3000", "3000-6000"), "京享值<6000", "membership value under 6,000", "京享值<6K", "membership value <6K"),
    (("membership_value", "3000-6000"), "京享值 3000-6000", "membership value 3,000–6,000", "京享值3K-6K", "membership value 3K-6K"),
    (("order_count:扫地机", "bought"), "买过扫地机", "bought robot vacuum", "扫地机365天购买", "robot vacuum bought in 365 days"),
    (("order_count:扫地机", "not bought"), "没买过扫地机", "never bought robot vacuum", "扫地机365天未购", "robot vacuum not bought in 365 days"),
    (("order_count", "3-4", ">=5"), "至少买过 3 次", "ordered at least 3 times", "365天购买次数3+", "orders in 365 days 3+"),
    (("order_count", ">=1"), "至少买过 1 次", "ordered at least 1 time", "365天购买次数1+", "orders in 365 days 1+"),
    (("order_count", "<3"), "最多买过 2 次", "ordered at most 2 times", "365天购买次数<3", "orders in 365 days <3"),
    (("order_count", "0", "1-2"), "最多买过 2 次", "ordered at most 2 times", "365天购买次数<3", "orders in 365 days <3"),
    (("order_count", "0"), "没下过单", "never ordered", "365天未购", "nothing bought in 365 days"),
    (("order_count", "2-3"), "买过 2-3 次", "ordered 2–3 times", "365天购买次数2-3", "orders in 365 days 2-3"),
    (("order_count", "1"), "买过 1 次", "ordered 1 time", "365天购买次数1", "orders in 365 days 1"),
    (("category_breadth", "3", ">=4"), "至少买过 3 个品类", "bought at least 3 categories", "365天购买品类数3+", "categories bought in 365 days 3+"),
    (("recency_days", "<40"), "最近 40 天内买过", "ordered in the last 40 days", "全品类40天购买", "any category bought in 40 days"),
    (("recency_days", "<40", "40-139"), "最近 140 天内买过", "ordered in the last 140 days", "全品类140天购买", "any category bought in 140 days"),
    (
        ("recency_days", ">=310"),
        *("买过但最近 310 天没买", "ordered, but not in the last 310 days"),
        *("全品类365天购买 ∩ 全品类310天未购", "any category bought in 365 days AND any category not bought in 310 days"),
    ),
    (
        ("recency_days", "40-139", "140-309"),
        *("最近一次购买在 40-309 天前", "last ordered 40–309 days before"),
        *("全品类310天购买 ∩ 全品类40天未购", "any category bought in 310 days AND any category not bought in 40 days"),
    ),
    (("revenue", "7600-13000", ">=13000"), "消费金额≥7600", "revenue 7,600 or more", "365天消费金额7.6K+", "revenue in 365 days 7.6K+"),
    (("revenue", "0"), "消费金额为 0", "revenue 0", "365天消费金额0", "revenue in 365 days 0"),
    (("revenue", ">0"), "消费金额>0", "revenue more than 0", "365天消费金额>0", "revenue in 365 days >0"),
    (("revenue", "0-500", "500-900", ">=900"), "消费金额>0", "revenue more than 0", "365天消费金额>0", "revenue in 365 days >0"),
    (("revenue", "<500", "500-900"), "消费金额≤900", "revenue up to 900", "365天消费金额≤900", "revenue in 365 days ≤900"),
    (("income", ">=12345"), "年收入（美元）≥12345", "annual income (USD) 12,345 or more", "年收入（美元）12345+", "annual income (USD) 12345+"),
    (("income", "<60000", "60000-69999"), "年收入（美元）<70000", "annual income (USD) under 70,000", "年收入（美元）<70K", "annual income (USD) <70K"),
    (("income", "60000-69999"), "年收入（美元）60000-70000", "annual income (USD) 60,000–70,000", "年收入（美元）60K-70K", "annual income (USD) 60K-70K"),
    (("income", "310-1700"), "年收入（美元）310-1700", "annual income (USD) 310–1,700", "年收入（美元）310-1700", "annual income (USD) 310-1700"),
    (("visits", "4"), "到店次数为 4", "store visits 4", "到店次数4", "store visits 4"),
    (("visits", "<1"), "到店次数为 0", "store visits 0", "到店次数0", "store visits 0"),
    (("night_share", "20%-40%", ">=40%"), "夜间占比≥20%", "night share 20% or more", "夜间占比20%+", "night share 20%+"),
    (("first_category", "扫地机", "门锁"), "首购扫地机或门锁", "first bought robot vacuum or smart lock", "首购扫地机/首购门锁", "first bought robot vacuum/first bought smart lock"),
    (("last_category", "门锁"), "最近购买门锁", "last bought smart lock", "最近购买门锁", "last bought smart lock"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "zh", "en", "tag_zh", "tag_en"), CASES, ids=[str(c[0]) for c in CASES])
def test_a_condition_in_words_and_as_a_tag(condition, zh, en, tag_zh, tag_en):
    rule = rule_of(condition)

    assert describe_rule(rule, FEATURES, LABELS) == (zh, en)
    assert (write(rule), write(rule, language="en")) == (tag_zh, tag_en)


def test_conditions_are_joined_by_and():
    married = ("marital_status", "married")
    vacuum = ("order_count:扫地机", "bought")

    two = describe_rule(rule_of(married, vacuum), FEATURES)
    listed = describe_rule(rule_of(married, ("education", "bachelor", "postgraduate")), FEATURES)
    three = describe_rule(rule_of(("age", "26-30", "31-35"), married, vacuum), FEATURES)

    assert two == ("已婚 且 买过扫地机", "married and bought robot vacuum")
    assert listed == ("已婚 且 本科及以上", "married, and bachelor's degree or higher")
    assert three == ("26-35岁 且 已婚 且 买过扫地机", "aged 26–35, married, and bought robot vacuum")


def test_a_rule_set_in_words():
    name = Text("智能潮流派", "Smart trend-setters")
    rule = rule_of(("age", "26-30", "31-35"), ("marital_status", "married"), ("order_count:扫地机", "bought"))
    other = replace(rule_of(("car_owner", "yes")), precision=1.0, recall=0.999, share=0.001)

    single = describe_rule_set(RuleSet((rule,), 0.62, 0.41, 0.09), name, FEATURES)
    lines = describe_rule_set(RuleSet((rule, other), 0.7, 0.5, 0.1), name, FEATURES)

    assert [line.zh for line in single] == [
        "26-35岁 且 已婚 且 买过扫地机 → 62% 属于智能潮流派，覆盖该人群的 41%，占全体 9%"
    ]
    assert [line.zh for line in lines[1:]] == [
        "有车一族 → 100% 属于智能潮流派，覆盖该人群的 >99%，占全体 <1%",
        "满足任一规则 → 70% 属于智能潮流派，覆盖该人群的 50%，占全体 10%",
    ]
    assert [line.en for line in lines] == [
        (
            "Aged 26–35, married, and bought robot vacuum → 62% belong to Smart trend-setters; "
            "covers 41% of this persona, 9% of all users"
        ),
        "Car owner → 100% belong to Smart trend-setters; covers >99% of this persona, <1% of all users",
        "Any of these → 70% belong to Smart trend-setters; covers 50% of this persona, 10% of all users",
    ]


def test_no_rule_is_said_and_written():
    assert describe_rule_set(RuleSet(), Text("甲", "A"), FEATURES) == (
        ("没有足够准确的规则", "no rule is precise enough"),
    )
    assert tag_expression(RuleSet(), FEATURES, "zh-CN", lookback_days=365) == ""


def test_rules_are_joined_by_or_and_bracketed_where_they_have_several_conditions():
    young = rule_of(
        ("age", "26-30", "31-35"), ("marital_status", "married"), ("order_count:扫地机", "bought")
    )
    old = rule_of(("age", "66-70", "71+"))
    lapsed = rule_of(("recency_days", ">=310"))

    assert write(young, days=180) == "26-35岁 ∩ 已婚 ∩ 扫地机180天购买"
    assert write(young, old) == "(26-35岁 ∩ 已婚 ∩ 扫地机365天购买) ∪ 66岁及以上"
    assert write(lapsed, old) == "(全品类365天购买 ∩ 全品类310天未购) ∪ 66岁及以上"
    assert write(young, old, language="en") == (
        "(aged 26–35 AND married AND robot vacuum bought in 365 days) OR aged 66+"
    )


def test_a_slash_in_a_name_does_not_split_it():
    assert write(rule_of(("order_count:平板/电脑", "bought"))) == "平板／电脑365天购买"


def test_a_recency_that_reaches_past_the_lookback_is_cut_to_it():
    assert write(rule_of(("recency_days", "<40", "40-139")), days=90) == "全品类90天购买"


def test_a_language_or_window_that_makes_no_sense_is_refused():
    with pytest.raises(ConfigError, match="language is 'fr'; expected zh-CN or en"):
        write(rule_of(("age", "31-35")), language="fr")
    with pytest.raises(ConfigError, match="lookback_days is 0; expected at least 1"):
        write(rule_of(("age", "31-35")), days=0)


def test_a_rule_of_another_feature_set_is_refused():
    with pytest.raises(NotFoundError, match="No feature is called 'hobby'"):
        describe_rule(rule_of(("hobby", "chess")), FEATURES)
    with pytest.raises(DataError, match="speaks of education phd; expected one of primary"):
        describe_rule(rule_of(("education", "phd")), FEATURES)
    with pytest.raises(DataError, match="speaks of revenue high; expected bands"):
        write(rule_of(("revenue", "high")))


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("order_count", np.r_[np.zeros(40), np.arange(60) % 9 + 1.0]),
        ("recency_days", np.arange(100) * 3.0),
        ("revenue", np.r_[np.zeros(30), np.linspace(0.37, 5234.5, 70)]),
        ("revenue", np.linspace(12.5, 912.25, 100)),
        ("membership_value", np.linspace(10.0, 9000.0, 100)),
        ("income", np.linspace(-50.5, 49.25, 100)),
        ("income", np.linspace(20_000, 170_000, 100).round(-4)),
        ("night_share", np.linspace(0.0, 1.0, 101)),
    ],
)
def test_every_range_of_bands_spans_the_numbers_in_it(name, numbers):
    feature_set = FeatureSet((FEATURES[name],))
    (reading,) = read_features(typed_columns(pd.DataFrame({name: numbers}), feature_set), feature_set, {})
    scale = 100 if name == "night_share" else 1

    for first in range(len(reading.levels)):
        for last in range(first, len(reading.levels)):
            levels = tuple(level.name for level in reading.levels[first : last + 1])
            span = number_span(Condition(name, levels), FEATURES[name])
            inside = numbers[(reading.codes >= first) & (reading.codes <= last)] * scale
            outside = numbers[(reading.codes < first) | (reading.codes > last)] * scale
            assert span.low is None or (inside >= span.low - 1e-9).all()
            assert span.high is None or (inside <= span.high + 1e-9).all()
            low, high = (
                (-np.inf if span.low is None else span.low),
                (np.inf if span.high is None else span.high),
            )
            # At an edge itself a band of a number that needn't be whole says too little.
            assert not ((outside > low + 1e-9) & (outside < high - 1e-9)).any()
