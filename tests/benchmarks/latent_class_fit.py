"""Time one fit of 200,000 mixed rows: LatentClass against StepMix 3.0, in one process on the same data.

Run by hand: ``python tests/benchmarks/latent_class_fit.py``.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from importlib.metadata import version

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score
from stepmix import StepMix
from threadpoolctl import threadpool_limits

from personas.cluster import LatentClass

N_GAUSSIAN, N_CATEGORICAL, N_LEVELS, N_CLASSES = 8, 6, 5, 8


def make_users(n_users: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return planted users, 8 Gaussian and 6 five-level columns, and their true classes."""
    random = np.random.default_rng(seed)
    truth = random.choice(N_CLASSES, size=n_users, p=random.dirichlet(np.full(N_CLASSES, 20.0)))
    means = random.normal(0, 1.5, size=(N_CLASSES, N_GAUSSIAN))
    spreads = random.uniform(0.6, 1.4, size=(N_CLASSES, N_GAUSSIAN))
    users = pd.DataFrame(
        random.normal(means[truth], spreads[truth]), columns=[f"number_{j}" for j in range(N_GAUSSIAN)]
    )
    shares = random.dirichlet(np.ones(N_LEVELS), size=(N_CLASSES, N_CATEGORICAL))
    draws = random.random((n_users, N_CATEGORICAL, 1))
    codes = np.minimum((shares.cumsum(axis=2)[truth] < draws).sum(axis=2), N_LEVELS - 1)
    for j in range(N_CATEGORICAL):
        users[f"level_{j}"] = codes[:, j]
    return users, truth


def fit_ours(
    users: pd.DataFrame, args: argparse.Namespace, seed: int
) -> tuple[float, np.ndarray, float, int]:
    """Return seconds, labels, log likelihood and iterations of LatentClass."""
    kinds = {name: "nominal" for name in users if name.startswith("level")}
    model = LatentClass(N_CLASSES, kinds=kinds, n_init=1, random_state=seed, tol=args.tol)
    began = time.perf_counter()
    model.fit(users)
    return time.perf_counter() - began, model.labels_, model.log_likelihood_, model.n_iter_


def fit_stepmix(
    users: pd.DataFrame, args: argparse.Namespace, seed: int
) -> tuple[float, np.ndarray, float, int]:
    """Return seconds, labels, log likelihood and iterations of StepMix (fit and labels, as ours)."""
    measurement = {
        "numbers": {"model": "gaussian_diag", "n_columns": N_GAUSSIAN},
        "levels": {"model": "categorical", "n_columns": N_CATEGORICAL},
    }
    model = StepMix(
        N_CLASSES,
        measurement=measurement,
        n_init=1,
        init_params=args.stepmix_init,
        abs_tol=args.tol,
        random_state=seed,
        progress_bar=0,
        verbose=0,
    )
    began = time.perf_counter()
    with threadpool_limits(limits=args.stepmix_threads):
        model.fit(users)
        labels = model.predict(users)
    seconds = time.perf_counter() - began
    return seconds, labels, model.score(users) * len(users), model.n_iter_


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0, help="of the data; start i of both uses seed + i")
    parser.add_argument("--tol", type=float, default=1e-8, help="change of the log likelihood per row, both")
    parser.add_argument(
        "--stepmix-init", default="kmeans", choices=["kmeans", "random"], help="random is its default"
    )
    parser.add_argument("--stepmix-threads", type=int, default=None, help="BLAS threads; default: all")
    args = parser.parse_args()
    users, truth = make_users(args.users, args.seed)
    print(
        f"machine: {platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}, numpy {np.__version__}, StepMix {version('stepmix')}"
    )
    print(
        f"{args.users:,} users x {users.shape[1]} columns, {N_CLASSES} classes, seed {args.seed}, tol {args.tol}"
    )
    ours, theirs, agreement = [], [], []
    for repeat in range(args.repeats):
        seconds, labels, likelihood, n_iter = fit_ours(users, args, args.seed + repeat)
        other_seconds, other_labels, other_likelihood, other_iter = fit_stepmix(
            users, args, args.seed + repeat
        )
        ours.append(seconds)
        theirs.append(other_seconds)
        agreement.append(adjusted_rand_score(labels, other_labels))
        print(
            f"run {repeat}: ours {seconds:.2f} s ({n_iter} it, LL {likelihood:.1f}, ARI truth "
            f"{adjusted_rand_score(truth, labels):.4f}) | StepMix {other_seconds:.2f} s ({other_iter} it, LL "
            f"{other_likelihood:.1f}, ARI truth {adjusted_rand_score(truth, other_labels):.4f}) | "
            f"ARI between {agreement[-1]:.4f}"
        )
    fast, slow = statistics.median(ours), statistics.median(theirs)
    print(
        f"median: ours {fast:.2f} s, StepMix {slow:.2f} s, ratio {slow / fast:.1f}, ARI {statistics.median(agreement):.4f}"
    )


if __name__ == "__main__":
    main()
