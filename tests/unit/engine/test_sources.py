from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest

from personas.engine import Engine, Source
from personas.errors import DataError


def rows_of(engine: Engine, source: Source) -> list[dict]:
    return engine.read(source).table.order_by("_row").to_pyarrow().to_pylist()


def workbook(path: Path, rows: list[list], sheet: str = "Sheet1") -> Path:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_excel_cells_become_text(engine: Engine, tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "users.xlsx",
        [["user_id", "when", "n", "x", "flag"], [11000, datetime(2024, 5, 1, 8, 30), 3.0, 1.25, True]],
    )
    row = rows_of(engine, Source(path=path))[0]
    assert row == {
        "user_id": "11000",
        "when": "2024-05-01 08:30:00",
        "n": "3",
        "x": "1.25",
        "flag": "true",
        "_row": 1,
        "_malformed": None,
    }


def test_excel_row_numbers_count_blank_rows_and_malformed_rows(engine: Engine, tmp_path: Path) -> None:
    path = workbook(tmp_path / "users.xlsx", [["user_id", "n"], ["a", 1], [], ["b", 2, "extra"], ["c"]])
    raw = engine.read(Source(path=path))
    assert raw.malformed == ((3, "expected 2 fields, found a value beyond the last column"),)
    table = raw.table.order_by("_row").to_pyarrow().to_pylist()
    assert [(row["_row"], row["user_id"]) for row in table] == [(1, "a"), (3, None), (4, "c")]


def test_unknown_sheet_lists_the_sheets(engine: Engine, tmp_path: Path) -> None:
    path = workbook(tmp_path / "users.xlsx", [["user_id"], ["a"]], sheet="用户")
    assert rows_of(engine, Source(path=path, sheet="用户"))[0]["user_id"] == "a"
    with pytest.raises(DataError, match="'users'; it has 用户"):
        rows_of(engine, Source(path=path, sheet="users"))


@pytest.mark.parametrize("content", [b"user_id,age\na,1\n", b"PK\x03\x04 cut"])
def test_what_is_no_workbook_is_explained(engine: Engine, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "users.xlsx"
    path.write_bytes(content)
    with pytest.raises(DataError, match="this is not a complete Excel workbook"):
        rows_of(engine, Source(path=path))


def test_truncated_workbook_is_explained(engine: Engine, tmp_path: Path) -> None:
    path = workbook(tmp_path / "users.xlsx", [["user_id"], *([f"u{i}"] for i in range(500))])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="Excel workbook"):
        rows_of(engine, Source(path=path))


def test_json_lines_keep_digits_and_collect_all_keys(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personas.engine.sources._BATCH_ROWS", 2)
    path = tmp_path / "events.jsonl"
    path.write_text(
        '{"user_id": 1, "amount": 10.10}\n'
        "\n"
        '{"user_id": "b", "ok": true}\n'
        "{broken\n"
        "[1, 2]\n"
        '{"user_id": "c", "brand": "小米", "ok": null}\n',
        encoding="utf-8",
    )
    raw = engine.read(Source(path=path))
    assert raw.malformed == ((4, "not a JSON object"), (5, "not a JSON object"))
    table = raw.table.order_by("_row").to_pyarrow().to_pylist()
    assert [row["_row"] for row in table] == [1, 3, 4, 5, 6]
    assert table[0]["user_id"] == "1"
    assert table[0]["amount"] == "10.10"
    assert table[1]["ok"] == "true"
    assert table[2]["_malformed"] == "not a JSON object"
    assert table[4]["brand"] == "小米"


def test_json_lines_without_objects_are_refused(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("user_id,age\na,1\n", encoding="utf-8")
    with pytest.raises(DataError, match="one object per line"):
        rows_of(engine, Source(path=path))


def test_json_lines_in_another_encoding_name_it(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"user_id": "甲乙丙"}\n', encoding="gb18030")
    with pytest.raises(DataError, match="try encoding: gb18030"):
        rows_of(engine, Source(path=path))


# Ibis 12 calls two methods that DuckDB 1.5 deprecates.
@pytest.mark.filterwarnings("ignore:fetch_.* is deprecated:DeprecationWarning")
def test_database_table_is_read_through_its_url(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as shop:
        shop.execute("create table orders as select 'a' as user_id, 1.10::decimal(9, 2) as amount")
    source = Source(connection=f"duckdb://{path}", table_name="orders")
    assert rows_of(engine, source) == [{"user_id": "a", "amount": Decimal("1.10"), "_row": 1}]


def test_unknown_database_table_is_named(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as shop:
        shop.execute("create table orders as select 'a' as user_id")
    with pytest.raises(DataError, match="order: the duckdb connection has no such table"):
        rows_of(engine, Source(connection=f"duckdb://{path}", table_name="order"))


def test_failed_connection_hides_the_url(engine: Engine) -> None:
    source = Source(connection="nosuch://reader:secret@host/shop", table_name="orders")
    with pytest.raises(DataError, match="nosuch connection could not be opened") as caught:
        rows_of(engine, source)
    assert "secret" not in str(caught.value)
