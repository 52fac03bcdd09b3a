from personas.features.membership import MEMBERSHIP_FEATURES


def test_membership_is_worth_and_null_means_no_member():
    assert {f.name: (f.kind, f.block, f.null_meaning) for f in MEMBERSHIP_FEATURES} == {
        "membership_value": ("numeric", "worth", "not a member"),
        "membership_level": ("nominal", "worth", "not a member"),
    }
