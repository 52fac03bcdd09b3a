"""Whatever a table holds, the contract check accounts for every row and agrees with a plain reading."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personas.engine import Engine, Source, open_engine
from personas.schema import EVENTS, USERS, CheckedTable, SourceMapping, TableSchema, check_table
from personas.schema.canonical import _BLANKS

AS_OF = date(2025, 3, 1)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_engine(work_dir=tmp_path_factory.mktemp("work"), memory_limit="500MB") as opened:
        yield opened


def check(engine: Engine, data: dict, schema: TableSchema) -> CheckedTable:
    table = engine.read(Source(table=pa.table(data))).table
    return check_table(table, schema, mapping=SourceMapping(), as_of=AS_OF)


def column(checked: CheckedTable, name: str) -> dict:
    table = checked.valid.select("user_id", name).to_pyarrow()
    return dict(zip(*(table.column(i).to_pylist() for i in (0, 1)), strict=True))


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
keys = st.sampled_from(["a", "b", "c", "", " ", "d "]) | texts
ages = st.sampled_from(["", "0", "120", "121", "-1", "7.5", "1e1", "NaN", "inf", "x", "１２"]) | texts


@given(rows=st.lists(st.tuples(keys, ages), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_every_row_is_valid_or_has_a_fault(engine: Engine, rows: list[tuple[str, str]]) -> None:
    data = {"user_id": [key for key, _ in rows], "age": [age for _, age in rows]}
    checked = check(engine, data, USERS)
    report = checked.report
    assert report.n_rows == len(rows)
    assert report.n_valid + report.n_quarantined == report.n_rows
    faults = checked.faults.to_pyarrow().to_pylist()
    assert len({fault["row"] for fault in faults}) == report.n_quarantined
    assert all(1 <= fault["row"] <= len(rows) and fault["reason"] for fault in faults)
    assert sum(count.n_rows for count in report.reasons) == len(faults)
    users = column(checked, "age")
    assert len(users) == report.n_valid
    assert all(key.strip(_BLANKS) for key in users)
    assert all(age is None or 0 <= age <= 120 for age in users.values())


@given(born=st.lists(st.dates(date(1900, 1, 1), AS_OF), min_size=1, max_size=30))
@settings(max_examples=25, deadline=None)
def test_age_counts_the_birthdays_since_birth(engine: Engine, born: list[date]) -> None:
    ids = [str(i) for i in range(len(born))]
    ages = column(check(engine, {"user_id": ids, "birth_date": born}, USERS), "age")
    for key, day in zip(ids, born, strict=True):
        passed = (AS_OF.month, AS_OF.day) >= (day.month, day.day)
        assert ages[key] == AS_OF.year - day.year - (not passed)


@given(amounts=st.lists(st.decimals(0, 10**7, places=4), min_size=1, max_size=30))
@settings(max_examples=25, deadline=None)
def test_amounts_round_as_on_paper_in_text_and_in_numbers(engine: Engine, amounts: list[Decimal]) -> None:
    ids = [str(i) for i in range(len(amounts))]
    expected = [a.quantize(Decimal("0.01"), ROUND_HALF_UP) for a in amounts]
    base = {"user_id": ids, "event_at": ["2024-01-01"] * len(ids), "event_type": ["order"] * len(ids)}
    for written in ([f"{a:f}" for a in amounts], [float(a) for a in amounts], amounts):
        found = column(check(engine, base | {"amount": written}, EVENTS), "amount")
        assert [found[key] for key in ids] == expected
