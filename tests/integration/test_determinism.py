"""Same data, config and seed: same bytes, whoever runs it, on however many cores, in whatever row order."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personas.datasets import make_home_appliances

# Trains and scores in a process of its own, on the given cores; prints a hash per file.
JOB = """
import hashlib, json, os, sys
from datetime import date
from pathlib import Path
os.sched_setaffinity(0, json.loads(sys.argv[3]))
from personas.features import build_features, rehearse
from personas.model import fit_personas
from personas.model.persist import model_to_files
from personas.scoring import score_parquet
from pipelines.config_file import load_config
from pipelines.console import Steps
from pipelines.tables import prepared_tables, proposed_features
from pipelines.train import fit_options


def main(config, folder):
    loaded, as_of, quiet = load_config(config), date(2025, 12, 1), Steps(None)
    with prepared_tables(loaded, as_of, quiet) as prepared:
        features = proposed_features(loaded, prepared)
        frame = build_features(prepared.engine, prepared.window, features)
        spec = loaded.config.personas
        model = fit_personas(
            frame,
            rehearsal=rehearse(prepared.engine, prepared.window, features),
            clusterer=spec.clusterer,
            n_personas=spec.n_personas,
            random_state=spec.random_state,
            options=fit_options(loaded, {}),
        )
        prepared.engine.write_parquet(frame.table.order_by("user_id"), folder / "features.parquet")
    target = folder / "assignments.parquet"
    score_parquet(model, folder / "features.parquet", target, model_version="v", as_of=as_of)
    files = {**model_to_files(model), "assignments.parquet": target.read_bytes()}
    files["features.parquet"] = (folder / "features.parquet").read_bytes()
    print(json.dumps({name: hashlib.sha256(content).hexdigest() for name, content in files.items()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
"""

N_USERS = 14_000

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@dataclass(frozen=True)
class Run:
    hash_seed: str
    cores: tuple[int, ...]
    is_shuffled: bool


_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "LOKY_MAX_CPU_COUNT"}

FIRST = Run("0", tuple(CORES[:2]), is_shuffled=False)


def _shuffled(table: pa.Table, rng: np.random.Generator) -> pa.Table:
    return table.take(pa.array(rng.permutation(table.num_rows)))


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """A script of its own: DuckDB takes a process without one for somebody at a prompt, and draws bars."""
    path = tmp_path_factory.mktemp("job") / "job.py"
    path.write_text(JOB, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def hashes(tmp_path_factory, set_up_home, job):
    """Return a function that runs the job in a new process and returns the hash of each file."""
    rng = np.random.default_rng(0)
    # Linear algebra goes parallel from 10,000 numbers on, and adds up in another order then.
    world = make_home_appliances(N_USERS, random_state=5)
    shuffled = replace(
        world,
        **{
            name: _shuffled(getattr(world, name), rng)
            for name in ("users", "events", "identifiers", "consents")
        },
    )
    done = {}

    def run(clusterer, n_personas, how):
        if (clusterer, how) not in done:
            folder = tmp_path_factory.mktemp(clusterer)
            loaded = set_up_home(
                folder,
                shuffled if how.is_shuffled else world,
                personas={
                    "clusterer": clusterer,
                    "n_personas": n_personas,
                    "max_personas": 3,
                    "bootstraps": 2,
                },
            )
            finished = subprocess.run(
                [sys.executable, job, loaded.path, folder, json.dumps(how.cores)],
                capture_output=True,
                text=True,
                check=False,
                timeout=900,
                # As many processes as cores: what the suite says of processes is no word on this one.
                env={**_ENVIRONMENT, "PYTHONHASHSEED": how.hash_seed},
            )
            assert finished.returncode == 0, finished.stderr
            done[clusterer, how] = json.loads(finished.stdout)
        return done[clusterer, how]

    return run


OTHER_CORES = replace(FIRST, hash_seed="1", cores=tuple(CORES[:1]))
OTHER_ORDER = replace(FIRST, hash_seed="7", is_shuffled=True)
ALL_OTHER = replace(OTHER_ORDER, cores=OTHER_CORES.cores)


@pytest.mark.skipif(not CORES, reason="This system can't bind a process to cores.")
@pytest.mark.parametrize(
    ("clusterer", "n_personas", "how"),
    [
        # Training of everything takes long, so all that may not matter changes at once.
        pytest.param("auto", "auto", ALL_OTHER, id="auto, one core and another row order"),
        pytest.param("kmeans", 4, OTHER_CORES, id="kmeans, one core"),
        pytest.param("kmeans", 4, OTHER_ORDER, id="kmeans, another row order"),
    ],
)
def test_same_bytes(hashes, clusterer, n_personas, how):
    first = hashes(clusterer, n_personas, FIRST)
    again = hashes(clusterer, n_personas, how)
    assert set(first) == {"model.json", "scorecard.npz", "assignments.parquet", "features.parquet"}
    assert again == first


def test_one_user_more_gives_other_bytes(hashes, set_up_home, tmp_path_factory, job):
    # The comparison above can fail.
    first = hashes("kmeans", 4, FIRST)
    folder = tmp_path_factory.mktemp("other")
    loaded = set_up_home(
        folder,
        make_home_appliances(N_USERS + 1, random_state=5),
        personas={"clusterer": "kmeans", "n_personas": 4, "max_personas": 3, "bootstraps": 2},
    )
    finished = subprocess.run(
        [sys.executable, job, loaded.path, folder, json.dumps(FIRST.cores)],
        capture_output=True,
        text=True,
        check=True,
        timeout=900,
        env=_ENVIRONMENT,
    )
    other = json.loads(finished.stdout)
    assert all(other[name] != first[name] for name in first)
    assert pq.read_table(folder / "assignments.parquet").num_rows > 0.9 * N_USERS
