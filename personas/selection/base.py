"""Nouns of the selection room: the rows of the table that picks a solution, and the verdict on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from personas.schema import Text
from personas.selection.quality import Measure


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row of the selection table: a clusterer with a number of personas.

    Parameters
    ----------
    n_personas : int
        Number of personas.
    log_likelihood, bic : float or None
        Total (weighted) log likelihood in natural logs, and BIC; None when the clusterer has none.
    stability : float or None
        Mean adjusted Rand index between bootstrap refits on the same panel, -1 to 1; None when it wasn't
        measured.
    smallest_share : float, 0 to 1
        Share of the smallest persona.
    chosen : bool
        Whether this one was picked.
    reason : Text
        Why it was (not) picked.
    clusterer : str
        Registered name.
    reach, taste : Measure or None
        Of :func:`personas.selection.quality.judge`, on users that the fit has not seen; None = not defined.
    skill : float or None
        Mean of reach and taste, each as a share of the best of the table; None when neither is defined.
    skill_error : float or None
        Its standard error over resamples of the judged users.
    jaccards : tuple of float, 0 to 1
        Stability of each persona within the solution (SLSw), largest persona first; empty = not measured.
    across : tuple of float, 0 to 1
        Stability of each persona against the next smaller number of personas (SLSa); empty = there is none.
    noise_share : float, 0 to 1
        Share of users that the clusterer calls noise; every one of them is scored all the same.
    value_spread : float or None, 0 to 1
        Share of the variance of revenue (log; of membership value without revenue) between personas; None
        without either.
    actionability : float or None, 0 to 1
        Share of the variance between personas that is carried by attributes a targeting tool can use.
    """

    n_personas: int
    log_likelihood: float | None
    bic: float | None
    stability: float | None
    smallest_share: float
    chosen: bool
    reason: Text
    clusterer: str = ""
    reach: Measure | None = None
    taste: Measure | None = None
    skill: float | None = None
    skill_error: float | None = None
    jaccards: tuple[float, ...] = ()
    across: tuple[float, ...] = ()
    noise_share: float = 0.0
    value_spread: float | None = None
    actionability: float | None = None


Null = Literal["columns_permuted", "purchases_shuffled"]
"""What is destroyed: all that columns have to do with each other; or everything but each user's number of
purchases and each category's own."""
MeasureName = Literal["reach", "taste", "stability"]
MEASURES: tuple[MeasureName, ...] = ("reach", "taste", "stability")
NULLS: tuple[Null, ...] = ("columns_permuted", "purchases_shuffled")

Yardstick = Literal["next_window", "held_out_columns", "none"]
"""What reach and taste are measured on: purchases of a next window, columns that the fit does not see, or
nothing, where a table has neither."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one measure beats tables without structure.

    Parameters
    ----------
    measure : MeasureName
        The measure.
    null : Null
        What was destroyed.
    value : float
        The measure on the table itself.
    null_mean, null_limit : float
        Its mean over null tables, and the upper prediction limit for one more of them.
    """

    measure: MeasureName
    null: Null
    value: float
    null_mean: float
    null_limit: float

    @property
    def beats_null(self) -> bool:
        """Whether the value lies above what null tables give."""
        return self.value > self.null_limit
