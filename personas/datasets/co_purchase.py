"""A second planted world: what is bought together, what follows what, and where the market is ahead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from personas.datasets.behaviour import (
    _DAY,
    _N_DAYS,
    _N_ITEMS,
    _around,
    _draw_seconds,
    _make_ads,
    _make_browsing,
    _Rows,
    _to_table,
)
from personas.datasets.home_appliances import make_home_appliances
from personas.datasets.planted import (
    ACTIVITY_SHAPE,
    CATEGORIES,
    CATEGORY_NAMES,
    HUB,
    PERSONAS,
    Floats,
)
from personas.datasets.planted_market import (
    GROWTH,
    OPPORTUNITIES,
    growth_truth,
    make_items,
    make_market,
    make_tags,
)
from personas.datasets.world import World

Integers = NDArray[np.int64]

SCENES: Final = ("客厅", "安防", "厨房")

SUBSTITUTES: Final = ("扫地机", "洗地机")
"""Two ways to clean a floor: nearly every user sticks to one of them."""

_EPISODES: Final[Floats] = np.array(
    [[1.0, 0.3, 0.3], [0.3, 0.3, 1.0], [0.3, 1.0, 0.3], [0.7, 0.7, 0.2], [0.3, 0.3, 0.3]]
)
"""Expected episodes in the three years, per persona (rows) and scene (columns), at average activity."""

_BOUGHT_IN_EPISODE: Final = {"客厅": 0.45, "安防": 0.65, "厨房": 0.45}
"""Chance of each category of a scene to be bought in an episode of it."""

_FLOOR_CARE: Final = 0.7
"""The same chance of the substitutes together."""

_SINGLE_ORDERS: Final = 1.6
"""Expected orders of the three years that have nothing to do with any scene."""

_HUB_BESIDE: Final = 0.12
"""Chance that a line has a phone beside it in the same order, whatever its category."""

_STICKS: Final = 0.97
"""Chance that a user who needs one of the substitutes takes the one they always take."""

LEADERS: Final = ("空调", "电视")
FOLLOWERS: Final = ("音箱", *SUBSTITUTES)
MEDIAN_LAG_DAYS: Final = 30
"""In an episode with a leader, leaders are bought at its start, followers an exponential time later."""

_SAME_ORDER: Final = 0.35
_AROUND_DAYS: Final = (-15.0, 50.0)
"""The other categories share the episode's first order, or come at any time around it."""


@dataclass(frozen=True, slots=True)
class CoPurchaseWorld(World):
    """A world with planted scenes, sequences, growth and opportunities.

    Parameters
    ----------
    users, events, identifiers, consents, truth, window
        As in :class:`personas.datasets.World`.
    items : pyarrow.Table, one row per item
        商品ID, 品类, 品牌, 价格 (CNY), 事业部, 是否本品.
    tags : pyarrow.Table, one row per user and tag
        用户ID, 标签, 值, 来源.
    market : pyarrow.Table, one row per year, category, and brand or segment
        起始日, 截止日, 品类, 品牌, 人群, 购买人数, 订单数, 成交金额; see
        :func:`personas.datasets.planted_market.make_market`.
    scenes : pyarrow.Table of ``category`` and ``scene``
        Truth; null = belongs to no scene, the hub among them.
    sequence : pyarrow.Table of ``first``, ``then`` and ``median_days``
        Truth: what is bought first and what follows.
    substitutes : pyarrow.Table of ``category_a`` and ``category_b``
        Truth.
    opportunities : pyarrow.Table of ``category``, ``segment``, ``brand_share`` and ``market_share``
        Truth, largest gap first: the segment's share among buyers of the brand and of the market.
    growth : pyarrow.Table of ``category``, ``yearly_growth``, ``market_growth``, ``market_share``, ``quadrant``
        Truth: factors per year, the brand's share of the market's buyers in the last year, and the place in
        the growth-share matrix of the four that stand there plainly.
    """

    items: pa.Table
    tags: pa.Table
    market: pa.Table
    scenes: pa.Table
    sequence: pa.Table
    substitutes: pa.Table
    opportunities: pa.Table
    growth: pa.Table

    @property
    def tables(self) -> dict[str, pa.Table]:
        """Source tables by name, every truth left out."""
        return {
            "users": self.users,
            "events": self.events,
            "identifiers": self.identifiers,
            "consents": self.consents,
            "items": self.items,
            "tags": self.tags,
            "market": self.market,
        }

    @property
    def truths(self) -> dict[str, pa.Table]:
        """What was planted, by the name of the file that tells it."""
        return {
            "truth": self.truth,
            "truth_scenes": self.scenes,
            "truth_sequence": self.sequence,
            "truth_substitutes": self.substitutes,
            "truth_opportunities": self.opportunities,
            "truth_growth": self.growth,
        }


