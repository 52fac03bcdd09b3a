"""Who may be exported, under which name, and how small an audience may be.

Consent rule, per user; the first reason that holds is the one that is counted:

=====================  ==========================  ==============================
reason                 inside use (``file``)       leaves the company (platforms)
=====================  ==========================  ==============================
erasure_requested      yes                         yes
opt_out                yes                         yes
minor                  yes                         yes
no_profiling_consent   refused                     refused
no_marketing_consent   refused                     refused or not stated
no_third_party_consent --                          refused or not stated
=====================  ==========================  ==============================

A user without a row in the consents has stated nothing. Handing personal data to another processor
needs the person's separate consent, and a hash that the platform can match is still personal data, so
silence is a no for platforms.

References
----------
Personal Information Protection Law of the PRC (PIPL), art. 23 (separate consent for another processor),
art. 24 (easy refusal of automated marketing), art. 28 (minors); GDPR art. 21(2)-(3) (objection to
profiling for direct marketing).
"""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd

from personas.errors import DataError, UnsafeExportError
from personas.export.base import Destination

CONSENT_COLUMNS = (
    "consent_marketing",
    "consent_share_3p",
    "consent_profiling",
    "opt_out",
    "erasure_requested",
    "is_minor",
)

SMALLEST_AUDIENCE = 20
"""Our own smallest audience where a destination publishes none; no legal figure was found."""

_NEUTRAL_ID = re.compile(r"[A-Za-z0-9-]{1,16}")


def audience_code(persona_id: str, as_of: date) -> str:
    """Return the neutral name under which an audience travels.

    Readable persona names stay inside: platforms flag audiences whose name suggests wealth or health.

    Parameters
    ----------
    persona_id : str
        1 to 16 ASCII letters, digits or hyphens.
    as_of : date
        Of the assignments; its ISO week is part of the code.

    Returns
    -------
    str
        For example ``"P03_2026W47"``.

    Raises
    ------
    DataError
        If the persona_id is not neutral or not safe as a file name.

    References
    ----------
    Meta, Custom Audience documentation (vendor documentation, September 2025): audiences whose name
    or content suggests health or financial status are flagged.

    Examples
    --------
    >>> audience_code("P03", date(2026, 11, 18))
    'P03_2026W47'
    """
    if _NEUTRAL_ID.fullmatch(persona_id) is None:
        raise DataError(
            f"The persona_id {persona_id!r} cannot name an audience; expected 1 to 16 ASCII letters, digits "
            "or hyphens, such as 'P03'. Score the users with a trained model, which gives such ids."
        )
    year, week, _ = as_of.isocalendar()
    return f"{persona_id}_{year}W{week:02d}"


def leaves_company(destination: Destination) -> bool:
    """Return whether the destination hands identifiers to another company.

    Parameters
    ----------
    destination : Destination
        Any destination.

    Returns
    -------
    bool
        True when it names identifiers.
    """
    return bool(destination.identifiers)


def minimum_size_for(destination: Destination, requested: int | None) -> int:
    """Return the smallest audience that is accepted.

    Parameters
    ----------
    destination : Destination
        Whose own minimum holds at least.
    requested : int or None
        A higher minimum, or None.

    Returns
    -------
    int
        Users.

    Raises
    ------
    UnsafeExportError
        If the requested minimum is below the destination's own.
    """
    if requested is None:
        return destination.minimum_size
    if requested < destination.minimum_size:
        raise UnsafeExportError(
            f"A minimum size of {requested} users was asked for, but {destination.name} accepts no fewer than "
            f"{destination.minimum_size}. The minimum may be raised, never lowered: ask for "
            f"{destination.minimum_size} or more, or leave it out."
        )
    return requested


