"""How often do tables without structure get the verdict "no structure", and tables with it not?

Each seed makes a planted home-appliance world and two null worlds of it: every column permuted, and purchases dealt
out anew so that each user's number and each category's own stay. The user vectors, the earlier ones and the next
window's orders are each destroyed on their own. All three are trained on by ``fit_personas``. At most 1 of 20 worlds
of a null may get personas, and at least 19 of 20 planted ones must; else it exits with 1.

    python tests/benchmarks/no_structure.py --seeds 20
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from personas.config import parse_config
from personas.datasets import make_home_appliances, write_world
from personas.errors import GateError
from personas.features import FeatureFrame, Rehearsal, build_features, rehearse
from personas.model import FitOptions, fit_personas
from personas.selection.nulls import permute_columns, shuffle_purchases
from pipelines.config_file import LoadedConfig, read_yaml, shipped_configs
from pipelines.console import Steps
from pipelines.tables import prepared_tables, proposed_features

AS_OF = date(2025, 12, 1)
LEAST_FOUND = 0.95
"""Share of the worlds of each kind that must get the right verdict."""
OPTIONS = FitOptions(max_personas=4, n_resamples=3)
"""Fewer candidates and refits than by default, for speed; the verdict has null tables and refits of its own."""


@dataclass(frozen=True)
class Users:
    """User vectors, and what was known and done at an earlier cut."""

    frame: FeatureFrame
    rehearsal: Rehearsal


# --- worlds


def planted(seed: int, n_users: int) -> Users:
    """Return the users of a planted world, in memory."""
    path = shipped_configs() / "home_appliances.yaml"
    with tempfile.TemporaryDirectory() as folder:
        raw = {**read_yaml(path), "store": str(Path(folder) / "store")}
        for file in write_world(make_home_appliances(n_users, random_state=seed), Path(folder)):
            if file.stem in raw["sources"]:
                raw["sources"][file.stem]["path"] = str(file)
        loaded = LoadedConfig(path, parse_config(raw, path.name))
        with prepared_tables(loaded, AS_OF, Steps(None)) as prepared:
            feature_set = proposed_features(loaded, prepared)
            frame = build_features(prepared.engine, prepared.window, feature_set)
            rehearsal = rehearse(prepared.engine, prepared.window, feature_set)
            assert rehearsal is not None
            frame, earlier, outcomes = (
                _framed(one.to_pandas(), one) for one in (frame, rehearsal.earlier, rehearsal.outcomes)
            )
            return Users(frame, Rehearsal(earlier, outcomes))


def columns_permuted(users: Users, seed: int) -> Users:
    """Return users whose columns have nothing to do with each other."""
    return _each(users, seed, lambda data, _, s: permute_columns(data, random_state=s))


def purchases_shuffled(users: Users, seed: int) -> Users:
    """Return users who differ in how much they buy, but not in what."""
    return _each(users, seed, lambda data, like, s: shuffle_purchases(data, like.feature_set, random_state=s))


NULLS = {"columns_permuted": columns_permuted, "purchases_shuffled": purchases_shuffled}


def _each(
    users: Users, seed: int, destroy: Callable[[pd.DataFrame, FeatureFrame, int], pd.DataFrame]
) -> Users:
    """Draw every table on its own: a common draw would deal alike in two windows, and so tell of the next one."""
    seeds = [int(s) for s in np.random.SeedSequence([seed, 1]).generate_state(3)]
    parts = (users.frame, users.rehearsal.earlier, users.rehearsal.outcomes)
    frame, earlier, outcomes = (
        _framed(destroy(part.to_pandas(), part, s), part) for part, s in zip(parts, seeds, strict=True)
    )
    return Users(frame, Rehearsal(earlier, outcomes))


def _framed(data: pd.DataFrame, like: FeatureFrame) -> FeatureFrame:
    """Return a frame of these rows, in memory."""
    plain = {
        name: column.astype(object).where(column.notna(), None)
        if isinstance(column.dtype, pd.CategoricalDtype)
        else column
        for name, column in data.items()
    }
    columns = {"user_id": pa.array(data.index.astype(str), pa.string())}
    columns |= {
        str(name): pa.array(
            list(column) if column.dtype == object else column.to_numpy(),
            pa.string() if column.dtype == object else pa.float64(),
            from_pandas=True,
        )
        for name, column in plain.items()
    }
    return replace(like, table=ibis.memtable(pa.table(columns)))


# --- verdicts


def verdict(
    users: Users, seed: int, *, clusterer: str = "auto", options: FitOptions = OPTIONS
) -> tuple[bool, str]:
    """Train; return whether personas were found, and the words or figures of the verdict."""
    try:
        model = fit_personas(
            users.frame, clusterer=clusterer, rehearsal=users.rehearsal, random_state=seed, options=options
        )
    except GateError as error:
        said = str(error)
        if not said.startswith("No personas were found"):
            raise  # refused for another reason, such as fidelity
        return False, said.removeprefix("No personas were found: ").split(" Nothing is published")[0]
    figures = "; ".join(
        f"{v.measure} {v.value:.3f}, {v.null} up to {v.null_limit:.3f}" for v in model.verdicts
    )
    return True, f"{model.clusterer} {len(model.personas)}: {figures}"


def main() -> None:
    """Run all seeds, print every verdict and the counts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="first seed (default 0)")
    parser.add_argument("--users", type=int, default=2_000, help="users of a world (default 2000)")
    arguments = parser.parse_args()
    print(
        f"{arguments.users:,} users a world, seeds {arguments.first} to {arguments.first + arguments.seeds - 1}, "
        f"max_personas={OPTIONS.max_personas}, n_resamples={OPTIONS.n_resamples}, {os.cpu_count()} CPUs",
        flush=True,
    )
    found: dict[str, list[int]] = {"planted": [], **{null: [] for null in NULLS}}
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        world = planted(seed, arguments.users)
        for kind, seeds in found.items():
            began = time.perf_counter()
            has, words = verdict(world if kind == "planted" else NULLS[kind](world, seed), seed)
            if has:
                seeds.append(seed)
            print(
                f"seed {seed}, {kind}: {'PERSONAS' if has else 'no structure'} ({words}) "
                f"{time.perf_counter() - began:.0f} s, load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
    for kind, seeds in found.items():
        print(f"{kind}: personas in {len(seeds)} of {arguments.seeds} worlds, seeds {seeds}")
    broken = [kind for kind in NULLS if len(found[kind]) > (1 - LEAST_FOUND) * arguments.seeds + 1e-9]
    if len(found["planted"]) < LEAST_FOUND * arguments.seeds:
        broken.append("planted")
    if broken:
        sys.exit(
            f"Limits broken: {', '.join(broken)}; expected the right verdict (personas in planted worlds, none in the "
            f"others) in at least {LEAST_FOUND:.0%} of the worlds of each kind."
        )


if __name__ == "__main__":
    main()
