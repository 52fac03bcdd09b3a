"""Frequent paths: the orders in which users buy categories for the first time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from personas.category.base import wilson_interval
from personas.category.first_purchases import first_purchases
from personas.category.periods import span
from personas.errors import ConfigError
from personas.schema import ObservationWindow, Text

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MIN_USERS = 20
"""Fewest users of a path that is listed (own choice, as the fewest users of a profile's cell)."""

_DAY = 86_400_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True, eq=False)
class FrequentPaths:
    """Paths of first purchases that many users share.

    Parameters
    ----------
    table : DataFrame, one row per path
        ``step_1`` ... (categories in order, None after the last step), ``length`` (steps), ``n_users`` (whose
        first purchases take the path), ``support`` = n_users / n_buyers with its 95 % Wilson interval
        ``low``, ``high``, ``median_days`` from the first step to the last. By users, then the shorter path,
        then by name.
    n_buyers : int, users
        Users who bought anything in the window.
    definition : Text
        Window, units and denominators, to be printed under the table.
    """

    table: pd.DataFrame
    n_buyers: int
    definition: Text


def frequent_paths(
    purchases: ibis.Table,
    window: ObservationWindow,
    *,
    max_length: int = 3,
    max_gap_days: int | None = None,
    min_users: int = MIN_USERS,
) -> FrequentPaths:
    """Find the paths of first purchases that at least ``min_users`` users take.

    Parameters
    ----------
    purchases : ibis.Table
        What :func:`personas.category.base.purchases` returned for ``window``.
    window : ObservationWindow
        What was seen. A first purchase is the first one in it.
    max_length : int, 2 to 4
        Most steps of a path.
    max_gap_days : int, days, >= 1, optional
        Longest time between one step and the next; by default any.
    min_users : int, >= 1
        Fewest users of a path.

    Returns
    -------
    FrequentPaths
        Paths of two steps and more.

    Raises
    ------
    ConfigError
        If an option is out of range.

    Notes
    -----
    A user takes the path A, B, C if the first purchase of B lies after that of A, and that of C after that of
    B, each within the gap; first purchases of other categories may lie between. Those at the same instant
    have no order, so no path holds both as neighbours. As in PrefixSpan, paths grow by one step at a time,
    and only frequent ones whose further steps are frequent, too, can grow: every part of a path without a
    hole has at least its users. A user counts once per path, as each category has one first purchase.

    With many categories per user (groceries) the number of paths explodes: use groups of categories or a
    gap.

    References
    ----------
    Pei, J., et al. (2004). Mining sequential patterns by pattern-growth: the PrefixSpan approach. IEEE
    Transactions on Knowledge and Data Engineering 16(11).

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pyarrow as pa
    >>> lines = pa.table({"user_id": ["a"] * 3, "category": ["路由器", "音箱", "电视"],
    ...     "event_at": [datetime(2025, 1, day) for day in (1, 5, 9)]})
    >>> found = frequent_paths(
    ...     ibis.memtable(lines), ObservationWindow(date(2026, 1, 1), 365), min_users=1, max_gap_days=5)
    >>> path = found.table.iloc[-1]
    >>> [path.step_1, path.step_2, path.step_3], int(path.n_users), float(path.median_days)
    (['路由器', '音箱', '电视'], 1, 8.0)
    """
    _check_options(max_length, max_gap_days, min_users)
    firsts = first_purchases(purchases)
    n_buyers = int(firsts["user_id"].nunique().to_pyarrow().as_py())
    paths = firsts.select("user_id", step_1="category", started_at="first_at", at="first_at")
    frequent: list[pa.Table] = []
    for length in range(2, max_length + 1):
        paths = _grow(paths, firsts, length, max_gap_days, frequent)
        frequent.append(_count(paths, length, min_users))
        if not frequent[-1].num_rows:
            break
        paths = paths.semi_join(ibis.memtable(frequent[-1]), _steps(length))
    table = _tidy(frequent, n_buyers, max_length)
    return FrequentPaths(table, n_buyers, _define(window, max_gap_days, min_users))


