from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from personas.errors import ConfigError, DataError
from personas.schema import EVENTS, USERS, Attribute, SourceMapping

from .conftest import Check, faults_of, values_of

IDS = ["a", "b", "c", "d"]


def one_column(check: Check, values: object, kind: str, **options: object) -> object:
    n = len(values)
    attribute = Attribute("x", kind)
    return check({"user_id": IDS[:n], "x": values}, USERS, attributes=(attribute,), **options)


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (["1", " 2.5 ", "", "1e3"], "numeric", [1.0, 2.5, None, 1000.0]),
        ([1, 2, None, 4], "numeric", [1.0, 2.0, None, 4.0]),
        ([1.5, float("nan"), None, -4.0], "numeric", [1.5, None, None, -4.0]),
        ([Decimal("1.50"), None], "numeric", [1.5, None]),
        (["3", "0", " "], "count", [3.0, 0.0, None]),
        ([3.0, None], "count", [3.0, None]),
        (["Y", "no", "是", "0"], "binary", [1.0, 0.0, 1.0, 0.0]),
        ([True, False, None], "binary", [1.0, 0.0, None]),
        ([1, 0, None], "binary", [1.0, 0.0, None]),
        ([" red ", "", "蓝"], "nominal", ["red", None, "蓝"]),
        ([1.0, 2.0, float("nan")], "nominal", ["1", "2", None]),
        ([date(2020, 1, 2)], "nominal", ["2020-01-02"]),
    ],
)
def test_values_are_read_by_kind(check: Check, values: list, kind: str, expected: list) -> None:
    checked = one_column(check, values, kind)
    assert faults_of(checked) == []
    assert values_of(checked, "x") == expected


@pytest.mark.parametrize(
    ("values", "kind", "reason"),
    [
        (["12a"], "numeric", "not a number"),
        (["1,200"], "numeric", "not a number"),
        (["nan"], "numeric", "not a number"),
        (["inf"], "numeric", "not a number"),
        ([float("inf")], "numeric", "not a number"),
        (["1.5"], "count", "not a whole number"),
        (["-1"], "count", "below 0"),
        (["maybe"], "binary", "not yes or no"),
        ([2], "binary", "not yes or no"),
    ],
)
def test_unreadable_value_is_a_fault(check: Check, values: list, kind: str, reason: str) -> None:
    assert faults_of(one_column(check, values, kind)) == [(1, "x", reason)]


def test_characters_are_stripped_and_words_mapped(check: Check) -> None:
    mapping = SourceMapping(values={"x": {"unknown": None, "<10K": "5000"}}, strip_characters={"x": "$, "})
    checked = one_column(check, ["$90,000 ", "unknown", "<10K"], "numeric", mapping=mapping)
    assert values_of(checked, "x") == [90000.0, None, 5000.0]


def test_artefact_levels_are_mapped(check: Check) -> None:
    tiers = {"一线": "T1", "六线": "T6", "六线-1": "T6", "未知": None}
    checked = check(
        {"user_id": IDS, "city_tier": ["一线", "六线", "六线-1", "未知"]},
        USERS,
        mapping=SourceMapping(values={"city_tier": tiers}),
    )
    assert faults_of(checked) == []
    assert values_of(checked, "city_tier") == ["T1", "T6", "T6", None]


def test_whole_floats_and_integers_give_the_same_id(check: Check) -> None:
    assert values_of(check({"user_id": [11000.0, 11001.0]}, USERS), "user_id") == ["11000", "11001"]
    assert values_of(check({"user_id": [11000, 11001]}, USERS), "user_id") == ["11000", "11001"]
    assert values_of(check({"user_id": [" 11000", "11001 "]}, USERS), "user_id") == ["11000", "11001"]


@pytest.mark.parametrize(
    "amounts",
    [
        ["1.005", "-0", "699.0982", "1e2"],
        [1.005, 0.0, 699.0982, 100.0],
        [Decimal("1.0050"), Decimal(0), Decimal("699.0982"), Decimal(100)],
    ],
)
def test_money_rounds_half_away_from_zero_whatever_the_source_type(check: Check, amounts: list) -> None:
    checked = check(
        {"user_id": IDS, "event_at": ["2024-01-01"] * 4, "event_type": ["order"] * 4, "amount": amounts},
        EVENTS,
    )
    assert checked.valid.schema()["amount"].scale == 2
    assert values_of(checked, "amount") == [Decimal("1.01"), Decimal(0), Decimal("699.10"), Decimal(100)]


def events(times: object) -> dict:
    return {"user_id": IDS[: len(times)], "event_at": times, "event_type": ["view"] * len(times)}


@pytest.mark.parametrize(
    "text",
    ["2024-05-01 08:30:00", "2024-05-01T08:30:00", "2024/5/1 08:30", " 2024-05-01 08:30:00.000 "],
)
def test_iso_times_are_local(check: Check, text: str) -> None:
    checked = check(events([text]), EVENTS, time_zone="Asia/Shanghai")
    assert values_of(checked, "event_at") == [datetime(2024, 5, 1, 8, 30)]


@pytest.mark.parametrize(
    "text", ["2024-05-01T00:30:00Z", "2024-05-01 08:30:00+08:00", "2024-04-30T19:30:00-0500"]
)
def test_offsets_are_converted_to_local_time(check: Check, text: str) -> None:
    checked = check(events([text]), EVENTS, time_zone="Asia/Shanghai")
    assert values_of(checked, "event_at") == [datetime(2024, 5, 1, 8, 30)]


