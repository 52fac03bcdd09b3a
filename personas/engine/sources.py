"""Readers that stream a source of any size into Parquet parts with exact row numbers.

Text formats are read as text throughout: what a value means is decided by the table's contract, not
by a guess from the first rows.
"""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.common.exceptions import TableNotFound

from personas.engine.base import MALFORMED, ROW, Source
from personas.engine.delimited import stage_csv
from personas.engine.staging import (
    Staged,
    check_file,
    check_names,
    codec_of,
    encoding_message,
    malformed_batch,
    text_schema,
)
from personas.errors import DataError

_BATCH_ROWS = 50_000


def stage_source(source: Source, folder: Path) -> Staged:
    """Stream a source into Parquet files.

    Parameters
    ----------
    source : Source
        A CSV, Excel or JSON Lines file, or a connection.
    folder : Path
        Existing empty folder for the parts.

    Returns
    -------
    Staged
        Parts whose columns may differ (JSON Lines: a part per set of keys), and malformed rows.

    Raises
    ------
    DataError
        If the source can't be read as stated.
    """
    if source.connection is not None:
        return _stage_connection(source, folder)
    check_file(source)
    stagers = {"csv": stage_csv, "excel": _stage_excel, "jsonl": _stage_jsonl}
    return stagers[str(source.file_format)](source, folder)


# --- Excel ----------------------------------------------------------------------------------------


def _stage_excel(source: Source, folder: Path) -> Staged:
    path = check_file(source)
    staged = Staged([folder / "part-0.parquet"])
    with warnings.catch_warnings():
        # openpyxl warns about styles and extensions, which do not touch the values.
        warnings.simplefilter("ignore")
        rows = _excel_rows(path, source)
        header = _excel_header(next(rows, (1, ()))[1], source)
        schema = text_schema(header)
        with pq.ParquetWriter(staged.parts[0], schema) as writer:
            good = _excel_records(rows, header, staged)
            for batch in _batches(good, schema):
                writer.write_batch(batch)
            writer.write_batch(malformed_batch(schema, staged.malformed))
    return staged


def _excel_rows(path: Path, source: Source) -> Iterator[tuple[int, tuple[Any, ...]]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError, ValueError):
        raise DataError(
            f"{source.label}: this is not a complete Excel workbook (.xlsx); it may be truncated, or an older "
            ".xls or another format under this name. Save it as .xlsx or as CSV."
        ) from None
    try:
        sheet_name = source.sheet or book.sheetnames[0]
        if sheet_name not in book.sheetnames:
            raise DataError(
                f"{source.label}: there is no sheet {sheet_name!r}; it has {', '.join(book.sheetnames)}."
            )
        sheet = book[sheet_name]
        sheet.reset_dimensions()  # some writers state a wrong size, which would cut rows off
        yield from enumerate(sheet.iter_rows(values_only=True), start=1)
    except (zipfile.BadZipFile, EOFError, SyntaxError):
        raise DataError(f"{source.label}: the workbook is damaged; save it again as .xlsx or CSV.") from None
    finally:
        book.close()


