"""What a spreadsheet needs: text that stays text, and the same bytes for the same content."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.writer.excel import ExcelWriter

from personas.export.archive import freeze_zip

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guard_formulas(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Put an apostrophe in front of texts that a spreadsheet would run when it opens a CSV file.

    Parameters
    ----------
    rows : DataFrame
        What is written as CSV.

    Returns
    -------
    DataFrame
        The same with guarded texts.
    int
        How many were guarded.

    References
    ----------
    OWASP, "CSV Injection", owasp.org/www-community/attacks/CSV_Injection.

    Examples
    --------
    >>> guarded, n = guard_formulas(pd.DataFrame({"name": ["=1+1", "门锁"]}))
    >>> guarded["name"].tolist(), n
    (["'=1+1", '门锁'], 1)
    """
    columns, n_guarded = [], 0
    for place in range(rows.shape[1]):  # by place: headings in words may be the same twice
        column = rows.iloc[:, place]
        if pd.api.types.is_string_dtype(column) or column.dtype == object:
            texts = column.astype(object)
            is_formula = texts.map(lambda text: isinstance(text, str) and text.startswith(FORMULA_STARTS))
            column = texts.mask(is_formula, "'" + texts.astype(str))
            n_guarded += int(is_formula.sum())
        columns.append(column)
    guarded = pd.concat(columns, axis=1) if columns else rows.copy()
    return guarded, n_guarded


def cells(sheet: Any, values: Iterable[Any]) -> Iterator[Any]:
    """Yield the cells of a row; text that looks like a formula or an error stays text.

    Parameters
    ----------
    sheet : openpyxl write-only worksheet
        Where the row goes.
    values : iterable
        Missing ones become empty cells.

    Yields
    ------
    object
        What ``sheet.append`` takes.
    """
    for value in values:
        if isinstance(value, str) and value.startswith(("=", "#")):
            cell = WriteOnlyCell(sheet, value=value)
            cell.data_type = "s"  # text, where openpyxl would make a formula or an error
            yield cell
        else:
            yield None if value is None or pd.isna(value) else value


def save_workbook(workbook: Workbook, path: Path, as_of: date) -> None:
    """Write a workbook whose bytes depend on nothing but its content and a day.

    Parameters
    ----------
    workbook : openpyxl Workbook
        What is written.
    path : Path
        File to write.
    as_of : date
        When the workbook says it was made.
    """
    workbook.properties.created = workbook.properties.modified = datetime.combine(as_of, time.min)
    with (
        tempfile.TemporaryFile() as dated
    ):  # without a name: nothing is left behind, however the process ends
        # Not Workbook.save, which stamps the workbook with the present time.
        with zipfile.ZipFile(dated, "w", zipfile.ZIP_STORED) as archive:
            ExcelWriter(workbook, archive).save()
        freeze_zip(dated, path)
