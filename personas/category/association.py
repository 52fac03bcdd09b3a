"""Association of two categories: the usual measures of the 2 x 2 table, a test, and tiers high, mid, low."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from personas.category.attach_definition import ALIKE, AttachDefinition, Unit
from personas.category.base import purchases
from personas.category.breadth import compare_with_breadth, expect_pairs, read_breadth
from personas.category.pair_counts import check_categories, count_pairs
from personas.category.periods import span
from personas.category.significance import false_discovery
from personas.errors import ConfigError
from personas.schema import ObservationWindow, Text

if TYPE_CHECKING:
    import ibis
    import pandas as pd

    from personas.features.base import TableSource

Floats = NDArray[np.float64]

TIERS = ("high", "mid", "low")

SHRINKAGE = 5.0
"""Units that are added to what was seen and to what was expected in the shrunk lift (own choice)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRule:
    """When a pair of categories is of high, mid or low association.

    Parameters
    ----------
    cuts : tuple of (float, float) or None, > 0
        Least lift of the tiers mid and high. None = terciles of the lift of the significant pairs: no
        published cut points were found, so fixed ones are a decision of the user of this package.
    max_q : float, 0 to 1
        A pair is significant when both of its q values are below it (own choice: the usual .05).
    min_both : int, >= 1
        Least number of units with both categories (own choice: 20, as the smallest cell of a profile).

    Raises
    ------
    ConfigError
        If a value is out of range or the cuts are not in order.

    Examples
    --------
    >>> TierRule(cuts=(1.2, 1.5)).min_both
    20
    """

    cuts: tuple[float, float] | None = None
    max_q: float = 0.05
    min_both: int = 20

    def __post_init__(self) -> None:
        if self.cuts is not None and not 0 < self.cuts[0] <= self.cuts[1] < np.inf:
            raise ConfigError(
                f"cuts are {self.cuts}; expected the least lift of mid, then of high, above 0, for example (1.2, 1.5)."
            )
        if not 0 < self.max_q <= 1:
            raise ConfigError(
                f"max_q is {self.max_q}; expected a number above 0 and at most 1, such as 0.05."
            )
        if self.min_both < 1:
            raise ConfigError(f"min_both is {self.min_both}; expected a whole number of at least 1.")


@dataclass(frozen=True, slots=True, eq=False)
class Association:
    """Pairs of categories with their association.

    Parameters
    ----------
    table : DataFrame
        Long, one row per pair in the order of rows and columns; a category with itself is left out.
        ``row``, ``column``; ``n_both``, ``n_row``, ``n_column``, ``n_units``; the columns of
        :func:`measure_association`; ``p_value``, ``q_value`` (Fisher, 0-1, NaN = nothing to test);
        ``n_expected`` (units with both, if how many categories a unit has were the only reason),
        ``breadth_p_value``, ``breadth_q_value`` (the test against that, NaN = nothing to test); ``tier``
        (ordered Categorical low < mid < high, missing where the lift is undefined).
    cuts : tuple of (float, float) or None
        Least lift of mid and of high; None when they were to be terciles and no pair was significant.
    definition : Text
        To be printed under every table made of it.
    """

    table: pd.DataFrame
    cuts: tuple[float, float] | None
    definition: Text


