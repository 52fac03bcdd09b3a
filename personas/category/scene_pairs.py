"""Which categories the same users buy, against what margins and breadth alone would give."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from personas.category.significance import SMALLEST_EXPECTED, false_discovery

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

_MAX_STEPS = 1000


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
    Under the null every user keeps their breadth ``b`` (number of categories bought), and among the users of
    one breadth every category keeps its number of buyers; else sets are as random as can be (maximum
    entropy). So neither a popular category nor users who buy a lot of everything make a pair stand out.

    With ``p_i`` the share of buyers among the ``n_b`` users of breadth ``b``, the chance that a user of
    that breadth bought both is ``p_i p_j - c_i c_j / sum(c)``: in a set of fixed size categories
    compete. The ``c`` solve ``c_i - c_i**2 / sum(c) = p_i (1 - p_i)`` (Deville & Tillé's fixed-point
    approximation of Hájek's rejective sampling; breadth 1 and one less than all are exact, between them it was
    within .001 of enumerated chances for 22 categories with a popular hub among them, .004 at breadth 2).
    Expectations add up over users. In every row expected and observed co-buyers have the same sum, so a hub that is bought
    with everything has no excess with anything.

    The variance of a pair is that of ``(x_i - p_i)(x_j - p_j)``, times ``n_b**2 / (n_b - 1)`` as in the test
    of Mantel & Haenszel, which this becomes when there are many categories.

    References
    ----------
    Mantel, N., & Haenszel, W. (1959). Statistical aspects of the analysis of data from retrospective studies
    of disease. Journal of the National Cancer Institute 22.
    Hájek, J. (1964). Asymptotic theory of rejective sampling with varying probabilities from a finite
    population. Annals of Mathematical Statistics 35.
    Deville, J.-C., & Tillé, Y. (2005). Variance approximation under balanced sampling. Journal of
    Statistical Planning and Inference 128.
    Saracco, F., et al. (2017). Inferring monopartite projections of bipartite networks: an entropy-based
    approach. New Journal of Physics 19, for nulls of co-occurrence that keep margins. Comparing users of
    equal breadth is our own choice.

    Examples
    --------
    >>> import numpy as np
    >>> sets = CategorySets(tuple("ABCD"), np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]],
    ...                                             dtype=bool), np.array([2, 2, 1, 1]))
    >>> found = compute_co_purchase(sets)
    >>> found.n_both[0].tolist(), found.expected[0].round(6).tolist()
    ([3.0, 2.0, 1.0, 0.0], [3.0, 1.0, 1.0, 1.0])
    """
    n = len(sets.categories)
    n_both, expected, variance, spread = (np.zeros(shape) for shape in ((n, n), (n, n), (n, n), n))
    breadth = sets.bought.sum(axis=1)
    for size in np.unique(breadth[sets.n_users > 0]):
        chosen = breadth == size
        held = sets.bought[chosen].astype(np.float64)
        users = sets.n_users[chosen].astype(np.float64)
        n_users = users.sum()
        n_both += (held * users[:, None]).T @ held  # whole numbers: exact on any number of threads
        share = users @ held / n_users
        both = _chance_of_both(share)
        expected += n_users * both
        spread += n_users * share * (1 - share)
        if n_users > 1:
            variance += n_users**2 / (n_users - 1) * _product_variance(share, both)
    n_buyers = np.diag(n_both).astype(np.int64)
    np.fill_diagonal(expected, n_buyers)
    np.fill_diagonal(variance, 0.0)
    variance[variance < 1e-9] = 0.0  # the margins leave no choice: what remains is rounding
    return CoPurchase(sets.categories, n_buyers, n_both, expected, variance, spread)


def _chance_of_both(share: Floats) -> Floats:
    """Chance that a random set of the stratum holds both categories; the diagonal means nothing."""
    p, q = share[:, None], share[None, :]
    breadth = round(share.sum())
    if breadth == 1:
        return np.zeros((len(share), len(share)))
    if breadth >= len(share) - 1:  # at most one is left out, so never both
        return np.asarray(p + q - 1)
    own = share * (1 - share)
    if not own.any():
        return np.outer(share, share)
    c = own.copy()
    for _ in range(_MAX_STEPS):
        # No category may carry more than half of the sum, or there is no solution.
        following = own / np.maximum(1 - c / c.sum(), 0.5)
        moved = np.abs(following - c).max()
        c = following
        if moved < 1e-13:
            break
    both = p * q - np.outer(c, c) / c.sum()
    return np.asarray(np.minimum(np.maximum(both, np.maximum(p + q - 1, 0.0)), np.minimum(p, q)))


def _product_variance(share: Floats, both: Floats) -> Floats:
    """Variance of ``(x_i - p_i)(x_j - p_j)`` for two yes/no variables."""
    p, q = share[:, None], share[None, :]
    second = (
        both * ((1 - p) * (1 - q)) ** 2
        + (p - both) * ((1 - p) * q) ** 2
        + (q - both) * (p * (1 - q)) ** 2
        + (1 - p - q + both) * (p * q) ** 2
    )
    return np.maximum(second - (both - p * q) ** 2, 0.0)


def upper_tail(n_both: Floats, expected: Floats, z_score: Floats) -> Floats:
    """Return the one-sided p values of as many co-buyers or more.

    Parameters
    ----------
    n_both, expected : ndarray of float64, of one shape, users
        Observed and expected co-buyers. Below 5 expected ones the Poisson tail is taken, which errs on the
        safe side, else the normal one.
    z_score : ndarray of float64, of the same shape
        NaN = nothing to test.

    Returns
    -------
    ndarray of float64, of the same shape, 0 to 1
        NaN where ``z_score`` is.
    """
    poisson, normal = stats.poisson.sf(n_both - 1, expected), stats.norm.sf(z_score)
    return np.where(np.isnan(z_score), np.nan, np.where(expected < SMALLEST_EXPECTED, poisson, normal))


def _lower_tail(n_both: Floats, expected: Floats, z_score: Floats) -> Floats:
    poisson, normal = stats.poisson.cdf(n_both, expected), stats.norm.cdf(z_score)
    return np.where(np.isnan(z_score), np.nan, np.where(expected < SMALLEST_EXPECTED, poisson, normal))


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
    tails = np.fmin(upper_tail(n_both, expected, z_score), _lower_tail(n_both, expected, z_score))
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
