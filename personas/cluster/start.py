"""Start: the personas in use as one more start of the search, beside those that are drawn.

A warm start is a start like any other: it is run as they are, and the solution with the best objective is kept. So it
saves an optimum that the draws would have missed, and holds nobody to an old one that the data have left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from personas.scorecard import Scorecard
from personas.scorecard.reference import evaluate

if TYPE_CHECKING:
    import pandas as pd


def started_labels(
    start: Scorecard | None, frame: pd.DataFrame, places: Sequence[NDArray[np.intp]], n_groups: int
) -> NDArray[np.intp] | None:
    """Return the partition of collapsed rows that a scorecard gives.

    Parameters
    ----------
    start : Scorecard or None
        What is in use.
    frame : DataFrame of shape (n_rows, n_columns)
        Raw rows.
    places : sequence of ndarray of int
        Where each row went when rows were collapsed, and collapsed again; see
        :func:`personas.cluster.rows.collapse_rows`.
    n_groups : int, >= 1
        Groups that are searched.

    Returns
    -------
    ndarray of int, shape (n_collapsed,), or None
        Of equal rows that the scorecard tells apart, the lowest label. None without a scorecard, or if it has
        another number of groups or reads a column that the rows lack: then there is no such start.

    Examples
    --------
    >>> import pandas as pd
    >>> from personas.cluster import KMeansClusterer
    >>> rows = pd.DataFrame({"age": [21.0, 64.0, 21.0]})
    >>> card = KMeansClusterer(2, random_state=0).fit(rows).score_terms()
    >>> started_labels(card, rows, [np.array([0, 1, 0])], 2).tolist()
    [0, 1]
    """
    if start is None or start.n_personas != n_groups or not set(start.features) <= set(frame.columns):
        return None
    labels = evaluate(start, {name: frame[name] for name in start.features}).label.astype(np.intp)
    for place in places:
        collapsed = np.full(int(place.max()) + 1, n_groups, dtype=np.intp)
        np.minimum.at(collapsed, place, labels)
        labels = collapsed
    return labels
