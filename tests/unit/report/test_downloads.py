from __future__ import annotations

import base64
import io
import zipfile

import pandas as pd
import pytest

import personas.report.downloads as downloads
from personas.report.downloads import make_downloads, to_csv


def _read(link) -> pd.DataFrame:
    kind, _, content = link.href.partition(",")
    raw = base64.b64decode(content)
    if kind == "data:application/zip;base64":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            (inside,) = archive.namelist()
            assert f"{inside}.zip" == link.file_name
            raw = archive.read(inside)
    else:
        assert kind == "data:text/csv;base64"
    assert raw.startswith(b"\xef\xbb\xbf")
    return pd.read_csv(io.BytesIO(raw))


def test_every_table_has_a_file_with_names_and_headings(made, tables_of):
    links = {link.file_name: link for link in make_downloads(tables_of(made.attach()))}

    assert set(links) == {"attach-matrix-2026-01-01.csv", "attach-association-2026-01-01.csv"}
    table = _read(links["attach-matrix-2026-01-01.csv"])
    assert list(table)[:3] == ["persona", "row category", "column category"]
    assert table.iloc[0].tolist()[:6] == ["All users", "smart lock", "door viewer", 400, 200, 0.5]
    assert links["attach-matrix-2026-01-01.csv"].note == "CSV · 9 rows"


def test_small_cells_are_empty_in_it(made, tables_of):
    cells = next(link for link in make_downloads(tables_of(made.flow())) if "cells" in link.file_name)
    table = _read(cells)

    assert table["both"].isna().tolist() == [False, False, False, True]
    assert table["share"].isna().tolist() == [True, False, False, True]


def test_formulas_are_guarded(made, tables_of):
    table = pd.DataFrame({"category": ["=1+1", "@cmd", "门锁"], "n_users": [30, 40, 50]})
    text = to_csv(table, tables_of(made.attach())).decode("utf-8-sig")

    assert "'=1+1" in text
    assert "'@cmd" in text


def test_a_file_that_is_too_large_for_a_link_is_cut_and_says_so(made, tables_of, monkeypatch):
    monkeypatch.setattr(downloads, "LARGEST_PLAIN_BYTES", 300)
    monkeypatch.setattr(downloads, "LARGEST_BYTES", 400)
    link = make_downloads(tables_of(made.attach()))[0]

    assert 0 < len(_read(link)) < 9
    assert "of 9 rows" in link.note


def test_a_large_file_is_zipped_and_whole(made, tables_of, monkeypatch):
    plain = make_downloads(tables_of(made.attach()))[0]
    monkeypatch.setattr(downloads, "LARGEST_PLAIN_BYTES", 300)
    zipped = make_downloads(tables_of(made.attach()))[0]

    assert zipped.note == "CSV in a zip · 9 rows"
    assert len(zipped.href) < len(plain.href)
    pd.testing.assert_frame_equal(_read(zipped), _read(plain))


@pytest.mark.parametrize("verb", ["attach", "scenes", "flow", "sequence", "growth", "opportunity", "ladder"])
def test_the_same_tables_give_the_same_files(made, tables_of, verb):
    first, second = (make_downloads(tables_of(getattr(made, verb)(), "zh-CN")) for _ in range(2))

    assert first == second
    assert len(first) == len(getattr(made, verb)().tables)
