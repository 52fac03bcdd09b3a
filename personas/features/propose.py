"""Decide which features a use case has, by looking at its data once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import ibis

from personas.errors import ConfigError, DataError
from personas.features.base import Feature, FeatureSet, Role, TableSource
from personas.features.build import build_features
from personas.features.category_history import (
    CATEGORY_MEASURES,
    HISTORY_FEATURES,
    CategoryMeasure,
    category_features,
    purchases,
)
from personas.features.events import orders, window_events
from personas.features.membership import MEMBERSHIP_FEATURES
from personas.features.profile import profile_features
from personas.features.rfm import RFM_FEATURES
from personas.schema import Attribute, ObservationWindow, Text
from personas.schema.bands import band_order
from personas.schema.levels import LEVELS

MAX_LEVELS = 50
"""A text column with more levels than this describes nobody: too few users share one."""

DEFAULT_INPUTS: tuple[str, ...] = (
    "age",
    "age_band",
    "marital_status",
    "education",
    "city_tier",
    "target_group",
    "membership_value",
    "membership_level",
)
"""Clustered on unless a spec says otherwise; so is every further attribute of USERS.

Orders, revenue and recency in total only describe: they repeat what the counts per category say, and in a
mixture that takes features as independent within a persona, saying it twice blurs every persona.
"""

SIGNAL_TOTALS: tuple[str, ...] = ("order_count", "revenue", "recency_days")
"""Totals that a clusterer that foresees behaviour reads: it weighs what repeats itself."""

MAX_SIGNAL_CATEGORIES = 150
"""Most categories that such a clusterer reads. At a grocer, taste (bits about which category comes next) rose
up to about 150 categories; a card has room for far fewer."""

MINIMUM_SHARE_ORDERS = 20
"""Orders per category, summed over categories, that the median buyer needs for shares of revenue to be read, too: a
share of a few orders is mostly chance. At a grocer (hundreds of them) shares raised taste by a tenth at the same
reach; on a planted world with a handful they lowered both (own choice)."""

_SAME_THING = ({"age", "age_band"},)


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """What a use case wants of its features.

    Parameters
    ----------
    categories : tuple of str or None
        Categories with features of their own; None = the most bought ones.
    max_categories : int, >= 0
        Most categories to choose when ``categories`` is None.
    min_category_share : float, 0 to 1
        Smallest share of users that must have bought a category for it to be chosen.
    category_measures : tuple of {"count", "revenue", "recency", "share"}
        Measures per category that are clustered on. Counts describe even when they are not named; the
        others exist only when they are asked for, here or by name in ``inputs``.
    inputs : tuple of str or None
        Features to cluster on besides those per category; None = :data:`DEFAULT_INPUTS` and every
        attribute.
    protected : tuple of str
        Features that describe but are never clustered on. Age and age band are protected together.
    exclude : tuple of str
        Features to leave out altogether.

    Raises
    ------
    ConfigError
        If a value is out of range, a measure is unknown, or an input is protected.
    """

    categories: tuple[str, ...] | None = None
    max_categories: int = 30
    min_category_share: float = 0.02
    category_measures: tuple[CategoryMeasure, ...] = ("count",)
    inputs: tuple[str, ...] | None = None
    protected: tuple[str, ...] = ("gender",)
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.max_categories < 0:
            raise ConfigError(f"max_categories is {self.max_categories}; expected 0 or more.")
        if not 0 <= self.min_category_share <= 1:
            raise ConfigError(
                f"min_category_share is {self.min_category_share}; expected a share from 0 to 1."
            )
        unknown = sorted(set(self.category_measures) - set(CATEGORY_MEASURES))
        if unknown:
            raise ConfigError(
                f"category_measures holds {', '.join(unknown)}; choose among {', '.join(CATEGORY_MEASURES)}."
            )
        both = sorted(self.protected_names & set(self.inputs or ()))
        if both:
            raise ConfigError(
                f"{', '.join(both)} is both an input and protected; take it out of inputs, or out of "
                "protected if clustering on it is lawful and meant."
            )

    @property
    def protected_names(self) -> frozenset[str]:
        """The protected features, and those that say the same thing in other words."""
        names = set(self.protected)
        for group in _SAME_THING:
            names |= group if names & group else set()
        return frozenset(names)


def propose_features(
    source: TableSource,
    window: ObservationWindow,
    spec: FeatureSpec = FeatureSpec(),
    *,
    attributes: Sequence[Attribute] = (),
    category_labels: Mapping[str, Text] | None = None,
) -> FeatureSet:
    """Decide on the features of a use case: columns, categories, levels and roles.

    Parameters
    ----------
    source : TableSource
        Holds the canonical tables ``users`` and ``events``.
    window : ObservationWindow
        Only events in ``[start, as_of)`` are looked at.
    spec : FeatureSpec
        What the use case wants.
    attributes : sequence of Attribute
        Further columns of ``users``.
    category_labels : mapping of str to Text, optional
        Names of categories for people; a category without one is called as in the data.

    Returns
    -------
    FeatureSet
        Ordered: profile, membership, rfm, categories. Columns that are empty, constant or have too
        many levels are left out, with the reason in ``warnings``. Levels are those that occur.

    Raises
    ------
    ConfigError
        If the spec names a feature that does not exist, or two features share a name.
    DataError
        If ``users`` is empty or a canonical table lacks a column.

    Notes
    -----
    Age is clustered on as a number when it is known for at least as many users as the age band is,
    else as the ordinal band; the other one describes. A chosen category was bought by at least
    ``min_category_share`` of the users and not by all of them, in the order of its number of buyers,
    ties by name.
    """
    n_users = int(source.table("users").count().to_pyarrow().as_py())
    if n_users == 0:
        raise DataError(
            "The table users is empty; expected at least one user. Check the source and its filter."
        )
    ranked = _most_bought(source, window, spec, n_users)
    categories = spec.categories if spec.categories is not None else ranked[: spec.max_categories]
    labelled = [(c, (category_labels or {}).get(c, Text(c, c))) for c in dict.fromkeys(categories)]
    candidates = _candidates(spec, attributes, labelled)
    kept, warnings = _resolved(source, window, spec, candidates)
    inputs = _input_names(spec, kept, attributes)
    features = [_with_role(feature, spec, inputs) for feature, _ in kept]
    if spec.inputs is None and categories:
        room = max(0, MAX_SIGNAL_CATEGORIES - len(labelled))
        further = [c for c in ranked if c not in set(categories)][:room]
        with_shares = _median_orders(source, window) >= MINIMUM_SHARE_ORDERS
        features += _signals(spec, [c for c, _ in labelled], further, with_shares=with_shares)
    return FeatureSet(tuple(features), tuple(warnings))


def _signals(
    spec: FeatureSpec, described: Sequence[str], further: Sequence[str], *, with_shares: bool
) -> list[Feature]:
    """Return what a clusterer that foresees behaviour reads besides what cards tell of.

    Counts of ``further`` categories and, where asked for, shares of all.
    """
    signals = category_features("count", [(c, Text(c, c)) for c in further])
    if with_shares and "share" not in spec.category_measures:
        signals += category_features("share", [(c, Text(c, c)) for c in (*described, *further)])
    hidden = {*spec.exclude, *spec.protected_names}
    return [replace(f, role="signal", described=False) for f in signals if f.name not in hidden]


def _median_orders(source: TableSource, window: ObservationWindow) -> float:
    """Return the median over buyers of their orders per category, summed over categories."""
    bought = purchases(window_events(source, window)).semi_join(source.table("users"), "user_id")
    per_user = bought.group_by("user_id").agg(n_orders=bought["order_count"].sum())
    return float(per_user["n_orders"].cast("float64").median().to_pyarrow().as_py() or 0.0)


def _most_bought(
    source: TableSource, window: ObservationWindow, spec: FeatureSpec, n_users: int
) -> tuple[str, ...]:
    lines = orders(window_events(source, window)).semi_join(source.table("users"), "user_id")
    pairs = lines.filter(lines["category"].notnull()).select("user_id", "category").distinct()
    buyers = pairs.group_by("category").agg(n_buyers=pairs.count()).to_pyarrow().to_pylist()
    # A share of (almost) 1 tells nobody from anybody else.
    common = [row for row in buyers if spec.min_category_share <= row["n_buyers"] / n_users <= 1 - 1e-9]
    common.sort(key=lambda row: (-row["n_buyers"], row["category"]))
    return tuple(row["category"] for row in common)


def _candidates(
    spec: FeatureSpec, attributes: Sequence[Attribute], categories: Sequence[tuple[str, Text]]
) -> list[Feature]:
    # Who bought a category always describes; its other measures say much the same again, so they come on request.
    measures = {"count", *spec.category_measures}
    wanted = {f.name for measure in measures for f in category_features(measure, categories)} | {
        *(spec.inputs or ())
    }
    features = [
        *profile_features(attributes),
        *MEMBERSHIP_FEATURES,
        *RFM_FEATURES,
        *(
            f
            for measure in CATEGORY_MEASURES
            for f in category_features(measure, categories)
            if f.name in wanted
        ),
        *HISTORY_FEATURES,
    ]
    names = [feature.name for feature in features]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"Two features are called {', '.join(twice)}; rename the attribute.")
    # Features per category come and go with the data, so only the others can be misspelt for sure.
    asked = {*spec.protected, *spec.exclude, *(spec.inputs or ())}
    unknown = sorted(name for name in asked - set(names) if ":" not in name)
    if unknown:
        known = ", ".join(name for name in names if ":" not in name)
        raise ConfigError(
            f"No feature is called {', '.join(unknown)}; expected one of {known}. "
            "Correct inputs, protected or exclude."
        )
    return [feature for feature in features if feature.name not in spec.exclude]


def _resolved(
    source: TableSource, window: ObservationWindow, spec: FeatureSpec, candidates: Iterable[Feature]
) -> tuple[list[tuple[Feature, int]], list[str]]:
    """Return the features worth keeping with their number of known users, and why others are not."""
    features = FeatureSet(tuple(candidates))
    numbers = FeatureSet(tuple(f for f in features if f.kind not in ("ordinal", "nominal")))
    summary = _summary(build_features(source, window, numbers).table, numbers)
    kept: list[tuple[Feature, int]] = []
    reasons: dict[str, list[str]] = {}
    for feature in features:
        if feature.kind in ("ordinal", "nominal"):
            counts = _level_counts(source, window, feature)
            known, n_levels = sum(counts.values()), len(counts)
            levels = _levels(feature, counts, spec, known)
            resolved = replace(feature, levels=levels)
        else:
            known, lowest, highest = summary[feature.name]
            n_levels = 1 if lowest == highest else 2
            resolved = feature
        reason = _reason_to_leave_out(resolved, known, n_levels)
        if reason:
            reasons.setdefault(reason, []).append(feature.name)
        else:
            kept.append((resolved, known))
    return kept, [f"Left out {', '.join(names)}: {reason}." for reason, names in reasons.items()]


def _summary(table: ibis.Table, features: FeatureSet) -> dict[str, tuple[int, float, float]]:
    if not len(features):
        return {}
    measures = {}
    for position, feature in enumerate(features):
        value = table[feature.name]
        measures[f"known_{position}"] = value.count()
        measures[f"lowest_{position}"] = value.min()
        measures[f"highest_{position}"] = value.max()
    row = table.aggregate(**measures).to_pyarrow().to_pylist()[0]
    return {
        feature.name: (row[f"known_{i}"], row[f"lowest_{i}"], row[f"highest_{i}"])
        for i, feature in enumerate(features)
    }


def _level_counts(source: TableSource, window: ObservationWindow, feature: Feature) -> dict[str, int]:
    table = build_features(source, window, FeatureSet((feature,))).table
    known = table.filter(table[feature.name].notnull())
    counts = known.group_by(level=known[feature.name]).agg(n_users=known.count())
    return {row["level"]: row["n_users"] for row in counts.to_pyarrow().to_pylist()}


def _levels(feature: Feature, counts: Mapping[str, int], spec: FeatureSpec, known: int) -> tuple[str, ...]:
    if feature.source == "category_history":
        common = [level for level, n in counts.items() if n >= spec.min_category_share * known]
        return tuple(sorted(common, key=lambda level: (-counts[level], level))[: spec.max_categories])
    order = feature.levels or LEVELS.get(feature.argument, ())
    if feature.argument == "age_band" or (feature.kind == "ordinal" and not order):
        return tuple(sorted(counts, key=band_order))
    listed = [level for level in order if level in counts]
    return tuple(listed) if order else tuple(sorted(counts))


def _reason_to_leave_out(feature: Feature, known: int, n_values: int) -> str:
    if known == 0:
        return "no user has a value"
    if n_values < 2:
        return "every user with a value has the same one"
    if feature.kind in ("ordinal", "nominal"):
        if len(feature.levels) < 2:
            return "fewer than two of its levels occur often enough"
        if len(feature.levels) > MAX_LEVELS:
            return f"it has more than {MAX_LEVELS} levels"
    return ""


def _input_names(
    spec: FeatureSpec, kept: Sequence[tuple[Feature, int]], attributes: Sequence[Attribute]
) -> frozenset[str]:
    per_category = {
        f.name
        for f, _ in kept
        if f.source == "category_history" and f.argument and f.measure in spec.category_measures
    }
    if spec.inputs is not None:
        return frozenset({*spec.inputs, *per_category} - spec.protected_names)
    known = {feature.name: n for feature, n in kept}
    chosen = {*DEFAULT_INPUTS, *(attribute.name for attribute in attributes), *per_category}
    chosen.discard("age_band" if known.get("age", 0) >= known.get("age_band", 0) else "age")
    return frozenset(chosen - spec.protected_names)


def _with_role(feature: Feature, spec: FeatureSpec, inputs: frozenset[str]) -> Feature:
    role: Role = "input" if feature.name in inputs else "profile"
    if role == "profile" and spec.inputs is None and feature.name in SIGNAL_TOTALS:
        role = "profile" if feature.name in spec.protected_names else "signal"
    return replace(feature, role=role, protected=feature.name in spec.protected_names)
