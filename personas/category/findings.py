"""The top of what an analysis found, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from personas.category.analysis import Analysis
from personas.category.decomposition import FACTORS
from personas.category.growth_share import QUADRANTS
from personas.category.scene_cautions import CAUTIONS, EVERYBODY, NOT_OFFERED
from personas.category.sequence import beside_base
from personas.category.slices import ALL
from personas.category.small_cells import HIDDEN, hide_small
from personas.model.profile import SMALL_CELL
from personas.schema import Text

if TYPE_CHECKING:
    import pandas as pd

SIGNIFICANT = 0.05
"""A finding that was tested is told when its q value is below it."""

FEWEST = 20
"""A share of fewer users is not told, even where it may be (own choice, as the smallest cell of a profile)."""


_TOLD_AS_HIDDEN: Final = ("stages",)
"""Tables that are told whole: a stage that is left out would be taken for empty."""

_WHY_HIDDEN: Final = Text(
    "隐藏 = 人数过少，或会让人推算出人数过少的一层。",
    " Hidden = too few users, or would give away a stage of too few.",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence, and where it is from.

    Parameters
    ----------
    table : str
        Key of the table in the analysis.
    text : Text
        The sentence.
    """

    table: str
    text: Text


def tell_findings(analysis: Analysis, *, most: int = 5, minimum_cell: int = SMALL_CELL) -> list[Finding]:
    """Return the top of an analysis: what stands out, of everybody, with its numbers.

    Parameters
    ----------
    analysis : Analysis
        What was found.
    most : int, >= 1
        Most sentences per table.
    minimum_cell : int, users, >= 1
        What rests on fewer users, or would give them away, is not told; see
        :func:`personas.category.small_cells.hide_small`.

    Returns
    -------
    list of Finding
        What was tested and is not significant is not told; empty when nothing stands out.

    Examples
    --------
    >>> from datetime import date
    >>> import pandas as pd
    >>> stages = pd.DataFrame({"ladder": ["a4"], "name_zh": ["A4拥护"], "name_en": ["A4 advocate"],
    ...                        "n_users": [25], "share": [0.25]})
    >>> found = Analysis("ladder", date(2026, 1, 1), {"stages": stages}, {"stages": Text("", "")}, {},
    ...                  {"a4": Text("京东4A", "JD 4A")})
    >>> tell_findings(found)[0].text.en
    'JD 4A: A4 advocate 25 (25.0%).'
    """
    told: list[Finding] = []
    for key, tell in _TELLERS[analysis.verb].items():
        if key in analysis.tables:
            shown = hide_small(key, analysis.tables[key], minimum_cell)
            if key not in _TOLD_AS_HIDDEN:
                shown = shown[~shown[HIDDEN]]
            sentences = tell(analysis, _of_everybody(shown))
            told += [Finding(key, text) for _, text in zip(range(most), sentences, strict=False)]
    return told


