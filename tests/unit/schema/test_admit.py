from typing import Any

import pyarrow as pa
import pytest

from personas.engine import Engine, Source
from personas.errors import DataError
from personas.schema import CONSENTS, USERS, admit_users
from personas.schema.admit import strictest_consents

from .conftest import Check


def admitted_of(check: Check, users: dict, consents: dict | None, **options: Any) -> tuple[list, dict]:
    checked = check(users, USERS).valid
    answers = None if consents is None else check(consents, CONSENTS).valid
    admitted, report = admit_users(checked, answers, **options)
    assert admitted.columns == checked.columns
    assert report.n_users == len(users["user_id"])
    assert report.n_admitted + sum(report.dropped.values()) == report.n_users
    return sorted(admitted.user_id.to_pyarrow().to_pylist()), report.dropped


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("consent_profiling", "no", "profiling refused"),
        ("opt_out", "yes", "opted out"),
        ("erasure_requested", "yes", "erasure requested"),
        ("is_minor", "yes", "minor"),
    ],
)
def test_user_who_may_not_be_profiled_is_left_out(check: Check, column: str, value: str, reason: str) -> None:
    kept, dropped = admitted_of(check, {"user_id": ["a", "b"]}, {"user_id": ["a"], column: [value]})
    assert kept == ["b"]
    assert dropped == {reason: 1}


def test_ages_below_sixteen_are_left_out(check: Check) -> None:
    users = {"user_id": ["a", "b", "c"], "age": [15, 16, None]}
    assert admitted_of(check, users, None) == (["b", "c"], {"under 16": 1})


def test_age_bands_that_begin_below_sixteen_are_left_out(check: Check) -> None:
    bands = ["0~15", "0-15", "16~20", "71岁及以上", "18岁以下", "15-19", None, "unknown"]
    users = {"user_id": list("abcdefgh"), "age_band": bands}
    assert admitted_of(check, users, None) == (["c", "d", "g", "h"], {"under 16": 4})


def test_missing_answer_allows_unless_consent_is_required(check: Check) -> None:
    users = {"user_id": ["a", "b", "c"]}
    consents = {"user_id": ["a", "b"], "consent_profiling": ["yes", None]}
    assert admitted_of(check, users, consents) == (["a", "b", "c"], {})
    assert admitted_of(check, users, consents, require_consent=True) == (["a"], {"no consent stated": 2})


def test_strictest_of_several_answers_counts(check: Check) -> None:
    consents = {"user_id": ["a", "a", "b", "b"], "consent_profiling": ["no", "yes", "yes", None]}
    kept, dropped = admitted_of(check, {"user_id": ["a", "b"]}, consents, require_consent=True)
    assert (kept, dropped) == (["b"], {"profiling refused": 1})


@pytest.mark.parametrize(
    ("answers", "consent", "objection"),
    [
        (["yes", "no"], False, True),
        (["no", None], False, False),
        (["yes", None], True, True),
        ([None, None], None, None),
    ],
)
def test_every_flag_is_folded_strictly(check: Check, answers: list, consent: Any, objection: Any) -> None:
    consents = ("consent_marketing", "consent_share_3p", "consent_profiling")
    objections = ("opt_out", "erasure_requested", "is_minor")
    table = {"user_id": ["a", "a"], **dict.fromkeys((*consents, *objections), answers)}
    folded = strictest_consents(check(table, CONSENTS).valid).to_pyarrow().to_pylist()
    expected = {**dict.fromkeys(consents, consent), **dict.fromkeys(objections, objection)}
    assert folded == [{"user_id": "a", **expected}]


def test_user_counts_once_under_the_first_reason(check: Check) -> None:
    users = {"user_id": ["a", "b"], "age": [10, 30]}
    consents = {"user_id": ["a"], "opt_out": ["yes"], "erasure_requested": ["yes"]}
    assert admitted_of(check, users, consents) == (["b"], {"erasure requested": 1})


def test_required_consent_needs_a_table(check: Check) -> None:
    with pytest.raises(DataError, match="no consents table"):
        admit_users(check({"user_id": ["a"]}, USERS).valid, None, require_consent=True)


def test_nobody_left_is_explained(check: Check) -> None:
    with pytest.raises(DataError, match="opted out: 1"):
        admitted_of(check, {"user_id": ["a"]}, {"user_id": ["a"], "opt_out": ["yes"]})


def test_admitted_users_replace_the_stored_ones(engine: Engine, check: Check) -> None:
    users = engine.store("users", check({"user_id": ["a", "b"], "age": [10, 30]}, USERS).valid)
    admitted, _ = admit_users(users, None)
    assert engine.store("users", admitted).user_id.to_pyarrow().to_pylist() == ["b"]
    assert engine.read(Source(table=pa.table({"x": [1]}))).table.count().to_pyarrow().as_py() == 1
