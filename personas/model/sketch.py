"""Sketch: how users spread over each feature and persona, in so few counts that no old data is needed.

A model keeps the sketch of its training users; a scoring keeps one in the same bins. Two sketches are all
that drift is measured from. A sketch holds no rows and no ids: one count per bin of each feature, over all
users. Counts within one persona are rounded to multiples of :data:`ROUNDING`, so that no cell shows fewer
people than a profile would; counts over all users are exact, small ones included, which is why a sketch
stays with the model and is never printed cell by cell. Edges are deciles rounded to three digits, not
anybody's exact value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from personas.features.base import Feature, FeatureSet
from personas.model.answers import STATUSES, Answers

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Codes = NDArray[np.int16]

N_BINS = 10
"""Deciles, as is usual for the population stability index (Siddiqi 2006)."""

CONFIDENCE_STEPS = 10
"""Equal steps of confidence from 0 to 1."""

ROUNDING = 20
"""Counts within one persona are multiples of it: the size of a small cell in profiles (own choice)."""

_ATOM = 1 / N_BINS
"""From this share of users on, the smallest value gets a bin of its own: it is often "none" (own choice)."""

_WORN = 1.5
"""Bins of an earlier sketch are kept until the fullest holds so many times what a fresh one would (own choice)."""


@dataclass(frozen=True, slots=True)
class Bins:
    """How the values of a feature are told apart.

    After the bins come two further cells: levels that the bins do not know, and missing values.

    Parameters
    ----------
    feature : str
        Column that is counted.
    edges : tuple of float, increasing
        Of numbers: bin ``j`` holds ``edges[j-1] <= x < edges[j]``.
    levels : tuple of str
        Of texts, one bin each; then there are no edges.
    """

    feature: str
    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()

    @property
    def n_bins(self) -> int:
        """Number of bins, without the two further cells."""
        return len(self.levels) or len(self.edges) + 1

    @property
    def unseen(self) -> int:
        """Cell of levels that the bins do not know."""
        return self.n_bins

    @property
    def missing(self) -> int:
        """Cell of missing values: the last."""
        return self.n_bins + 1

    def codes_of(self, numbers: Floats) -> Codes:
        """Return the cell of each number.

        Parameters
        ----------
        numbers : ndarray of shape (n_users,)
            NaN = missing.

        Returns
        -------
        ndarray of int16, shape (n_users,)

        Examples
        --------
        >>> Bins("age", edges=(18.0, 30.0)).codes_of(np.array([17, 18, 99, np.nan])).tolist()
        [0, 1, 2, 4]
        """
        codes = np.zeros(len(numbers), dtype=np.int16)
        for edge in self.edges:  # for ten bins several times as fast as a binary search
            codes += numbers >= edge
        codes[np.isnan(numbers)] = self.missing
        return codes


@dataclass(frozen=True, slots=True)
class FeatureSketch:
    """How users spread over one feature.

    Parameters
    ----------
    bins : Bins
        What is told apart.
    counts : tuple of int, one per bin, then unseen and missing
        Users.
    portraits : tuple of tuple of int, one per persona
        Users of the persona per bin, then unseen, each rounded to a multiple of :data:`ROUNDING`; empty for
        features that cards do not tell of.
    """

    bins: Bins
    counts: tuple[int, ...]
    portraits: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def of(cls, bins: Bins, counts: Counts, *, with_portraits: bool) -> FeatureSketch:
        """Make the sketch of one feature.

        Parameters
        ----------
        bins : Bins
            What was counted.
        counts : ndarray of int64, shape (n_personas, n_bins + 2)
            Users per persona and cell.
        with_portraits : bool
            Whether cards tell of the feature.
        """
        rounded = ROUNDING * np.rint(counts[:, :-1] / ROUNDING).astype(np.int64)
        return cls(
            bins,
            tuple(counts.sum(axis=0).tolist()),
            tuple(tuple(row) for row in rounded.tolist()) if with_portraits else (),
        )


@dataclass(frozen=True, slots=True)
class Sketch:
    """How users spread over features, personas, confidence and statuses.

    Parameters
    ----------
    as_of : date
        First day that the features did not see.
    persona_ids : tuple of str
        In the order of the scorecard's rows.
    by_persona : tuple of int, one per persona
        Users.
    by_confidence : tuple of int, :data:`CONFIDENCE_STEPS` long
        Users per step of confidence. In a model these are the users of the fit, who on small tables look a little surer
        than others.
    by_status : tuple of int, one per status of :data:`personas.model.answers.STATUSES`
        The same users.
    features : tuple of FeatureSketch
        In the order of the feature set.
    """

    as_of: date
    persona_ids: tuple[str, ...]
    by_persona: tuple[int, ...]
    by_confidence: tuple[int, ...]
    by_status: tuple[int, ...]
    features: tuple[FeatureSketch, ...] = ()

    @property
    def n_users(self) -> int:
        """Number of users."""
        return sum(self.by_persona)

    def feature(self, name: str) -> FeatureSketch | None:
        """Return the sketch of a feature, None if there is none."""
        return next((f for f in self.features if f.bins.feature == name), None)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dict; :meth:`from_dict` is its inverse."""
        return {**asdict(self), "as_of": self.as_of.isoformat()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Sketch:
        """Make a sketch from what :meth:`to_dict` returned."""
        return _READER.validate_python(data)


def make_sketch(
    data: pd.DataFrame,
    feature_set: FeatureSet,
    *,
    as_of: date,
    persona_ids: Sequence[str],
    answers: Answers,
    unseen: Mapping[str, NDArray[np.bool_]],
    earlier: Sketch | None = None,
) -> Sketch:
    """Sketch the users that a model was trained on.

    Parameters
    ----------
    data : DataFrame of shape (n_users, n_features)
        As :func:`personas.features.base.typed_columns` returns it.
    feature_set : FeatureSet
        What the columns are.
    as_of : date
        First day that the features did not see.
    persona_ids : sequence of str
        In the order of the labels.
    answers : Answers
        What the model says of them.
    unseen : mapping of str to ndarray of bool, shape (n_users,)
        Feature -> users with a level that it does not know, see :func:`personas.features.base.unseen_levels`.
    earlier : Sketch, optional
        Of the champion: its bins are kept while they tell users apart well, so that sketches of successive
        models can be compared.

    Returns
    -------
    Sketch
        In the order of ``feature_set``.
    """
    features = []
    for feature in feature_set:
        known = None if earlier is None else earlier.feature(feature.name)
        bins, codes = _read(feature, data[feature.name], None if known is None else known.bins)
        if feature.name in unseen:
            codes[unseen[feature.name]] = bins.unseen
        counts = count_cells(codes, answers.label, (len(persona_ids), bins.n_bins + 2))
        features.append(FeatureSketch.of(bins, counts, with_portraits=feature.described))
    return Sketch(
        as_of=as_of,
        persona_ids=tuple(persona_ids),
        by_persona=tuple(np.bincount(answers.label, minlength=len(persona_ids)).tolist()),
        by_confidence=tuple(count_confidence(answers.confidence).tolist()),
        by_status=tuple(np.bincount(answers.status, minlength=len(STATUSES)).tolist()),
        features=tuple(features),
    )


def count_cells(codes: NDArray[np.integer], label: NDArray[np.integer], shape: tuple[int, int]) -> Counts:
    """Count users per persona and cell.

    Parameters
    ----------
    codes, label : ndarray of int, shape (n_users,)
        Cell and persona of each user.
    shape : tuple of int
        Number of personas and of cells.

    Returns
    -------
    ndarray of int64 of that shape
    """
    place = label.astype(np.int32) * shape[1] + codes
    return np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape)


