"""Data sets that are parted at a cut: user vectors before it, purchases after it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from personas.config import parse_config
from personas.datasets import make_home_appliances, write_world
from personas.engine import Engine
from personas.features import FeatureFrame, FeatureSet, build_features
from personas.features.base import typed_columns
from personas.features.category_history import category_features, purchases
from personas.features.events import orders, window_events
from personas.features.rehearsal import Rehearsal, rehearse
from personas.schema import ObservationWindow, Text
from pipelines.config_file import LoadedConfig, read_yaml, shipped_configs
from pipelines.console import Steps
from pipelines.tables import prepared_tables, proposed_features


@dataclass(frozen=True)
class DataSet:
    """A shipped config and what is asked of it.

    Parameters
    ----------
    config : str
        Name of the shipped config.
    cut : date
        First day that features don't see.
    rarest, most_common : float, 0 to 1
        Share of the users who must, and may at most, buy a category after the cut for it to be judged.
    """

    config: str
    cut: date
    rarest: float
    most_common: float


DATA_SETS = {
    "complete_journey": DataSet("complete_journey", date(2017, 9, 1), 0.04, 0.81),
    "adventureworks": DataSet("adventureworks", date(2018, 12, 1), 0.01, 0.90),
    "planted": DataSet("home_appliances", date(2025, 6, 1), 0.01, 0.90),
}


@dataclass(frozen=True)
class Case:
    """Users at a cut, and what they bought afterwards.

    Parameters
    ----------
    facts : str
        The case in one line.
    window : ObservationWindow
        What features see; its end is the cut.
    feature_set : FeatureSet
        Their columns.
    tables : dict of str to pyarrow.Table
        Rows of ``frame``, and of ``earlier`` and ``outcomes`` of the rehearsal, sorted by user.
    rehearsal : Rehearsal or None
        An earlier cut within the window.
    data : DataFrame of shape (n_users, n_features)
        Typed rows of the frame.
    outcomes : ndarray of shape (n_users, n_categories)
        Orders per category after the cut.
    truth : ndarray of int, shape (n_users,), or None
        Planted groups.
    """

    facts: str
    window: ObservationWindow
    feature_set: FeatureSet
    tables: dict[str, pa.Table]
    rehearsal: Rehearsal | None
    data: pd.DataFrame
    outcomes: NDArray[np.float64]
    truth: NDArray[np.int64] | None

    def drawn(self, rows: NDArray[np.intp]) -> tuple[FeatureFrame, Rehearsal | None]:
        """Return the frame and the rehearsal of some users, each draw a user of its own."""

        def frame(name: str, like: FeatureFrame) -> FeatureFrame:
            table = self.tables[name].take(pa.array(rows))
            ids = [f"{user}#{draw}" for draw, user in enumerate(table["user_id"].to_pylist())]
            table = table.set_column(table.schema.get_field_index("user_id"), "user_id", pa.array(ids))
            return FeatureFrame(ibis.memtable(table), like.feature_set, like.window)

        own = frame("frame", FeatureFrame(ibis.memtable(self.tables["frame"]), self.feature_set, self.window))
        if self.rehearsal is None:
            return own, None
        return own, Rehearsal(
            frame("earlier", self.rehearsal.earlier), frame("outcomes", self.rehearsal.outcomes)
        )


def load_case(name: str, n_planted: int) -> Case:
    """Read a data set with its shipped config, and part it at the cut."""
    wanted = DATA_SETS[name]
    with tempfile.TemporaryDirectory() as folder:
        loaded, truth = _loaded(wanted, Path(folder), n_planted)
        with prepared_tables(loaded, wanted.cut, Steps(None)) as prepared:
            engine, window = prepared.engine, prepared.window
            buyers = orders(window_events(engine, window)).select("user_id").distinct()
            engine.store("users", engine.table("users").semi_join(buyers, "user_id"))
            feature_set = proposed_features(loaded, prepared)
            frame = build_features(engine, window, feature_set)
            after = _next_window(engine, wanted.cut)
            bought = _all_counts(engine, after).to_pandas()
            rehearsal = rehearse(engine, window, feature_set)
            tables = {"frame": _rows(frame)}
            if rehearsal is not None:
                tables |= {"earlier": _rows(rehearsal.earlier), "outcomes": _rows(rehearsal.outcomes)}
    data = typed_columns(tables["frame"].to_pandas().set_index("user_id"), feature_set)
    shares = (bought > 0).mean()
    judged = bought.loc[data.index, shares.between(wanted.rarest, wanted.most_common)]
    facts = (
        f"{len(data):,} users with an order from {window.start_at:%Y-%m-%d} to {wanted.cut}; "
        f"{len(feature_set.signals)} features; judged by {judged.shape[1]} categories bought by "
        f"{wanted.rarest:.0%} to {wanted.most_common:.0%} of them until {after.as_of} "
        f"({(judged.sum(axis=1) > 0).mean():.0%} of the users buy one)"
    )
    planted = None if truth is None else truth.reindex(data.index).to_numpy(dtype=np.int64)
    return Case(facts, window, feature_set, tables, rehearsal, data, judged.to_numpy(), planted)


def _loaded(wanted: DataSet, folder: Path, n_planted: int) -> tuple[LoadedConfig, pd.Series | None]:
    """Return the shipped config with a store of its own, and the truth where there is one."""
    path = shipped_configs() / f"{wanted.config}.yaml"
    raw = {**read_yaml(path), "store": str(folder / "store")}
    truth = None
    if wanted.config == "home_appliances":
        world = make_home_appliances(n_planted, random_state=0)
        for file in write_world(world, folder):
            if file.stem in raw["sources"]:
                raw["sources"][file.stem]["path"] = str(file)
        known = world.truth.to_pandas().set_index("user_id")["persona"]
        truth = pd.Series(pd.factorize(known, sort=True)[0], index=known.index)
    return LoadedConfig(path, parse_config(raw, path.name)), truth


def _next_window(engine: Engine, cut: date) -> ObservationWindow:
    last = engine.table("events")["event_at"].max().to_pyarrow().as_py().date()
    end = last + timedelta(days=1)
    return ObservationWindow(end, (end - cut).days)


def _all_counts(engine: Engine, window: ObservationWindow) -> FeatureFrame:
    bought = purchases(window_events(engine, window)).select("category").distinct().to_pyarrow()
    counts = category_features("count", [(c, Text(c, c)) for c in sorted(bought["category"].to_pylist())])
    return build_features(engine, window, FeatureSet(tuple(counts)))


def _rows(frame: FeatureFrame) -> pa.Table:
    return frame.table.order_by("user_id").to_pyarrow()
