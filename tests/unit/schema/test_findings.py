import json

import pytest

from personas.errors import DataError
from personas.schema import CONSENTS, USERS, Attribute, enforce_quarantine_share
from personas.schema.tables import ITEMS

from .conftest import Check


def users(n_bad: int, n: int = 100) -> dict:
    return {"user_id": [f"u{i}" for i in range(n)], "gender": ["Femal"] * n_bad + ["male"] * (n - n_bad)}


def test_few_quarantined_rows_pass(check: Check) -> None:
    enforce_quarantine_share(check(users(5), USERS).report)


def test_many_quarantined_rows_stop_with_reasons_and_what_to_do(check: Check) -> None:
    with pytest.raises(DataError) as caught:
        enforce_quarantine_share(check(users(6), USERS).report)
    message = str(caught.value)
    assert "6 of 100 rows (6.0%)" in message
    assert "gender: unknown level (6 rows)" in message
    assert "'Femal' (6 rows, nearest: female)" in message
    assert "Map them" in message


def test_wrong_type_everywhere_stops(check: Check) -> None:
    data = {"user_id": ["a", "b"], "age": ["young", "old"]}
    with pytest.raises(DataError, match="age: not a number \\(2 rows\\)"):
        enforce_quarantine_share(check(data, USERS).report)


def test_table_without_a_valid_row_stops_at_any_share(check: Check) -> None:
    with pytest.raises(DataError, match="one valid row is needed"):
        enforce_quarantine_share(check(users(3, n=3), USERS).report, max_share=1.0)


def test_no_consent_row_may_be_unreadable(check: Check) -> None:
    data = {"user_id": [f"u{i}" for i in range(1000)], "opt_out": ["maybe"] + ["no"] * 999}
    with pytest.raises(DataError, match="opt_out: not yes or no"):
        enforce_quarantine_share(check(data, CONSENTS).report, max_share=0.5)


def test_label_in_the_other_language_leads_to_its_level(check: Check) -> None:
    data = {"user_id": ["a", "b"], "gender": ["女", "男"]}
    hint = check(data, USERS).report.reasons[0].hint
    assert "'女' (1 rows, nearest: female)" in hint
    assert "'男' (1 rows, nearest: male)" in hint


@pytest.mark.parametrize(
    "values",
    [
        ["ann@example.com", "bob@example.com"],
        ["13800138000", "13900139000"],
        [f"level {i}" for i in range(60)],
        ["a long free text that somebody typed into a form"],
    ],
)
def test_values_that_may_identify_people_are_never_quoted(check: Check, values: list[str]) -> None:
    data = {"user_id": [f"u{i}" for i in range(len(values))], "job": values}
    attribute = Attribute("job", "nominal", levels=("clerk", "nurse"))
    report = check(data, USERS, attributes=(attribute,)).report
    text = json.dumps(report.to_dict(), ensure_ascii=False)
    assert "Expected clerk, nurse." in text
    assert not any(value in text for value in values)


def test_ids_are_never_quoted(check: Check) -> None:
    data = {"user_id": ["ann", "ann", "bob"], "age": [1, 2, 999]}
    checked = check(data, USERS)
    text = json.dumps(checked.report.to_dict()) + str(checked.faults.to_pyarrow().to_pylist())
    assert "ann" not in text
    assert "bob" not in text


def test_reasons_come_most_frequent_first(check: Check) -> None:
    data = {"user_id": ["a", "b", "c"], "age": [999, 1, 2], "gender": ["x", "y", "male"]}
    assert [r.column for r in check(data, USERS).report.reasons] == ["gender", "age"]


def test_report_is_json_ready(check: Check) -> None:
    found = json.loads(json.dumps(check(users(5), USERS).report.to_dict()))
    assert found["n_quarantined"] == 5
    assert found["reasons"][0]["n_rows"] == 5
    assert found["missing"] == {"user_id": 0.0, "gender": 0.0}


def test_a_duplicate_is_told_by_the_key_of_its_own_table(check: Check) -> None:
    (fault,) = check({"item_id": ["s1", "s1"], "category": ["a", "a"]}, ITEMS).report.reasons
    assert fault.hint.startswith("Expected one row per item_id; the first valid row was kept.")
