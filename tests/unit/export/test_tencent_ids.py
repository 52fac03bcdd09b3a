import zipfile
from datetime import date

import pandas as pd

from personas.export.base import Audience
from personas.export.tencent_ids import TencentIds


def audience_of(members):
    return Audience("P03", "P03_2026W47", members, date(2026, 11, 18))


def lines_of(path):
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        assert name == path.stem + ".txt"
        return archive.read(name).decode("ascii").splitlines()


def test_each_id_type_has_its_own_zip_of_hashes(tmp_path):
    members = pd.DataFrame(
        {
            "user_id": ["a", "b"],
            "phone": ["+86 138 0013 8000", "13800138000"],
            "imei": ["A000002C9060F7", None],
            "idfa": ["ff1999cd-7177-4937-a474-74937a102630", None],
            "oaid": [None, "1fe9a970-efbb-29e0-0bdd-f5dbbf751ab5"],
        }
    )
    written = TencentIds().write(audience_of(members), tmp_path)
    assert {path.name: lines_of(path) for path in written.paths} == {
        "P03_2026W47_HASH_MOBILE_PHONE.zip": ["7945bd83237335e5376ff44d62e4f0ae"],
        "P03_2026W47_HASH_IMEI.zip": ["f2d5a650733ca8c27d502b1c08da14e5"],
        "P03_2026W47_HASH_IDFA.zip": ["2c010ed96aef2fc34983e1e7e9176b7e"],
        "P03_2026W47_HASH_OAID.zip": ["83e9158a4fb54c0e1ef0b238639a23ae"],
    }
    assert (written.n_users, written.n_identifiers, written.hash_algorithm) == (2, 4, "md5")
    assert written.rejected == {"duplicate_phone": 1}


def test_ids_are_split_over_zips_within_the_limit_and_sorted(tmp_path):
    phones = [f"138{i:08d}" for i in range(250)]
    limit = 1_024 + 33 * 100
    written = TencentIds(max_zip_bytes=limit).write(audience_of(pd.DataFrame({"phone": phones})), tmp_path)
    assert [path.name for path in written.paths] == [
        f"P03_2026W47_HASH_MOBILE_PHONE_{i:03d}.zip" for i in (1, 2, 3)
    ]
    assert all(path.stat().st_size <= limit for path in written.paths)
    lines = [line for path in written.paths for line in lines_of(path)]
    assert len(set(lines)) == 250
    assert lines == sorted(lines)


def test_small_seeds_are_warned_about():
    def warnings(n_users):
        members = pd.DataFrame({"phone": [f"138{i:08d}" for i in range(n_users)]})
        return TencentIds().write(audience_of(members), None).warnings

    assert "2,000" in warnings(1_999)[0]
    assert warnings(2_000) == ()
