"""How long does choosing among 4 clusterers, 7 numbers of personas and 20 bootstraps take, and how much memory?

Trains on a planted home-appliance world. With ``--interrupt S`` the first training is killed after S seconds; the
second one goes on where it stopped.

    python tests/benchmarks/selection.py --users 100000
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

CLUSTERERS = ("latent_class", "foresight", "kmeans", "bisecting_kmeans")
AS_OF = date(2025, 12, 1)


def child(config: Path, bootstraps: int, checkpoint: Path) -> None:
    """Train once in this process, and print seconds per phase."""
    from personas.features import build_features, rehearse
    from personas.model import FitOptions, fit_personas
    from pipelines.config_file import load_config
    from pipelines.console import Steps
    from pipelines.tables import prepared_tables, proposed_features

    loaded = load_config(config)
    with prepared_tables(loaded, AS_OF, Steps(None)) as prepared:
        feature_set = proposed_features(loaded, prepared)
        frame = build_features(prepared.engine, prepared.window, feature_set)
        rehearsal = rehearse(prepared.engine, prepared.window, feature_set)
        began = time.perf_counter()
        steps: list[tuple[float, int, int]] = []
        model = fit_personas(
            frame,
            clusterer=CLUSTERERS,
            rehearsal=rehearsal,
            options=FitOptions(n_resamples=bootstraps, checkpoint=checkpoint, max_training_users=125_000),
            progress=lambda _, done, total: steps.append((time.perf_counter() - began, done, total)),
        )
        seconds = time.perf_counter() - began
    measured = [at for at, done, total in steps if done == total]
    print(
        json.dumps(
            {
                "seconds": round(seconds, 1),
                "measured_after": round(measured[0], 1) if measured else None,
                "training_users": model.metrics["n_training_users"],
                "candidates": len(model.selection),
                "chosen": f"{model.clusterer} {len(model.personas)}",
            }
        )
    )


def memory_of(pid: int) -> int:
    """Return the proportional memory of a process and its children, in bytes."""
    total = 0
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total = sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return total  # it ended meanwhile
    return total + sum(memory_of(int(each)) for each in children)


def run(
    arguments: list[str], *, kill_after: float | None = None
) -> tuple[dict[str, object] | None, float, int]:
    """Run one training in a process of its own; return its answer, its seconds and its peak memory."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True)
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            peak = max(peak, memory_of(process.pid))
            if kill_after is not None and time.perf_counter() - began > kill_after:
                process.kill()
            time.sleep(0.5)

    watcher = threading.Thread(target=watch)
    watcher.start()
    answer, _ = process.communicate()
    watcher.join()
    return json.loads(answer) if process.returncode == 0 else None, time.perf_counter() - began, peak


def main() -> None:
    """Make the world, train on it, and print what it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=100_000, help="training users (default 100000)")
    parser.add_argument("--bootstraps", type=int, default=20, help="refits per candidate (default 20)")
    parser.add_argument(
        "--interrupt", type=float, default=None, help="kill a first run after so many seconds"
    )
    parser.add_argument("--child", nargs=2, type=Path, default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child[0], arguments.bootstraps, arguments.child[1])
        return
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / "world"
        # A fifth is held out of the training, and about 1 % gave no consent.
        n_users = round(arguments.users / 0.8 / 0.98)
        subprocess.run(
            [
                "personas",
                "demo",
                "home_appliances",
                "--users",
                str(n_users),
                "--output",
                str(world),
                "--json",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        )
        words = [
            f"--bootstraps={arguments.bootstraps}",
            "--child",
            str(world / "home_appliances.yaml"),
            str(Path(folder) / "kept"),
        ]
        if arguments.interrupt is not None:
            _, seconds, _ = run(words, kill_after=arguments.interrupt)
            kept = len(list((Path(folder) / "kept").glob("*.npz")))
            print(f"killed after {seconds:.0f} s with {kept} results kept")
        answer, seconds, peak = run(words)
        print(f"{len(CLUSTERERS)} clusterers x 7 sizes, {arguments.bootstraps} bootstraps: {answer}")
        print(
            f"with tables and features {seconds:.0f} s, peak memory {peak / 2**30:.2f} GiB, {os.cpu_count()} cores"
        )


if __name__ == "__main__":
    main()
