"""What the table of items adds to events: categories and brands that a source leaves out, and who is own."""

from __future__ import annotations

from collections.abc import Collection

import ibis

from personas.errors import DataError

_FILLED = ("category", "brand")


def fill_from_items(events: ibis.Table, items: ibis.Table) -> ibis.Table:
    """Fill the category and brand of events whose item is known.

    Parameters
    ----------
    events : ibis.Table
        Canonical events.
    items : ibis.Table
        Canonical items, one row per ``item_id``.

    Returns
    -------
    ibis.Table
        The same rows and columns; what an event says itself stays.

    Raises
    ------
    DataError
        If an item has two rows.

    Examples
    --------
    >>> import pyarrow as pa
    >>> events = ibis.memtable(pa.table({"item_id": ["1", "2", None], "category": [None, "门锁", None], "brand": ["A"] * 3}))
    >>> items = ibis.memtable(pa.table({"item_id": ["1", "2"], "category": ["猫眼", "空调"], "brand": ["B", "B"]}))
    >>> filled = fill_from_items(events, items).to_pyarrow().to_pylist()
    >>> sorted((row["item_id"] or "", row["category"] or "", row["brand"]) for row in filled)
    [('', '', 'A'), ('1', '猫眼', 'A'), ('2', '门锁', 'A')]
    """
    known = items.select("item_id", **{f"item_{name}": items[name] for name in _FILLED})
    n_rows, n_items = (
        known.agg(n=known.count(), items=known["item_id"].nunique()).to_pyarrow().to_pylist()[0].values()
    )
    if n_rows > n_items:
        raise DataError(f"The items have {n_rows:,} rows of {n_items:,} items; expected one row per item.")
    joined = events.left_join(known, "item_id")
    filled = {name: joined[name].coalesce(joined[f"item_{name}"]) for name in _FILLED}
    return joined.mutate(**filled).select(*events.columns)


def own_brands(items: ibis.Table) -> frozenset[str]:
    """Return the brands of the own items.

    Parameters
    ----------
    items : ibis.Table
        Canonical items.

    Returns
    -------
    frozenset of str
        Empty when no item is known to be own.

    Examples
    --------
    >>> import pyarrow as pa
    >>> items = ibis.memtable(pa.table({"brand": ["A", "B", None], "is_own": [True, False, True]}))
    >>> own_brands(items)
    frozenset({'A'})
    """
    own = items.filter(items["is_own"], items["brand"].notnull())
    return frozenset(own.select("brand").distinct().to_pyarrow()["brand"].to_pylist())


def items_of_orders(bought: ibis.Table, own_brands: Collection[str] | None) -> ibis.Table:
    """Make a table of items from what was paid for them, where there is no other.

    Parameters
    ----------
    bought : ibis.Table
        Order lines, as :func:`personas.category.base.purchases` returns them.
    own_brands : collection of str or None
        Brands whose items are own; None = all items are.

    Returns
    -------
    ibis.Table
        One row per item: ``item_id``; ``category`` and ``brand`` of most of its lines (ties by name; brand null =
        unknown); ``price`` (float64, median of amount / quantity of its lines, to the cent; null where no line
        states both, or all were gifts); ``business_unit`` (null); ``is_own`` (null where the brand is unknown).

    Notes
    -----
    What was paid is the list price less discounts, so a kit may turn out dearer than its parts were; the median
    rather than the mean, as a sale moves the mean (own choice). An item that nobody bought is not in it.

    Examples
    --------
    >>> from decimal import Decimal
    >>> import pyarrow as pa
    >>> lines = ibis.memtable(pa.table({"item_id": ["1"] * 3, "category": ["门锁"] * 3, "brand": ["A", "A", None],
    ...     "amount": [Decimal("900.00"), Decimal("1600.00"), Decimal("700.00")], "quantity": [1, 2, 1]}))
    >>> items_of_orders(lines, {"A"}).to_pyarrow().to_pylist()
    [{'item_id': '1', 'category': '门锁', 'brand': 'A', 'price': 800.0, 'business_unit': None, 'is_own': True}]
    """
    lines = bought.drop_null(["item_id"])
    kinds = lines.group_by("item_id", "category", "brand").agg(n=lines.count())
    order = [ibis.desc("n"), kinds["category"].asc(), kinds["brand"].asc(nulls_first=False)]
    place = ibis.row_number().over(group_by=kinds["item_id"], order_by=order)
    named = kinds.mutate(place=place).filter(lambda t: t["place"] == 0)
    paid = lines.filter(lines["quantity"] > 0, lines["amount"] > 0)
    paid = paid.mutate(unit=paid["amount"].cast("float64") / paid["quantity"])
    price = paid.group_by("item_id").agg(price=paid["unit"].median().round(2))
    joined = named.left_join(price, "item_id")
    own = ibis.literal(True) if own_brands is None else joined["brand"].isin(sorted(own_brands))
    return joined.select(
        "item_id", "category", "brand", "price", business_unit=ibis.null("string"), is_own=own
    ).order_by("item_id")


def most_bought(bought: ibis.Table, n: int) -> list[str]:
    """Return the categories with the most buyers.

    Parameters
    ----------
    bought : ibis.Table
        ``user_id`` and ``category``, as :func:`personas.category.base.purchases` returns them.
    n : int, >= 1
        How many.

    Returns
    -------
    list of str
        By buyers, ties by name.

    Examples
    --------
    >>> import pyarrow as pa
    >>> lines = pa.table({"user_id": ["a", "b", "b"], "category": ["门锁", "门锁", "空调"]})
    >>> most_bought(ibis.memtable(lines), 1)
    ['门锁']
    """
    counted = bought.group_by("category").agg(n_buyers=bought["user_id"].nunique())
    ranked = counted.order_by(ibis.desc("n_buyers"), "category").limit(n)
    names: list[str] = ranked.to_pyarrow()["category"].to_pylist()
    return names
