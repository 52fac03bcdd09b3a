import pytest

from personas.schema import EVENTS, IDENTIFIERS, LEVELS, TABLES, USERS
from personas.schema.tables import limit_amount


@pytest.mark.parametrize("name", TABLES)
def test_every_table_requires_a_user(name: str) -> None:
    column = TABLES[name].column("user_id")
    assert column is not None
    assert column.required
    assert not column.nullable


def test_membership_value_has_no_maximum() -> None:
    column = USERS.column("membership_value")
    assert column is not None
    assert (column.minimum, column.maximum) == (0, None)


def test_closed_vocabularies_are_the_canonical_levels() -> None:
    for schema in (USERS, EVENTS):
        for column in schema.columns:
            if column.levels:
                assert column.levels == LEVELS[column.name]


def test_age_bands_are_open_because_sources_choose_their_own() -> None:
    column = USERS.column("age_band")
    assert column is not None
    assert column.levels == ()


def test_limit_of_amounts_is_set_in_a_copy() -> None:
    limited = limit_amount(EVENTS, 100)
    assert limited.column("amount").maximum == 100
    assert EVENTS.column("amount").maximum > 100
    assert limited.column("quantity") == EVENTS.column("quantity")


def test_identifiers_are_never_measured() -> None:
    assert {column.type for column in IDENTIFIERS.columns} == {"id"}
