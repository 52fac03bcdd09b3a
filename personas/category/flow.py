"""Category flow: of the buyers of one category, how many buy each category in a later period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np

from personas.category.base import wilson_interval
from personas.category.periods import check_order, span
from personas.category.significance import compare_shares, false_discovery
from personas.category.slices import ALL, by_persona, persona_order
from personas.errors import ConfigError
from personas.schema import ObservationWindow, Text

if TYPE_CHECKING:
    import pandas as pd

_CELL = ["persona_id", "row", "column"]
_MARGIN = ["persona_id", "category"]


@dataclass(frozen=True, slots=True, eq=False)
class CategoryFlow:
    """Flow of buyers between categories, from an earlier period to a later one.

    Parameters
    ----------
    cells : DataFrame, one row per persona, row category and column category
        ``persona_id`` (``"(all)"`` = everybody), ``row``, ``column``, ``n_row`` and
        ``n_column`` (the margins, users), ``n_both`` (users who bought the row category in the earlier
        period and the column category in the later one), ``share`` = n_both / n_row with its 95 %
        Wilson interval ``low``, ``high``. The three are NaN on a blank diagonal and where a
        margin is 0.
    rows : DataFrame, one row per persona and row category
        ``persona_id``, ``category``, ``n_buyers`` of the earlier period, ``n_lost`` (of them, users who buy
        nothing at all in the later period), ``lost_share`` = n_lost / n_buyers, NaN without buyers.
    columns : DataFrame, one row per persona and column category
        ``persona_id``, ``category``, ``n_buyers`` of the later period, ``n_new`` (of them, users who bought
        nothing at all in the earlier period), ``new_share`` = n_new / n_buyers, NaN without buyers.
    windows : tuple of two ObservationWindow
        Earlier and later period.
    definition : Text
        Periods, units and denominators, to be printed under the table.
    """

    cells: pd.DataFrame
    rows: pd.DataFrame
    columns: pd.DataFrame
    windows: tuple[ObservationWindow, ObservationWindow]
    definition: Text


@dataclass(frozen=True, slots=True, eq=False)
class FlowComparison:
    """Two category flows, usually those of last year and this year (同比).

    Parameters
    ----------
    cells : DataFrame, one row per persona, row category and column category of either flow
        ``persona_id``, ``row``, ``column``; ``n_row_last``, ``n_both_last``,
        ``share_last`` and the same with ``_this``; ``difference_pp`` (percentage points, this less last),
        ``relative_change`` (share_this / share_last - 1, NaN where share_last is 0), ``p_value``, ``test``
        (``"z"``, ``"fisher"``, empty = nothing to test), ``q_value``.
    rows, columns : DataFrame, one row per persona and category
        ``persona_id``, ``category``, ``n_buyers_last``, ``n_buyers_this``, ``relative_change`` (NaN where
        either is 0).
    definition : Text
        Periods, units, denominators and tests, to be printed under the table.
    """

    cells: pd.DataFrame
    rows: pd.DataFrame
    columns: pd.DataFrame
    definition: Text


def category_flow(
    purchases_then: ibis.Table,
    purchases_now: ibis.Table,
    *,
    windows: tuple[ObservationWindow, ObservationWindow],
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    diagonal: bool = False,
    assignments: ibis.Table | None = None,
) -> CategoryFlow:
    """Count who of the buyers of each category buys each category in the later period.

    Parameters
    ----------
    purchases_then, purchases_now : ibis.Table
        What :func:`personas.category.base.purchases` returned for the earlier and the later period.
    windows : tuple of two ObservationWindow
        The two periods; see :func:`personas.category.periods.yearly_windows`.
    rows, columns : sequence of str, optional
        Categories to show, in this order; they may differ. By default all categories bought in the earlier
        (later) period, most buyers first, ties by name.
    diagonal : bool
        Whether to show the share of a category's buyers who buy it again; else blank.
    assignments : ibis.Table, optional
        ``user_id`` and ``persona_id``, one row per user: the table is repeated for each persona.

    Returns
    -------
    CategoryFlow
        Shares, margins and their definition.

    Raises
    ------
    ConfigError
        If the periods overlap or are in the wrong order, or a category is listed twice.
    DataError
        If ``assignments`` has a user twice, or lacks a column.

    Notes
    -----
    ``flow[r, c] = |buyers_then(r) & buyers_now(c)| / |buyers_then(r)|``. A user counts once per category,
    whatever the number, order or repetition of the purchases; returns are not netted, so who returned more
    than bought is still a buyer. A row need not sum to 1: users buy several categories, or none. A
    category that nobody bought in its period has no share (NaN): whether it was on sale, the table cannot
    say.

    References
    ----------
    The layout follows a published case of a consumer-electronics brand (2025): categories bought the year
    before as rows, of this year as columns, with the number of buyers at both margins and no diagonal.

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> from personas.category.periods import yearly_windows
    >>> then = ibis.memtable(pa.table({"user_id": ["a", "b", "c"], "category": ["扫地机"] * 3}))
    >>> now = ibis.memtable(pa.table({"user_id": ["a", "d"], "category": ["门锁", "门锁"]}))
    >>> flow = category_flow(then, now, windows=yearly_windows(date(2026, 1, 1)))
    >>> cell = flow.cells.iloc[0]
    >>> cell.row, cell.column, int(cell.n_row), round(float(cell.share), 3)
    ('扫地机', '门锁', 3, 0.333)
    """
    check_order(*windows)
    then, now = (
        by_persona(bought.select("user_id", "category").distinct(), assignments)
        for bought in (purchases_then, purchases_now)
    )
    row_counts, column_counts = _count_buyers(then, now), _count_buyers(now, then)
    personas = persona_order([*row_counts["persona_id"], *column_counts["persona_id"]])
    row_margin = _arrange(row_counts, personas, rows)
    column_margin = _arrange(column_counts, personas, columns)
    return CategoryFlow(
        cells=_cells(then, now, row_margin, column_margin, diagonal),
        rows=row_margin.rename(columns={"n_absent": "n_lost", "absent_share": "lost_share"}),
        columns=column_margin.rename(columns={"n_absent": "n_new", "absent_share": "new_share"}),
        windows=windows,
        definition=_define_flow(windows, diagonal),
    )


def compare_flows(last_year: CategoryFlow, this_year: CategoryFlow) -> FlowComparison:
    """Compare two flows cell by cell: year over year when their periods lie a year apart.

    Parameters
    ----------
    last_year, this_year : CategoryFlow
        The earlier and the later flow. A category, or persona, of only one of them has NaN in the other.

    Returns
    -------
    FlowComparison
        Changes, tests and their definition.

    Raises
    ------
    ConfigError
        If the flows stand in the wrong order, or are of the same periods.

    Notes
    -----
    Per cell, the pooled two-proportion z test, or Fisher's exact test where an expected count is below 5;
    q values (Benjamini-Hochberg) over all tested cells of a persona's table. The test takes the two groups
    of row buyers as independent; who is in both counts in both, which makes the p values approximate.
    A change between periods is an observation, not the effect of anything that was done between them.

    References
    ----------
    See :mod:`personas.category.significance`.

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> from personas.category.periods import yearly_windows
    >>> def bought(users, category):
    ...     return ibis.memtable(pa.table({"user_id": list(users), "category": [category] * len(users)}))
    >>> first, second, third = yearly_windows(date(2026, 1, 1), n_windows=3)
    >>> last = category_flow(bought("abcd", "扫地机"), bought("a", "门锁"), windows=(first, second))
    >>> this = category_flow(bought("efgh", "扫地机"), bought("efg", "门锁"), windows=(second, third))
    >>> change = compare_flows(last, this).cells.iloc[0]
    >>> float(change.difference_pp), float(change.relative_change), change.test
    (50.0, 2.0, 'fisher')
    """
    if last_year.windows[0].as_of >= this_year.windows[0].as_of:
        raise ConfigError(
            f"The first flow starts from {span(last_year.windows[0]).en}, the second from "
            f"{span(this_year.windows[0]).en}; expected the earlier flow first."
        )
    return FlowComparison(
        cells=_compare_cells(last_year.cells, this_year.cells),
        rows=_compare_margins(last_year.rows, this_year.rows),
        columns=_compare_margins(last_year.columns, this_year.columns),
        definition=_define_comparison(last_year, this_year),
    )


def _count_buyers(buyers: ibis.Table, others: ibis.Table) -> pd.DataFrame:
    """Count the buyers of each category, and those of them who buy nothing in the other period."""
    present = others.select("persona_id", "user_id").distinct().mutate(present=True)
    joined = buyers.left_join(present, ["persona_id", "user_id"])
    counts = joined.group_by(_MARGIN).agg(
        n_buyers=joined.count(), n_absent=joined.count() - joined["present"].count()
    )
    found: pd.DataFrame = counts.to_pyarrow().to_pandas()
    return found


def _arrange(found: pd.DataFrame, personas: list[str], categories: Sequence[str] | None) -> pd.DataFrame:
    import pandas as pd

    if categories is None:
        everybody = found[found["persona_id"] == ALL]
        categories = everybody.sort_values(["n_buyers", "category"], ascending=[False, True])[
            "category"
        ].tolist()
    elif len(set(categories)) < len(categories):
        raise ConfigError("A category is listed twice among rows or columns; list each of them once.")
    grid = pd.MultiIndex.from_product([personas, categories], names=_MARGIN)
    table = found.set_index(_MARGIN).reindex(grid, fill_value=0).astype("int64").reset_index()
    table["absent_share"] = table["n_absent"] / table["n_buyers"].where(table["n_buyers"] > 0)
    return table


def _cells(
    then: ibis.Table, now: ibis.Table, rows: pd.DataFrame, columns: pd.DataFrame, diagonal: bool
) -> pd.DataFrame:
    joined = then.rename(row="category").join(now.rename(column="category"), ["persona_id", "user_id"])
    counts = joined.group_by(_CELL).agg(n_both=joined.count()).to_pyarrow().to_pandas()
    left = rows[[*_MARGIN, "n_buyers"]].set_axis([*_CELL[:2], "n_row"], axis=1)
    right = columns[[*_MARGIN, "n_buyers"]].set_axis(["persona_id", _CELL[2], "n_column"], axis=1)
    cells = left.merge(right, on="persona_id").merge(counts, on=_CELL, how="left")
    cells["n_both"] = cells["n_both"].fillna(0).astype("int64")
    shown = (cells["n_row"] > 0) & (cells["n_column"] > 0)
    if not diagonal:
        shown &= cells["row"] != cells["column"]
    low, high = wilson_interval(cells["n_both"], cells["n_row"])
    cells["share"] = (cells["n_both"] / cells["n_row"]).where(shown)
    cells["low"], cells["high"] = np.where(shown, low, np.nan), np.where(shown, high, np.nan)
    return cells


def _compare_cells(last: pd.DataFrame, this: pd.DataFrame) -> pd.DataFrame:
    figures = ["n_row", "n_both", "share"]
    cells = _side_by_side(last, this, _CELL, figures)
    cells["difference_pp"] = 100 * (cells["share_this"] - cells["share_last"])
    cells["relative_change"] = _relative_change(cells["share_last"], cells["share_this"])
    both = (cells["share_last"].notna() & cells["share_this"].notna()).to_numpy()
    p_value, exact = compare_shares(
        *(cells[name].where(both, 0) for name in ("n_both_this", "n_row_this", "n_both_last", "n_row_last"))
    )
    cells["p_value"] = p_value
    cells["test"] = np.select([np.isnan(p_value), exact], ["", "fisher"], "z")
    cells["q_value"] = cells.groupby("persona_id", sort=False)["p_value"].transform(false_discovery)
    return cells


def _compare_margins(last: pd.DataFrame, this: pd.DataFrame) -> pd.DataFrame:
    table = _side_by_side(last, this, _MARGIN, ["n_buyers"])
    table["relative_change"] = _relative_change(
        table["n_buyers_last"], table["n_buyers_this"].replace(0, np.nan)
    )
    return table


def _relative_change(last: pd.Series[float], this: pd.Series[float]) -> pd.Series[float]:
    return (this - last) / last.where(last > 0)


def _side_by_side(
    last: pd.DataFrame, this: pd.DataFrame, keys: list[str], figures: list[str]
) -> pd.DataFrame:
    """Join two tables in the order of the later one; what only the earlier one has comes last."""
    names = [f"{figure}_{year}" for year in ("last", "this") for figure in figures]
    merged = this[keys + figures].merge(
        last[keys + figures], on=keys, how="outer", suffixes=("_this", "_last")
    )
    places = this[keys].assign(place=range(len(this)))
    merged = merged.merge(places, on=keys, how="left").sort_values(["place", *keys], na_position="last")
    return merged[keys + names].astype(dict.fromkeys(names, "float64")).reset_index(drop=True)


def _define_flow(windows: tuple[ObservationWindow, ObservationWindow], diagonal: bool) -> Text:
    then, now = (span(window) for window in windows)
    blank = Text("", "") if diagonal else Text("对角线（复购同品类）不展示。", " The diagonal is left blank.")
    return Text(
        f"行：{then.zh} 购买过该品类的人数；列：{now.zh} 购买过该品类的人数。格内 = 前期购买行品类且后期购买列品类的"
        "人数 ÷ 前期购买行品类的人数；单位为人，每人每品类计一次，未扣除退货，一人可买多个品类，故行合计可大于或小于 100%。"
        f"{blank.zh}流失 = 后期未购买任何品类；新客 = 前期未购买任何品类。区间为 95% Wilson 区间。",
        f"Rows: users who bought the category, {then.en}; columns: users who bought it, {now.en}. Cell = users "
        "who bought the row category in the earlier and the column category in the later period / users who "
        "bought the row category in the earlier period. Unit: users, each once per category, returns not "
        "netted; a row need not sum to 100%, as one user may buy several categories or none."
        f"{blank.en} Lost = bought nothing in the later period; new = bought nothing in the earlier one. "
        "Intervals: 95% Wilson.",
    )


def _define_comparison(last_year: CategoryFlow, this_year: CategoryFlow) -> Text:
    last, this = ([span(window) for window in flow.windows] for flow in (last_year, this_year))
    return Text(
        f"上期：{last[0].zh} → {last[1].zh}；本期：{this[0].zh} → {this[1].zh}。格内流转率 = 两期都购买的人数 ÷ "
        "前期购买行品类的人数。变化同时给出百分点差与相对变化（本期 ÷ 上期 - 1）；仅一期有购买的品类不计算。"
        "检验：两比例 z 检验，期望频数小于 5 时用 Fisher 精确检验；q 值为 Benjamini-Hochberg 校正。"
        "两期均在的用户各计一次，p 值为近似值。观察性对比，不代表因果。",
        f"Last: {last[0].en} → {last[1].en}; this: {this[0].en} → {this[1].en}. Flow rate = users who bought "
        "in both periods / users who bought the row category in the earlier one. Changes in percentage points "
        "and relative (this / last - 1); none for a category bought in one of the periods only. Test: "
        "two-proportion z, Fisher's exact where an expected count is below 5; q values: Benjamini-Hochberg. "
        "Users of both years count in both, so p values are approximate. Observational, not causal.",
    )
