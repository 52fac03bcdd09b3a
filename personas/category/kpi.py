"""Indicators of baskets: cross-category buyers, units per order, orders of several categories, breadth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import ibis

from personas.category.base import assigned_personas, purchases
from personas.category.kpi_table import (
    WILSON,
    KpiTable,
    Periods,
    add_mean,
    add_share,
    check_periods,
    finish,
)
from personas.category.slices import by_persona
from personas.features.base import TableSource
from personas.schema import ObservationWindow, Text

_RATIO = Text(
    "区间为 95%，以用户为独立单位（同一用户的订单彼此相关）",
    "95 % intervals, users are the independent units (orders of one user resemble each other)",
)


def cross_category_share(
    source: TableSource, periods: Periods, *, assignments: ibis.Table | None = None
) -> KpiTable:
    """Compute the share of buyers who bought at least two categories (跨品类购买占比).

    Parameters
    ----------
    source : TableSource
        Holds the canonical table ``events``.
    periods : mapping of str to ObservationWindow
        In the order of time.
    assignments : ibis.Table, optional
        ``user_id`` (unique) and ``persona_id``: the same figures for each persona.

    Returns
    -------
    KpiTable
        One row per period and persona.

    Raises
    ------
    ConfigError
        If the periods are not usable.
    DataError
        If a table breaks its contract.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pyarrow as pa
    >>> connection = ibis.duckdb.connect()
    >>> _ = connection.create_table("events", pa.table({
    ...     "user_id": ["a", "a", "b"], "event_at": [datetime(2025, 3, 1)] * 3, "event_type": ["order"] * 3,
    ...     "category": ["门锁", "空调", "门锁"], "amount": [1.0] * 3, "order_id": ["o1", "o2", "o3"]}))
    >>> year = {"2025": ObservationWindow(date(2026, 1, 1), 365)}
    >>> cross_category_share(connection, year).table[["numerator", "denominator", "value"]].values.tolist()
    [[1.0, 2.0, 0.5]]
    """

    def per_user(window: ObservationWindow) -> ibis.Table:
        bought = purchases(source, window)
        return bought.group_by("user_id").agg(
            y=(bought["category"].nunique() >= 2).cast("int64"), x=ibis.literal(1, "int64")
        )

    head = Text(
        "跨品类购买占比 = 购买过至少两个品类的用户 ÷ 有品类购买的全部用户",
        "Cross-category buyer share = buyers of at least two categories ÷ all buyers of any category",
    )
    return _of_users(periods, per_user, assignments, head, "share of users")


def units_per_order(
    source: TableSource, periods: Periods, *, assignments: ibis.Table | None = None
) -> KpiTable:
    """Compute the units of an order (件单比, also UPT; the trade calls it 连带率 too).

    Parameters
    ----------
    source : TableSource
        Holds the canonical table ``events``.
    periods : mapping of str to ObservationWindow
        In the order of time.
    assignments : ibis.Table, optional
        ``user_id`` (unique) and ``persona_id``: the same figures for each persona.

    Returns
    -------
    KpiTable
        One row per period and persona; the denominator are the orders every line of which states its
        quantity.

    Raises
    ------
    ConfigError
        If the periods are not usable.
    DataError
        If a table breaks its contract.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pyarrow as pa
    >>> connection = ibis.duckdb.connect()
    >>> _ = connection.create_table("events", pa.table({
    ...     "user_id": ["a", "a", "b"], "event_at": [datetime(2025, 3, 1)] * 3, "event_type": ["order"] * 3,
    ...     "category": ["门锁", "空调", "门锁"], "amount": [1.0] * 3, "order_id": ["o1", "o1", "o2"],
    ...     "quantity": [1, 2, 1]}))
    >>> year = {"2025": ObservationWindow(date(2026, 1, 1), 365)}
    >>> units_per_order(connection, year).table["value"].tolist()
    [2.0]
    """

    def per_user(window: ObservationWindow) -> ibis.Table:
        bought = purchases(source, window)
        by_order = bought.group_by("user_id", "order_key").agg(
            units=bought["quantity"].sum(), known=bought["quantity"].count() == bought.count()
        )
        by_order = by_order.filter(by_order["known"])
        return by_order.group_by("user_id").agg(y=by_order["units"].sum(), x=by_order.count())

    head = Text(
        "件单比 = 件数 ÷ 订单数（只计每行都有件数的订单）",
        "Units per order = units ÷ orders (only orders every line of which states its quantity)",
    )
    return _of_users(periods, per_user, assignments, head, "mean")


def multi_category_order_share(
    source: TableSource, periods: Periods, *, assignments: ibis.Table | None = None
) -> KpiTable:
    """Compute the share of orders that hold at least two categories.

    Parameters
    ----------
    source : TableSource
        Holds the canonical table ``events``.
    periods : mapping of str to ObservationWindow
        In the order of time.
    assignments : ibis.Table, optional
        ``user_id`` (unique) and ``persona_id``: the same figures for each persona.

    Returns
    -------
    KpiTable
        One row per period and persona.

    Raises
    ------
    ConfigError
        If the periods are not usable.
    DataError
        If a table breaks its contract.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pyarrow as pa
    >>> connection = ibis.duckdb.connect()
    >>> _ = connection.create_table("events", pa.table({
    ...     "user_id": ["a", "a", "b"], "event_at": [datetime(2025, 3, 1)] * 3, "event_type": ["order"] * 3,
    ...     "category": ["门锁", "空调", "门锁"], "amount": [1.0] * 3, "order_id": ["o1", "o1", "o2"]}))
    >>> year = {"2025": ObservationWindow(date(2026, 1, 1), 365)}
    >>> multi_category_order_share(connection, year).table["value"].tolist()
    [0.5]
    """

    def per_user(window: ObservationWindow) -> ibis.Table:
        bought = purchases(source, window)
        by_order = bought.group_by("user_id", "order_key").agg(
            several=(bought["category"].nunique() >= 2).cast("int64")
        )
        return by_order.group_by("user_id").agg(y=by_order["several"].sum(), x=by_order.count())

    head = Text(
        "多品类订单占比 = 含至少两个品类的订单 ÷ 有品类的全部订单",
        "Multi-category order share = orders with at least two categories ÷ all orders with any category",
    )
    return _of_users(periods, per_user, assignments, head, "share of orders")


def breadth(source: TableSource, periods: Periods, *, assignments: ibis.Table | None = None) -> KpiTable:
    """Compute the mean number of categories of a buyer.

    Parameters
    ----------
    source : TableSource
        Holds the canonical table ``events``.
    periods : mapping of str to ObservationWindow
        In the order of time.
    assignments : ibis.Table, optional
        ``user_id`` (unique) and ``persona_id``: the same figures for each persona.

    Returns
    -------
    KpiTable
        One row per period and persona.

    Raises
    ------
    ConfigError
        If the periods are not usable.
    DataError
        If a table breaks its contract.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pyarrow as pa
    >>> connection = ibis.duckdb.connect()
    >>> _ = connection.create_table("events", pa.table({
    ...     "user_id": ["a", "a", "b"], "event_at": [datetime(2025, 3, 1)] * 3, "event_type": ["order"] * 3,
    ...     "category": ["门锁", "空调", "门锁"], "amount": [1.0] * 3, "order_id": ["o1", "o2", "o3"]}))
    >>> year = {"2025": ObservationWindow(date(2026, 1, 1), 365)}
    >>> breadth(connection, year).table["value"].tolist()
    [1.5]
    """

    def per_user(window: ObservationWindow) -> ibis.Table:
        bought = purchases(source, window)
        return bought.group_by("user_id").agg(y=bought["category"].nunique(), x=ibis.literal(1, "int64"))

    head = Text(
        "人均购买品类数 = 每位用户购买的不同品类数之和 ÷ 有品类购买的全部用户",
        "Breadth = distinct categories of each buyer, summed ÷ all buyers of any category",
    )
    return _of_users(periods, per_user, assignments, head, "mean")


def _of_users(
    periods: Periods,
    per_user: Callable[[ObservationWindow], ibis.Table],
    assignments: ibis.Table | None,
    head: Text,
    kind: Literal["share of users", "share of orders", "mean"],
) -> KpiTable:
    """Return the ratio of the sums of ``y`` and of ``x`` over users."""
    check_periods(periods)
    personas = assigned_personas(assignments)
    parts = []
    for window in periods.values():
        rows = by_persona(per_user(window), assignments)
        y, x = rows["y"].cast("int64"), rows["x"].cast("int64")
        sums = rows.group_by("persona_id").agg(
            numerator=y.sum(),
            denominator=x.sum(),
            n_users=rows.count(),
            yy=(y * y).sum(),
            xy=(x * y).sum(),
            xx=(x * x).sum(),
        )
        found = sums.order_by("persona_id").to_pyarrow().to_pandas().set_index("persona_id")
        table = found.reindex(personas, fill_value=0).astype("int64").rename_axis("persona_id").reset_index()
        if kind == "share of users":
            parts.append(add_share(table.drop(columns=["n_users", "yy", "xy", "xx"])))
        else:
            parts.append(add_mean(table, is_share=kind == "share of orders"))
    return finish(parts, head, WILSON if kind == "share of users" else _RATIO, periods)
