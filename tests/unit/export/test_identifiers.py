"""Every vector is printed in vendor documentation or was recomputed from the rule that it states."""

import hashlib
import re

import pytest

from personas.errors import DataError
from personas.export.identifiers import (
    Rule,
    hash_text,
    is_hashed,
    normalise_e164,
    normalise_google_email,
    normalise_tencent_idfa,
    normalise_tencent_imei,
    normalise_tencent_mac,
    normalise_tencent_oaid,
    normalise_tencent_phone,
)

EMAIL = Rule("email", "Email", "sha256", normalise_google_email)
PHONE = Rule("phone", "HASH_MOBILE_PHONE", "md5", normalise_tencent_phone)


@pytest.mark.parametrize(
    ("normalised", "algorithm", "expected"),
    [
        (
            normalise_google_email("cloudy.sanfrancisco+shopping@gmail.com"),
            "sha256",
            "223ebda6f6889b1494551ba902d9d381daf2f642bae055888e96343d53e9f9c4",
        ),
        (
            normalise_e164("(800)555-0100", "US"),
            "sha256",
            "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30",
        ),
        (normalise_tencent_imei("a000002c9060f7"), "md5", "f2d5a650733ca8c27d502b1c08da14e5"),
        (
            normalise_tencent_idfa("FF1999CD-7177-4937-A474-74937A102630"),
            "md5",
            "2c010ed96aef2fc34983e1e7e9176b7e",
        ),
        (normalise_tencent_mac("02:00:00:00:00:00"), "md5", "e3f5536a141811db40efd6400f1d0a4e"),
        (
            normalise_tencent_oaid("1fe9a970-efbb-29e0-0bdd-f5dbbf751ab5"),
            "md5",
            "83e9158a4fb54c0e1ef0b238639a23ae",
        ),
        (normalise_tencent_phone("13800138000"), "md5", "7945bd83237335e5376ff44d62e4f0ae"),
        (
            normalise_e164("13800138000", "CN"),
            "sha256",
            "ec61f3c620a98bdead8c1f1f0ae747abd1b62a0c2dba4fd4bc22cf0d1d8653e5",
        ),
    ],
    ids=[
        "google_gmail",
        "google_phone",
        "tencent_imei",
        "tencent_idfa",
        "tencent_mac",
        "tencent_oaid",
        "tencent_phone",
        "google_mainland_phone",
    ],
)
def test_platform_vector_is_reproduced(normalised, algorithm, expected):
    assert hash_text(normalised, algorithm) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("13800138000", "a6942f9771d67f34034d2f1926988ed3fad3bf1b4e7cedb9a31f31398dea43bc"),
        ("8613800138000", "bf08aacce7f9b2452863cf99373043c3333f0e3127f1f787c4abb46ab6cf2b83"),
        ("37493828222", "65b7e6dcf6f4310f8d7cbfbd78289a753062fb054d6664fb9aaac5df66a422d4"),
        ("janedoe@gmail.com", "d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69"),
        (
            "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25",
            "83dc3f5f32b9472613b0f038d36f22585a609d018af6f6067f50da318bf354bd",
        ),
    ],
)
def test_sha256_vectors_of_other_spellings_are_reproduced(text, expected):
    assert hash_text(text, "sha256") == expected


