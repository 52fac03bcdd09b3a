"""Next offer: which category to offer each user next, at which expected value and with which coupon goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import ibis
import numpy as np

from personas.audience.base import check_columns
from personas.category.periods import span
from personas.category.slices import ALL, by_persona
from personas.errors import ConfigError, DataError
from personas.schema import ObservationWindow, Text

if TYPE_CHECKING:
    import pandas as pd

RankedBy = Literal["expected_value", "added_rate"]
Goal = Literal["new", "first_to_second", "repeat"]

GOALS: Final[dict[Goal, Text]] = {
    "new": Text("拉新", "win a new buyer"),
    "first_to_second": Text("一转二", "first to second order"),
    "repeat": Text("复购", "repeat order"),
}
"""What a coupon is for: users of no, one and several orders in the window."""

TIERS: Final = ("high", "mid", "low")
"""Association tiers, the strongest first."""

OFFERED: Final = ("high", "mid")
"""Tiers that speak for an offer."""

_ATTACH_COLUMNS = ("row", "column", "rate", "lift", "tier")
_PAIR_COLUMNS = ("owned_category", "category", "rate", "added_rate", "tier", "expected_value")
_ECONOMICS = ("margin", "uplift", "coupon_cost", "redeem_probability")


@dataclass(frozen=True, slots=True, eq=False)
class NextOffers:
    """The best offers of every user and of every persona.

    Parameters
    ----------
    users : ibis.Table
        Lazy, in no order, up to n rows per user: ``user_id``, ``rank`` (1 = best), ``category``,
        ``owned_category`` (what speaks for it), ``rate`` (0 to 1), ``added_rate`` (the part of the rate that
        the association explains), ``tier``, ``expected_value`` (currency of the margin, null =
        unknown), ``goal`` (``"new"``, ``"first_to_second"``, ``"repeat"``).
    personas : DataFrame, up to n rows per persona and for everybody (``"(all)"``), the best first
        ``persona_id``, ``rank``, ``category``, ``n_users`` (who have it among their n best), ``n_high``, ``n_mid``
        (by tier), ``mean_rate``, ``mean_added_rate``, ``expected_value`` (sum over these users, NaN = unknown);
        by the sum of what users are ranked by.
    ranked_by : {"expected_value", "added_rate"}
        ``"added_rate"`` when the margin, uplift, coupon cost or redemption of any candidate is unknown.
    definition : Text
        Formula, windows, exclusions and order, to be printed under the tables.
    """

    users: ibis.Table
    personas: pd.DataFrame
    ranked_by: RankedBy
    definition: Text


def next_offers(
    bought: ibis.Table,
    attach: pd.DataFrame,
    *,
    window: ObservationWindow,
    economics: pd.DataFrame | None = None,
    users: ibis.Table | None = None,
    assignments: ibis.Table | None = None,
    not_bought_days: int | None = None,
    n: int = 3,
) -> NextOffers:
    """Rank, for every user, the categories to offer next.

    Parameters
    ----------
    bought : ibis.Table
        Order lines in ``window``, as :func:`personas.category.base.purchases` returns them: ``user_id``,
        ``order_key``, ``event_at``, ``category``.
    attach : DataFrame, one row per owned category and candidate
        ``row`` (owned category), ``column`` (candidate), ``rate`` (0 to 1, probability that a buyer of the row
        buys the column; see :func:`personas.category.attach.attach_matrix`), ``lift`` (> 0, the rate against that
        of everybody) and ``tier`` (high, mid, low; see :func:`personas.category.association.associate`). A pair
        of tier low, or without a rate, lift or tier, is never offered. The row ``"(all)"`` holds the rates of
        everybody, whatever its lift and tier: users who own nothing are offered by these, nobody else is.
    window : ObservationWindow
        What ``bought`` covers; its end is the reference of ``not_bought_days``.
    economics : DataFrame, one row per candidate, optional
        ``category``, and where known ``margin`` (of one purchase), ``uplift`` (factor on the rate, 1 = none),
        ``coupon_cost`` and ``redeem_probability`` (0 to 1).
    users : ibis.Table, optional
        ``user_id`` of everybody to answer for, prospects among them; by default the buyers.
    assignments : ibis.Table, optional
        ``user_id`` and ``persona_id``, one row per user.
    not_bought_days : int, days, >= 1, optional
        A category is not offered to who bought it in so many days before the end of the window (365天未购);
        by default, to who bought it anywhere in the window.
    n : int, >= 1
        Most offers per user, and per persona.

    Returns
    -------
    NextOffers

    Raises
    ------
    ConfigError
        If ``n`` or ``not_bought_days`` is below 1.
    DataError
        If a table lacks a column, holds a pair or category twice, or a value out of range.

    Notes
    -----
    An offer must fit the user, so it rests on something that the user *has* bought and that goes with it more
    than by chance (tier high or mid; tiers go by lift, so popularity alone never speaks for an offer). It counts
    with the part of the rate that everybody's purchases do not explain, the attributable part among the exposed:
    ``added(B|A) = rate(B|A) * (1 - 1 / lift(A, B))``. Where both count
    alike that is the rate less the one of everybody; where the rate has a window or a direction and the lift has not, it
    is the rate times the part that the association explains. So what is bought
    anyway does not lead, nor does what is rare and stays rare, however high its lift.

    ``EV(B|u) = added(B|u) * margin_B * uplift_B - coupon_cost_B * redeem_probability_B``, where added(B|u) is the
    largest over the categories that u owns: rates of several owned categories overlap, and nothing says
    how to add them. Offers of no or negative expected value are left out. While any figure of a candidate is
    unknown, values cannot be compared: all offers then rank by added rate (ties by category), and expected
    values are shown where they are known.

    Rates are observed among buyers who were not offered anything for it: the value is an estimate until
    a test with a control group has measured the uplift.

    References
    ----------
    Levin, M. L. (1953). The occurrence of lung cancer in man. Acta Unio Internationalis Contra Cancrum 9, for the
    attributable part; that offers are weighed by it is our own choice.
    Coupon goals 拉新, 一转二 and 复购: crowd types of a JD.com coupon table, as a third party's code lists them.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> import pandas as pd, pyarrow as pa
    >>> bought = ibis.memtable(pa.table({"user_id": ["a"], "order_key": ["o1"], "category": ["扫地机"],
    ...                                  "event_at": [datetime(2025, 5, 1)]}))
    >>> attach = pd.DataFrame({"row": ["扫地机"] * 2, "column": ["门锁", "空调"],
    ...                        "rate": [0.1, 0.2], "lift": [2.0, 2.0], "tier": ["high", "mid"]})
    >>> money = pd.DataFrame({"category": ["门锁", "空调"], "margin": [300.0, 200.0], "uplift": [1.0, 1.0],
    ...                       "coupon_cost": [50.0, 50.0], "redeem_probability": [0.2, 0.2]})
    >>> offers = next_offers(bought, attach, economics=money, window=ObservationWindow(date(2026, 1, 1), 365))
    >>> best = offers.users.order_by("rank").select("rank", "category", "expected_value", "goal")
    >>> best.to_pyarrow().to_pylist()[0]
    {'rank': 1, 'category': '空调', 'expected_value': 10.0, 'goal': 'first_to_second'}
    """
    if n < 1 or (not_bought_days is not None and not_bought_days < 1):
        raise ConfigError(
            f"n is {n} and not_bought_days {not_bought_days}; expected whole numbers of at least 1."
        )
    check_columns(bought, "bought", ("user_id", "order_key", "event_at", "category"))
    ranked, ranked_by = _rank_pairs(attach, economics)
    baskets = _baskets(bought, users, window, not_bought_days)
    offers = _basket_offers(baskets, ranked)
    place = ibis.row_number().over(group_by=offers["basket"], order_by=offers["place"]) + 1
    best = offers.mutate(rank=place).filter(lambda t: t["rank"] <= n)
    return NextOffers(
        users=_with_goals(baskets.users.join(best, "basket"), bought),
        personas=_by_persona(baskets.users, best, assignments, ranked_by, n),
        ranked_by=ranked_by,
        definition=_define(window, not_bought_days, ranked_by),
    )


def _rank_pairs(attach: pd.DataFrame, economics: pd.DataFrame | None) -> tuple[pd.DataFrame, RankedBy]:
    """Return the pairs worth offering, the best first; ``place`` is their number."""
    pairs = _check_attach(attach)
    money = _check_economics(economics, pairs)
    joined = pairs.merge(money, on="category", how="left")
    value = joined["added_rate"] * joined["margin"] * joined["uplift"]
    joined["expected_value"] = value - joined["coupon_cost"] * joined["redeem_probability"]
    ranked_by: RankedBy = "added_rate" if joined["expected_value"].isna().any() else "expected_value"
    if ranked_by == "expected_value":
        joined = joined[joined["expected_value"] > 0]
    order = [ranked_by, "category", "owned_category"]
    joined = joined.sort_values(order, ascending=[False, True, True], ignore_index=True)
    joined["place"] = np.arange(len(joined))
    return joined[["place", *_PAIR_COLUMNS]], ranked_by


def _check_attach(attach: pd.DataFrame) -> pd.DataFrame:
    absent = [column for column in _ATTACH_COLUMNS if column not in attach]
    if absent:
        raise DataError(f"The attach table lacks {', '.join(absent)}; expected {', '.join(_ATTACH_COLUMNS)}.")
    pairs = attach[list(_ATTACH_COLUMNS)].dropna(subset=["rate", "lift", "tier"])
    pairs = pairs.rename(columns={"row": "owned_category", "column": "category"})
    names = dict.fromkeys(("owned_category", "category", "tier"), "str")
    pairs = pairs.astype({"rate": "float64", "lift": "float64", **names})
    if not pairs["rate"].between(0, 1).all():
        raise DataError("The attach table holds rates outside 0 to 1; expected probabilities.")
    if (pairs["lift"] < 0).any():
        raise DataError("The attach table holds negative lifts; expected 0 or more.")
    unknown = sorted(set(pairs["tier"]) - set(TIERS))
    if unknown:
        raise DataError(
            f"The attach table holds the tiers {', '.join(unknown)}; expected {', '.join(TIERS)}."
        )
    if pairs.duplicated(["owned_category", "category"]).any():
        raise DataError("The attach table holds a pair of categories twice; expected each pair once.")
    of_all = pairs["owned_category"] == ALL
    fitting = pairs[of_all | (pairs["tier"].isin(OFFERED) & (pairs["lift"] > 1))]
    # Who owns nothing is one of everybody: there is no base to go beyond.
    base = (fitting["rate"] / fitting["lift"]).mask(of_all, 0.0)
    return fitting.assign(added_rate=fitting["rate"] - base)


def _check_economics(economics: pd.DataFrame | None, pairs: pd.DataFrame) -> pd.DataFrame:
    if economics is None:
        economics = pairs[["category"]].drop_duplicates()
    if "category" not in economics or economics["category"].duplicated().any():
        raise DataError("The economics lack a category, or hold one twice; expected one row per category.")
    # A table of no candidate may have come without types.
    money = (
        economics.astype({"category": "str"})
        .reindex(columns=["category", *_ECONOMICS])
        .astype(dict.fromkeys(_ECONOMICS, "float64"))
    )
    if (money[["uplift", "coupon_cost"]] < 0).any(axis=None):
        raise DataError("The economics hold a negative uplift or coupon cost; expected 0 or more.")
    known = money["redeem_probability"].dropna()
    if not known.between(0, 1).all():
        raise DataError("The economics hold a redeem_probability outside 0 to 1; expected a probability.")
    return money


class _Baskets(NamedTuple):
    """Users who own the same categories, and bought the same lately, get the same offers.

    ``users``: user_id, basket. ``owned``: basket, category, is_recent.
    """

    users: ibis.Table
    owned: ibis.Table


def _baskets(
    bought: ibis.Table, users: ibis.Table | None, window: ObservationWindow, not_bought_days: int | None
) -> _Baskets:
    days = window.lookback_days if not_bought_days is None else not_bought_days
    is_recent = bought["event_at"] >= ibis.timestamp(ObservationWindow(window.as_of, days).start_at)
    lines = bought.drop_null(["category"]).mutate(is_recent=is_recent)
    owned = lines.group_by("user_id", "category").agg(is_recent=lines["is_recent"].any())
    if users is None:
        everybody = bought.select("user_id").distinct()
    else:
        check_columns(users, "users", ("user_id",))
        everybody = users.select("user_id").distinct()
        owned = owned.semi_join(everybody, "user_id")
    named = owned.mutate(item=owned["category"] + owned["is_recent"].ifelse("+", "-"))
    listed = named.group_by("user_id").agg(basket=named["item"].group_concat("\n", order_by=named["item"]))
    all_users = everybody.left_join(listed, "user_id").select("user_id", "basket").fill_null({"basket": ""})
    # What a basket holds is what one of its users owns.
    first = all_users.group_by("basket").agg(user_id=all_users["user_id"].min())
    return _Baskets(all_users, owned.join(first, "user_id").select("basket", "category", "is_recent"))


def _basket_offers(baskets: _Baskets, ranked: pd.DataFrame) -> ibis.Table:
    """Return each basket's best pair per candidate that was not bought lately."""
    import pyarrow as pa

    schema = pa.schema(
        [
            ("place", pa.int64()),
            ("owned_category", pa.string()),
            ("category", pa.string()),
            ("rate", pa.float64()),
            ("added_rate", pa.float64()),
            ("tier", pa.string()),
            ("expected_value", pa.float64()),
        ]
    )
    pairs = ibis.memtable(pa.Table.from_pandas(ranked[schema.names], schema, preserve_index=False))
    nothing = baskets.users.filter(baskets.users["basket"] == "").select("basket").distinct()
    anchors = baskets.owned.select("basket", owned_category="category").union(
        nothing.mutate(owned_category=ibis.literal(ALL))
    )
    joined = anchors.join(pairs.select("owned_category", "category", "place"), "owned_category")
    candidates = joined.group_by("basket", "category").agg(place=joined["place"].min())
    recent = baskets.owned.filter(baskets.owned["is_recent"])
    open_ones = candidates.anti_join(recent, ["basket", "category"]).select("basket", "place")
    return open_ones.join(pairs, "place").select("basket", *schema.names)


