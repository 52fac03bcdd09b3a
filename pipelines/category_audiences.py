"""Where buyers could be won, and how close users are: opportunities and ladders."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import ibis
import pandas as pd

from personas.audience.base import Segment, TagRule, check_levels, segment_of_attribute, segment_of_tags
from personas.audience.ladder import Ladder
from personas.audience.ladder_file import ladder_from_dict
from personas.audience.offers import next_offers
from personas.audience.opportunity import share_gaps
from personas.audience.preference import Preferences, PreferredBy, rank_preferences
from personas.audience.stages import Scope, assign_stages, count_stages
from personas.audience.white_space import find_white_space
from personas.category.association import associate
from personas.category.attach import attach_matrix
from personas.category.base import purchases
from personas.category.slices import ALL
from personas.category.stage_flow import NONE, STATES, stage_flow
from personas.config.category import SegmentSpec
from personas.errors import ConfigError, DataError
from personas.schema import Text
from pipelines.category_campaigns import campaigns
from pipelines.category_look import Found, Look
from pipelines.category_verbs import analysed, attach_definition, first, joined, seen, tier_rule

Tables = dict[str, tuple[pd.DataFrame, Text]]

NEXT_OFFERS, WHITE_SPACE = "next_offers", "white_space"
_WOMEN = Text("女性", "women")


def opportunity(look: Look) -> Found:
    """Return share gaps against the market, preferences of segments, white space and next offers."""
    bought = look.bought(look.window)
    segments = _segments(look)
    compared = _on_the_market(look, segments)
    tables: Tables = {**_gaps(look, compared), **_preferences(look, bought, segments, compared)}
    user_files: dict[str, dict[str, Path]] = {}
    if look.assignments is None:
        look.tell(
            "空白机会需要人群：请先训练并打分，再运行本命令。",
            "White space needs personas: train and score first, then run this again.",
        )
    else:
        spaces = find_white_space(
            bought, look.assignments, window=look.window, minimum_tgi=look.spec.opportunity.minimum_tgi
        )
        tables["white_space"] = (spaces.table, spaces.definition)
        file = look.write_users(spaces.members, "white_space.parquet", ("user_id", "category"))
        user_files[WHITE_SPACE] = {file.name: file}
    pairs = _pairs(look, bought)
    offers, file = _offers(look, bought, pairs)
    tables |= offers
    user_files[NEXT_OFFERS] = {file.name: file}
    given = dict(zip(look.spec.opportunity.segments, segments, strict=False))
    names = {segment.key: segment.label for segment in segments}
    for part in campaigns(look, bought, pairs, given):
        tables |= part.tables
        names |= part.names
        user_files |= part.user_files
    parameters = {**look.spec.opportunity.model_dump(mode="json"), **seen(look.window)}
    return Found(analysed(look, "opportunity", tables, parameters, names).analysis, user_files)


def _segments(look: Look) -> list[Segment]:
    """Return the segments of the config; women, by default, where somebody's gender is known."""
    given = look.spec.opportunity.segments
    if given:
        return [_segment(look, key, spec) for key, spec in given.items()]
    users = look.table("users")
    if not users["gender"].count().to_pyarrow().as_py():
        return []
    return [segment_of_attribute(users, "gender", ["female"], key="women", label=_WOMEN)]


def _segment(look: Look, key: str, spec: SegmentSpec) -> Segment:
    name, label = spec.market or key, spec.label.to_text()
    if spec.attribute is not None:
        check_levels(look.table("users"), spec.attribute, spec.values)
        return segment_of_attribute(look.table("users"), spec.attribute, spec.values, key=name, label=label)
    tags = look.optional("tags")
    if tags is None or spec.tag is None:
        raise ConfigError(
            f"{look.loaded.path.name}: category.opportunity.segments.{key} is of the tag {spec.tag!r}, but sources.tags is "
            "not set; name the table of tags, or use an attribute."
        )
    rule = TagRule(spec.tag, tuple(spec.values), spec.minimum)
    return segment_of_tags(tags, [rule], key=name, label=label, unlisted=spec.unlisted)


