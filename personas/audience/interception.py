"""Interception: users who look at or buy rivals' items, by item, brand, category or price band."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from personas.audience.base import check_columns
from personas.category.periods import span
from personas.errors import ConfigError, DataError
from personas.schema import LEVELS, ObservationWindow, Text, label_of

if TYPE_CHECKING:
    import pandas as pd

CONTACTS = ("view", "search", "cart", "favourite", "order")
"""Event types of a user's own doing that show interest in an item (own choice)."""


@dataclass(frozen=True, slots=True)
class RivalTarget:
    """Which items of rivals are meant: everything that is named must hold.

    Parameters
    ----------
    items, brands, categories : frozenset of str
        Any of them; empty = all.
    price_from, price_to : float or None, currency of the brand
        Half-open band ``from <= price < to``; None = open.

    Raises
    ------
    ConfigError
        If nothing is named, or the band is empty.

    Examples
    --------
    >>> RivalTarget(brands=frozenset({"Apple"}), price_from=1000).words.en
    'brand: Apple; price: 1000 and more'
    """

    items: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    price_from: float | None = None
    price_to: float | None = None

    def __post_init__(self) -> None:
        if not (self.items or self.brands or self.categories or self.has_prices):
            raise ConfigError(
                "No rival item is named; expected items, brands, categories or a price band. Name at least one."
            )
        if self.price_from is not None and self.price_to is not None and self.price_from >= self.price_to:
            raise ConfigError(
                f"The price band runs from {self.price_from:g} to {self.price_to:g}; expected from < to."
            )

    @property
    def has_prices(self) -> bool:
        """Whether a price is asked for."""
        return self.price_from is not None or self.price_to is not None

    @property
    def words(self) -> Text:
        """The target in words."""
        named = [
            (Text(f"{zh}：{'/'.join(sorted(values))}", f"{en}: {'/'.join(sorted(values))}"))
            for zh, en, values in (
                ("商品", "item", self.items),
                ("品牌", "brand", self.brands),
                ("品类", "category", self.categories),
            )
            if values
        ]
        low, high = self.price_from, self.price_to
        if low is not None and high is not None:
            named.append(Text(f"价格：{low:g}（含）至{high:g}（不含）", f"price: {low:g} up to {high:g}"))
        elif low is not None:
            named.append(Text(f"价格：{low:g}及以上", f"price: {low:g} and more"))
        elif high is not None:
            named.append(Text(f"价格：低于{high:g}", f"price: below {high:g}"))
        return Text("；".join(text.zh for text in named), "; ".join(text.en for text in named))


@dataclass(frozen=True, slots=True, eq=False)
class Interception:
    """Who is in contact with rivals' items.

    Parameters
    ----------
    members : ibis.Table
        Lazy, one row per user: ``user_id``, ``n_contacts`` (events), ``last_at`` (timestamp).
    contacts : ibis.Table
        Lazy, the events: ``user_id, event_at, event_type, category, item_id, brand, price``. Rank the items
        that a segment over-indexes on by :func:`personas.audience.preference.rank_preferences`.
    n_users : int
        Members.
    items : DataFrame, one row per item, the most users first; contacts without an item in one row
        ``item_id`` (NaN = unknown), ``brand``, ``n_users``, ``n_contacts`` of the members.
    definition : Text
        Window, target, event types and threshold, to be printed under the table.
    """

    members: ibis.Table
    contacts: ibis.Table
    n_users: int
    items: pd.DataFrame
    definition: Text


