"""What a user buys: orders, revenue and recency per category, breadth, first and last category."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import ibis

from personas.features.base import NEVER_MISSING, Feature, FeatureSet
from personas.features.events import days_until, orders
from personas.features.rfm import NEVER_BOUGHT
from personas.schema import Kind, ObservationWindow, Text

CategoryMeasure = Literal["count", "revenue", "recency", "share"]
CATEGORY_MEASURES: tuple[CategoryMeasure, ...] = ("count", "revenue", "recency", "share")

_MEASURES: dict[CategoryMeasure, tuple[str, Kind, str, str, Text]] = {
    "count": ("order_count", "count", "orders", NEVER_MISSING, Text("购买次数", "orders")),
    "revenue": ("revenue", "numeric", "money", NEVER_MISSING, Text("消费金额", "revenue")),
    "recency": (
        "recency_days",
        "numeric",
        "days",
        "never bought in this category",
        Text("距最近购买天数", "days since last order"),
    ),
    "share": ("revenue_share", "numeric", "share 0-1", "no revenue", Text("消费占比", "share of revenue")),
}

HISTORY_FEATURES: tuple[Feature, ...] = (
    Feature(
        name="category_breadth",
        kind="count",
        block="what",
        unit="categories",
        null_meaning=NEVER_MISSING,
        source="category_history",
        measure="breadth",
        label=Text("购买品类数", "categories bought"),
    ),
    Feature(
        name="first_category",
        kind="nominal",
        block="what",
        unit="",
        null_meaning=NEVER_BOUGHT,
        source="category_history",
        measure="first",
        label=Text("首购品类", "first category"),
    ),
    Feature(
        name="last_category",
        kind="nominal",
        block="what",
        unit="",
        null_meaning=NEVER_BOUGHT,
        source="category_history",
        measure="last",
        label=Text("最近购买品类", "last category"),
    ),
)
"""Features over all categories at once."""


def category_features(measure: CategoryMeasure, categories: Iterable[tuple[str, Text]]) -> list[Feature]:
    """Return one feature per category for one measure.

    Parameters
    ----------
    measure : {"count", "revenue", "recency", "share"}
        What is computed.
    categories : iterable of (str, Text)
        Categories with their names for people.

    Returns
    -------
    list of Feature
        In the order of ``categories``.

    Examples
    --------
    >>> category_features("count", [("扫地机", Text("扫地机", "robot vacuum"))])[0].label
    Text(zh='扫地机购买次数', en='robot vacuum: orders')
    """
    prefix, kind, unit, null_meaning, text = _MEASURES[measure]
    return [
        Feature(
            name=f"{prefix}:{category}",
            kind=kind,
            block="what",
            unit=unit,
            null_meaning=null_meaning,
            source="category_history",
            measure=measure,
            argument=category,
            label=Text(f"{label.zh}{text.zh}", f"{label.en}: {text.en}"),
        )
        for category, label in categories
    ]


def is_category_count(feature: Feature) -> bool:
    """Return whether a feature counts the orders of one category."""
    return feature.source == "category_history" and feature.measure == "count" and bool(feature.argument)


def is_category_share(feature: Feature) -> bool:
    """Return whether a feature is the share of revenue in one category."""
    return feature.source == "category_history" and feature.measure == "share"


def purchases(events: ibis.Table) -> ibis.Table:
    """Return one row per user and category bought in the window.

    Parameters
    ----------
    events : ibis.Table
        What :func:`personas.features.events.window_events` returned.

    Returns
    -------
    ibis.Table
        ``user_id``, ``category``, ``order_count`` (distinct order ids; a line without an order id
        counts as an order of its own), ``revenue`` (DECIMAL, null when no amount is known),
        ``first_at``, ``last_at``. Order lines without a category are left out.
    """
    lines = orders(events)
    lines = lines.filter(lines["category"].notnull())
    per_order = lines.group_by("user_id", "category", "order_id").agg(
        n_lines=lines.count(),
        amount=lines["amount"].sum(),
        first_at=lines["event_at"].min(),
        last_at=lines["event_at"].max(),
    )
    n_orders = per_order["order_id"].isnull().ifelse(per_order["n_lines"], 1).sum()
    return per_order.group_by("user_id", "category").agg(
        order_count=n_orders,
        revenue=per_order["amount"].sum(),
        first_at=per_order["first_at"].min(),
        last_at=per_order["last_at"].max(),
    )


def build_category_history(
    events: ibis.Table, window: ObservationWindow, features: FeatureSet
) -> list[ibis.Table]:
    """Return the tables that hold the category features, one row per buyer in each.

    Parameters
    ----------
    events : ibis.Table
        What :func:`personas.features.events.window_events` returned.
    window : ObservationWindow
        Its end is the reference of recency.
    features : FeatureSet
        Features whose source is ``"category_history"``.

    Returns
    -------
    list of ibis.Table
        Each with ``user_id`` and the columns that it computes.

    Notes
    -----
    The first category is that of the earliest order and the last that of the latest one; when several
    were bought at the same instant, the first name in binary order wins in both. A share is revenue in
    the category over revenue in all categories, so its square root is the Hellinger coordinate; it is
    null when that revenue is 0 or unknown.

    References
    ----------
    Legendre & Gallagher (2001), "Ecologically meaningful transformations for ordination of species
    data", Oecologia 129, 271-280, for the Hellinger transformation of shares.
    """
    bought = purchases(events)
    tables = []
    if any(feature.argument or feature.measure == "breadth" for feature in features):
        tables.append(_pivot(bought, window, features))
    earliest = [bought["first_at"].asc(), bought["category"].asc()]
    latest = [bought["last_at"].desc(), bought["category"].asc()]
    for measure, order in (("first", earliest), ("last", latest)):
        for feature in features:
            if feature.measure == measure:
                tables.append(_endpoint(bought, feature.name, order))  # noqa: PERF401
    return tables


def _pivot(bought: ibis.Table, window: ObservationWindow, features: FeatureSet) -> ibis.Table:
    # One grouped pass: conditional aggregates pick the single row of each user and category.
    picked = {
        "count": bought["order_count"],
        "revenue": bought["revenue"],
        "recency": bought["last_at"],
        "share": bought["revenue"],
    }
    columns = {
        feature.name: picked[feature.measure].max(where=bought["category"] == feature.argument)
        for feature in features
        if feature.argument
    }
    total = "total revenue"
    wide = bought.group_by("user_id").agg(
        **columns, **{total: bought["revenue"].sum(), "category_breadth": bought.count()}
    )
    finished = {}
    for feature in features:
        if feature.measure == "recency":
            finished[feature.name] = days_until(window, wide[feature.name])
        elif feature.measure == "share":
            revenue = wide[feature.name].fill_null(0).cast("float64")
            finished[feature.name] = revenue / wide[total].nullif(0).cast("float64")
        elif feature.argument or feature.measure == "breadth":
            finished[feature.name] = wide[feature.name]
    return wide.select("user_id", **finished)


def _endpoint(bought: ibis.Table, name: str, order: list[ibis.Value]) -> ibis.Table:
    ranked = bought.mutate(rank=ibis.row_number().over(group_by="user_id", order_by=order))
    return ranked.filter(ranked["rank"] == 0).select("user_id", **{name: "category"})
