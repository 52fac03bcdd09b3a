"""The models verbs of the command line: list, show, name, promote, roll back, compare."""

# ruff: noqa: D301 - a backspace, not a backslash, tells click to keep the lines of a block.
from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from pipelines.options import JSON, STORE, Day, ModelReference, NotBlank


@click.group()
def models() -> None:
    """List, show, name, compare and promote models.

    \b
    Example:
      personas models list
    """


@models.command("list")
@STORE
@JSON
def models_list(store: Path, as_json: bool) -> None:
    """List every stored model; the champion is marked.

    \b
    Example:
      personas models list --store artifacts
    """
    from pipelines.jobs import list_models

    list_models(store, as_json=as_json)


@models.command("show")
@click.argument("model", type=ModelReference(), required=False)
@STORE
@JSON
def models_show(model: str | None, store: Path, as_json: bool) -> None:
    """Show the personas of MODEL (a use case, NAME/VERSION, a version or an as-of date).

    \b
    Example:
      personas models show home_appliances
    """
    from pipelines.jobs import show_model

    show_model(store, model, as_json=as_json)


@models.command("name")
@click.argument("persona", type=NotBlank())
@click.argument("name", type=NotBlank())
@click.option("--en", type=NotBlank(), default=None, help="English name; default the same as NAME.")
@click.option("--model", type=ModelReference(), default=None, help="Use case; default the only one.")
@STORE
@JSON
def models_name(
    persona: str, name: str, en: str | None, model: str | None, store: Path, as_json: bool
) -> None:
    """Give PERSONA the name NAME; it is remembered for later models.

    \b
    Example:
      personas models name P03 "咖啡爱好者" --en "Coffee lovers"
    """
    from pipelines.jobs import name_persona

    name_persona(store, model, persona, (name, en or name), as_json=as_json)


@models.command("promote")
@click.argument("model", type=ModelReference())
@click.option("--force", is_flag=True, help="Overrule the gate; needs --reason.")
@click.option("--reason", default=None, help="Why; it is recorded.")
@STORE
@JSON
def models_promote(model: str, force: bool, reason: str | None, store: Path, as_json: bool) -> None:
    """Make MODEL (NAME/VERSION or a version) the champion that scores users, if its gate passed.

    For VERSION, its start or the model's as-of date (2025-12-01 or 20251201) will do, if it means one model.

    \b
    Example:
      personas models promote home_appliances/20251201T020000Z-1a2b3c4d
      personas models promote home_appliances/20251201T020000Z-1a2b3c4d --force --reason "new catalogue"
    """
    from pipelines.champion import promote_model

    promote_model(store, model, force=force, reason=reason, as_json=as_json)


@models.command("rollback")
@click.argument("name", type=NotBlank(), required=False)
@click.option("--reason", default=None, help="Why; it is recorded.")
@STORE
@JSON
def models_rollback(name: str | None, reason: str | None, store: Path, as_json: bool) -> None:
    """Withdraw the champion of NAME; the one before it scores again.

    \b
    Example:
      personas models rollback home_appliances --reason "campaign 7 needs the old personas"
    """
    from pipelines.champion import rollback_model

    rollback_model(store, name, reason=reason, as_json=as_json)


@models.command("compare")
@click.argument("earlier", type=ModelReference())
@click.argument("later", type=ModelReference())
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Score both models on the data of this config; needs --as-of.",
)
@click.option("--as-of", type=Day(), default=None, help="Day of the data, YYYY-MM-DD.")
@STORE
@JSON
def models_compare(
    earlier: str, later: str, config: Path | None, as_of: date | None, store: Path, as_json: bool
) -> None:
    """Say what became of the personas of EARLIER in LATER: kept, split, merged, new, retired; and who moved.

    Each is NAME/VERSION or a version; for VERSION, its start or the model's as-of date (2025-12-01 or 20251201)
    will do, if it means one model.

    \b
    Example:
      personas models compare 20251101T020000Z-1a2b3c4d 20251201T020000Z-5e6f7a8b
      personas models compare home_appliances/2025-11-01 home_appliances/2025-12-01
    """
    from pipelines.compare import compare_models

    compare_models(store, (earlier, later), config, as_of, as_json=as_json)
