"""What the table of items adds to events: categories and brands that a source leaves out, and who is own."""

from __future__ import annotations

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
