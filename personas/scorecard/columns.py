"""How a scorecard reads a column: numbers as float64, levels as codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from personas.errors import DataError
from personas.scorecard.terms import Floats, Scorecard, TableTerm

MISSING = -1
"""Code of a missing level."""
UNSEEN = -2
"""Code of a level that the scorecard does not know."""

LARGEST_Z = 1e100
"""A scaled number beyond it is read as missing and flagged: its square would leave the range of a float.

Only a term with infinite clip bounds can let such a number through.
"""

_NUMBER_TYPES = {"integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty"}

Codes = NDArray[np.int32]


def check_columns(scorecard: Scorecard, columns: Mapping[str, ArrayLike]) -> None:
    """Check that every column of a scorecard is there.

    Parameters
    ----------
    scorecard : Scorecard
        What will read the columns.
    columns : mapping of str to array of shape (n_users,)
        Feature name -> values.

    Raises
    ------
    DataError
        If a column is missing or has another length than the others.
    """
    absent = [name for name in scorecard.features if name not in columns]
    if absent:
        raise DataError(
            f"The column {absent[0]!r} is missing ({len(absent)} of {len(scorecard.terms)} are); expected "
            f"every feature of the scorecard: {', '.join(scorecard.features)}. Build the features with the "
            "feature set of this model."
        )
    lengths = {name: np.shape(columns[name]) for name in scorecard.features}
    if len(set(lengths.values())) > 1 or any(len(shape) != 1 for shape in lengths.values()):
        raise DataError(f"The columns have the shapes {lengths}; expected one value per user in each.")


def read_numbers(values: ArrayLike, feature: str) -> Floats:
    """Return a number column as float64.

    Parameters
    ----------
    values : array of shape (n_users,)
        Numbers; NaN, None or NA = missing.
    feature : str
        Named in the error message.

    Returns
    -------
    ndarray of shape (n_users,)
        NaN = missing.

    Raises
    ------
    DataError
        If a value is not a number.

    Examples
    --------
    >>> read_numbers([1, None], "age")
    array([ 1., nan])
    """
    import pandas as pd

    column = pd.Series(np.asarray(values))
    if pd.api.types.infer_dtype(column, skipna=True) not in _NUMBER_TYPES:
        raise DataError(
            f"The column {feature!r} holds {column.dtype} values that are not all numbers; expected numbers. "
            "Cast it to float64."
        )
    return np.ascontiguousarray(column.astype("float64").to_numpy())


def read_levels(values: ArrayLike, levels: Sequence[str]) -> Codes:
    """Return a level column as positions in ``levels``.

    Parameters
    ----------
    values : array of shape (n_users,)
        Texts, or numbers that are compared with levels by value (1.0 is the level ``"1"``);
        NaN, None or NA = missing.
    levels : sequence of str
        Known levels.

    Returns
    -------
    ndarray of int32, shape (n_users,)
        Position in ``levels``, :data:`MISSING` or :data:`UNSEEN`.

    Examples
    --------
    >>> read_levels(["T2", None, "T9"], ["T1", "T2"])
    array([ 1, -1, -2], dtype=int32)
    >>> read_levels([1.0, float("nan")], ["0", "1"])
    array([ 1, -1], dtype=int32)
    """
    import pandas as pd

    found = np.asarray(values)
    if found.dtype.kind in "biuf":
        return read_number_levels(found.astype(np.float64), levels)
    place = {level: code for code, level in enumerate(levels)}
    places, seen = pd.factorize(np.asarray(found, dtype=object))
    lookup = np.array([place.get(level_text(value), UNSEEN) for value in seen] + [MISSING], dtype=np.int32)
    codes: Codes = lookup[places]
    return codes


def level_text(value: object) -> str:
    """Return a level as text: whole numbers without a decimal point, booleans as 0 and 1.

    Parameters
    ----------
    value : object
        A level as a frame holds it.

    Returns
    -------
    str
        Training and scoring both spell a level this way.

    Examples
    --------
    >>> [level_text(value) for value in (True, 2.0, 2, "T1")]
    ['1', '2', '2', 'T1']
    """
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value)


def numbers_of_levels(levels: Sequence[str]) -> Floats | None:
    """Return the numbers that the levels spell, or None when they are not distinct numbers.

    Examples
    --------
    >>> numbers_of_levels(("0", "1"))
    array([0., 1.])
    >>> numbers_of_levels(("T1", "T2")) is None
    True
    """
    try:
        numbers = np.array([float(level) for level in levels])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() and len(set(numbers)) == len(levels) else None


def read_number_levels(values: Floats, levels: Sequence[str]) -> Codes:
    """Return the codes of a level column that is stored as numbers, such as a binary feature.

    Parameters
    ----------
    values : ndarray of shape (n_users,)
        NaN = missing.
    levels : sequence of str
        Known levels; those that spell no number match nothing.

    Returns
    -------
    ndarray of int32, shape (n_users,)
        As of :func:`read_levels`.
    """
    codes = np.full(values.shape, UNSEEN, dtype=np.int32)
    codes[np.isnan(values)] = MISSING
    numbers = numbers_of_levels(levels)
    for code, number in enumerate(numbers if numbers is not None else ()):
        codes[values == number] = code
    return codes


def read_columns(
    scorecard: Scorecard, columns: Mapping[str, ArrayLike]
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return the number columns and the level columns, each stacked in the order of the terms.

    Parameters
    ----------
    scorecard : Scorecard
        What will read the columns.
    columns : mapping of str to array of shape (n_users,)
        Feature name -> values, as in :func:`read_numbers` and :func:`read_levels`.

    Returns
    -------
    numbers : ndarray of shape (n_number_terms, n_users)
        NaN = missing.
    codes : ndarray of int32, shape (n_table_terms, n_users)
        Level codes.

    Raises
    ------
    DataError
        If a column is missing, of another length, or holds text where numbers belong.
    """
    check_columns(scorecard, columns)
    n_users = len(np.asarray(columns[scorecard.features[0]])) if scorecard.terms else 0
    numbers = [
        read_numbers(columns[t.feature], t.feature) for t in scorecard.terms if not isinstance(t, TableTerm)
    ]
    codes = [read_levels(columns[t.feature], t.levels) for t in scorecard.terms if isinstance(t, TableTerm)]
    return (
        np.array(numbers, dtype=np.float64).reshape(len(numbers), n_users),
        np.array(codes, dtype=np.int32).reshape(len(codes), n_users),
    )
