"""From a feature frame to a named, profiled, calibrated persona model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from personas.errors import ConfigError, DataError
from personas.features import FeatureFrame, FeatureSet, columns_of
from personas.features.base import typed_columns, unseen_levels
from personas.features.rehearsal import Rehearsal
from personas.model.answers import STATUSES, Answers, status_of
from personas.model.base import PersonaModel
from personas.model.calibrate import calibrate
from personas.model.continuity import can_read, champion_labels, champion_quality
from personas.model.describe import describe, tag_rules
from personas.model.discover import Discovery, discover
from personas.model.evidence import Evidence, held_out_columns, next_window
from personas.model.guide import check_must_keep, guided_recipes
from personas.model.identity import Continuity
from personas.model.macro import with_macros
from personas.model.options import FitOptions
from personas.model.recipe import Recipe
from personas.model.recipes import clusterer_list, make_recipes, with_portrait
from personas.model.sketch import make_sketch
from personas.model.study import MAX_SAMPLE_USERS, Study
from personas.scorecard import Scorecard, Scores
from personas.scorecard.reference import evaluate
from personas.selection.checkpoint import Checkpoint
from personas.selection.verdict import check_structure

Progress = Callable[[str, int, int], None]
"""Called with the step's name, how much of it is done, and of how much."""

MINIMUM_USERS = 50
"""Fewer training users can't carry two personas and an honest estimate of their stability (own choice)."""


