"""Nouns of the cluster room: what a discoverer must do, and what it may offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from personas.schema import Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personas.scorecard import Scorecard

FeatureKinds = Mapping[str, Kind]
"""Column name -> measurement level."""


class Clusterer(Protocol):
    """Anything that discovers groups in a raw feature frame.

    ``X`` is always the raw frame (missing values, levels and all); each clusterer owns its encoding.
    """

    def fit_predict(self, X: Any, y: Any = None) -> NDArray[np.int64]:
        """Return one label per row, -1 = noise."""
        ...


@runtime_checkable
class AdditiveClusterer(Protocol):
    """A clusterer whose answer *is* an additive scorecard."""

    def score_terms(self) -> Scorecard:
        """Return the scorecard that reproduces :meth:`predict` exactly."""
        ...
