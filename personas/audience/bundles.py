"""Bundles: kits of two to four items of a scene that belong together and fit a price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from personas.errors import ConfigError, DataError
from personas.schema import Text

if TYPE_CHECKING:
    import pandas as pd

Units = Literal["any", "same"]
Prices = Literal["list", "paid"]

_PRICES: dict[Prices, Text] = {
    "list": Text("原价", "list prices"),
    "paid": Text("成交单价（中位数）", "median prices paid"),
}
"""What prices are, in words."""

SMALLEST, LARGEST = 2, 4
"""Numbers of items of a bundle."""

_MOST_CHOICES = 1_000_000
"""Item choices that are tried per set of categories; more items than that allows are left out (own choice)."""

_ITEM_COLUMNS = ("item_id", "category", "brand", "price", "business_unit")


@dataclass(frozen=True, slots=True)
class BundleRule:
    """What a bundle must keep to.

    Parameters
    ----------
    price_from, price_to : float, currency of the brand, >= 0
        Range of the sum of the list prices, both ends included; ``price_to`` may be infinite.
    sizes : tuple of int, 2 to 4
        Numbers of items that are tried.
    units : {"any", "same"}
        ``"same"``: all items of one business unit, as points and coupons are settled by unit.
    business_units : frozenset of str
        Units that may take part; empty = all.
    per_scene : int, >= 1
        Most bundles per scene.

    Raises
    ------
    ConfigError
        If a value is out of range.
    """

    price_from: float = 0.0
    price_to: float = np.inf
    sizes: tuple[int, ...] = (2, 3, 4)
    units: Units = "any"
    business_units: frozenset[str] = frozenset()
    per_scene: int = 5

    def __post_init__(self) -> None:
        if not 0 <= self.price_from <= self.price_to:
            raise ConfigError(
                f"The price range is {self.price_from} to {self.price_to}; expected 0 <= from <= to."
            )
        if not self.sizes or any(not SMALLEST <= size <= LARGEST for size in self.sizes):
            raise ConfigError(
                f"The sizes are {', '.join(map(str, self.sizes)) or 'none'}; expected {SMALLEST} to {LARGEST} items."
            )
        if self.units not in ("any", "same"):
            raise ConfigError(f"units is {self.units!r}; expected any or same.")
        if self.per_scene < 1:
            raise ConfigError(f"per_scene is {self.per_scene}; expected a whole number of at least 1.")


@dataclass(frozen=True, slots=True, eq=False)
class Bundles:
    """The best bundles of each scene.

    Parameters
    ----------
    table : DataFrame, one row per bundle, by scene and rank
        ``scene``, ``rank`` (1 = best), ``n_items``, ``categories`` and ``item_ids`` (joined by " + ", in binary order
        of the categories), ``price`` (sum), ``mean_lift`` and ``min_lift`` (over the pairs, shrunk),
        ``business_unit`` (empty = several), ``hero_category``, ``expected_attach`` (NaN without attach rates).
    items : DataFrame, one row per bundle and item
        ``scene``, ``rank``, ``item_id``, ``category``, ``brand``, ``price``, ``business_unit``.
    definition : Text
        Objective, constraints and what is expected, to be printed under the tables.
    """

    table: pd.DataFrame
    items: pd.DataFrame
    definition: Text


def build_bundles(
    items: pd.DataFrame,
    lift: pd.DataFrame,
    scenes: Mapping[str, Sequence[str]],
    *,
    rule: BundleRule | None = None,
    attach: pd.DataFrame | None = None,
    prices: Prices = "list",
) -> Bundles:
    """Build the bundles of each scene whose categories are bought together most.

    Parameters
    ----------
    items : DataFrame, one row per item
        ``item_id``, ``category``, ``brand``, ``price`` (list price; unknown and 0, a gift, are never bundled),
        ``business_unit`` (missing = unknown), and, where known, ``own`` (boolean; only own items are
        bundled) and ``n_buyers`` (users; the more, the rather).
    lift : DataFrame, one row per pair of categories
        ``row``, ``column``, ``shrunk_lift``; see :func:`personas.category.association.associate`. Either order of
        a pair will do.
    scenes : mapping of str to sequence of str
        Scene -> its categories.
    rule : BundleRule, optional
        Constraints; by default none on price or unit.
    attach : DataFrame, optional
        ``row``, ``column``, ``rate``; see :func:`personas.category.attach.attach_matrix`.
    prices : {"list", "paid"}
        What the prices of the items are, to be said under the tables.

    Returns
    -------
    Bundles
        Scenes without a bundle that keeps to the rule have no row.

    Raises
    ------
    ConfigError
        If there is no scene.
    DataError
        If a table lacks a column, an item or pair stands twice, or a price is below 0.

    Notes
    -----
    A bundle has one item of each of two to four categories. It is ranked by the mean shrunk lift over its
    pairs of categories, then by more items, then by the names of the categories: lifts between single items
    rest on too few orders. A set of categories with a pair of unknown lift is left out. Each set gives at
    most one bundle: of the item choices that keep to the rule, the one whose items have the most buyers in
    all, then the lowest price, then the first item ids. Up to a million choices are tried per set; beyond,
    the least bought items are left out.

    ``expected_attach`` is the sum, over the other categories, of the rate at which buyers of the hero
    category buy them: how many of the other categories a buyer of the hero is expected to buy anyway. The
    hero is the category for which this is largest. It says what belongs together, not what bundling adds.

    Examples
    --------
    >>> import pandas as pd
    >>> items = pd.DataFrame({"item_id": ["a", "b", "c"], "category": ["净水器", "扫地机", "扫地机"], "brand": "本品",
    ...                       "price": [1000.0, 2000.0, 4000.0], "business_unit": ["厨小", "生活", "生活"]})
    >>> lift = pd.DataFrame({"row": ["净水器"], "column": ["扫地机"], "shrunk_lift": [1.8]})
    >>> found = build_bundles(items, lift, {"kitchen": ["净水器", "扫地机"]}, rule=BundleRule(price_to=3500))
    >>> found.table[["item_ids", "price", "mean_lift"]].values.tolist()
    [['a + b', 3000.0, 1.8]]
    """
    import pandas as pd

    rule = rule or BundleRule()
    if not scenes:
        raise ConfigError("No scene is given; expected at least one set of categories.")
    usable = _usable_items(items, rule)
    lifts, rates = _pairs(lift, "shrunk_lift", both_ways=True), {}
    if attach is not None:
        rates = _pairs(attach, "rate", both_ways=False)
    table, parts = [], []
    for scene, categories in scenes.items():
        for rank, chosen in enumerate(_best_of_scene(usable, lifts, sorted(set(categories)), rule), start=1):
            table.append({"scene": scene, "rank": rank, **_describe(chosen, lifts, rates)})
            parts.append(chosen.assign(scene=scene, rank=rank))
    columns = ["scene", "rank", *_ITEM_COLUMNS]
    listed = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
    return Bundles(pd.DataFrame(table, columns=_TABLE_COLUMNS), listed, _define(rule, _PRICES[prices]))


_TABLE_COLUMNS = [
    "scene",
    "rank",
    "n_items",
    "categories",
    "item_ids",
    "price",
    "mean_lift",
    "min_lift",
    "business_unit",
    "hero_category",
    "expected_attach",
]


def _usable_items(items: pd.DataFrame, rule: BundleRule) -> pd.DataFrame:
    absent = [column for column in _ITEM_COLUMNS if column not in items]
    if absent:
        raise DataError(f"The table items lacks {', '.join(absent)}; expected {', '.join(_ITEM_COLUMNS)}.")
    if items["item_id"].duplicated().any():
        raise DataError("The table items holds an item twice; expected one row per item.")
    prices = items["price"].astype("float64")
    if (prices < 0).any():
        raise DataError("The table items holds prices below 0; expected amounts of at least 0, or missing.")
    usable = items.assign(price=prices, n_buyers=items.get("n_buyers", 0))
    usable["n_buyers"] = usable["n_buyers"].fillna(0).astype("int64")
    usable = usable[(prices > 0) & usable["category"].notna()]
    if "own" in usable:
        usable = usable[usable["own"].fillna(value=False).astype(bool)]
    if rule.business_units:
        usable = usable[usable["business_unit"].isin(rule.business_units)]
    return usable.sort_values(["n_buyers", "price", "item_id"], ascending=[False, True, True])


def _pairs(table: pd.DataFrame, figure: str, *, both_ways: bool) -> dict[tuple[str, str], float]:
    absent = [column for column in ("row", "column", figure) if column not in table]
    if absent:
        raise DataError(f"The table of pairs lacks {', '.join(absent)}; expected row, column and {figure}.")
    known = table.dropna(subset=figure)
    found: dict[tuple[str, str], float] = {}
    for row, column, value in zip(known["row"], known["column"], known[figure], strict=True):
        if found.setdefault((row, column), float(value)) != float(value):
            raise DataError(f"The table of pairs holds a pair with two values of {figure}; expected one.")
    if both_ways:
        found |= {
            (column, row): value for (row, column), value in found.items() if (column, row) not in found
        }
    return found


def _best_of_scene(
    usable: pd.DataFrame, lifts: Mapping[tuple[str, str], float], categories: Sequence[str], rule: BundleRule
) -> list[pd.DataFrame]:
    stocked = [category for category in categories if (usable["category"] == category).any()]
    sets = []
    for size in sorted(set(rule.sizes)):
        for chosen in combinations(stocked, size):
            pairs = [lifts.get(pair, np.nan) for pair in combinations(chosen, 2)]
            if not np.isnan(pairs).any():
                sets.append((-_mean(pairs), -size, chosen))
    bundles: list[pd.DataFrame] = []
    for _, _, chosen in sorted(sets):
        bundle = _choose_items(usable, chosen, rule)
        if bundle is not None:
            bundles.append(bundle)
        if len(bundles) == rule.per_scene:
            break
    return bundles


def _mean(values: Sequence[float]) -> float:
    # The order of the pairs must not decide between equal means.
    return round(float(np.mean(sorted(values))), 12)


def _choose_items(usable: pd.DataFrame, categories: tuple[str, ...], rule: BundleRule) -> pd.DataFrame | None:
    """Return the best choice of one item per category that keeps to the rule, or None."""
    stock = [usable[usable["category"] == category] for category in categories]
    units = [""]
    if rule.units == "same":
        units = sorted(set.intersection(*(set(part["business_unit"].dropna()) for part in stock)))
    best: tuple[int, int, tuple[str, ...]] | None = None
    bundle = None
    for unit in units:
        parts = [part[part["business_unit"] == unit] if rule.units == "same" else part for part in stock]
        chosen = _choose(parts, rule)
        if chosen is None:
            continue
        key = (
            -int(chosen["n_buyers"].sum()),
            int(_cents(chosen["price"]).sum()),
            tuple(chosen["item_id"].astype(str)),
        )
        if best is None or key < best:
            best, bundle = key, chosen
    return bundle


def _choose(parts: Sequence[pd.DataFrame], rule: BundleRule) -> pd.DataFrame | None:
    """Return one item of each part that together keep to the price and have the most buyers, or None."""
    import pandas as pd

    low = round(100 * rule.price_from)
    high = np.iinfo(np.int64).max if np.isinf(rule.price_to) else round(100 * rule.price_to)
    prices = [_cents(part["price"]) for part in parts]
    cheapest, dearest = sum(int(p.min()) for p in prices), sum(int(p.max()) for p in prices)
    most = int(_MOST_CHOICES ** (1 / len(parts)))
    # Items that fit the price with no choice of the others are not worth trying.
    parts = [
        part[(price <= high - cheapest + price.min()) & (price >= low - dearest + price.max())].iloc[:most]
        for part, price in zip(parts, prices, strict=True)
    ]
    cents = _outer_sum([_cents(part["price"]) for part in parts])
    allowed = (cents >= low) & (cents <= high)
    if not allowed.any():
        return None
    buyers = _outer_sum([part["n_buyers"].to_numpy() for part in parts])
    allowed &= buyers == buyers[allowed].max()
    allowed &= cents == cents[allowed].min()
    ids = [part["item_id"].astype(str).to_numpy() for part in parts]
    choices = [tuple(int(i) for i in place) for place in np.argwhere(allowed)]
    best = min(choices, key=lambda places: [names[i] for names, i in zip(ids, places, strict=True)])
    return pd.concat([part.iloc[[place]] for part, place in zip(parts, best, strict=True)])


def _cents(prices: pd.Series[float]) -> NDArray[np.int64]:
    return np.rint(100 * prices.to_numpy(dtype=np.float64)).astype(np.int64)


def _outer_sum(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    total = parts[0]
    for part in parts[1:]:
        total = np.add.outer(total, part)
    return total


def _describe(
    chosen: pd.DataFrame, lifts: Mapping[tuple[str, str], float], rates: Mapping[tuple[str, str], float]
) -> dict[str, object]:
    categories = chosen["category"].tolist()
    pairs = [lifts[pair] for pair in combinations(categories, 2)]
    units = set(chosen["business_unit"].fillna(""))
    hero, attach = "", np.nan
    for category in categories:
        others = [rates.get((category, other), np.nan) for other in categories if other != category]
        total = float(np.sum(others))
        if total > attach or (np.isnan(attach) and not np.isnan(total)):
            hero, attach = category, total
    return {
        "n_items": len(chosen),
        "categories": " + ".join(categories),
        "item_ids": " + ".join(chosen["item_id"].astype(str)),
        "price": int(_cents(chosen["price"]).sum()) / 100,
        "mean_lift": _mean(pairs),
        "min_lift": min(pairs),
        "business_unit": units.pop() if len(units) == 1 else "",
        "hero_category": hero,
        "expected_attach": attach,
    }


def _define(rule: BundleRule, what: Text) -> Text:
    sizes = "/".join(str(size) for size in rule.sizes)
    dear = np.isinf(rule.price_to)
    price = Text(
        f"套装{what.zh}合计 {rule.price_from:g} 起"
        if dear
        else f"套装{what.zh}合计 {rule.price_from:g} 至 {rule.price_to:g}",
        f"{what.en} sum to at least {rule.price_from:g}"
        if dear
        else f"{what.en} sum to {rule.price_from:g} to {rule.price_to:g}",
    )
    unit = (
        Text("同一事业部", "one business unit")
        if rule.units == "same"
        else Text("可跨事业部", "any business units")
    )
    named = "、".join(sorted(rule.business_units))
    only = Text(f"，限{named}", f" among {named}") if named else Text("", "")
    return Text(
        f"每套 {sizes} 件，每品类一件，{price.zh}，{unit.zh}{only.zh}。按品类两两收缩提升度的均值排序；同一品类组合取购买人数合计最多、"
        "其次价格最低的商品。预期连带 = 核心品类购买者对其余各品类连带率之和，为观测值，不代表套装带来的增量。",
        f"Bundles of {sizes} items, one per category; {price.en}; {unit.en}{only.en}. Ranked by the mean shrunk lift "
        "over the pairs of categories; of one set of categories, the items with the most buyers, then the lowest "
        "price. Expected attach = sum of the rates at which buyers of the hero category buy the others; observed, "
        "not what bundling adds.",
    )
