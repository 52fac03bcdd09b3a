"""Migration: who moved from which persona to which, and whose doing it was.

Between two models on the same users and days a move is the model's doing: nobody changed, the answer did. Between
two days under one model it is the customer's. The two never share a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import ibis
import numpy as np
from numpy.typing import NDArray

from personas.errors import DataError
from personas.model.suppress import LARGEST_RECODED_SHARE, protect_counts
from personas.selection.intervals import wilson_interval
from personas.selection.jaccard import contingency

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

ENTERED, LEFT = "(entered)", "(left)"
"""Stands for the persona of a user who is known on the later, or on the earlier, day only."""

SMALL_CELL = 20
"""Fewest users that a shown cell may have; as of profiles (own choice)."""

_VALUE_DECIMALS = 2
_SHARE_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Move:
    """Users who had one persona and have another, or the same.

    Parameters
    ----------
    source, target : str
        Persona ids; :data:`ENTERED` and :data:`LEFT` for users who are known on one day only.
    n_users : int or None
        Users; None = suppressed (small cell).
    share, low, high : float or None, 0 to 1
        Share of the source's users, with its 95 % Wilson interval; None = suppressed, or the source had nobody.
    value : float or None
        Their spend, in the unit of the features; None = suppressed or unknown.
    value_share : float or None, 0 to 1
        Share of the spend of the source's users.
    target_share : float or None, 0 to 1
        Share of the target's users, of the true counts, to two decimals; None = suppressed, or the target has nobody.
    """

    source: str
    target: str
    n_users: int | None
    share: float | None
    low: float | None
    high: float | None
    value: float | None = None
    value_share: float | None = None
    target_share: float | None = None


@dataclass(frozen=True, slots=True)
class Migration:
    """A flow matrix.

    Parameters
    ----------
    between : {"models", "dates"}
        Whose doing the moves are: the model's, or the customer's.
    sources, targets : tuple of str
        Rows and columns, in order.
    n_sources, n_targets : tuple of int or None
        Users of each; None = a small cell, or a column whose cells don't add up to it since the few were counted
        elsewhere, see :func:`model_migration`.
    moves : tuple of Move
        Every pair, row by row.
    n_users : int
        Users in the table.
    kept_users, kept_value : float or None, 0 to 1
        Share of the users (of their spend) with the same id on both sides, among those who are on both; None =
        there is nobody, or no spend.
    """

    between: Literal["models", "dates"]
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    n_sources: tuple[int | None, ...]
    n_targets: tuple[int | None, ...]
    moves: tuple[Move, ...]
    n_users: int
    kept_users: float | None
    kept_value: float | None = None


def model_migration(
    old_labels: NDArray[np.integer],
    new_labels: NDArray[np.integer],
    old_ids: Sequence[str],
    new_ids: Sequence[str],
    *,
    value: Floats | None = None,
    small_cell: int = SMALL_CELL,
) -> Migration:
    """Return what a change of the model does to the same users on the same data.

    Parameters
    ----------
    old_labels, new_labels : ndarray of int, shape (n_users,)
        Row of each user's persona under either model, -1 = none; who has none on either side is left out.
    old_ids, new_ids : sequence of str
        Persona ids, in row order.
    value : ndarray of shape (n_users,), >= 0, optional
        Spend of each user; NaN counts as 0.
    small_cell : int, >= 1
        Cells of fewer users, but not of none, are suppressed, with others that would give them away.

    Returns
    -------
    Migration
        Between models.

    Raises
    ------
    DataError
        If the labels are not of the same users.

    Notes
    -----
    A small cell of at most 5 % of its persona is counted with the persona's largest cell: else companions would
    have to be hidden for every few users who moved, see :func:`personas.model.suppress.protect_counts`. The kept
    shares are of the true counts. So are the users of each target and their shares by source: among a target's
    users, too, cells of the few are counted with the largest one, and where what is left out would still be a small
    cell, no share of that target is told. Two decimals are our own choice: more of them would tell the few.

    Examples
    --------
    >>> import numpy as np
    >>> then, now = np.repeat([0, 1], 100), np.repeat([0, 1, 0, 1], [70, 30, 0, 100])
    >>> flow = model_migration(then, now, ["P01", "P02"], ["P01", "P02"])
    >>> flow.kept_users, [(m.source, m.target, m.n_users, m.share) for m in flow.moves][1]
    (0.85, ('P01', 'P02', 30, 0.3))
    """
    counts = contingency(old_labels, new_labels, len(old_ids), len(new_ids))
    values: Floats | None = None
    if value is not None:
        both = (old_labels >= 0) & (new_labels >= 0)
        cell = old_labels[both].astype(np.int64) * len(new_ids) + new_labels[both]
        spend = np.bincount(cell, weights=np.nan_to_num(value[both]), minlength=counts.size)
        values = spend.astype(np.float64).reshape(counts.shape)
    return _migration("models", counts, values, (old_ids, new_ids), small_cell)


def date_migration(
    then: ibis.Table,
    now: ibis.Table,
    persona_ids: Sequence[str],
    *,
    value: ibis.Table | None = None,
    small_cell: int = SMALL_CELL,
) -> Migration:
    """Return how customers moved between two days under one model.

    Parameters
    ----------
    then, now : ibis.Table
        Assignments of the earlier and of the later day: ``user_id``, ``persona_id``, and ``model_version``.
    persona_ids : sequence of str
        Ids of the model, in order.
    value : ibis.Table, optional
        ``user_id`` and ``value`` (spend, >= 0; null, NaN or absent = 0).
    small_cell : int, >= 1
        As in :func:`model_migration`.

    Returns
    -------
    Migration
        Between dates; users of one day only come from :data:`ENTERED` or went to :data:`LEFT`.

    Raises
    ------
    DataError
        If a column is absent, a user stands twice in a table, the days were scored by different models, or a persona
        is unknown.

    Examples
    --------
    >>> import pyarrow as pa
    >>> def day(ids, personas):
    ...     return ibis.memtable(pa.table({"user_id": ids, "persona_id": personas, "model_version": ["v"] * len(ids)}))
    >>> then, now = day(["a", "b", "c"], ["P01", "P01", "P02"]), day(["a", "b", "d"], ["P01", "P02", "P02"])
    >>> flow = date_migration(then, now, ["P01", "P02"], small_cell=1)
    >>> flow.kept_users, [(m.source, m.target) for m in flow.moves if m.n_users]
    (0.5, [('P01', 'P01'), ('P01', 'P02'), ('P02', '(left)'), ('(entered)', 'P02')])
    """
    _check_one_model(then, now)
    for name, table in (("earlier assignments", then), ("later assignments", now), ("spend", value)):
        _check_once(name, table)
    joined = (
        then.select("user_id", source=then["persona_id"].cast("string"))
        .outer_join(now.select("user_id", target=now["persona_id"].cast("string")), "user_id")
        .select(
            user_id=ibis.coalesce(ibis._["user_id"], ibis._["user_id_right"]),
            source=ibis._["source"].fill_null(ENTERED),
            target=ibis._["target"].fill_null(LEFT),
        )
    )
    sums = {"n": joined.count()}
    if value is not None:
        joined = joined.view().left_join(value.select("user_id", value=_known(value["value"])), "user_id")
        sums = {"n": joined.count(), "value": joined["value"].cast("decimal(38, 4)").sum()}
    cells = joined.group_by("source", "target").agg(**sums).to_pyarrow().to_pylist()
    rows, columns = (*persona_ids, ENTERED), (*persona_ids, LEFT)
    counts = np.zeros((len(rows), len(columns)), dtype=np.int64)
    values: Floats = np.zeros(counts.shape)
    for cell in cells:
        place = _place(rows, cell["source"]), _place(columns, cell["target"])
        counts[place], values[place] = cell["n"], float(cell.get("value") or 0)
    return _migration("dates", counts, None if value is None else values, (rows, columns), small_cell)


def _check_one_model(then: ibis.Table, now: ibis.Table) -> None:
    for name, table in (("earlier", then), ("later", now)):
        absent = [c for c in ("user_id", "persona_id", "model_version") if c not in table.columns]
        if absent:
            raise DataError(
                f"The {name} assignments lack {', '.join(absent)}; expected user_id, persona_id and model_version."
            )
    versions = {
        row["model_version"]
        for table in (then, now)
        for row in table.select(model_version=table["model_version"].cast("string"))
        .distinct()
        .to_pyarrow()
        .to_pylist()
    }
    if len(versions) > 1:
        raise DataError(
            f"The assignments were made by {len(versions)} models ({', '.join(sorted(versions))}); expected one, since "
            "a change of the model is no move of the customer. Score the earlier day again with the later model."
        )


def _check_once(name: str, table: ibis.Table | None) -> None:
    """A user who stands twice would be joined twice, and counted in two cells."""
    if table is None:
        return
    n_rows, n_users = (
        table.aggregate(n=table.count(), u=table["user_id"].nunique()).to_pyarrow().to_pylist()[0].values()
    )
    if n_users < n_rows:
        raise DataError(
            f"The {name} hold {n_rows - n_users} rows more than users; expected one row per user, none without an id. "
            "Remove the repeated rows."
        )


def _known(value: ibis.Column) -> ibis.Value:
    return value.isnan().ifelse(ibis.null(), value) if value.type().is_floating() else value


def _place(names: Sequence[str], name: str) -> int:
    if name not in names:
        raise DataError(
            f"The assignments hold the persona {name!r}, which the model lacks; expected {', '.join(names[:-1])}. Pass "
            "the personas of the model that scored them."
        )
    return names.index(name)


def _migration(
    between: Literal["models", "dates"],
    counts: Counts,
    values: Floats | None,
    ids: tuple[Sequence[str], Sequence[str]],
    small_cell: int,
) -> Migration:
    rows, columns = map(tuple, ids)
    kept_users, kept_value = (_kept(table, rows, columns) for table in (counts, values))
    shown = _without_crumbs(counts, small_cell)
    shown, suppressed = protect_counts(np.vstack([shown, np.zeros_like(shown[:1])]), small_cell)
    shown, suppressed = shown[:-1], suppressed[:-1]
    values = None if values is None else _together(values, counts, shown)
    totals = shown.sum(axis=1)
    reached = np.where((shown != counts).any(axis=0), -1, counts.sum(axis=0))
    target_shares = _target_shares(counts, small_cell)
    low, high = wilson_interval(shown, totals[:, None])
    moves = []
    for i, source in enumerate(rows):
        spend = 0.0 if values is None else float(values[i].sum())
        for j, target in enumerate(columns):
            hidden = bool(suppressed[i, j]) or _is_small(int(totals[i]), small_cell)
            told = not hidden and totals[i] > 0
            value = None if values is None or hidden else round(float(values[i, j]), _VALUE_DECIMALS)
            moves.append(
                Move(
                    source=source,
                    target=target,
                    n_users=None if hidden else int(shown[i, j]),
                    share=float(shown[i, j] / totals[i]) if told else None,
                    low=float(low[i, j]) if told else None,
                    high=float(high[i, j]) if told else None,
                    value=value,
                    value_share=float(values[i, j]) / spend
                    if values is not None and told and spend > 0
                    else None,
                    target_share=None if hidden else target_shares[i][j],
                )
            )
    return Migration(
        between=between,
        sources=rows,
        targets=columns,
        n_sources=_totals(totals, small_cell),
        n_targets=_totals(reached, small_cell),
        moves=tuple(moves),
        n_users=int(counts.sum()),
        kept_users=kept_users,
        kept_value=kept_value,
    )


def _is_small(n_users: int, small_cell: int) -> bool:
    return 0 < n_users < small_cell


def _totals(counts: Counts, small_cell: int) -> tuple[int | None, ...]:
    """Return what may be told of totals; a negative one may not."""
    return tuple(None if n < 0 or _is_small(int(n), small_cell) else int(n) for n in counts)


def _target_shares(counts: Counts, small_cell: int) -> list[list[float | None]]:
    """Return the share of each cell in its column, where neither it nor what is left out tells of a few."""
    totals = counts.sum(axis=0)
    shown = _without_crumbs(counts.T, small_cell).T
    is_told = (shown >= small_cell) & (counts >= small_cell)
    left = np.where(is_told, 0, shown).sum(axis=0)
    is_told &= (left == 0) | (left >= small_cell)
    shares = np.round(shown / np.maximum(totals, 1), _SHARE_DECIMALS)
    return [
        [float(share) if told else None for share, told in zip(*row, strict=True)]
        for row in zip(shares, is_told, strict=True)
    ]


def _without_crumbs(counts: Counts, small_cell: int) -> Counts:
    """Count small cells that hardly matter with the largest one of their row."""
    crumbs = (counts < small_cell) & (counts <= LARGEST_RECODED_SHARE * counts.sum(axis=1, keepdims=True))
    kept = np.where(crumbs, 0, counts)
    rows = np.arange(len(counts))
    kept[rows, counts.argmax(axis=1)] += np.where(crumbs, counts, 0).sum(axis=1)
    return kept


def _together(values: Floats, counts: Counts, shown: Counts) -> Floats:
    """Move the spend of the few who are counted with the most of their persona."""
    moved = (counts > 0) & (shown == 0)
    together = np.where(moved, 0.0, values)
    together[np.arange(len(values)), counts.argmax(axis=1)] += np.where(moved, values, 0.0).sum(axis=1)
    return together


def _kept(table: Counts | Floats | None, rows: tuple[str, ...], columns: tuple[str, ...]) -> float | None:
    """Return the part of the table where both ids are the same, among users of both sides."""
    if table is None:
        return None
    on_both = table[[i for i, name in enumerate(rows) if name != ENTERED]]
    on_both = on_both[:, [j for j, name in enumerate(columns) if name != LEFT]]
    same = sum(float(table[i, columns.index(name)]) for i, name in enumerate(rows) if name in columns)
    return same / float(on_both.sum()) if on_both.sum() > 0 else None
