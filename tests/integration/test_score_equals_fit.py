"""Scoring gives the answers of the clusterer itself, to anybody, in any order and in any batches."""

from datetime import date

import numpy as np
import pyarrow.parquet as pq
import pytest

from personas.features import FeatureFrame
from personas.model import FitOptions, fit_personas
from personas.model.recipe import Recipe
from personas.schema import BLOCKS
from personas.scoring import score_parquet, score_users
from personas.selection.balance import feature_weights, skewed_transforms

SEED = 3


def _fit_both(frame: FeatureFrame, clusterer, size):
    """Fit a model on all users of a frame, and the clusterer itself the same way."""
    data = frame.to_pandas()
    inputs = frame.feature_set.inputs
    model = fit_personas(
        frame,
        clusterer=clusterer,
        n_personas=size,
        random_state=SEED,
        # Whether the groups are worth having, and how stable they are, are other tests' questions.
        options=FitOptions(holdout_share=0.0, n_resamples=2, force=True),
    )
    recipe = Recipe(
        clusterer,
        kinds={f.name: f.kind for f in inputs},
        feature_weights=feature_weights(data, inputs, dict.fromkeys(BLOCKS, 1.0)),
        transforms=skewed_transforms(data, inputs),
    )
    return model, recipe.make(size, SEED).fit(data[inputs.names])


def _damage(data, inputs, seed):
    """Lose a fifth of the values, and put levels that nobody has seen into a tenth of the texts."""
    rng = np.random.default_rng(seed)
    damaged = {}
    for feature in inputs:
        values = data[feature.name].astype(object).to_numpy().copy()
        if feature.kind in ("nominal", "ordinal"):
            values[rng.random(len(values)) < 0.1] = "never heard of"
        values[rng.random(len(values)) < 0.2] = None if feature.kind in ("nominal", "ordinal") else np.nan
        damaged[feature.name] = values
    new = data[inputs.names].astype(object).assign(**damaged)
    numbers = [f.name for f in inputs if f.kind not in ("nominal", "ordinal")]
    return new.astype(dict.fromkeys(numbers, "float64"))


def _check_same_answers(model, clusterer, new, tmp_path):
    expected = np.array([p.persona_id for p in model.personas])[clusterer.predict(new)]
    assert len(set(expected)) == len(model.personas)

    shuffled = new.iloc[np.random.default_rng(SEED).permutation(len(new))]
    scored = score_users(model, shuffled).to_pandas().set_index("user_id").loc[new.index]
    assert (scored["persona_id"].astype(str) == expected).all()

    shuffled.reset_index().to_parquet(tmp_path / "features.parquet")
    files = []
    for batch_rows in (97, 1_000, 131_072):
        target = tmp_path / f"{batch_rows}.parquet"
        score_parquet(
            model,
            tmp_path / "features.parquet",
            target,
            model_version="v1",
            as_of=model.as_of,
            batch_rows=batch_rows,
        )
        files.append(pq.read_table(target))
    assert files[0].equals(files[1])
    assert files[1].equals(files[2])
    in_file = files[0].to_pandas().set_index("user_id").loc[new.index]
    assert (in_file["persona_id"].astype(str) == expected).all()
    assert in_file["confidence"].equals(scored["confidence"])
    return scored


@pytest.fixture(scope="module")
def bicycles(adventureworks, features_of):
    with features_of(adventureworks("bicycles"), date(2019, 1, 1)) as frame:
        yield frame


@pytest.mark.parametrize(("clusterer", "size"), [("latent_class", 5), ("kmeans", 4)])
def test_planted_users(home, new_users, tmp_path, clusterer, size):
    small = FeatureFrame(home.frame.sample(6_000).table, home.frame.feature_set, home.frame.window)
    model, fitted = _fit_both(small, clusterer, size)
    _, features = new_users
    new = _damage(features, small.feature_set.inputs, seed=1)
    scored = _check_same_answers(model, fitted, new, tmp_path)
    if clusterer == "latent_class":
        probability = fitted.predict_proba(new).max(axis=1)
        calibrated = np.interp(probability, model.calibration.probability, model.calibration.confidence)
        np.testing.assert_allclose(scored["confidence"], calibrated, atol=1e-9)


@pytest.mark.parametrize(("clusterer", "size"), [("latent_class", 4), ("kmeans", 4)])
def test_real_users(bicycles, tmp_path, clusterer, size):
    small = bicycles.sample(5_000)
    model, fitted = _fit_both(small, clusterer, size)
    everybody = bicycles.to_pandas()
    known = set(small.to_pandas().index)
    others = everybody.loc[[u for u in everybody.index if u not in known]]
    new = _damage(others, bicycles.feature_set.inputs, seed=2)
    _check_same_answers(model, fitted, new, tmp_path)


@pytest.mark.parametrize("n_personas", ["auto", 4])
@pytest.mark.parametrize("data", ["planted", "real"])
def test_k_means_makes_a_whole_model(home, bicycles, data, n_personas):
    frame = (home.frame if data == "planted" else bicycles).sample(5_000)
    model = fit_personas(
        frame,
        clusterer="kmeans",
        n_personas=n_personas,
        # Without a look back, the bicycle shop's profile foretells little: the gate would refuse, rightly.
        options=FitOptions(max_personas=6, n_resamples=2, force=True),
    )
    assert n_personas in ("auto", len(model.personas))
    assert all(c.bic is None and c.log_likelihood is None for c in model.selection)
    assert sum(c.chosen for c in model.selection) == 1
    assert sum(p.share for p in model.personas) == pytest.approx(1)
    assert len({p.name.zh for p in model.personas}) == len(model.personas)
    assert len({p.name.en for p in model.personas}) == len(model.personas)
    assert 0 < model.metrics["mean_confidence"] <= 1
