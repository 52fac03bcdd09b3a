import csv
import zipfile
from datetime import date

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from personas.errors import ConfigError, DataError
from personas.export.base import Audience
from personas.export.file import EXCEL_ROWS, HEADERS, File
from personas.scoring.base import ASSIGNMENT_SCHEMA

AS_OF = date(2026, 11, 18)


def audience_of(user_ids, language="zh-CN"):
    n = len(user_ids)
    members = pd.DataFrame(
        {
            "user_id": user_ids,
            "persona_id": ["P01"] * n,
            "persona_name": ["银发一族"] * n,
            "confidence": [0.91] * n,
            "runner_up_id": [None] * n,
            "runner_up_confidence": [float("nan")] * n,
            "status": ["assigned"] * n,
            "model_version": ["v1"] * n,
            "as_of": [AS_OF] * n,
            "email": ["secret@example.com"] * n,
        }
    )
    return Audience("P01", "P01_2026W47", members, AS_OF, language=language)


def test_csv_has_a_byte_order_mark_and_the_column_names(tmp_path):
    written = File().write(audience_of(["u1", "u2"]), tmp_path)
    content = written.paths[0].read_bytes()
    assert content.startswith(b"\xef\xbb\xbf" + ",".join(ASSIGNMENT_SCHEMA.names).encode() + b"\r\n")
    assert "u1,P01,银发一族,0.91,,,assigned,v1,2026-11-18\r\n".encode() in content
    assert b"secret" not in content
    assert pd.read_csv(written.paths[0])["user_id"].tolist() == ["u1", "u2"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＠"])
def test_csv_disarms_formulas_and_says_so(tmp_path, start):
    written = File().write(audience_of([f"{start}1+2", "u2"]), tmp_path)
    with written.paths[0].open(encoding="utf-8-sig", newline="") as file:
        assert pd.read_csv(file)["user_id"].tolist() == [f"'{start}1+2", "u2"]
    assert written.warnings[0].startswith("1 values start like a formula")


@pytest.mark.parametrize("line_end", ["\r", "\n", "\r\n"])
def test_csv_value_cannot_start_a_new_row(tmp_path, line_end):
    path = File().write(audience_of([f"u1{line_end}=1+1", "u2"]), tmp_path).paths[0]
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert [row[0] for row in csv.reader(file)][1:] == [f"u1{line_end}=1+1", "u2"]


def test_parquet_keeps_ids_and_the_schema(tmp_path):
    written = File("parquet").write(audience_of(["=u1", "u2"]), tmp_path)
    table = pq.read_table(written.paths[0])
    assert table.schema.names == ASSIGNMENT_SCHEMA.names
    assert table["user_id"].to_pylist() == ["=u1", "u2"]
    assert table["persona_name"].to_pylist() == ["银发一族"] * 2
    assert written.warnings == ()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_excel_has_headers_for_people_and_no_formulas(tmp_path, language):
    written = File("xlsx").write(audience_of(["=1+1", "#N/A", "+1", "0042"], language), tmp_path)
    book = openpyxl.load_workbook(written.paths[0])
    rows = list(book.active.iter_rows())
    assert [cell.value for cell in rows[0]] == [
        HEADERS[name].of(language) for name in ASSIGNMENT_SCHEMA.names
    ]
    assert [row[0].value for row in rows[1:]] == ["=1+1", "#N/A", "+1", "0042"]
    assert {row[0].data_type for row in rows[1:]} == {"s"}
    assert rows[1][4].value is None
    assert [path.name for path in tmp_path.iterdir()] == ["P01_2026W47.xlsx"]


def test_excel_file_carries_no_time_of_writing(tmp_path):
    path = File("xlsx").write(audience_of(["u1"]), tmp_path).paths[0]
    with zipfile.ZipFile(path) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2026-11-18T00:00:00Z") == 2


def test_excel_sheet_that_is_too_short_is_refused_before_writing(tmp_path):
    with pytest.raises(DataError, match="1,048,576 users, but an Excel sheet holds 1,048,575"):
        File("xlsx").write(audience_of(["u"] * EXCEL_ROWS), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_excel_refuses_control_characters_without_showing_them(tmp_path):
    with pytest.raises(DataError, match="control character") as caught:
        File("xlsx").write(audience_of(["secret\x07"]), tmp_path)
    assert "secret" not in str(caught.value)


def test_unknown_format_lists_the_known_ones():
    with pytest.raises(ConfigError, match="csv, parquet, xlsx"):
        File("pdf")
