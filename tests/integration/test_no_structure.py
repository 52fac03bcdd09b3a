"""Where users fall into no groups, the answer is that there are none: nothing is stored unless it is forced."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from personas.datasets import make_home_appliances
from personas.model import FitOptions
from personas.selection.verdict import has_structure, verdict_text
from personas.store import ArtifactStore
from pipelines.models import open_model
from tests.benchmarks.no_structure import NULLS, planted, verdict
from tests.integration.shop import run_personas

N_USERS = 800
OPTIONS = FitOptions(min_personas=3, max_personas=3, n_resamples=2)


@pytest.fixture(scope="module")
def users():
    """The user vectors of a small planted world; the benchmark of the same name looks at larger ones."""
    return planted(0, N_USERS)


def test_planted_users_carry_personas(users):
    found, said = verdict(users, 0, clusterer="latent_class", options=OPTIONS)
    assert found, said


@pytest.mark.parametrize("null", NULLS)
def test_users_without_structure_are_refused(users, null):
    found, said = verdict(NULLS[null](users, 0), 0, clusterer="latent_class", options=OPTIONS)
    assert not found, said
    assert "without structure up to" in said


def _permuted(column, rng):
    return column.take(pa.array(rng.permutation(len(column))))


def _without_structure(world):
    """Deal the categories of all order lines out anew, and permute every column of the profile."""
    rng = np.random.default_rng(0)
    users = world.users
    for place, name in enumerate(users.column_names):
        if name != "用户ID":
            users = users.set_column(place, name, _permuted(users[name], rng))
    ordered = pc.equal(world.events["行为"], "下单")
    categories = world.events["品类"].to_numpy(zero_copy_only=False)
    lines = np.flatnonzero(ordered.to_numpy(zero_copy_only=False))
    categories[lines] = categories[rng.permutation(lines)]
    place = world.events.column_names.index("品类")
    events = world.events.set_column(place, "品类", pa.array(categories, pa.string()))
    return replace(world, users=users, events=events)


@pytest.fixture(scope="module")
def runs(tmp_path_factory, set_up_home):
    """The command on tables without structure, as it is and with --force, and what each left in the store."""
    loaded = set_up_home(
        tmp_path_factory.mktemp("dealt"),
        _without_structure(make_home_appliances(N_USERS, random_state=3)),
        personas={"clusterer": "latent_class", "n_personas": 3, "bootstraps": 2},
    )
    store = ArtifactStore(loaded.store_path)
    train = ("train", loaded.path, "--as-of", "2025-12-01")
    refused = run_personas(*train)
    left = store.names("models")
    forced = run_personas(*train, "--force")
    return SimpleNamespace(refused=refused, left=left, forced=forced, store=store)


def test_train_says_so_and_stores_nothing(runs):
    assert runs.refused.code == 1
    assert runs.refused.out == ""
    said = runs.refused.err.strip()
    assert said.startswith("Finding: No personas were found: these tables carry ")
    assert "taste" in said
    assert "Nothing is published." in said
    assert "with --force" in said
    assert "\n" not in said
    assert runs.left == []


def test_force_stores_a_model_that_says_so(runs):
    assert runs.forced.code == 0, runs.forced.err
    model = open_model(runs.store, "home_appliances").model
    assert not has_structure(model.verdicts)
    words = verdict_text(model.verdicts).en
    assert words in runs.refused.err
    assert words in runs.forced.out
