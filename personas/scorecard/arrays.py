"""A scorecard as a JSON-ready dict plus named arrays, and back, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from personas.errors import DataError
from personas.scorecard.terms import (
    BinTerm,
    Floats,
    PolynomialTerm,
    Scorecard,
    TableTerm,
    Term,
    check_scorecard,
)

_TYPES: dict[str, type[Term]] = {"polynomial": PolynomialTerm, "table": TableTerm, "bins": BinTerm}
_ARRAYS: dict[str, tuple[str, ...]] = {
    "polynomial": ("coefficients", "missing", "base"),
    "table": ("points", "missing", "base"),
    "bins": ("edges", "points", "missing", "base"),
}
_SCALARS = ("base_missing", "typical_mean", "typical_variance")


def scorecard_to_arrays(scorecard: Scorecard) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Split a scorecard into what JSON holds well and what it doesn't.

    Parameters
    ----------
    scorecard : Scorecard
        Any valid scorecard.

    Returns
    -------
    description : dict
        JSON-ready: the terms in order with their scalars; an infinite bound is None.
    arrays : dict of str to ndarray
        ``"intercept"`` and ``"<position of the term>.<field>"``.

    Raises
    ------
    DataError
        If the scorecard is broken.

    Examples
    --------
    >>> description, arrays = scorecard_to_arrays(Scorecard(np.zeros(2), ()))
    >>> description, arrays["intercept"].tolist()
    ({'terms': []}, [0.0, 0.0])
    """
    check_scorecard(scorecard)
    terms: list[dict[str, Any]] = []
    arrays = {"intercept": np.asarray(scorecard.intercept, dtype=np.float64)}
    for position, term in enumerate(scorecard.terms):
        kind = next(name for name, type_ in _TYPES.items() if isinstance(term, type_))
        item: dict[str, Any] = {"type": kind, "feature": term.feature}
        item |= {name: float(getattr(term, name)) for name in _SCALARS}
        if isinstance(term, PolynomialTerm):
            item |= {"transform": term.transform, "centre": float(term.centre), "scale": float(term.scale)}
            item |= {"lower": _finite_or_none(term.lower), "upper": _finite_or_none(term.upper)}
        if isinstance(term, TableTerm):
            item["levels"] = list(term.levels)
        terms.append(item)
        for name in _ARRAYS[kind]:
            arrays[f"{position}.{name}"] = np.asarray(getattr(term, name), dtype=np.float64)
    return {"terms": terms}, arrays


def scorecard_from_arrays(description: Mapping[str, Any], arrays: Mapping[str, Floats]) -> Scorecard:
    """Put together what :func:`scorecard_to_arrays` split.

    Parameters
    ----------
    description : mapping
        As returned there.
    arrays : mapping of str to ndarray
        As returned there.

    Returns
    -------
    Scorecard

    Raises
    ------
    DataError
        If a part is absent, of another type, or the result is broken.
    """
    try:
        terms = [_term(position, item, arrays) for position, item in enumerate(description["terms"])]
        scorecard = Scorecard(np.asarray(arrays["intercept"], dtype=np.float64), tuple(terms))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"The scorecard can't be put together ({type(error).__name__}: {error}); expected the parts that "
            "scorecard_to_arrays returned. Store the model again."
        ) from None
    check_scorecard(scorecard)
    return scorecard


def _term(position: int, item: Mapping[str, Any], arrays: Mapping[str, Floats]) -> Term:
    fields = {name: value for name, value in item.items() if name != "type"}
    kind = item["type"]
    for name in {*_SCALARS, "centre", "scale"} & fields.keys():
        fields[name] = float(fields[name])
    for name in _ARRAYS[kind]:
        fields[name] = np.asarray(arrays[f"{position}.{name}"], dtype=np.float64)
    if kind == "polynomial":
        if fields["transform"] not in ("identity", "log1p", "sqrt"):
            raise DataError(f"the transform {fields['transform']!r} is unknown")
        fields["lower"] = -math.inf if fields["lower"] is None else fields["lower"]
        fields["upper"] = math.inf if fields["upper"] is None else fields["upper"]
    if kind == "table":
        fields["levels"] = tuple(fields["levels"])
    return _TYPES[kind](**fields)


def _finite_or_none(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
