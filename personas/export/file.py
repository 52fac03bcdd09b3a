"""Inside use: the users of a persona, with codes and names, for CRM and analysis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.utils.exceptions import IllegalCharacterError

from personas.errors import ConfigError, DataError
from personas.export.base import Audience, Written
from personas.export.policy import SMALLEST_AUDIENCE
from personas.export.spreadsheet import cells, guard_formulas, save_workbook
from personas.schema import Text
from personas.scoring.base import ASSIGNMENT_SCHEMA

Format = Literal["csv", "parquet", "xlsx"]

EXCEL_ROWS = 1_048_576
"""Rows of an Excel sheet, header included (Microsoft, "Excel specifications and limits")."""

HEADERS: dict[str, Text] = {
    "user_id": Text("用户编号", "User id"),
    "persona_id": Text("画像编号", "Persona id"),
    "persona_name": Text("画像名称", "Persona"),
    "confidence": Text("置信度", "Confidence"),
    "runner_up_id": Text("次选画像编号", "Runner-up id"),
    "runner_up_confidence": Text("次选置信度", "Runner-up confidence"),
    "status": Text("状态", "Status"),
    "model_version": Text("模型版本", "Model version"),
    "as_of": Text("截止日期", "As of"),
}
"""Headers of the Excel sheet, which people read; CSV and Parquet carry the column names."""

_GUARDED = (
    "{} values start like a formula and got an apostrophe in front; where ids must stay exact, "
    "write parquet or xlsx."
)


@dataclass(frozen=True, slots=True)
class File:
    """Writes the assignments of an audience to one file; no identifier leaves the identifiers table.

    Parameters
    ----------
    format : {"csv", "parquet", "xlsx"}
        CSV is UTF-8 with a byte order mark, without which Excel garbles Chinese names.

    Raises
    ------
    ConfigError
        If the format is another one.

    Notes
    -----
    A spreadsheet runs text that starts with ``=``, ``+``, ``-`` or ``@`` as a formula. In CSV such values
    get an apostrophe in front; in Excel they are stored as text and Parquet keeps them as they are.

    References
    ----------
    OWASP, "CSV Injection", owasp.org/www-community/attacks/CSV_Injection.
    """

    format: Format = "csv"

    def __post_init__(self) -> None:
        if self.format not in _WRITERS:
            raise ConfigError(
                f"The file format is {self.format!r}; expected one of {', '.join(sorted(_WRITERS))}."
            )

    @property
    def name(self) -> str:
        """Registered name."""
        return "file"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """No identifiers: the user_id stays inside."""
        return ()

    @property
    def minimum_size(self) -> int:
        """Fewer users than this are refused; our own figure."""
        return SMALLEST_AUDIENCE

    def write(self, audience: Audience, folder: Path | None) -> Written:
        """Write ``<code>.csv``, ``.parquet`` or ``.xlsx``.

        Parameters
        ----------
        audience : Audience
            Who is written.
        folder : Path or None
            An existing, empty folder; None = count, but write nothing.

        Returns
        -------
        Written
            What was (or would be) written.

        Raises
        ------
        DataError
            If an Excel sheet cannot hold the audience.
        """
        rows = audience.members[ASSIGNMENT_SCHEMA.names]
        n_users = len(rows)
        warnings: tuple[str, ...] = ()
        if self.format == "xlsx":
            _check_fits_excel(n_users)
        elif self.format == "csv":
            rows, n_guarded = guard_formulas(rows)
            if n_guarded:
                warnings = (_GUARDED.format(n_guarded),)
        paths: tuple[Path, ...] = ()
        if folder is not None:
            path = folder / f"{audience.code}.{self.format}"
            _WRITERS[self.format](rows, path, audience)
            paths = (path,)
        return Written(
            n_users=n_users,
            n_identifiers=n_users,
            identifiers=("user_id",),
            rejected={},
            paths=paths,
            hash_algorithm="none",
            warnings=warnings,
        )


def _check_fits_excel(n_users: int) -> None:
    """Raise when an Excel sheet is too short for the users and a header."""
    if n_users >= EXCEL_ROWS:
        raise DataError(
            f"The audience has {n_users:,} users, but an Excel sheet holds {EXCEL_ROWS - 1:,} under its header; "
            "write csv or parquet, or raise min_confidence."
        )


def _write_csv(rows: pd.DataFrame, path: Path, audience: Audience) -> None:
    """Write CSV that Excel and parsers both read."""
    del audience  # machines read the column names
    # RFC 4180 line ends: the writer quotes the characters of its line end, and an unquoted carriage return
    # inside a value would start a new row.
    rows.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def _write_parquet(rows: pd.DataFrame, path: Path, audience: Audience) -> None:
    """Write Parquet with the schema of the assignments."""
    del audience  # machines read the column names
    pq.write_table(pa.Table.from_pandas(rows, schema=ASSIGNMENT_SCHEMA, preserve_index=False), path)


def _write_xlsx(rows: pd.DataFrame, path: Path, audience: Audience) -> None:
    """Write one sheet with a frozen header row in the reader's language."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("audience")
    sheet.freeze_panes = "A2"

    try:
        sheet.append([HEADERS[column].of(audience.language) for column in rows.columns])
        for values in rows.itertuples(index=False, name=None):
            sheet.append(cells(sheet, values))
    except IllegalCharacterError:
        # A write-only sheet that is dropped halfway complains later; close it now.
        sheet.close()
        raise DataError(
            "A text of the audience holds a control character, which Excel cannot store; "
            "clean the user ids or write csv or parquet."
        ) from None
    save_workbook(workbook, path, audience.as_of)


_WRITERS: dict[str, Callable[[pd.DataFrame, Path, Audience], None]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "xlsx": _write_xlsx,
}
