"""Colours of the page can be read, in the light and in the dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import personas.report

CSS = (Path(personas.report.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    for block in re.findall(r":root \{\n(.*?)\}", CSS, re.DOTALL)[:2]
)

TEXT_ON = [
    *[(ink, page) for ink in ("ink", "muted", "accent") for page in ("paper", "card")],
    *[("ink", "tint"), ("alert", "alert-tint"), ("alert", "card"), ("paper", "accent"), ("ink", "track")],
    *[("far", "h-3"), ("far", "h3"), *(("near", f"h{shade}") for shade in (-2, -1, 1, 2))],
    *[("over", "card"), ("under", "card")],
]


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(first: str, second: str) -> float:
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_has_the_contrast_that_wcag_asks_for(theme, text, ground):
    assert _contrast(theme[text], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("colour", range(9))
def test_persona_colours_stand_out_from_the_card(theme, colour):
    assert _contrast(theme[f"c{colour}"], theme["card"]) >= 1.8
