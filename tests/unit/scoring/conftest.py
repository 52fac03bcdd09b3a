"""A small model made by hand: two personas told apart by age, city tier and a binary feature."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from personas.features import Feature, FeatureSet
from personas.model.base import Calibration, Card, Persona, PersonaModel
from personas.schema import ObservationWindow, Text
from personas.scorecard import PolynomialTerm, Scorecard, TableTerm

NOTHING = Text("", "")
LEVELS = ("T1", "T2", "T3")


def make_persona(persona_id, zh, en):
    return Persona(
        persona_id, Text(zh, en), "traits", None, 0.5, 10, (), Card(NOTHING, NOTHING, NOTHING, (), NOTHING)
    )


@pytest.fixture
def model():
    features = FeatureSet(
        (
            Feature("age", "numeric", "who", "years", "not stated", "profile", "value"),
            Feature("city_tier", "ordinal", "who", "", "not stated", "profile", "value", levels=LEVELS),
            Feature("plus", "binary", "worth", "", "not stated", "profile", "value"),
        )
    )
    scorecard = Scorecard(
        np.log([0.5, 0.5]),
        (
            PolynomialTerm(
                "age", "identity", 16.0, 90.0, 40.0, 10.0,
                np.array([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0]]), np.zeros(2), np.array([-1.4, 0.0, -0.5]),
                0.0, -1.9, 0.5,
            ),
            TableTerm(
                "city_tier", LEVELS, np.log([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]]), np.zeros(2), np.zeros(3),
                0.0, -1.0, 0.3,
            ),
            TableTerm(
                "plus", ("0", "1"), np.log([[0.9, 0.1], [0.5, 0.5]]), np.zeros(2), np.zeros(2),
                0.0, -0.6, 0.1,
            ),
        ),
    )  # fmt: skip
    return PersonaModel(
        name="home",
        window=ObservationWindow(date(2026, 5, 1), 365),
        feature_set=features,
        scorecard=scorecard,
        personas=(
            make_persona("P01", "都市青年", "Urban youth"),
            make_persona("P02", "小镇中年", "Town elders"),
        ),
        calibration=Calibration((0.5, 1.0), (0.4, 0.9)),
        low_confidence=0.6,
        surprise_limit=4.0,
        clusterer="latent_class",
        clusterer_params={},
    )


@pytest.fixture
def users():
    return pd.DataFrame(
        {
            "age": [25.0, 60.0, 40.0, np.nan, 120.0],
            "city_tier": pd.Categorical(["T1", "T3", None, None, "T2"], categories=LEVELS, ordered=True),
            "plus": [0.0, 1.0, np.nan, np.nan, np.nan],
        },
        index=pd.Index(["u1", "u2", "u3", "u4", "u5"], name="user_id"),
    )
