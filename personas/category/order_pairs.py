"""Pairs of categories where orders and their moments matter: in one order, before, after, newly bought."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute
from scipy import sparse

from personas.category.attach_definition import AttachDefinition
from personas.schema import ObservationWindow

Counts = NDArray[np.int64]

USERS_PER_BATCH = 100_000
PAIRS_PER_SLAB = 2_000_000
"""How much is in memory at once; answers do not depend on it."""

_DAY = 86_400_000_000
_LEAST, _MOST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def needs_orders(definition: AttachDefinition) -> bool:
    """Return whether a definition asks for more than which categories a unit has.

    Parameters
    ----------
    definition : AttachDefinition
        What is counted.

    Returns
    -------
    bool
        True when it compares moments, or asks for two categories in one order of a user.
    """
    return (
        definition.within_days is not None
        or definition.base == "exclude_prior_owners"
        or (definition.unit == "user" and definition.direction == "same_order")
    )


def count_in_orders(
    coded: ibis.Table, shape: tuple[int, int], definition: AttachDefinition, window: ObservationWindow
) -> tuple[Counts, Counts, Counts, Counts]:
    """Count the units of every pair of categories, order by order.

    Parameters
    ----------
    coded : ibis.Table
        Order lines: ``user_id``, ``order_key``, ``event_at``, ``code`` (of the category, null = not
        listed), ``slice``.
    shape : tuple of (int, int)
        Numbers of slices and of categories.
    definition : AttachDefinition
        What is counted; :func:`needs_orders` says yes to it.
    window : ObservationWindow
        Where the lines lie.

    Returns
    -------
    n_units, n_with, n_both, at_risk : ndarray of int64
        See :class:`personas.category.pair_counts.PairCounts`.

    Notes
    -----
    DuckDB groups the lines to one list of orders per user and hands the lists over in batches of whole
    users. The first purchase of each category is compared with every order of the same user. The moment of
    an order is its earliest line.
    """
    n_units, n_with = np.zeros(shape[0], np.int64), np.zeros(shape, np.int64)
    n_both, at_risk = np.zeros((*shape, shape[1]), np.int64), np.zeros((*shape, shape[1]), np.int64)
    for batch in _batches(coded):
        baskets, slice_ = _read(batch, shape[1])
        for s in range(shape[0]):
            part = baskets if shape[0] == 1 else baskets.only(slice_ == s)
            units, having, both, base = _count(part, definition, window)
            n_units[s] += units
            n_with[s] += having
            n_both[s] += both
            at_risk[s] += base
    return n_units, n_with, n_both, at_risk


@dataclass(frozen=True, slots=True)
class _Baskets:
    """Which categories each order holds; the orders of a user are neighbours."""

    holds: Any
    """csr_array of int32, shape (n_baskets, n_categories), 0 or 1."""
    user: Counts
    at: Counts

    def only(self, keep: NDArray[np.bool_]) -> _Baskets:
        user = self.user[keep]
        return _Baskets(self.holds[keep], np.cumsum(np.diff(user, prepend=-1) != 0) - 1, self.at[keep])


@dataclass(frozen=True, slots=True)
class _Lines:
    """One per order and category, sorted by user, category and moment; ``previous`` is of the same pair."""

    user: Counts
    code: Counts
    at: Counts
    first: Counts
    previous: Counts
    is_first: NDArray[np.bool_]
    place: Counts
    """Where the line stands in the baskets."""


def _batches(coded: ibis.Table) -> Iterator[pa.RecordBatch]:
    """Yield one row per user: ``slice`` and ``orders``, each with its moment and its category codes."""
    by_order = coded.group_by("user_id", "slice", "order_key").agg(
        at=coded["event_at"].min().cast("timestamp(6)"), codes=coded["code"].collect()
    )
    order = ibis.struct({"at": by_order["at"], "codes": by_order["codes"]})
    by_user = by_order.group_by("user_id", "slice").agg(orders=order.collect())
    return iter(by_user.select("slice", "orders").to_pyarrow_batches(chunk_size=USERS_PER_BATCH))


def _read(batch: pa.RecordBatch, n_categories: int) -> tuple[_Baskets, Counts]:
    slice_, orders = batch.column("slice").to_numpy(zero_copy_only=False), batch.column("orders")
    user = np.repeat(np.arange(len(slice_)), _lengths(orders))
    moments, codes = orders.flatten().flatten()
    at = moments.cast(pa.int64()).to_numpy(zero_copy_only=False)
    ends = np.concatenate([[0], np.cumsum(_lengths(codes))])
    code = codes.flatten().to_numpy(zero_copy_only=False)
    held = np.ones(len(code), np.int32)
    holds = sparse.csr_array((held, code, ends), shape=(len(user), n_categories), copy=True)
    holds.sum_duplicates()
    holds.data[:] = 1
    return _Baskets(holds, user, at), slice_[user]


def _lengths(lists: pa.Array) -> Counts:
    lengths: Counts = compute.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
    return lengths.astype(np.int64)


def _count(
    baskets: _Baskets, definition: AttachDefinition, window: ObservationWindow
) -> tuple[int, Counts, Counts, Counts]:
    """Return the number of units, those with each category, those with both, and the base."""
    lines, n = _lines(baskets), baskets.holds.shape[1]
    if definition.unit == "order":
        n_with = np.bincount(lines.code, minlength=n)
        both, prior = _count_new_in_order(baskets, lines)
        return baskets.holds.shape[0], n_with, both, n_with[:, None] - prior
    n_users = int(baskets.user[-1]) + 1 if len(baskets.user) else 0
    n_with = np.bincount(lines.code[lines.is_first], minlength=n)
    if definition.direction == "same_order":
        exclude = definition.base == "exclude_prior_owners"
        prior = _prior(lines, n) if exclude else np.zeros((n, n), np.int64)
        both = _count_same_order(baskets, lines, exclude=exclude)
        return n_users, n_with, both, n_with[:, None] - prior
    return n_users, n_with, *_count_in_span(lines, n, definition, window)


def _lines(baskets: _Baskets) -> _Lines:
    n_categories = baskets.holds.shape[1]
    basket = np.repeat(np.arange(len(baskets.user)), np.diff(baskets.holds.indptr))
    pair, at = baskets.user[basket] * n_categories + baskets.holds.indices, baskets.at[basket]
    place = np.lexsort((at, pair))
    pair, at = pair[place], at[place]
    is_first = np.diff(pair, prepend=-1) != 0
    previous = np.where(is_first, _LEAST, np.concatenate([[_LEAST], at[:-1]])[: len(at)])
    first = at[is_first][np.cumsum(is_first) - 1]
    user, code = np.divmod(pair, n_categories)
    return _Lines(user, code, at, first, previous, is_first, place)


def _pairs(left: Counts, right: Counts) -> Iterator[tuple[Counts, Counts]]:
    """Yield the places of all pairs of an element of ``left`` and one of ``right`` of the same group.

    Both hold the group of each element, ascending.
    """
    n_groups = int(max(left.max(initial=-1), right.max(initial=-1))) + 1
    n_right = np.bincount(right, minlength=n_groups)
    start = np.cumsum(n_right) - n_right
    width = n_right[left]
    slab = np.cumsum(width) // PAIRS_PER_SLAB
    for block in np.split(np.arange(len(left)), np.flatnonzero(np.diff(slab)) + 1):
        size = width[block]
        offset = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        yield np.repeat(block, size), np.repeat(start[left[block]], size) + offset


def _tally(row: Counts, column: Counts, n: int) -> Counts:
    return np.bincount(row * n + column, minlength=n * n).reshape(n, n).astype(np.int64)


def _count_in_span(
    lines: _Lines, n: int, definition: AttachDefinition, window: ObservationWindow
) -> tuple[Counts, Counts]:
    """Count, per pair, the users who bought the column's category in a span around their index purchase."""
    index = np.flatnonzero(lines.is_first)
    low, high, observed = _span(lines.at[index], definition, window)
    index, low, high = index[observed], low[observed], high[observed]
    exclude = definition.base == "exclude_prior_owners"
    strictly = int(definition.direction == "after")
    both, prior = np.zeros((n, n), np.int64), np.zeros((n, n), np.int64)
    for i, j in _pairs(lines.user[index], lines.user):
        row, column = lines.code[index[i]], lines.code[j]
        # Only the first purchase inside the span counts, so that each user counts once.
        hit = (lines.at[j] >= low[i]) & (lines.at[j] <= high[i]) & (lines.previous[j] < low[i])
        if exclude:
            is_prior = (lines.first[j] < lines.at[index[i]] + strictly) & (row != column)
            hit &= ~is_prior
            known = is_prior & lines.is_first[j]
            prior += _tally(row[known], column[known], n)
        both += _tally(row[hit], column[hit], n)
    if definition.direction == "any":
        again = np.append(~lines.is_first, False)[index + 1]
        second = np.append(lines.at, _MOST)[index + 1]
        np.fill_diagonal(both, np.bincount(lines.code[index[again & (second <= high)]], minlength=n))
    return both, np.bincount(lines.code[index], minlength=n)[:, None] - prior