def _on_the_market(look: Look, segments: list[Segment]) -> list[Segment]:
    """Return the segments that the market's totals tell of."""
    given = look.spec.opportunity.segments
    market = look.optional("market")
    named = [key for key, spec in given.items() if spec.market is not None]
    if market is None and named:
        raise ConfigError(
            f"{look.loaded.path.name}: category.opportunity.segments.{named[0]}.market is set, but sources.market is not; "
            "name the table with the market's buyers by period, category and segment, or leave market out."
        )
    if market is None or not given:
        look.tell(
            "份额缺口需要 sources.market（按时期、品类、人群的行业购买人数）与 category.opportunity.segments。",
            "Share gaps need sources.market (the market's buyers by period, category and segment) and "
            "category.opportunity.segments.",
        )
        return []
    known = set(market.select("segment").distinct().to_pyarrow()["segment"].to_pylist())
    compared = [
        s
        for s, spec in zip(segments, given.values(), strict=True)
        if spec.market is not None or s.key in known
    ]
    if not compared:
        look.tell(
            "无份额缺口：sources.market 中没有所列人群。",
            "No share gaps: sources.market has none of the segments.",
        )
    return compared


def _gaps(look: Look, compared: list[Segment]) -> Tables:
    market = look.optional("market")
    if market is None or not compared:
        return {}
    then, now = look.periods()[-2:]
    knows_then = (market["period_start"] == ibis.literal(then.start)).any().to_pyarrow().as_py()
    gaps = share_gaps(
        purchases(look, now),
        market,
        compared,
        window=now,
        earlier=(purchases(look, then), then) if knows_then else None,
    )
    return {"gaps": (gaps.table, gaps.definition)}


def _preferences(look: Look, bought: ibis.Table, segments: list[Segment], compared: list[Segment]) -> Tables:
    """Rank what segments prefer; where the market's totals tell of one, in their last period and against it."""

    def ranked_of(segment: Segment, by: PreferredBy) -> Preferences:
        if by != "category" or segment not in compared:
            return rank_preferences(bought, segment, window=look.window, by=by)
        now = look.periods()[-1]
        market = look.optional("market")
        return rank_preferences(purchases(look, now), segment, window=now, by=by, market=market)

    listed: tuple[tuple[str, PreferredBy, int | None], ...] = (
        ("preferences", "category", None),
        ("item_preferences", "item_id", look.spec.opportunity.n_items),
    )
    tables: Tables = {}
    for name, by, n in listed:
        ranked = [(segment, ranked_of(segment, by)) for segment in segments]
        parts = [found.table.head(n or len(found.table)).assign(segment=s.key) for s, found in ranked]
        parts = [part for part in parts if len(part)]
        if parts:
            table = first(pd.concat(parts, ignore_index=True), "segment")
            tables[name] = (table, joined([found.definition for _, found in ranked]))
    return tables


def _pairs(look: Look, bought: ibis.Table) -> pd.DataFrame:
    """Return attach rate, lift and tier of every pair of categories."""
    spec = look.spec.attach
    rows, columns = look.categories(bought)
    rates = attach_matrix(look, look.window, rows, columns, attach_definition(spec)).table
    tiers = associate(look, look.window, rows, columns, unit=spec.unit, rule=tier_rule(spec)).table
    figures = tiers[["row", "column", "tier", "shrunk_lift"]].astype({"tier": "str"})
    return rates[["row", "column", "rate"]].merge(figures, on=["row", "column"])


def _offers(look: Look, bought: ibis.Table, pairs: pd.DataFrame) -> tuple[Tables, Path]:
    offers = next_offers(
        bought,
        # To the library the row "(all)" is no category, but everybody.
        pairs[pairs["row"] != ALL].rename(columns={"shrunk_lift": "lift"}),
        window=look.window,
        assignments=look.assignments,
        n=look.spec.opportunity.n_offers,
    )
    file = look.write_users(offers.users, "next_offers.parquet", ("user_id", "rank"))
    return {"offers": (offers.personas, offers.definition)}, file


