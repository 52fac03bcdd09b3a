import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from personas.engine import Engine, Source
from personas.errors import DataError
from personas.schema import (
    CONSENTS,
    EVENTS,
    IDENTIFIERS,
    USERS,
    Attribute,
    SourceMapping,
    check_table,
    user_ids,
)

from .conftest import AS_OF, Check, faults_of, values_of

DIRTY = {
    "user_id": ["a", None, "b", "a", "c", "d", "e", "e"],
    "age": ["30", "31", "x", "33", "999", "", "40", "41"],
    "gender": ["female", "male", "male", "female", "Femal", None, "xx", "male"],
}
DIRTY_FAULTS = [
    (2, "user_id", "empty"),
    (3, "age", "not a number"),
    (4, "user_id", "duplicate key"),
    (5, "age", "outside 0 to 120"),
    (5, "gender", "unknown level"),
    (7, "gender", "unknown level"),
    (7, "user_id", "duplicate key"),
]


def write_dirty(path: Path) -> Path:
    table = pa.table(DIRTY)
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=3)
    elif path.suffix == ".csv":
        pc.write_csv(table, path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()), encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        book.active.append(table.column_names)
        for row in table.to_pylist():
            book.active.append(list(row.values()))
        book.save(path)
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx", "jsonl"])
def test_every_format_gives_the_same_faults_at_the_same_rows(
    check: Check, tmp_path: Path, suffix: str
) -> None:
    checked = check(Source(path=write_dirty(tmp_path / f"users.{suffix}")), USERS)
    assert faults_of(checked) == DIRTY_FAULTS
    assert values_of(checked, "user_id") == ["a", "d", "e"]
    assert values_of(checked, "age") == [30.0, None, 41.0]
    report = checked.report
    assert (report.n_rows, report.n_valid, report.n_quarantined) == (8, 3, 5)
    assert checked.faults.file.max().to_pyarrow().as_py() == f"users.{suffix}"


