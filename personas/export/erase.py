"""Remove the rows of given users from tables and audiences that were written already."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from openpyxl import Workbook, load_workbook

from personas.errors import DataError
from personas.export.file import HEADERS
from personas.export.publish import RECEIPT_FILE
from personas.export.spreadsheet import FORMULA_STARTS, cells, save_workbook

USER_ID = "user_id"
_OLD = ".erased-"
_BATCH_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was removed from one table.

    Parameters
    ----------
    n_before, n_after : int
        Rows.
    found : frozenset of str
        Whose rows they were, as asked for.
    """

    n_before: int
    n_after: int
    found: frozenset[str] = field(default=frozenset(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ErasedAudience:
    """What was removed from one audience.

    Parameters
    ----------
    destination : str
        Where it was made for.
    n_before, n_after : int
        Users in its files.
    is_hashed : bool
        Whether it holds hashed identifiers of a platform in place of user ids, so that nobody can be found in it.
    found : frozenset of str
        Who was removed, as asked for.
    """

    destination: str
    n_before: int
    n_after: int
    is_hashed: bool = False
    found: frozenset[str] = field(default=frozenset(), repr=False, compare=False)


def drop_users(source: Path, target: Path, user_ids: frozenset[str]) -> Dropped | None:
    r"""Copy a table without the rows of given users.

    Parameters
    ----------
    source : Path
        Parquet, CSV or Excel, as this package writes them; left as it is.
    target : Path
        File to write.
    user_ids : frozenset of str
        Whose rows are left out; compared as texts, character by character.

    Returns
    -------
    Dropped or None
        None, and no file, if the table has no column of user ids.

    Raises
    ------
    DataError
        If a Parquet file is damaged.

    Examples
    --------
    >>> with TemporaryDirectory() as folder:
    ...     table = Path(folder) / "t.csv"
    ...     _ = table.write_text("user_id,persona_id\r\nu1,P01\r\nu2,P02\r\n")
    ...     drop_users(table, Path(folder) / "less.csv", frozenset({"u2"}))
    Dropped(n_before=2, n_after=1)
    """
    writer = _WRITERS.get(source.suffix)
    return None if writer is None else writer(source, target, user_ids)


def erase_from_audience(folder: Path, user_ids: frozenset[str]) -> ErasedAudience:
    """Remove users from the files of one audience; the receipt keeps count.

    The folder is built anew beside the old one and takes its place by a rename. What a killed call left
    is put right by :func:`restore_audiences`.

    Parameters
    ----------
    folder : Path
        Folder with a receipt, as :func:`personas.export.run.export_audience` writes it.
    user_ids : frozenset of str
        Who is removed.

    Returns
    -------
    ErasedAudience

    Raises
    ------
    DataError
        If the receipt or a file of it is damaged or absent.

    Notes
    -----
    The receipt's ``n_users`` goes down and its ``suppressed`` gets ``erased``, so its sum still holds. An audience
    may fall below its minimum size by that; it left the company long ago, or never.
    """
    receipt = _receipt(folder)
    if receipt["hash_algorithm"] != "none":
        n_users = int(receipt["n_users"])
        return ErasedAudience(receipt["destination"], n_users, n_users, is_hashed=bool(n_users))
    with TemporaryDirectory(prefix=f".partial-{os.getpid()}-", dir=folder.parent) as temporary:
        building = Path(temporary) / folder.name
        shutil.copytree(folder, building)
        n_before = n_after = 0
        found: frozenset[str] = frozenset()
        for name in receipt["files"]:
            (building / name).unlink(missing_ok=True)
            dropped = _of_receipt(folder / name, building / name, user_ids)
            n_before, n_after = n_before + dropped.n_before, n_after + dropped.n_after
            found |= dropped.found
        erased = ErasedAudience(receipt["destination"], n_before, n_after, found=found)
        if n_after < n_before:
            _write_receipt(building, receipt, n_before - n_after)
            old = folder.with_name(f"{_OLD}{folder.name}")
            folder.rename(old)
            building.rename(folder)
            shutil.rmtree(old)
    return erased


def restore_audiences(root: Path) -> None:
    """Put right what killed calls of :func:`erase_from_audience` left: the old audience, or the new one.

    Parameters
    ----------
    root : Path
        Folder to look in, at any depth; may be absent.
    """
    for old in sorted(root.rglob(f"{_OLD}*")):
        place = old.with_name(old.name.removeprefix(_OLD))
        if place.exists():
            shutil.rmtree(old)
        else:
            old.rename(place)


def _of_receipt(source: Path, target: Path, user_ids: frozenset[str]) -> Dropped:
    dropped = drop_users(source, target, user_ids) if source.is_file() else None
    if dropped is None:
        raise DataError(
            f"{source.parent.name}: the receipt names {source.name}, which is absent or has no user ids; expected the "
            "table that was exported. Restore it, or remove this audience's folder, and erase again."
        )
    return dropped


def _receipt(folder: Path) -> dict[str, Any]:
    try:
        receipt = json.loads((folder / RECEIPT_FILE).read_bytes())
        known = {"destination", "n_users", "hash_algorithm", "files", "suppressed"} <= receipt.keys()
    except (OSError, ValueError, AttributeError):
        known = False
    if not known:
        raise DataError(
            f"{folder.name}: the receipt is damaged; expected JSON as it was written. Restore it, or remove this "
            "audience's folder, and erase again."
        )
    return dict(receipt)


def _write_receipt(folder: Path, receipt: dict[str, Any], n_erased: int) -> None:
    suppressed = receipt["suppressed"]
    new = {
        **receipt,
        "n_users": receipt["n_users"] - n_erased,
        "n_identifiers": receipt["n_identifiers"] - n_erased,
        "suppressed": {**suppressed, "erased": suppressed.get("erased", 0) + n_erased},
        "files": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in receipt["files"]
        },
    }
    text = json.dumps(new, ensure_ascii=False, indent=2, sort_keys=True)
    (folder / RECEIPT_FILE).write_text(text + "\n", encoding="utf-8")


def _drop_from_parquet(source: Path, target: Path, user_ids: frozenset[str]) -> Dropped | None:
    n_before = n_after = 0
    found: set[str] = set()
    try:
        with pq.ParquetFile(source) as file:
            schema = file.schema_arrow
            if USER_ID not in schema.names:
                return None
            repeated = [f.name for f in schema if pa.types.is_dictionary(f.type)]
            unwanted = pa.array(sorted(user_ids), pa.string())
            with pq.ParquetWriter(target, schema, use_dictionary=repeated) as writer:
                for batch in file.iter_batches(_BATCH_ROWS):
                    ids = pc.cast(batch[USER_ID], pa.string())
                    is_gone = pc.is_in(ids, unwanted)
                    kept = batch.filter(pc.invert(is_gone))
                    found.update(ids.filter(is_gone).to_pylist())
                    writer.write_batch(_without_unused(kept))
                    n_before, n_after = n_before + batch.num_rows, n_after + kept.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # such as a full disk
        raise DataError(f"{source.name}: damaged; expected Parquet as it was written. Restore it.") from None
    return Dropped(n_before, n_after, frozenset(found))


def _without_unused(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Forget the dictionary of a column of ids, which would be written with the ids that went."""
    column = batch.schema.get_field_index(USER_ID)
    kind = batch.schema.field(column).type
    if not pa.types.is_dictionary(kind):
        return batch
    plain = batch.column(column).dictionary_decode().dictionary_encode().cast(kind)
    return batch.set_column(column, batch.schema.field(column), plain)


def _drop_from_csv(source: Path, target: Path, user_ids: frozenset[str]) -> Dropped | None:
    guarded = {f"'{user}": user for user in user_ids if user.startswith(FORMULA_STARTS)}
    with source.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if USER_ID not in header:
            return None
        with target.open("w", encoding="utf-8-sig", newline="") as out:
            write = csv.writer(out, lineterminator="\r\n").writerow
            dropped = _copy(rows, header, write, user_ids | guarded.keys())
    return replace(dropped, found=frozenset(guarded.get(user, user) for user in dropped.found))


def _drop_from_xlsx(source: Path, target: Path, user_ids: frozenset[str]) -> Dropped | None:
    book = load_workbook(source, read_only=True)
    try:
        read = book.worksheets[0]
        rows: Iterator[Any] = (list(map(_day, row)) for row in read.iter_rows(values_only=True))
        header: list[Any] = next(rows, [])
        names = {USER_ID, HEADERS[USER_ID].zh, HEADERS[USER_ID].en}
        if names.isdisjoint(header):
            return None
        workbook = Workbook(write_only=True)
        sheet = workbook.create_sheet(read.title)
        sheet.freeze_panes = "A2"

        renamed = [USER_ID if name in names else name for name in header]
        dropped = _copy(rows, renamed, lambda row: sheet.append(cells(sheet, row)), user_ids, shown=header)
        save_workbook(workbook, target, book.properties.created.date())
    finally:
        book.close()
    return dropped


def _copy(
    rows: Iterator[list[Any]],
    header: list[Any],
    write: Callable[[list[Any]], object],
    user_ids: frozenset[str],
    *,
    shown: list[Any] | None = None,
) -> Dropped:
    """Copy the header and the rows of everybody else."""
    column = header.index(USER_ID)
    write(shown or header)
    n_before = n_after = 0
    found = set()
    for row in rows:
        n_before += 1
        if row[column] in user_ids:
            found.add(row[column])
        else:
            n_after += 1
            write(row)
    return Dropped(n_before, n_after, frozenset(found))


def _day(value: Any) -> Any:
    """Return a day as a day: a spreadsheet knows times only."""
    is_day = isinstance(value, datetime) and value.time() == time.min
    return value.date() if is_day else value


_WRITERS: dict[str, Callable[[Path, Path, frozenset[str]], Dropped | None]] = {
    ".parquet": _drop_from_parquet,
    ".csv": _drop_from_csv,
    ".xlsx": _drop_from_xlsx,
}

__all__ = ["Dropped", "ErasedAudience", "drop_users", "erase_from_audience", "restore_audiences"]
