import os
import subprocess
import sys

import pytest

from personas.errors import BusyError, ConfigError
from pipelines.work_folder import beside_others, only_one, remove_dead, replaced, run_folder


def test_a_folder_lasts_as_long_as_its_run(tmp_path):
    with run_folder(tmp_path / "store") as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_text("x")
    assert not folder.exists()
    assert [path.name for path in (tmp_path / "store" / ".work").iterdir()] == [".lock"]


def test_a_folder_goes_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), run_folder(tmp_path) as folder:
        raise ZeroDivisionError
    assert not folder.exists()


def test_living_runs_do_not_meet(tmp_path):
    with run_folder(tmp_path) as one, run_folder(tmp_path) as two:
        assert one != two
        assert one.exists()
        assert two.exists()


def test_what_a_dead_process_left_is_removed(tmp_path):
    code = (
        "import os, pathlib; from pipelines.work_folder import run_folder\n"
        f"with run_folder(pathlib.Path({str(tmp_path)!r})) as folder: os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    unlocked = tmp_path / ".work" / "run-unlocked"  # killed between making and locking it
    unlocked.mkdir()
    assert len(list((tmp_path / ".work").glob("run-*"))) == 2
    with run_folder(tmp_path) as folder:
        assert list((tmp_path / ".work").glob("run-*")) == [folder]


def test_other_things_in_the_work_folder_stay(tmp_path):
    (tmp_path / ".work" / "mine").mkdir(parents=True)
    with run_folder(tmp_path):
        pass
    assert (tmp_path / ".work" / "mine").exists()


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "store").write_text("x")
    with pytest.raises(ConfigError, match="a file stands in its way"), run_folder(tmp_path / "store"):
        pass


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    target = tmp_path / "new" / "out.txt"
    with replaced(target) as partial:
        partial.write_text("one")
        assert not target.exists()
    with pytest.raises(ZeroDivisionError), replaced(target) as partial:
        partial.write_text(str(1 / 0))

    assert target.read_text() == "one"
    assert list(target.parent.iterdir()) == [target]


# --- one at a time --------------------------------------------------------------------------------


def test_a_second_process_is_told_who_is_at_work(tmp_path):
    code = (
        "import pathlib, sys; from personas.errors import BusyError; from pipelines.work_folder import only_one\n"
        "try:\n"
        f"    with only_one(pathlib.Path({str(tmp_path)!r}), 'home', 'second'): print('in')\n"
        "except BusyError as error: print(error)"
    )

    def second():
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    with only_one(tmp_path, "home", "personas run"), only_one(tmp_path, "shop", "personas run"):
        said = second()
        assert said.startswith(f"home: process {os.getpid()} (personas run) since 20")
    assert second() == "in\n"


def test_a_share_of_the_lock_keeps_out_who_wants_all_of_it(tmp_path):
    with (
        beside_others(tmp_path, "home", "personas score"),
        beside_others(tmp_path, "home", "personas train"),
        pytest.raises(BusyError, match=r"\(personas train\) since"),
        only_one(tmp_path, "home", "erase"),
    ):
        pass


def test_who_has_all_of_the_lock_shares_it_with_nobody(tmp_path):
    with (
        only_one(tmp_path, "home", "personas store erase"),
        beside_others(tmp_path, "shop", "another use case"),
        pytest.raises(BusyError, match=r"\(personas store erase\)"),
        beside_others(tmp_path, "home", "personas score"),
    ):
        pass


def test_a_process_that_has_gone_is_not_named(tmp_path):
    code = (
        "import pathlib; from pipelines.work_folder import beside_others\n"
        f"with beside_others(pathlib.Path({str(tmp_path)!r}), 'home', 'personas export'): pass"
    )
    with beside_others(tmp_path, "home", "personas score"):
        subprocess.run([sys.executable, "-c", code], check=True)
        with pytest.raises(BusyError, match="another process is at work"), only_one(tmp_path, "home", "run"):
            pass


def test_the_lock_of_a_dead_process_is_free(tmp_path):
    code = (
        "import os, pathlib; from pipelines.work_folder import only_one\n"
        f"with only_one(pathlib.Path({str(tmp_path)!r}), 'home', 'a long job of a process'): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    with (
        only_one(tmp_path, "home", "next"),
        pytest.raises(BusyError, match=r"\(next\)"),
        only_one(tmp_path, "home", "third"),
    ):
        pass


def test_half_written_things_of_dead_processes_go_and_those_of_living_ones_stay(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    folder = tmp_path / "deep"
    folder.mkdir()
    for process in (dead.pid, os.getpid()):
        (folder / f".shop-2025-12-01.html.{process}.partial").touch()
        (folder / f".partial-{process}-abc").mkdir()
        (folder / f".partial-{process}-abc" / "users.csv").touch()
    (folder / "partial-1.csv").touch()
    (folder / ".partial").touch()
    remove_dead(tmp_path)
    remove_dead(tmp_path / "absent")
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [
            f".shop-2025-12-01.html.{os.getpid()}.partial",
            f".partial-{os.getpid()}-abc",
            "partial-1.csv",
            ".partial",
        ]
    )
