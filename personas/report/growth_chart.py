"""The growth-share (Boston) chart, the categories behind it, and what moved the turnover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10, sqrt
from typing import TYPE_CHECKING, Final

from personas.category.growth_share import QUADRANTS
from personas.category.small_cells import HIDDEN
from personas.report.analysis_tables import AnalysisTables, value_of
from personas.report.cards import Span
from personas.report.figures import text_width, wrap
from personas.report.kpi_tables import KpiView, kpi_tables
from personas.report.label_places import Box, Disc, Label, leader_line, place_labels
from personas.report.plain_table import PlainTable, plain_table
from personas.report.words import say

if TYPE_CHECKING:
    import pandas as pd

_LINE, _ASCENT = 1.15, 0.95
_ROOM: Final = 0.08
"""Room left around the bubbles, as a part of the range of each axis."""

_FAR, _COVERED = 26.0, 0.35
"""Largest distance of a name from its bubble, and part of it that may lie on other bubbles (own choice)."""

_COLOURS: Final = {"star": 5, "cash_cow": 2, "question_mark": 4, "dog": 1}
"""Quadrant -> number of its colour class."""

Corner = tuple[str, float, float, str]
"""Name of a quadrant, x, y and where its text is anchored."""

N_DRAWN: Final = 40
N_LISTED: Final = 12
"""Categories in the chart, and names per quadrant under it, those of the largest revenue (own choice)."""

_COLUMNS: Final = (
    *("category", "quadrant", "share", "growth", "market_growth", "users_then", "users_now"),
    *("revenue_now", "near_cut", "reason"),
)


@dataclass(frozen=True, slots=True)
class ChartFrame:
    """Limits of the drawing in SVG units; ``n_labels`` bubbles at most are named, the largest."""

    width: float
    height: float
    left: float
    bottom: float
    largest_radius: float
    font_size: float
    n_labels: int


WIDE: Final = ChartFrame(1072, 600, left=64, bottom=54, largest_radius=40, font_size=14, n_labels=30)
NARROW: Final = ChartFrame(358, 440, left=46, bottom=50, largest_radius=20, font_size=12, n_labels=12)


@dataclass(frozen=True, slots=True)
class Point:
    """A category to draw: its share, growth, size of the bubble, quadrant and name."""

    share: float
    growth: float
    size: float
    quadrant: str
    name: str
    tip: str


@dataclass(frozen=True, slots=True)
class GrowthBubble:
    """A drawn category; without ``lines`` it is only named in the table."""

    x: float
    y: float
    radius: float
    colour: int
    tip: str
    text_anchor: str
    lines: tuple[tuple[str, float, float], ...]
    leader: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class GrowthChart:
    """A drawn matrix: ticks as position and text, cuts as positions, corners as text and place."""

    width: float
    height: float
    font_size: float
    plot: Box
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_cut: float | None
    y_cut: float | None
    corners: tuple[Corner, ...]
    bubbles: tuple[GrowthBubble, ...]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one factor adds to the change of the turnover."""

    factor: str
    amount: str
    is_gain: bool
    bar: Span


@dataclass(frozen=True, slots=True)
class GrowthPage:
    """What the report shows of a growth analysis.

    Parameters
    ----------
    charts : tuple of (str, GrowthChart)
        For wide and for narrow pages; empty when no category can be placed.
    quadrants : tuple of (str, str)
        Name of each quadrant and its categories, in words.
    x_title, y_title : str
        Titles of the axes.
    table : PlainTable
        Every category.
    definition : str
        What is printed under them.
    contributions : tuple of Contribution
        Of the factors of the turnover; empty when it was not taken apart.
    contribution_definition : str
        What is printed under them.
    further : tuple of KpiView
        Indicators and product lines.
    """

    charts: tuple[tuple[str, GrowthChart], ...]
    quadrants: tuple[tuple[str, str], ...]
    x_title: str
    y_title: str
    table: PlainTable | None
    definition: str
    contributions: tuple[Contribution, ...]
    contribution_definition: str
    further: tuple[KpiView, ...]


def growth_page(tables: AnalysisTables) -> GrowthPage | None:
    """Write out and draw the growth-share matrix; None without any table."""
    found = tables.table("growth_share")
    parts = tables.table("decomposition")
    further = kpi_tables(tables)
    if found is None and parts is None and not further:
        return None
    language = tables.figures.language
    parameters = tables.analysis.parameters
    relative = parameters.get("share_kind") == "relative"
    placed = [] if found is None else _points(found, tables, relative=relative)
    points = placed[:N_DRAWN]
    cuts = (value_of(parameters.get("used_share_cut")), value_of(parameters.get("used_growth_cut")))
    metric = str(parameters.get("metric", "users"))
    return GrowthPage(
        charts=tuple(
            (name, draw_growth(points, cuts, frame, tables, relative=relative))
            for name, frame in (("wide", WIDE), ("narrow", NARROW))
            if points
        ),
        quadrants=tuple(
            (text.of(language), _listed([p.name for p in placed if p.quadrant == key], tables))
            for key, text in QUADRANTS.items()
            if any(p.quadrant == key for p in placed)
        ),
        x_title=say("growth.x_relative" if relative else "growth.x_internal", language),
        y_title=say("growth.y", language).format(metric=say(f"growth.metric.{metric}", language)),
        table=None if found is None else _table(found, tables, relative=relative),
        definition="" if found is None else tables.definition("growth_share"),
        contributions=() if parts is None else _contributions(parts, tables),
        contribution_definition="" if parts is None else tables.definition("decomposition"),
        further=further,
    )


