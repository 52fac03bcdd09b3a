"""Continuity: a model that is trained anew takes over the ids and names of the champion's personas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from personas.errors import DataError
from personas.features import FeatureSet, columns_of
from personas.model.archetypes import Archetype
from personas.model.base import Persona, PersonaModel, Trait, usable_names
from personas.model.changes import Panel, Portraits, panel_events, portrait_distances, profile_events
from personas.model.evidence import Evidence
from personas.model.identity import KINDS, Continuity, IdentityEvent
from personas.model.label import PersonaName, name_personas
from personas.model.match import IdMatch, match_personas
from personas.model.migration import model_migration
from personas.model.portrait import NEARLY_IDENTICAL, portrait_distance, portrait_of
from personas.schema import Text
from personas.scorecard.reference import evaluate
from personas.selection.quality import Quality, halves, judge

Labels = NDArray[np.int32]

SPEND = "revenue"
"""Feature that users are weighted with where their spend is asked for."""


def champion_labels(
    champion: PersonaModel | None, data: pd.DataFrame, feature_set: FeatureSet
) -> Labels | None:
    """Label users by the champion.

    Parameters
    ----------
    champion : PersonaModel or None
        Model in use.
    data : DataFrame of shape (n_users, n_features)
        Users of today.
    feature_set : FeatureSet
        What its columns are.

    Returns
    -------
    ndarray of int32, shape (n_users,), or None
        None if there is no champion, or a feature that it reads is gone or of another kind.
    """
    if champion is None or not can_read(champion, feature_set):
        return None
    return evaluate(champion.scorecard, columns_of(data[champion.scorecard.features])).label


def with_champion_features(feature_set: FeatureSet, champion: PersonaModel | None) -> FeatureSet:
    """Add what the champion reads and the day does not propose, so that it can still label users.

    Which categories are read changes with what is bought; a champion that lacked one of them could label nobody, and
    every identity would hang on profiles alone.

    Parameters
    ----------
    feature_set : FeatureSet
        What is proposed for the day.
    champion : PersonaModel or None
        Model in use.

    Returns
    -------
    FeatureSet
        With the champion's further features of events, which can be computed of any users, neither clustered on nor
        described. A profile column that is gone stays gone.
    """
    if champion is None:
        return feature_set
    further = tuple(
        replace(feature, role="profile", described=False)
        for feature in champion.scored_features
        if feature.name not in feature_set.names and feature.source in ("rfm", "category_history")
    )
    return replace(feature_set, features=(*feature_set.features, *further))


def can_read(model: PersonaModel, feature_set: FeatureSet) -> bool:
    """Return whether the features that a model reads still exist, of the same kind."""
    kinds = {feature.name: feature.kind for feature in feature_set}
    return all(kinds.get(name) == model.feature_set[name].kind for name in model.scorecard.features)


def match_champion(
    champion: PersonaModel | None,
    old_labels: Labels | None,
    new_labels: Labels,
    traits: Sequence[Sequence[Trait]],
    *,
    used_ids: Sequence[str] = (),
) -> IdMatch:
    """Carry the champion's persona ids over.

    Parameters
    ----------
    champion : PersonaModel or None
        Model in use.
    old_labels, new_labels : ndarray of int32, shape (n_users,)
        Of the same users by either model; the former None where the champion can't label them.
    traits : sequence of sequence of Trait
        Of the new personas, in row order.
    used_ids : sequence of str
        Ids of all earlier models.

    Returns
    -------
    IdMatch
        As of :func:`personas.model.match.match_personas`.
    """
    if champion is None:
        return match_personas(None, new_labels, (), len(traits), used_ids=used_ids)
    portraits = _portraits(champion, traits)
    old_ids = [persona.persona_id for persona in champion.personas]
    return match_personas(
        old_labels, new_labels, old_ids, len(traits), used_ids=used_ids, portraits=portraits
    )


def continued_names(
    champion: PersonaModel | None,
    traits: Sequence[Sequence[Trait]],
    persona_ids: Sequence[str],
    *,
    archetypes: Sequence[Archetype] = (),
    given: Mapping[str, Text] | None = None,
) -> tuple[list[PersonaName], tuple[IdentityEvent, ...]]:
    """Name personas so that a name follows its id, and say where the traits would give another one.

    Parameters
    ----------
    champion : PersonaModel or None
        Model in use.
    traits : sequence of sequence of Trait
        Of each persona.
    persona_ids : sequence of str
        In the same order.
    archetypes, given
        As ``archetypes`` and ``overrides`` of :func:`personas.model.label.name_personas`; a given name wins over
        the champion's.

    Returns
    -------
    names : list of PersonaName
        In the order of ``traits``; a kept persona has the champion's name, with its source.
    proposals : tuple of IdentityEvent
        Of kind ``renamed``: where the traits would give another name to a persona that has changed, that is whose
        portrait is no longer nearly identical or that matches another archetype. A composed name that differs while
        the persona is what it was is chance.
    """
    given = given or {}
    fresh = name_personas(traits, persona_ids, archetypes=archetypes, overrides=given)
    if champion is None:
        return fresh, ()
    theirs = {p.persona_id: p for p in champion.personas if p.persona_id in persona_ids}
    asked = usable_names(dict.fromkeys(persona_ids), given)
    taken = {word for name in asked.values() for word in name}
    inherited = {
        persona_id: persona.name
        for persona_id, persona in theirs.items()
        if persona_id not in asked and taken.isdisjoint(persona.name)
    }
    names = name_personas(traits, persona_ids, archetypes=archetypes, overrides={**inherited, **asked})
    proposals = []
    for k, persona_id in enumerate(persona_ids):
        if persona_id not in inherited or names[k].name != inherited[persona_id]:
            continue
        old = theirs[persona_id]
        names[k] = replace(names[k], source=old.name_source)
        if (
            old.name_source != "override"
            and fresh[k].name != old.name
            and _has_changed(old, traits[k], fresh[k])
        ):
            proposals.append(
                IdentityEvent("renamed", persona_id, by="profiles", names=(old.name, fresh[k].name))
            )
    return names, tuple(proposals)


def continuity_of(
    champion: PersonaModel,
    match: IdMatch,
    labels: tuple[Labels | None, Labels],
    *,
    proposals: Sequence[IdentityEvent] = (),
    data: pd.DataFrame,
) -> Continuity:
    """Gather what became of the champion's personas.

    Parameters
    ----------
    champion : PersonaModel
        Model in use.
    match : IdMatch
        Of its personas.
    labels : pair of ndarray of int32, shape (n_users,)
        By the champion, None where it can't label, and by the new model.
    proposals : sequence of IdentityEvent
        Names that traits suggest.
    data : DataFrame of shape (n_users, n_features)
        The users; their spend is read from the column ``revenue``, if there is one.

    Returns
    -------
    Continuity
    """
    old, new = labels
    migration = None
    if old is not None:
        spend = data[SPEND].to_numpy(dtype=np.float64) if SPEND in data.columns else None
        old_ids = [persona.persona_id for persona in champion.personas]
        migration = model_migration(old, new, old_ids, match.persona_ids, value=spend)
    events = sorted([*match.events, *proposals], key=lambda event: KINDS.index(event.kind))
    return Continuity(champion.as_of, match.by, tuple(events), migration)


def confront(
    earlier: PersonaModel,
    later: PersonaModel,
    data: pd.DataFrame | None = None,
    feature_set: FeatureSet | None = None,
) -> Continuity:
    """Hold two models against each other on the same users, whatever either was trained against.

    Parameters
    ----------
    earlier, later : PersonaModel
        The same id in both is the same persona.
    data : DataFrame of shape (n_users, n_features), optional
        Users of one day, with what the models read; and ``revenue``, where spend is to be told.
    feature_set : FeatureSet, optional
        What its columns are.

    Returns
    -------
    Continuity
        By the panel if there is one and both models can label it, else by profiles.

    Raises
    ------
    DataError
        If there are no users.
    """
    if data is not None and data.empty:
        raise DataError("There are no users to hold two models against each other; expected at least one.")
    old_ids, new_ids = ([p.persona_id for p in model.personas] for model in (earlier, later))
    portraits = _portraits(earlier, [p.traits for p in later.personas])
    old = new = None
    if data is not None and feature_set is not None:
        old, new = (champion_labels(model, data, feature_set) for model in (earlier, later))
    if data is None or old is None or new is None:
        distances = portrait_distances(portraits, len(old_ids), len(new_ids))
        return Continuity(earlier.as_of, "profiles", profile_events(distances, old_ids, new_ids))
    events = panel_events(Panel.of(old, new, len(old_ids), len(new_ids)), old_ids, new_ids, portraits)
    return continuity_of(earlier, IdMatch(tuple(new_ids), "panel", events), (old, new), data=data)


def champion_quality(
    champion: PersonaModel, evidence: Evidence | None, feature_set: FeatureSet, random_state: int
) -> Quality | None:
    """Judge the champion on the very users whom candidates are judged on.

    Parameters
    ----------
    champion : PersonaModel
        Model in use.
    evidence : Evidence or None
        What candidates were judged by.
    feature_set : FeatureSet
        What the columns of its history are.
    random_state : int
        Seed of the halves and of the bootstrap, that of the candidates.

    Returns
    -------
    Quality or None
        None without a next window (the champion may read the columns that others must foretell), or if the champion
        can't label these users.

    Notes
    -----
    A candidate is fitted on half of these users, before the next window; the champion may have seen them in it, so
    a doubt is in favour of the model in use.
    """
    if evidence is None or evidence.yardstick != "next_window" or not can_read(champion, feature_set):
        return None
    labels = evaluate(champion.scorecard, columns_of(evidence.history[champion.scorecard.features])).label
    half = halves(len(evidence.history), random_state)
    return judge(labels, evidence.outcomes, half, random_state=random_state)


def _portraits(champion: PersonaModel, traits: Sequence[Sequence[Trait]]) -> Portraits:
    return [portrait_of(p.traits) for p in champion.personas], [portrait_of(t) for t in traits]


def _has_changed(old: Persona, traits: Sequence[Trait], fresh: PersonaName) -> bool:
    distance = portrait_distance(portrait_of(old.traits), portrait_of(traits))
    return old.archetype != fresh.archetype or distance is None or distance > NEARLY_IDENTICAL