def _with_goals(best: ibis.Table, bought: ibis.Table) -> ibis.Table:
    orders = bought.group_by("user_id").agg(n_orders=bought["order_key"].nunique())
    joined = best.left_join(orders, "user_id")
    n_orders = joined["n_orders"].fill_null(0)
    goal = ibis.cases((n_orders == 0, "new"), (n_orders == 1, "first_to_second"), else_="repeat")
    columns = ("category", "owned_category", *_PAIR_COLUMNS[2:])
    return joined.mutate(goal=goal).select("user_id", "rank", *columns, "goal")


def _by_persona(
    users: ibis.Table, offers: ibis.Table, assignments: ibis.Table | None, ranked_by: RankedBy, n: int
) -> pd.DataFrame:
    sliced = by_persona(users, assignments)
    sizes = sliced.group_by("persona_id", "basket").agg(n=sliced.count())
    joined = sizes.join(offers, "basket")
    # Sums of decimals are exact, so they don't depend on the order of the rows.
    rate, added = (joined[name].cast("decimal(18, 9)") * joined["n"] for name in ("rate", "added_rate"))
    value = joined["expected_value"].cast("decimal(18, 6)") * joined["n"]
    counts = joined.group_by("persona_id", "category").agg(
        n_users=joined["n"].sum(),
        **{f"n_{tier}": joined["n"].sum(where=joined["tier"] == tier).fill_null(0) for tier in OFFERED},
        rate=rate.sum(),
        added_rate=added.sum(),
        value=value.sum(),
        n_valued=joined["n"].sum(where=joined["expected_value"].notnull()).fill_null(0),  # noqa: PD004 - of Ibis
    )
    table: pd.DataFrame = counts.to_pyarrow().to_pandas()
    table = table.astype(dict.fromkeys(("rate", "added_rate", "value"), "float64"))
    known = table["n_valued"] == table["n_users"]
    table = table.assign(
        mean_rate=table["rate"] / table["n_users"],
        mean_added_rate=table["added_rate"] / table["n_users"],
        expected_value=table["value"].where(known),
    )
    table = table.sort_values(
        ["persona_id", ranked_by, "category"], ascending=[True, False, True], ignore_index=True
    )
    table["rank"] = table.groupby("persona_id").cumcount() + 1
    columns = ["persona_id", "rank", "category", "n_users", *(f"n_{tier}" for tier in OFFERED)]
    figures = ["mean_rate", "mean_added_rate", "expected_value"]
    return table.loc[table["rank"] <= n, [*columns, *figures]].reset_index(drop=True)


