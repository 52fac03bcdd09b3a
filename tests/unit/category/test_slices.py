import ibis
import pyarrow as pa
import pytest

from personas.category.slices import ALL, by_persona, check_unique, persona_order
from personas.errors import DataError


def table(**columns):
    return ibis.memtable(pa.table(columns))


def pairs(sliced):
    return sorted((row["persona_id"], row["user_id"]) for row in sliced.to_pyarrow().to_pylist())


def test_everybody_is_a_slice_and_users_without_a_persona_are_in_no_other():
    rows = table(user_id=["a", "b", "b", "c"])
    assignments = table(user_id=["a", "b", "z"], persona_id=["P02", None, "P01"])
    assert pairs(by_persona(rows, assignments)) == [
        (ALL, "a"),
        (ALL, "b"),
        (ALL, "b"),
        (ALL, "c"),
        ("P02", "a"),
    ]


def test_without_personas_there_is_one_slice():
    assert pairs(by_persona(table(user_id=["a"]), None)) == [(ALL, "a")]


def test_assignments_in_dictionary_columns_are_read():
    coded = table(user_id=pa.array(["a"]), persona_id=pa.array(["P01"]).dictionary_encode())
    assert (ALL, "a") in pairs(by_persona(table(user_id=["a"]), coded))
    assert ("P01", "a") in pairs(by_persona(table(user_id=["a"]), coded))


def test_a_user_in_two_personas_is_refused_without_naming_the_user():
    with pytest.raises(DataError, match="assignments have 2 rows of 1 users") as caught:
        by_persona(table(user_id=["secret"]), table(user_id=["secret"] * 2, persona_id=["P01", "P02"]))
    assert "secret" not in str(caught.value)


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="lack persona_id"):
        by_persona(table(user_id=["a"]), table(user_id=["a"], label=["P01"]))


def test_unique_users_pass():
    check_unique(table(user_id=["a", "b"]), "stages")


def test_everybody_comes_first_then_personas_by_id():
    assert persona_order(["P10", ALL, "P02", "P10"]) == [ALL, "P02", "P10"]
    assert persona_order([]) == [ALL]
