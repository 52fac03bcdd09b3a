"""Where the picture of a lineage puts its bars, ribbons and labels: one column per version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from personas.model.lineage import LineageRow
from personas.report.figures import Figures, wrap
from personas.report.ribbon import ribbon_path
from personas.report.words import say

BAR: Final = 14.0
_GAP: Final = 10.0
_HEAD: Final = 30.0
_LINE: Final = 1.2

Column = Sequence[LineageRow]


@dataclass(frozen=True, slots=True)
class AlluvialFrame:
    """Limits of the drawing, in SVG units.

    Parameters
    ----------
    width, height : float
        It grows in height where the labels need more.
    margin : float
        Room for names to the right of the last column.
    font_size : float
        Size of type.
    most_columns : int
        Versions that can be told apart; the last ones are drawn.
    """

    width: float
    height: float
    margin: float
    font_size: float
    most_columns: int


WIDE: Final = AlluvialFrame(1072, 460, margin=260, font_size=14, most_columns=8)
NARROW: Final = AlluvialFrame(358, 460, margin=128, font_size=12, most_columns=3)


@dataclass(frozen=True, slots=True)
class Node:
    """One persona in one version: its bar and the lines of its label with their baselines."""

    x: float
    y: float
    height: float
    colour: int
    text_x: float
    lines: tuple[tuple[str, float], ...]
    is_last: bool
    tip: str


@dataclass(frozen=True, slots=True)
class Stream:
    """Users of one persona who are in a persona of the next version, as the path of a closed shape."""

    path: str
    colour: int
    stays: bool
    tip: str


@dataclass(frozen=True, slots=True)
class Alluvial:
    """A drawn lineage; ``dates`` are the headings of the columns with their x and where their text is anchored."""

    width: float
    height: float
    font_size: float
    dates: tuple[tuple[str, float, str], ...]
    nodes: tuple[Node, ...]
    streams: tuple[Stream, ...]


def lay_out_alluvial(
    columns: Sequence[Column],
    names: Mapping[str, str],
    colours: Mapping[str, int],
    figures: Figures,
    frame: AlluvialFrame,
) -> Alluvial:
    """Place the personas of successive versions in columns, and what became of their users between them.

    Parameters
    ----------
    columns : sequence of sequence of LineageRow
        Oldest version first.
    names : mapping of str to str
        Persona id -> name.
    colours : mapping of str to int
        Persona id -> number of its colour class.
    figures : Figures
        Writes the numbers.
    frame : AlluvialFrame
        Limits of the drawing.

    Returns
    -------
    Alluvial
        A persona keeps its rank from the top in every column; a new one stands below the persona that most of its
        users had. On the left a stream is as thick as its part of the users who are followed, on the right as its
        share of the persona's users, so streams taper where a persona grew or shrank.
    """
    drawn = [[row for row in column if row.share > 0] for column in columns[-frame.most_columns :]]
    rank = {persona_id: place for place, persona_id in enumerate(order_of(columns))}
    for column in drawn:
        column.sort(key=lambda row: rank[row.persona_id])
    last_lines = [_name_lines(row, names, figures, frame) for row in drawn[-1]]
    line = frame.font_size * _LINE
    needed = sum(len(lines) * line + 6 for lines in last_lines)
    height = max(frame.height, _HEAD + needed + 8)
    step = (frame.width - frame.margin - BAR - 2) / max(1, len(drawn) - 1)
    nodes: list[Node] = []
    bars: list[dict[str, tuple[float, float]]] = []
    for place, column in enumerate(drawn):
        is_last = place == len(drawn) - 1
        tops = _stack([row.share for row in column], height)
        bars.append({row.persona_id: top for row, top in zip(column, tops, strict=True)})
        labels = last_lines if is_last else [_short_lines(row, figures) for row in column]
        starts = spread(
            [top + size / 2 for top, size in tops],
            [len(lines) * line for lines in labels],
            (_HEAD, height - 4),
        )
        nodes += [
            _node(row, (2 + place * step, *top), (lines, start), is_last, (names, colours, figures, frame))
            for row, top, lines, start in zip(column, tops, labels, starts, strict=True)
        ]
    streams = [
        stream
        for place in range(1, len(drawn))
        for stream in _streams(
            drawn[place],
            (bars[place - 1], bars[place]),
            2 + (place - 1) * step + BAR,
            step - BAR,
            (colours, figures),
        )
    ]
    return Alluvial(
        width=frame.width,
        height=round(height, 1),
        font_size=frame.font_size,
        dates=tuple(
            (column[0].as_of.isoformat(), *_date_place(place, 2 + place * step))
            for place, column in enumerate(drawn)
        ),
        nodes=tuple(nodes),
        streams=tuple(sorted(streams, key=lambda stream: stream.stays)),
    )


def order_of(columns: Sequence[Column]) -> list[str]:
    """Return the personas of all versions from the top: one that came later below its largest source.

    Parameters
    ----------
    columns : sequence of sequence of LineageRow
        Oldest version first.

    Returns
    -------
    list of str
        Persona ids.
    """
    order: list[str] = []
    for column in columns:
        for row in column:
            if row.persona_id not in order:
                known = [source for source, _ in row.sources if source in order]
                order.insert(order.index(known[0]) + 1 if known else len(order), row.persona_id)
    return order


def spread(middles: Sequence[float], heights: Sequence[float], limits: tuple[float, float]) -> list[float]:
    """Return where labels start, as close to their middles as they can be without covering each other.

    Parameters
    ----------
    middles : sequence of float, increasing
        Where labels would like their middles.
    heights : sequence of float, same length
        Of the labels; together they must fit.
    limits : pair of float
        Top and bottom.

    Returns
    -------
    list of float

    Examples
    --------
    >>> spread([10, 12, 90], [10, 10, 10], (0, 100))
    [5.0, 15.0, 85.0]
    >>> spread([96, 98], [10, 10], (0, 100))
    [80, 90]
    """
    top, bottom = limits
    starts: list[float] = []
    for middle, height in zip(middles, heights, strict=True):
        starts.append(max(middle - height / 2, top))
        top = starts[-1] + height
    for i in reversed(range(len(starts))):
        starts[i] = max(min(starts[i], bottom - heights[i]), limits[0])
        bottom = starts[i]
    return starts


def _stack(shares: Sequence[float], height: float) -> list[tuple[float, float]]:
    """Return top and height of each bar; all columns use the whole height."""
    room = height - _HEAD - 4 - _GAP * max(0, len(shares) - 1)
    total = sum(shares) or 1.0
    places, y = [], _HEAD
    for share in shares:
        size = max(2.0, share / total * room)
        places.append((y, size))
        y += size + _GAP
    return places


def _short_lines(row: LineageRow, figures: Figures) -> list[str]:
    """Label of an inner column: the id, and what happened to it other than being kept."""
    if row.event in (None, "kept"):
        return [row.persona_id]
    return [f"{row.persona_id} {say(f'since.kind.{row.event}', figures.language)}"]


def _name_lines(
    row: LineageRow, names: Mapping[str, str], figures: Figures, frame: AlluvialFrame
) -> list[str]:
    first = f"{_short_lines(row, figures)[0]} · {figures.percent(row.share)}"
    lines = wrap(names[row.persona_id], (frame.margin - BAR - 12) / frame.font_size)
    return [first, *lines[:2]] if len(lines) < 3 else [first, lines[0], f"{lines[1][:-1]}…"]


def _node(
    row: LineageRow,
    bar: tuple[float, float, float],
    label: tuple[Sequence[str], float],
    is_last: bool,
    look: tuple[Mapping[str, str], Mapping[str, int], Figures, AlluvialFrame],
) -> Node:
    names, colours, figures, frame = look
    x, y, height = bar
    lines, start = label
    line = frame.font_size * _LINE
    return Node(
        x=round(x, 1),
        y=round(y, 1),
        height=round(height, 1),
        colour=colours[row.persona_id],
        text_x=round(x + BAR + 6, 1),
        lines=tuple(
            (text, round(start + i * line + frame.font_size * 0.95, 1)) for i, text in enumerate(lines)
        ),
        is_last=is_last,
        tip=f"{row.as_of.isoformat()}: {row.persona_id} {names[row.persona_id]}, {figures.percent(row.share)}",
    )


def _streams(
    column: Column,
    bars: tuple[Mapping[str, tuple[float, float]], Mapping[str, tuple[float, float]]],
    x: float,
    length: float,
    look: tuple[Mapping[str, int], Figures],
) -> list[Stream]:
    """Draw what came into one column; a stream leaves a bar and enters one in the order of the ranks."""
    colours, figures = look
    before, now = bars
    flows: list[tuple[str, str, float, float]] = []
    for row in column:
        # Without a panel nothing is known of the users; a persona that kept its id is drawn whole.
        sources = row.sources or (((row.persona_id, 1.0),) if row.event == "kept" else ())
        flows += [
            (source, row.persona_id, part, part * row.share) for source, part in sources if source in before
        ]
    followed = {row.persona_id for row in column if row.sources}
    sent: dict[str, float] = {}
    for source, _, _, users in flows:
        sent[source] = sent.get(source, 0.0) + users
    place_left = list(before)
    left = {persona_id: top for persona_id, (top, _) in before.items()}
    right = {persona_id: top for persona_id, (top, _) in now.items()}
    found = []
    for source, target, part, users in sorted(
        flows, key=lambda f: (list(now).index(f[1]), place_left.index(f[0]))
    ):
        thick = before[source][1] * users / sent[source], now[target][1] * part
        path = ribbon_path(x, left[source], x + length, right[target], thick=thick)
        left[source] += thick[0]
        right[target] += thick[1]
        tip = f"{source} → {target}"
        if target in followed:
            tip = say("since.stream", figures.language).format(
                source=source, target=target, share=figures.percent(part)
            )
        found.append(Stream(path, colours[source], source == target, tip))
    return found


def _date_place(place: int, x: float) -> tuple[float, str]:
    """Return x and anchor of a date: at the bar, but inside the drawing."""
    return (round(x, 1), "start") if place == 0 else (round(x + BAR / 2, 1), "middle")
