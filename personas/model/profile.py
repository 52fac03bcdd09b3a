"""Profile: how each level of each feature is spread over the personas, against all users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from personas.errors import DataError
from personas.features.base import FeatureSet
from personas.model.bands import Reading, read_features
from personas.model.base import Trait
from personas.model.suppress import Mask, protect_counts
from personas.schema import Text
from personas.selection.intervals import NORMAL_975, SMALLEST_EXPECTED

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

SMALL_CELL = 20
"""Fewest users that a shown cell may have; no legal minimum for marketing tables is known (own choice)."""


def profile_personas(
    data: pd.DataFrame,
    labels: NDArray[np.integer],
    feature_set: FeatureSet,
    *,
    n_personas: int,
    small_cell: int = SMALL_CELL,
    level_labels: Mapping[str, Mapping[str, Text]] | None = None,
) -> tuple[tuple[Trait, ...], ...]:
    """Compare every persona with all users, level by level.

    Parameters
    ----------
    data : DataFrame of shape (n_users, n_features), indexed by ``user_id``
        As :func:`personas.features.base.typed_columns` returns it.
    labels : ndarray of int, shape (n_users,)
        Row of the persona of each user, -1 = none. The base is all users, those of no persona included.
    feature_set : FeatureSet
        What the columns are, profiled ones included.
    n_personas : int, >= 1
        Number of personas.
    small_cell : int, >= 1
        Cells of fewer users are suppressed; see :func:`personas.model.suppress.protect_counts`.
    level_labels : mapping of str to mapping of str to Text, optional
        Feature -> level -> name for people, for attributes that a config adds.

    Returns
    -------
    tuple of tuple of Trait, one per persona
        Levels of nominal and ordinal features; "yes" of binary ones; "bought" of categories, once each
        whatever is measured of them; bands of other numbers: the canonical ones of age and membership
        value, else quartiles of the base with readable edges, zero apart where a quarter of the base has
        it.

    Raises
    ------
    DataError
        If ``labels`` don't fit ``data`` or ``n_personas``.

    Notes
    -----
    With ``p_S`` the persona's share and ``p_B`` the base's, both among users whose value is known,
    ``TGI = 100 p_S / p_B``. It is undefined (None) where the base has nobody.

    The interval is that of Katz for the risk ratio ``RR = p_S / p_R`` of the persona against the rest of
    the base (two disjoint groups), carried over by ``TGI = 100 RR / (w RR + 1 - w)``, which grows with RR;
    ``w`` is the persona's part of the base. So it never passes the largest possible value, ``100 / w``.
    Where one group has nobody, half a user is added to the counts (Walter 1976).

    The p value is that of the pooled two-proportion z test, persona against rest, or Fisher's exact test
    where an expected count is below 5; q values follow Benjamini and Hochberg over all levels of all
    personas. Personas were found in these very features, so q values rank and screen traits; they don't
    prove that a persona exists.

    References
    ----------
    Katz et al. (1978). Obtaining confidence intervals for the risk ratio in cohort studies. Biometrics 34.
    Walter, S. D. (1976). The estimation and interpretation of attributable risk. Biometrics 32.
    Cochran, W. G. (1954). Some methods for strengthening the common chi-squared tests. Biometrics 10.
    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. J. R. Stat. Soc. B 57.
    TGI as Chinese marketplaces print it, base 100 = all users: Alibaba Cloud community, article 268799.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from personas.features.base import FeatureSet, typed_columns
    >>> from personas.features.profile import profile_features
    >>> married = FeatureSet(tuple(f for f in profile_features() if f.name == "city_tier"))
    >>> from dataclasses import replace
    >>> married = FeatureSet((replace(married["city_tier"], levels=("T1", "T2")),))
    >>> data = typed_columns(pd.DataFrame({"city_tier": ["T1"] * 60 + ["T2"] * 40 + ["T1"] * 100}), married)
    >>> first, second = profile_personas(data, np.repeat([0, 1], 100), married, n_personas=2)
    >>> first[0].label.en, first[0].share, first[0].base_share, first[0].tgi
    ('City tier: tier 1 city', 0.6, 0.8, 75.0)
    """
    _check_labels(data, labels, n_personas)
    readings = list(read_features(data, feature_set, level_labels or {}))
    tables = [_table(reading, labels, n_personas, small_cell) for reading in readings]
    figures = [_compare(table) for table in tables]
    q_values = _q_values(figures)
    personas: list[list[Trait]] = [[] for _ in range(n_personas)]
    for reading, table, compared, q_value in zip(readings, tables, figures, q_values, strict=True):
        for persona in range(n_personas):
            personas[persona] += _traits(reading, table, compared, q_value, persona)
    return tuple(tuple(traits) for traits in personas)


@dataclass(frozen=True, slots=True)
class _Table:
    """Users per persona and level; arrays of shape (n_personas, n_levels) or broadcastable to it."""

    n_users: NDArray[np.int64]
    n_known: NDArray[np.int64]
    n_base: NDArray[np.int64]
    n_base_known: int
    suppressed: Mask
    rare: Mask


@dataclass(frozen=True, slots=True)
class _Compared:
    """Figures per persona and level, NaN = undefined."""

    tgi: Floats
    lower: Floats
    upper: Floats
    p_value: Floats


def _check_labels(data: pd.DataFrame, labels: NDArray[np.integer], n_personas: int) -> None:
    if labels.shape != (len(data),):
        raise DataError(
            f"labels have the shape {labels.shape}; expected one label for each of the {len(data)} users."
        )
    if len(labels) and not -1 <= labels.min() <= labels.max() < n_personas:
        raise DataError(
            f"labels run from {labels.min()} to {labels.max()}; expected -1 (none) to {n_personas - 1}."
        )


def _table(reading: Reading, labels: NDArray[np.integer], n_personas: int, small_cell: int) -> _Table:
    n_levels = len(reading.levels)
    known = reading.codes >= 0
    # Users of no persona go to the last row.
    rows = np.where(labels < 0, n_personas, labels).astype(np.int64)
    cells = np.bincount(rows[known] * n_levels + reading.codes[known], minlength=(n_personas + 1) * n_levels)
    raw = cells.reshape(n_personas + 1, n_levels).astype(np.int64)
    counts, suppressed = protect_counts(raw, small_cell)
    base = counts.sum(axis=0)
    return _Table(
        n_users=counts[:-1],
        n_known=counts[:-1].sum(axis=1, keepdims=True),
        n_base=base,
        n_base_known=int(base.sum()),
        suppressed=suppressed[:-1],
        rare=(base > 0) & (base < small_cell),
    )


def _compare(table: _Table) -> _Compared:
    x, n = table.n_users.astype(np.float64), table.n_known.astype(np.float64)
    x_rest, n_rest = table.n_base - x, table.n_base_known - n
    with np.errstate(divide="ignore", invalid="ignore"):
        tgi = 100 * (x / n) / (table.n_base / table.n_base_known)
        empty = 0.5 * ((x == 0) | (x_rest == 0))
        a, b, m, r = x + empty, x_rest + empty, n + empty, n_rest + empty
        log_ratio = np.log((a / m) / (b / r))
        half_width = NORMAL_975 * np.sqrt(np.maximum(1 / a - 1 / m + 1 / b - 1 / r, 0.0))
        weight = n / table.n_base_known
        lower = _tgi_of_ratio(np.exp(log_ratio - half_width), weight)
        upper = _tgi_of_ratio(np.exp(log_ratio + half_width), weight)
        lower = np.where(x == 0, 0.0, lower)
        upper = np.where(x_rest == 0, 100 / weight, upper)
        p_value = _p_values(x, n, x_rest, n_rest)
    undefined = (n == 0) | (table.n_base == 0) | table.suppressed | table.rare
    alone = undefined | (n_rest == 0)
    return _Compared(
        tgi=np.where(undefined, np.nan, tgi),
        lower=np.where(alone, np.nan, lower),
        upper=np.where(alone, np.nan, upper),
        p_value=np.where(alone, np.nan, p_value),
    )


def _tgi_of_ratio(ratio: Floats, weight: Floats) -> Floats:
    return 100 * ratio / (weight * ratio + 1 - weight)


def _p_values(x: Floats, n: Floats, x_rest: Floats, n_rest: Floats) -> Floats:
    pooled = (x + x_rest) / (n + n_rest)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n_rest))
    z = np.where(spread > 0, (x / n - x_rest / n_rest) / spread, 0.0)
    p_value: Floats = 2 * stats.norm.sf(np.abs(z))
    smallest = np.minimum(n, n_rest) * np.minimum(pooled, 1 - pooled)
    # Where everybody or nobody has the level there is nothing to test.
    for cell in np.argwhere((smallest > 0) & (smallest < SMALLEST_EXPECTED)):
        i, j = int(cell[0]), int(cell[1])
        table = [
            [int(x[i, j]), int(n[i, 0] - x[i, j])],
            [int(x_rest[i, j]), int(n_rest[i, 0] - x_rest[i, j])],
        ]
        p_value[i, j] = stats.fisher_exact(table).pvalue
    return p_value


def _q_values(figures: Sequence[_Compared]) -> list[Floats]:
    if not figures:
        return []
    p_value = np.concatenate([compared.p_value.ravel() for compared in figures])
    q_value = np.full_like(p_value, np.nan)
    tested = ~np.isnan(p_value)
    if tested.any():
        q_value[tested] = stats.false_discovery_control(p_value[tested], method="bh")
    ends = np.cumsum([compared.p_value.size for compared in figures])[:-1]
    return [
        part.reshape(compared.p_value.shape)
        for part, compared in zip(np.split(q_value, ends), figures, strict=True)
    ]


def _traits(
    reading: Reading, table: _Table, compared: _Compared, q_value: Floats, persona: int
) -> list[Trait]:
    n_known = int(table.n_known[persona, 0])
    traits = []
    for j, level in enumerate(reading.levels):
        if level is None or (reading.feature.kind in ("numeric", "count") and not table.n_base[j]):
            continue  # a band without anybody says nothing
        hidden = bool(table.suppressed[persona, j])
        n_users = int(table.n_users[persona, j])
        traits.append(
            Trait(
                feature=reading.feature.name,
                level=level.name,
                label=level.label,
                short=level.short,
                block=reading.feature.block,
                protected=reading.feature.protected,
                n_users=None if hidden else n_users,
                share=None if hidden or not n_known else n_users / n_known,
                base_share=None
                if table.rare[j] or not table.n_base_known
                else int(table.n_base[j]) / table.n_base_known,
                tgi=_number(compared.tgi[persona, j]),
                tgi_lower=_number(compared.lower[persona, j]),
                tgi_upper=_number(compared.upper[persona, j]),
                q_value=_number(q_value[persona, j]),
            )
        )
    return traits


def _number(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)
