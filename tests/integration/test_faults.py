import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time

import pyarrow.parquet as pq
import pytest

from tests.integration import shop as house
from tests.integration.shop import AS_OF, N_USERS

shop, trained = house.shop, house.trained


def start(shop, verb, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", verb, "shop.yaml", "--as-of", AS_OF, "--json"],
        cwd=shop.folder,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def kill(process):
    """Kill the run; its own workers, which would hold the pipes open for minutes, only afterwards."""
    process.send_signal(signal.SIGKILL)
    process.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def champion(shop):
    return json.loads((shop.store / "models" / "shop" / "champion.json").read_text())["version"]


def wait_for(process, happened):
    """Wait until something is there, or the process has ended without it."""
    while not happened():
        if process.poll() is not None:
            return False
        time.sleep(0.002)
    return True


def moments(shop):
    work = shop.store / ".work"
    return {
        "reading": lambda: any(work.glob("run-*/engine-*/engine.duckdb")),
        "features": lambda: any(work.glob("run-*/features.parquet")),
        "writing a version": lambda: any(shop.store.glob("*/shop/.writing-*")),
    }


@pytest.mark.parametrize(
    ("verb", "moment"),
    [
        ("train", "reading"),
        ("train", "writing a version"),
        ("score", "reading"),
        ("score", "features"),
        ("score", "writing a version"),
    ],
)
def test_after_a_kill_the_last_good_outputs_are_used_and_the_next_run_works(trained, verb, moment):
    if verb == "train":  # another model, so that there is something to write
        trained.config["personas"]["random_state"] = 5
        trained.config["personas"]["n_personas"] = 3
    else:
        trained.write_rows("users", trained.rows("users")[:-1])
        known = {row["uid"] for row in trained.rows("users")}
        trained.write_rows("events", [row for row in trained.rows("events") if row["uid"] in known])
    trained.write_config()
    good = champion(trained)
    before = trained.files()
    process = start(trained, verb)
    hit = wait_for(process, moments(trained)[moment])
    kill(process)
    if moment != "writing a version":  # that one lasts a few milliseconds and may be missed
        assert hit
        assert process.returncode == -signal.SIGKILL
        assert any((trained.store / ".work").glob("run-*"))

    assert champion(trained) == good
    whole = [file for file in trained.files() if ".work" not in file and ".writing-" not in file]
    assert set(before) <= set(whole)
    exported = trained.run("export", "--destination", "file", "--dry-run", "--json")
    assert exported.code == 0, exported.err
    again = trained.run(verb, "--json")
    assert again.code == 0, again.err
    assert trained.temporary() == []
    if verb == "score":
        assert json.loads(again.out)["n_users"] == N_USERS - 1


def test_ctrl_c_says_so_in_one_line_and_leaves_nothing(trained):
    before = trained.files()
    trained.config["personas"]["random_state"] = 5
    trained.write_config()
    # A shell that runs the tests in the background hands down an ignored SIGINT.
    process = start(trained, "train", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert wait_for(process, moments(trained)["reading"])
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert err.strip("\n") == "Stopped; nothing was half-written."
    assert trained.files() == before
    assert trained.temporary() == []


def test_two_trainings_at_once(shop):
    one = start(shop, "train")
    shop.config["personas"]["n_personas"] = 3
    wait_for(one, moments(shop)["reading"])
    shop.write_config()
    two = start(shop, "train")
    results = [process.communicate(timeout=120) for process in (one, two)]
    assert [one.returncode, two.returncode] == [0, 0], results
    versions = {json.loads(out)["version"] for out, _ in results}
    assert len(versions) == 2
    assert champion(shop) in versions
    assert {path.name for path in (shop.store / "models" / "shop").iterdir() if path.is_dir()} == versions
    assert shop.temporary() == []
    assert shop.run("score").code == 0


def test_scoring_during_scoring(trained):
    trained.write_rows("users", [{**row, "age": "40"} for row in trained.rows("users")])
    processes = [start(trained, "score") for _ in range(2)]
    results = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], results
    one, two = (json.loads(out) for out, _ in results)
    assert one["scored"] == two["scored"]
    assert pq.read_table(one["scored"]).num_rows == N_USERS
    assert trained.temporary() == []


@pytest.mark.parametrize("n_kilobytes", [4, 60])
def test_a_full_disk(trained, n_kilobytes):
    """No file may grow beyond a few kilobytes, which is how a full disk looks to a writer."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_kilobytes << 10, n_kilobytes << 10))

    before = trained.files()
    trained.config["personas"]["random_state"] = 5
    trained.write_config()
    for verb in ("train", "score"):
        out, err = (process := start(trained, verb, preexec_fn=limit)).communicate(timeout=120)
        assert process.returncode == 2, err
        assert out == ""
        assert err.startswith("Error: ")
        assert "disk" in err or "too large" in err
        assert "Traceback" not in err
        assert trained.files() == before
        assert trained.temporary() == []


def test_folders_of_killed_runs_go_and_those_of_living_runs_stay(shop):
    from pipelines.work_folder import run_folder

    killed = start(shop, "train")
    assert wait_for(killed, moments(shop)["reading"])
    kill(killed)
    (left,) = (shop.store / ".work").glob("run-*")
    with run_folder(shop.store) as first:
        (first / "mine").write_text("x")
        assert not left.exists()
        other = threading.Thread(target=lambda: shop.run("check"))
        other.start()
        other.join()
        assert (first / "mine").read_text() == "x"
    assert shop.temporary() == []
