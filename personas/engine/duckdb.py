"""The embedded engine: DuckDB through Ibis, on one machine, with a memory budget and spilling to disk."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from personas.engine.base import MALFORMED, ROW, RawTable, Source
from personas.engine.sources import stage_source
from personas.engine.staging import check_parquet
from personas.errors import ConfigError, DataError, NotFoundError

_HALF = 1 << 32


def open_engine(*, work_dir: Path, memory_limit: str = "4GB", threads: int | None = None) -> DuckDBEngine:
    """Open the embedded engine.

    Parameters
    ----------
    work_dir : Path
        Folder for staged files and spilling; made when absent. The engine works in a folder of its
        own inside and deletes it when it is closed.
    memory_limit : str
        Memory that DuckDB may use before it spills, for example ``"4GB"``.
    threads : int or None, >= 1
        Worker threads; None = one per core. Answers do not depend on it.

    Returns
    -------
    DuckDBEngine
        Use it as a context manager.

    Raises
    ------
    ConfigError
        If ``memory_limit`` or ``threads`` is not understood.

    Examples
    --------
    >>> import tempfile, pyarrow as pa
    >>> with tempfile.TemporaryDirectory() as folder, open_engine(work_dir=Path(folder)) as engine:
    ...     raw = engine.read(Source(table=pa.table({"user_id": ["a", "b"]})))
    ...     raw.table.order_by("_row").to_pyarrow().to_pylist()
    [{'user_id': 'a', '_row': 1}, {'user_id': 'b', '_row': 2}]
    """
    if threads is not None and threads < 1:
        raise ConfigError(f"threads is {threads}; expected at least 1, or nothing for one per core.")
    work_dir.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="engine-", dir=work_dir))
    settings: dict[str, Any] = {
        "memory_limit": memory_limit,
        "temp_directory": str(folder / "spill"),
        "preserve_insertion_order": True,
        # Nothing is fetched behind the user's back.
        "autoinstall_known_extensions": False,
    }
    if threads is not None:
        settings["threads"] = threads
    try:
        connection = ibis.duckdb.connect(folder / "engine.duckdb", **settings)
    except duckdb.IOException:
        shutil.rmtree(folder)
        raise DataError(
            f"{work_dir}: the engine can't write its file here; the disk may be full. Free space, then run again."
        ) from None
    except duckdb.Error:
        shutil.rmtree(folder)
        raise ConfigError(
            f"DuckDB did not accept memory_limit {memory_limit!r}; write it like 4GB or 800MB."
        ) from None
    # DuckDB would draw its own bar on standard output, which belongs to the caller.
    connection.con.execute("SET enable_progress_bar = false")
    return DuckDBEngine(connection, folder)


class DuckDBEngine:
    """An :class:`~personas.engine.base.Engine` on an embedded DuckDB; made by :func:`open_engine`.

    Parameters
    ----------
    connection : ibis.backends.duckdb.Backend
        Connection whose session runs in UTC.
    folder : Path
        The engine's own folder; deleted on :meth:`close`.
    """

    name = "duckdb"

    def __init__(self, connection: Any, folder: Path) -> None:
        self._connection = connection
        self._folder = folder
        self._n_read = 0
        self._stored: dict[str, ir.Table] = {}

    def read(self, source: Source) -> RawTable:
        """Read a source; see :meth:`personas.engine.base.Engine.read`."""
        self._n_read += 1
        view = f"source_{self._n_read}"
        with _explained(source.label):
            if source.table is not None:
                table = _numbered(_to_arrow(source.table))
                return RawTable(self._connection.create_table(view, table), source.label)
            if source.file_format == "parquet":
                path = check_parquet(source)
                raw = self._connection.read_parquet(path, table_name=view, file_row_number=True)
                table = raw.mutate(**{ROW: raw.file_row_number + 1}).drop("file_row_number")
                return RawTable(table.drop(MALFORMED) if MALFORMED in table.columns else table, source.label)
            folder = self._folder / view
            folder.mkdir()
            staged = stage_source(source, folder)
            table = self._connection.read_parquet(staged.parts, table_name=view, union_by_name=True)
            return RawTable(table, source.label, tuple(staged.malformed))

    def store(self, name: str, expr: ir.Table) -> ir.Table:
        """Compute a table once and keep it; see :meth:`personas.engine.base.Engine.store`."""
        with _explained(name):
            self._stored[name] = self._connection.create_table(name, expr, overwrite=True)
        return self._stored[name]

    def table(self, name: str) -> ir.Table:
        """Return a stored table; see :meth:`personas.engine.base.Engine.table`."""
        if name not in self._stored:
            raise NotFoundError(
                f"The engine holds no table {name!r}; stored tables: {', '.join(sorted(self._stored)) or 'none'}."
            )
        return self._stored[name]

    def fingerprint(self, name: str) -> str:
        """Tell tables apart; see :meth:`personas.engine.base.Engine.fingerprint`.

        Rows are hashed to 64 bits and the hashes added, so that repeated rows count and their order does
        not. It recognises a table, it does not defend against a forged one. DuckDB promises no equal
        hashes between its versions: at worst an equal table is not recognised.
        """
        table = self.table(name)
        row = ibis.struct({column: table[column] for column in sorted(table.columns)}).hash()
        # Halves, as the sum of whole hashes would leave the range of 64 bits.
        halves = table.select(low=row % _HALF, high=row // _HALF)
        sums = halves.agg(n=halves.count(), low=halves.low.sum(), high=halves.high.sum())
        whole = json.dumps([sorted(table.columns), sums.to_pyarrow().to_pylist()], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    def write_parquet(self, expr: ir.Table, path: Path) -> None:
        """Write a Parquet file; see :meth:`personas.engine.base.Engine.write_parquet`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # In the same folder, so that the rename is atomic.
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            partial = Path(folder) / path.name
            with _explained(path.name):
                self._connection.to_parquet(expr, partial)
            partial.replace(path)

    def close(self) -> None:
        """Close the connection and delete the engine's folder."""
        self._connection.disconnect()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def _explained(label: str) -> Iterator[None]:
    """Turn DuckDB's errors into ours; its messages may hold values, so they are not passed on."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise DataError(
            f"{label}: the work does not fit the memory and disk limits; raise memory_limit or free the work folder."
        ) from None
    except (duckdb.IOException, duckdb.TransactionException):
        raise DataError(
            f"{label}: reading or writing failed; the file may be damaged or the disk full. Copy it again and retry."
        ) from None


def _to_arrow(table: Any) -> pa.Table:
    if isinstance(table, pa.Table):
        return table
    try:
        return pa.Table.from_pandas(table, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, AttributeError, TypeError):
        raise DataError(
            f"The table in memory is a {type(table).__name__} that can't become an Arrow table; expected a "
            "pyarrow.Table, or a pandas.DataFrame with one type of value per column."
        ) from None


def _numbered(table: pa.Table) -> pa.Table:
    for name in (ROW, MALFORMED):
        if name in table.column_names:
            table = table.drop_columns([name])
    for i, field in enumerate(table.schema):
        # DuckDB has no type for an all-null column; categories are read as their values.
        if pa.types.is_null(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.string()))
        elif pa.types.is_dictionary(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(field.type.value_type))
    return table.append_column(ROW, pa.array(range(1, table.num_rows + 1), pa.int64()))
