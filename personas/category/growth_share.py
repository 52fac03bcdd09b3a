"""Growth-share (Boston) matrix: which categories of the brand are stars, cash cows, question marks, dogs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import ibis
import numpy as np

from personas.category.market import read_market
from personas.category.periods import check_order, span
from personas.errors import ConfigError
from personas.schema import ObservationWindow, Text

if TYPE_CHECKING:
    import pandas as pd

Metric = Literal["users", "orders", "revenue"]
METRICS: Final[dict[Metric, Text]] = {
    "users": Text("购买人数", "buyers"),
    "orders": Text("订单数", "orders"),
    "revenue": Text("成交额", "GMV"),
}
"""What can be compared, with its name for people."""

QUADRANTS: Final[dict[str, Text]] = {
    "star": Text("明星", "star"),
    "cash_cow": Text("现金牛", "cash cow"),
    "question_mark": Text("问题", "question mark"),
    "dog": Text("瘦狗", "dog"),
    "not_judged": Text("不判定", "not judged"),
}
"""Quadrant -> name for people."""

REASONS: Final[dict[str, Text]] = {
    "one_period": Text("仅一期有购买", "bought in one of the two periods only"),
    "few_buyers": Text("基期购买人数不足", "too few buyers in the base period"),
    "no_base": Text("基期指标缺失或不为正", "the base figure is unknown or not positive"),
    "no_share": Text("无法计算份额", "the share is unknown"),
}
"""Why a category is not judged -> words for people."""

MIN_BUYERS = 30
"""Fewest buyers in the base period for a growth rate to be judged (own choice)."""

CUT_SHIFT = 0.10
"""Relative move of a cut that tests how firm a quadrant is (own choice)."""

SMALLEST_GROWTH_SHIFT = 0.01
"""A growth cut moves by at least one percentage point, or a cut near 0 would not move (own choice)."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where high begins; a value on the cut is high.

    Parameters
    ----------
    share : float or None, > 0
        Cut of the share, in its own unit; None = median of the judged categories.
    growth : float or None, > -1
        Cut of growth, 0.1 = 10 %; None = mean of the judged categories weighted by their base figure, which
        is the growth of their sum.

    Raises
    ------
    ConfigError
        If a cut is out of range.

    Notes
    -----
    A relative share of 1.0 and a growth of 10 % are often quoted as the cuts, but no primary source for the
    numbers was found: they are not the default.
    """

    share: float | None = None
    growth: float | None = None

    def __post_init__(self) -> None:
        if self.share is not None and not 0 < self.share < np.inf:
            raise ConfigError(f"The share cut is {self.share}; expected a number above 0, or none.")
        if self.growth is not None and not -1 < self.growth < np.inf:
            raise ConfigError(f"The growth cut is {self.growth}; expected a number above -1, or none.")


@dataclass(frozen=True, slots=True, eq=False)
class GrowthShare:
    """The matrix as a table.

    Parameters
    ----------
    table : DataFrame, one row per category, by revenue of the later period, ties by name
        ``category``; ``users_then``, ``users_now``, ``orders_then``, ``orders_now`` (0 = not bought),
        ``revenue_then``, ``revenue_now`` (money of the source, NaN = no amount is known; the bubble is
        ``revenue_now``); ``share`` (x), ``growth`` (y, 0.1 = 10 %), ``market_growth`` (the same of the whole
        market, NaN without it), ``quadrant`` (key of ``QUADRANTS``), ``reason`` (key of ``REASONS``, empty =
        judged), ``near_cut`` (whether a move of either cut by 10 % would change the quadrant).
    metric : {"users", "orders", "revenue"}
        What share and growth are of.
    share_kind : {"internal", "relative"}
        Share of the brand's total, or own figure over that of the largest rival (show on a log scale).
    share_cut, growth_cut : float
        The cuts that were used; NaN when no category could be judged.
    definition : Text
        Periods, units, denominators and cuts, to be printed under the table.
    """

    table: pd.DataFrame
    metric: Metric
    share_kind: Literal["internal", "relative"]
    share_cut: float
    growth_cut: float
    definition: Text


def growth_share(
    purchases_then: ibis.Table,
    purchases_now: ibis.Table,
    *,
    windows: tuple[ObservationWindow, ObservationWindow],
    metric: Metric = "users",
    cuts: Cuts | None = None,
    min_buyers: int = MIN_BUYERS,
    market: ibis.Table | None = None,
) -> GrowthShare:
    """Place every category by its share now and its growth since the base period.

    Parameters
    ----------
    purchases_then, purchases_now : ibis.Table
        What :func:`personas.category.base.purchases` returned for the base period and the later one.
    windows : tuple of two ObservationWindow
        The two periods; see :func:`personas.category.periods.yearly_windows`. Growth is not annualised,
        so give both the same length.
    metric : {"users", "orders", "revenue"}
        What share and growth are of.
    cuts : Cuts, optional
        By default median share and weighted mean growth.
    min_buyers : int, users, >= 1
        A category with fewer buyers in the base period is not judged: its growth is mostly chance.
    market : ibis.Table, optional
        The canonical table ``market`` (see :mod:`personas.category.market`), with rows of rivals for the
        later window, and of the whole market for both where market growth is wanted.

    Returns
    -------
    GrowthShare
        Share, growth and quadrant of every category bought in either period.

    Raises
    ------
    ConfigError
        If the metric is unknown, ``min_buyers`` is below 1, or the periods overlap or stand in the wrong order.
    DataError
        If ``market`` breaks its contract.

    Notes
    -----
    ``growth = now / then - 1``. Without a market table ``share = now / total now``, where total is the
    brand's over all categories (for users, distinct buyers, so that shares may sum to more than 1);
    with one, ``share = now / largest rival now``. A share and a growth on the cut are high. High and high is a
    star, high share with low growth a cash cow, low share with high growth a question mark, else a dog.

    A category bought in one period only has neither growth nor share (NaN), and is not judged. Amounts are
    gross; where they sum to 0 or less in the base period, there is no growth of revenue.

    References
    ----------
    Henderson, B. D. (1970). The product portfolio. Boston Consulting Group Perspectives 66, for the matrix.
    Users as the metric: a published case of a consumer-electronics brand (2025), which picked
    fast-growing categories by the growth of their buyers.

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> from personas.category.periods import yearly_windows
    >>> def bought(**users):
    ...     rows = [(f"u{i}", f"o{i}", name, 100) for name, n in users.items() for i in range(n)]
    ...     names = ["user_id", "order_key", "category", "amount"]
    ...     return ibis.memtable(pa.table(dict(zip(names, zip(*rows)))))
    >>> found = growth_share(bought(扫地机=40, 门锁=50), bought(扫地机=80, 门锁=40),
    ...     windows=yearly_windows(date(2026, 1, 1)))
    >>> found.table[["category", "share", "growth", "quadrant"]].to_numpy().tolist()
    [['扫地机', 1.0, 1.0, 'star'], ['门锁', 0.5, -0.2, 'dog']]
    """
    _check_options(metric, windows, min_buyers)
    table = _figures(purchases_then, purchases_now)
    then, now = table[f"{metric}_then"].astype("float64"), table[f"{metric}_now"].astype("float64")
    both = (table["users_then"] > 0) & (table["users_now"] > 0)
    if market is None:
        share = now / _total(purchases_now, metric)
        table["market_growth"] = np.nan
    else:
        figures = read_market(market, windows, metric).reindex(table["category"])
        share = now / figures["largest_rival"].to_numpy()
        table["market_growth"] = figures["growth"].to_numpy()
    table["share"] = share.where(both & np.isfinite(share))
    table["growth"] = ((now - then) / then.where(then > 0)).where(both)
    table["reason"] = np.select(
        [~both, table["users_then"] < min_buyers, table["growth"].isna(), table["share"].isna()],
        ["one_period", "few_buyers", "no_base", "no_share"],
        "",
    )
    share_cut, growth_cut = _place_cuts(table, then, now, cuts or Cuts())
    table["quadrant"], table["near_cut"] = _judge(table, share_cut, growth_cut)
    return GrowthShare(
        table=_tidy(table),
        metric=metric,
        share_kind="internal" if market is None else "relative",
        share_cut=share_cut,
        growth_cut=growth_cut,
        definition=_define(windows, metric, market is not None, (share_cut, growth_cut), min_buyers),
    )


def _check_options(
    metric: Metric, windows: tuple[ObservationWindow, ObservationWindow], min_buyers: int
) -> None:
    if metric not in METRICS:
        raise ConfigError(f"The metric is {metric!r}; expected one of {', '.join(METRICS)}.")
    if min_buyers < 1:
        raise ConfigError(f"min_buyers is {min_buyers}; expected at least 1 user.")
    check_order(*windows)


def _figures(purchases_then: ibis.Table, purchases_now: ibis.Table) -> pd.DataFrame:
    then, now = _count(purchases_then), _count(purchases_now)
    table = now.merge(then, on="category", how="outer", suffixes=("_now", "_then"))
    for name in ("users", "orders"):
        for period in ("then", "now"):
            table[f"{name}_{period}"] = table[f"{name}_{period}"].fillna(0).astype("int64")
    return table.sort_values("category", ignore_index=True)


def _count(purchases: ibis.Table) -> pd.DataFrame:
    per_order = purchases.group_by("category", "user_id", "order_key").agg(amount=purchases["amount"].sum())
    per_user = per_order.group_by("category", "user_id").agg(
        orders=per_order.count(), amount=per_order["amount"].sum()
    )
    counts = per_user.group_by("category").agg(
        users=per_user.count(),
        orders=per_user["orders"].sum(),
        revenue=per_user["amount"].sum().cast("float64"),
    )
    found: pd.DataFrame = counts.to_pyarrow().to_pandas()
    return found


def _total(purchases: ibis.Table, metric: Metric) -> float:
    """Return the brand's figure over all categories; an order of two categories counts once."""
    if metric == "users":
        total = purchases["user_id"].nunique()
    elif metric == "orders":
        total = purchases.select("user_id", "order_key").distinct().count()
    else:
        total = purchases["amount"].sum().cast("float64")
    found = total.to_pyarrow().as_py()
    return found if found and found > 0 else np.nan


