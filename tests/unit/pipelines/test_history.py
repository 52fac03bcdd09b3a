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
from pipelines.score import FILE, SPEND_FILE

GOLDEN = Path(__file__).parents[2] / "golden" / "model-format-1"
MAY = datetime(2026, 5, 1, tzinfo=UTC)
REPORT = GateReport((GateCheck("coverage", 0.9, None, 0.5, True, Text("够", "enough")),), date(2026, 4, 1))


def _parquet(table):
    raw = io.BytesIO()
    pq.write_table(table, raw)
    return raw.getvalue()


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

    def scored(self, stored, day, personas, spend=None):
        """Keep assignments of users whose personas, and perhaps what they spend, are given in order."""
        table = pa.table(
            {
                "user_id": [f"u{i:03d}" for i in range(len(personas))],
                "persona_id": personas,
                "model_version": [stored.record.version] * len(personas),
                "as_of": [day] * len(personas),
            }
        )
        files = {FILE: _parquet(table)}
        if spend is not None:
            values = {"user_id": table["user_id"].slice(0, len(spend)), "value": spend}
            files[SPEND_FILE] = _parquet(pa.table(values))
        self.store.put(
            ASSIGNMENTS,
            stored.model.name,
            files,
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


def test_moves_are_weighted_by_what_was_spent_before_the_earlier_day(kept, ids):
    stored, (one, two) = kept.model(), ids[:2]
    kept.scored(stored, "2026-05-01", [one] * 100, spend=[3.0] * 40 + [1.0] * 60)
    kept.scored(stored, "2026-06-01", [one] * 40 + [two] * 85, spend=[100.0] * 100 + [8.0] * 25)
    migration = read_history(kept.store, stored).moves.migration

    assert migration.kept_users == 0.4
    assert migration.kept_value == 120 / 180
    values = {(move.source, move.target): move.value for move in migration.moves if move.n_users}
    assert values == {(one, one): 120.0, (one, two): 60.0, ("(entered)", two): 200.0}


def test_users_whose_spend_is_not_known_count_as_having_spent_nothing(kept, ids):
    stored, (one, two) = kept.model(), ids[:2]
    kept.scored(stored, "2026-05-01", [one] * 100, spend=[1.0] * 60)
    kept.scored(stored, "2026-06-01", [one] * 60 + [two] * 40, spend=[None] * 100)
    assert read_history(kept.store, stored).moves.migration.kept_value == 1.0


def test_without_the_spend_of_both_days_nothing_is_weighted(kept, ids):
    stored, one = kept.model(), ids[0]
    kept.scored(stored, "2026-05-01", [one] * 100)
    kept.scored(stored, "2026-06-01", [one] * 100, spend=[1.0] * 100)
    assert read_history(kept.store, stored).moves.migration.kept_value is None


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