def fit_personas(
    frame: FeatureFrame,
    *,
    clusterer: str | Sequence[str] = "auto",
    n_personas: int | Literal["auto"] = "auto",
    random_state: int = 0,
    options: FitOptions | None = None,
    rehearsal: Rehearsal | None = None,
    champion: PersonaModel | None = None,
    progress: Progress | None = None,
) -> PersonaModel:
    """Discover personas, turn them into a scorecard, and describe and name them.

    Parameters
    ----------
    frame : FeatureFrame
        User x feature table.
    clusterer : str or sequence of str
        Registered name of the clusterer; several are tried, and ``"auto"`` tries those that suit the table.
    n_personas : int or "auto"
        Number of personas; ``"auto"`` picks it (clusterers that find it by themselves need ``"auto"``).
    random_state : int
        Seed of everything random.
    options : FitOptions, optional
        The rest.
    rehearsal : Rehearsal, optional
        An earlier look at the same users, and what they bought next: what solutions are judged by
        (:func:`personas.features.rehearse`). Without it, by columns that the judged fits do not see.
    champion : PersonaModel, optional
        Model in use; its persona ids carry over to the personas that overlap most.
    progress : callable, optional
        Told how far the work is.

    Returns
    -------
    PersonaModel

    Raises
    ------
    ConfigError
        If the number of personas, or its range, is impossible, the search can't begin at the archetypes, or
        the champion lacks a persona that must be kept.
    DataError
        If there are too few users, no feature to cluster on, or a clusterer finds less than two groups.
    GateError
        If tables without structure give personas that are as good, a distilled scorecard does not
        reproduce its clusterer well enough, or a required archetype or persona was not found.
    """
    options = options or FitOptions()
    check_must_keep(options.must_keep, champion)
    # Two threads add floats up in another order than one; the answer must not depend on the machine.
    with threadpool_limits(limits=1):
        raw = frame.sample(options.max_training_users).to_raw_pandas()
        data = typed_columns(raw, frame.feature_set)
        unseen = unseen_levels(raw, data, frame.feature_set)
        del raw
        held_out = _held_out(data.index, options.holdout_share)
        names = clusterer_list(clusterer, frame.feature_set)
        training = data.loc[~held_out]
        recipes = make_recipes(names, training, frame.feature_set, options.block_weights)
        _check_size(training, recipes)
        recipes = guided_recipes(
            recipes,
            options.archetypes,
            frame.feature_set,
            use=options.archetype_use,
            as_asked=clusterer != "auto",
        )
        foretold = None
        if rehearsal is not None:
            foretold = next_window(rehearsal, data.index, options.max_training_users)
        study = _study(
            frame,
            data=data,
            held_out=held_out,
            foretold=foretold,
            options=options,
            random_state=random_state,
            progress=progress,
        )
        sizes = _sizes(recipes, n_personas, options)
        recipes = [with_portrait(r, study, max(sizes), options.block_weights) for r in recipes]
        start = None
        if options.warm_start and champion is not None and can_read(champion, frame.feature_set):
            start = champion.scorecard
        discovery = discover(
            recipes,
            data,
            study,
            foretold=foretold,
            sizes=sizes,
            as_asked=n_personas != "auto",
            start=start,
        )
        if not options.force:
            check_structure(discovery.verdicts)
        feature_set = _kept(frame.feature_set, discovery)
        scores = evaluate(discovery.scorecard, columns_of(data))
        _check_no_empty_persona(scores, discovery.scorecard)
        calibration = calibrate(discovery.probability, discovery.agreement)
        confidence = np.interp(scores.probability, calibration.probability, calibration.confidence)
        surprise_limit = float(np.quantile(scores.surprise, 1.0 - options.out_of_distribution_share))
        old = champion_labels(champion, data, frame.feature_set)
        personas, continuity = describe(data, scores.label, feature_set, options, champion, old=old)
        continuity = _with_quality(continuity, champion, study)
        if options.macro_personas is not None:
            personas = with_macros(personas, discovery.scorecard, data, options.macro_personas)
        rules = tag_rules(data, scores.label, feature_set, held_out)
        status = status_of(
            scores, confidence, low_confidence=options.low_confidence, surprise_limit=surprise_limit
        )
        recipe = discovery.recipe
        return PersonaModel(
            name=options.name,
            window=frame.window,
            feature_set=feature_set,
            scorecard=discovery.scorecard,
            personas=tuple(
                replace(p, stability=j, rules=r)
                for p, j, r in zip(personas, discovery.jaccards, rules, strict=True)
            ),
            calibration=calibration,
            low_confidence=options.low_confidence,
            surprise_limit=surprise_limit,
            clusterer=recipe.clusterer,
            clusterer_params={
                "random_state": random_state,
                "feature_weights": {name: round(w, 6) for name, w in recipe.feature_weights.items()},
                "transforms": dict(recipe.transforms),
                "left_out": [name for name in feature_set.inputs.names if name not in recipe.reads],
                "judged_by": study.evidence.yardstick if study.evidence else "none",
                **({"foretold_by": _foretold_by(recipe)} if recipe.foresees else {}),
            },
            selection=discovery.candidates,
            verdicts=discovery.verdicts,
            metrics={
                "n_training_users": float(len(data)),
                "n_holdout_users": float(held_out.sum()),
                "mean_confidence": float(confidence.mean()),
                "assigned_share": float(np.mean(status == STATUSES.index("assigned"))),
                **discovery.metrics,
            },
            events=tuple(event.text() for event in continuity.events) if continuity else (),
            continuity=continuity,
            config=options.config,
            sketch=make_sketch(
                data,
                feature_set,
                as_of=frame.window.as_of,
                persona_ids=tuple(p.persona_id for p in personas),
                answers=Answers(scores.label, confidence, status),
                unseen=unseen,
                earlier=champion.sketch if champion else None,
            ),
        )


