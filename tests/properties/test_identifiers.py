"""What holds for every identifier, however it is written."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.export.identifiers import (
    Rule,
    hash_text,
    normalise_e164,
    normalise_google_email,
    normalise_tencent_idfa,
    normalise_tencent_imei,
    normalise_tencent_oaid,
    normalise_tencent_phone,
)
from personas.export.members import hash_members

RULES = [
    Rule("email", "Email", "sha256", normalise_google_email),
    Rule("phone", "Phone", "sha256", lambda value: normalise_e164(value, "CN")),
    Rule("phone", "HASH_MOBILE_PHONE", "md5", normalise_tencent_phone),
    Rule("imei", "HASH_IMEI", "md5", normalise_tencent_imei),
    Rule("idfa", "HASH_IDFA", "md5", normalise_tencent_idfa),
    Rule("oaid", "HASH_OAID", "md5", normalise_tencent_oaid, accepts_hashed=False),
]
EMPTY_HASHES = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "d41d8cd98f00b204e9800998ecf8427e",
}
mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
values = st.one_of(
    st.text(max_size=70),
    st.emails(),
    mobiles,
    st.uuids().map(str),
    st.from_regex(r"[0-9a-fA-F]{32}", fullmatch=True),
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
@given(value=values)
def test_result_is_a_hash_or_a_reason_and_never_the_hash_of_nothing(rule, value):
    hashed, reason = rule.hashed(value)
    assert (hashed is None) == bool(reason)
    if hashed is not None:
        assert re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{32}", hashed)
        assert hashed not in EMPTY_HASHES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
@given(value=values)
def test_normalising_twice_changes_nothing(rule, value):
    once = rule.normalise(value)
    if once is not None:
        assert rule.normalise(once) == once


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.accepts_hashed], ids=lambda rule: rule.kind)
@given(value=values)
def test_hashing_twice_changes_nothing(rule, value):
    hashed, _ = rule.hashed(value)
    if hashed is not None:
        assert rule.hashed(hashed) == (hashed, "")


@given(
    mobile=mobiles,
    prefix=st.sampled_from(["", "86", "+86", "0086", "+86 ", "＋86"]),
    gap=st.sampled_from(["", " ", "-"]),
)
def test_every_spelling_of_a_mobile_number_has_one_hash(mobile, prefix, gap):
    spelled = prefix + gap.join([mobile[:3], mobile[3:7], mobile[7:]])
    assert normalise_tencent_phone(spelled) == mobile
    assert normalise_e164(spelled, "CN") == f"+86{mobile}"


@given(
    local=st.from_regex(r"[a-z][a-z0-9]{0,20}", fullmatch=True), cuts=st.lists(st.integers(1, 20), max_size=4)
)
def test_dots_and_tags_of_gmail_never_matter(local, cuts):
    dotted = local
    for cut in cuts:
        if cut < len(dotted):
            dotted = f"{dotted[:cut]}.{dotted[cut:]}"
    plain = normalise_google_email(f"{local}@gmail.com")
    assert normalise_google_email(f"{dotted.upper()}+tag@Gmail.com") == plain


@given(
    phones=st.lists(
        st.one_of(st.none(), st.sampled_from(["13800138000", "+8613900139000", "x", ""]), mobiles),
        max_size=12,
    ),
    refused=st.lists(mobiles | st.just("13800138000"), max_size=3),
)
def test_counts_of_users_add_up_and_no_refused_hash_is_left(phones, refused):
    rule = RULES[2]
    members = pd.DataFrame({"phone": pd.Series(phones, dtype=object)})
    hashed = hash_members(members, pd.DataFrame({"phone": refused}, dtype=object), [rule])
    left = hashed.hashes[rule.kind]
    assert len(left) + sum(hashed.suppressed.values()) == len(members)
    assert left.is_unique
    assert not set(left) & {hash_text(mobile, "md5") for mobile in refused}
