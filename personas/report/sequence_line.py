"""What comes next: a line from the first purchase to the next category, as long as the median user waits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from personas.category.sequence import beside_base
from personas.category.small_cells import HIDDEN
from personas.model.traits import SIGNIFICANT
from personas.report.analysis_tables import AnalysisTables, value_of
from personas.report.plain_table import PlainTable, plain_table
from personas.report.words import say

if TYPE_CHECKING:
    import pandas as pd

N_STEPS: Final = 15
"""Steps that are drawn (own choice)."""

N_PATHS: Final = 15


@dataclass(frozen=True, slots=True)
class NextStep:
    """One step: from which category to which, after how long, for how many.

    Parameters
    ----------
    first, then : str
        Categories.
    days : str
        Median wait.
    bar : float, 0 to 100
        Place of the median on the time axis.
    probability, interval : str
        Of the buyers of the first, who buy the second for the first time within the horizon.
    n_users : str
        How many did.
    first_share, expected : str
        Of those who bought both, who bought the first one first; and by chance. Empty = not tested.
    is_directed : bool
        Whether the order is significant.
    """

    first: str
    then: str
    days: str
    bar: float
    probability: str
    interval: str
    n_users: str
    first_share: str
    expected: str
    is_directed: bool


@dataclass(frozen=True, slots=True)
class StepList:
    """Steps on one time axis; ``ticks`` are days with their place, in percent."""

    title: str
    steps: tuple[NextStep, ...]
    ticks: tuple[tuple[str, float], ...]
    definition: str
    direction_definition: str


@dataclass(frozen=True, slots=True)
class SequencePage:
    """What the report shows of a sequence analysis: steps of categories, of their groups, and paths."""

    lists: tuple[StepList, ...]
    paths: PlainTable | None
    path_definition: str


def sequence_page(tables: AnalysisTables) -> SequencePage | None:
    """Write out and draw what comes next; None without steps and paths."""
    lists = tuple(
        found
        for suffix, key in (("", "next_category"), ("_group", "next_group"))
        if (found := _steps(key, f"direction{suffix}", tables)) is not None
    )
    paths = tables.table("paths")
    if not lists and paths is None:
        return None
    columns = ("step_1", "step_2", "step_3", "step_4", "n_users", "support", "median_days")
    shown = None if paths is None else plain_table(paths[~paths[HIDDEN]], columns, tables, n_rows=N_PATHS)
    return SequencePage(_told_once(lists), shown, "" if paths is None else tables.definition("paths"))


def _told_once(lists: tuple[StepList, ...]) -> tuple[StepList, ...]:
    """Leave definitions out where the next list has the same ones."""
    said = [(found.definition, found.direction_definition) for found in lists]
    return tuple(
        replace(found, definition="", direction_definition="") if said[place] in said[place + 1 :] else found
        for place, found in enumerate(lists)
    )


def _steps(key: str, direction_key: str, tables: AnalysisTables) -> StepList | None:
    steps = tables.table(key)
    if steps is None:
        return None
    direction = tables.table(direction_key)
    ranked = _rank(steps[~steps[HIDDEN]], direction).head(N_STEPS)
    longest = _end_of_axis(float(ranked["median_lag_days"].max())) if len(ranked) else 10.0
    return StepList(
        title=say(f"sequence.{key}", tables.figures.language),
        steps=tuple(_step(row, longest, tables) for row in ranked.to_dict("records")),
        ticks=tuple(
            (say("sequence.day", tables.figures.language).format(n=f"{longest * part:.0f}"), 100 * part)
            for part in (0.0, 0.5, 1.0)
        ),
        definition=tables.definition(key),
        direction_definition="" if direction is None else tables.definition(direction_key),
    )


def _rank(steps: pd.DataFrame, direction: pd.DataFrame | None) -> pd.DataFrame:
    """Put steps with a significant order first, the clearest of them on top; then by lift over any category."""
    found = beside_base(steps)
    found = found[(found["n_next"] > 0) & found["median_lag_days"].notna()]
    names = ["category", "next_category"]
    if direction is None:
        found = found.assign(share_before=float("nan"), expected_share=float("nan"), clear=0.0)
    else:
        told = direction[~direction[HIDDEN]]
        sure = (told["q_value"] < SIGNIFICANT) & (told["share_before"] > told["expected_share"])
        clear = (told["share_before"] - told["expected_share"]).where(sure, 0.0)
        columns = [*names, "share_before", "expected_share"]
        found = found.merge(told[columns].assign(clear=clear), on=names, how="left")
        found["clear"] = found["clear"].fillna(0.0)
    order = ["clear", "lift", *names]
    return found.sort_values(order, ascending=[False, False, True, True], na_position="last")


def _step(row: dict[Any, Any], longest: float, tables: AnalysisTables) -> NextStep:
    figures = tables.figures
    days, share = value_of(row["median_lag_days"]), value_of(row["share_before"])
    return NextStep(
        first=tables.name(row["category"]),
        then=tables.name(row["next_category"]),
        days=figures.decimal(days, 0 if days and days >= 10 else 1),
        bar=round(100 * (days or 0.0) / longest, 2),
        probability=figures.percent(value_of(row["probability"])),
        interval=figures.share_interval(value_of(row["low"]), value_of(row["high"])),
        n_users=tables.count(row["n_next"]),
        first_share="" if share is None else figures.percent(share),
        expected="" if share is None else figures.percent(value_of(row["expected_share"])),
        is_directed=bool(row["clear"]),
    )


def _end_of_axis(longest: float) -> float:
    """Return a multiple of ten days that leaves room for the label of the longest wait."""
    return max(10.0, 10.0 * ceil(longest * 1.25 / 10))
