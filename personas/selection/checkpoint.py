"""Keep what was measured, so that an interrupted selection goes on where it stopped."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

Result = dict[str, NDArray[Any]]
"""What a piece of work returns: arrays by name."""


@dataclass(frozen=True)
class Work:
    """A piece of work that can be done anywhere, in any order.

    Parameters
    ----------
    key : str
        Name within the study, fit for a file name.
    run : callable() -> Result
        What is done; must be picklable.
    """

    key: str
    run: Callable[[], Result]


@dataclass(frozen=True)
class Checkpoint:
    """A folder of results of one study; without a folder nothing is kept.

    Parameters
    ----------
    folder : Path or None
        Where results are kept; made when the first one is.
    """

    folder: Path | None = None

    def load(self, key: str) -> Result | None:
        """Return the result kept under ``key``; None if there is none, or it was cut short."""
        if self.folder is None:
            return None
        try:
            # np.load leaves a file that it can't read open.
            with (self.folder / f"{key}.npz").open("rb") as file, np.load(file, allow_pickle=False) as kept:
                return {name: kept[name] for name in kept.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return None

    def save(self, key: str, result: Result) -> None:
        """Keep a result; a reader never sees half of it."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{key}.partial"
        with partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **result)
        partial.replace(self.folder / f"{key}.npz")


def run_all(works: Sequence[Work], checkpoint: Checkpoint, done: Callable[[], None]) -> list[Result]:
    """Do all pieces of work in parallel, but those that are kept already.

    Parameters
    ----------
    works : sequence of Work
        What is to be done.
    checkpoint : Checkpoint
        What was done, and where to keep what will be.
    done : callable()
        Called after each piece.

    Returns
    -------
    list of Result
        In the order of ``works``.
    """
    kept = {work.key: checkpoint.load(work.key) for work in works}
    missing = [work for work in works if kept[work.key] is None]
    for _ in range(len(works) - len(missing)):
        done()
    for work, found in zip(missing, _parallel(missing), strict=True):
        checkpoint.save(work.key, found)
        kept[work.key] = found
        done()
    return [result for work in works if (result := kept[work.key]) is not None]


def _parallel(works: Sequence[Work]) -> Iterator[Result]:
    if not works:
        return iter(())
    found: Iterator[Result] = Parallel(n_jobs=-1, return_as="generator")(
        delayed(_run)(work) for work in works
    )
    return found


def _run(work: Work) -> Result:
    return work.run()


def digest_of(*parts: Any) -> str:
    """Return a short hash of frames, arrays and anything with a faithful ``repr``.

    Examples
    --------
    >>> digest_of(pd.DataFrame({"a": [1.0]}), 7) == digest_of(pd.DataFrame({"a": [1.0]}), 8)
    False
    """
    whole = hashlib.sha256()
    for part in parts:
        if isinstance(part, pd.DataFrame):
            whole.update(repr(list(part.columns)).encode())
            whole.update(pd.util.hash_pandas_object(part).to_numpy().tobytes())
        elif isinstance(part, np.ndarray):
            whole.update(repr((part.shape, part.dtype)).encode())
            whole.update(np.ascontiguousarray(part).tobytes())
        else:
            whole.update(repr(part).encode())
    return whole.hexdigest()[:16]