def intercept(
    events: ibis.Table,
    target: RivalTarget,
    *,
    window: ObservationWindow,
    own_brands: Collection[str],
    items: ibis.Table | None = None,
    event_types: Sequence[str] = CONTACTS,
    at_least: int = 1,
) -> Interception:
    """Find the users in contact with certain items of rivals.

    Parameters
    ----------
    events : ibis.Table
        Canonical events.
    target : RivalTarget
        Which items.
    window : ObservationWindow
        Half open; contacts outside do not count.
    own_brands : collection of str
        Brands that are never a rival.
    items : ibis.Table, optional
        ``item_id, category, brand, price``, one row per item; needed for a price band. What it says of an
        item goes before what the event says.
    event_types : sequence of str
        What counts as a contact.
    at_least : int, >= 1
        Fewest contacts of a member.

    Returns
    -------
    Interception

    Raises
    ------
    ConfigError
        If an event type is unknown, own brands are missing or targeted, ``at_least`` is below 1, or a price
        band is asked for without items.
    DataError
        If a table lacks a column, or an item stands twice.

    Notes
    -----
    A contact whose brand is unknown is nobody's, and left out. An item without a price is in no price band.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pyarrow as pa
    >>> events = ibis.memtable(pa.table({
    ...     "user_id": ["a", "a", "b"], "event_at": [datetime(2025, 5, 1)] * 3, "event_type": ["view"] * 3,
    ...     "category": ["手环"] * 3, "item_id": ["s9", "s9", "x1"], "brand": ["Apple", "Apple", "本品"]}))
    >>> found = intercept(events, RivalTarget(brands=frozenset({"Apple"})), own_brands={"本品"},
    ...                   window=ObservationWindow(date(2025, 6, 1), 60))
    >>> found.items.values.tolist()
    [['s9', 'Apple', 1, 2]]
    """
    _check(target, own_brands, event_types, at_least)
    if target.has_prices and items is None:
        raise ConfigError("A price band is asked for, but there is no items table; give one with prices.")
    contacts = _find_contacts(_seen(events, window, event_types, items), target, own_brands)
    counted = contacts.group_by("user_id").agg(
        n_contacts=contacts.count(), last_at=contacts["event_at"].max()
    )
    members = counted.filter(counted["n_contacts"] >= at_least)
    kept = contacts.semi_join(members, "user_id")
    top = kept.group_by("item_id", "brand").agg(n_users=kept["user_id"].nunique(), n_contacts=kept.count())
    order = [
        top["n_users"].desc(),
        top["n_contacts"].desc(),
        top["brand"],
        top["item_id"].asc(nulls_first=False),
    ]
    return Interception(
        members=members,
        contacts=kept,
        n_users=int(members.count().to_pyarrow().as_py()),
        items=top.order_by(order).to_pyarrow().to_pandas(),
        definition=_define(target, window, event_types, at_least),
    )


def _check(
    target: RivalTarget, own_brands: Collection[str], event_types: Sequence[str], at_least: int
) -> None:
    unknown = [kind for kind in event_types if kind not in LEVELS["event_type"]]
    if unknown or not event_types:
        raise ConfigError(
            f"The event types are {', '.join(event_types) or 'none'}; known: {', '.join(LEVELS['event_type'])}."
        )
    if not own_brands or target.brands & set(own_brands):
        raise ConfigError(
            f"The own brands are {', '.join(sorted(own_brands)) or 'none'}; expected at least one, and none that is "
            "targeted as a rival."
        )
    if at_least < 1:
        raise ConfigError(f"at_least is {at_least}; expected a whole number of at least 1.")


def _seen(
    events: ibis.Table, window: ObservationWindow, event_types: Sequence[str], items: ibis.Table | None
) -> ibis.Table:
    columns = ("user_id", "event_at", "event_type", "category", "item_id", "brand")
    check_columns(events, "events", columns)
    seen = events.filter(
        events["event_at"] >= ibis.timestamp(window.start_at),
        events["event_at"] < ibis.timestamp(window.end_at),
        events["event_type"].isin(event_types),
    ).select(*columns)
    if items is None:
        return seen.mutate(price=ibis.null("float64"))
    check_columns(items, "items", ("item_id", "category", "brand", "price"))
    size = items.agg(rows=items.count(), items=items["item_id"].nunique()).to_pyarrow().to_pylist()[0]
    if size["rows"] > size["items"]:
        raise DataError(
            f"The table items has {size['rows']} rows of {size['items']} items; expected one row per item. "
            "Pass it through the contract check first."
        )
    named = items.select("item_id", item_category="category", item_brand="brand", price=items["price"])
    joined = seen.left_join(named, "item_id")
    return joined.select(
        *columns[:3],
        "item_id",
        category=ibis.coalesce(joined["item_category"], joined["category"]),
        brand=ibis.coalesce(joined["item_brand"], joined["brand"]),
        price=joined["price"].cast("float64"),
    )


def _find_contacts(seen: ibis.Table, target: RivalTarget, own_brands: Collection[str]) -> ibis.Table:
    wanted = [seen["brand"].notin(sorted(own_brands))]
    for column, values in (
        ("item_id", target.items),
        ("brand", target.brands),
        ("category", target.categories),
    ):
        if values:
            wanted.append(seen[column].isin(sorted(values)))
    if target.price_from is not None:
        wanted.append(seen["price"] >= target.price_from)
    if target.price_to is not None:
        wanted.append(seen["price"] < target.price_to)
    return seen.filter(*wanted)


def _define(
    target: RivalTarget, window: ObservationWindow, event_types: Sequence[str], at_least: int
) -> Text:
    seen, words = span(window), target.words
    labels = [label_of("event_type", kind) for kind in event_types]
    return Text(
        f"{seen.zh}。竞品 {words.zh}。单位为人；{'/'.join(label.zh for label in labels)}合计不少于 {at_least} 次者入选。",
        f"{seen.en}. Rivals' {words.en}. Unit: users with at least {at_least} of "
        f"{'/'.join(label.en for label in labels)}.",
    )
