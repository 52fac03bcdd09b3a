"""Guided personas: what the user expects of them before the fit, and holds them to after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from personas.cluster.seeds import Range, Seed
from personas.errors import ConfigError, DataError, GateError
from personas.features import FeatureSet
from personas.model.archetypes import (
    SMALLEST_MEAN_LIFT,
    SMALLEST_PART,
    Archetype,
    attribute_lifts,
    match_archetypes,
)
from personas.model.bands import BOUGHT, YES
from personas.model.base import Persona, PersonaModel
from personas.model.match import KEPT_JACCARD
from personas.model.recipe import Recipe
from personas.schema.admit import AdmissionReport
from personas.schema.bands import band_order
from personas.schema.levels import LEVELS
from personas.selection.jaccard import jaccard_matrix

ArchetypeUse = Literal["find", "seed", "require"]
"""What archetypes are for: names only; a start of the search too; and each must be found."""

OUTSIDE = "outside this model"
"""Reason, in the admission report, of users whom ``where`` leaves out."""

MAX_LEVELS_SHOWN = 20

Labels = NDArray[np.integer]


def guided_recipes(
    recipes: Sequence[Recipe],
    archetypes: Sequence[Archetype],
    feature_set: FeatureSet,
    *,
    use: ArchetypeUse,
    as_asked: bool,
) -> list[Recipe]:
    """Let the search begin at the archetypes, too.

    Parameters
    ----------
    recipes : sequence of Recipe
        The clusterers.
    archetypes : sequence of Archetype
        What is expected.
    feature_set : FeatureSet
        What the columns are.
    use : {"find", "seed", "require"}
        With ``"find"`` nothing changes. With ``"require"`` every clusterer that can begins at the archetypes.
    as_asked : bool
        Whether the user named the clusterers. If not, ``"seed"`` keeps those that can begin at archetypes.

    Returns
    -------
    list of Recipe

    Raises
    ------
    ConfigError
        If there are no archetypes, a clusterer that the user named can't begin at them, or none has half of its
        attributes among the inputs.
    """
    if use == "find":
        return list(recipes)
    if not archetypes:
        raise ConfigError(
            f"archetype_use is {use!r}, but there are no archetypes; name a file of them in personas.archetypes, or "
            "set archetype_use to 'find'."
        )
    if use == "seed":
        unable = [recipe.clusterer for recipe in recipes if not recipe.takes_seeds]
        if unable and as_asked:
            raise ConfigError(
                f"archetype_use is 'seed', but {', '.join(unable)} can't begin at archetypes; expected "
                "clusterer: latent_class (or auto). Choose it, or set archetype_use to 'find' or 'require'."
            )
        recipes = [recipe for recipe in recipes if recipe.takes_seeds]
    guided = [
        replace(recipe, seeds=seeds_of(archetypes, recipe, feature_set)) if recipe.takes_seeds else recipe
        for recipe in recipes
    ]
    if use == "seed" and not any(recipe.seeds for recipe in guided):
        asked = sorted({name for archetype in archetypes for name in archetype.attributes})
        raise ConfigError(
            f"archetype_use is 'seed', but no archetype has half of its attributes ({', '.join(asked)}) among the "
            f"inputs ({', '.join(recipes[0].reads)}). Map or input these attributes, or set archetype_use to 'find'."
        )
    return guided


def seeds_of(archetypes: Sequence[Archetype], recipe: Recipe, feature_set: FeatureSet) -> tuple[Seed, ...]:
    """Say what each archetype expects of the columns that a clusterer reads.

    Parameters
    ----------
    archetypes : sequence of Archetype
        What is expected.
    recipe : Recipe
        The clusterer.
    feature_set : FeatureSet
        What the columns are.

    Returns
    -------
    tuple of Seed
        One per archetype with at least half of its attributes among the columns. An attribute that is read in
        bands expects the bands whose middle lies in its range.

    Examples
    --------
    >>> from personas.schema import Text
    >>> young = Archetype("young", Text("年轻", "Young"), {"age": (None, 30), "gender": frozenset({"female"})})
    >>> seeds_of([young], Recipe("latent_class", {"age": "numeric"}, {}, {}), FeatureSet(()))
    ({'age': (None, 30)},)
    """
    seeds = []
    for archetype in archetypes:
        seed: dict[str, Range | tuple[str, ...]] = {}
        for attribute, wanted in archetype.attributes.items():
            for column in (attribute, f"{attribute}_band"):
                if column in recipe.kinds and (expected := _expected(column, wanted, recipe, feature_set)):
                    seed[column] = expected
                    break
        if seed and len(seed) >= SMALLEST_PART * len(archetype.attributes):
            seeds.append(seed)
    return tuple(seeds)


def check_archetypes(personas: Sequence[Persona], archetypes: Sequence[Archetype]) -> None:
    """Raise unless every archetype is matched by a persona of its own.

    Parameters
    ----------
    personas : sequence of Persona
        What was found.
    archetypes : sequence of Archetype
        What must be found, by the rule of :func:`personas.model.archetypes.match_archetypes`.

    Raises
    ------
    GateError
        If an archetype was not found; the message says how close the closest persona came.
    """
    traits = [persona.traits for persona in personas]
    matched = match_archetypes(traits, archetypes)
    missing = [place for place, archetype in enumerate(archetypes) if archetype not in matched]
    if not missing:
        return
    lift, _ = attribute_lifts(traits, archetypes)
    known = ~np.isnan(lift)
    mean_lift = np.where(
        known.any(axis=2), np.nansum(lift, axis=2) / np.maximum(known.sum(axis=2), 1), -np.inf
    )
    lines = []
    for place in missing:
        archetype, closest = archetypes[place], int(mean_lift[:, place].argmax())
        persona, other = personas[closest], matched[closest]
        if not known[:, place].any():
            how = "too few users, if any, have its attributes"
        else:
            how = (
                f"closest is {persona.persona_id} {persona.name.en} with a mean log2 lift of "
                f"{mean_lift[closest, place]:.2f} over {known[closest, place].sum()} of "
                f"{len(archetype.attributes)} attributes"
            )
            how += f", which matches {other.name.en} better" if other is not None else ""
        lines.append(f"{archetype.name.zh} / {archetype.name.en}: {how}")
    raise GateError(
        f"{len(missing)} of {len(archetypes)} required archetypes were not found: {'; '.join(lines)}. Expected a "
        f"persona of its own for each, with a mean log2 lift of at least {SMALLEST_MEAN_LIFT} and half of the "
        "attributes significantly over-indexed. Ask for more personas (n_personas), take the archetype out of the "
        "file, set archetype_use to 'seed' or 'find', or force the run."
    )


def check_must_keep(must_keep: Sequence[str], champion: PersonaModel | None) -> None:
    """Raise unless the champion has every persona that must be kept.

    Parameters
    ----------
    must_keep : sequence of str
        Persona ids.
    champion : PersonaModel or None
        Model in use.

    Raises
    ------
    ConfigError
        If an id is unknown, or there is no champion.
    """
    known = [persona.persona_id for persona in champion.personas] if champion else []
    unknown = [persona_id for persona_id in must_keep if persona_id not in known]
    if unknown and champion is None:
        raise ConfigError(
            f"must_keep names {', '.join(unknown)}, but there is no champion to keep personas of; train without "
            "must_keep first."
        )
    if unknown:
        raise ConfigError(
            f"must_keep names {', '.join(unknown)}, which the champion does not have; it has {', '.join(known)}."
        )


def check_kept(
    must_keep: Sequence[str],
    champion: PersonaModel | None,
    old_labels: Labels | None,
    new_labels: Labels,
    persona_ids: Sequence[str],
) -> None:
    """Raise unless every persona that must be kept was found again.

    Parameters
    ----------
    must_keep : sequence of str
        Persona ids of the champion.
    champion : PersonaModel or None
        Model in use.
    old_labels : ndarray of int, shape (n_users,), or None
        Row of the champion's persona of each user; None = the champion can't label these users.
    new_labels : ndarray of int, shape (n_users,)
        Row of the new persona of the same users.
    persona_ids : sequence of str
        Ids of the new personas, as :func:`personas.model.match.match_personas` gave them.

    Raises
    ------
    GateError
        If a persona was not found again; the message says how large its best overlap was.
    """
    lost = [persona_id for persona_id in must_keep if persona_id not in persona_ids]
    if not lost or champion is None:
        return
    if old_labels is None:
        raise GateError(
            f"{', '.join(lost)} must be kept, but the champion reads features that are gone or of another kind, so "
            "nobody can tell. Bring these features back, take must_keep out, or force the run."
        )
    known = [persona.persona_id for persona in champion.personas]
    overlap = jaccard_matrix(old_labels, new_labels, len(known), len(persona_ids))
    lines = []
    for persona_id in lost:
        row = overlap[known.index(persona_id)]
        lines.append(
            f"{persona_id} {champion.persona(persona_id).name.en} overlaps most with "
            f"{persona_ids[int(row.argmax())]}, {row.max():.0%}"
        )
    raise GateError(
        f"{len(lost)} of {len(must_keep)} personas that must be kept were not found again: {'; '.join(lines)}. "
        f"Expected an overlap (Jaccard) of at least {KEPT_JACCARD:.0%} with a persona of its own. Use the champion's "
        "n_personas and inputs, take the ids out of must_keep, or force the run."
    )


def users_where(
    users: ir.Table, where: Mapping[str, Sequence[str]], admission: AdmissionReport
) -> tuple[ir.Table, AdmissionReport]:
    """Keep the users whom the model is for.

    Parameters
    ----------
    users : ibis.Table
        Admitted users.
    where : mapping of str to sequence of str
        Attribute -> its levels; a user needs one of them of each attribute. Levels of a yes/no attribute are "yes"
        and "no". A user whose value is missing is outside. Protected attributes are allowed: nothing is
        clustered on them.
    admission : AdmissionReport
        Of these users.

    Returns
    -------
    users : ibis.Table
        With the same columns.
    report : AdmissionReport
        Counts the others as :data:`OUTSIDE`.

    Raises
    ------
    ConfigError
        If an attribute is unknown or a number, or a level is unknown.
    DataError
        If nobody is left.

    Examples
    --------
    >>> import pyarrow as pa
    >>> users = ibis.memtable(pa.table({"user_id": ["a", "b", "c"], "gender": ["female", "male", None]}))
    >>> women, report = users_where(users, {"gender": ["female"]}, AdmissionReport(3, 3))
    >>> report.n_admitted, report.dropped
    (1, {'outside this model': 2})
    """
    if not where:
        return users, admission
    inside = ibis.literal(value=True)
    for attribute, levels in where.items():
        inside &= _has_level(users, attribute, levels)
    kept = users.filter(inside)
    n_kept = int(kept.count().to_pyarrow().as_py())
    if not n_kept:
        asked = "; ".join(f"{attribute}: {', '.join(levels)}" for attribute, levels in where.items())
        raise DataError(
            f"None of {admission.n_admitted:,} admitted users is {asked}; expected at least one. Loosen "
            "personas.where, or check the mapping of these attributes."
        )
    n_outside = admission.n_admitted - n_kept
    dropped = {**admission.dropped, **({OUTSIDE: n_outside} if n_outside else {})}
    return kept, replace(admission, n_admitted=n_kept, dropped=dropped)


def _has_level(users: ir.Table, attribute: str, levels: Sequence[str]) -> ir.BooleanValue:
    known = [name for name in users.columns if name != "user_id"]
    if attribute not in known:
        raise ConfigError(
            f"personas.where names {attribute!r}, which users do not have; expected one of {', '.join(known)}."
        )
    column = users[attribute]
    if isinstance(column, ir.BooleanColumn):
        column = column.cases((True, "yes"), (False, "no"))  # a missing answer is neither
    if not isinstance(column, ir.StringColumn):
        raise ConfigError(
            f"personas.where names {attribute!r}, which has no levels but is a number; expected an attribute with "
            "levels, for example a band of it."
        )
    found = column.name("level").as_table().distinct().to_pyarrow().column(0).to_pylist()
    possible = [*LEVELS.get(attribute, ()), *sorted(level for level in set(found) if level is not None)]
    unknown = [level for level in levels if level not in possible]
    if unknown:
        shown = list(dict.fromkeys(possible))[:MAX_LEVELS_SHOWN]
        raise ConfigError(
            f"personas.where.{attribute} names {', '.join(unknown)}, which no user is; expected some of "
            f"{', '.join(shown) or 'nothing, since it is missing for everybody'}."
        )
    inside: ir.BooleanValue = column.isin(list(levels)).fill_null(False)
    return inside


def _expected(
    column: str, wanted: frozenset[str] | Range, recipe: Recipe, feature_set: FeatureSet
) -> Range | tuple[str, ...] | None:
    """Return what a seed expects of one column; None if an archetype says nothing that the column can hold."""
    kind = recipe.kinds[column]
    if kind in ("numeric", "count"):
        if not isinstance(wanted, frozenset):
            return wanted
        return (1, None) if kind == "count" and BOUGHT in wanted else None
    if kind == "binary":
        if not isinstance(wanted, frozenset):
            return None
        return tuple(code for code, level in (("0", "no"), ("1", YES)) if wanted & {code, level}) or None
    if isinstance(wanted, frozenset):
        return tuple(sorted(wanted))
    levels = feature_set[column].levels
    return tuple(level for level in levels if _lies_in(level, wanted)) or None


def _lies_in(level: str, wanted: Range) -> bool:
    """Return whether the middle of a band lies in a range; of an open one, its finite end or half of it."""
    start, stop, _ = band_order(level)
    if np.isposinf(start):
        return False  # no numbers in the level
    middle = start if np.isposinf(stop) else (max(start, 0.0) + stop) / 2
    low, high = wanted
    return (low is None or low <= middle) and (high is None or middle < high)
