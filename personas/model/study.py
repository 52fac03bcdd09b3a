"""Measure candidates: fit them, judge them by what they foretell, refit them, and hold them against nulls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from personas.errors import DataError
from personas.features import FeatureSet, columns_of
from personas.model.evidence import Evidence, taught, varies
from personas.model.recipe import Recipe
from personas.schema import Text
from personas.scorecard.reference import evaluate
from personas.selection.balance import between_share
from personas.selection.base import Candidate
from personas.selection.checkpoint import Checkpoint, Result, Work, digest_of, run_all
from personas.selection.jaccard import across_stability, persona_jaccards
from personas.selection.quality import Measure, Quality, halves, judge
from personas.selection.select import Draws
from personas.selection.stability import mean_pairwise_ari

MAX_SAMPLE_USERS = 20_000
"""Users that candidates are measured on; the chosen one is then fitted on all (own choice: minutes, not hours)."""

MAX_RESAMPLE_USERS = 10_000
"""A resample need not be larger than what it takes to find a persona of a few percent (own choice)."""

Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Study:
    """What candidates are measured on.

    Parameters
    ----------
    sample : DataFrame of shape (n_users, n_features)
        Users that candidates are fitted on.
    panel : DataFrame of shape (n_panel, n_features)
        Users that every refit labels.
    evidence : Evidence or None
        What candidates are judged by.
    feature_set : FeatureSet
        What the columns are.
    n_resamples : int, >= 2
        Refits per candidate.
    min_share : float, 0 to 1
        Smallest persona that a clusterer may find by itself.
    random_state : int
        Seed.
    checkpoint : Checkpoint
        Where measurements are kept.
    progress : callable(int, int) or None
        Told how many measurements are done, and of how many.
    """

    sample: pd.DataFrame
    panel: pd.DataFrame
    evidence: Evidence | None
    feature_set: FeatureSet
    n_resamples: int
    min_share: float
    random_state: int
    checkpoint: Checkpoint = Checkpoint()
    progress: Callable[[int, int], None] | None = None

    def portable(self) -> Study:
        """Return the study as a worker process needs it: without what can't travel."""
        return replace(self, checkpoint=Checkpoint(), progress=None)

    def digest(self, *further: Any) -> str:
        """Return a hash of all that a measurement depends on, with ``further``: what was kept holds for no other."""
        evidence = self.evidence
        judged: tuple[Any, ...] = ()
        if evidence is not None:
            judged = (evidence.history, evidence.outcomes, evidence.yardstick, sorted(evidence.hidden))
        return digest_of(
            self.sample, self.panel, *judged, self.feature_set, self.min_share, self.random_state, *further
        )


@dataclass(frozen=True)
class Trial:
    """A candidate with what was measured of it.

    Parameters
    ----------
    recipe : Recipe
        Its clusterer, as it was before any foresight was learned.
    size : int or None
        Number of personas; None for a clusterer that finds it by itself.
    candidate : Candidate
        Its row of the table.
    panel : ndarray of int32, shape (n_panel,)
        Labels of the panel by the fit on the sample.
    draws : Draws
        Its reach and taste on resamples of the judged users.
    refits : tuple of ndarray of int32, shape (n_panel,)
        Labels of the panel by each refit.
    """

    recipe: Recipe
    size: int | None
    candidate: Candidate
    panel: Labels
    draws: Draws = Draws(None, None)
    refits: tuple[Labels, ...] = ()


def measure(recipes: Sequence[Recipe], sizes: Sequence[int], study: Study) -> list[Trial]:
    """Measure every recipe at every size.

    Parameters
    ----------
    recipes : sequence of Recipe
        Clusterers, each with another name.
    sizes : sequence of int
        Numbers of personas; a clusterer that finds the number by itself is measured once.
    study : Study
        What they are measured on.

    Returns
    -------
    list of Trial
        By recipe, then by size. A candidate with a persona below ``study.min_share`` is judged, but not
        refitted: the rule can't pick it, and refits are most of the work. If that is true of all, or one size
        was asked for, all are refitted.

    Raises
    ------
    DataError
        If a clusterer can't be fitted at all.
    """
    pairs = [(r, size) for r in recipes for size in (sizes if r.sized_by else (None,))]
    portable = study.portable()
    tally = Tally(study.progress, 2 * len(pairs) + study.n_resamples * len(recipes))
    key = study.digest(list(recipes))
    fits = run_all(
        [Work(f"fit-{key}-{_name(r, s)}", partial(_fit, r, s, portable)) for r, s in pairs],
        study.checkpoint,
        tally.one,
    )
    judged: list[Result | None] = [None] * len(pairs)
    if study.evidence is not None:
        judged = list(
            run_all(
                [Work(f"judge-{key}-{_name(r, s)}", partial(_judge, r, s, portable)) for r, s in pairs],
                study.checkpoint,
                tally.one,
            )
        )
    trials = [_trial(*pair, fit, quality) for pair, fit, quality in zip(pairs, fits, judged, strict=True)]
    large = [t for t in trials if len(sizes) == 1 or t.candidate.smallest_share >= study.min_share] or trials
    return _with_stability(trials, large, recipes, study, tally)


