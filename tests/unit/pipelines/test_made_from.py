"""What is made again when something changes, and what is not."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from personas.model.persist import load_model
from personas.store import ArtifactRecord
from pipelines.config_file import load_config
from pipelines.console import Steps
from pipelines.made_from import data_of, job_key, scoring_key, training_key
from pipelines.models import StoredModel
from pipelines.tables import prepared_tables

GOLDEN = Path(__file__).parents[2] / "golden" / "model-format-1"


@pytest.fixture
def keys(tmp_path):
    """Return a function that gives the keys of training, scoring and the whole job, under a changed config."""
    made = datetime(2026, 5, 1, tzinfo=UTC)
    record = ArtifactRecord("models", "shop", "20260501T000000Z-12345678", made, {}, "", {}, path=GOLDEN)
    stored = StoredModel(record, load_model(GOLDEN), is_champion=True)

    def found(*, ages=(20, 30, 40), place="users.csv", **sections):
        with (tmp_path / place).open("w", newline="") as file:
            csv.writer(file).writerows([["user_id", "age"], *([f"u{i}", age] for i, age in enumerate(ages))])
        raw = {"name": "shop", "store": "store", "sources": {"users": {"path": place}}, **sections}
        (tmp_path / "shop.yaml").write_text(yaml.safe_dump(raw), encoding="utf-8")
        loaded = load_config(tmp_path / "shop.yaml")
        with prepared_tables(loaded, date(2026, 5, 1), Steps(None)) as prepared:
            return {
                "training": training_key(loaded, prepared, force=False),
                "scoring": scoring_key(loaded, prepared, stored),
                "job": job_key(loaded, data_of(prepared)),
            }

    return found


@pytest.mark.parametrize(
    ("change", "made_again"),
    [
        ({"monitor": {"tolerated_psi": 0.05}}, set()),
        ({"export": {"min_confidence": 0.7}}, {"job"}),
        ({"gate": {"min_users": 50}}, {"training", "job"}),
        ({"personas": {"n_personas": 4}}, {"training", "scoring", "job"}),
        ({"ages": (20, 30, 41)}, {"training", "scoring", "job"}),
        ({"ages": (40, 30, 20)}, {"training", "scoring", "job"}),
        ({"place": "elsewhere.csv"}, set()),
        ({"store": "other"}, set()),
    ],
    # The words of a set come in another order in every process, and xdist wants the same names in all.
    ids=lambda value: " ".join(sorted(value)) if isinstance(value, set) else str(value),
)
def test_only_what_depends_on_a_change_is_made_again(keys, change, made_again):
    before, after = keys(), keys(**change)
    assert {name for name in before if before[name] != after[name]} == made_again
