"""The store verbs of the command line: remove old versions, forget users."""

# ruff: noqa: D301 - a backspace, not a backslash, tells click to keep the lines of a block.
from __future__ import annotations

from pathlib import Path

import click

from pipelines.options import JSON, STORE


@click.group()
def store() -> None:
    """Keep the folder of models and outputs: remove old versions, forget users.

    \b
    Example:
      personas store prune --keep 12
    """


@store.command("prune")
@click.option(
    "--keep", type=click.IntRange(min=1), required=True, help="Versions to keep of each kind and use case."
)
@click.option("--dry-run", is_flag=True, help="Print what would go, remove nothing.")
@STORE
@JSON
def store_prune(keep: int, dry_run: bool, store: Path, as_json: bool) -> None:
    """Remove old versions; the champion and what recent runs refer to stay.

    \b
    Example:
      personas store prune --keep 12 --store artifacts
    """
    from pipelines.prune import prune_store

    prune_store(store, keep, dry_run=dry_run, as_json=as_json)


@store.command("erase")
@click.option(
    "--ids",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="UTF-8 text with one user id per line.",
)
@STORE
@JSON
def store_erase(ids: Path, store: Path, as_json: bool) -> None:
    """Remove users from every stored assignment, audience and table of users; a proof without ids stays.

    \b
    Example:
      personas store erase --ids requests.txt --store artifacts
    """
    from pipelines.erase import erase_users

    erase_users(store, ids, as_json=as_json)
