from __future__ import annotations

from dataclasses import replace

import pytest

from personas.report import Dossier, render_report
from personas.report.cards import make_cards
from personas.report.figures import Figures
from personas.report.macro_view import group_cards


@pytest.fixture
def grouped(model):
    macros = ("M1", "M2", "M1", "M2", "M1")
    return replace(
        model, personas=tuple(replace(p, macro=m) for p, m in zip(model.personas, macros, strict=True))
    )


def _groups(model):
    figures = Figures("en")
    return group_cards(model.personas, make_cards(model.personas, model.feature_set, figures), figures)


def test_personas_stand_under_their_macro_persona_and_shares_add_up(grouped):
    first, second = _groups(grouped)
    names = [p.name.en for p in grouped.personas]

    assert (first.macro_id, second.macro_id) == ("M1", "M2")
    assert first.name == f"{names[0]} + {names[2]} + {names[4]}"
    assert [card.persona_id for card in second.cards] == ["P02", "P04"]
    assert [card.share_value for card in first.cards] == sorted(
        (card.share_value for card in first.cards), reverse=True
    )
    assert sum(int(g.users.replace(",", "")) for g in (first, second)) == sum(
        p.n_users for p in grouped.personas
    )


def test_without_macro_personas_all_stand_in_one_group_without_a_heading(model):
    (group,) = _groups(model)

    assert (group.macro_id, len(group.cards)) == ("", len(model.personas))
    assert "acro persona" not in render_report(Dossier(model, "v1"), language="en")


@pytest.mark.parametrize(
    ("language", "heading", "card", "term"),
    [
        ("en", "Macro persona M2: ", "Belongs to macro persona M2", "Macro persona</dt>"),
        ("zh-CN", "大类人群 M2：", "属于大类人群 M2", "大类人群</dt>"),
    ],
)
def test_overview_cards_and_glossary_tell_of_macro_personas(grouped, language, heading, card, term):
    html = render_report(Dossier(grouped, "v1"), language=language)

    assert html.count(heading) == 1
    assert html.count(card) == 2
    assert term in html
