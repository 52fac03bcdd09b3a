"""What a scorecard's figures mean for a user: assigned, uncertain, or unlike everybody of the training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from personas.scorecard import Scores

Status = Literal["assigned", "low_confidence", "out_of_distribution"]
STATUSES: tuple[Status, ...] = ("assigned", "low_confidence", "out_of_distribution")

FLAGGED_SHARE = 0.5
"""A user of whose observed features at least this share is unseen or out of range fits no persona.

Own choice: the surprise treats an unseen level as missing, so a user described mostly by values that
training never saw would look like a user of whom little is known.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What some users were told.

    Parameters
    ----------
    label : ndarray of int, shape (n_users,)
        Row of the persona.
    confidence : ndarray of shape (n_users,), 0 to 1
        Calibrated.
    status : ndarray of int, shape (n_users,)
        Position in :data:`STATUSES`.
    """

    label: NDArray[np.integer]
    confidence: NDArray[np.float64]
    status: NDArray[np.integer]


def status_of(
    scores: Scores, confidence: NDArray[np.float64], *, low_confidence: float, surprise_limit: float
) -> NDArray[np.int32]:
    """Return the status of each user.

    Parameters
    ----------
    scores : Scores
        Of a scorecard.
    confidence : ndarray of shape (n_users,), 0 to 1
        Calibrated.
    low_confidence : float, 0 to 1
        Below it an answer is ``low_confidence``.
    surprise_limit : float
        Above it a user is ``out_of_distribution``; so is one of whom :data:`FLAGGED_SHARE` is flagged.

    Returns
    -------
    ndarray of int32, shape (n_users,)
        Position in :data:`STATUSES`.
    """
    is_flagged = (scores.n_flags > 0) & (scores.n_flags >= FLAGGED_SHARE * scores.n_observed)
    is_out = is_flagged | (scores.surprise > surprise_limit)
    status = np.where(confidence < low_confidence, STATUSES.index("low_confidence"), 0)
    status[is_out] = STATUSES.index("out_of_distribution")
    return status.astype(np.int32)
