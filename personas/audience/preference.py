"""Preference: what a segment buys more than the brand's other buyers, and than the market, do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import ibis
import numpy as np

from personas.audience.base import Segment
from personas.audience.index import count_buyers, shrunk_index, target_group_index
from personas.audience.market_segments import EVERYBODY, read_segments
from personas.category.periods import span
from personas.category.significance import compare_shares, false_discovery
from personas.errors import ConfigError
from personas.schema import ObservationWindow, Text

if TYPE_CHECKING:
    import pandas as pd

PreferredBy = Literal["category", "item_id", "brand"]


@dataclass(frozen=True, slots=True, eq=False)
class Preferences:
    """What a segment buys more than others do.

    Parameters
    ----------
    table : DataFrame, one row per category (item, brand), the most preferred first
        The name; ``n_segment`` and ``n_others`` (buyers), ``segment_share`` and ``others_share`` of each side's
        buyers, ``tgi`` (segment against all buyers of the brand), ``tgi_others`` (against its other
        buyers), ``rank`` (by ``tgi`` shrunk by 10 users; ties by name), ``p_value``, ``q_value``. With a market:
        ``market_tgi`` (segment against all buyers, on the market), ``market_rank``, and ``tgi_to_market``
        (the segment's buyers at the brand against the segment's buyers on the market). NaN where undefined.
    definition : Text
        Windows, units, denominators and test, to be printed under the table.
    """

    table: pd.DataFrame
    definition: Text


def rank_preferences(
    bought: ibis.Table,
    segment: Segment,
    *,
    window: ObservationWindow,
    by: PreferredBy = "category",
    market: ibis.Table | None = None,
) -> Preferences:
    """Rank what the segment's buyers buy more than the brand's other buyers do.

    Parameters
    ----------
    bought : ibis.Table
        Order lines of the brand in ``window``, or any other events: ``user_id`` and the column ``by``.
    segment : Segment
        Whose preference; buyers whose membership is unknown are left out.
    window : ObservationWindow
        What ``bought`` covers, and the period of the market table.
    by : {"category", "item_id", "brand"}
        What is ranked.
    market : ibis.Table, optional
        Adds the preference on the whole market; only with ``by="category"``. See
        :func:`personas.audience.market_segments.read_segments`.

    Returns
    -------
    Preferences

    Raises
    ------
    ConfigError
        If a market is given for anything but categories.
    DataError, NotFoundError
        If a column is absent, the market is broken, or lacks the period or the segment.

    Notes
    -----
    At the brand, shares are of the buyers of each side, a buyer counted once per category. The market table
    does not say how many buy anything at all, so on the market a share is a category's part of the buyers
    summed over categories; ``tgi_to_market`` uses such sums on both sides, over the categories in both.
    The test compares the segment with the other buyers; see
    :func:`personas.audience.opportunity.share_gaps`.

    References
    ----------
    See :func:`personas.audience.index.target_group_index`.

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> bought = ibis.memtable(pa.table({"user_id": list("abcd") + ["a"], "category": ["空调"] * 4 + ["门锁"]}))
    >>> women = Segment("women", Text("女性", "women"), unlisted=False, users=ibis.memtable(
    ...     pa.table({"user_id": ["a", "b"], "is_member": [True, True]})))
    >>> table = rank_preferences(bought, women, window=ObservationWindow(date(2026, 1, 1), 365)).table
    >>> table[["category", "n_segment", "n_others", "tgi"]].values.tolist()
    [['门锁', 1, 0, 200.0], ['空调', 2, 2, 100.0]]
    """
    if market is not None and by != "category":
        raise ConfigError(
            f"The market is known by category, and by is {by!r}; rank categories, or leave the market out."
        )
    counts = count_buyers(bought, segment, by)
    known = segment.mark(bought.select("user_id").distinct())
    sizes = known.group_by("is_member").agg(n=known.count()).to_pyarrow().to_pylist()
    n_buyers = {row["is_member"]: row["n"] for row in sizes}
    table = _compare_sides(counts, n_buyers.get(True, 0), n_buyers.get(False, 0))
    if market is not None:
        table = _add_market(table, read_segments(market, window, [segment.key]), segment.key)
    table = table.rename_axis(by).reset_index().sort_values(["rank", by]).reset_index(drop=True)
    return Preferences(table, _define_preferences(segment, window, by, with_market=market is not None))


def _compare_sides(counts: pd.DataFrame, n_segment: int, n_others: int) -> pd.DataFrame:
    import pandas as pd

    k, rest = counts["n_members"], counts["n_known"] - counts["n_members"]
    p_value, _ = compare_shares(k, np.full(len(counts), n_segment), rest, np.full(len(counts), n_others))
    ranked_by = pd.Series(shrunk_index(k, n_segment, k + rest, n_segment + n_others), index=counts.index)
    return pd.DataFrame(
        {
            "n_segment": k,
            "n_others": rest,
            "segment_share": k / (n_segment or np.nan),
            "others_share": rest / (n_others or np.nan),
            "tgi": target_group_index(k, n_segment, k + rest, n_segment + n_others),
            "tgi_others": target_group_index(k, n_segment, rest, n_others),
            "rank": _rank(ranked_by),
            "p_value": p_value,
            "q_value": false_discovery(p_value),
        },
        index=counts.index,
    )


def _add_market(table: pd.DataFrame, wide: pd.DataFrame, key: str) -> pd.DataFrame:
    """Add the market's own preference, and the brand's buyers of the segment against the market's."""
    wide = wide.dropna()
    market_tgi = wide[key].copy()
    market_tgi[:] = target_group_index(wide[key], wide[key].sum(), wide[EVERYBODY], wide[EVERYBODY].sum())
    common = table.index.intersection(wide.index[wide[key] > 0])
    ours, theirs = table.loc[common, "n_segment"], wide.loc[common, key]
    to_market = theirs.copy()
    to_market[:] = target_group_index(ours, ours.sum(), theirs, theirs.sum())
    return table.assign(
        market_tgi=market_tgi.reindex(table.index),
        market_rank=_rank(market_tgi.reindex(table.index)),
        tgi_to_market=to_market.reindex(table.index),
    )


