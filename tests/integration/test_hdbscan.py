"""Density clusters become personas where they can be scored feature by feature, and are refused elsewhere."""

import re
from contextlib import ExitStack
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from personas.datasets import make_home_appliances
from personas.engine import Source, open_engine
from personas.errors import DataError, GateError, PersonasError
from personas.features import FeatureSet, build_features
from personas.features.membership import MEMBERSHIP_FEATURES
from personas.features.profile import profile_features
from personas.model import FitOptions, fit_personas
from personas.model.calibrate import calibrate
from personas.model.distill import SMALLEST_FIDELITY, SMALLEST_RECALL, distill
from personas.model.recipe import Recipe
from personas.schema import BLOCKS, ObservationWindow
from personas.schema.levels import LEVELS
from personas.scoring import score_users
from personas.selection.balance import feature_weights, skewed_transforms
from personas.store import ArtifactStore

WINDOW = ObservationWindow(date(2026, 1, 1), 365)
FEATURES = ("age", "marital_status", "target_group", "membership_value")
QUICK = FitOptions(n_resamples=2)  # how stable the personas are is another test's question
OPTIONS = replace(QUICK, holdout_share=0.0)

# mean age, marital status, target group, typical membership value
ISLANDS = (
    (24, "unmarried", "学生一族", 1_500),
    (34, "married", "都市家庭", 9_000),
    (45, "married", "小镇中年", 4_000),
    (62, "widowed", "银发一族", 800),
)


