from __future__ import annotations

import re

import pytest

from personas.category.analysis import VERBS
from personas.errors import NotFoundError
from personas.report import render_category_report
from personas.report.words import STRATEGY_GLOSSARY, say


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_chapters_stand_by_themselves(made, language):
    html = render_category_report("shop", made.every(), language=language)

    assert [verb for verb in VERBS if f'<section id="{verb}">' not in html] == []
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(re.findall(r'id="([^"]+)"', html))
    assert all(say(f"glossary.{term}.term", language) in html for term in STRATEGY_GLOSSARY)
    assert html == render_category_report("shop", made.every(), language=language)
    assert "<script" not in html


def test_it_opens_with_what_stands_out_and_nothing_of_few_users(made):
    html = render_category_report("shop", [made.ladder()], language="en")
    opening = html[: html.index('<section id="ladder"')]

    assert 'href="#ladder"' in opening
    assert "<li>" in opening
    assert 'id="growth"' not in html


def test_nothing_to_show_is_told(made):
    empty = made.analysis("attach", {"matrix": made.attach().tables["matrix"].head(0)})

    with pytest.raises(NotFoundError, match="hold no table with rows"):
        render_category_report("shop", [empty], language="en")
