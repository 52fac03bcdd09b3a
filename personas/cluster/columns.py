"""Read a raw frame column by column: kinds, levels, clip bounds, missing values.

Every clusterer of this room reads its rows here, so that "unseen level = missing" and "training
clips as scoring does" hold for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from personas.cluster.base import FeatureKinds
from personas.errors import ConfigError, DataError
from personas.schema import KINDS, Kind
from personas.scorecard import Transform
from personas.scorecard.columns import level_text

Floats = NDArray[np.float64]

DEFAULT_CLIP = 0.5
"""Recommended ``clip``: half of the span from the 1st to the 99th percentile on either side.

For a normal column the bounds lie 4.65 standard deviations from the mean, so clean data stay as they
are, while one absurd value can't found a class of its own or be swallowed by the widest one.
"""

TRANSFORMS: tuple[Transform, ...] = ("identity", "log1p", "sqrt")

_BINARY_LEVELS = ("0", "1")
_LEVELLED = ("ordinal", "nominal", "binary")


@dataclass(frozen=True, slots=True)
class Column:
    """What was learned of one column.

    Parameters
    ----------
    name : str
        Column name; the columns of an array are called ``x0``, ``x1``, ...
    kind : Kind
        Measurement level.
    levels : tuple of str
        Levels seen in training, in order, for ordinal, nominal and binary; empty for numbers.
    lower, upper : float
        Clip bounds for numeric and count on the transformed scale, infinite when nothing is clipped.
    transform : Transform
        Applied to numbers before they are clipped; log1p and sqrt read negative numbers as 0.
    """

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()
    lower: float = -np.inf
    upper: float = np.inf
    transform: Transform = "identity"


def as_frame(estimator: Any, X: Any, *, reset: bool) -> pd.DataFrame:
    """Return ``X`` as a frame, checked the way scikit-learn checks feature names and counts.

    Parameters
    ----------
    estimator : object
        Estimator whose ``n_features_in_`` and ``feature_names_in_`` are set or compared.
    X : DataFrame or array-like of shape (n_rows, n_columns)
        A DataFrame keeps its dtypes; anything else is read as numbers, NaN = missing.
    reset : bool
        True in ``fit``, False afterwards.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)

    Raises
    ------
    DataError
        If the frame has no row, no column, or a column name twice.
    """
    if not isinstance(X, pd.DataFrame):
        array = validate_data(estimator, X, reset=reset, dtype="numeric", ensure_all_finite="allow-nan")
        return pd.DataFrame(array, columns=[f"x{j}" for j in range(array.shape[1])])
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    if min(X.shape) == 0:
        raise DataError(f"The frame has shape {X.shape}; expected at least one row and one column.")
    if not X.columns.is_unique:
        twice = sorted({str(c) for c in X.columns[X.columns.duplicated()]})
        raise DataError(f"Column names occur twice: {', '.join(twice)}; give every column its own name.")
    return X


def resolve_kinds(frame: pd.DataFrame, kinds: FeatureKinds | None) -> dict[str, Kind]:
    """Return the kind of every column: as given, else inferred from its dtype.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        The raw frame.
    kinds : mapping of str to Kind, or None
        Kinds of some or all columns.

    Returns
    -------
    dict of str to Kind
        In column order. Numbers are numeric (counts are always explicit), bool is binary, an ordered
        Categorical is ordinal, every other Categorical and text is nominal.

    Raises
    ------
    ConfigError
        If ``kinds`` names an unknown column or kind.
    DataError
        If a column has a dtype without a kind, for example dates.
    """
    names = [str(c) for c in frame.columns]
    given = dict(kinds or {})
    check_names("kinds", given, names)
    for name, kind in given.items():
        if kind not in KINDS:
            raise ConfigError(f"kinds[{name!r}] is {kind!r}; expected one of {', '.join(KINDS)}.")
    dtypes = dict(zip(names, frame.dtypes, strict=True))
    return {name: given.get(name) or _infer_kind(name, dtypes[name]) for name in names}


def check_names(parameter: str, given: Mapping[str, Any], names: Sequence[str]) -> None:
    """Raise unless every key of ``given`` is a column name.

    Raises
    ------
    ConfigError
        If a key is not in ``names``.
    """
    unknown = sorted(str(key) for key in given if key not in names)
    if unknown:
        raise ConfigError(
            f"{parameter} names unknown columns: {', '.join(unknown)}; the columns are {', '.join(names)}."
        )


def resolve_weights(feature_weights: Mapping[str, float] | None, names: Sequence[str]) -> Floats:
    """Return one weight per column, 1 where none is given.

    Raises
    ------
    ConfigError
        If a weight names an unknown column, or is negative or not finite.
    """
    given = dict(feature_weights or {})
    check_names("feature_weights", given, names)
    weights = np.array([float(given.get(name, 1.0)) for name in names])
    for name, weight in zip(names, weights, strict=True):
        if not (np.isfinite(weight) and weight >= 0):
            raise ConfigError(
                f"feature_weights[{name!r}] is {weight}; expected a finite number of at least 0."
            )
    return weights


def resolve_transforms(
    transforms: Mapping[str, Transform] | None, kinds: Mapping[str, Kind], count_transform: Transform
) -> dict[str, Transform]:
    """Return the transform of every column: as given for numeric ones, ``count_transform`` for counts.

    Raises
    ------
    ConfigError
        If ``transforms`` names an unknown or not numeric column, or an unknown transform.
    """
    given = dict(transforms or {})
    check_names("transforms", given, list(kinds))
    for name, transform in given.items():
        if transform not in TRANSFORMS:
            raise ConfigError(
                f"transforms[{name!r}] is {transform!r}; expected one of {', '.join(TRANSFORMS)}."
            )
        if kinds[name] != "numeric":
            raise ConfigError(
                f"transforms names {name!r}, which is {kinds[name]}; only numeric columns have one."
            )
    return {
        name: count_transform if kind == "count" else given.get(name, "identity")
        for name, kind in kinds.items()
    }


def learn_columns(
    frame: pd.DataFrame,
    kinds: Mapping[str, Kind],
    transforms: Mapping[str, Transform],
    clip: float | None,
    sample_weight: Floats,
) -> tuple[Column, ...]:
    """Learn kinds, levels and clip bounds from training rows.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        Training rows.
    kinds : mapping of str to Kind
        From :func:`resolve_kinds`.
    transforms : mapping of str to Transform
        From :func:`resolve_transforms`.
    clip : float or None, >= 0
        Transformed numbers are clipped to ``[q01 - clip * span, q99 + clip * span]``,
        ``span = q99 - q01`` (counts from above only); None = not clipped.
    sample_weight : ndarray of shape (n_rows,), > 0
        Row weights.

    Returns
    -------
    tuple of Column
        In column order.

    Raises
    ------
    ConfigError
        If ``clip`` is negative.
    DataError
        If a column has no observed value, or values that its kind does not allow.
    """
    if clip is not None and not clip >= 0:
        raise ConfigError(f"clip is {clip}; expected None or a number of at least 0.")
    columns = []
    for position, (name, kind) in enumerate(kinds.items()):
        series = frame.iloc[:, position]
        if kind in _LEVELLED:
            column = Column(name, kind, _learn_levels(name, kind, series))
        else:
            values = _numbers(name, series)
            _check_numbers(name, kind, values)
            lower, upper = _bounds(kind, _transformed(values, transforms[name]), clip, sample_weight)
            column = Column(name, kind, (), lower, upper, transforms[name])
        columns.append(column)
    return tuple(columns)


def read_columns(frame: pd.DataFrame, columns: Sequence[Column]) -> Floats:
    """Return the frame as numbers: values, or codes of levels.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        Rows to read; columns are taken by position.
    columns : sequence of Column
        What training learned.

    Returns
    -------
    ndarray of shape (n_rows, n_columns)
        Numbers are transformed and clipped; NaN = missing or a level that training did not see.

    Raises
    ------
    DataError
        If a number is infinite or not a number at all.
    """
    values = np.empty(frame.shape, dtype=np.float64, order="F")
    for position, column in enumerate(columns):
        series = frame.iloc[:, position]
        if column.kind in _LEVELLED:
            values[:, position] = _codes(series, column.levels)
        else:
            numbers = _transformed(_numbers(column.name, series), column.transform)
            # "+ 0.0" turns -0.0 into 0.0, so that equal rows have equal bytes.
            values[:, position] = np.clip(numbers, column.lower, column.upper) + 0.0
    return values


def _infer_kind(name: str, dtype: Any) -> Kind:
    if isinstance(dtype, pd.CategoricalDtype):
        return "ordinal" if dtype.ordered else "nominal"
    if pd.api.types.is_bool_dtype(dtype):
        return "binary"
    if pd.api.types.is_numeric_dtype(dtype):
        return "numeric"
    if pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype):
        return "nominal"
    raise DataError(
        f"Column {name!r} has dtype {dtype}, which has no kind; expected numbers, booleans, text or categories."
    )


def _numbers(name: str, series: pd.Series[Any]) -> Floats:
    try:
        values = pd.to_numeric(series).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise DataError(
            f"Column {name!r} holds values that are not numbers (dtype {series.dtype}); "
            "convert it, or give it the kind nominal."
        ) from None
    if np.isinf(values).any():
        raise DataError(f"Column {name!r} holds infinity; replace it by a number or by missing.")
    return values


def _transformed(values: Floats, transform: Transform) -> Floats:
    if transform == "log1p":
        return np.log1p(np.maximum(values, 0.0))
    if transform == "sqrt":
        return np.sqrt(np.maximum(values, 0.0))
    return values


def _check_numbers(name: str, kind: Kind, values: Floats) -> None:
    observed = values[~np.isnan(values)]
    if observed.size == 0:
        raise DataError(f"Column {name!r} has no observed value; drop it.")
    if kind == "count" and ((observed < 0) | (observed != np.floor(observed))).any():
        raise DataError(
            f"Column {name!r} is a count but holds negative or fractional values; give it the kind numeric."
        )


def _bounds(kind: Kind, values: Floats, clip: float | None, weight: Floats) -> tuple[float, float]:
    smallest = 0.0 if kind == "count" else -np.inf
    if clip is None:
        return smallest, np.inf
    observed = ~np.isnan(values)
    # The inverted distribution function is the only quantile for which weight 2 equals a row twice.
    low, high = np.quantile(values[observed], [0.01, 0.99], weights=weight[observed], method="inverted_cdf")
    margin = clip * (high - low)
    if high == low:  # Nearly constant: every other value would be clipped away.
        return smallest, np.inf
    return (smallest if kind == "count" else float(low - margin)), float(high + margin)


def _factors(series: pd.Series[Any]) -> tuple[NDArray[np.intp], list[Any], bool]:
    """Return codes (-1 = missing), the values they stand for, and whether these have an order."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return np.array(series.cat.codes, dtype=np.intp), list(series.cat.categories), True
    places, values = pd.factorize(series)
    return np.array(places, dtype=np.intp), list(values), False


