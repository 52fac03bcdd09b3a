import ibis
import pyarrow as pa
import pytest

from personas.errors import ConfigError, DataError
from personas.schema import SourceMapping
from personas.schema.user_tables import join_user_table

USERS = ibis.memtable(pa.table({"uid": ["a ", "b", "c"], "age": [1, 2, 3]}))
OF_USERS = SourceMapping(columns={"user_id": "uid"}, values={"age": {"9": None}})


def joined(further, attributes=("score",), mapping=None):
    """Join a further table to three users."""
    table = ibis.memtable(pa.table(further))
    return join_user_table(
        USERS, table, attributes, name="scores", mappings=(OF_USERS, mapping or SourceMapping())
    )


def test_ids_are_compared_as_text_and_absent_users_are_empty():
    table, mapping = joined({"user_id": ["b", " a", "z"], "score": [2.0, 1.0, 9.0], "secret": [1, 2, 3]})
    rows = table.order_by("uid").to_pyarrow().to_pylist()
    assert rows == [
        {"uid": "a ", "age": 1, "score": 1.0},
        {"uid": "b", "age": 2, "score": 2.0},
        {"uid": "c", "age": 3, "score": None},
    ]
    assert mapping == OF_USERS


def test_columns_and_values_are_read_as_the_further_table_says():
    of_further = SourceMapping(
        columns={"user_id": "id", "score": "pts"}, values={"score": {"hi": "1"}, "user_id": {"B": "b"}}
    )
    table, mapping = joined({"id": ["B"], "pts": ["hi"]}, mapping=of_further)
    assert table.filter(table.uid == "b").to_pyarrow()["score"].to_pylist() == ["hi"]
    assert mapping.values == {"age": {"9": None}, "score": {"hi": "1"}}
    assert mapping.columns == {"user_id": "uid"}


@pytest.mark.parametrize(
    ("further", "error", "message"),
    [
        ({"id": ["a"], "score": [1]}, DataError, "there is no column 'user_id'"),
        ({"user_id": ["a", "a"], "score": [1, 2]}, DataError, "2 rows of 1 users"),
        ({"user_id": ["a"], "other": [1]}, ConfigError, "no declared attribute"),
    ],
)
def test_what_can_not_be_joined_is_refused(further, error, message):
    with pytest.raises(error, match=message):
        joined(further)


def test_a_column_in_two_tables_is_refused():
    with pytest.raises(ConfigError, match="the users have the column age already"):
        joined({"user_id": ["a"], "age": [1]}, attributes=("age",))
    with pytest.raises(DataError, match="no column 'pts'"):
        joined({"user_id": ["a"], "score": [1]}, mapping=SourceMapping(columns={"score": "pts"}))
