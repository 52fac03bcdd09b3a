"""The command line: one verb per job, errors in plain words, exit codes that programs can trust."""

# ruff: noqa: D301 - a backspace, not a backslash, tells click to keep the lines of a block.
from __future__ import annotations

import logging
import os
import sys
import traceback
import warnings
from datetime import date, datetime
from pathlib import Path

import click

from personas.errors import GateError, PersonasError
from pipelines.category_cli import category
from pipelines.console import shown
from pipelines.models_cli import models
from pipelines.options import AS_OF as _AS_OF
from pipelines.options import CONFIG as _CONFIG
from pipelines.options import JSON as _JSON
from pipelines.options import STORE as _STORE
from pipelines.options import Day as _Day
from pipelines.options import ModelReference as _ModelReference
from pipelines.store_cli import store

_FORCE = click.option(
    "--force",
    is_flag=True,
    help="Publish even if a gate says no: no structure, or a required persona is not found.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="personas")
def cli() -> None:
    """Raw customer tables in; named personas, scored users and audience files out.

    \b
    Example:
      personas init users.parquet orders.parquet     draft a config
      personas run personas.yaml --as-of 2025-12-01  train, score, report, export

    \b
    Exit codes:
      0    done
      1    a finding: a gate said no, so no new model took over; or monitor found drift
      2    the config, the data or a path is wrong; the message says how to mend it
      3    our fault
      130  stopped by Ctrl-C
    """


@cli.command()
@click.argument("tables", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("personas.yaml"),
    show_default=True,
    help="Config to write; an existing file is never overwritten.",
)
@click.option("--encoding", default="utf-8", show_default=True, help="Of text files, for example gb18030.")
@_JSON
def init(tables: tuple[Path, ...], output: Path, encoding: str, as_json: bool) -> None:
    """Draft a config by looking at USERS [EVENTS ...] tables; every guess is marked.

    \b
    Example:
      personas init users.parquet orders.parquet --output personas.yaml
    """
    from pipelines.init import draft_config

    draft_config(list(tables), output, encoding=encoding, as_json=as_json)


@cli.command()
@_CONFIG
@click.option("--as-of", type=_Day(), default=None, help="Day that ages are counted to; default today.")
@_JSON
def check(config: Path, as_of: date | None, as_json: bool) -> None:
    """Check the source tables against their contracts: what is valid, what is quarantined and why.

    \b
    Example:
      personas check personas.yaml
    """
    from pipelines.jobs import check_sources

    check_sources(config, as_of or datetime.now().astimezone().date(), as_json=as_json)


@cli.command()
@click.argument("name")
@click.option("--users", "n_users", type=click.IntRange(min=200), default=20_000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), default=None, help="Folder to write."
)
@_JSON
def demo(name: str, n_users: int, seed: int, output: Path | None, as_json: bool) -> None:
    """Write a demo world: tables, config and, apart from them, the truth.

    \b
    Example:
      personas demo home_appliances --users 20000 --output artifacts/home_appliances
    """
    from pipelines.demo import write_demo

    write_demo(name, n_users, seed, output or Path("artifacts") / name, as_json=as_json)


@cli.command()
@_CONFIG
@_AS_OF
@_FORCE
@_JSON
def train(config: Path, as_of: date, force: bool, as_json: bool) -> None:
    """Find, describe and name personas; store the model and print its version.

    \b
    Example:
      personas train personas.yaml --as-of 2025-12-01
    """
    from pipelines.jobs import train_model

    train_model(config, as_of, force=force, as_json=as_json)


@cli.command()
@_CONFIG
@_AS_OF
@click.option(
    "--model", type=_ModelReference(), default=None, help="Version to score with; default the champion."
)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), default=None, help="A second copy."
)
@_JSON
def score(config: Path, as_of: date, model: str | None, output: Path | None, as_json: bool) -> None:
    """Give every user a persona, a confidence and a runner-up.

    \b
    Example:
      personas score personas.yaml --as-of 2025-12-01 --output scored.parquet
    """
    from pipelines.jobs import score_users

    score_users(config, as_of, model, output, as_json=as_json)


@cli.command()
@click.argument("model", type=_ModelReference(), required=False)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), default=None, help="HTML file to write."
)
@click.option(
    "--workbook",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Also write portraits and category tables as a workbook (.xlsx).",
)
@click.option("--language", type=click.Choice(["zh-CN", "en"]), default=None, help="Default: the config's.")
@_STORE
@_JSON
def report(
    model: str | None,
    output: Path | None,
    workbook: Path | None,
    language: str | None,
    store: Path,
    as_json: bool,
) -> None:
    """Write one offline HTML file about MODEL (a use case, NAME/VERSION or a version).

    The last analyses of its categories are shown as well; see personas category.

    \b
    Example:
      personas report home_appliances --language zh-CN --output report.html
      personas report home_appliances --workbook portraits.xlsx
    """
    from pipelines.jobs import report_model

    report_model(store, model, output, language, workbook=workbook, as_json=as_json)


