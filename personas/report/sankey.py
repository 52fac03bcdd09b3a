"""Where a flow diagram puts its bars and ribbons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from personas.report.figures import wrap
from personas.report.ribbon import ribbon_path

_GAP: Final = 14.0
_BAR: Final = 12.0


@dataclass(frozen=True, slots=True)
class SankeyFrame:
    """Limits of the drawing, in SVG units: width, height, room beside the bars for names, size of type."""

    width: float
    height: float
    margin: float
    font_size: float


WIDE: Final = SankeyFrame(1072, 560, margin=170, font_size=14)
NARROW: Final = SankeyFrame(358, 620, margin=84, font_size=12)


@dataclass(frozen=True, slots=True)
class Flow:
    """Users who went from one place to another; ``left`` and ``right`` are positions of nodes."""

    left: int
    right: int
    n_users: float
    tip: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A node with the lines of its name and their baselines."""

    x: float
    y: float
    height: float
    colour: int
    text_x: float
    text_anchor: str
    lines: tuple[tuple[str, float], ...]
    note: str
    note_y: float


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A flow as the path of a closed shape."""

    path: str
    colour: int
    tip: str


@dataclass(frozen=True, slots=True)
class Sankey:
    """A drawn flow diagram."""

    width: float
    height: float
    font_size: float
    bars: tuple[Bar, ...]
    ribbons: tuple[Ribbon, ...]


def lay_out_sankey(
    left: Sequence[tuple[str, str]],
    right: Sequence[tuple[str, str]],
    flows: Sequence[Flow],
    frame: SankeyFrame,
) -> Sankey:
    """Place bars left and right with a height proportional to their flows, and ribbons between them.

    Parameters
    ----------
    left, right : sequence of (str, str)
        Name and note of each node, from the top.
    flows : sequence of Flow
        At most one per pair of nodes.
    frame : SankeyFrame
        Limits of the drawing.

    Returns
    -------
    Sankey
        A node takes the colour of its place; a ribbon that of where it comes from.
    """
    total = sum(flow.n_users for flow in flows) or 1.0
    room = frame.height - _GAP * max(len(left), len(right))
    scale = room / total
    tops = {
        side: _tops(
            [sum(f.n_users for f in flows if getattr(f, side) == i) * scale for i in range(len(nodes))],
            frame.height,
        )
        for side, nodes in (("left", left), ("right", right))
    }
    at = {side: [top for top, _ in places] for side, places in tops.items()}
    x1, x2 = frame.margin + _BAR, frame.width - frame.margin - _BAR
    ribbons = []
    for flow in sorted(flows, key=lambda f: (f.left, f.right)):
        thick = flow.n_users * scale
        y1, y2 = at["left"][flow.left], at["right"][flow.right]
        at["left"][flow.left] += thick
        at["right"][flow.right] += thick
        ribbons.append(Ribbon(ribbon_path(x1, y1, x2, y2, thick=(thick, thick)), flow.left % 9, flow.tip))
    bars = [
        _bar(node, place, (frame.margin, frame.margin - 8, "end"), i, frame)
        for i, (node, place) in enumerate(zip(left, tops["left"], strict=True))
    ] + [
        _bar(node, place, (x2, frame.width - frame.margin + 8, "start"), i, frame)
        for i, (node, place) in enumerate(zip(right, tops["right"], strict=True))
    ]
    lowest = max([frame.height, *(bar.note_y + 6 for bar in bars)])
    return Sankey(frame.width, round(lowest, 1), frame.font_size, tuple(bars), tuple(ribbons))


def _tops(heights: Sequence[float], height: float) -> list[tuple[float, float]]:
    """Spread bars over the height: top and height of each."""
    gap = (height - sum(heights)) / max(1, len(heights))
    places, y = [], gap / 2
    for size in heights:
        places.append((y, size))
        y += size + gap
    return places


def _bar(
    node: tuple[str, str],
    place: tuple[float, float],
    at: tuple[float, float, str],
    colour: int,
    frame: SankeyFrame,
) -> Bar:
    name, note = node
    lines = wrap(name, (frame.margin - 10) / frame.font_size)[:2]
    size = frame.font_size
    middle = place[0] + place[1] / 2
    first = middle - size * 1.15 * (len(lines) + 1) / 2 + size * 0.95
    return Bar(
        x=at[0],
        y=round(place[0], 1),
        height=round(max(1.0, place[1]), 1),
        colour=colour % 9,
        text_x=at[1],
        text_anchor=at[2],
        lines=tuple((line, round(first + i * size * 1.15, 1)) for i, line in enumerate(lines)),
        note=note,
        note_y=round(first + len(lines) * size * 1.15, 1),
    )
