"""Tencent Ads custom audience files: hashed ids, one per line, one zip per id type."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from personas.export.archive import write_zip
from personas.export.base import Audience, Written
from personas.export.identifiers import (
    Rule,
    normalise_tencent_idfa,
    normalise_tencent_imei,
    normalise_tencent_oaid,
    normalise_tencent_phone,
)
from personas.export.members import hash_members
from personas.export.policy import SMALLEST_AUDIENCE

_LOOKALIKE_SEED = 2_000
_BYTES_PER_LINE = 33  # an MD5 in hexadecimal and a line feed
_ZIP_OVERHEAD = 1_024  # headers of a zip of one file, rounded up

_RULES = (
    Rule("phone", "HASH_MOBILE_PHONE", "md5", normalise_tencent_phone),
    Rule("imei", "HASH_IMEI", "md5", normalise_tencent_imei),
    Rule("idfa", "HASH_IDFA", "md5", normalise_tencent_idfa),
    Rule("oaid", "HASH_OAID", "md5", normalise_tencent_oaid, accepts_hashed=False),
)


@dataclass(frozen=True, slots=True)
class TencentIds:
    """Writes files for ``custom_audience_files/add``, which takes one id type per file.

    ``<code>_<TYPE>.zip`` holds ``<code>_<TYPE>.txt``: MD5 in lower-case hexadecimal, one per line, sorted by
    hash. Types: HASH_MOBILE_PHONE, HASH_IMEI, HASH_IDFA, HASH_OAID. A type that would not fit into one
    zip is numbered ``_001``, ``_002`` ...

    Parameters
    ----------
    max_zip_bytes : int, bytes
        Largest zip that is written.

    Notes
    -----
    No smallest size is published for a plain upload, so the minimum is ours; a look-alike seed must
    *cover* at least 2,000 users.

    References
    ----------
    Tencent Ads, "上传客户人群数据文件" (vendor documentation),
    developers.e.qq.com/docs/api/audiences/custom_audience_file/custom_audience_files_add; id types:
    developers.e.qq.com/docs/audience_management/file; look-alike seeds: developers.e.qq.com/docs/api/audiences.
    """

    max_zip_bytes: int = 100_000_000

    @property
    def name(self) -> str:
        """Registered name."""
        return "tencent_ids"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Identifier columns that it can use."""
        return tuple(rule.column for rule in _RULES)

    @property
    def minimum_size(self) -> int:
        """Fewer users than this are refused; our own figure."""
        return SMALLEST_AUDIENCE

    def write(self, audience: Audience, folder: Path | None) -> Written:
        """Write one zip per id type.

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
        hashed = hash_members(audience.members, audience.refused, _RULES)
        paths: list[Path] = []
        if folder is not None:
            for kind in hashed.kinds:
                ids = sorted(hashed.hashes[kind].dropna())
                paths += self._write_kind(ids, f"{audience.code}_{kind}", folder)
        n_users = len(hashed.hashes)
        return Written(
            n_users=n_users,
            n_identifiers=hashed.n_identifiers,
            identifiers=hashed.kinds,
            rejected=hashed.rejected,
            paths=tuple(paths),
            hash_algorithm="md5",
            warnings=_warnings(n_users),
            suppressed=hashed.suppressed,
        )

    def _write_kind(self, ids: list[str], stem: str, folder: Path) -> list[Path]:
        """Write the ids of one type into as many zips as they need."""
        # Cut by the size before compression: always within the limit, and the same cut everywhere.
        per_zip = max(1, (self.max_zip_bytes - _ZIP_OVERHEAD) // _BYTES_PER_LINE)
        parts = [ids[start : start + per_zip] for start in range(0, len(ids), per_zip)]
        names = [stem] if len(parts) == 1 else [f"{stem}_{i:03d}" for i in range(1, len(parts) + 1)]
        paths = []
        for name, part in zip(names, parts, strict=True):
            path = folder / f"{name}.zip"
            write_zip(path, {f"{name}.txt": ("\n".join(part) + "\n").encode("ascii")})
            paths.append(path)
        return paths


def _warnings(n_users: int) -> tuple[str, ...]:
    """Return what the user should know about a list of this size."""
    if n_users >= _LOOKALIKE_SEED:
        return ()
    warning = (
        f"{n_users} users are written. As the seed of a look-alike audience Tencent asks for at least "
        f"{_LOOKALIKE_SEED:,} covered users."
    )
    return (warning,)
