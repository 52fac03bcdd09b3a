"""How fast is scoring a Parquet file, next to a scikit-learn pipeline that writes the same answers?

The scorecard is the additive form of the very k-means model that scikit-learn predicts with, so both
sides must give the same labels (checked). Each run is a process of its own and the two sides take turns.

    python tests/benchmarks/scoring.py --users 2000000 --runs 5
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

N_PERSONAS = 8
NUMBERS = [f"number_{j}" for j in range(8)]
TEXTS = [f"level_{j}" for j in range(6)]
LEVELS = ("很低", "低", "中", "高", "很高")
NULL_SHARE = 0.05
CHUNK = 500_000
BATCH_ROWS = 65_536


def write_features(path: Path, n_users: int) -> None:
    """Write planted users: eight groups that differ in numbers and levels, some values missing."""
    centres = np.random.default_rng(7).normal(size=(N_PERSONAS, len(NUMBERS))) * 1.5
    shares = np.random.default_rng(8).dirichlet(np.ones(len(LEVELS)), size=(N_PERSONAS, len(TEXTS)))
    schema = pa.schema(
        [("user_id", pa.string())]
        + [(name, pa.float64()) for name in NUMBERS]
        + [(name, pa.string()) for name in TEXTS]
    )
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, n_users, CHUNK):
            n = min(CHUNK, n_users - start)
            rng = np.random.default_rng([9, start])
            group = rng.integers(N_PERSONAS, size=n)
            columns = [pa.array(np.char.mod("U%010d", np.arange(start, start + n)))]
            for j in range(len(NUMBERS)):
                values = np.round(100 + 10 * (centres[group, j] + rng.normal(size=n)), 2)
                columns.append(pa.array(values, mask=rng.random(n) < NULL_SHARE))
            for j in range(len(TEXTS)):
                steps = shares[group, j].cumsum(axis=1)
                level = np.minimum((rng.random(n)[:, None] > steps).sum(axis=1), len(LEVELS) - 1)
                words = pa.DictionaryArray.from_arrays(
                    pa.array(level.astype(np.int32), mask=rng.random(n) < NULL_SHARE), list(LEVELS)
                )
                columns.append(words.cast(pa.string()))
            writer.write_table(pa.table(columns, schema=schema))


def fit_baseline(features: Path):
    """Fit the usual pipeline on the first 50,000 users."""
    from sklearn.cluster import KMeans
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    with pq.ParquetFile(features) as file:
        sample = next(file.iter_batches(batch_size=50_000)).to_pandas()
    encode = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
            ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), TEXTS),
        ]
    )
    return make_pipeline(encode, KMeans(N_PERSONAS, n_init=1, random_state=0)).fit(sample)


def additive_form(pipeline):
    """Write a fitted k-means pipeline as a scorecard: the squared distance is a sum over columns."""
    from personas.features import FeatureSet
    from personas.model.base import Calibration, Card, Persona, PersonaModel
    from personas.schema import ObservationWindow, Text
    from personas.scorecard import PolynomialTerm, Scorecard, TableTerm

    encode, kmeans = pipeline[0], pipeline[-1]
    scaler = encode.named_transformers_["numbers"][-1]
    centres = kmeans.cluster_centers_
    terms = []
    for j, name in enumerate(NUMBERS):
        c = centres[:, j]
        points = np.column_stack([-0.5 * c**2, c, np.zeros_like(c)])
        terms.append(
            PolynomialTerm(
                name, "identity", -np.inf, np.inf, scaler.mean_[j], scaler.scale_[j],
                points, points[:, 0].copy(), np.array([0.0, 0.0, -0.5]),
            )
        )  # fmt: skip
    first = len(NUMBERS)
    for name, categories in zip(TEXTS, encode.named_transformers_["texts"].categories_, strict=True):
        c = centres[:, first : first + len(categories)]
        first += len(categories)
        points = c - 0.5 * (c**2).sum(axis=1, keepdims=True)
        known = [j for j, level in enumerate(categories) if isinstance(level, str)]
        null = next(j for j in range(len(categories)) if j not in known)
        levels = tuple(str(categories[j]) for j in known)
        terms.append(TableTerm(name, levels, points[:, known], points[:, null].copy(), np.zeros(len(known))))
    nothing = Text("", "")
    personas = tuple(
        Persona(f"P{k + 1:02d}", Text(f"人群{k + 1}", f"Persona {k + 1}"), "traits", None, 1 / N_PERSONAS, 0, (),
                Card(nothing, nothing, nothing, (), nothing))
        for k in range(N_PERSONAS)
    )  # fmt: skip
    return PersonaModel(
        name="benchmark",
        window=ObservationWindow(date(2026, 1, 1), 365),
        feature_set=FeatureSet(),
        scorecard=Scorecard(np.zeros(N_PERSONAS), tuple(terms)),
        personas=personas,
        calibration=Calibration(),
        low_confidence=0.6,
        surprise_limit=6.0,
        clusterer="kmeans",
        clusterer_params={},
    )


def run_personas(folder: Path) -> float:
    """Score with personas; return the seconds of loading the model, compiling, reading, scoring and writing."""
    start = time.perf_counter()
    from personas.model.persist import load_model
    from personas.scoring import score_parquet

    model = load_model(folder / "model")
    score_parquet(
        model,
        folder / "features.parquet",
        folder / "personas.parquet",
        model_version="benchmark",
        as_of=model.as_of,
    )
    return time.perf_counter() - start


def run_baseline(folder: Path) -> float:
    """Score with scikit-learn, batch by batch; return the same seconds."""
    start = time.perf_counter()
    import joblib

    pipeline = joblib.load(folder / "baseline.joblib")
    schema = pa.schema([("user_id", pa.string()), ("label", pa.int32())])
    with (
        pq.ParquetFile(folder / "features.parquet") as file,
        pq.ParquetWriter(folder / "baseline.parquet", schema) as writer,
    ):
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            label = pipeline.predict(batch.select(NUMBERS + TEXTS).to_pandas())
            writer.write_batch(
                pa.record_batch([batch["user_id"], pa.array(label, pa.int32())], schema=schema)
            )
    return time.perf_counter() - start


def agreement(folder: Path) -> float:
    """Return the share of users whom both sides give the same label."""
    ours = pq.read_table(folder / "personas.parquet", columns=["persona_id"])["persona_id"]
    label = np.concatenate([chunk.indices.to_numpy() for chunk in ours.chunks])
    theirs = pq.read_table(folder / "baseline.parquet", columns=["label"])["label"].to_numpy()
    return float(np.mean(label == theirs))


def run_child(side: str, folder: Path) -> dict[str, float]:
    """Run one side in a process of its own."""
    command = [sys.executable, __file__, "--child", side, "--folder", str(folder)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(out.splitlines()[-1])


def main() -> None:
    """Write the features, run both sides in turn, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    parser.add_argument("--child", choices=["personas", "baseline"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        seconds = {"personas": run_personas, "baseline": run_baseline}[args.child](args.folder)
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu_seconds = used.ru_utime + used.ru_stime
        print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mb": used.ru_maxrss / 1024}))
        return
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        measure(folder, args.users, args.runs)


def measure(folder: Path, n_users: int, n_runs: int) -> None:
    """Print one line per pair of runs, then medians."""
    import joblib

    from personas.model.persist import save_model

    write_features(folder / "features.parquet", n_users)
    pipeline = fit_baseline(folder / "features.parquet")
    joblib.dump(pipeline, folder / "baseline.joblib")
    save_model(additive_form(pipeline), folder / "model")
    size = (folder / "features.parquet").stat().st_size / 2**20
    print(
        f"{n_users:,} users, {len(NUMBERS)} numbers + {len(TEXTS)} texts, {size:,.0f} MB, {os.cpu_count()} CPUs"
    )
    ratios, rates = [], {"personas": [], "baseline": []}
    for run in range(n_runs):
        order = ("personas", "baseline") if run % 2 == 0 else ("baseline", "personas")
        result = {side: run_child(side, folder) for side in order}
        ratios.append(result["baseline"]["seconds"] / result["personas"]["seconds"])
        for side in order:
            rates[side].append(n_users / result[side]["seconds"])
        print(
            "  ".join(
                f"{side}: {rates[side][-1]:,.0f} rows/s, {result[side]['cpu_seconds']:.1f} CPU s, peak {result[side]['peak_mb']:,.0f} MB;"
                for side in ("personas", "baseline")
            ),
            f"ratio {ratios[-1]:.1f}",
            flush=True,
        )
    medians = {side: statistics.median(values) for side, values in rates.items()}
    print(
        f"median: personas {medians['personas']:,.0f} rows/s, baseline {medians['baseline']:,.0f} rows/s; "
        f"ratio {statistics.median(ratios):.1f} (from {min(ratios):.1f} to {max(ratios):.1f}); "
        f"same label for {agreement(folder):.6%} of users"
    )


if __name__ == "__main__":
    main()
