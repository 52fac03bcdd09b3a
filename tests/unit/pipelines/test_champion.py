"""Promote, roll back, compare: on stored models, by the commands."""

import contextlib
import io
import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from personas.config import parse_config
from personas.errors import DataError, GateError
from personas.model.gate import GateCheck, GateReport, GateRules, gate_to_bytes
from personas.model.lineage import lineage_entry
from personas.model.persist import load_model, model_to_files
from personas.schema import Text
from personas.store import ArtifactStore
from pipelines.champion import GATE_FILE, champion_model, check_champion, gate_rules, settle_first
from pipelines.cli import main
from pipelines.models import MODELS, open_model

GOLDEN = Path(__file__).parents[2] / "golden" / "model-format-1"
MAY = datetime(2026, 5, 1, tzinfo=UTC)


def _gate(*, passed):
    reason = Text("0.5，要求不低于 0.8", "0.500, asked for at least 0.800")
    return GateReport((GateCheck("kept_users", 0.5, None, 0.8, passed, reason),), date(2026, 4, 1))


class Store:
    """Versions of one golden model in a store of their own."""

    def __init__(self, root):
        self.store = ArtifactStore(root)
        self.n_stored = 0

    def put(self, *, gate=None, beside=None, as_of="2026-05-01"):
        """Store another version; ``gate`` None = as before there was one."""
        model = replace(load_model(GOLDEN), metrics={"stability": float(self.n_stored)})
        files = model_to_files(model)
        if gate is not None:
            files[GATE_FILE] = gate_to_bytes(gate)
        self.n_stored += 1
        noted = {"as_of": as_of, "persona_ids": ["P01", "P02"], "beside": beside}
        noted["lineage"] = lineage_entry(model)
        record = self.store.put(
            MODELS, "家庭", files, created_at=MAY + timedelta(days=self.n_stored), metadata=noted
        )
        return record.version

    @property
    def champion(self):
        return self.store.champion(MODELS, "家庭")

    def run(self, *words):
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as stop,
        ):
            main(["models", *words, "--store", str(self.store.root)])
        return stop.value.code, out.getvalue(), err.getvalue()


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store")
    made.store.promote(MODELS, "家庭", made.put(gate=_gate(passed=True)))
    return made


def test_a_passed_gate_lets_a_challenger_take_over(store):
    first, second = store.champion, store.put(gate=_gate(passed=True), beside=store.champion)
    code, out, _ = store.run("promote", second)
    assert (code, store.champion) == (0, second)
    assert "is now the champion" in out
    last = store.store.promotions(MODELS, "家庭")[-1]
    assert (last.reason, last.is_forced) == ("its gate passed", False)
    assert last.at is not None
    assert store.run("promote", second)[0] == 0  # again: nothing happens
    assert store.store.champions(MODELS, "家庭") == [first, second]


def test_a_gate_that_said_no_is_overruled_only_with_a_reason(store):
    first, second = store.champion, store.put(gate=_gate(passed=False), beside=store.champion)
    code, _, err = store.run("promote", second)
    assert (code, store.champion) == (1, first)
    assert "users who keep their persona id 0.500, asked for at least 0.800" in err
    assert f"personas models promote 家庭/{second} --force --reason" in err
    code, _, err = store.run("promote", second, "--force")
    assert (code, store.champion) == (2, first)
    assert "--force needs --reason" in err
    assert store.run("promote", second, "--force", "--reason", "new catalogue")[0] == 0
    last = store.store.promotions(MODELS, "家庭")[-1]
    assert (last.version, last.reason, last.is_forced) == (second, "new catalogue", True)


def test_a_model_of_an_older_format_or_of_another_champion_needs_a_reason(store):
    old = store.put()
    code, _, err = store.run("promote", old)
    assert code == 1
    assert "stored before there was a gate" in err
    other = store.put(gate=_gate(passed=True), beside=old)
    code, _, err = store.run("promote", other)
    assert code == 1
    assert f"was judged against {old}, but the champion is now {store.champion}" in err


