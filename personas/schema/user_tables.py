"""Further tables of one row per user: their columns become columns of users before the contract check."""

from __future__ import annotations

from collections.abc import Collection

import ibis.expr.types as ir

from personas.errors import ConfigError, DataError
from personas.schema.base import SourceMapping
from personas.schema.canonical import clean_text

_KEY = "_user_key"


def join_user_table(
    users: ir.Table,
    further: ir.Table,
    attributes: Collection[str],
    *,
    name: str,
    mappings: tuple[SourceMapping, SourceMapping],
) -> tuple[ir.Table, SourceMapping]:
    """Add the declared attributes that a further table holds to raw users.

    Parameters
    ----------
    users : ibis.Table
        Raw users, as read.
    further : ibis.Table
        Raw rows of at most one per user; users without a row have the columns empty.
    attributes : collection of str
        Attributes that are declared; other columns of ``further`` are left behind.
    name : str
        What to call ``further`` in messages.
    mappings : tuple of two SourceMapping
        Of the users and of the further table.

    Returns
    -------
    users : ibis.Table
        With one more column per attribute found, called like the attribute; the same rows.
    mapping : SourceMapping
        Of the users, with what the further table's says of these columns.

    Raises
    ------
    DataError
        If ``further`` lacks its key or a mapped column, or has a user twice.
    ConfigError
        If it holds no declared attribute, or one that the users have already.

    Examples
    --------
    >>> import ibis, pyarrow as pa
    >>> users = ibis.memtable(pa.table({"uid": [1, 2]}))
    >>> scenes = ibis.memtable(pa.table({"user_id": ["2"], "affinity": [0.5], "other": ["x"]}))
    >>> of_users = SourceMapping(columns={"user_id": "uid"})
    >>> joined, _ = join_user_table(
    ...     users, scenes, ["affinity"], name="scenes", mappings=(of_users, SourceMapping()))
    >>> joined.order_by("uid").to_pyarrow().to_pylist()
    [{'uid': 1, 'affinity': None}, {'uid': 2, 'affinity': 0.5}]
    """
    of_users, of_further = mappings
    sources = {column: of_further.columns.get(column, column) for column in ("user_id", *attributes)}
    absent = [
        s
        for c, s in sources.items()
        if s not in further.columns and (c == "user_id" or c in of_further.columns)
    ]
    if absent:
        raise DataError(
            f"{name}: there is no column {absent[0]!r}; it has: {', '.join(further.columns)}. Map the right one."
        )
    found = [attribute for attribute in attributes if sources[attribute] in further.columns]
    _check_found(name, found, {*users.columns, *of_users.columns})
    key = clean_text(further[sources["user_id"]], of_further.values.get("user_id", {}))
    rows = further.select(**{_KEY: key}, **{attribute: further[sources[attribute]] for attribute in found})
    rows = rows.filter(rows[_KEY].notnull())
    n_rows, n_users = (
        rows.agg(n=rows.count(), users=rows[_KEY].nunique()).to_pyarrow().to_pylist()[0].values()
    )
    if n_rows > n_users:
        raise DataError(
            f"{name}: {n_rows:,} rows of {n_users:,} users; expected at most one row per user. Keep one of each."
        )
    user_id = users[of_users.columns.get("user_id", "user_id")]
    keyed = users.mutate(**{_KEY: clean_text(user_id, of_users.values.get("user_id", {}))})
    joined = keyed.left_join(rows, _KEY).select(*users.columns, *found)
    return joined, _merged(of_users, of_further)


def _check_found(name: str, found: list[str], taken: set[str]) -> None:
    if not found:
        raise ConfigError(
            f"{name}: it holds no declared attribute; declare its columns under attributes, or leave it out."
        )
    twice = [attribute for attribute in found if attribute in taken]
    if twice:
        raise ConfigError(
            f"{name}: the users have the column {twice[0]} already; expected it in one table. Rename one by mapping it."
        )


def _merged(of_users: SourceMapping, of_further: SourceMapping) -> SourceMapping:
    """Return the mapping of the users with the readings of the further columns, which bear their final names."""

    def both(part: str) -> dict[str, object]:
        further = {k: v for k, v in getattr(of_further, part).items() if k != "user_id"}
        return {**further, **getattr(of_users, part)}

    return SourceMapping(
        columns=of_users.columns,
        **{part: both(part) for part in ("values", "constants", "date_formats", "strip_characters")},  # type: ignore[arg-type]
    )