def _excel_header(cells: tuple[Any, ...], source: Source) -> list[str]:
    names = ["" if cell is None else _as_text(cell) or "" for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise DataError(
            f"{source.label}: the first row of the sheet is empty; expected the column names there."
        )
    return check_names(names, source)


def _excel_records(
    rows: Iterator[tuple[int, tuple[Any, ...]]], header: list[str], staged: Staged
) -> Iterator[dict[str, Any]]:
    for number, cells in rows:
        texts = [_as_text(cell) for cell in cells]
        if not any(texts):
            continue
        if any(texts[len(header) :]):
            staged.malformed.append(
                (number - 1, f"expected {len(header)} fields, found a value beyond the last column")
            )
            continue
        yield {**dict(zip(header, texts, strict=False)), ROW: number - 1, MALFORMED: None}


def _as_text(value: Any) -> str | None:
    """Write a cell or JSON value as a CSV export would."""
    match value:
        case None | str():
            return value
        case bool():
            return str(value).lower()
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case date() | time():
            return value.isoformat().replace("T", " ")
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _batches(records: Iterable[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    held: list[dict[str, Any]] = []
    for record in records:
        held.append(record)
        if len(held) == _BATCH_ROWS:
            yield pa.RecordBatch.from_pylist(held, schema=schema)
            held = []
    yield pa.RecordBatch.from_pylist(held, schema=schema)


# --- JSON Lines -----------------------------------------------------------------------------------


def _stage_jsonl(source: Source, folder: Path) -> Staged:
    path = check_file(source)
    staged = Staged()
    encoding = "utf-8-sig" if codec_of(source) == "utf8" else source.encoding
    names: dict[str, None] = {}
    held: list[dict[str, Any]] = []

    try:
        with path.open(encoding=encoding) as lines:
            for number, line in enumerate(lines, start=1):
                record = _json_record(line, number, staged)
                if record is None:
                    continue
                names.update(dict.fromkeys(record))
                held.append(record)
                if len(held) == _BATCH_ROWS:
                    _write_part(held, list(names), staged, folder)
                    held = []
    except UnicodeError:
        raise DataError(encoding_message(source)) from None
    if not names:
        raise DataError(
            f"{source.label}: no line holds a JSON object; expected one object per line. Check format and encoding."
        )
    held += [{ROW: number, MALFORMED: reason} for number, reason in staged.malformed]
    _write_part(held, list(names), staged, folder)
    check_names(list(names), source)
    return staged


def _json_record(line: str, number: int, staged: Staged) -> dict[str, Any] | None:
    if not line.strip():
        return None
    try:
        # Numbers stay the text they are, so that no digit of an amount is lost.
        found = json.loads(line, parse_float=str, parse_int=str)
    except ValueError:
        staged.malformed.append((number, "not a JSON object"))
        return None
    if not isinstance(found, dict):
        staged.malformed.append((number, "not a JSON object"))
        return None
    return {**{key: _as_text(value) for key, value in found.items()}, ROW: number, MALFORMED: None}


def _write_part(records: list[dict[str, Any]], names: list[str], staged: Staged, folder: Path) -> None:
    part = folder / f"part-{len(staged.parts)}.parquet"
    pq.write_table(pa.Table.from_pylist(records, schema=text_schema(names)), part)
    staged.parts.append(part)


# --- connections ----------------------------------------------------------------------------------


def _stage_connection(source: Source, folder: Path) -> Staged:
    scheme = str(source.connection).partition(":")[0]
    part = folder / "part-0.parquet"
    # Messages of drivers may hold the URL and its password, so none of them is passed on.
    try:
        connection = ibis.connect(str(source.connection))
    except Exception as error:  # noqa: BLE001
        raise DataError(
            f"{source.label}: the {scheme} connection could not be opened ({type(error).__name__}); check its "
            f"address and rights, and that ibis-framework[{scheme}] is installed."
        ) from None
    try:
        with connection.table(source.table_name).to_pyarrow_batches() as reader:
            _write_numbered(reader, part, source)
    except TableNotFound:
        raise DataError(
            f"{source.label}: the {scheme} connection has no such table; check its name and schema."
        ) from None
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001
        raise DataError(
            f"{source.label}: the {scheme} table could not be read ({type(error).__name__}); check its rights."
        ) from None
    finally:
        connection.disconnect()
    return Staged([part])


def _write_numbered(reader: pa.RecordBatchReader, part: Path, source: Source) -> None:
    names = [name for name in reader.schema.names if name not in (ROW, MALFORMED)]
    check_names(names, source)
    fields = [reader.schema.field(name) for name in names]
    schema = pa.schema([*fields, (ROW, pa.int64())])
    done = 0
    with pq.ParquetWriter(part, schema) as writer:
        for batch in reader:
            rows = pa.array(range(done + 1, done + batch.num_rows + 1), pa.int64())
            columns = [*(batch.column(name) for name in names), rows]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
            done += batch.num_rows