def _rank(figure: pd.Series[float]) -> pd.Series[float]:
    """Rank from the largest down; ties by name, undefined ones not at all."""
    return figure.sort_index().rank(ascending=False, method="first").reindex(figure.index)


def _define_preferences(segment: Segment, window: ObservationWindow, by: str, *, with_market: bool) -> Text:
    seen = span(window)
    market = (
        Text("", "")
        if not with_market
        else Text(
            "行业（同期）占比 = 该品类购买人数 ÷ 各品类购买人数之和；对行业TGI同样以各品类人数之和为分母，限两侧共有品类。",
            " Market (same period): a share is the category's part of the buyers summed over categories; so is that "
            "of the index to the market, over the categories in both.",
        )
    )
    what = {"category": Text("品类", "category"), "item_id": Text("商品", "item")}.get(
        by, Text("品牌", "brand")
    )
    return Text(
        f"{seen.zh}，人群：{segment.label.zh}。占比 = 购买该{what.zh}的人数 ÷ 该侧全部购买人数，每人每{what.zh}计一次，归属未知的"
        f"用户不计。TGI = 100 × 人群占比 ÷ 全部购买者占比；TGI（对其他购买者）以其他购买者为基准。按向总体收缩10人的TGI排序。{market.zh}",
        f"{seen.en}; segment: {segment.label.en}. Share = buyers of the {what.en} / all buyers of that side, each "
        f"user once per {what.en}, users of unknown membership left out. TGI = 100 x share of the segment / share "
        "of all buyers; the TGI against others has the other buyers as its base. Ranked by the TGI shrunk by 10 users."
        f"{market.en}",
    )
