"""One job, run by a scheduler: done once, continued after a kill, never two at once, gated, caught up."""

import json
import os
import random
import resource
import shutil
import signal
import sys
import warnings

import pyarrow.parquet as pq
import pytest

from personas.store import ArtifactStore
from pipelines.work_folder import only_one
from tests.integration import shop as house
from tests.integration.shop import AS_OF, N_USERS, run_personas

shop, trained = house.shop, house.trained


def records(shop):
    """Return the run records, oldest first."""
    store = ArtifactStore(shop.store)
    paths = (store.get("runs", "shop", version).path for version in store.versions("runs", "shop"))
    return [json.loads((path / "run.json").read_text(encoding="utf-8")) for path in paths]


def steps(record):
    return {row["step"]: row["status"] for row in record["steps"]}


def champion(shop):
    return ArtifactStore(shop.store).champion("models", "shop")


def quick(shop, **config):
    """Train quickly from here on; whatever else changes makes it another job."""
    shop.config["personas"]["clusterer"] = "kmeans"
    shop.config |= config
    shop.write_config()


def whole(answer, code=0):
    assert answer.code == code, answer.err
    return [json.loads(line) for line in answer.out.splitlines()]


# --- nothing twice --------------------------------------------------------------------------------


def test_a_finished_job_is_not_done_again(trained):
    before, (first,) = trained.files(), records(trained)
    assert first["status"] == "done"
    assert steps(first) == dict.fromkeys(("check", "train", "gate", "score", "report", "export"), "done")
    answer = trained.run("run")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("Nothing to do: the run as of 2025-12-01 ended ")
    (result,) = whole(trained.run("run", "--json"))
    assert result["status"] == "done_before"
    assert result["champion"] is True
    assert [receipt["n_users"] for receipt in result["receipts"]] == [150, 150]
    assert trained.files() == before
    assert trained.temporary() == []


def test_only_what_changed_is_done_again(trained):
    model = champion(trained)
    assert run_personas("models", "name", "P01", "年轻人", "--en", "Young", "--store", "store").code == 0
    (result,) = whole(trained.run("run", "--json"))
    assert result["version"] == model
    last = records(trained)[-1]
    assert steps(last) == {"check": "done", "train": "reused", "gate": "done"} | dict.fromkeys(
        ("score", "report", "export"), "done"
    )
    files = trained.files()
    shutil.rmtree(trained.store / "reports")
    whole(trained.run("run", "--json"))
    assert steps(records(trained)[-1])["score"] == "reused"
    assert set(files) <= set(trained.files())


def test_changed_data_is_another_job(trained):
    trained.write_rows("events", trained.rows("events")[:-1])
    quick(trained)
    whole(trained.run("run", "--json"))
    one, two = records(trained)
    assert one["job"] != two["job"]
    assert one["data"]["users"] == two["data"]["users"]
    assert one["data"]["events"] != two["data"]["events"]
    trained.write_rows("events", random.Random(0).sample(rows := trained.rows("events"), len(rows)))
    assert trained.run("run").out.startswith("Nothing to do")  # the order of rows is no change


def test_a_model_of_the_train_verb_is_used(trained):
    for folder in ("runs", "assignments", "audiences", "reports"):
        shutil.rmtree(trained.store / folder)
    whole(trained.run("run", "--json"))
    (record,) = records(trained)
    assert steps(record)["train"] == "reused"
    assert steps(record)["score"] == "done"


# --- the gate -------------------------------------------------------------------------------------


def test_where_the_gate_says_no_the_champion_scores(trained):
    good = champion(trained)
    quick(trained, gate={"min_users": 1000})
    answer = trained.run("run", "--json")
    (result,) = whole(answer, code=1)
    assert answer.err.startswith("Finding: 2025-12-01: The gate said no to shop/")
    assert "users of the smallest persona" in answer.err
    assert champion(trained) == good
    assert result["model_version"] == good
    assert result["champion"] is False
    assert result["status"] == records(trained)[-1]["status"] == "gate_said_no"
    assert pq.read_table(result["scored"]).num_rows == N_USERS
    again = trained.run("run")
    assert again.code == 1
    assert again.out.startswith("Nothing to do")
    assert again.err == answer.err

    # A disk that is full when the model is promoted: the champion stays, then the same command works.
    overruling = ("--force", "--reason", "tried", "--store", "store")
    promoting = ("models", "promote", f"shop/{result['version']}", *overruling)
    before = trained.files()
    code, _ = forked(trained, *promoting, n_bytes=16)
    assert code == 2
    assert champion(trained) == good
    assert trained.files() == before
    forced = trained.run("run", "--force", "--json")
    assert whole(forced)[0]["champion"] is True
    assert steps(records(trained)[-1])["train"] == "reused"
    (*_, promotion) = ArtifactStore(trained.store).promotions("models", "shop")
    assert (promotion.reason, promotion.is_forced) == ("personas run --force", True)


