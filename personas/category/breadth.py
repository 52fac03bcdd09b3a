"""How many units would have two categories if those who buy many categories were the only reason."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import numpy as np
from numpy.typing import ArrayLike, NDArray

from personas.category.attach_definition import Unit
from personas.category.scene_pairs import upper_tail

Floats = NDArray[np.float64]

_HALVINGS = 60
"""Steps of bisection: more than a float64 has bits."""


@dataclass(frozen=True, slots=True, eq=False)
class Breadth:
    """Units by the number of categories that they hold.

    Parameters
    ----------
    n_categories : ndarray of float64, shape (n_breadths,), >= 1
        Distinct categories of a unit, listed in an analysis or not.
    n_units : ndarray of float64, shape (n_breadths,)
        Units of that breadth.
    """

    n_categories: Floats
    n_units: Floats


def read_breadth(bought: ibis.Table, unit: Unit) -> Breadth:
    """Count the units of each breadth.

    Parameters
    ----------
    bought : ibis.Table
        What :func:`personas.category.base.purchases` returned.
    unit : {"user", "order"}
        What holds categories.

    Returns
    -------
    Breadth

    Examples
    --------
    >>> import pyarrow as pa
    >>> lines = pa.table({"user_id": ["a", "a", "b"], "category": ["门锁", "空调", "门锁"]})
    >>> found = read_breadth(ibis.memtable(lines), "user")
    >>> found.n_categories.tolist(), found.n_units.tolist()
    ([1.0, 2.0], [1.0, 1.0])
    """
    keys = ["user_id"] if unit == "user" else ["user_id", "order_key"]
    held = bought.group_by(keys).agg(breadth=bought["category"].nunique())
    counted = held.group_by("breadth").agg(n=held.count()).order_by("breadth").to_pyarrow()
    return Breadth(*(counted[name].to_numpy().astype(np.float64) for name in ("breadth", "n")))


def compare_with_breadth(
    n_both: ArrayLike, n_row: ArrayLike, n_column: ArrayLike, breadth: Breadth
) -> tuple[Floats, Floats]:
    """Compare the units with two categories with what their breadth alone would give.

    Parameters
    ----------
    n_both, n_row, n_column : array-like of int, shape (n_pairs,)
        Units with both categories, with the row's, with the column's.
    breadth : Breadth
        All units.

    Returns
    -------
    n_expected : ndarray of float64, units
        NaN where there is nothing to test: nobody or everybody has a category.
    p_value : ndarray of float64, 0 to 1
        One-sided: as many or more. NaN likewise.

    Notes
    -----
    People who buy a lot buy every two categories more often than margins say, so Fisher's test calls nearly all
    pairs associated as soon as there are enough users, even if categories are dealt out by chance. Here a unit
    of breadth ``m`` has category ``a`` with the chance ``1 - (1 - t_a) ** m``, as in ``m`` draws; ``t_a`` is such
    that the category gets as many units as it has, and two categories are independent given the breadth. The
    sum over units of the chance of both is what is expected, its variance that of independent units. The p value is
    the normal tail, and Poisson's where fewer than 5 are expected. A breadth counts the pair itself, which errs on
    the careful side; draws that match the margins are our own choice.

    References
    ----------
    Saracco, F., et al. (2017). Inferring monopartite projections of bipartite networks: an entropy-based
    approach. New Journal of Physics 19, for nulls of co-occurrence that keep both margins on average.

    Examples
    --------
    >>> half_and_half = Breadth(np.array([1.0, 2.0]), np.array([100.0, 100.0]))
    >>> expected, p_value = compare_with_breadth([100], [100], [100], half_and_half)
    >>> expected.round(1), p_value.round(6)
    (array([52.8]), array([0.]))
    """
    both, row, column = (np.asarray(n, dtype=np.float64) for n in (n_both, n_row, n_column))
    sizes, place = np.unique(np.concatenate([row, column]), return_inverse=True)
    chance = 1 - (1 - _draws(sizes, breadth)[:, None]) ** breadth.n_categories
    together = chance[place[: len(row)]] * chance[place[len(row) :]]
    expected = together @ breadth.n_units
    variance = (together * (1 - together)) @ breadth.n_units
    n_all = breadth.n_units.sum()
    testable = (np.minimum(row, column) > 0) & (np.maximum(row, column) < n_all)
    z_score = np.full(len(both), np.nan)
    z_score[testable] = (both - expected)[testable] / np.sqrt(variance[testable])
    return np.where(testable, expected, np.nan), upper_tail(both, expected, z_score)


def _draws(n_with: Floats, breadth: Breadth) -> Floats:
    """Return the chance of a category in one draw that gives it its number of units, by bisection."""
    low, high = np.zeros(len(n_with)), np.ones(len(n_with))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        reached = (1 - (1 - middle[:, None]) ** breadth.n_categories) @ breadth.n_units
        low, high = np.where(reached < n_with, middle, low), np.where(reached < n_with, high, middle)
    return high
