"""Judge each persona on its own: whether it comes back in refits, beside more personas, and over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr
from sklearn.metrics import adjusted_rand_score

from personas.errors import DataError
from personas.schema import Text

Labels = NDArray[np.integer]
"""Row of the persona of each user of a panel, -1 = none (noise, or not assigned)."""

HIGHLY_STABLE_JACCARD = 0.85
STABLE_JACCARD = 0.75
PATTERN_JACCARD = 0.6
"""Least mean Jaccard of a highly stable persona, of a valid and stable one, and of one that hints at a pattern
although it is doubtful who belongs to it; below the last, a persona should not be trusted. The guidelines of
R's fpc::clusterboot (https://cran.r-project.org/package=fpc, manual page of ``clusterboot``), meant for
bootstrap resamples."""

_SCALE = (
    (HIGHLY_STABLE_JACCARD, Text("高度稳定", "highly stable")),
    (STABLE_JACCARD, Text("稳定", "stable")),
    (PATTERN_JACCARD, Text("有迹可循，边界模糊", "a pattern with doubtful members")),
    (0.0, Text("不可信", "not to be trusted")),
)
_NOT_MEASURED = Text("未测得", "not measured")


@dataclass(frozen=True, slots=True, eq=False)
class TemporalStability:
    """How many users keep their persona from one window to the next.

    Parameters
    ----------
    kept_shares : ndarray of shape (n_personas,), 0 to 1
        Share of each persona's users who have it again; NaN = nobody had it.
    kept_share : float, 0 to 1
        The same over all users who had a persona; NaN = nobody had one.
    ari : float, -0.5 to 1
        Adjusted Rand index over the users who have a persona both times, 0 = no more than chance; NaN =
        there are none.
    """

    kept_shares: NDArray[np.float64]
    kept_share: float
    ari: float


def contingency(first: Labels, second: Labels, n_first: int, n_second: int) -> NDArray[np.int64]:
    """Count the users of every pair of labels of one panel.

    Parameters
    ----------
    first, second : ndarray of int, shape (n_users,)
        Labels of the same users, -1 = none; users without a label on either side aren't counted.
    n_first, n_second : int, >= 0
        Number of labels on either side.

    Returns
    -------
    ndarray of int64, shape (n_first, n_second), users
        Row = first label, column = second.

    Raises
    ------
    DataError
        If the arrays aren't whole numbers of the same users, or a label is outside -1 .. n - 1.

    Examples
    --------
    >>> import numpy as np
    >>> contingency(np.array([0, 0, 1, -1]), np.array([1, 1, 0, 0]), 2, 2)
    array([[0, 2],
           [1, 0]])
    """
    _check_labels(first, n_first)
    _check_labels(second, n_second)
    if first.shape != second.shape:
        raise DataError(
            f"Labels of {first.shape[0]} and of {second.shape[0]} users can't be compared; "
            "expected the labels of the same users."
        )
    both = (first >= 0) & (second >= 0)
    pair = first[both].astype(np.int64) * n_second + second[both]
    return np.bincount(pair, minlength=n_first * n_second).reshape(n_first, n_second)


def jaccard_matrix(first: Labels, second: Labels, n_first: int, n_second: int) -> NDArray[np.float64]:
    """Return the Jaccard overlap of every pair of groups of one panel.

    Parameters
    ----------
    first, second : ndarray of int, shape (n_users,)
        Labels of the same users, -1 = none.
    n_first, n_second : int, >= 0
        Number of labels on either side.

    Returns
    -------
    ndarray of shape (n_first, n_second), 0 to 1
        Users in both groups over users in either. A user without a label on one side still belongs to
        the group on the other side. 0 when both groups are empty.

    Raises
    ------
    DataError
        As :func:`contingency`.

    References
    ----------
    Jaccard, P. (1901). Distribution de la flore alpine dans le bassin des Dranses. Bulletin de la Société
    Vaudoise des Sciences Naturelles 37.

    Examples
    --------
    >>> import numpy as np
    >>> jaccard_matrix(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), 2, 2).round(2)
    array([[0.67, 0.  ],
           [0.25, 0.5 ]])
    """
    shared = contingency(first, second, n_first, n_second)
    union = _sizes(first, n_first)[:, None] + _sizes(second, n_second)[None, :] - shared
    overlap: NDArray[np.float64] = shared / np.maximum(union, 1)
    return overlap


def persona_jaccards(
    reference: Labels, refits: Sequence[Labels], *, n_personas: int | None = None
) -> NDArray[np.float64]:
    """Return the mean Jaccard with which each persona is found again in refits.

    Parameters
    ----------
    reference : ndarray of int, shape (n_panel,)
        Labels of the solution that is judged, -1 = none.
    refits : sequence of ndarray of int, shape (n_panel,)
        Labels of the same panel by refits on bootstrap resamples; names and number of their groups are
        free. At least one.
    n_personas : int, optional
        Number of personas of the reference; None = highest label + 1.

    Returns
    -------
    ndarray of shape (n_personas,), 0 to 1
        Mean over the refits of the largest Jaccard of the persona with any group of the refit; a persona
        that a refit has lost counts with the best that is left, 0 at worst. NaN = nobody on the panel has
        the persona.

    Raises
    ------
    DataError
        If there is no refit, or labels aren't whole numbers >= -1 of the same users.

    Notes
    -----
    This is the SLSw (segment level stability within solutions) that flexclust's ``slswFlexclust``
    computes: every refit labels the whole panel and is compared with the solution judged. It draws
    refits in pairs and averages the two, so 2 n refits are its n pairs. Hennig's clusterboot compares on
    the users of each resample alone. Noise isn't a group that a persona could be found in.

    A high Jaccard says that a persona comes back, not that it is real: inflexible clusterers, and one
    group of nearly everybody, are stable on anything. Compare with a null world
    (:mod:`personas.selection.nulls`): in those of the planted and of the grocer's table (latent classes, 3
    to 5 personas, 6 refits) the best persona reached .51 to .79 and the next at most .66.

    References
    ----------
    Hennig, C. (2007). Cluster-wise assessment of cluster stability. Computational Statistics & Data
    Analysis 52(1). Dolnicar, S., & Leisch, F. (2017). Using segment level stability to select target
    segments in data-driven market segmentation studies. Marketing Letters 28(3).

    Examples
    --------
    >>> import numpy as np
    >>> persona_jaccards(np.array([0, 0, 1, 1]), [np.array([1, 1, 0, 0]), np.array([0, 0, 0, 1])]).round(3)
    array([0.833, 0.75 ])
    """
    if len(refits) == 0:
        raise DataError("Found no refit to compare the personas with; expected at least one.")
    size = _n_labels(reference) if n_personas is None else n_personas
    best = [
        jaccard_matrix(reference, refit, size, _n_labels(refit)).max(axis=1, initial=0.0) for refit in refits
    ]
    mean: NDArray[np.float64] = np.mean(best, axis=0)
    mean[_sizes(reference, size) == 0] = np.nan
    return mean


def stability_word(jaccard: float) -> Text:
    """Return what a mean Jaccard says, in words.

    Parameters
    ----------
    jaccard : float, 0 to 1
        Of :func:`persona_jaccards`; NaN = not measured.

    Returns
    -------
    Text
        By :data:`HIGHLY_STABLE_JACCARD`, :data:`STABLE_JACCARD` and :data:`PATTERN_JACCARD`; a value on the
        limit counts as above it.

    Raises
    ------
    DataError
        If it isn't between 0 and 1.

    Examples
    --------
    >>> stability_word(0.8)
    Text(zh='稳定', en='stable')
    """
    if np.isnan(jaccard):
        return _NOT_MEASURED
    if not 0 <= jaccard <= 1:
        raise DataError(f"A mean Jaccard is {jaccard:g}; expected 0 to 1.")
    return next(word for least, word in _SCALE if jaccard >= least)


def origin_shares(
    labels_k: Labels, labels_previous: Labels, *, n_personas: int | None = None
) -> NDArray[np.float64]:
    """Return where the users of each persona come from: shares of the personas of another solution.

    Parameters
    ----------
    labels_k : ndarray of int, shape (n_panel,)
        Labels of the solution that is judged, -1 = none.
    labels_previous : ndarray of int, shape (n_panel,)
        Labels of the same users by the solution with the next smaller number of personas, -1 = none.
    n_personas : int, optional
        Number of personas of the solution judged; None = highest label + 1.

    Returns
    -------
    ndarray of shape (n_personas, n_previous), 0 to 1
        Rows sum to 1; users without a persona in either solution are left out. A row of NaN = nobody is
        left.

    Raises
    ------
    DataError
        As :func:`contingency`.

    Examples
    --------
    >>> import numpy as np
    >>> origin_shares(np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 1]))
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    size = _n_labels(labels_k) if n_personas is None else n_personas
    table = contingency(labels_k, labels_previous, size, _n_labels(labels_previous))
    totals = table.sum(axis=1, keepdims=True)
    return _shares(table, totals)