def test_a_rollback_is_one_step(store):
    first, second = store.champion, store.put(gate=_gate(passed=True), beside=store.champion)
    store.run("promote", second)
    code, out, _ = store.run("rollback", "--reason", "complaints", "--json")
    assert code == 0
    assert json.loads(out) == {"model": "家庭", "champion": first, "withdrawn": second}
    assert store.champion == first
    code, _, err = store.run("rollback", "家庭")
    assert (code, store.champion) == (2, first)
    assert f"was promoted before {first}" in err
    assert store.run("rollback", "nobody")[0] == 2


def test_a_withdrawn_model_comes_back_by_word_and_the_record_says_so(store):
    second = store.put(gate=_gate(passed=True), beside=store.champion)
    store.run("promote", second)
    store.run("rollback")
    code, out, _ = store.run("promote", second)
    assert (code, store.champion) == (0, second)
    assert "is now the champion again" in out
    assert "so nothing is overruled" in out
    assert store.store.promotions(MODELS, "家庭")[-1].reason == "its gate passed; it was withdrawn before"


@pytest.mark.parametrize("day", ["2026-06-01", "20260601"])
def test_an_as_of_date_stands_for_the_one_model_of_that_day(store, day):
    only = store.put(beside=store.champion, as_of="2026-06-01")
    for reference in (day, f"家庭/{day}"):
        code, out, err = store.run("compare", store.champion, reference)
        assert code == 0, err
        assert only in out
    assert store.run("show", "2026-05-02")[0] == 2  # the day of writing is no as-of date


def test_an_as_of_date_of_several_models_is_refused_with_their_versions(store):
    second = store.put(beside=store.champion)
    code, _, err = store.run("show", "家庭/2026-05-01")
    assert code == 2
    assert f"{second} (as of 2026-05-01)" in err


def test_models_are_compared_by_profiles_where_nothing_else_is_known(store):
    second = store.put(beside=store.champion)
    code, out, _ = store.run("compare", store.champion, second)
    assert code == 0
    assert "by profiles alone" in out
    assert "都市家庭 / Urban families" in out
    code, out, _ = store.run("compare", store.champion, second, "--json")
    found = json.loads(out)
    assert (found["by"], found["migration"], found["gate"]) == ("profiles", None, None)
    assert {row["persona_id"] for row in found["events"]} == {"P01", "P02"}
    code, _, err = store.run("compare", store.champion, second, "--as-of", "2026-05-01")
    assert code == 2
    assert "--config and --as-of go together" in err


def test_nobody_is_scored_by_a_model_that_no_gate_let_through(tmp_path):
    made = Store(tmp_path / "store")
    waiting = made.put(gate=_gate(passed=False))
    stored = open_model(made.store, "家庭")
    with pytest.raises(GateError, match=rf"no champion yet.*personas models promote 家庭/{waiting}"):
        check_champion(made.store, stored)
    assert champion_model(made.store, "家庭") is None
    assert made.run("promote", waiting, "--force", "--reason", "a start")[0] == 0
    check_champion(made.store, open_model(made.store, "家庭"))


@pytest.mark.parametrize(
    ("passed", "force", "settled"), [(True, False, True), (False, False, False), (False, True, True)]
)
def test_the_first_model_is_champion_if_its_gate_passes_or_somebody_forces_it(
    tmp_path, passed, force, settled
):
    made = Store(tmp_path / "store")
    report = _gate(passed=passed)
    version = made.put(gate=report)
    assert settle_first(made.store, "家庭", version, report, force=force) is settled
    assert (made.champion == version) is settled
    assert [p.is_forced for p in made.store.promotions(MODELS, "家庭")] == ([not passed] if settled else [])
    if settled:
        assert not settle_first(made.store, "家庭", made.put(gate=report), report, force=True)
        assert made.champion == version


def test_a_champion_of_a_later_format_stops_a_training_with_a_way_out(store):
    files = model_to_files(load_model(GOLDEN))
    raw = {**json.loads(files["model.json"]), "format": 9}
    files["model.json"] = json.dumps(raw).encode()
    record = store.store.put(MODELS, "家庭", files, created_at=MAY + timedelta(days=90), metadata={})
    store.store.promote(MODELS, "家庭", record.version)
    with pytest.raises(DataError, match=r"has format 9.*personas models rollback 家庭"):
        champion_model(store.store, "家庭")
    assert store.run("rollback")[0] == 0
    assert champion_model(store.store, "家庭") is not None