def count_confidence(confidence: Floats) -> Counts:
    """Count users per step of confidence; 1 belongs to the last step."""
    steps = np.minimum((confidence * CONFIDENCE_STEPS).astype(np.int64), CONFIDENCE_STEPS - 1)
    return np.bincount(steps, minlength=CONFIDENCE_STEPS)


def bin_edges(numbers: Floats) -> tuple[float, ...]:
    """Return the inner edges of about ten equally full bins.

    Parameters
    ----------
    numbers : ndarray of shape (n_users,)
        NaN = missing.

    Returns
    -------
    tuple of float, increasing
        Deciles, rounded to three digits and merged where they tie; the smallest value stands alone when a
        tenth of the users has it. Empty when nothing is known.

    Examples
    --------
    >>> bin_edges(np.array([0.0] * 7 + [1.0, 2.0, 4.0]))
    (1.0, 2.0)
    """
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return ()
    low, high = float(known.min()), float(known.max())
    deciles = np.quantile(known, np.arange(1, N_BINS) / N_BINS, method="inverted_cdf")
    is_whole = bool((known == np.floor(known)).all())
    spread = float(deciles[-1] - deciles[0])
    cuts = {float(cut) if is_whole else _rounded(float(cut), spread) for cut in deciles}
    edges = {cut for cut in cuts if low < cut <= high}
    if (known == low).mean() >= _ATOM:  # of a constant, too: whoever leaves it must be seen
        edges.add(max(low + is_whole, math.nextafter(low, math.inf)))
    return tuple(sorted(edges))


def _read(feature: Feature, values: pd.Series, earlier: Bins | None) -> tuple[Bins, Codes]:
    """Choose bins, and return the cell of every user."""
    if feature.kind in ("nominal", "ordinal"):
        bins = Bins(feature.name, levels=feature.levels)
        codes = values.cat.codes.to_numpy().astype(np.int16)
        return bins, np.where(codes < 0, bins.missing, codes).astype(np.int16)
    numbers = values.to_numpy(np.float64)
    edges = (1.0,) if feature.kind == "binary" else bin_edges(numbers)
    bins = Bins(feature.name, edges=edges)
    codes = bins.codes_of(numbers)
    if earlier is not None and not earlier.levels and earlier != bins:
        kept = earlier.codes_of(numbers)
        if _fullest(kept, earlier) <= _WORN * _fullest(codes, bins):
            return earlier, kept
    return bins, codes


def _fullest(codes: Codes, bins: Bins) -> int:
    return int(np.bincount(codes, minlength=bins.n_bins)[: bins.n_bins].max())


def _rounded(cut: float, spread: float) -> float:
    """Round to three digits of the number or of the spread, whichever keeps more."""
    sizes = [abs(size) for size in (cut, spread) if size]
    return round(cut, 2 - min(math.floor(math.log10(size)) for size in sizes)) if sizes else cut


_READER: TypeAdapter[Sketch] = TypeAdapter(Sketch)
