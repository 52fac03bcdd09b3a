"""What a report tells of the time before its model is read from the store."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personas.model.gate import GateCheck, GateReport, gate_to_bytes
from personas.model.lineage import lineage_entry
from personas.model.persist import load_model, model_to_files
from personas.schema import Text
from personas.store import ArtifactStore
from pipelines.champion import GATE_FILE
from pipelines.history import read_history
from pipelines.models import ASSIGNMENTS, MODELS, open_model
from pipelines.score import FILE

GOLDEN = Path(__file__).parents[2] / "golden" / "model-format-1"
MAY = datetime(2026, 5, 1, tzinfo=UTC)
REPORT = GateReport((GateCheck("coverage", 0.9, None, 0.5, True, Text("够", "enough")),), date(2026, 4, 1))


class Kept:
    """A store with versions of one golden model."""

    def __init__(self, root: Path) -> None:
        self.store = ArtifactStore(root)
        self.n_written = 0

    def _later(self) -> datetime:
        self.n_written += 1
        return MAY + timedelta(hours=self.n_written)

    def model(self, *, beside=None, gate=None):
        model = replace(load_model(GOLDEN), metrics={"stability": float(self.n_written)})
        files = model_to_files(model) | ({GATE_FILE: gate_to_bytes(gate)} if gate else {})
        noted = {"as_of": "2026-05-01", "beside": beside, "lineage": lineage_entry(model)}
        record = self.store.put(MODELS, model.name, files, created_at=self._later(), metadata=noted)
        return open_model(self.store, model.name, record.version)

    def scored(self, stored, day, personas):
        """Keep assignments of users whose personas are given in order."""
        table = pa.table(
            {
                "user_id": [f"u{i:03d}" for i in range(len(personas))],
                "persona_id": personas,
                "model_version": [stored.record.version] * len(personas),
                "as_of": [day] * len(personas),
            }
        )
        raw = io.BytesIO()
        pq.write_table(table, raw)
        self.store.put(
            ASSIGNMENTS,
            stored.model.name,
            {FILE: raw.getvalue()},
            created_at=self._later(),
            metadata={"as_of": day, "model_version": stored.record.version},
        )


@pytest.fixture
def kept(tmp_path) -> Kept:
    return Kept(tmp_path / "store")


@pytest.fixture
def ids() -> list[str]:
    return [persona.persona_id for persona in load_model(GOLDEN).personas]


def test_a_model_alone_has_its_own_line_only(kept):
    stored = kept.model()
    history = read_history(kept.store, stored)

    assert {row.version for row in history.lineage} == {stored.record.version}
    assert (history.gate, history.moves, history.monitorings) == (None, None, ())


def test_the_gate_and_the_lineage_come_from_the_store(kept):
    first = kept.model()
    second = kept.model(beside=first.record.version, gate=REPORT)
    history = read_history(kept.store, second)

    assert history.gate == REPORT
    assert [c[0].version for c in history.columns(second.record.version)] == [
        first.record.version,
        second.record.version,
    ]


def test_moves_are_those_between_the_last_two_days_of_the_model(kept, ids):
    stored, another = kept.model(), kept.model()
    one, two = ids[:2]
    kept.scored(stored, "2026-04-01", [two] * 100)
    kept.scored(stored, "2026-06-01", [one] * 40 + [two] * 60)
    kept.scored(another, "2026-07-01", [two] * 100)
    kept.scored(stored, "2026-05-01", [one] * 100)
    moves = read_history(kept.store, stored).moves

    assert (moves.then, moves.now) == (date(2026, 5, 1), date(2026, 6, 1))
    assert moves.migration.kept_users == 0.4
    assert read_history(kept.store, another).moves is None


def test_of_one_day_the_last_scoring_counts(kept, ids):
    stored = kept.model()
    one, two = ids[:2]
    kept.scored(stored, "2026-05-01", [one] * 100)
    kept.scored(stored, "2026-06-01", [one] * 100)
    kept.scored(stored, "2026-06-01", [two] * 100)

    assert read_history(kept.store, stored).moves.migration.kept_users == 0.0


def test_reading_leaves_nothing_behind(kept, ids):
    stored = kept.model()
    for day in ("2026-05-01", "2026-06-01"):
        kept.scored(stored, day, [ids[0]] * 50 + ([ids[1]] if day > "2026-06" else []))
    read_history(kept.store, stored)
    work = kept.store.root / ".work"

    assert not [p for p in work.rglob("*") if "engine" in p.name]
