"""A small model made by hand, with the sketch of 20,000 training users; files of scored users."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personas.features import Feature, FeatureSet, columns_of
from personas.features.base import typed_columns, unseen_levels
from personas.model.answers import Answers, status_of
from personas.model.base import Calibration, Card, Persona, PersonaModel
from personas.model.sketch import make_sketch
from personas.monitor import Reference, count_users, measure_drift
from personas.schema import ObservationWindow, Text
from personas.scorecard import PolynomialTerm, Scorecard, TableTerm
from personas.scorecard.reference import evaluate
from personas.scoring import score_parquet

AS_OF = date(2026, 5, 1)
NOTHING = Text("", "")
LEVELS = ("T1", "T2", "T3")


def _feature(name, kind, levels=(), role="input"):
    return Feature(name, kind, "who", "", "not stated", "profile", "value", name, levels=levels, role=role)


FEATURES = FeatureSet(
    (
        _feature("age", "numeric"),
        _feature("city_tier", "ordinal", LEVELS),
        _feature("plus", "binary"),
        _feature("orders", "count", role="profile"),
    )
)


def draw(n, seed, *, age=0.0, first_tier=0.5, orders=0.4):
    """Draw users of two groups; the arguments say where they differ from those of the training."""
    rng = np.random.default_rng(seed)
    old = rng.random(n) < 0.5
    first = np.where(old, first_tier * 0.4, first_tier * 1.6)
    tier = np.where(rng.random(n) < first, "T1", rng.choice(["T2", "T3"], n))
    data = pd.DataFrame(
        {
            "age": np.round(np.where(old, 50.0, 30.0) + 6 * rng.standard_normal(n) + age, 2),
            "city_tier": np.where(rng.random(n) < 0.1, None, tier),
            "plus": (rng.random(n) < 0.3).astype(float),
            "orders": rng.poisson(orders, n).astype(float),
        },
        index=pd.Index([f"u{i:06d}" for i in range(n)], name="user_id"),
    )
    data.loc[rng.random(n) < 0.05, "age"] = np.nan
    return data


def _persona(persona_id, zh, en):
    card = Card(NOTHING, NOTHING, NOTHING, (), NOTHING)
    return Persona(persona_id, Text(zh, en), "traits", None, 0.5, 10, (), card)


def _bare_model():
    terms = (
        PolynomialTerm(
            "age", "identity", -np.inf, np.inf, 40.0, 6.0,
            np.array([[0.0, -1.67, 0.0], [0.0, 1.67, 0.0]]), np.zeros(2), np.array([-2.3, 0.0, -0.5]),
            0.0, -3.5, 1.2,
        ),
        TableTerm("city_tier", LEVELS, np.log([[0.8, 0.1, 0.1], [0.2, 0.4, 0.4]]), np.zeros(2), np.zeros(3)),
        TableTerm("plus", ("0", "1"), np.log([[0.7, 0.3], [0.7, 0.3]]), np.zeros(2), np.zeros(2)),
    )  # fmt: skip
    return PersonaModel(
        name="home",
        window=ObservationWindow(AS_OF, 365),
        feature_set=FEATURES,
        scorecard=Scorecard(np.log([0.5, 0.5]), terms),
        personas=(_persona("P01", "都市青年", "Urban youth"), _persona("P02", "小镇中年", "Town elders")),
        calibration=Calibration(),
        low_confidence=0.9,
        surprise_limit=4.0,
        clusterer="latent_class",
        clusterer_params={},
    )


def sketched(model, data, features=FEATURES, earlier=None):
    """The model with the sketch of these users."""
    typed = typed_columns(data, features)
    scores = evaluate(model.scorecard, columns_of(typed))
    status = status_of(
        scores, scores.probability, low_confidence=model.low_confidence, surprise_limit=model.surprise_limit
    )
    sketch = make_sketch(
        typed,
        features,
        as_of=model.as_of,
        persona_ids=tuple(p.persona_id for p in model.personas),
        answers=Answers(scores.label, scores.probability, status),
        unseen=unseen_levels(data, typed, features),
        earlier=earlier,
    )
    return replace(model, sketch=sketch)


@pytest.fixture(scope="session")
def model():
    return sketched(_bare_model(), draw(20_000, 0))


@pytest.fixture
def count(model, tmp_path):
    """Return a function that scores users from a file and counts them."""

    def counted(data, as_of=AS_OF, **options):
        features, answers = tmp_path / "features.parquet", tmp_path / "assignments.parquet"
        pq.write_table(pa.Table.from_pandas(data.reset_index(), preserve_index=False), features, **options)
        score_parquet(model, features, answers, model_version="v1", as_of=as_of)
        return count_users(model.sketch, features, answers, as_of=as_of)

    return counted


@pytest.fixture
def report(model, count):
    """Return a function that compares users with those of the training."""

    def compared(data, reference=None, **options):
        reference = reference or Reference("training", model.sketch, "v1")
        return measure_drift(model, count(data), reference, model_version="v1", **options)

    return compared
