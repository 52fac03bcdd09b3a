import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from personas.errors import DataError, NotFoundError
from personas.store import ArtifactStore, Promotion
from personas.store.disk import locked

MAY = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "store")


def put(store, content=b"one", *, days=0, name="home", **metadata):
    return store.put(
        "model", name, {"model.json": content}, created_at=MAY + timedelta(days=days), metadata=metadata
    )


def test_a_version_is_its_utc_time_and_content_hash(store, tmp_path):
    east = MAY.astimezone(timezone(timedelta(hours=8)))
    record = store.put("model", "扫地机-1.0", {"b": b"2", "a": b"1"}, created_at=east, metadata={"n": 1})
    assert record.version == f"20260501T120000Z-{record.content_sha256[:8]}"
    assert record.path == tmp_path / "store" / "model" / "扫地机-1.0" / record.version
    assert (record.path / "a").read_bytes() == b"1"
    assert record.created_at == MAY


def test_what_was_put_is_what_is_got(store):
    record = put(store, as_of="2026-05-01")
    assert store.get("model", "home") == record
    assert store.get("model", "home", record.version) == record
    assert record.metadata == {"as_of": "2026-05-01"}
    (record.path / "model.json").write_bytes(b"damaged")
    assert store.metadata("model", "home") == {record.version: {"as_of": "2026-05-01"}}


def test_files_are_copied_from_paths(store, tmp_path):
    (tmp_path / "big.parquet").write_bytes(b"x" * 3_000_000)
    files = {"scores.parquet": tmp_path / "big.parquet"}
    record = store.put("scores", "home", files, created_at=MAY, metadata={})
    assert (record.path / "scores.parquet").stat().st_size == 3_000_000
    assert (tmp_path / "big.parquet").exists()


def test_versions_come_in_the_order_of_writing_and_the_newest_is_the_default(store):
    early, late = put(store, b"early"), put(store, b"late", days=2)
    assert store.versions("model", "home") == [early.version, late.version]
    assert store.get("model", "home").version == late.version


def test_the_order_of_versions_survives_a_clock_that_goes_backwards(store):
    days = [0, 3, -40, 2, 3, 4, -1]
    written = [put(store, b"%d" % i, days=day) for i, day in enumerate(days)]
    assert store.versions("model", "home") == [record.version for record in written]
    assert [record.created_at for record in written] == [MAY + timedelta(days=day) for day in days]
    assert written[2].version.startswith("20260504T120001Z-")  # the second after the version before it
    assert written[5].version.startswith("20260505T120000Z-")  # the clock has caught up
    assert [store.get("model", "home", record.version) for record in written] == written


def test_versions_of_one_second_keep_their_order(store):
    written = [put(store, b"%d" % i).version for i in range(70)]  # past the end of a minute
    assert store.versions("model", "home") == written


def test_the_same_payload_is_the_same_version(store):
    first = put(store, note="first")
    again = put(store, days=3, note="again")
    assert again == first
    assert store.versions("model", "home") == [first.version]


def test_a_version_is_never_overwritten(store):
    record = put(store)
    taken = store.root / "model" / "home" / record.version.replace(record.version[-8:], "00000000")
    record.path.rename(taken)
    with pytest.raises(DataError, match="was changed since it was written"):
        store.get("model", "home")
    again = put(store)
    (again.path / "record.json").unlink()
    with pytest.raises(DataError, match="never overwritten"):
        put(store)


def test_names_lists_what_has_a_version(store):
    put(store, name="b")
    put(store, name="a")
    store.set_persona_name("model", "nothing", "P01", zh="甲", en="A")
    assert store.names("model") == ["a", "b"]
    assert store.names("scores") == []
    store.put("scores", "c", {"a": b"1"}, created_at=MAY, metadata={})
    (store.root / "audiences").mkdir()
    (store.root / "notes.txt").touch()
    assert store.kinds() == ["model", "scores"]
    assert ArtifactStore(store.root / "absent").kinds() == []


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a b", "x" * 101, "a\n"])
def test_unsafe_names_are_refused(store, name):
    for kind, artifact in [(name, "home"), ("model", name)]:
        with pytest.raises(DataError, match="can't be a folder name"):
            store.put(kind, artifact, {"a": b""}, created_at=MAY, metadata={})
    with pytest.raises(DataError, match="can't be a folder name"):
        store.put("model", "home", {name: b""}, created_at=MAY, metadata={})
    assert not store.root.exists()


@pytest.mark.parametrize(
    ("files", "created_at", "message"),
    [
        ({}, MAY, "no file to store"),
        ({"record.json": b""}, MAY, "record's name"),
        ({"a": b""}, MAY.replace(tzinfo=None), "without a time zone"),
    ],
)
def test_an_impossible_put_is_refused(store, files, created_at, message):
    with pytest.raises(DataError, match=message):
        store.put("model", "home", files, created_at=created_at, metadata={})


