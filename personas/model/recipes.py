"""Set up the clusterers of a use case, and balance who a user is against what the user does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from personas.features import Feature, FeatureSet
from personas.features.category_history import is_category_count, is_category_share
from personas.model.evidence import varies
from personas.model.recipe import Recipe
from personas.model.study import Study, judge_fit
from personas.registry import clusterer_names, load_clusterer
from personas.schema import Block
from personas.scorecard import Transform
from personas.selection.balance import feature_weights, skewed_transforms

AUTO_CLUSTERERS = ("latent_class", "foresight")
"""What ``auto`` tries: the one finds groups that differ in everything, the other those that buy differently next."""

PORTRAIT_WEIGHTS = (1.0, 0.1)
"""Variance of who and worth together, against that of the expected behaviour; the last one is the minimum, so
that a persona stays a person. Weights in between can't be told from these on 2,000 users (own choice)."""

PORTRAIT_COST = 0.05
"""Share of the best skill that a larger portrait may cost (own choice)."""

JUDGED_USERS, MAX_SPLITS = 10_000, 6
"""Portraits are compared on so many judged users, counted anew for each of at most so many splits into halves: on one
half of 2,000 users, chance alone tells the skill of one from that of another."""

MINIMUM_KNOWN, MINIMUM_KNOWN_SHARE = 20, 0.01
"""An input must be known for this many training users, and this share of them (own choice): below it, a
resample may hold no value at all."""


def clusterer_list(clusterer: str | Sequence[str], feature_set: FeatureSet) -> tuple[str, ...]:
    """Return the clusterers to try, checked.

    Parameters
    ----------
    clusterer : str or sequence of str
        A registered name, several of them, or ``"auto"``.
    feature_set : FeatureSet
        ``"auto"`` tries a foresight only where purchases per category are counted.

    Raises
    ------
    NotFoundError
        If a name is not registered.
    """
    if clusterer == "auto":
        buys = any(is_category_count(f) for f in feature_set.signals)
        return AUTO_CLUSTERERS if buys else AUTO_CLUSTERERS[:1]
    names = (clusterer,) if isinstance(clusterer, str) else tuple(dict.fromkeys(clusterer))
    for name in names:
        if name not in clusterer_names():
            load_clusterer(name)  # raises, with the names that are known
    return names


def make_recipes(
    clusterers: Sequence[str],
    training: pd.DataFrame,
    feature_set: FeatureSet,
    block_weights: Mapping[Block, float] | None,
) -> list[Recipe]:
    """Set every clusterer up.

    Parameters
    ----------
    clusterers : sequence of str
        Registered names.
    training : DataFrame of shape (n_users, n_features)
        Users of the fit.
    feature_set : FeatureSet
        Their features.
    block_weights : mapping of block to float, or None
        What the user wants each block to count; None = balanced.

    Returns
    -------
    list of Recipe
        One per name. Features that weigh nothing, or are hardly known, are left out.
    """
    wanted = dict(block_weights or {})
    return [_make_recipe(name, training, feature_set, wanted) for name in clusterers]


def _make_recipe(
    name: str, training: pd.DataFrame, feature_set: FeatureSet, block_weights: Mapping[Block, float]
) -> Recipe:
    bare = Recipe(name, {}, {}, {})
    used = _usable(training, feature_set.signals if bare.foresees else feature_set.inputs, block_weights)
    recipe = replace(
        bare,
        kinds={f.name: f.kind for f in used},
        transforms=dict(skewed_transforms(training[used.names], used)),
    )
    if not bare.foresees:
        return replace(recipe, feature_weights=feature_weights(training[used.names], used, block_weights))
    behaviour = tuple(f.name for f in used if _tells_behaviour(f))
    transforms: dict[str, Transform] = dict(recipe.transforms)
    transforms |= {
        f.name: "sqrt" if is_category_share(f) else "log1p"  # the root of a share is its Hellinger coordinate
        for f in used
        if f.kind == "numeric" and f.name in behaviour
    }
    told = replace(recipe, behaviour=behaviour, transforms=transforms)
    smallest = PORTRAIT_WEIGHTS[-1]
    return replace(told, feature_weights=_portrait(told, used, smallest, block_weights))


