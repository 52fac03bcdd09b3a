"""The verbs of the group ``category``."""

# ruff: noqa: D301 - a backspace, not a backslash, tells click to keep the lines of a block.
from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from personas.schema import LANGUAGES, Language
from pipelines.options import AS_OF, CONFIG, JSON


@click.group()
def category() -> None:
    """Plan by category: what goes together, what grows, what comes next, for whom.

    \b
    Example:
      personas category scenes personas.yaml --as-of 2025-12-01
    """


_ANALYSES = {
    "attach": "Attach rates (连带率): who buys a category also buys which others, and how strongly they go together.",
    "scenes": "Scenes: categories that the same users buy; each user's affinity goes to the store.",
    "flow": "Flow: what the buyers of a category buy in the next period, and how that changed.",
    "sequence": "Sequence: what is bought next after a first purchase, how soon, and along which paths.",
    "growth": "Growth-share (Boston) matrix, why the revenue changed, and indicators by period.",
    "opportunity": "Opportunities: gaps to the market, preferences of segments, white space, next offers.",
    "ladder": "Ladders (4A, AIPL, ...): on which stage users stand, and how they moved.",
}
"""Verb -> what it does."""


@category.command("report")
@CONFIG
@click.option("--language", type=click.Choice(LANGUAGES), default=None, help="Default: that of CONFIG.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), default=None, help="HTML file to write."
)
@JSON
def category_report(config: Path, language: Language | None, output: Path | None, as_json: bool) -> None:
    """Write one offline HTML file about the last analyses; needs no model.

    \b
    Example:
      personas category report personas.yaml --language en
    """
    from pipelines.category_report import report_categories

    report_categories(config, language, output, as_json=as_json)


def _add(verb: str, what: str) -> None:
    """Give the group a verb that makes one analysis."""
    example = f"\b\nExample:\n  personas category {verb} personas.yaml --as-of 2025-12-01"

    @category.command(verb, help=f"{what}\n\n{example}")
    @CONFIG
    @AS_OF
    @JSON
    def analyse(config: Path, as_of: date, as_json: bool) -> None:
        from pipelines.category import analyse_categories

        analyse_categories(verb, config, as_of, as_json=as_json)


for _verb, _what in _ANALYSES.items():
    _add(_verb, _what)
