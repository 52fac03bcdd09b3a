"""Place personas on a map: the closer two stand, the more alike their profiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from personas.model.base import Trait

_SUPPRESSED_SHARE = 0.0


def map_positions(traits: Sequence[Sequence[Trait]]) -> list[tuple[float, float]]:
    """Return one position per persona: the first two principal axes of their trait shares.

    Parameters
    ----------
    traits : sequence (n_personas) of sequence (n_traits) of Trait
        The same traits in the same order for every persona.

    Returns
    -------
    list of (x, y)
        Centred at the average profile; shares are scaled by their base's standard deviation, so that
        rare and common traits count alike. The sign of an axis is fixed by its largest entry.

    Examples
    --------
    >>> map_positions([[], []])
    [(0.0, 0.0), (0.0, 0.0)]
    """
    rows = np.array(
        [[_standardised(trait) for trait in persona if not trait.protected] for persona in traits],
        dtype=float,
    )
    positions = np.zeros((len(traits), 2))
    if rows.size:
        centred = rows - rows.mean(axis=0)
        left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
        axes = min(2, len(sizes))
        positions[:, :axes] = left[:, :axes] * sizes[:axes]
        for axis in range(axes):
            if positions[np.argmax(np.abs(positions[:, axis])), axis] < 0:
                positions[:, axis] *= -1
    return [(float(np.round(x, 6)), float(np.round(y, 6))) for x, y in positions]


def _standardised(trait: Trait) -> float:
    if trait.share is None or not trait.base_share or trait.base_share >= 1:
        return _SUPPRESSED_SHARE
    return float((trait.share - trait.base_share) / np.sqrt(trait.base_share * (1 - trait.base_share)))
