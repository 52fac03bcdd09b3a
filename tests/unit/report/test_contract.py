from __future__ import annotations

from dataclasses import replace

from personas.features import FeatureSet
from personas.report.contract import contract_view, feature_list
from personas.report.figures import Figures
from personas.schema import Text

TABLE = {
    "name": "users",
    "file": "users.csv",
    "n_rows": 1000,
    "n_valid": 990,
    "n_quarantined": 10,
    "reasons": [
        {"column": "", "reason": "malformed row", "n_rows": 3},
        {"column": "age", "reason": "outside 0 to 120", "n_rows": 7},
    ],
    "missing": {"age": 0.1, "education": 0.4, "car": 0.2, "gender": 0.0},
    "warnings": ["a warning"],
    "n_after_as_of": 5,
}


def test_tables_are_written_with_their_faults_in_the_language_of_the_report():
    table = contract_view({"tables": [TABLE]}, Figures("zh-CN")).tables[0]

    assert (table.name, table.n_rows, table.valid_share, table.n_after_as_of) == (
        "用户表",
        "1,000",
        "99.0%",
        "5",
    )
    assert [(fault.column, fault.reason) for fault in table.faults] == [
        ("整行", "行格式错误"),
        ("age", "不在 0 到 120 之间"),
    ]


def test_further_attributes_go_by_their_labels():
    view = contract_view({"tables": [TABLE]}, Figures("zh-CN"), {"car": Text("有车", "car owner")})

    assert [row.name for row in view.tables[0].missing] == ["学历", "有车", "年龄"]


def test_missing_shares_come_largest_first_without_complete_columns():
    table = contract_view({"tables": [TABLE]}, Figures("zh-CN")).tables[0]

    assert [(row.column, row.name) for row in table.missing] == [
        ("education", "学历"),
        ("car", "car"),
        ("age", "年龄"),
    ]


def test_reasons_for_leaving_users_out_come_largest_first():
    admission = {"n_users": 100, "n_admitted": 90, "dropped": {"minor": 3, "under 16": 7, "opted out": 0}}
    view = contract_view({"admission": admission}, Figures("en"))

    assert view.admission.dropped == (("under 16", "7"), ("minor", "3"))


def test_an_empty_table_is_wholly_valid():
    table = contract_view({"tables": [{"name": "x", "n_rows": 0, "n_valid": 0}]}, Figures("en")).tables[0]

    assert (table.name, table.valid_share, table.has_faults) == ("x", "100.0%", False)


def test_features_say_what_they_are_and_whether_they_are_clustered_on(model):
    rows = {row.name: row for row in feature_list(model.feature_set, (), Figures("zh-CN")).rows}

    assert (rows["age"].label, rows["age"].unit, rows["age"].null_meaning, rows["age"].role) == (
        "年龄",
        "岁",
        "未填写",
        "参与聚类",
    )
    assert rows["gender"].role == "受保护，仅描述"


def test_features_that_were_left_out_are_named_in_the_language_of_the_report() -> None:
    warnings = ["Left out age_band, pets: no user has a value.", "Something else."]
    view = contract_view({"warnings": warnings}, Figures("zh-CN"))
    assert view.warnings == ("未采用 年龄段、pets：没有用户有取值。", "Something else.")


def test_features_that_are_not_described_are_counted_in_one_line(model):
    *most, last = model.feature_set
    silent = [replace(last, name=f"order_count:{i}", role="signal", described=False) for i in range(119)]
    shown = feature_list(FeatureSet((*most, last, *silent)), [f.name for f in silent], Figures("en"))

    assert len(shown.rows) == len(model.feature_set)
    assert shown.further == "And 119 further categories, read only to foresee behaviour."
    assert "119 read to foresee behaviour" in shown.summary


def test_a_signal_that_the_scorecard_does_not_read_is_only_described(model):
    signal = replace(model.feature_set["recency_days"], role="signal")

    assert feature_list(FeatureSet((signal,)), (), Figures("en")).rows[0].role == "profiled only"
    assert feature_list(FeatureSet((signal,)), ["recency_days"], Figures("en")).rows[0].role == (
        "read to foresee behaviour"
    )


def test_sentences_of_the_contract_check_are_said_in_the_language_of_the_report():
    warnings = [
        "users.csv: 3 of 131,208 rows (0.0%) are quarantined.",
        "users.csv: never varies or is always missing, so it can't tell users apart: age, pets.",
        "events.csv: 3,183 events are on or after 2025-12-01; features do not see them.",
    ]
    table = {**TABLE, "warnings": warnings}

    assert contract_view({"tables": [table]}, Figures("zh-CN")).tables[0].warnings == (
        "users.csv：131,208 行中有 3 行（<0.1%）被隔离。",
        "users.csv：以下字段从不变化或全部缺失，无法区分用户：年龄、pets。",
        "events.csv：3,183 条行为发生在 2025-12-01 当天或以后，不计入特征。",
    )
    assert "(<0.1%)" in contract_view({"tables": [table]}, Figures("en")).tables[0].warnings[0]