def _table(found: pd.DataFrame, tables: AnalysisTables, *, relative: bool) -> PlainTable:
    """Write out every category; a share relative to a rival's is a ratio, not a percentage."""
    share = "relative_share" if relative else "share"
    columns = [share if name == "share" else name for name in _COLUMNS]
    return plain_table(found.rename(columns={"share": share}), columns, tables, n_rows=100)


def _points(found: pd.DataFrame, tables: AnalysisTables, *, relative: bool) -> list[Point]:
    placed = found[(found["quadrant"] != "not_judged") & ~found[HIDDEN]].dropna(subset=["share", "growth"])
    figures = tables.figures
    points = []
    for row in placed.to_dict("records"):
        name = tables.name(row["category"])
        tip = say("growth.tip", figures.language).format(
            name=name,
            quadrant=tables.name(row["quadrant"], "quadrant"),
            share=figures.decimal(row["share"]) if relative else figures.percent(row["share"]),
            growth=figures.change(row["growth"]),
            n=tables.count(row["users_now"]),
        )
        size = value_of(row["revenue_now"])
        points.append(Point(row["share"], row["growth"], max(0.0, size or 0.0), row["quadrant"], name, tip))
    return points


def draw_growth(
    points: Sequence[Point],
    cuts: tuple[float | None, float | None],
    frame: ChartFrame,
    tables: AnalysisTables,
    *,
    relative: bool,
) -> GrowthChart:
    """Place bubbles, axes, cuts and names.

    Parameters
    ----------
    points : sequence of Point
        At least one.
    cuts : (float or None, float or None)
        Where a high share and a high growth begin.
    frame : ChartFrame
        Limits of the drawing.
    tables : AnalysisTables
        Writes the ticks.
    relative : bool
        Whether the share is relative to a rival's, which is drawn on a logarithmic scale.

    Returns
    -------
    GrowthChart
        The area of a bubble is proportional to its size.
    """
    plot = Box(frame.left, 12, frame.width - frame.left - 12, frame.height - frame.bottom - 12)
    figures = tables.figures
    xs = _Axis([p.share for p in points], cuts[0], (plot.x, plot.x + plot.width), log=relative)
    ys = _Axis([p.growth for p in points], cuts[1], (plot.y + plot.height, plot.y))
    largest = max(p.size for p in points) or 1.0
    radii = [max(3.0, frame.largest_radius * sqrt(p.size / largest)) for p in points]
    discs = [Disc(xs.at(p.share), ys.at(p.growth), r) for p, r in zip(points, radii, strict=True)]
    corners = _corners(plot, figures.language, frame.font_size) if None not in cuts else ()
    labels = _labels([p.name for p in points], discs, plot, (frame, corners))
    bubbles = [
        GrowthBubble(
            x=round(disc.x, 1),
            y=round(disc.y, 1),
            radius=round(disc.radius, 1),
            colour=_COLOURS.get(point.quadrant, 0),
            tip=point.tip,
            text_anchor=label[0].anchor if label else "start",
            lines=_lines(label, frame.font_size),
            leader=leader_line(disc, label[0].box) if label else None,
        )
        for point, disc, label in zip(points, discs, labels, strict=True)
    ]
    return GrowthChart(
        width=frame.width,
        height=frame.height,
        font_size=frame.font_size,
        plot=plot,
        x_ticks=tuple(
            (round(xs.at(v), 1), figures.decimal(v, 2) if relative else f"{v:.0%}") for v in xs.ticks()
        ),
        y_ticks=tuple(
            (round(ys.at(v), 1), f"{v:+.0%}".replace("-", "−").replace("+0%", "0%")) for v in ys.ticks()
        ),
        x_cut=None if cuts[0] is None else round(xs.at(cuts[0]), 1),
        y_cut=None if cuts[1] is None else round(ys.at(cuts[1]), 1),
        corners=corners,
        bubbles=tuple(bubbles),
    )


