"""Penetration and conversion: which share of a named group bought a category."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import ibis

from personas.category.base import assigned_personas, purchases
from personas.category.kpi_table import (
    WILSON,
    KpiTable,
    Periods,
    add_share,
    check_periods,
    counted,
    finish,
)
from personas.category.pair_counts import check_categories
from personas.category.slices import by_persona
from personas.errors import ConfigError
from personas.features.base import TableSource
from personas.features.events import window_events
from personas.schema import ObservationWindow, Text

PenetrationBase = Literal["users", "active_users", "buyers", "category_buyers", "brand_buyers"]
ConversionBase = Literal["viewers", "searchers", "carters"]

_BASES: dict[str, Text] = {
    "users": Text("全部用户", "all users"),
    "active_users": Text(
        "活跃用户（统计期内有任一行为，仅广告曝光不算）",
        "active users (anything but an ad exposure in the period)",
    ),
    "buyers": Text("有品类购买的全部用户", "all buyers of any category"),
    "category_buyers": Text(
        "该品类的全部购买用户（含品牌未知）", "all buyers of the category, of any brand or none known"
    ),
    "brand_buyers": Text("该品牌的全部购买用户（不限品类）", "all buyers of the brand, of any category"),
    "viewers": Text("统计期内浏览过该品类的用户", "users who viewed the category in the period"),
    "searchers": Text("统计期内搜索过该品类的用户", "users who searched for the category in the period"),
    "carters": Text("统计期内加购过该品类的用户", "users who added the category to the cart in the period"),
}
_ACTS = {"viewers": "view", "searchers": "search", "carters": "cart"}


def penetration(
    source: TableSource,
    periods: Periods,
    categories: Sequence[str],
    *,
    denominator: PenetrationBase,
    brand: str | None = None,
    assignments: ibis.Table | None = None,
) -> KpiTable:
    """Compute which share of a named group bought each category.

    Parameters
    ----------
    source : TableSource
        Holds the canonical tables ``events`` and, for ``"users"``, ``users``.
    periods : mapping of str to ObservationWindow
        In the order of time.
    categories : sequence of str
        Rows of the table.
    denominator : {"users", "active_users", "buyers", "category_buyers", "brand_buyers"}
        The group; it has no default, as each makes another figure. ``category_buyers`` (the brand within
        the category) and ``brand_buyers`` (the category within the brand) need ``brand``.
    brand : str, optional
        Only purchases of this brand count in the numerator.
    assignments : ibis.Table, optional
        ``user_id`` (unique) and ``persona_id``: the same figures for each persona.

    Returns
    -------
    KpiTable
        One row per period, persona and category.

    Raises
    ------
    ConfigError
        If the denominator is unknown or lacks its brand, or periods or categories are not usable.
    DataError
        If a table breaks its contract.

    Notes
    -----
    Numerator: users of the denominator who bought the category (of the brand) in the period, so the share
    never passes 1. It is 0 where users were counted and none of them bought, NaN where there is nobody to
    count, and so is growth from a period of 0. A user counts once, whatever was repeated or returned.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pyarrow as pa
    >>> connection = ibis.duckdb.connect()
    >>> _ = connection.create_table("users", pa.table({"user_id": ["a", "b", "c", "d"]}))
    >>> _ = connection.create_table("events", pa.table({
    ...     "user_id": ["a", "b"], "event_at": [datetime(2025, 3, 1)] * 2, "event_type": ["order"] * 2,
    ...     "category": ["门锁", "空调"], "amount": [1.0, 1.0], "order_id": ["o1", "o2"]}))
    >>> year = {"2025": ObservationWindow(date(2026, 1, 1), 365)}
    >>> penetration(connection, year, ["门锁"], denominator="users").table["value"].tolist()
    [0.25]
    """
    _check_choice(denominator, ("users", "active_users", "buyers", "category_buyers", "brand_buyers"))
    if denominator in ("category_buyers", "brand_buyers") and brand is None:
        raise ConfigError(f"denominator is {denominator!r} without a brand; name the brand or choose buyers.")

    def group(window: ObservationWindow) -> ibis.Table:
        bought = purchases(source, window)
        if denominator == "users":
            return source.table("users").select("user_id").distinct()
        if denominator == "active_users":
            events = window_events(source, window)
            return events.filter(events["event_type"] != "ad_exposure").select("user_id").distinct()
        if denominator == "category_buyers":
            return bought.select("user_id", "category").distinct()
        if denominator == "brand_buyers":
            bought = bought.filter(bought["brand"] == brand)
        return bought.select("user_id").distinct()

    of_zh, of_en = ("", "") if brand is None else (f"{brand} ", f" of {brand}")
    head = Text(
        f"渗透率 = 购买{of_zh}该品类的用户 ÷ {_BASES[denominator].zh}",
        f"Penetration = buyers of the category{of_en} ÷ {_BASES[denominator].en}",
    )
    return _category_share(source, periods, categories, group, head, brand=brand, assignments=assignments)


def conversion(
    source: TableSource,
    periods: Periods,
    categories: Sequence[str],
    *,
    denominator: ConversionBase,
    assignments: ibis.Table | None = None,
) -> KpiTable:
    """Compute which share of those who showed interest in a category bought it.

    Parameters
    ----------
    source : TableSource
        Holds the canonical table ``events``.
    periods : mapping of str to ObservationWindow
        In the order of time.
    categories : sequence of str
        Rows of the table.
    denominator : {"viewers", "searchers", "carters"}
        Who showed interest, by what they did with the category in the period; it has no default.
    assignments : ibis.Table, optional
        ``user_id`` (unique) and ``persona_id``: the same figures for each persona.

    Returns
    -------
    KpiTable
        One row per period, persona and category.

    Raises
    ------
    ConfigError
        If the denominator is unknown, or periods or categories are not usable.
    DataError
        If a table breaks its contract.

    Notes
    -----
    Numerator: users of the denominator who bought the category in the same period, before or after they
    showed interest. Buyers without a recorded act are in neither.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pyarrow as pa
    >>> connection = ibis.duckdb.connect()
    >>> _ = connection.create_table("events", pa.table({
    ...     "user_id": ["a", "b", "a"], "event_at": [datetime(2025, 3, 1)] * 3,
    ...     "event_type": ["view", "view", "order"], "category": ["门锁"] * 3,
    ...     "amount": [None, None, 1.0], "order_id": [None, None, "o1"]}))
    >>> year = {"2025": ObservationWindow(date(2026, 1, 1), 365)}
    >>> conversion(connection, year, ["门锁"], denominator="viewers").table["value"].tolist()
    [0.5]
    """
    _check_choice(denominator, tuple(_ACTS))

    def group(window: ObservationWindow) -> ibis.Table:
        events = window_events(source, window)
        acts = events.filter(events["event_type"] == _ACTS[denominator])
        return acts.drop_null("category").select("user_id", "category").distinct()

    base = _BASES[denominator]
    head = Text(
        f"转化率 = 其中统计期内购买该品类的用户 ÷ {base.zh}",
        f"Conversion = those of them who bought the category in the period ÷ {base.en}",
    )
    return _category_share(source, periods, categories, group, head, brand=None, assignments=assignments)


def _check_choice(denominator: str, known: Sequence[str]) -> None:
    if denominator not in known:
        raise ConfigError(
            f"denominator is {denominator!r}; expected one of {', '.join(known)}. Each makes another figure."
        )


def _category_share(
    source: TableSource,
    periods: Periods,
    categories: Sequence[str],
    group: Callable[[ObservationWindow], ibis.Table],
    head: Text,
    *,
    brand: str | None,
    assignments: ibis.Table | None,
) -> KpiTable:
    """Return the share of a group that bought each category; the group is of users, or of users per category."""
    import pandas as pd

    check_periods(periods)
    listed = check_categories("categories", categories)
    grid = pd.MultiIndex.from_product(
        [assigned_personas(assignments), listed], names=["persona_id", "category"]
    )
    parts = []
    for window in periods.values():
        members, bought = group(window), purchases(source, window)
        bought = bought.filter(bought["category"].isin(listed))
        if brand is not None:
            bought = bought.filter(bought["brand"] == brand)
        keys = [name for name in ("user_id", "category") if name in members.columns]
        hits = bought.select("user_id", "category").distinct().semi_join(members, keys)
        whole_by = ["persona_id", *keys[1:]]
        whole = counted(by_persona(members, assignments), whole_by)
        base = grid if len(whole_by) == 2 else grid.get_level_values("persona_id")
        part = counted(by_persona(hits, assignments), ["persona_id", "category"])
        table = pd.DataFrame(
            {
                "numerator": part.reindex(grid, fill_value=0).to_numpy("int64"),
                "denominator": whole.reindex(base, fill_value=0).to_numpy("int64"),
            },
            index=grid,
        )
        parts.append(add_share(table.reset_index()))
    return finish(parts, head, WILSON, periods)
