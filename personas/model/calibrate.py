"""Calibrate: turn a softmax share into the probability that a refit says the same.

A latent class has no observed label to calibrate on, and posteriors are overconfident where features
depend on each other. What a marketer needs to know is whether the answer would survive another sample,
so that is what confidence means here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from personas.model.base import Calibration


def calibrate(probability: NDArray[np.float64], agreement: NDArray[np.float64]) -> Calibration:
    """Fit the monotone map from softmax share to confidence.

    Parameters
    ----------
    probability : ndarray of shape (n_users,), 0 to 1
        Softmax share of the best persona.
    agreement : ndarray of shape (n_users,), 0 to 1
        Share of matched refits (or held-out labels) that give the same persona.

    Returns
    -------
    Calibration
        At most 33 knots: an isotonic regression read off at quantiles of ``probability``.

    References
    ----------
    Zadrozny, B., & Elkan, C. (2002). Transforming classifier scores into accurate multiclass probability
    estimates. KDD, for isotonic calibration.

    Examples
    --------
    >>> import numpy as np
    >>> confidence = calibrate(np.array([0.5, 0.9]), np.array([0.4, 1.0])).confidence
    >>> confidence[0], confidence[-1]
    (0.4, 1.0)
    """
    isotonic = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(probability, agreement)
    knots = np.unique(np.quantile(probability, np.linspace(0.0, 1.0, 33)))
    return Calibration(
        tuple(float(x) for x in knots), tuple(float(np.round(y, 6)) for y in isotonic.predict(knots))
    )
