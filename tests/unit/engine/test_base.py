from pathlib import Path

import pyarrow as pa
import pytest

from personas.engine import Source
from personas.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.csv", "csv"), ("a.TSV", "csv"), ("a.parquet", "parquet"), ("a.xlsx", "excel"), ("a.jsonl", "jsonl")],
)
def test_format_follows_the_suffix(name: str, expected: str) -> None:
    assert Source(path=Path(name)).file_format == expected


def test_stated_format_beats_the_suffix() -> None:
    assert Source(path=Path("export.dat"), format="csv").file_format == "csv"


def test_label_holds_no_folder() -> None:
    assert Source(path=Path("/home/someone/users.csv")).label == "users.csv"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "no origin"),
        ({"path": Path("a.csv"), "table": pa.table({"a": [1]})}, "path and table"),
        ({"connection": "duckdb://"}, "table_name"),
        ({"path": Path("a.dat")}, "set format"),
        ({"path": Path("a.csv"), "encoding": "gb-what"}, "encoding"),
        ({"path": Path("a.csv"), "delimiter": "||"}, "one character"),
    ],
)
def test_impossible_source_is_refused(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Source(**options)
