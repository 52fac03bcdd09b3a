"""The table behind the scenes: which category belongs where, how firmly, and who leads."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from personas.category.scene_groups import Groups, attach, label
from personas.category.scene_pairs import CategorySets, CoPurchase, substitute_matrix

Floats = NDArray[np.float64]


def member_table(
    sets: CategorySets, found: CoPurchase, pairs: pd.DataFrame, groups: Groups, *, seeds: Collection[int]
) -> pd.DataFrame:
    """Describe the place of every category.

    Parameters
    ----------
    sets : CategorySets
        What users bought.
    found : CoPurchase
        Its pairs.
    pairs : DataFrame
        The same as a table.
    groups : list of list of int
        Scenes as positions of categories.
    seeds : collection of int
        Categories that were given.

    Returns
    -------
    DataFrame, one row per category
        ``category``, ``group`` (position, -1 = none), ``is_hero``, ``is_seed``, ``n_buyers``, ``weight``,
        ``z_score``, ``attach_share``, ``next_group`` (-1 = none), ``next_weight``; by group (none last), hero
        first, then by weight and name.

    Notes
    -----
    The hero is the member with the highest weight into the rest of its scene. A rate would do it
    injustice: buyers of a rare category of heavy users also buy another category of the scene more often
    than not, whatever the scene.
    """
    n = len(found.categories)
    group = label(groups, n)
    inside = group[:, None] == np.arange(len(groups))
    attached = attach(found, groups, tested=inside, apart=substitute_matrix(pairs, found))
    is_own = inside.any(axis=1)
    elsewhere = np.where(inside, np.nan, attached.weight)
    any_other = ~np.isnan(elsewhere).all(axis=1)
    ranked = np.nan_to_num(elsewhere, nan=-np.inf)
    place = ranked.argmax(axis=1) if len(groups) else np.full(n, -1)
    table = pd.DataFrame(
        {
            "category": pd.array(found.categories, dtype="str"),
            "group": group,
            "is_hero": False,
            "is_seed": np.isin(np.arange(n), list(seeds)),
            "n_buyers": found.n_buyers,
            "weight": np.where(is_own, _own(attached.weight, group), np.nan),
            "z_score": np.where(is_own, _own(attached.z_score, group), np.nan),
            "attach_share": _attach_share(sets, inside),
            "next_group": np.where(any_other, place, -1),
            "next_weight": np.where(any_other, _own(elsewhere, place), np.nan),
        }
    )
    table["last"] = table["group"] < 0
    table["loose"] = table["weight"].isna()
    keys = ["last", "group", "loose", "weight", "category"]
    table = table.sort_values(keys, ascending=[True, True, True, False, True], kind="stable")
    table["is_hero"] = ~table["group"].duplicated() & ~table["last"]
    return table.drop(columns=["last", "loose"]).reset_index(drop=True)


def _own(figures: Floats, group: NDArray[np.int64]) -> Floats:
    """Pick one column per row; any column where there is none to pick."""
    if not figures.shape[1]:
        return np.full(len(figures), np.nan)
    own: Floats = figures[np.arange(len(figures)), np.maximum(group, 0)]
    return own


def _attach_share(sets: CategorySets, inside: NDArray[np.bool_]) -> Floats:
    """Share of a category's buyers who bought another category of its scene."""
    users = sets.n_users[:, None]
    n_held = sets.bought.astype(np.int64) @ inside.astype(np.int64)
    several = ((n_held >= 2) * users).T @ sets.bought
    buyers = (sets.bought * users).sum(axis=0)
    share = np.full(len(sets.categories), np.nan)
    for g, members in enumerate(inside.T):
        share[members] = several[g, members] / buyers[members]
    return share
