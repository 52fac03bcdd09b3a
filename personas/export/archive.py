"""Zip archives with the same bytes for the same content."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO


def write_zip(target: Path | IO[bytes], contents: Mapping[str, bytes], *, compress: bool = False) -> None:
    """Write a zip whose bytes depend on nothing but names and contents.

    Parameters
    ----------
    target : Path or open file
        Archive to write.
    contents : mapping of str to bytes
        Entry name -> content, in the order of the archive.
    compress : bool
        Whether to compress. Hashes hardly shrink, and compressed bytes differ between builds of zlib.
    """
    compression = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in contents.items():
            archive.writestr(_entry(name, compression), content)


def freeze_zip(source: Path | IO[bytes], target: Path) -> None:
    """Copy a zip without the times that its entries carry.

    Parameters
    ----------
    source : Path or open file
        Archive to read.
    target : Path
        Archive to write, compressed.
    """
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            entry = _entry(name, zipfile.ZIP_DEFLATED)
            with old.open(name) as reader, new.open(entry, "w", force_zip64=True) as writer:
                shutil.copyfileobj(reader, writer)


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    """Return the header of an entry that looks the same on every machine and every day."""
    entry = zipfile.ZipInfo(name)  # dated 1980-01-01, the earliest that the format knows
    entry.compress_type = compression
    entry.create_system = 3  # Unix, whatever the machine
    entry.external_attr = 0o644 << 16
    return entry
