from pathlib import Path

import pytest

from personas.engine import Engine, Source
from personas.errors import DataError


def rows_of(engine: Engine, path: Path, **options: object) -> list[dict]:
    return engine.read(Source(path=path, **options)).table.order_by("_row").to_pyarrow().to_pylist()


def test_every_value_stays_text(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("user_id,age\n007,031\n8,\n", encoding="utf-8")
    assert rows_of(engine, path) == [
        {"user_id": "007", "age": "031", "_row": 1, "_malformed": None},
        {"user_id": "8", "age": "", "_row": 2, "_malformed": None},
    ]


def test_row_numbers_survive_malformed_rows_and_many_blocks(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personas.engine.delimited._BLOCK_BYTES", 4096)
    path = tmp_path / "events.csv"
    lines = [f"u{i},{i}" if i % 700 else f"u{i}" for i in range(1, 5001)]
    path.write_text("user_id,n\n" + "\n".join(lines) + "\n", encoding="utf-8")

    raw = engine.read(Source(path=path))

    assert raw.malformed == tuple((i, "expected 2 fields, found 1") for i in range(700, 5001, 700))
    table = raw.table.order_by("_row").to_pyarrow().to_pylist()
    assert [row["_row"] for row in table] == list(range(1, 5001))
    for row in table:
        if row["_row"] % 700:
            assert row["n"] == str(row["_row"])
        else:
            assert row["user_id"] is None
            assert row["_malformed"] == "expected 2 fields, found 1"


def test_newline_inside_quotes_is_part_of_the_value(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text('user_id,note\na,"x\ny"\nb\nc,"say ""hi"""\n', encoding="utf-8")
    raw = engine.read(Source(path=path))
    notes = raw.table.order_by("_row").to_pyarrow().column("note").to_pylist()
    assert notes == ["x\ny", None, 'say "hi"']
    assert raw.malformed == ((2, "expected 2 fields, found 1"),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encoding_is_read_as_stated(engine: Engine, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "users.csv"
    path.write_text("用户,城市\n甲,北京\n乙,㐂\n", encoding=encoding)
    rows = rows_of(engine, path, encoding=encoding)
    assert [(row["用户"], row["城市"]) for row in rows] == [("甲", "北京"), ("乙", "㐂")]


def test_byte_order_mark_is_skipped_without_being_stated(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("user_id\na\n", encoding="utf-8-sig")
    assert rows_of(engine, path)[0]["user_id"] == "a"


@pytest.mark.parametrize(
    ("written", "stated", "advice"),
    [
        ("gb18030", "utf-8", "try encoding: gb18030"),
        ("utf-8", "gb18030", "try encoding: utf-8"),
        ("utf-16", "utf-8", "try encoding: utf-16"),
    ],
)
@pytest.mark.parametrize("header", ["user_id,city", "用户,城市"])
def test_wrong_encoding_names_the_right_one(
    engine: Engine, tmp_path: Path, written: str, stated: str, advice: str, header: str
) -> None:
    path = tmp_path / "users.csv"
    path.write_text(header + "\n甲,北京市朝阳区\n乙,上海\n", encoding=written)
    with pytest.raises(DataError, match=f"users.csv.*{advice}"):
        rows_of(engine, path, encoding=stated)


def test_damage_far_into_a_file_is_not_called_another_encoding(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personas.engine.staging._SAMPLE_BYTES", 1024)
    path = tmp_path / "users.csv"
    path.write_bytes(b"user_id,city\n" + "a,北京\n".encode() * 500 + b"b,\xff\n")
    with pytest.raises(DataError, match="export it again as UTF-8"):
        rows_of(engine, path)


@pytest.mark.parametrize("end", ['b,"half', 'b,"half\nc,d\n', 'b,x,"half\nc,d\n', 'b,"half ""quoted'])
def test_file_cut_inside_quotes_is_refused(engine: Engine, tmp_path: Path, end: str) -> None:
    path = tmp_path / "users.csv"
    path.write_text('user_id,note\na,"x"\n' + end, encoding="utf-8")
    with pytest.raises(DataError, match="truncated"):
        rows_of(engine, path)


@pytest.mark.parametrize("end", ['b,"half"', 'b,5" screen', "b,\n", 'b,""', "b,x\n\n"])
def test_whole_file_is_accepted(engine: Engine, tmp_path: Path, end: str) -> None:
    path = tmp_path / "users.csv"
    path.write_text('user_id,note\na,"x"\n' + end, encoding="utf-8")
    assert len(rows_of(engine, path)) == 2


def test_endless_quote_is_explained(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personas.engine.delimited._BLOCK_BYTES", 4096)
    path = tmp_path / "users.csv"
    path.write_text('user_id,note\na,"x\n' + "b,y\n" * 5000, encoding="utf-8")
    with pytest.raises(DataError, match="never closed"):
        rows_of(engine, path)


def test_wrong_delimiter_is_explained(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("user_id;age\na;1\n", encoding="utf-8")
    with pytest.raises(DataError, match="try delimiter: ';'"):
        rows_of(engine, path)
    assert rows_of(engine, path, delimiter=";")[0]["age"] == "1"


def test_tab_separates_a_tsv_file(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "users.tsv"
    path.write_text("user_id\tage\na\t1\n", encoding="utf-8")
    assert rows_of(engine, path)[0]["age"] == "1"


def test_column_names_that_differ_in_capitals_only_are_refused(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("ID,id\na,b\n", encoding="utf-8")
    with pytest.raises(DataError, match="'ID', 'id'"):
        rows_of(engine, path)


def test_nameless_column_gets_a_name(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text(",user_id\n0,a\n", encoding="utf-8")
    assert rows_of(engine, path)[0]["unnamed_1"] == "0"


def test_header_without_rows_is_a_table_without_rows(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("user_id,age\n", encoding="utf-8")
    assert rows_of(engine, path) == []
