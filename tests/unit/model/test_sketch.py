import json
import math
from dataclasses import replace

import numpy as np
import pytest

from personas.model.answers import STATUSES, Answers, status_of
from personas.model.persist import model_from_files, model_to_files
from personas.model.profile import SMALL_CELL
from personas.model.sketch import (
    ROUNDING,
    Bins,
    Sketch,
    bin_edges,
    count_confidence,
    make_sketch,
)
from personas.scorecard import Scores

from .test_persist import make_model


def sketch_of(world, **changes):
    n = len(world.data)
    options = {
        "as_of": make_model().as_of,
        "persona_ids": [f"P{k}" for k in range(5)],
        "answers": Answers(world.labels, np.linspace(0, 1, n), np.zeros(n, dtype=np.int64)),
        "unseen": {},
    }
    return make_sketch(world.data, world.feature_set, **(options | changes))


def test_every_user_is_counted_once_per_feature(world):
    sketch = sketch_of(world)
    assert [f.bins.feature for f in sketch.features] == world.feature_set.names
    assert {sum(f.counts) for f in sketch.features} == {sketch.n_users} == {len(world.data)}
    assert sum(sketch.by_confidence) == sum(sketch.by_status) == len(world.data)
    age = sketch.feature("age")
    assert age.counts[:10] == pytest.approx([len(world.data) / 10] * 10, rel=0.05)
    tier = sketch.feature("city_tier")
    expected = world.data["city_tier"].value_counts()
    assert dict(zip(tier.bins.levels, tier.counts, strict=False)) == expected.to_dict()


def test_cells_of_a_persona_are_no_smaller_than_profiles_show(world):
    assert ROUNDING == SMALL_CELL
    cells = [n for f in sketch_of(world).features for row in f.portraits for n in row]
    assert all(n % ROUNDING == 0 for n in cells)


def test_a_sketch_holds_nobodys_exact_amount(world):
    edges = sketch_of(world).feature("revenue").bins.edges
    assert not set(edges) & set(world.data["revenue"])


def test_a_sketch_survives_the_trip_through_json(world):
    sketch = sketch_of(world)
    assert Sketch.from_dict(json.loads(json.dumps(sketch.to_dict(), allow_nan=False))) == sketch


def test_a_model_keeps_its_sketch_and_an_older_one_has_none(world):
    model = replace(make_model(), sketch=sketch_of(world))
    files = model_to_files(model)
    assert model_from_files(files).sketch == model.sketch
    assert model_to_files(model_from_files(files)) == files
    assert make_model().sketch is None


def test_the_rows_may_stand_in_any_order(world):
    order = np.random.default_rng(0).permutation(len(world.data))
    answers = Answers(
        world.labels[order], np.linspace(0, 1, len(order))[order], np.zeros(len(order), dtype=np.int64)
    )
    shuffled = replace(world, data=world.data.iloc[order], labels=world.labels[order])
    again = sketch_of(shuffled, answers=answers)
    assert again == sketch_of(world)


@pytest.mark.parametrize(
    ("numbers", "edges"),
    [
        ([np.nan, np.nan], ()),
        ([3.0] * 5, (4.0,)),
        ([2.5] * 5, (math.nextafter(2.5, 3),)),
        ([0.0] * 95 + [1.0] * 5, (1.0,)),
        ([0.0] * 95 + [0.25] * 5, (5e-324,)),
        (range(100), (9.0, 19.0, 29.0, 39.0, 49.0, 59.0, 69.0, 79.0, 89.0)),
    ],
    ids=["unknown", "constant", "constant fraction", "few buyers", "few amounts", "even"],
)
def test_edges(numbers, edges):
    assert bin_edges(np.array(numbers, dtype=np.float64)) == edges


def test_numbers_far_from_zero_are_still_told_apart():
    numbers = 1.7e9 + np.arange(1000) / 7
    assert len(bin_edges(numbers)) == 9


def test_edges_are_short():
    numbers = np.random.default_rng(0).lognormal(5, 1, 1000)
    assert all(len(f"{edge:.12g}".replace(".", "")) <= 5 for edge in bin_edges(numbers))


def test_codes_beyond_the_edges():
    codes = Bins("x", edges=(1.0, 2.0)).codes_of(np.array([-np.inf, np.inf, 1.0, np.nan]))
    assert codes.tolist() == [0, 2, 1, 4]


def test_confidence_of_one_belongs_to_the_last_step():
    assert count_confidence(np.array([0.0, 0.05, 0.95, 1.0])).tolist() == [2, 0, 0, 0, 0, 0, 0, 0, 0, 2]


def test_statuses():
    nothing = np.zeros(4)
    scores = Scores(
        label=np.zeros(4, dtype=np.int32), runner_up=np.zeros(4, dtype=np.int32), probability=nothing,
        runner_up_probability=nothing, surprise=np.array([0.0, 0.0, 9.0, 0.0]),
        n_flags=np.array([0, 0, 0, 2], dtype=np.int32), n_observed=np.array([4, 4, 4, 4], dtype=np.int32),
    )  # fmt: skip
    status = status_of(scores, np.array([0.9, 0.1, 0.9, 0.9]), low_confidence=0.6, surprise_limit=5.0)
    assert [STATUSES[k] for k in status] == [
        "assigned", "low_confidence", "out_of_distribution", "out_of_distribution",
    ]  # fmt: skip