def associate(
    source: TableSource | ibis.Table,
    window: ObservationWindow,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    unit: Unit,
    rule: TierRule | None = None,
) -> Association:
    """Measure how much every row category and column category are bought together.

    Parameters
    ----------
    source : TableSource or ibis.Table
        Holds the canonical table ``events``, or is that table.
    window : ObservationWindow
        Purchases outside are not looked at.
    rows, columns : sequence of str
        Categories, each list of its own.
    unit : {"user", "order"}
        What has both categories: a user at any time in the window, or one order.
    rule : TierRule, optional
        When an association is high, mid or low.

    Returns
    -------
    Association
        The pairs, the cut points used, and the definition in words.

    Raises
    ------
    ConfigError
        If a list is empty or names a category twice, or the unit is unknown.
    DataError
        If the events break their contract.

    Notes
    -----
    The population are the units with at least one purchase of a known category, listed or not; people who
    bought nothing would make every pair look associated.

    The p value is that of Fisher's exact test, one-sided: are the two bought together *more* often than
    chance would have it? (Tiers ask for that only.) It takes all units for alike, so units with many
    categories make every pair look associated; a second test, which compares units of equal breadth (see
    :func:`personas.category.breadth.expect_pairs`), does not. q values follow Benjamini and Hochberg
    over the distinct pairs, so that (a, b) and (b, a) are one test.

    With ``unit="order"`` both tests take orders for independent, though orders of one user resemble each other:
    true p values are larger. The definition says so.

    A pair is significant when both q values are below ``max_q`` and ``n_both >= min_both``; it is ``high`` when
    its lift is at least the upper cut, too, and ``mid`` likewise with the lower one; every other pair whose
    lift is defined is ``low``.

    References
    ----------
    Fisher, R. A. (1922). On the interpretation of chi-squared from contingency tables. J. R. Stat. Soc. 85.
    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. J. R. Stat. Soc. B 57.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import ibis, pyarrow as pa
    >>> users = ["a", "a", "b", "b", "c", "d"]
    >>> events = ibis.memtable(pa.table({
    ...     "user_id": users, "event_at": [datetime(2025, 3, 1)] * 6, "event_type": ["order"] * 6,
    ...     "category": ["扫地机", "门锁", "扫地机", "门锁", "扫地机", "空调"],
    ...     "amount": [1.0] * 6, "order_id": users}))
    >>> found = associate(events, ObservationWindow(date(2026, 1, 1), 365), ["扫地机"], ["门锁"], unit="user")
    >>> found.table[["n_both", "n_row", "n_column", "n_units", "lift"]].round(3).values.tolist()
    [[2.0, 3.0, 2.0, 4.0, 1.333]]
    """
    import pandas as pd

    rule = rule or TierRule()
    rows, columns = check_categories("rows", rows), check_categories("columns", columns)
    categories = tuple(dict.fromkeys((*rows, *columns)))
    # The lines of an order share one basket whatever the direction.
    anywhere = AttachDefinition(unit=unit, direction="any", within_days=None, base="all", diagonal="blank")
    bought = purchases(source, window)
    counts = count_pairs(bought, window, categories, anywhere)
    pairs = [(categories.index(a), categories.index(b)) for a in rows for b in columns if a != b]
    r, c = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    n_both, n_row, n_column = counts.n_both[0, r, c], counts.n_with[0, r], counts.n_with[0, c]
    n_units = int(counts.n_units[0])
    figures = measure_association(n_both, n_row, n_column, n_units)
    _, once, again = np.unique(
        np.minimum(r, c) * len(categories) + np.maximum(r, c), return_index=True, return_inverse=True
    )
    p_value = exact_p_value(n_both, n_row, n_column, n_units)
    q_value = false_discovery(p_value[once])[again]
    null = expect_pairs(read_breadth(bought, unit), categories)
    n_expected, breadth_p = compare_with_breadth(n_both, r, c, null)
    breadth_q = false_discovery(breadth_p[once])[again]
    significant = (q_value < rule.max_q) & (breadth_q < rule.max_q) & (n_both >= rule.min_both)
    cuts = rule.cuts or _terciles(figures["lift"][once], significant[once])
    names = np.array(categories, dtype=object)
    table = pd.DataFrame(
        {
            "row": names[r],
            "column": names[c],
            "n_both": n_both,
            "n_row": n_row,
            "n_column": n_column,
            "n_units": n_units,
            **figures,
            "p_value": p_value,
            "q_value": q_value,
            "n_expected": n_expected,
            "breadth_p_value": breadth_p,
            "breadth_q_value": breadth_q,
            "tier": _tiers(figures["lift"], significant, cuts),
        }
    ).astype({"row": "str", "column": "str"})
    return Association(table, cuts, _sentence(window, unit, rule, cuts, n_units))


