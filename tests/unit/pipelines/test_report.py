"""The report and its workbook show what the store holds last."""

from __future__ import annotations

import runpy
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from personas.category.analysis import analysis_to_files
from personas.category.small_cells import hide_small_cells
from personas.errors import ConfigError
from personas.export.portrait_workbook import read_portrait_workbook
from personas.model.persist import load_model
from personas.store import ArtifactStore
from pipelines.category import ANALYSES
from pipelines.models import MODELS, StoredModel
from pipelines.report import latest_analyses, write_model_workbook, write_report

TESTS = Path(__file__).parents[2]
MADE = runpy.run_path(str(TESTS / "unit" / "report" / "hand_made_analyses.py"))


@pytest.fixture
def store(tmp_path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def stored(store) -> StoredModel:
    golden = TESTS / "golden" / "model-format-1"
    files = {path.name: path for path in golden.iterdir() if path.is_file()}
    model = load_model(golden)
    record = store.put(MODELS, model.name, files, created_at=datetime(2026, 1, 1, tzinfo=UTC), metadata={})
    return StoredModel(record, model, is_champion=True)


def _keep(store, name, analysis, day):
    kept = store.put(
        ANALYSES,
        f"{name}.{analysis.verb}",
        analysis_to_files(analysis),
        created_at=datetime(2026, 1, day, tzinfo=UTC),
        metadata={},
    )
    store.promote(ANALYSES, kept.name, kept.version)


def test_the_analysis_made_last_is_shown_though_it_was_made_before(store, stored):
    name = stored.model.name
    first, second = MADE["attach"](), replace(MADE["attach"](), as_of=date(2025, 6, 1))
    for day, analysis in ((1, first), (2, second), (3, first)):
        _keep(store, name, analysis, day)

    assert [analysis.as_of for analysis in latest_analyses(store, name)] == [first.as_of]


def test_analyses_of_another_use_case_are_not_shown(store, stored):
    _keep(store, "another", MADE["attach"](), 1)

    assert latest_analyses(store, stored.model.name) == []


def test_report_and_workbook_hold_the_analyses(store, stored, tmp_path):
    _keep(store, stored.model.name, MADE["attach"](), 1)
    path = write_report(store, stored, "en", tmp_path / "report.html")
    write_model_workbook(store, stored, "en", tmp_path / "report.xlsx")

    assert '<section id="attach">' in path.read_text(encoding="utf-8")
    table = read_portrait_workbook(tmp_path / "report.xlsx")
    assert (
        table.loc[(table["tag"] == "smart lock") & (table["level"] == "door viewer"), "share"].tolist()[0]
        == 0.5
    )
    assert {p.name for p in tmp_path.iterdir()} == {"store", "report.html", "report.xlsx"}


def test_the_notes_name_the_smallest_cell_that_analyses_were_kept_with(store, stored, tmp_path):
    _keep(store, stored.model.name, hide_small_cells(MADE["attach"](), 210), 1)
    path = write_report(store, stored, "en", tmp_path / "report.html")
    write_model_workbook(store, stored, "en", tmp_path / "report.xlsx")

    assert "fewer than 210 users" in path.read_text(encoding="utf-8")
    cells = [
        str(c)
        for row in load_workbook(tmp_path / "report.xlsx")["Table Attach rates"].iter_rows(values_only=True)
        for c in row
    ]
    assert any("fewer than 210 users" in cell for cell in cells)


def test_a_workbook_of_another_kind_is_refused(store, stored, tmp_path):
    with pytest.raises(ConfigError, match=r"--workbook is 'report.csv'; expected a name that ends in .xlsx"):
        write_model_workbook(store, stored, "en", tmp_path / "report.csv")
    assert not (tmp_path / "report.csv").exists()
