import zipfile

from personas.export.archive import freeze_zip, write_zip


def test_zip_has_the_same_bytes_whenever_it_is_written(tmp_path):
    write_zip(tmp_path / "a.zip", {"x.txt": b"1\n", "y.txt": b"2\n"})
    write_zip(tmp_path / "b.zip", {"x.txt": b"1\n", "y.txt": b"2\n"})
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_freezing_drops_the_times_and_keeps_the_content(tmp_path):
    for name, second in (("a", 2), ("b", 4)):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr(zipfile.ZipInfo("x.txt", (2026, 1, 1, 0, 0, second)), b"content")
        freeze_zip(tmp_path / f"{name}.zip", tmp_path / f"{name}.frozen")
    assert (tmp_path / "a.zip").read_bytes() != (tmp_path / "b.zip").read_bytes()
    assert (tmp_path / "a.frozen").read_bytes() == (tmp_path / "b.frozen").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.frozen") as archive:
        assert archive.read("x.txt") == b"content"