def test_a_first_model_that_the_gate_refuses_scores_nobody(shop):
    quick(shop, gate={"min_users": 1000})
    answer = shop.run("run")
    assert answer.code == 1
    assert "No model is in use, so nobody was scored" in answer.err
    assert champion(shop) is None
    assert not (shop.store / "assignments").exists()
    (record,) = records(shop)
    assert record["status"] == "gate_said_no"
    assert "smallest persona" in record["reason"]


def ask_for_the_impossible(shop):
    """Require a persona that nobody could find, so that training is refused."""
    (shop.folder / "wanted.yaml").write_text(
        "version: 1\nsource: ours\narchetypes:\n"
        "  - {key: old, name: {zh: 老人, en: Old}, attributes: {age: {from: 90}}}\n",
        encoding="utf-8",
    )
    shop.config["personas"] |= {"archetypes": "wanted.yaml", "archetype_use": "require"}
    quick(shop)


def test_where_training_is_refused_the_champion_scores(trained):
    good = champion(trained)
    ask_for_the_impossible(trained)
    answer = trained.run("run", "--json")
    (result,) = whole(answer, code=1)
    assert result["model_version"] == good
    assert steps(records(trained)[-1]) == {"check": "done", "train": "gate_said_no"} | dict.fromkeys(
        ("score", "report", "export"), "done"
    )
    assert trained.run("run").err == answer.err


# --- several days, and people's choices -----------------------------------------------------------


def test_a_list_of_days_goes_on_past_one_that_finds_nothing(shop):
    ask_for_the_impossible(shop)
    days = ["2025-12-01", "2025-12-10"]
    arguments = [word for day in days for word in ("--as-of", day)]
    answer = run_personas("run", "shop.yaml", *arguments, "--json")
    assert [result["as_of"] for result in whole(answer, code=1)] == days
    assert [(record["as_of"], record["status"]) for record in records(shop)] == [
        (day, "gate_said_no") for day in days
    ]
    assert all(day in answer.err for day in days)
    assert "Traceback" not in answer.err


def test_days_are_caught_up_in_order_and_a_withdrawn_model_does_not_come_back(trained):
    first = champion(trained)
    quick(trained)
    days = ["2025-12-20", "2025-11-01", "2025-12-10"]
    arguments = [word for day in days for word in ("--as-of", day)]
    answer = run_personas("run", "shop.yaml", *arguments, "--json")
    results = whole(answer)
    assert [record["as_of"] for record in records(trained)[1:]] == sorted(days)
    assert "version" not in results[0]  # no model for a day before the champion's
    assert results[0]["model_version"] == first
    assert [result["champion"] for result in results[1:]] == [True, True]
    exported = run_personas("export", "shop.yaml", "--destination", "file", "--dry-run", "--json")
    assert {r["as_of"] for r in json.loads(exported.out)["receipts"]} == {"2025-12-20"}
    before = trained.files()
    again = run_personas("run", "shop.yaml", *arguments)
    assert again.out.count("Nothing to do") == 3
    assert trained.files() == before

    assert run_personas("models", "rollback", "--store", "store").code == 0
    (result,) = whole(run_personas("run", "shop.yaml", "--as-of", "2025-12-20", "--json"))
    assert result["model_version"] == results[1]["version"] == champion(trained)
    assert result["champion"] is False
    assert "another one was chosen since" in result["reason"]


# --- two at once ----------------------------------------------------------------------------------


def test_a_second_start_says_who_is_at_work(trained):
    before = trained.files()
    (trained.folder / "ids.txt").write_text("U0001\n")
    with only_one(trained.store, "shop", "personas run"):
        for words in (
            ["run", "shop.yaml", "--as-of", AS_OF],
            ["train", "shop.yaml", "--as-of", AS_OF],
            ["score", "shop.yaml", "--as-of", AS_OF],
            ["export", "shop.yaml", "--destination", "file"],
            ["store", "prune", "--keep", "1", "--store", "store"],
            ["store", "erase", "--ids", "ids.txt", "--store", "store"],
        ):
            answer = run_personas(*words)
            assert answer.code == 2
            assert f"process {os.getpid()} (personas run) since " in answer.err
            assert "wait until it has ended" in answer.err
        assert run_personas("models", "list", "--store", "store").code == 0
    assert trained.files() == before
    assert trained.run("run").code == 0


# --- kills ----------------------------------------------------------------------------------------

CHANGES = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir")
SHARE_COPIED = 0.08


def forked(shop, *words, kill_at=None, n_bytes=None, copies=None):
    """Run a command in a copy of this process; kill it at its n-th change of a file, or let no file grow.

    ``copies`` is a folder for copies of the store as a kill would leave it at changes that a die picks.

    Returns
    -------
    code : int
        Exit code, or minus the number of the signal.
    n_changes : int
        How many changes it made before.
    """
    out, into = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads; none of them is needed
        process = os.fork()
    if process == 0:
        _child(shop, words, kill_at, n_bytes, copies, into)
    os.close(into)
    with os.fdopen(out) as pipe:
        n_changes = len(pipe.read())
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), n_changes


