"""Group categories by co-purchase: communities of complements, or groups around given seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import networkx as nx  # type: ignore[import-untyped, unused-ignore]
import numpy as np
from numpy.typing import NDArray

from personas.category.breadth import upper_tail
from personas.category.scene_pairs import (
    SIGNIFICANCE,
    CategorySets,
    CoPurchase,
    compute_co_purchase,
    pair_table,
    substitute_matrix,
)
from personas.category.significance import false_discovery

Floats = NDArray[np.float64]
Groups = list[list[int]]
"""Groups of categories by their position, each sorted."""

_N_STARTS = 5
"""Seeds of the Louvain method that are tried; the highest modularity wins (own choice)."""


@dataclass(frozen=True, slots=True, eq=False)
class Attachment:
    """How much each category goes with each group, itself left out of the group.

    Parameters
    ----------
    weight : ndarray of float64, shape (n_categories, n_groups), about -1 to 1
        Correlation of buying the category with the number of the group's categories bought, among users of
        equal breadth, less what breadth alone gives; NaN where undefined.
    q_value : ndarray of float64, shape (n_categories, n_groups), 0 to 1
        One-sided test that it is above 0, adjusted over the tests of one call; NaN where there is none.
    z_score : ndarray of float64, shape (n_categories, n_groups)
        The statistic of that test.
    """

    weight: Floats
    q_value: Floats
    z_score: Floats

    def holds(self, min_weight: float) -> NDArray[np.bool_]:
        """Return where the attachment is significant and strong enough.

        Parameters
        ----------
        min_weight : float
            Least weight.

        Returns
        -------
        ndarray of bool, shape (n_categories, n_groups)
        """
        # Comparisons with NaN are false.
        return np.asarray((self.q_value < SIGNIFICANCE) & (self.weight >= min_weight))


def attach(
    found: CoPurchase, groups: Groups, *, tested: NDArray[np.bool_], apart: NDArray[np.bool_]
) -> Attachment:
    """Measure how much each category goes with each group as a whole.

    Parameters
    ----------
    found : CoPurchase
        Pairs of categories.
    groups : list of list of int
        Groups by position.
    tested : ndarray of bool, shape (n_categories, n_groups)
        The tests that count as one family; the other q values are NaN.
    apart : ndarray of bool, shape (n_categories, n_categories)
        Substitutes: a category isn't measured against its own.

    Returns
    -------
    Attachment

    Notes
    -----
    With ``X`` the excess (spread on the diagonal), the weight is ``sum_j X_ij / sqrt(X_ii sum_jk X_jk)`` over
    the group's other members ``j, k``. The variance of the sum is ``sum_jk sqrt(V_ij V_ik) w_jk``: members of
    a scene are bought together, so their pairs with an outsider are no independent tests (own derivation).
    """
    excess, weight = found.excess, np.nan_to_num(found.weight)
    np.fill_diagonal(weight, 1.0)
    deviation = np.sqrt(found.variance)
    shape = (len(found.categories), len(groups))
    strength, z_score, p_value = (np.full(shape, np.nan) for _ in range(3))
    for g, group in enumerate(groups):
        # One row per category: the members that it is measured against.
        others = np.zeros((shape[0], shape[0]))
        others[:, group] = 1.0
        others[apart | np.eye(shape[0], dtype=bool)] = 0.0
        shared = (excess * others).sum(axis=1)
        own = deviation * others
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.sqrt(found.spread * ((others @ excess) * others).sum(axis=1))
            strength[:, g] = np.where(scale > 0, shared / scale, np.nan)
            variance = ((own @ weight) * own).sum(axis=1)
            z_score[:, g] = np.where(variance > 0, shared / np.sqrt(variance), np.nan)
        n_both, expected = (found.n_both * others).sum(axis=1), (found.expected * others).sum(axis=1)
        p_value[:, g] = upper_tail(n_both, expected, z_score[:, g])
    q_value = false_discovery(np.where(tested, p_value, np.nan).ravel()).reshape(shape)
    return Attachment(strength, q_value, z_score)


def detect_groups(found: CoPurchase, *, min_weight: float, resolution: float, random_state: int) -> Groups:
    """Find communities of complements.

    Parameters
    ----------
    found : CoPurchase
        Pairs of categories.
    min_weight : float
        Least weight of a category's attachment to the rest of its group.
    resolution : float, > 0
        Above 1 more and smaller groups.
    random_state : int
        Seed.

    Returns
    -------
    list of list of int
        Groups of at least two, by their first member.

    Notes
    -----
    The Louvain method maximises the modularity of the graph whose edges are the complements and their
    weights; of five seeds the best result is kept. Then categories leave whose attachment to the rest of
    their group is not significant (q < .05) or below the least weight, until nobody leaves: a stray edge
    takes nobody into a scene.

    References
    ----------
    Blondel, V. D., Guillaume, J.-L., Lambiotte, R., & Lefebvre, E. (2008). Fast unfolding of communities in
    large networks. Journal of Statistical Mechanics, P10008.
    """
    pairs = pair_table(found)
    place = {name: i for i, name in enumerate(found.categories)}
    graph = nx.Graph()
    graph.add_nodes_from(range(len(place)))
    edges = pairs[pairs["relation"] == "complement"]
    for a, b, weight in zip(edges["category_a"], edges["category_b"], edges["weight"], strict=True):
        graph.add_edge(place[a], place[b], weight=float(weight))
    if not graph.number_of_edges():
        return []
    seeds = np.random.SeedSequence(random_state).generate_state(_N_STARTS)
    tried = [_louvain(graph, resolution, int(seed)) for seed in seeds]
    best = max(tried, key=lambda groups: nx.community.modularity(graph, groups, resolution=resolution))
    return _settle(
        found,
        sorted(sorted(group) for group in best if len(group) > 1),
        min_weight,
        substitute_matrix(pairs, found),
    )


def _settle(found: CoPurchase, groups: Groups, min_weight: float, substitutes: NDArray[np.bool_]) -> Groups:
    """Let categories leave that don't go with the rest of their group, until nobody leaves."""
    while True:
        members = label(groups, len(found.categories))[:, None] == np.arange(len(groups))
        stays = attach(found, groups, tested=members, apart=substitutes).holds(min_weight) & members
        left = sorted(np.flatnonzero(column).tolist() for column in stays.T if column.sum() > 1)
        if left == groups:
            return groups
        groups = left


