"""What an attach rate (连带率) counts: every choice is named, and said in one paragraph under the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from personas.category.periods import span
from personas.errors import ConfigError
from personas.schema import ObservationWindow, Text

Unit = Literal["user", "order"]
Direction = Literal["any", "after", "before", "same_order"]
Base = Literal["all", "exclude_prior_owners"]
Diagonal = Literal["repurchase", "blank"]

_WORDS: dict[str, tuple[str, ...]] = {
    "unit": ("user", "order"),
    "direction": ("any", "after", "before", "same_order"),
    "base": ("all", "exclude_prior_owners"),
    "diagonal": ("repurchase", "blank"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachDefinition:
    """How an attach rate is counted; nothing has a default, as the trade agrees on none.

    Parameters
    ----------
    unit : {"user", "order"}
        Whether users or orders are counted.
    direction : {"any", "after", "before", "same_order"}
        When the column's category must be bought, seen from the row's: at any time in the window; in a
        later order; in an earlier one; in the same order. Of orders ``any`` and ``same_order`` are the same.
    within_days : int or None, days, >= 1
        Greatest distance between the user's first purchase of the row's category in the window (the index
        purchase) and the purchase of the column's: required for ``after`` and ``before``, None = no
        limit for ``any``, None for ``same_order`` and for orders.
    base : {"all", "exclude_prior_owners"}
        ``exclude_prior_owners`` leaves out of a cell whoever had bought the column's category before the
        index purchase (for ``after``: before it or at its moment; of orders: before this order).
    diagonal : {"repurchase", "blank"}
        A category against itself: at least two distinct orders, or no cell. With ``within_days`` the
        second order must be within it; with ``after`` it must be later.

    Raises
    ------
    ConfigError
        If a word is unknown, or the choices contradict each other.

    Examples
    --------
    >>> AttachDefinition(unit="order", direction="after", within_days=30, base="all", diagonal="blank")
    Traceback (most recent call last):
    personas.errors.ConfigError: unit is 'order' and direction is 'after'; the lines of an order share one ...
    """

    unit: Unit
    direction: Direction
    within_days: int | None
    base: Base
    diagonal: Diagonal

    def __post_init__(self) -> None:
        for name, known in _WORDS.items():
            if getattr(self, name) not in known:
                raise ConfigError(
                    f"{name} is {getattr(self, name)!r}; expected one of {', '.join(known)}. Choose one."
                )
        if self.unit == "order" and self.direction in ("after", "before"):
            raise ConfigError(
                f"unit is 'order' and direction is {self.direction!r}; the lines of an order share one moment, "
                "so nothing in it comes before or after. Count users, or choose same_order."
            )
        self._check_days()
        if self.direction == "before" and self.base == "exclude_prior_owners":
            raise ConfigError(
                "direction is 'before' and base is 'exclude_prior_owners'; who bought the column's category "
                "before is exactly what is counted. Choose base all."
            )
        if self.diagonal == "repurchase" and (
            self.unit == "order" or self.direction in ("before", "same_order")
        ):
            raise ConfigError(
                f"diagonal is 'repurchase' with unit {self.unit!r} and direction {self.direction!r}; a "
                "repurchase needs a second order of the same user at any time or after. Choose diagonal blank."
            )

    def _check_days(self) -> None:
        days = self.within_days
        if days is None:
            if self.direction in ("after", "before"):
                raise ConfigError(
                    f"within_days is missing and direction is {self.direction!r}; expected a number of days, as "
                    "without it early buyers have longer to come back than late ones. State it, for example 90."
                )
            return
        if isinstance(days, bool) or not isinstance(days, int) or days < 1:
            raise ConfigError(f"within_days is {days!r}; expected a whole number of at least 1 day, or None.")
        if self.direction == "same_order" or self.unit == "order":
            raise ConfigError(
                f"within_days is {days}, but an order has one moment; expected None with unit 'order' or "
                "direction 'same_order'. Leave it out."
            )

    def check_window(self, window: ObservationWindow) -> None:
        """Refuse a window in which nobody can be observed for long enough.

        Parameters
        ----------
        window : ObservationWindow
            Where the index purchases lie.

        Raises
        ------
        ConfigError
            If ``within_days`` (twice, for ``any``) is longer than the window.
        """
        needed = (self.within_days or 0) * (2 if self.direction == "any" else 1)
        if needed > window.lookback_days:
            raise ConfigError(
                f"The window has {window.lookback_days} days, but direction {self.direction!r} within "
                f"{self.within_days} days needs {needed} around an index purchase. Lengthen the window or lower "
                "within_days."
            )

    def sentence(self, window: ObservationWindow, *, by_persona: bool = False) -> Text:
        """Return the definition in words, to be printed under every table.

        Parameters
        ----------
        window : ObservationWindow
            Where the purchases lie.
        by_persona : bool
            Whether the table is sliced by persona.

        Returns
        -------
        Text
            One paragraph that states every parameter.

        Examples
        --------
        >>> from datetime import date
        >>> any_time = AttachDefinition(
        ...     unit="user", direction="any", within_days=None, base="all", diagonal="blank")
        >>> print(any_time.sentence(ObservationWindow(date(2026, 1, 1), 365)).zh)
        连带率：在行品类的购买用户中，统计期内也买过列品类（不分先后）的用户占比。统计期 2025-01-01 至 2025-12-31；...
        """
        parts = [_head(self), Text(f"统计期 {span(window).zh}", f"Window {span(window).en}"), _base(self)]
        if self.within_days is not None:
            parts.append(_observed(self))
        parts += [_diagonal(self), _GROSS]
        if self.unit == "order":
            parts.append(ALIKE)
        if by_persona:
            parts.append(_BY_PERSONA)
        zh = parts[0].zh + "。" + "；".join(part.zh for part in parts[1:]) + "。"
        en = parts[0].en + ". " + "; ".join(part.en for part in parts[1:]) + "."
        return Text(zh, en)


_GROSS = Text(
    "按毛订单统计，不扣除退货；区间为 95% Wilson 区间",
    "orders are gross, returns are not deducted; intervals are 95 % Wilson intervals",
)
ALIKE = Text(
    "区间与检验视订单彼此独立；同一用户的订单往往相似，实际的不确定性更大",
    "intervals and tests take orders for independent; orders of one user resemble each other, so that the true "
    "uncertainty is larger",
)
"""What is to be known of counts of orders, in words."""

_BY_PERSONA = Text(
    "按人群分别计算，未归入人群的用户只计入合计",
    "each persona by itself, users without a persona are only in the slice of everybody",
)


def _head(it: AttachDefinition) -> Text:
    if it.unit == "order":
        return Text(
            "连带率：在含行品类的订单中，同单也含列品类的订单占比",
            "Attach rate: of the orders with the row's category, the share that also hold the column's",
        )
    days = it.within_days
    zh, en = {
        "any": ("统计期内也买过列品类（不分先后）", "also bought the column's at any time in the window")
        if days is None
        else (
            f"在首次购买行品类前后各 {days} 天内也买过列品类（不分先后）",
            f"also bought the column's at most {days} days before or after their first purchase of the row's",
        ),
        "after": (
            f"在首次购买行品类之后 {days} 天内另下单购买列品类",
            f"bought the column's in a later order within {days} days of their first purchase of the row's",
        ),
        "before": (
            f"在首次购买行品类之前 {days} 天内已下单购买列品类",
            f"had ordered the column's within {days} days before their first purchase of the row's",
        ),
        "same_order": ("曾在同一订单中一并购买列品类", "bought the column's in the same order at least once"),
    }[it.direction]
    return Text(
        f"连带率：在行品类的购买用户中，{zh}的用户占比",
        f"Attach rate: of the users who bought the row's category, the share who {en}",
    )


def _base(it: AttachDefinition) -> Text:
    if it.base == "all":
        zh, en = ("订单", "orders") if it.unit == "order" else ("购买用户", "buyers")
        return Text(f"分母为行品类的全部{zh}", f"base: all {en} of the row's category")
    if it.unit == "order":
        return Text(
            "分母不含下单前已买过列品类的用户的订单",
            "base: without orders of users who had bought the column's category before",
        )
    zh, en = ("之前或同时", "before or at") if it.direction == "after" else ("之前", "before")
    return Text(
        f"分母不含首次购买行品类{zh}已买过列品类的用户",
        f"base: without users who bought the column's category {en} their first purchase of the row's",
    )


def _observed(it: AttachDefinition) -> Text:
    zh, en = {
        "any": ("前后各", "before and after it"),
        "after": ("之后", "after it"),
        "before": ("之前", "before it"),
    }[it.direction]
    return Text(
        f"只计首次购买{zh}有完整 {it.within_days} 天观察期的用户（at_risk 为实际分母人数）",
        f"only users whose first purchase has {it.within_days} full days of the window {en} count "
        "(at_risk is their number)",
    )


def _diagonal(it: AttachDefinition) -> Text:
    if it.diagonal == "blank":
        return Text("对角线留空", "the diagonal is blank")
    zh = "" if it.within_days is None else f"首购后 {it.within_days} 天内"
    en = "" if it.within_days is None else f" within {it.within_days} days of the first"
    if it.direction == "after":
        return Text(f"对角线为复购：{zh}再次下单购买该品类", f"the diagonal is repurchase: a later order{en}")
    return Text(
        f"对角线为复购：{zh}至少两个不同订单含该品类",
        f"the diagonal is repurchase: at least two distinct orders{', the second' + en if en else ''}",
    )