def _define(window: ObservationWindow, not_bought_days: int | None, ranked_by: RankedBy) -> Text:
    seen = span(window)
    excluded = (
        Text("期内已购品类不推荐", "Categories bought in the window are not offered")
        if not_bought_days is None
        else Text(
            f"{not_bought_days}天内已购品类不推荐",
            f"Categories bought in the last {not_bought_days} days are not offered",
        )
    )
    order = (
        Text(
            "按期望价值排序，期望价值不为正者不推荐",
            "Ranked by expected value; offers worth nothing are left out",
        )
        if ranked_by == "expected_value"
        else Text(
            "因有品类的毛利、增益、券成本或核销率未知，按增量连带率排序",
            "The margin, uplift, coupon cost or redemption of a category is unknown: ranked by added rate",
        )
    )
    return Text(
        f"已购：{seen.zh}。仅推荐与用户已购品类为高、中关联的品类；增量连带率 = 连带率 × (1 - 1 ÷ 提升度)，即关联所能解释的部分，取已购各品类中"
        f"最高者；期望价值 = 增量连带率 × 毛利 × 增益 - 券成本 × 核销率；{excluded.zh}。{order.zh}。人数 = 该品类排在其最优推荐之列的用户。"
        "用券目标按期内订单数：0单拉新，1单一转二，2单及以上复购。连带率为观测值，增益须经对照测试。",
        f"Owned: bought {seen.en}. Offered is only what has a high or mid association with a category that the user owns. "
        "Added rate = attach rate x (1 - 1 / lift), the part that the association explains, the largest over the categories that "
        "the user owns; expected value = added rate x margin x uplift - coupon cost x redemption. "
        f"{excluded.en}. {order.en}. Users = who have the category among their best offers. Coupon goal by orders in the "
        "window: none = new, one = first to second, more = repeat. Rates are observed; the uplift needs a test.",
    )
