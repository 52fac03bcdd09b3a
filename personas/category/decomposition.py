"""Why a product of factors changed: GMV = users x conversion x basket, taken apart by the log-mean Divisia index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import ibis
import numpy as np
from numpy.typing import NDArray

from personas.category.periods import check_order, span
from personas.category.slices import ALL, check_unique
from personas.errors import ConfigError, DataError
from personas.features.base import TableSource
from personas.features.events import orders, window_events
from personas.schema import LANGUAGES, ObservationWindow, Text

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Population = Literal["users", "active_users"]

NO_PERSONA = "(none)"
"""Segment of the users without a persona, so that the segments add up to everybody."""

OTHERS = "(others)"
"""Segment of all personas with too few users to be shown by themselves."""

FACTORS: Final = {
    "users": Text("用户数", "users"),
    "conversion": Text("转化率", "conversion"),
    "basket": Text("客单价", "basket"),
}
"""Factors of the GMV, for people."""

_POPULATIONS = {
    "users": Text("全部用户", "all users"),
    "active_users": Text(
        "活跃用户（当期有任一行为，仅广告曝光不算）",
        "active users (anything but an ad exposure in the period)",
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Decomposition:
    """What each factor of each segment contributes to the change of a total.

    Parameters
    ----------
    table : DataFrame
        Long, in the order of segments and factors: ``segment``, ``factor``, ``before``, ``after`` (the
        factor's value, NaN = undefined), ``contribution`` (in the unit of the total), ``limit`` (empty, or
        which limit stands in for the logarithm of 0: ``"zero before"``, ``"zero after"``, ``"zero in
        both"``).
    before, after : float
        The total in either period: the products of the factors, summed over segments.
    definition : Text
        To be printed under every table made of it.
    """

    table: pd.DataFrame
    before: float
    after: float
    definition: Text

    @property
    def change(self) -> float:
        """What the contributions add up to."""
        return self.after - self.before

    def by_factor(self) -> pd.Series[float]:
        """Return the contribution of each factor, summed over segments, in the order of the chain."""
        return self.table.groupby("factor", sort=False)["contribution"].sum()

    def by_segment(self) -> pd.Series[float]:
        """Return the contribution of each segment, summed over factors, in the order of the table."""
        return self.table.groupby("segment", sort=False)["contribution"].sum()


def decompose(before: pd.DataFrame, after: pd.DataFrame) -> Decomposition:
    """Take the change of a sum of products apart, factor by factor.

    Parameters
    ----------
    before, after : DataFrame of shape (n_segments, n_factors), >= 0
        The same columns, in the order of the chain: the total is the sum over rows of the product over
        columns. A segment that has no row in a period has 0 of the first factor in it. NaN = undefined,
        allowed only where another factor of the row is 0 (no users, so no conversion).

    Returns
    -------
    Decomposition
        Contributions that add up to the change of the total, up to the rounding of float64.

    Raises
    ------
    DataError
        If the columns differ, a segment occurs twice, or a value is negative, infinite or undefined.

    Notes
    -----
    Additive LMDI-I. For each segment with the products ``V0`` and ``V1``, factor ``k`` contributes
    ``L(V1, V0) ln(x1_k / x0_k)`` with the logarithmic mean ``L(a, b) = (a - b) / ln(a / b)``, ``L(a, a) = a``.
    It leaves no residual, treats time and factors alike, and sums over segments.

    Zeros are replaced by the limit of the formula when all of them approach 0 together. If factors are 0
    in one period only, so that the product goes from or to 0, they share its whole change in equal parts
    and the other factors contribute nothing. If the product is 0 in both periods, nothing is contributed. An
    undefined factor is taken as unchanged.

    References
    ----------
    Ang, B. W. (2005). The LMDI approach to decomposition analysis: a practical guide. Energy Policy 33,
    867-871.
    Ang, Zhang & Choi (1998). Factorizing changes in energy and environmental indicators through
    decomposition. Energy 23, 489-495, for the limits at 0.
    Ang & Liu (2007). Handling zero values in the logarithmic mean Divisia index decomposition approach.
    Energy Policy 35, 238-246.

    Examples
    --------
    >>> import pandas as pd
    >>> before = pd.DataFrame({"users": [1000.0], "conversion": [0.05], "basket": [200.0]}, index=["all"])
    >>> after = pd.DataFrame({"users": [2000.0], "conversion": [0.05], "basket": [100.0]}, index=["all"])
    >>> found = decompose(before, after)
    >>> found.change, found.by_factor().round(2).to_dict()
    (0.0, {'users': 6931.47, 'conversion': 0.0, 'basket': -6931.47})
    """
    import pandas as pd

    factors = _check_factors(before, after)
    segments = list(dict.fromkeys([*before.index, *after.index]))
    x0, x1 = _values(before, segments), _values(after, segments)
    v0, v1 = _products(x0), _products(x1)
    contribution, limit = _contributions(x0, x1, v0, v1)
    n = len(factors)
    table = pd.DataFrame(
        {
            "segment": [segment for segment in segments for _ in factors],
            "factor": factors * len(segments),
            "before": x0.ravel(),
            "after": x1.ravel(),
            "contribution": contribution.ravel(),
            "limit": [word for word in limit for _ in range(n)],
        }
    )
    words = [FACTORS.get(factor, Text(factor, factor)) for factor in factors]
    product = Text(*(" × ".join(word.of(language) for word in words) for language in LANGUAGES))
    definition = Text(
        f"变动分解：总额 = {product.zh}（按分群求和）；加法 LMDI，各项之和等于总变动；"
        "因子在一期为 0 时取极限：变动全部归于为 0 的因子（多个则均分）。",
        f"Decomposition: total = {product.en}, summed over segments; additive LMDI, the parts add up to the change; "
        "where a factor is 0 in one period the limit is used: the change goes to the factors that are 0, in "
        "equal parts.",
    )
    return Decomposition(table, float(v0.sum()), float(v1.sum()), definition)


def gmv_factors(
    source: TableSource,
    window: ObservationWindow,
    *,
    population: Population,
    assignments: ibis.Table | None = None,
) -> pd.DataFrame:
    """Return users, conversion and basket of a period, whose product is the GMV.

    Parameters
    ----------
    source : TableSource
        Holds the canonical tables ``events`` and, for ``"users"``, ``users``.
    window : ObservationWindow
        The period.
    population : {"users", "active_users"}
        Who is counted as a user; no default, as each gives another conversion.
    assignments : ibis.Table, optional
        ``user_id`` (unique) and ``persona_id``: one segment per persona, and ``"(none)"``.

    Returns
    -------
    DataFrame of float64, indexed by segment in binary order
        ``users``; ``conversion``, 0-1, buyers per user, NaN without users; ``basket`` (客单价), money per
        buyer, NaN without buyers. Segments without users are absent.

    Raises
    ------
    ConfigError
        If the population is unknown.
    DataError
        If a table breaks its contract.

    Notes
    -----
    GMV is the sum of the known amounts of all order lines, with or without a category; returns are not
    deducted. Buyers are users of the population with such a line.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pyarrow as pa
    >>> connection = ibis.duckdb.connect()
    >>> _ = connection.create_table("events", pa.table({
    ...     "user_id": ["a", "b"], "event_at": [datetime(2025, 3, 1)] * 2, "event_type": ["order", "view"],
    ...     "category": ["门锁", "空调"], "amount": [900.0, None], "order_id": ["o1", None]}))
    >>> year = ObservationWindow(date(2026, 1, 1), 365)
    >>> gmv_factors(connection, year, population="active_users").to_dict("index")
    {'(all)': {'users': 2.0, 'conversion': 0.5, 'basket': 900.0}}
    """
    return _factors(_sums(source, window, population, assignments))


def decompose_gmv(
    source: TableSource,
    then: ObservationWindow,
    now: ObservationWindow,
    *,
    population: Population,
    assignments: ibis.Table | None = None,
    smallest_segment: int = 1,
) -> Decomposition:
    """Take the change of GMV between two periods apart into users, conversion and basket.

    Parameters
    ----------
    source : TableSource
        Holds the canonical tables ``events`` and, for ``"users"``, ``users``.
    then, now : ObservationWindow
        The earlier and the later period.
    population : {"users", "active_users"}
        Who is counted as a user.
    assignments : ibis.Table, optional
        ``user_id`` (unique) and ``persona_id``: contributions per persona and of users without one.
    smallest_segment : int, users, >= 1
        Segments with fewer users, buyers or others in a period are one segment, ``"(others)"``, with the
        smallest of the rest where they are too few together: contributions still add up, and tell of nobody.

    Returns
    -------
    Decomposition
        In money of the source.

    Raises
    ------
    ConfigError
        If the population is unknown or the periods overlap.
    DataError
        If a table breaks its contract.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pyarrow as pa
    >>> connection = ibis.duckdb.connect()
    >>> _ = connection.create_table("events", pa.table({
    ...     "user_id": ["a", "a", "b"], "event_at": [datetime(y, 3, 1) for y in (2024, 2025, 2025)],
    ...     "event_type": ["order"] * 3, "category": ["门锁"] * 3, "amount": [900.0, 900.0, 900.0],
    ...     "order_id": ["o1", "o2", "o3"]}))
    >>> years = [ObservationWindow(date(year + 1, 1, 1), 365) for year in (2024, 2025)]
    >>> decompose_gmv(connection, *years, population="active_users").by_factor().round(6).to_dict()
    {'users': 900.0, 'conversion': 0.0, 'basket': 0.0}
    """
    check_order(then, now)
    if assignments is not None:
        check_unique(assignments.select("user_id"), "assignments")
    sums = [_sums(source, window, population, assignments) for window in (then, now)]
    found = decompose(*(_factors(part) for part in _pool_few(sums, smallest_segment)))
    who = _POPULATIONS[population]
    definition = Text(
        f"成交额 = 用户数 × 转化率 × 客单价：用户数为{who.zh}，转化率 = 购买用户 ÷ 用户数，客单价 = 成交额 ÷ 购买用户；"
        f"由 {span(then).zh} 到 {span(now).zh}；成交额为已知金额的毛订单额，不扣除退货。{found.definition.zh}",
        f"GMV = users × conversion × basket: users are {who.en}, conversion = buyers ÷ users, basket = GMV ÷ buyers; "
        f"from {span(then).en} to {span(now).en}; GMV is gross, of the order lines whose amount is known. "
        f"{found.definition.en}",
    )
    return Decomposition(found.table, found.before, found.after, definition)


def _sums(
    source: TableSource, window: ObservationWindow, population: Population, assignments: ibis.Table | None
) -> pd.DataFrame:
    """Return users, buyers and GMV of each segment; the GMV is exact."""
    if population not in _POPULATIONS:
        raise ConfigError(
            f"population is {population!r}; expected one of {', '.join(_POPULATIONS)}. Choose one."
        )
    events = window_events(source, window)
    if population == "users":
        members = source.table("users").select("user_id").distinct()
    else:
        members = events.filter(events["event_type"] != "ad_exposure").select("user_id").distinct()
    lines = orders(events).drop_null("amount")
    spent = lines.group_by("user_id").agg(spent=lines["amount"].sum())
    rows = _segmented(members, assignments).left_join(spent, "user_id")
    sums = rows.group_by("segment").agg(
        users=rows.count(), buyers=rows["spent"].count(), gmv=rows["spent"].sum().fill_null(0)
    )
    found: pd.DataFrame = sums.order_by("segment").to_pyarrow().to_pandas()
    return found.set_index("segment")


def _factors(sums: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    users, buyers = sums["users"].astype("float64"), sums["buyers"].astype("float64")
    basket = sums["gmv"].astype("float64") / buyers.where(buyers > 0)
    return pd.DataFrame({"users": users, "conversion": buyers / users, "basket": basket})


def _pool_few(sums: list[pd.DataFrame], smallest: int) -> list[pd.DataFrame]:
    """Join segments of few users, in either period, until none is left by itself."""
    import pandas as pd

    def is_few(part: pd.DataFrame) -> pd.Series[bool]:
        counts = pd.concat([part["users"], part["buyers"], part["users"] - part["buyers"]], axis=1)
        return ((counts > 0) & (counts < smallest)).any(axis=1)

    def pooled(part: pd.DataFrame) -> pd.DataFrame:
        return part.groupby([OTHERS if name in few else name for name in part.index]).sum()

    few = {str(name) for part in sums for name in part.index[is_few(part)]}
    size = sums[0]["users"].add(sums[1]["users"], fill_value=0).sort_index().sort_values(kind="stable")
    for name in [name for name in size.index if few and name not in few]:
        if not any(is_few(pooled(part)).get(OTHERS, False) for part in sums):
            break
        few.add(str(name))
    return [pooled(part) for part in sums] if few and len(size) > 1 else sums


def _segmented(members: ibis.Table, assignments: ibis.Table | None) -> ibis.Table:
    if assignments is None:
        return members.mutate(segment=ibis.literal(ALL))
    absent = [name for name in ("user_id", "persona_id") if name not in assignments.columns]
    if absent:
        raise DataError(f"The assignments lack {', '.join(absent)}; expected user_id and persona_id.")
    pairs = assignments.select("user_id", segment=assignments["persona_id"].cast("string"))
    joined = members.left_join(pairs, "user_id")
    return joined.select("user_id", segment=joined["segment"].fill_null(NO_PERSONA))


def _check_factors(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    factors = [str(name) for name in before.columns]
    if not factors or list(before.columns) != list(after.columns):
        raise DataError(
            f"The factors are {', '.join(factors) or 'none'} before and {', '.join(map(str, after.columns))} after; "
            "expected the same columns in the same order."
        )
    for name, frame in (("before", before), ("after", after)):
        if not frame.index.is_unique:
            raise DataError(
                f"A segment has several rows {name}; expected one row per segment. Sum them first."
            )
    return factors


def _values(frame: pd.DataFrame, segments: list[object]) -> Floats:
    """Return the factors of all segments; an absent segment has 0 of the first one."""
    values = frame.reindex(segments).to_numpy(dtype=np.float64, copy=True)
    values[[segment not in frame.index for segment in segments], 0] = 0.0
    undefined = np.isnan(values).any(axis=1) & ~(values == 0).any(axis=1)
    if undefined.any() or (values < 0).any() or np.isinf(values).any():
        raise DataError(
            f"{int(undefined.sum())} segments have an undefined factor though no other one is 0, or a factor is "
            "negative or infinite; expected numbers of at least 0. Repair the factors or leave the segment out."
        )
    return values


def _products(x: Floats) -> Floats:
    return np.where((x == 0).any(axis=1), 0.0, np.prod(np.nan_to_num(x, nan=0.0), axis=1))


def _contributions(x0: Floats, x1: Floats, v0: Floats, v1: Floats) -> tuple[Floats, list[str]]:
    contribution = np.zeros_like(x0)
    zero_before, zero_after = (x0 == 0).any(axis=1), (x1 == 0).any(axis=1)
    regular = ~zero_before & ~zero_after
    log_ratio = np.log(x1[regular]) - np.log(x0[regular])
    total = log_ratio.sum(axis=1)
    # L(v1, v0) = v0 (e^d - 1) / d with d = ln(v1 / v0): exact also where the product hardly changes.
    slope = np.divide(np.expm1(total), total, out=np.ones_like(total), where=total != 0)
    contribution[regular] = (v0[regular] * slope)[:, None] * log_ratio
    for only, zero, change in (
        (zero_before & ~zero_after, x0 == 0, v1),
        (zero_after & ~zero_before, x1 == 0, -v0),
    ):
        part = zero[only] / zero[only].sum(axis=1, keepdims=True)
        contribution[only] = change[only][:, None] * part
    words = np.select(
        [regular, zero_before & zero_after, zero_before], ["", "zero in both", "zero before"], "zero after"
    )
    return contribution, words.tolist()
