"""What is planted in the home-appliance world: its personas, their marginals and their buying rates.

Everything is independent given the persona, so that the oracle (:mod:`personas.datasets.oracle`) is
exact. Attribute values are written as the marketplace shows them, in Chinese.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personas.schema import ObservationWindow, Text

Floats = NDArray[np.float64]

PERSONAS: Final = ("smart_trendsetters", "quality_and_taste", "striving_ants", "tech_life", "background")
"""Keys of the planted classes; the first four are the archetypes, the last follows nobody's card."""

PERSONA_SHARES: Final[Floats] = np.array([0.20, 0.18, 0.17, 0.15, 0.30])
"""Prior probability of each class."""

WINDOW: Final = ObservationWindow(date(2025, 12, 1), 1096)
"""Three years: 2022-12-01 up to, not including, 2025-12-01."""

HORIZON: Final = date(2026, 1, 1)
"""First day without events; the month from ``as_of`` on is there to judge personas by what comes next."""

ACTIVITY_SHAPE: Final = 12.0
"""Shape of the gamma distribution (mean 1) of a user's own activity, a factor on every rate."""

MISSING_SHARE: Final = 0.10
"""Share of missing values in every profile column, completely at random."""


@dataclass(frozen=True, slots=True)
class Category:
    """A product category.

    Parameters
    ----------
    name : Text
        Chinese and English name; events carry the Chinese one.
    scene : str
        ``"客厅"`` (living room), ``"安防"`` (security), ``"厨房"`` (kitchen) or empty.
    popularity : float, > 0
        Relative order frequency among background users, the hub category left out.
    price : int, CNY
        Price of the middle item.
    """

    name: Text
    scene: str
    popularity: float
    price: int


HUB: Final = "手机"
"""Bought with everything: the same share of every persona's orders."""

_HUB_SHARE: Final = 0.16

CATEGORIES: Final = (
    Category(Text("手机", "phone"), "安防", 0.0, 2499),
    Category(Text("门锁", "smart lock"), "安防", 3.0, 1299),
    Category(Text("猫眼", "door viewer"), "安防", 2.0, 499),
    Category(Text("监控", "security camera"), "安防", 4.0, 249),
    Category(Text("音箱", "smart speaker"), "客厅", 5.0, 299),
    Category(Text("路由器", "router"), "客厅", 6.0, 229),
    Category(Text("扫地机", "robot vacuum"), "客厅", 4.5, 2299),
    Category(Text("电视", "television"), "客厅", 5.0, 2799),
    Category(Text("空调", "air conditioner"), "客厅", 5.0, 2199),
    Category(Text("空气净化器", "air purifier"), "客厅", 4.0, 899),
    Category(Text("洗地机", "floor washer"), "客厅", 4.0, 1799),
    Category(Text("吸尘器", "vacuum cleaner"), "客厅", 3.5, 799),
    Category(Text("油烟机", "range hood"), "厨房", 2.5, 1499),
    Category(Text("集成灶", "integrated stove"), "厨房", 1.5, 4999),
    Category(Text("洗碗机", "dishwasher"), "厨房", 2.0, 2599),
    Category(Text("冰箱", "refrigerator"), "厨房", 4.0, 2699),
    Category(Text("净水器", "water purifier"), "厨房", 4.0, 1599),
    Category(Text("电饭煲", "rice cooker"), "厨房", 5.0, 349),
    Category(Text("洗衣机", "washing machine"), "", 4.0, 1699),
    Category(Text("智能手表", "smart watch"), "", 4.0, 999),
    Category(Text("手环", "fitness band"), "", 6.0, 249),
    Category(Text("耳机", "earphones"), "", 8.0, 299),
)
"""22 categories. The scenes of the first nine and of the first four kitchen ones are those of a published
case of a consumer-electronics brand on a large Chinese marketplace (which also lists cars under 安防;
they aren't ordered here); the other places are ours. 扫地机 and 洗地机 are substitutes."""

CATEGORY_NAMES: Final = tuple(category.name.zh for category in CATEGORIES)