def test_an_absent_file_or_unwritable_metadata_leaves_nothing(store, tmp_path):
    with pytest.raises(NotFoundError, match="doesn't exist"):
        store.put("model", "home", {"a": tmp_path / "absent"}, created_at=MAY, metadata={})
    for value in (float("nan"), {1, 2}):
        with pytest.raises(DataError, match="metadata"):
            put(store, note=value)
    assert store.versions("model", "home") == []
    assert [p.name for p in (store.root / "model" / "home").iterdir()] == [".lock"]


def test_an_absent_version_is_not_found_and_the_known_ones_are_named(store):
    with pytest.raises(NotFoundError, match="found none"):
        store.get("model", "home")
    record = put(store)
    with pytest.raises(NotFoundError, match=record.version):
        store.get("model", "home", "20260101T000000Z-00000000")


@pytest.mark.parametrize("damage", ["change", "cut", "remove"])
def test_a_damaged_payload_is_refused(store, damage):
    record = put(store, b"payload")
    path = record.path / "model.json"
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(b"Payload" if damage == "change" else b"")
    what = "is gone" if damage == "remove" else "was changed"
    with pytest.raises(
        DataError, match=rf"'model\.json' of model/home/{record.version} {what} since it was written"
    ):
        store.get("model", "home")


def test_a_removed_empty_file_is_noticed(store):
    record = put(store, b"")
    (record.path / "model.json").unlink()
    with pytest.raises(DataError, match="is gone since"):
        store.get("model", "home")


@pytest.mark.parametrize("text", ["{", "[]", "{}", "{}extra"])
def test_a_damaged_record_is_refused_and_named(store, text):
    record = put(store)
    (record.path / "record.json").write_text(text)
    with pytest.raises(DataError, match=f"model/home/{record.version}"):
        store.get("model", "home")


def test_a_forged_hash_in_the_record_is_refused(store):
    record = put(store)
    data = json.loads((record.path / "record.json").read_text())
    data["files"]["model.json"] = "0" * 64
    (record.path / "record.json").write_text(json.dumps(data))
    with pytest.raises(DataError, match=f"record of model/home/{record.version} was changed"):
        store.get("model", "home")


def test_unknown_fields_of_a_record_are_kept(store):
    record = put(store)
    data = json.loads((record.path / "record.json").read_text()) | {"signature": "abc"}
    (record.path / "record.json").write_text(json.dumps(data))
    found = store.get("model", "home")
    assert found.further == {"signature": "abc"}
    assert found.to_dict() == data


def test_the_champion_is_what_was_promoted_last(store):
    assert store.champion("model", "home") is None
    one, two = put(store, b"1").version, put(store, b"2", days=1).version
    for version in (one, two, two, one):
        store.promote("model", "home", version)
        assert store.champion("model", "home") == version
    assert store.champions("model", "home") == [one, two, one]


def three_champions(store):
    versions = [
        put(store, content, days=day).version for day, content in enumerate((b"one", b"two", b"three"))
    ]
    store.promote("model", "home", versions[0])
    store.promote("model", "home", versions[1], at=MAY, reason="its gate passed")
    store.promote("model", "home", versions[2], at=MAY, reason="new catalogue", is_forced=True)
    return versions


def test_a_promotion_is_kept_with_its_time_and_reason(store):
    one, two, three = three_champions(store)
    assert store.promotions("model", "home") == [
        Promotion(one),
        Promotion(two, MAY, "its gate passed"),
        Promotion(three, MAY, "new catalogue", is_forced=True),
    ]


def test_a_rollback_returns_to_the_champion_before_and_never_to_one_that_was_withdrawn(store):
    one, two, three = three_champions(store)
    assert store.rollback("model", "home", at=MAY, reason="complaints") == two
    assert store.champion("model", "home") == two
    assert store.promotions("model", "home")[-1] == Promotion(two, MAY, "complaints", is_rollback=True)
    assert store.rollback("model", "home") == one
    with pytest.raises(NotFoundError, match=f"before {one}"):
        store.rollback("model", "home")
    assert store.champion("model", "home") == one
    store.promote("model", "home", three)
    assert store.rollback("model", "home") == one


def test_a_rollback_without_a_champion_or_to_a_removed_version_changes_nothing(store):
    with pytest.raises(NotFoundError, match="before any"):
        store.rollback("model", "home")
    one, two, _ = three_champions(store)
    store.remove("model", "home", two)
    before = (store.root / "model" / "home" / "champion.json").read_bytes()
    with pytest.raises(NotFoundError, match=two):
        store.rollback("model", "home")
    assert (store.root / "model" / "home" / "champion.json").read_bytes() == before
    assert one in store.versions("model", "home")


