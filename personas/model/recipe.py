"""How one clusterer is set up for one use case, so that every refit is set up the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from personas.cluster import DEFAULT_CLIP, AdditiveClusterer, Clusterer
from personas.errors import ConfigError
from personas.registry import load_clusterer
from personas.schema import Kind
from personas.scorecard import Scorecard, Transform

STARTS = 5
QUICK_STARTS = 2
"""Starts of a fit and of a refit; one start found the best optimum in 47 of 48 trials on planted data."""

QUICK_TOL = 1e-6
"""``tol`` of a refit: on planted data its labels agree with those of ``tol=1e-9`` to an ARI of .99, where
refits on other samples agree to .76 to .97, in a third of the time where there are too many personas."""


@dataclass(frozen=True)
class Recipe:
    """A clusterer with everything but the number of personas and the seed.

    Parameters
    ----------
    clusterer : str
        Registered name.
    kinds : mapping of str to Kind
        Measurement level per clustered feature.
    feature_weights : mapping of str to float
        Weight per clustered feature.
    transforms : mapping of str to Transform
        Transform per numeric feature.
    """

    clusterer: str
    kinds: Mapping[str, Kind]
    feature_weights: Mapping[str, float]
    transforms: Mapping[str, Transform]

    @property
    def sized_by(self) -> str | None:
        """Parameter that sets the number of personas; None when the clusterer finds it by itself."""
        found: str | None = getattr(load_clusterer(self.clusterer), "size_parameter", None)
        return found

    def make(
        self,
        n_personas: int | None,
        random_state: int,
        *,
        quick: bool = False,
        smallest: int | None = None,
    ) -> Clusterer:
        """Return the unfitted clusterer.

        Parameters
        ----------
        n_personas : int or None
            Number of personas; None for a clusterer that finds it by itself.
        random_state : int
            Seed.
        quick : bool
            Fewer starts and a looser ``tol``, for refits that only measure stability.
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
        }
        if self.sized_by is not None:
            parameters |= {self.sized_by: n_personas, "n_init": QUICK_STARTS if quick else STARTS}
        if self.clusterer == "hdbscan":
            parameters["min_cluster_size"] = smallest
        if self.clusterer == "latent_class":
            # Without it, a class can shrink onto the zeros of a zero-inflated number.
            parameters["prior_count"] = 1.0
            if quick:
                parameters["tol"] = QUICK_TOL
        made: Clusterer = load_clusterer(self.clusterer)(**parameters)
        return made

    def fit_scorecard(self, data: pd.DataFrame, n_personas: int, random_state: int) -> Scorecard:
        """Fit quickly on ``data`` and return the exact scorecard (additive clusterers only)."""
        fitted = self.make(n_personas, random_state, quick=True)
        fitted.fit_predict(data)
        if not isinstance(fitted, AdditiveClusterer):
            raise ConfigError(f"The clusterer {self.clusterer} has no exact scorecard; use n_personas: auto.")
        return fitted.score_terms()