def test_the_only_champion_that_cannot_be_read_is_named_with_its_place(tmp_path):
    made = Store(tmp_path / "store")
    first = made.put(gate=_gate(passed=True))
    made.store.promote(MODELS, "家庭", first)
    (made.store.root / MODELS / "家庭" / first / "scorecard.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match=rf"no champion before it.* move .*家庭/{first} out of the store"):
        champion_model(made.store, "家庭")


def test_a_model_that_cannot_be_read_does_not_hide_the_others(store):
    second = store.put(gate=_gate(passed=True), beside=store.champion)
    (store.store.root / MODELS / "家庭" / second / "model.json").unlink()
    code, out, _ = store.run("list")
    assert code == 0
    assert f"* 家庭/{store.champion}  as of " in out
    assert f"  家庭/{second}  can't be read: The file 'model.json' of models/家庭/{second} is gone" in out
    rows = json.loads(store.run("list", "--json")[1])["models"]
    assert [row["champion"] for row in rows] == [True, False]


def _full(*_):
    raise OSError(28, "No space left on device")


def test_a_disk_that_refuses_a_promotion_or_a_rollback_leaves_one_of_two_states_and_says_which(
    store, monkeypatch
):
    first, second = store.champion, store.put(gate=_gate(passed=True), beside=store.champion)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _full)
        code, _, err = store.run("promote", second)
    assert (code, store.champion) == (2, first)
    assert "No space left on device; expected to read and write here" in err
    assert f"The store is whole; the champion of 家庭 is {first} (as before)." in err
    store.run("promote", second)
    with monkeypatch.context() as patch:  # after the pointer has got its name
        patch.setattr("personas.store.disk.sync", _full)
        code, _, err = store.run("rollback")
    assert (code, store.champion) == (2, first)
    assert f"the champion of 家庭 is {first} (the new one)." in err


def test_promoting_the_champion_again_changes_nothing(store):
    before = store.store.promotions(MODELS, "家庭")
    for words in ((), ("--force", "--reason", "to be sure")):
        code, out, _ = store.run("promote", store.champion, *words)
        assert code == 0
        assert "is the champion already" in out
    assert store.store.promotions(MODELS, "家庭") == before


def test_a_rollback_to_a_model_that_was_pruned_says_so(store):
    first, second = store.champion, store.put(gate=_gate(passed=True), beside=store.champion)
    store.run("promote", second)
    store.store.remove(MODELS, "家庭", first)
    code, _, err = store.run("rollback")
    assert (code, store.champion) == (2, second)
    assert f"{first}, the champion of models '家庭' before {second}, is no longer in the store" in err


@pytest.mark.parametrize(
    ("earlier", "says"),
    [
        ("nobody", "is no model here"),
        ("2026", "models of '家庭' have a version starting with '2026', or that as-of date; choose one of"),
    ],
)
def test_a_model_that_is_unknown_or_not_the_only_one_is_not_compared(store, earlier, says):
    store.put(gate=_gate(passed=True), beside=store.champion)
    code, _, err = store.run("compare", earlier, store.champion)
    assert code == 2
    assert says in err


def test_models_of_two_use_cases_are_told_apart(store):
    files = model_to_files(replace(load_model(GOLDEN), name="shop"))
    store.store.put(MODELS, "shop", files, created_at=MAY, metadata={})
    code, _, err = store.run("compare", "shop", store.champion)
    assert code == 2
    assert "shop is a model of shop" in err
    assert "expected two models of one use case" in err
    assert "'2026' means models of shop, 家庭; say which" in store.run("show", "2026")[2]
    assert "holds models of shop, 家庭; say which" in store.run("rollback")[2]


def test_a_model_is_itself(store):
    code, out, _ = store.run("compare", store.champion, store.champion, "--json")
    assert code == 0
    assert {event["kind"] for event in json.loads(out)["events"]} == {"kept"}


def test_the_rules_of_the_config_are_those_of_the_gate():
    raw = {"name": "shop", "sources": {"users": {"path": "u.csv"}}}
    assert gate_rules(parse_config(raw, "shop.yaml").gate) == GateRules()
    asked = parse_config({**raw, "gate": {"min_kept_users": 0.5}}, "shop.yaml").gate
    assert gate_rules(asked) == GateRules(min_kept_users=0.5)
