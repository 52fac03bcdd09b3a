"""Does a drift report alarm when it should, only then, and how fast is it?

A population of eight groups is described by 100 features: normal numbers, counts with many zeros, long-tailed
amounts and levels, some values missing. A model is fitted to one sample of it and sketched. Then

* fresh samples of the same population are scored and compared with the sketch: at most 5 of 100 may alarm;
* fresh samples with three features moved by .2 standard deviations are: every one must alarm (else it exits with 1);
* the files of one large scoring are counted and compared, in a process of its own: seconds and peak memory.

    python tests/benchmarks/drift.py
    python tests/benchmarks/drift.py --rounds 0 --speed-users 10000000
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from personas.cluster import LatentClass
from personas.features import Feature, FeatureSet, columns_of
from personas.features.base import typed_columns
from personas.model.answers import Answers, status_of
from personas.model.base import Calibration, Card, Persona, PersonaModel
from personas.model.persist import load_model, save_model
from personas.model.sketch import make_sketch
from personas.monitor import DriftRules, Reference, count_users, measure_drift
from personas.schema import ObservationWindow, Text
from personas.scorecard.reference import evaluate
from personas.scoring import score_parquet

N_GROUPS = 8
N_NORMAL, N_COUNT, N_AMOUNT, N_LEVEL = 60, 20, 10, 10
LEVELS = tuple("ABCDE")
NULL_SHARE = 0.03
SHIFT = 0.2
MOST_FALSE_ALARMS = 0.05
AS_OF = date(2026, 1, 1)
CHUNK = 200_000

_fixed = np.random.default_rng(1)
CENTRES = _fixed.normal(size=(N_GROUPS, N_NORMAL)) * 0.7
RATES = _fixed.gamma(1.0, 0.5, size=(N_GROUPS, N_COUNT)) + 0.05
AMOUNTS = _fixed.normal(size=(N_GROUPS, N_AMOUNT)) * 0.5
SHARES = _fixed.dirichlet(np.full(len(LEVELS), 2.0), size=(N_GROUPS, N_LEVEL)).cumsum(axis=2)


def feature_set() -> FeatureSet:
    """Return the 100 features."""
    groups = (("normal", "numeric", N_NORMAL), ("count", "count", N_COUNT), ("amount", "numeric", N_AMOUNT))
    numbers = [
        Feature(f"{name}_{j:02d}", kind, "who", "", "not stated", "profile", "value")
        for name, kind, n in groups
        for j in range(n)
    ]
    levels = [
        Feature(f"level_{j:02d}", "nominal", "who", "", "not stated", "profile", "value", levels=LEVELS)
        for j in range(N_LEVEL)
    ]
    return FeatureSet((*numbers, *levels))


def draw(n_users: int, rng: np.random.Generator, moved: frozenset[str] = frozenset()) -> pd.DataFrame:
    """Draw users; the mean of each moved feature is raised by :data:`SHIFT` of its standard deviation."""
    group = rng.integers(N_GROUPS, size=n_users)
    columns: dict[str, object] = {}
    for j in range(N_NORMAL):
        values = CENTRES[group, j] + rng.standard_normal(n_users)
        spread = np.sqrt(CENTRES[:, j].var() + 1)
        columns[f"normal_{j:02d}"] = np.round(values + SHIFT * spread * (f"normal_{j:02d}" in moved), 3)
    for j in range(N_COUNT):
        rate = RATES[:, j]
        if f"count_{j:02d}" in moved:
            rate = rate * (1 + SHIFT * np.sqrt(rate.mean() + rate.var()) / rate.mean())
        columns[f"count_{j:02d}"] = rng.poisson(rate[group]).astype(np.float64)
    for j in range(N_AMOUNT):
        columns[f"amount_{j:02d}"] = np.round(np.exp(4 + AMOUNTS[group, j] + rng.standard_normal(n_users)), 2)
    for j in range(N_LEVEL):
        code = (rng.random(n_users)[:, None] > SHARES[group, j, :-1]).sum(axis=1)
        columns[f"level_{j:02d}"] = pd.Categorical.from_codes(code, list(LEVELS))
    data = pd.DataFrame(columns)
    for name in data.columns:
        data.loc[rng.random(n_users) < NULL_SHARE, name] = np.nan
    return data


def fit_model(n_users: int) -> PersonaModel:
    """Fit and sketch a model on one sample."""
    features = feature_set()
    data = typed_columns(draw(n_users, np.random.default_rng(2)), features)
    fitted = LatentClass(
        n_components=N_GROUPS, kinds={f.name: f.kind for f in features}, n_init=1, random_state=0
    ).fit(data.iloc[:20_000])
    scorecard = fitted.score_terms()
    scores = evaluate(scorecard, columns_of(data))
    limit = float(np.quantile(scores.surprise, 0.995))
    status = status_of(scores, scores.probability, low_confidence=0.6, surprise_limit=limit)
    ids = tuple(f"P{k + 1:02d}" for k in range(N_GROUPS))
    nothing = Text("", "")
    card = Card(nothing, nothing, nothing, (), nothing)
    personas = tuple(Persona(i, Text(i, i), "traits", None, 1 / N_GROUPS, 0, (), card) for i in ids)
    model = PersonaModel(
        name="benchmark", window=ObservationWindow(AS_OF, 365), feature_set=features, scorecard=scorecard,
        personas=personas, calibration=Calibration(), low_confidence=0.6, surprise_limit=limit,
        clusterer="latent_class", clusterer_params={},
    )  # fmt: skip
    answers = Answers(scores.label, scores.probability, status)
    sketch = make_sketch(data, features, as_of=AS_OF, persona_ids=ids, answers=answers, unseen={})
    return replace(model, sketch=sketch)


def write_features(path: Path, n_users: int, seed: int, moved: frozenset[str] = frozenset()) -> None:
    """Write a feature file, chunk by chunk."""
    writer = None
    for start in range(0, n_users, CHUNK):
        n = min(CHUNK, n_users - start)
        data = draw(n, np.random.default_rng([seed, start]), moved)
        data.insert(0, "user_id", np.char.mod("U%010d", np.arange(start, start + n)))
        table = pa.Table.from_pandas(data, preserve_index=False)
        for j, field in enumerate(table.schema):
            if pa.types.is_dictionary(field.type):
                table = table.set_column(j, field.name, table.column(j).cast(pa.string()))
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def report(model: PersonaModel, folder: Path, rules: DriftRules):
    """Count the files of a scoring and compare them with the model's sketch."""
    current = count_users(
        model.sketch, folder / "features.parquet", folder / "assignments.parquet", as_of=AS_OF
    )
    return measure_drift(
        model,
        current,
        Reference("training", model.sketch, "benchmark"),
        model_version="benchmark",
        rules=rules,
    )