def _learn_levels(name: str, kind: Kind, series: pd.Series[Any]) -> tuple[str, ...]:
    codes, values, ordered = _factors(series)
    seen = set(np.unique(codes[codes >= 0]).tolist())
    if not seen:
        raise DataError(f"Column {name!r} has no observed value; drop it.")
    found = [value for code, value in enumerate(values) if code in seen]
    if kind == "binary":
        odd = [value for value in found if level_text(value) not in _BINARY_LEVELS]
        if odd:
            raise DataError(
                f"Column {name!r} is binary but holds values other than 0 and 1; recode it, or give it the "
                "kind nominal."
            )
        return _BINARY_LEVELS
    if ordered:
        return tuple(dict.fromkeys(level_text(value) for value in found))
    numeric = all(isinstance(v, (bool, np.bool_, int, float, np.integer, np.floating)) for v in found)
    if kind == "ordinal" and not numeric:
        raise DataError(
            f"Column {name!r} is ordinal but its levels are text without an order; make it an ordered "
            "Categorical, or numbers."
        )
    return tuple(dict.fromkeys(level_text(v) for v in (sorted(found) if numeric else sorted(found, key=str))))


def _codes(series: pd.Series[Any], levels: tuple[str, ...]) -> Floats:
    codes, values, _ = _factors(series)
    place = {level: float(code) for code, level in enumerate(levels)}
    lookup = np.array([place.get(level_text(value), np.nan) for value in values] + [np.nan])
    return lookup[codes]
