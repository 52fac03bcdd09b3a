"""What surrounds the brand of the co-purchase world: its items, the users' tags, and the whole market."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from personas.datasets.behaviour import _N_ITEMS
from personas.datasets.planted import CATEGORIES, TAG_MARGINALS, WINDOW
from personas.schema import ObservationWindow

RIVALS: Final = ("竞品A", "竞品B")

_RIVAL_SHARES: Final = (0.30, 0.20)
"""Parts of the market beside the brand that the two rivals have."""

_N_YEARS: Final = 3


class Growth(NamedTuple):
    """Planted growth of a category.

    Parameters
    ----------
    brand, market : float, > 0
        Factors per year of the brand's lines and of the market's buyers.
    share : float, 0 to 1
        The brand's share of the market's buyers in the last year.
    """

    brand: float
    market: float
    share: float


GROWTH: Final = {
    "手机": Growth(1.00, 0.98, 0.14),
    "门锁": Growth(1.30, 1.18, 0.24),
    "猫眼": Growth(1.05, 1.02, 0.12),
    "监控": Growth(1.20, 1.12, 0.26),
    "音箱": Growth(0.95, 0.92, 0.22),
    "路由器": Growth(0.90, 0.95, 0.24),
    "扫地机": Growth(1.40, 1.25, 0.28),
    "电视": Growth(0.80, 0.94, 0.25),
    "空调": Growth(1.05, 1.03, 0.08),
    "空气净化器": Growth(1.10, 1.05, 0.20),
    "洗地机": Growth(1.45, 1.35, 0.07),
    "吸尘器": Growth(0.72, 0.85, 0.05),
    "油烟机": Growth(0.95, 0.98, 0.04),
    "集成灶": Growth(1.20, 1.10, 0.03),
    "洗碗机": Growth(1.45, 1.22, 0.05),
    "冰箱": Growth(1.02, 1.00, 0.06),
    "净水器": Growth(1.10, 1.06, 0.18),
    "电饭煲": Growth(0.95, 0.96, 0.15),
    "洗衣机": Growth(1.05, 1.01, 0.07),
    "智能手表": Growth(1.25, 1.15, 0.12),
    "手环": Growth(0.75, 0.82, 0.30),
    "耳机": Growth(1.10, 1.08, 0.10),
}
"""Own choice."""

QUADRANTS: Final = {"扫地机": "star", "电视": "cash_cow", "洗碗机": "question_mark", "吸尘器": "dog"}
"""Where these four stand plainly in the growth-share matrix, by share relative to the largest rival."""


class Opportunity(NamedTuple):
    """A segment that the market sells a category to far more than the brand does.

    Parameters
    ----------
    category, segment : str
        What and to whom.
    brand_share, market_share : float, 0 to 1
        Share of the segment among the category's buyers.
    """

    category: str
    segment: str
    brand_share: float
    market_share: float


WOMEN: Final = "女性"
APPLE: Final = "苹果手机用户"
_SEGMENT_SHARES: Final = {WOMEN: 0.42, APPLE: 0.25}
"""Share of a segment among the buyers of any category, where nothing is planted."""

OPPORTUNITIES: Final = (
    Opportunity("空气净化器", WOMEN, 0.42, 0.64),
    Opportunity("监控", APPLE, 0.22, 0.34),
)
"""Largest gap first. The brand's shares aren't drawn: they are about those among its users."""


def growth_truth() -> pa.Table:
    """Return the planted growth as a table, one row per category."""
    rows = [
        {
            "category": name,
            "yearly_growth": planted.brand,
            "market_growth": planted.market,
            "market_share": planted.share,
            "quadrant": QUADRANTS.get(name),
        }
        for name, planted in GROWTH.items()
    ]
    return pa.Table.from_pylist(rows)


def make_items() -> pa.Table:
    """Return the items: ten of the brand and two of rivals per category.

    Returns
    -------
    pyarrow.Table
        商品ID, 品类, 品牌, 价格 (CNY), 事业部 (the business unit that runs the category), 是否本品 (是 or 否).
        Items of rivals occur in no event: the source names only their brand.
    """
    rows = []
    for number, category in enumerate(CATEGORIES, start=1):
        common = {"品类": category.name.zh, "事业部": _business_unit(category.scene, category.price)}
        own = [(f"{number:02d}-{i:02d}", "本品", 0.6 + 0.15 * i, "是") for i in range(_N_ITEMS)]
        rival = [(f"{number:02d}-R{i}", brand, 1.0 + 0.2 * i, "否") for i, brand in enumerate(RIVALS)]
        for item, brand, factor, is_own in own + rival:
            price = (Decimal(category.price) * Decimal(str(round(factor, 2)))).quantize(Decimal("0.01"))
            rows.append({"商品ID": item, **common, "品牌": brand, "价格": price, "是否本品": is_own})
    return pa.Table.from_pylist(rows).select(["商品ID", "品类", "品牌", "价格", "事业部", "是否本品"])


def _business_unit(scene: str, price: int) -> str:
    if scene == "厨房":
        return "厨房大电" if price >= 1000 else "厨房小电"
    if scene == "客厅":
        return "生活大电" if price >= 2000 else "生活小电"
    return "通讯智能"


def make_tags(users: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Return the platform's tags of each user, long, and two that the brand gives itself.

    Parameters
    ----------
    users : pyarrow.Table, one row per user
        As :func:`personas.datasets.make_home_appliances` makes it.
    rng : Generator
        Source of randomness.

    Returns
    -------
    pyarrow.Table
        用户ID, 标签, 值, 来源 (平台 or 品牌), by user and tag. The columns of the users table that are tags
        of the platform, where known; 家电勋章 (有, of 30 %) and 品牌会员 (of 45 %, in three grades).
    """
    n = users.num_rows
    medal = rng.choice(np.array(["有", None], dtype=object), size=n, p=[0.30, 0.70])
    grade = rng.choice(
        np.array(["银卡", "金卡", "钻石", None], dtype=object), size=n, p=[0.25, 0.14, 0.06, 0.55]
    )
    columns = {name: users[name].to_pandas() for name in TAG_MARGINALS}
    columns |= {"家电勋章": pd.Series(medal, dtype=object), "品牌会员": pd.Series(grade, dtype=object)}
    tags = pd.DataFrame({"用户ID": users["用户ID"].to_pandas(), **columns})
    long = tags.melt("用户ID", var_name="标签", value_name="值").dropna(subset="值")
    long = long.sort_values(["用户ID", "标签"], kind="stable")
    source = np.where(long["标签"] == "品牌会员", "品牌", "平台")
    return pa.table({name: pa.array(long[name], pa.string()) for name in long} | {"来源": pa.array(source)})


