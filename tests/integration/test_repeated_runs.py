"""Running, exporting and naming again and again: nothing is lost and nothing gets stuck."""

import json
import shutil
from pathlib import Path

import pytest

from tests.integration import shop as house
from tests.integration.shop import AS_OF, run_personas

shop, trained = house.shop, house.trained

QUOTING = "could not convert 'someone@example.com'"


def _models():
    return json.loads(run_personas("models", "list", "--store", "store", "--json").out)["models"]


def _champion():
    (model,) = [model for model in _models() if model["champion"]]
    return model["version"]


NOBODY_PASSES = {"min_users": 1_000_000}


def _train_three(shop, gate=None):
    shop.config["personas"]["n_personas"] = 3
    shop.config["gate"] = gate or {}
    shop.write_config()
    answer = shop.run("train", "--json")
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def _files(folder):
    return {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def _export(shop, *arguments):
    answer = shop.run("export", "--destination", "file", *arguments, "--json")
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


# --- names ----------------------------------------------------------------------------------------


def test_a_name_that_another_persona_goes_by_is_refused(trained):
    first, second = json.loads(run_personas("models", "show", "--store", "store", "--json").out)["personas"]
    for name in (second["name_en"], second["persona_id"]):
        answer = run_personas("models", "name", first["persona_id"], name, "--store", "store")
        assert answer.code == 2
        assert f"since {second['persona_id']} has that name or id" in answer.err


def test_remembered_names_that_collide_in_another_model_never_stop_it(trained):
    three = _train_three(trained)
    old = json.loads(run_personas("models", "show", "--store", "store", "--json").out)["personas"]
    taken = {name for p in old for name in (p["name_zh"], p["name_en"])}
    owner = next(p for p in three["personas"] if taken.isdisjoint({p["name_zh"], p["name_en"]}))
    renamed = next(p["persona_id"] for p in old if p["persona_id"] != owner["persona_id"])
    name = [owner["name_zh"], "--en", owner["name_en"]]
    given = run_personas("models", "name", renamed, *name, "--store", "store")
    assert given.code == 0, given.err
    reference = f"shop/{three['version']}"
    shown = run_personas("models", "show", reference, "--store", "store", "--json")
    assert shown.code == 0, shown.err
    names = [p["name_en"] for p in json.loads(shown.out)["personas"]]
    assert len(set(names)) == 3
    again = trained.run("train", "--json")
    assert again.code == 0, again.err
    names = {p["persona_id"]: p["name_en"] for p in json.loads(again.out)["personas"]}
    assert names[renamed] == owner["name_en"]
    assert len(set(names.values())) == 3


# --- exports --------------------------------------------------------------------------------------


def test_the_strictest_of_several_consents_is_exported(trained):
    users = [row["uid"] for row in trained.rows("users")]
    rows = [{"user_id": user, "opt_out": "no"} for user in users]
    rows += [{"user_id": user, "opt_out": "yes"} for user in users[:10]]
    trained.write_rows("consents", rows)
    trained.config["sources"]["consents"] = {"path": "consents.csv"}
    trained.write_config()
    receipts = _export(trained)["receipts"]
    assert sum(receipt["suppressed"].get("opt_out", 0) for receipt in receipts) == 10
    assert sum(receipt["n_users"] for receipt in receipts) == len(users) - 10


def test_exports_of_one_week_stand_beside_each_other(trained):
    before = _files("store/audiences")
    assert before
    _export(trained, "--format", "xlsx")
    _export(trained, "--min-confidence", "0.7")
    assert run_personas("score", "shop.yaml", "--as-of", "2025-12-03").code == 0
    later = _export(trained)
    assert {receipt["as_of"] for receipt in later["receipts"]} == {"2025-12-03"}
    after = _files("store/audiences")
    assert before.items() <= after.items()
    receipts = [json.loads(text) for path, text in after.items() if path.name == "receipt.json"]
    assert len({(r["as_of"], r["folder"], r["persona_id"]) for r in receipts}) == len(receipts) == 8


def test_what_was_scored_last_is_exported_even_when_it_was_stored_before(trained):
    first = _champion()
    other = _train_three(trained, NOBODY_PASSES)["version"]
    assert trained.run("score", "--model", other).code == 0
    assert {r["model_version"] for r in _export(trained, "--dry-run")["receipts"]} == {other}
    assert trained.run("score").code == 0  # equal bytes: no new version
    assert {r["model_version"] for r in _export(trained, "--dry-run")["receipts"]} == {first}
    assert trained.run("score", "--model", other).code == 0
    answer = trained.run("run", "--json")
    assert answer.code == 1, answer.err  # the gate keeps the third persona out: the champion scores
    assert {r["model_version"] for r in json.loads(answer.out)["receipts"]} == {first}


def test_the_report_shows_the_users_scored_last(trained):
    for as_of in ("2025-12-03", AS_OF):  # the second time: equal bytes, no new version
        assert run_personas("score", "shop.yaml", "--as-of", as_of).code == 0
        assert run_personas("report", "--store", "store", "--output", "report.html").code == 0
        assert f"scored as of {as_of} by model" in Path("report.html").read_text(encoding="utf-8")


def test_reports_of_two_models_of_one_day_stand_beside_each_other(trained):
    before = _files("store/reports")
    other = _train_three(trained)["version"]
    assert run_personas("report", other, "--store", "store").code == 0
    after = _files("store/reports")
    assert before.items() <= after.items()
    (new,) = after.keys() - before.keys()
    assert other[-8:] in new.name


# --- champions that do not fit --------------------------------------------------------------------


def _change(shop, change):
    if change == "lookback":
        shop.config["features"] = {"lookback_days": 180}
    else:
        shop.config["attributes"]["plan"] |= {"kind": "ordinal", "levels": ["none", "basic", "gold"]}
    shop.write_config()


@pytest.mark.parametrize("change", ["lookback", "kind"])
def test_a_model_of_the_changed_config_takes_over_if_its_gate_passes(trained, change):
    before = _champion()
    _change(trained, change)
    answer = trained.run("run")
    assert answer.code == 0, answer.err
    assert _champion() != before


@pytest.mark.parametrize("change", ["lookback", "kind"])
def test_a_run_that_the_champion_does_not_fit_says_what_to_promote(trained, change):
    known = {model["version"] for model in _models()}
    trained.config["gate"] = NOBODY_PASSES
    _change(trained, change)
    answer = trained.run("run")
    assert answer.code == 2
    (new,) = [model["version"] for model in _models() if model["version"] not in known]
    command = f"personas models promote shop/{new}"
    assert command in answer.err
    assert "train again" not in answer.err
    refused = run_personas(*command.split()[1:], "--store", "store")
    assert refused.code == 1
    assert "users of the smallest persona 150, asked for at least 1000000" in refused.err
    assert _champion() in known
    forced = [*command.split()[1:], "--force", "--reason", "the old one fits no longer", "--store", "store"]
    assert run_personas(*forced).code == 0
    assert trained.run("run").code == 0


def test_a_champion_whose_folder_was_deleted_is_named(trained):
    gone, other = _champion(), _train_three(trained, NOBODY_PASSES)["version"]
    shutil.rmtree(trained.store / "models" / "shop" / gone)
    for verb in ("train", "score"):
        answer = trained.run(verb)
        assert answer.code == 2
        assert gone in answer.err
        assert f"personas models promote shop/{other} --store store" in answer.err
    promote = ["models", "promote", f"shop/{other}", "--store", "store"]
    assert run_personas(*promote).code == 1  # its gate said no, whoever it was held against
    assert run_personas(*promote, "--force", "--reason", "the other one is gone").code == 0
    assert trained.run("score").code == 0


def test_training_starts_afresh_when_every_model_was_deleted(trained):
    shutil.rmtree(trained.store / "models" / "shop" / _champion())
    answer = trained.run("run")
    assert answer.code == 0, answer.err
    (model,) = _models()
    assert model["champion"]


# --- what is said ---------------------------------------------------------------------------------


def test_check_says_the_day_that_ages_are_counted_to(trained):
    assert f"Ages as of {AS_OF}." in trained.run("check").out
    assert json.loads(trained.run("check", "--json").out)["as_of"] == AS_OF


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_our_own_faults_are_shown_without_the_values_that_libraries_quote(trained, monkeypatch, form):
    def fail(*_):
        try:
            raise ValueError(QUOTING)
        except ValueError as error:
            raise RuntimeError(QUOTING) from error

    monkeypatch.setattr("pipelines.jobs.load_config", fail)
    answer = trained.run("check", *form)
    assert answer.code == 3
    assert "@example" not in answer.err
    assert "builtins.RuntimeError" in answer.err
    assert "builtins.ValueError" in answer.err
    assert "pipelines/jobs.py" in answer.err
    assert answer.out == ""
