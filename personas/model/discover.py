"""Discover personas with one clusterer, and pick their number when asked to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from personas.cluster import AdditiveClusterer
from personas.errors import ConfigError
from personas.features import columns_of
from personas.model.distill import check_fidelity, distill
from personas.model.match import align
from personas.model.recipe import Recipe
from personas.schema import Text
from personas.scorecard import Scorecard
from personas.scorecard.reference import evaluate
from personas.selection.base import Candidate
from personas.selection.select import choose
from personas.selection.stability import mean_pairwise_ari, refit_labels

N_RESAMPLES = 8
"""Refits per number of personas: 28 pairs, enough to tell a stable solution from a chance one."""

MAX_RESAMPLE_USERS = 5_000
"""A resample need not be larger than what it takes to find a persona of a few percent."""


@dataclass(frozen=True)
class Discovery:
    """What was found.

    Parameters
    ----------
    scorecard : Scorecard
        Assigns every user.
    candidates : tuple of Candidate
        The selection table.
    probability, agreement : ndarray of shape (n_panel,), 0 to 1
        Softmax share of the best persona on the panel, and how often matched refits (or the
        clusterer's own labels) agree with it: what the confidence is calibrated on.
    metrics : dict of str to float
        Quality figures of the chosen solution.
    """

    scorecard: Scorecard
    candidates: tuple[Candidate, ...]
    probability: NDArray[np.float64]
    agreement: NDArray[np.float64]
    metrics: dict[str, float]


def discover(
    recipe: Recipe,
    training: pd.DataFrame,
    panel: pd.DataFrame,
    *,
    sizes: Sequence[int],
    min_share: float,
    random_state: int,
    progress: Callable[[str, int, int], None] | None = None,
) -> Discovery:
    """Fit the recipe for every size, measure stability, and keep the solution that the rule picks.

    Parameters
    ----------
    recipe : Recipe
        The clusterer.
    training : DataFrame of shape (n_users, n_inputs)
        Users of the fit.
    panel : DataFrame of shape (n_panel, n_inputs)
        Users that refits are compared on.
    sizes : sequence of int
        Numbers of personas to try; ignored by clusterers that find the number by themselves.
    min_share : float, 0 to 1
        Smallest persona that the rule accepts.
    random_state : int
        Seed.
    progress : callable, optional
        Told how far the work is.

    Returns
    -------
    Discovery
    """
    if recipe.sized_by is None:
        return _discover_by_itself(recipe, training, random_state)
    trials: list[_Trial] = []
    total = len(sizes) * (N_RESAMPLES + 1)
    for position, size in enumerate(sizes):
        report = partial(_tell, progress, position * (N_RESAMPLES + 1), total)
        trials.append(_try_size(recipe, training, panel, size=size, random_state=random_state, report=report))
    candidates = choose([trial.candidate for trial in trials], min_share=min_share)
    if len(sizes) == 1:
        candidates = (_as_asked(candidates[0]),)
    chosen = next(t for t, c in zip(trials, candidates, strict=True) if c.chosen)
    scores = evaluate(chosen.scorecard, columns_of(panel))
    matched = [
        align(scores.label, labels, size=chosen.scorecard.n_personas)[labels] for labels in chosen.refits
    ]
    agreement = np.mean([labels == scores.label for labels in matched], axis=0)
    fitted = chosen.candidate
    metrics = {"stability": fitted.stability, "log_likelihood": fitted.log_likelihood, "bic": fitted.bic}
    return Discovery(
        chosen.scorecard,
        candidates,
        scores.probability,
        agreement,
        {name: value for name, value in metrics.items() if value is not None},
    )


@dataclass(frozen=True)
class _Trial:
    candidate: Candidate
    scorecard: Scorecard
    refits: list[NDArray[np.int32]]


def _try_size(
    recipe: Recipe,
    training: pd.DataFrame,
    panel: pd.DataFrame,
    *,
    size: int,
    random_state: int,
    report: Callable[[int], None],
) -> _Trial:
    clusterer = recipe.make(size, random_state)
    labels = clusterer.fit_predict(training)
    report(1)
    if not isinstance(clusterer, AdditiveClusterer):
        raise ConfigError(
            f"The clusterer {recipe.clusterer} takes a number of personas but has no scorecard."
        )
    refits: list[NDArray[np.int32]] = []
    for found in refit_labels(
        partial(_refit, recipe, size),
        training,
        panel,
        n_resamples=N_RESAMPLES,
        max_users=MAX_RESAMPLE_USERS,
        random_state=random_state + size,
    ):
        refits.append(found)
        report(1 + len(refits))
    counts = np.bincount(labels, minlength=size)
    candidate = Candidate(
        n_personas=size,
        log_likelihood=getattr(clusterer, "log_likelihood_", None),
        bic=getattr(clusterer, "bic_", None),
        stability=mean_pairwise_ari(refits) if size > 1 else 1.0,
        smallest_share=float(counts.min() / counts.sum()),
        chosen=False,
        reason=Text("", ""),
    )
    return _Trial(candidate, clusterer.score_terms(), refits)


def _refit(recipe: Recipe, size: int, data: pd.DataFrame, seed: int) -> Scorecard:
    return recipe.fit_scorecard(data, size, seed)


def _tell(progress: Callable[[str, int, int], None] | None, before: int, total: int, done: int) -> None:
    if progress is not None:
        progress("personas", before + done, total)


def _as_asked(candidate: Candidate) -> Candidate:
    return replace(candidate, chosen=True, reason=Text("由用户指定", "number given by the user"))


def _discover_by_itself(recipe: Recipe, training: pd.DataFrame, random_state: int) -> Discovery:
    labels = recipe.make(None, random_state).fit_predict(training)
    scorecard, report = distill(training, labels, dict(recipe.kinds), random_state=random_state)
    check_fidelity(report)
    counts = np.bincount(labels[labels >= 0])
    candidate = Candidate(
        n_personas=len(counts),
        log_likelihood=None,
        bic=None,
        stability=None,
        smallest_share=float(counts.min() / counts.sum()),
        chosen=True,
        reason=Text("由聚类算法自行确定", "found by the clusterer itself"),
    )
    return Discovery(
        scorecard,
        (candidate,),
        report.probability,
        report.agreement,
        {
            "noise_share": float(np.mean(labels < 0)),
            "fidelity": report.fidelity,
            "smallest_recall": min(report.recalls),
        },
    )
