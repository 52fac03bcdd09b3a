from __future__ import annotations

import pytest

from personas.model.identity import IdentityEvent
from personas.report.colours import persona_colours
from personas.report.figures import Figures
from personas.report.identity_view import event_views

NAMES = {"P01": "Cooks", "P02": "Gamers"}


def _view(event, language="en"):
    return event_views([event], NAMES, persona_colours(["P01", "P02", "P06"]), Figures(language))[0]


def test_changes_come_before_personas_that_were_kept(past):
    views = event_views(past.events(), NAMES, persona_colours(past.NAMES), Figures("en"))

    assert [view.kind for view in views] == ["renamed", "new", "retired", "kept"]


def test_a_kept_persona_has_its_evidence():
    event = IdentityEvent("kept", "P01", n_users=1_204, overlap=0.912, distance=0.21)

    assert _view(event).evidence == (
        "evidence: 1,204 of its users, whom both models label; overlap (Jaccard) 91.2%; "
        "portrait distance 0.21, rather similar"
    )
    assert "重合度（Jaccard）91.2%；画像距离 0.21，较为相似" in _view(event, "zh-CN").evidence


def test_few_users_are_hidden():
    assert "too few to show" in _view(IdentityEvent("new", "P06")).evidence


def test_without_a_panel_the_evidence_says_so():
    assert "profiles alone" in _view(IdentityEvent("kept", "P01", by="profiles", distance=0.05)).evidence


def test_a_proposed_name_is_a_proposal(past):
    view = _view(past.events()[1])

    assert view.word == "new name proposed"
    assert "keeps its name" in view.sentence
    assert view.evidence == ""


@pytest.mark.parametrize("kind", ["split", "merged"])
def test_everybody_in_a_split_or_a_merger_is_shown_once(kind):
    chips = _view(IdentityEvent(kind, "P02", ("P02", "P06"), shares=(0.6, 0.4))).chips

    assert [(chip.persona_id, chip.name) for chip in chips] == [("P02", "Gamers"), ("P06", "")]
