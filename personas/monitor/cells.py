"""Two sketches of one feature over the same cells, and the cells in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.features.base import Feature
from personas.model.bands import join_label
from personas.model.base import PersonaModel
from personas.model.profile import SMALL_CELL
from personas.model.sketch import Bins, FeatureSketch
from personas.monitor.shift import contributions, smoothed_shares
from personas.schema import Text, label_of

Counts = NDArray[np.int64]

_UNSEEN, _MISSING = Text("未见过的取值", "unseen levels"), Text("缺失", "missing")

_LEAST = 1e-300
"""Edges below it do no more than keep zero apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Counts of two samples over the same cells.

    Parameters
    ----------
    before, now : ndarray of int64, shape (n_cells,)
        Users per cell.
    cells : sequence of Text
        Names of the cells.
    n_missing : tuple of int
        Users without a value, before and now.
    """

    before: Counts
    now: Counts
    cells: Sequence[Text]
    n_missing: tuple[int, int] = (0, 0)

    @classmethod
    def of(
        cls,
        before: Sequence[int],
        now: Sequence[int],
        cells: Sequence[Text],
        n_missing: tuple[int, int] = (0, 0),
    ) -> Pair:
        """Make a pair from plain numbers."""
        return cls(np.array(before, dtype=np.int64), np.array(now, dtype=np.int64), cells, n_missing)

    @property
    def is_comparable(self) -> bool:
        """Whether there are users on both sides."""
        return bool(self.before.sum() and self.now.sum())

    @property
    def moved_most(self) -> int:
        """Cell that adds most to the index, among those that are not small on both sides."""
        parts = contributions(smoothed_shares(self.before), smoothed_shares(self.now))
        is_shown = np.maximum(self.before, self.now) >= SMALL_CELL
        return int(np.where(is_shown, parts, -1.0).argmax())


def level_names(model: PersonaModel) -> dict[str, dict[str, Text]]:
    """Return what the cards of a model call the levels of its features: categories and labelled codes, too.

    Parameters
    ----------
    model : PersonaModel
        With the traits of its personas.

    Returns
    -------
    dict of str to dict of str to Text
        Feature -> level -> name; levels that no trait tells of are absent.
    """
    found: dict[str, dict[str, Text]] = {}
    for trait in (trait for persona in model.personas for trait in persona.traits):
        start = join_label(model.feature_set[trait.feature], Text("", ""))
        name = Text(trait.label.zh.removeprefix(start.zh), trait.label.en.removeprefix(start.en))
        found.setdefault(trait.feature, {})[trait.level] = name
    return found


def common_cells(
    feature: Feature, before: FeatureSketch, now: FeatureSketch, named: Mapping[str, Text] | None = None
) -> Pair | None:
    """Bring two sketches of a feature to the same cells.

    Parameters
    ----------
    feature : Feature
        What was counted.
    before, now : FeatureSketch
        Levels that only one side knows are counted as unseen on both.
    named : mapping of str to Text, optional
        Level -> name, see :func:`level_names`; others have their usual one.

    Returns
    -------
    Pair or None
        None if numbers were counted in other bins.
    """
    missing = (before.counts[-1], now.counts[-1])
    if before.bins == now.bins:
        names = [cell_name(feature, before.bins, k, named) for k in range(before.bins.n_bins)]
        return Pair.of(before.counts, now.counts, [*names, _UNSEEN, _MISSING], missing)
    if not (before.bins.levels and now.bins.levels):
        return None
    shared = [level for level in before.bins.levels if level in now.bins.levels]

    def counts(sketch: FeatureSketch) -> list[int]:
        known = dict(zip(sketch.bins.levels, sketch.counts, strict=False))
        some = [known[level] for level in shared]
        return [*some, sum(sketch.counts[:-1]) - sum(some), sketch.counts[-1]]

    names = [_level_name(feature, level, named) for level in shared]
    return Pair.of(counts(before), counts(now), [*names, _UNSEEN, _MISSING], missing)


def shown_share(n_users: int, n_all: int) -> float | None:
    """Return a share, None for a small cell."""
    if 0 < n_users < SMALL_CELL:
        return None
    return n_users / n_all if n_all else 0.0


def cell_name(feature: Feature, bins: Bins, k: int, named: Mapping[str, Text] | None = None) -> Text:
    """Return a bin in words.

    Parameters
    ----------
    feature : Feature
        What was counted.
    bins : Bins
        How.
    k : int
        Which bin.
    named : mapping of str to Text, optional
        As of :func:`common_cells`.

    Returns
    -------
    Text

    Examples
    --------
    >>> revenue = Feature("revenue", "numeric", "worth", "CNY", "never bought", "rfm", "revenue")
    >>> bins = Bins("revenue", edges=(5e-324, 250.0))
    >>> [cell_name(revenue, bins, k).en for k in range(3)]
    ['0', 'more than 0 to under 250', '250 or more']
    """
    if bins.levels:
        return _level_name(feature, bins.levels[k], named)
    if feature.kind == "binary":
        return (Text("否", "no"), Text("是", "yes"))[k]
    return _count_name(bins.edges, k) if feature.kind == "count" else _range_name(bins.edges, k)


def _level_name(feature: Feature, level: str, named: Mapping[str, Text] | None) -> Text:
    return (named or {}).get(level) or label_of(feature.name, level)


def _count_name(edges: tuple[float, ...], k: int) -> Text:
    """Spell whole numbers: 0, 1, 2–3, 4 or more."""
    if not edges:
        return Text("任意值", "any value")
    low = f"{edges[k - 1]:,.0f}" if k else "0"
    if k == len(edges):
        return Text(f"≥{low}", f"{low} or more")
    last = f"{edges[k] - 1:,.0f}"
    return Text(low, low) if low == last else Text(f"{low}–{last}", f"{low}–{last}")


def _range_name(edges: tuple[float, ...], k: int) -> Text:
    if not edges:
        return Text("任意值", "any value")
    has_zero = 0 < edges[0] < _LEAST  # the first bin is exactly zero
    names = [f"{edge:,.10g}" for edge in edges]
    if k == 0:
        return Text("0", "0") if has_zero else Text(f"<{names[0]}", f"under {names[0]}")
    low = (">0", "more than 0") if k == 1 and has_zero else (f"≥{names[k - 1]}", f"{names[k - 1]} or more")
    if k == len(edges):
        return Text(*low)
    return Text(f"{low[0]} 且 <{names[k]}", f"{low[1].removesuffix(' or more')} to under {names[k]}")
