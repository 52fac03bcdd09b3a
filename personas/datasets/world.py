"""A planted world: source tables as a marketplace would deliver them, and the truth beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from personas.errors import ConfigError
from personas.schema import ObservationWindow

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class World:
    """Source tables with known personas.

    Parameters
    ----------
    users : pyarrow.Table, one row per user
        Profile, in the source's own columns and values.
    events : pyarrow.Table, one row per event, sorted by time
        What users did, inside the window and after it.
    identifiers, consents : pyarrow.Table, one row per user
        Contact identifiers (all made up) and consents.
    truth : pyarrow.Table of ``user_id`` and ``persona``
        Planted persona of each user; no other table holds a trace of it.
    window : ObservationWindow
        The window that features are meant to see.
    """

    users: pa.Table
    events: pa.Table
    identifiers: pa.Table
    consents: pa.Table
    truth: pa.Table
    window: ObservationWindow

    @property
    def tables(self) -> dict[str, pa.Table]:
        """Source tables by name, the truth left out."""
        return {
            "users": self.users,
            "events": self.events,
            "identifiers": self.identifiers,
            "consents": self.consents,
        }

    @property
    def truths(self) -> dict[str, pa.Table]:
        """What was planted, by the name of the file that tells it."""
        return {"truth": self.truth}


def write_world(world: World, folder: Path) -> tuple[Path, ...]:
    """Write a world as Parquet files; the same world always gives the same bytes.

    Parameters
    ----------
    world : World
        What to write.
    folder : Path
        Made when it doesn't exist; files of the same names are replaced.

    Returns
    -------
    tuple of Path
        One per source table, such as ``users.parquet``, then ``truth.parquet`` and what else is planted, inside
        ``folder``.

    Raises
    ------
    ConfigError
        If ``folder`` is a file.
    """
    import pyarrow.parquet as pq

    if folder.exists() and not folder.is_dir():
        raise ConfigError(
            f"{folder} is a file; expected a folder to write the world into. Choose another path."
        )
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, table in {**world.tables, **world.truths}.items():
        path = folder / f"{name}.parquet"
        pq.write_table(table, path, compression="zstd")
        paths.append(path)
    return tuple(paths)
