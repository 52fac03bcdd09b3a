"""Macro personas: groups of personas that share most of their doubtful users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import entr, softmax

from personas.errors import ConfigError
from personas.features import columns_of
from personas.model.base import Persona
from personas.schema import Text
from personas.scorecard import Scorecard
from personas.scorecard.reference import points_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MacroPersona:
    """A group of personas.

    Parameters
    ----------
    macro_id : str
        ``"M1"``, ``"M2"``, ..., the largest first; unlike persona ids they are numbered anew by each model.
    name : Text
        Names of its personas, joined.
    persona_ids : tuple of str
        In the order of the model.
    share : float, 0 to 1
        Share of all profiled users.
    n_users : int
        Profiled users.
    """

    macro_id: str
    name: Text
    persona_ids: tuple[str, ...]
    share: float
    n_users: int


def merge_by_entropy(probability: Floats, n_groups: int) -> tuple[int, ...]:
    """Merge personas, two at a time, so that the answers become as certain as they can.

    Parameters
    ----------
    probability : ndarray of shape (n_users, n_personas), 0 to 1
        Probability of each persona; each row sums to 1.
    n_groups : int, >= 1
        Groups to end with; if there are no more personas, each is a group of its own.

    Returns
    -------
    tuple of int
        Group of each persona; group 0 has the largest mean probability, the one with the lower persona first in
        a tie.

    Raises
    ------
    ConfigError
        If ``n_groups`` is below 1.

    Notes
    -----
    Every step merges the pair that lowers the entropy ``-sum t log t`` of the probabilities most; of several such
    pairs that with the lower personas. A merged group has the sum of its personas' probabilities.

    References
    ----------
    Baudry, J.-P., Raftery, A. E., Celeux, G., Lo, K. and Gottardo, R. (2010). Combining mixture components for
    clustering. Journal of Computational and Graphical Statistics 19(2), 332-353.

    Examples
    --------
    >>> merge_by_entropy(np.array([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0], [0.4, 0.0, 0.6]]), 2)
    (0, 1, 0)
    """
    if n_groups < 1:
        raise ConfigError(f"The number of macro personas is {n_groups}; expected at least 1.")
    groups = [[k] for k in range(probability.shape[1])]
    mass = [np.ascontiguousarray(column) for column in probability.T]
    n = len(mass)
    gain = np.full((n, n), -np.inf)
    for a in range(n):
        for b in range(a + 1, n):
            gain[a, b] = _entropy_drop(mass[a], mass[b])
    alive = list(range(n))
    while len(alive) > n_groups:
        a, b = (int(i) for i in np.unravel_index(gain.argmax(), gain.shape))
        groups[a] = sorted(groups[a] + groups[b])
        mass[a] = mass[a] + mass[b]
        alive.remove(b)
        gain[b, :] = gain[:, b] = -np.inf
        for other in alive:
            if other != a:
                gain[min(a, other), max(a, other)] = _entropy_drop(mass[a], mass[other])
    order = sorted(alive, key=lambda a: (-mass[a].sum(), a))
    place = {k: number for number, a in enumerate(order) for k in groups[a]}
    return tuple(place[k] for k in range(n))


def group_probability(probability: Floats, groups: Sequence[int]) -> Floats:
    """Add the probabilities of the personas of each group up, shape (n_users, n_groups).

    Parameters
    ----------
    probability : ndarray of shape (n_users, n_personas), 0 to 1
        Probability of each persona.
    groups : sequence of int, length n_personas
        Group of each persona, as :func:`merge_by_entropy` returns it.

    Examples
    --------
    >>> group_probability(np.array([[0.5, 0.25, 0.25]]), (1, 0, 1)).tolist()
    [[0.25, 0.75]]
    """
    member = np.equal.outer(np.asarray(groups), np.arange(max(groups) + 1)).astype(np.float64)
    added: Floats = probability @ member
    return added


def persona_probability(scorecard: Scorecard, users: pd.DataFrame) -> Floats:
    """Return the probability of every persona, shape (n_users, n_personas), as the scorecard gives it.

    Raises
    ------
    DataError
        If a column that the scorecard reads is missing or of another type.
    """
    score = scorecard.intercept + sum(points_of(scorecard, columns_of(users[scorecard.features])).values())
    probability: Floats = softmax(score, axis=1)
    return probability


def with_macros(
    personas: Sequence[Persona], scorecard: Scorecard, users: pd.DataFrame, n_macros: int
) -> tuple[Persona, ...]:
    """Give every persona the id of its macro persona.

    Parameters
    ----------
    personas : sequence of Persona
        In the order of the scorecard's rows.
    scorecard : Scorecard
        Of the model; it stays as it is, a macro persona's probability is the sum over its personas.
    users : DataFrame of shape (n_users, >= n_features)
        Users of the fit.
    n_macros : int, >= 1
        Number of macro personas; if there are no more personas, each is a macro persona of its own.

    Returns
    -------
    tuple of Persona
        In the same order.
    """
    groups = merge_by_entropy(persona_probability(scorecard, users), n_macros)
    return tuple(replace(p, macro=f"M{group + 1}") for p, group in zip(personas, groups, strict=True))


def macros_of(personas: Sequence[Persona]) -> tuple[MacroPersona, ...]:
    """Return the macro personas of a model, M1 first; empty if it has none.

    Parameters
    ----------
    personas : sequence of Persona
        All personas of the model. Their present names count, so a name given later is seen.
    """
    found: dict[str, list[Persona]] = {}
    for persona in personas:
        if persona.macro is not None:
            found.setdefault(persona.macro, []).append(persona)
    return tuple(
        MacroPersona(
            macro_id=macro_id,
            name=Text("＋".join(p.name.zh for p in members), " + ".join(p.name.en for p in members)),
            persona_ids=tuple(p.persona_id for p in members),
            share=sum(p.share for p in members),
            n_users=sum(p.n_users for p in members),
        )
        for macro_id, members in sorted(found.items(), key=lambda item: (len(item[0]), item[0]))
    )


def _entropy_drop(first: Floats, second: Floats) -> float:
    return float((entr(first) + entr(second) - entr(first + second)).sum())
