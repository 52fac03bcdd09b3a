from __future__ import annotations

from dataclasses import replace

import pytest

from personas.model.archetypes import Archetype
from personas.report.card_notes import identity_traits, make_notes, matched_traits
from personas.report.figures import Figures
from personas.schema import Text

SMART = Archetype(
    "smart_trend_setter",
    Text("智能潮流派", "Smart trend-setters"),
    {
        "age": (26.0, 36.0),
        "city_tier": frozenset({"T1", "T2"}),
        "membership_value": (6000.0, None),
        "marital_status": frozenset({"married"}),
    },
)


def _notes(model, language="en", archetypes=()):
    return make_notes(model, archetypes, Figures(language))


def test_stability_is_a_word_with_its_figure(judged, model):
    assert _notes(judged)[0].stability == "Stability: highly stable (Jaccard 0.97)"
    assert _notes(judged, "zh-CN")[4].stability == "稳定性：不可信（Jaccard 0.41）"
    assert _notes(model)[0].stability == ""


@pytest.mark.parametrize(
    ("n_significant", "said"),
    [
        (0, "Does not differ from everybody in who they are (0 traits at q < 0.05)."),
        (2, "Does not differ clearly from everybody in who they are (2 traits at q < 0.05)."),
        (3, "Differs from everybody in who they are: 3 traits at q < 0.05."),
    ],
)
def test_three_significant_attributes_make_somebody(model, n_significant, said):
    # Behaviour is significant throughout; it doesn't count.
    traits = tuple(
        replace(t, q_value=0.001 if t.block == "what" or i < n_significant else 0.05)
        for i, t in enumerate(model.personas[0].traits)
    )
    persona = replace(model.personas[0], traits=traits)
    note = _notes(replace(model, personas=(persona,)))[0]

    assert (note.identity, note.is_somebody) == (said, n_significant >= 3)


def test_suppressed_cells_and_totals_of_orders_tell_nothing_of_who_somebody_is(model):
    persona = model.personas[0]
    silent = replace(persona.traits[0], q_value=None)
    total = replace(persona.traits[0], feature="order_count:手机", block="worth", q_value=0.0)

    assert identity_traits(replace(persona, traits=(silent, total)), model.feature_set) == []


def test_rules_are_said_with_their_figures_and_as_tags(judged):
    note = _notes(judged, "zh-CN")[0]

    assert note.rules == (
        "26-35岁 且 买过扫地机 → 71% 属于智能潮流派，覆盖该人群的 36%，占全体 16%",
        "一二线城市 → 52% 属于智能潮流派，覆盖该人群的 41%，占全体 25%",
        "满足任一规则 → 55% 属于智能潮流派，覆盖该人群的 58%，占全体 33%",
    )
    assert note.tags == "(26-35岁 ∩ 扫地机365天购买) ∪ 一线城市/二线城市"


def test_a_persona_without_rules_and_a_model_without_any_differ(judged):
    notes = _notes(judged)

    assert (notes[1].has_rules, notes[1].rules, notes[1].tags) == (True, (), "")
    assert notes[2].has_rules is False


def test_what_a_persona_shares_with_its_archetype_is_over_indexed_and_not_protected(model):
    levels = [(t.feature, t.level) for t in matched_traits(model.personas[0], SMART)]

    assert levels == [
        ("age", "26-30"),
        ("age", "31-35"),
        ("city_tier", "T1"),
        ("city_tier", "T2"),
        ("membership_value", "6000+"),
    ]
    note = _notes(model, archetypes=[SMART])[0]
    assert note.archetype == "Smart trend-setters"
    assert note.matched[0].startswith("aged 26-30 (TGI 1")
    assert _notes(model, archetypes=[SMART])[1].matched == ()


def test_levels_of_own_attributes_have_the_names_of_the_config(judged):
    feature = replace(
        judged.feature_set["city_tier"], name="plan", levels=("A", "B"), label=Text("套餐", "plan")
    )
    rules = judged.personas[0].rules
    condition = replace(rules.rules[0].conditions[0], feature="plan", levels=("A",))
    rules = replace(rules, rules=(replace(rules.rules[0], conditions=(condition,)),))
    plan = {
        "level_labels": {
            "A": {"zh": "畅享套餐", "en": "big plan"},
            "B": {"zh": "基础套餐", "en": "small plan"},
        }
    }
    named = replace(
        judged,
        personas=(replace(judged.personas[0], rules=rules),),
        feature_set=type(judged.feature_set)((*judged.feature_set, feature)),
        config={"attributes": {"plan": plan}},
    )

    assert _notes(named, "zh-CN")[0].tags == "畅享套餐"
