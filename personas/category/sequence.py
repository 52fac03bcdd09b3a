"""Next category: what is bought for the first time after a first purchase, and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import ibis
import numpy as np
from numpy.typing import NDArray

from personas.category.base import wilson_interval
from personas.category.first_purchases import PAIR, first_purchases, ordered_pairs
from personas.category.incidence import FollowUp, cumulative_incidence
from personas.category.periods import span
from personas.errors import ConfigError
from personas.schema import ObservationWindow, Text

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Method = Literal["complete_follow_up", "aalen_johansen"]

_DAY = 86_400_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True, eq=False)
class NextCategory:
    """How many buyers of a category buy another one for the first time afterwards, and how soon.

    Parameters
    ----------
    table : DataFrame, one row per ordered pair of categories
        ``category`` (A), ``next_category`` (B); users: ``n_buyers`` of A, ``n_at_risk`` (who did not have B
        before or at the same instant, and could be followed as the method asks), ``n_followed`` (of them,
        followed for the whole horizon), ``n_next`` (of those at risk, bought B within it); ``probability`` with
        its 95 % interval ``low``, ``high``, NaN where nobody was followed for the whole
        horizon; ``median_lag_days`` of those ``n_next``, days, NaN without them.
    horizon_days : int, days
        Length of the follow-up.
    definition : Text
        Window, units and denominators, to be printed under the table.
    """

    table: pd.DataFrame
    horizon_days: int
    definition: Text


def next_category(
    purchases: ibis.Table,
    window: ObservationWindow,
    *,
    horizon_days: int,
    method: Method = "complete_follow_up",
) -> NextCategory:
    """Estimate P(B | A, W): the first purchase of B within W days after the first purchase of A.

    Parameters
    ----------
    purchases : ibis.Table
        What :func:`personas.category.base.purchases` returned for ``window``.
    window : ObservationWindow
        What was seen. A first purchase is the first one in it.
    horizon_days : int, days, 1 to window.lookback_days - 1
        W. A purchase counts from the instant after the first A up to, not including, W days later.
    method : {"complete_follow_up", "aalen_johansen"}
        Which users count; see Notes.

    Returns
    -------
    NextCategory
        One row per ordered pair of categories, A by buyers, then B by probability, ties by name.

    Raises
    ------
    ConfigError
        If ``horizon_days`` is out of range.

    Notes
    -----
    At risk is who bought A and did not have B by then: an earlier first purchase of B, or one at the same
    instant, takes a user out, as neither is a purchase of B *after* A.

    ``complete_follow_up`` counts only users whose first A lies at least W days before the end of the window:
    ``n_next / n_at_risk``, with a Wilson interval. It is the default because the figure is a share of
    people that anybody can count again, and because the window's end is the only reason to lose sight of
    a user, so that leaving out late buyers does not favour B. ``aalen_johansen`` also uses users who could
    only be followed for a part of W, which helps when W is long against the window but takes late buyers to
    behave as early ones did; see :func:`personas.category.incidence.cumulative_incidence`.

    Purchases before the window are not seen; a longer window makes first purchases truer. Who ordered once is at
    risk of every other category and bought none. Neither the order of the lines nor repeated ones change
    anything; returns are not netted. A lag counts days of 24 hours, so a leap day is one.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pyarrow as pa
    >>> lines = pa.table({"user_id": ["a", "a", "b"], "category": ["扫地机", "门锁", "扫地机"],
    ...     "event_at": [datetime(2025, 1, 1), datetime(2025, 1, 11), datetime(2025, 2, 1)]})
    >>> found = next_category(ibis.memtable(lines), ObservationWindow(date(2026, 1, 1), 365), horizon_days=90)
    >>> pair = found.table.iloc[0]
    >>> pair.category, pair.next_category, float(pair.probability), float(pair.median_lag_days)
    ('扫地机', '门锁', 0.5, 10.0)
    """
    if not 1 <= horizon_days < window.lookback_days:
        raise ConfigError(
            f"horizon_days is {horizon_days}; expected 1 to {window.lookback_days - 1}, less than the "
            f"{window.lookback_days} days of the window, so that somebody can be followed to the end."
        )
    firsts = _followed_firsts(purchases, window, horizon_days)
    margins = firsts.group_by("category").agg(
        n_buyers=firsts.count(), n_complete=firsts["complete"].cast("int64").sum()
    )
    table = _grid(margins.to_pyarrow().to_pandas(), _count_pairs(firsts, horizon_days))
    if method == "complete_follow_up":
        table["n_at_risk"], table["n_next"] = table["n_followed"], table["n_next_complete"]
        table["median_lag"] = table["median_lag_complete"]
        table["probability"] = table["n_next"] / table["n_followed"].where(table["n_followed"] > 0)
        low, high = wilson_interval(table["n_next"], table["n_followed"])
    else:
        follow_up = _follow_up(firsts, table, horizon_days)
        table["probability"], low, high = cumulative_incidence(follow_up, horizon_days)
    table["low"], table["high"] = low, high
    table["median_lag_days"] = table["median_lag"] / _DAY
    return NextCategory(_tidy(table), horizon_days, _define_next(window, horizon_days, method))


def beside_base(shown: pd.DataFrame) -> pd.DataFrame:
    """Add what buyers of any category do, so that what everybody buys does not look like a consequence.

    Parameters
    ----------
    shown : DataFrame
        Rows of :attr:`NextCategory.table` that may be shown; others would be told by the base.

    Returns
    -------
    DataFrame
        The rows whose probability is known, with ``base``, the probability of the next category over the users at
        risk of it after any of the categories: the same horizon, and people who did not have it either; and
        ``lift`` = probability / base. By lift, ties by name. The base is our own choice.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"category": ["烟", "酒"], "next_category": "水", "n_at_risk": [100, 300],
    ...                      "probability": [0.8, 0.6]})
    >>> beside_base(rows)[["category", "base", "lift"]].round(2).to_numpy().tolist()
    [['烟', 0.65, 1.23], ['酒', 0.65, 0.92]]
    """
    known = shown.dropna(subset=["probability", "n_at_risk"])
    known = known.assign(expected=known["probability"] * known["n_at_risk"])
    sums = known.groupby("next_category")[["expected", "n_at_risk"]].transform("sum")
    base = (sums["expected"] / sums["n_at_risk"]).where(sums["expected"] > 0)
    found = known.assign(base=base, lift=known["probability"] / base).drop(columns="expected")
    return found.sort_values(["lift", *PAIR], ascending=[False, True, True])


def _followed_firsts(purchases: ibis.Table, window: ObservationWindow, horizon_days: int) -> ibis.Table:
    """Add how long each user can be followed after the first purchase, and whether for the whole horizon."""
    firsts = first_purchases(purchases)
    end_at = ibis.timestamp(window.end_at)
    followed = firsts.mutate(follow=end_at.delta(firsts["first_at"], unit="microsecond"))
    latest = ibis.timestamp(window.end_at - timedelta(days=horizon_days))
    return followed.mutate(complete=followed["first_at"] <= latest)


def _count_pairs(firsts: ibis.Table, horizon_days: int) -> pd.DataFrame:
    pairs = ordered_pairs(firsts)
    complete, owned = pairs["complete"], pairs["lag"] <= 0
    followed = (pairs["lag"] > 0) & (pairs["lag"] < horizon_days * _DAY)
    counts = pairs.group_by(PAIR).agg(
        n_owned=owned.cast("int64").sum(),
        n_owned_complete=(owned & complete).cast("int64").sum(),
        n_next=followed.cast("int64").sum(),
        n_next_complete=(followed & complete).cast("int64").sum(),
        median_lag=pairs["lag"].median(where=followed),
        median_lag_complete=pairs["lag"].median(where=followed & complete),
    )
    found: pd.DataFrame = counts.to_pyarrow().to_pandas()
    return found


def _grid(margins: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Return every ordered pair, also those that nobody bought."""
    ordered = margins.sort_values(["n_buyers", "category"], ascending=[False, True])
    others = ordered[["category"]].rename(columns={"category": "next_category"})
    grid = ordered.merge(others, how="cross")
    grid = grid[grid["category"] != grid["next_category"]]
    table = grid.merge(counts, on=PAIR, how="left")
    numbers = [name for name in counts.columns if name.startswith("n_")]
    table[numbers] = table[numbers].fillna(0).astype("int64")
    table["n_at_risk"] = table["n_buyers"] - table["n_owned"]
    table["n_followed"] = table["n_complete"] - table["n_owned_complete"]
    return table