def test_offset_without_a_time_zone_is_a_fault(check: Check) -> None:
    assert faults_of(check(events(["2024-05-01T00:30:00Z"]), EVENTS)) == [
        (1, "event_at", "not an ISO 8601 date")
    ]


@pytest.mark.parametrize(
    "text", ["05/14/2024", "epoch", "infinity", "20240501", "2024-02-30", "2024-05-01 25:00:00", "昨天"]
)
def test_what_is_no_iso_date_is_a_fault(check: Check, text: str) -> None:
    checked = check(events([text, "2024-01-01"]), EVENTS)
    assert faults_of(checked) == [(1, "event_at", "not an ISO 8601 date")]


def test_formats_are_tried_in_order(check: Check) -> None:
    mapping = SourceMapping(date_formats={"event_at": ("%d/%m/%Y", "%m/%d/%Y", "%Y%m%d")})
    checked = check(events(["05/04/2024", "05/14/2024", "20240501", "1 May"]), EVENTS, mapping=mapping)
    assert values_of(checked, "event_at") == [
        datetime(2024, 4, 5),
        datetime(2024, 5, 14),
        datetime(2024, 5, 1),
    ]
    assert faults_of(checked) == [(4, "event_at", "not a date in the stated formats")]


def test_typed_dates_of_a_workbook_pass_beside_a_format(check: Check) -> None:
    mapping = SourceMapping(date_formats={"event_at": ("%d.%m.%Y",)})
    checked = check(events(["01.05.2024", "2024-05-01 00:00:00"]), EVENTS, mapping=mapping)
    assert values_of(checked, "event_at") == [datetime(2024, 5, 1)] * 2


def test_blanks_of_every_script_are_trimmed(check: Check) -> None:
    data = {"user_id": ["\u3000a\u00a0", "\ufeffb\t", " \u3000 "], "x": ["\u3000", "\u00a07 ", "1"]}
    checked = check(data, USERS, attributes=(Attribute("x", "numeric"),))
    assert faults_of(checked) == [(3, "user_id", "empty")]
    assert values_of(checked, "user_id") == ["a", "b"]
    assert values_of(checked, "x") == [None, 7.0]


def test_nanoseconds_of_pandas_are_read(check: Check) -> None:
    checked = check(events(pa.array([datetime(2024, 5, 1, 8, 30)], pa.timestamp("ns"))), EVENTS)
    assert values_of(checked, "event_at") == [datetime(2024, 5, 1, 8, 30)]


def test_format_with_an_offset_reads_instants(check: Check) -> None:
    mapping = SourceMapping(date_formats={"event_at": ("%Y-%m-%d %H:%M:%S %z",)})
    checked = check(events(["2024-05-01 00:30:00 +0000"]), EVENTS, mapping=mapping, time_zone="Asia/Shanghai")
    assert values_of(checked, "event_at") == [datetime(2024, 5, 1, 8, 30)]
    with pytest.raises(ConfigError, match="time_zone"):
        check(events(["2024-05-01 00:30:00 +0000"]), EVENTS, mapping=mapping)


def test_native_times_are_kept_and_instants_converted(check: Check) -> None:
    local = datetime(2024, 5, 1, 8, 30)
    assert values_of(check(events([local]), EVENTS), "event_at") == [local]
    assert values_of(check(events([date(2024, 5, 1)]), EVENTS), "event_at") == [datetime(2024, 5, 1)]
    instant = pa.array([datetime(2024, 5, 1, 0, 30, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    checked = check(events(instant), EVENTS, time_zone="Asia/Shanghai")
    assert values_of(checked, "event_at") == [local]
    with pytest.raises(DataError, match="time_zone"):
        check(events(instant), EVENTS)


@pytest.mark.parametrize("pattern", ["%Q", "yyyy-mm-dd", "%"])
def test_unknown_format_is_refused(check: Check, pattern: str) -> None:
    with pytest.raises(ConfigError, match="strptime"):
        check(events(["2024-05-01"]), EVENTS, mapping=SourceMapping(date_formats={"event_at": (pattern,)}))


def test_unknown_time_zone_is_refused(check: Check) -> None:
    with pytest.raises(ConfigError, match="IANA"):
        check(events(["2024-05-01"]), EVENTS, time_zone="Mars/Olympus")


@pytest.mark.parametrize(
    ("born", "reason"),
    [("1899-12-31", "before 1900"), ("2025-01-02", "in the future"), ("12.5.1980", "not an ISO 8601 date")],
)
def test_impossible_birth_date_is_a_fault(check: Check, born: str, reason: str) -> None:
    checked = check({"user_id": ["a", "b"], "birth_date": [born, "1980-01-01"]}, USERS)
    assert faults_of(checked) == [(1, "birth_date", reason)]


def test_age_is_completed_years_on_as_of(check: Check) -> None:
    born = ["1990-01-01", "1990-01-02", "2000-02-29", "2025-01-01"]
    checked = check({"user_id": IDS, "birth_date": born}, USERS)
    assert values_of(checked, "age") == [35.0, 34.0, 24.0, 0.0]
    assert "birth_date" not in checked.valid.columns


def test_the_birth_date_beats_a_stated_age(check: Check) -> None:
    data = {"user_id": ["a", "b"], "age": [40, 41], "birth_date": ["1990-01-01", None]}
    assert values_of(check(data, USERS), "age") == [35.0, 41.0]
