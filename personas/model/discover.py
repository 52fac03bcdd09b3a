"""Discover personas: measure several clusterers and numbers of personas, pick one, and fit it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from personas.features import columns_of
from personas.model.distill import check_fidelity
from personas.model.evidence import Evidence, taught
from personas.model.match import align
from personas.model.nulls import verdicts
from personas.model.recipe import Fitted, Recipe
from personas.model.study import Study, Trial, across, measure, next_smaller
from personas.scorecard import Scorecard
from personas.scorecard.reference import evaluate
from personas.selection.base import Candidate, Verdict
from personas.selection.jaccard import persona_jaccards, temporal_stability
from personas.selection.select import choose


@dataclass(frozen=True)
class Discovery:
    """What was found.

    Parameters
    ----------
    recipe : Recipe
        The chosen clusterer.
    scorecard : Scorecard
        Assigns every user.
    candidates : tuple of Candidate
        The selection table.
    verdicts : tuple of Verdict
        The solution against tables without structure.
    probability, agreement : ndarray of shape (n_panel,), 0 to 1
        Softmax share of the best persona on the panel, and how often matched refits (or the
        clusterer's own labels) agree with it: what the confidence is calibrated on. The panel saw no refit, but the
        stability that picked the solution was measured on it, too, so agreement errs on the bright side.
    jaccards : tuple of float, 0 to 1
        Stability of each persona, in the order of the scorecard's rows.
    metrics : dict of str to float
        Quality figures of the chosen solution.
    """

    recipe: Recipe
    scorecard: Scorecard
    candidates: tuple[Candidate, ...]
    verdicts: tuple[Verdict, ...]
    probability: NDArray[np.float64]
    agreement: NDArray[np.float64]
    jaccards: tuple[float, ...]
    metrics: dict[str, float]


def discover(
    recipes: Sequence[Recipe],
    data: pd.DataFrame,
    study: Study,
    *,
    foretold: Evidence | None,
    sizes: Sequence[int],
    as_asked: bool,
    start: Scorecard | None = None,
) -> Discovery:
    """Measure every recipe at every size, keep the solution that the rule picks, and fit it on all users.

    Parameters
    ----------
    recipes : sequence of Recipe
        The clusterers.
    data : DataFrame of shape (n_users, n_features)
        Users of the final fit: everybody. Those whom no candidate was measured on have told what they are for, and
        on small tables a fifth of the users makes better personas.
    study : Study
        What candidates are measured on.
    foretold : Evidence or None
        What all of them bought next, for a foresight; None if that is not known.
    sizes : sequence of int
        Numbers of personas to try; ignored by clusterers that find the number by themselves.
    as_asked : bool
        Whether the number was given by the user.
    start : Scorecard, optional
        What is in use: one more start of the final fit. What candidates are measured by begins cold, or refits would
        agree because they begin alike.

    Returns
    -------
    Discovery

    Raises
    ------
    DataError
        If a clusterer can't be fitted.
    GateError
        If the scorecard of a clusterer that isn't additive does not speak for it.
    """
    trials = measure(recipes, sizes, study)
    candidates = choose(
        [t.candidate for t in trials],
        min_share=study.min_share,
        draws=[t.draws for t in trials],
        as_asked=as_asked,
    )
    chosen = next(t for t, c in zip(trials, candidates, strict=True) if c.chosen)
    # Where too few could judge by what they bought next, the candidates had no foresight, either.
    judged = study.evidence is not None and study.evidence.yardstick == "next_window"
    recipe = taught(chosen.recipe, foretold if judged else None)
    warm = replace(recipe, start=start)
    fitted = warm.fit(data, chosen.size, study.random_state, min_share=study.min_share)
    if fitted.report is not None:
        check_fidelity(fitted.report)
    smaller = next_smaller(chosen, trials)
    return _found(replace(chosen, recipe=recipe), fitted, candidates, study, smaller=smaller)


def _found(
    chosen: Trial,
    fitted: Fitted,
    candidates: tuple[Candidate, ...],
    study: Study,
    *,
    smaller: Trial | None,
) -> Discovery:
    scores = evaluate(fitted.scorecard, columns_of(study.panel))
    size = fitted.scorecard.n_personas
    jaccards = np.nan_to_num(persona_jaccards(scores.label, list(chosen.refits), n_personas=size))
    metrics = {
        "stability": chosen.candidate.stability,
        "smallest_jaccard": float(jaccards.min()),
        "log_likelihood": fitted.log_likelihood,
        "bic": fitted.bic,
        "reach": chosen.candidate.reach.value if chosen.candidate.reach else None,
        "taste": chosen.candidate.taste.value if chosen.candidate.taste else None,
        "kept_share": _kept_share(fitted.scorecard, study),
    }
    if fitted.report is None:
        probability, agreement = scores.probability, _agreement(scores.label, chosen.refits, size)
    else:
        probability, agreement = fitted.report.probability, fitted.report.agreement
        metrics |= {
            "noise_share": fitted.noise_share,
            "fidelity": fitted.report.fidelity,
            "smallest_recall": min(fitted.report.recalls),
        }
    untaught = replace(chosen.recipe, foresight=None)
    return Discovery(
        recipe=chosen.recipe,
        scorecard=fitted.scorecard,
        # The final fit may put its personas in another order than the one on the sample.
        candidates=tuple(
            replace(c, across=across(scores.label, size, smaller)) if c.chosen else c for c in candidates
        ),
        verdicts=verdicts(untaught, chosen.size, study),
        probability=probability,
        agreement=agreement,
        jaccards=tuple(float(j) for j in jaccards),
        metrics={name: value for name, value in metrics.items() if value is not None},
    )


def _kept_share(scorecard: Scorecard, study: Study) -> float | None:
    """Return the share of users whose persona is what it would have been a window ago."""
    evidence = study.evidence
    if evidence is None or evidence.yardstick != "next_window":
        return None
    both = study.sample.index.intersection(evidence.history.index)
    if both.empty:
        return None
    then, now = (
        evaluate(scorecard, columns_of(data.loc[both])).label for data in (evidence.history, study.sample)
    )
    return temporal_stability(then, now, n_personas=scorecard.n_personas).kept_share


def _agreement(
    label: NDArray[np.int32], refits: Sequence[NDArray[np.int32]], size: int
) -> NDArray[np.float64]:
    """Return how often refits, matched by overlap, agree with each label."""
    matched = [
        align(label, labels, size=max(size, int(labels.max()) + 1))[labels]
        for labels in refits
        if labels.min() >= 0
    ]
    if not matched:
        return np.zeros(len(label))  # every refit failed: nothing vouches for anybody
    return np.asarray(np.mean([labels == label for labels in matched], axis=0), dtype=np.float64)
