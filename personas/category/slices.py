"""Slices: the same table for everybody and for each persona."""

from __future__ import annotations

from collections.abc import Iterable

import ibis

from personas.errors import DataError

ALL = "(all)"
"""``persona_id`` of the slice of everybody; users without a persona are in no other slice."""


def by_persona(rows: ibis.Table, assignments: ibis.Table | None) -> ibis.Table:
    """Repeat rows for everybody and, when personas are given, for the user's persona.

    Parameters
    ----------
    rows : ibis.Table
        With ``user_id``.
    assignments : ibis.Table or None
        ``user_id`` and ``persona_id``, one row per user.

    Returns
    -------
    ibis.Table
        ``rows`` with ``persona_id`` (text).

    Raises
    ------
    DataError
        If ``assignments`` lacks a column or has a user twice.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = ibis.memtable(pa.table({"user_id": ["a", "b"]}))
    >>> sliced = by_persona(rows, ibis.memtable(pa.table({"user_id": ["a"], "persona_id": ["P01"]})))
    >>> sorted(sliced.to_pyarrow()["persona_id"].to_pylist())
    ['(all)', '(all)', 'P01']
    """
    everybody = rows.mutate(persona_id=ibis.literal(ALL))
    if assignments is None:
        return everybody
    absent = [name for name in ("user_id", "persona_id") if name not in assignments.columns]
    if absent:
        raise DataError(f"The assignments lack {', '.join(absent)}; expected user_id and persona_id.")
    pairs = assignments.select("user_id", persona_id=assignments["persona_id"].cast("string"))
    pairs = pairs.filter(pairs["persona_id"].notnull())
    check_unique(pairs, "assignments")
    # From the side of the pairs: Ibis cannot add a join to rows that are one themselves.
    return ibis.union(everybody, pairs.join(rows, "user_id").select(*everybody.columns))


def check_unique(table: ibis.Table, name: str) -> None:
    """Refuse a table that has a user more than once.

    Parameters
    ----------
    table : ibis.Table
        With ``user_id``.
    name : str
        What to call it in the message.

    Raises
    ------
    DataError
        If a user has two rows.
    """
    n_rows, n_users = (
        table.agg(n=table.count(), users=table["user_id"].nunique()).to_pyarrow().to_pylist()[0].values()
    )
    if n_rows > n_users:
        raise DataError(
            f"The {name} have {n_rows:,} rows of {n_users:,} users; expected one row per user. Keep one of each."
        )


def persona_order(found: Iterable[str]) -> list[str]:
    """Return the slices in the order of tables: everybody first, then personas by id.

    Parameters
    ----------
    found : iterable of str
        Values of ``persona_id``, repeated or not.

    Returns
    -------
    list of str
        Without repetition; everybody is there even when nobody was found.

    Examples
    --------
    >>> persona_order(["P02", "(all)", "P01", "P02"])
    ['(all)', 'P01', 'P02']
    """
    return [ALL, *sorted(set(found) - {ALL})]
