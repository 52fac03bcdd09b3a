from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personas.features.base import FeatureSet, typed_columns
from personas.features.profile import profile_features
from personas.model.archetypes import Archetype, match_archetypes
from personas.model.profile import profile_personas
from personas.schema import Text


def keys(found):
    return [archetype.key if archetype else None for archetype in found]


def profile(world, data=None, feature_set=None):
    return profile_personas(
        world.data if data is None else data, world.labels, feature_set or world.feature_set, n_personas=5
    )


def test_planted_cards_are_found_and_the_rest_stays_unnamed(world, archetypes):
    assert keys(match_archetypes(profile(world), archetypes)) == ["smart", "quality", "ants", "tech", None]


def test_the_order_of_archetypes_does_not_matter(world, archetypes):
    found = match_archetypes(profile(world), archetypes[::-1])

    assert keys(found) == ["smart", "quality", "ants", "tech", None]


def test_an_archetype_goes_to_one_persona_only(world, archetypes):
    (smart, *_) = archetypes

    assert keys(match_archetypes(profile(world), [smart])) == ["smart", None, None, None, None]


def test_shuffled_personas_match_nothing(world, archetypes):
    labels = np.random.default_rng(1).permutation(world.labels)
    traits = profile_personas(world.data, labels, world.feature_set, n_personas=5)

    assert keys(match_archetypes(traits, archetypes)) == [None] * 5


@pytest.mark.parametrize("width", [5, 10])
def test_age_bands_of_the_source_match_by_overlap(world, archetypes, width):
    # 20-29, 30-39, ... cut across 26-35: a band counts for the part that lies in the range.
    start = (world.data["age"] // width * width).astype(int)
    levels = tuple(f"{low}-{low + width - 1}" for low in range(15, 80, 1) if low % width == 0)
    names = start.astype(str) + "-" + (start + width - 1).astype(str)
    band = next(f for f in profile_features() if f.name == "age_band")
    feature_set = FeatureSet(
        tuple(replace(band, levels=levels) if f.name == "age" else f for f in world.feature_set)
    )
    data = typed_columns(world.data.assign(age_band=names), feature_set)

    assert keys(match_archetypes(profile(world, data, feature_set), archetypes))[:4] == [
        "smart",
        "quality",
        "ants",
        "tech",
    ]


def test_too_few_known_attributes_match_nothing(world, archetypes):
    feature_set = FeatureSet((world.feature_set["age"], world.feature_set["marital_status"]))

    assert keys(match_archetypes(profile(world, world.data, feature_set), archetypes)) == [None] * 5


def test_protected_attributes_do_not_count(world):
    women = Archetype("women", Text("女性", "women"), {"gender": frozenset({"female"})})

    assert keys(match_archetypes(profile(world), [women])) == [None] * 5


def test_levels_that_nobody_has_are_no_evidence():
    feature_set = FeatureSet(
        (replace(next(f for f in profile_features() if f.name == "city_tier"), levels=("T1", "T2")),)
    )
    data = typed_columns(pd.DataFrame({"city_tier": ["T1"] * 200}), feature_set)
    traits = profile_personas(data, np.repeat([0, 1], 100), feature_set, n_personas=2)

    found = match_archetypes(
        traits, [Archetype("two", Text("二线", "two"), {"city_tier": frozenset({"T2"})})]
    )

    assert keys(found) == [None, None]
