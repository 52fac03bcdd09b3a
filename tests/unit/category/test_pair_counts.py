from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from personas.category.attach_definition import AttachDefinition
from personas.category.base import purchases
from personas.category.pair_counts import check_categories, count_pairs
from personas.errors import ConfigError


@pytest.mark.parametrize("unit", ["user", "order"])
def test_more_categories_than_an_integer_has_bits_are_counted(make_source, year, unit):
    held = np.random.default_rng(0).random((200, 130)) < 0.2
    held[:, 64] = False  # nobody buys it
    held[:3] = False  # these buy nothing at all
    rows, columns = np.nonzero(held)
    names = [f"c{j:03d}" for j in range(130)]
    source = make_source([])
    events = {
        "user_id": np.char.mod("u%03d", rows),
        "event_at": pa.array([datetime(2025, 3, 1)] * len(rows)),
        "event_type": ["order"] * len(rows),
        "category": [names[j] for j in columns],
        "amount": pa.nulls(len(rows), pa.decimal128(18, 2)),
        "order_id": ["o"] * len(rows),
    }
    source.create_table("events", pa.table(events), overwrite=True)
    definition = AttachDefinition(unit=unit, direction="any", within_days=None, base="all", diagonal="blank")
    found = count_pairs(purchases(source, year), year, names, definition)
    expected = held.T.astype(int) @ held.astype(int)
    np.testing.assert_array_equal(found.n_both[0], expected)
    np.testing.assert_array_equal(found.n_with[0], held.sum(axis=0))
    np.testing.assert_array_equal(found.at_risk[0], np.repeat(held.sum(axis=0)[:, None], 130, axis=1))
    assert found.n_units.tolist() == [197]


def test_units_that_bought_only_unlisted_categories_are_units(six_users, year):
    definition = AttachDefinition(
        unit="user", direction="same_order", within_days=None, base="all", diagonal="blank"
    )
    found = count_pairs(purchases(six_users, year), year, ["空调"], definition)
    assert (found.n_units.tolist(), found.n_with.tolist()) == ([4], [[2]])


def test_nobody_bought_anything(make_source, year):
    for direction in ("any", "same_order"):
        definition = AttachDefinition(
            unit="user", direction=direction, within_days=None, base="all", diagonal="blank"
        )
        found = count_pairs(purchases(make_source([]), year), year, ["空调", "门锁"], definition)
        assert found.n_units.tolist() == [0]
        assert not found.n_both.any()


def test_a_list_of_categories_keeps_its_order():
    assert check_categories("rows", ["b", "a"]) == ("b", "a")
    with pytest.raises(ConfigError, match="rows names a, b twice"):
        check_categories("rows", ["b", "a", "b", "a"])