def _islands(n_users, seed):
    """Users of four well separated kinds, a few of whom stray, and which kind each is."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(len(ISLANDS), size=n_users, p=[0.4, 0.3, 0.2, 0.1])
    age, marital_status, group, value = (np.array(column)[kind] for column in zip(*ISLANDS, strict=True))
    users = pd.DataFrame(
        {
            "user_id": [f"u{i:06d}" for i in range(n_users)],
            "age": rng.normal(age, 5.0),
            "marital_status": marital_status,
            "target_group": np.where(
                rng.random(n_users) < 0.97, group, rng.choice(LEVELS["target_group"], size=n_users)
            ),
            "membership_value": value * np.exp(rng.normal(0, 0.4, n_users)),
            "kind": kind,
        }
    )
    for name in FEATURES:
        users.loc[rng.random(n_users) < 0.02, name] = None
    return users


def _noise(n_users):
    """Users of whom every value is drawn on its own."""
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "user_id": [f"u{i:06d}" for i in range(n_users)],
            "age": rng.uniform(16, 80, n_users),
            "membership_value": rng.uniform(100, 20_000, n_users),
            **{name: rng.choice(LEVELS[name], size=n_users) for name in ("marital_status", "target_group")},
        }
    )


@pytest.fixture(scope="module")
def open_frame(tmp_path_factory):
    """Return a function that puts a users table into an engine of its own and builds its features."""
    offered = {f.name: f for f in (*profile_features(), *MEMBERSHIP_FEATURES)}
    feature_set = FeatureSet(
        tuple(replace(offered[name], levels=tuple(LEVELS.get(name, ()))) for name in FEATURES)
    )
    with ExitStack() as opened:

        def put(users):
            engine = opened.enter_context(open_engine(work_dir=tmp_path_factory.mktemp("engine")))
            engine.store("users", engine.read(Source(table=users)).table)
            return build_features(engine, WINDOW, feature_set)

        yield put


@pytest.fixture(scope="module")
def islands(open_frame):
    frame = open_frame(_islands(3_000, seed=0))
    return frame, fit_personas(frame, clusterer="hdbscan", options=OPTIONS)


@pytest.fixture(scope="module")
def distilled(islands):
    """The labels of the clusterer itself, and what its scorecard was measured to be."""
    frame, _ = islands
    data, inputs = frame.to_pandas(), frame.feature_set.inputs
    recipe = Recipe(
        "hdbscan",
        kinds={f.name: f.kind for f in inputs},
        feature_weights=feature_weights(data, inputs, dict.fromkeys(BLOCKS, 1.0)),
        transforms=skewed_transforms(data, inputs),
    )
    smallest = round(OPTIONS.min_share * len(data))
    labels = recipe.make(None, 0, smallest=smallest).fit_predict(data[inputs.names])
    return data, labels, *distill(data, labels, recipe.kinds, random_state=0)


def test_separate_groups_are_published_with_their_figures(islands, distilled):
    _, model = islands
    _, labels, _, report = distilled
    assert len(model.personas) == len(ISLANDS)
    assert model.metrics["fidelity"] == report.fidelity >= SMALLEST_FIDELITY
    assert model.metrics["smallest_recall"] == min(report.recalls) >= SMALLEST_RECALL
    assert model.metrics["noise_share"] == np.mean(labels < 0)
    assert report.n_held_out > 500


def test_new_users_get_the_persona_of_their_kind(islands, open_frame):
    _, model = islands
    fresh = _islands(2_000, seed=1)
    found = score_users(model, open_frame(fresh)).to_pandas().set_index("user_id")["persona_id"].astype(str)
    together = pd.crosstab(fresh.set_index("user_id")["kind"], found)
    assert (together.idxmax(axis=1).nunique()) == len(ISLANDS)
    assert together.max(axis=1).sum() / len(fresh) > 0.95


def test_confidence_is_the_agreement_with_held_out_labels(islands, distilled):
    _, model = islands
    _, _, _, report = distilled
    assert model.calibration == calibrate(report.probability, report.agreement)
    confidence = np.interp(report.probability, model.calibration.probability, model.calibration.confidence)
    assert confidence.mean() == pytest.approx(report.agreement.mean(), abs=0.01)


def test_confidence_holds_for_users_outside_the_calibration(islands, distilled):
    # Calibrated on the even half of the held-out users, judged on the odd half.
    _, _, _, report = distilled
    even, odd = slice(None, None, 2), slice(1, None, 2)
    learned = calibrate(report.probability[even], report.agreement[even])
    confidence = np.interp(report.probability[odd], learned.probability, learned.confidence)
    assert confidence.mean() == pytest.approx(report.agreement[odd].mean(), abs=0.03)


def test_overlapping_personas_pass_with_their_figures(home):
    model = fit_personas(home.frame.sample(4_000), clusterer="hdbscan", options=QUICK)
    assert model.metrics["fidelity"] >= SMALLEST_FIDELITY
    assert model.metrics["smallest_recall"] >= SMALLEST_RECALL
    assert 0 <= model.metrics["noise_share"] < 0.5
    # A persona is of the labelled users, so that noise can only make it larger.
    assert min(p.share for p in model.personas) > 0.02
    assert len({p.name.zh for p in model.personas}) == len(model.personas)


def test_what_a_scorecard_cant_say_is_refused_with_figures_and_not_stored(tmp_path, set_up_home, run_train):
    loaded = set_up_home(
        tmp_path,
        make_home_appliances(1_000, random_state=1),
        personas={"clusterer": "hdbscan", "min_share": 0.0, "bootstraps": 2},
    )
    with pytest.raises(GateError) as refusal:
        run_train(loaded, date(2025, 12, 1))
    figures = re.search(r"on (0\.\d{3}) of (\d+) held-out users .* finds ([\d., na]+) of", str(refusal.value))
    recalls = [float(number) for number in figures[3].split(",")]
    assert not (float(figures[1]) >= SMALLEST_FIDELITY and min(recalls) >= SMALLEST_RECALL)
    assert int(figures[2]) > 100
    store = ArtifactStore(loaded.store_path)
    assert store.names("models") == []
    assert store.champion("models", "home_appliances") is None


def test_nothing_but_noise_is_refused_in_words(open_frame):
    with pytest.raises(DataError, match=r"found no cluster among 60 users and called 100\.0% of them noise"):
        fit_personas(open_frame(_noise(60)), clusterer="hdbscan", options=OPTIONS)


def test_a_number_of_personas_is_refused(islands):
    frame, _ = islands
    with pytest.raises(PersonasError, match=r"finds the number itself|expected n_personas: auto"):
        fit_personas(frame, clusterer="hdbscan", n_personas=4, options=OPTIONS)