def _tells_behaviour(feature: Feature) -> bool:
    return is_category_count(feature) or is_category_share(feature) or feature.source == "rfm"


def with_portrait(
    recipe: Recipe, study: Study, size: int, block_weights: Mapping[Block, float] | None
) -> Recipe:
    """Give who and worth as much weight as costs (almost) no skill.

    Parameters
    ----------
    recipe : Recipe
        Of a clusterer that takes a foresight; others are balanced by what their blocks could say.
    study : Study
        What personas are judged on.
    size : int
        Number of personas to judge at.
    block_weights : mapping of block to float, or None
        Given weights are used as they are, but none of who and worth below the minimum, unless it is 0.

    Returns
    -------
    Recipe
        With the largest of :data:`PORTRAIT_WEIGHTS` whose skill (reach and taste, each as a share of the best) is
        within :data:`PORTRAIT_COST` of the best. Without evidence the smallest one.
    """
    if not recipe.foresees or study.evidence is None:
        return recipe
    used = study.feature_set.only(recipe.reads)
    given = dict(block_weights or {})
    tried = [
        replace(recipe, feature_weights=_portrait(recipe, used, weight, given))
        for weight in (PORTRAIT_WEIGHTS if block_weights is None else PORTRAIT_WEIGHTS[:1])
    ]
    if len(tried) == 1:
        return tried[0]
    skills = np.array([_skill(one, size, study) for one in tried])
    best = skills.max(axis=0)
    relative = np.where(best > 0, skills / np.where(best > 0, best, 1.0), 1.0).sum(axis=1)
    return tried[int(np.argmax(relative >= (1 - PORTRAIT_COST) * relative.max()))]


def _skill(recipe: Recipe, size: int, study: Study) -> tuple[float, float]:
    """Return the mean reach and taste over the splits; 0 where a half is too small to tell."""
    judged = len(study.evidence.history) / 2 if study.evidence else 0.0
    n_splits = min(MAX_SPLITS, math.ceil(JUDGED_USERS / max(judged, 1.0)))
    qualities = [judge_fit(recipe, size, study, split=split) for split in range(n_splits)]
    reach = [q.reach.value if q else 0.0 for q in qualities]
    taste = [q.taste.value if q and q.taste else 0.0 for q in qualities]
    return float(np.mean(reach)), float(np.mean(taste))


def _portrait(
    recipe: Recipe, used: FeatureSet, weight: float, block_weights: Mapping[Block, float]
) -> dict[str, float]:
    """Share ``weight`` out over the blocks of a portrait, and over the features of each."""
    portrait = [f for f in used if f.name not in recipe.behaviour]
    blocks = sorted({f.block for f in portrait})
    weights = {}
    for feature in portrait:
        # Without behaviour there is nothing that the portrait could be weighed against.
        asked = block_weights.get(feature.block, 1.0) / (block_weights.get("what", 1.0) or 1.0)
        share = max(weight * asked, PORTRAIT_WEIGHTS[-1]) / len(blocks)
        weights[feature.name] = share / sum(f.block == feature.block for f in portrait)
    # Behaviour is weighed by the foresight; without one, totals only repeat the counts.
    return weights | {f.name: float(is_category_count(f)) for f in used if f.name in recipe.behaviour}


def _usable(training: pd.DataFrame, features: FeatureSet, block_weights: Mapping[Block, float]) -> FeatureSet:
    """Leave out features that weigh nothing, and those that a resample might not see at all."""
    floor = max(MINIMUM_KNOWN, MINIMUM_KNOWN_SHARE * len(training))
    return FeatureSet(
        tuple(
            f
            for f in features
            if block_weights.get(f.block, 1.0) > 0
            and training[f.name].count() >= floor
            and varies(training[f.name])
        )
    )