def _attach(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    """Tell the strongest associations, each pair once, by the side that says more."""
    strong = table[table["tier"] == "high"].sort_values(
        ["shrunk_lift", "confidence", "row", "column"], ascending=[False, False, True, True]
    )
    told: set[frozenset[str]] = set()
    for cell in _rows(strong):
        if frozenset((cell.row, cell.column)) in told:
            continue
        told.add(frozenset((cell.row, cell.column)))
        a, b = analysis.label(cell.row), analysis.label(cell.column)
        yield Text(
            f"{a.zh} → {b.zh}：{cell.confidence:.1%} 也买（{cell.n_both:,.0f}/{cell.n_row:,.0f}），为随机的 {cell.lift:.2f} 倍，"
            "高关联",
            f"{a.en} → {b.en}: {cell.confidence:.1%} bought it, too ({cell.n_both:,.0f} of {cell.n_row:,.0f}), "
            f"{cell.lift:.2f} times as many as by chance; high association",
        )


def _scenes(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    """Tell the scenes with their ids; those that are no audience are told apart."""
    members = analysis.tables["members"]
    for scene in _rows(table):
        if getattr(scene, "caution", "") in NOT_OFFERED:
            continue
        own = [
            analysis.label(name) for name in members.loc[members["scene_id"] == scene.scene_id, "category"]
        ]
        hero = analysis.label(scene.hero)
        stability = f"{scene.stability:.2f}" if _known(scene.stability) else ""
        n_main = f"{scene.n_main:,.0f}" if _known(scene.n_main) else ""
        care = CAUTIONS[EVERYBODY] if getattr(scene, "caution", "") == EVERYBODY else None
        yield Text(
            f"{scene.scene_id} {scene.name_zh}（主推 {hero.zh}）：{_listed([c.zh for c in own], '、', '等')}；{scene.n_users:,.0f} 人购买"
            + (f"，{n_main} 人以此为主" if n_main else "")
            + (f"；稳定度 {stability}（{scene.verdict_zh}）" if stability else "")
            + (f"；注意：{care.zh}" if care else ""),
            f"{scene.scene_id} {scene.name_en} (hero {hero.en}): {_listed([c.en for c in own], ', ', ' and others')}; "
            f"{scene.n_users:,.0f} buyers"
            + (f", the main scene of {n_main} users" if n_main else "")
            + (f"; stability {stability} ({scene.verdict_en})" if stability else "")
            + (f"; mind: {care.en}" if care else ""),
        )


def _not_offered(analysis: Analysis, _: pd.DataFrame) -> Iterator[Text]:
    """Tell in one sentence which scenes are no audience, and why."""
    found = analysis.tables.get("scenes")
    if found is None or "caution" not in found:
        return
    told = [
        Text(
            f"{scene.scene_id} {scene.name_zh}（{CAUTIONS[scene.caution].zh}）",
            f"{scene.scene_id} {scene.name_en} ({CAUTIONS[scene.caution].en})",
        )
        for scene in _rows(found)
        if scene.caution in NOT_OFFERED
    ]
    if told:
        zh, en = "、".join(text.zh for text in told), ", ".join(text.en for text in told)
        yield Text(f"不作为人群使用的场景：{zh}", f"No audiences: {en}")


def _substitutes(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    for pair in _rows(table[table["relation"] == "substitute"]):
        a, b = analysis.label(pair.category_a), analysis.label(pair.category_b)
        yield Text(f"替代关系：{a.zh} / {b.zh}", f"Substitutes: {a.en} / {b.en}")


def _flow(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    """Tell the cells that stand out of their column, so that what everybody buys does not lead everywhere."""
    shown = table.dropna(subset="share")
    sums = shown.groupby("column")[["n_both", "n_row"]].transform("sum")
    shown = shown.assign(usual=sums["n_both"] / sums["n_row"])
    shown = shown[(shown["n_both"] >= FEWEST) & (shown["low"] > shown["usual"])]
    ranked = shown.assign(times=shown["share"] / shown["usual"]).sort_values(
        ["times", "row", "column"], ascending=[False, True, True]
    )
    for cell in _rows(ranked):
        a, b = analysis.label(cell.row), analysis.label(cell.column)
        yield Text(
            f"前期购买 {a.zh} 的 {cell.n_row:,.0f} 人中，{cell.share:.1%}（{cell.n_both:,.0f} 人）后期购买 {b.zh}，全部品类的购买者合计为 "
            f"{cell.usual:.1%}",
            f"Of the {cell.n_row:,.0f} buyers of {a.en} in the earlier period, {cell.share:.1%} ({cell.n_both:,.0f}) bought {b.en} "
            f"in the later one; {cell.usual:.1%} of the buyers of all listed categories did",
        )


def _flow_change(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    sure = table[table["q_value"] < SIGNIFICANT]
    for cell in _rows(sure.loc[sure["difference_pp"].abs().sort_values(ascending=False).index]):
        a, b = analysis.label(cell.row), analysis.label(cell.column)
        yield Text(
            f"{a.zh} → {b.zh} 流转率 {cell.share_last:.1%} → {cell.share_this:.1%}（{cell.difference_pp:+.1f} 个百分点）",
            f"Flow {a.en} → {b.en}: {cell.share_last:.1%} → {cell.share_this:.1%} ({cell.difference_pp:+.1f} points)",
        )


def _buyer_change(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    known = table.dropna(subset="relative_change")
    known = known[known["n_buyers_last"] >= FEWEST]
    for row in _rows(known.sort_values(["relative_change", "category"], ascending=[False, True])):
        name = analysis.label(row.category)
        yield Text(
            f"{name.zh} 购买人数 {row.n_buyers_last:,.0f} → {row.n_buyers_this:,.0f}（{row.relative_change:+.1%}）",
            f"Buyers of {name.en}: {row.n_buyers_last:,.0f} → {row.n_buyers_this:,.0f} ({row.relative_change:+.1%})",
        )


def _direction(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    sure = table[(table["q_value"] < SIGNIFICANT) & (table["share_before"] > table["expected_share"])]
    sure = sure.assign(times=sure["share_before"] / sure["expected_share"])
    for pair in _rows(
        sure.sort_values(["times", "category", "next_category"], ascending=[False, True, True])
    ):
        a, b = analysis.label(pair.category), analysis.label(pair.next_category)
        n = pair.n_before + pair.n_after
        yield Text(
            f"先 {a.zh} 后 {b.zh}：两者都买的 {n:,.0f} 人中占 {pair.share_before:.1%}（随机为 {pair.expected_share:.1%}）",
            f"{a.en} before {b.en}: {pair.share_before:.1%} of the {n:,.0f} who bought both ({pair.expected_share:.1%} by chance)",
        )


def _next(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    """Tell what follows a category more than it follows any, so that what everybody buys does not lead."""
    ranked = beside_base(table)
    for pair in _rows(ranked[(ranked["n_next"] >= FEWEST) & (ranked["low"] > ranked["base"])]):
        a, b = analysis.label(pair.category), analysis.label(pair.next_category)
        days = analysis.parameters.get("horizon_days")
        yield Text(
            f"首购 {a.zh} 后 {days} 天内 {pair.probability:.1%} 首购 {b.zh}，为首购任一品类后的 {pair.lift:.2f} 倍（{pair.base:.1%}），"
            f"间隔中位数 {pair.median_lag_days:.0f} 天",
            f"{pair.probability:.1%} bought {b.en} for the first time within {days} days after {a.en}, {pair.lift:.2f} times as "
            f"many as after any category ({pair.base:.1%}), in the median after {pair.median_lag_days:.0f} days",
        )


def _growth_share(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    for quadrant in ("star", "question_mark", "cash_cow", "dog"):
        names = [analysis.label(name) for name in table.loc[table["quadrant"] == quadrant, "category"]]
        if names:
            word = QUADRANTS[quadrant]
            yield Text(
                f"{word.zh}：{_listed([n.zh for n in names], '、', '等')}",
                f"{word.en.capitalize()}: {_listed([n.en for n in names], ', ', ' and others')}",
            )


def _decomposition(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    sums = table.groupby("factor", sort=False)["contribution"].sum()
    parts = [(FACTORS.get(str(name), Text(str(name), str(name))), part) for name, part in sums.items()]
    before, after = (analysis.parameters.get(name, 0.0) for name in ("gmv_before", "gmv_after"))
    zh = "，".join(f"{name.zh} {part:+,.0f}" for name, part in parts)
    en = ", ".join(f"{name.en} {part:+,.0f}" for name, part in parts)
    yield Text(f"成交额 {before:,.0f} → {after:,.0f}：{zh}", f"GMV {before:,.0f} → {after:,.0f}: {en}")


def _gaps(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    missing = table[(table["q_value"] < SIGNIFICANT) & (table["gap"] > 0)]
    for gap in _rows(missing):
        name, who = analysis.label(gap.category), analysis.label(gap.segment)
        yield Text(
            f"{name.zh} × {who.zh}：行业占比 {gap.market_share:.1%}，本品 {gap.brand_share:.1%}，可拓 {gap.headroom:,.0f} 人",
            f"{name.en} x {who.en}: {gap.market_share:.1%} of the market's buyers, {gap.brand_share:.1%} of the brand's; "
            f"headroom {gap.headroom:,.0f} users",
        )


def _preferences(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    liked = table[(table["q_value"] < SIGNIFICANT) & (table["tgi"] > 100)]
    for row in _rows(liked):
        name, who = analysis.label(row.category), analysis.label(row.segment)
        yield Text(
            f"{who.zh}偏好 {name.zh}（TGI {row.tgi:.0f}）", f"{who.en} prefer {name.en} (TGI {row.tgi:.0f})"
        )


def _white_space(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    for row in _rows(table[table["fits"]]):
        name, who = analysis.label(row.category), analysis.label(row.persona_id)
        yield Text(
            f"{who.zh} 契合 {name.zh}（TGI {row.tgi:.0f}），{row.n_open:,.0f} 人尚未购买",
            f"{who.en} fit {name.en} (TGI {row.tgi:.0f}); {row.n_open:,.0f} of them have not bought it",
        )


def _bundles(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    """Tell the best bundle of each scene."""
    for row in _rows(table[table["rank"] == 1]):
        scene = analysis.label(row.scene)
        parts = [analysis.label(category) for category in row.categories.split(" + ")]
        zh, en = " + ".join(part.zh for part in parts), " + ".join(part.en for part in parts)
        yield Text(
            f"{scene.zh}套装：{zh}，价格合计 {row.price:,.2f}，平均提升度 {row.mean_lift:.2f}",
            f"Bundle of the {scene.en}: {en}, {row.price:,.2f} in all, mean lift {row.mean_lift:.2f}",
        )


def _wide_audience(_: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    for row in _rows(table):
        yield Text(
            f"标签扩圈人群 {row.code}：{row.n_users:,.0f} 人",
            f"Audience of several tags {row.code}: {row.n_users:,.0f} users",
        )


def _stages(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    for ladder, rows in table.groupby("ladder", sort=False):
        title = analysis.label(str(ladder))
        steps = [_step(row) for row in _rows(rows)]
        zh, en = "，".join(step.zh for step in steps), ", ".join(step.en for step in steps)
        why = _WHY_HIDDEN if rows[HIDDEN].any() else Text("", "")
        yield Text(f"{title.zh}：{zh}。{why.zh}", f"{title.en}: {en}.{why.en}")


def _step(row: Any) -> Text:
    if row.hidden:
        return Text(f"{row.name_zh} 隐藏", f"{row.name_en} hidden")
    return Text(
        f"{row.name_zh} {row.n_users:,.0f}（{row.share:.1%}）",
        f"{row.name_en} {row.n_users:,.0f} ({row.share:.1%})",
    )


def _moves(analysis: Analysis, table: pd.DataFrame) -> Iterator[Text]:
    for row in _rows(table):
        title = analysis.label(row.ladder)
        yield Text(
            f"{title.zh}：升级 {row.upgrade_rate:.1%}，降级 {row.downgrade_rate:.1%}，留存 {row.retained_rate:.1%}",
            f"{title.en}: {row.upgrade_rate:.1%} moved up, {row.downgrade_rate:.1%} down, {row.retained_rate:.1%} stayed",
        )


def _known(figure: float) -> bool:
    return figure == figure  # noqa: PLR0124 - NaN is what differs from itself


def _of_everybody(table: pd.DataFrame) -> pd.DataFrame:
    """Return the slice of everybody; a table that has none is about personas, and stays whole."""
    if "persona_id" not in table or not (table["persona_id"] == ALL).any():
        return table
    return table[table["persona_id"] == ALL]


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows as tuples with names; their types are those of the tables' docstrings."""
    return table.itertuples()


def _listed(names: Sequence[str], between: str, others: str, most: int = 8) -> str:
    return between.join(names[:most]) + (others if len(names) > most else "")


_Tell = Callable[[Analysis, "pd.DataFrame"], Iterator[Text]]

_TELLERS: Final[dict[str, dict[str, _Tell]]] = {
    "attach": {"association": _attach},
    "scenes": {"scenes": _scenes, "members": _not_offered, "pairs": _substitutes},
    "flow": {"cells": _flow, "change_cells": _flow_change, "change_columns": _buyer_change},
    "sequence": {
        "direction": _direction,
        "next_category": _next,
        "direction_group": _direction,
        "next_group": _next,
    },
    "growth": {"growth_share": _growth_share, "decomposition": _decomposition},
    "opportunity": {
        "gaps": _gaps,
        "preferences": _preferences,
        "white_space": _white_space,
        "bundles": _bundles,
        "wide_audience": _wide_audience,
    },
    "ladder": {"stages": _stages, "totals": _moves},
}
"""Verb -> table -> who tells of it, the most important first."""
