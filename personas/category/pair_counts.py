"""How many users or orders hold two categories: exact counts, streamed in batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from personas.category.attach_definition import AttachDefinition
from personas.category.base import assigned_personas
from personas.category.order_pairs import count_in_orders, needs_orders
from personas.category.slices import ALL, by_persona
from personas.errors import ConfigError
from personas.schema import ObservationWindow

Counts = NDArray[np.int64]

UNITS_PER_BATCH = 131_072
"""How much is in memory at once; answers do not depend on it."""

_WORD = 63
"""Categories per integer: the bits of a positive int64."""


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Counts of units (users or orders) per persona and pair of categories.

    Parameters
    ----------
    personas : tuple of str
        One per slice: everybody, then the personas in binary order.
    n_units : ndarray of int64, shape (n_slices,)
        Units with any purchase of a known category, listed or not.
    n_with : ndarray of int64, shape (n_slices, n_categories)
        Units with the category.
    n_both : ndarray of int64, shape (n_slices, n_categories, n_categories)
        Units of the base that have both, row first; on the diagonal those that repurchased when the
        definition asks for it.
    at_risk : ndarray of int64, shape (n_slices, n_categories, n_categories)
        Units of the base.
    """

    personas: tuple[str, ...]
    n_units: Counts
    n_with: Counts
    n_both: Counts
    at_risk: Counts


def count_pairs(
    bought: ibis.Table,
    window: ObservationWindow,
    categories: Sequence[str],
    definition: AttachDefinition,
    assignments: ibis.Table | None = None,
) -> PairCounts:
    """Count the units of every pair of categories.

    Parameters
    ----------
    bought : ibis.Table
        What :func:`personas.category.base.purchases` returned.
    window : ObservationWindow
        The window of ``bought``.
    categories : sequence of str, distinct
        What rows and columns are made of.
    definition : AttachDefinition
        What is counted.
    assignments : ibis.Table, optional
        ``user_id`` (unique) and ``persona_id``: a slice for each persona besides that of everybody.

    Returns
    -------
    PairCounts
        Exact integers, so neither the order of the rows nor the number of threads changes them.

    Raises
    ------
    DataError
        If ``assignments`` lacks a column or names a user twice.

    Notes
    -----
    Where only it matters whether a unit has a category, DuckDB folds the lines of a unit to one bit per
    category; a batch of units becomes one row of bits per category, and a pair is counted by the bits that
    two rows share. Where orders and their moments matter, see :mod:`personas.category.order_pairs`.
    """
    coded, personas = _coded(bought, categories, assignments)
    shape = (len(personas), len(categories))
    if needs_orders(definition):
        return PairCounts(personas, *count_in_orders(coded, shape, definition, window))
    n_units, n_both = _count_sets(coded, shape, definition)
    n_with = np.diagonal(n_both, axis1=1, axis2=2).copy()
    if definition.diagonal == "repurchase":
        np.einsum("sii->si", n_both)[:] = _count_repurchases(coded, shape)
    return PairCounts(personas, n_units, n_with, n_both, np.repeat(n_with[:, :, None], shape[1], axis=2))


def check_categories(name: str, categories: Sequence[str]) -> tuple[str, ...]:
    """Return a list of categories as a tuple.

    Parameters
    ----------
    name : str
        What to call it in messages.
    categories : sequence of str
        Category names.

    Returns
    -------
    tuple of str
        In the order given.

    Raises
    ------
    ConfigError
        If it is empty, names a category twice, or is a single text.
    """
    if isinstance(categories, str):
        raise ConfigError(f"{name} is the text {categories!r}; expected a list of categories.")
    listed = tuple(categories)
    twice = sorted({category for category in listed if listed.count(category) > 1})
    if not listed or twice:
        found = f"names {', '.join(twice)} twice" if twice else "is empty"
        raise ConfigError(f"{name} {found}; expected at least one category, each of them once.")
    return listed


def _coded(
    bought: ibis.Table, categories: Sequence[str], assignments: ibis.Table | None
) -> tuple[ibis.Table, tuple[str, ...]]:
    codes = pa.table({"category": pa.array(categories, pa.string()), "code": np.arange(len(categories))})
    coded = bought.left_join(ibis.memtable(codes), "category")
    coded = coded.select("user_id", "order_key", "event_at", "code")
    if assignments is None:
        return coded.mutate(slice=ibis.literal(0, "int64")), (ALL,)
    sliced, personas = by_persona(coded, assignments), assigned_personas(assignments)
    numbers = pa.table({"persona_id": pa.array(personas, pa.string()), "slice": np.arange(len(personas))})
    sliced = sliced.join(ibis.memtable(numbers), "persona_id")
    return sliced.select(*coded.columns, "slice"), tuple(personas)


def _count_sets(
    coded: ibis.Table, shape: tuple[int, int], definition: AttachDefinition
) -> tuple[Counts, Counts]:
    """Return the number of units, and of those with both categories (on the diagonal, with the category)."""
    n_words = -(-shape[1] // _WORD)
    bit, word = ibis.literal(1, "int64") << coded["code"] % _WORD, coded["code"] // _WORD
    words = {
        f"word_{k}": bit.bit_or(where=None if n_words == 1 else word == k).fill_null(0)
        for k in range(n_words)
    }
    sliced = ["slice"] if shape[0] > 1 else []
    unit = ["user_id"] if definition.unit == "user" else ["user_id", "order_key"]
    rows = coded.group_by(*unit, *sliced).agg(**words).select(*words, *sliced)
    n_units, n_both = np.zeros(shape[0], np.int64), np.zeros((*shape, shape[1]), np.int64)
    for batch in rows.to_pyarrow_batches(chunk_size=UNITS_PER_BATCH):
        columns = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
        held = np.stack(columns[:n_words], axis=1)
        for s in range(shape[0]):
            part = held[columns[-1] == s] if sliced else held
            n_units[s] += len(part)
            n_both[s] += _shared_bits(part, shape[1])
    return n_units, n_both


def _shared_bits(words: Counts, n_categories: int) -> Counts:
    """Return how many rows have both of two bits set, shape (n_categories, n_categories)."""
    j = np.arange(n_categories)
    octets = np.ascontiguousarray(words, dtype="<i8").view(np.uint8)
    bits = np.unpackbits(octets, axis=1, bitorder="little")[:, j // _WORD * 64 + j % _WORD]
    # One row of bits per category, filled up with zeros to whole words.
    filled = np.pad(bits, ((0, 64 - len(bits) % 64), (0, 0)))
    packed = np.ascontiguousarray(np.packbits(filled.T, axis=1)).view(np.uint64)
    return np.stack([np.bitwise_count(packed & packed[a]).sum(axis=1, dtype=np.int64) for a in j])


def _count_repurchases(coded: ibis.Table, shape: tuple[int, int]) -> Counts:
    """Return the users with at least two distinct orders of a category, shape (n_slices, n_categories)."""
    listed = coded.filter(coded["code"].notnull())
    owned = listed.group_by("user_id", "slice", "code").agg(
        again=listed["order_key"].min() != listed["order_key"].max()
    )
    found = owned.group_by("slice", "code").agg(n=owned["again"].sum()).to_pyarrow()
    counts = np.zeros(shape, np.int64)
    counts[found["slice"].to_numpy(), found["code"].to_numpy()] = found["n"].to_numpy()
    return counts