def across_stability(
    labels_k: Labels, labels_previous: Labels, *, n_personas: int | None = None
) -> NDArray[np.float64]:
    """Return SLSa, the segment level stability across solutions, of each persona.

    Parameters
    ----------
    labels_k, labels_previous, n_personas
        As in :func:`origin_shares`.

    Returns
    -------
    ndarray of shape (n_personas,), 0 to 1
        ``1 - H / log(n_previous)``, where H is the entropy of the persona's row of :func:`origin_shares` and
        n_previous the number of personas that somebody has in the previous solution. 1 = all its users
        come from one persona, as a whole or split off it; 0 = equally from all. NaN = nobody is left to
        compare, or the previous solution has fewer than two personas and can't tell them apart.

    Raises
    ------
    DataError
        As :func:`contingency`.

    References
    ----------
    Dolnicar, S., & Leisch, F. (2017). Using segment level stability to select target segments in
    data-driven market segmentation studies. Marketing Letters 28(3). Dolnicar, S., Grün, B., & Leisch, F.
    (2018). Market Segmentation Analysis. Springer, chapter 7. flexclust's ``slsaplot`` returns
    ``H / log(n_previous)`` and colours by 1 minus it.

    Examples
    --------
    >>> import numpy as np
    >>> across_stability(np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 1]))
    array([1., 0., 1.])
    """
    shares = origin_shares(labels_k, labels_previous, n_personas=n_personas)
    n_previous = np.count_nonzero(_sizes(labels_previous, shares.shape[1]))
    if n_previous < 2:
        return np.full(len(shares), np.nan)
    entropy = entr(shares).sum(axis=1)
    # An even split can come out a rounding error below 0.
    stability: NDArray[np.float64] = np.clip(1 - entropy / np.log(n_previous), 0.0, 1.0)
    return stability


