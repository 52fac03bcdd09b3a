from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq

from personas.scoring.base import ASSIGNMENT_SCHEMA
from personas.scoring.summary import summarise_assignments


def test_users_are_counted_by_persona_status_and_confidence(tmp_path):
    rows = [
        {
            "user_id": f"u{i}",
            "persona_id": persona,
            "persona_name": persona,
            "confidence": confidence,
            "runner_up_id": None,
            "runner_up_confidence": None,
            "status": status,
            "model_version": "v",
            "as_of": date(2025, 1, 1),
        }
        for i, (persona, confidence, status) in enumerate(
            [("P02", 0.05, "low_confidence"), ("P01", 1.0, "assigned"), ("P01", 0.95, "assigned")]
        )
    ]
    pq.write_table(pa.Table.from_pylist(rows, ASSIGNMENT_SCHEMA), tmp_path / "a.parquet", row_group_size=2)
    found = summarise_assignments(tmp_path / "a.parquet")
    assert found["n_users"] == 3
    assert found["by_persona"] == {"P01": 2, "P02": 1}
    assert found["by_status"] == {"assigned": 2, "low_confidence": 1}
    assert found["by_confidence"] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]
