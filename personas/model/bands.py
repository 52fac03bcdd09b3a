"""How a feature is read for profiling: its levels or bands, in words, and which one each user has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from personas.features.base import Feature, FeatureSet
from personas.features.category_history import CATEGORY_MEASURES, category_features
from personas.schema import Text
from personas.schema.levels import BANDS, LEVEL_LABELS, LEVELS, label_of

BOUGHT = "bought"
"""Level of a category: at least one order."""

YES = "yes"
"""Level of a binary feature."""

_ZERO_SHARE = 0.25
"""From this share of zeros on, the first quartile is 0 and zero gets a band of its own."""


class _Words(NamedTuple):
    """Words for the bands of a number whose name and digits would say less."""

    none: Text
    some: Text
    low: Text
    high: Text
    noun: Text


_BAND_WORDS: dict[str, _Words] = {
    "order_count": _Words(
        none=Text("未购买", "no orders"),
        some=Text("有购买", "buyers"),
        low=Text("低频购买", "rare buyers"),
        high=Text("高频购买", "frequent buyers"),
        noun=Text("购买频次", "purchase frequency"),
    ),
    "revenue": _Words(
        none=Text("无消费", "no spending"),
        some=Text("有消费", "spenders"),
        low=Text("低消费", "low spenders"),
        high=Text("高消费", "high spenders"),
        noun=Text("消费", "spending"),
    ),
    "recency_days": _Words(
        none=Text("当日购买", "bought on the last day"),
        some=Text("非当日购买", "bought before the last day"),
        low=Text("近期购买", "recent buyers"),
        high=Text("久未购买", "lapsed buyers"),
        noun=Text("购买间隔", "time since last order"),
    ),
    "average_order_value": _Words(
        none=Text("零客单价", "free orders"),
        some=Text("有客单价", "paid orders"),
        low=Text("低客单价", "small baskets"),
        high=Text("高客单价", "big baskets"),
        noun=Text("客单价", "order value"),
    ),
    "active_days": _Words(
        none=Text("不活跃", "inactive"),
        some=Text("有活跃", "active"),
        low=Text("低活跃", "rarely active"),
        high=Text("高活跃", "often active"),
        noun=Text("活跃度", "activity"),
    ),
    "category_breadth": _Words(
        none=Text("未购品类", "no categories"),
        some=Text("有购品类", "any category"),
        low=Text("品类单一", "few categories"),
        high=Text("多品类", "many categories"),
        noun=Text("品类数", "number of categories"),
    ),
}


@dataclass(frozen=True, slots=True)
class Level:
    """One level or band in words; see :class:`personas.model.base.Trait`."""

    name: str
    label: Text
    short: Text


@dataclass(frozen=True, slots=True)
class Reading:
    """A feature read for profiling.

    Parameters
    ----------
    feature : Feature
        What was read.
    levels : tuple of Level or None
        Levels in order; None = counted but not shown (the "no" of a yes/no feature).
    codes : ndarray of int64, shape (n_users,)
        Position in ``levels``, -1 = unknown.
    """

    feature: Feature
    levels: tuple[Level | None, ...]
    codes: NDArray[np.int64]


def read_features(
    data: pd.DataFrame,
    feature_set: FeatureSet,
    level_labels: Mapping[str, Mapping[str, Text]],
) -> Iterator[Reading]:
    """Read every feature of a typed frame.

    Constant numbers are left out. A category speaks once, as bought or not, however many measures of it
    there are.

    Parameters
    ----------
    data : DataFrame of shape (n_users, n_features)
        As :func:`personas.features.base.typed_columns` returns it.
    feature_set : FeatureSet
        What the columns are.
    level_labels : mapping of str to mapping of str to Text
        Feature -> level -> name for people, where the canonical names don't say it.

    Yields
    ------
    Reading
        In feature order.
    """
    categories = {f.argument: category_name(f) for f in feature_set if is_category(f)}
    for feature in feature_set:
        values = data[feature.name]
        if feature.kind in ("nominal", "ordinal"):
            named = level_labels.get(feature.name, {})
            if feature.name in ("first_category", "last_category"):
                named = {**categories, **named}
            levels = tuple(_level(feature, level, named) for level in feature.levels)
            yield Reading(feature, levels, values.cat.codes.to_numpy().astype(np.int64))
            continue
        numbers = values.to_numpy(np.float64)
        if is_category(feature):
            if feature is _speaker(feature, feature_set):
                # The recency of a category is missing for those who never bought it, a share for those
                # who never bought anything.
                has_bought = numbers >= 0 if feature.measure == "recency" else numbers > 0
                yield Reading(feature, (None, _yes(feature)), has_bought.astype(np.int64))
        elif feature.kind == "binary":
            positive = np.where(np.isnan(numbers), -1, numbers >= 1)
            yield Reading(feature, (None, _yes(feature)), positive.astype(np.int64))
        elif (bands := _bands(feature, numbers)) is not None:
            edges, shown = bands
            codes = np.where(np.isnan(numbers), -1, np.searchsorted(edges, numbers, side="right"))
            yield Reading(feature, shown, codes.astype(np.int64))


def is_category(feature: Feature) -> bool:
    """Return whether a feature measures one category of the purchase history."""
    return feature.source == "category_history" and bool(feature.argument)


def category_name(feature: Feature) -> Text:
    """Return the name of the category that a feature measures.

    Examples
    --------
    >>> feature, = category_features("count", [("扫地机", Text("扫地机", "robot vacuum"))])
    >>> category_name(feature)
    Text(zh='扫地机', en='robot vacuum')
    """
    measure = category_features(feature.measure, [("", Text("", ""))])[0].label  # type: ignore[arg-type]
    return Text(
        feature.label.zh.removesuffix(measure.zh) or feature.argument,
        feature.label.en.removesuffix(measure.en) or feature.argument,
    )


def join_label(feature: Feature, value: Text) -> Text:
    """Return ``feature: value`` for people.

    Examples
    --------
    >>> from personas.features.profile import profile_features
    >>> join_label(FeatureSet(tuple(profile_features()))["marital_status"], Text("已婚", "married"))
    Text(zh='婚姻状况：已婚', en='Marital status: married')
    """
    name = feature_name(feature)
    return Text(f"{name.zh}：{value.zh}", f"{name.en[:1].upper()}{name.en[1:]}: {value.en}")


def feature_name(feature: Feature) -> Text:
    """Return the feature's name for people, its column name when it has none."""
    return Text(feature.label.zh or feature.name, feature.label.en or feature.name)


