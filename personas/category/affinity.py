"""User x scene: how much each user is about each scene, what they still miss, and who the scenes are for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import ibis
import numpy as np
import pyarrow as pa

from personas.category.scene_words import define_affinity, define_grid
from personas.category.scenes import SceneSet
from personas.category.slices import check_unique
from personas.errors import ConfigError, DataError
from personas.features.base import Feature, FeatureSet, TableSource, typed_columns
from personas.features.events import window_events
from personas.model.profile import SMALL_CELL, profile_personas
from personas.schema import LEVELS, ObservationWindow, Text

if TYPE_CHECKING:
    import pandas as pd

EVENT_WEIGHTS: Final[Mapping[str, float]] = {"view": 1, "search": 2, "favourite": 3, "cart": 4, "order": 10}
"""Points of one event by default: intent grows towards the cart, ownership counts most (own choice)."""

HALF_POINTS = 10.0
"""Points of an affinity of one half by default: one order line, or ten views (own choice)."""


@dataclass(frozen=True, slots=True, eq=False)
class SceneAffinity:
    """How much each user is about each scene.

    Parameters
    ----------
    table : ibis.Table
        One row per user and scene with any points, lazy, in no order: ``user_id``, ``scene_id``,
        ``n_orders`` (order lines), ``points`` (float64, > 0), ``affinity`` (0 to 1), ``is_main`` (whether it
        is the user's highest; ties go to the earlier scene).
    scene_set : SceneSet
        The scenes.
    definition : Text
        Weights and scale, to be printed beside it.
    """

    table: ibis.Table
    scene_set: SceneSet
    definition: Text


@dataclass(frozen=True, slots=True, eq=False)
class PersonaSceneGrid:
    """Personas against the users' main scenes.

    Parameters
    ----------
    cells : DataFrame, one row per persona and scene
        ``persona_id``, ``scene_id``, ``n_users``, ``share`` (of the persona's users with a main scene),
        ``base_share`` (the same of all users), ``tgi`` with its 95 % interval ``tgi_lower``, ``tgi_upper``,
        ``q_value``; NaN = suppressed (small cell) or undefined. ``reach_order`` (Int64): rank of the persona
        within the scene by ``tgi_lower``, 1 = to be reached first; null where there is no interval.
    definition : Text
        To be printed under it.
    """

    cells: pd.DataFrame
    definition: Text


def scene_affinity(
    source: TableSource,
    window: ObservationWindow,
    scene_set: SceneSet,
    *,
    event_weights: Mapping[str, float] = EVENT_WEIGHTS,
    half_points: float = HALF_POINTS,
) -> SceneAffinity:
    """Measure how much each user is about each scene, by what they did and bought in a window.

    Parameters
    ----------
    source : TableSource
        Holds the canonical table ``events``.
    window : ObservationWindow
        What may be seen.
    scene_set : SceneSet
        The scenes.
    event_weights : mapping of str to float, >= 0
        Event type -> points of one event; others count nothing.
    half_points : float, > 0
        Points at which the affinity is one half.

    Returns
    -------
    SceneAffinity

    Raises
    ------
    ConfigError
        If a weight or ``half_points`` is out of range, or an event type is unknown.
    DataError
        If ``events`` lacks a column.

    Notes
    -----
    ``points = sum(weight x events)`` over the scene's categories, and ``affinity = points / (points +
    half_points)``: 0 for nobody's interest, towards 1 without ever passing it. It doesn't depend on the other
    users, so it means the same in every window; nor is it divided by the user's own activity, so that shares
    of one click don't look like devotion. The formula, a saturating one, is our own choice.
    """
    _check_weights(event_weights, half_points)
    events = window_events(source, window)
    places = _members(scene_set)
    seen = events.filter(events["event_type"].isin(list(event_weights))).join(places, "category")
    counts = {f"n_{kind}": seen.count(where=seen["event_type"] == kind) for kind in event_weights}
    # Counts are whole and are added in a fixed order, so points don't depend on the order of the rows.
    counted = seen.group_by("user_id", "scene_id", "scene_place").agg(**counts)
    points = sum(float(weight) * counted[f"n_{kind}"] for kind, weight in event_weights.items())
    n_orders = counted["n_order"] if "order" in event_weights else ibis.literal(0, "int64")
    scored = counted.mutate(points=points, n_orders=n_orders)
    scored = scored.filter(scored["points"] > 0)
    scored = scored.mutate(affinity=scored["points"] / (scored["points"] + float(half_points)))
    rank = ibis.row_number().over(
        group_by=scored["user_id"], order_by=[scored["points"].desc(), scored["scene_place"]]
    )
    ranked = scored.mutate(is_main=rank == 0)
    table = ranked.select("user_id", "scene_id", "n_orders", "points", "affinity", "is_main")
    return SceneAffinity(table, scene_set, define_affinity(event_weights, half_points))


def user_scene_table(affinity: SceneAffinity, users: ibis.Table) -> ibis.Table:
    """Return one row per user, to be written as Parquet and used as a source of the next training.

    Parameters
    ----------
    affinity : SceneAffinity
        As :func:`scene_affinity` returned it.
    users : ibis.Table
        ``user_id``, one row per user.

    Returns
    -------
    ibis.Table
        Sorted by ``user_id``: ``affinity_<scene_id>`` per scene (float64, 0 to 1, never null) and
        ``main_scene`` (text, null = nothing done in any scene). Write it with ``to_parquet``.

    Raises
    ------
    DataError
        If ``users`` has a user twice.
    """
    check_unique(users, "users")
    table = affinity.table
    columns = {
        f"affinity_{scene.scene_id}": table["affinity"].max(where=table["scene_id"] == scene.scene_id)
        for scene in affinity.scene_set.scenes
    }
    wide = table.group_by("user_id").agg(**columns, main_scene=table["scene_id"].max(where=table["is_main"]))
    everybody = users.select("user_id").left_join(wide, "user_id").drop("user_id_right")
    return everybody.mutate(**{name: everybody[name].fill_null(0.0) for name in columns}).order_by("user_id")


def missing_categories(affinity: SceneAffinity, bought: ibis.Table) -> ibis.Table:
    """Return which categories of their scenes users haven't bought, the hero first.

    Parameters
    ----------
    affinity : SceneAffinity
        As :func:`scene_affinity` returned it.
    bought : ibis.Table
        ``user_id`` and ``category`` of all purchases that count as owned, as
        :func:`personas.category.base.purchases` returns them. Its window may be longer than the affinity's;
        returns aren't netted.

    Returns
    -------
    ibis.Table
        Lazy, in no order: ``user_id``, ``scene_id``, ``affinity``, ``rank`` (1 = to be offered first) and
        ``category``. For every user and scene with any points; the hero first, then by weight in the scene.
        A substitute of something owned is not missing.
    """
    places = _members(affinity.scene_set)
    owned = bought.select("user_id", "category").distinct()
    pairs = [pair for a, b in affinity.scene_set.substitutes for pair in ((a, b), (b, a))]
    apart = ibis.memtable(
        pa.table(
            {"category": [a for a, _ in pairs], "instead": [b for _, b in pairs]},
            schema=pa.schema([("category", pa.string()), ("instead", pa.string())]),
        )
    )
    served = ibis.union(owned, owned.join(apart, "category").select("user_id", category="instead"))
    wanted = affinity.table.select("user_id", "scene_id", "affinity").join(places, "scene_id")
    open_ones = wanted.anti_join(served, ["user_id", "category"])
    rank = ibis.row_number().over(
        group_by=[open_ones["user_id"], open_ones["scene_id"]], order_by=open_ones["place"]
    )
    ranked = open_ones.mutate(rank=rank + 1)
    return ranked.select("user_id", "scene_id", "affinity", "rank", "category")


def scene_audience(affinity: SceneAffinity, assignments: ibis.Table) -> ibis.Table:
    """Join users by scene with their personas (聚类场景人群).

    Parameters
    ----------
    affinity : SceneAffinity
        As :func:`scene_affinity` returned it.
    assignments : ibis.Table
        ``user_id`` and ``persona_id``, one row per user; with ``status``, users out of distribution have no
        persona.

    Returns
    -------
    ibis.Table
        Lazy, in no order: the columns of ``affinity.table`` and ``persona_id`` (text, null = none).

    Raises
    ------
    DataError
        If ``assignments`` lacks a column or has a user twice.
    """
    joined = affinity.table.left_join(_personas(assignments), "user_id")
    return joined.drop("user_id_right")


def persona_scene_grid(
    user_scenes: ibis.Table, assignments: ibis.Table, scene_set: SceneSet, *, small_cell: int = SMALL_CELL
) -> PersonaSceneGrid:
    """Compare the personas' main scenes with those of all users.

    Parameters
    ----------
    user_scenes : ibis.Table
        ``user_id`` and ``main_scene``, as :func:`user_scene_table` returns it. Its users with a main scene are
        the base.
    assignments : ibis.Table
        ``user_id`` and ``persona_id``, one row per user; with ``status``, users out of distribution have no
        persona and count in the base only.
    scene_set : SceneSet
        The scenes, in the order of the columns.
    small_cell : int, >= 1
        Cells of fewer users are suppressed; see :func:`personas.model.suppress.protect_counts`.

    Returns
    -------
    PersonaSceneGrid

    Raises
    ------
    DataError
        If ``assignments`` lacks a column or has a user twice.

    Notes
    -----
    Shares, TGI, intervals and q values are those of :func:`personas.model.profile.profile_personas`, the main
    scene being one nominal feature. Nothing is assumed of which persona goes with which scene.
    """
    import pandas as pd

    personas = _personas(assignments)
    joined = user_scenes.left_join(personas, "user_id").drop_null(["main_scene"])
    counts = joined.group_by("persona_id", "main_scene").agg(n_users=joined.count())
    found = counts.order_by("persona_id", "main_scene").to_pyarrow().to_pandas()
    names = sorted({name for name in found["persona_id"] if isinstance(name, str)})
    features = FeatureSet((_main_scene(tuple(scene.scene_id for scene in scene_set.scenes)),))
    # One row per user without any id: all that profiling counts.
    repeated = found.loc[found.index.repeat(found["n_users"])]
    labels = pd.Index(names, dtype="str").get_indexer(pd.Index(repeated["persona_id"])).astype(np.int64)
    data = typed_columns(repeated, features)
    profiled = profile_personas(data, labels, features, n_personas=len(names), small_cell=small_cell)
    rows = [
        {
            "persona_id": name,
            "scene_id": trait.level,
            "n_users": trait.n_users,
            "share": trait.share,
            "base_share": trait.base_share,
            "tgi": trait.tgi,
            "tgi_lower": trait.tgi_lower,
            "tgi_upper": trait.tgi_upper,
            "q_value": trait.q_value,
        }
        for name, traits in zip(names, profiled, strict=True)
        for trait in traits
    ]
    return PersonaSceneGrid(_with_reach_order(rows), define_grid(small_cell))


def _main_scene(levels: tuple[str, ...]) -> Feature:
    return Feature(
        name="main_scene",
        kind="nominal",
        block="what",
        unit="",
        null_meaning="never missing",
        source="profile",
        measure="level",
        argument="main_scene",
        levels=levels,
        label=Text("主要场景", "main scene"),
    )


def _with_reach_order(rows: list[dict[str, str | float | None]]) -> pd.DataFrame:
    import pandas as pd

    figures = ["n_users", "share", "base_share", "tgi", "tgi_lower", "tgi_upper", "q_value"]
    cells = pd.DataFrame(rows, columns=["persona_id", "scene_id", *figures])
    cells = cells.astype({"persona_id": "str", "scene_id": "str", **dict.fromkeys(figures, "float64")})
    # Rows are in the order of the personas' ids, so ties go to the smaller id.
    order = cells.groupby("scene_id")["tgi_lower"].rank(method="first", ascending=False)
    return cells.assign(reach_order=order.astype("Int64"))


def _members(scene_set: SceneSet) -> ibis.Table:
    """Categories with their scene and both orders."""
    rows = [
        {"category": category, "scene_id": scene.scene_id, "scene_place": s, "place": place}
        for s, scene in enumerate(scene_set.scenes)
        for place, category in enumerate(scene.categories)
    ]
    kinds = [pa.string(), pa.string(), pa.int64(), pa.int64()]
    columns = ("category", "scene_id", "scene_place", "place")
    return ibis.memtable(pa.Table.from_pylist(rows, pa.schema(list(zip(columns, kinds, strict=True)))))


def _personas(assignments: ibis.Table) -> ibis.Table:
    absent = [name for name in ("user_id", "persona_id") if name not in assignments.columns]
    if absent:
        raise DataError(f"The assignments lack {', '.join(absent)}; expected user_id and persona_id.")
    check_unique(assignments, "assignments")
    if "status" in assignments.columns:
        assignments = assignments.filter(assignments["status"].cast("string") != "out_of_distribution")
    return assignments.select("user_id", persona_id=assignments["persona_id"].cast("string"))


def _check_weights(event_weights: Mapping[str, float], half_points: float) -> None:
    known = LEVELS["event_type"]
    for kind, weight in event_weights.items():
        if kind not in known:
            raise ConfigError(f"event_weights names {kind!r}; expected event types: {', '.join(known)}.")
        if not (weight >= 0 and math.isfinite(weight)):
            raise ConfigError(f"The weight of {kind} is {weight}; expected a number of at least 0.")
    if not any(weight > 0 for weight in event_weights.values()):
        raise ConfigError("No event type has a weight above 0; expected at least one.")
    if not (half_points > 0 and math.isfinite(half_points)):
        raise ConfigError(f"half_points is {half_points}; expected a number above 0.")