def _follow_up(firsts: ibis.Table, table: pd.DataFrame, horizon_days: int) -> FollowUp:
    """Count, for each pair and day after A, who bought B and of whom the window lost sight."""
    pairs = ordered_pairs(firsts)
    after = pairs.filter(pairs["lag"] > 0)
    queries = {
        "followed": (firsts, firsts["follow"], ["category"]),
        "owners": (pairs, pairs["follow"], PAIR),
        "events": (after, after["lag"], PAIR),
    }
    counts = {}
    for name, (rows, length, keys) in queries.items():
        # Whatever lies beyond the horizon falls into one last day.
        day = ibis.least(length // _DAY, horizon_days).cast("int64")
        dated = rows.mutate(day=day)
        found = dated.group_by([*keys, "day"]).agg(n=dated.count()).to_pyarrow().to_pandas()
        place = table.reset_index(names="place")[[*PAIR, "place"]].merge(found, on=keys)
        counts[name] = np.zeros((len(table), horizon_days + 1), dtype=np.int64)
        counts[name][place["place"], place["day"]] = place["n"]
    return FollowUp(
        n_at_risk=table["n_at_risk"].to_numpy(np.int64),
        n_followed=table["n_followed"].to_numpy(np.int64),
        n_events=counts["events"],
        # Who never bought B leaves at the end of the window.
        n_censored=counts["followed"] - counts["owners"],
    )


def _tidy(table: pd.DataFrame) -> pd.DataFrame:
    names = ["n_buyers", "n_at_risk", "n_followed", "n_next", "probability", "low", "high", "median_lag_days"]
    ranked = table.assign(rank=-table["n_buyers"], odds=-table["probability"])
    ranked = ranked.sort_values(["rank", "category", "odds", "next_category"])
    return ranked[[*PAIR, *names]].reset_index(drop=True)


def _define_next(window: ObservationWindow, horizon_days: int, method: Method) -> Text:
    period = span(window)
    if method == "complete_follow_up":
        rule = Text(
            f"分母仅含距统计期末满 {horizon_days} 天的用户",
            f"only users whose first purchase lies at least {horizon_days} days before the end of the window "
            "count; intervals: 95% Wilson",
        )
    else:
        rule = Text(
            "观察不满期的用户按删失处理（Aalen-Johansen 累积发生率）",
            "users followed for less count as censored (Aalen-Johansen cumulative incidence); intervals: 95%, "
            "Wilson with the effective sample size",
        )
    return Text(
        f"统计期：{period.zh}。后序购买率 = 首购前序品类后 {horizon_days} 天内首次购买后序品类的人数 ÷ 首购前序品类时尚未购买"
        f"后序品类的人数；{rule.zh}。单位为人；同一时刻购买两个品类不分先后，不计入；未扣除退货。间隔天数为期内购买者的"
        "中位数；区间为 95% 置信区间。",
        f"Window: {period.en}. Probability = users who bought the next category for the first time within "
        f"{horizon_days} days after their first purchase of the category / users who did not have the next "
        f"category by then; {rule.en}. Unit: users; two categories bought at the same instant count as neither "
        "before nor after; returns not netted. Lag: median days of those who bought.",
    )