def score(model: PersonaModel, folder: Path) -> None:
    """Score the feature file of a folder."""
    score_parquet(
        model,
        folder / "features.parquet",
        folder / "assignments.parquet",
        model_version="benchmark",
        as_of=AS_OF,
    )


def count_alarms(model: PersonaModel, folder: Path, n_users: int, rounds: int) -> list[str]:
    """Print how many samples alarm, without and with a planted shift; return what breaks a limit."""
    broken = []
    movable = [f.name for f in feature_set() if f.name.startswith(("normal", "count"))]
    for title, is_moved in (("same population", False), (f"three features moved by {SHIFT} sd", True)):
        alarms, found, strict, strictly = 0, [], 0, 0
        start = time.perf_counter()
        for i in range(rounds):
            rng = np.random.default_rng([4, i])
            moved = frozenset(rng.choice(movable, 3, replace=False).tolist()) if is_moved else frozenset()
            write_features(folder / "features.parquet", n_users, 1000 * (1 + is_moved) + i, moved)
            score(model, folder)
            answer = report(model, folder, DriftRules())
            alarms += answer.advice.is_alarm
            found.append(len({row.name for row in answer.rows if row.shift.is_drift} & moved))
            shifts = [row.shift for row in (*answer.rows, *answer.answers)]
            strict += any(shift.psi > shift.noise for shift in shifts)
            strictly += answer.advice.verdict == "retrain"
        print(
            f"{title}: {alarms} of {rounds} samples of {n_users:,} users alarm "
            f"({strict} pass the noise floor alone, {strictly} advise retrain; "
            f"moved features found: {sum(found)} of {3 * rounds * is_moved}; "
            f"{time.perf_counter() - start:.0f} s)",
            flush=True,
        )
        if is_moved and alarms < rounds:
            broken.append(f"{title}: {alarms} of {rounds} samples alarm; expected every one.")
        if not is_moved and alarms > MOST_FALSE_ALARMS * rounds:
            broken.append(
                f"{title}: {alarms} of {rounds} samples alarm; expected at most {MOST_FALSE_ALARMS:.0%}."
            )
    return broken


def measure_speed(folder: Path) -> None:
    """Print the figures of one report as JSON; runs in a process of its own."""
    start = time.perf_counter()
    model = load_model(folder / "model")
    answer = report(model, folder, DriftRules())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    figures = {"seconds": time.perf_counter() - start, "peak_gib": peak, "n_users": answer.n_users}
    print(json.dumps(figures))


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--speed-users", type=int, default=1_000_000)
    parser.add_argument("--measure", type=Path, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure_speed(options.measure)
        return
    model = fit_model(options.users)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broken = count_alarms(model, folder, options.users, options.rounds)
        if options.speed_users:
            time_report(model, folder, options.speed_users)
    if broken:
        sys.exit("\n".join(broken))


def time_report(model: PersonaModel, folder: Path, n_users: int) -> None:
    """Print the seconds and the memory of a report on a large scoring."""
    save_model(model, folder / "model")
    write_features(folder / "features.parquet", n_users, 9)
    score(model, folder)
    command = [sys.executable, __file__, "--measure", str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    figures = json.loads(answer.stdout)
    print(
        f"report on {figures['n_users']:,} users x {len(model.feature_set)} features: "
        f"{figures['seconds']:.1f} s, {figures['peak_gib']:.2f} GiB at most"
    )


if __name__ == "__main__":
    main()
