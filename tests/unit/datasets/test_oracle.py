"""The oracle is the true posterior: calibrated, exact, and right as often as planned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from personas.datasets import make_home_appliances, oracle_posterior
from personas.datasets.oracle import order_counts
from personas.datasets.planted import ACTIVITY_SHAPE, PERSONA_SHARES, PERSONAS, category_rates
from personas.errors import NotFoundError


def accuracy(world, posterior):
    return np.mean(posterior.idxmax(axis=1).to_numpy() == np.array(world.truth["persona"].to_pylist()))


@pytest.fixture(scope="module")
def posterior(world):
    return oracle_posterior(world)


def test_it_is_a_posterior_per_user(world, posterior):
    assert list(posterior.columns) == list(PERSONAS)
    assert list(posterior.index) == world.users["用户ID"].to_pylist()
    assert posterior.sum(axis=1).to_numpy() == pytest.approx(np.ones(8000))


@pytest.mark.parametrize("random_state", [0, 1, 2])
def test_it_is_right_for_about_nine_users_in_ten(random_state):
    world = make_home_appliances(4000, random_state=random_state)
    assert 0.88 < accuracy(world, oracle_posterior(world)) < 0.93


def test_its_confidence_is_how_often_it_is_right(world, posterior):
    confidence = posterior.max(axis=1).to_numpy()
    right = posterior.idxmax(axis=1).to_numpy() == np.array(world.truth["persona"].to_pylist())
    for low, high in ((0.3, 0.6), (0.6, 0.8), (0.8, 0.95), (0.95, 1.01)):
        chosen = (confidence >= low) & (confidence < high)
        error = np.sqrt(confidence[chosen].mean() * (1 - confidence[chosen].mean()) / chosen.sum())
        assert right[chosen].mean() == pytest.approx(confidence[chosen].mean(), abs=4 * error + 1e-3)


def test_its_mean_is_the_planted_share(posterior):
    assert posterior.mean().to_numpy() == pytest.approx(PERSONA_SHARES, abs=0.02)


def test_the_activity_is_integrated_out(world):
    rng = np.random.default_rng(0)
    blank = world.users
    for column in blank.column_names[1:]:
        position = blank.column_names.index(column)
        blank = blank.set_column(position, column, pa.nulls(blank.num_rows, blank[column].type))
    posterior = oracle_posterior(replace(world, users=blank)).to_numpy()
    activity = rng.gamma(ACTIVITY_SHAPE, 1 / ACTIVITY_SHAPE, size=200_000)
    for user in (0, 1, 2):
        counts, rates = order_counts(world)[user], category_rates()
        expected = rates.sum(axis=1)[:, None] * activity
        likelihood = np.exp(-expected + counts.sum() * np.log(activity)).mean(axis=1)
        joint = PERSONA_SHARES * likelihood * np.exp(counts @ np.log(rates).T)
        assert posterior[user] == pytest.approx(joint / joint.sum(), abs=0.01)


def test_it_sees_nothing_on_or_after_as_of(world, posterior):
    before = world.events.filter(pc.less(world.events["时间"], world.window.end_at))
    assert before.num_rows < world.events.num_rows
    assert oracle_posterior(replace(world, events=before)).equals(posterior)


def test_it_does_not_read_the_truth(world, posterior):
    hidden = world.truth.slice(0, 0)
    assert oracle_posterior(replace(world, truth=hidden)).equals(posterior)


def test_tags_tell_a_little_more(world, posterior):
    tags = ["PLUS会员", "购买力", "促销敏感度", "有车一族", "有房人群"]
    gain = accuracy(world, oracle_posterior(world, tags=tags)) - accuracy(world, posterior)
    assert 0 < gain < 0.03


def test_an_unknown_tag_is_named(world):
    with pytest.raises(NotFoundError, match=r"星座.*PLUS会员"):
        oracle_posterior(world, tags=["星座"])
