import subprocess
import sys

import pytest

from personas.errors import ConfigError
from pipelines.work_folder import replaced, run_folder


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