def age_level(name: str) -> Text:
    """Return the shortest words for a band of ages.

    Examples
    --------
    >>> age_level("26-35"), age_level("71+")
    (Text(zh='26-35岁', en='26–35'), Text(zh='71岁及以上', en='71+'))
    """
    if re.fullmatch(r"\d+-\d+", name):
        return Text(f"{name}岁", name.replace("-", "–"))
    if re.fullmatch(r"\d+\+", name):
        return Text(f"{name[:-1]}岁及以上", name)
    return label_of("age_band", name)


def _level(feature: Feature, level: str, named: Mapping[str, Text]) -> Level:
    value = named.get(level) or label_of(feature.name, level)
    if feature.name == "age_band":
        return Level(level, join_label(feature, age_level(level)), age_level(level))
    label = join_label(feature, value)
    if feature.name == "first_category":
        return Level(level, label, Text(f"首购{value.zh}", f"first bought {value.en}"))
    if feature.name == "last_category":
        return Level(level, label, Text(f"最近购买{value.zh}", f"last bought {value.en}"))
    # A code such as "2" or "25-49K" says nothing alone; a word does.
    says_enough = level in named or feature.name in LEVEL_LABELS or re.search(r"[^\W\d_]{3}|[一-鿿]", level)
    name = feature_name(feature)
    return Level(
        level, label, value if says_enough else Text(f"{name.zh}{value.zh}", f"{name.en} {value.en}")
    )


def _speaker(feature: Feature, feature_set: FeatureSet) -> Feature:
    """Return the measure that says who bought the category."""
    same = [f for f in feature_set if is_category(f) and f.argument == feature.argument]
    return min(same, key=lambda f: CATEGORY_MEASURES.index(f.measure))


def _yes(feature: Feature) -> Level:
    if is_category(feature):
        name = category_name(feature)
        buyers = f"buyers of {name.en}" if name.en.endswith("s") else f"{name.en} buyers"
        return Level(BOUGHT, Text(f"购买过 {name.zh}", f"bought {name.en}"), Text(name.zh, buyers))
    return Level(YES, join_label(feature, Text("是", "yes")), feature_name(feature))


