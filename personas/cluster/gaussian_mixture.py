"""Gaussian mixture with full covariances on mixed data: groups in which features move together."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.utils.validation import check_is_fitted
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
from personas.cluster.embed import principal_axes
from personas.cluster.encode import Encoder
from personas.cluster.rows import collapse_rows
from personas.errors import ConfigError, DataError
from personas.scorecard import Transform

Floats = NDArray[np.float64]

N_AXES = 5
"""Principal axes that are kept (own choice). With all of them, a component closes in on one level of a
feature, where its density knows no bound: on the planted world, refits on other samples then agree to an
ARI of .5 instead of .9.
"""

REGULARISATION = 0.1
"""Variance added to every component in every direction, as a share of the mean variance of the kept axes (own
choice). With a fifth of it, refits on the planted world agree to an ARI of .74 instead of .89."""

MAX_ITERATIONS = 500
"""Iterations of one start (own choice); where they are too few, ``converged_`` says so."""


class GaussianMixtureClusterer(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """A mixture of normal distributions with full covariances, along the principal axes of an encoding.

    Where :class:`personas.cluster.LatentClass` takes features as independent within a class, this mixture
    sees that two of them move together in one group and apart in another. That is no sum over features, so
    it offers no scorecard: its labels are to be distilled into one.

    Rows are encoded as :class:`personas.cluster.KMeansClusterer` does, then projected on the 5 axes along
    which they vary most, as full covariances of one-hot levels would be singular. A missing value lies at
    the mean of its feature. There are no row weights, as scikit-learn's mixture has none: a row given twice
    counts twice.

    Parameters
    ----------
    n_components : int, >= 1, default=2
        Number of groups.
    kinds : mapping of str to Kind, or None, default=None
        As in :class:`personas.cluster.LatentClass`.
    feature_weights : mapping of str to float, or None, default=None
        Factor on a column's squared distances, 1 where none is given.
    n_init : int, >= 1, default=10
        Number of starts, each from one run of k-means.
    random_state : int, RandomState instance or None, default=None
        Drives the starts; an int makes the fit reproducible.
    transforms : mapping of str to {"identity", "log1p", "sqrt"}, or None, default=None
        Transform of numeric columns, identity where none is given; log1p suits money.
    clip : float or None, >= 0, default=None
        As in :class:`personas.cluster.LatentClass`.

    Attributes
    ----------
    weights_ : ndarray of shape (n_components,), 0 to 1, decreasing
        Mixing proportions; group 0 is the largest.
    labels_ : ndarray of int64, shape (n_rows,)
        Most probable group of each training row; ties go to the lower label.
    log_likelihood_ : float
        Of the principal coordinates of all training rows.
    n_parameters_ : int
        Free parameters: proportions, means and covariances.
    bic_ : float
        ``-2 log_likelihood_ + n_parameters_ log(n_rows)``; lower is better, to be compared on the same rows. As
        levels and counts are not normal, it asks for more groups than there are more often than for fewer.
    n_iter_ : int
        Iterations of the best start.
    converged_ : bool
        Whether the best start converged.
    columns_ : tuple of Column
        What was learned of the columns.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, when ``X`` had them.

    References
    ----------
    McLachlan, G. and Peel, D. (2000). Finite Mixture Models, chapter 3. Wiley.
    Fraley, C. and Raftery, A. E. (2007). Bayesian regularization for normal mixture estimation and
    model-based clustering. Journal of Classification 24, 155-181.

    Examples
    --------
    >>> import pandas as pd
    >>> users = pd.DataFrame({"age": [21.0, 23.0, 22.0, 64.0, 66.0, None], "car": ["n", "n", None, "y", "y", "y"]})
    >>> GaussianMixtureClusterer(n_components=2, random_state=0).fit(users).weights_.round(1).tolist()
    [0.5, 0.5]
    """

    size_parameter = "n_components"
    """Parameter that sets the number of groups; a clusterer without one finds the number itself."""

    def __init__(
        self,
        n_components: int = 2,
        *,
        kinds: FeatureKinds | None = None,
        feature_weights: Mapping[str, float] | None = None,
        n_init: int = 10,
        random_state: Any = None,
        transforms: Mapping[str, Transform] | None = None,
        clip: float | None = None,
    ) -> None:
        self.n_components = n_components
        self.kinds = kinds
        self.feature_weights = feature_weights
        self.n_init = n_init
        self.random_state = random_state
        self.transforms = transforms
        self.clip = clip

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002
        """Find the groups.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Raw rows; missing values are allowed.
        y : None
            Ignored.

        Returns
        -------
        GaussianMixtureClusterer
            Itself.

        Raises
        ------
        ConfigError
            If a parameter is out of range or names an unknown column.
        DataError
            If there is one distinct row only, or fewer than groups, or if a column has no observed value, or
            holds values that its kind does not allow.
        """
        for name in ("n_components", "n_init"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected a whole number of at least 1.")
        frame = as_frame(self, X, reset=True)
        ones = np.ones(len(frame))
        kinds = resolve_kinds(frame, self.kinds)
        transforms = resolve_transforms(self.transforms, kinds, count_transform="log1p")
        self.columns_ = learn_columns(frame, kinds, transforms, self.clip, ones)
        feature_weights = resolve_weights(self.feature_weights, [column.name for column in self.columns_])
        with threadpool_limits(limits=1):
            rows, mass, _ = collapse_rows(read_columns(frame, self.columns_), ones)
            self._encoder = Encoder.learn(self.columns_, rows, mass, feature_weights)
            # Again, because rows that differ may have the same coordinates (a missing value and the mean).
            distinct, mass, _ = collapse_rows(self._encoder.encode(rows), mass)
            if len(distinct) < max(2, self.n_components):
                raise DataError(
                    f"Found {len(distinct)} distinct rows (n_samples={len(frame)}); expected at least 2, and "
                    f"n_components={self.n_components}. Ask for fewer groups, or give more rows or features."
                )
            points = np.repeat(distinct, mass.astype(np.intp), axis=0)
            self._axes = principal_axes(points, N_AXES)
            self._fit_mixture(points @ self._axes)
            self.labels_ = self._posterior(frame).argmax(axis=1)
        return self

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return the most probable group of each row, shape (n_rows,); ties go to the lower label."""
        labels: NDArray[np.int64] = self.predict_proba(X).argmax(axis=1)
        return labels

    def predict_proba(self, X: Any) -> Floats:
        """Return the posterior probabilities of the groups, shape (n_rows, n_components)."""
        check_is_fitted(self)
        with threadpool_limits(limits=1):
            return self._posterior(as_frame(self, X, reset=False))

    def __sklearn_tags__(self) -> Any:
        """Say that missing values are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _fit_mixture(self, points: Floats) -> None:
        n_rows, n_axes = points.shape
        found = GaussianMixture(
            self.n_components,
            reg_covar=REGULARISATION * float(points.var(axis=0).mean()),
            max_iter=MAX_ITERATIONS,
            n_init=self.n_init,
            random_state=self.random_state,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # converged_ tells
            found.fit(points)
        self._mixture = found
        self._order = np.argsort(-found.weights_, kind="stable")
        self.weights_ = found.weights_[self._order]
        self.n_iter_ = int(found.n_iter_)
        self.converged_ = bool(found.converged_)
        per_group = 1 + n_axes + n_axes * (n_axes + 1) // 2
        self.n_parameters_ = self.n_components * per_group - 1
        self.log_likelihood_ = float(found.score(points)) * n_rows
        self.bic_ = float(-2 * self.log_likelihood_ + self.n_parameters_ * np.log(n_rows))

    def _posterior(self, frame: pd.DataFrame) -> Floats:
        points = self._encoder.encode(read_columns(frame, self.columns_)) @ self._axes
        posterior: Floats = self._mixture.predict_proba(points)[:, self._order]
        return posterior
