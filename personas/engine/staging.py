"""What every reader of files shares: checks of the file, its names and its encoding."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from personas.engine.base import MALFORMED, ROW, Source
from personas.errors import DataError

_SAMPLE_BYTES = 1 << 20


@dataclass(slots=True)
class Staged:
    """Parquet parts of one source, and its malformed rows."""

    parts: list[Path] = field(default_factory=list)
    malformed: list[tuple[int, str]] = field(default_factory=list)


def check_file(source: Source) -> Path:
    """Return the path of a source after checking that a non-empty file is there.

    Raises
    ------
    DataError
        If there is no file, or it has no bytes.
    """
    path = source.path
    if path is None or not path.is_file():
        raise DataError(f"{source.label}: there is no such file; check the path of this source.")
    if path.stat().st_size == 0:
        raise DataError(
            f"{source.label}: the file is empty (0 bytes); expected a {source.file_format} table. Export it again."
        )
    return path


def check_parquet(source: Source) -> Path:
    """Return the path of a Parquet source after reading its footer.

    Raises
    ------
    DataError
        If the file is missing, empty, truncated or not Parquet.
    """
    path = check_file(source)
    try:
        names = pq.read_schema(path).names
    except (pa.ArrowInvalid, OSError):
        raise DataError(
            f"{source.label}: this is not a complete Parquet file (its footer can't be read); "
            "it may be truncated or of another format. Copy it again, or set format."
        ) from None
    check_names(names, source)
    return path


def check_names(names: list[str], source: Source) -> list[str]:
    """Return column names, with a name for nameless columns.

    Raises
    ------
    DataError
        If a name occurs twice; DuckDB takes ``ID`` and ``id`` for one name.
    """
    named = [name or f"unnamed_{i}" for i, name in enumerate(names, start=1)]
    folded = [name.casefold() for name in named]
    twice = sorted({name for name in named if folded.count(name.casefold()) > 1})
    if twice:
        raise DataError(
            f"{source.label}: column names occur more than once (capitals do not count): "
            f"{', '.join(map(repr, twice))}; expected unique names. Rename them in the source."
        )
    return named


def text_schema(names: list[str]) -> pa.Schema:
    """Return the schema of a staged text table: the named columns as text, row number and fault."""
    fields = [(name, pa.string()) for name in names if name not in (ROW, MALFORMED)]
    return pa.schema([*fields, (ROW, pa.int64()), (MALFORMED, pa.string())])


def malformed_batch(schema: pa.Schema, malformed: list[tuple[int, str]]) -> pa.RecordBatch:
    """Return malformed rows as records that have a number and a reason only."""
    rows = [{ROW: number, MALFORMED: reason} for number, reason in malformed]
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def codec_of(source: Source) -> str:
    """Return the encoding of a source under one spelling."""
    name = source.encoding.lower().replace("_", "-")
    return "utf8" if name in ("utf-8", "utf8", "utf-8-sig") else name


def read_sample(path: Path) -> bytes:
    """Return up to the first megabyte of a file, whole lines."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    # Cut at a line end, so that no character is cut in half.
    return sample[: sample.rfind(b"\n") + 1] if len(sample) == _SAMPLE_BYTES else sample


def decodes(sample: bytes, encoding: str) -> bool:
    """Tell whether bytes are text in an encoding."""
    try:
        sample.decode(encoding)
    except UnicodeError:
        return False
    return True


def encoding_message(source: Source) -> str:
    """Say that a file is not in its stated encoding, and which one to try."""
    sample = read_sample(source.path) if source.path is not None else b""
    candidates = ("utf-16",) if sample[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8", "gb18030")
    fitting = [c for c in candidates if codec_of(source) != c.replace("utf-8", "utf8") and decodes(sample, c)]
    # Where the beginning is as stated, a later part is damaged and no other encoding will do.
    damaged = decodes(sample, source.encoding) and not sample.isascii()
    if fitting and not damaged:
        advice = f"try encoding: {fitting[0]}"
    else:
        advice = "state its encoding, or export it again as UTF-8"
    return f"{source.label}: the text is not {source.encoding}; {advice}."
