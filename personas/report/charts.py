"""Charts that Altair draws; the only module that imports it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape

import altair as alt
import vl_convert

FONT_STACK = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Source Han Sans SC, system-ui, sans-serif"

# Charts are drawn in stand-in colours that become CSS variables, so one picture serves both the light
# and the dark page.
_INK, _MUTED, _RULE, _ACCENT, _PAPER = "#010101", "#020202", "#030303", "#040404", "#050505"
_VARIABLES = {
    _INK: "var(--ink)",
    _MUTED: "var(--muted)",
    _RULE: "var(--rule)",
    _ACCENT: "var(--accent)",
    _PAPER: "var(--paper)",
}
_SERIES = {f"#0{i}0{i}0{i}": f"var(--c{c})" for i, c in zip(range(6, 10), (0, 1, 5, 4), strict=True)}
_SERIES |= {"#0a0a0a": "var(--c3)", "#0b0b0b": "var(--c7)"}
_VARIABLES |= _SERIES

_DODGE = 0.1
"""Distance between clusterers of one number of personas, so that error bars don't hide each other."""


@dataclass(frozen=True, slots=True)
class SkillPoint:
    """One solution: its skill (1 = the best of the table) with its standard error."""

    series: str
    n_personas: int
    skill: float
    error: float
    is_stable: bool
    chosen: bool


def draw_line(
    points: Sequence[tuple[int, float]],
    *,
    chosen: int | None,
    x_title: str,
    digits: int,
    description: str,
) -> str:
    """Draw a figure over the number of personas, with the chosen number marked.

    Parameters
    ----------
    points : sequence of (int, float)
        Number of personas and figure.
    chosen : int or None
        Number of personas that was picked.
    x_title : str
        Title of the horizontal axis.
    digits : int
        Digits of the axis labels after the decimal point.
    description : str
        What the chart shows, for people who don't see it.

    Returns
    -------
    str
        An ``<svg>`` element without scripts, fonts or links; the same bytes for the same input.
    """
    rows = [{"n_personas": n, "figure": value, "chosen": n == chosen} for n, value in sorted(points)]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("n_personas:O", title=x_title, axis=alt.Axis(labelAngle=0, ticks=False)),
        y=alt.Y(
            "figure:Q",
            title=None,
            scale=alt.Scale(zero=False, nice=True),
            axis=alt.Axis(format=f",.{digits}f", tickCount=4, domain=False, ticks=False),
        ),
    )
    line = base.mark_line(color=_MUTED, strokeWidth=1.5)
    others = base.transform_filter("!datum.chosen").mark_point(filled=True, size=36, color=_MUTED, opacity=1)
    picked = base.transform_filter("datum.chosen")
    dot = picked.mark_point(filled=True, size=120, color=_ACCENT, opacity=1)
    text = alt.Text("figure:Q", format=f",.{digits}f")
    halo = picked.mark_text(dy=-16, fontSize=14, fontWeight="bold", stroke=_PAPER, strokeWidth=5).encode(
        text=text
    )
    number = picked.mark_text(dy=-16, fontSize=14, fontWeight="bold", color=_ACCENT).encode(text=text)
    return _svg(alt.layer(line, others, dot, halo, number), description)


def draw_skill(points: Sequence[SkillPoint], *, x_title: str, description: str) -> str:
    """Draw skill over the number of personas, a line per clusterer.

    Parameters
    ----------
    points : sequence of SkillPoint
        One per solution; filled where every persona is stable, ringed where chosen.
    x_title : str
        Title of the horizontal axis.
    description : str
        What the chart shows, for people who don't see it.

    Returns
    -------
    str
        An ``<svg>`` element as of :func:`draw_line`.
    """
    names = list(dict.fromkeys(p.series for p in points))
    colours = [list(_SERIES)[i % len(_SERIES)] for i in range(len(names))]
    ticks = sorted({p.n_personas for p in points})
    base = alt.Chart(alt.InlineData(values=[_placed(p, names) for p in points])).encode(
        x=alt.X(
            "x:Q",
            title=x_title,
            scale=alt.Scale(domain=[ticks[0] - 0.4, ticks[-1] + 0.4], nice=False),
            axis=alt.Axis(values=ticks, format="d", grid=False, ticks=False),
        ),
        y=alt.Y(
            "skill:Q",
            title=None,
            scale=alt.Scale(zero=False, nice=True),
            axis=alt.Axis(format=".0%", tickCount=5, domain=False, ticks=False),
        ),
        color=alt.Color(
            "series:N",
            scale=alt.Scale(domain=names, range=colours),
            legend=alt.Legend(
                title=None,
                orient="top",
                columns=2,
                symbolType="stroke",
                symbolStrokeWidth=3,
                symbolOpacity=1,
                labelLimit=190,
            ),
        ),
    )
    bars = base.mark_rule(strokeWidth=1.5, opacity=0.55).encode(y=alt.Y("low:Q"), y2="high:Q")
    line = base.mark_line(strokeWidth=1.5)
    solid = base.transform_filter("datum.is_stable").mark_point(filled=True, size=70, opacity=1)
    hollow = base.transform_filter("!datum.is_stable").mark_point(
        filled=False, fill=_PAPER, size=60, strokeWidth=1.8, opacity=1
    )
    ring = base.transform_filter("datum.chosen").mark_point(size=330, strokeWidth=2.5, opacity=1)
    layers = alt.layer(bars, line, solid, hollow, ring.encode(color=alt.value(_INK)))
    return _svg(layers, description, height=280)


def _placed(point: SkillPoint, names: Sequence[str]) -> dict[str, object]:
    aside = _DODGE * (names.index(point.series) - (len(names) - 1) / 2)
    ends = {"low": point.skill - point.error, "high": point.skill + point.error}
    return {**asdict(point), **ends, "x": point.n_personas + aside}


def _svg(layers: alt.LayerChart | alt.FacetChart, description: str, height: int = 240) -> str:
    """Draw a chart in the fonts, the size and the colours of the page."""
    chart = (
        layers.properties(
            width=400,
            height=height,
            background="transparent",
            padding={"left": 0, "right": 8, "top": 20, "bottom": 0},
            autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        )
        .configure(font=FONT_STACK)
        .configure_view(stroke=None)
        .configure_legend(labelColor=_INK, labelFontSize=13, padding=0, offset=10)
        .configure_axis(
            labelColor=_INK,
            labelFontSize=13,
            titleColor=_MUTED,
            titleFontSize=13,
            titleFontWeight="normal",
            gridColor=_RULE,
            domainColor=_MUTED,
            labelPadding=6,
        )
    )
    return _inline(vl_convert.vegalite_to_svg(chart.to_dict(), allowed_base_urls=[]), description)


def _inline(svg: str, description: str) -> str:
    """Make a stand-alone SVG part of a page: one picture with one name, in the colours of the page."""
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(f'"{colour}"', f'"{variable}"')
    start = svg.index(">") + 1
    size = svg[svg.index(' viewBox="') : svg.index('"', svg.index(' viewBox="') + 10) + 1]
    opening = f'<svg class="chart" role="img" aria-label="{escape(description)}"{size}>'
    return opening + svg[start:]
