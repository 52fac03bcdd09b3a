"""Google Ads Customer Match: one CSV file of hashed e-mail addresses and phone numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from personas.export.base import Audience, Written
from personas.export.identifiers import Rule, normalise_e164, normalise_google_email
from personas.export.members import hash_members

_SERVES_EVERYWHERE = 1_000


@dataclass(frozen=True, slots=True)
class GoogleCustomerMatch:
    """Writes a file for the Google Ads customer list upload.

    Columns ``Email`` and ``Phone``, SHA-256 in lower-case hexadecimal, UTF-8, one row per user, sorted
    by hash. No names, countries or postal codes: names in Chinese characters have no agreed spelling.

    Parameters
    ----------
    phone_region : str
        ISO 3166-1 alpha-2 code of the country that numbers without a country code belong to.

    References
    ----------
    Google Ads Help, "Format your customer data file" (vendor documentation),
    support.google.com/google-ads/answer/7659867; list size: support.google.com/google-ads/answer/7476585
    (100 users active in 30 days; some pages still say 1,000 for Search and YouTube).
    """

    phone_region: str = "CN"

    @property
    def name(self) -> str:
        """Registered name."""
        return "google_customer_match"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Identifier columns that it can use."""
        return ("email", "phone")

    @property
    def minimum_size(self) -> int:
        """Fewer users than this never serve at Google."""
        return 100

    def write(self, audience: Audience, folder: Path | None) -> Written:
        """Write ``<code>.csv``.

        Parameters
        ----------
        audience : Audience
            Who is written.
        folder : Path or None
            An existing, empty folder; None = count, but write nothing.

        Returns
        -------
        Written
            What was (or would be) written.
        """
        rules = (
            Rule("email", "Email", "sha256", normalise_google_email),
            Rule("phone", "Phone", "sha256", partial(normalise_e164, region=self.phone_region)),
        )
        hashed = hash_members(audience.members, audience.refused, rules)
        paths: tuple[Path, ...] = ()
        if folder is not None:
            path = folder / f"{audience.code}.csv"
            # Sorted by hash, so that the order of the rows tells nothing about the users.
            rows = hashed.hashes.fillna("").sort_values(["Email", "Phone"])
            rows.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
            paths = (path,)
        n_users = len(hashed.hashes)
        return Written(
            n_users=n_users,
            n_identifiers=hashed.n_identifiers,
            identifiers=hashed.kinds,
            rejected=hashed.rejected,
            paths=paths,
            hash_algorithm="sha256",
            warnings=_warnings(n_users),
            suppressed=hashed.suppressed,
        )


def _warnings(n_users: int) -> tuple[str, ...]:
    """Return what the user should know about a list of this size."""
    if n_users >= _SERVES_EVERYWHERE:
        return ()
    warning = (
        f"{n_users} users are written. Google counts matched users who were active in the last 30 days, and "
        f"some of its pages ask for {_SERVES_EVERYWHERE:,} of them on Search and YouTube."
    )
    return (warning,)
