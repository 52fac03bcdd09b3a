"""Other ways to group users, each of which reads the same user vectors and labels any user."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from personas.features import FeatureSet

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

TOTALS = ("recency_days", "order_count", "revenue")
MISSING = "(missing)"

MAX_K_PROTOTYPES_USERS = 2_000
"""K-Prototypes runs in plain Python; more users would take hours with the refits."""

EM_STARTS, EM_STEPS = 5, 200


@dataclass(frozen=True)
class Vectors:
    """User vectors, parted by what they hold.

    Parameters
    ----------
    counts : ndarray of shape (n_users, n_categories)
        Orders per category before the cut.
    totals : ndarray of shape (n_users, 3)
        Recency, frequency and money of all orders before the cut.
    numbers : ndarray of shape (n_users, n_numbers)
        Numbers of the profile, NaN = missing.
    levels : ndarray of str, shape (n_users, n_attributes)
        Levels of the profile, missing ones as a level of their own.
    """

    counts: Floats
    totals: Floats
    numbers: Floats
    levels: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.counts)

    def take(self, rows: NDArray[np.intp]) -> Vectors:
        """Return some users, in the order of ``rows``."""
        return Vectors(self.counts[rows], self.totals[rows], self.numbers[rows], self.levels[rows])

    @property
    def behaviour(self) -> Floats:
        """Logarithms of counts and totals, the usual cure for their skew."""
        return np.log1p(np.hstack([self.counts, self.totals]))


Labeller = Callable[[Vectors], Labels]
"""Labels users by what a fit has learned; -1 = noise."""


@dataclass(frozen=True)
class Peer:
    """One method.

    Parameters
    ----------
    name : str
        As printed.
    fit : callable(Vectors, int, int) -> Labeller
        Takes users, the number of groups and a seed.
    is_random : bool
        Whether another seed may give another answer.
    """

    name: str
    fit: Callable[[Vectors, int, int], Labeller]
    is_random: bool = True


def read_vectors(data: pd.DataFrame, feature_set: FeatureSet) -> Vectors:
    """Part the columns that our own clusterer reads, and no others.

    Parameters
    ----------
    data : DataFrame of shape (n_users, n_features)
        Typed features; every user has ordered something.
    feature_set : FeatureSet
        What the columns are.

    Returns
    -------
    Vectors
    """
    read = feature_set.signals
    counts = [f.name for f in read if f.source == "category_history" and f.measure == "count"]
    profile = [f for f in read if f.source not in ("category_history", "rfm")]
    numbers = [f.name for f in profile if f.kind in ("numeric", "count")]
    levels = [f.name for f in profile if f.kind not in ("numeric", "count")]
    # Orders of unknown amount are worth nothing to a method that can't say "unknown".
    totals = data[list(TOTALS)].fillna(0.0)
    return Vectors(
        data[counts].to_numpy(dtype=np.float64),
        totals.to_numpy(dtype=np.float64),
        data[numbers].to_numpy(dtype=np.float64),
        data[levels].astype(object).fillna(MISSING).astype(str).to_numpy(dtype=np.str_),
    )


# --- the zero, and tiers of activity


def fit_nothing(users: Vectors, n_groups: int, seed: int) -> Labeller:
    """Deal users into groups at random: rates of small groups err, so the zero lies a little below 0."""
    return lambda others: np.random.default_rng([2, seed]).integers(0, n_groups, len(others))


def fit_rfm(users: Vectors, n_groups: int, seed: int) -> Labeller:
    """Halve recency, frequency and money at their medians: eight groups, whatever is asked for."""
    medians = np.median(users.totals, axis=0)
    return lambda others: (others.totals > medians).astype(np.int64) @ np.array([4, 2, 1])


def fit_frequency(users: Vectors, n_groups: int, seed: int) -> Labeller:
    """Cut the number of orders at its quantiles; users with as many orders stay together."""
    frequency = 1
    cuts = np.quantile(users.totals[:, frequency], np.arange(1, n_groups) / n_groups, method="inverted_cdf")
    return lambda others: np.searchsorted(np.unique(cuts), others.totals[:, frequency], side="left")


# --- k-means on rows encoded in one way or another


@dataclass(frozen=True)
class Encoding:
    """Learns an encoding of users and applies it to any."""

    behaviour: Pipeline | None
    numbers: Pipeline | None
    levels: OneHotEncoder | None

    @classmethod
    def learn(cls, users: Vectors, *, behaviour: bool, profile: bool) -> Encoding:
        """Learn to standardise numbers (missing = mean) and to split levels into 0 and 1."""
        numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
        levels = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        return cls(
            make_pipeline(StandardScaler()).fit(users.behaviour) if behaviour else None,
            numbers.fit(users.numbers) if profile and users.numbers.shape[1] else None,
            levels.fit(users.levels) if profile and users.levels.shape[1] else None,
        )

    def __call__(self, users: Vectors) -> Floats:
        """Return the rows of users."""
        parts = []
        if self.behaviour is not None:
            parts.append(self.behaviour.transform(users.behaviour))
        if self.numbers is not None:
            parts.append(self.numbers.transform(users.numbers))
        if self.levels is not None:
            parts.append(self.levels.transform(users.levels))
        return np.ascontiguousarray(np.hstack(parts))


Encode = Callable[[Vectors], Floats]


def fit_k_means(users: Vectors, n_groups: int, seed: int, *, learn: Callable[[Vectors], Encode]) -> Labeller:
    """Run scikit-learn's k-means on encoded rows."""
    encode = learn(users)
    found = KMeans(n_groups, n_init=10, random_state=seed).fit(encode(users))
    return lambda others: found.predict(encode(others)).astype(np.int64)


