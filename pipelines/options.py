"""Arguments and options that several verbs share."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

STORE = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("artifacts"),
    show_default=True,
    help="Folder of models and outputs.",
)
CONFIG = click.argument("config", type=click.Path(path_type=Path, dir_okay=False))
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")


class Day(click.ParamType[date]):
    """A day as YYYY-MM-DD."""

    name = "DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read a day, or say what was expected."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            self.fail(f"{value!r} is not a day; expected YYYY-MM-DD, for example 2025-12-01.", param, ctx)


class NotBlank(click.ParamType[str]):
    """A text that says something: an empty one is mostly a variable of a script that was not set."""

    name = "TEXT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text without blanks at its ends, or say what was expected."""
        text = str(value).strip()
        if not text:
            self.fail(
                "it is empty; expected a text. Give one, or leave it out where it is optional.", param, ctx
            )
        return text


class ModelReference(NotBlank):
    """What names a model; never a name that lost its version, which would mean another model."""

    name = "MODEL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the reference, or say what was expected."""
        text = super().convert(value, param, ctx)
        if text.endswith("/"):
            self.fail(
                f"{text!r} lacks a version after the slash; expected a use case, NAME/VERSION or a version.",
                param,
                ctx,
            )
        return text


AS_OF = click.option(
    "--as-of", type=Day(), required=True, help="First day that features do not see, YYYY-MM-DD."
)
