"""Latent class model for mixed data: the default clusterer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import kmeans_plusplus
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted
from threadpoolctl import threadpool_limits

from personas.cluster.base import FeatureKinds
from personas.cluster.columns import (
    as_frame,
    learn_columns,
    read_columns,
    resolve_kinds,
    resolve_transforms,
    resolve_weights,
)
from personas.cluster.em import Design, MixedModel, Run, best_runs
from personas.cluster.emissions import make_emissions
from personas.cluster.encode import Encoder
from personas.cluster.rows import collapse_rows
from personas.cluster.seeds import NONE, Seed, match_seeds, nearest, seeded_labels
from personas.cluster.start import started_labels
from personas.cluster.typical import make_scorecard
from personas.errors import ConfigError, DataError
from personas.scorecard import Scorecard, Transform

Floats = NDArray[np.float64]

START_ROWS = 5_000
"""Starts run on at most so many (drawn) rows; the best of them is then run on all."""

START_TOL = 1e-6
"""``tol`` of a run on drawn rows."""

SHORT_RUNS = 5
"""Short runs per start: many short runs find the best maximum sooner than a few long ones."""

SHORT_ITERATIONS = 20
"""EM iterations of a short run."""

LONG_RUNS = 3
"""Short runs, the best ones, that are run to the end."""

SEED_COST = 0.02
"""Log likelihood per row, in nats, that classes found from seeds may lack against the best other start (own choice).
By likelihood alone a seed would hardly ever decide. On a planted world of five overlapping groups one more class
gained .04 to .25; seeded solutions that lacked up to .025 came as near to the plants or nearer (ARI -.02 to +.06),
those that lacked .05 fell behind (ARI -.09)."""


class LatentClass(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Finite mixture of classes for numbers, ordered and unordered levels, yes/no and counts.

    Within a class the columns are independent: numeric ones normal, ordinal ones with
    adjacent-category logits (shared intercepts, one slope per class), nominal ones categorical, binary
    ones Bernoulli, counts Poisson. Missing values are marginalised (full information maximum
    likelihood); a level that training did not see counts as missing.

    Parameters
    ----------
    n_components : int, >= 1, default=2
        Number of classes.
    kinds : mapping of str to Kind, or None, default=None
        Kind of some or all columns; the others are inferred from their dtypes: numbers numeric, bool
        binary, ordered Categorical ordinal, other Categorical and text nominal. Counts are always
        explicit. The columns of an array are called ``x0``, ``x1``, ...
    n_init : int, >= 1, default=10
        Number of starts. Each is the best of a few short runs that begin at k-means++ seeds of an encoded
        copy (Biernacki, Celeux and Govaert 2003, "em-EM").
    random_state : int, RandomState instance or None, default=None
        Drives the starts; an int makes the fit reproducible.
    max_iter : int, >= 1, default=1000
        Most EM iterations of a start.
    tol : float, >= 0, default=1e-9
        The last run stops when the log likelihood per row changes by no more.
    prior_count : float, >= 0, default=0
        Pseudo-rows per class that look like all rows; they keep shares off zero and variances off
        collapse. 0 = maximum likelihood, 1 = the usual Bayes constant (recommended for scoring).
    feature_weights : mapping of str to float, or None, default=None
        Factor on a column's log density when classes are told apart, 1 where none is given. Below 1 a
        column speaks more softly; 0 = it is only described.
    transforms : mapping of str to {"identity", "log1p", "sqrt"}, or None, default=None
        Transform of numeric columns, identity where none is given; log1p suits money. The
        likelihood is that of the transformed values.
    clip : float or None, >= 0, default=None
        Clip (transformed) numbers, in training as in scoring, to ``[q01 - clip * span, q99 + clip * span]`` with
        ``span = q99 - q01`` of the training rows (counts from above only). None = not clipped;
        :data:`personas.cluster.DEFAULT_CLIP` suits raw data.
    seeds : sequence of mapping, or None, default=None
        Kinds of rows that are expected: column -> a half-open range ``(from, to)`` of a number or a count (None =
        open), or levels of any other column. They add a start in which the rows that match a seed well
        (:func:`personas.cluster.seeds.match_seeds`) begin in its class and the other rows in classes of
        k-means++ seeds. EM then runs freely, and the result is taken unless the best other start has a log
        likelihood per row that is higher by more than :data:`SEED_COST`.
    start : Scorecard or None, default=None
        What is in use; its partition of the rows is one more start, if it has as many classes.

    Attributes
    ----------
    log_likelihood_ : float, natural log
        Total log likelihood of the (weighted, clipped) training rows, without the prior's share. With
        ``feature_weights`` it is the weighted objective, not a likelihood.
    bic_ : float
        ``-2 log_likelihood_ + n_parameters_ log(n)``, n = sum of sample weights; lower is better.
    n_parameters_ : int
        Free parameters.
    n_iter_ : int
        EM iterations of the best start on all rows.
    converged_ : bool
        Whether the last run met ``tol`` within ``max_iter``.
    log_likelihoods_ : ndarray of shape (n_iter_ + 1,)
        Total log likelihood before the first of these iterations and after each.
    weights_ : ndarray of shape (n_components,), 0 to 1, decreasing
        Class shares; class 0 is the largest. A class that lost its rows stays last, with a share near 0.
    labels_ : ndarray of int64, shape (n_rows,)
        Class of each training row, the most probable one; ties go to the lower label.
    seeded_ : bool
        Whether the classes were found from the seeds.
    columns_ : tuple of Column
        What was learned of the columns.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, when ``X`` had them.

    Notes
    -----
    Rows are collapsed to sorted, unique, weighted rows first: the order of the rows does not matter, and
    a weight of 2 is a row twice. A row with weight 0 is labelled but takes no part. A constant column
    tells no classes apart.

    References
    ----------
    Goodman, L. A. (1974). Exploratory latent structure analysis using both identifiable and
    unidentifiable models. Biometrika 61(2), 215-231.
    Dempster, A. P., Laird, N. M. and Rubin, D. B. (1977). Maximum likelihood from incomplete data via
    the EM algorithm. JRSS B 39(1), 1-38.
    Vermunt, J. K. and Magidson, J. (2002). Latent class cluster analysis. In Applied Latent Class
    Analysis, 89-106. Cambridge University Press.
    Biernacki, C., Celeux, G. and Govaert, G. (2003). Choosing starting values for the EM algorithm.
    Computational Statistics & Data Analysis 41, 561-575.

    Examples
    --------
    >>> import pandas as pd
    >>> users = pd.DataFrame({"age": [21.0, 23.0, 22.0, 64.0, 66.0, None], "car": ["n", "n", None, "y", "y", "y"]})
    >>> model = LatentClass(n_components=2, prior_count=1, random_state=0).fit(users)
    >>> len(set(model.labels_[:3])), len(set(model.labels_[3:]))
    (1, 1)
    """

    size_parameter = "n_components"
    """Parameter that sets the number of groups; a clusterer without one finds the number itself."""

    def __init__(
        self,
        n_components: int = 2,
        *,
        kinds: FeatureKinds | None = None,
        n_init: int = 10,
        random_state: Any = None,
        max_iter: int = 1000,
        tol: float = 1e-9,
        prior_count: float = 0.0,
        feature_weights: Mapping[str, float] | None = None,
        transforms: Mapping[str, Transform] | None = None,
        clip: float | None = None,
        seeds: Sequence[Seed] | None = None,
        start: Scorecard | None = None,
    ) -> None:
        self.n_components = n_components
        self.kinds = kinds
        self.n_init = n_init
        self.random_state = random_state
        self.max_iter = max_iter
        self.tol = tol
        self.prior_count = prior_count
        self.feature_weights = feature_weights
        self.transforms = transforms
        self.clip = clip
        self.seeds = seeds
        self.start = start

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:  # noqa: ARG002
        """Find the classes.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Raw rows; missing values are allowed.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_rows,), >= 0, or None
            Row weights.

        Returns
        -------
        LatentClass
            Itself.

        Raises
        ------
        ConfigError
            If a parameter is out of range or names an unknown column, or a seed can't be read.
        DataError
            If there are fewer distinct rows than classes, a column has no observed value, or holds
            values that its kind does not allow.
        """
        self._check_parameters()
        frame = as_frame(self, X, reset=True)
        weight = _check_sample_weight(sample_weight, frame, dtype=np.float64, ensure_non_negative=True)
        used = weight > 0
        kinds = resolve_kinds(frame, self.kinds)
        transforms = resolve_transforms(self.transforms, kinds, count_transform="identity")
        columns = learn_columns(frame[used], kinds, transforms, self.clip, weight[used])
        rows, mass, place = collapse_rows(read_columns(frame[used], columns), weight[used])
        if len(rows) < self.n_components:
            raise DataError(
                f"Found {len(rows)} distinct rows (n_samples={len(frame)}); expected at least "
                f"n_components={self.n_components}. Ask for fewer classes or give more rows."
            )
        self.columns_ = columns
        feature_weights = resolve_weights(self.feature_weights, [column.name for column in columns])
        self._model = MixedModel(
            make_emissions(columns, rows, mass), feature_weights, float(self.prior_count)
        )
        with threadpool_limits(limits=1, user_api="blas"):
            design = self._model.design(rows)
            warm = started_labels(self.start, frame[used], [place], self.n_components)
            best = self._search(rows, mass, design, warm)
            self._keep(best, design, mass)
            self._scorecard = self._make_card(rows, mass)
            labels = np.empty(len(frame), dtype=np.int64)
            labels[used] = self._model.joint(design, self._mixture).argmax(axis=1)[place]
            if not used.all():
                labels[~used] = self._joint(frame[~used])[0].argmax(axis=1)
            self.labels_ = labels
        return self

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return the most probable class of each row, shape (n_rows,); ties go to the lower label."""
        labels: NDArray[np.int64] = self._scores(X)[0].argmax(axis=1)
        return labels

    def predict_proba(self, X: Any) -> Floats:
        """Return the posterior class probabilities, shape (n_rows, n_components)."""
        probabilities: Floats = softmax(self._scores(X)[0], axis=1)
        return probabilities

    def score_samples(self, X: Any) -> Floats:
        """Return the log likelihood of each row, shape (n_rows,)."""
        joint, base = self._scores(X)
        densities: Floats = logsumexp(joint, axis=1) + base
        return densities

    def score(self, X: Any, y: Any = None) -> float:  # noqa: ARG002
        """Return the mean log likelihood per row."""
        return float(self.score_samples(X).mean())

    def score_terms(self) -> Scorecard:
        """Return the scorecard that reproduces :meth:`predict` and :meth:`predict_proba`.

        Returns
        -------
        Scorecard
            One term per column, one row per class. A missing value has zero points. A count's base
            stands in for ``-log(x!)``, which is no polynomial, by the closest parabola over the training
            rows; points are exact.
        """
        check_is_fitted(self)
        return self._scorecard

    def __sklearn_tags__(self) -> Any:
        """Say that missing values are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _check_parameters(self) -> None:
        for name, least in (
            ("n_components", 1),
            ("n_init", 1),
            ("max_iter", 1),
            ("tol", 0),
            ("prior_count", 0),
        ):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= least):
                raise ConfigError(f"{name} is {value}; expected a number of at least {least}.")

    def _search(self, rows: Floats, mass: Floats, design: Design, warm: NDArray[np.intp] | None) -> Run:
        """Run every start briefly, the best few to the end, on a draw of the rows if there are many."""
        random = check_random_state(self.random_state)
        seeds = random.randint(np.iinfo(np.int32).max, size=self.n_init * SHORT_RUNS)
        counts = [column.kind == "count" for column in self.columns_]
        # Distances between raw counts would be ruled by the few largest ones.
        softened = np.where(counts, np.log1p(np.where(counts, rows, 0.0)), rows)
        encoded = Encoder.learn(self.columns_, softened, mass, self._model.feature_weights).encode(softened)
        matched = np.full(len(rows), NONE, dtype=np.intp)
        if self.seeds:
            matched = match_seeds(self.seeds, self.columns_, rows, mass)
        starts = _Starts(encoded, matched, warm)
        if len(rows) <= START_ROWS:
            return self._converge(mass, design, starts, seeds, tol=self.tol)
        picks = random.choice(len(rows), size=START_ROWS, p=mass / mass.sum())
        places, n_drawn = np.unique(picks, return_counts=True)
        drawn, drawn_mass = rows[places], n_drawn.astype(np.float64)
        tol = max(self.tol, START_TOL)
        start = self._converge(drawn_mass, self._model.design(drawn), starts.rows(places), seeds, tol=tol)
        return self._model.run(design, mass, start.mixture, tol=self.tol, max_iter=self.max_iter)

    def _converge(
        self,
        mass: Floats,
        design: Design,
        starts: _Starts,
        seeds: NDArray[np.int64],
        *,
        tol: float,
    ) -> Run:
        encoded, matched = starts.encoded, starts.matched
        partitions = [_nearest_seed(encoded, mass, self.n_components, int(seed)) for seed in seeds]
        partitions += [] if starts.warm is None else [starts.warm]
        best = self._best(partitions, mass, design, tol, LONG_RUNS)
        expected = [
            labels
            for seed in seeds[:SHORT_RUNS]
            if (labels := seeded_labels(matched, encoded, mass, self.n_components, int(seed))) is not None
        ]
        self.seeded_ = False
        if expected:
            seeded = self._best(expected, mass, design, tol, 1)
            self.seeded_ = bool(seeded.path[-1] >= best.path[-1] - SEED_COST * mass.sum())
        return seeded if self.seeded_ else best

    def _best(
        self, partitions: Sequence[NDArray[np.intp]], mass: Floats, design: Design, tol: float, n_long: int
    ) -> Run:
        """Run every partition briefly, the best few to the end, and return the best of these."""
        short = min(SHORT_ITERATIONS, self.max_iter)
        runs = []
        for labels in partitions:
            mixture = self._model.start(design, mass, labels, self.n_components)
            runs.append(self._model.run(design, mass, mixture, tol=tol, max_iter=short))
        finished = []
        for start in best_runs(runs, n_long):
            left = self.max_iter - (len(start.path) - 1)
            run = self._model.run(design, mass, start.mixture, tol=tol, max_iter=left)
            finished.append(replace(run, path=start.path[:-1] + run.path))
        return best_runs(finished, 1)[0]

    def _keep(self, run: Run, design: Design, mass: Floats) -> None:
        order = np.argsort(-run.mixture.log_shares, kind="stable")
        self._mixture = run.mixture.reordered(order)
        base = float(mass @ design.base)
        self.weights_ = np.exp(self._mixture.log_shares)
        self.log_likelihoods_ = np.array(run.path) + base
        self.log_likelihood_ = float(self.log_likelihoods_[-1])
        self.n_iter_ = len(run.path) - 1
        self.converged_ = run.converged
        self.n_parameters_ = (
            self.n_components
            - 1
            + sum(emission.n_parameters(self.n_components) for emission in self._model.emissions)
        )
        self.bic_ = float(-2 * self.log_likelihood_ + self.n_parameters_ * np.log(mass.sum()))

    def _make_card(self, rows: Floats, mass: Floats) -> Scorecard:
        terms = [
            emission.term(parameters, float(factor))
            for emission, parameters, factor in zip(
                self._model.emissions, self._mixture.parameters, self._model.feature_weights, strict=True
            )
        ]
        return make_scorecard(self._mixture.log_shares, terms, rows, mass)

    def _joint(self, frame: pd.DataFrame) -> tuple[Floats, Floats]:
        design = self._model.design(read_columns(frame, self.columns_))
        return self._model.joint(design, self._mixture), design.base

    def _scores(self, X: Any) -> tuple[Floats, Floats]:
        check_is_fitted(self)
        frame = as_frame(self, X, reset=False)
        with threadpool_limits(limits=1, user_api="blas"):
            return self._joint(frame)


@dataclass(frozen=True, eq=False)
class _Starts:
    """What starts are made of: encoded rows, the seed that each matches, and its class in use."""

    encoded: Floats
    matched: NDArray[np.intp]
    warm: NDArray[np.intp] | None

    def rows(self, chosen: NDArray[np.intp]) -> _Starts:
        warm = None if self.warm is None else self.warm[chosen]
        return _Starts(self.encoded[chosen], self.matched[chosen], warm)


def _nearest_seed(encoded: Floats, mass: Floats, n_components: int, seed: int) -> NDArray[np.intp]:
    """Return the nearest of ``n_components`` rows drawn by k-means++."""
    centres, _ = kmeans_plusplus(encoded, n_components, sample_weight=mass, random_state=seed)
    return nearest(encoded, centres)
