"""Say a band of a number as people do: "spent under 290", "never ordered"."""

from __future__ import annotations

from typing import Final, NamedTuple

from personas.schema import Text


class _Phrase(NamedTuple):
    """How a number is said: of nothing, of anything, of exactly one, and of a band that stands for ``{}``."""

    none: Text
    some: Text
    one: Text
    band: Text


_PHRASES: Final[dict[str, _Phrase]] = {
    "order_count": _Phrase(
        none=Text("没有下过单", "never ordered"),
        some=Text("下过单", "ordered at least once"),
        one=Text("下单 1 次", "ordered once"),
        band=Text("下单 {} 次", "placed {} orders"),
    ),
    "revenue": _Phrase(
        none=Text("没有消费", "spent nothing"),
        some=Text("有消费", "spent something"),
        one=Text("消费 1", "spent 1"),
        band=Text("消费 {}", "spent {}"),
    ),
    "recency_days": _Phrase(
        none=Text("最后一天还在购买", "bought on the last day"),
        some=Text("最近购买在最后一天之前", "bought before the last day"),
        one=Text("最近购买在 1 天前", "last bought 1 day ago"),
        band=Text("最近购买在 {} 天前", "last bought {} days ago"),
    ),
    "average_order_value": _Phrase(
        none=Text("每单 0 元", "spent nothing per order"),
        some=Text("每单有金额", "spent something per order"),
        one=Text("每单消费 1", "spent 1 per order"),
        band=Text("每单消费 {}", "spent {} per order"),
    ),
    "active_days": _Phrase(
        none=Text("没有活跃", "never active"),
        some=Text("有过活跃", "active at least once"),
        one=Text("活跃 1 天", "active on 1 day"),
        band=Text("活跃 {} 天", "active on {} days"),
    ),
    "category_breadth": _Phrase(
        none=Text("没有买过任何品类", "bought no category"),
        some=Text("买过至少 1 个品类", "bought from at least one category"),
        one=Text("买过 1 个品类", "bought from 1 category"),
        band=Text("买过 {} 个品类", "bought from {} categories"),
    ),
}
_WHOLE: Final = ("order_count", "recency_days", "active_days", "category_breadth")
"""Counts: fewer than one is none, and one or more is some."""


def say_number(name: str, level: str, label: Text) -> Text:
    """Say a band of a number without a colon.

    Parameters
    ----------
    name : str
        Of a numeric feature or a count.
    level : str
        One of its bands.
    label : Text
        Feature and band for people.

    Returns
    -------
    Text
        What completes "61% ...".

    Examples
    --------
    >>> say_number("order_count", ">=4", Text("购买次数：≥4", "Orders: 4 or more"))
    Text(zh='下单 4 次及以上', en='placed 4 or more orders')
    >>> say_number("order_count", "<1", Text("购买次数：0", "Orders: 0")).en
    'never ordered'
    """
    zh, en = label.zh.partition("：")[2], label.en.partition(": ")[2]
    phrase = _PHRASES.get(name)
    if phrase is None:
        name_zh, name_en = label.zh.partition("：")[0], label.en.partition(": ")[0]
        # "京享值≥6000", but "购买次数 2-3": a digit after a word needs room.
        room = "" if zh[:1] in "<≥>" or name_zh.endswith("）") else " "
        return Text(f"{name_zh}{room}{zh}", f"with {name_en[:1].lower()}{name_en[1:]} {en}")
    whole = name in _WHOLE
    if level == "0" or (whole and level == "<1"):
        return phrase.none
    if level == ">0" or (whole and level == ">=1"):
        return phrase.some
    if level == "1":
        return phrase.one
    if whole and name != "recency_days":
        en = en.replace("under", "fewer than")
    more = ("或更早" if name == "recency_days" else "及以上") if zh.startswith("≥") else ""
    said = phrase.band.zh.format(zh.removeprefix("≥").replace("<", "不到 "))
    return Text(f"{said}{more}", phrase.band.en.format(en))
