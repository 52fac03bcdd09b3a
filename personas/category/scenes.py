"""Scenes: categories that the same users buy together, found or grown around seeds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from personas.category.scene_groups import (
    Groups,
    detect_groups,
    grow_groups,
    label,
    resample_labels,
)
from personas.category.scene_members import member_table
from personas.category.scene_pairs import (
    CategorySets,
    CoPurchase,
    compute_co_purchase,
    pair_table,
    read_category_sets,
)
from personas.category.scene_words import define_scenes
from personas.errors import ConfigError, NotFoundError
from personas.schema import Text
from personas.selection.jaccard import persona_jaccards, stability_word

if TYPE_CHECKING:
    import pandas as pd

MIN_BUYERS = 20
"""Categories of fewer buyers are left out by default: too few to say what they go with (own choice)."""

MIN_WEIGHT = 0.1
"""Least weight of a member by default, however many users make it significant (own choice: Cohen's small
correlation)."""

_KEY = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class SceneSeed:
    """A scene that is given by some of its categories.

    Parameters
    ----------
    key : str
        Stable id in snake_case, for example ``"living_room"``.
    name : Text
        Name for people.
    categories : tuple of str
        Seed categories, as the events spell them. They belong to the scene whatever the data say.

    Raises
    ------
    ConfigError
        If the key isn't snake_case, or there is no category, or one is named twice.

    Examples
    --------
    >>> SceneSeed("kitchen", Text("厨房", "kitchen"), ("油烟机", "洗碗机")).name.en
    'kitchen'
    """

    key: str
    name: Text
    categories: tuple[str, ...]

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ConfigError(
                f"A scene has the key {self.key!r}; expected snake_case such as living_room. Rename it."
            )
        if not self.categories or len(set(self.categories)) < len(self.categories):
            raise ConfigError(
                f"The scene {self.key} lists {len(self.categories)} categories, {len(set(self.categories))} "
                "different ones; expected at least one, and each once."
            )


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene.

    Parameters
    ----------
    scene_id : str
        The seed's key, or ``"scene_1"``, ``"scene_2"``, ... in order of ``n_users``. Found scenes are
        numbered anew in every run.
    name : Text
        As given, else after the hero category.
    hero : str
        The category with the highest weight into the rest of the scene; ties go to the smaller name.
    categories : tuple of str
        Hero first, then by weight.
    n_users : int
        Users who bought at least one of its categories.
    stability : float, 0 to 1
        Mean Jaccard index with the most similar scene of each resample of users; high by construction when
        seeded, as seeds can't leave; NaN without resamples.
    verdict : Text
        What the stability says, see :func:`personas.selection.jaccard.stability_word`.
    """

    scene_id: str
    name: Text
    hero: str
    categories: tuple[str, ...]
    n_users: int
    stability: float
    verdict: Text


@dataclass(frozen=True, slots=True, eq=False)
class SceneSet:
    """All scenes, and the figures behind them.

    Parameters
    ----------
    scenes : tuple of Scene
        Seeded ones in the order given, found ones by number of users.
    members : DataFrame, one row per category
        ``category``, ``scene_id`` (null = in no scene), ``is_hero``, ``is_seed``, ``n_buyers`` (users),
        ``weight`` and ``z_score`` of its attachment to the rest of its scene (its substitutes left out), ``attach_share`` (share of its
        buyers who bought another category of the scene; NaN in no scene), ``next_scene_id`` and
        ``next_weight``: the other scene that it goes with most. In the order of the scenes, hero first, then
        by weight; categories in no scene last, by name.
    pairs : DataFrame, one row per pair of categories
        See :func:`personas.category.scene_pairs.pair_table`.
    n_users : int
        Users who bought any of the categories.
    absent : tuple of str
        Seed categories that nobody bought.
    definition : Text
        What a scene is here, to be printed under the tables.
    """

    scenes: tuple[Scene, ...]
    members: pd.DataFrame
    pairs: pd.DataFrame
    n_users: int
    absent: tuple[str, ...]
    definition: Text

    def __getitem__(self, scene_id: str) -> Scene:
        for scene in self.scenes:
            if scene.scene_id == scene_id:
                return scene
        known = ", ".join(scene.scene_id for scene in self.scenes) or "none"
        raise NotFoundError(f"No scene has the id {scene_id!r}; known: {known}.")

    @property
    def substitutes(self) -> tuple[tuple[str, str], ...]:
        """Pairs of substitutes, by name."""
        told = self.pairs[self.pairs["relation"] == "substitute"]
        return tuple(zip(told["category_a"], told["category_b"], strict=True))


