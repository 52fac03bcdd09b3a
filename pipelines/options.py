"""Arguments and options that several verbs share."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

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


AS_OF = click.option(
    "--as-of", type=Day(), required=True, help="First day that features do not see, YYYY-MM-DD."
)
