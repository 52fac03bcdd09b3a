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


@category.command("attach")
@CONFIG
@AS_OF
@JSON
def category_attach(config: Path, as_of: date, as_json: bool) -> None:
    """Attach rates (连带率): who buys a category also buys which others, and how strongly they go together.

    \b
    Example:
      personas category attach personas.yaml --as-of 2025-12-01
    """
    _analyse("attach", config, as_of, as_json)


@category.command("scenes")
@CONFIG
@AS_OF
@JSON
def category_scenes(config: Path, as_of: date, as_json: bool) -> None:
    """Scenes: categories that the same users buy; each user's affinity goes to the store.

    \b
    Example:
      personas category scenes personas.yaml --as-of 2025-12-01
    """
    _analyse("scenes", config, as_of, as_json)


@category.command("flow")
@CONFIG
@AS_OF
@JSON
def category_flow(config: Path, as_of: date, as_json: bool) -> None:
    """Flow: what the buyers of a category buy in the next period, and how that changed.

    \b
    Example:
      personas category flow personas.yaml --as-of 2025-12-01
    """
    _analyse("flow", config, as_of, as_json)


@category.command("sequence")
@CONFIG
@AS_OF
@JSON
def category_sequence(config: Path, as_of: date, as_json: bool) -> None:
    """Sequence: what is bought next after a first purchase, how soon, and along which paths.

    \b
    Example:
      personas category sequence personas.yaml --as-of 2025-12-01
    """
    _analyse("sequence", config, as_of, as_json)


@category.command("growth")
@CONFIG
@AS_OF
@JSON
def category_growth(config: Path, as_of: date, as_json: bool) -> None:
    """Growth-share (Boston) matrix, why the revenue changed, and indicators by period.

    \b
    Example:
      personas category growth personas.yaml --as-of 2025-12-01
    """
    _analyse("growth", config, as_of, as_json)


@category.command("opportunity")
@CONFIG
@AS_OF
@JSON
def category_opportunity(config: Path, as_of: date, as_json: bool) -> None:
    """Opportunities: gaps to the market, preferences of segments, white space, next offers.

    \b
    Example:
      personas category opportunity personas.yaml --as-of 2025-12-01
    """
    _analyse("opportunity", config, as_of, as_json)


@category.command("ladder")
@CONFIG
@AS_OF
@JSON
def category_ladder(config: Path, as_of: date, as_json: bool) -> None:
    """Ladders (4A, AIPL, ...): on which stage users stand, and how they moved.

    \b
    Example:
      personas category ladder personas.yaml --as-of 2025-12-01
    """
    _analyse("ladder", config, as_of, as_json)


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


def _analyse(verb: str, config: Path, as_of: date, as_json: bool) -> None:
    from pipelines.category import analyse_categories

    analyse_categories(verb, config, as_of, as_json=as_json)
