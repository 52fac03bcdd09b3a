"""A planted world that changes: months of users, most of them the same, among whom kinds split, merge, come and go.

Made of the parts of the home-appliance world (:mod:`personas.datasets.planted`), but as features see it: one row
per user and month, in canonical levels. Profiles and activity stay with a user; what a user orders is drawn anew
every month, so that nothing but a model's own memory carries an answer from one month to the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from personas.datasets.planted import (
    ACTIVITY_SHAPE,
    CATEGORIES,
    CATEGORY_NAMES,
    MISSING_SHARE,
    PERSONA_SHARES,
    PERSONAS,
    PROFILE_MARGINALS,
    Floats,
    category_rates,
)
from personas.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    import pandas as pd

ChangeKind = Literal["split", "merge", "birth", "death"]

KEPT_SHARE = 2 / 3
"""Share of the users of a month who are there in the next one."""

BIRTH_SHARE = 0.15
"""Share of a new kind among the users of its first month."""

_LEVELS = {
    "marital_status": ("婚姻状况", ("married", "unmarried", "divorced", "widowed")),
    "education": (
        "学历",
        (
            "primary",
            "junior_high",
            "high_school",
            "high_school",
            "college",
            "bachelor",
            "postgraduate",
            "postgraduate",
        ),
    ),
    "city_tier": ("城市线级", ("T1", "T2", "T3", "T4", "T5", "T6")),
    "target_group": ("十大靶群", PROFILE_MARGINALS["十大靶群"].levels),
}
_AGES = ((30.5, 4.5), (35.5, 4.5), (35.5, 4.5), (30.5, 4.5), (38.0, 11.0))
_MEMBERSHIP = ((8000.0, 0.42), (8000.0, 0.42), (4300.0, 0.40), (4300.0, 0.40), (2800.0, 0.80))

_CLEAR_ORDERS = 4.0
"""How many times as many orders there are where kinds are clear."""

_CLEAR_POWER = 2.0
"""Power that sharpens the shares of levels where kinds are clear; spreads of numbers are divided by it."""

_CLEAR_BACKGROUND = ((58.0, 9.0), (1000.0, 0.6))
"""Age and membership value of the background where kinds are clear, before its spreads are divided: nobody's card."""

_HALVES = (("音箱", "路由器", "扫地机"), ("电视", "空调", "空气净化器"))
"""Categories that the two halves of a kind that split take along."""

_NEWCOMERS = {"吸尘器": 14.0, "净水器": 8.0, "洗衣机": 8.0}
"""How many times as often as background users a new kind picks a category."""

_NEWCOMER_CARD = {
    "ages": (23.5, 4.5),
    "membership": (1800.0, 0.4),
    "marital_status": (0.08, 0.90, 0.01, 0.01),
    "education": (0.01, 0.02, 0.12, 0.15, 0.50, 0.18, 0.01, 0.01),
    "city_tier": (0.03, 0.05, 0.12, 0.30, 0.30, 0.20),
    "target_group": (0.02, 0.04, 0.02, 0.03, 0.01, 0.35, 0.02, 0.10, 0.01, 0.40),
}
"""Who a new kind is: the profile of a planted persona that is not among the cards."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to kinds in one month.

    Parameters
    ----------
    month : int, >= 1
        First month of the new state.
    kind : {"split", "merge", "birth", "death"}
        A split parts each user of a kind at random in two; a merger gives the users of two kinds with one profile one
        taste; a birth brings new users; a death takes the users away.
    before, after : tuple of str
        Keys of the kinds that end and that begin.
    """

    month: int
    kind: ChangeKind
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


CHANGES = (
    Change(3, "split", ("smart_trendsetters",), ("smart_sound", "smart_comfort")),
    Change(5, "birth", (), ("spotless",)),
    Change(8, "merge", ("smart_sound", "smart_comfort"), ("smart_home",)),
    Change(10, "death", ("quality_and_taste",), ()),
)
"""One of each, in months of their own."""


