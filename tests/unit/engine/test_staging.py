from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personas.engine import Engine, Source
from personas.errors import DataError


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx", "jsonl"])
def test_missing_file_is_named_without_its_folder(engine: Engine, tmp_path: Path, suffix: str) -> None:
    with pytest.raises(DataError, match=f"^users.{suffix}: there is no such file"):
        engine.read(Source(path=tmp_path / f"users.{suffix}"))


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx", "jsonl"])
def test_empty_file_is_refused(engine: Engine, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"users.{suffix}"
    path.touch()
    with pytest.raises(DataError, match="empty"):
        engine.read(Source(path=path))


def test_truncated_parquet_is_explained(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "users.parquet"
    pq.write_table(pa.table({"user_id": ["a"] * 1000}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="not a complete Parquet file"):
        engine.read(Source(path=path))


def test_parquet_column_names_that_clash_are_refused(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "users.parquet"
    pq.write_table(pa.table({"ID": ["a"], "id": ["b"]}), path)
    with pytest.raises(DataError, match="more than once"):
        engine.read(Source(path=path))
