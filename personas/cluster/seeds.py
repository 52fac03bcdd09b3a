"""Seeds: kinds of customers that are expected, as a start of the search for classes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import kmeans_plusplus

from personas.cluster.columns import Column, check_names
from personas.errors import ConfigError

Floats = NDArray[np.float64]

Range = tuple[float | None, float | None]
"""Half-open range ``from <= x < to``; None = open."""

Seed = Mapping[str, Range | Collection[str]]
"""Column -> a range for a number or a count, levels for any other column. Each is read by itself."""

LARGEST_LIFT = 2.0
"""Log2 lifts of a row are clipped here, four times as likely or a quarter, so that no column decides alone; as of
archetypes (own choice)."""

SMALLEST_MEAN_LIFT = 0.2
"""Least mean log2 lift of a row that begins in the seed's class; as of archetypes (own choice)."""

SMALLEST_PART = 0.5
"""Least part of a seed's columns that must be known of a row; as of archetypes (own choice)."""

SMALLEST_SEED = 10.0
"""Fewer matching rows, by weight, are no start of a class (own choice)."""

NONE = -1
"""Label of a row that matches no seed."""


def match_seeds(
    seeds: Sequence[Seed], columns: Sequence[Column], rows: Floats, mass: Floats
) -> NDArray[np.intp]:
    """Find the seed that each row matches best.

    Parameters
    ----------
    seeds : sequence of Seed
        What is expected.
    columns : sequence of Column
        What was learned of the columns.
    rows : ndarray of shape (n_rows, n_columns)
        As :func:`personas.cluster.columns.read_columns` returns them.
    mass : ndarray of shape (n_rows,), > 0
        Row weights.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Place of the seed, :data:`NONE` where none is matched well; a tie goes to the earlier seed. A seed with a
        weight of less than :data:`SMALLEST_SEED` on its rows has none.

    Raises
    ------
    ConfigError
        If a seed is empty, names an unknown column, or gives a number levels or another column a range.

    Notes
    -----
    A known value is worth ``-log2(base share)``, at most 2, if it is what the seed expects, else -2: the log2
    lift of a group of one, clipped. A row matches when the mean over its known values is at least 0.2 and half
    of them are known. So one value never decides: a row that differs in one of six columns still matches.

    Examples
    --------
    >>> age = Column("age", "numeric")
    >>> ages = np.array([[25.0], [30.0], [60.0], [np.nan]])
    >>> match_seeds([{"age": (None, 40)}], [age], ages, np.full(4, 10.0)).tolist()
    [0, 0, -1, -1]
    """
    score = np.column_stack([_lifts(seed, columns, rows, mass) for seed in seeds])
    best: NDArray[np.intp] = score.argmax(axis=1)
    best[score.max(axis=1) < SMALLEST_MEAN_LIFT] = NONE
    for place in range(len(seeds)):
        if mass[best == place].sum() < SMALLEST_SEED:
            best[best == place] = NONE
    return best


def seeded_labels(
    matched: NDArray[np.intp], encoded: Floats, mass: Floats, n_components: int, random_state: int
) -> NDArray[np.intp] | None:
    """Return a partition in which every seed is a class.

    Parameters
    ----------
    matched : ndarray of int, shape (n_rows,)
        As :func:`match_seeds` returns it.
    encoded : ndarray of shape (n_rows, n_coordinates)
        Rows in a space where distance means unlikeness.
    mass : ndarray of shape (n_rows,), > 0
        Row weights.
    n_components : int, >= 1
        Number of classes. If there are more seeds, those with most rows are taken, the earlier one in a tie.
    random_state : int
        Drives the k-means++ draw of the remaining classes from the rows that match no seed.

    Returns
    -------
    ndarray of int, shape (n_rows,), or None
        None if no seed has a row, or too few rows are left for the remaining classes.
    """
    sizes = np.bincount(matched[matched >= 0], weights=mass[matched >= 0])
    order = np.argsort(-sizes, kind="stable")[:n_components]
    kept = order[sizes[order] > 0]
    labels = np.full(len(matched), NONE, dtype=np.intp)
    for label, place in enumerate(kept):
        labels[matched == place] = label
    rest = labels == NONE
    n_rest = n_components - len(kept)
    if len(kept) == 0 or rest.sum() < n_rest:
        return None
    if not rest.any():
        return labels
    if n_rest:
        centres, _ = kmeans_plusplus(
            encoded[rest], n_rest, sample_weight=mass[rest], random_state=random_state
        )
        labels[rest] = len(kept) + nearest(encoded[rest], centres)
    else:
        means = [
            np.average(encoded[labels == k], axis=0, weights=mass[labels == k]) for k in range(len(kept))
        ]
        labels[rest] = nearest(encoded[rest], np.array(means))
    return labels


def nearest(points: Floats, centres: Floats) -> NDArray[np.intp]:
    """Return the nearest centre of each point, shape (n_points,); ties go to the lower one."""
    halves = 0.5 * np.einsum("ij,ij->i", centres, centres)
    found: NDArray[np.intp] = np.argmax(points @ centres.T - halves, axis=1)
    return found


def _lifts(seed: Seed, columns: Sequence[Column], rows: Floats, mass: Floats) -> Floats:
    """Return the mean log2 lift of each row, minus infinity where too little is known."""
    places = {column.name: place for place, column in enumerate(columns)}
    check_names("seeds", seed, list(places))
    if not seed:
        raise ConfigError("seeds holds a seed without columns; give it levels or a range of at least one.")
    total, n_known = np.zeros(len(rows)), np.zeros(len(rows))
    for name, wanted in seed.items():
        values = rows[:, places[name]]
        hit = _hits(columns[places[name]], values, wanted)
        known = ~np.isnan(values)
        n_hits = mass[hit].sum()
        if n_hits > 0:  # what nobody has tells nobody apart
            gain = min(LARGEST_LIFT, float(-np.log2(n_hits / mass[known].sum())))
            total += np.where(known, np.where(hit, gain, -LARGEST_LIFT), 0.0)
            n_known += known
    enough = (n_known > 0) & (n_known >= SMALLEST_PART * len(seed))
    return np.where(enough, total / np.maximum(n_known, 1), -np.inf)


def _hits(column: Column, values: Floats, wanted: Range | Collection[str]) -> NDArray[np.bool_]:
    """Mark the values that a seed expects; a missing one is none."""
    is_range = isinstance(wanted, tuple) and len(wanted) == 2 and not any(isinstance(w, str) for w in wanted)
    if isinstance(wanted, str) or is_range == bool(column.levels):
        expected = "levels, as ['T1', 'T2']" if column.levels else "a range, as (26, 36) or (6000, None)"
        raise ConfigError(
            f"seeds expects {wanted!r} of {column.name!r}, which is {column.kind}; expected {expected}."
        )
    if column.levels:
        codes = [code for code, level in enumerate(column.levels) if level in wanted]
        return np.isin(values, codes)
    low, high = (
        _bound(column, end, fallback) for end, fallback in zip(wanted, (-np.inf, np.inf), strict=True)
    )
    found: NDArray[np.bool_] = (values >= low) & (values < high)
    return found


def _bound(column: Column, end: float | str | None, fallback: float) -> float:
    """Return one end of a range on the scale that the column's values were read on."""
    if end is None:
        return fallback
    number = float(end)
    if column.transform == "log1p":
        return float(np.log1p(max(number, 0.0)))
    if column.transform == "sqrt":
        return float(np.sqrt(max(number, 0.0)))
    return number