@dataclass(frozen=True, slots=True, eq=False)
class Month:
    """The users of one month.

    Parameters
    ----------
    number : int
        0, 1, ...
    users : DataFrame of shape (n_users, n_features), indexed by ``user_id``
        ``age``, ``membership_value``, the levels of four attributes, ``revenue``, and ``order_count:<category>``.
    truth : Series of str, shape (n_users,)
        Kind of each user.
    oracle : Series of str, shape (n_users,)
        The most probable kind by the model that made the month, from all but ``revenue``.
    """

    number: int
    users: pd.DataFrame
    truth: pd.Series[str]
    oracle: pd.Series[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Taste:
    """What a kind orders, which row of the cards its users are drawn from, and how many there are."""

    rates: Floats
    card: int
    size: float


@dataclass(frozen=True, slots=True, eq=False)
class _Cards:
    """Profiles of the planted personas and, in the last row, of newcomers: mean and spread of numbers, shares."""

    ages: Floats
    membership: Floats
    shares: dict[str, Floats]


@dataclass(slots=True, eq=False)
class _People:
    """Users as arrays of one length; -1 and NaN = missing."""

    number: NDArray[np.int64]
    kind: NDArray[np.object_]
    activity: Floats
    age: Floats
    membership: Floats
    codes: dict[str, NDArray[np.int64]]

    def rows(self, chosen: NDArray[np.bool_]) -> _People:
        return _People(
            self.number[chosen],
            self.kind[chosen],
            self.activity[chosen],
            self.age[chosen],
            self.membership[chosen],
            {name: code[chosen] for name, code in self.codes.items()},
        )

    def with_more(self, more: _People) -> _People:
        return _People(
            np.concatenate([self.number, more.number]),
            np.concatenate([self.kind, more.kind]),
            np.concatenate([self.activity, more.activity]),
            np.concatenate([self.age, more.age]),
            np.concatenate([self.membership, more.membership]),
            {name: np.concatenate([code, more.codes[name]]) for name, code in self.codes.items()},
        )


def make_evolution(
    n_users: int = 3_000,
    *,
    n_months: int = 12,
    is_clear: bool = True,
    changes: Sequence[Change] = (),
    random_state: int = 0,
) -> Iterator[Month]:
    """Make months that share two thirds of their users.

    Parameters
    ----------
    n_users : int, >= 100
        Users of each month.
    n_months : int, >= 1
        Number of months.
    is_clear : bool
        Whether kinds are so clear that the best classifier is right in 99 of 100 users; else they are those of the
        home-appliance world, with its noise.
    changes : sequence of Change
        What happens; :data:`CHANGES` has one of each.
    random_state : int, >= 0
        Seed; the same arguments give the same months.

    Yields
    ------
    Month

    Raises
    ------
    ConfigError
        If a number is out of range, or kinds of different profiles merge.
    NotFoundError
        If a change names a kind that is not there in its month.

    Examples
    --------
    >>> first, second = make_evolution(300, n_months=2)
    >>> len(first.users), len(first.users.index.intersection(second.users.index))
    (300, 200)
    """
    for name, value, least in (
        ("n_users", n_users, 100),
        ("n_months", n_months, 1),
        ("random_state", random_state, 0),
    ):
        if value < least:
            raise ConfigError(f"{name} is {value}; expected a whole number of at least {least}.")
    rng = np.random.default_rng(random_state)
    tastes, cards = _founders(is_clear=is_clear), _cards(is_clear=is_clear)
    people = _newcomers(n_users, 0, tastes, cards, rng)
    n_ever = n_users
    for month in range(n_months):
        if month:
            stays = np.zeros(len(people.number), dtype=bool)
            stays[rng.permutation(len(stays))[: round(KEPT_SHARE * n_users)]] = True
            people = people.rows(stays)
        for change in changes:
            if change.month == month:
                people, tastes = _apply(change, people, tastes, is_clear=is_clear, rng=rng)
                if change.kind == "birth":
                    born = {change.after[0]: replace(tastes[change.after[0]], size=1.0)}
                    more = _newcomers(round(BIRTH_SHARE * n_users), n_ever, born, cards, rng)
                    people, n_ever = people.with_more(more), n_ever + len(more.number)
        missing = max(0, n_users - len(people.number))
        people, n_ever = people.with_more(_newcomers(missing, n_ever, tastes, cards, rng)), n_ever + missing
        yield _month(month, people, tastes, cards, rng)


def _cards(*, is_clear: bool) -> _Cards:
    card = _NEWCOMER_CARD
    ages, membership = np.array([*_AGES, card["ages"]]), np.array([*_MEMBERSHIP, card["membership"]])
    shares = {
        name: np.vstack([PROFILE_MARGINALS[column].shares, card[name]])
        for name, (column, _) in _LEVELS.items()
    }
    if is_clear:
        ages[-2], membership[-2] = _CLEAR_BACKGROUND
        ages[:, 1] /= _CLEAR_POWER
        membership[:, 1] /= _CLEAR_POWER
        shares = {name: table**_CLEAR_POWER for name, table in shares.items()}
        shares = {name: table / table.sum(axis=1, keepdims=True) for name, table in shares.items()}
    return _Cards(ages, membership, shares)


def _founders(*, is_clear: bool) -> dict[str, _Taste]:
    rates = category_rates() * (_CLEAR_ORDERS if is_clear else 1.0)
    return {key: _Taste(rates[row], row, float(PERSONA_SHARES[row])) for row, key in enumerate(PERSONAS)}


def _apply(
    change: Change,
    people: _People,
    tastes: dict[str, _Taste],
    *,
    is_clear: bool,
    rng: np.random.Generator,
) -> tuple[_People, dict[str, _Taste]]:
    """Return who is there, and the kinds, after a change."""
    absent = [key for key in change.before if key not in tastes]
    if absent:
        raise NotFoundError(
            f"The {change.kind} of month {change.month} names {', '.join(absent)}; known are {', '.join(tastes)}."
        )
    old = [tastes[key] for key in change.before]
    tastes = {key: taste for key, taste in tastes.items() if key not in change.before}
    mine = np.isin(people.kind, change.before)
    if change.kind == "death":
        return people.rows(~mine), tastes
    if change.kind == "birth":
        background = _founders(is_clear=is_clear)[PERSONAS[-1]].rates
        liked = np.array([_NEWCOMERS.get(name, 1.0) for name in CATEGORY_NAMES]) * background
        total = _founders(is_clear=is_clear)[PERSONAS[0]].rates.sum()
        taste = _Taste(liked * total / liked.sum(), len(PERSONAS), BIRTH_SHARE)
        return people, {**tastes, change.after[0]: taste}
    people.kind = people.kind.copy()
    if change.kind == "merge":
        if len({taste.card for taste in old}) > 1:
            raise ConfigError(
                f"The merger of month {change.month} joins {' and '.join(change.before)}, who differ in profile; expected "
                "kinds that came of one split. What people order can become alike, who they are can't."
            )
        rates = np.mean([taste.rates for taste in old], axis=0)
        tastes[change.after[0]] = _Taste(rates, old[0].card, sum(taste.size for taste in old))
        people.kind[mine] = change.after[0]
        return people, tastes
    for own, other, key in (
        (_HALVES[0], _HALVES[1], change.after[0]),
        (_HALVES[1], _HALVES[0], change.after[1]),
    ):
        tastes[key] = replace(old[0], rates=_leaning(old[0].rates, own, other), size=old[0].size / 2)
    people.kind[mine] = np.where(rng.random(mine.sum()) < 0.5, *change.after)
    return people, tastes


def _leaning(rates: Floats, own: Sequence[str], other: Sequence[str]) -> Floats:
    """Move nearly all orders of some categories to others."""
    mine, theirs = (np.isin(CATEGORY_NAMES, names) for names in (own, other))
    moved = 0.95 * rates[theirs].sum()
    leaning = np.where(theirs, 0.05 * rates, rates)
    return np.where(mine, leaning * (1 + moved / rates[mine].sum()), leaning)


def _newcomers(
    n: int, first: int, tastes: dict[str, _Taste], cards: _Cards, rng: np.random.Generator
) -> _People:
    keys = list(tastes)
    sizes = np.array([tastes[key].size for key in keys])
    kind = np.array(keys, dtype=object)[rng.choice(len(keys), size=n, p=sizes / sizes.sum())]
    card = np.array([tastes[key].card for key in kind], dtype=np.int64)
    ages, membership = cards.ages[card], cards.membership[card]
    codes = {}
    for name, shares in cards.shares.items():
        edges = shares.cumsum(axis=1)[card]
        code = np.minimum((rng.random(n)[:, None] > edges).sum(axis=1), edges.shape[1] - 1)
        codes[name] = np.where(rng.random(n) < MISSING_SHARE, -1, code)
    return _People(
        number=np.arange(first, first + n),
        kind=kind,
        activity=rng.gamma(ACTIVITY_SHAPE, 1 / ACTIVITY_SHAPE, size=n),
        age=_gaps(np.clip(rng.normal(ages[:, 0], ages[:, 1]), 16, 80), rng),
        membership=_gaps(membership[:, 0] * np.exp(membership[:, 1] * rng.standard_normal(n)), rng),
        codes=codes,
    )


def _gaps(values: Floats, rng: np.random.Generator) -> Floats:
    return np.where(rng.random(len(values)) < MISSING_SHARE, np.nan, values)


def _month(
    number: int, people: _People, tastes: dict[str, _Taste], cards: _Cards, rng: np.random.Generator
) -> Month:
    import pandas as pd

    keys = list(tastes)
    rates = np.array([tastes[key].rates for key in keys])
    row = np.array([keys.index(key) for key in people.kind])
    counts = rng.poisson(rates[row] * people.activity[:, None])
    prices = np.array([category.price for category in CATEGORIES])
    spend = (counts * prices).sum(axis=1) * rng.uniform(0.7, 1.3, size=len(row))
    index = pd.Index([f"E{n:07d}" for n in people.number], name="user_id")
    levels = {
        name: np.array([*names, None], dtype=object)[people.codes[name]]
        for name, (_, names) in _LEVELS.items()
    }
    columns = {"age": people.age, **levels, "membership_value": people.membership, "revenue": np.rint(spend)}
    orders = {f"order_count:{name}": counts[:, j].astype(float) for j, name in enumerate(CATEGORY_NAMES)}
    best = _log_posterior(people, counts, tastes, cards).argmax(axis=1)
    chosen = np.argsort(people.number, kind="stable")
    users = pd.DataFrame({**columns, **orders}, index=index).iloc[chosen]
    truth = pd.Series(people.kind, index=index, name="kind").iloc[chosen]
    oracle = pd.Series(np.array(keys, dtype=object)[best], index=index, name="kind").iloc[chosen]
    return Month(number, users, truth, oracle)


def _log_posterior(
    people: _People, counts: NDArray[np.int64], tastes: dict[str, _Taste], cards: _Cards
) -> Floats:
    """Return the log posterior of each kind, up to a constant; see :mod:`personas.datasets.oracle`."""
    ages, membership = cards.ages, cards.membership
    z_age = (people.age[:, None] - ages[:, 0]) / ages[:, 1]
    z_value = np.log(people.membership[:, None] / membership[:, 0]) / membership[:, 1]
    told = np.nan_to_num(-0.5 * z_age**2 - np.log(ages[:, 1])) + np.nan_to_num(
        -0.5 * z_value**2 - np.log(membership[:, 1])
    )
    for name, shares in cards.shares.items():
        told += np.hstack([np.log(shares), np.zeros((len(shares), 1))]).T[people.codes[name]]
    found = np.empty((len(counts), len(tastes)))
    for j, taste in enumerate(tastes.values()):
        total = counts.sum(axis=1) + ACTIVITY_SHAPE
        orders = counts @ np.log(taste.rates) - total * np.log(taste.rates.sum() + ACTIVITY_SHAPE)
        found[:, j] = np.log(taste.size) + told[:, taste.card] + orders
    return found