def make_co_purchase_world(n_users: int = 20_000, *, random_state: int = 0) -> CoPurchaseWorld:
    """Make three years of the home-appliance brand's customers, whose orders follow scenes.

    Users, profiles, identifiers and consents are those of
    :func:`personas.datasets.make_home_appliances` for the same arguments; the events are others.

    *Scenes.* A user has episodes (furnishing the living room, say): Poisson, persona x own activity. In an
    episode each category of the scene is bought with the same chance, within weeks. *Single orders* of
    every category, in no scene's favour, lie between. *The hub* 手机 is bought alone, and beside 12 % of
    all other lines whatever they are. *Substitutes*: 扫地机 and 洗地机 serve the same episodes, and a user
    keeps to one of them. *Sequence*: in an episode with 空调 or 电视 these come first, 音箱 and 扫地机 or 洗地机 after a
    median of 30 days. *Growth*: lines are thinned so that every category grows or shrinks at its own rate.
    *Opportunities*: in the market two segments buy two categories far more than among the brand's buyers.

    Parameters
    ----------
    n_users : int, 1 to 1,000,000
        Number of users.
    random_state : int, >= 0
        Seed; the same seed and ``n_users`` give the same world.

    Returns
    -------
    CoPurchaseWorld
        Tables in Chinese columns and values, with the truths beside them.

    Raises
    ------
    ConfigError
        If ``n_users`` or ``random_state`` is out of range.

    Notes
    -----
    The scenes of nine categories, the hub and the order of large before small appliances are those of a
    published case of a consumer-electronics brand (2025); every rate and chance is our own choice. The
    case counts 手机 to 安防, which no figure of co-purchase can show of a category bought with everything.

    Examples
    --------
    >>> world = make_co_purchase_world(100, random_state=7)
    >>> world.events.column_names == world.tables["events"].column_names, world.sequence.num_rows
    (True, 6)
    """
    base = make_home_appliances(n_users, random_state=random_state)
    # The sixth-and-later streams of the seed are not used by the world of the same users.
    streams = np.random.default_rng(random_state).spawn(9)[6:]
    persona = pc.index_in(base.truth["persona"], pa.array(PERSONAS)).to_numpy().astype(np.int64)
    orders = _make_orders(persona, streams[0])
    events = _make_events(base.users["用户ID"].combine_chunks(), persona, orders, streams[1])
    return CoPurchaseWorld(
        users=base.users,
        events=events,
        identifiers=base.identifiers,
        consents=base.consents,
        truth=base.truth,
        window=base.window,
        items=make_items(),
        tags=make_tags(base.users, streams[2]),
        market=make_market(events),
        **_truths(),
    )


def shuffle_categories(world: CoPurchaseWorld, *, random_state: int = 0) -> CoPurchaseWorld:
    """Return the world with the contents of all order lines dealt out anew.

    Parameters
    ----------
    world : CoPurchaseWorld
        What is shuffled.
    random_state : int, >= 0
        Seed.

    Returns
    -------
    CoPurchaseWorld
        Order lines only. Every user keeps the number, the times and the order numbers of their lines,
        every category the number of its lines with their amounts and items; which user got what is pure
        chance. The truths still tell what was planted before.

    Examples
    --------
    >>> world = make_co_purchase_world(100, random_state=7)
    >>> shuffled = shuffle_categories(world)
    >>> set(shuffled.events["行为"].to_pylist())
    {'下单'}
    """
    lines = world.events.filter(pc.equal(world.events["行为"], "下单"))
    dealt = lines.take(pa.array(np.random.default_rng(random_state).permutation(lines.num_rows)))
    for name in ("品类", "金额", "数量", "商品ID", "品牌"):
        lines = lines.set_column(lines.column_names.index(name), name, dealt[name].combine_chunks())
    return replace(world, events=lines)


def _truths() -> dict[str, pa.Table]:
    scene = [None if c.name.zh == HUB or not c.scene else c.scene for c in CATEGORIES]
    pairs = [(leader, follower) for leader in LEADERS for follower in FOLLOWERS]
    return {
        "scenes": pa.table({"category": list(CATEGORY_NAMES), "scene": scene}),
        "sequence": pa.table(
            {
                "first": [first for first, _ in pairs],
                "then": [then for _, then in pairs],
                "median_days": [MEDIAN_LAG_DAYS] * len(pairs),
            }
        ),
        "substitutes": pa.table({"category_a": SUBSTITUTES[:1], "category_b": SUBSTITUTES[1:]}),
        "opportunities": pa.Table.from_pylist([opportunity._asdict() for opportunity in OPPORTUNITIES]),
        "growth": growth_truth(),
    }


