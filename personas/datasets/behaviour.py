"""Events of the home-appliance world: orders and what surrounds them, browsing and advertising."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from personas.datasets.planted import (
    ACTIVITY_SHAPE,
    CATEGORIES,
    CATEGORY_NAMES,
    HORIZON,
    WINDOW,
    Floats,
    category_mix,
    category_rates,
)

Integers = NDArray[np.int64]

_TYPES = ("浏览", "搜索", "加购", "收藏", "下单", "退货", "评价", "广告曝光", "广告点击")
_BRANDS = ("本品", "竞品A", "竞品B")
_DAY = 86_400
_N_DAYS = (HORIZON - WINDOW.start).days
_N_ITEMS = 10
"""Items per category."""

_FESTIVALS = {6: 1.6, 11: 2.0}
"""Months of the two shopping festivals: how many times as many orders per day."""

_HOURS = np.array([3, 1, 1, 1, 1, 2, 3, 5, 7, 9, 10, 9, 10, 9, 8, 8, 8, 8, 9, 11, 14, 15, 12, 7.0])
"""Relative frequency of the hours of a day; the same for everybody."""


class _Rows:
    """Events as columns of equal length; -1 in a column of numbers says null."""

    def __init__(self, kind: Integers | str, user: Integers, second: Integers, category: Integers) -> None:
        n = len(user)
        self.user, self.second, self.category = user, second, category
        self.kind = np.full(n, _TYPES.index(kind)) if isinstance(kind, str) else kind
        self.cents = self.quantity = self.order = self.item = np.full(n, -1)
        self.brand = np.zeros(n, dtype=np.int64)

    def followed_by(
        self, kind: Integers | str, seconds: Integers, chosen: NDArray[np.bool_], *, same_order: bool = False
    ) -> _Rows:
        """Return rows about the same category (and order) as ``chosen`` ones, ``seconds`` later."""
        rows = _Rows(kind, self.user[chosen], self.second[chosen] + seconds[chosen], self.category[chosen])
        rows.brand, rows.item = self.brand[chosen], self.item[chosen]
        if same_order:
            rows.order = self.order[chosen]
        return rows


def make_events(user_ids: pa.Array, persona: Integers, rng: np.random.Generator) -> pa.Table:
    """Make all events, in order of time.

    Orders are a Poisson process per user and category, the rate of which is persona x own activity x day
    (the shopping festivals in June and November raise it alike for all). Nothing else in the table
    depends on the persona but the browsed categories.

    Parameters
    ----------
    user_ids : pyarrow.Array of str, shape (n_users,)
        Ids.
    persona : ndarray of shape (n_users,)
        Row of ``PERSONAS``.
    rng : Generator
        Source of randomness.

    Returns
    -------
    pyarrow.Table
        用户ID, 时间 (local), 行为, 品类, 金额 (CNY, of orders and returns), 数量, 订单号, 商品ID, 品牌.
    """
    activity = rng.gamma(ACTIVITY_SHAPE, 1 / ACTIVITY_SHAPE, size=len(persona))
    orders = _make_orders(persona, activity, rng)
    groups = [orders, *_around(orders, rng), _make_browsing(persona, activity, rng), *_make_ads(persona, rng)]
    return _to_table(user_ids, groups)


def _day_weights() -> Floats:
    days = np.datetime64(WINDOW.start) + np.arange(_N_DAYS)
    months = days.astype("datetime64[M]").astype(np.int64) % 12 + 1
    return np.array([_FESTIVALS.get(int(month), 1.0) for month in months])


def _draw_seconds(n: int, rng: np.random.Generator) -> Integers:
    weights = _day_weights()
    day = rng.choice(_N_DAYS, size=n, p=weights / weights.sum())
    hour = rng.choice(24, size=n, p=_HOURS / _HOURS.sum())
    seconds: Integers = day * _DAY + hour * 3600 + rng.integers(0, 3600, size=n)
    return seconds


def _scattered(kind: Integers | str, expected: Floats, rng: np.random.Generator) -> _Rows:
    """Poisson numbers of events with the given expectations per user and category, over all days."""
    counts = rng.poisson(expected).ravel()
    place = np.repeat(np.arange(counts.size), counts)
    user, category = np.divmod(place, expected.shape[1])
    return _Rows(kind, user, _draw_seconds(len(place), rng), category)


def _make_orders(persona: Integers, activity: Floats, rng: np.random.Generator) -> _Rows:
    weights = _day_weights()
    inside = (WINDOW.as_of - WINDOW.start).days
    beyond = weights.sum() / weights[:inside].sum()
    orders = _scattered("下单", category_rates()[persona] * activity[:, None] * beyond, rng)
    n = len(orders.user)
    orders.order = rng.permutation(n) + 1
    orders.item = rng.integers(0, _N_ITEMS, size=n)
    orders.quantity = 1 + (rng.random(n) < 0.05)
    prices = np.array([category.price for category in CATEGORIES]) * 100
    # Items run from 60 % to 195 % of the category's price; a discount of up to 20 % comes off.
    unit = prices[orders.category] * (0.6 + 0.15 * orders.item) * rng.uniform(0.8, 1.0, size=n)
    orders.cents = np.rint(unit).astype(np.int64) * orders.quantity
    return orders


def _around(orders: _Rows, rng: np.random.Generator) -> list[_Rows]:
    """Views, searches, carts before an order; returns and reviews after it."""
    n = len(orders.user)

    def some(share: float) -> NDArray[np.bool_]:
        return rng.random(n) < share

    def days(low: float, high: float) -> Integers:
        return rng.integers(int(low * _DAY), int(high * _DAY), size=n)

    returned = some(0.04)
    returns = orders.followed_by("退货", days(1, 15), returned, same_order=True)
    returns.cents, returns.quantity = orders.cents[returned], orders.quantity[returned]
    return [
        orders.followed_by("浏览", -days(0.01, 0.1), some(0.9)),
        orders.followed_by("浏览", -days(0.1, 7), some(0.7)),
        orders.followed_by("搜索", -days(0.1, 7), some(0.5)),
        orders.followed_by("加购", -days(0.005, 2), some(0.7)),
        returns,
        orders.followed_by("评价", days(2, 20), some(0.3), same_order=True),
    ]


def _make_browsing(persona: Integers, activity: Floats, rng: np.random.Generator) -> _Rows:
    """Interest that led to no order, wider than what the persona buys; a quarter of it in rival brands."""
    interest = np.sqrt(category_mix())
    expected = 8 * interest / interest.sum(axis=1, keepdims=True)
    rows = _scattered("浏览", expected[persona] * activity[:, None], rng)
    n = len(rows.user)
    rows.kind = rng.choice(4, size=n, p=[0.70, 0.15, 0.08, 0.07])
    rows.brand = rng.choice(3, size=n, p=[0.75, 0.15, 0.10])
    rows.item = np.where(rows.brand == 0, rng.integers(0, _N_ITEMS, size=n), -1)
    return rows


def _make_ads(persona: Integers, rng: np.random.Generator) -> list[_Rows]:
    """Advertising shown without regard to the persona; 3 % of the exposures are clicked."""
    expected = np.full((len(persona), len(CATEGORIES)), 3 / len(CATEGORIES))
    shown = _scattered("广告曝光", expected, rng)
    n = len(shown.user)
    return [shown, shown.followed_by("广告点击", rng.integers(1, 60, size=n), rng.random(n) < 0.03)]


def _to_table(user_ids: pa.Array, groups: list[_Rows]) -> pa.Table:
    def joined(name: str) -> Integers:
        return np.concatenate([getattr(group, name) for group in groups])

    second, user = joined("second"), joined("user")
    inside = np.flatnonzero((second >= 0) & (second < _N_DAYS * _DAY))
    # One sortable number per event: time first, ties by user, further ties as they were made.
    key = second[inside] * len(user_ids) + user[inside]
    rows = inside[np.argsort(key, kind="stable")]
    del key, inside
    started = int((np.datetime64(WINDOW.start) - np.datetime64("1970-01-01")).astype(np.int64)) * _DAY
    category, item, order = (joined(name)[rows] for name in ("category", "item", "order"))
    item_names = [f"{c + 1:02d}-{i:02d}" for c in range(len(CATEGORIES)) for i in range(_N_ITEMS)]
    return pa.table(
        {
            "用户ID": user_ids.take(pa.array(user[rows])),
            "时间": pa.array((second[rows] + started) * 1_000_000, pa.timestamp("us")),
            "行为": pa.array(_TYPES).take(pa.array(joined("kind")[rows])),
            "品类": pa.array(CATEGORY_NAMES).take(pa.array(category)),
            "金额": _money(joined("cents")[rows]),
            "数量": _nullable(joined("quantity")[rows]),
            "订单号": _order_ids(order),
            "商品ID": pa.array(item_names).take(pa.array(category * _N_ITEMS + item, mask=item < 0)),
            "品牌": pa.array(_BRANDS).take(pa.array(joined("brand")[rows])),
        }
    )


def _nullable(numbers: Integers) -> pa.Array:
    return pa.array(numbers, mask=numbers < 0)


def _order_ids(order: Integers) -> pa.Array:
    digits = pc.utf8_lpad(pc.cast(_nullable(order), pa.string()), 9, "0")
    return pc.binary_join_element_wise("D", digits, "")


def _money(cents: Integers) -> pa.Array:
    """Read whole cents as decimal(18, 2), exactly."""
    words = np.empty((len(cents), 2), dtype=np.int64)
    words[:, 0], words[:, 1] = cents, 0
    amounts = pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(words)])
    return pc.if_else(pa.array(cents < 0), pa.scalar(None, pa.decimal128(18, 2)), amounts)
