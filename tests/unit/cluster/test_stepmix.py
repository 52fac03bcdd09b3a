"""StepMix, an independent implementation, finds the same maximum on the same data."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from stepmix import StepMix

from personas.cluster import LatentClass

MEANS = np.array([[0.0, 0.0], [6.0, 1.0], [3.0, 7.0]])
SHARES = np.array([[0.94, 0.02, 0.02, 0.02], [0.02, 0.94, 0.02, 0.02], [0.02, 0.02, 0.48, 0.48]])
RATES = np.array([[0.03] * 8, [0.97] * 4 + [0.03] * 4, [0.97] * 8])


def plant(seed, missing):
    """Return 900 rows of three groups with missing values: n0-n1 normal, c0-c4 four levels, b0-b7 yes/no."""
    random = np.random.default_rng(seed)
    group = random.choice(3, size=900, p=[0.45, 0.35, 0.2])
    levels = (SHARES.cumsum(axis=1)[group][:, None] < random.random((900, 5, 1))).sum(axis=2)
    frame = pd.DataFrame(
        np.hstack([random.normal(MEANS[group]), levels, random.random((900, 8)) < RATES[group]]),
        columns=["n0", "n1", *(f"c{j}" for j in range(5)), *(f"b{j}" for j in range(8))],
    )
    return frame.mask(random.random(frame.shape) < missing)


def compare(frame, kinds, measurement):
    ours = LatentClass(3, kinds=kinds, n_init=5, random_state=0).fit(frame)
    theirs = StepMix(
        3, measurement=measurement, n_init=10, random_state=0, progress_bar=0, verbose=0, max_iter=2000
    ).fit(frame)
    assert ours.log_likelihood_ == pytest.approx(theirs.score(frame) * len(frame), rel=1e-4)
    assert adjusted_rand_score(ours.labels_, theirs.predict(frame)) >= 0.99
    assert ours.n_parameters_ == theirs.n_parameters


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize(
    ("prefix", "kind", "model"),
    [("n", "numeric", "gaussian_diag"), ("c", "nominal", "categorical"), ("b", "binary", "binary")],
)
def test_one_kind_agrees(prefix, kind, model, missing):
    frame = plant(1, missing).filter(regex=f"^{prefix}")
    compare(frame, dict.fromkeys(frame, kind), f"{model}_nan" if missing else model)


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_mixed_kinds_agree(missing):
    frame = plant(2, missing)[["n0", "n1", "c0", "c1", "b0", "b1"]]
    suffix = "_nan" if missing else ""
    measurement = {
        "numbers": {"model": f"gaussian_diag{suffix}", "n_columns": 2},
        "levels": {"model": f"categorical{suffix}", "n_columns": 2},
        "flags": {"model": f"binary{suffix}", "n_columns": 2},
    }
    compare(frame, {"c0": "nominal", "c1": "nominal", "b0": "binary", "b1": "binary"}, measurement)
