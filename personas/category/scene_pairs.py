"""Which categories the same users buy, against what margins and breadth alone would give."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from personas.category.breadth import Breadth, expect_pairs, lower_tail, upper_tail
from personas.category.significance import false_discovery

Floats = NDArray[np.float64]

SIGNIFICANCE = 0.05
"""Level of the Benjamini-Hochberg adjusted tests (the usual convention)."""

MIN_LINK = 0.05
"""Least weight of a complement, and below 0 of a substitute, however many users make it significant (own choice:
half of Cohen's small correlation)."""

SUBSTITUTE_SIMILARITY = 0.5
"""Least correlation between the co-purchase profiles of substitutes (own choice: Cohen's large effect)."""

SHARED_COMPLEMENTS = 2
"""Fewest complements that substitutes have in common (own choice): profiles may also be alike because both are
bought with nothing."""

_THIRD_CATEGORIES = 4
"""Fewest third categories that a profile similarity is computed over (own choice)."""


@dataclass(frozen=True, slots=True, eq=False)
class CategorySets:
    """Buyers collapsed to the distinct sets of categories that they bought.

    Parameters
    ----------
    categories : tuple of str
        Sorted.
    bought : ndarray of bool, shape (n_sets, n_categories)
        Whether a set holds a category; no set is empty.
    n_users : ndarray of int64, shape (n_sets,)
        Users with exactly this set.
    """

    categories: tuple[str, ...]
    bought: NDArray[np.bool_]
    n_users: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CoPurchase:
    """Co-buyers of every pair of categories, and what chance alone would give.

    Parameters
    ----------
    categories : tuple of str
        Rows and columns of the matrices.
    n_buyers : ndarray of int64, shape (n_categories,)
        Users who bought a category.
    n_both, expected, variance : ndarray of float64, shape (n_categories, n_categories)
        Users who bought both, their expectation and variance under the null; symmetric.
    spread : ndarray of float64, shape (n_categories,)
        Sum over users of the null variance of having bought a category.
    """

    categories: tuple[str, ...]
    n_buyers: NDArray[np.int64]
    n_both: Floats
    expected: Floats
    variance: Floats
    spread: Floats

    @property
    def excess(self) -> Floats:
        """Co-buyers above expectation, the spread on the diagonal; off it, every row sums to 0."""
        excess: Floats = self.n_both - self.expected
        np.fill_diagonal(excess, self.spread)
        return excess

    @property
    def weight(self) -> Floats:
        """Correlation of buying both among users of equal breadth, less what breadth alone gives.

        NaN where a category is bought by all or none of the users of every breadth.
        """
        scale = np.sqrt(np.outer(self.spread, self.spread))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(scale > 0, self.excess / scale, np.nan)

    @property
    def z_score(self) -> Floats:
        """Excess in standard deviations of the null; NaN where the margins leave no choice."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.variance > 0, (self.n_both - self.expected) / np.sqrt(self.variance), np.nan)


def read_category_sets(bought: ibis.Table, *, min_buyers: int, always: Collection[str] = ()) -> CategorySets:
    """Collapse purchases to the distinct sets of categories, whatever the number of users.

    Parameters
    ----------
    bought : ibis.Table
        ``user_id`` and ``category``, in any number of rows; see :func:`personas.category.base.purchases`.
    min_buyers : int, >= 1
        Categories of fewer buyers are left out, before breadth is counted.
    always : collection of str
        Categories that stay in as soon as anybody bought them.

    Returns
    -------
    CategorySets
        In an order that doesn't depend on that of the rows.
    """
    owned = bought.select("user_id", "category").distinct().drop_null()
    buyers = owned.group_by("category").agg(n_buyers=owned.count()).to_pyarrow().to_pandas()
    kept = buyers["category"][(buyers["n_buyers"] >= min_buyers) | buyers["category"].isin(list(always))]
    categories = tuple(sorted(str(name) for name in kept))
    if not categories:
        return CategorySets((), np.zeros((0, 0), dtype=bool), np.zeros(0, dtype=np.int64))
    codes = ibis.memtable(pa.table({"category": categories, "code": range(len(categories))}))
    coded = owned.join(codes, "category")
    held = coded["code"].cast("string").group_concat(",", order_by=coded["code"])
    sets = coded.group_by("user_id").agg(held=held)
    counted = sets.group_by("held").agg(n_users=sets.count()).order_by("held").to_pyarrow().to_pandas()
    holds = np.zeros((len(counted), len(categories)), dtype=bool)
    for row, text in enumerate(counted["held"]):
        holds[row, [int(code) for code in str(text).split(",")]] = True
    return CategorySets(categories, holds, counted["n_users"].to_numpy(np.int64))


def compute_co_purchase(sets: CategorySets) -> CoPurchase:
    """Compare the co-buyers of every pair with a null that keeps margins and breadth.

    Parameters
    ----------
    sets : CategorySets
        What users bought.

    Returns
    -------
    CoPurchase

    Notes
    -----
    The null is that of :func:`personas.category.breadth.expect_pairs`. In every row expected and observed co-buyers
    have the same sum, so a hub that is bought with everything has no excess with anything.

    Examples
    --------
    >>> import numpy as np
    >>> sets = CategorySets(tuple("ABCD"), np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]],
    ...                                             dtype=bool), np.array([2, 2, 1, 1]))
    >>> found = compute_co_purchase(sets)
    >>> found.n_both[0].tolist(), found.expected[0].round(6).tolist()
    ([3.0, 2.0, 1.0, 0.0], [3.0, 1.0, 1.0, 1.0])
    """
    breadth = sets.bought.sum(axis=1)
    sizes = np.unique(breadth[sets.n_users > 0])
    held, users = sets.bought.astype(np.float64), sets.n_users.astype(np.float64)
    n_both = (held * users[:, None]).T @ held  # whole numbers: exact on any number of threads
    n_with = np.array([users[breadth == size] @ held[breadth == size] for size in sizes])
    null = expect_pairs(Breadth(sets.categories, sizes, n_with.reshape(len(sizes), len(sets.categories))))
    n_buyers = np.diag(n_both).astype(np.int64)
    np.fill_diagonal(null.expected, n_buyers)
    np.fill_diagonal(null.variance, 0.0)
    return CoPurchase(sets.categories, n_buyers, n_both, null.expected, null.variance, null.spread)


def pair_table(found: CoPurchase) -> pd.DataFrame:
    """Describe every pair of categories: co-buyers, weight, test, and complement or substitute.

    Parameters
    ----------
    found : CoPurchase
        As :func:`compute_co_purchase` returned it.

    Returns
    -------
    DataFrame, one row per pair, sorted by ``category_a`` and ``category_b``
        ``n_both`` (users), ``n_expected`` (users), ``lift`` (their ratio, NaN where nobody is expected),
        ``weight`` (about -1 to 1, NaN where undefined), ``z_score``, ``p_value`` (two-sided), ``q_value``,
        ``similarity`` (-1 to 1, NaN with too few third categories), and ``relation``: ``"complement"``,
        ``"substitute"`` or ``""``.

    Notes
    -----
    A pair is a *complement* if it has more co-buyers than expected (q < .05) and a weight of at least .05.
    It is a *substitute* if it has fewer than expected (q < .05, a weight of -.05 or less) although both go with
    the same third categories: at least two are complements of both, and the correlation of their weights over
    all third categories is at least .5. Two categories that
    are merely bought by different people also have few co-buyers, but their profiles differ. That substitutes
    share complements without being bought together is the idea of Tian et al. (2021); the test and the
    cut are our own choice. Without an experiment on prices or stock it stays a sign of substitution.

    References
    ----------
    Tian, Y., Lautz, S., Wallis, A. O. G., & Lambiotte, R. (2021). Extracting complements and substitutes
    from sales data: a network perspective. EPJ Data Science 10, 45.
    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. J. R. Stat. Soc. B 57.
    Cochran, W. G. (1954). Some methods for strengthening the common chi-squared tests. Biometrics 10.
    """
    first, second = np.triu_indices(len(found.categories), 1)
    n_both, expected = found.n_both[first, second], found.expected[first, second]
    z_score, weight = found.z_score[first, second], found.weight[first, second]
    tails = np.fmin(upper_tail(n_both, expected, z_score), lower_tail(n_both, expected, z_score))
    p_value = np.minimum(1.0, 2 * tails)
    q_value = false_discovery(p_value)
    similarity = _similarity(found.weight)[first, second]
    told = q_value < SIGNIFICANCE
    complement = told & (z_score > 0) & (weight >= MIN_LINK)
    n_shared = _count_shared(first[complement], second[complement], len(found.categories))[first, second]
    substitute = told & (z_score < 0) & (weight <= -MIN_LINK) & (similarity >= SUBSTITUTE_SIMILARITY)
    relation = np.full(len(first), "", dtype=object)
    relation[complement] = "complement"
    relation[substitute & (n_shared >= SHARED_COMPLEMENTS)] = "substitute"
    names = np.array(found.categories, dtype=object)
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = np.where(expected > 0, n_both / expected, np.nan)
    return pd.DataFrame(
        {
            "category_a": pd.array(names[first], dtype="str"),
            "category_b": pd.array(names[second], dtype="str"),
            "n_both": n_both.astype(np.int64),
            "n_expected": expected,
            "lift": lift,
            "weight": weight,
            "z_score": z_score,
            "p_value": p_value,
            "q_value": q_value,
            "similarity": similarity,
            "relation": pd.array(relation, dtype="str"),
        }
    )


def _count_shared(first: NDArray[np.int64], second: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return how many categories are complements of both, shape (n, n)."""
    linked = np.zeros((n, n), dtype=np.int64)
    linked[first, second] = linked[second, first] = 1
    return linked @ linked


