"""What a campaign asks for: bundles to sell, rivals' customers, an audience of several tags, look-alikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import ibis
import pandas as pd

from personas.audience.base import Segment, TagRule
from personas.audience.bundles import BundleRule, build_bundles
from personas.audience.interception import RivalTarget, intercept
from personas.audience.lookalike import find_lookalikes
from personas.audience.widening import OTHER_COMBINATIONS, WeightedTag, neutral_code, widen_audience
from personas.category.items import items_of_orders
from personas.config.category import BundleSpec, InterceptionSpec, LookalikeSpec, WideningSpec
from personas.errors import ConfigError, GateError
from personas.features import FeatureSet, build_features
from personas.schema import ObservationWindow, Text
from pipelines.category_look import Look
from pipelines.category_scenes import scene_set
from pipelines.tables import proposed_features

INTERCEPTION, WIDENING, LOOKALIKE = "interception", "widening", "lookalike"

WEAK_AUC = 0.6
"""Below it a seed cannot be told apart, and look-alikes of it are no audience (own choice; 0.5 = chance)."""


@dataclass(frozen=True)
class Campaign:
    """Tables of one part, names for what is in them, and files of users.

    Parameters
    ----------
    tables : mapping of str to (DataFrame, Text)
        Key -> table and definition.
    names : mapping of str to Text
        Id in a table -> name.
    user_files : mapping of str to dict of str to Path
        Kind of artifact -> file name -> file.
    """

    tables: Mapping[str, tuple[pd.DataFrame, Text]] = field(default_factory=dict)
    names: Mapping[str, Text] = field(default_factory=dict)
    user_files: Mapping[str, dict[str, Path]] = field(default_factory=dict)


def campaigns(
    look: Look, bought: ibis.Table, pairs: pd.DataFrame, segments: Mapping[str, Segment]
) -> list[Campaign]:
    """Return what the config asks for, in the order of the report.

    Parameters
    ----------
    look : Look
        What is looked at.
    bought : ibis.Table
        Order lines of the window.
    pairs : DataFrame
        ``row``, ``column``, ``rate``, ``shrunk_lift`` of pairs of categories.
    segments : mapping of str to Segment
        Those of the config, by key.
    """
    spec = look.spec.opportunity
    parts = []
    if spec.bundles is not None:
        parts.append(_bundles(look, spec.bundles, bought, pairs))
    if spec.interception is not None:
        parts.append(_interception(look, spec.interception))
    if spec.widening is not None:
        parts.append(_widening(look, spec.widening))
    if spec.lookalike is not None:
        parts.append(_lookalikes(look, spec.lookalike, segments))
    return parts


def _bundles(look: Look, spec: BundleSpec, bought: ibis.Table, pairs: pd.DataFrame) -> Campaign:
    items = look.optional("items")
    if items is None:
        look.tell(
            "未设置 sources.items，套装按实付价格计算。",
            "Bundles go by the prices paid, as sources.items is not set.",
        )
    found = scene_set(look, bought, resamples=0)
    if not found.scenes:
        look.tell("无套装：未发现场景。", "No bundles: no scene was found.")
        return Campaign()
    buyers = bought.group_by("item_id").agg(n_buyers=bought["user_id"].nunique())
    known = items_of_orders(bought, look.own_brands()) if items is None else items
    counted = known.left_join(buyers, "item_id")
    columns = ("item_id", "category", "brand", "business_unit", "n_buyers")
    listed = counted.select(*columns, price=counted["price"].cast("float64"), own=counted["is_own"])
    rule = BundleRule(
        price_from=spec.price_from,
        price_to=inf if spec.price_to is None else spec.price_to,
        sizes=tuple(spec.sizes),
        units=spec.units,
        business_units=frozenset(spec.business_units),
        per_scene=spec.per_scene,
    )
    bundles = build_bundles(
        listed.to_pyarrow().to_pandas(),
        pairs[pairs["row"] != pairs["column"]],
        {scene.scene_id: scene.categories for scene in found.scenes},
        rule=rule,
        attach=pairs,
        prices="list" if items is not None else "paid",
    )
    if bundles.table.empty:
        look.tell(
            "无套装：场景内没有符合价格、件数与事业部要求的本品商品。",
            "No bundles: no own items of a scene keep to the price, the sizes and the business units.",
        )
    names = {scene.scene_id: scene.name for scene in found.scenes}
    tables = {
        "bundles": (bundles.table, bundles.definition),
        "bundle_items": (bundles.items, bundles.definition),
    }
    return Campaign(tables, names)


def _interception(look: Look, spec: InterceptionSpec) -> Campaign:
    own = look.own_brands()
    if own is None:
        raise ConfigError(
            f"{look.loaded.path.name}: category.opportunity.interception needs to know the own brands; set "
            "category.own_brands, or name the table of items (is_own)."
        )
    if look.optional("items") is None and (spec.price_from is not None or spec.price_to is not None):
        raise ConfigError(
            f"{look.loaded.path.name}: category.opportunity.interception asks for a price, but sources.items is not set; "
            "name the table of items, or leave the price out."
        )
    target = RivalTarget(
        items=frozenset(spec.items),
        brands=frozenset(spec.brands),
        categories=frozenset(spec.categories),
        price_from=spec.price_from,
        price_to=spec.price_to,
    )
    found = intercept(
        look.events,
        target,
        window=ObservationWindow(look.as_of, spec.days or look.window.lookback_days),
        own_brands=own,
        items=look.optional("items"),
        at_least=spec.at_least,
    )
    if not found.n_users:
        look.tell(
            "无竞品用户：没有人接触过 category.opportunity.interception 所列对象。",
            "No rivals' customers: nobody was in contact with what category.opportunity.interception names.",
        )
    code = neutral_code(target.words.en)
    return Campaign(
        {"rival_items": (found.items.astype({"item_id": "str"}), found.definition)},
        user_files={INTERCEPTION: _file(look, found.members, code)},
    )


def _widening(look: Look, spec: WideningSpec) -> Campaign:
    tags = _required(look, "tags", "widening")
    weighted = [
        WeightedTag(TagRule(tag.tag, tuple(tag.values), tag.minimum), tag.weight) for tag in spec.tags
    ]
    wide = widen_audience(tags, weighted, minimum_score=spec.minimum_score, small_cell=look.spec.minimum_cell)
    head = pd.DataFrame({"code": [wide.code], "n_users": [wide.n_users]})
    other = Text("（其他组合）", OTHER_COMBINATIONS)
    return Campaign(
        {
            "wide_audience": (head, wide.definition),
            "wide_tags": (wide.tags.rename(columns={"weight": "tag_weight"}), wide.definition),
            "wide_overlap": (
                wide.overlap.astype({"n_tags": "float64", "n_users": "float64"}),
                wide.definition,
            ),
        },
        {OTHER_COMBINATIONS: other},
        {WIDENING: _file(look, wide.members, wide.code)},
    )


def _lookalikes(look: Look, spec: LookalikeSpec, segments: Mapping[str, Segment]) -> Campaign:
    segment, given = segments[spec.segment], look.spec.opportunity.segments[spec.segment]
    features = _without(
        proposed_features(look.loaded, look.prepared), [*spec.leave_out, given.attribute or ""]
    )
    data = build_features(look.prepared.engine, look.window, features).to_pandas()
    marked = segment.mark(look.table("users").select("user_id"))
    seed = marked.filter(marked["is_member"]).select("user_id").to_pyarrow()["user_id"].to_pylist()
    try:
        found = find_lookalikes(data, features, seed, sizes=spec.sizes)
    except GateError:
        look.tell(
            f"无相似人群：人群 {spec.segment} 人数过少，无法学习。",
            f"No look-alikes: the segment {spec.segment} has too few users to learn from.",
        )
        return Campaign()
    if found.auc < WEAK_AUC:
        look.tell(
            f"种子人群 {spec.segment} 与其他用户无法区分（AUC {found.auc:.2f}，至少需要 {WEAK_AUC:g}），因此不生成相似人群。请更换种子人群，"
            "或提供更能说明差异的特征。",
            f"The seed {spec.segment} cannot be told apart from other users (AUC {found.auc:.2f}; expected at least "
            f"{WEAK_AUC:g}), so no audience of look-alikes is written. Choose another seed, or give features that differ.",
        )
    # Everybody is no audience.
    curve = found.curve[found.curve["reach"] < 1].assign(segment=segment.key, auc=found.auc)
    columns = ["segment", *found.curve.columns, "auc"]
    tables = {"lookalikes": (curve[columns].reset_index(drop=True), found.definition)}
    if found.auc < WEAK_AUC:
        return Campaign(tables)
    ranked = ibis.memtable(found.scores.rename_axis("user_id").reset_index())
    code = neutral_code(f"like {spec.segment}")
    return Campaign(tables, user_files={LOOKALIKE: _file(look, ranked, code, ("rank",))})


def _without(features: FeatureSet, names: Sequence[str]) -> FeatureSet:
    """Return the inputs that say nothing of what is named."""
    inputs = features.inputs
    return inputs.only([f.name for f in inputs if f.name not in names and f.argument not in names])


def _required(look: Look, name: str, part: str) -> ibis.Table:
    table = look.optional(name)
    if table is None:
        raise ConfigError(
            f"{look.loaded.path.name}: category.opportunity.{part} is set, but sources.{name} is not; name the table of "
            f"{name}, or leave {part} out."
        )
    return table


def _file(
    look: Look, members: ibis.Table, code: str, order: tuple[str, ...] = ("user_id",)
) -> dict[str, Path]:
    """Write an audience under a name that tells an outsider nothing."""
    file = look.write_users(members, f"{code}.parquet", order)
    return {file.name: file}
