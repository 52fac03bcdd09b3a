"""The section ``category`` of a config: what the category verbs look at, and how they count."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from personas.config.base import Level, Share, Spec, TextSpec

PositiveShare = Annotated[float, Field(gt=0, le=1)]
CategoryName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""As the contract check leaves it: without blanks around it."""

Categories = Annotated[list[CategoryName], Field(min_length=1)]


def _check_once(what: str, names: Iterable[str]) -> None:
    listed = list(names)
    twice = sorted({name for name in listed if listed.count(name) > 1})
    if twice:
        message = f"{what} names {', '.join(map(repr, twice))} twice; name each once"
        raise ValueError(message)


class AttachSpec(Spec):
    """How an attach rate is counted; each choice makes another figure, and all are printed under the table."""

    unit: Literal["user", "order"] = Field("user", description="What is counted.")
    direction: Literal["any", "after", "before", "same_order"] = Field(
        "any", description="When the column's category is bought, seen from the row's."
    )
    within_days: int | None = Field(
        None, ge=1, description="Longest time between the two; needed for after and before."
    )
    base: Literal["all", "exclude_prior_owners"] = Field(
        "all",
        description="Who is divided by: all buyers, or those who did not have the column's category before.",
    )
    diagonal: Literal["repurchase", "blank"] | None = Field(
        None, description="A category against itself; default: repurchase where it can be counted."
    )
    tier_cuts: tuple[float, float] | None = Field(
        None, description="Least lift of mid and of high; default: terciles of the significant pairs."
    )
    tier_max_q: PositiveShare = Field(0.05, description="A tier above low needs a q value below it.")
    tier_min_both: int = Field(20, ge=1, description="A tier above low needs so many units with both.")


class ScenesSpec(Spec):
    """How scenes are found or grown."""

    seeds: str | None = Field(
        None, description="Shipped name or file of scenes to grow; default: scenes are found."
    )
    min_buyers: int = Field(20, ge=1, description="Categories of fewer buyers are left out.")
    min_weight: Share = Field(0.1, description="Least weight of a member.")
    resolution: float = Field(1.0, gt=0, description="Above 1 more and smaller scenes; of found ones.")
    resamples: int = Field(50, ge=0, description="Resamples of users that stability is measured by.")
    random_state: int = Field(0, ge=0)


class SequenceSpec(Spec):
    """How sequences are followed."""

    horizon_days: int | None = Field(
        None,
        ge=1,
        description="Follow-up after a first purchase; default: a quarter of the window, at most 90.",
    )
    method: Literal["complete_follow_up", "aalen_johansen"] = "complete_follow_up"
    max_length: int = Field(3, ge=2, le=4, description="Most steps of a path.")
    max_gap_days: int | None = Field(None, ge=1, description="Longest time between two steps; default any.")
    min_users: int = Field(20, ge=1, description="Fewest users of a path.")


class GrowthSpec(Spec):
    """Axes and cuts of the growth-share matrix, and who counts as a user of the GMV."""

    metric: Literal["users", "orders", "revenue"] = "users"
    share_cut: float | None = Field(None, gt=0, description="Default: median.")
    growth_cut: float | None = Field(None, gt=-1, description="0.1 = 10 %; default: weighted mean.")
    min_buyers: int = Field(30, ge=1, description="A category of fewer in the base period is not judged.")
    share_of: Literal["brand", "largest_rival"] = Field(
        "brand", description="What the share is of; largest_rival needs sources.market."
    )
    population: Literal["users", "active_users"] = Field(
        "active_users", description="Users in GMV = users x conversion x basket."
    )


