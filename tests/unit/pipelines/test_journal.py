import json
from datetime import date

import pytest

from personas.errors import DataError, GateError
from personas.store import ArtifactStore
from pipelines.journal import Journal, earlier_records, is_whole, outputs_of, take_over

DAY = date(2026, 5, 1)


@pytest.fixture
def store(tmp_path):
    (tmp_path / "runs" / "home").mkdir(parents=True)
    return ArtifactStore(tmp_path)


def begun(store, continues=None):
    return Journal(store, "home", DAY, continues)


def unfinished(store):
    return store.root / "runs" / "home" / "unfinished.json"


def test_a_record_says_what_was_done_and_how_it_ended(store):
    journal = begun(store)
    with journal.until_the_end():
        with journal.step("check"):
            assert json.loads(unfinished(store).read_text())["steps"][0]["status"] == "running"
        journal.note(job="abc", versions={"model": "v1"})
        with journal.step("train") as note:
            note.is_reused, note.result = True, {"n": 1}
        journal.note(versions={"scored_with": "v1"})
        journal.end("done", 0, None)
    ((version, record),) = earlier_records(store, "home")
    assert version == journal.version
    assert [(row["step"], row["status"]) for row in record["steps"]] == [
        ("check", "done"),
        ("train", "reused"),
    ]
    assert record["versions"] == {"model": "v1", "scored_with": "v1"}
    assert (record["status"], record["exit_code"], record["as_of"]) == ("done", 0, "2026-05-01")
    assert record["started_at"] <= record["steps"][0]["ended_at"] <= record["ended_at"]
    assert store.metadata("runs", "home")[version] == {
        "as_of": "2026-05-01",
        "exit_code": 0,
        "job": "abc",
        "status": "done",
    }
    assert not unfinished(store).exists()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (GateError("no structure"), ("gate_said_no", 1, "no structure")),
        (DataError("users.csv: empty"), ("failed", 2, "users.csv: empty")),
        (OSError(28, "No space left on device"), ("failed", 2, "No space left on device")),
        (KeyboardInterrupt(), ("stopped", 130, "Stopped by Ctrl-C.")),
        (RuntimeError("could not convert 'someone@example.com'"), ("failed", 3, "RuntimeError")),
    ],
)
def test_an_error_is_the_reason_without_what_libraries_quote(store, error, expected):
    journal = begun(store)
    with pytest.raises(type(error)), journal.until_the_end(), journal.step("score"):
        raise error
    ((_, record),) = earlier_records(store, "home")
    assert (record["status"], record["exit_code"], record["reason"]) == expected
    assert record["steps"][0]["status"] == ("gate_said_no" if expected[1] == 1 else "failed")
    assert "example.com" not in json.dumps(record)


def test_what_a_killed_run_left_is_filed_once(store):
    assert take_over(store, "home") is None
    journal = begun(store)
    with journal.step("check"):
        pass
    context = journal.step("train")
    context.__enter__()  # and never left
    version, record = take_over(store, "home")
    assert record["status"] == "killed"
    assert record["reason"] == "The process ended in the step 'train'."
    assert [found for found, _ in earlier_records(store, "home")] == [version]
    assert take_over(store, "home") is None


def test_a_run_that_ended_just_before_its_record_was_filed_was_not_killed(store):
    journal = begun(store)
    journal.end("done", 0, None)
    assert take_over(store, "home") is None
    ((_, record),) = earlier_records(store, "home")
    assert record["status"] == "done"


def test_a_record_cut_by_a_power_cut_stops_nobody(store):
    begun(store)
    unfinished(store).write_text("")
    assert take_over(store, "home") is None
    assert not unfinished(store).exists()


def test_nothing_to_do_leaves_no_record(store):
    journal = begun(store)
    with journal.until_the_end():
        journal.drop()
    assert list(earlier_records(store, "home")) == []
    assert journal.version is None


def test_damaged_records_are_passed_over(store):
    for _ in range(2):
        journal = begun(store)
        with journal.until_the_end():
            journal.end("done", 0, None)
    (store.get("runs", "home").path / "run.json").write_text("{}")
    assert len(list(earlier_records(store, "home"))) == 1


def test_outputs_are_whole_until_a_byte_changes(store):
    journal = begun(store)
    with journal.until_the_end():
        journal.end("done", 0, None)
    version = store.get("runs", "home").path
    (store.root / "report.html").write_text("<p>")
    outputs = outputs_of(store, store.root / "report.html", version)
    assert list(outputs) == ["report.html", f"runs/home/{version.name}"]
    assert is_whole(store, outputs)
    (store.root / "report.html").write_text("<br>")
    assert not is_whole(store, outputs)
    (store.root / "report.html").write_text("<p>")
    assert is_whole(store, outputs)
    (version / "run.json").unlink()
    assert not is_whole(store, outputs)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"status": "running"}', '{"status": "running", "steps": 3}']
)
def test_an_unfinished_record_that_tells_nothing_is_put_away(store, text):
    unfinished(store).write_text(text)
    assert take_over(store, "home") is None
    assert not unfinished(store).exists()
    assert store.versions("runs", "home") == []
