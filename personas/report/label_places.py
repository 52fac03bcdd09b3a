"""Where the labels of a chart of bubbles stand, so that no label covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, pi, sin

_ANGLES = tuple(place * pi / 8 for place in range(16))
_GAPS = (6.0, 14.0, 26.0, 42.0, 62.0, 86.0)
_N_PASSES = 4
_EDGE = 4.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, other: Box) -> float:
        """Return the shared area."""
        wide = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        high = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0.0, wide) * max(0.0, high)


@dataclass(frozen=True, slots=True)
class Disc:
    """A bubble."""

    x: float
    y: float
    radius: float

    @property
    def box(self) -> Box:
        """The square around it."""
        return Box(self.x - self.radius, self.y - self.radius, 2 * self.radius, 2 * self.radius)


@dataclass(frozen=True, slots=True)
class Label:
    """A place for a label; ``gap`` is its distance from the disc, ``anchor`` the end of the text at the disc."""

    box: Box
    gap: float
    anchor: str


def page_of(width: float, height: float) -> Box:
    """Return where labels may stand in a drawing of a size."""
    return Box(_EDGE, _EDGE, width - 2 * _EDGE, height - 2 * _EDGE)


def place_labels(
    discs: Sequence[Disc], sizes: Sequence[tuple[float, float]], page: Box, taken: Sequence[Box] = ()
) -> list[Label]:
    """Place one label per disc.

    Labels are placed greedily, largest disc first, then moved in turn while the overlap shrinks.

    Parameters
    ----------
    discs : sequence of Disc
        Bubbles that should stay in sight.
    sizes : sequence of (float, float), same length
        Width and height of each label.
    page : Box
        Where labels may stand.
    taken : sequence of Box
        Where other text stands.

    Returns
    -------
    list of Label
        In the order of ``discs``.

    Examples
    --------
    >>> [label.anchor for label in place_labels([Disc(50, 50, 10)], [(20, 10)], page_of(200, 100))]
    ['start']
    """
    order = sorted(range(len(discs)), key=lambda i: (-discs[i].radius, i))
    labels: dict[int, Label] = {}
    for _ in range(_N_PASSES):
        for i in order:
            others = [*taken, *(label.box for j, label in labels.items() if j != i)]
            places = _candidates(discs[i], sizes[i])
            costs = [_cost(place, discs, others, page) for place in places]
            labels[i] = places[costs.index(min(costs))]
    return [labels[i] for i in range(len(discs))]


def leader_line(disc: Disc, box: Box) -> tuple[float, float, float, float] | None:
    """Return ``x1, y1, x2, y2`` of the line from a disc to a label that stands apart from it."""
    near_x = min(max(disc.x, box.x), box.x + box.width)
    near_y = min(max(disc.y, box.y), box.y + box.height)
    apart = hypot(near_x - disc.x, near_y - disc.y)
    if apart - disc.radius <= _GAPS[1]:
        return None
    edge = disc.radius / apart
    ends = (disc.x + (near_x - disc.x) * edge, disc.y + (near_y - disc.y) * edge, near_x, near_y)
    return round(ends[0], 1), round(ends[1], 1), round(ends[2], 1), round(ends[3], 1)


def _candidates(disc: Disc, size: tuple[float, float]) -> list[Label]:
    """List places for a label around a disc, nearest first."""
    width, height = size
    found = []
    for gap in _GAPS:
        for angle in _ANGLES:
            reach = disc.radius + gap
            x, y = disc.x + reach * cos(angle), disc.y - reach * sin(angle)
            left = x + (cos(angle) - 1) / 2 * width
            top = y - (sin(angle) + 1) / 2 * height
            anchor = "start" if cos(angle) > 0.5 else "end" if cos(angle) < -0.5 else "middle"
            found.append(Label(Box(left, top, width, height), gap, anchor))
    return found


def _cost(label: Label, discs: Sequence[Disc], others: Sequence[Box], page: Box) -> float:
    box = label.box
    outside = box.width * box.height - box.overlap(page)
    on_labels = sum(box.overlap(other) for other in others)
    on_discs = sum(box.overlap(disc.box) for disc in discs)
    return round(90 * outside + 60 * on_labels + 5 * on_discs + 8 * label.gap, 6)
