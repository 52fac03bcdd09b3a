"""The target group index (TGI) from counts of buyers, for tables too large to hold user by user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np
from numpy.typing import ArrayLike, NDArray

from personas.audience.base import Segment, check_columns
from personas.model.archetypes import PRIOR_USERS

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


def count_buyers(bought: ibis.Table, segment: Segment, by: str) -> pd.DataFrame:
    """Count the buyers of each category, item or brand whose membership of a segment is known.

    Parameters
    ----------
    bought : ibis.Table
        ``user_id`` and the column ``by``; rows without a value of it are left out.
    segment : Segment
        Who is a member.
    by : str
        For example ``"category"``.

    Returns
    -------
    DataFrame, indexed by ``by`` in binary order
        ``n_known`` and ``n_members``: users, each once.

    Raises
    ------
    DataError
        If a column is absent.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from personas.schema import Text
    >>> bought = ibis.memtable(pa.table({"user_id": ["a", "a", "b"], "category": ["空调"] * 3}))
    >>> members = ibis.memtable(pa.table({"user_id": ["a"], "is_member": [True]}))
    >>> count_buyers(bought, Segment("x", Text("", ""), members), "category").values.tolist()
    [[1, 1]]
    """
    check_columns(bought, "bought", ("user_id", by))
    marked = segment.mark(bought.drop_null([by]).select("user_id", by).distinct())
    member = marked["is_member"]
    counts = marked.group_by(by).agg(n_known=member.count(), n_members=member.sum().fill_null(0))
    found: pd.DataFrame = counts.order_by(by).to_pyarrow().to_pandas()
    return found.set_index(by)


def target_group_index(
    n_group: ArrayLike,
    group_size: ArrayLike,
    n_base: ArrayLike,
    base_size: ArrayLike,
    *,
    prior_users: int = 0,
) -> Floats:
    """Return the target group index (TGI) of counts: 100 = as in the base.

    Parameters
    ----------
    n_group, group_size : array-like of numbers, users, >= 0
        Users of the group who do it, and all its users.
    n_base, base_size : array-like of numbers, users, >= 0
        The same of the base.
    prior_users : int, users, >= 0
        Shrinks the group's share towards the base's, as if so many more users had the base's share.

    Returns
    -------
    ndarray of float64, >= 0
        ``100 * (n_group / group_size) / (n_base / base_size)``; NaN where a group is empty or the base has
        nobody who does it.

    Notes
    -----
    The figure is that of :func:`personas.model.profile.profile_personas`, from counts instead of users.

    References
    ----------
    TGI as Chinese marketplaces print it, base 100 = all users: Alibaba Cloud community, article 268799.

    Examples
    --------
    >>> target_group_index([89, 5], 1000, [66, 0], 1000).round(2)
    array([134.85,    nan])
    >>> target_group_index(3, 4, 20, 100, prior_users=10).round(1).item()
    178.6
    """
    k, n, kb, nb = (np.asarray(x, dtype=np.float64) for x in (n_group, group_size, n_base, base_size))
    with np.errstate(divide="ignore", invalid="ignore"):
        base = kb / nb
        share = (k + prior_users * base) / (n + prior_users)
        return np.where((n > 0) & (base > 0), 100 * share / base, np.nan)


def shrunk_index(
    n_group: ArrayLike, group_size: ArrayLike, n_base: ArrayLike, base_size: ArrayLike
) -> Floats:
    """Return the target group index shrunk by 10 users, to rank by: small groups come last, not first.

    Parameters
    ----------
    n_group, group_size, n_base, base_size : array-like of numbers, users, >= 0
        As in :func:`target_group_index`.

    Returns
    -------
    ndarray of float64, >= 0
        NaN where the index is undefined.

    Notes
    -----
    The weight of 10 users is that of archetype matching (own choice).

    Examples
    --------
    >>> shrunk_index([2, 200], [2, 200], 250, 500).round(1)
    array([116.7, 195.2])
    """
    return target_group_index(n_group, group_size, n_base, base_size, prior_users=PRIOR_USERS)