@dataclass
class Tally:
    """Counts what is done of the whole, and tells."""

    tell: Callable[[int, int], None] | None
    total: int
    done: int = field(default=0)

    def one(self) -> None:
        """Count one more."""
        self.done += 1
        if self.tell is not None:
            self.tell(min(self.done, self.total), self.total)


def _name(recipe: Recipe, size: int | None) -> str:
    return f"{recipe.clusterer}-{size or 'auto'}"


def _fit(recipe: Recipe, size: int | None, study: Study) -> Result:
    fitted = taught(recipe, study.evidence).fit(
        study.sample, size, study.random_state, min_share=study.min_share
    )
    labels = evaluate(fitted.scorecard, columns_of(study.sample)).label
    spread, usable = between_share(study.sample, labels, study.feature_set)
    none = np.nan
    return {
        "counts": np.bincount(labels, minlength=fitted.scorecard.n_personas),
        "panel": evaluate(fitted.scorecard, columns_of(study.panel)).label,
        "figures": np.array(
            [
                none if fitted.log_likelihood is None else fitted.log_likelihood,
                none if fitted.bic is None else fitted.bic,
                fitted.noise_share,
                none if spread is None else spread,
                none if usable is None else usable,
            ]
        ),
    }


def _judge(recipe: Recipe, size: int | None, study: Study) -> Result:
    quality = judge_fit(recipe, size, study)
    found = {}
    for name in ("reach", "taste"):
        measure = getattr(quality, name, None)
        if measure is not None:
            found[name] = np.array([measure.value, measure.low, measure.high, measure.error])
            found[f"{name}_draws"] = getattr(quality, f"{name}_draws")
    return found or {"nothing": np.empty(0)}


