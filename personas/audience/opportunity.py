"""Opportunity: where a segment is a smaller part of the brand's buyers than of the market's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np

from personas.audience.base import Segment
from personas.audience.index import count_buyers
from personas.audience.market_segments import EVERYBODY, read_segments
from personas.category.periods import check_order, span
from personas.category.significance import compare_shares, false_discovery
from personas.errors import ConfigError
from personas.schema import ObservationWindow, Text

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class ShareGaps:
    """Share of segments among the brand's buyers, against the market.

    Parameters
    ----------
    table : DataFrame, one row per category and segment, the largest headroom first
        ``category``, ``segment``, ``n_brand`` and ``n_brand_segment`` (buyers of the brand whose membership is
        known, and members among them), ``brand_share``, ``n_market`` and ``n_market_segment`` (buyers),
        ``market_share``, ``gap`` = market_share - brand_share, ``index`` = 100 * brand_share / market_share,
        ``headroom`` = gap * n_brand (users), ``p_value``, ``q_value``, ``brand_growth`` and
        ``market_growth`` of the segment's buyers since the earlier period (NaN when none was given). Shares
        are 0 to 1. NaN where a denominator is 0 or the market says nothing.
    definition : Text
        Windows, units, denominators and test, to be printed under the table.
    """

    table: pd.DataFrame
    definition: Text


def share_gaps(
    bought: ibis.Table,
    market: ibis.Table,
    segments: Sequence[Segment],
    *,
    window: ObservationWindow,
    earlier: tuple[ibis.Table, ObservationWindow] | None = None,
) -> ShareGaps:
    """Compare the share of segments among the brand's buyers with that of the whole market.

    Parameters
    ----------
    bought : ibis.Table
        Order lines of the brand in ``window``: ``user_id``, ``category``.
    market : ibis.Table
        ``period_start``, ``category``, ``segment``, ``buyers``; see
        :func:`personas.audience.market_segments.read_segments`.
    segments : sequence of Segment
        Their keys are those of the market.
    window : ObservationWindow
        What ``bought`` covers, and the period of the market table.
    earlier : tuple of ibis.Table and ObservationWindow, optional
        Order lines and their period, to measure growth from.

    Returns
    -------
    ShareGaps

    Raises
    ------
    ConfigError
        If no segment is given, or one twice, or the earlier period does not end before the later one starts.
    DataError, NotFoundError
        If the market is broken, or lacks a period or segment.

    Notes
    -----
    A buyer counts once per category. The test compares the brand's buyers with the rest of the market,
    two disjoint groups: two-proportion z test, or Fisher's exact test where an expected count is below 5;
    no test where the market counts fewer buyers than the brand. q values (Benjamini-Hochberg) run over the
    table. A gap says where buyers are missing, not that they could be won.

    References
    ----------
    The layout, category by {industry, brand} by {all buyers, segment, share}, follows a published case of a
    consumer-electronics brand (2025).

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> bought = ibis.memtable(pa.table({"user_id": list("abcd"), "category": ["空调"] * 4}))
    >>> women = Segment("women", Text("女性", "women"), unlisted=False, users=ibis.memtable(
    ...     pa.table({"user_id": ["a"], "is_member": [True]})))
    >>> market = ibis.memtable(pa.table({"period_start": [date(2025, 1, 1)] * 2,
    ...     "category": ["空调"] * 2, "segment": ["", "women"], "buyers": [1000, 400]}))
    >>> gaps = share_gaps(bought, market, [women], window=ObservationWindow(date(2026, 1, 1), 365))
    >>> gaps.table[["brand_share", "market_share", "index", "headroom"]].round(2).values.tolist()
    [[0.25, 0.4, 62.5, 0.6]]
    """
    keys = [segment.key for segment in segments]
    if not keys or len(set(keys)) < len(keys):
        raise ConfigError(f"The segments are {', '.join(keys) or 'none'}; expected at least one, each once.")
    if earlier is not None:
        check_order(earlier[1], window)
    wide = read_segments(market, window, keys)
    parts = [_gaps(count_buyers(bought, segment, "category"), wide, segment.key) for segment in segments]
    if earlier is not None:
        then = read_segments(market, earlier[1], keys)
        for part, segment in zip(parts, segments, strict=True):
            before = count_buyers(earlier[0], segment, "category")["n_members"]
            for side, counts in (("brand", before), ("market", then[segment.key])):
                base = counts.reindex(part["category"]).to_numpy(dtype=np.float64)
                now = part[f"n_{side}_segment"].to_numpy(dtype=np.float64)
                part[f"{side}_growth"] = now / np.where(base > 0, base, np.nan) - 1
    return ShareGaps(_rank_gaps(parts), _define_gaps(window, None if earlier is None else earlier[1]))


def _gaps(counts: pd.DataFrame, wide: pd.DataFrame, key: str) -> pd.DataFrame:
    import pandas as pd

    categories = wide.index.union(counts.index)
    brand = counts.reindex(categories, fill_value=0)
    every, part = (wide[name].reindex(categories).to_numpy() for name in (EVERYBODY, key))
    n, k = brand["n_known"].to_numpy(dtype=np.float64), brand["n_members"].to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        brand_share, market_share = k / n, part / every
        index = np.where(market_share > 0, 100 * brand_share / market_share, np.nan)
    rest, rest_part = every - n, part - k
    possible = (rest_part >= 0) & (rest - rest_part >= 0)
    p_value, _ = compare_shares(k, n, np.where(possible, rest_part, 0), np.where(possible, rest, 0))
    gap = market_share - brand_share
    return pd.DataFrame(
        {
            "category": categories,
            "segment": key,
            "n_brand": brand["n_known"].to_numpy(),
            "n_brand_segment": brand["n_members"].to_numpy(),
            "brand_share": brand_share,
            "n_market": every,
            "n_market_segment": part,
            "market_share": market_share,
            "gap": gap,
            "index": index,
            "headroom": gap * n,
            "p_value": p_value,
            "q_value": np.nan,
            "brand_growth": np.nan,
            "market_growth": np.nan,
        }
    )


def _rank_gaps(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    table = pd.concat(parts, ignore_index=True)
    table["q_value"] = false_discovery(table["p_value"])
    order = ["headroom", "category", "segment"]
    return table.sort_values(order, ascending=[False, True, True], ignore_index=True)


def _define_gaps(window: ObservationWindow, earlier: ObservationWindow | None) -> Text:
    seen = span(window)
    growth = Text("", "")
    if earlier is not None:
        since = span(earlier)
        growth = Text(
            f"增速：该人群购买人数较 {since.zh} 的变化。",
            f" Growth: of the segment's buyers since {since.en}.",
        )
    return Text(
        f"本品：{seen.zh} 购买该品类且人群归属已知的用户；行业：同期全行业（含本品）购买人数。单位为人，每人每品类计一次。"
        "缺口 = 行业占比 - 本品占比；指数 = 100 × 本品占比 ÷ 行业占比；可拓人数 = 缺口 × 本品购买人数。"
        f"检验：本品对其余行业，双比例z检验或Fisher精确检验，q值为BH校正。{growth.zh}",
        f"Brand: users who bought the category, {seen.en}, and whose membership is known. Market: its "
        "buyers in the same period, the brand's among them. Unit: users, each once per category. Gap = market share - brand share; "
        "index = 100 x brand share / market share; headroom = gap x the brand's buyers. Test: brand against the "
        "rest of the market, two-proportion z or Fisher's exact test; q values Benjamini-Hochberg."
        f"{growth.en}",
    )