def learn_hellinger(users: Vectors) -> Encode:
    """Return the square roots of shares of orders, on which Euclidean distance is Hellinger's."""
    return lambda others: np.sqrt(others.counts / np.maximum(others.counts.sum(axis=1, keepdims=True), 1.0))


def learn_tf_idf(users: Vectors) -> Encode:
    """Return rows as of texts whose words are categories: log counts, rare ones heavier, of length 1."""
    weigh = TfidfTransformer(sublinear_tf=True).fit(users.counts)
    return lambda others: np.asarray(weigh.transform(others.counts).todense())


def learn_behaviour(users: Vectors) -> Encode:
    """Return standardised log counts and log totals."""
    return Encoding.learn(users, behaviour=True, profile=False)


def learn_profile(users: Vectors) -> Encode:
    """Return the profile alone."""
    return Encoding.learn(users, behaviour=False, profile=True)


def learn_all(users: Vectors) -> Encode:
    """Return behaviour and profile side by side."""
    return Encoding.learn(users, behaviour=True, profile=True)


# --- packages for mixed data


def fit_k_prototypes(users: Vectors, n_groups: int, seed: int) -> Labeller:
    """Run K-Prototypes on standardised log counts, totals and numbers beside the levels of the profile."""
    from kmodes.kprototypes import KPrototypes  # type: ignore[import-untyped]

    encode = Encoding.learn(users, behaviour=True, profile=True)
    numbers = Encoding(encode.behaviour, encode.numbers, None)

    def table(others: Vectors) -> NDArray[np.object_]:
        return np.hstack([numbers(others).astype(object), others.levels.astype(object)])

    chosen = np.random.default_rng(seed).permutation(len(users))[:MAX_K_PROTOTYPES_USERS]
    rows = table(users.take(np.sort(chosen)))
    categorical = list(range(rows.shape[1] - users.levels.shape[1], rows.shape[1]))
    found = KPrototypes(n_groups, init="Cao", n_init=1, random_state=seed)
    found.fit(rows, categorical=categorical)
    return lambda others: found.predict(table(others), categorical=categorical).astype(np.int64)


def fit_stepmix(users: Vectors, n_groups: int, seed: int) -> Labeller:
    """Run StepMix: levels as categories, totals and numbers as Gaussians, each category bought or not.

    StepMix has no counts. Missing values stay missing; only columns that have any get its Gaussian for such,
    as that one, unlike the plain one, has no floor under a variance and breaks down on discrete numbers.
    """
    from stepmix import StepMix

    levels = [np.unique(column[column != MISSING]) for column in users.levels.T]
    scaler = StandardScaler().fit(np.hstack([np.log1p(users.totals), users.numbers]))
    has_gaps = np.isnan(np.hstack([users.totals, users.numbers])).any(axis=0)

    def table(others: Vectors) -> pd.DataFrame:
        numbers = scaler.transform(np.hstack([np.log1p(others.totals), others.numbers]))
        codes = [_codes(column, known) for column, known in zip(others.levels.T, levels, strict=True)]
        return pd.DataFrame(
            np.column_stack([others.counts > 0, numbers[:, ~has_gaps], numbers[:, has_gaps], *codes])
        )

    widths = {
        "binary": users.counts.shape[1],
        "gaussian_diag": int((~has_gaps).sum()),
        "gaussian_diag_nan": int(has_gaps.sum()),
        "categorical_nan": users.levels.shape[1],
    }
    measurement = {model: {"model": model, "n_columns": n} for model, n in widths.items() if n}
    found = StepMix(
        n_groups,
        measurement=measurement,
        n_init=3,
        random_state=seed,
        max_iter=500,
        progress_bar=0,
        verbose=0,
    )
    found.fit(table(users))
    return lambda others: found.predict(table(others)).astype(np.int64)