def consent_reasons(
    user_ids: pd.Series[str], consents: pd.DataFrame | None, *, outside: bool
) -> pd.Series[str]:
    """Return, per user, why the user may not be exported.

    Parameters
    ----------
    user_ids : Series of str
        Users of the audience.
    consents : DataFrame or None
        One row per user: ``user_id`` and :data:`CONSENT_COLUMNS` (boolean, missing = not stated).
        None = nobody stated anything.
    outside : bool
        Whether the data leaves the company.

    Returns
    -------
    Series of str
        Reason, or ``""`` when the user may be exported; index of ``user_ids``.

    Raises
    ------
    DataError
        If the consents break their contract.
    """
    if consents is None:
        flags = pd.DataFrame(index=user_ids.index, columns=list(CONSENT_COLUMNS), dtype="boolean")
    else:
        flags = _flags(consents).reindex(user_ids).set_axis(user_ids.index)
    reasons = {
        "erasure_requested": _is(flags["erasure_requested"], answer=True),
        "opt_out": _is(flags["opt_out"], answer=True),
        "minor": _is(flags["is_minor"], answer=True),
        "no_profiling_consent": _is(flags["consent_profiling"], answer=False),
        "no_marketing_consent": _is_no(flags["consent_marketing"], silence_is_no=outside),
        "no_third_party_consent": _is_no(flags["consent_share_3p"], silence_is_no=outside) & outside,
    }
    chosen = np.select([mask.to_numpy() for mask in reasons.values()], list(reasons), default="")
    return pd.Series(chosen, index=user_ids.index, dtype=object)


def refusing_users(consents: pd.DataFrame) -> pd.Index[str]:
    """Return the users who said no to a platform export, sorted.

    Silence is no refusal here: these are people whose identifiers must not travel under another
    account either.

    Parameters
    ----------
    consents : DataFrame
        As in :func:`consent_reasons`.

    Returns
    -------
    Index of str
        User ids.

    Raises
    ------
    DataError
        If the consents break their contract.
    """
    flags = _flags(consents)
    said_no = ~flags[["consent_marketing", "consent_share_3p", "consent_profiling"]]
    asked_out = flags[["opt_out", "erasure_requested", "is_minor"]]
    refused = pd.concat([said_no, asked_out], axis=1).fillna(False).any(axis=1)
    return flags.index[refused.to_numpy(dtype=bool)].sort_values()


def check_user_table(table: pd.DataFrame, name: str, columns: tuple[str, ...]) -> None:
    """Raise when a table of users cannot be joined to the assignments.

    Parameters
    ----------
    table : DataFrame
        Table to check.
    name : str
        Its name in the config, for the message.
    columns : tuple of str
        Columns that it needs besides ``user_id``.

    Raises
    ------
    DataError
        If a column is missing, ``user_id`` is not text, or a user stands there twice.
    """
    missing = [column for column in ("user_id", *columns) if column not in table]
    if missing:
        raise DataError(
            f"The {name} lack the columns {', '.join(missing)}; they have {', '.join(map(str, table))}. Run the "
            f"table through the contract check, which adds every canonical column, or map them in sources.{name}."
        )
    user_ids = table["user_id"]
    if len(user_ids) and not pd.api.types.is_string_dtype(user_ids):
        raise DataError(
            f"user_id of the {name} has the type {user_ids.dtype}, expected text as in the assignments; "
            "read the column as text."
        )
    n_repeated = int(user_ids.duplicated().sum())
    if n_repeated:
        raise DataError(
            f"The {name} hold {n_repeated} rows of users who already have one; expected one row per user. "
            "Keep the row that is valid."
        )


def _flags(consents: pd.DataFrame) -> pd.DataFrame:
    """Return the flags of checked consents, indexed by user."""
    check_user_table(consents, "consents", CONSENT_COLUMNS)
    try:
        return consents.set_index("user_id")[list(CONSENT_COLUMNS)].astype("boolean")
    except (TypeError, ValueError) as error:
        raise DataError(
            "A flag of the consents is neither true, false nor missing; map its values to true and false "
            "in sources.consents."
        ) from error


def _is(flag: pd.Series[bool], *, answer: bool) -> pd.Series[bool]:
    """Return where a flag is stated and has this answer."""
    return (flag == answer).fillna(False).astype(bool)


def _is_no(flag: pd.Series[bool], *, silence_is_no: bool) -> pd.Series[bool]:
    """Return where a flag is a no."""
    return (flag == False).fillna(silence_is_no).astype(bool)  # noqa: E712 - elementwise, missing stays missing
