from __future__ import annotations

import base64
import io
from dataclasses import replace

import pandas as pd
import pytest

from personas.report.figures import Figures
from personas.report.history import History
from personas.report.since_tables import since_downloads


def _files(model, past, history, language="en"):
    names = {persona_id: name.of(language) for persona_id, name in past.NAMES.items()}
    links = since_downloads(model, history, past.V3, names, Figures(language))
    return {
        link.file_name.removeprefix("since-").removesuffix("-2025-01-10.csv"): pd.read_csv(
            io.BytesIO(base64.b64decode(link.href.partition(",")[2]))
        )
        for link in links
    }


@pytest.fixture
def later(model, past):
    return replace(model, continuity=past.continuity())


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_table_has_a_file_and_no_heading_twice(later, past, language):
    files = _files(later, past, past.history(), language)

    assert list(files) == ["events", "lineage", "moves-models", "moves-dates", "drift", "portraits", "gate"]
    for table in files.values():
        assert not [name for name in table.columns if str(name).endswith(".1") or "_" in str(name)]


def test_a_first_model_has_only_the_gate_that_said_no(model, past):
    failed = replace(past.gate(), champion_as_of=None)
    passed = replace(failed, checks=tuple(check for check in failed.checks if check.passed))

    assert _files(model, past, History(gate=passed)) == {}
    assert list(_files(model, past, History(gate=failed))) == ["gate"]


def test_the_drift_of_every_monitoring_is_in_the_file(later, past):
    table = _files(later, past, past.history())["drift"]

    assert table["as of"].unique().tolist() == ["2024-12-20", "2025-01-10"]
    assert table["PSI"].iloc[0] == 0.01


def test_suppressed_figures_are_empty(later, past):
    moves = _files(later, past, past.history())["moves-dates"]
    hidden = moves[(moves["from"] == "P03 Persona 3") & (moves["to"] == "left")]

    assert hidden[["users", "share of the former"]].isna().all(axis=None)


def test_events_and_lineage_are_in_words(later, past):
    files = _files(later, past, past.history(), "zh-CN")

    assert files["events"]["事件"].tolist() == ["保留", "改名建议", "新出现", "退役"]
    assert files["lineage"]["来自"].dropna().iloc[0] == "P01 0.9500 P03 0.0500"