_ORDERS_IN_WINDOW: Final[Floats] = np.array([7.0, 6.5, 5.5, 6.0, 2.5])

_PREFERENCES: Final[tuple[dict[str, float], ...]] = (
    {"音箱": 6, "路由器": 5, "扫地机": 14, "电视": 5, "空调": 4, "空气净化器": 2.5, "洗地机": 0.1},
    {"油烟机": 10, "集成灶": 10, "洗碗机": 14, "冰箱": 7, "净水器": 5, "洗地机": 14, "扫地机": 0.1},
    {"门锁": 12, "猫眼": 12, "监控": 12, "洗衣机": 5, "电饭煲": 4},
    {"智能手表": 12, "手环": 8, "耳机": 7},
    {},
)
"""How many times as often as background users each persona picks a category."""


def category_mix() -> Floats:
    """Return the share of each category in the orders of each class.

    Returns
    -------
    ndarray of shape (5, 22), rows sum to 1
        Rows in the order of ``PERSONAS``, columns in that of ``CATEGORIES``.
    """
    mix = np.array([[c.popularity * liked.get(c.name.zh, 1.0) for c in CATEGORIES] for liked in _PREFERENCES])
    mix *= (1 - _HUB_SHARE) / mix.sum(axis=1, keepdims=True)
    mix[:, CATEGORY_NAMES.index(HUB)] = _HUB_SHARE
    return mix


def category_rates() -> Floats:
    """Return the expected orders in the window of a user of average activity.

    Returns
    -------
    ndarray of shape (5, 22), orders per window, > 0
        Rows in the order of ``PERSONAS``, columns in that of ``CATEGORIES``.
    """
    return category_mix() * _ORDERS_IN_WINDOW[:, None]


AGES: Final[Floats] = np.arange(16.0, 81.0)

_AGE_MEAN: Final = np.array([30.5, 35.5, 35.5, 30.5, 38.0])
_AGE_SD: Final = np.array([4.5, 4.5, 4.5, 4.5, 11.0])


def age_shares() -> Floats:
    """Return the distribution of age in whole years: a normal one, discretised and cut to ``AGES``.

    Returns
    -------
    ndarray of shape (5, n_ages), rows sum to 1
    """
    density = np.exp(-0.5 * ((AGES - _AGE_MEAN[:, None]) / _AGE_SD[:, None]) ** 2)
    shares: Floats = density / density.sum(axis=1, keepdims=True)
    return shares


MEMBERSHIP_LOG_MEAN: Final[Floats] = np.log([8000.0, 8000.0, 4300.0, 4300.0, 2800.0])
MEMBERSHIP_LOG_SD: Final[Floats] = np.array([0.42, 0.42, 0.40, 0.40, 0.80])
"""京享值 is log-normal given the class: non-negative, right-skewed, without a maximum."""


@dataclass(frozen=True, slots=True)
class Marginal:
    """Distribution of one text column given the class.

    Parameters
    ----------
    levels : tuple of str
        Values as the source shows them.
    shares : ndarray of shape (5, n_levels), rows sum to 1
        Rows in the order of ``PERSONAS``.
    """

    levels: tuple[str, ...]
    shares: Floats


def _marginal(levels: str, *rows: str) -> Marginal:
    shares = np.array([[float(share) for share in row.split()] for row in rows])
    return Marginal(tuple(levels.split()), shares / shares.sum(axis=1, keepdims=True))


_BRAND_TARGET_GROUPS: Final = {
    "都市家庭": 0.2215,
    "小镇家庭": 0.2650,
    "都市中产": 0.0737,
    "小镇中产": 0.1470,
    "银发一族": 0.0384,
    "学生一族": 0.1237,
    "都市蓝领": 0.0343,
    "都市Z世代": 0.0433,
    "小镇中年": 0.0124,
    "小镇青年": 0.0407,
}
"""Shares of JD.com's ten target groups among the buyers of one apparel brand (first half of 2026, from an
exported audience workbook); one brand's, not the platform's."""


