"""Nouns of the selection room: the rows of the table that picks the number of personas."""

from __future__ import annotations

from dataclasses import dataclass

from personas.schema import Text


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row of the selection table.

    Parameters
    ----------
    n_personas : int
        Number of personas tried.
    log_likelihood, bic : float or None
        Total (weighted) log likelihood in natural logs, and BIC; None when the clusterer has none.
    stability : float or None
        Mean adjusted Rand index between bootstrap refits on the same panel, -1 to 1; None when it wasn't
        measured: clusters that are distilled, or a smallest persona too small for the rule to pick.
    smallest_share : float, 0 to 1
        Share of the smallest persona.
    chosen : bool
        Whether this one was picked.
    reason : Text
        Why it was (not) picked.
    """

    n_personas: int
    log_likelihood: float | None
    bic: float | None
    stability: float | None
    smallest_share: float
    chosen: bool
    reason: Text