def _child(shop, words, kill_at, n_bytes, copies, into):
    n_changes, is_copying, dice = 0, False, random.Random(20)
    if n_bytes is not None:  # how a full disk looks to a writer
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))

    def watch(event, arguments):
        nonlocal n_changes, is_copying
        if is_copying or event not in CHANGES or not isinstance(arguments[0], (str, os.PathLike)):
            return
        is_read = event == "open" and not set(str(arguments[1])) & set("wax+")
        if is_read or not os.fspath(arguments[0]).startswith(str(shop.store)):
            return
        os.write(into, b".")
        if n_changes == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if copies is not None and dice.random() < SHARE_COPIED:
            is_copying = True
            shutil.copytree(shop.store, copies / f"{n_changes:04d}")
            is_copying = False
        n_changes += 1

    code = 3
    try:
        sys.addaudithook(watch)
        code = run_personas(*words).code
    finally:
        os._exit(code)


def check_whole(shop):
    """Check that every version that can be seen is whole, and that the champion is one of them."""
    store = ArtifactStore(shop.store)
    for kind in store.kinds():
        for name in store.names(kind):
            for version in store.versions(kind, name):
                store.get(kind, name, version)
    assert champion(shop) in (None, *store.versions("models", "shop"))


def contents(shop):
    """Return what a finished job leaves, apart from times: hashes of models and assignments, audience files."""
    store = ArtifactStore(shop.store)
    found = {kind: [v[-8:] for v in store.versions(kind, "shop")] for kind in ("models", "sketches")}
    tables = shop.store.glob("assignments/shop/*/assignments.parquet")
    rows = [pq.read_table(p).drop_columns(["model_version"]).to_pylist() for p in tables]
    files = sorted(p.relative_to(shop.store).parts[3:] for p in shop.store.glob("audiences/shop/*/*/*/*"))
    reports = [p.name.partition("-2025")[0] for p in shop.store.glob("reports/*")]
    return found["models"], len(found["sketches"]), rows, files, reports


def test_killed_at_any_of_twenty_points_a_run_is_continued_by_the_next(shop, tmp_path, monkeypatch):
    """Eleven points of a run from nothing, and at each of them one more of the run that goes on with it.

    What a kill leaves at the first eleven is copied while one run goes by, so that it is trained once and not eleven times.
    """
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")  # a copy of this process has none of its workers
    quick(shop)
    words = ("run", "shop.yaml", "--as-of", AS_OF, "--json")
    code, n_changes = forked(shop, *words, copies=tmp_path / "killed")
    assert code == 0
    expected = contents(shop)

    dice, n_kills = random.Random(20), 0
    for left in sorted(dice.sample(sorted((tmp_path / "killed").iterdir()), 11)):
        shutil.rmtree(shop.store)
        left.rename(shop.store)
        check_whole(shop)
        code, _ = forked(shop, *words, kill_at=dice.randrange(n_changes - int(left.name)))
        assert code in (0, -signal.SIGKILL)  # 0: it was nearly done, and had fewer things left to do
        n_kills += 1 + (code != 0)
        check_whole(shop)
        answer = shop.run("run", "--json")
        (result,) = whole(answer)
        check_whole(shop)
        assert contents(shop) == expected
        assert shop.temporary() == []
        assert result["n_users"] == N_USERS
        statuses = [record["status"] for record in records(shop)]
        assert set(statuses) <= {"killed", "done"}
        assert statuses.count("done") == 1
        assert shop.run("run").out.startswith("Nothing to do")
    assert n_kills >= 20


def test_a_disk_that_fills_up_ends_a_run_and_the_next_one_goes_on(shop, monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    quick(shop)
    code, _ = forked(shop, "run", "shop.yaml", "--as-of", AS_OF, n_bytes=60 << 10)
    assert code == 2
    check_whole(shop)
    (result,) = whole(shop.run("run", "--json"))
    assert result["n_users"] == N_USERS
    assert shop.temporary() == []


@pytest.mark.parametrize(("at", "says"), [("train", "champion: none"), ("report", "the model of that run")])
def test_the_next_run_says_what_a_killed_one_left(shop, monkeypatch, at, says):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    quick(shop)

    def killed(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(f"pipelines.run.{'write_report' if at == 'report' else 'train'}", killed)
        code, _ = forked(shop, "run", "shop.yaml", "--as-of", AS_OF)
    assert code == -signal.SIGKILL
    answer = shop.run("run")
    assert answer.code == 0, answer.err
    told = answer.out.splitlines()[:3]
    assert told[0].startswith("The run as of 2025-12-01 that began ")
    assert told[0].endswith(f"was killed. The process ended in the step '{at}'.")
    assert says in told[1]
    assert told[2] == "This run goes on from there."
    one, two = records(shop)
    assert (one["status"], two["status"]) == ("killed", "done")
    assert two["continues"] == ArtifactStore(shop.store).versions("runs", "shop")[0]
    assert steps(two)["train"] == ("done" if at == "train" else "reused")
