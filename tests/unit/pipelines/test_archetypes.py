"""Archetypes stand beside the model that was named after them, so that its report can tell of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from personas.config import parse_archetypes
from personas.model.persist import load_model
from personas.store import ArtifactStore
from pipelines.archetypes import ARCHETYPES_FILE, archetype_nouns, archetypes_of, archetypes_to_files
from pipelines.config_file import read_yaml, shipped_configs
from pipelines.models import MODELS, StoredModel

GOLDEN = Path(__file__).parents[2] / "golden" / "model-format-1"


@pytest.fixture(scope="module")
def spec():
    path = shipped_configs() / "archetypes" / "home_appliances.yaml"
    return parse_archetypes(read_yaml(path), path.name)


def _stored(folder, beside):
    files = {path.name: path for path in GOLDEN.iterdir() if path.is_file()} | beside
    store = ArtifactStore(folder)
    record = store.put(MODELS, "shop", files, created_at=datetime(2026, 1, 1, tzinfo=UTC), metadata={})
    return StoredModel(record, load_model(record.path), is_champion=True)


def test_archetypes_come_back_from_beside_the_model_as_they_were(spec, tmp_path):
    stored = _stored(tmp_path, archetypes_to_files(spec))

    assert archetypes_of(stored) == archetype_nouns(spec)
    ages = {archetype.key: archetype.attributes["age"] for archetype in archetypes_of(stored)}
    assert ages["smart_trendsetters"] == (26, 36)


def test_a_model_without_archetypes_has_no_file_and_none(tmp_path):
    assert archetypes_to_files(None) == {}
    stored = _stored(tmp_path, archetypes_to_files(None))

    assert not (stored.record.path / ARCHETYPES_FILE).exists()
    assert archetypes_of(stored) == ()
