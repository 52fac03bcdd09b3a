"""Distil: the labels of a clusterer that isn't additive become an additive scorecard."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from personas.errors import DataError, GateError
from personas.schema import Kind
from personas.scorecard import BinTerm, Scorecard, TableTerm
from personas.scorecard.reference import evaluate

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

SMALLEST_FIDELITY = 0.90
"""Least held-out agreement of a scorecard that may be published (own choice)."""

SMALLEST_RECALL = 0.80
"""Least held-out recall of every persona, so that a large one can't hide a lost small one (own choice)."""

HELD_OUT_SHARE = 0.25
"""Share of the labelled users, by the MD5 of ``user_id``, that the scorecard is measured on."""

N_BINS = 10
"""Most quantile bins of a number, besides an atom at its minimum."""

SMALLEST_VARIANCE = 0.01
"""Floor of a typical variance: who shows one near-constant feature alone isn't strange (own choice)."""

_ATOM_SHARE = 0.1
_MAX_ITERATIONS = 300


@dataclass(frozen=True, slots=True)
class DistillReport:
    """How well a scorecard speaks for its clusterer, on users that it wasn't fitted on.

    Parameters
    ----------
    fidelity : float, 0 to 1
        Share of held-out users whom the scorecard gives the clusterer's label.
    recalls : tuple of float, 0 to 1
        The same within each persona; NaN = no held-out user.
    n_fitted, n_held_out : int
        Users of the fit and of the measurement.
    probability : ndarray of shape (n_held_out,), 0 to 1
        Softmax share of the scorecard's answer.
    agreement : ndarray of shape (n_held_out,), 0 or 1
        Whether that answer is the clusterer's.
    """

    fidelity: float
    recalls: tuple[float, ...]
    n_fitted: int
    n_held_out: int
    probability: Floats
    agreement: Floats


def distill(
    data: pd.DataFrame, labels: NDArray[np.integer], kinds: Mapping[str, Kind], *, random_state: int
) -> tuple[Scorecard, DistillReport]:
    """Fit a scorecard on the labels of a clusterer.

    Parameters
    ----------
    data : DataFrame of shape (n_users, >= n_features), indexed by ``user_id``
        As :func:`personas.features.base.typed_columns` returns it.
    labels : ndarray of int, shape (n_users,)
        Labels 0, 1, ... of the clusterer; -1 = noise, which is left out.
    kinds : mapping of str to Kind
        Features to use, with their measurement levels.
    random_state : int
        Seed of the solver.

    Returns
    -------
    scorecard : Scorecard
        One term per feature.
    report : DistillReport
        Figures on held-out users; see :func:`check_fidelity`.

    Raises
    ------
    DataError
        If there is no labelled user, or a label has none to fit on.

    Notes
    -----
    Numbers become quantile bins (an atom at the minimum, such as zero orders, gets its own), levels stay
    levels, missing is one more value; a multinomial logistic regression with an L2 penalty on these
    indicators gives the points. A feature without missing values in training gets the mean points of its
    values as its missing row.

    Softmax answers don't change when a constant is added to all personas at one value of a feature. That
    freedom is used to make points read as ``log p(value | persona) - log p(value)``: with ``pi`` the
    shares of the personas, ``sum_k pi_k exp(points_k) = 1`` at every value, and ``base`` is the log share
    of the value. So out-of-distribution works as it does for mixtures. Quantile bins all have the same
    share, so the typical figures are those of ``base + points`` under the user's own persona: what
    surprises is a combination of values that no persona has.

    References
    ----------
    Hinton, Vinyals & Dean (2015). Distilling the knowledge in a neural network. arXiv:1503.02531.
    """
    labelled = labels >= 0
    kept, found = data.loc[labelled], labels[labelled].astype(np.int64)
    held_out = _held_out(kept.index)
    n_personas = int(found.max()) + 1 if len(found) else 0
    _check_labels(found[~held_out], n_personas)
    columns = [_Column.read(kept, name, kind, ~held_out) for name, kind in kinds.items()]
    fitted = [column.codes[~held_out] for column in columns]
    coefficients, intercept = _regress(columns, fitted, found[~held_out], random_state)
    scorecard = _build(columns, fitted, coefficients, intercept, found[~held_out])
    report = _measure(scorecard, kept.loc[held_out], found[held_out], int((~held_out).sum()))
    return scorecard, report


