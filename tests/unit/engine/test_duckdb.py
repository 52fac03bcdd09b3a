from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personas.engine import Engine, Source, open_engine
from personas.errors import ConfigError, DataError, NotFoundError


def test_parquet_keeps_types_and_numbers_rows_across_row_groups(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    pq.write_table(pa.table({"n": list(range(1, 1001))}), path, row_group_size=64)
    raw = engine.read(Source(path=path))
    assert raw.file == "events.parquet"
    assert raw.table.filter(raw.table["n"] != raw.table["_row"]).count().to_pyarrow().as_py() == 0
    assert raw.table.count().to_pyarrow().as_py() == 1000


@pytest.mark.parametrize("make", [pa.table, pd.DataFrame])
def test_table_in_memory_is_read(engine: Engine, make: type) -> None:
    raw = engine.read(Source(table=make({"user_id": ["a", "b"], "age": [1.5, None]})))
    rows = raw.table.order_by("_row").to_pyarrow().to_pylist()
    assert rows == [{"user_id": "a", "age": 1.5, "_row": 1}, {"user_id": "b", "age": None, "_row": 2}]


def test_categories_and_empty_columns_in_memory_are_read_as_text(engine: Engine) -> None:
    frame = pd.DataFrame({"level": pd.Categorical(["x", "y"]), "nothing": [None, None]})
    table = engine.read(Source(table=frame)).table
    assert table.schema()["level"].is_string()
    assert table.schema()["nothing"].is_string()


def test_mixed_column_in_memory_is_explained(engine: Engine) -> None:
    with pytest.raises(DataError, match="one type of value per column"):
        engine.read(Source(table=pd.DataFrame({"user_id": pd.Series([1, "a", object()], dtype=object)})))


def test_two_reads_do_not_disturb_each_other(engine: Engine) -> None:
    first = engine.read(Source(table=pa.table({"a": [1]}))).table
    second = engine.read(Source(table=pa.table({"a": [2]}))).table
    assert first.a.sum().to_pyarrow().as_py() == 1
    assert second.a.sum().to_pyarrow().as_py() == 2


def test_stored_table_can_be_replaced_by_what_is_computed_from_it(engine: Engine) -> None:
    users = engine.store("users", engine.read(Source(table=pa.table({"n": [1, 2, 3]}))).table)
    engine.store("users", users.filter(users.n > 1))
    assert engine.table("users").count().to_pyarrow().as_py() == 2


def test_unknown_table_lists_the_stored_ones(engine: Engine) -> None:
    engine.store("users", engine.read(Source(table=pa.table({"n": [1]}))).table)
    with pytest.raises(NotFoundError, match="stored tables: users"):
        engine.table("events")


def test_written_parquet_is_the_same_every_time(engine: Engine, tmp_path: Path) -> None:
    table = engine.read(Source(table=pa.table({"n": list(range(200_000)), "g": ["x", "y"] * 100_000}))).table
    expr = table.mutate(h=table.n.cast("string").hexdigest("md5")).order_by("n")
    for name in ("one", "two", "three"):
        engine.write_parquet(expr, tmp_path / f"{name}.parquet")
    assert len({(tmp_path / f"{name}.parquet").read_bytes() for name in ("one", "two", "three")}) == 1


def test_failed_write_leaves_no_file(engine: Engine, tmp_path: Path) -> None:
    target = tmp_path / "out" / "users.parquet"
    table = engine.read(Source(table=pa.table({"n": ["1", "x"]}))).table
    with pytest.raises(Exception, match="Could not convert"):
        engine.write_parquet(table.mutate(m=table.n.cast("int64")), target)
    assert list(target.parent.iterdir()) == []


def test_closing_deletes_every_file_of_the_engine(tmp_path: Path) -> None:
    work = tmp_path / "work"
    with open_engine(work_dir=work) as engine:
        engine.store("users", engine.read(Source(table=pa.table({"n": [1]}))).table)
        assert any(work.iterdir())
    assert list(work.iterdir()) == []


def test_work_beyond_the_memory_limit_spills(tmp_path: Path) -> None:
    with open_engine(work_dir=tmp_path, memory_limit="150MB", threads=1) as engine:
        n = engine.read(Source(table=pa.table({"n": range(2_000_000)}))).table
        wide = engine.store("wide", n.mutate(h=n.n.cast("string").hexdigest("sha256")))
        ordered = engine.store("ordered", wide.order_by("h"))
        assert ordered.count().to_pyarrow().as_py() == 2_000_000


def test_session_runs_in_utc(engine: Engine) -> None:
    table = engine.read(Source(table=pa.table({"t": pa.array([0], pa.timestamp("us", "UTC"))}))).table
    local = table.select(t=table.t.cast("timestamp").cast("string")).to_pyarrow().column("t")[0].as_py()
    assert local.startswith("1970-01-01 00:00:00")


@pytest.mark.parametrize("options", [{"memory_limit": "lots"}, {"threads": 0}])
def test_impossible_limits_are_refused(tmp_path: Path, options: dict) -> None:
    with pytest.raises(ConfigError):
        open_engine(work_dir=tmp_path, **options)
    assert list(tmp_path.iterdir()) == []


def test_expressions_of_two_sources_join(engine: Engine) -> None:
    left = engine.read(Source(table=pa.table({"k": [1, 2]}))).table
    right = engine.read(Source(table=pa.table({"k": [2, 3]}))).table
    assert isinstance(left, ibis.Table)
    assert left.semi_join(right, "k").count().to_pyarrow().as_py() == 1


def test_a_fingerprint_tells_tables_apart_but_not_the_order_of_their_rows(engine: Engine) -> None:
    rows = {"id": ["a", "b", None, "b"], "n": [-1, 2, None, 2]}
    other = [
        {"id": ["a", "b", None], "n": [-1, 2, None]},  # a repeated row counts
        {"id": ["a", "b", None, "b"], "n": [2, -1, None, 2]},  # what stands beside what
        {"id": ["a", "b", None, "b"], "m": [-1, 2, None, 2]},
        {"id": ["a", "b", "", "b"], "n": [-1, 2, None, 2]},
    ]

    def printed(columns: dict, order: list[int] | None = None) -> str:
        table = pa.table(columns)
        engine.store("t", ibis.memtable(table.take(order) if order else table))
        return engine.fingerprint("t")

    assert printed(rows) == printed(rows, [3, 0, 2, 1]) == printed(dict(reversed(rows.items())))
    assert len({printed(rows), *map(printed, other)}) == 5
    assert engine.fingerprint("t") == engine.fingerprint("t")
    with pytest.raises(NotFoundError, match="holds no table"):
        engine.fingerprint("absent")