def test_malformed_rows_join_the_other_faults(check: Check, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("user_id,age\na,1\nb\nc,x\nd,2,3\ne,4\n", encoding="utf-8")
    checked = check(Source(path=path), USERS)
    assert faults_of(checked) == [
        (2, "", "expected 2 fields, found 1"),
        (3, "age", "not a number"),
        (4, "", "expected 2 fields, found 3"),
    ]
    assert (checked.report.n_rows, checked.report.n_valid) == (5, 2)
    assert [(r.column, r.reason, r.n_rows) for r in checked.report.reasons] == [
        ("", "malformed row", 2),
        ("age", "not a number", 1),
    ]


def test_gb18030_file_is_checked_like_utf8(check: Check, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("会员,性别\n甲,女\n乙,男\n丙,不详\n", encoding="gb18030")
    mapping = SourceMapping(
        columns={"user_id": "会员", "gender": "性别"}, values={"gender": {"女": "female", "男": "male"}}
    )
    checked = check(Source(path=path, encoding="gb18030"), USERS, mapping=mapping)
    assert sorted(values_of(checked, "user_id")) == ["乙", "甲"]
    assert faults_of(checked) == [(3, "gender", "unknown level")]


def test_every_canonical_column_exists_with_its_type(check: Check) -> None:
    attributes = (Attribute("children", "count"), Attribute("job", "nominal"), Attribute("owner", "binary"))
    users = check({"user_id": ["a"]}, USERS, attributes=attributes).valid.schema()
    assert {name: str(kind) for name, kind in users.items()} == {
        "user_id": "string",
        "age": "float64",
        "age_band": "string",
        "gender": "string",
        "marital_status": "string",
        "education": "string",
        "membership_value": "float64",
        "membership_level": "string",
        "city_tier": "string",
        "target_group": "string",
        "children": "float64",
        "job": "string",
        "owner": "float64",
    }
    one = {"user_id": ["a"], "event_at": ["2024-01-01"], "event_type": ["view"]}
    events = check(one, EVENTS).valid.schema()
    assert {name: str(kind) for name, kind in events.items()} == {
        "user_id": "string",
        "event_at": "timestamp(6)",
        "event_type": "string",
        "category": "string",
        "amount": "decimal(18, 2)",
        "quantity": "int64",
        "order_id": "string",
        "item_id": "string",
        "brand": "string",
    }
    consents = check({"user_id": ["a"], "opt_out": ["是"]}, CONSENTS).valid
    assert consents.schema()["opt_out"].is_boolean()
    assert set(check({"user_id": ["a"]}, IDENTIFIERS).valid.schema().values()) == {users["user_id"]}


def test_missing_required_column_lists_what_exists_and_the_nearest(check: Check) -> None:
    with pytest.raises(DataError, match=r"user_id is missing\. The nearest name is 'USERID'.*USERID, age"):
        check({"USERID": ["a"], "age": [1]}, USERS)


def test_mapped_column_that_is_missing_lists_what_exists(check: Check) -> None:
    mapping = SourceMapping(columns={"user_id": "uid", "gender": "gendr"})
    with pytest.raises(DataError, match=r"'gendr', which gender is mapped to\. The nearest name is 'Gender'"):
        check({"uid": ["a"], "Gender": ["male"]}, USERS, mapping=mapping)


def test_internal_columns_are_no_suggestion(check: Check) -> None:
    with pytest.raises(DataError) as caught:
        check({"row": ["a"]}, USERS)
    assert "_row" not in str(caught.value)


@pytest.mark.parametrize("schema", [USERS, EVENTS, IDENTIFIERS, CONSENTS])
def test_table_without_rows_is_refused(check: Check, schema: object) -> None:
    empty = pa.array([], pa.string())
    with pytest.raises(DataError, match="no rows"):
        check({"user_id": empty, "event_at": empty, "event_type": empty}, schema)


def test_table_of_one_row_is_checked(check: Check) -> None:
    report = check({"user_id": ["a"], "age": [30]}, USERS).report
    assert (report.n_rows, report.n_valid) == (1, 1)
    assert report.missing_share == {"user_id": 0.0, "age": 0.0}


def test_constant_fills_every_row(check: Check) -> None:
    checked = check(
        {"user_id": ["a", "b"], "event_at": ["2024-01-01"] * 2},
        EVENTS,
        mapping=SourceMapping(constants={"event_type": "order"}),
    )
    assert values_of(checked, "event_type") == ["order", "order"]


def test_events_need_a_type_or_a_constant(check: Check) -> None:
    with pytest.raises(DataError, match=r"event_type is missing.*state a constant"):
        check({"user_id": ["a"], "event_at": ["2024-01-01"]}, EVENTS)


def events(**columns: list) -> dict:
    n = len(next(iter(columns.values())))
    base = {"user_id": ["a"] * n, "event_at": ["2024-01-01"] * n, "event_type": ["order"] * n}
    return base | columns


@pytest.mark.parametrize(
    ("column", "bad", "reason"),
    [
        ("amount", "1e20", "outside 0 to 10,000,000"),
        ("amount", "-5", "outside 0 to 10,000,000"),
        ("amount", "free", "not a number"),
        ("quantity", "0.5", "not a whole number"),
        ("quantity", "-1", "outside 0 to 1,000,000"),
        ("event_type", "purchase", "unknown level"),
        ("event_at", "1970-01-01", "before 1990"),
        ("event_at", "", "empty"),
        ("user_id", "  ", "empty"),
    ],
)
def test_bad_event_is_quarantined_and_its_neighbours_kept(
    check: Check, column: str, bad: str, reason: str
) -> None:
    good = {"amount": "1", "quantity": "1", "event_type": "view", "event_at": "2024-01-01", "user_id": "a"}
    checked = check(events(**{column: [good[column], bad, good[column]]}), EVENTS)
    assert faults_of(checked) == [(2, column, reason)]
    assert checked.report.n_valid == 2


def test_future_events_are_counted_and_kept(check: Check) -> None:
    checked = check(events(event_at=["2024-12-31 23:59:59", "2025-01-01", "2031-01-01"]), EVENTS, as_of=AS_OF)
    assert checked.report.n_after_as_of == 2
    assert checked.report.n_valid == 3
    assert "2 events are on or after 2025-01-01" in checked.report.warnings[0]


def test_event_of_an_unknown_user_is_a_fault(engine: Engine, check: Check) -> None:
    mapping = SourceMapping(columns={"user_id": "key"})
    users = engine.read(Source(table=pa.table({"key": [1.0, 2.0, 2.0, None], "age": ["x", "1", "2", "3"]})))
    checked = check(events(user_id=[1, 2, 3, None]), EVENTS, known_users=user_ids(users.table, mapping))
    assert faults_of(checked) == [(3, "user_id", "user not in users"), (4, "user_id", "empty")]


def test_first_valid_row_of_a_user_stays(check: Check) -> None:
    checked = check({"user_id": ["a", "a", "a"], "age": [999, 30, 31]}, USERS)
    assert values_of(checked, "age") == [30.0]
    assert faults_of(checked) == [
        (1, "age", "outside 0 to 120"),
        (1, "user_id", "duplicate key"),
        (3, "user_id", "duplicate key"),
    ]


def test_several_consent_rows_of_a_user_are_no_fault(check: Check) -> None:
    assert check({"user_id": ["a", "a"], "opt_out": [False, True]}, CONSENTS).report.n_valid == 2


def test_columns_that_tell_nobody_apart_are_named(check: Check) -> None:
    data = {"user_id": ["a", "b"], "gender": ["male", "male"], "age": [None, None], "city_tier": ["T1", "T2"]}
    report = check(data, USERS).report
    assert report.uninformative == ("age", "gender")
    assert "education" in report.absent
    assert "gender" not in report.absent
    assert report.missing_share["age"] == 1.0


def test_table_without_row_numbers_is_checked(engine: Engine) -> None:
    raw = engine.store("raw", engine.read(Source(table=pa.table({"user_id": ["a", ""]}))).table.drop("_row"))
    checked = check_table(raw, USERS, mapping=SourceMapping(), as_of=AS_OF)
    assert faults_of(checked) == [(2, "user_id", "empty")]


ADVENTUREWORKS = Path(__file__).parents[4] / "shared" / "data" / "adventureworks"


@pytest.fixture
def adventureworks() -> Path:
    if not ADVENTUREWORKS.is_dir():
        pytest.fail(
            f"This test needs the AdventureWorks tables in {ADVENTUREWORKS.name}, beside the repository."
        )
    return ADVENTUREWORKS


def test_adventureworks_is_canonical_by_mapping_alone(
    engine: Engine, check: Check, adventureworks: Path
) -> None:
    source = Source(path=adventureworks / "customers.parquet")
    mapping = SourceMapping(
        columns={
            "user_id": "CustomerKey",
            "birth_date": "BirthDate",
            "gender": "Gender",
            "marital_status": "MaritalStatus",
            "education": "EducationLevel",
            "income": "AnnualIncome",
            "children": "TotalChildren",
            "home_owner": "HomeOwner",
            "occupation": "Occupation",
        },
        values={
            "gender": {"M": "male", "F": "female"},
            "marital_status": {"M": "married", "S": "unmarried"},
            "education": {
                "Partial High School": "junior_high",
                "High School": "high_school",
                "Partial College": "college",
                "Bachelors": "bachelor",
                "Graduate Degree": "postgraduate",
            },
        },
        date_formats={"birth_date": ("%m/%d/%Y",)},
        strip_characters={"income": "$, "},
    )
    attributes = (
        Attribute("income", "numeric", "worth", "USD"),
        Attribute("children", "count"),
        Attribute("home_owner", "binary"),
        Attribute("occupation", "nominal"),
    )
    users = check(source, USERS, mapping=mapping, attributes=attributes)
    assert (users.report.n_rows, users.report.n_quarantined) == (18_148, 0)
    first = users.valid.filter(users.valid.user_id == "11000").to_pyarrow().to_pylist()[0]
    assert first["age"] == 58.0
    assert first["income"] == 90_000.0
    assert first["home_owner"] == 1.0
    assert first["marital_status"] == "married"
    assert round(users.report.missing_share["gender"] * 18_148) == 130

    events = check(
        Source(path=adventureworks / "transactions.parquet"),
        EVENTS,
        mapping=SourceMapping(
            columns={
                "user_id": "CustomerKey",
                "event_at": "OrderDate",
                "category": "SubcategoryName",
                "quantity": "OrderQuantity",
                "order_id": "OrderNumber",
                "item_id": "ProductKey",
            },
            constants={"event_type": "order"},
        ),
        known_users=user_ids(engine.read(source).table, mapping),
    )
    assert (events.report.n_rows, events.report.n_quarantined) == (56_046, 0)
    row = events.valid.filter(events.valid.order_id == "SO45080").to_pyarrow().to_pylist()[0]
    assert row["amount"] == Decimal("699.10")
    assert row["event_at"] == datetime(2017, 1, 1)


def test_a_column_mapped_to_another_name_is_not_read_under_its_own_as_well(check):
    checked = check({"user_id": ["a"], "age": ["19-24"]}, USERS, mapping=SourceMapping({"age_band": "age"}))
    assert checked.report.n_quarantined == 0
    assert values_of(checked, "age_band") == ["19-24"]
