"""How one clusterer is set up for one use case, so that every refit is set up the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from personas.cluster import AdditiveClusterer, Clusterer
from personas.errors import ConfigError
from personas.registry import load_clusterer
from personas.schema import Kind
from personas.scorecard import Scorecard, Transform


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
        return {"latent_class": "n_components", "kmeans": "n_clusters"}.get(self.clusterer)  # TEMP

    def make(self, n_personas: int | None, random_state: int) -> Clusterer:
        """Return the unfitted clusterer.

        Raises
        ------
        ConfigError
            If ``n_personas`` is given for a clusterer that finds the number by itself, or the reverse.
        """
        if (self.sized_by is None) != (n_personas is None):
            found = "a number" if n_personas is not None else "no number"
            wanted = (
                "a number of personas" if self.sized_by else "n_personas: auto, as it finds the number itself"
            )
            raise ConfigError(f"The clusterer {self.clusterer} got {found}; expected {wanted}.")
        parameters: dict[str, Any] = {
            "kinds": dict(self.kinds),
            "feature_weights": dict(self.feature_weights),
            "transforms": dict(self.transforms),
            "random_state": random_state,
        }
        if self.sized_by is not None:
            parameters[self.sized_by] = n_personas
        cls = load_clusterer(self.clusterer)
        parameters = {k: v for k, v in parameters.items() if k in cls()._get_param_names()}  # TEMP
        made: Clusterer = load_clusterer(self.clusterer)(**parameters)
        return made

    def fit_scorecard(self, data: pd.DataFrame, n_personas: int, random_state: int) -> Scorecard:
        """Fit on ``data`` and return the exact scorecard (additive clusterers only)."""
        fitted = self.make(n_personas, random_state)
        fitted.fit_predict(data)
        if not isinstance(fitted, AdditiveClusterer):
            raise ConfigError(f"The clusterer {self.clusterer} has no exact scorecard; use n_personas: auto.")
        return fitted.score_terms()
