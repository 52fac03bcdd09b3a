"""How often do tables without structure get the verdict "no structure", and tables with it not?

Each seed makes a planted home-appliance world and two null worlds of it: every column permuted, and purchases dealt
out anew so that each user's number and each category's own stay. The user vectors, the earlier ones and the next
window's orders are each destroyed on their own. All three are trained on by ``fit_personas``.

    python tests/benchmarks/no_structure.py --seeds 20
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd

from personas.datasets import make_home_appliances, write_world
from personas.errors import GateError
from personas.features import FeatureFrame, FeatureSet, Rehearsal, build_features, rehearse
from personas.model import FitOptions, fit_personas
from personas.selection.nulls import permute_columns, shuffle_purchases
from pipelines.config_file import LoadedConfig, load_config, shipped_configs
from pipelines.console import Steps
from pipelines.tables import prepared_tables, proposed_features

KINDS = ("planted", "columns_permuted", "purchases_shuffled")
OPTIONS = FitOptions(max_personas=4, n_resamples=3)
"""Fewer candidates and refits than by default, for speed; the verdict has null tables and refits of its own."""


def frames(seed: int, n_users: int) -> tuple[FeatureFrame, Rehearsal]:
    """Return the user vectors of a planted world and its rehearsal, in memory."""
    with tempfile.TemporaryDirectory() as folder:
        write_world(make_home_appliances(n_users, random_state=seed), Path(folder))
        loaded = load_config(shipped_configs() / "home_appliances.yaml")
        sources = {
            name: source.model_copy(update={"path": str(Path(folder) / f"{name}.parquet")})
            for name, source in loaded.config.sources
            if source is not None
        }
        config = loaded.config.model_copy(
            update={"sources": loaded.config.sources.model_copy(update=sources), "store": folder}
        )
        moved = LoadedConfig(config=config, path=Path(folder) / "config.yaml")
        with prepared_tables(moved, date(2025, 12, 1), Steps(None)) as prepared:
            feature_set = proposed_features(moved, prepared)
            frame = build_features(prepared.engine, prepared.window, feature_set)
            rehearsal = rehearse(prepared.engine, prepared.window, feature_set)
            assert rehearsal is not None
            return _kept(frame), Rehearsal(_kept(rehearsal.earlier), _kept(rehearsal.outcomes))


def _kept(frame: FeatureFrame) -> FeatureFrame:
    return _as_frame(frame.to_pandas(), frame)


def _as_frame(data: pd.DataFrame, like: FeatureFrame) -> FeatureFrame:
    columns = {
        name: column.astype("str").where(column.notna(), None)
        if isinstance(column.dtype, pd.CategoricalDtype)
        else column
        for name, column in data.items()
    }
    plain = pd.DataFrame(
        {"user_id": data.index.astype("str"), **{n: c.to_numpy() for n, c in columns.items()}}
    )
    connection = ibis.duckdb.connect()
    return replace(like, table=connection.create_table("frame", ibis.memtable(_arrow(plain))))


def _arrow(data: pd.DataFrame) -> object:
    import pyarrow as pa

    return pa.table({name: pa.array(column, from_pandas=True) for name, column in data.items()})


def destroyed(frame: FeatureFrame, kind: str, seed: int) -> FeatureFrame:
    """Return a null frame of the same margins."""
    data = frame.to_pandas()
    if kind == "columns_permuted":
        return _as_frame(permute_columns(data, random_state=seed), frame)
    return _as_frame(shuffle_purchases(data, frame.feature_set, random_state=seed), frame)


def says_no(frame: FeatureFrame, rehearsal: Rehearsal, seed: int) -> tuple[bool, str]:
    """Train; return whether the verdict was "no structure", and in which words."""
    try:
        model = fit_personas(frame, rehearsal=rehearsal, random_state=seed, options=OPTIONS)
    except GateError as error:
        return True, str(error)
    figures = "; ".join(f"{v.measure} {v.value:.3f} / {v.null_limit:.3f}" for v in model.verdicts)
    return False, f"{model.clusterer} {len(model.personas)}: {figures}"


def main() -> None:
    """Run all seeds and print the counts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="first seed (default 0)")
    parser.add_argument("--users", type=int, default=2_500)
    arguments = parser.parse_args()
    began = time.perf_counter()
    verdicts: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        frame, rehearsal = frames(seed, arguments.users)
        for kind in KINDS:
            one, look_back = frame, rehearsal
            if kind != "planted":
                seeds = [int(s) for s in np.random.SeedSequence([seed, KINDS.index(kind)]).generate_state(3)]
                one = destroyed(frame, kind, seeds[0])
                look_back = Rehearsal(
                    destroyed(rehearsal.earlier, kind, seeds[1]),
                    destroyed(rehearsal.outcomes, kind, seeds[2]),
                )
            refused, words = says_no(one, look_back, seed)
            verdicts[kind].append(refused)
            print(
                f"seed {seed} {kind}: {'no structure' if refused else 'structure'} ({words[:160]})",
                flush=True,
            )
    for kind, refused_ones in verdicts.items():
        print(f"{kind}: no structure in {sum(refused_ones)} of {len(refused_ones)}")
    seconds = time.perf_counter() - began
    print(f"{arguments.users} users a world, {os.cpu_count()} cores, {seconds:.0f} s")


if __name__ == "__main__":
    main()
