"""Which source table holds items, tags or the market's totals: known by the names of its columns."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from personas.schema import SourceMapping
from personas.schema.guess import ColumnGuess, Guess
from personas.schema.words import COLUMN_WORDS, plain

_EVENTS: Final = COLUMN_WORDS["events"]

_WORDS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "items": {
        "item_id": _EVENTS["item_id"],
        "category": _EVENTS["category"],
        "brand": _EVENTS["brand"],
        "price": ("price", "list price", "unit price", "价格", "单价", "原价", "售价", "标价"),
        "business_unit": ("business unit", "bu", "事业部", "业务部"),
        "is_own": ("is own", "own", "own brand", "是否本品", "本品"),
    },
    "tags": {
        "user_id": COLUMN_WORDS["users"]["user_id"],
        "tag": ("tag", "tag name", "标签", "标签名", "标签名称"),
        "value": ("value", "tag value", "值", "标签值", "枚举值"),
        "source": ("source", "tag source", "来源", "标签来源"),
    },
    "market": {
        "period_start": ("period start", "start date", "起始日", "起始日期", "开始日期"),
        "period_end": ("period end", "end date", "截止日", "截止日期", "结束日期"),
        "category": _EVENTS["category"],
        "brand": _EVENTS["brand"],
        "segment": ("segment", "audience", "人群"),
        "buyers": ("buyers", "purchasers", "购买人数", "买家数"),
        "orders": ("orders", "order count", "订单数", "订单量"),
        "revenue": ("revenue", "sales", "gmv", "成交金额", "销售额"),
    },
}
"""Table -> canonical column -> names that it goes by."""

_SIGNS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "items": (("item_id", "price"), ("item_id", "business_unit"), ("item_id", "is_own")),
    "tags": (("user_id", "tag", "value"),),
    "market": (("period_start", "category", "buyers"),),
}
"""Table -> columns that tell it, any of the sets; a table of users or events has none of them."""


def guess_category_table(columns: Collection[str]) -> Guess | None:
    """Draft a mapping of a table of items, tags or the market's totals.

    Parameters
    ----------
    columns : collection of str
        Columns of the source.

    Returns
    -------
    Guess or None
        None = it is none of the three. What the columns hold isn't looked at: the contract check reads flags, dates
        and amounts in many writings.

    Examples
    --------
    >>> guess_category_table(["商品ID", "品类", "价格"]).mapping.columns
    {'item_id': '商品ID', 'category': '品类', 'price': '价格'}
    >>> guess_category_table(["用户ID", "商品ID", "金额"]) is None
    True
    """
    for table, words in _WORDS.items():
        found = _match(columns, words)
        told = any(all(name in found for name in sign) for sign in _SIGNS[table])
        if told and (
            "user_id" in words or not _match(columns, {"user_id": COLUMN_WORDS["users"]["user_id"]})
        ):
            return _guess(table, found, columns)
    return None


def _match(columns: Collection[str], words: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the source column of each canonical one, by the first of its names that there is."""
    by_name = {plain(column): column for column in reversed(list(columns))}
    found: dict[str, str] = {}
    for canonical, names in words.items():
        present = [by_name[plain(name)] for name in (canonical, *names) if plain(name) in by_name]
        free = [column for column in present if column not in found.values()]
        if free:
            found[canonical] = free[0]
    return found


def _guess(table: str, found: dict[str, str], columns: Collection[str]) -> Guess:
    targets = {source: canonical for canonical, source in found.items()}
    guesses = [
        ColumnGuess(column, targets[column], "guessed", "its name is a known one")
        if column in targets
        else ColumnGuess(column, "", "guessed", f"left out: the table {table} has no such column")
        for column in columns
    ]
    return Guess(table, "guessed", SourceMapping(columns=found), (), tuple(guesses))
