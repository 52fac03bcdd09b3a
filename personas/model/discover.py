"""Discover personas with one clusterer, and pick their number when asked to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from joblib import Parallel, cpu_count, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from personas.cluster import AdditiveClusterer
from personas.errors import ConfigError, DataError
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

SMALLEST_GROUP = 5
"""Users that a clusterer may call a group, however few users there are (HDBSCAN's own default)."""


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
        Smallest persona that the rule accepts, or that a clusterer may find by itself.
    random_state : int
        Seed.
    progress : callable, optional
        Told how far the work is.

    Returns
    -------
    Discovery
    """
    if recipe.sized_by is None:
        return _discover_by_itself(recipe, training, min_share, random_state)
    total = len(sizes) * (N_RESAMPLES + 1)
    tell = partial(_tell, progress, total)
    trials = _fit_sizes(recipe, training, sizes, random_state, tell)
    # Refits are most of the work: where the rule can't pick a size anyway, they are spared.
    eligible = [t for t in trials if t.candidate.smallest_share >= min_share] or trials
    done = total - len(eligible) * N_RESAMPLES
    measured: dict[int, _Trial] = {}
    for trial in eligible:
        report = partial(tell, done)
        measured[trial.size] = _measure(
            trial, recipe, training, panel, random_state=random_state, report=report
        )
        done += N_RESAMPLES
    trials = [measured.get(trial.size, trial) for trial in trials]
    candidates = choose([trial.candidate for trial in trials], min_share=min_share)
    if len(sizes) == 1:
        candidates = (_as_asked(candidates[0]),)
    chosen = next(t for t, c in zip(trials, candidates, strict=True) if c.chosen)
    scores = evaluate(chosen.scorecard, columns_of(panel))
    matched = [align(scores.label, labels, size=chosen.size)[labels] for labels in chosen.refits]
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
    """One number of personas: its fit, and once measured the labels of its refits on the panel."""

    candidate: Candidate
    scorecard: Scorecard
    refits: tuple[NDArray[np.int32], ...] = ()

    @property
    def size(self) -> int:
        return self.candidate.n_personas


def _fit_sizes(
    recipe: Recipe,
    training: pd.DataFrame,
    sizes: Sequence[int],
    random_state: int,
    tell: Callable[[int, int], None],
) -> list[_Trial]:
    # The largest first: it takes longest, and would keep one core busy alone at the end.
    order = sorted(sizes, reverse=True)
    work = Parallel(n_jobs=min(len(order), cpu_count()), return_as="generator")(
        delayed(_fit_size)(recipe, training, size, random_state) for size in order
    )
    found: dict[int, _Trial] = {}
    for size, trial in zip(order, work, strict=True):
        found[size] = trial
        tell(0, len(found))
    return [found[size] for size in sizes]


def _fit_size(recipe: Recipe, training: pd.DataFrame, size: int, random_state: int) -> _Trial:
    clusterer = recipe.make(size, random_state)
    with threadpool_limits(limits=1):  # a worker process has a limit of its own, which varies by machine
        labels = clusterer.fit_predict(training)
    if not isinstance(clusterer, AdditiveClusterer):
        raise ConfigError(
            f"The clusterer {recipe.clusterer} takes a number of personas but has no scorecard."
        )
    counts = np.bincount(labels, minlength=size)
    candidate = Candidate(
        n_personas=size,
        log_likelihood=getattr(clusterer, "log_likelihood_", None),
        bic=getattr(clusterer, "bic_", None),
        stability=None,
        smallest_share=float(counts.min() / counts.sum()),
        chosen=False,
        reason=Text("", ""),
    )
    return _Trial(candidate, clusterer.score_terms())


def _measure(
    trial: _Trial,
    recipe: Recipe,
    training: pd.DataFrame,
    panel: pd.DataFrame,
    *,
    random_state: int,
    report: Callable[[int], None],
) -> _Trial:
    refits: list[NDArray[np.int32]] = []
    for labels in refit_labels(
        partial(_refit, recipe, trial.size),
        training,
        panel,
        n_resamples=N_RESAMPLES,
        max_users=MAX_RESAMPLE_USERS,
        random_state=random_state + trial.size,
    ):
        refits.append(labels)
        report(len(refits))
    stability = mean_pairwise_ari(refits) if trial.size > 1 else 1.0
    return replace(trial, candidate=replace(trial.candidate, stability=stability), refits=tuple(refits))


def _refit(recipe: Recipe, size: int, data: pd.DataFrame, seed: int) -> Scorecard:
    return recipe.fit_scorecard(data, size, seed)


def _tell(progress: Callable[[str, int, int], None] | None, total: int, before: int, done: int) -> None:
    if progress is not None:
        progress("personas", before + done, total)


def _as_asked(candidate: Candidate) -> Candidate:
    return replace(candidate, chosen=True, reason=Text("由用户指定", "number given by the user"))


def _discover_by_itself(
    recipe: Recipe, training: pd.DataFrame, min_share: float, random_state: int
) -> Discovery:
    smallest = max(SMALLEST_GROUP, round(min_share * len(training)))
    labels = recipe.make(None, random_state, smallest=smallest).fit_predict(training)
    _check_found(recipe.clusterer, labels)
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


def _check_found(clusterer: str, labels: NDArray[np.int64]) -> None:
    """Refuse all noise, and one cluster: everybody in one group are no personas."""
    n_found = len(np.unique(labels[labels >= 0]))
    if n_found < 2:
        found = "1 cluster" if n_found else "no cluster"
        raise DataError(
            f"The clusterer {clusterer} found {found} among {len(labels)} users and called "
            f"{np.mean(labels < 0):.1%} of them noise; expected at least 2 clusters. These users fall into no "
            "dense groups: use the latent_class clusterer, or choose other features."
        )