def check_fidelity(report: DistillReport) -> None:
    """Refuse a scorecard that doesn't speak for its clusterer.

    Parameters
    ----------
    report : DistillReport
        What :func:`distill` measured.

    Raises
    ------
    GateError
        If the agreement is below .90, or the recall of any persona below .80 or not measurable.

    Examples
    --------
    >>> import numpy as np
    >>> check_fidelity(DistillReport(0.97, (0.99, 0.91), 750, 250, np.ones(250), np.ones(250)))
    """
    recalls = ", ".join(f"{recall:.3f}" for recall in report.recalls)
    low = [k for k, recall in enumerate(report.recalls) if not recall >= SMALLEST_RECALL]
    if report.fidelity >= SMALLEST_FIDELITY and not low:
        return
    raise GateError(
        f"The scorecard agrees with its clusterer on {report.fidelity:.3f} of {report.n_held_out} held-out "
        f"users (expected at least {SMALLEST_FIDELITY:.2f}) and finds {recalls} of the users of each cluster "
        f"(expected at least {SMALLEST_RECALL:.2f} of each; nan = no held-out user). These clusters can't be "
        "scored feature by feature: ask for fewer or larger clusters, or use the latent_class clusterer."
    )


@dataclass(frozen=True, slots=True)
class _Column:
    """One feature as codes: 0 .. n_values - 1, and n_values = missing."""

    name: str
    edges: Floats | None
    levels: tuple[str, ...]
    codes: Codes

    @property
    def n_values(self) -> int:
        return len(self.levels) if self.edges is None else len(self.edges) + 1

    @classmethod
    def read(cls, data: pd.DataFrame, name: str, kind: Kind, fitted: NDArray[np.bool_]) -> _Column:
        """Read a column; edges and levels are learned from the fitted rows alone."""
        if kind in ("nominal", "ordinal"):
            codes = data[name].cat.codes.to_numpy().astype(np.int64)
            names = [str(level) for level in data[name].cat.categories]
        else:
            numbers = data[name].to_numpy(dtype=np.float64)
            missing = np.isnan(numbers)
            if kind != "binary":
                edges = _quantile_edges(numbers[fitted & np.isfinite(numbers)])
                codes = np.searchsorted(edges, numbers, side="right").astype(np.int64)
                codes[missing] = len(edges) + 1
                return cls(name, edges, (), codes)
            codes = np.where(missing, -1, numbers >= 1).astype(np.int64)
            names = ["0", "1"]
        # A level that the fit never saw is unknown to the scorecard, which flags it.
        seen = np.unique(codes[fitted & (codes >= 0)])
        position = np.full(len(names) + 1, len(seen), dtype=np.int64)  # the last entry serves code -1
        position[seen] = np.arange(len(seen))
        return cls(name, None, tuple(names[code] for code in seen), position[codes])


def _held_out(user_ids: pd.Index) -> NDArray[np.bool_]:
    limit = int(HELD_OUT_SHARE * 2**32)
    digests = (hashlib.md5(f"distill:{u}".encode(), usedforsecurity=False).digest() for u in user_ids)
    return np.fromiter(
        (int.from_bytes(digest[:4], "big") < limit for digest in digests), dtype=bool, count=len(user_ids)
    )


def _check_labels(labels: Codes, n_personas: int) -> None:
    if not len(labels):
        raise DataError(
            "No labelled user is left to distil; expected at least one cluster. The clusterer calls every "
            "user noise: lower its minimum cluster size."
        )
    empty = int((np.bincount(labels, minlength=n_personas) == 0).sum())
    if empty:
        raise DataError(
            f"{empty} of {n_personas} clusters have no user to distil on; raise the minimum cluster size."
        )


def _quantile_edges(known: Floats) -> Floats:
    if not len(known):
        return np.empty(0)
    above = known[known > known.min()]
    if not len(above):
        return np.empty(0)
    inner = np.linspace(0.0, 1.0, N_BINS + 1)[1:-1]
    if (known == known.min()).mean() >= _ATOM_SHARE:
        edges = np.quantile(above, np.concatenate([[0.0], inner]), method="inverted_cdf")
    else:
        edges = np.quantile(known, inner, method="inverted_cdf")
    return np.unique(edges[edges > known.min()])


