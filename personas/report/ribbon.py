"""The band between two bars of a flow diagram."""

from __future__ import annotations


def ribbon_path(x1: float, y1: float, x2: float, y2: float, *, thick: tuple[float, float]) -> str:
    """Return the path of a closed band.

    Parameters
    ----------
    x1, y1, x2, y2 : float
        Where its upper edge begins and ends.
    thick : pair of float
        How thick it is at both ends.

    Returns
    -------
    str

    Examples
    --------
    >>> ribbon_path(0, 0, 10, 4, thick=(2, 1))
    'M0.0 0.0C5.0 0.0 5.0 4.0 10.0 4.0V5.0C5.0 5.0 5.0 2.0 0.0 2.0Z'
    """
    mid = (x1 + x2) / 2
    there = f"M{x1:.1f} {y1:.1f}C{mid:.1f} {y1:.1f} {mid:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    low, high = y2 + thick[1], y1 + thick[0]
    return there + f"V{low:.1f}C{mid:.1f} {low:.1f} {mid:.1f} {high:.1f} {x1:.1f} {high:.1f}Z"
