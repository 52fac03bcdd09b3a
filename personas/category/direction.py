"""Purchase direction: which of two categories users buy first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from personas.category.base import wilson_interval
from personas.category.first_purchases import PAIR, first_purchases, ordered_pairs
from personas.category.periods import span
from personas.category.significance import false_discovery
from personas.schema import ObservationWindow, Text

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

_BILLION = 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class PurchaseDirection:
    """Which of two categories users buy first.

    Parameters
    ----------
    table : DataFrame, one row per ordered pair of categories that somebody bought at different instants
        ``category`` (A), ``next_category`` (B); users: ``n_before`` (A first), ``n_after`` (B first),
        ``n_same`` (at the same instant, neither); ``share_before`` = n_before / (n_before + n_after) with its
        95 % Wilson interval ``low``, ``high``; ``expected_share`` by chance; ``p_value``,
        ``q_value``. The rows of (A, B) and (B, A) mirror each other.
    definition : Text
        Window, units, denominators and test, to be printed under the table.
    """

    table: pd.DataFrame
    definition: Text


def purchase_direction(purchases: ibis.Table, window: ObservationWindow) -> PurchaseDirection:
    """Test which of two categories is bought first, among users who bought both.

    Parameters
    ----------
    purchases : ibis.Table
        What :func:`personas.category.base.purchases` returned for ``window``.
    window : ObservationWindow
        What was seen.

    Returns
    -------
    PurchaseDirection
        Ordered pairs, by q value, then by the users behind them, ties by name.

    Notes
    -----
    Directionality is ``P(A<B) / (P(A<B) + P(B<A))``. What is bought often is more often first, even when
    order means nothing; so the exact binomial (sign) test, two-sided, is not against 1/2 but against the
    share expected if each user's own purchases came in random order: the mean of ``a / (a + b)`` over
    users who bought A without B at ``a`` instants and B without A at ``b`` (own choice). It is 1/2 when
    everybody bought both once, which is the ordinary sign test. The binomial is more spread out than the sum of
    the users' unequal chances, so the test errs on the careful side (Hoeffding 1956).

    A category launched later, or bought in another season, comes later: that shows here, too. Users with one
    order, or one category, are in no pair; repeated lines and the order of the lines change nothing.

    References
    ----------
    Dixon, W. J., & Mood, A. M. (1946). The statistical sign test. Journal of the American Statistical
    Association 41.
    Hoeffding, W. (1956). On the distribution of the number of successes in independent trials. Annals of
    Mathematical Statistics 27.
    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. J. R. Stat. Soc. B 57.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pyarrow as pa
    >>> lines = pa.table({"user_id": ["a", "a", "b", "b"], "category": ["扫地机", "门锁"] * 2,
    ...     "event_at": [datetime(2025, 1, day) for day in (1, 2, 3, 4)]})
    >>> found = purchase_direction(ibis.memtable(lines), ObservationWindow(date(2026, 1, 1), 365))
    >>> pair = found.table.iloc[0]
    >>> pair.category, pair.next_category, float(pair.share_before), float(pair.p_value)
    ('扫地机', '门锁', 1.0, 0.5)
    """
    table = _count(purchases)
    n = (table["n_before"] + table["n_after"]).to_numpy(np.int64)
    table["expected_share"] = table.pop("chances").astype("float64") / _BILLION / n
    table["p_value"] = _sign_test(table["n_before"].to_numpy(np.int64), n, table["expected_share"].to_numpy())
    table["q_value"] = false_discovery(table["p_value"])
    return PurchaseDirection(_mirror(table), _define_direction(window))


def _count(purchases: ibis.Table) -> pd.DataFrame:
    """Count who bought what first, one row per unordered pair of categories."""
    firsts = first_purchases(purchases)
    pairs = ordered_pairs(firsts).filter(lambda t: t["category"] < t["next_category"])
    pairs = pairs.left_join(_shared_times(purchases), ["user_id", *PAIR])
    shared = pairs["n_shared"].fill_null(0)
    alone, other_alone = pairs["n_times"] - shared, pairs["n_times_next"] - shared
    # Whole billionths: their sum is exact, whatever the order of the rows.
    chance = (_BILLION * alone / (alone + other_alone).nullif(0)).round().cast("int64")
    counts = pairs.group_by(PAIR).agg(
        n_before=(pairs["lag"] > 0).cast("int64").sum(),
        n_after=(pairs["lag"] < 0).cast("int64").sum(),
        n_same=(pairs["lag"] == 0).cast("int64").sum(),
        chances=chance.sum(where=pairs["lag"] != 0),
    )
    table: pd.DataFrame = counts.to_pyarrow().to_pandas()
    return table[table["n_before"] + table["n_after"] > 0].sort_values(PAIR, ignore_index=True)


def _shared_times(purchases: ibis.Table) -> ibis.Table:
    """Count the instants at which a user bought both categories of a pair."""
    times = purchases.select("user_id", "event_at", "category").distinct()
    both = times.join(times.rename(next_category="category"), ["user_id", "event_at"])
    both = both.filter(both["category"] < both["next_category"])
    return both.group_by("user_id", *PAIR).agg(n_shared=both.count())


def _mirror(table: pd.DataFrame) -> pd.DataFrame:
    """Show every pair from both sides, most significant first."""
    import pandas as pd

    other = table.rename(columns=dict(zip(PAIR, reversed(PAIR), strict=True)))
    other = other.rename(columns={"n_before": "n_after", "n_after": "n_before"})
    other["expected_share"] = 1 - other["expected_share"]
    both = pd.concat([table, other], ignore_index=True)
    n = both["n_before"] + both["n_after"]
    both["share_before"] = both["n_before"] / n
    both["low"], both["high"] = wilson_interval(both["n_before"], n)
    ranked = both.assign(rank=-n).sort_values(["q_value", "rank", *PAIR], ignore_index=True)
    figures = ["n_before", "n_after", "n_same", "share_before", "low", "high", "expected_share"]
    return ranked[[*PAIR, *figures, "p_value", "q_value"]]


def _sign_test(successes: NDArray[np.int64], trials: NDArray[np.int64], chance: Floats) -> Floats:
    """Return two-sided exact binomial p values: twice the smaller tail, at most 1."""
    lower = stats.binom.cdf(successes, trials, chance)
    upper = stats.binom.sf(successes - 1, trials, chance)
    p_value: Floats = np.minimum(1.0, 2 * np.minimum(lower, upper))
    return p_value


def _define_direction(window: ObservationWindow) -> Text:
    period = span(window)
    return Text(
        f"统计期：{period.zh}。先购占比 = 先买前序品类的人数 ÷ 两个品类都买过且先后可分的人数；单位为人，按各品类首次购买"
        "时间比较，同一时刻不分先后，不计入。对照值 = 若每位用户的购买次序随机，先买前序品类的期望占比（各买一次时为 50%）。"
        "检验：对照值下的精确二项（符号）检验；q 值为 Benjamini-Hochberg 校正；区间为 95% Wilson 区间。",
        f"Window: {period.en}. Share before = users who bought the category first / users who bought both, not "
        "at the same instant. Unit: users, by first purchases. Expected = the share if each user's purchases "
        "came in random order (50% when both were bought once). Test: exact binomial (sign) test against the "
        "expected share; q values: Benjamini-Hochberg; intervals: 95% Wilson.",
    )