def find_scenes(
    bought: ibis.Table,
    *,
    labels: Mapping[str, Text] | None = None,
    min_buyers: int = MIN_BUYERS,
    min_weight: float = MIN_WEIGHT,
    resolution: float = 1.0,
    n_resamples: int = 50,
    random_state: int = 0,
) -> SceneSet:
    """Find the scenes in what users bought; their number comes from the data.

    Parameters
    ----------
    bought : ibis.Table
        ``user_id`` and ``category``, as :func:`personas.category.base.purchases` returns it.
    labels : mapping of str to Text, optional
        Category -> name for people, for the names of scenes.
    min_buyers : int, >= 1
        Categories of fewer buyers are left out.
    min_weight : float, 0 to 1
        Least weight of a member's attachment to the rest of its scene.
    resolution : float, > 0
        Above 1 more and smaller scenes.
    n_resamples : int, >= 0
        Resamples of users behind the stability; 0 = not measured.
    random_state : int, >= 0
        Seed; the same data and seed give the same scenes, whatever the order of the rows.

    Returns
    -------
    SceneSet

    Raises
    ------
    ConfigError
        If an argument is out of range.

    Notes
    -----
    Complements attract, see :func:`personas.category.scene_groups.detect_groups`. Substitutes have no edge; they
    may stand in one scene because they share complements, and are never offered to an owner of the other. A
    category bought with everything has no excess with anything and so joins no scene.

    References
    ----------
    Hennig, C. (2007). Cluster-wise assessment of cluster stability. Computational Statistics & Data
    Analysis 52, for the stability.

    Examples
    --------
    >>> import pyarrow as pa
    >>> kitchen = [(f"k{u}", c) for u in range(60) for c in ("冰箱", "油烟机", "洗碗机")[u % 3 != 0 :]]
    >>> hallway = [(f"h{u}", c) for u in range(60) for c in ("门锁", "猫眼", "监控")[u % 3 != 0 :]]
    >>> users, categories = zip(*kitchen, *hallway)
    >>> found = find_scenes(ibis.memtable(pa.table({"user_id": users, "category": categories})), n_resamples=0)
    >>> [sorted(scene.categories) for scene in found.scenes]
    [['冰箱', '油烟机', '洗碗机'], ['猫眼', '监控', '门锁']]
    """
    _check(min_buyers, min_weight, n_resamples, random_state)
    if not resolution > 0:
        raise ConfigError(f"resolution is {resolution}; expected a number above 0, 1 being the usual one.")
    sets = read_category_sets(bought, min_buyers=min_buyers)

    def group(found: CoPurchase) -> Groups:
        return detect_groups(found, min_weight=min_weight, resolution=resolution, random_state=random_state)

    with threadpool_limits(limits=1):
        found = compute_co_purchase(sets)
        pairs = pair_table(found)
        groups = group(found)
        groups.sort(key=lambda members: -_n_users(sets, members))  # a stable sort: ties keep their order
        n_again = n_resamples if groups else 0
        again = resample_labels(sets, group, n_resamples=n_again, random_state=random_state)
        members = member_table(sets, found, pairs, groups, seeds=())
    keys = [f"scene_{place}" for place in range(1, len(groups) + 1)]
    heroes = [(labels or {}).get(c, Text(c, c)) for c in members["category"][members["is_hero"]]]
    names = [Text(f"{hero.zh}场景", f"{hero.en} scene") for hero in heroes]
    return SceneSet(
        scenes=_scenes(sets, groups, members, resamples=again, keys=keys, names=names),
        members=_named(members, keys),
        pairs=pairs,
        n_users=int(sets.n_users.sum()),
        absent=(),
        definition=define_scenes(min_buyers, min_weight, seeded=False),
    )


