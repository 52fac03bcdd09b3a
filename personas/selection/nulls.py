"""Make null worlds: tables with the margins of the real one, in which there are no personas to find.

What a method finds in them (a stability, a number of personas, a lift) it finds without any personas; only
what is clearly more in the real table speaks for them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from personas.errors import DataError
from personas.features import FeatureSet
from personas.features.category_history import is_category_count

Counts = NDArray[np.int64] | NDArray[np.float64]

KEPT_SOURCES = ("rfm",)
"""Builders whose features stay with their user when purchases are shuffled: totals of the very purchases whose
number each user keeps. Own choice, the stricter one: permuted, they would contradict that number, and the world
would lack even the tiers of activity, so that any personas would beat it."""


def permute_columns(data: pd.DataFrame, *, random_state: int) -> pd.DataFrame:
    """Permute every column over the users, each on its own.

    Parameters
    ----------
    data : DataFrame of shape (n_users, n_features)
        Typed feature columns (:func:`personas.features.typed_columns`).
    random_state : int, >= 0
        Seed. The answer depends on the order of rows and columns too.

    Returns
    -------
    DataFrame of shape (n_users, n_features)
        Same index, columns and dtypes. Each column holds the same values as before, missing ones
        included; what columns had to do with each other is gone.

    References
    ----------
    Tibshirani, R., Walther, G., & Hastie, T. (2001). Estimating the number of clusters in a data set via
    the gap statistic. Journal of the Royal Statistical Society B 63(2), for a reference distribution
    without clusters, feature by feature; permuting keeps each feature's own distribution.

    Examples
    --------
    >>> data = pd.DataFrame({"age": [30.0, 40.0, 50.0], "orders": [1.0, 2.0, 3.0]}, index=["a", "b", "c"])
    >>> null = permute_columns(data, random_state=0)
    >>> sorted(null["age"]), sorted(null["orders"]), list(null.index)
    ([30.0, 40.0, 50.0], [1.0, 2.0, 3.0], ['a', 'b', 'c'])
    """
    return _permuted(data, data.columns, np.random.default_rng(random_state))


def shuffle_counts(counts: Counts, *, random_state: int) -> Counts:
    """Deal the purchases out anew: every user keeps their number, every category its own.

    Parameters
    ----------
    counts : ndarray of int or float, shape (n_users, n_categories)
        Purchases, whole numbers >= 0; NaN = missing.
    random_state : int, >= 0
        Seed. The answer depends on the order of rows and columns too.

    Returns
    -------
    ndarray of int64, or float64 for floats, shape (n_users, n_categories)
        Row and column sums are those of ``counts``, exactly. NaN stays where it is: users are dealt with
        apart by which of their counts are known, and each of these groups keeps its own sums; a user who
        is alone in it keeps their counts.

    Raises
    ------
    DataError
        If the array isn't a matrix, or a count is negative, infinite or no whole number.

    Notes
    -----
    One token per purchase; the category labels are permuted over all tokens. So the table is drawn from
    all tables with these sums under independence of user and category (a multivariate hypergeometric),
    and a user's mix of categories differs from the whole only by multinomial-like noise. A user who bought
    one thing ten times becomes mixed: concentration within users is taste, and taste is what is taken
    away. But people also buy the same again for reasons other than taste (a refill, a basket of one
    visit, a spare part), and that goes too; so beating this null shows that users differ in what they buy,
    not yet that they fall into types.

    For two windows, shuffle each with a seed of its own: then users' and categories' totals stay in
    either. The same seed would deal alike in both and make an agreement of its own; the draws of
    :func:`shuffle_purchases` differ from those made here with the same seed. To pool the windows instead,
    shuffle ``np.vstack([first, second])`` and split it: users' totals stay in either, categories' totals only
    over both.

    References
    ----------
    Boyett, J. M. (1979). Algorithm AS 144: Random R x C tables with given row and column totals. Applied
    Statistics 28(3).

    Examples
    --------
    >>> bought = np.array([[3, 0], [0, 3], [1, 1]])
    >>> null = shuffle_counts(bought, random_state=0)
    >>> null.sum(axis=0), null.sum(axis=1)
    (array([4, 4]), array([3, 3, 2]))
    """
    return _shuffled(counts, np.random.default_rng(random_state))


def shuffle_purchases(data: pd.DataFrame, feature_set: FeatureSet, *, random_state: int) -> pd.DataFrame:
    """Deal the purchases of a feature table out anew, and permute what isn't about activity.

    Parameters
    ----------
    data : DataFrame of shape (n_users, n_features)
        Typed feature columns, at least two of them purchases per category.
    feature_set : FeatureSet
        What the columns are; may hold more features than ``data`` has columns.
    random_state : int, >= 0
        Seed. The answer depends on the order of rows and columns too.

    Returns
    -------
    DataFrame of shape (n_users, n_features)
        Same index, columns and dtypes; each column keeps its missing values and its sum. Purchases per
        category (source ``category_history``, measure ``count``) are dealt out by :func:`shuffle_counts`: every
        user keeps their total. Totals of activity (:data:`KEPT_SOURCES`) stay with their user. Every other
        column is permuted on its own. What is left are tiers of activity.

    Raises
    ------
    DataError
        If fewer than two columns count purchases, or a count is negative, infinite or no whole number.
    NotFoundError
        If a column isn't in the feature set.

    Notes
    -----
    Membership is permuted: it is stated by a programme, which may count more than these purchases.
    Revenue, recency and share per category, breadth, and first and last category are permuted too: they
    no longer fit the dealt purchases, and to compute them anew would change how each is distributed.

    Examples
    --------
    >>> from personas.features.category_history import category_features
    >>> from personas.schema import Text
    >>> names = FeatureSet(tuple(category_features("count", [("tea", Text("", "")), ("tv", Text("", ""))])))
    >>> data = pd.DataFrame([[3.0, 0.0], [0.0, 2.0]], index=["a", "b"], columns=names.names)
    >>> shuffle_purchases(data, names, random_state=0).sum(axis=1).to_dict()
    {'a': 3.0, 'b': 2.0}
    """
    features = [feature_set[name] for name in data.columns]
    bought = [f.name for f in features if is_category_count(f)]
    if len(bought) < 2:
        raise DataError(
            f"Found {len(bought)} of {len(features)} columns that count purchases of a category; expected at "
            "least 2, or there is nothing to deal out. Use permute_columns for a table without them."
        )
    # Streams of their own, apart from the one that shuffle_counts starts from the same seed.
    dealing, permuting = np.random.default_rng(random_state).spawn(2)
    rest = [f.name for f in features if not is_category_count(f) and f.source not in KEPT_SOURCES]
    null = _permuted(data, rest, permuting)
    null[bought] = _shuffled(data[bought].to_numpy(dtype=np.float64), dealing)
    return null


def _permuted(data: pd.DataFrame, names: Iterable[str], random: np.random.Generator) -> pd.DataFrame:
    null = data.copy()
    for name in names:
        null[name] = data[name].array.take(random.permutation(len(data)))
    return null


def _shuffled(counts: Counts, random: np.random.Generator) -> Counts:
    _check_counts(counts)
    known = ~np.isnan(counts)
    packed = np.packbits(known, axis=1)  # a sort of bytes, much faster than one of columns
    _, first, group = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    floats = np.issubdtype(counts.dtype, np.floating)
    null: Counts = counts.astype(np.float64) if floats else counts.astype(np.int64)
    for number, columns in enumerate(known[first]):
        cells = np.ix_(group == number, columns)
        null[cells] = _dealt(counts[cells].astype(np.int64), random)
    return null


def _dealt(counts: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    # Not scipy.stats.random_table: as of scipy 1.17 its default method breaks the sums of a single column.
    n_users, n_categories = counts.shape
    category = random.permutation(np.repeat(np.arange(n_categories), counts.sum(axis=0)))
    first_cell = np.repeat(np.arange(n_users) * n_categories, counts.sum(axis=1))
    return np.bincount(first_cell + category, minlength=counts.size).reshape(counts.shape)


def _check_counts(counts: Counts) -> None:
    if counts.ndim != 2:
        raise DataError(f"Purchases have {counts.ndim} dimensions; expected 2, users by categories.")
    known = counts[~np.isnan(counts)]
    wrong = int(np.count_nonzero((known < 0) | ~np.isfinite(known) | (known != np.floor(known))))
    if wrong:
        raise DataError(
            f"{wrong} of {known.size} purchase counts are negative, infinite or no whole number; expected whole "
            "numbers of purchases, which are dealt out one by one. Give counts, not amounts, shares or rates."
        )