def _codes(column: NDArray[np.str_], known: NDArray[np.str_]) -> Floats:
    """Return the place of each level among the known ones, NaN for any other."""
    place = np.minimum(np.searchsorted(known, column), len(known) - 1)
    return np.where(known[place] == column, place, np.nan)


def fit_umap_hdbscan(users: Vectors, n_groups: int, seed: int) -> Labeller:
    """Embed all columns with UMAP and take HDBSCAN's dense groups, as many as it finds."""
    from hdbscan import HDBSCAN
    from hdbscan.prediction import approximate_predict
    from umap import UMAP

    encode = learn_all(users)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        embedding = UMAP(n_components=5, min_dist=0.0, random_state=seed, n_jobs=1).fit(encode(users))
        smallest = max(5, len(users) // 100)
        found = HDBSCAN(min_cluster_size=smallest, min_samples=15, prediction_data=True)
        found.fit(embedding.embedding_)

    def label(others: Vectors) -> Labels:
        if others is users:
            return np.asarray(found.labels_, dtype=np.int64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            labels, _ = approximate_predict(found, embedding.transform(encode(others)))
        return np.asarray(labels, dtype=np.int64)

    return label


# --- textbook mixtures of counts, written here in a few lines


def fit_count_mixture(users: Vectors, n_groups: int, seed: int, *, poisson: bool) -> Labeller:
    """Fit a mixture of Poisson counts, or of shares (multinomial), by EM."""
    rng = np.random.default_rng(seed)
    fits = [_expect_and_maximise(users.counts, n_groups, rng, poisson=poisson) for _ in range(EM_STARTS)]
    log_shares, rates, _ = max(fits, key=lambda fit: fit[2])
    return lambda others: np.argmax(_joint(others.counts, log_shares, rates, poisson=poisson), axis=1).astype(
        np.int64
    )


def _expect_and_maximise(
    counts: Floats, n_groups: int, rng: np.random.Generator, *, poisson: bool
) -> tuple[Floats, Floats, float]:
    """Return log shares of the groups, their rates, and the log likelihood (up to a constant)."""
    member = rng.dirichlet(np.ones(n_groups), size=len(counts))
    before = -np.inf
    for _ in range(EM_STEPS):
        sizes = member.sum(axis=0) + 1e-9
        # One average user is added to every group, so that no rate is 0.
        rates = (member.T @ counts + counts.mean(axis=0) + 1e-9) / (sizes[:, None] + 1.0)
        if not poisson:
            rates /= rates.sum(axis=1, keepdims=True)
        log_shares = np.log(sizes / sizes.sum())
        joint = _joint(counts, log_shares, rates, poisson=poisson)
        top = joint.max(axis=1, keepdims=True)
        each = top + np.log(np.exp(joint - top).sum(axis=1, keepdims=True))
        member = np.exp(joint - each)
        total = float(each.sum())
        if total - before < 1e-6 * abs(total):
            break
        before = total
    return log_shares, rates, total


def _joint(counts: Floats, log_shares: Floats, rates: Floats, *, poisson: bool) -> Floats:
    joint: Floats = log_shares + counts @ np.log(rates).T
    return joint - rates.sum(axis=1) if poisson else joint


PEERS: tuple[Peer, ...] = (
    Peer("random groups", fit_nothing),
    Peer("RFM 2x2x2 (medians)", fit_rfm, is_random=False),
    Peer("frequency quantiles", fit_frequency, is_random=False),
    Peer("k-means, log counts + RFM", partial(fit_k_means, learn=learn_behaviour)),
    Peer("k-means, log counts + RFM + one-hot profile", partial(fit_k_means, learn=learn_all)),
    Peer("k-means, profile only", partial(fit_k_means, learn=learn_profile)),
    Peer("k-means, Hellinger shares", partial(fit_k_means, learn=learn_hellinger)),
    Peer("k-means, TF-IDF", partial(fit_k_means, learn=learn_tf_idf)),
    Peer("K-Prototypes (kmodes)", fit_k_prototypes),
    Peer("StepMix, mixed", fit_stepmix),
    Peer("multinomial mixture (not a package)", partial(fit_count_mixture, poisson=False)),
    Peer("Poisson mixture (not a package)", partial(fit_count_mixture, poisson=True)),
    Peer("UMAP + HDBSCAN", fit_umap_hdbscan),
)
