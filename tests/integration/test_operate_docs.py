"""The examples for schedulers are commands that the command line takes, and Python that compiles."""

import ast
import re
import shlex
from pathlib import Path

import click
import pytest

from pipelines.cli import cli

DOCS = Path(__file__).parents[2] / "docs"
TEXT, CHINESE = ((DOCS / name).read_text(encoding="utf-8") for name in ("operate.md", "operate.zh-CN.md"))
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)
DATES = (r"$(date +\%F)", "$$(date +%%F)", "{{ data_interval_end | ds }}")


def commands():
    for _, block in BLOCKS:
        plain = block
        for date in DATES:
            plain = plain.replace(date, "2025-12-01")
        yield from re.findall(r"""personas (?:run|store)\b[^"'\n>]*""", plain)


def test_there_are_examples_for_every_scheduler():
    assert {language for language, _ in BLOCKS} == {"sh", "cron", "ini", "python"}
    assert len(list(commands())) == 10
    assert not any(mark in TEXT for mark in ("TODO", "@@"))


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_a_command_of_the_examples_is_understood(line):
    context, words = click.Context(cli), shlex.split(line)[1:]
    command = cli
    while isinstance(command, click.Group):
        _, command, words = command.resolve_command(context, words)
    found = command.make_context(line, words)  # raises where an option is unknown or missing
    assert "2025-12-01" not in line or [str(day) for day in found.params["dates"]][-1] == "2025-12-01"


def test_the_dag_compiles_and_maps_the_exit_code_of_the_gate():
    (code,) = (block for language, block in BLOCKS if language == "python")
    tree = ast.parse(code)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    options = {word.arg: word.value for call in calls for word in call.keywords}
    assert ast.literal_eval(options["skip_on_exit_code"]) == 1
    assert ast.literal_eval(options["max_active_runs"]) == 1
    assert ast.literal_eval(options["trigger_rule"]) == "none_failed"


def test_every_field_of_a_run_record_is_explained(tmp_path):
    from datetime import date

    from personas.store import ArtifactStore
    from pipelines.journal import Journal

    journal = Journal(ArtifactStore(tmp_path), "shop", date(2025, 12, 1), None)
    known = {*journal.record, "job", "data", "config_sha256"}
    rows = re.findall(r"^\| (`[^|]*`) \|", TEXT, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert known <= told


def test_the_chinese_page_is_a_twin():
    """The same examples, headings, rows and list items, the same words in code, and a link to one another."""
    assert re.findall(r"```(\w+)\n(.*?)```", CHINESE, re.DOTALL) == BLOCKS
    assert "](operate.zh-CN.md)" in TEXT
    assert "](operate.md)" in CHINESE
    for start in ("## ", "| ", "* "):
        lines = [[line for line in text.splitlines() if line.startswith(start)] for text in (TEXT, CHINESE)]
        assert len(lines[0]) == len(lines[1]), start
    code = [
        sorted(set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", t, flags=re.DOTALL))))
        for t in (TEXT, CHINESE)
    ]
    assert code[0] == code[1]