def _place_cuts(
    table: pd.DataFrame, then: pd.Series[float], now: pd.Series[float], cuts: Cuts
) -> tuple[float, float]:
    judged = table["reason"] == ""
    if not judged.any():
        return (
            np.nan if cuts.share is None else cuts.share,
            np.nan if cuts.growth is None else cuts.growth,
        )
    share = float(table.loc[judged, "share"].median()) if cuts.share is None else cuts.share
    mean_growth = float((now[judged].sum() - then[judged].sum()) / then[judged].sum())
    return share, mean_growth if cuts.growth is None else cuts.growth


def _judge(
    table: pd.DataFrame, share_cut: float, growth_cut: float
) -> tuple[pd.Series[str], pd.Series[bool]]:
    """Return the quadrants, and where another one would come out if a cut moved by a tenth."""
    import pandas as pd

    def quadrants(share_cut: float, growth_cut: float) -> pd.Series[str]:
        large, fast = table["share"] >= share_cut, table["growth"] >= growth_cut
        names = np.select(
            [large & fast, large & ~fast, ~large & fast], ["star", "cash_cow", "question_mark"], "dog"
        )
        return table["reason"].where(table["reason"] != "", names).where(table["reason"] == "", "not_judged")

    share_shift = CUT_SHIFT * share_cut
    growth_shift = max(CUT_SHIFT * abs(growth_cut), SMALLEST_GROWTH_SHIFT)
    found = quadrants(share_cut, growth_cut)
    moved = [
        quadrants(share_cut - share_shift, growth_cut),
        quadrants(share_cut + share_shift, growth_cut),
        quadrants(share_cut, growth_cut - growth_shift),
        quadrants(share_cut, growth_cut + growth_shift),
    ]
    near = pd.concat([other != found for other in moved], axis=1).any(axis=1)
    return found, near


