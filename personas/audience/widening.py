"""Widening: one audience out of several tags that all hint at the same, each with a weight."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np

from personas.audience.base import TagRule, check_columns, check_tags
from personas.errors import ConfigError
from personas.model.profile import SMALL_CELL
from personas.schema import Text

if TYPE_CHECKING:
    import pandas as pd

OTHER_COMBINATIONS = "(other combinations)"
"""Row of the overlap table that adds up combinations of too few users to show."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class WeightedTag:
    """A tag and what it counts.

    Parameters
    ----------
    rule : TagRule
        Who holds it.
    weight : float, > 0
        Its part in the score, against the other tags.

    Raises
    ------
    ConfigError
        If the weight is not a positive, finite number.
    """

    rule: TagRule
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.weight) and self.weight > 0):
            raise ConfigError(
                f"The tag {self.rule.text!r} has the weight {self.weight}; expected a number above 0."
            )


@dataclass(frozen=True, slots=True, eq=False)
class WideAudience:
    """Users who hold at least one of several tags.

    Parameters
    ----------
    members : ibis.Table
        Lazy: ``user_id``, ``score`` (0 to 1, weight of the tags held / weight of all), ``n_tags`` held.
    n_users : int
        Members.
    tags : DataFrame, one row per tag in the order given
        ``tag`` (the rule in one line), ``weight``, ``n_users`` (members who hold it), ``share`` of the members.
    overlap : DataFrame, one row per combination of tags, the largest first
        ``combination`` (rules joined by ∩: these and no other), ``n_tags`` and ``n_users``: what an UpSet plot
        draws. Combinations of too few users are added up in the last row, with the smallest of the others where
        they are too few together, as the sum would tell them; its figures are NaN when all are too few.
    code : str
        Neutral name for the outside; see :func:`neutral_code`.
    definition : Text
        Score, threshold, units and denominators, to be printed under the tables. It names the tags: it stays
        inside.
    """

    members: ibis.Table
    n_users: int
    tags: pd.DataFrame
    overlap: pd.DataFrame
    code: str
    definition: Text


def widen_audience(
    tags: ibis.Table,
    weighted: Sequence[WeightedTag],
    *,
    minimum_score: float = 0.0,
    small_cell: int = SMALL_CELL,
) -> WideAudience:
    """Join the holders of several tags into one audience, and score how many of them each user holds.

    Parameters
    ----------
    tags : ibis.Table
        ``user_id``, ``tag``, ``value``; see :func:`tags_of_users` for attributes and numbers.
    weighted : sequence of WeightedTag
        Tags that hint at the same, for example high value: a membership value of 6,000 and more, owning a
        car, owning a home, a paid membership.
    minimum_score : float, 0 to 1
        Smallest score of a member; with 0, one tag is enough.
    small_cell : int, users, >= 1
        Combinations of fewer users are not shown by themselves.

    Returns
    -------
    WideAudience

    Raises
    ------
    ConfigError
        If there is no tag or one twice, or ``minimum_score`` is out of range.
    NotFoundError
        If a tag, or every value of a rule, does not occur.

    Notes
    -----
    ``score(u) = sum of the weights of the tags that u holds / sum of all weights``. Weights are the
    marketer's: there is no outcome to learn them from.

    References
    ----------
    Lex et al. (2014). UpSet: visualization of intersecting sets. IEEE Transactions on Visualization and
    Computer Graphics 20, 1983-1992, for the table of combinations.

    Examples
    --------
    >>> import pyarrow as pa
    >>> tags = ibis.memtable(pa.table({"user_id": ["a", "a", "b"], "tag": ["有车", "有房", "有车"], "value": ["是"] * 3}))
    >>> wide = widen_audience(tags, [WeightedTag(TagRule("有车")), WeightedTag(TagRule("有房"), 3.0)], small_cell=1)
    >>> wide.members.order_by("user_id").to_pyarrow()["score"].to_pylist()
    [1.0, 0.25]
    >>> wide.overlap.values.tolist()
    [['有车', 1, 1], ['有车 ∩ 有房', 2, 1]]
    """
    rules = [tag.rule for tag in weighted]
    check_tags(tags, rules)
    if len(set(rules)) < len(rules):
        raise ConfigError("A tag is listed twice; list each of them once.")
    if not 0 <= minimum_score <= 1:
        raise ConfigError(f"minimum_score is {minimum_score}; expected 0 to 1.")
    held = {f"tag_{i}": rule.matches(tags).any() for i, rule in enumerate(rules)}
    wide = tags.group_by("user_id").agg(**held)
    total = sum(tag.weight for tag in weighted)
    weight = sum(
        (wide[f"tag_{i}"].ifelse(tag.weight, 0.0) for i, tag in enumerate(weighted)), ibis.literal(0.0)
    )
    n_tags = sum((wide[name].cast("int64") for name in held), ibis.literal(0))
    scored = wide.mutate(score=weight / total, n_tags=n_tags)
    members = scored.filter(scored["n_tags"] > 0, scored["score"] >= minimum_score - _ROUNDING)
    combined = members.group_by(list(held)).agg(n_users=members.count()).to_pyarrow().to_pandas()
    n_users = int(combined["n_users"].sum())
    return WideAudience(
        members=members.select("user_id", "score", "n_tags"),
        n_users=n_users,
        tags=_count_tags(combined, weighted),
        overlap=_count_combinations(combined, rules, small_cell),
        code=neutral_code(_canonical(weighted, minimum_score)),
        definition=_define(weighted, minimum_score, small_cell),
    )


