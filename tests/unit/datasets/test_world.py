"""A world on disk is the world in memory, byte for byte the same each time."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from personas.datasets import make_home_appliances, write_world
from personas.errors import ConfigError

FILES = ["users.parquet", "events.parquet", "identifiers.parquet", "consents.parquet", "truth.parquet"]


def test_five_files_are_written_that_read_back(tmp_path):
    world = make_home_appliances(200, random_state=3)
    paths = write_world(world, tmp_path / "new" / "world")
    assert [path.name for path in paths] == FILES
    for path, table in zip(paths, [*world.tables.values(), world.truth], strict=True):
        assert pq.read_table(path).equals(table)


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    first, again = (
        write_world(make_home_appliances(500, random_state=3), tmp_path / name) for name in ("first", "again")
    )
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_the_truth_is_not_among_the_source_tables():
    world = make_home_appliances(10)
    assert list(world.tables) == ["users", "events", "identifiers", "consents"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "taken").touch()
    with pytest.raises(ConfigError, match="expected a folder"):
        write_world(make_home_appliances(10), tmp_path / "taken")
