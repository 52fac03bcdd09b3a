import json
import shlex
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.console import command, say, shown, steps, store_option


def test_paths_inside_the_current_folder_are_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "a" / "b.csv") == "a/b.csv"
    assert shown("a") == "a"
    assert shown(tmp_path.parent / "other") == str(tmp_path.parent / "other")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1, max_size=4))
def test_a_shell_reads_back_what_a_command_was_made_of(words):
    assert shlex.split(command(*words)) == ["personas", *words]


def test_the_usual_store_needs_no_option(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert store_option(tmp_path / "artifacts") == []
    assert store_option(tmp_path / "other") == ["--store", tmp_path / "other"]


def test_a_result_is_one_json_line_or_lines_for_people(capsys):
    say({"path": Path("a"), "name": "读者"}, ["one", "two"], as_json=True)
    assert json.loads(capsys.readouterr().out) == {"path": "a", "name": "读者"}
    say({}, ["one", "two"], as_json=False)
    assert capsys.readouterr().out == "one\ntwo\n"


def test_steps_are_silent_where_there_is_no_terminal(capsys):
    with steps() as progress, progress.step("work") as step:
        step(1, 2)
    assert capsys.readouterr() == ("", "")
