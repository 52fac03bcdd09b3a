"""How one clusterer is set up for one use case, so that every refit is set up the same way."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from personas.cluster import DEFAULT_CLIP, AdditiveClusterer, Clusterer, Foresight
from personas.cluster.seeds import Seed
from personas.errors import ConfigError, DataError
from personas.model.distill import DistillReport, distill
from personas.registry import load_clusterer
from personas.schema import Kind
from personas.scorecard import Scorecard, Transform

STARTS = 5
QUICK_STARTS = 2
"""Starts of a fit and of a refit; one start found the best optimum in 47 of 48 trials on planted data."""

KMEANS_STARTS, QUICK_KMEANS_STARTS = 30, 10
"""Starts of k-means and its kin, and of a refit: they are cheap, and one alone often ends in a worse optimum."""

QUICK_TOL = 1e-6
"""``tol`` of a refit: on planted data its labels agree with those of ``tol=1e-9`` to an ARI of .99, where
refits on other samples agree to .76 to .97, in a third of the time where there are too many personas."""

QUICK_ITERATIONS = 100
"""EM steps of a refit: at sizes that two retailers and a planted world carry, a mixture met ``tol`` in 8 to 78. With
too many personas, and on tables without structure, it crawls on for hundreds (own choice)."""

PRIOR_COUNT = 1.0
"""``prior_count`` of a mixture: without it, a class can shrink onto the zeros of a zero-inflated number."""

SMALLEST_GROUP = 5
"""Users that a clusterer may call a group, however few users there are (HDBSCAN's own default)."""


@dataclass(frozen=True)
class Fitted:
    """What one fit found.

    Parameters
    ----------
    scorecard : Scorecard
        Assigns every user.
    labels : ndarray of int, shape (n_users,)
        Labels of the clusterer itself; -1 = noise.
    log_likelihood, bic : float or None
        Where the clusterer has them.
    report : DistillReport or None
        How well the scorecard speaks for its clusterer; None when it is exact.
    """

    scorecard: Scorecard
    labels: NDArray[np.int64]
    log_likelihood: float | None
    bic: float | None
    report: DistillReport | None

    @property
    def noise_share(self) -> float:
        """Share of the users that the clusterer calls noise."""
        return float(np.mean(self.labels < 0))


@dataclass(frozen=True)
class Recipe:
    """A clusterer with everything but the number of personas and the seed.

    Parameters
    ----------
    clusterer : str
        Registered name.
    kinds : mapping of str to Kind
        Measurement level per feature that it reads.
    feature_weights : mapping of str to float
        Weight per feature.
    transforms : mapping of str to Transform
        Transform per numeric feature.
    behaviour : tuple of str
        Features that a foresight is learned on, for a clusterer that takes one.
    foresight : Foresight or None
        What behaviour tells, once it was learned.
    seeds : tuple of Seed
        Kinds of users that are expected, for a clusterer that takes seeds.
    start : Scorecard or None
        What is in use, as one more start, for a clusterer that takes one.
    """

    clusterer: str
    kinds: Mapping[str, Kind]
    feature_weights: Mapping[str, float]
    transforms: Mapping[str, Transform]
    behaviour: tuple[str, ...] = ()
    foresight: Foresight | None = None
    seeds: tuple[Seed, ...] = ()
    start: Scorecard | None = None

    @property
    def reads(self) -> list[str]:
        """Features that it reads."""
        return list(self.kinds)

    @property
    def sized_by(self) -> str | None:
        """Parameter that sets the number of personas; None when the clusterer finds it by itself."""
        found: str | None = getattr(load_clusterer(self.clusterer), "size_parameter", None)
        return found

    @property
    def foresees(self) -> bool:
        """Whether the clusterer takes a foresight."""
        return "foresight" in inspect.signature(load_clusterer(self.clusterer)).parameters

    @property
    def takes_seeds(self) -> bool:
        """Whether the clusterer takes seeds."""
        return "seeds" in inspect.signature(load_clusterer(self.clusterer)).parameters

    def without(self, hidden: Collection[str]) -> Recipe:
        """Return the recipe without some of its features."""
        return replace(
            self,
            kinds={name: kind for name, kind in self.kinds.items() if name not in hidden},
            feature_weights={n: w for n, w in self.feature_weights.items() if n not in hidden},
            transforms={name: t for name, t in self.transforms.items() if name not in hidden},
            behaviour=tuple(name for name in self.behaviour if name not in hidden),
            seeds=tuple(
                kept
                for seed in self.seeds
                if (kept := {name: wanted for name, wanted in seed.items() if name not in hidden})
            ),
        )

    def make(
        self, n_personas: int | None, random_state: int, *, quick: bool = False, smallest: int | None = None
    ) -> Clusterer:
        """Return the unfitted clusterer; it is given those of the usual parameters that it knows.

        Parameters
        ----------
        n_personas : int or None
            Number of personas; None for a clusterer that finds it by itself.
        random_state : int
            Seed.
        quick : bool
            Fewer starts and steps and a looser ``tol``, for refits that only measure stability.
        smallest : int or None, >= 2
            Users of the smallest persona, for a clusterer that finds the number by itself; None = its own
            default.

        Raises
        ------
        ConfigError
            If ``n_personas`` is given for a clusterer that finds the number by itself, or the reverse.
        """
        if (self.sized_by is None) != (n_personas is None):
            found = "a number of personas" if n_personas is not None else "n_personas: auto"
            wanted = (
                "a number of personas" if self.sized_by else "n_personas: auto, as it finds the number itself"
            )
            raise ConfigError(f"The clusterer {self.clusterer} got {found}; expected {wanted}.")
        parameters: dict[str, Any] = {
            "kinds": dict(self.kinds),
            "feature_weights": dict(self.feature_weights),
            "transforms": dict(self.transforms),
            "clip": DEFAULT_CLIP,
            "random_state": random_state,
            "n_init": self._starts(quick),
            "prior_count": PRIOR_COUNT,
            "min_cluster_size": smallest,
            "foresight": self.foresight,
            "seeds": self.seeds or None,
            "start": self.start,
        }
        if quick:
            parameters |= {"tol": QUICK_TOL, "max_iter": QUICK_ITERATIONS}
        if self.sized_by is not None:
            parameters[self.sized_by] = n_personas
        clusterer = load_clusterer(self.clusterer)
        known = inspect.signature(clusterer).parameters
        made: Clusterer = clusterer(**{name: value for name, value in parameters.items() if name in known})
        return made

    def _starts(self, quick: bool) -> int:
        if self.sized_by == "n_clusters":
            return QUICK_KMEANS_STARTS if quick else KMEANS_STARTS
        return QUICK_STARTS if quick else STARTS

    def fit(
        self,
        data: pd.DataFrame,
        n_personas: int | None,
        random_state: int,
        *,
        quick: bool = False,
        min_share: float = 0.0,
    ) -> Fitted:
        """Fit on ``data``; a clusterer that isn't additive is distilled.

        Parameters
        ----------
        data : DataFrame of shape (n_users, >= n_features)
            Users of the fit.
        n_personas, random_state, quick
            As in :meth:`make`.
        min_share : float, 0 to 1
            Smallest persona that a clusterer may find by itself.

        Raises
        ------
        DataError
            If the clusterer finds less than two groups by itself.
        """
        smallest = max(SMALLEST_GROUP, round(min_share * len(data))) if self.sized_by is None else None
        clusterer = self.make(n_personas, random_state, quick=quick, smallest=smallest)
        users = data[self.reads]
        with threadpool_limits(limits=1):  # a worker process has a limit of its own, which varies by machine
            labels = np.asarray(clusterer.fit_predict(users), dtype=np.int64)
            report = None
            if isinstance(clusterer, AdditiveClusterer):
                scorecard = clusterer.score_terms()
            else:
                _check_found(self.clusterer, labels)
                scorecard, report = distill(users, labels, dict(self.kinds), random_state=random_state)
        return Fitted(
            scorecard,
            labels,
            getattr(clusterer, "log_likelihood_", None),
            getattr(clusterer, "bic_", None),
            report,
        )


def _check_found(clusterer: str, labels: NDArray[np.int64]) -> None:
    """Refuse all noise, and one cluster: everybody in one group are no personas."""
    n_found = len(np.unique(labels[labels >= 0]))
    if n_found < 2:
        found = "1 cluster" if n_found else "no cluster"
        raise DataError(
            f"The clusterer {clusterer} found {found} among {len(labels)} users and called "
            f"{np.mean(labels < 0):.1%} of them noise; expected at least 2 clusters. These users fall into no "
            "dense groups: use the latent_class clusterer, or choose other features."
        )
