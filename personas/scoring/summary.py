"""Summarise assignments: how many users each persona and each status got."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

STEPS = 10
"""Steps of the confidence histogram."""


def summarise_assignments(path: Path) -> dict[str, Any]:
    """Count the users of an assignment file, batch by batch.

    Parameters
    ----------
    path : Path
        Parquet in the layout of :data:`personas.scoring.base.ASSIGNMENT_SCHEMA`.

    Returns
    -------
    dict
        ``n_users``, ``by_persona`` and ``by_status`` (value -> users, sorted by value), and
        ``by_confidence``: users in ten equal steps of confidence from 0 to 1.
    """
    counts: dict[str, Counter[str]] = {"persona_id": Counter(), "status": Counter()}
    by_confidence = np.zeros(STEPS, dtype=np.int64)
    n_users = 0
    for batch in pq.ParquetFile(path).iter_batches(columns=[*counts, "confidence"]):
        by_confidence += np.histogram(batch["confidence"].to_numpy(), bins=STEPS, range=(0.0, 1.0))[0]
        n_users += batch.num_rows
        for column, counter in counts.items():
            for item in pc.value_counts(batch[column].cast("string")).to_pylist():
                counter[item["values"]] += item["counts"]
    return {
        "n_users": n_users,
        "by_persona": dict(sorted(counts["persona_id"].items())),
        "by_status": dict(sorted(counts["status"].items())),
        "by_confidence": by_confidence.tolist(),
    }
