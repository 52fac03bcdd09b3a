"""How long does it take to find the stage of every user on a ladder, and where they moved in half a year?

python tests/benchmarks/ladder.py --users 1000000 --events 5000000
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa

from personas.audience.ladder_file import ladder_from_dict
from personas.audience.stages import Scope, assign_stages, count_stages
from personas.category.stage_flow import stage_flow
from pipelines.config_file import read_yaml, shipped_configs

KINDS = ("view", "search", "cart", "favourite", "order", "review", "ad_exposure", "ad_click")
SHARES = (0.55, 0.1, 0.08, 0.03, 0.12, 0.02, 0.08, 0.02)
DATES = (date(2025, 6, 1), date(2025, 12, 1))


def make_events(n_users: int, n_events: int) -> pa.Table:
    """Return events of one year; users differ in how much they do."""
    rng = np.random.default_rng(1)
    weight = rng.gamma(0.8, size=n_users)
    user = rng.choice(n_users, size=n_events, p=weight / weight.sum())
    at = np.datetime64("2024-12-01", "us") + rng.integers(365 * 86_400, size=n_events).astype(
        "timedelta64[s]"
    )
    kind = rng.choice(len(KINDS), size=n_events, p=SHARES)
    brand = rng.choice(3, size=n_events, p=(0.7, 0.2, 0.1))
    order = pa.array(np.char.mod("O%09d", np.arange(n_events)), mask=kind != KINDS.index("order"))
    return pa.table(
        {
            "user_id": pa.array(np.char.mod("U%09d", np.arange(n_users))).take(pa.array(user)),
            "event_at": pa.array(at),
            "event_type": pa.array(KINDS).take(pa.array(kind)),
            "category": pa.array([f"品类{j:02d}" for j in range(20)]).take(
                pa.array(rng.integers(20, size=n_events))
            ),
            "order_id": order,
            "brand": pa.array(["本品", "竞品", None]).take(pa.array(brand)),
        }
    )


def main() -> None:
    """Print the seconds of each shipped ladder that needs no tags."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=5_000_000)
    args = parser.parse_args()
    print(
        f"{args.users:,} users, {args.events:,} events; {os.cpu_count()} CPUs, {platform.machine()}, "
        f"Python {platform.python_version()}"
    )
    with tempfile.TemporaryDirectory() as folder:
        connection = ibis.duckdb.connect(Path(folder) / "events.duckdb")
        events = connection.create_table("events", make_events(args.users, args.events))
        users = connection.create_table("users", events.select("user_id").distinct())
        for path in sorted((shipped_configs() / "ladders").glob("*.yaml")):
            ladder = ladder_from_dict(read_yaml(path)).without_tags()
            start = time.perf_counter()
            standing = [
                connection.create_table(
                    f"stages_{place}",
                    assign_stages(events, ladder, day, users, scope=Scope(frozenset({"本品"}))),
                    overwrite=True,
                )
                for place, day in enumerate(DATES)
            ]
            assigned = time.perf_counter()
            counts = count_stages(standing[1], ladder, DATES[1])
            moved = stage_flow(standing[0], standing[1], dates=DATES, order=ladder.order)
            end = time.perf_counter()
            print(
                f"{ladder.key}: {(assigned - start) / 2:.2f} s per date, {end - assigned:.2f} s to count and follow; "
                f"{int(counts.stages['n_users'].sum()):,} users, {moved.totals['upgrade_rate'].iloc[0]:.1%} moved up",
                flush=True,
            )


if __name__ == "__main__":
    main()