@cli.command()
@_CONFIG
@click.option("--destination", required=True, help="file, google_customer_match or tencent_ids.")
@click.option("--persona", default=None, help="Persona id or name; default every persona.")
@click.option("--scene", default=None, help="Id of a scene: only users whose main scene it is.")
@click.option(
    "--min-confidence", type=click.FloatRange(0, 1), default=None, help="Leave out less certain users."
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "parquet", "xlsx"]),
    default=None,
    help="Of the destination file; default csv.",
)
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), default=None, help="Folder to write."
)
@click.option("--dry-run", is_flag=True, help="Count and check, write nothing.")
@_JSON
def export(
    config: Path,
    destination: str,
    persona: str | None,
    scene: str | None,
    min_confidence: float | None,
    file_format: str | None,
    output: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write audience files of the users scored last, with consent, hashing, minimum size and a receipt.

    \b
    Example:
      personas export personas.yaml --destination google_customer_match --persona P02 --dry-run
    """
    from pipelines.export import ExportOrder
    from pipelines.jobs import export_personas

    order = ExportOrder(destination, persona, min_confidence, file_format, output, dry_run, scene)
    export_personas(config, order, as_json=as_json)


@cli.command()
@_CONFIG
@click.option(
    "--as-of",
    "dates",
    type=_Day(),
    multiple=True,
    required=True,
    help="First day that features do not see, YYYY-MM-DD; repeat it to catch up on several, in date order.",
)
@_FORCE
@_JSON
def run(config: Path, dates: tuple[date, ...], force: bool, as_json: bool) -> None:
    """Do the whole job: check, train, ask the gate, score, report, export to files.

    A killed run goes on where it stopped; what is done is not done again. With --json each day is one line.

    \b
    Example:
      personas run personas.yaml --as-of 2025-12-01
      personas run personas.yaml --as-of 2025-10-01 --as-of 2025-11-01 --as-of 2025-12-01
    """
    from pipelines.run import run_all

    run_all(config, dates, force=force, as_json=as_json)


@cli.command()
@_CONFIG
@_AS_OF
@click.option("--model", type=_ModelReference(), default=None, help="Version to watch; default the champion.")
@_JSON
def monitor(config: Path, as_of: date, model: str | None, as_json: bool) -> None:
    """Compare today's users with those the model was trained on: drift, and what to do about it.

    The exit code is 1 when something should be done. Nothing is trained, and exports are left as they are.

    \b
    Example:
      personas monitor personas.yaml --as-of 2026-01-01
    """
    from pipelines.monitor import monitor_users

    monitor_users(config, as_of, model, as_json=as_json)


cli.add_command(category)
cli.add_command(models)
cli.add_command(store)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    _quiet_libraries()
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: list[str] | None) -> int:  # noqa: PLR0911 - one door per kind of end
    try:
        cli.main(args=arguments, prog_name="personas", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("Stopped; nothing was half-written.", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except PersonasError as error:
        click.echo(f"{'Finding' if isinstance(error, GateError) else 'Error'}: {error}", err=True)
        return error.exit_code
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            # The reader of our output went away (`| head`): nothing is wrong, and nobody listens any more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        click.echo(f"Error: {_of_the_system(error)}", err=True)
        return 2
    except Exception as error:  # noqa: BLE001 - the last door: anything else is our fault
        click.echo(_frames(error), err=True)
        click.echo("This is our fault, not yours. Please report it with the lines above.", err=True)
        return 3
    return 0


def _of_the_system(error: OSError) -> str:
    """Say what the operating system refused: a full disk or a missing right is the user's to mend."""
    where = f"{shown(os.fsdecode(error.filename))}: " if isinstance(error.filename, (str, bytes)) else ""
    what = f"{where}{error.strerror or error}; expected to read and write here. Free space or check rights, then run again."
    return " ".join([what, *getattr(error, "__notes__", ())])


def _frames(error: BaseException) -> str:
    """Return where an error came from, without its message: libraries quote the value they stumbled over."""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    return (
        (f"{_frames(earlier)}\n\nThen:\n\n" if earlier else "")
        + f"{''.join(traceback.format_tb(error.__traceback__))}{kind} (its message may quote your data and is left out)"
    )


def _quiet_libraries() -> None:
    """Keep the chatter of third parties, which users can't act on, out of their terminal."""
    for library in ("duckdb", "hdbscan", "ibis", "numba", "umap"):
        warnings.filterwarnings("ignore", module=rf"{library}(\..*)?$")
    logging.getLogger("numba").setLevel(logging.ERROR)


if __name__ == "__main__":
    main()
