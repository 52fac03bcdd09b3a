"""Erasing goes on past what is damaged, says so, and leaves nothing of what killed writers left."""

import io
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personas.errors import DataError
from personas.store import ArtifactStore
from pipelines.erase import erase_users
from pipelines.models import ASSIGNMENTS
from pipelines.score import FILE, SPEND_FILE

MAY = datetime(2026, 5, 1, tzinfo=UTC)


def _parquet(**columns):
    raw = io.BytesIO()
    pq.write_table(pa.table(columns), raw)
    return raw.getvalue()


def put_assignments(store, n_users, *, day):
    users = [str(i) for i in range(n_users)]
    answers = {
        "persona_id": ["P01"] * n_users,
        "status": ["assigned"] * n_users,
        "confidence": [0.9] * n_users,
    }
    files = {
        FILE: _parquet(user_id=users, **answers),
        SPEND_FILE: _parquet(user_id=users, value=[1.5] * n_users),
    }
    return store.put(
        ASSIGNMENTS, "shop", files, created_at=MAY.replace(day=day), metadata={"as_of": "2026-05-01"}
    )


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def erase(store, tmp_path, capsys):
    def erased(*ids):
        (tmp_path / "ids.txt").write_text("\n".join(ids), encoding="utf-8")
        erase_users(store.root, tmp_path / "ids.txt", as_json=True)
        return json.loads(capsys.readouterr().out)

    return erased


def users_of(record):
    return [pq.read_table(record.path / file)["user_id"].to_pylist() for file in (FILE, SPEND_FILE)]


def test_ids_are_compared_as_texts_character_by_character(store, erase):
    put_assignments(store, 12, day=1)
    result = erase(" 1", "1", "007", "3.0", "11 ", "nobody")
    assert result["n_ids"] == 5
    assert result["rewritten"][0]["files"][FILE] == {"rows_before": 12, "rows_after": 10}
    assert users_of(store.get(ASSIGNMENTS, "shop")) == [["0", *map(str, range(2, 11))]] * 2


def test_many_ids_of_whom_nobody_is_here_change_nothing_but_leave_a_proof(store, erase):
    record = put_assignments(store, 5, day=1)
    result = erase(*(f"u{i}" for i in range(100_000)))
    assert (result["rewritten"], result["n_ids"]) == ([], 100_000)
    assert store.get(ASSIGNMENTS, "shop") == record
    assert store.names("erasures") == ["store"]


def test_what_is_damaged_is_named_after_everything_else_was_erased(store, erase):
    damaged, whole = put_assignments(store, 9, day=1), put_assignments(store, 10, day=2)
    (damaged.path / FILE).write_bytes(b"PAR1")
    receipt = store.root / "audiences" / "shop" / "2026-05-01" / "receipt.json"
    receipt.parent.mkdir(parents=True)
    receipt.write_text("{")
    with pytest.raises(
        DataError, match=rf"not searched .*{damaged.version}, audiences/shop/2026-05-01\. Everything else"
    ):
        erase("3")
    (rewritten,) = set(store.versions(ASSIGNMENTS, "shop")) - {damaged.version}
    assert rewritten != whole.version
    assert "3" not in users_of(store.get(ASSIGNMENTS, "shop", rewritten))[0]
    proof = json.loads((store.get("erasures", "store").path / "proof.json").read_text(encoding="utf-8"))
    assert proof["damaged"] == [f"{ASSIGNMENTS}/shop/{damaged.version}", "audiences/shop/2026-05-01"]


def test_rows_that_a_killed_writer_left_go_even_where_nobody_is_found(store, erase):
    record = put_assignments(store, 3, day=1)
    for folder in (record.path.parent, store.root / "scene_affinity" / "shop"):
        left = folder / ".writing-abc"
        left.mkdir(parents=True)
        (left / FILE).write_bytes(_parquet(user_id=["7"]))
    erase("7")
    assert not list(store.root.rglob(".writing-*"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "user_id,名\n1,中文\n".encode("gb18030")),
        ("a.csv", b"x,user_id\n\n1\n"),
        ("a.xlsx", b"no workbook"),
        ("a.parquet", b"PAR1"),
    ],
)
def test_tables_of_others_that_cannot_be_read_are_named(store, erase, name, content):
    put_assignments(store, 3, day=1)
    (store.root / name).write_bytes(content)
    result = erase("1")
    assert (result["unread"], result["left_alone"]) == ([name], [])
    assert len(result["rewritten"]) == 1
