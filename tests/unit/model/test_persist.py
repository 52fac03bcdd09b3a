import io
import json
import math
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from personas.errors import DataError, NotFoundError
from personas.features import Feature, FeatureSet
from personas.model.base import Calibration, Card, Persona, PersonaModel, Trait
from personas.model.persist import load_model, model_from_files, model_to_files, save_model
from personas.schema import ObservationWindow, Text
from personas.scorecard import PolynomialTerm, Scorecard, TableTerm
from personas.selection.base import Candidate

GOLDEN = Path(__file__).parents[2] / "golden" / "model-format-1"


def make_model():
    trait = Trait(
        "city_tier", "T1", Text("城市线级：一线城市", "City tier: tier 1"), Text("一线", "tier 1"), "who", False,
        120, 0.61, 1 / 3, 183.2, 160.0, 205.5, 1e-9,
    )  # fmt: skip
    suppressed = replace(
        trait, level="T6", n_users=None, share=None, base_share=None, tgi=None, tgi_lower=None, tgi_upper=None,
        q_value=None,
    )  # fmt: skip
    card = Card(
        Text("住在一线城市", "lives in tier 1 cities"), Text("花得多", "spends much"), Text("买扫地机", "buys vacuums"),
        (Text("扫地机", "robot vacuum"),), Text("省时间", "save time"),
    )  # fmt: skip
    personas = (
        Persona(
            "P01",
            Text("都市家庭", "Urban families"),
            "archetype",
            "urban",
            0.6,
            600,
            (trait, suppressed),
            card,
        ),
        Persona("P02", Text("小镇青年", "Town youth"), "override", None, 0.4, 400, (), card, 0.1, -2.5),
    )
    scorecard = Scorecard(
        np.log([0.6, 0.4]),
        (
            PolynomialTerm(
                "revenue", "log1p", -np.inf, 9.5, 4.0, 1.1, np.full((2, 3), 0.1), np.zeros(2), -np.ones(3)
            ),
            TableTerm(
                "city_tier", ("T1", "T6"), np.array([[0.0, -np.inf], [1 / 3, -0.0]]), np.zeros(2), np.zeros(2)
            ),
        ),
    )
    return PersonaModel(
        name="家庭",
        window=ObservationWindow(date(2026, 5, 1), 365),
        feature_set=FeatureSet(
            (
                Feature("revenue", "numeric", "worth", "CNY", "never bought", "rfm", "revenue"),
                Feature("city_tier", "ordinal", "who", "", "not stated", "profile", "value",
                        levels=("T1", "T6"), label=Text("城市线级", "city tier")),
            )
        ),
        scorecard=scorecard,
        personas=personas,
        calibration=Calibration((0.5, 0.9, 1.0), (0.4, 0.8, 0.97)),
        low_confidence=0.6,
        surprise_limit=3.7,
        clusterer="latent_class",
        clusterer_params={"n_components": 2, "tol": 1e-6, "kinds": {"revenue": "numeric"}},
        selection=(Candidate(2, -1234.5, 2500.25, 0.9, 0.4, True, Text("最稳", "most stable")),
                   Candidate(3, None, None, None, 0.1, False, Text("太小", "too small"))),
        metrics={"n_training_users": 1000.0, "stability": 0.9},
        events=(Text("新增P02", "P02 is new"),),
        config={"name": "家庭", "features": {"exclude": [], "max": None}},
    )  # fmt: skip


def plain(model):
    return replace(model, scorecard=None)


def test_a_model_survives_the_trip_through_its_files():
    model = make_model()
    again = model_from_files(model_to_files(model))
    assert plain(again) == plain(model)
    assert again.scorecard.terms[0].lower == -math.inf
    assert model_to_files(again) == model_to_files(model)


def test_a_model_survives_the_trip_through_a_folder(tmp_path):
    save_model(make_model(), tmp_path / "new" / "model")
    assert sorted(path.name for path in (tmp_path / "new" / "model").iterdir()) == [
        "model.json",
        "scorecard.npz",
    ]
    assert plain(load_model(tmp_path / "new" / "model")) == plain(make_model())


