"""Describe: fit, profile, name, match and keep persona models."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from personas.model.base import (
    Calibration,
    Card,
    NameSource,
    Persona,
    PersonaModel,
    Trait,
)

if TYPE_CHECKING:
    from personas.model.archetypes import Archetype
    from personas.model.cards import make_cards
    from personas.model.fit import fit_personas
    from personas.model.gate import GateReport, GateRules, judge_challenger
    from personas.model.identity import Continuity, IdentityEvent
    from personas.model.label import PersonaName, name_personas
    from personas.model.match import IdMatch, match_personas
    from personas.model.migration import Migration, date_migration, model_migration
    from personas.model.options import FitOptions
    from personas.model.persist import load_model, save_model
    from personas.model.profile import profile_personas
    from personas.model.rule_base import Rule, RuleSet
    from personas.model.rule_tags import tag_expression
    from personas.model.rule_words import describe_rule
    from personas.model.rules import find_rules

__all__ = [
    "Archetype",
    "Calibration",
    "Card",
    "Continuity",
    "FitOptions",
    "GateReport",
    "GateRules",
    "IdMatch",
    "IdentityEvent",
    "Migration",
    "NameSource",
    "Persona",
    "PersonaModel",
    "PersonaName",
    "Rule",
    "RuleSet",
    "Trait",
    "date_migration",
    "describe_rule",
    "find_rules",
    "fit_personas",
    "judge_challenger",
    "load_model",
    "make_cards",
    "match_personas",
    "model_migration",
    "name_personas",
    "profile_personas",
    "save_model",
    "tag_expression",
]

_HOMES = {
    "Archetype": "archetypes",
    "Continuity": "identity",
    "FitOptions": "options",
    "GateReport": "gate",
    "GateRules": "gate",
    "IdMatch": "match",
    "IdentityEvent": "identity",
    "Migration": "migration",
    "PersonaName": "label",
    "Rule": "rule_base",
    "RuleSet": "rule_base",
    "date_migration": "migration",
    "describe_rule": "rule_words",
    "find_rules": "rules",
    "fit_personas": "fit",
    "judge_challenger": "gate",
    "load_model": "persist",
    "make_cards": "cards",
    "match_personas": "match",
    "model_migration": "migration",
    "name_personas": "label",
    "profile_personas": "profile",
    "save_model": "persist",
    "tag_expression": "rule_tags",
}
"""Name -> module, loaded on first use: pandas, scipy and scikit-learn are slow to import."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"personas.model.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
