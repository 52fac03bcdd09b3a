from __future__ import annotations

from dataclasses import replace

from personas.model.gate import CHECKS, GateReport
from personas.report.figures import Figures
from personas.report.gate_table import gate_table, written_check


def test_the_verdict_names_what_failed(past):
    table = gate_table(past.gate(), Figures("en"))

    assert not table.passed
    assert table.sentence == "The gate said no: users who keep their persona id"
    assert "2024-12-10" in table.against


def test_each_check_has_its_figures_a_verdict_and_a_reason(past):
    rows = {row.check: row for row in gate_table(past.gate(), Figures("en")).rows}
    taste, kept = rows["taste"], rows["users who keep their persona id"]

    assert (taste.value, taste.champion, taste.threshold) == ("0.351 bits", "0.349 bits", "0.314 bits")
    assert (kept.value, kept.champion, kept.threshold, kept.word) == ("78.0%", "–", "80.0%", "failed")
    assert kept.reason == "0.780, too low"
    assert rows["users of the smallest persona"].value == "900"
    assert rows["structure"].value == "yes"


def test_what_was_not_measured_is_neither_passed_nor_failed(past):
    rows = {row.check: row for row in gate_table(past.gate(), Figures("zh-CN")).rows}

    assert rows["保持人群编号的消费额占比"].word == "未评判"


def test_structure_that_was_not_measured_is_not_judged(past):
    unmeasured = replace(past.gate().checks[0], value=None, threshold=None)

    assert gate_table(GateReport((unmeasured,)), Figures("en")).rows[0].verdict == "untold"


def test_a_passed_gate_says_so(past):
    passed = GateReport(past.gate().checks[:2])
    table = gate_table(passed, Figures("en"))

    assert table.passed
    assert table.sentence == "Every check of the gate passed"
    assert table.against == ""


def test_every_check_can_be_written():
    for name in CHECKS:
        assert written_check(name, 0.5, Figures("en"))
        assert written_check(name, None, Figures("en")) == "–"
