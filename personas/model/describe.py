"""Turn labelled users into people: profiles, names, cards, rules, and what became of the champion's personas."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from personas.features import FeatureSet
from personas.features.category_history import is_category_count
from personas.model.base import Persona, PersonaModel
from personas.model.cards import make_cards
from personas.model.continuity import continued_names, continuity_of, match_champion
from personas.model.guide import check_archetypes, check_kept
from personas.model.identity import Continuity
from personas.model.match import IdMatch
from personas.model.options import FitOptions
from personas.model.persona_map import map_positions
from personas.model.profile import profile_personas
from personas.model.rule_base import RuleSet
from personas.model.rules import find_rules
from personas.schema import Text


def describe(
    data: pd.DataFrame,
    labels: NDArray[np.int32],
    feature_set: FeatureSet,
    options: FitOptions,
    champion: PersonaModel | None,
    *,
    old: NDArray[np.int32] | None,
) -> tuple[tuple[Persona, ...], Continuity | None]:
    """Profile and name personas, and match them to the champion's.

    Parameters
    ----------
    data : DataFrame of shape (n_users, n_features)
        Users of the fit.
    labels : ndarray of int32, shape (n_users,)
        Their personas.
    feature_set : FeatureSet
        Their features.
    options : FitOptions
        Names, archetypes, and what must be found.
    champion : PersonaModel or None
        The model in use.
    old : ndarray of int32, shape (n_users,), or None
        What the champion says of the same users; None if it can't read them.

    Returns
    -------
    personas : tuple of Persona
        In the order of the labels; without stability and rules.
    continuity : Continuity or None
        What became of the champion's personas; None without a champion.

    Raises
    ------
    GateError
        If a required archetype or a persona that must be kept was not found, unless forced.
    """
    n_personas = int(labels.max()) + 1
    told = feature_set.described
    traits = profile_personas(
        data[told.names], labels, told, n_personas=n_personas, level_labels=options.level_labels
    )
    match = match_champion(champion, old, labels, traits, used_ids=options.used_ids)
    names, proposals = continued_names(
        champion,
        traits,
        match.persona_ids,
        archetypes=options.archetypes,
        given=_names_of(match, options),
    )
    cards = make_cards(traits, feature_set)
    positions = map_positions(traits)
    counts = np.bincount(labels, minlength=n_personas)
    personas = tuple(
        Persona(
            persona_id=match.persona_ids[k],
            name=names[k].name,
            name_source=names[k].source,
            archetype=names[k].archetype,
            share=float(counts[k] / counts.sum()),
            n_users=int(counts[k]),
            traits=traits[k],
            card=cards[k],
            map_x=positions[k][0],
            map_y=positions[k][1],
        )
        for k in range(n_personas)
    )
    if not options.force:
        if options.archetype_use == "require":
            check_archetypes(personas, options.archetypes)
        if options.must_keep:
            check_kept(options.must_keep, champion, old, labels, match.persona_ids)
    if champion is None:
        return personas, None
    return personas, continuity_of(champion, match, (old, labels), proposals=proposals, data=data)


def _names_of(match: IdMatch, options: FitOptions) -> dict[str, Text]:
    """Return the given names of the personas that were found; the others are remembered elsewhere."""
    return {i: options.name_overrides[i] for i in match.persona_ids if i in options.name_overrides}


def tag_rules(
    data: pd.DataFrame, labels: NDArray[np.int32], feature_set: FeatureSet, held_out: NDArray[np.bool_]
) -> tuple[RuleSet, ...]:
    """Find rules that targeting tools can state as tags: searched on some users, judged on those held out.

    Parameters
    ----------
    data, labels, feature_set
        As in :func:`describe`.
    held_out : ndarray of bool, shape (n_users,)
        Users that the search does not see.

    Returns
    -------
    tuple of RuleSet
        One per persona.
    """
    told = feature_set.described
    # Targeting tools know attributes and purchases of a category as tags, but no totals.
    tags = [
        f.name
        for f in told
        if not f.protected and (f.source in ("profile", "membership") or is_category_count(f))
    ]
    return find_rules(
        data[told.names],
        labels,
        told,
        n_personas=int(labels.max()) + 1,
        held_out=held_out,
        features=tags,
    )
