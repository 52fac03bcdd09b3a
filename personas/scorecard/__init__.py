"""Assign: an additive scorecard is all that scoring needs."""

from typing import TYPE_CHECKING, Any

from personas.scorecard.arrays import scorecard_from_arrays, scorecard_to_arrays
from personas.scorecard.reference import points_of
from personas.scorecard.terms import (
    BinTerm,
    PolynomialTerm,
    Scorecard,
    Scores,
    TableTerm,
    Term,
    Transform,
    check_scorecard,
)

if TYPE_CHECKING:
    from personas.scorecard.kernel import evaluate

__all__ = [
    "BinTerm",
    "PolynomialTerm",
    "Scorecard",
    "Scores",
    "TableTerm",
    "Term",
    "Transform",
    "check_scorecard",
    "evaluate",
    "points_of",
    "scorecard_from_arrays",
    "scorecard_to_arrays",
]


def __getattr__(name: str) -> Any:
    if name == "evaluate":  # the compiled evaluator; numba is slow to import
        from personas.scorecard import kernel

        return kernel.evaluate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