def test_a_pointer_without_details_is_read_and_continued(store):
    one, two, _ = three_champions(store)
    path = store.root / "model" / "home" / "champion.json"
    path.write_text(json.dumps({"version": two, "history": [one, two]}))
    assert store.promotions("model", "home") == [Promotion(one), Promotion(two)]
    assert store.rollback("model", "home", at=MAY) == one
    assert store.promotions("model", "home")[-1] == Promotion(one, MAY, is_rollback=True)


def test_only_an_intact_version_is_promoted(store):
    record = put(store)
    with pytest.raises(NotFoundError):
        store.promote("model", "home", "20260101T000000Z-00000000")
    (record.path / "model.json").write_bytes(b"changed")
    with pytest.raises(DataError):
        store.promote("model", "home", record.version)
    assert store.champion("model", "home") is None


def test_a_damaged_champion_pointer_is_refused(store):
    store.promote("model", "home", put(store).version)
    (store.root / "model" / "home" / "champion.json").write_text("{")
    with pytest.raises(DataError, match=r"champion\.json is damaged"):
        store.champion("model", "home")


def test_persona_names_outlive_versions(store):
    assert store.persona_names("model", "home") == {}
    store.set_persona_name("model", "home", "P01", zh="甲", en="A")
    store.set_persona_name("model", "home", "P02", zh="乙", en="B")
    store.set_persona_name("model", "home", "P01", zh="丙", en="C")
    assert store.persona_names("model", "home") == {
        "P01": {"zh": "丙", "en": "C"},
        "P02": {"zh": "乙", "en": "B"},
    }
    put(store)
    assert len(store.persona_names("model", "home")) == 2


WRITER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from personas.store import ArtifactStore, Promotion
from personas.store.disk import locked
ArtifactStore(Path(sys.argv[1])).put(
    "model", "home", {"a": b"new", "b": Path(sys.argv[2])}, created_at=datetime(2026, 6, 1, tzinfo=UTC), metadata={}
)
"""


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_killed_writer_leaves_the_last_good_version(store, tmp_path):
    good = put(store)
    store.promote("model", "home", good.version)
    pipe = tmp_path / "pipe"  # the writer hangs on it in the middle of its second file
    os.mkfifo(pipe)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(store.root), str(pipe)])
    with pipe.open("wb") as half:
        half.write(b"half of the file")
        half.flush()
        folder = store.root / "model" / "home"
        wait_for(lambda: list(folder.glob(".writing-*/a")))
        writer.send_signal(signal.SIGKILL)
        writer.wait()

    assert list(folder.glob(".writing-*"))
    assert store.versions("model", "home") == [good.version]
    assert store.get("model", "home") == good
    assert store.champion("model", "home") == good.version
    assert put(store, b"next", days=1).version in store.versions("model", "home")
    assert not list(folder.glob(".writing-*"))


def test_a_living_writer_is_waited_for(store, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(store.root), str(pipe)])
    folder = store.root / "model" / "home"
    with pipe.open("wb") as whole:
        wait_for(lambda: list(folder.glob(".writing-*/a")))
        other = threading.Thread(target=put, args=(store, b"other"))
        other.start()
        other.join(0.2)
        assert other.is_alive()
        assert list(folder.glob(".writing-*/a"))
        whole.write(b"the rest")
    assert writer.wait() == 0
    other.join()
    assert len(store.versions("model", "home")) == 2
    # Both clocks aside, the one that waited comes after the one that it waited for.
    first, second = (store.get("model", "home", v).path for v in store.versions("model", "home"))
    assert (first / "b").read_bytes() == b"the rest"
    assert (second / "model.json").read_bytes() == b"other"


def test_writers_at_the_same_time_all_succeed(store):
    done = []
    threads = [
        threading.Thread(target=lambda k=k: done.append(put(store, b"same" if k % 2 else b"%d" % k).version))
        for k in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 12
    assert sorted(set(done)) == store.versions("model", "home")
    assert len(set(done)) == 7
    for version in set(done):
        store.get("model", "home", version)


# --- versions that go -----------------------------------------------------------------------------


def rewrite(store, version, content, **metadata):
    return store.rewrite("model", "home", version, {"model.json": content}, metadata=metadata)


def test_a_rewritten_version_keeps_its_place_and_its_pointers(store):
    one, two, three = (put(store, b"%d" % i, days=i) for i in range(3))
    for version in (two.version, one.version, two.version):
        store.promote("model", "home", version)
    new = rewrite(store, two.version, b"less", n=1)
    assert store.versions("model", "home") == [one.version, new.version, three.version]
    assert store.champions("model", "home") == [new.version, one.version, new.version]
    assert store.get("model", "home", new.version) == new
    assert (new.path / "model.json").read_bytes() == b"less"
    assert new.created_at == two.created_at
    assert new.metadata == {"n": 1}
    assert new.further == {"rewrites": [two.version]}
    assert rewrite(store, new.version, b"least").further == {"rewrites": [two.version, new.version]}
    assert not two.path.exists()
    assert not new.path.exists()
    assert not list(new.path.parent.glob(".writing-*"))


def test_rewriting_the_same_payload_changes_nothing(store):
    old = put(store, b"one", note="kept")
    assert rewrite(store, old.version, b"one", note="other") == old
    assert store.get("model", "home") == old


STEPS = [("rename", 0), ("replace", 0), ("rename", 1), ("rmtree", 0)]


@pytest.mark.parametrize(("call", "number"), STEPS)
def test_a_rewriting_killed_at_any_step_is_finished_by_the_next_one(store, call, number):
    old, other = put(store, b"old"), put(store, b"other", days=1)
    store.promote("model", "home", old.version)
    code = f"""
