"""A small use case that the tests of the command line run, break and kill."""

import contextlib
import csv
import io
import random
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import yaml

from pipelines.cli import main
from tests.integration.once import made_once

AS_OF = "2025-12-01"
N_USERS = 300
TEMPORARY = (".partial", ".writing-", "run-", "engine-", ".scoring-")


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


def run_personas(*arguments):
    """Run the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return Answer(stop.value.code, out.getvalue(), err.getvalue())


class Shop:
    """A small use case in a folder: CSV tables as lists of dicts, and a config as a dict."""

    def __init__(self, folder):
        self.folder = folder
        self.config = yaml.safe_load((folder / "shop.yaml").read_text(encoding="utf-8"))

    @property
    def store(self):
        return self.folder / "store"

    @property
    def config_path(self):
        return self.folder / "shop.yaml"

    def rows(self, table):
        with (self.folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def write_rows(self, table, rows, *, columns=None, encoding="utf-8"):
        path = self.folder / f"{table}.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, columns or list(rows[0]), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def change(self, table, numbers, **values):
        """Overwrite values in data rows (1-based)."""
        rows = self.rows(table)
        for number in numbers:
            rows[number - 1] |= values
        self.write_rows(table, rows)

    def write_config(self):
        text = yaml.safe_dump(self.config, allow_unicode=True, sort_keys=False)
        self.config_path.write_text(text, encoding="utf-8")

    def run(self, verb, *arguments):
        dated = ["--as-of", AS_OF] if verb in ("check", "train", "score", "run") else []
        return run_personas(verb, self.config_path, *dated, *arguments)

    def files(self):
        """What is in the store, but for locks and the quarantine file that every check replaces."""
        found = (path for path in self.store.rglob("*") if path.is_file())
        return sorted(
            str(path.relative_to(self.store))
            for path in found
            if path.name not in (".lock", ".at-work") and path.parent.name != "quarantine"
        )

    def temporary(self):
        """Half-written things anywhere in the folder."""
        return [str(p) for p in self.folder.rglob("*") if any(mark in p.name for mark in TEMPORARY)]


def _write_shop(folder):
    dice = random.Random(7)
    users, events = [], []
    for i in range(1, N_USERS + 1):
        is_young = i % 2 == 0
        user = f"U{i:04d}"
        users.append(
            {
                "uid": user,
                "age": dice.randint(20, 30) if is_young else dice.randint(50, 65),
                "sex": dice.choice("FM"),
                "tier": dice.choice(["T1", "T2"] if is_young else ["T4", "T5"]),
                "plan": dice.choice(["gold", "basic"] if is_young else ["basic", "none"]),
                "城市": "北京" if is_young else "成都",
            }
        )
        for _ in range(dice.randint(1, 4)):
            at = datetime(2025, 11, 30) - timedelta(days=dice.randint(0, 300))
            liked = "phone" if is_young else "fridge"
            events.append(
                {
                    "uid": user,
                    "at": at.date().isoformat(),
                    "what": "order",
                    "cat": liked if dice.random() < 0.8 else dice.choice(["phone", "fridge", "tv"]),
                    "amount": f"{dice.randint(10, 900)}.50",
                }
            )
    for name, rows in (("users", users), ("events", events)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    config = {
        "name": "shop",
        "language": "en",
        "store": "store",
        "sources": {
            "users": {
                "path": "users.csv",
                "columns": {"user_id": "uid", "gender": "sex", "city_tier": "tier", "plan": "plan"},
                "values": {"gender": {"F": "female", "M": "male"}},
            },
            "events": {
                "path": "events.csv",
                "columns": {"user_id": "uid", "event_at": "at", "event_type": "what", "category": "cat"},
            },
        },
        "attributes": {"plan": {"kind": "nominal", "block": "worth"}},
        # What is tried here is the command line, so the choice is kept short.
        "personas": {"n_personas": 2, "clusterer": "kmeans", "bootstraps": 2},
    }
    (folder / "shop.yaml").write_text(
        yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )


def _plain_folder(factory):
    return made_once(factory, "plain-shop", _write_shop)


def _trained_folder(factory):
    def fill(folder):
        shutil.copytree(_plain_folder(factory), folder, dirs_exist_ok=True)
        answer = run_personas("run", folder / "shop.yaml", "--as-of", AS_OF)
        assert answer.code == 0, answer.err

    return made_once(factory, "trained-shop", fill)


@pytest.fixture
def shop(tmp_path_factory, tmp_path, monkeypatch):
    """A use case without a model; the current folder is its folder."""
    folder = tmp_path / "shop"
    shutil.copytree(_plain_folder(tmp_path_factory), folder)
    monkeypatch.chdir(folder)
    return Shop(folder)


@pytest.fixture
def trained(tmp_path_factory, tmp_path, monkeypatch):
    """A use case that was run once: a champion, assignments, a report and audience files."""
    folder = tmp_path / "shop"
    shutil.copytree(_trained_folder(tmp_path_factory), folder)
    monkeypatch.chdir(folder)
    return Shop(folder)
