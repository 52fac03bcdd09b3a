"""The identifiers of an audience: each of them once, none of a person who said no."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from personas.export.identifiers import Rule


@dataclass(frozen=True, slots=True)
class HashedMembers:
    """The identifiers of an audience, ready to be written.

    Parameters
    ----------
    hashes : DataFrame of shape (n_users, n_rules)
        One row per user with at least one identifier of their own, one column per
        :attr:`personas.export.identifiers.Rule.kind`; None where the user has none. No hash stands twice in a column.
    rejected : dict of str to int
        Reason -> identifiers left out: ``invalid_<column>``, ``<column>_hashed_otherwise`` (another
        algorithm, or capital letters), ``duplicate_<column>`` (another member has it too),
        ``refused_<column>`` (somebody who has it said no).
    suppressed : dict of str to int
        Reason -> users left out: ``no_identifier``, ``no_valid_identifier``, ``refused_identifier``,
        ``duplicate_identifier``.
    """

    hashes: pd.DataFrame
    rejected: dict[str, int]
    suppressed: dict[str, int]

    @property
    def n_identifiers(self) -> int:
        """Number of identifiers that are left."""
        return int(self.hashes.notna().to_numpy().sum())

    @property
    def kinds(self) -> tuple[str, ...]:
        """Identifier kinds of which there is at least one."""
        return tuple(str(kind) for kind in self.hashes if self.hashes[kind].notna().any())


def hash_column(values: pd.Series[str], rule: Rule) -> tuple[pd.Series[str], dict[str, int]]:
    """Normalise and hash a column of identifiers.

    Parameters
    ----------
    values : Series of str
        Raw identifiers; missing and blank values stay missing and are not rejected.
    rule : Rule
        How the platform wants them.

    Returns
    -------
    hashes : Series of object
        Hash or None, same index.
    rejected : dict of str to int
        Reason -> number of values that are not of use.
    """
    hashes: list[str | None] = []
    rejected: Counter[str] = Counter()
    for value, missing in zip(values.to_list(), values.isna().to_list(), strict=True):
        if missing or not str(value).strip():
            hashes.append(None)
            continue
        hashed, reason = rule.hashed(str(value))
        hashes.append(hashed)
        if hashed is None:
            rejected[reason] += 1
    return pd.Series(hashes, index=values.index, dtype=object), dict(sorted(rejected.items()))


def hash_members(members: pd.DataFrame, refused: pd.DataFrame | None, rules: Sequence[Rule]) -> HashedMembers:
    """Hash the identifiers of an audience, each of them once, none of a person who said no.

    Parameters
    ----------
    members : DataFrame
        Users in a fixed order with the identifier columns that exist; of users who share an
        identifier, the first keeps it.
    refused : DataFrame or None
        Identifier columns of the users who said no.
    rules : sequence of Rule
        How the platform wants them.

    Returns
    -------
    HashedMembers
        Hashes, and what was left out and why.
    """
    rejected: Counter[str] = Counter()
    hashes = pd.DataFrame(index=members.index)
    given, valid, allowed = (pd.Series(False, index=members.index) for _ in range(3))
    for rule in rules:
        if rule.column not in members:
            hashes[rule.kind] = pd.Series(None, index=members.index, dtype=object)
            continue
        values = members[rule.column]
        column, reasons = hash_column(values, rule)
        rejected.update(reasons)
        given |= values.notna() & (values.astype(str).str.strip() != "")
        valid |= column.notna()
        if refused is not None and rule.column in refused:
            unwanted, _ = hash_column(refused[rule.column], rule)
            is_refused = column.notna() & column.isin(set(unwanted.dropna()))
            rejected[f"refused_{rule.column}"] += int(is_refused.sum())
            column = column.mask(is_refused, None)
        allowed |= column.notna()
        is_repeat = column.notna() & column.duplicated()
        rejected[f"duplicate_{rule.column}"] += int(is_repeat.sum())
        hashes[rule.kind] = column.mask(is_repeat, None)
    kept = hashes.notna().any(axis=1)
    suppressed = {
        "no_identifier": int((~given).sum()),
        "no_valid_identifier": int((given & ~valid).sum()),
        "refused_identifier": int((valid & ~allowed).sum()),
        "duplicate_identifier": int((allowed & ~kept).sum()),
    }
    return HashedMembers(
        hashes=hashes.loc[kept],
        rejected={reason: n for reason, n in sorted(rejected.items()) if n},
        suppressed={reason: n for reason, n in suppressed.items() if n},
    )
