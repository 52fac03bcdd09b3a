import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personas.errors import DataError
from personas.scoring.files import check_paths, read_file


def read(path, model):
    return list(read_file(path, model.scorecard, 10))


def test_an_unknown_format_is_refused(tmp_path):
    (tmp_path / "features.xlsx").write_text("")
    with pytest.raises(DataError, match=r"features\.xlsx: unknown format"):
        check_paths(tmp_path / "features.xlsx", tmp_path / "out.parquet")


@pytest.mark.parametrize("name", ["f.parquet", "f.csv"])
def test_an_empty_file_is_refused(model, tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataError, match="empty, cut short or damaged"):
        read(tmp_path / name, model)


def test_a_cut_parquet_file_is_refused(model, tmp_path):
    path = tmp_path / "f.parquet"
    pq.write_table(pa.table({"user_id": ["a"] * 1000}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="damaged; expected a Parquet table"):
        read(path, model)


def test_a_csv_value_of_another_type_names_its_column_and_never_the_value(model, tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("user_id,surplus,age,city_tier,plus\nu1,,30,T1,0\nu2,,13800000000x,T1,0\n")
    with pytest.raises(DataError, match="'age' holds a value that can't be read") as caught:
        read(path, model)
    assert "13800000000" not in str(caught.value)


def test_a_csv_row_of_another_length_is_refused_without_quoting_it(model, tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("user_id,age,city_tier,plus\nu1,30,T1,0\nsecret,30,T1\n")
    with pytest.raises(DataError, match="3 fields; expected 4") as caught:
        read(path, model)
    assert "secret" not in str(caught.value)


def test_a_csv_that_is_not_utf8_names_the_column(model, tmp_path):
    path = tmp_path / "f.csv"
    path.write_bytes("user_id,age,city_tier,plus\nu1,30,一线,0\n".encode("gbk"))
    with pytest.raises(DataError, match=r"'city_tier' .* UTF-8"):
        read(path, model)


def test_a_csv_field_may_hold_quotes_commas_and_line_breaks(model, tmp_path):
    path = tmp_path / "f.csv"
    path.write_text('user_id,age,city_tier,plus\n"u\n1",30,T1,0\n"u,2",,"",1\n', encoding="utf-8-sig")
    table = pa.Table.from_batches(read(path, model))
    assert table["user_id"].to_pylist() == ["u\n1", "u,2"]
    assert table["city_tier"].to_pylist() == ["T1", None]
    assert table["age"].to_pylist() == [30.0, None]


def test_na_is_a_level_and_not_a_missing_value(model, tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("user_id,age,city_tier,plus\nNA,30,NA,0\n")
    table = pa.Table.from_batches(read(path, model))
    assert table.select(["user_id", "city_tier"]).to_pylist() == [{"user_id": "NA", "city_tier": "NA"}]


def test_a_line_break_in_a_field_survives_where_the_file_is_cut_into_blocks(model, tmp_path):
    path = tmp_path / "f.csv"
    long = "x\n" * 500_000
    rows = [f'"{row}{long}",30,T1,0\n' for row in range(20)]
    path.write_text("user_id,age,city_tier,plus\n" + "".join(rows))
    batches = read(path, model)
    assert len(batches) > 1
    assert sum(batch.num_rows for batch in batches) == 20
