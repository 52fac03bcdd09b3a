"""The reader of delimited text (CSV): streamed, with exact row numbers and every value as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from personas.engine.base import MALFORMED, ROW, Source
from personas.engine.staging import (
    Staged,
    check_file,
    check_names,
    codec_of,
    decodes,
    encoding_message,
    malformed_batch,
    read_sample,
    text_schema,
)
from personas.errors import DataError

_BLOCK_BYTES = 8 << 20


def stage_csv(source: Source, folder: Path) -> Staged:
    """Stream a CSV file into one Parquet part.

    Raises
    ------
    DataError
        If the file is missing or empty, in another encoding, ends inside quotation marks, or is no table.
    """
    path = check_file(source)
    staged = Staged([folder / "part-0.parquet"])
    _check_encoding(path, source)
    delimiter = source.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
    header = _read_header(path, source, delimiter)
    names = check_names(header, source)
    schema = text_schema(names)
    broken = _InvalidRows()
    options = {
        "read_options": pc.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, encoding=codec_of(source)),
        "parse_options": pc.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=broken
        ),
        "convert_options": pc.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
    }
    last: pa.RecordBatch | None = None
    with _csv_errors(source), pq.ParquetWriter(staged.parts[0], schema) as writer:
        numbers = _row_numbers(broken)
        for batch in pc.open_csv(path, **options):
            if batch.num_rows == 0:
                continue
            rows = pa.array([next(numbers) for _ in range(batch.num_rows)], pa.int64())
            columns = {name: batch.column(i) for i, name in enumerate(names)}
            columns |= {ROW: rows, MALFORMED: pa.nulls(batch.num_rows, pa.string())}
            writer.write_batch(pa.RecordBatch.from_pydict(columns, schema=schema))
            last = batch
        staged.malformed = sorted(broken.found.items())
        writer.write_batch(malformed_batch(schema, staged.malformed))
    if broken.open_quote or (last is not None and _ends_inside_quotes(path, source, last)):
        raise DataError(
            f"{source.label}: the file ends inside quotation marks; it is truncated, or a stray quotation "
            "mark swallowed its end. Export it again, with quotation marks doubled inside values."
        )
    return staged


class _InvalidRows:
    """Notes rows with too many or too few fields, by data row number; the texts are not kept."""

    def __init__(self) -> None:
        self.found: dict[int, str] = {}
        self.open_quote = False

    def __call__(self, row: pc.InvalidRow) -> str:
        # pyarrow counts the header as record 1 and does not count blank lines.
        self.found[row.number - 1] = f"expected {row.expected_columns} fields, found {row.actual_columns}"
        self.open_quote |= "\n" in row.text.rstrip("\r\n") and row.text.count('"') % 2 == 1
        return "skip"


def _row_numbers(broken: _InvalidRows) -> Iterator[int]:
    # A batch is delivered after its own invalid rows were handed over, so the gaps are known in time.
    number = 0
    while True:
        number += 1
        if number not in broken.found:
            yield number


def _read_header(path: Path, source: Source, delimiter: str) -> list[str]:
    encoding = "utf-8-sig" if codec_of(source) == "utf8" else source.encoding
    with _csv_errors(source), path.open(encoding=encoding, newline="") as lines:
        header = next((row for row in csv.reader(lines, delimiter=delimiter) if row), [])
    if len(header) == 1:
        other = next((c for c in (",", ";", "\t", "|") if c != delimiter and c in header[0]), None)
        if other is not None:
            raise DataError(
                f"{source.label}: the header is one field when split at {delimiter!r}; "
                f"try delimiter: {other!r}."
            )
    return header


@contextmanager
def _csv_errors(source: Source) -> Iterator[None]:
    try:
        yield
    except UnicodeError:
        raise DataError(encoding_message(source)) from None
    except (pa.ArrowInvalid, csv.Error) as error:
        if "UTF8" in str(error):
            raise DataError(encoding_message(source)) from None
        if "straddl" in str(error):
            raise DataError(
                f"{source.label}: a row is longer than {_BLOCK_BYTES >> 20} MB, so a quotation mark is opened "
                "and never closed; expected quotation marks in pairs. Export it again."
            ) from None
        raise DataError(
            f"{source.label}: this can't be read as a CSV table; check format, delimiter and encoding."
        ) from None


def _check_encoding(path: Path, source: Source) -> None:
    # UTF-8 read as GB18030 often decodes, into wrong characters; the reverse test is reliable.
    if codec_of(source) not in ("gb18030", "gbk", "gb2312", "cp936"):
        return
    sample = read_sample(path)
    if not sample.isascii() and decodes(sample, "utf-8"):
        raise DataError(
            f"{source.label}: the text is UTF-8, expected {source.encoding}; try encoding: utf-8."
        )


def _ends_inside_quotes(path: Path, source: Source, last: pa.RecordBatch) -> bool:
    """Tell whether the last value of a file was opened by a quotation mark that is never closed."""
    value = last.column(last.num_columns - 1)[-1].as_py() or ""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - 4 * len(value) - 64))
        tail = file.read().decode(source.encoding, errors="ignore").rstrip("\r\n")
    ending = value.rstrip("\r\n").replace('"', '""')
    return not tail.endswith('"') and tail.endswith('"' + ending)