def _tidy(table: pd.DataFrame) -> pd.DataFrame:
    figures = [f"{name}_{period}" for name in METRICS for period in ("then", "now")]
    names = ["category", *figures, "share", "growth", "market_growth", "quadrant", "reason", "near_cut"]
    ranked = table.sort_values(["revenue_now", "category"], ascending=[False, True], na_position="last")
    return ranked[names].reset_index(drop=True)


def _define(
    windows: tuple[ObservationWindow, ObservationWindow],
    metric: Metric,
    relative: bool,
    cuts: tuple[float, float],
    min_buyers: int,
) -> Text:
    then, now = (span(window) for window in windows)
    name = METRICS[metric]
    if relative:
        share = Text(
            f"相对市场份额 = 本品牌 ÷ 最大竞品的{name.zh}（本期）",
            f"relative share = own / largest rival's {name.en} of the later period",
        )
        share_cut = "-" if np.isnan(cuts[0]) else f"{cuts[0]:.2f}"
    else:
        share = Text(
            f"内部份额 = 品类{name.zh} ÷ 品牌全部{name.zh}（本期，去重）",
            f"internal share = the category's {name.en} / the brand's {name.en} of the later period (each once)",
        )
        share_cut = "-" if np.isnan(cuts[0]) else f"{cuts[0]:.1%}"
    growth_cut = "-" if np.isnan(cuts[1]) else f"{cuts[1]:.1%}"
    return Text(
        f"横轴：{share.zh}；纵轴：{name.zh}增长率 = 本期 ÷ 基期 - 1。基期：{then.zh}；本期：{now.zh}。分界：份额 {share_cut}、"
        f"增长率 {growth_cut}，等于分界计为高。气泡 = 本期成交额（未扣除退货）。基期购买人数少于 {min_buyers} 人或仅一期有"
        "购买的品类不判定；临界 = 任一分界移动 10%（增长率至少 1 个百分点）象限即改变。",
        f"x: {share.en}; y: growth of {name.en} = later / base period - 1. Base: {then.en}; later: {now.en}. "
        f"Cuts: share {share_cut}, growth {growth_cut}; a value on the cut is high. Bubble: GMV of the later "
        f"period, returns not netted. Not judged: fewer than {min_buyers} buyers in the base period, or "
        "bought in one period only. Near a cut: the quadrant would change if either cut moved by 10% (growth: "
        "at least one percentage point).",
    )