def seed_scenes(
    bought: ibis.Table,
    seeds: Sequence[SceneSeed],
    *,
    min_buyers: int = MIN_BUYERS,
    min_weight: float = MIN_WEIGHT,
    n_resamples: int = 50,
    random_state: int = 0,
) -> SceneSet:
    """Grow scenes around the categories that are given for each.

    Parameters
    ----------
    bought : ibis.Table
        ``user_id`` and ``category``, as :func:`personas.category.base.purchases` returns it.
    seeds : sequence of SceneSeed
        At least one; no key or category twice.
    min_buyers : int, >= 1
        Other categories of fewer buyers are left out.
    min_weight : float, 0 to 1
        Least weight with which another category joins.
    n_resamples, random_state : int, >= 0
        As in :func:`find_scenes`.

    Returns
    -------
    SceneSet
        Every other category is in the scene whose seeds it goes with most, or in none when it goes with none
        significantly.

    Raises
    ------
    ConfigError
        If an argument is out of range, a key or category comes twice, or nobody bought any seed of a scene.

    Examples
    --------
    >>> import pyarrow as pa
    >>> kitchen = [(f"k{u}", c) for u in range(60) for c in ("冰箱", "油烟机", "洗碗机")[u % 3 != 0 :]]
    >>> hallway = [(f"h{u}", c) for u in range(60) for c in ("门锁", "猫眼", "监控")[u % 3 != 0 :]]
    >>> users, categories = zip(*kitchen, *hallway)
    >>> bought = ibis.memtable(pa.table({"user_id": users, "category": categories}))
    >>> seeds = [SceneSeed("kitchen", Text("厨房", "kitchen"), ("油烟机", "烤箱")),
    ...          SceneSeed("security", Text("安防", "security"), ("门锁",))]
    >>> grown = seed_scenes(bought, seeds, n_resamples=0)
    >>> sorted(grown["kitchen"].categories), grown.absent
    (['冰箱', '油烟机', '洗碗机'], ('烤箱',))
    """
    _check(min_buyers, min_weight, n_resamples, random_state)
    _check_seeds(seeds)
    wanted = [category for seed in seeds for category in seed.categories]
    sets = read_category_sets(bought, min_buyers=min_buyers, always=wanted)
    place = {category: i for i, category in enumerate(sets.categories)}
    given = [[place[c] for c in seed.categories if c in place] for seed in seeds]
    for seed, present in zip(seeds, given, strict=True):
        if not present:
            raise ConfigError(
                f"Nobody bought any category of the scene {seed.key}: {', '.join(seed.categories)}. Expected "
                "at least one, spelled as in the events; mend the spelling or drop the scene."
            )

    def group(found: CoPurchase) -> Groups:
        return grow_groups(found, given, min_weight=min_weight)

    with threadpool_limits(limits=1):
        found = compute_co_purchase(sets)
        pairs = pair_table(found)
        groups = group(found)
        again = resample_labels(sets, group, n_resamples=n_resamples, random_state=random_state)
        members = member_table(sets, found, pairs, groups, seeds={i for group in given for i in group})
    keys, names = [seed.key for seed in seeds], [seed.name for seed in seeds]
    return SceneSet(
        scenes=_scenes(sets, groups, members, resamples=again, keys=keys, names=names),
        members=_named(members, keys),
        pairs=pairs,
        n_users=int(sets.n_users.sum()),
        absent=tuple(category for category in wanted if category not in place),
        definition=define_scenes(min_buyers, min_weight, seeded=True),
    )


def _check(min_buyers: int, min_weight: float, n_resamples: int, random_state: int) -> None:
    if min_buyers < 1:
        raise ConfigError(f"min_buyers is {min_buyers}; expected a whole number of at least 1.")
    if not 0 <= min_weight <= 1:
        raise ConfigError(f"min_weight is {min_weight}; expected a number from 0 to 1.")
    if n_resamples < 0 or random_state < 0:
        raise ConfigError(
            f"n_resamples is {n_resamples} and random_state {random_state}; expected whole numbers of at least 0."
        )


def _check_seeds(seeds: Sequence[SceneSeed]) -> None:
    if not seeds:
        raise ConfigError("No scenes are given; expected at least one. Use find_scenes to find them.")
    for what, values in (
        ("scene key", [seed.key for seed in seeds]),
        ("category", [category for seed in seeds for category in seed.categories]),
    ):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ConfigError(
                f"The {what} {twice[0]} stands in two scenes; expected one. Take it out of one."
            )


def _n_users(sets: CategorySets, members: Sequence[int]) -> int:
    return int(sets.n_users[sets.bought[:, members].any(axis=1)].sum())


def _scenes(
    sets: CategorySets,
    groups: Groups,
    members: pd.DataFrame,
    *,
    resamples: Sequence[NDArray[np.int64]],
    keys: Sequence[str],
    names: Sequence[Text],
) -> tuple[Scene, ...]:
    labels = label(groups, len(sets.categories))
    stability = (
        persona_jaccards(labels, resamples, n_personas=len(groups))
        if resamples
        else np.full(len(groups), np.nan)
    )
    scenes = []
    for g, key in enumerate(keys):
        categories = tuple(str(name) for name in members["category"][members["group"] == g])
        jaccard = float(stability[g])
        n_users = _n_users(sets, groups[g])
        verdict = stability_word(jaccard)
        scenes.append(Scene(key, names[g], categories[0], categories, n_users, jaccard, verdict))
    return tuple(scenes)


def _named(members: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Write ids of scenes for positions."""
    import pandas as pd

    ids = np.array([*keys, None], dtype=object)  # position -1 = none = the last one
    named = members.copy()
    for name in ("group", "next_group"):
        named[name] = pd.array(ids[members[name].to_numpy()], dtype="str")
    return named.rename(columns={"group": "scene_id", "next_group": "next_scene_id"})
