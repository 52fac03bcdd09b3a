"""Nouns of rules: a condition, a rule, and the few rules that pick out one persona."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NOT_BOUGHT = "not bought"
"""Level of a category: no order."""

NO = "no"
"""Level of a binary feature."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A feature has one of these levels; a missing value never has.

    Parameters
    ----------
    feature : str
        Feature name.
    levels : tuple of str
        Levels or bands, in the feature's order; neighbours make a range. A yes/no feature has ``"yes"`` or
        ``"no"``, a category ``"bought"`` or ``"not bought"``.
    """

    feature: str
    levels: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dict; :meth:`from_dict` is its inverse."""
        return {"feature": self.feature, "levels": list(self.levels)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Condition:
        """Make a condition from what :meth:`to_dict` returned."""
        return cls(data["feature"], tuple(data["levels"]))


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions that all hold; figures are of users that the search did not see.

    Parameters
    ----------
    conditions : tuple of Condition
        One per feature, in the order of the features; what is not the case comes last.
    precision : float, 0 to 1
        Share of the rule's users who belong to the persona.
    recall : float, 0 to 1
        Share of the persona's users who satisfy the rule.
    share : float, 0 to 1
        Share of all users who satisfy the rule.
    lift : float, > 1
        Precision over the persona's share of all users.
    n_users : int
        Held-out users who satisfy the rule.
    """

    conditions: tuple[Condition, ...]
    precision: float
    recall: float
    share: float
    lift: float
    n_users: int

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dict; :meth:`from_dict` is its inverse."""
        return {
            "conditions": [condition.to_dict() for condition in self.conditions],
            "precision": self.precision,
            "recall": self.recall,
            "share": self.share,
            "lift": self.lift,
            "n_users": self.n_users,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Rule:
        """Make a rule from what :meth:`to_dict` returned."""
        return cls(**{**data, "conditions": tuple(Condition.from_dict(c) for c in data["conditions"])})


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one persona; a user is picked out by any of them.

    Parameters
    ----------
    rules : tuple of Rule
        Best first; empty when no rule is precise enough.
    precision : float or None, 0 to 1
        Share of the users picked out who belong to the persona; None = there is no rule.
    recall : float, 0 to 1
        Share of the persona's users who are picked out.
    share : float, 0 to 1
        Share of all users who are picked out.
    """

    rules: tuple[Rule, ...] = ()
    precision: float | None = None
    recall: float = 0.0
    share: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dict; :meth:`from_dict` is its inverse."""
        return {
            "rules": [rule.to_dict() for rule in self.rules],
            "precision": self.precision,
            "recall": self.recall,
            "share": self.share,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> RuleSet:
        """Make a rule set from what :meth:`to_dict` returned."""
        return cls(**{**data, "rules": tuple(Rule.from_dict(rule) for rule in data["rules"])})
