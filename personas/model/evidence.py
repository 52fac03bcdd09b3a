"""What personas are judged by: the next window, or columns that the fit does not see."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from personas.cluster import DEFAULT_CLIP, Foresight, learn_foresight
from personas.errors import DataError
from personas.features import FeatureSet
from personas.features.category_history import is_category_count
from personas.features.rehearsal import Rehearsal
from personas.model.recipe import Recipe
from personas.selection.base import Yardstick

Floats = NDArray[np.float64]

MINIMUM_ACTIVE, MINIMUM_BUYERS = 100, 50
"""Users with a history, and buyers among them, below which a next window judges nothing (own choice)."""

MINIMUM_COLUMNS = 4
"""Columns below which none can be held out: two to read, two to judge by (own choice)."""


@dataclass(frozen=True)
class Evidence:
    """Users as they were, and what is to be foretold of them.

    Parameters
    ----------
    history : DataFrame of shape (n_users, n_features), indexed by ``user_id``
        What the fits that are judged may read, but for ``hidden``.
    outcomes : ndarray of shape (n_users, n_outcomes), >= 0
        What they are judged by.
    yardstick : Yardstick
        What the outcomes are.
    hidden : frozenset of str
        Features that those fits must not read.
    are_purchases : bool
        Whether the outcomes are purchases, so that taste is defined.
    outcome_columns : tuple of str
        Held-out columns that the outcomes are, where they are purchases.
    """

    history: pd.DataFrame
    outcomes: Floats
    yardstick: Yardstick
    hidden: frozenset[str] = frozenset()
    are_purchases: bool = True
    outcome_columns: tuple[str, ...] = ()

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Evidence:
        """Return the evidence of some users."""
        return replace(
            self,
            history=self.history[chosen] if chosen.dtype == bool else self.history.iloc[chosen],
            outcomes=self.outcomes[chosen],
        )

    @property
    def suffices(self) -> bool:
        """Whether enough users have a history, and buyers are among them, to judge by purchases."""
        return len(self.history) >= MINIMUM_ACTIVE and (self.outcomes.sum(axis=1) > 0).sum() >= MINIMUM_BUYERS

    def of(self, users: pd.Index) -> Evidence:
        """Return the evidence of these users, as often as they are named; who has none is left out."""
        places = self.history.index.get_indexer(users)
        return self.rows(places[places >= 0])


def next_window(rehearsal: Rehearsal, users: pd.Index, max_users: int) -> Evidence | None:
    """Return the evidence of a rehearsal, of those ``users`` who had ordered before the cut.

    Parameters
    ----------
    rehearsal : Rehearsal
        Features before a cut and orders after it.
    users : Index
        Users of the fit.
    max_users : int
        The rehearsal is sampled to so many users, the same ones as the training frame.

    Returns
    -------
    Evidence or None
        None if too few users have a history, or buy in the next window.
    """
    earlier = rehearsal.earlier.sample(max_users).to_pandas()
    outcomes = rehearsal.outcomes.sample(max_users).to_pandas()
    counts = [f.name for f in rehearsal.earlier.feature_set if is_category_count(f)]
    active = earlier.index.isin(users) & (earlier[counts].sum(axis=1).to_numpy() > 0)
    bought = outcomes.loc[earlier.index[active]].to_numpy(dtype=np.float64)
    found = Evidence(earlier[active], bought, "next_window")
    return found if found.suffices else None


def held_out_columns(training: pd.DataFrame, feature_set: FeatureSet) -> Evidence | None:
    """Return the evidence of a table without a next window: every other column foretells the rest.

    Parameters
    ----------
    training : DataFrame of shape (n_users, n_features)
        Users of the fit.
    feature_set : FeatureSet
        Their features.

    Returns
    -------
    Evidence or None
        Counts per category are held out where there are at least :data:`MINIMUM_COLUMNS` (with the
        totals, which contain them), else levels of attributes (of numbers: above the median); None if there
        are fewer columns.
    """
    counts = [f.name for f in feature_set.signals if is_category_count(f) and f.name in training]
    if len(counts) >= MINIMUM_COLUMNS:
        hidden = counts[1::2]
        totals = [f.name for f in feature_set.signals if f.source == "rfm"]
        outcomes = training[hidden].fillna(0.0).to_numpy(dtype=np.float64)
        names = frozenset([*hidden, *totals])
        return Evidence(training, outcomes, "held_out_columns", names, outcome_columns=tuple(hidden))
    inputs = [f for f in feature_set.inputs if f.name in training]
    if len(inputs) < MINIMUM_COLUMNS:
        return None
    parts = [_indicators(training[f.name]) for f in inputs[1::2]]
    names = frozenset(f.name for f in inputs[1::2])
    return Evidence(training, np.column_stack(parts), "held_out_columns", names, are_purchases=False)


def taught(recipe: Recipe, evidence: Evidence | None) -> Recipe:
    """Return the recipe with a foresight learned from the evidence, if it takes one and there is a next window."""
    if evidence is None or evidence.yardstick != "next_window" or not recipe.foresees:
        return recipe
    return replace(recipe, foresight=_learn(recipe, evidence))


def _learn(recipe: Recipe, evidence: Evidence) -> Foresight | None:
    names = list(recipe.behaviour)
    known = evidence.history[names]
    # A column that is all missing or constant at the earlier day tells nothing, and can't be read.
    names = [name for name in names if varies(known[name])]
    if not names:
        return None
    try:
        return learn_foresight(
            known[names],
            evidence.outcomes,
            kinds={name: recipe.kinds[name] for name in names},
            transforms={name: t for name, t in recipe.transforms.items() if name in names},
            clip=DEFAULT_CLIP,
        )
    except DataError:
        return None  # no category is bought by some but not by all: the users' own counts stand in


def varies(values: pd.Series) -> bool:
    """Return whether a column holds two different values."""
    return len(values.dropna().unique()) > 1


def _indicators(values: pd.Series) -> Floats:
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes = np.asarray(values.cat.codes)
        return np.asarray(codes[:, None] == np.arange(len(values.cat.categories)), dtype=np.float64)
    return np.asarray(values > values.median(), dtype=np.float64)[:, None]
