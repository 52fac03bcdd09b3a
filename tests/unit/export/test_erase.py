import hashlib
import json
import subprocess
import sys
from datetime import date

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personas.errors import DataError
from personas.export import ExportRequest, export_audience, load_destination
from personas.export.erase import Dropped, drop_users, erase_from_audience, restore_audiences
from personas.scoring.base import ASSIGNMENT_SCHEMA

AS_OF = date(2026, 11, 18)
USERS = ["用户1", "=1+1", "u,2", 'u"3', "-4", "u 5", "0006", *(f"u{i:03d}" for i in range(60))]
GONE = frozenset({"=1+1", 'u"3', "-4", "0006", "u007", "stranger"})


def assignments(users):
    n = len(users)
    rows = {
        "user_id": users,
        "persona_id": ["P01"] * n,
        "persona_name": ["银发一族"] * n,
        "confidence": [0.5 + i / 1000 for i in range(n)],
        "runner_up_id": [None, *["P02"] * (n - 1)],
        "runner_up_confidence": [None, *[0.1] * (n - 1)],
        "status": ["assigned"] * n,
        "model_version": ["v1"] * n,
        "as_of": [AS_OF] * n,
    }
    return pa.Table.from_pandas(pd.DataFrame(rows), schema=ASSIGNMENT_SCHEMA, preserve_index=False)


def export(folder, table, file_format="csv"):
    (receipt,) = export_audience(
        table, load_destination("file", {"format": file_format}), ExportRequest(folder)
    )
    return folder / "file" / receipt.folder


@pytest.mark.parametrize("file_format", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_an_audience_without_erased_users_is_what_an_export_without_them_is(tmp_path, file_format, language):
    table = assignments(USERS)
    keep = pa.array([user not in GONE for user in USERS])
    request = {"language": language}
    destination = load_destination("file", {"format": file_format})
    paths = []
    for name, rows in (("all", table), ("less", table.filter(keep))):
        export_audience(rows, destination, ExportRequest(tmp_path / name, **request))
        paths.append(tmp_path / name / "file" / "P01_2026W47")
    erased = erase_from_audience(paths[0], GONE)
    assert (erased.n_before, erased.n_after, erased.is_hashed) == (67, 62, False)
    assert erased.found == GONE - {"stranger"}
    one, other = (path / f"P01_2026W47.{file_format}" for path in paths)
    if file_format == "parquet":
        assert pq.read_table(one).equals(pq.read_table(other))
        assert pq.read_schema(one).equals(pq.read_schema(other))
        assert not any(user.encode() in one.read_bytes() for user in GONE)
    else:
        assert one.read_bytes() == other.read_bytes()
    receipt = json.loads((paths[0] / "receipt.json").read_text(encoding="utf-8"))
    assert receipt["suppressed"] == {"erased": 5}
    assert receipt["n_candidates"] == receipt["n_users"] + 5 == 67
    assert receipt["n_identifiers"] == 62
    assert receipt["files"] == {one.name: hashlib.sha256(one.read_bytes()).hexdigest()}
    assert sorted(path.name for path in paths[0].parent.iterdir()) == ["P01_2026W47"]


def test_where_nobody_is_found_nothing_is_touched(tmp_path):
    folder = export(tmp_path, assignments(USERS))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    erased = erase_from_audience(folder, frozenset({"stranger", "U007", "7", "6"}))
    assert erased.n_before == erased.n_after == 67
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()} == before


def test_erasing_again_counts_on(tmp_path):
    folder = export(tmp_path, assignments(USERS))
    erase_from_audience(folder, frozenset({"u001"}))
    assert erase_from_audience(folder, frozenset({"u001", "u002"})).n_after == 65
    receipt = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    assert receipt["suppressed"] == {"erased": 2}


def test_hashed_uploads_are_told_and_left(tmp_path):
    users = [f"u{i:03d}" for i in range(120)]
    identifiers = pd.DataFrame({"user_id": users, "phone": [f"138{i:08d}" for i in range(120)]})
    said = {"consent_share_3p": True, "consent_marketing": True, "consent_profiling": True}
    no = {"opt_out": False, "erasure_requested": False, "is_minor": False}
    consents = pd.DataFrame({"user_id": users, **said, **no})
    (receipt,) = export_audience(
        assignments(users),
        load_destination("tencent_ids"),
        ExportRequest(tmp_path),
        identifiers=identifiers,
        consents=consents,
    )
    folder = tmp_path / "tencent_ids" / receipt.folder
    before = {path: path.read_bytes() for path in folder.iterdir()}
    erased = erase_from_audience(folder, frozenset(users))
    assert erased.is_hashed
    assert erased.n_after == 120
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("damage", ["receipt", "absent", "no receipt"])
def test_damage_is_told(tmp_path, damage):
    folder = export(tmp_path, assignments(USERS))
    if damage == "absent":
        (folder / "P01_2026W47.csv").unlink()
    elif damage == "receipt":
        (folder / "receipt.json").write_text("{")
    else:
        (folder / "receipt.json").unlink()
    with pytest.raises(DataError, match="P01_2026W47: the receipt"):
        erase_from_audience(folder, GONE)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["P01_2026W47"]


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_killed_erasure_leaves_the_old_audience_or_the_new_one(tmp_path, number):
    folder = export(tmp_path, assignments(USERS))
    code = f"""
import os, pathlib
from personas.export.erase import erase_from_audience
left = [{number}]
rename = pathlib.Path.rename
def stops(*arguments):
    left[0] -= 1
    if left[0] < 0:
        os._exit(9)
    return rename(*arguments)
pathlib.Path.rename = stops
erase_from_audience(pathlib.Path({str(folder)!r}), frozenset({sorted(GONE)!r}))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == (9 if number < 2 else 0)
    restore_audiences(tmp_path)
    erase_from_audience(folder, GONE)
    assert sorted(path.name for path in folder.iterdir()) == ["P01_2026W47.csv", "receipt.json"]
    assert len((folder / "P01_2026W47.csv").read_text(encoding="utf-8-sig").splitlines()) == 63
    assert not list(tmp_path.rglob(".erased-*"))


def test_tables_without_user_ids_are_none_of_its_business(tmp_path):
    (tmp_path / "a.csv").write_text("id,n\nu001,1\n")
    pq.write_table(pa.table({"id": ["u001"]}), tmp_path / "a.parquet")
    (tmp_path / "a.json").write_text('{"user_id": "u001"}')
    for name in ("a.csv", "a.parquet", "a.json"):
        assert drop_users(tmp_path / name, tmp_path / "out", frozenset({"u001"})) is None
        assert not (tmp_path / "out").exists()


def test_a_repeated_id_leaves_no_trace_in_a_dictionary(tmp_path):
    ids = pa.array(["u001", "u002", "u001"]).dictionary_encode()
    pq.write_table(pa.table({"user_id": ids, "n": [1, 2, 3]}), tmp_path / "a.parquet")
    found = drop_users(tmp_path / "a.parquet", tmp_path / "b.parquet", frozenset({"u001"}))
    assert found == Dropped(3, 1)
    assert pq.read_table(tmp_path / "b.parquet").to_pylist() == [{"user_id": "u002", "n": 2}]
    assert b"u001" not in (tmp_path / "b.parquet").read_bytes()


def test_a_damaged_parquet_is_told(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match=r"a\.parquet: damaged"):
        drop_users(tmp_path / "a.parquet", tmp_path / "b.parquet", GONE)