def measure_association(
    n_both: ArrayLike,
    n_row: ArrayLike,
    n_column: ArrayLike,
    n_units: ArrayLike,
    *,
    shrinkage: float = SHRINKAGE,
) -> dict[str, Floats]:
    """Return the measures of the 2 x 2 table of two categories.

    Parameters
    ----------
    n_both, n_row, n_column, n_units : array-like of int, of shapes that broadcast
        Units with both categories, with the row's, with the column's, and all.
    shrinkage : float, units, >= 0
        See ``shrunk_lift``.

    Returns
    -------
    dict of str to ndarray of float64
        With shares ``s_ab``, ``s_a``, ``s_b`` of all units and ``e`` = expected number with both:

        * ``support`` ``s_ab``; ``confidence`` ``s_ab / s_a``; ``lift`` ``s_ab / (s_a s_b)``;
        * ``leverage`` ``s_ab - s_a s_b``; ``conviction`` ``(1 - s_b) / (1 - confidence)``;
        * ``jaccard`` ``s_ab / (s_a + s_b - s_ab)``; ``cosine`` ``s_ab / sqrt(s_a s_b)``;
        * ``kulczynski`` mean of ``s_ab / s_a`` and ``s_ab / s_b``;
        * ``zhang`` ``(s_ab - s_a s_b) / max(s_ab (1 - s_a), s_a (s_b - s_ab))``, -1 to 1;
        * ``phi`` correlation of the two 0/1 variables; ``odds_ratio`` of the table;
        * ``shrunk_lift`` ``(n_both + c) / (e + c)``: the posterior mean of the lift when the prior is a
          gamma distribution of mean 1 and ``c`` units' weight, so that rare pairs do not lead the list.

        NaN where a category was bought by nobody, and where a denominator is 0 (no 0 and no infinity stands
        in for what is undefined).

    References
    ----------
    Agrawal, Imielinski & Swami (1993). Mining association rules between sets of items in large databases.
    SIGMOD, for support and confidence.
    Brin, Motwani, Ullman & Tsur (1997). Dynamic itemset counting and implication rules for market basket
    data. SIGMOD, for lift ("interest") and conviction.
    Piatetsky-Shapiro, G. (1991). Discovery, analysis, and presentation of strong rules, for leverage.
    Tan, Kumar & Srivastava (2004). Selecting the right objective measure for association analysis.
    Information Systems 29, for Jaccard, cosine, phi and the odds ratio.
    Wu, Chen & Han (2010). Re-examination of interestingness measures in pattern mining. Data Mining and
    Knowledge Discovery 21, for Kulczynski.
    Yan, Zhang & Zhang (2009). Confidence metrics for association rule mining. Applied Artificial
    Intelligence 23, for Zhang's measure.
    DuMouchel, W. (1999). Bayesian data mining in large frequency tables. The American Statistician 53, for
    gamma shrinkage of observed over expected.

    Examples
    --------
    >>> found = measure_association([2], [3], [2], 4)
    >>> {name: round(float(value[0]), 3) for name, value in found.items() if name != "phi"}
    {'support': 0.5, 'confidence': 0.667, 'lift': 1.333, 'leverage': 0.125, 'conviction': 1.5, 'jaccard': 0.667, ...}
    """
    ab, a, b, n = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (n_both, n_row, n_column, n_units))
    )
    expected = _divide(a * b, n)
    # Differences of counts first: they are exact, differences of shares are not.
    only_a, only_b, neither = a - ab, b - ab, n - a - b + ab
    surplus = ab * n - a * b
    figures = {
        "support": _divide(ab, n),
        "confidence": _divide(ab, a),
        "lift": _divide(ab * n, a * b),
        "leverage": _divide(surplus, n * n),
        "conviction": _divide((n - b) * a, n * only_a),
        "jaccard": _divide(ab, a + only_b),
        "cosine": _divide(ab, np.sqrt(a * b)),
        "kulczynski": (_divide(ab, a) + _divide(ab, b)) / 2,
        "zhang": _divide(surplus, np.maximum(ab * (n - a), a * only_b)),
        "phi": _divide(surplus, np.sqrt(a * b) * np.sqrt((n - a) * (n - b))),
        "odds_ratio": _divide(ab * neither, only_a * only_b),
        "shrunk_lift": _divide(ab + shrinkage, expected + shrinkage),
    }
    bought = (a > 0) & (b > 0)
    return {name: np.where(bought, value, np.nan) for name, value in figures.items()}


