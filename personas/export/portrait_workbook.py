"""Workbooks of audience portraits (透视分析), in the shape that JD.com's audience tool (数坊) exports them.

The shape is known from a third-party program that parses such exports, a secondary source; JD.com publishes no
specification that was found. Per sheet: perhaps a first cell ``人群=<name>``, a header row with 标签名, 枚举值, 占比
and TGI, and one row per level, 标签名 only on the first row of its block. 占比 is a fraction, sometimes a text with %. The same
shape with English headings is written for readers of English; both are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import pandas as pd
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import IllegalCharacterError, InvalidFileException

from personas.errors import ConfigError, DataError, NotFoundError
from personas.export.spreadsheet import cells, save_workbook
from personas.schema import Language

HEADERS: Final[dict[Language, tuple[str, ...]]] = {
    "zh-CN": ("标签名", "枚举值", "占比", "TGI"),
    "en": ("Tag", "Level", "Share", "TGI"),
}
"""Columns of a portrait: tag, level, share, target group index."""

COLUMNS: Final = ("audience", "tag", "level", "share", "tgi")

_AUDIENCE: Final[dict[Language, str]] = {"zh-CN": "人群=", "en": "Audience="}
_HIDDEN: Final[dict[Language, str]] = {"zh-CN": "隐藏", "en": "hidden"}
_FILE_NAME: Final = re.compile(r"透视分析_(?P<name>.+)")
_EMPTY: Final = ("", "-", "--", "–", "—", *_HIDDEN.values())
_NO_TITLE: Final = re.compile(r"[\[\]:*?/\\']")
_LONGEST_TITLE: Final = 31  # of a sheet, as Excel has it


@dataclass(frozen=True, slots=True, eq=False)
class PortraitSheet:
    """One portrait.

    Parameters
    ----------
    title : str
        Of the sheet.
    audience : str
        Whose portrait it is.
    table : DataFrame
        ``tag`` and ``level`` (text), ``share`` (0 to 1), NaN = hidden, and ``tgi`` (100 = average), NaN = not
        known, or hidden where the share is. Rows of one tag stand together.
    """

    title: str
    audience: str
    table: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class PlainSheet:
    """Any other table, with its headings and a sentence under it.

    Parameters
    ----------
    title : str
        Of the sheet.
    table : DataFrame
        What it holds; its column names are the headings.
    note : str
        What is written under it.
    """

    title: str
    table: pd.DataFrame
    note: str


def write_portrait_workbook(
    sheets: Sequence[PortraitSheet | PlainSheet], path: Path, *, as_of: date, language: Language = "zh-CN"
) -> None:
    """Write portraits and other tables as one workbook.

    Parameters
    ----------
    sheets : sequence of PortraitSheet or PlainSheet
        At least one. Titles are cut to what Excel allows and numbered where two are the same.
    path : Path
        ``.xlsx`` file to write.
    as_of : date
        When the workbook says it was made; the same content gives the same bytes.
    language : {"zh-CN", "en"}
        Of the headings of portraits, and of the word that stands for a hidden figure.

    Raises
    ------
    ConfigError
        If there is no sheet.
    DataError
        If a text holds a control character, which Excel cannot store.

    Notes
    -----
    Text that looks like a formula is stored as text.

    References
    ----------
    See the head of this module.
    """
    if not sheets:
        raise ConfigError("There is no sheet to write; expected at least one portrait or table.")
    workbook = Workbook(write_only=True)
    titles = _titles([sheet.title for sheet in sheets])
    written: Any = None
    try:
        for title, sheet in zip(titles, sheets, strict=True):
            written = workbook.create_sheet(title)
            for row in _rows(sheet, written, language):
                written.append(cells(written, row))
    except IllegalCharacterError:
        # A write-only sheet that is dropped halfway complains later; close it now.
        written.close()
        raise DataError(
            f"A text of the sheet {titles[len(workbook.worksheets) - 1]!r} holds a control character, which Excel "
            "cannot store; clean the names in the source tables."
        ) from None
    save_workbook(workbook, path, as_of)


def read_portrait_workbook(path: Path) -> pd.DataFrame:
    """Read the portraits of a workbook.

    Parameters
    ----------
    path : Path
        An ``.xlsx`` file of JD.com's audience tool, or of :func:`write_portrait_workbook`.

    Returns
    -------
    DataFrame
        One row per level, in the order of the file: ``audience`` (text: what the first cell says, else the name of a
        file called ``透视分析_<name>.xlsx``, else the title of the sheet), ``tag`` and ``level`` (text), ``share`` (0 to
        1) and ``tgi`` (float64, NaN = empty or hidden). Sheets without the header are not portraits and are left out.

    Raises
    ------
    NotFoundError
        If there is no such file.
    DataError
        If it is no workbook, holds no portrait, or a cell can't be read; the message says which.
    """
    if not path.is_file():
        raise NotFoundError(f"{path} does not exist; expected a workbook (.xlsx).")
    try:
        workbook = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError, OSError) as error:
        raise DataError(
            f"{path.name} can't be opened ({type(error).__name__}); expected a workbook (.xlsx)."
        ) from None
    try:
        rows = [row for sheet in workbook.worksheets for row in _read_sheet(sheet, path)]
        n_portraits = sum(_header_of(list(sheet.values)) is not None for sheet in workbook.worksheets)
    finally:
        workbook.close()
    if not n_portraits:
        raise DataError(
            f"{path.name} has no sheet with the header {' or '.join(map(', '.join, HEADERS.values()))}; "
            "expected at least one."
        )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype(
        {"audience": "str", "tag": "str", "level": "str", "share": "float64", "tgi": "float64"}
    )


def _titles(wanted: Sequence[str]) -> list[str]:
    titles: list[str] = []
    for text in wanted:
        clean = _NO_TITLE.sub(" ", text).strip()[:_LONGEST_TITLE] or "sheet"
        title, number = clean, 2
        while title.lower() in (known.lower() for known in titles):
            title = f"{clean[: _LONGEST_TITLE - len(str(number)) - 1]} {number}"
            number += 1
        titles.append(title)
    return titles


def _rows(sheet: PortraitSheet | PlainSheet, written: Any, language: Language) -> Iterator[list[Any]]:
    return (
        _portrait_rows(sheet, written, language) if isinstance(sheet, PortraitSheet) else _plain_rows(sheet)
    )


def _portrait_rows(sheet: PortraitSheet, written: Any, language: Language) -> Iterator[list[Any]]:
    yield [f"{_AUDIENCE[language]}{sheet.audience}"]
    yield list(HEADERS[language])
    shown: Any
    index: Any
    last, has_index = None, bool(sheet.table["tgi"].notna().any())
    for tag, level, share, tgi in sheet.table[list(COLUMNS[1:])].itertuples(index=False, name=None):
        if pd.isna(share):
            shown, index = _HIDDEN[language], _HIDDEN[language] if has_index else None
        else:
            shown = WriteOnlyCell(written, value=round(float(share), 6))
            shown.number_format = "0.00%"
            index = None if pd.isna(tgi) else round(float(tgi), 1)
        yield [tag if tag != last else None, level, shown, index]
        last = tag


def _plain_rows(sheet: PlainSheet) -> Iterator[list[Any]]:
    yield [str(name) for name in sheet.table.columns]
    for row in sheet.table.itertuples(index=False, name=None):
        yield list(row)
    if sheet.note:
        yield []
        yield from ([line] for line in sheet.note.splitlines())


@dataclass(frozen=True, slots=True)
class _Header:
    """Where the header of a sheet is: its row, its headings in the order of ``HEADERS``, and their places."""

    row: int
    names: tuple[str, ...]
    places: dict[str, int]


def _header_of(rows: Sequence[Sequence[Any]]) -> _Header | None:
    for number, row in enumerate(rows):
        texts = [_text(value) for value in row]
        for names in HEADERS.values():
            if names[0] in texts and names[1] in texts:
                return _Header(number, names, {name: texts.index(name) for name in names if name in texts})
    return None


def _read_sheet(sheet: Any, path: Path) -> Iterator[tuple[str, str, str, float, float]]:
    rows = list(sheet.values)
    header = _header_of(rows)
    if header is None:
        return
    where, names, places = f"{path.name}, sheet {sheet.title}", header.names, header.places
    absent = [name for name in names if name not in places]
    if absent:
        raise DataError(f"{where}: the header lacks {', '.join(absent)}; expected {', '.join(names)}.")
    audience, tag = _audience_of(rows[: header.row], path, sheet.title), ""
    for place, row in enumerate(rows[header.row + 1 :], start=header.row + 2):
        values = [row[places[name]] if places[name] < len(row) else None for name in names]
        tag = _text(values[0]) or tag
        level = _text(values[1])
        if not level:
            continue
        if not tag:
            raise DataError(f"{where}, row {place}: a level without a {names[0]} above it; expected one.")
        share = _number(values[2], f"{where}, row {place}, {names[2]}", percent=True)
        if not (share != share or 0 <= share <= 1):  # noqa: PLR0124 - NaN is an empty cell
            raise DataError(
                f"{where}, row {place}: {names[2]} is {values[2]!r}; expected a fraction from 0 to 1, or a text with %."
            )
        yield audience, tag, level, share, _number(values[3], f"{where}, row {place}, {names[3]}")


def _audience_of(rows: Sequence[Sequence[Any]], path: Path, title: str) -> str:
    for row in rows:
        first = (_text(row[0]) if row else "").replace("＝", "=", 1)
        for sign in _AUDIENCE.values():
            if first.startswith(sign):
                return first[len(sign) :].strip()
    named = _FILE_NAME.fullmatch(path.stem)
    return named["name"] if named else title


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _number(value: Any, where: str, *, percent: bool = False) -> float:
    """Read a number, a text that is one, or a text with %."""
    text = _text(value).replace(",", "").replace("％", "%")
    if text in _EMPTY:
        return float("nan")
    part = 0.01 if percent and text.endswith("%") else 1.0
    try:
        number = float(text.removesuffix("%") if part < 1 else text) * part
    except ValueError:
        number = float("inf")
    if not isfinite(number):
        raise DataError(
            f"{where}: {value!r} is no number; expected one such as 0.25{' or 25%' if percent else ''}."
        )
    return number
