"""Say when there is nothing to find: a solution must beat tables without structure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import t

from personas.errors import GateError
from personas.schema import Text
from personas.selection.base import MeasureName, Null, Verdict

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


def rule_text(verdicts: Sequence[Verdict]) -> Text:
    """Say which measure decided against which null table, and which measures would not have been enough.

    Parameters
    ----------
    verdicts : sequence of Verdict
        Of one model; those of the strictest null decide.

    Returns
    -------
    Text
        One sentence without its full stop; empty where nothing that decides was measured.

    Examples
    --------
    >>> print(rule_text([Verdict("stability", "columns_permuted", 0.9, 0.3, 0.5)]).en)  # doctest: +NORMALIZE_WHITESPACE
    decided by stability (ARI) 0.900 (limit 0.500), above the most that tables with every column shuffled give; one of
    reach and stability (ARI) above that is enough
    """
    strictest = [v for v in _strictest(verdicts) if not math.isnan(v.value)]
    buys = any(v.measure == "taste" for v in strictest)
    deciding = [v for v in strictest if v.measure != "reach" or not buys]
    if not deciding:
        return Text("", "")
    above = [v for v in deciding if v.beats_null]
    null, first = _NULL_WORDS[deciding[0].null], _MEASURE_WORDS["taste" if buys else "reach"]
    zh = "，".join(_held(v).zh for v in above or deciding)
    en = ", ".join(_held(v).en for v in above or deciding)
    enough = Text(
        f"{first.zh}与稳定性（ARI）有一项高于上限即可{'，触达预判力不算数' if buys else ''}",
        f"one of {first.en} and stability (ARI) above that is enough{', reach is not' if buys else ''}",
    )
    if above:
        return Text(
            f"判定依据：{zh}，高于{null.zh}所能达到的上限；{enough.zh}",
            f"decided by {en}, above the most that {null.en} give; {enough.en}",
        )
    return Text(
        f"判定依据：{zh}，没有一项高于{null.zh}所能达到的上限；{enough.zh}",
        f"decided by {en}, nothing above the most that {null.en} give; {enough.en}",
    )


def _held(verdict: Verdict) -> Text:
    """Write a measure with the limit that it is held against."""
    name = _MEASURE_WORDS[verdict.measure]
    value, limit = (_written(verdict.measure, x) for x in (verdict.value, verdict.null_limit))
    return Text(f"{name.zh} {value}（上限 {limit}）", f"{name.en} {value} (limit {limit})")


def _written(measure: MeasureName, value: float) -> str:
    if measure == "reach":
        return f"{value:.1%}"
    # A difference must not vanish in the rounding.
    return f"{value:.3f}"


_MEASURE_WORDS: dict[MeasureName, Text] = {
    "reach": Text("触达预判力", "reach"),
    "taste": Text("偏好预判力", "taste"),
    "stability": Text("稳定性（ARI）", "stability (ARI)"),
}
_NULL_WORDS: dict[Null, Text] = {
    "columns_permuted": Text("逐列打乱的数据", "tables with every column shuffled"),
    "purchases_shuffled": Text("只打乱买什么的数据", "tables with only what is bought shuffled"),
}


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
            "--force."
        )


def _strictest(verdicts: Sequence[Verdict]) -> list[Verdict]:
    shuffled = [v for v in verdicts if v.null == "purchases_shuffled"]
    return shuffled or list(verdicts)