def _bands(
    feature: Feature, numbers: NDArray[np.float64]
) -> tuple[NDArray[np.float64], tuple[Level, ...]] | None:
    if feature.name == "age":
        words = [(name, age_level(name)) for name in LEVELS["age_band"]]
        return np.array(BANDS["age"], dtype=np.float64), tuple(
            Level(name, join_label(feature, text), text) for name, text in words
        )
    known = numbers[~np.isnan(numbers)]
    if feature.name in BANDS:
        edges, has_zero, whole = np.array(BANDS[feature.name], dtype=np.float64), False, False
    else:
        whole = feature.kind == "count" or bool((known == np.floor(known)).all())
        edges, has_zero = _quartiles(known, whole=whole)
    if not len(edges):
        return None
    names = _band_names(edges, has_zero=has_zero, whole=whole, percent=feature.unit == "share 0-1")
    if feature.kind == "count" and names[0][0] == "<1":
        names[0] = ("<1", Text("0", "0"))
        has_zero = True
    shorts = _shorts(feature, names, has_zero=has_zero, small=whole and edges[-1] < 100)
    return edges, tuple(
        Level(name, join_label(feature, text), short)
        for (name, text), short in zip(names, shorts, strict=True)
    )


def _quartiles(known: NDArray[np.float64], *, whole: bool) -> tuple[NDArray[np.float64], bool]:
    """Return readable inner edges near the quartiles, and whether the first band is exactly zero."""
    if not len(known):
        return np.empty(0), False
    has_zero = bool(known.min() == 0 and (known == 0).mean() >= _ZERO_SHARE and known.max() > 0)
    spread = known[known > 0] if has_zero else known
    quartiles = np.quantile(spread, [0.25, 0.5, 0.75])
    rounded = np.ceil(quartiles) if whole else np.array([float(f"{edge:.2g}") for edge in quartiles])
    if whole:  # two significant digits once the numbers are long
        rounded = np.array([edge if edge < 100 else float(f"{edge:.2g}") for edge in rounded])
    edges = np.unique(rounded[(rounded > spread.min()) & (rounded <= spread.max())])
    # The smallest positive float keeps zero alone without showing anybody's value.
    return (np.concatenate([[np.nextafter(0.0, 1.0)], edges]) if has_zero else edges), has_zero


def _band_names(
    edges: NDArray[np.float64], *, has_zero: bool, whole: bool, percent: bool
) -> list[tuple[str, Text]]:
    def spell(number: float, comma: str) -> str:
        return f"{100 * number:{comma}.10g}%" if percent else f"{number:{comma}.10g}"

    names: list[tuple[str, Text]] = [("0", Text("0", "0"))] if has_zero else []
    cuts = [float(edge) for edge in (edges[1:] if has_zero else edges)]
    lows: list[float | None] = [(1.0 if whole else 0.0) if has_zero else None, *cuts]
    for low, high in zip(lows, [*cuts, None], strict=True):
        last = None if high is None else high - 1 if whole else high
        if low is None and high is not None:
            name = f"<{spell(high, '')}"
            names.append((name, Text(name, f"under {spell(high, ',')}")))
        elif last is None and low is not None:
            text = (
                Text(f"≥{spell(low, '')}", f"{spell(low, ',')} or more") if low else Text(">0", "more than 0")
            )
            names.append((f">={spell(low, '')}" if low else ">0", text))
        elif low == last and low is not None:
            names.append((spell(low, ""), Text(spell(low, ""), spell(low, ","))))
        elif low is not None and last is not None:
            name = f"{spell(low, '')}-{spell(last, '')}"
            names.append((name, Text(name, f"{spell(low, ',')}–{spell(last, ',')}")))
    return names


def _shorts(feature: Feature, names: list[tuple[str, Text]], *, has_zero: bool, small: bool) -> list[Text]:
    """Say each band in the fewest words: "high revenue" where a number would say less."""
    full = feature_name(feature)
    # "annual income (USD)": the unit belongs to the numbers, which the short words leave out.
    name = Text(*(re.sub(r"\s*[（(].*?[)）]", "", text) or text for text in full))
    if feature.name not in _BAND_WORDS and small:
        return [Text(f"{name.zh}{band.zh}", f"{name.en} {band.en}") for _, band in names]
    words = _BAND_WORDS.get(feature.name) or _Words(
        none=Text(f"{name.zh}为0", f"{name.en} 0"),
        some=Text(f"有{name.zh}", f"some {name.en}"),
        low=Text(f"低{name.zh}", f"low {name.en}"),
        high=Text(f"高{name.zh}", f"high {name.en}"),
        noun=name,
    )
    noun = words.noun
    ends = {
        1: [words.some],
        2: [words.low, words.high],
        3: [words.low, Text(f"中等{noun.zh}", f"medium {noun.en}"), words.high],
        4: [
            words.low,
            Text(f"中低{noun.zh}", f"lower-middle {noun.en}"),
            Text(f"中高{noun.zh}", f"upper-middle {noun.en}"),
            words.high,
        ],
    }[len(names) - has_zero]
    return [words.none, *ends] if has_zero else ends
