"""Say when there is nothing to find: a solution must beat tables without structure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import t

from personas.errors import GateError
from personas.schema import Text
from personas.selection.base import Verdict

FALSE_ALARM = 0.005
"""Chance that a null table beats this limit (own choice): two measures then let 1 in 100 null tables pass."""


def upper_limit(values: Sequence[float]) -> float:
    """Return the upper prediction limit for one more value of the same kind.

    Parameters
    ----------
    values : sequence of float
        At least two; taken as normal.

    Returns
    -------
    float
        ``mean + t(1 - FALSE_ALARM, n - 1) * sd * sqrt(1 + 1/n)``.

    References
    ----------
    Whitmore, G. A. (1986). Prediction limits for a univariate normal observation. The American
    Statistician 40(2).

    Examples
    --------
    >>> round(upper_limit([0.0, 0.1, 0.2]), 2)
    1.25
    """
    sample = np.asarray(values, dtype=np.float64)
    n = len(sample)
    return float(sample.mean() + t.ppf(1 - FALSE_ALARM, n - 1) * sample.std(ddof=1) * math.sqrt(1 + 1 / n))


def upper_limit_of_agreement(values: Sequence[float]) -> float:
    """Return the same limit for a measure that can't exceed 1, such as an adjusted Rand index.

    Parameters
    ----------
    values : sequence of float, -1 to 1
        At least two; their inverse hyperbolic tangents are taken as normal (Fisher's z; the transfer from
        correlations is our own).

    Returns
    -------
    float, at most 1
        1, which nothing exceeds, where null tables agree (almost) perfectly.

    Examples
    --------
    >>> round(upper_limit_of_agreement([0.3, 0.5, 0.6, 0.4]), 2)
    0.92
    """
    clipped = np.clip(np.asarray(values, dtype=np.float64), -_LARGEST_AGREEMENT, _LARGEST_AGREEMENT)
    limit = math.tanh(upper_limit([float(z) for z in np.arctanh(clipped)]))
    return limit if limit < _LARGEST_AGREEMENT else 1.0


_LARGEST_AGREEMENT = 0.999


def has_structure(verdicts: Sequence[Verdict]) -> bool:
    """Return whether taste or stability beats the strictest null that was tried.

    Reach alone is no structure: tiers of activity have it too. Where there are no purchases, and so no taste,
    there are no tiers of activity either, and reach stands in for it.
    """
    strictest = _strictest(verdicts)
    buys = any(v.measure == "taste" for v in strictest)
    return any(v.beats_null for v in strictest if v.measure != "reach" or not buys)


def verdict_text(verdicts: Sequence[Verdict]) -> Text:
    """Return the verdict in words: personas, activity tiers only, or nothing at all."""
    if has_structure(verdicts):
        return Text("这些数据中有真实的人群结构", "these tables carry personas")
    if any(v.beats_null for v in verdicts if v.null == "columns_permuted"):
        return Text(
            "这些数据只能分出活跃度高低，没有可靠的人群结构",
            "these tables carry activity tiers but no personas",
        )
    return Text("这些数据中没有任何人群结构", "these tables carry no structure at all")


def check_structure(verdicts: Sequence[Verdict]) -> None:
    """Raise unless the personas beat tables without structure.

    Raises
    ------
    GateError
        If neither taste nor stability is better than the null.
    """
    if verdicts and not has_structure(verdicts):
        figures = "; ".join(
            f"{v.measure} {v.value:.3f}, without structure up to {v.null_limit:.3f}"
            for v in _strictest(verdicts)
            if not math.isnan(v.value)
        )
        raise GateError(
            f"No personas were found: {verdict_text(verdicts).en} ({figures}). Nothing is published. Map more columns "
            "that tell customers apart, use a longer lookback or more users, or publish them all the same with "
            "force."
        )


def _strictest(verdicts: Sequence[Verdict]) -> list[Verdict]:
    shuffled = [v for v in verdicts if v.null == "purchases_shuffled"]
    return shuffled or list(verdicts)