def substitute_matrix(pairs: pd.DataFrame, found: CoPurchase) -> NDArray[np.bool_]:
    """Return which categories are substitutes of each other.

    Parameters
    ----------
    pairs : DataFrame
        As :func:`pair_table` returned it.
    found : CoPurchase
        What it was made of.

    Returns
    -------
    ndarray of bool, shape (n_categories, n_categories), symmetric
    """
    told = pairs[pairs["relation"] == "substitute"]
    place = {name: i for i, name in enumerate(found.categories)}
    matrix = np.zeros((len(place), len(place)), dtype=bool)
    rows, columns = ([place[name] for name in told[side]] for side in ("category_a", "category_b"))
    matrix[rows, columns] = matrix[columns, rows] = True
    return matrix


def _similarity(weight: Floats) -> Floats:
    """Correlate the weights of two categories with all third ones."""
    n = len(weight) - 2
    if n < _THIRD_CATEGORIES:
        return np.full(weight.shape, np.nan)
    profile = np.nan_to_num(weight)
    np.fill_diagonal(profile, 0.0)
    # With a zero diagonal only the pair's own weight has to be taken out of a row's sums.
    total = profile.sum(axis=1)[:, None] - profile
    square = (profile**2).sum(axis=1)[:, None] - profile**2
    product = np.einsum("ik,jk->ij", profile, profile)  # not BLAS: the same bits on any number of threads
    own = np.maximum(square - total**2 / n, 0.0)
    scale = np.sqrt(own * own.T)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(scale > 1e-12, (product - total * total.T / n) / scale, np.nan)
