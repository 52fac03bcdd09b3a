"""Who may be profiled: users who object, must be erased, or are too young are left out before any feature."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Any

import ibis
import ibis.expr.types as ir

from personas.errors import DataError
from personas.schema.bands import band_order
from personas.schema.levels import MINIMUM_AGE_YEARS

_CONSENTS = ("consent_marketing", "consent_share_3p", "consent_profiling")
_OBJECTIONS = ("opt_out", "erasure_requested", "is_minor")


@dataclass(frozen=True, slots=True)
class AdmissionReport:
    """How many users were admitted, and why the others were not.

    Parameters
    ----------
    n_users, n_admitted : int, users
        Before and after.
    dropped : dict of str to int, users
        Reason -> users left out for it; a user counts once, under the first reason that holds.
    """

    n_users: int
    n_admitted: int
    dropped: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dict."""
        return {"n_users": self.n_users, "n_admitted": self.n_admitted, "dropped": dict(self.dropped)}


def admit_users(
    users: ir.Table, consents: ir.Table | None, *, require_consent: bool = False
) -> tuple[ir.Table, AdmissionReport]:
    """Leave out users who may not be profiled.

    Parameters
    ----------
    users : ibis.Table
        Canonical users.
    consents : ibis.Table or None
        Canonical consents; of several rows of a user the strictest answer counts.
    require_consent : bool
        Whether a user needs a stated consent to profiling; otherwise a missing answer allows it.

    Returns
    -------
    users : ibis.Table
        Admitted users, with the same columns.
    report : AdmissionReport
        Counts.

    Raises
    ------
    DataError
        If consent is required and there are no consents, or nobody is admitted.

    Notes
    -----
    Ages below 16 and age bands that begin below 16 are left out whole: the band 0-15 that JD.com's audience
    tools report straddles the age of 14, below which any personal data is sensitive.

    References
    ----------
    GDPR art. 21(2)-(3) (objection to profiling for direct marketing) and 17 (erasure); Personal Information
    Protection Law of the PRC, art. 24 (refusal of automated marketing) and 28 (data of minors under 14).

    Examples
    --------
    >>> import pyarrow as pa
    >>> users = ibis.memtable(pa.table({"user_id": ["a", "b"], "age": [15.0, 40.0], "age_band": ["", ""]}))
    >>> admitted, report = admit_users(users, None)
    >>> report.dropped
    {'under 16': 1}
    """
    if consents is None and require_consent:
        raise DataError(
            "Consent is required, but there is no consents table; add one with consent_profiling per user, "
            "or turn require_consent off."
        )
    answers = None if consents is None else _answers(consents)
    joined = users if answers is None else users.left_join(answers, "user_id")
    reasons: dict[str, ir.BooleanValue] = {}
    if consents is not None:
        reasons = {
            "erasure requested": joined["_erasure_requested"],
            "opted out": joined["_opt_out"],
            "profiling refused": joined["_refused"],
            "minor": joined["_is_minor"],
        }
    young_bands = _young_bands(users)
    reasons[f"under {MINIMUM_AGE_YEARS}"] = (joined["age"] < MINIMUM_AGE_YEARS).fill_null(False) | joined[
        "age_band"
    ].isin(young_bands).fill_null(False)
    if require_consent:
        reasons["no consent stated"] = ~joined["_agreed"].fill_null(False)
    holds = {name: condition.fill_null(False) for name, condition in reasons.items()}
    first = ibis.cases(*((where, name) for name, where in holds.items()), else_="")
    counts = (
        joined.select(reason=first).group_by("reason").agg(n=lambda t: t.count()).to_pyarrow().to_pylist()
    )
    found = {row["reason"]: row["n"] for row in counts}
    report = AdmissionReport(
        n_users=sum(found.values()),
        n_admitted=found.get("", 0),
        dropped={name: found[name] for name in holds if name in found},
    )
    if report.n_admitted == 0:
        why = "; ".join(f"{name}: {n:,}" for name, n in report.dropped.items())
        raise DataError(
            f"None of {report.n_users:,} users may be profiled ({why}); expected at least one. "
            "Check the mapping of the consents and of age."
        )
    admitted = joined.filter(reduce(and_, [~where for where in holds.values()]))
    return admitted.select(*users.columns), report


def strictest_consents(consents: ir.Table) -> ir.Table:
    """Fold several answers of a user into one: one objection is enough, one refusal beats any consent.

    Parameters
    ----------
    consents : ibis.Table
        Canonical consents, any number of rows per user.

    Returns
    -------
    ibis.Table
        One row per user: ``user_id`` and the flags. A consent is false when one row says no, else true when
        one says yes; an objection is true when one row says so. Null = no row says anything.
    """
    # Both aggregates pass over nulls.
    return consents.group_by("user_id").agg(
        **{name: consents[name].all() for name in _CONSENTS},
        **{name: consents[name].any() for name in _OBJECTIONS},
    )


def _answers(consents: ir.Table) -> ir.Table:
    """Return what counts for profiling, under names that no user column has."""
    folded = strictest_consents(consents)
    return folded.select(
        "user_id",
        _erasure_requested=folded.erasure_requested,
        _opt_out=folded.opt_out,
        _refused=~folded.consent_profiling,
        _agreed=folded.consent_profiling,
        _is_minor=folded.is_minor,
    )


def _young_bands(users: ir.Table) -> list[str]:
    bands = users.select("age_band").distinct().to_pyarrow().column(0).to_pylist()
    return sorted(band for band in bands if band and band_order(band)[0] < MINIMUM_AGE_YEARS)
