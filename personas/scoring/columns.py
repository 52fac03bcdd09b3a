"""Arrow columns in, what the kernel reads out: no Python loop over users."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from personas.errors import DataError
from personas.scorecard import Scorecard, TableTerm, Term
from personas.scorecard.columns import MISSING, UNSEEN, numbers_of_levels, read_number_levels

_REBUILD = (
    "Build the features again with the feature set of this model, or score with the model they belong to."
)


def check_schema(schema: pa.Schema, scorecard: Scorecard, table: str) -> None:
    """Check that a table has ``user_id`` and every column of a scorecard, each of a type it can read.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of the table.
    scorecard : Scorecard
        What will read it.
    table : str
        What the message calls the table.

    Raises
    ------
    DataError
        Naming the first column that is absent or of another type.
    """
    if schema.get_field_index("user_id") < 0:
        raise DataError(
            f"{table}: the column 'user_id' is missing; found {_some(schema.names)}. Expected one row per "
            "user with a column 'user_id'. Rename the column that holds the ids."
        )
    absent = [name for name in scorecard.features if schema.get_field_index(name) < 0]
    if absent:
        raise DataError(
            f"{table}: the column {absent[0]!r} is missing, or stands there twice ({len(absent)} of "
            f"{len(scorecard.terms)} columns are); found {_some(schema.names)}. Expected once: "
            f"{_some(scorecard.features)}. {_REBUILD}"
        )
    for term in scorecard.terms:
        found = schema.field(term.feature).type
        expected = _expected(term)
        if not _is_readable(found, term):
            raise DataError(
                f"{table}: the column {term.feature!r} holds {found}; expected {expected}. Cast it. {_REBUILD}"
            )


def read_batch(batch: pa.RecordBatch, scorecard: Scorecard) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Read the columns of a scorecard from a batch that passed :func:`check_schema`.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        Some users.
    scorecard : Scorecard
        What will read them.

    Returns
    -------
    numbers : ndarray of shape (n_number_terms, n_users)
        NaN = missing.
    codes : ndarray of int32, shape (n_table_terms, n_users)
        Level codes of :mod:`personas.scorecard.columns`.
    """
    number_terms = [term for term in scorecard.terms if not isinstance(term, TableTerm)]
    table_terms = [term for term in scorecard.terms if isinstance(term, TableTerm)]
    numbers = np.empty((len(number_terms), batch.num_rows), dtype=np.float64)
    codes = np.empty((len(table_terms), batch.num_rows), dtype=np.int32)
    for row, term in enumerate(number_terms):
        numbers[row] = numbers_of(batch.column(term.feature))
    for row, table in enumerate(table_terms):
        codes[row] = level_codes_of(batch.column(table.feature), table.levels)
    return numbers, codes


def read_user_ids(column: pa.Array, table: str) -> pa.Array:
    """Return user ids as text.

    Parameters
    ----------
    column : pyarrow.Array
        Text or whole numbers.
    table : str
        What the message calls the table.

    Returns
    -------
    pyarrow.StringArray

    Raises
    ------
    DataError
        If an id is missing or the column holds neither text nor whole numbers.
    """
    if not (_is_text(_value_type(column.type)) or pa.types.is_integer(column.type)):
        raise DataError(
            f"{table}: the column 'user_id' holds {column.type}; expected text or whole numbers. Cast it."
        )
    ids = column if column.type == pa.string() else column.cast(pa.string())
    if ids.null_count:
        raise DataError(
            f"{table}: {ids.null_count} rows (or more) have no user_id; expected one in every row. Drop these "
            "rows or give them an id."
        )
    return ids


def csv_type(term: Term) -> pa.DataType:
    """Return the type that a CSV column is read with."""
    is_text = isinstance(term, TableTerm) and numbers_of_levels(term.levels) is None
    return pa.string() if is_text else pa.float64()


def numbers_of(column: pa.Array) -> NDArray[np.float64]:
    """Return a column of numbers as float64, NaN = missing."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    numbers = column.cast(pa.float64(), safe=False)  # whole numbers beyond 2**53 are rounded
    filled: NDArray[np.float64] = numbers.fill_null(np.nan).to_numpy(zero_copy_only=False)
    return filled


def level_codes_of(column: pa.Array, levels: tuple[str, ...]) -> NDArray[np.int32]:
    """Return a column of levels as positions, or as codes of :mod:`personas.scorecard.columns`."""
    if pa.types.is_null(column.type):
        return np.full(len(column), MISSING, dtype=np.int32)
    if not _is_text(_value_type(column.type)):
        return read_number_levels(numbers_of(column), levels)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    words = column.dictionary.cast(pa.string())
    known = pc.index_in(words, value_set=pa.array(levels, type=pa.string())).fill_null(UNSEEN)
    code_of_word = np.append(known.to_numpy(zero_copy_only=False), MISSING).astype(np.int32)
    code_of_word[:-1][words.is_null().to_numpy(zero_copy_only=False)] = MISSING
    indices = column.indices.cast(pa.int32()).fill_null(len(words))
    codes: NDArray[np.int32] = code_of_word[indices.to_numpy(zero_copy_only=False)]
    return codes


def _is_readable(found: pa.DataType, term: Term) -> bool:
    value = _value_type(found)
    if pa.types.is_null(value):
        return True
    is_number = bool(
        pa.types.is_floating(value)
        or pa.types.is_integer(value)
        or pa.types.is_decimal(value)
        or pa.types.is_boolean(value)
    )
    if isinstance(term, TableTerm):
        return _is_text(value) or (is_number and numbers_of_levels(term.levels) is not None)
    return is_number


def _expected(term: Term) -> str:
    if not isinstance(term, TableTerm):
        return "numbers (float64, integer or decimal)"
    kinds = "text or numbers" if numbers_of_levels(term.levels) is not None else "text"
    return f"{kinds} with the levels {_some(term.levels)}"


def _value_type(type_: pa.DataType) -> pa.DataType:
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def _is_text(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_)
    )


def _some(names: list[str] | tuple[str, ...], limit: int = 12) -> str:
    more = f", ... ({len(names)} in all)" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
