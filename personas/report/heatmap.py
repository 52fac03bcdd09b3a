"""The persona x category grid."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from personas.features import FeatureSet
from personas.model.bands import BOUGHT
from personas.model.base import PersonaModel, Trait
from personas.report.cards import trait_row
from personas.report.figures import Figures

HEAT_CUTS = (50.0, 70.0, 90.0, 110.0, 140.0, 200.0)
"""Edges of the seven shades, mirrored around 100 on a log scale. A reading aid of ours: no citable
convention says from which index on a preference is strong."""

_MIDDLE = len(HEAT_CUTS) // 2


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell; ``shade`` runs from -3 (far below average) to 3, 0 = average or not significant."""

    tgi: str
    share: str
    shade: int
    suppressed: bool
    significant: bool


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One category with its share among all users and a cell per persona."""

    category: str
    base_share: str
    cells: tuple[HeatCell, ...]


def make_heatmap(model: PersonaModel, figures: Figures) -> list[HeatRow]:
    """Lay out the index of buying each category, per persona.

    Parameters
    ----------
    model : PersonaModel
        Its traits of the level ``bought`` make the grid.
    figures : Figures
        Writes the numbers.

    Returns
    -------
    list of HeatRow
        Largest share among all users first, then by name; empty when nothing was bought by category.
    """
    traits: dict[str, list[Trait | None]] = {}
    for place, persona in enumerate(model.personas):
        for trait in persona.traits:
            if trait.level == BOUGHT:
                category = _category(trait, model.feature_set, figures)
                row = traits.setdefault(category, [None] * len(model.personas))
                row[place] = row[place] or trait
    rows = [
        (_base_share(row), category, tuple(_cell(trait, figures) for trait in row))
        for category, row in traits.items()
    ]
    rows.sort(key=lambda row: (-row[0], row[1]))
    return [HeatRow(category, figures.percent(base), cells) for base, category, cells in rows]


def shade(tgi: float) -> int:
    """Return the shade of an index, -3 to 3.

    Examples
    --------
    >>> shade(40), shade(100), shade(150)
    (-3, 0, 2)
    """
    return bisect_right(HEAT_CUTS, tgi) - _MIDDLE


def _category(trait: Trait, feature_set: FeatureSet, figures: Figures) -> str:
    """Return the name of the category that a trait is about; English labels of features begin with it."""
    name, colon, _ = feature_set[trait.feature].label.en.rpartition(": ")
    return name if figures.language == "en" and colon else trait.short.of(figures.language)


def _base_share(row: list[Trait | None]) -> float:
    return max((trait.base_share or 0.0 for trait in row if trait), default=0.0)


def _cell(trait: Trait | None, figures: Figures) -> HeatCell:
    if trait is None:
        return HeatCell(figures.index(None), "", 0, suppressed=False, significant=False)
    row = trait_row(trait, figures)
    return HeatCell(
        tgi=row.tgi,
        share="" if row.suppressed else row.share,
        shade=shade(trait.tgi) if trait.tgi is not None and row.significant else 0,
        suppressed=row.suppressed,
        significant=row.significant,
    )
