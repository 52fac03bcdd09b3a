"""Canonical vocabularies of the source tables, with labels for people in Chinese and in English."""

from __future__ import annotations

from personas.schema.base import Text

MINIMUM_AGE_YEARS = 16
"""Younger users are never profiled; see :mod:`personas.schema.admit`."""

_LABELLED: dict[str, dict[str, Text]] = {
    "gender": {
        "female": Text("女", "female"),
        "male": Text("男", "male"),
        "other": Text("其他", "other"),
    },
    "marital_status": {
        "married": Text("已婚", "married"),
        "unmarried": Text("未婚", "unmarried"),
        "divorced": Text("离异", "divorced"),
        "widowed": Text("丧偶", "widowed"),
    },
    "education": {
        "primary": Text("小学及以下", "primary school"),
        "junior_high": Text("初中", "junior high school"),
        "high_school": Text("高中", "high school"),
        "college": Text("大专", "college"),
        "bachelor": Text("本科", "bachelor's degree"),
        "postgraduate": Text("研究生及以上", "postgraduate degree"),
    },
    "city_tier": {
        "T1": Text("一线城市", "tier 1 city"),
        "T2": Text("二线城市", "tier 2 city"),
        "T3": Text("三线城市", "tier 3 city"),
        "T4": Text("四线城市", "tier 4 city"),
        "T5": Text("五线城市", "tier 5 city"),
        "T6": Text("六线城市", "tier 6 city"),
    },
    "age_band": {
        **{
            f"{lower}-{lower + 4}": Text(f"{lower}-{lower + 4}岁", f"{lower}-{lower + 4} years")
            for lower in range(16, 71, 5)
        },
        "71+": Text("71岁及以上", "71 years and over"),
    },
    "target_group": {
        "都市家庭": Text("都市家庭", "urban families"),
        "小镇家庭": Text("小镇家庭", "small-town families"),
        "都市中产": Text("都市中产", "urban middle class"),
        "小镇中产": Text("小镇中产", "small-town middle class"),
        "银发一族": Text("银发一族", "silver generation"),
        "学生一族": Text("学生一族", "students"),
        "都市蓝领": Text("都市蓝领", "urban blue collar"),
        "都市Z世代": Text("都市Z世代", "urban Gen Z"),
        "小镇中年": Text("小镇中年", "small-town middle-aged"),
        "小镇青年": Text("小镇青年", "small-town youth"),
    },
    "event_type": {
        "view": Text("浏览", "view"),
        "search": Text("搜索", "search"),
        "cart": Text("加购", "add to cart"),
        "favourite": Text("收藏", "favourite"),
        "order": Text("下单", "order"),
        "return": Text("退货", "return"),
        "review": Text("评价", "review"),
        "ad_exposure": Text("广告曝光", "ad exposure"),
        "ad_click": Text("广告点击", "ad click"),
    },
}

LEVELS: dict[str, tuple[str, ...]] = {column: tuple(labels) for column, labels in _LABELLED.items()}
"""Canonical column -> its levels; in order for ``education``, ``city_tier`` and ``age_band``.

``age_band`` and ``target_group`` are the five-year age bins and the ten target groups that JD.com's
audience reports use; a source may give other age bands.
"""

LEVEL_LABELS: dict[str, dict[str, Text]] = _LABELLED
"""Canonical column -> level -> label."""

COLUMN_LABELS: dict[str, Text] = {
    "user_id": Text("用户", "user"),
    "age": Text("年龄", "age"),
    "age_band": Text("年龄段", "age band"),
    "birth_date": Text("出生日期", "date of birth"),
    "gender": Text("性别", "gender"),
    "marital_status": Text("婚姻状况", "marital status"),
    "education": Text("学历", "education"),
    "membership_value": Text("京享值", "membership value"),
    "membership_level": Text("会员等级", "membership level"),
    "city_tier": Text("城市线级", "city tier"),
    "target_group": Text("十大靶群", "target group"),
    "event_at": Text("行为时间", "time of event"),
    "event_type": Text("行为类型", "event type"),
    "category": Text("品类", "category"),
    "amount": Text("金额", "amount"),
    "quantity": Text("件数", "quantity"),
    "order_id": Text("订单", "order"),
    "item_id": Text("商品", "item"),
    "brand": Text("品牌", "brand"),
}
"""Canonical column -> name for people."""

BANDS: dict[str, tuple[float, ...]] = {
    "age": tuple(range(21, 72, 5)),
    "membership_value": (3000, 6000),
}
"""Numeric column -> inner edges of the bands that profiles show: ``edges[i-1] <= x < edges[i]``.

Ages follow the five-year bins of ``age_band``. The membership cuts are those of a persona study of a
consumer-electronics brand on JD.com; JD.com publishes neither the range nor the levels of this score
(京享值), so there is no upper bound.
"""


def label_of(column: str, level: str) -> Text:
    """Return the label of a level.

    Parameters
    ----------
    column : str
        Canonical column.
    level : str
        Level; an unknown one is its own label in both languages.

    Returns
    -------
    Text
        Label for people.

    Examples
    --------
    >>> label_of("gender", "female")
    Text(zh='女', en='female')
    >>> label_of("membership_level", "PLUS")
    Text(zh='PLUS', en='PLUS')
    """
    return LEVEL_LABELS.get(column, {}).get(level, Text(level, level))
