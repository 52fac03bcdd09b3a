"""White space: users whose persona likes a category that they have not bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np

from personas.audience.base import check_columns
from personas.audience.index import target_group_index
from personas.category.periods import span
from personas.category.significance import compare_shares, false_discovery
from personas.category.slices import check_unique
from personas.errors import ConfigError
from personas.model.traits import SIGNIFICANT
from personas.schema import ObservationWindow, Text

if TYPE_CHECKING:
    import pandas as pd

HIGH_TGI = 120.0
"""Least index that calls a category liked; no source for a threshold was found (own choice)."""


@dataclass(frozen=True, slots=True, eq=False)
class WhiteSpace:
    """Which persona likes which category, and who of it has not bought it.

    Parameters
    ----------
    table : DataFrame, one row per persona and category, those that fit first, the largest n_open x share first
        ``persona_id``, ``category``, ``n_users`` (of the persona), ``n_buyers`` (of them), ``share`` = n_buyers /
        n_users, ``base_share`` (of all users with a persona), ``tgi``, ``q_value``, ``fits`` (boolean), ``n_open``
        = n_users - n_buyers.
    members : ibis.Table
        Lazy: ``user_id``, ``persona_id``, ``category``, ``tgi``, one row per user and fitting category not
        bought.
    definition : Text
        Window, units, denominators and threshold, to be printed under the table.
    """

    table: pd.DataFrame
    members: ibis.Table
    definition: Text


def find_white_space(
    bought: ibis.Table, assignments: ibis.Table, *, window: ObservationWindow, minimum_tgi: float = HIGH_TGI
) -> WhiteSpace:
    """Find the users who have not bought what their persona buys more than others.

    Parameters
    ----------
    bought : ibis.Table
        Order lines of the brand in ``window``: ``user_id``, ``category``.
    assignments : ibis.Table
        ``user_id`` and ``persona_id``, one row per user; users without a persona are left out.
    window : ObservationWindow
        What ``bought`` covers: "not bought" means not in it.
    minimum_tgi : float, >= 100
        Least index of a category that fits.

    Returns
    -------
    WhiteSpace

    Raises
    ------
    ConfigError
        If ``minimum_tgi`` is below 100.
    DataError
        If a table lacks a column, or a user has two personas.

    Notes
    -----
    A category fits a persona when its TGI is at least ``minimum_tgi`` and its share differs significantly from
    that of the other personas' users (q < .05, Benjamini-Hochberg over the table). Where personas were
    found in these very purchases, the q values screen and do not prove.

    References
    ----------
    See :func:`personas.audience.index.target_group_index`.

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> ids = [f"u{i}" for i in range(40)]
    >>> bought = ibis.memtable(pa.table({"user_id": ids[:15], "category": ["空调"] * 15}))
    >>> personas = ibis.memtable(pa.table({"user_id": ids, "persona_id": ["P01"] * 20 + ["P02"] * 20}))
    >>> found = find_white_space(bought, personas, window=ObservationWindow(date(2026, 1, 1), 365))
    >>> found.table[["persona_id", "tgi", "n_open"]].values.tolist()
    [['P01', 200.0, 5], ['P02', 0.0, 20]]
    >>> found.members.count().to_pyarrow().as_py()
    5
    """
    if minimum_tgi < 100:
        raise ConfigError(f"minimum_tgi is {minimum_tgi}; expected at least 100, the average.")
    check_columns(bought, "bought", ("user_id", "category"))
    check_columns(assignments, "assignments", ("user_id", "persona_id"))
    personas = assignments.select("user_id", "persona_id").drop_null(["persona_id"])
    check_unique(personas, "assignments")
    pairs = bought.drop_null(["category"]).select("user_id", "category").distinct()
    table = _compare(pairs, personas, minimum_tgi)
    return WhiteSpace(table, _members(table, pairs, personas), _define(window, minimum_tgi))


def _compare(pairs: ibis.Table, personas: ibis.Table, minimum_tgi: float) -> pd.DataFrame:
    import pandas as pd

    sizes = personas.group_by("persona_id").agg(n=personas.count()).to_pyarrow().to_pandas()
    size = sizes.set_index("persona_id")["n"].sort_index()
    joined = pairs.join(personas, "user_id")
    counts = joined.group_by("persona_id", "category").agg(n_buyers=joined.count()).to_pyarrow().to_pandas()
    wide = counts.pivot_table(index="persona_id", columns="category", values="n_buyers", fill_value=0)
    wide = wide.reindex(size.index, fill_value=0)
    grid = pd.MultiIndex.from_product([size.index, wide.columns], names=["persona_id", "category"])
    k = wide.to_numpy(dtype=np.float64).ravel()
    n = np.repeat(size.to_numpy(), wide.shape[1])
    base = np.tile(wide.sum(axis=0).to_numpy(dtype=np.float64), len(size))
    n_all = float(size.sum())
    p_value, _ = compare_shares(k, n, base - k, n_all - n)
    table = pd.DataFrame(
        {
            "n_users": n,
            "n_buyers": k.astype(np.int64),
            "share": k / n,
            "base_share": base / (n_all or np.nan),
            "tgi": target_group_index(k, n, base, n_all),
            "q_value": false_discovery(p_value),
        },
        index=grid,
    ).reset_index()
    table["fits"] = (table["tgi"] >= minimum_tgi) & (table["q_value"] < SIGNIFICANT)
    table["n_open"] = table["n_users"] - table["n_buyers"]
    # By users alone, rarities would lead: nearly nobody has bought them.
    ranked = table.assign(expected=table["n_open"] * table["share"]).sort_values(
        ["fits", "expected", "persona_id", "category"],
        ascending=[False, False, True, True],
        ignore_index=True,
    )
    return ranked.drop(columns="expected")


def _members(table: pd.DataFrame, pairs: ibis.Table, personas: ibis.Table) -> ibis.Table:
    import pyarrow as pa

    fitting = table.loc[table["fits"], ["persona_id", "category", "tgi"]]
    schema = pa.schema([("persona_id", pa.string()), ("category", pa.string()), ("tgi", pa.float64())])
    wanted = ibis.memtable(pa.Table.from_pandas(fitting, schema, preserve_index=False))
    candidates = personas.join(wanted, "persona_id").select("user_id", "persona_id", "category", "tgi")
    return candidates.anti_join(pairs, ["user_id", "category"])


def _define(window: ObservationWindow, minimum_tgi: float) -> Text:
    seen = span(window)
    return Text(
        f"{seen.zh}。单位为人，每人每品类计一次。占比 = 该人群购买该品类的人数 ÷ 该人群人数；TGI = 100 × 占比 ÷ 全部已归类用户的占比。"
        f"TGI ≥ {minimum_tgi:g} 且与其余人群差异显著（q < {SIGNIFICANT:g}）为契合；待开发 = 契合但期内未购买的人数。",
        f"{seen.en}. Unit: users, each once per category. Share = users of the persona who bought it / users of the "
        "persona; TGI = 100 x share / share of all users with a persona. It fits at a TGI of at least "
        f"{minimum_tgi:g} and q < {SIGNIFICANT:g} against the other personas; open = those of the persona who did "
        "not buy it in the window.",
    )
