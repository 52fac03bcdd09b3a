"""Nouns of the export room: members in, files and a receipt out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from personas.schema import Language

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is exported, and under which neutral code.

    Parameters
    ----------
    persona_id : str
        Persona exported, for example ``"P03"``.
    code : str
        Neutral name that may travel to a platform, for example ``"P03_2026W47"``.
    members : DataFrame
        One row per user who passed persona, confidence and consent: ``user_id``, the assignment
        columns, and the identifier columns that exist (``email``, ``phone``, ``imei``, ``idfa``,
        ``oaid``, ...).
        Sorted by ``user_id``.
    as_of : date
        Of the assignments.
    refused : DataFrame or None
        Identifier columns of every user, in the persona or not, who said no. A platform matches
        identifiers, not accounts, so an identifier in here is never sent for somebody else either.
    language : Language
        Of headers for people; files for platforms ignore it.
    """

    persona_id: str
    code: str
    members: pd.DataFrame
    as_of: date
    refused: pd.DataFrame | None = None
    language: Language = "en"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was sent, suppressed and rejected, and why. Holds counts and hashes, never an id.

    Parameters
    ----------
    destination, persona_id, code : str
        Where and what.
    model_version : str
        Version of the model behind the assignments.
    as_of : date
        Of the assignments.
    n_candidates : int
        Users assigned to the persona.
    suppressed : dict of str to int
        Reason -> users left out (``no_third_party_consent``, ``below_min_confidence``,
        ``no_identifier`` ...); each user counts once, so
        ``n_candidates == n_users + sum(suppressed.values())``.
    rejected : dict of str to int
        Reason -> identifiers left out (``invalid_email`` ...).
    n_users, n_identifiers : int
        Users and identifiers written.
    identifiers : tuple of str
        Identifier kinds written.
    hash_algorithm : str
        ``"sha256"``, ``"md5"`` or ``"none"``.
    minimum_size : int
        Smallest number of users that was accepted.
    min_confidence : float, 0 to 1
        Users below it were left out.
    files : dict of str to str
        File name -> SHA-256 of its bytes (empty for a dry run).
    dry_run : bool
        Whether nothing was written.
    warnings : tuple of str
        What the user should know.
    folder : str
        Name of the folder that holds this receipt (empty for a dry run): the code, and from the second
        different export of the same place on a number after it.
    scene : str
        Id of the scene that all of them live in; empty = of any.
    """

    destination: str
    persona_id: str
    code: str
    model_version: str
    as_of: date
    n_candidates: int
    suppressed: dict[str, int]
    rejected: dict[str, int]
    n_users: int
    n_identifiers: int
    identifiers: tuple[str, ...]
    hash_algorithm: str
    minimum_size: int
    min_confidence: float = 0.0
    files: dict[str, str] = field(default_factory=dict)
    dry_run: bool = False
    warnings: tuple[str, ...] = ()
    folder: str = ""
    scene: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dict.

        Returns
        -------
        dict
            Every field; ``as_of`` as ISO 8601 text.
        """
        return {**asdict(self), "as_of": self.as_of.isoformat()}


@dataclass(frozen=True, slots=True)
class Written:
    """What a destination says it wrote (or would write, in a dry run).

    Parameters
    ----------
    n_users, n_identifiers : int
        Users and identifiers written.
    identifiers : tuple of str
        Identifier kinds written, in the platform's words.
    rejected : dict of str to int
        Reason -> identifiers left out.
    paths : tuple of Path
        Files written; empty for a dry run.
    hash_algorithm : str
        ``"sha256"``, ``"md5"`` or ``"none"``.
    warnings : tuple of str
        What the user should know.
    suppressed : dict of str to int
        Reason -> members who could not be written; with ``n_users`` they make up the audience.
    """

    n_users: int
    n_identifiers: int
    identifiers: tuple[str, ...]
    rejected: dict[str, int]
    paths: tuple[Path, ...]
    hash_algorithm: str
    warnings: tuple[str, ...] = ()
    suppressed: dict[str, int] = field(default_factory=dict)


class Destination(Protocol):
    """A place that audiences go to.

    A destination that names identifiers takes data out of the company and so falls under the
    stricter consent rule of :mod:`personas.export.policy`.
    """

    @property
    def name(self) -> str:
        """Registered name."""
        ...

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Identifier columns that it can use; empty = the user_id itself (inside use only)."""
        ...

    @property
    def minimum_size(self) -> int:
        """Fewer users than this are refused."""
        ...

    def write(self, audience: Audience, folder: Path | None) -> Written:
        """Write the audience's files into ``folder``.

        Parameters
        ----------
        audience : Audience
            Who is written.
        folder : Path or None
            An existing, empty folder; None = count, but write nothing (a dry run).

        Returns
        -------
        Written
            What was (or would be) written.
        """
        ...
