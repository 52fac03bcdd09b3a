from datetime import date

import pandas as pd
import pytest

from personas.errors import DataError, UnsafeExportError
from personas.export import load_destination
from personas.export.policy import (
    CONSENT_COLUMNS,
    audience_code,
    consent_reasons,
    minimum_size_for,
    refusing_users,
)

FULL = {
    "consent_marketing": True,
    "consent_share_3p": True,
    "consent_profiling": True,
    "opt_out": False,
    "erasure_requested": False,
    "is_minor": False,
}


def consents_of(**changes):
    row = {"user_id": "u1", **FULL, **changes}
    return pd.DataFrame([row]).astype(dict.fromkeys(CONSENT_COLUMNS, "boolean"))


def reason_of(consents, *, outside):
    return consent_reasons(pd.Series(["u1"]), consents, outside=outside).iloc[0]


@pytest.mark.parametrize(
    ("changes", "inside", "outside"),
    [
        ({}, "", ""),
        ({"erasure_requested": True}, "erasure_requested", "erasure_requested"),
        ({"opt_out": True}, "opt_out", "opt_out"),
        ({"is_minor": True}, "minor", "minor"),
        ({"consent_profiling": False}, "no_profiling_consent", "no_profiling_consent"),
        ({"consent_profiling": None}, "", ""),
        ({"consent_marketing": False}, "no_marketing_consent", "no_marketing_consent"),
        ({"consent_marketing": None}, "", "no_marketing_consent"),
        ({"consent_share_3p": False}, "", "no_third_party_consent"),
        ({"consent_share_3p": None}, "", "no_third_party_consent"),
        ({"opt_out": None, "erasure_requested": None, "is_minor": None}, "", ""),
        ({"opt_out": True, "erasure_requested": True}, "erasure_requested", "erasure_requested"),
        (dict.fromkeys(FULL), "", "no_marketing_consent"),
    ],
)
def test_consent_rule_inside_and_outside(changes, inside, outside):
    consents = consents_of(**changes)
    assert reason_of(consents, outside=False) == inside
    assert reason_of(consents, outside=True) == outside


def test_user_without_a_row_has_stated_nothing():
    other = consents_of(user_id="u2")
    assert reason_of(other, outside=False) == ""
    assert reason_of(other, outside=True) == "no_marketing_consent"
    assert reason_of(None, outside=False) == ""
    assert reason_of(None, outside=True) == "no_marketing_consent"


def test_flags_may_be_plain_objects():
    consents = pd.DataFrame([{"user_id": "u1", **FULL, "opt_out": None, "is_minor": None}]).astype(object)
    assert reason_of(consents, outside=True) == ""


def test_words_are_no_flags():
    with pytest.raises(DataError, match="neither true, false nor missing"):
        reason_of(consents_of().astype({"opt_out": object}).assign(opt_out="maybe"), outside=True)


def test_consents_without_a_column_or_with_a_user_twice_are_refused():
    with pytest.raises(DataError, match="lack the columns opt_out"):
        reason_of(consents_of().drop(columns="opt_out"), outside=False)
    with pytest.raises(DataError, match="1 rows of users who already have one"):
        reason_of(pd.concat([consents_of(), consents_of(opt_out=True)]), outside=False)
    with pytest.raises(DataError, match="expected text"):
        reason_of(consents_of(user_id=7), outside=False)


def test_only_a_stated_no_is_a_refusal():
    rows = [
        {"user_id": "silent", **dict.fromkeys(FULL)},
        {"user_id": "willing", **FULL},
        {"user_id": "b", **FULL, "consent_share_3p": False},
        {"user_id": "a", **FULL, "opt_out": True},
    ]
    assert refusing_users(pd.DataFrame(rows)).tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("as_of", "code"),
    [
        (date(2026, 11, 18), "P03_2026W47"),
        (date(2027, 1, 1), "P03_2026W53"),
        (date(2024, 12, 30), "P03_2025W01"),
    ],
)
def test_code_is_the_persona_and_the_iso_week(as_of, code):
    assert audience_code("P03", as_of) == code


@pytest.mark.parametrize("persona_id", ["高净值", "../P03", "P 03", "", "P" * 17, "P03\n"])
def test_code_refuses_names_and_paths(persona_id):
    with pytest.raises(DataError, match="cannot name an audience"):
        audience_code(persona_id, date(2026, 11, 18))


def test_minimum_size_may_be_raised_never_lowered():
    google = load_destination("google_customer_match")
    assert minimum_size_for(google, None) == 100
    assert minimum_size_for(google, 500) == 500
    with pytest.raises(UnsafeExportError, match="no fewer than 100"):
        minimum_size_for(google, 99)