def exact_p_value(n_both: ArrayLike, n_row: ArrayLike, n_column: ArrayLike, n_units: ArrayLike) -> Floats:
    """Return the p value of Fisher's exact test that two categories are together more often than by chance.

    Parameters
    ----------
    n_both, n_row, n_column, n_units : array-like of int, of shapes that broadcast
        Units with both categories, with the row's, with the column's, and all.

    Returns
    -------
    ndarray of float64, 0 to 1
        The hypergeometric probability of ``n_both`` or more, as ``scipy.stats.fisher_exact`` with
        ``alternative="greater"``. NaN where there is nothing to test: nobody or everybody has a category.

    References
    ----------
    Fisher, R. A. (1922). On the interpretation of chi-squared from contingency tables. J. R. Stat. Soc. 85.

    Examples
    --------
    >>> exact_p_value([2, 0], [3, 0], [2, 2], 4)
    array([0.5, nan])
    """
    ab, a, b, n = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.int64) for x in (n_both, n_row, n_column, n_units))
    )
    testable = (a > 0) & (a < n) & (b > 0) & (b < n)
    p_value = np.full(ab.shape, np.nan)
    ab, a, b, n = ab[testable], a[testable], b[testable], n[testable]
    # The other column's lower tail keeps its digits where 1 - cdf would lose them.
    p_value[testable] = np.minimum(stats.hypergeom.cdf(a - ab, n, a, n - b), 1.0)
    return p_value


def _divide(part: Floats, whole: Floats) -> Floats:
    ratio: Floats = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return ratio


def _terciles(lift: Floats, significant: NDArray[np.bool_]) -> tuple[float, float] | None:
    if not significant.any():
        return None
    mid, high = np.quantile(lift[significant], [1 / 3, 2 / 3])
    return float(mid), float(high)


def _tiers(
    lift: Floats, significant: NDArray[np.bool_], cuts: tuple[float, float] | None
) -> pd.Categorical[str]:
    import pandas as pd

    high, mid, low = TIERS
    at_least = (lift >= cuts[0], lift >= cuts[1]) if cuts else (np.zeros_like(significant),) * 2
    tier = np.select(
        [np.isnan(lift), significant & at_least[1], significant & at_least[0]],
        np.array([None, high, mid], dtype=object),
        np.array(low, dtype=object),
    )
    return pd.Categorical(tier.tolist(), categories=[low, mid, high], ordered=True)


def _sentence(
    window: ObservationWindow,
    unit: Unit,
    rule: TierRule,
    cuts: tuple[float, float] | None,
    n_units: int,
) -> Text:
    units = Text("用户", "users") if unit == "user" else Text("订单", "orders")
    way = (
        Text("显著品类对提升度的三分位", "terciles of the lift of the significant pairs")
        if rule.cuts is None
        else Text("由使用者设定", "set by the user of this table")
    )
    tiers = (
        Text("没有显著的品类对，均为低", "no pair is significant, so all are low")
        if cuts is None
        else Text(
            f"提升度 ≥ {cuts[1]:.2f} 为高、≥ {cuts[0]:.2f} 为中、其余为低（切点：{way.zh}）",
            f"lift of at least {cuts[1]:.2f} is high, of at least {cuts[0]:.2f} mid, all else low (cuts: {way.en})",
        )
    )
    together = (
        Text("同一用户在统计期内", "by one user in the window")
        if unit == "user"
        else Text("同一订单", "in one order")
    )
    alike = ALIKE if unit == "order" else None
    return Text(
        f"关联度：{together.zh}两个品类都买即为共同购买；总体为有品类购买的{units.zh} {n_units:,}；"
        f"统计期 {span(window).zh}；按毛订单统计，不扣除退货；p 值为单侧 Fisher 精确检验（是否高于随机），"
        f"第二项检验以各{units.zh}的购买品类数为对照（买得多者任意两品类同买都多），q 值按 Benjamini-Hochberg 校正；"
        f"显著：两项 q 均 < {rule.max_q:g} 且共同购买 ≥ {rule.min_both}；{tiers.zh}{f'；{alike.zh}' if alike else ''}。",
        f"Association: both categories bought {together.en}; population: {n_units:,} {units.en} with a purchase of "
        f"a known category; window {span(window).en}; orders are gross, returns are not deducted; p values of "
        f"Fisher's exact test, one-sided (more often than by chance), and of a test against the number of categories "
        f"that {units.en} have (who buys many buys any two more often), q values by Benjamini-Hochberg; significant: "
        f"both q < {rule.max_q:g} and at least {rule.min_both} with both; {tiers.en}{f'; {alike.en}' if alike else ''}.",
    )
