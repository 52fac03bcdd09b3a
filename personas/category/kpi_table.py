"""Tables of indicators: each value with its numerator, denominator, interval and growth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
from numpy.typing import NDArray

from personas.category.base import NORMAL_975, wilson_interval
from personas.category.periods import span
from personas.errors import ConfigError
from personas.schema import ObservationWindow, Text

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Periods = Mapping[str, ObservationWindow]
"""Name of a period -> its window, in the order of time."""


WILSON = Text("区间为 95% Wilson 区间", "intervals are 95 % Wilson intervals")
"""Interval of shares of users, in words."""


@dataclass(frozen=True, slots=True, eq=False)
class KpiTable:
    """One indicator by period and persona.

    Parameters
    ----------
    table : DataFrame
        Long, in the order of periods, personas and categories: ``period``, ``persona_id`` (``"(all)"`` is
        everybody), ``category`` (only of indicators per category), ``numerator``, ``denominator`` (counts),
        ``n_users`` (who are behind them; only of ratios whose denominator may be something else),
        ``value`` (NaN when the denominator is 0), ``low``, ``high`` (95 % interval), ``change`` (value less
        that of the period before, for shares 0.01 = one percentage point), ``growth`` (``change`` relative
        to the period before; NaN when that was 0 or there is none).
    definition : Text
        Numerator, denominator, periods and interval in words, to be printed under every table made of it.
    """

    table: pd.DataFrame
    definition: Text


def check_periods(periods: Periods) -> None:
    """Refuse periods that are absent or out of order.

    Parameters
    ----------
    periods : mapping of str to ObservationWindow
        At least one.

    Raises
    ------
    ConfigError
        If there is none, or one ends before the one in front of it.
    """
    ends = [window.as_of for window in periods.values()]
    if not ends or ends != sorted(ends):
        raise ConfigError(
            f"periods are {', '.join(periods) or 'empty'}; expected at least one, in the order in which they "
            "end. Sort them by as_of."
        )


def counted(rows: ibis.Table, keys: Sequence[str]) -> pd.Series[int]:
    """Count rows per slice.

    Parameters
    ----------
    rows : ibis.Table
        With the keys.
    keys : sequence of str
        ``persona_id``, and ``category`` or nothing.

    Returns
    -------
    Series of int64, indexed by the keys
        Slices without rows are absent.
    """
    found = rows.group_by(*keys).agg(n=rows.count()).order_by(*keys).to_pyarrow().to_pandas()
    counts: pd.Series[int] = found.set_index(list(keys))["n"]
    return counts


def add_share(table: pd.DataFrame) -> pd.DataFrame:
    """Add ``value``, ``low`` and ``high`` of a share of independent units.

    Parameters
    ----------
    table : DataFrame
        With ``numerator`` and ``denominator``, counts of users.

    Returns
    -------
    DataFrame
        A copy; the interval is that of :func:`personas.category.base.wilson_interval`.
    """
    low, high = wilson_interval(table["numerator"], table["denominator"])
    return table.assign(value=_ratio(table["numerator"], table["denominator"]), low=low, high=high)


def add_mean(table: pd.DataFrame, *, is_share: bool) -> pd.DataFrame:
    """Add ``value``, ``low`` and ``high`` of a ratio of two sums over users.

    Parameters
    ----------
    table : DataFrame
        ``numerator`` and ``denominator`` (sums of ``y`` and ``x`` over users), ``n_users``, ``yy``, ``xy``,
        ``xx`` (sums of products). The last three are dropped.
    is_share : bool
        Whether the value lies between 0 and 1.

    Returns
    -------
    DataFrame
        A copy; NaN bounds where fewer than two users are behind the ratio.

    Notes
    -----
    Orders of one user resemble each other, so users, not orders, are the independent units: the variance of
    ``R = Σy / Σx`` is linearised, ``m / (m - 1) Σ(y - R x)² / (Σx)²`` over ``m`` users. A share gets a Wilson
    interval with its effective number of orders ``R (1 - R) / variance``, so that it stays within 0 and 1;
    where the variance is 0 the number of orders is taken as it stands.

    References
    ----------
    Cochran, W. G. (1977). Sampling Techniques, 3rd ed., section 6.4, for the variance of a ratio.
    Korn, E. L., & Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data. Survey Methodology 24, for the effective size.
    """
    y, x, m = (table[name].to_numpy(np.float64) for name in ("numerator", "denominator", "n_users"))
    value = _ratio(y, x)
    yy, xy, xx = (table[name].to_numpy(np.float64) for name in ("yy", "xy", "xx"))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.maximum(yy - 2 * value * xy + value**2 * xx, 0.0)
        variance = np.where(m > 1, m / (m - 1) * spread / x**2, np.nan)
        half = NORMAL_975 * np.sqrt(variance)
        low, high = np.maximum(value - half, 0.0), value + half
        if is_share:
            n = np.where(variance > 0, value * (1 - value) / variance, x)
            low, high = wilson_interval(value * n, np.where(np.isnan(half), 0.0, n))
    return table.drop(columns=["yy", "xy", "xx"]).assign(value=value, low=low, high=high)


def finish(parts: Sequence[pd.DataFrame], head: Text, interval: Text, periods: Periods) -> KpiTable:
    """Join the periods, add growth and write the definition.

    Parameters
    ----------
    parts : sequence of DataFrame
        One per period, of the same rows in the same order.
    head : Text
        Name, numerator and denominator.
    interval : Text
        How the interval was made.
    periods : mapping of str to ObservationWindow
        What the parts belong to.

    Returns
    -------
    KpiTable
        The table and its definition.
    """
    import pandas as pd

    nothing = np.full(len(parts[0]), np.nan)
    before = [nothing, *(part["value"].to_numpy() for part in parts[:-1])]
    named = []
    for name, part, earlier in zip(periods, parts, before, strict=True):
        change = part["value"].to_numpy() - earlier
        grown = part.assign(change=change, growth=_ratio(change, earlier))
        grown.insert(0, "period", name)
        named.append(grown)
    zh = "、".join(f"{name}（{span(window).zh}）" for name, window in periods.items())
    en = ", ".join(f"{name} ({span(window).en})" for name, window in periods.items())
    definition = Text(
        f"{head.zh}。时期：{zh}；按毛订单统计，不扣除退货；{interval.zh}。",
        f"{head.en}. Periods: {en}; orders are gross, returns are not deducted; {interval.en}.",
    )
    return KpiTable(pd.concat(named, ignore_index=True), definition)


def _ratio(part: pd.Series | Floats, whole: pd.Series | Floats) -> Floats:
    k, n = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    ratio: Floats = np.divide(k, n, out=np.full_like(n, np.nan), where=n > 0)
    return ratio
