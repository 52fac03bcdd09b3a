from __future__ import annotations

from personas.report.contract import contract_view, feature_rows
from personas.report.figures import Figures

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
        ("age", "outside 0 to 120"),
    ]


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
    rows = {row.name: row for row in feature_rows(model.feature_set, Figures("zh-CN"))}

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
    assert view.warnings == ("未采用 age_band, pets：没有用户有取值。", "Something else.")
