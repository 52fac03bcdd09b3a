"""First purchases of each user per category, or per group of categories, and the pairs they make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import ibis

from personas.errors import ConfigError

PAIR: Final = ["category", "next_category"]
"""Columns that name an ordered pair of categories."""


def group_categories(purchases: ibis.Table, groups: Mapping[str, str]) -> ibis.Table:
    """Replace categories by their groups, so that every table of this room can be made of groups.

    Parameters
    ----------
    purchases : ibis.Table
        What :func:`personas.category.base.purchases` returned.
    groups : mapping of str to str
        Category -> group, for example ``{"冰箱": "大家电", "电饭煲": "小家电"}``. Purchases of other
        categories are left out.

    Returns
    -------
    ibis.Table
        The same columns.

    Raises
    ------
    ConfigError
        If ``groups`` is empty.

    Examples
    --------
    >>> import pyarrow as pa
    >>> bought = ibis.memtable(pa.table({"category": ["冰箱", "手机"]}))
    >>> group_categories(bought, {"冰箱": "大家电"}).to_pyarrow()["category"].to_pylist()
    ['大家电']
    """
    if not groups:
        raise ConfigError("No category has a group; expected at least one entry: category -> group.")
    grouped = purchases.mutate(category=purchases["category"].cases(*groups.items()))
    return grouped.filter(grouped["category"].notnull())


def first_purchases(purchases: ibis.Table) -> ibis.Table:
    """Return the first purchase of each user in each category.

    Parameters
    ----------
    purchases : ibis.Table
        What :func:`personas.category.base.purchases` returned, in any order, repeated lines included.

    Returns
    -------
    ibis.Table
        ``user_id``, ``category``, ``first_at``, ``n_times`` (distinct instants of buying it).

    Examples
    --------
    >>> from datetime import datetime
    >>> import pyarrow as pa
    >>> lines = pa.table({"user_id": ["a"] * 3, "category": ["门锁"] * 3,
    ...     "event_at": [datetime(2025, 5, day) for day in (9, 2, 2)]})
    >>> first_purchases(ibis.memtable(lines)).to_pyarrow().select(["first_at", "n_times"]).to_pylist()
    [{'first_at': datetime.datetime(2025, 5, 2, 0, 0), 'n_times': 2}]
    """
    return purchases.group_by("user_id", "category").agg(
        first_at=purchases["event_at"].min(), n_times=purchases["event_at"].nunique()
    )


def ordered_pairs(firsts: ibis.Table) -> ibis.Table:
    """Join the first purchases of each user with one another.

    Parameters
    ----------
    firsts : ibis.Table
        What :func:`first_purchases` returned; further columns stay.

    Returns
    -------
    ibis.Table
        One row per user and ordered pair of categories: the columns of ``firsts``, ``next_category``,
        ``next_at``, ``n_times_next`` and ``lag`` (int64, microseconds from ``first_at`` to ``next_at``; 0 =
        at the same instant, neither before nor after).

    Examples
    --------
    >>> from datetime import datetime
    >>> import pyarrow as pa
    >>> lines = pa.table({"user_id": ["a", "a"], "category": ["扫地机", "门锁"],
    ...     "event_at": [datetime(2025, 5, 2, 8), datetime(2025, 5, 2, 9)]})
    >>> pairs = ordered_pairs(first_purchases(ibis.memtable(lines)))
    >>> sorted(pairs.to_pyarrow()["lag"].to_pylist())
    [-3600000000, 3600000000]
    """
    later = firsts.select("user_id", next_category="category", next_at="first_at", n_times_next="n_times")
    joined = firsts.join(later, "user_id")
    pairs = joined.filter(joined["category"] != joined["next_category"])
    return pairs.mutate(lag=pairs["next_at"].delta(pairs["first_at"], unit="microsecond"))
