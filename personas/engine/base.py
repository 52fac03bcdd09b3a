"""Nouns of the engine room: where a table comes from, and what holds and computes tables."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import ibis.expr.types as ir

from personas.errors import ConfigError

Format = Literal["csv", "parquet", "excel", "jsonl"]

SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
"""File suffix -> format, when a source does not name its format."""

ROW = "_row"
MALFORMED = "_malformed"


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where one table comes from: a file, a table in memory, or a table behind a connection.

    Parameters
    ----------
    path : Path or None
        File to read.
    table : pyarrow.Table or pandas.DataFrame or None
        Table in memory.
    connection : str or None
        URL that ``ibis.connect`` understands, for example ``"duckdb:///shop.db"``.
    table_name : str or None
        Table behind ``connection``.
    format : Format or None
        Format of the file; None = by its suffix.
    encoding : str
        Text encoding of a CSV or JSON Lines file; a byte order mark is skipped.
    delimiter : str or None
        Field separator of a CSV file, one character; None = tab for ``.tsv``, else a comma.
    sheet : str or None
        Sheet of an Excel file; None = the first.

    Raises
    ------
    ConfigError
        If not exactly one of ``path``, ``table`` and ``connection`` is given, or an option is unknown.

    Examples
    --------
    >>> Source(path=Path("exports/users.csv")).file_format
    'csv'
    """

    path: Path | None = None
    table: Any = None
    connection: str | None = None
    table_name: str | None = None
    format: Format | None = None
    encoding: str = "utf-8"
    delimiter: str | None = None
    sheet: str | None = None

    def __post_init__(self) -> None:
        given = [n for n in ("path", "table", "connection") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ConfigError(
                f"A source has {' and '.join(given) or 'no origin'}; give exactly one of path, table, connection."
            )
        if (self.connection is None) != (self.table_name is None):
            raise ConfigError("A source needs connection and table_name together; give both or neither.")
        if self.path is not None:
            _ = self.file_format
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise ConfigError(
                f"The encoding {self.encoding!r} is unknown; use for example utf-8, gb18030 or utf-16."
            ) from None
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise ConfigError(f"The delimiter is {self.delimiter!r}; expected one character.")

    @property
    def file_format(self) -> Format | None:
        """Format of the file; None when the source is not a file.

        Raises
        ------
        ConfigError
            If neither ``format`` nor the suffix says it.
        """
        if self.path is None:
            return None
        found = self.format or SUFFIXES.get(self.path.suffix.lower())
        if found is None:
            raise ConfigError(
                f"The format of {self.path.name!r} is not clear from its suffix; "
                "set format to csv, parquet, excel or jsonl."
            )
        return found

    @property
    def label(self) -> str:
        """Name for reports: the file name without folders, or the table's name."""
        return self.path.name if self.path is not None else self.table_name or "table in memory"


@dataclass(frozen=True, slots=True)
class RawTable:
    """A source as it was read, before any contract.

    Parameters
    ----------
    table : ibis.Table
        The source's columns, and ``_row`` (int64, 1-based number of the data row; in Excel the sheet
        row minus 1). Text formats add ``_malformed`` (text, null = well formed): a row that could
        not be split into fields has the reason there and null everywhere else.
    file : str
        Name for reports.
    malformed : tuple of (int, str)
        Row number and reason of every malformed row (the same rows that ``table`` holds).
    """

    table: ir.Table
    file: str
    malformed: tuple[tuple[int, str], ...] = ()


class Engine(Protocol):
    """Holds tables and computes Ibis expressions within a memory budget."""

    @property
    def name(self) -> str:
        """Name of the engine, for example ``"duckdb"``."""
        ...

    def read(self, source: Source) -> RawTable:
        """Read a source of any size.

        Raises
        ------
        DataError
            If the file is missing, empty, broken, or not in the stated format or encoding.
        """
        ...

    def store(self, name: str, expr: ir.Table) -> ir.Table:
        """Compute ``expr`` once and keep it as the table ``name``, replacing an older one."""
        ...

    def table(self, name: str) -> ir.Table:
        """Return a stored table.

        Raises
        ------
        NotFoundError
            If no table of that name was stored.
        """
        ...

    def fingerprint(self, name: str) -> str:
        """Return a short text that equal tables share, in whatever order their rows stand.

        Raises
        ------
        NotFoundError
            If no table of that name was stored.
        """
        ...

    def write_parquet(self, expr: ir.Table, path: Path) -> None:
        """Write ``expr`` to a Parquet file that appears only when it is complete."""
        ...

    def close(self) -> None:
        """Release the memory and delete the engine's own files."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