def _study(
    frame: FeatureFrame,
    *,
    data: pd.DataFrame,
    held_out: NDArray[np.bool_],
    foretold: Evidence | None,
    options: FitOptions,
    random_state: int,
    progress: Progress | None,
) -> Study:
    """Gather what candidates are measured on: nothing of the users who are held out."""
    training = data.loc[~held_out]
    evidence = None if foretold is None else foretold.of(training.index)
    if evidence is None or not evidence.suffices:
        evidence = held_out_columns(training, frame.feature_set)
    if evidence is not None:
        evidence = evidence.rows(_some(len(evidence.history), random_state))
    sample = training.iloc[_some(len(training), random_state)]
    panel = data.loc[held_out] if held_out.sum() >= MINIMUM_USERS else training
    return Study(
        sample=sample,
        panel=panel.iloc[_some(len(panel), random_state)],
        evidence=evidence,
        feature_set=frame.feature_set,
        n_resamples=options.n_resamples,
        min_share=options.min_share,
        random_state=random_state,
        checkpoint=Checkpoint(options.checkpoint),
        progress=None if progress is None else lambda done, total: progress("personas", done, total),
    )


def _some(n_users: int, random_state: int) -> NDArray[np.intp]:
    """Return the rows of a random sample of at most :data:`MAX_SAMPLE_USERS`, in order."""
    if n_users <= MAX_SAMPLE_USERS:
        return np.arange(n_users)
    drawn = np.random.default_rng(random_state).permutation(n_users)[:MAX_SAMPLE_USERS]
    return np.sort(drawn)


def _kept(feature_set: FeatureSet, discovery: Discovery) -> FeatureSet:
    """Return the features that are read or described; the other ones need not be built again."""
    read = set(discovery.scorecard.features)
    return FeatureSet(tuple(f for f in feature_set if f.described or f.name in read))


def _with_quality(
    continuity: Continuity | None, champion: PersonaModel | None, study: Study
) -> Continuity | None:
    """Add what the champion tells of the users that candidates were judged on."""
    if continuity is None or champion is None:
        return continuity
    quality = champion_quality(champion, study.evidence, study.feature_set, study.random_state)
    return replace(continuity, reach=quality.reach, taste=quality.taste) if quality else continuity


def _foretold_by(recipe: Recipe) -> str:
    """Name what a foresight was learned from: what users bought next, or, where that is not known, their own counts."""
    return "next_window" if recipe.foresight is not None else "own_counts"


def _sizes(
    recipes: Sequence[Recipe], n_personas: int | Literal["auto"], options: FitOptions
) -> tuple[int, ...]:
    """Return the numbers of personas to try."""
    if n_personas != "auto":
        for recipe in recipes:
            recipe.make(n_personas, 0)  # refuses a number that the clusterer would find by itself
        return (n_personas,)
    if not 1 <= options.min_personas <= options.max_personas:
        raise ConfigError(
            f"min_personas is {options.min_personas} and max_personas {options.max_personas}; "
            "expected 1 <= min_personas <= max_personas."
        )
    return tuple(range(options.min_personas, options.max_personas + 1))


def _held_out(user_ids: pd.Index, share: float) -> NDArray[np.bool_]:
    """Mark the held-out users by a hash of their id, so that a user stays where they are."""
    limit = int(share * 2**32)
    digests = (hashlib.md5(f"holdout:{u}".encode(), usedforsecurity=False).digest() for u in user_ids)
    return np.fromiter(
        (int.from_bytes(d[:4], "big") < limit for d in digests), dtype=bool, count=len(user_ids)
    )


def _check_size(training: pd.DataFrame, recipes: Sequence[Recipe]) -> None:
    if not all(recipe.reads for recipe in recipes):
        raise DataError(
            "No feature is left to cluster on: every column is missing, constant, protected or excluded. "
            "Map more columns in the config."
        )
    if len(training) < MINIMUM_USERS:
        raise DataError(
            f"Only {len(training)} users are left to train on; expected at least {MINIMUM_USERS}. "
            "Add users, or loosen what drops them (consent, quarantine, holdout_share)."
        )


def _check_no_empty_persona(scores: Scores, scorecard: Scorecard) -> None:
    counts = np.bincount(scores.label, minlength=scorecard.n_personas)
    empty = int((counts == 0).sum())
    if empty:
        raise DataError(
            f"{empty} of {scorecard.n_personas} personas got no user; ask for fewer personas (n_personas)."
        )
