from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from personas.errors import ConfigError
from personas.model.persist import load_model
from personas.report import Dossier, render_report
from personas.schema import Text

VOID = {"meta", "link", "br", "circle", "path", "rect", "line"}
ATTACK = "<script>alert(1)</script>"


def _render(model, language="en", *, minimum_cell=20, **known):
    dossier = Dossier(model, known.pop("version", "v1"), **known)
    return render_report(dossier, language=language, minimum_cell=minimum_cell)


class _Balance(HTMLParser):
    """Collects ids and anchors, and fails on an element that closes out of turn."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.anchors = [], [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        if tag == "a" and found.get("href", "").startswith("#"):
            self.anchors.append(found["href"][1:])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_page_is_well_formed_and_every_anchor_leads_somewhere(model, contract, scored, language):
    html = _render(model, language, contract=contract, scored=scored)
    page = _Balance()
    page.feed(html)

    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.anchors) <= set(page.ids)
    assert f'<html lang="{language}">' in html


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_nothing_is_fetched_and_nothing_runs(model, contract, scored, language):
    html = _render(model, language, contract=contract, scored=scored)

    assert not re.search(r"https?://(?!personal\.sron\.nl)", html)
    assert not re.search(r"<(script|img|iframe|object|embed)\b|@import|url\(|\bon[a-z]+=", html)
    assert "default-src 'none'" in html


def test_texts_of_users_are_escaped_wherever_they_appear(model, contract, scored):
    evil = Text(f"名{ATTACK}", f"name {ATTACK}")
    persona = model.personas[0]
    traits = tuple(replace(t, label=evil, short=evil) for t in persona.traits)
    card = replace(persona.card, who=evil, worth=evil, what=evil, offers=(evil,), message=evil)
    bad = replace(
        model,
        name=ATTACK,
        personas=(
            replace(persona, name=evil, archetype=ATTACK, traits=traits, card=card),
            *model.personas[1:],
        ),
        events=(evil,),
        clusterer=ATTACK,
        clusterer_params={ATTACK: ATTACK},
        selection=tuple(replace(c, reason=evil) for c in model.selection),
    )
    contract = {**contract, "warnings": [ATTACK]}
    contract["tables"] = [{**contract["tables"][0], "name": ATTACK, "file": ATTACK, "warnings": [ATTACK]}]
    html = _render(bad, contract=contract, scored={**scored, "model_version": ATTACK}, version=ATTACK)

    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 30


def test_braces_in_names_are_kept(model):
    name = Text("名{0}", "name {x}")
    html = _render(replace(model, personas=(replace(model.personas[0], name=name), *model.personas[1:])))

    assert "name {x}" in html


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_same_input_gives_the_same_bytes(model, contract, scored, language):
    pages = [_render(model, language, contract=contract, scored=scored) for _ in range(2)]

    assert pages[0] == pages[1]


def test_the_report_shows_who_is_who(model):
    html = _render(model, "zh-CN")

    for persona in model.personas:
        assert persona.persona_id in html
    for text in (
        "智能潮流派",
        "Smart trend-setters",
        "从扫地机与智能门锁的全屋联动说起。",
        "2025-01-10",
        "128,640",
    ):
        assert text in html
    assert "仅作描述，不参与聚类" in html


def test_parts_without_data_say_so(model):
    bare = replace(model, events=(), selection=(), metrics={}, clusterer_params={})
    html = _render(bare)

    assert "There is no earlier model to compare with." in html
    assert "The number of personas was given; no others were compared." in html
    assert "No contract check was given." in html
    assert "Scored users" not in html


def test_a_model_without_category_features_has_no_heat_map(model):
    personas = tuple(replace(p, traits=p.traits[:3]) for p in model.personas)

    assert "This model has no purchase features by category." in _render(replace(model, personas=personas))


def test_one_persona_makes_a_report_too(model):
    html = _render(replace(model, personas=model.personas[:1], selection=model.selection[:1]))

    assert "The data show no structure that separates users" in html


def test_a_score_by_another_version_is_pointed_out(model, scored):
    assert "Mind: another version" in _render(model, scored=scored)
    assert "Mind: another version" not in _render(model, scored=scored, version=scored["model_version"])


def test_eight_personas_with_eighty_features_stay_small(model):
    traits = tuple(
        replace(t, feature=name) for name in model.feature_set.names for t in model.personas[0].traits[:15]
    )
    personas = tuple(replace(model.personas[0], persona_id=f"P{i:02d}", traits=traits) for i in range(8))

    assert len(traits) == 240
    assert len(_render(replace(model, personas=personas)).encode()) < 1_500_000


def test_an_unknown_language_is_refused(model):
    with pytest.raises(ConfigError, match="report language is 'fr'"):
        _render(model, "fr")


def test_a_minimum_cell_below_one_is_refused(model):
    with pytest.raises(ConfigError, match="minimum_cell is 0"):
        _render(model, minimum_cell=0)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_judged_model_shows_its_verdict_its_table_and_its_rules(judged, language):
    html = _render(judged, language)
    _Balance().feed(html)

    for text in {
        "zh-CN": (
            "这些数据中有真实的人群结构。",
            "潜在类别模型",
            "没有足够准确的规则能圈出这个人群。",
            "未超过",
            "扫地机365天购买",
        ),
        "en": (
            "These tables carry personas.",
            "latent class model",
            "No rule is precise enough",
            "not above",
            " OR ",
        ),
    }[language]:
        assert text in html


def test_a_model_of_an_earlier_format_still_makes_a_report():
    golden = load_model(Path(__file__).parents[2] / "golden" / "model-format-1")

    for language in ("zh-CN", "en"):
        _Balance().feed(_render(golden, language))