import os, pathlib, shutil
from personas.store import ArtifactStore, Promotion
from personas.store.disk import locked
left = [{number}]
def stops(before):
    def call(*arguments, **named):
        if not left[0]:
            os._exit(9)
        left[0] -= 1
        return before(*arguments, **named)
    return call
owner = shutil if {call!r} == "rmtree" else pathlib.Path
setattr(owner, {call!r}, stops(getattr(owner, {call!r})))
store = ArtifactStore(pathlib.Path({str(store.root)!r}))
store.rewrite("model", "home", {old.version!r}, {{"model.json": b"new"}}, metadata={{}})
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    for version in store.versions("model", "home"):
        store.get("model", "home", version)
    assert store.champion("model", "home") in store.versions("model", "home")
    if old.version in store.versions("model", "home"):
        rewrite(store, old.version, b"new")
    (new,) = [v for v in store.versions("model", "home") if v != other.version]
    assert (store.get("model", "home", new).path / "model.json").read_bytes() == b"new"
    assert store.champion("model", "home") == new
    put(store, b"more", days=2)
    assert not list(old.path.parent.glob(".writing-*"))


def test_a_removed_version_is_gone_but_what_it_noted_is_remembered(store):
    one, two = put(store, b"one", ids=["P01", "P07"]), put(store, b"two", days=1)
    store.promote("model", "home", two.version)
    store.remove("model", "home", one.version)
    assert store.versions("model", "home") == [two.version]
    assert not one.path.exists()
    assert store.removed("model", "home") == {one.version: {"ids": ["P01", "P07"]}}
    with pytest.raises(NotFoundError, match="has no version"):
        store.remove("model", "home", one.version)


def test_of_two_removals_at_once_one_finds_nothing_to_remove(store):
    record, told = put(store), []

    def remove():
        try:
            store.remove("model", "home", record.version)
        except NotFoundError as error:
            told.append(str(error))

    with locked(record.path.parent):  # both have seen the version when they get their turn
        threads = [threading.Thread(target=remove) for _ in range(2)]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
    for thread in threads:
        thread.join()
    assert ["has no version" in text for text in told] == [True]
    assert list(store.removed("model", "home")) == [record.version]


def test_the_champion_is_never_removed(store):
    one = put(store)
    store.promote("model", "home", one.version)
    with pytest.raises(DataError, match="never removed"):
        store.remove("model", "home", one.version)
    assert store.get("model", "home") == one


def test_a_promotion_that_finds_no_space_changes_nothing(store, monkeypatch):
    one, two = put(store, b"one"), put(store, b"two")
    store.promote("model", "home", one.version)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.promote("model", "home", two.version)
    monkeypatch.undo()
    assert store.champion("model", "home") == one.version
    assert not list(one.path.parent.glob(".writing-*"))


def test_rolling_back_to_a_version_that_is_gone_says_so_and_changes_nothing(store):
    one, two = put(store, b"one"), put(store, b"two", days=1)
    for record in (one, two):
        store.promote("model", "home", record.version)
    store.remove("model", "home", one.version)
    with pytest.raises(
        NotFoundError, match=f"{one.version}, the champion .* before {two.version}, is no longer"
    ):
        store.rollback("model", "home")
    assert store.champions("model", "home") == [one.version, two.version]


def test_sweeping_removes_what_killed_writers_left_even_where_no_version_is(store):
    record = put(store)
    for folder in (record.path.parent, store.root / "scores" / "home"):
        (folder / ".writing-abc").mkdir(parents=True)
        (folder / ".writing-abc" / "scores.csv").write_text("u1")
    store.sweep()
    assert not list(store.root.rglob(".writing-*"))
    assert store.get("model", "home") == record
