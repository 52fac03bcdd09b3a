"""What leaves the store: old versions, and users who asked to be forgotten. What never was in it: ids in models."""

import io
import json
import re
import zipfile
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personas.store import ArtifactStore
from pipelines.erase import proof_hash, read_ids
from tests.integration import shop as house
from tests.integration.shop import N_USERS, run_personas

shop, trained = house.shop, house.trained

GONE = ("U0001", "U0002", "U0150")
ID = re.compile(rb"U0[0-3]\d\d")
OLDER = ("2025-11-20", "2025-11-24", "2025-11-28")


def store_verb(verb, *words, code=0):
    answer = run_personas("store", verb, *words, "--store", "store", "--json")
    assert answer.code == code, answer.err
    return json.loads(answer.out)


def erase(shop, *ids):
    (shop.folder / "ids.txt").write_text("\ufeff" + "\r\n".join((*ids, "", "  ")), encoding="utf-8")
    return store_verb("erase", "--ids", "ids.txt")


def pieces(path):
    """Yield the bytes of a file, and of what is packed in it."""
    content = path.read_bytes()
    yield content
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    if path.suffix == ".parquet":
        yield pq.read_table(path).to_pandas().to_csv().encode()


def files_with(root, wanted):
    found = (path for path in root.rglob("*") if path.is_file())
    return sorted(
        path.relative_to(root).as_posix()
        for path in found
        if any(
            wanted.search(piece) if hasattr(wanted, "search") else wanted in piece for piece in pieces(path)
        )
    )


@pytest.fixture
def older(trained):
    """The use case with three earlier scorings and their exports, in all formats."""
    for day, file_format in zip(OLDER, ("csv", "parquet", "xlsx"), strict=True):
        assert run_personas("score", "shop.yaml", "--as-of", day).code == 0
        words = ("--destination", "file", "--format", file_format)
        assert run_personas("export", "shop.yaml", *words).code == 0
    return trained


# --- ids ------------------------------------------------------------------------------------------


def test_ids_stand_in_tables_of_users_and_nowhere_else(older):
    assert older.run("monitor", "--as-of", "2025-12-01").code in (0, 1)
    found = files_with(older.store, ID)
    assert found
    assert {path.partition("/")[0] for path in found} == {"assignments", "audiences"}
    assert {path.rpartition(".")[2] for path in found} == {"parquet", "csv", "xlsx"}


def test_no_model_holds_a_row_per_user(trained):
    (record,) = (r for r in [ArtifactStore(trained.store).get("models", "shop")])
    n_rows = {N_USERS, N_USERS - 1, round(0.8 * N_USERS), round(0.2 * N_USERS)}
    n_rows |= {int(json.loads((record.path / "model.json").read_text())["model"]["metrics"][key])
               for key in ("n_training_users", "n_holdout_users")}  # fmt: skip

    def lengths(value):
        if isinstance(value, dict):
            yield from (n for part in value.values() for n in lengths(part))
        elif isinstance(value, list):
            yield len(value)
            yield from (n for part in value for n in lengths(part))

    for path in record.path.glob("*.json"):
        assert n_rows.isdisjoint(lengths(json.loads(path.read_text(encoding="utf-8"))))
    with np.load(record.path / "scorecard.npz") as arrays:
        assert n_rows.isdisjoint(n for name in arrays.files for n in arrays[name].shape)


# --- erasing --------------------------------------------------------------------------------------