def _regress(
    columns: Sequence[_Column], fitted: Sequence[Codes], labels: Codes, random_state: int
) -> tuple[Floats, Floats]:
    """Return coefficients of shape (n_personas, n_indicators) and intercepts of shape (n_personas,)."""
    widths = [column.n_values + 1 for column in columns]
    n_personas = int(labels.max()) + 1
    if n_personas == 1 or not widths:
        return np.zeros((n_personas, sum(widths))), np.zeros(n_personas)
    offsets = np.concatenate([[0], np.cumsum(widths)[:-1]]).astype(np.int64)
    positions = np.stack(fitted, axis=1) + offsets
    n_users, n_features = positions.shape
    X = sparse.csr_matrix(
        (
            np.ones(positions.size),
            positions.ravel(),
            np.arange(0, positions.size + 1, n_features),
        ),
        shape=(n_users, sum(widths)),
    )
    with warnings.catch_warnings():
        # A fit that stops early shows where it matters, in the fidelity.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(max_iter=_MAX_ITERATIONS, random_state=random_state).fit(X, labels)
    if n_personas == 2:  # one row, for the second against the first
        return np.vstack([-model.coef_, model.coef_]) / 2, np.array([-0.5, 0.5]) * model.intercept_[0]
    return np.asarray(model.coef_), np.asarray(model.intercept_)


def _build(
    columns: Sequence[_Column],
    fitted: Sequence[Codes],
    coefficients: Floats,
    intercept: Floats,
    labels: Codes,
) -> Scorecard:
    log_share = np.log(np.bincount(labels, minlength=len(intercept)) / len(labels))
    # The intercept is to be the log share; what is left of it goes into the rows of every term alike.
    rest = (intercept - log_share) / max(len(columns), 1)
    terms: list[BinTerm | TableTerm] = []
    start = 0
    for column, codes in zip(columns, fitted, strict=True):
        n_values = column.n_values
        raw = coefficients[:, start : start + n_values + 1] + rest[:, None]
        start += n_values + 1
        counts = np.bincount(codes, minlength=n_values + 1).astype(np.float64)
        share = counts[:-1] / max(counts[:-1].sum(), 1.0)
        if not counts[-1] and n_values:
            raw[:, -1] = raw[:, :-1] @ share
        points = raw - logsumexp(raw + log_share[:, None], axis=0)
        occurring = share > 0
        base = np.log(np.where(occurring, share, 0.5 / len(labels)))
        known = codes < n_values
        density = base[codes[known]] + points[labels[known], codes[known]]
        mean, variance = (density.mean(), density.var()) if known.any() else (0.0, 0.0)
        typical = (float(mean), max(float(variance), SMALLEST_VARIANCE))
        terms.append(_term(column, points, base, typical))
    return Scorecard(log_share, tuple(terms))


def _term(column: _Column, points: Floats, base: Floats, typical: tuple[float, float]) -> BinTerm | TableTerm:
    values, missing = np.ascontiguousarray(points[:, :-1]), np.ascontiguousarray(points[:, -1])
    if column.edges is None:
        return TableTerm(
            column.name,
            column.levels,
            values,
            missing,
            base,
            typical_mean=typical[0],
            typical_variance=typical[1],
        )
    return BinTerm(
        column.name,
        column.edges,
        values,
        missing,
        base,
        typical_mean=typical[0],
        typical_variance=typical[1],
    )


def _measure(scorecard: Scorecard, data: pd.DataFrame, labels: Codes, n_fitted: int) -> DistillReport:
    if not len(labels):
        raise DataError("No labelled user is held out to measure the scorecard on; train on more users.")
    scores = evaluate(scorecard, {name: data[name] for name in scorecard.features})
    agreement = (scores.label == labels).astype(np.float64)
    n_each = np.bincount(labels, minlength=scorecard.n_personas)
    n_right = np.bincount(labels, weights=agreement, minlength=scorecard.n_personas)
    recalls = [float(right / n) if n else float("nan") for right, n in zip(n_right, n_each, strict=True)]
    return DistillReport(
        fidelity=float(agreement.mean()),
        recalls=tuple(recalls),
        n_fitted=n_fitted,
        n_held_out=len(labels),
        probability=scores.probability,
        agreement=agreement,
    )
