"""Nouns of the audience room: a rule on a tag, and a segment of users to compare with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis

from personas.errors import ConfigError, DataError, NotFoundError
from personas.schema import Text

_N_LISTED = 20
"""Tags or values that a message lists at most."""


@dataclass(frozen=True, slots=True)
class TagRule:
    """A tag that a user must hold.

    Parameters
    ----------
    tag : str
        Name of the tag, for example ``"有车一族"``.
    values : tuple of str
        Values that count; empty = any value.
    minimum : float or None
        Smallest number that counts, for tags with numbers such as a membership value; a value that is not a
        number does not count.

    Raises
    ------
    ConfigError
        If both ``values`` and ``minimum`` are given.

    Examples
    --------
    >>> TagRule("PLUS会员", ("正式中",)).text
    'PLUS会员 = 正式中'
    """

    tag: str
    values: tuple[str, ...] = ()
    minimum: float | None = None

    def __post_init__(self) -> None:
        if self.values and self.minimum is not None:
            raise ConfigError(
                f"The rule on the tag {self.tag!r} has values and a minimum; expected one of the two. "
                "Write two rules."
            )

    @property
    def text(self) -> str:
        """The rule in one line, the same for the same rule."""
        if self.minimum is not None:
            return f"{self.tag} >= {self.minimum:g}"
        return f"{self.tag} = {' | '.join(sorted(self.values))}" if self.values else self.tag

    def matches(self, tags: ibis.Table) -> ibis.Value:
        """Return, for each row of a tags table, whether it fulfils the rule."""
        held = (tags["tag"] == self.tag) & tags["value"].notnull()
        if self.minimum is not None:
            held &= tags["value"].try_cast("float64") >= self.minimum
        elif self.values:
            held &= tags["value"].isin(self.values)
        return held.fill_null(False)


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A group of users to compare with others: women, owners of a car, holders of a phone brand.

    Parameters
    ----------
    key : str
        What a market table calls it in the column ``segment``; never empty.
    label : Text
        Name for people; it stays inside.
    users : ibis.Table
        ``user_id`` (one row per user) and ``is_member`` (boolean, null = unknown).
    unlisted : bool or None
        What is known of a user who is not in ``users``: False = not a member, as with tags that a platform
        gives or does not give; None = unknown, as with an attribute that was never asked.

    Raises
    ------
    ConfigError
        If the key is empty.
    """

    key: str
    label: Text
    users: ibis.Table
    unlisted: bool | None = None

    def __post_init__(self) -> None:
        if not self.key:
            raise ConfigError("A segment has an empty key, which stands for everybody; give it a name.")

    def mark(self, table: ibis.Table) -> ibis.Table:
        """Return ``table``, which has ``user_id``, with the further column ``is_member``."""
        joined = table.left_join(self.users.mutate(_listed=True), "user_id")
        if self.unlisted is None:
            member = joined["is_member"]
        else:
            member = joined["_listed"].isnull().ifelse(self.unlisted, joined["is_member"])
        return joined.select(*table.columns, is_member=member)


def segment_of_attribute(
    users: ibis.Table, column: str, levels: Sequence[str], *, key: str, label: Text
) -> Segment:
    """Return the users who have certain levels of an attribute; who has none is unknown.

    Parameters
    ----------
    users : ibis.Table
        Canonical users, one row each.
    column : str
        Attribute, for example ``"gender"``.
    levels : sequence of str
        Levels that make a member.
    key, label : str, Text
        See :class:`Segment`.

    Returns
    -------
    Segment

    Raises
    ------
    DataError
        If ``users`` lacks the column.

    Examples
    --------
    >>> import pyarrow as pa
    >>> users = ibis.memtable(pa.table({"user_id": ["a", "b", "c"], "gender": ["female", "male", None]}))
    >>> women = segment_of_attribute(users, "gender", ["female"], key="women", label=Text("女性", "women"))
    >>> women.users.order_by("user_id").to_pyarrow()["is_member"].to_pylist()
    [True, False, None]
    """
    check_columns(users, "users", ("user_id", column))
    member = users[column].isin(levels)
    return Segment(key, label, users.select("user_id", is_member=member), unlisted=None)


def check_levels(users: ibis.Table, column: str, levels: Sequence[str]) -> None:
    """Refuse an attribute that users lack, or levels that none of them has: most often they are misspelt.

    Parameters
    ----------
    users : ibis.Table
        Canonical users.
    column : str
        Attribute, for example ``"gender"``.
    levels : sequence of str
        At least one of them must occur.

    Raises
    ------
    NotFoundError
        If the column is absent, or no level occurs; the message lists what there is.

    Examples
    --------
    >>> import pyarrow as pa
    >>> users = ibis.memtable(pa.table({"user_id": ["a"], "gender": ["male"]}))
    >>> check_levels(users, "gender", ["woman"])
    Traceback (most recent call last):
    personas.errors.NotFoundError: No user has the gender 'woman'; found: male. Correct the values.
    """
    if column not in users.columns:
        known = ", ".join(sorted(set(users.columns) - {"user_id"}))
        raise NotFoundError(f"Users have no attribute {column!r}; known: {known}. Correct the name.")
    if not _first(users.filter(users[column].isin(levels)), column):
        raise NotFoundError(
            f"No user has the {column} {' or '.join(map(repr, levels))}; found: "
            f"{', '.join(_first(users, column)) or 'none'}. Correct the values."
        )


