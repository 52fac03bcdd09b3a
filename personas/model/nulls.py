"""Hold a solution against tables without structure."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from personas.errors import DataError
from personas.model.evidence import Evidence
from personas.model.recipe import Recipe
from personas.model.study import Study, Tally, judge_fit, label_panel
from personas.selection.base import MEASURES, NULLS, Null, Verdict
from personas.selection.checkpoint import Result, Work, run_all
from personas.selection.nulls import permute_columns, shuffle_counts, shuffle_purchases
from personas.selection.stability import mean_pairwise_ari
from personas.selection.verdict import upper_limit, upper_limit_of_agreement

N_NULLS = 6
"""Null tables of each kind; the limit allows for their small number (own choice)."""

N_NULL_REFITS = 4
"""Refits per null table: 6 pairs (own choice)."""

MAX_NULL_USERS = 3_000
"""Users of a null table, and of the table itself where it is held against them (own choice: a minute, not ten)."""


def verdicts(recipe: Recipe, size: int | None, study: Study) -> tuple[Verdict, ...]:
    """Measure reach, taste and stability on the table and on null tables, all of the same size.

    Parameters
    ----------
    recipe : Recipe
        The chosen clusterer.
    size : int or None
        The chosen number of personas.
    study : Study
        What it was measured on.

    Returns
    -------
    tuple of Verdict
        By null, then by measure; without those that are not defined. Purchases are shuffled only where
        there are two categories or more.
    """
    small = _smaller(study.portable())
    nulls = [null for null in NULLS if null != "purchases_shuffled" or _can_shuffle(small)]
    key = small.digest(recipe, size)
    works = [Work(f"null-{key}-itself", partial(_measured, recipe, size, small, None, 0))]
    works += [
        Work(f"null-{key}-{null}-{i}", partial(_measured, recipe, size, small, null, i))
        for null in nulls
        for i in range(N_NULLS)
    ]
    results = run_all(works, study.checkpoint, Tally(study.progress, len(works)).one)
    itself, rest = results[0]["measures"], [r["measures"] for r in results[1:]]
    found = []
    for place, null in enumerate(nulls):
        table = np.stack(rest[place * N_NULLS : (place + 1) * N_NULLS])
        for column, measure in enumerate(MEASURES):
            values = table[:, column]
            if not np.isnan(itself[column]) and not np.isnan(values).any():
                bound = upper_limit_of_agreement if measure == "stability" else upper_limit
                # 0 is what base rates, or chance, give: to be less bad than a null table is no structure.
                limit = max(0.0, bound([float(value) for value in values]))
                found.append(Verdict(measure, null, float(itself[column]), float(values.mean()), limit))
    return tuple(found)


def _smaller(study: Study) -> Study:
    """Draw the users of a null table; the table itself is measured on the same ones."""
    random = np.random.default_rng(study.random_state)
    users = study.sample.iloc[np.sort(random.permutation(len(study.sample))[:MAX_NULL_USERS])]
    evidence = study.evidence
    if evidence is not None:
        evidence = evidence.rows(np.sort(random.permutation(len(evidence.history))[:MAX_NULL_USERS]))
    return replace(study, sample=users, panel=users, evidence=evidence)


def _measured(recipe: Recipe, size: int | None, study: Study, null: Null | None, index: int) -> Result:
    """Return reach, taste and stability of one table; a table where nothing can be fitted has 0 of each."""
    if null is not None:
        study = _without_structure(study, null, index)
    reach = taste = np.nan
    if study.evidence is not None:
        quality = judge_fit(recipe, size, study)
        reach = quality.reach.value if quality else 0.0
        if study.evidence.are_purchases:
            taste = quality.taste.value if quality and quality.taste else 0.0
    labels = [label_panel(recipe, [size], study, i)["labels"][0] for i in range(N_NULL_REFITS)]
    found = [row for row in labels if row.max() >= 0]
    stability = mean_pairwise_ari(found) if len(found) > 1 else 0.0
    return {"measures": np.array([reach, taste, stability])}


def _without_structure(study: Study, null: Null, index: int) -> Study:
    seeds = np.random.SeedSequence([study.random_state, index]).generate_state(3)
    sample = _null_table(study.sample, study, null, int(seeds[0]))
    evidence = study.evidence
    if evidence is not None:
        history = _null_table(evidence.history, study, null, int(seeds[1]))
        evidence = replace(
            evidence, history=history, outcomes=_null_outcomes(evidence, history, null, int(seeds[2]))
        )
    return replace(study, sample=sample, panel=sample, evidence=evidence)


def _null_table(data: pd.DataFrame, study: Study, null: Null, seed: int) -> pd.DataFrame:
    if null == "columns_permuted":
        return permute_columns(data, random_state=seed)
    return shuffle_purchases(data, study.feature_set, random_state=seed)


def _null_outcomes(evidence: Evidence, history: pd.DataFrame, null: Null, seed: int) -> NDArray[np.float64]:
    if evidence.yardstick == "held_out_columns" and evidence.outcome_columns:
        # The outcomes are columns of the very table that lost its structure.
        return history[list(evidence.outcome_columns)].fillna(0.0).to_numpy(dtype=np.float64)
    if null == "columns_permuted" or not evidence.are_purchases:
        return np.random.default_rng(seed).permuted(evidence.outcomes, axis=0)
    return shuffle_counts(evidence.outcomes, random_state=seed).astype(np.float64)


def _can_shuffle(study: Study) -> bool:
    try:
        shuffle_purchases(study.sample.head(1), study.feature_set, random_state=0)
    except DataError:
        return False
    return True
