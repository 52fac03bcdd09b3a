from datetime import date

import pandas as pd

from personas.export.base import Audience
from personas.export.google_customer_match import GoogleCustomerMatch

GMAIL = "223ebda6f6889b1494551ba902d9d381daf2f642bae055888e96343d53e9f9c4"
US_PHONE = "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"


def audience_of(members):
    return Audience("P03", "P03_2026W47", members, date(2026, 11, 18))


def test_file_has_google_s_headers_and_one_row_per_user_sorted_by_hash(tmp_path):
    members = pd.DataFrame(
        {
            "user_id": ["a", "b", "c"],
            "persona_name": ["高净值"] * 3,
            "email": ["cloudy.sanfrancisco+shopping@gmail.com", None, "x@y"],
            "phone": [None, "(800)555-0100", None],
        }
    )
    written = GoogleCustomerMatch(phone_region="US").write(audience_of(members), tmp_path)
    assert written.paths[0].name == "P03_2026W47.csv"
    assert written.paths[0].read_text(encoding="ascii") == f"Email,Phone\n,{US_PHONE}\n{GMAIL},\n"
    assert (written.n_users, written.n_identifiers, written.hash_algorithm) == (2, 2, "sha256")
    assert written.rejected == {"invalid_email": 1}
    assert written.suppressed == {"no_valid_identifier": 1}


def test_both_headers_stand_there_when_only_e_mail_addresses_exist(tmp_path):
    members = pd.DataFrame({"user_id": ["a"], "email": ["cloudysanfrancisco@gmail.com"]})
    written = GoogleCustomerMatch().write(audience_of(members), tmp_path)
    assert written.paths[0].read_text(encoding="ascii") == f"Email,Phone\n{GMAIL},\n"
    assert written.identifiers == ("Email",)


def test_small_lists_are_warned_about():
    def warnings(n_users):
        members = pd.DataFrame({"email": [f"u{i}@example.com" for i in range(n_users)]})
        return GoogleCustomerMatch().write(audience_of(members), None).warnings

    assert "1,000" in warnings(999)[0]
    assert warnings(1_000) == ()