def _check_options(max_length: int, max_gap_days: int | None, min_users: int) -> None:
    if not 2 <= max_length <= 4:
        raise ConfigError(f"max_length is {max_length}; expected 2, 3 or 4 steps.")
    if max_gap_days is not None and max_gap_days < 1:
        raise ConfigError(f"max_gap_days is {max_gap_days}; expected at least 1 day, or none for any gap.")
    if min_users < 1:
        raise ConfigError(f"min_users is {min_users}; expected at least 1 user.")


def _steps(length: int, start: int = 1) -> list[str]:
    return [f"step_{place}" for place in range(start, length + 1)]


def _grow(
    paths: ibis.Table, firsts: ibis.Table, length: int, max_gap_days: int | None, frequent: list[pa.Table]
) -> ibis.Table:
    """Add a step after the last one of each path."""
    step = f"step_{length}"
    joined = paths.join(firsts.select("user_id", next_at="first_at", **{step: "category"}), "user_id")
    later = joined["next_at"] > joined["at"]
    if max_gap_days is not None:
        gap = joined["next_at"].delta(joined["at"], unit="microsecond")
        later &= gap <= max_gap_days * _DAY
    grown = joined.filter(later).drop("at").rename(at="next_at")
    if not frequent:
        return grown
    # A path is at most as frequent as the same path without its first step.
    rest = ibis.memtable(frequent[-1]).select(**dict(zip(_steps(length, 2), _steps(length - 1), strict=True)))
    return grown.semi_join(rest, _steps(length, 2))


def _count(paths: ibis.Table, length: int, min_users: int) -> pa.Table:
    counts = paths.group_by(_steps(length)).agg(
        n_users=paths.count(),
        median_lag=paths["at"].delta(paths["started_at"], unit="microsecond").median(),
    )
    return counts.filter(counts["n_users"] >= min_users).to_pyarrow()


def _tidy(frequent: list[pa.Table], n_buyers: int, max_length: int) -> pd.DataFrame:
    import pandas as pd

    parts = [found.to_pandas().assign(length=length) for length, found in enumerate(frequent, start=2)]
    table: pd.DataFrame = pd.concat(parts, ignore_index=True).reindex(
        columns=[*_steps(max_length), "length", "n_users", "median_lag"]
    )
    order = table.assign(rank=-table["n_users"]).sort_values(["rank", "length", *_steps(max_length)])
    table = table.loc[order.index].reset_index(drop=True)
    table["support"] = table["n_users"] / n_buyers
    table["low"], table["high"] = wilson_interval(table["n_users"], n_buyers)
    table["median_days"] = table.pop("median_lag").astype("float64") / _DAY
    return table


def _define(window: ObservationWindow, max_gap_days: int | None, min_users: int) -> Text:
    period = span(window)
    gap = (
        Text("相邻两步间隔不限", "any time between steps")
        if max_gap_days is None
        else Text(f"相邻两步间隔不超过 {max_gap_days} 天", f"at most {max_gap_days} days between steps")
    )
    return Text(
        f"统计期：{period.zh}。路径 = 用户首次购买各品类的先后次序，中间可隔其他品类，{gap.zh}；同一时刻购买不分先后。"
        f"支持度 = 走过该路径的人数 ÷ 统计期内购买人数；单位为人，仅列不少于 {min_users} 人的路径；未扣除退货。天数为首步到末步的"
        "中位数；区间为 95% Wilson 区间。",
        f"Window: {period.en}. Path = order in which users bought categories for the first time, others may lie "
        f"between, {gap.en}; purchases at the same instant have no order. Support = users who took the path / "
        f"users who bought anything. Unit: users; paths of at least {min_users} users; returns not netted. Days: "
        "median from the first step to the last; intervals: 95% Wilson.",
    )
