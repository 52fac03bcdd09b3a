import pytest

from personas.schema import BANDS, COLUMN_LABELS, LEVEL_LABELS, LEVELS, TABLES, Text, label_of
from personas.schema.bands import band_order


def test_every_level_has_a_label_in_both_languages() -> None:
    for column, levels in LEVELS.items():
        for level in levels:
            assert all(label_of(column, level)), (column, level)
        assert len(set(LEVEL_LABELS[column].values())) == len(levels)


def test_every_column_of_users_and_events_has_a_label() -> None:
    for name in ("users", "events"):
        for column in TABLES[name].columns:
            assert all(COLUMN_LABELS[column.name]), column.name


def test_unknown_level_is_its_own_label() -> None:
    assert label_of("gender", "?") == Text("?", "?")
    assert label_of("no_such_column", "x") == Text("x", "x")


@pytest.mark.parametrize("column", BANDS)
def test_band_edges_increase(column: str) -> None:
    assert list(BANDS[column]) == sorted(set(BANDS[column]))


def test_age_bands_are_in_order_and_meet_the_edges() -> None:
    bands = LEVELS["age_band"]
    assert sorted(bands, key=band_order) == list(bands)
    assert tuple(band_order(band)[0] for band in bands[1:]) == BANDS["age"]
