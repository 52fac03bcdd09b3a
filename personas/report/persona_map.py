"""Where the persona map puts its bubbles and labels, so that no label covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import hypot, sqrt

from personas.report.cards import PersonaCard
from personas.report.figures import text_width, wrap
from personas.report.label_places import Disc, Label, leader_line, page_of, place_labels

_LINE, _ASCENT = 1.2, 1.16  # of Noto Sans CJK, in em
_MAX_LINES = 4


@dataclass(frozen=True, slots=True)
class MapFrame:
    """Limits of the drawing, in SVG units.

    Parameters
    ----------
    width : float
        Of the whole drawing.
    height : float
        At most; the drawing is as high as its contents.
    margin : float
        Room for labels above the highest and below the lowest centre.
    largest_radius : float
        Of the largest bubble.
    font_size : float
        Of the names.
    label_width : float, em
        Where a name is broken.
    """

    width: float
    height: float
    margin: float
    largest_radius: float
    font_size: float
    label_width: float


WIDE = MapFrame(1072, 640, margin=120, largest_radius=76, font_size=17, label_width=13)
NARROW = MapFrame(358, 460, margin=105, largest_radius=36, font_size=14, label_width=8.5)


@dataclass(frozen=True, slots=True)
class Bubble:
    """One persona on the map with its label.

    Parameters
    ----------
    card : PersonaCard
        Who it is.
    x, y, radius : float
        Centre and radius; the area is proportional to the share.
    lines : tuple of str
        The name, broken into lines.
    text_x : float
        Where the lines of the label are anchored.
    text_anchor : {"start", "middle", "end"}
        Which end of a line that is.
    baselines : tuple of float
        One per line of the name.
    note_y : float
        Baseline of the small line under the name.
    leader : tuple of float or None
        ``x1, y1, x2, y2`` of the line from the bubble to a label that stands apart.
    """

    card: PersonaCard
    x: float
    y: float
    radius: float
    lines: tuple[str, ...]
    text_x: float
    text_anchor: str
    baselines: tuple[float, ...]
    note_y: float
    leader: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class PersonaMap:
    """A drawn map: its size in SVG units, the size of its type, and the bubbles."""

    width: float
    height: float
    font_size: float
    bubbles: tuple[Bubble, ...]


def lay_out_map(
    cards: Sequence[PersonaCard],
    positions: Sequence[tuple[float, float]],
    frame: MapFrame,
) -> PersonaMap:
    """Place bubbles and labels.

    Both axes share one scale, so distances may be compared in every direction. Labels are placed
    greedily, largest bubble first, then moved in turn while the overlap shrinks.

    Parameters
    ----------
    cards : sequence of PersonaCard
        Personas.
    positions : sequence of (float, float), same length
        ``map_x, map_y`` of each; y grows upwards.
    frame : MapFrame
        Limits of the drawing.

    Returns
    -------
    PersonaMap
        Bubbles in the order of ``cards``.
    """
    discs, height = _place_discs([card.share_value for card in cards], positions, frame)
    names = [_shorten(wrap(card.name, frame.label_width)) for card in cards]
    sizes = [
        (_label_width(lines, card, frame), (len(lines) * _LINE + 1.32) * frame.font_size)
        for lines, card in zip(names, cards, strict=True)
    ]
    labels = place_labels(discs, sizes, page_of(frame.width, height))
    return PersonaMap(
        width=frame.width,
        height=round(height, 1),
        font_size=frame.font_size,
        bubbles=tuple(
            _bubble(card, discs[i], names[i], labels[i], frame.font_size) for i, card in enumerate(cards)
        ),
    )


def _place_discs(
    shares: Sequence[float], positions: Sequence[tuple[float, float]], frame: MapFrame
) -> tuple[list[Disc], float]:
    """Fit the positions into the frame, discs with an area proportional to their share; and its height."""
    largest = max(shares, default=0.0) or 1.0
    pad_x, pad_y = frame.label_width * frame.font_size * 0.62, frame.margin
    xs, ys = [x for x, _ in positions], [-y for _, y in positions]
    mid_x, mid_y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    span_x, span_y = max(xs) - min(xs), max(ys) - min(ys)
    rooms = [
        (size - 2 * pad) / span
        for size, pad, span in ((frame.width, pad_x, span_x), (frame.height, pad_y, span_y))
        if span > 0
    ]
    scale = min(rooms, default=0.0)
    height = 2 * pad_y + span_y * scale
    centres = [
        (frame.width / 2 + (x - mid_x) * scale, height / 2 + (y - mid_y) * scale)
        for x, y in zip(xs, ys, strict=True)
    ]
    reaches = [sqrt(share / largest) for share in shares]
    radius = frame.largest_radius
    for (a, p), (b, q) in combinations(zip(reaches, centres, strict=True), 2):
        apart = hypot(p[0] - q[0], p[1] - q[1])
        if apart > 0 and a + b > 0:
            radius = min(radius, max(frame.largest_radius * 0.6, 0.96 * apart / (a + b)))
    discs = [Disc(x, y, max(4.0, radius * reach)) for (x, y), reach in zip(centres, reaches, strict=True)]
    return discs, height


def _label_width(lines: Sequence[str], card: PersonaCard, frame: MapFrame) -> float:
    name = max((text_width(line) for line in lines), default=0.0) * frame.font_size
    note = text_width(f"{card.persona_id} · {card.share}") * frame.font_size * 0.82
    return max(name, note) + 4


def _shorten(lines: list[str]) -> tuple[str, ...]:
    return (
        tuple(lines) if len(lines) <= _MAX_LINES else (*lines[: _MAX_LINES - 1], f"{lines[_MAX_LINES - 1]}…")
    )


def _bubble(card: PersonaCard, disc: Disc, lines: tuple[str, ...], label: Label, size: float) -> Bubble:
    box = label.box
    part = {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor]
    first = box.y + size * _ASCENT
    return Bubble(
        card=card,
        x=round(disc.x, 1),
        y=round(disc.y, 1),
        radius=round(disc.radius, 1),
        lines=lines,
        text_x=round(box.x + part * box.width, 1),
        text_anchor=label.anchor,
        baselines=tuple(round(first + size * _LINE * n, 1) for n in range(len(lines))),
        note_y=round(first + size * (_LINE * len(lines) - 0.08), 1),
        leader=leader_line(disc, box),
    )
