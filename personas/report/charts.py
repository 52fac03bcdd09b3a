"""Charts that Altair draws; the only module that imports it."""

from __future__ import annotations

from collections.abc import Sequence
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
    chart = (
        alt.layer(line, others, dot, halo, number)
        .properties(
            width=400,
            height=240,
            background="transparent",
            padding={"left": 0, "right": 8, "top": 20, "bottom": 0},
            autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        )
        .configure(font=FONT_STACK)
        .configure_view(stroke=None)
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