def segment_of_tags(
    tags: ibis.Table, rules: Sequence[TagRule], *, key: str, label: Text, unlisted: bool | None
) -> Segment:
    """Return the users who fulfil at least one rule; who has the tags with other values only is not a member.

    Parameters
    ----------
    tags : ibis.Table
        ``user_id``, ``tag``, ``value``; any number of rows per user. Where they contradict each other (a tag
        once 是, once 否), one that fulfils a rule is enough; the same row twice is like once.
    rules : sequence of TagRule
        Any of them makes a member.
    key, label : str, Text
        See :class:`Segment`.
    unlisted : bool or None
        What is known of a user without these tags: False where only members get them (有车一族), None where
        everybody whose value is known gets them (性别).

    Returns
    -------
    Segment

    Raises
    ------
    NotFoundError
        If a tag, or every value of a rule, does not occur.

    Examples
    --------
    >>> import pyarrow as pa
    >>> tags = ibis.memtable(pa.table({"user_id": ["a", "b"], "tag": ["手机", "手机"], "value": ["Apple", "其他"]}))
    >>> rule, label = TagRule("手机", ("Apple",)), Text("苹果持机", "Apple phone")
    >>> apple = segment_of_tags(tags, [rule], key="apple", label=label, unlisted=None)
    >>> apple.users.order_by("user_id").to_pyarrow()["is_member"].to_pylist()
    [True, False]
    """
    check_tags(tags, rules)
    held = tags.filter(tags["tag"].isin([rule.tag for rule in rules])).drop_null(["value"])
    fulfilled = ibis.or_(*(rule.matches(held) for rule in rules))
    return Segment(key, label, held.group_by("user_id").agg(is_member=fulfilled.any()), unlisted)


def check_columns(table: ibis.Table, name: str, columns: Sequence[str]) -> None:
    """Refuse a table that lacks a column.

    Parameters
    ----------
    table : ibis.Table
        Any table.
    name : str
        What to call it in the message.
    columns : sequence of str
        Columns that it must have.

    Raises
    ------
    DataError
        If one is absent.

    Examples
    --------
    >>> import pyarrow as pa
    >>> check_columns(ibis.memtable(pa.table({"user_id": ["a"]})), "users", ["user_id"])
    """
    absent = [column for column in columns if column not in table.columns]
    if absent:
        raise DataError(
            f"The table {name} lacks {', '.join(absent)}; expected {', '.join(columns)}. "
            "Pass the table through the contract check first."
        )


def check_tags(tags: ibis.Table, rules: Sequence[TagRule]) -> None:
    """Refuse rules whose tags or values do not occur, or that want numbers of words: most often a slip.

    Parameters
    ----------
    tags : ibis.Table
        ``user_id``, ``tag``, ``value``.
    rules : sequence of TagRule
        At least one.

    Raises
    ------
    ConfigError
        If there is no rule.
    NotFoundError
        If a tag, or every value of a rule, does not occur, or none of them is the number that a rule asks for;
        the message lists what does occur.

    Examples
    --------
    >>> import pyarrow as pa
    >>> tags = ibis.memtable(pa.table({"user_id": ["a"], "tag": ["有车一族"], "value": ["是"]}))
    >>> check_tags(tags, [TagRule("有车一族", ("是", "有"))])
    """
    check_columns(tags, "tags", ("user_id", "tag", "value"))
    if not rules:
        raise ConfigError("No tag is named; expected at least one rule on a tag.")
    for rule in rules:
        own = tags.filter(tags["tag"] == rule.tag)
        if not _first(own, "value"):
            raise NotFoundError(
                f"No user has the tag {rule.tag!r}; known: {', '.join(_first(tags, 'tag'))}. Correct the name."
            )
        if rule.minimum is not None and not _first(
            own.filter(own["value"].try_cast("float64").notnull()), "value"
        ):
            raise NotFoundError(
                f"The tag {rule.tag!r} never is a number, and the rule asks for at least {rule.minimum:g}; found: "
                f"{', '.join(_first(own, 'value'))}. Name values instead."
            )
        if rule.values and not _first(own.filter(own["value"].isin(rule.values)), "value"):
            raise NotFoundError(
                f"The tag {rule.tag!r} never has the value {' or '.join(map(repr, rule.values))}; found: "
                f"{', '.join(_first(own, 'value'))}. Correct the values."
            )


def _first(table: ibis.Table, column: str) -> list[str]:
    names = table.filter(table[column].notnull()).select(column).distinct().order_by(column)
    found = [str(value) for value in names.limit(_N_LISTED + 1).to_pyarrow()[column].to_pylist()]
    return found if len(found) <= _N_LISTED else [*found[:_N_LISTED], "..."]