def tags_of_users(users: ibis.Table, columns: Sequence[str]) -> ibis.Table:
    """Return attributes of users as tags, to use them beside those of a tags table.

    Parameters
    ----------
    users : ibis.Table
        Canonical users.
    columns : sequence of str
        Attributes; the name becomes the tag, missing values give none.

    Returns
    -------
    ibis.Table
        ``user_id``, ``tag``, ``value`` (text), ``source`` = ``"users"``.

    Raises
    ------
    DataError
        If ``users`` lacks a column.

    Examples
    --------
    >>> import pyarrow as pa
    >>> users = ibis.memtable(pa.table({"user_id": ["a", "b"], "membership_value": [7000.0, None]}))
    >>> tags = tags_of_users(users, ["membership_value"])
    >>> TagRule("membership_value", minimum=6000).matches(tags).to_pyarrow().to_pylist()
    [True]
    """
    check_columns(users, "users", ("user_id", *columns))
    parts = [
        users.select("user_id", tag=ibis.literal(name), value=users[name].cast("string")) for name in columns
    ]
    return ibis.union(*parts).drop_null(["value"]).mutate(source=ibis.literal("users"))


def neutral_code(definition: str) -> str:
    """Return a name for the outside that tells nothing of what the audience is.

    Parameters
    ----------
    definition : str
        What defines the audience; the same text gives the same code.

    Returns
    -------
    str
        ``"seg_"`` and 8 hexadecimal digits of its SHA-256.

    Notes
    -----
    The code says nothing to somebody who does not know the definition; who guesses the definition can
    confirm it. It is a name, not an encryption.

    References
    ----------
    Meta, Custom Audience documentation (vendor documentation, September 2025): audiences whose name
    or content suggests health or financial status are flagged.

    Examples
    --------
    >>> neutral_code("有车一族")
    'seg_7cceb932'
    """
    return f"seg_{hashlib.sha256(definition.encode()).hexdigest()[:8]}"


def _canonical(weighted: Sequence[WeightedTag], minimum_score: float) -> str:
    total = sum(tag.weight for tag in weighted)
    parts = sorted(f"{tag.rule.text} x {tag.weight / total:.6f}" for tag in weighted)
    return "; ".join([*parts, f"score >= {minimum_score:.6f}"])


def _count_tags(combined: pd.DataFrame, weighted: Sequence[WeightedTag]) -> pd.DataFrame:
    import pandas as pd

    n_users = [int(combined.loc[combined[f"tag_{i}"], "n_users"].sum()) for i in range(len(weighted))]
    table = pd.DataFrame(
        {
            "tag": [tag.rule.text for tag in weighted],
            "weight": [tag.weight for tag in weighted],
            "n_users": n_users,
        }
    )
    return table.assign(share=table["n_users"] / (combined["n_users"].sum() or np.nan))


def _count_combinations(combined: pd.DataFrame, rules: Sequence[TagRule], small_cell: int) -> pd.DataFrame:
    import pandas as pd

    flags = combined[[f"tag_{i}" for i in range(len(rules))]].to_numpy(dtype=bool)
    names = [" ∩ ".join(rule.text for rule, held in zip(rules, row, strict=True) if held) for row in flags]
    columns = {"combination": names, "n_tags": flags.sum(axis=1), "n_users": combined["n_users"]}
    table = pd.DataFrame(columns).sort_values(
        ["n_users", "combination"], ascending=[False, True], ignore_index=True
    )
    n_shown = int((table["n_users"] >= small_cell).sum())
    if n_shown == len(table):
        return table
    while n_shown and table["n_users"][n_shown:].sum() < small_cell:
        n_shown -= 1
    pooled = int(table["n_users"][n_shown:].sum())
    rest = {
        "combination": OTHER_COMBINATIONS,
        "n_tags": np.nan,
        "n_users": pooled if pooled >= small_cell else np.nan,
    }
    return pd.concat([table[:n_shown], pd.DataFrame([rest])], ignore_index=True)


def _define(weighted: Sequence[WeightedTag], minimum_score: float, small_cell: int) -> Text:
    listed = "; ".join(f"{tag.rule.text} x {tag.weight:g}" for tag in weighted)
    return Text(
        f"单位为人。得分 = 所持标签权重之和 ÷ 全部权重之和；至少持有一个标签且得分不低于 {minimum_score:g} 者入选。标签与权重：{listed}。"
        f"交叉表每行为“恰好持有这些标签”的人数，不足 {small_cell} 人的组合合并展示。标签名仅供内部使用，对外只用代码。",
        "Unit: users. Score = weight of the tags held / weight of all tags; members hold at least one and score at "
        f"least {minimum_score:g}. Tags and weights: {listed}. Each row of the overlap counts users who hold these "
        f"tags and no other; combinations of fewer than {small_cell} users are added up. Tag names stay inside, "
        "only the code leaves.",
    )
