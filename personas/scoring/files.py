"""Feature files as a stream of record batches, in constant memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from personas.errors import DataError, NotFoundError
from personas.scorecard import Scorecard, TableTerm
from personas.scoring.columns import check_schema, csv_type

_PARQUET = (".parquet", ".pq")
_CSV = (".csv", ".csv.gz")
_READ_BUFFER_BYTES = 1 << 20
_CSV_BLOCK_BYTES = 1 << 24  # about a hundred thousand users


def check_paths(source: Path, target: Path) -> None:
    """Check that ``source`` is a file of a known format and not the target.

    Parameters
    ----------
    source, target : Path
        File to read and file to write.

    Raises
    ------
    NotFoundError
        If ``source`` is not there.
    DataError
        If it is no Parquet or CSV file by its name, or the target itself.
    """
    if not source.is_file():
        raise NotFoundError(f"There is no file {source}; expected a Parquet or CSV table of features.")
    if not source.name.endswith(_PARQUET + _CSV):
        raise DataError(
            f"{source.name}: unknown format; expected a name that ends in {', '.join(_PARQUET + _CSV)}. "
            "Convert or rename the file."
        )
    if target.exists() and target.samefile(source):
        raise DataError(
            f"{source.name}: the target is the source itself, which would replace the features by the "
            "answers; expected two files. Name another target."
        )


def read_file(source: Path, scorecard: Scorecard, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """Yield ``user_id`` and the columns of a scorecard, some users at a time.

    Parameters
    ----------
    source : Path
        File that passed :func:`check_paths`.
    scorecard : Scorecard
        What will read the batches.
    batch_rows : int, >= 1
        Users per batch (Parquet).

    Yields
    ------
    pyarrow.RecordBatch
        Of a schema that passed :func:`personas.scoring.columns.check_schema`.

    Raises
    ------
    DataError
        If the file is damaged, or a column is absent or of another type.
    """
    is_parquet = source.name.endswith(_PARQUET)
    header: list[str] = []
    try:
        if is_parquet:
            yield from _read_parquet(source, scorecard, batch_rows)
        else:
            with pacsv.open_csv(source, parse_options=_csv_format()) as reader:
                header = reader.schema.names
            yield from _read_csv(source, scorecard, header)
    except (pa.ArrowInvalid, OSError) as error:
        format_ = "Parquet" if is_parquet else "CSV"
        raise DataError(_explain(str(error), source.name, format_, header)) from None


def _read_parquet(source: Path, scorecard: Scorecard, batch_rows: int) -> Iterator[pa.RecordBatch]:
    texts = [term.feature for term in scorecard.terms if isinstance(term, TableTerm)]
    # A small buffer per column: pre-buffering keeps whole row groups, and one may hold all users.
    with pq.ParquetFile(
        source, read_dictionary=texts, pre_buffer=False, buffer_size=_READ_BUFFER_BYTES
    ) as file:
        check_schema(file.schema_arrow, scorecard, source.name)
        yield from file.iter_batches(batch_size=batch_rows, columns=["user_id", *scorecard.features])


def _read_csv(source: Path, scorecard: Scorecard, header: list[str]) -> Iterator[pa.RecordBatch]:
    types = {term.feature: csv_type(term) for term in scorecard.terms} | {"user_id": pa.string()}
    check_schema(pa.schema([(name, types.get(name, pa.null())) for name in header]), scorecard, source.name)
    options = pacsv.ConvertOptions(
        column_types=types,
        include_columns=list(types),
        null_values=[""],  # a level may well be called "NA"
        strings_can_be_null=True,
    )
    blocks = pacsv.ReadOptions(block_size=_CSV_BLOCK_BYTES)
    with pacsv.open_csv(
        source, read_options=blocks, parse_options=_csv_format(), convert_options=options
    ) as reader:
        yield from reader


def _csv_format() -> pacsv.ParseOptions:
    return pacsv.ParseOptions(newlines_in_values=True)


def _explain(message: str, table: str, format_: str, header: list[str]) -> str:
    """Say what is wrong without the values that the reader's own message quotes."""
    value = re.search(r"CSV column #(\d+): CSV conversion error to (\w+)", message)
    if value:
        expected = "UTF-8 text" if value[2] == "string" else "numbers or empty fields only"
        return (
            f"{table}: the column {header[int(value[1])]!r} holds a value that can't be read; expected "
            f"{expected}. Mend or empty these values."
        )
    row = re.search(r"Expected (\d+) columns, got (\d+)", message)
    if row:
        return (
            f"{table}: a row has {row[2]} fields; expected {row[1]} as in the header. Write the file again."
        )
    return f"{table}: the file is empty, cut short or damaged; expected a {format_} table. Write it again."
