"""Score a frame in memory, or a file of any size batch by batch."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from personas.errors import ConfigError, DataError
from personas.features import FeatureFrame
from personas.model.answers import status_of
from personas.model.base import PersonaModel
from personas.schema import Language
from personas.scorecard import Scorecard, Scores
from personas.scorecard.kernel import PackedScorecard, pack, score
from personas.scoring.base import ASSIGNMENT_SCHEMA, STATUSES
from personas.scoring.columns import check_schema, read_batch, read_user_ids
from personas.scoring.files import check_paths, read_file

if TYPE_CHECKING:
    import pandas as pd

_BATCH_ROWS = 131_072  # also the rows of a row group that is written


def score_users(
    model: PersonaModel,
    frame: FeatureFrame | pd.DataFrame,
    *,
    model_version: str = "unsaved",
    as_of: date | None = None,
    language: Language = "zh-CN",
) -> pa.Table:
    """Assign a persona to every user of a frame.

    Parameters
    ----------
    model : PersonaModel
        What to score with.
    frame : FeatureFrame or DataFrame indexed by user_id
        Features of the users; null, NaN or NA = missing. Further columns are ignored.
    model_version : str
        Written to every row.
    as_of : date, optional
        Written to every row; by default that of the feature frame, or of the model.
    language : {"zh-CN", "en"}
        Of ``persona_name``.

    Returns
    -------
    pyarrow.Table
        Columns of :data:`personas.scoring.ASSIGNMENT_SCHEMA`; rows in the order of a DataFrame, or
        sorted by ``user_id`` for a feature frame.

    Raises
    ------
    DataError
        If there is no user, a ``user_id`` is missing, or a column is absent or of another type.

    Notes
    -----
    ``confidence`` is the calibrated softmax share of the persona. The rest is shared out to the others
    as their softmax shares, which gives ``runner_up_confidence``. ``status`` is
    ``out_of_distribution`` when the surprise is above the model's limit or when at least
    :data:`personas.model.answers.FLAGGED_SHARE` of the user's observed features are flagged; else ``low_confidence`` when the
    confidence is below the model's; else ``assigned``.
    """
    scorer = _Scorer(model, model_version, as_of or _as_of(model, frame), language)
    table = _to_arrow(frame, model.scorecard)
    check_schema(table.schema, model.scorecard, "frame")
    batches = [scorer.score(batch, "frame") for batch in table.to_batches(max_chunksize=_BATCH_ROWS)]
    if not table.num_rows:
        raise DataError("frame: there are no users to score; expected at least one row.")
    return pa.Table.from_batches(batches, schema=ASSIGNMENT_SCHEMA)


def score_parquet(
    model: PersonaModel,
    source: Path,
    target: Path,
    *,
    model_version: str,
    as_of: date,
    language: Language = "zh-CN",
    progress: Callable[[int], None] | None = None,
    batch_rows: int = _BATCH_ROWS,
) -> None:
    """Assign a persona to every user of a file, in constant memory.

    Parameters
    ----------
    model : PersonaModel
        What to score with.
    source : Path
        Feature table: Parquet (``.parquet``, ``.pq``) or CSV (``.csv``, ``.csv.gz``; UTF-8, with a
        header, an empty field = missing). Rows may stand in any order.
    target : Path
        Parquet file to write; it appears, or is replaced, only when every user is scored.
    model_version : str
        Written to every row.
    as_of : date
        Written to every row: first day that the features did not see.
    language : {"zh-CN", "en"}
        Of ``persona_name``.
    progress : callable, optional
        Called with the number of users done after each batch.
    batch_rows : int, >= 1
        Users read at a time (Parquet); changes the memory needed, never an answer.

    Raises
    ------
    ConfigError
        If ``batch_rows`` is below 1.
    NotFoundError
        If ``source`` does not exist.
    DataError
        If it can't be read, is the target itself, has no user, or breaks the contract of
        :func:`score_users`. Nothing is written then.
    """
    if batch_rows < 1:
        raise ConfigError(f"batch_rows is {batch_rows}; expected a whole number of at least 1.")
    scorer = _Scorer(model, model_version, as_of, language)
    check_paths(source, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    # In the target's own folder, so that the last step is one rename on one disk.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".scoring-") as folder:
        part = Path(folder) / "assignments.parquet"
        batches = read_file(source, model.scorecard, batch_rows)
        n_rows = _write(part, (scorer.score(batch, source.name) for batch in batches), progress)
        if not n_rows:
            raise DataError(f"{source.name}: there are no users to score; expected at least one row.")
        part.replace(target)


class _Scorer:
    """Turns feature batches into assignment batches."""

    def __init__(self, model: PersonaModel, model_version: str, as_of: date, language: Language) -> None:
        self.model = model
        self.packed: PackedScorecard = pack(model.scorecard)
        self.ids = pa.array([persona.persona_id for persona in model.personas], pa.string())
        self.names = pa.array([persona.name.of(language) for persona in model.personas], pa.string())
        self.statuses = pa.array(STATUSES, pa.string())
        self.version = pa.array([model_version], pa.string())
        self.as_of = pa.scalar(as_of, pa.date32())
        if len(model.personas) != model.scorecard.n_personas:
            raise DataError(
                f"The model has {len(model.personas)} personas and its scorecard {model.scorecard.n_personas}; "
                "expected as many. Train again."
            )

    def score(self, batch: pa.RecordBatch, table: str) -> pa.RecordBatch:
        """Return the assignments of a batch that passed ``check_schema``."""
        ids = read_user_ids(batch.column("user_id"), table)
        scores = score(self.packed, *read_batch(batch, self.model.scorecard))
        confidence, runner_up_confidence = _confidence(self.model, scores)
        has_none = scores.runner_up < 0
        return pa.RecordBatch.from_arrays(
            [
                ids,
                pa.DictionaryArray.from_arrays(scores.label, self.ids),
                pa.DictionaryArray.from_arrays(scores.label, self.names),
                pa.array(confidence),
                pa.DictionaryArray.from_arrays(pa.array(scores.runner_up, mask=has_none), self.ids),
                pa.array(runner_up_confidence, mask=has_none),
                pa.DictionaryArray.from_arrays(self._status(scores, confidence), self.statuses),
                pa.DictionaryArray.from_arrays(np.zeros(len(ids), dtype=np.int32), self.version),
                pa.repeat(self.as_of, len(ids)),
            ],
            schema=ASSIGNMENT_SCHEMA,
        )

    def _status(self, scores: Scores, confidence: NDArray[np.float64]) -> NDArray[np.int32]:
        model = self.model
        return status_of(
            scores, confidence, low_confidence=model.low_confidence, surprise_limit=model.surprise_limit
        )


def _confidence(model: PersonaModel, scores: Scores) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    knots = model.calibration
    confidence = np.interp(scores.probability, knots.probability, knots.confidence)
    rest = 1.0 - scores.probability
    # Rounding may lift the runner-up's part of a tiny rest above the whole of it.
    part = np.minimum(
        np.divide(scores.runner_up_probability, rest, out=np.zeros_like(rest), where=rest > 0), 1
    )
    return confidence, (1.0 - confidence) * part


def _as_of(model: PersonaModel, frame: object) -> date:
    return frame.window.as_of if isinstance(frame, FeatureFrame) else model.as_of


def _to_arrow(frame: FeatureFrame | pd.DataFrame, scorecard: Scorecard) -> pa.Table:
    if isinstance(frame, FeatureFrame):
        known = [name for name in scorecard.features if name in frame.table.columns]
        return frame.table.order_by("user_id").select("user_id", *known).to_pyarrow()
    columns = {}
    names = list(frame.columns)
    for name in (name for name in scorecard.features if names.count(name) == 1):
        try:
            columns[name] = pa.array(frame[name], from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            raise DataError(
                f"frame: the column {name!r} mixes types; expected all numbers or all texts. Cast it."
            ) from None
    return pa.table({"user_id": pa.array(frame.index, from_pandas=True), **columns})


def _write(part: Path, batches: Iterable[pa.RecordBatch], progress: Callable[[int], None] | None) -> int:
    """Write batches while the next one is read and scored on a second thread; return the row count."""
    repeated = [field.name for field in ASSIGNMENT_SCHEMA if pa.types.is_dictionary(field.type)]
    n_rows = 0
    with pq.ParquetWriter(
        part,
        ASSIGNMENT_SCHEMA,
        use_dictionary=[*repeated, "as_of"],  # ids and confidences hardly repeat
        write_statistics=["model_version", "as_of"],  # the range of unsorted columns helps no reader
    ) as writer:
        for batch in _one_ahead(iter(batches)):
            writer.write_batch(batch)
            n_rows += batch.num_rows
            if progress:
                progress(n_rows)
    return n_rows


def _one_ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    with ThreadPoolExecutor(max_workers=1) as reader:
        following = reader.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = reader.submit(next, batches, None)
            yield batch