def test_one_phone_has_another_hash_at_every_platform():
    tencent = normalise_tencent_phone("+86 138 0013 8000")
    google = normalise_e164("138-0013-8000", "CN")
    assert (tencent, google) == ("13800138000", "+8613800138000")


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_empty_text_is_never_hashed(algorithm):
    with pytest.raises(DataError, match="empty text"):
        hash_text("", algorithm)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  Jane.Doe@Example.COM ", "jane.doe@example.com"),
        ("jane doe@example.com", "janedoe@example.com"),
        ("jane\u3000doe@example.com\u00a0", "janedoe@example.com"),
        ("J.a.n.e+x+y@GoogleMail.com", "jane@googlemail.com"),
        ("jane.doe+x@mail.gmail.com", "jane.doe+x@mail.gmail.com"),
        ("+only@gmail.com", None),
        ("...@gmail.com", None),
        ("小米@example.com", None),
        ("\u212aim@example.com", None),  # the Kelvin sign, whose lower case is an ASCII k
        ("jane＠example.com", None),
        ("jane@localhost", None),
        ("jane@@example.com", None),
        ("a@b.com, c@d.com", None),
        ("", None),
    ],
)
def test_google_email_is_normalised_or_refused(raw, expected):
    assert normalise_google_email(raw) == expected


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("0086 138 0013 8000", "CN", "+8613800138000"),
        ("８６１３８００１３８０００", "CN", "+8613800138000"),
        ("010-6255 1234", "CN", "+861062551234"),
        ("+86 138 0013 8000", "US", "+8613800138000"),
        ("8613800138000", "US", None),  # without a plus, the country code of another country is a guess
        ("+1 650-253-0000", "CN", "+16502530000"),
        ("12345678901", "CN", None),
        ("1380013800", "CN", None),
        ("not a number", "CN", None),
        ("", "CN", None),
    ],
)
def test_phone_becomes_e164_or_is_refused(raw, region, expected):
    assert normalise_e164(raw, region) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("86-138-0013-8000", "13800138000"),
        ("138\u20110013\u20118000", "13800138000"),
        ("+1 650-253-0000", None),
        ("12800138000", None),
        ("138001380001", None),
    ],
)
def test_tencent_takes_mainland_mobile_numbers_only(raw, expected):
    assert normalise_tencent_phone(raw) == expected


def test_placeholders_of_devices_are_refused():
    assert normalise_tencent_imei("000000000000000") is None
    assert normalise_tencent_idfa("00000000-0000-0000-0000-000000000000") is None
    assert normalise_tencent_oaid("00000000-0000-0000-0000-000000000000") is None


def test_idfa_without_hyphens_is_not_guessed():
    rule = Rule("idfa", "HASH_IDFA", "md5", normalise_tencent_idfa)
    assert rule.hashed("FF1999CD71774937A47474937A102630") == (None, "idfa_hashed_otherwise")


def test_oaid_that_looks_like_a_hash_is_hashed():
    rule = Rule("oaid", "HASH_OAID", "md5", normalise_tencent_oaid, accepts_hashed=False)
    raw = "0123456789abcdef" * 2
    assert rule.hashed(raw) == (hashlib.md5(raw.encode()).hexdigest(), "")


def test_already_hashed_value_is_passed_on():
    value = hash_text("jane@example.com", "sha256")
    assert EMAIL.hashed(f" {value}\n") == (value, "")


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (EMAIL, hashlib.md5(b"jane@example.com").hexdigest()),
        (EMAIL, hashlib.sha256(b"jane@example.com").hexdigest().upper()),
        (PHONE, hashlib.sha256(b"13800138000").hexdigest()),
    ],
)
def test_hash_of_another_kind_is_refused_by_its_own_reason(rule, value):
    assert rule.hashed(value) == (None, f"{rule.column}_hashed_otherwise")


def test_detection_of_hashes_is_anchored():
    value = "a" * 64
    assert is_hashed(value, "sha256")
    assert not any(
        is_hashed(text, "sha256") for text in (f"x{value}", f"{value}\n", value.upper(), value[:-1])
    )
    assert not is_hashed("a" * 32 + "\n", "md5")


@pytest.mark.parametrize("rule", [EMAIL, PHONE], ids=["email", "phone"])
def test_reason_never_holds_the_value(rule):
    hashed, reason = rule.hashed("小米 secret")
    assert hashed is None
    assert re.fullmatch(r"invalid_(email|phone)", reason)


def test_rule_that_leaves_nothing_of_a_value_refuses_it():
    # A platform that keeps ASCII letters only would give every Chinese name the hash of nothing.
    rule = Rule("name", "FN", "sha256", lambda value: re.sub(r"[^a-z]", "", value.lower()))
    assert rule.hashed("小米") == (None, "invalid_name")
