from personas.schema.levels import LEVELS
from personas.schema.tables import TABLES
from personas.schema.words import COLUMN_WORDS, LEVEL_WORDS, plain


def test_words_speak_of_canonical_columns_only():
    assert set(COLUMN_WORDS) == set(TABLES)
    for table, columns in COLUMN_WORDS.items():
        assert set(columns) == {column.name for column in TABLES[table].columns}


def test_words_speak_of_canonical_levels_only():
    for column, levels in LEVEL_WORDS.items():
        assert tuple(levels) == LEVELS[column]


def test_no_word_means_two_levels():
    for column, levels in LEVEL_WORDS.items():
        words = [plain(word) for spellings in levels.values() for word in set(map(plain, spellings))]
        assert len(words) == len(set(words)), column