def ladder(look: Look) -> Found:
    """Return how many users stand on each stage of each ladder, and how they moved."""
    look.tell_unknown("ladder_categories", look.spec.ladder_categories)
    look.tell_unknown("own_brands", look.spec.own_brands, "brand")
    dates = _dates(look)
    climbed = [_ladder(look, name) for name in look.spec.ladders]
    keys = [found.key for found in climbed]
    if len(set(keys)) < len(keys):
        raise ConfigError(
            f"{look.loaded.path.name}: category.ladders names {', '.join(look.spec.ladders)}, whose keys are "
            f"{', '.join(keys)}; expected another key for each. Give the copy a key of its own."
        )
    parts: dict[str, list[tuple[pd.DataFrame, Text]]] = {}
    names: dict[str, Text] = {}
    for found in climbed:
        names |= {found.key: found.name, **{stage.key: stage.name for stage in found.stages}}
        for key, (table, definition) in _climb(look, found, dates).items():
            if table.empty:  # a ladder without sub-stages
                continue
            parts.setdefault(key, []).append((table.assign(ladder=found.key), definition))
    tables = {
        key: (
            first(pd.concat([table for table, _ in found], ignore_index=True), "ladder"),
            joined([definition for _, definition in found]),
        )
        for key, found in parts.items()
    }
    parameters = {
        "ladders": [{"key": found.key, "version": found.version} for found in climbed],
        "categories": look.spec.ladder_categories,
        "dates": [day.isoformat() for day in dates],
    }
    return analysed(look, "ladder", tables, parameters, {**names, **STATES})


def _dates(look: Look) -> tuple[date, ...]:
    """Return the earlier date, where the events reach back so far, and as_of."""
    if not look.events.limit(1).count().to_pyarrow().as_py():
        raise DataError(
            f"There is no event before {look.as_of}; expected at least one. Check sources.events and --as-of."
        )
    try:
        then = look.periods()[-1].start
    except (ConfigError, DataError) as error:  # who only looks around climbs a ladder, too
        look.tell(f"无阶段流转：{error}", f"No flow between stages: {error}")
        return (look.as_of,)
    return (then, look.as_of)


def _ladder(look: Look, name: str) -> Ladder:
    found = ladder_from_dict(look.loaded.ladder(name))
    if look.loaded.config.sources.tags is not None or not found.tag_conditions:
        return found
    try:
        rest = found.without_tags()
    except ConfigError:
        raise ConfigError(
            f"The ladder {found.key} asks for tags only, but sources.tags is not set; name the table of tags, or choose "
            "another ladder."
        ) from None
    look.tell(
        f"分层 {found.key} 未使用标签条件：未设置 sources.tags。",
        f"The ladder {found.key} is climbed without its conditions on tags: sources.tags is not set.",
    )
    return rest


def _climb(look: Look, found: Ladder, dates: tuple[date, ...]) -> Tables:
    tags = look.optional("tags")
    scope = Scope(look.own_brands(), frozenset(look.spec.ladder_categories))
    users = look.table("users").select("user_id")
    standing = [
        look.prepared.engine.store(
            f"stages_{place}", assign_stages(look.events, found, day, users, tags=tags, scope=scope)
        )
        for place, day in enumerate(dates)
    ]
    counts = count_stages(standing[-1], found, dates[-1])
    tables: Tables = {
        "stages": (counts.stages, counts.definition),
        "sub_stages": (counts.sub_stages, counts.definition),
    }
    if len(standing) == 1:
        return tables
    moved = stage_flow(
        standing[0],
        standing[1],
        dates=(dates[0], dates[1]),
        order=found.order,
        names={NONE: found.nobody, **{stage.key: stage.name for stage in found.stages}},
        assignments=look.assignments,
    )
    return {
        **tables,
        "flow": (moved.cells, moved.definition),
        "movements": (moved.stages, moved.definition),
        "totals": (moved.totals, moved.definition),
    }