def _make_orders(persona: Integers, rng: np.random.Generator) -> _Rows:
    activity = rng.gamma(ACTIVITY_SHAPE, 1 / ACTIVITY_SHAPE, size=len(persona))
    user, category, second = (
        np.concatenate(parts)
        for parts in zip(_episode_lines(persona, activity, rng), _single_lines(activity, rng), strict=True)
    )
    category = _stick_to_one(user, category, len(persona), rng)
    beside = (rng.random(len(user)) < _HUB_BESIDE) & (category != CATEGORY_NAMES.index(HUB))
    user, second = np.append(user, user[beside]), np.append(second, second[beside])
    category = np.append(category, np.full(beside.sum(), CATEGORY_NAMES.index(HUB)))
    kept = (second >= 0) & (second < _N_DAYS * _DAY)
    growth = np.array([GROWTH[name].brand for name in CATEGORY_NAMES])[category]
    years = second / (365.25 * _DAY)
    kept &= rng.random(len(user)) < growth**years / np.maximum(1.0, growth**3.1)
    return _priced(_Rows("下单", user[kept], second[kept], category[kept]), rng)


def _episode_lines(
    persona: Integers, activity: Floats, rng: np.random.Generator
) -> tuple[Integers, Integers, Integers]:
    """Return user, category and second of the lines of all episodes."""
    counts = rng.poisson(_EPISODES[persona] * activity[:, None]).ravel()
    user, scene = np.divmod(np.repeat(np.arange(counts.size), counts), len(SCENES))
    started = _draw_seconds(len(user), rng)
    belongs = np.array([[c.scene == s and c.name.zh != HUB for c in CATEGORIES] for s in SCENES])
    chance = belongs * np.array([[_BOUGHT_IN_EPISODE[s]] for s in SCENES])
    # One of the substitutes stands for both until it is known which of them the user takes.
    one, other = (CATEGORY_NAMES.index(name) for name in SUBSTITUTES)
    chance[:, one], chance[:, other] = _FLOOR_CARE * belongs[:, one], 0.0
    episode, category = np.nonzero(rng.random((len(user), len(CATEGORIES))) < chance[scene])
    same = rng.random(len(episode)) < _SAME_ORDER
    lag = np.where(same, 0.0, rng.uniform(*_AROUND_DAYS, size=len(episode)))
    names = np.array(CATEGORY_NAMES)[category]
    leads = np.isin(names, LEADERS)
    lag[leads] = 0.0
    follows = np.isin(names, FOLLOWERS) & np.isin(episode, episode[leads])
    lag[follows] = rng.exponential(MEDIAN_LAG_DAYS / np.log(2), size=int(follows.sum()))
    return user[episode], category, started[episode] + np.rint(lag * _DAY).astype(np.int64)


def _single_lines(activity: Floats, rng: np.random.Generator) -> tuple[Integers, Integers, Integers]:
    popularity = np.array([c.popularity for c in CATEGORIES])
    popularity[CATEGORY_NAMES.index(HUB)] = popularity.sum() / 4
    counts = rng.poisson(_SINGLE_ORDERS * activity)
    user = np.repeat(np.arange(len(activity)), counts)
    category = rng.choice(len(CATEGORIES), size=len(user), p=popularity / popularity.sum())
    return user, category, _draw_seconds(len(user), rng)


def _stick_to_one(user: Integers, category: Integers, n_users: int, rng: np.random.Generator) -> Integers:
    """Give every line of a substitute to the one that its user takes."""
    pair = np.array([CATEGORY_NAMES.index(name) for name in SUBSTITUTES])
    favourite = rng.integers(0, 2, size=n_users)
    takes = np.where(rng.random(len(user)) < _STICKS, favourite[user], 1 - favourite[user])
    return np.where(np.isin(category, pair), pair[takes], category)


def _priced(orders: _Rows, rng: np.random.Generator) -> _Rows:
    """Add items, quantities, amounts and order numbers; lines of one user in one second are one order."""
    n = len(orders.user)
    _, order = np.unique(orders.user * (_N_DAYS * _DAY) + orders.second, return_inverse=True)
    orders.order = rng.permutation(int(order.max(initial=-1)) + 1)[order] + 1
    orders.item = rng.integers(0, _N_ITEMS, size=n)
    orders.quantity = 1 + (rng.random(n) < 0.05)
    prices = np.array([category.price for category in CATEGORIES]) * 100
    unit = prices[orders.category] * (0.6 + 0.15 * orders.item) * rng.uniform(0.8, 1.0, size=n)
    orders.cents = np.rint(unit).astype(np.int64) * orders.quantity
    return orders


def _make_events(user_ids: pa.Array, persona: Integers, orders: _Rows, rng: np.random.Generator) -> pa.Table:
    activity = rng.gamma(ACTIVITY_SHAPE, 1 / ACTIVITY_SHAPE, size=len(persona))
    browsing = _make_browsing(persona, activity, rng)
    return _to_table(user_ids, [orders, *_around(orders, rng), browsing, *_make_ads(persona, rng)])
