"""Stage flow: where the users of each stage of a ladder stand at a later date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import ibis
import numpy as np

from personas.category.base import wilson_interval
from personas.category.slices import by_persona, check_unique, persona_order
from personas.errors import ConfigError, DataError
from personas.schema import Text

if TYPE_CHECKING:
    import pandas as pd

NONE: Final = "(none)"
"""A known user without a stage; the lowest step of every ladder."""

NEW: Final = "(new)"
"""Row of users who are not in the earlier table."""

LOST: Final = "(lost)"
"""Column of users who are not in the later table."""

STATES: Final[dict[str, Text]] = {
    NONE: Text("无阶段", "no stage"),
    NEW: Text("新进入", "new"),
    LOST: Text("流失", "lost"),
}
"""Names for people of what is not a stage; brackets keep them apart from stages of the same name."""

_CELL = ["persona_id", "from_stage", "to_stage"]


@dataclass(frozen=True, slots=True, eq=False)
class StageFlow:
    """Users by stage at an earlier and at a later date.

    Parameters
    ----------
    cells : DataFrame, one row per persona, stage left and stage reached
        ``persona_id`` (``"(all)"`` = everybody), ``from_stage`` (a stage, ``"(none)"`` or ``"(new)"``),
        ``to_stage`` (a stage, ``"(none)"`` or ``"(lost)"``), ``n_from`` and ``n_users`` (users), ``share`` =
        n_users / n_from with its 95 % Wilson interval ``low``, ``high``. The shares of a
        ``from_stage`` sum to 1; NaN where it has nobody.
    stages : DataFrame, one row per persona and stage
        ``persona_id``, ``stage``, ``n_then``, ``n_now``, ``n_in`` (arrived from elsewhere, new users
        among them), ``n_out`` (left, lost users among them), ``net_flow`` = n_in - n_out = n_now - n_then; and
        as shares of n_then: ``retained_rate``, ``moved_rate`` and ``lost_rate``, which sum to 1, and
        ``upgrade_rate`` and ``downgrade_rate``, the two parts of moved_rate. NaN where nobody was there;
        upgrade and downgrade also without an order.
    totals : DataFrame, one row per persona
        ``persona_id``, ``n_then``, ``n_now``, ``n_new``, ``n_lost``, the same rates over all users of
        the earlier date, and ``net_upgrade_rate`` = upgrade_rate - downgrade_rate.
    definition : Text
        Dates, units and denominators, to be printed under the table.
    """

    cells: pd.DataFrame
    stages: pd.DataFrame
    totals: pd.DataFrame
    definition: Text


def stage_flow(
    stages_then: ibis.Table,
    stages_now: ibis.Table,
    *,
    dates: tuple[date, date],
    order: Sequence[str] | None = None,
    names: Mapping[str, Text] | None = None,
    assignments: ibis.Table | None = None,
) -> StageFlow:
    """Count how users moved between the stages of a ladder, or between personas or classes.

    Parameters
    ----------
    stages_then, stages_now : ibis.Table
        ``user_id`` and ``stage`` (text, null = none), one row per user: the deepest stage at each date. A
        user of only one table is new or lost.
    dates : tuple of two date
        ``as_of`` of the two tables.
    order : sequence of str, optional
        All stages, the lowest first. Without it stages have no order (personas, for example), and nothing
        is an upgrade or a downgrade.
    names : mapping of str to Text, optional
        Stage -> name for people; a stage without one stands for itself.
    assignments : ibis.Table, optional
        ``user_id`` and ``persona_id``, one row per user: the table is repeated for each persona.

    Returns
    -------
    StageFlow
        Transition shares, movements per stage and in all, and their definition.

    Raises
    ------
    ConfigError
        If the dates are in the wrong order, or ``order`` lists a stage twice.
    DataError
        If a table lacks a column or has a user twice, or holds a stage that ``order`` lacks.

    Notes
    -----
    ``T[i, j] = n_ij / n_i`` over the users of either date; every row sums to 1. ``"(none)"`` is shown when
    somebody is there, and stands below all stages: leaving it is an upgrade, falling to it a downgrade.
    A lost user is neither.

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> then = ibis.memtable(pa.table({"user_id": ["a", "b", "c"], "stage": ["A1", "A1", "A2"]}))
    >>> now = ibis.memtable(pa.table({"user_id": ["a", "b", "d"], "stage": ["A2", "A1", "A1"]}))
    >>> flow = stage_flow(then, now, dates=(date(2025, 1, 1), date(2025, 7, 1)), order=["A1", "A2"])
    >>> flow.stages[["stage", "n_then", "n_now", "upgrade_rate", "lost_rate"]].values.tolist()
    [['A1', 2, 2, 0.5, 0.0], ['A2', 1, 1, 0.0, 1.0]]
    """
    if dates[0] >= dates[1]:
        raise ConfigError(f"The dates are {dates[0]} and {dates[1]}; expected the earlier one first.")
    counts = _count(_checked(stages_then, "earlier"), _checked(stages_now, "later"), assignments)
    ladder = _ladder(counts, order)
    cells = _cells(counts, ladder)
    return StageFlow(
        cells=cells.drop(columns="step"),
        stages=_movements(cells, ladder, ordered=order is not None),
        totals=_totals(cells, ordered=order is not None),
        definition=_define(dates, ladder, names or {}, ordered=order is not None),
    )


def _checked(stages: ibis.Table, which: str) -> ibis.Table:
    absent = [name for name in ("user_id", "stage") if name not in stages.columns]
    if absent:
        raise DataError(f"The {which} stages lack {', '.join(absent)}; expected user_id and stage.")
    check_unique(stages, f"{which} stages")
    return stages.select("user_id", stage=stages["stage"].cast("string").fill_null(NONE))


def _count(then: ibis.Table, now: ibis.Table, assignments: ibis.Table | None) -> pd.DataFrame:
    joined = then.outer_join(now, "user_id")
    moves = joined.select(
        user_id=ibis.coalesce(joined["user_id"], joined["user_id_right"]),
        from_stage=joined["stage"].fill_null(NEW),
        to_stage=joined["stage_right"].fill_null(LOST),
    )
    sliced = by_persona(moves, assignments)
    counts: pd.DataFrame = sliced.group_by(_CELL).agg(n_users=sliced.count()).to_pyarrow().to_pandas()
    return counts


def _ladder(counts: pd.DataFrame, order: Sequence[str] | None) -> list[str]:
    """Return the stages, the lowest first, with none below them where somebody has none."""
    found = set(counts["from_stage"]) - {NEW} | set(counts["to_stage"]) - {LOST}
    lowest = [NONE] if NONE in found else []
    if order is None:
        return [*lowest, *sorted(found - {NONE})]
    if len(set(order)) < len(order):
        raise ConfigError("order lists a stage twice; list each stage once, the lowest first.")
    unknown = sorted(found - {NONE, *order})
    if unknown:
        raise DataError(
            f"The tables hold {len(unknown)} stages that order lacks, for example {unknown[0]!r}; expected "
            "order to list all of them, the lowest first."
        )
    return [*lowest, *(stage for stage in order if stage != NONE)]


def _cells(counts: pd.DataFrame, ladder: list[str]) -> pd.DataFrame:
    import pandas as pd

    grid = pd.MultiIndex.from_product(
        [persona_order(counts["persona_id"]), [*ladder, NEW], [*ladder, LOST]], names=_CELL
    )
    cells = counts.set_index(_CELL).reindex(grid, fill_value=0).astype("int64").reset_index()
    cells.insert(3, "n_from", cells.groupby(_CELL[:2], sort=False)["n_users"].transform("sum"))
    cells["share"] = cells["n_users"] / cells["n_from"].where(cells["n_from"] > 0)
    cells["low"], cells["high"] = wilson_interval(cells["n_users"], cells["n_from"])
    rank = {stage: place for place, stage in enumerate(ladder)}
    moved = np.sign(cells["to_stage"].map(rank) - cells["from_stage"].map(rank))
    steps = {-1.0: "downgrade", 0.0: "retained", 1.0: "upgrade"}
    cells["step"] = moved.map(steps).where(cells["to_stage"] != LOST, "lost")
    cells.loc[cells["from_stage"] == NEW, "step"] = "new"
    return cells


def _movements(cells: pd.DataFrame, ladder: list[str], *, ordered: bool) -> pd.DataFrame:
    left = cells[cells["from_stage"] != NEW].rename(columns={"from_stage": "stage"})
    table = _rates(left, ["persona_id", "stage"], ordered=ordered)
    reached = cells[cells["to_stage"] != LOST].groupby(["persona_id", "to_stage"])["n_users"].sum()
    n_now = reached.reindex(table.index).to_numpy()
    stayed = left[left["step"] == "retained"].set_index(["persona_id", "stage"])["n_users"]
    n_stayed = stayed.reindex(table.index).to_numpy()
    table.insert(1, "n_now", n_now)
    table.insert(2, "n_in", n_now - n_stayed)
    table.insert(3, "n_out", table["n_then"] - n_stayed)
    table.insert(4, "net_flow", n_now - table["n_then"])
    return table.reindex(ladder, level="stage").reset_index()


def _totals(cells: pd.DataFrame, *, ordered: bool) -> pd.DataFrame:
    table = _rates(cells[cells["step"] != "new"], ["persona_id"], ordered=ordered)
    table["net_upgrade_rate"] = table["upgrade_rate"] - table["downgrade_rate"]
    by_step = _by_step(cells, ["persona_id"], ["new", "lost"])
    table.insert(1, "n_now", table["n_then"] + by_step["new"] - by_step["lost"])
    table.insert(2, "n_new", by_step["new"])
    table.insert(3, "n_lost", by_step["lost"])
    return table.reset_index()


def _rates(left: pd.DataFrame, keys: list[str], *, ordered: bool) -> pd.DataFrame:
    """Share of the users of the earlier date who stayed, rose, fell or were lost."""
    steps = ["retained", "upgrade", "downgrade", "lost"]
    counts = _by_step(left, keys, steps)
    n_then = counts.sum(axis=1)
    table = counts.div(n_then.where(n_then > 0), axis=0).add_suffix("_rate").rename_axis(columns=None)
    table.insert(1, "moved_rate", table["upgrade_rate"] + table["downgrade_rate"])
    if not ordered:
        table[["upgrade_rate", "downgrade_rate"]] = np.nan
    table.insert(0, "n_then", n_then)
    return table


def _by_step(cells: pd.DataFrame, keys: list[str], steps: list[str]) -> pd.DataFrame:
    counts = cells.pivot_table(index=keys, columns="step", values="n_users", aggfunc="sum", fill_value=0)
    return counts.reindex(columns=steps, fill_value=0).astype("int64")


def _define(dates: tuple[date, date], ladder: list[str], names: Mapping[str, Text], *, ordered: bool) -> Text:
    steps = [{**STATES, **names}.get(stage, Text(stage, stage)) for stage in ladder]
    rule = (
        Text(
            f"阶段由低到高：{' < '.join(step.zh for step in steps)}。",
            f" Stages, lowest first: {' < '.join(step.en for step in steps)}.",
        )
        if ordered
        else Text("各阶段无高低之分，不计升级与降级。", " Stages have no order: no upgrades or downgrades.")
    )
    return Text(
        f"行：{dates[0]} 前一日终所处阶段；列：{dates[1]} 前一日终所处阶段；同一批用户 ID，每人每期一个阶段。格内 = "
        f"由行阶段到列阶段的人数 ÷ 行阶段人数，行合计 100%。新进入 = 仅在后期，流失 = 仅在前期。{rule.zh}"
        "留存、升级、降级、流失率的分母均为该阶段前期人数；净流入 = 流入 - 流出。区间为 95% Wilson 区间。",
        f"Rows: stage at the start of {dates[0]}; columns: stage at the start of {dates[1]}; the same user "
        "ids, one stage per user and date. Cell = users who moved from the row to the column stage / users of "
        f"the row stage; rows sum to 100%. New = only at the later date, lost = only at the earlier.{rule.en} "
        "Retained, upgrade, downgrade and lost rates are shares of the stage's users at the earlier date; net "
        "flow = in - out. Intervals: 95% Wilson.",
    )
