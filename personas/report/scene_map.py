"""The scene map: one drawing per scene, its hero in the middle, and which persona lives in which scene."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin, sqrt
from typing import TYPE_CHECKING, Any, Final

from personas.category.scene_cautions import CAUTIONS, NOT_OFFERED
from personas.category.small_cells import HIDDEN
from personas.model.traits import SIGNIFICANT
from personas.report.analysis_tables import AnalysisTables, value_of
from personas.report.figures import text_width, wrap
from personas.report.heatmap import shade
from personas.report.plain_table import PlainTable, plain_table

if TYPE_CHECKING:
    import pandas as pd

WIDTH, HEIGHT = 380.0, 286.0
N_DRAWN: Final = 9
"""Members that are drawn at most, those of the highest weight; the table has all (own choice)."""

_RING_X, _RING_Y = 86.0, 88.0
_SMALLEST, _LARGEST = 5.0, 17.0
_FONT, _LINE, _ASCENT, _APART = 13.0, 14.0, 11.0, 5.0
_CAPITALS: Final = 1.2
"""Capital letters are wider than the estimate of :func:`text_width` by about this."""

_NEAR: Final = 0.005
"""Least weight into another scene that is told; it is the least that two digits can show."""

_UPRIGHT: Final = 0.2
"""Below this cosine a disc stands above or below the middle rather than beside it."""


@dataclass(frozen=True, slots=True)
class SceneNode:
    """A category: where it stands, and the lines of its name with their baselines."""

    x: float
    y: float
    radius: float
    is_hero: bool
    text_x: float
    text_anchor: str
    lines: tuple[tuple[str, float], ...]
    tip: str


@dataclass(frozen=True, slots=True)
class SceneEdge:
    """Two categories that are bought together, or instead of each other."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float
    is_substitute: bool


@dataclass(frozen=True, slots=True)
class SceneCard:
    """One scene, written out and drawn; ``caution`` says why it is none to act on, or only with care."""

    name: str
    hero: str
    n_users: str
    stability: str
    stability_word: str
    members: tuple[str, ...]
    nodes: tuple[SceneNode, ...]
    edges: tuple[SceneEdge, ...]
    n_further: int
    colour: int
    caution: str = ""
    is_offered: bool = True


@dataclass(frozen=True, slots=True)
class SceneCell:
    """A persona in a scene; ``shade`` as in the heat map of categories."""

    tgi: str
    share: str
    shade: int
    significant: bool
    order: str


@dataclass(frozen=True, slots=True)
class ScenePage:
    """What the report shows of a scene analysis.

    Parameters
    ----------
    scenes : tuple of SceneCard
        In the order of the analysis.
    alone : tuple of str
        Categories in no scene.
    substitutes : tuple of (str, str)
        Pairs that serve the same need.
    grid : tuple of (str, tuple of SceneCell)
        Persona and a cell per scene; empty without personas.
    members : PlainTable or None
        Every category with its place.
    definition, grid_definition : str
        What is printed under them.
    """

    scenes: tuple[SceneCard, ...]
    alone: tuple[str, ...]
    substitutes: tuple[tuple[str, str], ...]
    grid: tuple[tuple[str, tuple[SceneCell, ...]], ...]
    members: PlainTable | None
    definition: str
    grid_definition: str


def scene_page(tables: AnalysisTables) -> ScenePage | None:
    """Write out and draw the scenes; None without any."""
    scenes, members = tables.table("scenes"), tables.table("members")
    if scenes is None or members is None:
        return None
    pairs, grid = tables.table("pairs"), tables.table("grid")
    alone = members[members["scene_id"].isna()]["category"]
    told = pairs[pairs["relation"] == "substitute"] if pairs is not None else None
    ids = [str(scene) for scene in scenes["scene_id"]]
    columns = ("category", "scene_id", "n_buyers", "weight", "attach_share", "next_scene_id", "next_weight")
    return ScenePage(
        scenes=tuple(
            _card(place, row, members[members["scene_id"] == row.scene_id], pairs, tables)
            for place, row in enumerate(scenes.itertuples(index=False))
        ),
        alone=tuple(tables.name(name) for name in alone),
        substitutes=()
        if told is None
        else tuple(
            (tables.name(a), tables.name(b))
            for a, b in zip(told["category_a"], told["category_b"], strict=True)
        ),
        grid=() if grid is None else _grid(grid, ids, tables),
        members=plain_table(_with_near_scenes(members), columns, tables, n_rows=200),
        definition=tables.definition("scenes"),
        grid_definition="" if grid is None else tables.definition("grid"),
    )


def _with_near_scenes(members: pd.DataFrame) -> pd.DataFrame:
    """Leave out the next closest scene of a category that goes with no other scene."""
    near = members["next_weight"] >= _NEAR
    return members.assign(
        next_scene_id=members["next_scene_id"].where(near), next_weight=members["next_weight"].where(near)
    )


