"""Look-alikes: who resembles a seed audience, and how precise an expansion of a given size is."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from personas.cluster.columns import DEFAULT_CLIP, learn_columns, read_columns, resolve_transforms
from personas.cluster.encode import Encoder
from personas.errors import ConfigError, DataError, GateError
from personas.features.base import FeatureSet
from personas.schema import Text

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

SMALLEST_SEED = 100
"""Fewest seed users that are learned from: 20 held out in each of 5 folds (own choice)."""

N_FOLDS = 5

MOST_UNLABELLED = 100_000
"""Most users outside the seed that a fit looks at, chosen by the MD5 of their id (own choice)."""

_FEWEST_RANKED = 50

_MULTIPLES = (1, 2, 3, 5, 10, 20, 50)


@dataclass(frozen=True, slots=True, eq=False)
class Lookalikes:
    """Users ranked by how much they resemble a seed.

    Parameters
    ----------
    scores : DataFrame, one row per user outside the seed, indexed by ``user_id``, the most alike first
        ``rank`` (1, 2, ...; ties by user_id), ``score`` (0 to 1, probability of being in the seed).
    curve : DataFrame, one row per expansion size, the smallest first
        ``size`` (users outside the seed), ``reach`` = size / users outside the seed, ``recall`` (share of the seed
        users, each scored without knowing them, who are ranked as high), ``lift`` = recall / reach,
        ``seed_share`` (of all users ranked as high, those of the seed: a lower bound of the precision) and
        ``precision`` (estimated share of the ``size`` users who are like the seed).
    n_seed, n_unknown : int
        Seed users with features, and seed users without, who are left out.
    label_frequency : float, 0 to 1
        Estimated share of the users like the seed who are in it.
    auc : float, 0 to 1
        Probability that a seed user, unknown to the fit, is ranked above another user; 0.5 = no likeness.
    definition : Text
        How figures are computed, to be printed under the curve.
    """

    scores: pd.DataFrame
    curve: pd.DataFrame
    n_seed: int
    n_unknown: int
    label_frequency: float
    auc: float
    definition: Text

    def members(self, size: int) -> list[str]:
        """Return the ``size`` users outside the seed who are most alike, sorted by ``user_id``.

        Raises
        ------
        ConfigError
            If there are fewer users, or ``size`` is below 1.
        """
        if not 1 <= size <= len(self.scores):
            raise ConfigError(
                f"The size is {size}; expected 1 to {len(self.scores)}, the users outside the seed."
            )
        return sorted(self.scores.index[:size])


def find_lookalikes(
    data: pd.DataFrame,
    feature_set: FeatureSet,
    seed: Collection[str],
    *,
    sizes: Sequence[int] | None = None,
    minimum_seed: int = SMALLEST_SEED,
    random_state: int = 0,
) -> Lookalikes:
    """Rank everybody outside a seed audience by how much they resemble it.

    Parameters
    ----------
    data : DataFrame of shape (n_users, >= n_features), indexed by ``user_id``
        As :func:`personas.features.base.typed_columns` returns it.
    feature_set : FeatureSet
        What the columns are. Inputs alone are used, so protected attributes are not. Leave out what defines
        the seed, or nothing else will be learned.
    seed : collection of str
        User ids.
    sizes : sequence of int, users, >= 1, optional
        Expansion sizes of the curve; by default 1, 2, 3, 5, 10, 20 and 50 times the seed, and everybody.
    minimum_seed : int, users, >= 10
        Fewer seed users with features are refused.
    random_state : int, >= 0
        Chooses the folds.

    Returns
    -------
    Lookalikes

    Raises
    ------
    ConfigError
        If ``sizes``, ``minimum_seed`` or ``random_state`` is out of range, or there is no input feature.
    DataError
        If the seed is empty, nobody is outside it, a user stands twice in ``data``, or a column has no value.
    GateError
        If the seed is too small.

    Notes
    -----
    Users outside the seed are unlabelled, not known to be different: this is learning from positive and
    unlabelled examples. A logistic regression (L2, C = 1) tells the seed from the others on the encoding that
    k-means uses; its probability g(x) ranks users as the probability of being like the seed does, if the seed
    was drawn from those at random (Elkan & Noto). Cross-fitting: users are split into 5 folds by the MD5 of
    their id, the seed and the others each evenly; everybody is scored by the fit that left the own fold out.

    ``P(like | A) = P(seed | A) / c`` for any selection A, where c, the label frequency, is the part of the like
    that is in the seed. So c is at least the seed's share of any selection; as in Bekker & Davis, it is
    estimated by the largest one: over the k best-ranked users, k at least half the seed and at least 50. (The
    mean score of the seed, Elkan & Noto's e1, came out a fifth to a quarter too low in trials where groups
    overlap.) Then
    ``precision = (1 / c - 1) * seed users in A / size``, at most 1. It errs upwards when even the best-ranked
    users are not all like the seed, and means little when a feature picked the seed; recall and lift need
    none of this.

    References
    ----------
    Elkan, C. and Noto, K. (2008). Learning classifiers from only positive and unlabeled data. KDD 2008,
    213-220.
    Bekker, J. and Davis, J. (2018). Estimating the class prior in positive and unlabeled data through
    decision tree induction. AAAI 2018, 2712-2719.

    Examples
    --------
    >>> import pandas as pd
    >>> from personas.features.base import Feature
    >>> ids = [f"u{i:03d}" for i in range(300)]
    >>> age = Feature("age", "numeric", "who", "years", "not stated", "profile", "age")
    >>> data = pd.DataFrame({"age": [20.0 + i // 10 for i in range(300)]}, index=pd.Index(ids, name="user_id"))
    >>> found = find_lookalikes(data, FeatureSet((age,)), ids[100::2], sizes=[50])
    >>> found.auc > 0.6, found.members(2)
    (True, ['u291', 'u295'])
    """
    features = feature_set.inputs
    _check(data, features, seed, minimum_seed, random_state)
    data = data.sort_index()
    is_seed = data.index.isin(list(seed))
    n_seed = int(is_seed.sum())
    _check_seed(n_seed, len(data), len(set(seed)), minimum_seed)
    fold, order = _folds(data.index, is_seed, random_state)
    score = _cross_fit(_encode(data, features), is_seed, fold, order)
    label_frequency = _label_frequency(score, is_seed)
    return Lookalikes(
        scores=_rank(data.index, score, is_seed),
        curve=_curve(score, is_seed, label_frequency, _sizes(sizes, n_seed, len(data) - n_seed)),
        n_seed=n_seed,
        n_unknown=len(set(seed)) - n_seed,
        label_frequency=label_frequency,
        auc=_auc(score, is_seed),
        definition=_define(n_seed, len(features)),
    )


def _check(
    data: pd.DataFrame, features: FeatureSet, seed: Collection[str], minimum_seed: int, random_state: int
) -> None:
    if not len(features):
        raise ConfigError("The feature set has no input; expected at least one feature to compare users by.")
    if minimum_seed < 2 * N_FOLDS:
        raise ConfigError(f"minimum_seed is {minimum_seed}; expected at least {2 * N_FOLDS}.")
    if random_state < 0:
        raise ConfigError(f"random_state is {random_state}; expected a whole number of at least 0.")
    if not len(seed):
        raise DataError("The seed is empty; expected the ids of users to resemble. Check what selects them.")
    if not data.index.is_unique:
        raise DataError("A user stands twice in the features; expected one row per user. Keep one of each.")


def _check_seed(n_seed: int, n_users: int, n_named: int, minimum_seed: int) -> None:
    if n_seed < minimum_seed:
        raise GateError(
            f"The seed names {n_named} users, {n_seed} of them with features; expected at least {minimum_seed} to "
            "learn from. Widen the seed, or build features for more of its users."
        )
    if n_users - n_seed < N_FOLDS:
        raise DataError(
            f"The seed holds {n_seed} of {n_users} users; expected at least {N_FOLDS} outside it to rank. "
            "Give the features of more users."
        )


def _folds(
    user_ids: pd.Index, is_seed: NDArray[np.bool_], random_state: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the fold of each user, and the place of each user within the own side in MD5 order."""
    digests = np.array(
        [
            hashlib.md5(f"lookalike:{random_state}:{u}".encode(), usedforsecurity=False).digest()[:8]
            for u in user_ids
        ],
        dtype="S8",
    ).view(">u8")
    order = np.empty(len(user_ids), dtype=np.intp)
    for side in (is_seed, ~is_seed):
        place = np.empty(int(side.sum()), dtype=np.intp)
        place[np.argsort(digests[side], kind="stable")] = np.arange(len(place))
        order[side] = place
    return order % N_FOLDS, order


def _encode(data: pd.DataFrame, features: FeatureSet) -> Floats:
    kinds = {feature.name: feature.kind for feature in features}
    frame = data[list(kinds)]
    weight = np.ones(len(frame))
    transforms = resolve_transforms(None, kinds, count_transform="log1p")
    columns = learn_columns(frame, kinds, transforms, DEFAULT_CLIP, weight)
    values = read_columns(frame, columns)
    return Encoder.learn(columns, values, weight, np.ones(len(columns))).encode(values)


def _cross_fit(
    X: Floats, is_seed: NDArray[np.bool_], fold: NDArray[np.intp], order: NDArray[np.intp]
) -> Floats:
    from sklearn.linear_model import LogisticRegression

    score = np.empty(len(X))
    used = is_seed | (order < MOST_UNLABELLED)
    n_others = int((~is_seed).sum())
    # The unlabelled users that are looked at stand for all of them.
    weight = np.where(is_seed, 1.0, n_others / min(n_others, MOST_UNLABELLED))
    with threadpool_limits(limits=1):
        for k in range(N_FOLDS):
            fitted, held_out = used & (fold != k), fold == k
            model = LogisticRegression(max_iter=1000)
            model.fit(X[fitted], is_seed[fitted], sample_weight=weight[fitted])
            score[held_out] = model.predict_proba(X[held_out])[:, 1]
    return score


def _label_frequency(score: Floats, is_seed: NDArray[np.bool_]) -> float:
    ranked = is_seed[np.argsort(-score, kind="stable")]
    share = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    return float(share[max(_FEWEST_RANKED, int(is_seed.sum()) // 2) - 1 :].max())


def _rank(user_ids: pd.Index, score: Floats, is_seed: NDArray[np.bool_]) -> pd.DataFrame:
    import pandas as pd

    others = np.flatnonzero(~is_seed)
    ranked = others[np.argsort(-score[others], kind="stable")]
    columns = {"rank": np.arange(1, len(ranked) + 1), "score": score[ranked]}
    return pd.DataFrame(columns, index=user_ids[ranked])


def _sizes(sizes: Sequence[int] | None, n_seed: int, n_others: int) -> NDArray[np.int64]:
    if sizes is None:
        return np.unique([min(multiple * n_seed, n_others) for multiple in _MULTIPLES] + [n_others])
    wrong = [size for size in sizes if not 1 <= size <= n_others]
    if wrong or not sizes:
        raise ConfigError(
            f"The sizes are {', '.join(map(str, sizes)) or 'none'}; expected 1 to {n_others}, the users outside "
            "the seed."
        )
    return np.unique(np.asarray(sizes, dtype=np.int64))


def _curve(
    score: Floats, is_seed: NDArray[np.bool_], label_frequency: float, sizes: NDArray[np.int64]
) -> pd.DataFrame:
    import pandas as pd

    others = np.sort(score[~is_seed])[::-1]
    seed = np.sort(score[is_seed])
    # A seed user is "ranked as high" when the score is at least that of the last user taken.
    n_above = len(seed) - np.searchsorted(seed, others[sizes - 1], side="left")
    reach, recall = sizes / len(others), n_above / len(seed)
    return pd.DataFrame(
        {
            "size": sizes,
            "reach": reach,
            "recall": recall,
            "lift": recall / reach,
            "seed_share": n_above / (n_above + sizes),
            "precision": np.minimum((1 / label_frequency - 1) * n_above / sizes, 1.0),
        }
    )


def _auc(score: Floats, is_seed: NDArray[np.bool_]) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(is_seed, score))


def _define(n_seed: int, n_features: int) -> Text:
    return Text(
        f"种子 {n_seed} 人，{n_features} 个特征；单位为人。按L2逻辑回归得分排序，{N_FOLDS} 折交叉拟合，每人由未见过本人的模型打分。"
        "召回 = 得分不低于末位入选者的种子用户 ÷ 全部种子用户；提升 = 召回 ÷ 触达占比；种子占比 = 同样靠前的全部用户中种子用户的占比，为精度下限；"
        "精度按“种子为同类人群中的随机样本”估计（Elkan & Noto 2008，标注率按Bekker & Davis 2018），种子若按某特征圈选则偏离。",
        f"{n_seed} seed users, {n_features} features; unit: users. Ranked by an L2 logistic regression, cross-fitted "
        f"in {N_FOLDS} folds: everybody is scored by a fit that has not seen them. Recall = seed users scoring at "
        "least as high as the last user taken / all seed users; lift = recall / reach; seed share = seed users / "
        "all users ranked as high, a lower bound of the precision. Precision assumes that the seed is a random part of its like (Elkan & Noto 2008; label "
        "frequency after Bekker & Davis 2018); it is off when a feature picked the seed.",
    )