def judge_fit(recipe: Recipe, size: int | None, study: Study, *, split: int = 0) -> Quality | None:
    """Fit on one half of the users of the evidence, and judge on the other.

    Parameters
    ----------
    recipe, size, study
        What is fitted, and on what.
    split : int, >= 0
        Which halves: 0 and 1 are the same two with their parts exchanged, 2 and 3 the next two.

    Returns
    -------
    Quality or None
        None if the half is too small, or too alike, for this number of personas.
    """
    evidence = study.evidence
    if evidence is None:
        return None
    half = halves(len(evidence.history), study.random_state + split // 2)
    half = ~half if split % 2 else half
    seen = evidence.rows(half)
    recipe = recipe.without(evidence.hidden).without(_silent(recipe, seen.history))
    try:
        fitted = taught(recipe, seen).fit(
            seen.history, size, study.random_state, quick=True, min_share=study.min_share
        )
    except DataError:
        return None
    labels = evaluate(fitted.scorecard, columns_of(evidence.history)).label
    quality = judge(labels, evidence.outcomes, half, random_state=study.random_state)
    if evidence.are_purchases:
        return quality
    return replace(quality, taste=None, taste_draws=None)


def _silent(recipe: Recipe, data: pd.DataFrame) -> list[str]:
    """Return features that no user, or hardly one, tells anything by: a fit could not read them."""
    return [name for name in recipe.reads if not varies(data[name])]


def label_panel(recipe: Recipe, sizes: Sequence[int | None], study: Study, resample: int) -> Result:
    """Refit on one bootstrap resample at every size, with one foresight, and label the panel.

    Returns
    -------
    Result
        ``labels`` of shape (n_sizes, n_panel); -1 throughout where a size could not be fitted.
    """
    seed = int(np.random.SeedSequence([study.random_state, resample]).generate_state(1)[0] % 2**31)
    n_users = len(study.sample)
    drawn = np.random.default_rng(seed).integers(0, n_users, min(MAX_RESAMPLE_USERS, n_users))
    data = study.sample.iloc[np.sort(drawn)]
    recipe = recipe.without(_silent(recipe, data))
    recipe = taught(recipe, None if study.evidence is None else study.evidence.of(data.index))
    labels = np.full((len(sizes), len(study.panel)), -1, dtype=np.int32)
    for row, size in enumerate(sizes):
        try:
            fitted = recipe.fit(data, size, seed, quick=True, min_share=study.min_share)
        except DataError:
            continue  # fewer distinct users than personas: nobody found again
        labels[row] = evaluate(fitted.scorecard, columns_of(study.panel)).label
    return {"labels": labels}


def _trial(recipe: Recipe, size: int | None, fit: Result, judged: Result | None) -> Trial:
    log_likelihood, bic, noise, spread, usable = (None if np.isnan(x) else float(x) for x in fit["figures"])
    judged = judged or {}
    reach, taste = (
        Measure(*map(float, judged[name])) if name in judged else None for name in ("reach", "taste")
    )
    candidate = Candidate(
        n_personas=len(fit["counts"]),
        log_likelihood=log_likelihood,
        bic=bic,
        stability=None,
        smallest_share=float(fit["counts"].min() / fit["counts"].sum()),
        chosen=False,
        reason=Text("", ""),
        clusterer=recipe.clusterer,
        reach=reach,
        taste=taste,
        noise_share=noise or 0.0,
        value_spread=spread,
        actionability=usable,
    )
    draws = Draws(judged.get("reach_draws"), judged.get("taste_draws"))
    return Trial(recipe, size, candidate, fit["panel"], draws)


def _with_stability(
    trials: list[Trial], large: list[Trial], recipes: Sequence[Recipe], study: Study, tally: Tally
) -> list[Trial]:
    refitted = {r.clusterer: [t.size for t in large if t.recipe is r] for r in recipes}
    keys = {r.clusterer: study.digest(r, refitted[r.clusterer]) for r in recipes}
    works = [
        Work(
            f"refit-{keys[r.clusterer]}-{i}",
            partial(label_panel, r, refitted[r.clusterer], study.portable(), i),
        )
        for r in recipes
        for i in range(study.n_resamples)
        if refitted[r.clusterer]
    ]
    results = iter(run_all(works, study.checkpoint, tally.one))
    labels = {
        r.clusterer: np.stack([next(results)["labels"] for _ in range(study.n_resamples)], axis=1)
        for r in recipes
        if refitted[r.clusterer]
    }
    measured = {
        (t.recipe.clusterer, t.size): _refitted(
            t, tuple(labels[t.recipe.clusterer][refitted[t.recipe.clusterer].index(t.size)])
        )
        for t in large
    }
    trials = [measured.get((t.recipe.clusterer, t.size), t) for t in trials]
    return [
        replace(
            t,
            candidate=replace(
                t.candidate, across=across(t.panel, t.candidate.n_personas, next_smaller(t, trials))
            ),
        )
        for t in trials
    ]


def _refitted(trial: Trial, refits: tuple[Labels, ...]) -> Trial:
    n = trial.candidate.n_personas
    jaccards = persona_jaccards(trial.panel, list(refits), n_personas=n)
    stability = mean_pairwise_ari(list(refits)) if n > 1 else 1.0
    candidate = replace(
        trial.candidate, stability=stability, jaccards=tuple(float(j) for j in np.nan_to_num(jaccards))
    )
    return replace(trial, candidate=candidate, refits=refits)


def next_smaller(trial: Trial, trials: Sequence[Trial]) -> Trial | None:
    """Return the next smaller solution of the same clusterer, if there is one."""
    smaller = [
        t
        for t in trials
        if t.recipe is trial.recipe and 1 < t.candidate.n_personas < trial.candidate.n_personas
    ]
    return max(smaller, key=lambda t: t.candidate.n_personas) if smaller and trial.size is not None else None


def across(panel: Labels, n_personas: int, smaller: Trial | None) -> tuple[float, ...]:
    """Return the stability of each persona against a smaller solution; nothing without one."""
    if smaller is None:
        return ()
    found = across_stability(panel, smaller.panel, n_personas=n_personas)
    return tuple(float(x) for x in np.nan_to_num(found))