def _target_groups(*raised: dict[str, float]) -> Marginal:
    """Raise some groups per class; the others share the rest in the brand's proportions."""
    rows = []
    for groups in raised:
        left = 1 - sum(groups.values())
        scale = left / sum(s for g, s in _BRAND_TARGET_GROUPS.items() if g not in groups)
        rows.append([groups.get(g, s * scale) for g, s in _BRAND_TARGET_GROUPS.items()])
    return Marginal(tuple(_BRAND_TARGET_GROUPS), np.array(rows))


PROFILE_MARGINALS: Final = {
    "婚姻状况": _marginal(
        "已婚 未婚 离异 丧偶",
        ".82 .13 .04 .01",
        ".82 .13 .04 .01",
        ".82 .13 .04 .01",
        ".18 .77 .04 .01",
        ".55 .37 .06 .02",
    ),
    "学历": _marginal(
        "小学 初中 高中 中专 大专 本科 硕士 博士",
        ".008 .025 .045 .030 .142 .540 .189 .021",
        ".008 .025 .045 .030 .142 .540 .189 .021",
        ".030 .100 .150 .100 .370 .220 .027 .003",
        ".008 .025 .045 .030 .142 .540 .189 .021",
        ".040 .130 .138 .092 .230 .300 .063 .007",
    ),
    "城市线级": _marginal(
        "一线 二线 三线 四线 五线 六线",
        ".41 .32 .13 .08 .04 .02",
        ".41 .32 .13 .08 .04 .02",
        ".09 .34 .37 .13 .05 .02",
        ".41 .32 .13 .08 .04 .02",
        ".15 .20 .22 .20 .14 .09",
    ),
    "十大靶群": _target_groups(
        {"小镇家庭": 0.39, "都市家庭": 0.34},
        {"小镇家庭": 0.37, "都市家庭": 0.37},
        {"小镇中产": 0.40, "小镇家庭": 0.36},
        {"小镇中产": 0.35, "都市中产": 0.37},
        {},
    ),
}
"""Columns that the default features read, beside 年龄, 京享值 and the orders."""

TAG_MARGINALS: Final = {
    "性别": _marginal("男 女", *[".58 .42"] * 5),
    "PLUS会员": _marginal(
        "正式中 试用中 未激活 试用过期 正式过期",
        ".52 .06 .22 .06 .14",
        ".60 .05 .18 .04 .13",
        ".22 .09 .42 .12 .15",
        ".34 .09 .32 .11 .14",
        ".20 .07 .48 .10 .15",
    ),
    "购买力": _marginal(
        "收入很少 蓝领 小白领 高级白领 土豪",
        ".02 .07 .36 .41 .14",
        ".02 .06 .28 .44 .20",
        ".06 .32 .44 .15 .03",
        ".05 .15 .47 .28 .05",
        ".14 .28 .36 .17 .05",
    ),
    "促销敏感度": _marginal(
        "不敏感 轻度敏感 中度敏感 高度敏感 极度敏感",
        ".18 .28 .28 .17 .09",
        ".24 .32 .26 .12 .06",
        ".04 .10 .24 .34 .28",
        ".10 .20 .30 .26 .14",
        ".12 .20 .28 .24 .16",
    ),
    "有车一族": _marginal("是 否", ".58 .42", ".62 .38", ".40 .60", ".24 .76", ".33 .67"),
    "有房人群": _marginal("是 否", ".66 .34", ".74 .26", ".52 .48", ".26 .74", ".44 .56"),
    "当前手机品牌": _marginal(
        "本品 Apple 华为 荣耀 OPPO vivo 其他",
        ".34 .26 .18 .07 .06 .05 .04",
        ".20 .38 .22 .06 .05 .05 .04",
        ".34 .10 .16 .12 .12 .11 .05",
        ".38 .26 .14 .07 .06 .05 .04",
        ".24 .22 .18 .10 .10 .09 .07",
    ),
}
"""Further columns of the users table; they lean with the persona, 性别 doesn't."""
