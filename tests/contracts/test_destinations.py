"""What every destination must hold to; a new one joins by an entry in DESTINATIONS."""

import inspect
import resource
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from personas.errors import UnsafeExportError
from personas.export import (
    DESTINATIONS,
    Audience,
    Destination,
    ExportRequest,
    export_audience,
    load_destination,
)
from personas.export.base import Written
from personas.scoring.base import ASSIGNMENT_SCHEMA

VARIANTS = [
    *[(name, None) for name in DESTINATIONS],
    ("file", {"format": "parquet"}),
    ("file", {"format": "xlsx"}),
]
EMPTY_HASHES = (
    b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    b"d41d8cd98f00b204e9800998ecf8427e",
)
AS_OF = date(2026, 11, 18)
IDENTIFIERS = ("email", "phone", "imei", "idfa", "gaid", "oaid", "mac", "openid")


@pytest.fixture(params=VARIANTS, ids=lambda variant: "-".join([variant[0], *(variant[1] or {}).values()]))
def destination(request):
    return load_destination(*request.param)


def world_of(n_users):
    """Return assignments of one persona, with identifiers and consents that are good, bad and absent."""
    user_ids = [f"user-{i:04d}" for i in range(n_users)]
    assignments = pa.table(
        {
            "user_id": user_ids,
            "persona_id": ["P01"] * n_users,
            "persona_name": ["银发一族"] * n_users,
            "confidence": [0.4 + 0.6 * (i % 7) / 7 for i in range(n_users)],
            "runner_up_id": [None] * n_users,
            "runner_up_confidence": [None] * n_users,
            "status": [
                ("assigned", "low_confidence", "out_of_distribution")[i % 11 // 5] for i in range(n_users)
            ],
            "model_version": ["v1"] * n_users,
            "as_of": [AS_OF] * n_users,
        }
    ).cast(ASSIGNMENT_SCHEMA)
    kinds = range(n_users)
    identifiers = pd.DataFrame(
        {
            "user_id": user_ids,
            "email": [
                ("", None, "小米", f"u{i}@example.com", "same@example.com", f"v{i}@gmail.com")[i % 6]
                for i in kinds
            ],
            "phone": [(f"138{i:08d}", None, " ", "110", f"+86 139{i:08d}")[i % 5] for i in kinds],
            "imei": [(f"a{i:013d}", "", "0" * 15)[i % 3] for i in kinds],
            "idfa": [(None, f"FF1999CD-7177-4937-A474-{i:012d}")[i % 2] for i in kinds],
            "oaid": [(f"oaid-{i:016d}", "小")[i % 2] for i in kinds],
            **dict.fromkeys(("gaid", "mac", "openid")),
        }
    )
    consents = pd.DataFrame(
        {
            "user_id": user_ids,
            "consent_marketing": [(True, True, True, False)[i % 4] for i in kinds],
            "consent_share_3p": [i % 13 != 0 for i in kinds],
            "consent_profiling": [(True, None)[i % 2] for i in kinds],
            "opt_out": [i % 17 == 0 for i in kinds],
            "erasure_requested": [i % 19 == 0 for i in kinds],
            "is_minor": [i % 23 == 0 for i in kinds],
        }
    )
    return assignments, {"identifiers": identifiers, "consents": consents.iloc[::-1]}


def audience_of(members):
    return Audience("P01", "P01_2026W47", members, AS_OF)


def members_of(n_users):
    """Return members as a run hands them over, all of whose identifiers are missing or empty texts."""
    assignments, _ = world_of(n_users)
    members = assignments.cast(pa.schema([(f.name, plain(f.type)) for f in ASSIGNMENT_SCHEMA])).to_pandas()
    for i, column in enumerate(IDENTIFIERS):
        members[column] = pd.Series(
            [(None, "", " ", "\u3000")[(i + j) % 4] for j in range(n_users)], dtype=object
        )
    return members


def plain(kind):
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def snapshot(folder: Path):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def disk_full_after(n_bytes):
    """Let every write beyond this many bytes of a file fail as the operating system would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_registered_name_is_its_own_name(destination):
    assert DESTINATIONS[destination.name].endswith(f":{type(destination).__name__}")


def test_signature_equals_the_protocol(destination):
    assert inspect.signature(type(destination).write) == inspect.signature(Destination.write)
    assert isinstance(destination.name, str)
    assert isinstance(destination.minimum_size, int)
    assert destination.minimum_size >= 1
    assert set(destination.identifiers) <= set(IDENTIFIERS)


def test_hash_of_nothing_is_never_written(destination, tmp_path):
    written = destination.write(audience_of(members_of(40)), tmp_path)
    content = b"".join(snapshot(tmp_path).values())
    assert not any(empty in content for empty in EMPTY_HASHES)
    if destination.identifiers:
        assert (written.n_users, written.n_identifiers) == (0, 0)
        assert written.suppressed == {"no_identifier": 40}


def test_destination_accounts_for_every_member_and_names_its_files(destination, tmp_path):
    assignments, tables = world_of(400)
    members = members_of(400).drop(columns=list(IDENTIFIERS)).merge(tables["identifiers"], on="user_id")
    before = members.copy()
    written = destination.write(audience_of(members), tmp_path)
    assert isinstance(written, Written)
    assert written.n_users + sum(written.suppressed.values()) == assignments.num_rows
    assert sorted(written.paths) == sorted(tmp_path.iterdir())
    assert all(path.name.startswith("P01_2026W47") for path in written.paths)
    pd.testing.assert_frame_equal(members, before)


def test_raw_identifiers_are_never_written(destination, tmp_path):
    assignments, tables = world_of(600)
    export_audience(assignments, destination, ExportRequest(tmp_path), **tables)
    content = b"".join(snapshot(tmp_path).values())
    raw = {str(value) for column in IDENTIFIERS for value in tables["identifiers"][column].dropna()}
    assert not [value for value in raw if len(value) > 10 and value.encode() in content]
    if destination.identifiers:
        assert b"user-0" not in content
        assert "银发一族".encode() not in content


def test_receipt_adds_up_and_a_dry_run_writes_nothing(destination, tmp_path):
    assignments, tables = world_of(600)
    (wet,) = export_audience(
        assignments, destination, ExportRequest(tmp_path / "wet", min_confidence=0.5), **tables
    )
    assert wet.n_candidates == 600 == wet.n_users + sum(wet.suppressed.values())
    assert wet.n_users > 0
    assert len(wet.files) >= 1
    request = ExportRequest(tmp_path / "dry", min_confidence=0.5, dry_run=True)
    (dry,) = export_audience(assignments, destination, request, **tables)
    assert not (tmp_path / "dry").exists()
    assert dry == replace(wet, files={}, dry_run=True, folder="")


def test_minimum_size_is_enforced_and_leaves_nothing(destination, tmp_path):
    n_users = destination.minimum_size - 1
    assignments, tables = world_of(n_users)
    consents = tables["consents"].assign(
        consent_marketing=True, consent_share_3p=True, opt_out=False, erasure_requested=False, is_minor=False
    )
    with pytest.raises(UnsafeExportError, match=f"minimum of {destination.minimum_size} users"):
        export_audience(
            assignments,
            destination,
            ExportRequest(tmp_path / "out"),
            identifiers=tables["identifiers"],
            consents=consents,
        )
    assert list(tmp_path.iterdir()) == []


def test_same_input_gives_the_same_bytes(destination, tmp_path):
    assignments, tables = world_of(600)
    for name in ("a", "b"):
        export_audience(assignments, destination, ExportRequest(tmp_path / name), **tables)
    assert snapshot(tmp_path / "a") == snapshot(tmp_path / "b")


def test_full_disk_leaves_nothing(destination, tmp_path):
    assignments, tables = world_of(600)
    with disk_full_after(512), pytest.raises(OSError, match="File too large"):
        export_audience(assignments, destination, ExportRequest(tmp_path / "out"), **tables)
    assert list(tmp_path.iterdir()) == []


def test_move_that_fails_leaves_nothing(destination, tmp_path):
    assignments, tables = world_of(600)
    # The operating system refuses to move a folder onto a file.
    target = tmp_path / "out" / destination.name / "P01_2026W47"
    target.parent.mkdir(parents=True)
    target.symlink_to("nowhere")
    with pytest.raises(OSError, match="P01_2026W47"):
        export_audience(assignments, destination, ExportRequest(tmp_path / "out"), **tables)
    assert list(target.parent.iterdir()) == [target]
