"""Talk to the person or program that called: progress on a terminal, JSON when asked for."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_PLAIN = re.compile(r"[\w@%+=:,./-]+")  # \w includes Chinese, which a shell takes as it is


class Steps:
    """Named steps of a job, shown as progress bars on standard error when that is a terminal."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    @contextmanager
    def step(self, title: str, total: float | None = None) -> Iterator[Step]:
        """Show one step while its body runs."""
        if self._progress is None:
            yield Step(None, None)
            return
        task = self._progress.add_task(title, total=total)
        try:
            yield Step(self._progress, task)
        finally:
            done = self._progress.tasks[self._progress.task_ids.index(task)]
            self._progress.update(task, total=done.total or 1, completed=done.total or 1)


class Step:
    """One running step."""

    def __init__(self, progress: Progress | None, task: Any) -> None:
        self._progress = progress
        self._task = task

    def __call__(self, completed: float, total: float | None = None) -> None:
        """Say how far it is."""
        if self._progress is not None:
            self._progress.update(self._task, completed=completed, total=total)


@contextmanager
def steps(*, quiet: bool = False) -> Iterator[Steps]:
    """Open a progress display; silent when standard error is not a terminal or ``quiet`` is set."""
    if quiet or not sys.stderr.isatty():
        yield Steps(None)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield Steps(progress)


def shown(path: Path | str) -> str:
    """Return a path as short as it can be: relative when it is inside the current folder."""
    full, here = Path(path).absolute(), Path.cwd()
    return str(full.relative_to(here)) if full.is_relative_to(here) else str(full)


def command(*words: Path | str) -> str:
    """Return a command line that works as printed from the current folder.

    Examples
    --------
    >>> command("models", "promote", "扫地机/20251201T020000Z-1a2b3c4d", "--store", "my models")
    "personas models promote 扫地机/20251201T020000Z-1a2b3c4d --store 'my models'"
    """
    texts = [shown(word) if isinstance(word, Path) else word for word in words]
    return " ".join(["personas", *(text if _PLAIN.fullmatch(text) else shlex.quote(text) for text in texts)])


def store_option(store: Path) -> list[Path | str]:
    """Return the words that name a store; none when it is the one that the verbs look at anyway."""
    return [] if store.absolute() == Path("artifacts").absolute() else ["--store", store]


def say(result: dict[str, Any], lines: list[str], *, as_json: bool) -> None:
    """Print a result: one JSON object for programs, or lines for people."""
    click.echo(json.dumps(result, ensure_ascii=False, default=str) if as_json else "\n".join(lines))
