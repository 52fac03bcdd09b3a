"""What is bought together, what flows, what follows and what grows: the library's functions in order."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import ibis
import pandas as pd

from personas.category.analysis import Analysis
from personas.category.association import TierRule, associate
from personas.category.attach import attach_matrix
from personas.category.attach_definition import AttachDefinition
from personas.category.base import purchases
from personas.category.decomposition import NO_PERSONA, OTHERS, decompose_gmv
from personas.category.direction import purchase_direction
from personas.category.first_purchases import group_categories
from personas.category.flow import category_flow, compare_flows
from personas.category.growth_share import Cuts, growth_share
from personas.category.kpi import breadth, cross_category_share, multi_category_order_share, units_per_order
from personas.category.paths import frequent_paths
from personas.category.periods import span
from personas.category.reach import conversion, penetration
from personas.category.sequence import next_category
from personas.config.category import AttachSpec
from personas.errors import ConfigError
from personas.schema import ObservationWindow, Text
from pipelines.category_look import Found, Look

_YEAR_DAYS = 365
"""Shorter periods that follow each other lie in different seasons."""

_SEGMENTS = {NO_PERSONA: Text("未归入人群", "no persona"), OTHERS: Text("其他", "others")}

_INDICATORS = {
    "cross_category_share": cross_category_share,
    "breadth": breadth,
    "multi_category_order_share": multi_category_order_share,
    "units_per_order": units_per_order,
}


def attach(look: Look) -> Found:
    """Return attach rates, and how strongly the categories are associated."""
    spec, bought = look.spec.attach, look.bought(look.window)
    rows, columns = look.categories(bought)
    matrix = attach_matrix(
        look, look.window, rows, columns, attach_definition(spec), assignments=look.assignments
    )
    association = associate(look, look.window, rows, columns, unit=spec.unit, rule=tier_rule(spec))
    return analysed(
        look,
        "attach",
        {
            "matrix": (matrix.table, matrix.definition),
            "association": (association.table, association.definition),
        },
        {**spec.model_dump(mode="json"), "tier_cuts": association.cuts, **seen(look.window)},
    )


def attach_definition(spec: AttachSpec) -> AttachDefinition:
    """Return how the config counts attach rates."""
    repurchases = spec.unit == "user" and spec.direction in ("any", "after")
    return AttachDefinition(
        unit=spec.unit,
        direction=spec.direction,
        within_days=spec.within_days,
        base=spec.base,
        diagonal=spec.diagonal or ("repurchase" if repurchases else "blank"),
    )


def tier_rule(spec: AttachSpec) -> TierRule:
    """Return when the config calls an association high or mid."""
    return TierRule(cuts=spec.tier_cuts, max_q=spec.tier_max_q, min_both=spec.tier_min_both)


def flow(look: Look) -> Found:
    """Return the flow of buyers between the last two periods, and its change when there are three."""
    periods = look.periods()
    first, last = periods[0], periods[-1]
    rows, columns = look.categories(
        look.bought(ObservationWindow(last.as_of, (last.as_of - first.start).days))
    )
    flows = [
        category_flow(
            purchases(look, then),
            purchases(look, now),
            windows=(then, now),
            rows=rows,
            columns=columns,
            assignments=look.assignments,
        )
        for then, now in pairwise(periods)
    ]
    latest = flows[-1]
    tables = {name: (getattr(latest, name), latest.definition) for name in ("cells", "rows", "columns")}
    if len(flows) > 1:
        change = compare_flows(flows[-2], latest)
        tables |= {
            f"change_{name}": (getattr(change, name), change.definition)
            for name in ("cells", "rows", "columns")
        }
    return analysed(look, "flow", tables, {"periods": [seen(period) for period in periods]})


def sequence(look: Look) -> Found:
    """Return what is bought next, what is bought first, and frequent paths; of groups of categories, too."""
    spec, window = look.spec.sequence, look.window
    bought = look.bought(window)
    rows, columns = look.categories(bought)
    listed = bought.filter(bought["category"].isin(list(dict.fromkeys((*rows, *columns)))))
    earliest = look.events["event_at"].min().to_pyarrow().as_py().date()
    if earliest >= window.start:
        look.tell(
            f"统计期从数据的第一天（{earliest}）开始：“首购”只是期内首次看到的购买，此前的购买未知。",
            f"The window starts where the data do ({earliest}): a first purchase is only the first one seen.",
        )
    horizon = spec.horizon_days or max(1, min(90, window.lookback_days // 4))
    paths = frequent_paths(
        listed,
        window,
        max_length=spec.max_length,
        max_gap_days=spec.max_gap_days,
        min_users=spec.min_users,
    )
    tables = {**_followed(look, listed, horizon, "category"), "paths": (paths.table, paths.definition)}
    groups = {category: name for name, categories in look.spec.groups.items() for category in categories}
    if groups:
        look.tell_unknown("groups", groups)
        tables |= _followed(look, group_categories(bought, groups), horizon, "group")
    parameters = {**spec.model_dump(mode="json"), "horizon_days": horizon, **seen(window)}
    names = {name: text.to_text() for name, text in look.spec.group_labels.items()}
    return analysed(look, "sequence", tables, parameters, names)


def _followed(look: Look, bought: ibis.Table, horizon: int, of: str) -> dict[str, tuple[pd.DataFrame, Text]]:
    following = next_category(bought, look.window, horizon_days=horizon, method=look.spec.sequence.method)
    direction = purchase_direction(bought, look.window)
    return {
        f"next_{of}": (following.table, following.definition),
        "direction" if of == "category" else f"direction_{of}": (direction.table, direction.definition),
    }


def growth(look: Look) -> Found:
    """Return the growth-share matrix, why the revenue changed, and indicators by period."""
    spec, (then, now) = look.spec.growth, look.periods()[-2:]
    market = look.optional("market") if spec.share_of == "largest_rival" else None
    if spec.share_of == "largest_rival" and market is None:
        raise ConfigError(
            f"{look.loaded.path.name}: category.growth.share_of is largest_rival, but sources.market is not set; name "
            "the table of the market's totals, or set share_of to brand."
        )
    look.bought(ObservationWindow(now.as_of, (now.as_of - then.start).days))
    if (now.as_of - now.start).days < _YEAR_DAYS:
        look.tell(
            f"两期（{span(then).zh}；{span(now).zh}）处于一年中的不同季节：增长含季节影响，有两年数据时请用 category.period: year。",
            f"The periods ({span(then).en}; {span(now).en}) lie in different seasons, so growth holds the season, too; with two "
            "years of data choose category.period: year.",
        )
    matrix = growth_share(
        purchases(look, then),
        purchases(look, now),
        windows=(then, now),
        metric=spec.metric,
        cuts=Cuts(spec.share_cut, spec.growth_cut),
        min_buyers=spec.min_buyers,
        market=market,
    )
    parts = decompose_gmv(
        look,
        then,
        now,
        population=spec.population,
        assignments=look.assignments,
        smallest_segment=look.spec.minimum_cell,
    )
    tables = {
        "growth_share": (matrix.table, matrix.definition),
        "decomposition": (parts.table, parts.definition),
        **_indicators(look, {str(period.start): period for period in (then, now)}),
    }
    parameters = {
        **spec.model_dump(mode="json"),
        "periods": [seen(then), seen(now)],
        "share_kind": matrix.share_kind,
        "used_share_cut": _known(matrix.share_cut),
        "used_growth_cut": _known(matrix.growth_cut),
        "gmv_before": parts.before,
        "gmv_after": parts.after,
    }
    return analysed(look, "growth", tables, parameters, _SEGMENTS)


def _indicators(look: Look, periods: Mapping[str, ObservationWindow]) -> dict[str, tuple[pd.DataFrame, Text]]:
    found = {name: make(look, periods, assignments=look.assignments) for name, make in _INDICATORS.items()}
    table = pd.concat([kpi.table.assign(indicator=name) for name, kpi in found.items()], ignore_index=True)
    last = list(periods.values())[-1]
    rows, _ = look.categories(look.bought(last))
    population = look.spec.growth.population
    reached = penetration(look, periods, rows, denominator=population, assignments=look.assignments)
    tables = {
        "indicators": (first(table, "indicator"), joined([kpi.definition for kpi in found.values()])),
        "penetration": (reached.table, reached.definition),
    }
    if (look.events["event_type"] == "view").any().to_pyarrow().as_py():
        turned = conversion(look, periods, rows, denominator="viewers", assignments=look.assignments)
        tables["conversion"] = (turned.table, turned.definition)
    return tables


def analysed(
    look: Look,
    verb: str,
    tables: Mapping[str, tuple[pd.DataFrame, Text]],
    parameters: Mapping[str, Any],
    names: Mapping[str, Text] | None = None,
) -> Found:
    """Return tables with their definitions as an analysis."""
    return Found(
        Analysis(
            verb=verb,
            as_of=look.as_of,
            tables={key: table for key, (table, _) in tables.items()},
            definitions={key: definition for key, (_, definition) in tables.items()},
            parameters=parameters,
            labels={**look.labels(), **(names or {})},
        )
    )


def seen(window: ObservationWindow) -> dict[str, str]:
    """Return the first day of a window, and the first one after it."""
    return {"start": window.start.isoformat(), "end": window.as_of.isoformat()}


def first(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a table with one of its columns in front."""
    return table[[name, *(column for column in table if column != name)]]


def joined(texts: list[Text]) -> Text:
    """Return texts as paragraphs of one."""
    return Text("\n".join(text.zh for text in texts), "\n".join(text.en for text in texts))


def _known(figure: float) -> float | None:
    return figure if figure == figure else None  # noqa: PLR0124 - NaN is what differs from itself
