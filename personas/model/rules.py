"""Rules: a few short conjunctions of levels that explain a persona and pick it out on platforms that take tags."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from personas.errors import ConfigError, DataError
from personas.features.base import Feature, FeatureSet
from personas.model.bands import Reading, is_category, read_features
from personas.model.rule_base import NO, NOT_BOUGHT, Condition, Rule, RuleSet
from personas.model.rule_search import Attribute, Conjunction, LevelTable, Mask, search_rules
from personas.model.traits import SIGNIFICANT, SMALL_EFFECT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MINIMUM_CELL", "find_rules"]

MINIMUM_CELL = 20
"""Fewest users of the persona that a rule may rest on; no legal minimum is known (own choice)."""


def find_rules(
    data: pd.DataFrame,
    labels: NDArray[np.integer],
    feature_set: FeatureSet,
    *,
    n_personas: int,
    held_out: NDArray[np.bool_],
    features: Collection[str] | None = None,
    minimum_cell: int = MINIMUM_CELL,
) -> tuple[RuleSet, ...]:
    """Find up to three rules of up to three conditions for every persona.

    Parameters
    ----------
    data : DataFrame of shape (n_users, n_features), indexed by ``user_id``
        As :func:`personas.features.base.typed_columns` returns it.
    labels : ndarray of int, shape (n_users,)
        Row of the persona of each user, -1 = none.
    feature_set : FeatureSet
        What the columns are.
    n_personas : int, >= 1
        Number of personas.
    held_out : ndarray of bool, shape (n_users,)
        Users whom the search doesn't see; every figure is of them.
    features : collection of str, optional
        Features that rules may speak of, for example those that a targeting tool knows; None = all that are
        not protected.
    minimum_cell : int, >= 1
        Fewest held-out users of the persona that a rule may pick out.

    Returns
    -------
    tuple of RuleSet, one per persona
        Empty where no rule is precise enough, there are too few users, or everybody is of the persona.

    Raises
    ------
    ConfigError
        If ``features`` names one that doesn't exist or is protected, or ``minimum_cell`` is below 1.
    DataError
        If ``labels`` or ``held_out`` don't fit ``data`` or ``n_personas``.

    Notes
    -----
    Conditions are the levels and bands of :func:`personas.model.bands.read_features`: ranges of neighbouring
    ones for numbers and ordinal features, lists of at most three for nominal ones, yes or no for the rest.
    Missing values satisfy no condition. Protected features never appear, nor does what says the same: the other
    measures of a protected category, and age bands where age is protected.

    The search (:func:`personas.model.rule_search.search_rules`) sees the other users only. A rule is kept when
    its precision among the held-out users is above the persona's share by a small effect (Cohen's h of .2) and
    by the one-sided hypergeometric test at .05, with Bonferroni's correction for the number of rules found for
    all personas.

    References
    ----------
    Webb, G. I. (2007). Discovering significant patterns. Machine Learning 68, 1-33, for testing found rules
    on held-out data.
    Cohen, J. (1988). Statistical Power Analysis for the Behavioral Sciences, 2nd ed., section 6.2.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from dataclasses import replace
    >>> from personas.features.base import typed_columns
    >>> from personas.features.profile import profile_features
    >>> married = next(f for f in profile_features() if f.name == "marital_status")
    >>> married = FeatureSet((replace(married, levels=("married", "unmarried")),))
    >>> status = ["married"] * 60 + ["unmarried"] * 40 + ["married"] * 20 + ["unmarried"] * 80
    >>> data = typed_columns(pd.DataFrame({"marital_status": status}), married)
    >>> labels, held_out = np.repeat([0, 1], 100), np.arange(200) % 2 == 0
    >>> first, second = find_rules(data, labels, married, n_personas=2, held_out=held_out)
    >>> first.rules[0].conditions, first.precision, first.recall, first.share
    ((Condition(feature='marital_status', levels=('married',)),), 0.75, 0.6, 0.4)
    """
    _check(labels, held_out, len(data), n_personas)
    if minimum_cell < 1:
        raise ConfigError(f"minimum_cell is {minimum_cell}; expected at least 1 user.")
    usable = _usable(feature_set, features)
    readings = [r for r in read_features(data, usable, {}) if r.levels]
    if not readings or held_out.all() or not held_out.any():
        return (RuleSet(),) * n_personas
    protected = {f.argument for f in feature_set if f.protected and is_category(f)}
    table = LevelTable([_attribute(reading, ~held_out, protected) for reading in readings])
    # A rule that finds this many members here is expected to find minimum_cell of them among the held-out.
    minimum_hits = minimum_cell * max(1.0, float((~held_out).sum() / held_out.sum()))
    found = [
        search_rules(table, labels[~held_out] == k, minimum_hits=minimum_hits, minimum_effect=SMALL_EFFECT)
        for k in range(n_personas)
    ]
    seen = [Reading(r.feature, r.levels, r.codes[held_out]) for r in readings]
    n_tests = sum(len(conjunctions) for conjunctions in found)
    return tuple(
        _judge(conjunctions, seen, labels[held_out] == k, minimum_cell=minimum_cell, n_tests=n_tests)
        for k, conjunctions in enumerate(found)
    )


def _check(labels: NDArray[np.integer], held_out: NDArray[np.bool_], n_users: int, n_personas: int) -> None:
    if labels.shape != (n_users,) or held_out.shape != (n_users,):
        raise DataError(
            f"labels have the shape {labels.shape} and held_out {held_out.shape}; expected one value of each "
            f"for each of the {n_users} users."
        )
    if held_out.dtype != np.bool_:
        raise DataError(f"held_out is of {held_out.dtype}; expected bool. Pass a mask, not positions.")
    if n_users and not -1 <= labels.min() <= labels.max() < n_personas:
        raise DataError(
            f"labels run from {labels.min()} to {labels.max()}; expected -1 (none) to {n_personas - 1}."
        )


def _usable(feature_set: FeatureSet, features: Collection[str] | None) -> FeatureSet:
    """Return what rules may speak of; whatever says the same as a protected category is left out too."""
    asked = set(feature_set.names if features is None else features)
    unknown = sorted(asked - set(feature_set.names))
    if unknown:
        raise ConfigError(
            f"No feature is called {', '.join(unknown)}; known: {', '.join(feature_set.names)}."
        )
    protected = {_subject(feature) for feature in feature_set if feature.protected}
    refused = sorted(f.name for f in feature_set if f.name in asked and _subject(f) in protected)
    if refused and features is not None:
        raise ConfigError(
            f"{', '.join(refused)} is protected, so rules can't use it; take it out of features, or out of "
            "protected if targeting by it is lawful and meant."
        )
    return FeatureSet(tuple(f for f in feature_set if f.name in asked and f.name not in refused))


def _subject(feature: Feature) -> str:
    """Return what a feature is about, for those that say the same in several ways."""
    if is_category(feature):
        return f"category {feature.argument}"
    return "age" if feature.name == "age_band" else feature.name


def _attribute(reading: Reading, users: Mask, protected: Collection[str]) -> Attribute:
    codes = reading.codes[users]
    if reading.feature.source == "category_history" and reading.feature.kind == "nominal":
        # The first or last category names a protected one too; nobody has that level here.
        names = [level.name if level else "" for level in reading.levels]
        codes = np.where(np.isin(codes, [i for i, name in enumerate(names) if name in protected]), -1, codes)
    return Attribute(codes, len(reading.levels), is_ordered=reading.feature.kind != "nominal")


def _judge(
    conjunctions: Sequence[Conjunction],
    readings: Sequence[Reading],
    is_member: Mask,
    *,
    minimum_cell: int,
    n_tests: int,
) -> RuleSet:
    """Keep the rules that hold for the held-out users, with their figures there."""
    rules: list[Rule] = []
    union = np.zeros(len(is_member), dtype=np.bool_)
    for conjunction in conjunctions:
        picked = np.logical_and.reduce([np.isin(readings[i].codes, levels) for i, levels in conjunction])
        n_users, n_hits = int(picked.sum()), int((picked & is_member).sum())
        if n_hits < minimum_cell or not _is_above_base(n_users, n_hits, is_member, n_tests):
            continue
        conditions = [_condition(readings[i], levels) for i, levels in conjunction]
        conditions.sort(key=lambda condition: condition.levels in ((NO,), (NOT_BOUGHT,)))
        rules.append(Rule(tuple(conditions), *_figures(picked, is_member), _lift(picked, is_member), n_users))
        union |= picked
    return RuleSet(tuple(rules), *_figures(union, is_member)) if rules else RuleSet()


def _is_above_base(n_users: int, n_hits: int, is_member: Mask, n_tests: int) -> bool:
    n_members = int(is_member.sum())
    p_value = float(stats.hypergeom.sf(n_hits - 1, len(is_member), n_members, n_users))
    base_share, precision = n_members / len(is_member), n_hits / n_users
    effect = 2 * np.arcsin(np.sqrt(precision)) - 2 * np.arcsin(np.sqrt(base_share))
    return bool(p_value * n_tests < SIGNIFICANT and effect >= SMALL_EFFECT)


def _figures(picked: Mask, is_member: Mask) -> tuple[float, float, float]:
    """Return precision, recall and share."""
    n_hits, n_users = int((picked & is_member).sum()), int(picked.sum())
    return n_hits / n_users, n_hits / int(is_member.sum()), n_users / len(picked)


def _lift(picked: Mask, is_member: Mask) -> float:
    return float(is_member[picked].mean() / is_member.mean())


def _condition(reading: Reading, levels: tuple[int, ...]) -> Condition:
    return Condition(reading.feature.name, tuple(_level_name(reading, level) for level in levels))


def _level_name(reading: Reading, level: int) -> str:
    shown = reading.levels[level]
    if shown is not None:
        return shown.name
    return NOT_BOUGHT if is_category(reading.feature) else NO
