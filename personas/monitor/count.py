"""Count scored users in the bins of a model's sketch: one pass over two files, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from personas.errors import DataError
from personas.model.answers import STATUSES
from personas.model.sketch import (
    CONFIDENCE_STEPS,
    Bins,
    FeatureSketch,
    Sketch,
    count_cells,
    count_confidence,
)
from personas.scoring.columns import level_codes_of, numbers_of

_BATCH_ROWS = 131_072
_READ_BUFFER_BYTES = 1 << 20
_ANSWERS = ["user_id", "persona_id", "confidence", "status"]


def count_users(
    reference: Sketch,
    features: Path,
    assignments: Path,
    *,
    as_of: date,
    progress: Callable[[int], None] | None = None,
) -> Sketch:
    """Sketch the users of a scoring in the bins of the model that scored them.

    Parameters
    ----------
    reference : Sketch
        Of the model.
    features : Path
        Parquet file that was scored; features that it lacks are left out.
    assignments : Path
        Parquet file of the answers, with the same users in the same order.
    as_of : date
        First day that the features did not see.
    progress : callable, optional
        Called with the number of users done after each batch.

    Returns
    -------
    Sketch
        Levels that the model does not know, and missing values, have cells of their own.

    Raises
    ------
    DataError
        If there is no user, the two files are not about the same users in the same order, or a persona is
        none of the model's.
    """
    known = set(pq.read_schema(features).names)
    counted = [f for f in reference.features if f.bins.feature in known]
    with (
        # A small buffer per column: pre-buffering keeps whole row groups, and one may hold all users.
        pq.ParquetFile(
            features,
            read_dictionary=[f.bins.feature for f in counted if f.bins.levels],
            pre_buffer=False,
            buffer_size=_READ_BUFFER_BYTES,
        ) as file,
        pq.ParquetFile(assignments, pre_buffer=False, buffer_size=_READ_BUFFER_BYTES) as answers,
    ):
        tally = _Tally(reference, counted)
        rows = _Rows(answers.iter_batches(batch_size=_BATCH_ROWS, columns=_ANSWERS))
        for batch in _one_ahead(file.iter_batches(batch_size=_BATCH_ROWS, columns=["user_id", *tally.names])):
            tally.add(batch, rows.take(batch.num_rows))
            if progress:
                progress(tally.n_users)
        rows.check_end()
    if not tally.n_users:
        raise DataError(f"{features.name}: there are no users to count; expected at least one row.")
    return tally.sketch(as_of)


class _Tally:
    """Adds up counts over batches."""

    def __init__(self, reference: Sketch, features: Sequence[FeatureSketch]) -> None:
        self.reference = reference
        self.features = features
        self.names = [f.bins.feature for f in features]
        n = len(reference.persona_ids)
        self.ids = pa.array(reference.persona_ids, pa.string())
        self.counts = [np.zeros((n, f.bins.n_bins + 2), dtype=np.int64) for f in features]
        self.by_persona = np.zeros(n, dtype=np.int64)
        self.by_confidence = np.zeros(CONFIDENCE_STEPS, dtype=np.int64)
        self.by_status = np.zeros(len(STATUSES), dtype=np.int64)

    @property
    def n_users(self) -> int:
        return int(self.by_persona.sum())

    def add(self, batch: pa.RecordBatch, answers: pa.Table) -> None:
        if not _texts(batch["user_id"]).equals(_texts(answers["user_id"])):
            raise _other_users()
        label = _places(answers["persona_id"], self.ids)
        self.by_persona += np.bincount(label, minlength=len(self.ids))
        self.by_confidence += count_confidence(answers["confidence"].to_numpy())
        status = _places(answers["status"], pa.array(STATUSES, pa.string()))
        self.by_status += np.bincount(status, minlength=len(STATUSES))
        for feature, total in zip(self.features, self.counts, strict=True):
            cells = _cells(batch.column(feature.bins.feature), feature.bins)
            np.add(total, count_cells(cells, label, total.shape), out=total)

    def sketch(self, as_of: date) -> Sketch:
        return Sketch(
            as_of=as_of,
            persona_ids=self.reference.persona_ids,
            by_persona=tuple(self.by_persona.tolist()),
            by_confidence=tuple(self.by_confidence.tolist()),
            by_status=tuple(self.by_status.tolist()),
            features=tuple(
                FeatureSketch.of(f.bins, counts, with_portraits=bool(f.portraits))
                for f, counts in zip(self.features, self.counts, strict=True)
            ),
        )


class _Rows:
    """Hands out the next rows of a stream of batches, however they were cut."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._left: pa.RecordBatch | None = None

    def take(self, n_rows: int) -> pa.Table:
        parts = []
        while n_rows:
            if self._left is None or not self._left.num_rows:
                self._left = next(self._batches, None)
            if self._left is None:
                raise _other_users()
            parts.append(self._left.slice(0, n_rows))
            self._left = self._left.slice(parts[-1].num_rows)
            n_rows -= parts[-1].num_rows
        return pa.Table.from_batches(parts)

    def check_end(self) -> None:
        if (self._left is not None and self._left.num_rows) or next(self._batches, None) is not None:
            raise _other_users()


def _cells(column: pa.Array, bins: Bins) -> NDArray[np.int16]:
    """Return the cell of each user."""
    type_ = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (bins.levels or pa.types.is_string(type_) or pa.types.is_large_string(type_)):
        return bins.codes_of(numbers_of(column))
    codes = level_codes_of(column, bins.levels).astype(np.int16)
    codes[codes < 0] += bins.n_bins + 2  # -1 = missing is the last cell, -2 = unseen the one before
    return codes


def _places(column: pa.ChunkedArray, values: pa.Array) -> NDArray[np.int32]:
    places = pc.index_in(column.cast(pa.string()), value_set=values)
    if places.null_count:
        raise DataError(
            f"{places.null_count} users have a persona or status that the model doesn't know; expected one of "
            f"{', '.join(values.to_pylist())}. Score them with this model."
        )
    found: NDArray[np.int32] = places.to_numpy()
    return found


def _texts(column: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    texts = column.cast(pa.string())
    return texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts])


def _other_users() -> DataError:
    return DataError(
        "The features and the assignments are not about the same users in the same order; expected the file that "
        "was scored and what came of it. Score again."
    )


def _one_ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Read the next batch on a second thread while this one is counted."""
    with ThreadPoolExecutor(max_workers=1) as reader:
        following = reader.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = reader.submit(next, batches, None)
            yield batch