def test_erased_users_are_nowhere_in_the_store_and_a_proof_says_so(older):
    store = ArtifactStore(older.store)
    affinity = pa.table({"user_id": ["U0001", "U0003"], "living_room": [0.5, 0.25]})
    pq.write_table(affinity, older.folder / "user_scenes.parquet")
    store.put(
        "scene_affinity",
        "shop",
        {"user_scenes.parquet": older.folder / "user_scenes.parquet", "note.json": b"{}"},
        created_at=datetime.now(UTC),
        metadata={"as_of": "2025-09-01", "seeded": True},
    )
    pq.write_table(affinity, older.store / "source.parquet")
    (older.store / ".work" / "selection-shop").mkdir()
    versions = {kind: store.versions(kind, "shop") for kind in store.kinds()}
    last = store.champion("assignments", "shop")
    assert len(files_with(older.store, b"U0001")) == 4 * 2 + 4 + 1 + 1

    result = erase(older, *GONE, "stranger")

    for user in GONE:
        assert files_with(older.store, user.encode()) == (["source.parquet"] if user == "U0001" else [])
    assert result["left_alone"] == ["source.parquet"]
    assert files_with(older.store, b"stranger") == []
    assert not (older.store / ".work" / "selection-shop").exists()
    for kind in ("assignments", "scene_affinity"):
        now = store.versions(kind, "shop")
        assert [v[:16] for v in now] == [v[:16] for v in versions[kind]]
        assert set(now).isdisjoint(versions[kind])
    for kind in ("models", "runs", "sketches"):
        assert store.versions(kind, "shop") == versions[kind]
    for version in store.versions("assignments", "shop"):
        record = store.get("assignments", "shop", version)  # checks the hashes
        assert record.metadata["n_users"] == sum(record.metadata["by_persona"].values()) == N_USERS - 3
        assert pq.read_table(record.path / "assignments.parquet").num_rows == N_USERS - 3
    assert store.champion("assignments", "shop")[:16] == last[:16]
    for path in older.store.glob("audiences/shop/*/file/*/receipt.json"):
        receipt = json.loads(path.read_text(encoding="utf-8"))
        assert receipt["n_candidates"] == receipt["n_users"] + receipt["suppressed"]["erased"]

    proof = json.loads(store.get("erasures", "store").path.joinpath("proof.json").read_text(encoding="utf-8"))
    assert proof["n_ids"] == 4
    assert proof["ids_sha256_with_key"] == proof_hash(frozenset({*GONE, "stranger"}), result["proof_key"])
    assert not files_with(older.store, result["proof_key"].encode())
    assert len(proof["rewritten"]) == 5
    counts = [rows for v in proof["rewritten"] for rows in v["files"].values()]
    assert {(r["rows_before"], r["rows_after"]) for r in counts} == {(300, 297), (2, 1)}
    assert len(proof["audiences"]) == 8

    before = older.files()
    again = erase(older, *GONE)
    assert again["rewritten"] == again["audiences"] == []
    new = set(older.files()) - set(before)
    assert {path.split("/")[0] for path in new} == {"erasures"}
    assert run_personas("export", "shop.yaml", "--destination", "file", "--dry-run").code == 0
    assert older.temporary() == []


def test_hashed_uploads_are_listed(trained):
    users = [row["uid"] for row in trained.rows("users")]
    flags = {"consent_share_3p": "yes", "consent_marketing": "yes", "consent_profiling": "yes"}
    trained.write_rows("consents", [{"user_id": user, **flags} for user in users])
    trained.write_rows(
        "identifiers", [{"user_id": user, "phone": f"138{i:08d}"} for i, user in enumerate(users)]
    )
    for name in ("consents", "identifiers"):
        trained.config["sources"][name] = {"path": f"{name}.csv"}
    trained.write_config()
    exported = run_personas("export", "shop.yaml", "--destination", "tencent_ids")
    assert exported.code == 0, exported.err
    result = erase(trained, "U0001")
    assert [place["destination"] for place in result["hashed_uploads"]] == ["tencent_ids"] * 2
    (trained.folder / "ids.txt").write_text("U0002\n", encoding="utf-8")
    answer = run_personas("store", "erase", "--ids", "ids.txt", "--store", "store")
    assert "Hashed uploads hold no user ids" in answer.out
    assert "U0002" not in answer.out


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), (b"\n \n", "holds no id"), (b"\xff\xfe\x00", "not UTF-8")],
)
def test_a_file_without_ids_is_refused(trained, content, message):
    before = trained.files()
    if content is not None:
        (trained.folder / "ids.txt").write_bytes(content)
    answer = run_personas("store", "erase", "--ids", "ids.txt", "--store", "store")
    assert answer.code == 2
    assert message in answer.err
    assert trained.files() == before


