import pandas as pd

from personas.export.identifiers import Rule, normalise_google_email, normalise_tencent_phone
from personas.export.members import hash_column, hash_members

EMAIL = Rule("email", "Email", "sha256", normalise_google_email)
PHONE = Rule("phone", "Phone", "md5", normalise_tencent_phone)


def test_missing_and_blank_values_are_absent_not_rejected():
    hashes, rejected = hash_column(pd.Series([None, float("nan"), "", "  ", "nope"]), EMAIL)
    assert hashes.isna().all()
    assert rejected == {"invalid_email": 1}


def test_users_and_identifiers_are_counted_by_reason():
    members = pd.DataFrame(
        {
            "user_id": list("abcdef"),
            "email": ["a@x.com", " A@X.com", "nope", None, "e@x.com", None],
            "phone": ["13800138000", "13800138000", None, " ", "123", "13900139000"],
        }
    )
    refused = pd.DataFrame({"email": ["E@x.com", None], "phone": [None, None]})
    hashed = hash_members(members, refused, [EMAIL, PHONE])
    assert hashed.hashes.index.tolist() == [0, 5]
    assert hashed.n_identifiers == 3
    assert hashed.kinds == ("Email", "Phone")
    assert hashed.rejected == {
        "duplicate_email": 1,
        "duplicate_phone": 1,
        "invalid_email": 1,
        "invalid_phone": 1,
        "refused_email": 1,
    }
    assert hashed.suppressed == {
        "no_identifier": 1,
        "no_valid_identifier": 1,
        "refused_identifier": 1,
        "duplicate_identifier": 1,
    }
    assert len(hashed.hashes) + sum(hashed.suppressed.values()) == len(members)


def test_shared_identifier_keeps_the_user_who_has_another_one():
    members = pd.DataFrame({"email": ["a@x.com", "a@x.com"], "phone": [None, "13800138000"]})
    hashed = hash_members(members, None, [EMAIL, PHONE])
    assert hashed.hashes["Email"].notna().tolist() == [True, False]
    assert hashed.hashes["Phone"].notna().tolist() == [False, True]
    assert hashed.suppressed == {}


def test_column_that_does_not_exist_is_empty():
    hashed = hash_members(pd.DataFrame({"email": ["a@x.com"]}), None, [EMAIL, PHONE])
    assert hashed.kinds == ("Email",)
    assert list(hashed.hashes) == ["Email", "Phone"]


def test_audience_without_users_has_no_identifiers():
    empty = pd.DataFrame({"email": pd.Series([], dtype=str), "phone": pd.Series([], dtype=str)})
    hashed = hash_members(empty, empty, [EMAIL, PHONE])
    assert (len(hashed.hashes), hashed.n_identifiers, hashed.suppressed) == (0, 0, {})