class _Axis:
    """A scale with room at both ends."""

    def __init__(
        self, values: Sequence[float], cut: float | None, ends: tuple[float, float], *, log: bool = False
    ) -> None:
        self._log = log and min(values) > 0
        seen = [self._scaled(v) for v in ([*values] if cut is None else [*values, cut])]
        span = max(seen) - min(seen) or 1.0
        self._low, self._high = min(seen) - _ROOM * span, max(seen) + _ROOM * span
        self._ends = ends

    def _scaled(self, value: float) -> float:
        return log10(value) if self._log else value

    def at(self, value: float) -> float:
        part = (self._scaled(value) - self._low) / (self._high - self._low)
        return self._ends[0] + part * (self._ends[1] - self._ends[0])

    def ticks(self) -> list[float]:
        if self._log:
            found = [m * 10.0**e for e in range(floor(self._low), ceil(self._high)) for m in (1, 2, 5)]
            return [v for v in found if self._low <= log10(v) <= self._high]
        rough = (self._high - self._low) / 5
        unit = 10.0 ** floor(log10(rough))
        step = max(0.01, next(m * unit for m in (1, 2, 5, 10) if m * unit >= rough))
        first = ceil(self._low / step)
        return [round(step * i, 10) for i in range(first, floor(self._high / step) + 1)]


def _labels(
    names: Sequence[str], discs: Sequence[Disc], plot: Box, around: tuple[ChartFrame, Sequence[Corner]]
) -> list[tuple[Label, list[str]] | None]:
    """Place the names of the largest bubbles; one that finds no room beside its own is left out."""
    frame, corners = around
    taken = [_box_of(corner, frame.font_size) for corner in corners]
    order = sorted(range(len(discs)), key=lambda i: (-discs[i].radius, i))[: frame.n_labels]
    lines = {i: wrap(names[i], 8.0)[:2] for i in order}
    sizes = [
        (max(map(text_width, lines[i])) * frame.font_size + 4, len(lines[i]) * _LINE * frame.font_size)
        for i in order
    ]
    placed = place_labels([discs[i] for i in order], sizes, plot, taken)
    found: list[tuple[Label, list[str]] | None] = [None] * len(discs)
    boxes = taken
    for i, label in zip(order, placed, strict=True):
        crowded = sum(label.box.overlap(disc.box) for j, disc in enumerate(discs) if j != i)
        if (
            label.gap <= _FAR
            and crowded <= _COVERED * label.box.width * label.box.height
            and not any(label.box.overlap(box) > 1 for box in boxes)
        ):
            boxes.append(label.box)
            found[i] = (label, lines[i])
    return found


def _lines(label: tuple[Label, list[str]] | None, size: float) -> tuple[tuple[str, float, float], ...]:
    if label is None:
        return ()
    place, lines = label
    part = {"start": 0.0, "middle": 0.5, "end": 1.0}[place.anchor]
    x, first = place.box.x + part * place.box.width, place.box.y + _ASCENT * size
    return tuple((line, round(x, 1), round(first + _LINE * size * i, 1)) for i, line in enumerate(lines))


def _box_of(corner: Corner, size: float) -> Box:
    """Return where the name of a quadrant stands; it is written a little larger, and bold."""
    text, x, y, anchor = corner
    width = 1.2 * text_width(text) * size
    return Box(x if anchor == "start" else x - width, y - _ASCENT * size, width, _LINE * size)


def _corners(plot: Box, language: str, size: float) -> tuple[Corner, ...]:
    left, right = plot.x + 8, plot.x + plot.width - 8
    top, bottom = plot.y + size * 1.2, plot.y + plot.height - size * 0.7
    places = {
        "question_mark": (left, top, "start"),
        "star": (right, top, "end"),
        "dog": (left, bottom, "start"),
        "cash_cow": (right, bottom, "end"),
    }
    return tuple(
        (QUADRANTS[key].zh if language == "zh-CN" else QUADRANTS[key].en, round(x, 1), round(y, 1), anchor)
        for key, (x, y, anchor) in places.items()
    )


def _listed(names: Sequence[str], tables: AnalysisTables) -> str:
    """Name the first ones, and say how many more there are."""
    text = tables.figures.join(names[:N_LISTED])
    n_more = len(names) - N_LISTED
    return text if n_more <= 0 else say("growth.more", tables.figures.language).format(names=text, n=n_more)


def _contributions(parts: pd.DataFrame, tables: AnalysisTables) -> tuple[Contribution, ...]:
    sums = parts.groupby("factor", sort=False)["contribution"].sum()
    amounts = {str(factor): float(amount) for factor, amount in sums.items()}
    amounts["total"] = sum(amounts.values())
    largest = max(map(abs, amounts.values())) or 1.0
    return tuple(
        Contribution(
            factor=tables.name(factor, "factor"),
            amount=f"{'+' if amount > 0 else ''}{tables.figures.decimal(amount, 0)}",
            is_gain=amount >= 0,
            bar=Span(round(50 + min(0.0, amount) / largest * 50, 2), round(abs(amount) / largest * 50, 2)),
        )
        for factor, amount in amounts.items()
    )