def _louvain(graph: nx.Graph, resolution: float, seed: int) -> list[set[int]]:
    communities: Iterable[set[int]] = nx.community.louvain_communities(
        graph, weight="weight", resolution=resolution, seed=seed
    )
    return list(communities)


def grow_groups(found: CoPurchase, seeds: Sequence[Sequence[int]], *, min_weight: float) -> Groups:
    """Let every other category join the seeds that it goes with most.

    Parameters
    ----------
    found : CoPurchase
        Pairs of categories.
    seeds : sequence of sequence of int
        Seed categories of each group by position; no category twice.
    min_weight : float
        Least weight of an attachment.

    Returns
    -------
    list of list of int
        In the order of ``seeds``. A category joins the group with the highest weight among those it is
        attached to (q < .05 and the least weight), else none. Weights are taken against the seeds alone,
        so that nobody is pulled in by others who joined.
    """
    groups = [sorted(group) for group in seeds]
    seeded = {category for group in groups for category in group}
    others = np.array([i not in seeded for i in range(len(found.categories))], dtype=bool)
    tested = np.repeat(others[:, None], len(groups), axis=1)
    attached = attach(found, groups, tested=tested, apart=substitute_matrix(pair_table(found), found))
    candidates = np.where(attached.holds(min_weight), attached.weight, -np.inf)
    for i in np.flatnonzero(others):
        best = int(np.argmax(candidates[i]))
        if np.isfinite(candidates[i, best]):
            groups[best].append(int(i))
    return [sorted(group) for group in groups]


def resample_labels(
    sets: CategorySets, group: Callable[[CoPurchase], Groups], *, n_resamples: int, random_state: int
) -> list[NDArray[np.int64]]:
    """Group the categories again on resamples of the users, drawn with replacement.

    Parameters
    ----------
    sets : CategorySets
        What users bought.
    group : callable(CoPurchase) -> list of list of int
        What is repeated.
    n_resamples : int, >= 0
        Number of resamples, each of as many users.
    random_state : int
        Seed of the draws.

    Returns
    -------
    list of ndarray of int64, shape (n_categories,)
        Group of each category in each resample, -1 = none.
    """
    n_users = int(sets.n_users.sum())
    rng = np.random.default_rng(random_state)
    labelings = []
    for _ in range(n_resamples):
        drawn = rng.multinomial(n_users, sets.n_users / n_users)
        labelings.append(
            label(group(compute_co_purchase(replace(sets, n_users=drawn))), len(sets.categories))
        )
    return labelings


def label(groups: Groups, n_categories: int) -> NDArray[np.int64]:
    """Return the group of each category, -1 = none.

    Parameters
    ----------
    groups : list of list of int
        Groups by position; no category twice.
    n_categories : int
        Number of categories.

    Returns
    -------
    ndarray of int64, shape (n_categories,)

    Examples
    --------
    >>> label([[0, 2], [3]], 4)
    array([ 0, -1,  0,  1])
    """
    labels = np.full(n_categories, -1)
    for g, group in enumerate(groups):
        labels[group] = g
    return labels