def make_market(events: pa.Table) -> pa.Table:
    """Return the whole marketplace by year, category, and brand or segment of buyers.

    Parameters
    ----------
    events : pyarrow.Table
        The brand's events; the sizes of the market follow from its buyers and planted shares.

    Returns
    -------
    pyarrow.Table
        起始日, 截止日 (first day after the year), 品类, 品牌 (null = the whole market; else a rival), 人群 (null =
        everybody; else 女性 or 苹果手机用户, of the whole market only), 购买人数, 订单数, 成交金额 (CNY). The years end
        with the window, as year-over-year figures need them. Rivals' and segments' shares don't change.
    """
    years = [_year_before(index) for index in reversed(range(_N_YEARS))]
    last = _buyers(events, years[-1])
    planted = {(o.category, o.segment): o.market_share for o in OPPORTUNITIES}
    rows = []
    for index, year in enumerate(years):
        for category in CATEGORIES:
            name, growth = category.name.zh, GROWTH[category.name.zh]
            total = last.get(name, 0) / growth.share * growth.market ** (index - _N_YEARS + 1)
            parts: list[tuple[str | None, str | None, float]] = [(None, None, 1.0)]
            parts += [
                (rival, None, (1 - growth.share) * part)
                for rival, part in zip(RIVALS, _RIVAL_SHARES, strict=True)
            ]
            parts += [(None, who, planted.get((name, who), share)) for who, share in _SEGMENT_SHARES.items()]
            for brand, segment, share in parts:
                buyers = round(total * share)
                orders = round(buyers * 1.08)
                amount = Decimal(orders * category.price)
                rows.append((year.start, year.as_of, name, brand, segment, buyers, orders, amount))
    columns = ("起始日", "截止日", "品类", "品牌", "人群", "购买人数", "订单数", "成交金额")
    return pa.table(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)))


def _year_before(n: int) -> ObservationWindow:
    end = WINDOW.as_of.replace(year=WINDOW.as_of.year - n)
    return ObservationWindow(end, (end - end.replace(year=end.year - 1)).days)


def _buyers(events: pa.Table, window: ObservationWindow) -> dict[str, int]:
    at = events["时间"]
    inside = pc.and_(
        pc.greater_equal(at, pa.scalar(window.start_at, pa.timestamp("us"))),
        pc.less(at, pa.scalar(window.end_at, pa.timestamp("us"))),
    )
    lines = events.filter(pc.and_(inside, pc.equal(events["行为"], "下单")))
    counted = lines.group_by("品类").aggregate([("用户ID", "count_distinct")])
    return dict(zip(counted["品类"].to_pylist(), counted["用户ID_count_distinct"].to_pylist(), strict=True))
