"""A stored model holds no user: no id, no row, nothing that is as long as the list of users."""

import io
import json
import random
import re

import numpy as np

from tests.integration import shop as house
from tests.integration.shop import N_USERS, run_personas

shop = house.shop

SPEND = "98765432.25"
"""What one user paid once: nobody else's figure, and no edge of a band."""


def _make_strange(shop):
    """Give the users ids that are nowhere else, and one of them an order that nobody else could have."""
    dice = random.Random(11)
    ids = {row["uid"]: f"{dice.getrandbits(80):020x}" for row in shop.rows("users")}
    for table in ("users", "events"):
        shop.write_rows(table, [{**row, "uid": ids[row["uid"]]} for row in shop.rows(table)])
    shop.change("events", [7], amount=SPEND)
    shop.config["contract"] = {"max_amount": 1e9}
    shop.write_config()
    return sorted(ids.values())


def _lists(value):
    """Every list and mapping inside a JSON value."""
    if isinstance(value, list | dict):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _lists(inner)


def _texts(raw):
    return [raw.decode("latin-1"), *(raw.decode(code, "replace") for code in ("utf-16-le", "utf-32-le"))]


def _check_lengths(path):
    """Nothing in a file is as long as the list of users."""
    if path.suffix == ".json":
        assert max(map(len, _lists(json.loads(path.read_bytes()))), default=0) < N_USERS / 4, path.name
    if path.suffix == ".npz":
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            assert all(max(arrays[name].shape, default=0) < N_USERS / 4 for name in arrays.files)


def test_no_byte_of_a_champion_or_a_challenger_is_about_one_user(shop):
    ids = _make_strange(shop)
    assert shop.run("train").code == 0
    assert run_personas("train", shop.config_path, "--as-of", "2025-11-01").code == 0
    files = [path for path in (shop.store / "models").rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert names >= {
        "model.json",
        "scorecard.npz",
        "gate.json",
        "contract.json",
        "record.json",
        "champion.json",
    }
    wanted = re.compile("|".join([*ids, *(user[:12] for user in ids), re.escape(SPEND)]))
    for path in files:
        assert not any(wanted.search(text) for text in _texts(path.read_bytes())), path.name
        _check_lengths(path)
    assert shop.run("score").code == 0
    scored = [path.read_bytes() for path in (shop.store / "assignments").rglob("*.parquet")]
    assert any(wanted.search(text) for raw in scored for text in _texts(raw)), (
        "the search finds nothing at all"
    )
