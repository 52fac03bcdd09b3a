from __future__ import annotations

from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from personas.category.analysis import VERBS, analysis_to_files, read_analysis
from personas.report import Dossier, render_report
from personas.report.category_chapters import make_chapters
from personas.report.figures import Figures
from personas.schema import Text


class _Page(HTMLParser):
    """Collects ids, anchors, links, and what is missing for people who hear the page."""

    def __init__(self):
        super().__init__()
        self.ids, self.anchors, self.files, self.unnamed, self.open = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        href = found.get("href", "")
        self.anchors += [href[1:]] if href.startswith("#") else []
        self.files += [href] if href.startswith("data:text/csv") else []
        if tag == "svg" and not found.get("aria-label") and found.get("aria-hidden") != "true":
            self.unnamed.append(found)
        if tag not in {"meta", "link", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def _render(model, analyses, language="en"):
    return render_report(Dossier(model, "v1", analyses=tuple(analyses)), language=language)


@pytest.fixture(scope="module", params=["zh-CN", "en"])
def pages(request, made):
    import runpy
    from pathlib import Path

    model = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["make_model"]()
    return request.param, _render(model, made.every(), request.param)


def test_every_analysis_has_a_section_with_its_definitions(pages, made):
    language, html = pages

    assert [verb for verb in VERBS if f'<section id="{verb}">' not in html] == []
    for analysis in made.every():
        for key in ("matrix", "cells", "scenes", "next_category", "growth_share", "gaps", "stages"):
            if key in analysis.tables:
                assert analysis.definitions[key].of(language) in html


def test_the_page_is_well_formed_named_and_every_anchor_leads_somewhere(pages):
    page = _Page()
    page.feed(pages[1])

    assert page.unnamed == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.anchors) <= set(page.ids)


def test_every_table_can_be_downloaded(pages, made):
    page = _Page()
    page.feed(pages[1])

    assert len(page.files) == sum(len(analysis.tables) for analysis in made.every())
    assert "<script" not in pages[1]


def test_the_sections_stand_in_the_navigation_after_the_personas(pages):
    html = pages[1]
    places = [html.index(f'<a href="#{name}">') for name in ("categories", "growth", "ladder", "quality")]

    assert places == sorted(places)


def test_a_report_without_analyses_has_no_such_section(model):
    html = _render(model, ())

    assert [verb for verb in VERBS if f'id="{verb}"' in html] == []


def test_of_two_analyses_of_one_verb_the_last_one_counts(made):
    older = replace(made.attach(), as_of=date(2025, 1, 1))
    (chapter,) = make_chapters([older, made.attach()], Figures("en"), {}, 20)

    assert chapter.as_of == "2026-01-01"


def test_an_analysis_that_found_nothing_gets_no_section(made):
    empty = made.analysis("attach", {"matrix": made.attach().tables["matrix"].head(0)})

    assert make_chapters([empty], Figures("en"), {}, 20) == ()


def test_what_was_stored_makes_the_same_page(made, model, tmp_path):
    kept = []
    for analysis in made.every():
        folder = tmp_path / analysis.verb
        folder.mkdir()
        for name, content in analysis_to_files(analysis).items():
            (folder / name).write_bytes(content)
        kept.append(read_analysis(folder))

    assert _render(model, kept) == _render(model, made.every())


def test_names_of_categories_are_escaped(made, model):
    attack = "<script>alert(1)</script>"
    labels = {"门锁": Text(attack, attack), "P01": Text(attack, attack)}
    html = _render(model, [replace(a, labels={**a.labels, **labels}) for a in made.every()])

    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 10