class SegmentSpec(Spec):
    """A group to look for opportunities in, by a tag or by an attribute of users."""

    label: TextSpec
    attribute: str | None = Field(None, description="Column of users.")
    tag: str | None = Field(None, description="Tag of sources.tags.")
    values: list[Level] = Field(
        default_factory=list, description="Levels that make a member; of a tag: none = any."
    )
    minimum: float | None = Field(None, description="Least number that makes a member; of a tag.")
    market: str | None = Field(None, description="What the market table calls it; default its key.")
    unlisted: bool | None = Field(
        None, description="Whether users without the tag are members; default unknown."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> SegmentSpec:
        if (self.attribute is None) == (self.tag is None):
            message = "give exactly one of attribute and tag"
            raise ValueError(message)
        if self.attribute is not None and (not self.values or self.minimum is not None):
            message = "a segment of an attribute needs values, and has no minimum"
            raise ValueError(message)
        return self


class BundleSpec(Spec):
    """Kits of a scene's own items, one per category, under a price; without sources.items, by the prices paid."""

    price_from: float = Field(0, ge=0, description="Least sum of the prices.")
    price_to: float | None = Field(None, gt=0, description="Largest sum; default any.")
    sizes: list[Annotated[int, Field(ge=2, le=4)]] = Field(
        [2, 3], min_length=1, description="Numbers of items that are tried."
    )
    units: Literal["any", "same"] = Field("any", description="same: all items of one business unit.")
    business_units: list[str] = Field(default_factory=list, description="Units that take part; default all.")
    per_scene: int = Field(5, ge=1, description="Most bundles per scene.")

    @model_validator(mode="after")
    def _a_range(self) -> BundleSpec:
        if self.price_to is not None and self.price_to < self.price_from:
            message = f"the sum runs from {self.price_from:g} to {self.price_to:g}; expected from <= to"
            raise ValueError(message)
        return self


class InterceptionSpec(Spec):
    """Whose customers to win: what is in contact with these items of rivals; all that is named must hold."""

    items: list[str] = Field(default_factory=list, description="Items of rivals; default any.")
    brands: list[str] = Field(default_factory=list, description="Rival brands; default any.")
    categories: list[CategoryName] = Field(default_factory=list, description="Categories; default any.")
    price_from: float | None = Field(None, ge=0, description="Least list price; needs sources.items.")
    price_to: float | None = Field(None, gt=0, description="List price below it; needs sources.items.")
    at_least: int = Field(1, ge=1, description="Fewest contacts of a member.")
    days: int | None = Field(None, ge=1, description="How far back; default the window.")

    @model_validator(mode="after")
    def _a_target(self) -> InterceptionSpec:
        low, high = self.price_from, self.price_to
        if not (self.items or self.brands or self.categories) and low is None and high is None:
            message = "no rival is named; give items, brands, categories or a price"
            raise ValueError(message)
        if low is not None and high is not None and low >= high:
            message = f"the price runs from {low:g} to below {high:g}; expected from < to"
            raise ValueError(message)
        return self


class WeightedTagSpec(Spec):
    """A tag and its part in the score."""

    tag: str = Field(description="Tag of sources.tags.")
    values: list[Level] = Field(default_factory=list, description="Values that count; default any.")
    minimum: float | None = Field(None, description="Least number that counts.")
    weight: float = Field(1.0, gt=0)


class WideningSpec(Spec):
    """One audience out of several tags that hint at the same."""

    tags: list[WeightedTagSpec] = Field(min_length=1)
    minimum_score: Share = Field(
        0.0, description="Least part of the weights that a member holds; 0: one tag is enough."
    )


class LookalikeSpec(Spec):
    """Who resembles the members of a segment."""

    segment: str = Field(description="Key of category.opportunity.segments.")
    leave_out: list[str] = Field(
        default_factory=list,
        description="Attributes and features that say the same as the segment; its own attribute is left out anyway.",
    )
    sizes: list[Annotated[int, Field(ge=1)]] | None = Field(
        None, description="Expansion sizes; default 1 to 50 times the segment, and everybody."
    )


class OpportunitySpec(Spec):
    """Where buyers could be won."""

    segments: dict[str, SegmentSpec] = Field(
        default_factory=dict, description="Default: women, where the gender of users is known."
    )
    minimum_tgi: float = Field(120, ge=100, description="Least index of a category that fits a persona.")
    n_offers: int = Field(3, ge=1, le=20, description="Offers per user.")
    n_items: int = Field(20, ge=1, description="Preferred items that are listed per segment.")
    bundles: BundleSpec | None = Field(None, description="Bundles of scenes; default none.")
    interception: InterceptionSpec | None = Field(None, description="Rivals' customers; default none.")
    widening: WideningSpec | None = Field(None, description="An audience of several tags; default none.")
    lookalike: LookalikeSpec | None = Field(None, description="Look-alikes of a segment; default none.")

    @model_validator(mode="after")
    def _known_segment(self) -> OpportunitySpec:
        if self.lookalike is not None and self.lookalike.segment not in self.segments:
            message = (
                f"lookalike.segment is {self.lookalike.segment!r}, which segments lacks; name one of its keys"
            )
            raise ValueError(message)
        return self


class CategorySpec(Spec):
    """What the category verbs look at; without this section every verb has its defaults."""

    lookback_days: int | None = Field(
        None, ge=1, description="Window of attach, scenes and sequence; default features.lookback_days."
    )
    rows: Categories | None = Field(None, description="Categories of the rows; default: the most bought.")
    columns: Categories | None = Field(
        None, description="Categories of the columns; default: those of the rows."
    )
    max_categories: int = Field(30, ge=2, le=200, description="So many of the most bought, by default.")
    exclude: list[CategoryName] = Field(
        default_factory=list, description="Categories that are left out everywhere."
    )
    minimum_cell: int = Field(
        20, ge=1, description="A count of fewer users is kept and shown nowhere, nor is what would tell it."
    )
    groups: dict[str, Categories] = Field(
        default_factory=dict,
        description="Group -> categories, for sequences of groups: large and small appliances.",
    )
    group_labels: dict[str, TextSpec] = Field(default_factory=dict)
    period: Literal["auto", "year", "half_year", "quarter", "month"] = Field(
        "auto",
        description="What flow, growth and ladder compare; auto: the longest that the events hold twice.",
    )
    own_brands: list[str] = Field(
        default_factory=list, description="Default: brands of the own items of sources.items, else any brand."
    )
    ladders: list[str] = Field(["aipl"], min_length=1, description="Shipped names or files of ladders.")
    ladder_categories: list[CategoryName] = Field(
        default_factory=list, description="Categories that a ladder is climbed for; default all."
    )
    attach: AttachSpec = AttachSpec()
    scenes: ScenesSpec = ScenesSpec()
    sequence: SequenceSpec = SequenceSpec()
    growth: GrowthSpec = GrowthSpec()
    opportunity: OpportunitySpec = OpportunitySpec()

    @model_validator(mode="after")
    def _each_once(self) -> CategorySpec:
        _check_once("rows", self.rows or ())
        _check_once("columns", self.columns or ())
        _check_once("ladders", self.ladders)
        _check_once("groups", (name for names in self.groups.values() for name in names))
        unknown = sorted(set(self.group_labels) - set(self.groups))
        if unknown:
            message = f"group_labels names {', '.join(map(repr, unknown))}, which groups lacks; name its keys"
            raise ValueError(message)
        return self


class SceneSpec(Spec):
    """A scene that is given by some of its categories."""

    key: str = Field(pattern="^[a-z][a-z0-9_]*$")
    name: TextSpec
    categories: Categories


class ScenesFileSpec(Spec):
    """A versioned file of scenes with its source."""

    version: int
    source: str
    scenes: list[SceneSpec] = Field(min_length=1)