def _card(
    place: int, scene: object, members: pd.DataFrame, pairs: pd.DataFrame | None, tables: AnalysisTables
) -> SceneCard:
    figures = tables.figures
    caution = str(getattr(scene, "caution", "") or "")
    drawn = members.head(N_DRAWN)
    nodes = _nodes(drawn, tables)
    where = dict(zip(drawn["category"], nodes, strict=True))
    return SceneCard(
        name=tables.name(getattr(scene, "scene_id", "")),
        hero=tables.name(getattr(scene, "hero", "")),
        n_users=tables.count(getattr(scene, "n_users", None)),
        stability=figures.decimal(value_of(getattr(scene, "stability", None))),
        stability_word=str(getattr(scene, "verdict_zh" if figures.language == "zh-CN" else "verdict_en", "")),
        members=tuple(tables.name(name) for name in members["category"]),
        nodes=tuple(nodes),
        edges=() if pairs is None else _edges(pairs, where),
        n_further=len(members) - len(drawn),
        colour=place % 9,
        caution=CAUTIONS[caution].of(figures.language) if caution in CAUTIONS else "",
        is_offered=caution not in NOT_OFFERED,
    )


def _nodes(drawn: pd.DataFrame, tables: AnalysisTables) -> list[SceneNode]:
    """Put the first category in the middle and the others around it, the strongest at the top.

    Names of the ring stand outside of it, where no line crosses them.
    """
    buyers = [value_of(n) or 0.0 for n in drawn["n_buyers"]]
    largest = max(buyers, default=1.0) or 1.0
    nodes = []
    for place, (category, n) in enumerate(zip(drawn["category"], buyers, strict=True)):
        angle = -pi / 2 + 2 * pi * (place - 1) / max(1, len(buyers) - 1)
        across, down = (0.0, 0.0) if place == 0 else (cos(angle), sin(angle))
        x, y = WIDTH / 2 + _RING_X * across, HEIGHT / 2 + _RING_Y * down
        radius = round(max(_SMALLEST, _LARGEST * sqrt(n / largest)), 1)
        name = tables.name(category)
        text_x, anchor, lines = _label(name, (x, y, radius), (across, down))
        nodes.append(
            SceneNode(
                x=round(x, 1),
                y=round(y, 1),
                radius=radius,
                is_hero=place == 0,
                text_x=round(text_x, 1),
                text_anchor=anchor,
                lines=lines,
                tip=f"{name}: {tables.count(n or None)}",
            )
        )
    return nodes


def _label(
    name: str, disc: tuple[float, float, float], way: tuple[float, float]
) -> tuple[float, str, tuple[tuple[str, float], ...]]:
    """Return x, anchor and lines of a name: beside its disc, on the side away from the middle."""
    (x, y, radius), (across, down) = disc, way
    if abs(across) < _UPRIGHT:
        lines = _lines(name, 2 * _RING_X)
        top = y - radius - _APART - _LINE * len(lines) if down < 0 else y + radius + 2.0
        text_x, anchor = x, "middle"
    else:
        side = 1 if across > 0 else -1
        text_x, anchor = x + side * (radius + _APART), "start" if side > 0 else "end"
        lines = _lines(name, (WIDTH - text_x if side > 0 else text_x) - 2.0)
        top = y - _LINE * len(lines) / 2
    return text_x, anchor, tuple((line, round(top + _ASCENT + _LINE * i, 1)) for i, line in enumerate(lines))


def _lines(name: str, room: float) -> list[str]:
    """Break a name into at most three lines; what is still too wide ends in an ellipsis."""
    width = room / _FONT / (_CAPITALS if name.isupper() else 1.0)
    lines = wrap(name, width)[:3]
    return [line if text_width(line) <= width else _shortened(line, width) for line in lines]


def _shortened(line: str, width: float) -> str:
    while line and text_width(f"{line}…") > width:
        line = line[:-1]
    return f"{line}…"


def _edges(pairs: pd.DataFrame, where: dict[str, SceneNode]) -> tuple[SceneEdge, ...]:
    inside = pairs[pairs["category_a"].isin(where) & pairs["category_b"].isin(where)]
    edges = []
    for a, b, weight, relation in zip(
        inside["category_a"], inside["category_b"], inside["weight"], inside["relation"], strict=True
    ):
        if relation not in ("complement", "substitute"):
            continue
        one, other = where[a], where[b]
        width = 2.0 if relation == "substitute" else 1.0 + 14.0 * max(0.0, min(0.5, value_of(weight) or 0.0))
        edges.append(
            SceneEdge(one.x, one.y, other.x, other.y, round(width, 1), is_substitute=relation == "substitute")
        )
    return tuple(edges)


def _grid(
    grid: pd.DataFrame, scenes: list[str], tables: AnalysisTables
) -> tuple[tuple[str, tuple[SceneCell, ...]], ...]:
    cells = {(row["persona_id"], row["scene_id"]): row for row in grid.to_dict("records")}
    return tuple(
        (
            tables.name(persona),
            tuple(_cell(cells.get((persona, scene), {}), tables) for scene in scenes),
        )
        for persona in tables.personas(grid)
    )


def _cell(found: dict[Any, Any], tables: AnalysisTables) -> SceneCell:
    figures = tables.figures
    tgi, q, order, n = (value_of(found.get(name)) for name in ("tgi", "q_value", "reach_order", "n_users"))
    if found.get(HIDDEN) or n is None:
        return SceneCell(figures.suppressed, "", 0, significant=False, order="")
    significant = q is not None and q < SIGNIFICANT
    return SceneCell(
        tgi=figures.index(tgi),
        share=figures.percent(value_of(found.get("share"))),
        shade=shade(tgi) if significant and tgi is not None else 0,
        significant=significant,
        order="" if order is None or not n else f"{order:.0f}",
    )
