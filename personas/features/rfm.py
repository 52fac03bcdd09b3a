"""What a user is worth: recency, frequency and money of all orders."""

from __future__ import annotations

import ibis

from personas.features.base import NEVER_MISSING, Feature
from personas.features.events import days_until, orders
from personas.schema import ObservationWindow, Text

NEVER_BOUGHT = "never bought"

RFM_FEATURES: tuple[Feature, ...] = (
    Feature(
        name="order_count",
        kind="count",
        block="worth",
        unit="orders",
        null_meaning=NEVER_MISSING,
        source="rfm",
        measure="count",
        label=Text("购买次数", "orders"),
    ),
    Feature(
        name="revenue",
        kind="numeric",
        block="worth",
        unit="money",
        null_meaning=NEVER_MISSING,
        source="rfm",
        measure="revenue",
        label=Text("消费金额", "revenue"),
    ),
    Feature(
        name="recency_days",
        kind="numeric",
        block="worth",
        unit="days",
        null_meaning=NEVER_BOUGHT,
        source="rfm",
        measure="recency",
        label=Text("距最近购买天数", "days since last order"),
    ),
    Feature(
        name="average_order_value",
        kind="numeric",
        block="worth",
        unit="money",
        null_meaning=NEVER_BOUGHT,
        source="rfm",
        measure="average_order_value",
        label=Text("客单价", "average order value"),
    ),
    Feature(
        name="active_days",
        kind="count",
        block="worth",
        unit="days",
        null_meaning=NEVER_MISSING,
        source="rfm",
        measure="active_days",
        label=Text("活跃天数", "active days"),
    ),
)


def build_rfm(events: ibis.Table, window: ObservationWindow) -> ibis.Table:
    """Return one row per user who did anything in the window.

    Parameters
    ----------
    events : ibis.Table
        What :func:`personas.features.events.window_events` returned.
    window : ObservationWindow
        Its end is the reference of recency.

    Returns
    -------
    ibis.Table
        ``user_id`` and:

        * ``order_count``, orders: distinct order ids; a line without an order id counts as an order
          of its own;
        * ``revenue``, money of the source: sum of the amounts of order lines, null when no amount is
          known;
        * ``recency_days``, days from the last order to the end of the window;
        * ``average_order_value``, money of the source: revenue per order;
        * ``active_days``, days with at least one event other than an ad exposure.

    References
    ----------
    Fader, Hardie & Lee (2005), "RFM and CLV: Using iso-value curves for customer base analysis",
    Journal of Marketing Research 42(4), 415-430, for recency, frequency and monetary value; recency
    here runs from the last order to the end of the window.
    """
    acts = events.filter(events["event_type"] != "ad_exposure")
    days = acts.group_by("user_id", day=acts["event_at"].date()).agg()
    activity = days.group_by("user_id").agg(active_days=days.count())

    lines = orders(events)
    per_order = lines.group_by("user_id", "order_id").agg(
        n_lines=lines.count(), amount=lines["amount"].sum(), at=lines["event_at"].max()
    )
    n_orders = per_order["order_id"].isnull().ifelse(per_order["n_lines"], 1).sum()
    bought = per_order.group_by("user_id").agg(
        order_count=n_orders,
        revenue=per_order["amount"].sum().cast("float64"),
        last_at=per_order["at"].max(),
    )
    bought = bought.select(
        "user_id",
        "order_count",
        "revenue",
        recency_days=days_until(window, bought["last_at"]),
        average_order_value=bought["revenue"] / bought["order_count"],
    )
    return activity.left_join(bought, "user_id").drop("user_id_right")
