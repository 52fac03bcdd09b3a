"""Tables as CSV inside the page: a link that holds the file, a large one zipped; no script and no network."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from personas.category.small_cells import HIDDEN
from personas.export.archive import write_zip
from personas.export.spreadsheet import guard_formulas
from personas.report.analysis_tables import AnalysisTables
from personas.report.figures import Figures
from personas.report.plain_table import heading, written_ids
from personas.report.words import say, say_or

if TYPE_CHECKING:
    import pandas as pd

LARGEST_BYTES: Final = 1_400_000
"""Largest file in a link. Chromium gives up on addresses of more than 2 MiB (``url::kMaxURLChars``), and base64
makes a file a third larger."""

LARGEST_PLAIN_BYTES: Final = 50_000
"""A larger file is zipped, so that a report with many tables can be sent by mail; smaller ones open at once (own
choice)."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file in a link.

    Parameters
    ----------
    title : str
        What it holds.
    file_name : str
        Under which it is saved.
    href : str
        ``data:text/csv;base64,...``, or ``data:application/zip;base64,...`` of a large file.
    note : str
        Kind of the file, number of rows, and whether some had to be left out.
    """

    title: str
    file_name: str
    href: str
    note: str


def make_downloads(tables: AnalysisTables) -> tuple[Download, ...]:
    """Return one link per table of an analysis that has rows; small cells are left empty in it."""
    links = []
    for key in tables.analysis.tables:
        table = tables.table(key)
        if table is not None:
            links.append(_download(key, table.drop(columns=HIDDEN), tables))
    return tuple(links)


def _download(key: str, table: pd.DataFrame, tables: AnalysisTables) -> Download:
    verb, as_of = tables.analysis.verb, tables.analysis.as_of
    title = say_or(f"result.{key}", key, tables.figures.language)
    return link(_written(table, tables), title, f"{verb}-{key}-{as_of.isoformat()}.csv", tables.figures)


def link(written: pd.DataFrame, title: str, file_name: str, figures: Figures) -> Download:
    """Put a table that is written out for people into a link.

    Parameters
    ----------
    written : DataFrame
        With headings in words, and nothing in it that must not be shown.
    title : str
        What it holds.
    file_name : str
        Under which it is saved.
    figures : Figures
        Writes the number of rows.

    Returns
    -------
    Download
        Of the first rows only where all of them are too large for a link.
    """
    content, n_rows = _csv_bytes(written), len(written)
    is_large = len(content) > LARGEST_PLAIN_BYTES
    if is_large:
        content = _zipped(content, file_name)
    while len(content) > LARGEST_BYTES:
        n_rows = int(n_rows * 0.95 * LARGEST_BYTES / len(content))
        content = _zipped(_csv_bytes(written.head(n_rows)), file_name)
    rows = say("download.rows" if n_rows == len(written) else "download.first_rows", figures.language)
    kind = say("download.zipped", figures.language) if is_large else say("download.plain", figures.language)
    return Download(
        title=title,
        file_name=f"{file_name}.zip" if is_large else file_name,
        href=f"data:{'application/zip' if is_large else 'text/csv'};base64,{base64.b64encode(content).decode('ascii')}",
        note=f"{kind} · {rows.format(n=figures.count(n_rows), all=figures.count(len(written)))}",
    )


def _zipped(content: bytes, file_name: str) -> bytes:
    archive = io.BytesIO()
    write_zip(archive, {file_name: content}, compress=True)
    return archive.getvalue()


def to_csv(table: pd.DataFrame, tables: AnalysisTables) -> bytes:
    """Return a table as CSV that a spreadsheet opens: names for ids, headings in words, numbers as they are.

    Parameters
    ----------
    table : DataFrame
        A result table.
    tables : AnalysisTables
        Knows the names.

    Returns
    -------
    bytes
        UTF-8 with a byte order mark, without which Excel garbles Chinese. Texts that a spreadsheet would run
        as a formula have an apostrophe in front.
    """
    return _csv_bytes(_written(table, tables))


def _written(table: pd.DataFrame, tables: AnalysisTables) -> pd.DataFrame:
    written = written_ids(table, tables)
    written.columns = [heading(str(name), tables.figures.language) for name in table.columns]
    return written


def _csv_bytes(written: pd.DataFrame) -> bytes:
    guarded, _ = guard_formulas(written)
    text = guarded.to_csv(index=False, lineterminator="\r\n", float_format="%.10g")
    return text.encode("utf-8-sig")