def _span(
    at: Counts, definition: AttachDefinition, window: ObservationWindow
) -> tuple[Counts, Counts, NDArray[np.bool_]]:
    """Return the first and last instant that count, and whether all of them are inside the window."""
    if definition.within_days is None:
        return np.full_like(at, _LEAST + 1), np.full_like(at, _MOST), np.ones(len(at), dtype=np.bool_)
    start, end = (np.datetime64(t, "us").astype(np.int64) for t in (window.start_at, window.end_at))
    length = definition.within_days * _DAY
    low = at + 1 if definition.direction == "after" else at - length
    high = at - 1 if definition.direction == "before" else at + length
    return low, high, (low >= start) & (high <= end)


def _prior(lines: _Lines, n: int) -> Counts:
    """Count the users who bought the column's category before their first purchase of the row's."""
    index = np.flatnonzero(lines.is_first)
    prior = np.zeros((n, n), np.int64)
    for i, j in _pairs(lines.user[index], lines.user[index]):
        earlier = lines.at[index[j]] < lines.at[index[i]]
        prior += _tally(lines.code[index[i[earlier]]], lines.code[index[j[earlier]]], n)
    return prior


def _count_same_order(baskets: _Baskets, lines: _Lines, *, exclude: bool) -> Counts:
    """Count the users with an order that holds both categories."""
    n = baskets.holds.shape[1]
    size = np.diff(baskets.holds.indptr)
    several = np.repeat(size > 1, size)
    basket = np.repeat(np.arange(len(size)), size)[several]
    code, first = baskets.holds.indices.astype(np.int64)[several], np.empty_like(lines.first)
    first[lines.place] = lines.first
    first = first[several]
    found = [np.empty(0, np.int64)]
    for left, right in _pairs(basket, basket):
        keep = (left != right) & ((not exclude) | (first[right] >= first[left]))
        i, j = left[keep], right[keep]
        found.append(_sorted_unique((baskets.user[basket[i]] * n + code[i]) * n + code[j]))
    pair = _sorted_unique(np.concatenate(found)) % (n * n)
    return np.bincount(pair, minlength=n * n).reshape(n, n).astype(np.int64)


def _sorted_unique(key: Counts) -> Counts:
    # Far faster than numpy's unique, which hashes.
    key = np.sort(key)
    unique: Counts = key[np.diff(key, prepend=-1) != 0]
    return unique


def _count_new_in_order(baskets: _Baskets, lines: _Lines) -> tuple[Counts, Counts]:
    """Count the orders in which the column's category is new to the user, and those in which it is not."""
    n = baskets.holds.shape[1]
    new = baskets.holds.copy()
    new.data[lines.place] = lines.at == lines.first
    prior, index = np.zeros((n, n), np.int64), np.flatnonzero(lines.is_first)
    for i, j in _pairs(lines.user[index], lines.user):
        earlier = lines.at[index[i]] < lines.at[j]
        prior += _tally(lines.code[j[earlier]], lines.code[index[i[earlier]]], n)
    return (baskets.holds.T @ new).toarray().astype(np.int64), prior