def test_ids_are_read_as_the_contract_reads_them(tmp_path):
    (tmp_path / "ids").write_text("\ufeff 用户 1 \n\u3000u2\u00a0\r\n\nu2\n007\n", encoding="utf-8")
    assert read_ids(tmp_path / "ids") == {"用户 1", "u2", "007"}


def test_a_store_that_is_not_there_is_named(trained):
    (trained.folder / "ids.txt").write_text("U0001")
    for words in (("prune", "--keep", "1"), ("erase", "--ids", "ids.txt")):
        answer = run_personas("store", *words, "--store", "elsewhere")
        assert answer.code == 2
        assert "elsewhere is no folder" in answer.err
        assert not (trained.folder / "elsewhere").exists()


# --- pruning --------------------------------------------------------------------------------------


def put_models(store, n):
    """Store copies of the champion's files beside other payloads, as later models would stand there."""
    for i in range(n):
        store.put(
            "models",
            "shop",
            {"note.json": b"%d" % i},
            created_at=datetime.now(UTC),
            metadata={"as_of": "2025-12-01", "persona_ids": [f"P{10 + i}"]},
        )


def test_pruning_keeps_champions_and_what_runs_refer_to(older):
    store = ArtifactStore(older.store)
    model, (run,) = store.champion("models", "shop"), store.versions("runs", "shop")
    put_models(store, 3)
    for i in range(3):
        files = {"analysis.json": b"%d" % i}
        store.put("analyses", "shop.attach", files, created_at=datetime.now(UTC), metadata={})
    scored = store.versions("assignments", "shop")
    of_run = json.loads((store.get("runs", "shop", run).path / "run.json").read_text())["versions"][
        "assignments"
    ]
    before = older.files()
    dry = store_verb("prune", "--keep", "1", "--dry-run")
    assert older.files() == before
    gone = store_verb("prune", "--keep", "1")
    assert gone["removed"] == dry["removed"]
    assert store.versions("models", "shop")[0] == model == store.champion("models", "shop")
    assert len(store.versions("models", "shop")) == 2  # and the newest
    assert store.versions("assignments", "shop") == [of_run, scored[-1]]
    assert store.champion("assignments", "shop") == scored[-1]
    assert store.versions("runs", "shop") == [run]
    assert len(store.versions("analyses", "shop.attach")) == 1
    assert [path.name for path in (older.store / "runs").iterdir()] == ["shop"]
    left = {path.name[-8:] for path in (older.store / "audiences" / "shop").iterdir()}
    assert left == {of_run[-8:], scored[-1][-8:]}
    assert set(store.removed("models", "shop")) == {
        place.split("/")[2] for place in gone["removed"] if place.startswith("models/")
    }
    assert run_personas("report", f"shop/{model}", "--store", "store").code == 0
    assert older.run("run").code == 0
    assert store_verb("prune", "--keep", "1")["n_kept"] > 0
    assert older.temporary() == []


def test_ids_of_pruned_personas_are_never_given_again(trained):
    from pipelines.train import _used_ids

    store = ArtifactStore(trained.store)
    put_models(store, 3)
    store_verb("prune", "--keep", "1")
    assert _used_ids(store, "shop") == ("P01", "P02", "P10", "P11", "P12")


def test_audiences_of_rewritten_assignments_stay(trained):
    erase(trained, "U0001")
    erase(trained, "U0002")
    gone = store_verb("prune", "--keep", "1")
    assert not any(place.startswith("audiences") for place in gone["removed"])
    assert len(list((trained.store / "audiences" / "shop").iterdir())) == 1
