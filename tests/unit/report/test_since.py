from __future__ import annotations

from dataclasses import replace

import pytest

from personas.report import Dossier, render_report
from personas.report.figures import Figures
from personas.report.history import History
from personas.report.since import since_page
from personas.schema import Text

ATTACK = "<script>alert(1)</script>"


@pytest.fixture
def later(model, past):
    return replace(model, continuity=past.continuity())


def _render(model, past, history, language="en"):
    return render_report(Dossier(model, past.V3, history=history), language=language)


def test_a_first_model_has_no_chapter(model, past):
    assert since_page(model, past.V3, History(), Figures("en")) is None
    assert 'id="since"' not in _render(model, past, History())
    assert 'href="#since"' not in _render(model, past, History(lineage=past.lineage()[:3]))


def test_the_gate_of_a_first_model_is_told_of_only_where_it_said_no(model, past):
    failed = replace(past.gate(), champion_as_of=None)
    passed = replace(failed, checks=tuple(check for check in failed.checks if check.passed))

    assert since_page(model, past.V3, History(gate=passed), Figures("en")) is None
    page = since_page(model, past.V3, History(gate=failed), Figures("en"))
    assert not page.gate.passed
    assert page.gate.against == ""
    assert "first model" in page.lead
    assert "The gate said no" in _render(model, past, History(gate=failed)).split('id="since"')[1]


def test_a_first_model_that_is_watched_has_drift_only(model, past):
    page = since_page(model, past.V2, History(monitorings=past.history().monitorings), Figures("en"))

    assert page.drift is not None
    assert (page.events, page.lineage, page.migrations, page.gate) == ((), None, (), None)
    assert "first model" in page.lead


@pytest.mark.parametrize(
    ("part", "title"),
    [
        ("lineage", "Lineage of the personas"),
        ("gate", "May it take over?"),
        ("moves", "the customers"),
        ("monitorings", "Have the users drifted?"),
    ],
)
def test_only_the_parts_that_exist_are_shown(later, past, part, title):
    absent = replace(
        past.history(),
        **{part: type(getattr(past.history(), part))() if part in ("lineage", "monitorings") else None},
    )

    assert title in _render(later, past, past.history()).split('id="since"')[1]
    assert title not in _render(later, past, absent).split('id="since"')[1].split('id="quality"')[0].replace(
        "Moves: ", ""
    )


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_chapter_tells_everything_in_both_languages(later, past, language):
    html = _render(later, past, past.history(), language)
    texts = {
        "zh-CN": ("与上次相比", "新出现", "模型换版带来的变动", "用户自身的变动", "建议：重新训练", "准入检查未通过", "改名只是建议"),
        "en": ("Since last time", "retired", "the model&#39;s doing", "the customers&#39; doing", "Advice: train anew", "The gate said no", "proposal only"),
    }  # fmt: skip

    for text in texts[language]:
        assert text in html
    assert html.count('class="sankey wide"') == html.count('class="sankey narrow"') == 1


def test_personas_have_the_colours_of_their_cards(later, past):
    page = since_page(later, past.V3, past.history(), Figures("en"))
    drawing = page.lineage.drawings[0][1]
    colours = {node.tip.split()[1]: node.colour for node in drawing.nodes}

    assert [colours[f"P{i:02d}"] for i in (1, 2, 4, 5)] == [0, 1, 3, 4]


def test_personas_go_by_the_names_of_today(later, past):
    page = since_page(later, past.V3, past.history(), Figures("en"))
    last = [node for node in page.lineage.drawings[0][1].nodes if node.is_last]

    assert " ".join(line for line, _ in last[0].lines[1:]) == "Smart trend-setters"


def test_personas_that_are_gone_are_named(later, past):
    gone = replace(later, personas=(*later.personas[:2], *later.personas[3:]))
    page = since_page(gone, past.V3, past.history(), Figures("en"))

    assert [(chip.persona_id, chip.name, day) for chip, day in page.lineage.gone] == [
        ("P03", "Persona 3", "since 2025-01-10")
    ]


def test_names_and_reasons_are_escaped(later, past):
    evil = Text(ATTACK, ATTACK)
    rows = tuple(replace(row, name=evil) for row in past.lineage())
    checks = tuple(replace(check, reason=evil) for check in past.gate().checks)
    report = past.monitoring(past.DECEMBER)
    drift = replace(
        report,
        rows=tuple(replace(row, label=evil, cell=evil) for row in report.rows),
        personas=tuple(replace(p, name=evil, drivers=(evil,)) for p in report.personas),
        notes=(evil,),
        model_version=ATTACK,
    )
    history = past.history(lineage=rows, gate=replace(past.gate(), checks=checks), monitorings=(drift,))

    assert "<script" not in _render(later, past, history)


def test_the_same_history_gives_the_same_bytes(later, past):
    assert _render(later, past, past.history()) == _render(later, past, past.history())
