from __future__ import annotations

from dataclasses import replace

from personas.model.archetypes import Archetype
from personas.report import Dossier, render_report
from personas.report.history import History
from personas.schema import Text


def test_all_but_the_model_and_its_version_may_be_absent(model):
    dossier = Dossier(model, "v1")

    assert (dossier.contract, dossier.scored, dossier.archetypes, dossier.analyses) == (None, None, (), ())
    assert dossier.history == History()


def test_a_card_shows_what_its_persona_shares_with_its_archetype(model):
    first = model.personas[0]
    strong = max(
        (t for t in first.traits if t.tgi and not t.protected and t.q_value is not None and t.q_value < 0.05),
        key=lambda t: t.tgi,
    )
    archetype = Archetype("known", Text("原型", "The known one"), {strong.feature: frozenset([strong.level])})
    named = replace(model, personas=(replace(first, archetype="known"), *model.personas[1:]))
    html = render_report(Dossier(named, "v1", archetypes=(archetype,)), language="en")

    assert "Shared with the archetype &#34;The known one&#34;" in html
    assert "Shared with the archetype" not in render_report(Dossier(named, "v1"), language="en")
