"""How fast is a matrix of attach rates, next to a scipy sparse product and to mlxtend's FP-growth?

All sides start from the same table of order lines in DuckDB and must find the same counts (checked).

* ``attach``: :func:`personas.category.attach.attach_matrix`, users at any time, with rates and intervals.
* ``scipy``: distinct (user, category) from DuckDB, coded, then a sparse product ``X.T @ X``.
* ``product``: only that product, its pairs already coded and in memory.
* ``mlxtend``: ``fpgrowth(max_len=2)`` on the one-hot table, already made and in memory (its time is not counted).

Every run is a process of its own, imports are not counted, and the sides take turns; mlxtend runs once.

    python tests/benchmarks/attach_matrix.py --users 1000000 --lines 5000000 --runs 5
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import sparse

N_CATEGORIES = 60
LINES_PER_ORDER = 1.6
CATEGORIES = [f"品类{j:02d}" for j in range(N_CATEGORIES)]

FURTHER = {
    "repurchase": {"direction": "any", "within_days": None, "base": "all", "diagonal": "repurchase"},
    "same_order": {"direction": "same_order", "within_days": None, "base": "all", "diagonal": "blank"},
    "after_90": {
        "direction": "after",
        "within_days": 90,
        "base": "exclude_prior_owners",
        "diagonal": "blank",
    },
}
"""Definitions that need the orders and their moments; the sides that are compared do not answer them."""


def write_events(path: Path, n_users: int, n_lines: int) -> None:
    """Write order lines of one year; popular categories are bought as 1 / rank."""
    rng = np.random.default_rng(1)
    n_orders = int(n_lines / LINES_PER_ORDER)
    order = np.sort(rng.integers(n_orders, size=n_lines))
    buyer, second = rng.integers(n_users, size=n_orders), rng.integers(365 * 86_400, size=n_orders)
    share = 1 / np.arange(1, N_CATEGORIES + 1)
    category = rng.choice(N_CATEGORIES, size=n_lines, p=share / share.sum())
    at = np.datetime64("2025-01-01", "us") + second[order].astype("timedelta64[s]")
    amount = rng.integers(1, 5000, size=n_lines).astype(np.int32)
    table = pa.table(
        {
            "user_id": pa.array(np.char.mod("U%09d", np.arange(n_users))).take(pa.array(buyer[order])),
            "event_at": pa.array(at),
            "event_type": pa.repeat("order", n_lines),
            "category": pa.array(CATEGORIES).take(pa.array(category)),
            "amount": pa.array(amount).cast(pa.decimal128(18, 2)),
            "quantity": pa.repeat(1, n_lines),
            "order_id": pa.array(np.char.mod("O%09d", np.arange(n_orders))).take(pa.array(order)),
        }
    )
    pq.write_table(table, path)


def open_events(folder: Path) -> ibis.BaseBackend:
    """Return a connection that holds the events."""
    connection = ibis.duckdb.connect(folder / f"events-{os.getpid()}.duckdb")
    connection.create_table("events", connection.read_parquet(folder / "events.parquet"))
    return connection


def bought_pairs(connection: ibis.BaseBackend) -> pa.Table:
    """Return the distinct pairs of user and category."""
    events = connection.table("events")
    return (
        events.filter(events["event_type"] == "order").select("user_id", "category").distinct().to_pyarrow()
    )


def coded(pairs: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs as codes of users and of categories."""
    user = pairs["user_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    names = pairs["category"].combine_chunks().dictionary_encode()
    place = np.array([CATEGORIES.index(name) for name in names.dictionary.to_pylist()])
    return user, place[names.indices.to_numpy()]


def sparse_product(user: np.ndarray, category: np.ndarray) -> np.ndarray:
    """Return how many users have each pair of categories."""
    shape = (int(user.max()) + 1, N_CATEGORIES)
    holds = sparse.csr_array((np.ones(len(user), np.int32), (user, category)), shape=shape)
    return (holds.T @ holds).toarray()


def clocks() -> np.ndarray:
    """Return the seconds of the wall clock and of all threads of this process."""
    return np.array([time.perf_counter(), time.process_time()])


def run_attach(connection: ibis.BaseBackend, choices: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return the seconds of the matrix and its counts, the diagonal left at 0."""
    from personas.category.attach import AttachDefinition, attach_matrix
    from personas.schema import ObservationWindow

    definition = AttachDefinition(unit="user", **choices)
    window = ObservationWindow(date(2026, 1, 1), 365)
    start = clocks()
    table = attach_matrix(connection, window, CATEGORIES, CATEGORIES, definition).table
    seconds = clocks() - start
    wide = table.pivot_table(index="row", columns="column", values="n_both", sort=True, fill_value=0)
    return seconds, wide.to_numpy().astype(np.int64)


def run_side(side: str, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the seconds of one side and its counts."""
    connection = open_events(folder)
    if side == "attach":
        return run_attach(connection, {**FURTHER["repurchase"], "diagonal": "blank"})
    if side in FURTHER:
        return run_attach(connection, FURTHER[side])
    start = clocks()
    pairs = bought_pairs(connection)
    user, category = coded(pairs)
    if side == "mlxtend":
        return run_mlxtend(user, category)
    if side == "product":
        start = clocks()
    counts = sparse_product(user, category)
    seconds = clocks() - start
    np.fill_diagonal(counts, 0)
    return seconds, counts


def run_mlxtend(user: np.ndarray, category: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the seconds of FP-growth on the one-hot table, and the counts of its pairs."""
    from mlxtend.frequent_patterns import fpgrowth

    n_users = int(user.max()) + 1
    one_hot = np.zeros((n_users, N_CATEGORIES), dtype=bool)
    one_hot[user, category] = True
    table = pd.DataFrame(one_hot)
    start = clocks()
    found = fpgrowth(table, min_support=0.5 / n_users, max_len=2)
    seconds = clocks() - start
    counts = np.zeros((N_CATEGORIES, N_CATEGORIES), dtype=np.int64)
    for support, itemset in found.itertuples(index=False):
        if len(itemset) == 2:
            a, b = itemset
            counts[a, b] = counts[b, a] = round(support * n_users)
    return seconds, counts


def run_child(side: str, folder: Path, *further: str) -> dict:
    """Run one side in a process of its own."""
    command = [sys.executable, __file__, "--child", side, "--folder", str(folder), *further]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(out.splitlines()[-1]) if out else {}


def main() -> None:
    """Write the events, run the sides in turn, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child == "write":  # apart, as a process inherits the peak memory of the one that starts it
        write_events(args.folder / "events.parquet", args.users, args.lines)
    elif args.child:
        seconds, counts = run_side(args.child, args.folder)
        used = resource.getrusage(resource.RUSAGE_SELF)
        figures = {
            "seconds": seconds[0],
            "cpu_seconds": seconds[1],
            "peak_mb": used.ru_maxrss / 1024,
            "counts": counts.tolist(),
        }
        print(json.dumps(figures))
    else:
        with tempfile.TemporaryDirectory(dir=args.folder) as name:
            run_child("write", Path(name), "--users", str(args.users), "--lines", str(args.lines))
            print(
                f"{args.users:,} users, {args.lines:,} order lines, {N_CATEGORIES} x {N_CATEGORIES} categories; "
                f"{os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}",
                flush=True,
            )
            measure(Path(name), args.runs)


def measure(folder: Path, n_runs: int) -> None:
    """Print every run, then medians and ratios, by the wall clock and by CPU time."""
    results: dict[str, list[dict]] = {}

    def run(side: str) -> None:
        result = run_child(side, folder)
        results.setdefault(side, []).append(result)
        print(
            f"{side}: {result['seconds']:.2f} s, {result['cpu_seconds']:.2f} CPU s, peak {result['peak_mb']:,.0f} MB",
            flush=True,
        )

    sides = ["attach", "scipy", "product"]
    for turn in range(n_runs):
        for side in sides if turn % 2 == 0 else reversed(sides):
            run(side)
    for side in (*FURTHER, "mlxtend"):
        run(side)
    for clock in ("seconds", "cpu_seconds"):
        median = {side: statistics.median(r[clock] for r in found) for side, found in results.items()}
        print(
            f"median {clock}: attach {median['attach']:.2f} = {median['attach'] / median['scipy']:.2f} x scipy "
            f"({median['scipy']:.2f}), {median['attach'] / median['product']:.2f} x the product alone "
            f"({median['product']:.2f}); mlxtend {median['mlxtend']:.2f} = "
            f"{median['mlxtend'] / median['attach']:.0f} x attach"
        )
    counts = {side: found[0]["counts"] for side, found in results.items() if side not in FURTHER}
    same = all(found == counts["attach"] for found in counts.values())
    if not same:
        sys.exit("The sides differ in their counts; expected the same of all. Do not trust the times.")
    print("same counts on all sides")


if __name__ == "__main__":
    main()