def test_the_files_hold_no_time_and_no_pickle():
    files = model_to_files(make_model())
    with zipfile.ZipFile(io.BytesIO(files["scorecard.npz"])) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    with np.load(io.BytesIO(files["scorecard.npz"]), allow_pickle=False) as arrays:
        assert arrays["intercept"].tolist() == np.log([0.6, 0.4]).tolist()


def test_the_json_is_readable_and_strict():
    text = model_to_files(make_model())["model.json"].decode()
    whole = json.loads(text, parse_constant=pytest.fail)
    assert "都市家庭" in text
    assert list(whole["model"]) == sorted(whole["model"])
    assert whole["model"]["window"]["as_of"] == "2026-05-01"


def test_numbers_that_json_lacks_become_null_and_come_back():
    odd = replace(make_model(), metrics={"bic": math.nan}, surprise_limit=math.inf)
    files = model_to_files(odd)
    assert json.loads(files["model.json"])["model"]["metrics"] == {"bic": None}
    again = model_from_files(files)
    assert math.isnan(again.metrics["bic"])
    assert again.surprise_limit == math.inf


def test_numpy_numbers_dates_and_tuples_become_plain():
    params = {
        "n": np.int64(3),
        "share": np.float64(0.5),
        "day": date(2026, 1, 2),
        "grid": (1, 2),
        "on": np.True_,
    }
    again = model_from_files(model_to_files(replace(make_model(), clusterer_params=params)))
    assert again.clusterer_params == {"n": 3, "share": 0.5, "day": "2026-01-02", "grid": [1, 2], "on": True}


def test_what_json_can_not_hold_is_refused_by_name():
    with pytest.raises(DataError, match=r"clusterer_params\.a\.b holds a set"):
        model_to_files(replace(make_model(), clusterer_params={"a": {"b": {1}}}))


def change(files, **changes):
    whole = json.loads(files["model.json"]) | changes
    return {**files, "model.json": json.dumps(whole).encode()}


@pytest.mark.parametrize("format_", [0, 2, "two", None])
def test_an_unknown_format_is_refused_with_advice(format_):
    with pytest.raises(DataError, match=f"format {format_}; this version of personas reads format 1"):
        model_from_files(change(model_to_files(make_model()), format=format_))


def test_a_changed_json_is_refused():
    files = model_to_files(make_model())
    edited = files["model.json"].replace(b'"low_confidence": 0.6', b'"low_confidence": 0.1')
    assert edited != files["model.json"]
    with pytest.raises(DataError, match=r"model\.json was changed since it was written"):
        model_from_files({**files, "model.json": edited})


def test_a_changed_scorecard_is_refused():
    files = model_to_files(make_model())
    raw = bytearray(files["scorecard.npz"])
    raw[200] ^= 1
    with pytest.raises(DataError, match=r"scorecard\.npz was changed since it was written"):
        model_from_files({**files, "scorecard.npz": bytes(raw)})


@pytest.mark.parametrize("name", ["model.json", "scorecard.npz"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_file_cut_short_is_refused(name, share):
    files = model_to_files(make_model())
    with pytest.raises(DataError, match=name):
        model_from_files({**files, name: files[name][: int(share * len(files[name]))]})


@pytest.mark.parametrize("text", ["[]", "{}", "null", '{"format": 1}', "\xff"])
def test_other_json_is_no_model(text):
    with pytest.raises(DataError, match="no model"):
        model_from_files({**model_to_files(make_model()), "model.json": text.encode("latin-1")})


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(NotFoundError, match="no model in"):
        load_model(tmp_path)
    save_model(make_model(), tmp_path)
    (tmp_path / "scorecard.npz").unlink()
    with pytest.raises(NotFoundError, match=r"lacks scorecard\.npz"):
        load_model(tmp_path)


def test_models_of_format_1_stay_loadable():
    assert plain(load_model(GOLDEN)) == plain(make_model())