def temporal_stability(
    labels_then: Labels, labels_now: Labels, *, n_personas: int | None = None
) -> TemporalStability:
    """Compare the personas that one model gives the same users at two times.

    Parameters
    ----------
    labels_then, labels_now : ndarray of int, shape (n_users,)
        Labels of the same users in an earlier and in a later window, -1 = none. By the same model, so that
        a label means the same persona both times.
    n_personas : int, optional
        Number of personas of the model; None = highest label of either + 1.

    Returns
    -------
    TemporalStability
        Users who had no persona then are left out of the shares; those who have none now haven't kept
        theirs.

    Raises
    ------
    DataError
        As :func:`contingency`.

    Notes
    -----
    A large persona is kept by chance too: if it has 80 % of the users, 80 % of random labels keep it. The
    adjusted Rand index is corrected for that, the shares are not.

    References
    ----------
    Hubert, L., & Arabie, P. (1985). Comparing partitions. Journal of Classification 2.

    Examples
    --------
    >>> import numpy as np
    >>> found = temporal_stability(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1]))
    >>> found.kept_shares.round(2), found.kept_share
    (array([0.67, 1.  ]), 0.8)
    """
    size = max(_n_labels(labels_then), _n_labels(labels_now)) if n_personas is None else n_personas
    stayed = np.diagonal(contingency(labels_then, labels_now, size, size))
    had = _sizes(labels_then, size)
    both = (labels_then >= 0) & (labels_now >= 0)
    return TemporalStability(
        kept_shares=_shares(stayed, had),
        kept_share=float(stayed.sum() / had.sum()) if had.any() else float("nan"),
        ari=float(adjusted_rand_score(labels_then[both], labels_now[both])) if both.any() else float("nan"),
    )


def _shares(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return shares


def _check_labels(labels: Labels, n_labels: int) -> None:
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"Labels are {labels.dtype} of shape {labels.shape}; expected one whole number per user."
        )
    low, high = labels.min(initial=0), labels.max(initial=-1)
    if low < -1 or high >= n_labels:
        raise DataError(
            f"Labels run from {low} to {high}; expected -1 (none) to {n_labels - 1}, the rows of the personas."
        )


def _n_labels(labels: Labels) -> int:
    return int(labels.max(initial=-1)) + 1


def _sizes(labels: Labels, n_labels: int) -> NDArray[np.int64]:
    return np.bincount(labels[labels >= 0], minlength=n_labels)
