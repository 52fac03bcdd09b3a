import hashlib
import json
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personas.errors import ConfigError, DataError, NotFoundError, UnsafeExportError
from personas.export import DESTINATIONS, ExportRequest, ScenePeople, export_audience, load_destination
from personas.scoring.base import ASSIGNMENT_SCHEMA

SIZES = {"P01": 150, "P02": 120, "P03": 6}
NAMES = {"P01": "银发一族", "P02": "都市中产", "P03": "小镇青年"}
FLAGS = {
    "consent_marketing": True,
    "consent_share_3p": True,
    "consent_profiling": True,
    "opt_out": False,
    "erasure_requested": False,
    "is_minor": False,
}


def assignments_of(sizes=None):
    rows = []
    for persona_id, size in (sizes or SIZES).items():
        rows += [
            {
                "user_id": f"{persona_id}-{i:03d}",
                "persona_id": persona_id,
                "persona_name": NAMES[persona_id],
                "confidence": 0.5 + 0.5 * (i % 10) / 10,
                "runner_up_id": None,
                "runner_up_confidence": None,
                "status": "low_confidence" if i % 10 < 2 else "assigned",
                "model_version": "v7",
                "as_of": date(2026, 11, 18),
            }
            for i in range(size)
        ]
    return pa.Table.from_pylist(rows).cast(ASSIGNMENT_SCHEMA)


def with_column(table, name, values):
    """Replace a column of the assignments."""
    index = table.schema.get_field_index(name)
    return table.set_column(
        index, table.schema.field(name), pa.array(values).cast(table.schema.field(name).type)
    )


def identifiers_of(table):
    ids = table["user_id"].to_pylist()
    return pd.DataFrame({"user_id": ids, "email": [f"{x.lower()}@example.com" for x in ids], "phone": None})


def consents_of(table):
    ids = table["user_id"].to_pylist()
    return pd.DataFrame({"user_id": ids, **{name: [value] * len(ids) for name, value in FLAGS.items()}})


def export_to_google(table, folder, *, identifiers=None, consents=None, **request):
    return export_audience(
        table,
        load_destination("google_customer_match"),
        ExportRequest(folder, **request),
        identifiers=identifiers_of(table) if identifiers is None else identifiers,
        consents=consents_of(table) if consents is None else consents,
    )


def files_below(folder: Path):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_every_persona_gets_a_folder_with_a_receipt_and_the_small_one_is_withheld(tmp_path):
    receipts = export_to_google(assignments_of(), tmp_path / "out")
    assert [(r.persona_id, r.n_users) for r in receipts] == [("P01", 150), ("P02", 120), ("P03", 0)]
    assert receipts[2].suppressed == {"below_minimum_size": 6}
    assert "6 users are left of 6, fewer than the 100" in receipts[2].warnings[0]
    assert files_below(tmp_path) == [
        "out/google_customer_match/P01_2026W47/P01_2026W47.csv",
        "out/google_customer_match/P01_2026W47/receipt.json",
        "out/google_customer_match/P02_2026W47/P02_2026W47.csv",
        "out/google_customer_match/P02_2026W47/receipt.json",
        "out/google_customer_match/P03_2026W47/receipt.json",
    ]


def test_receipt_says_what_was_written_and_hashes_the_files(tmp_path):
    (receipt,) = export_to_google(assignments_of(), tmp_path, persona_id="P01")
    folder = tmp_path / "google_customer_match" / "P01_2026W47"
    stored = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(receipt.to_dict()))
    content = (folder / "P01_2026W47.csv").read_bytes()
    assert receipt.files == {"P01_2026W47.csv": hashlib.sha256(content).hexdigest()}
    assert (receipt.model_version, receipt.as_of, receipt.minimum_size) == ("v7", date(2026, 11, 18), 100)
    assert receipt.identifiers == ("Email",)


def test_the_people_of_a_scene_are_told_on_every_receipt(tmp_path):
    inside = pa.array([f"P01-{i:03d}" for i in range(110)] + [f"P03-{i:03d}" for i in range(6)])
    scene = ScenePeople("kitchen", inside, ("Mind the date.",))
    receipts = export_to_google(assignments_of(), tmp_path, scene=scene)
    assert [(r.persona_id, r.scene, r.n_candidates, r.n_users) for r in receipts] == [
        ("P01", "kitchen", 110, 110),
        ("P02", "kitchen", 0, 0),
        ("P03", "kitchen", 6, 0),
    ]
    assert receipts[0].warnings[-1] == "Mind the date."
    assert receipts[1].warnings == ("Refused: nobody of P02 has the scene kitchen as main scene.",)
    assert receipts[1].suppressed == {}
    stored = json.loads(
        (tmp_path / "google_customer_match" / receipts[1].folder / "receipt.json").read_text()
    )
    assert stored["scene"] == "kitchen"


def test_persona_may_be_asked_for_by_name(tmp_path):
    (receipt,) = export_to_google(assignments_of(), tmp_path, persona_id="都市中产")
    assert receipt.persona_id == "P02"


def test_readable_name_never_reaches_a_platform(tmp_path):
    export_to_google(assignments_of(), tmp_path, persona_id="P01")
    for path in tmp_path.rglob("*"):
        assert "银发一族" not in str(path)
        assert path.is_dir() or "银发一族" not in path.read_text(encoding="utf-8")


def test_each_suppressed_user_is_counted_once_by_reason(tmp_path):
    table = assignments_of({"P01": 150})
    status = table["status"].to_pylist()
    status[:3] = ["out_of_distribution"] * 3
    table = with_column(table, "status", status)
    consents = consents_of(table).iloc[:-5]  # five users never stated anything
    consents.loc[[0, 11], "opt_out"] = True  # the first is out of distribution anyway
    consents["consent_share_3p"] = consents["consent_share_3p"].astype("boolean")
    consents.loc[[12, 13], "consent_share_3p"] = [False, pd.NA]
    identifiers = identifiers_of(table)
    identifiers.loc[[15, 16], "email"] = [None, "broken"]
    (receipt,) = export_to_google(
        table, tmp_path, identifiers=identifiers, consents=consents, min_confidence=0.55, persona_id="P01"
    )
    assert receipt.suppressed == {
        "below_min_confidence": 14,
        "no_identifier": 1,
        "no_marketing_consent": 5,
        "no_third_party_consent": 2,
        "no_valid_identifier": 1,
        "opt_out": 1,
        "out_of_distribution": 3,
    }
    assert receipt.rejected == {"invalid_email": 1}
    assert receipt.n_candidates == 150 == receipt.n_users + sum(receipt.suppressed.values())


def test_low_confidence_users_stay_unless_asked(tmp_path):
    (receipt,) = export_to_google(assignments_of(), tmp_path, persona_id="P01")
    assert receipt.n_users == 150


def test_out_of_distribution_users_stay_inside(tmp_path):
    table = with_column(assignments_of({"P01": 30}), "status", ["out_of_distribution"] * 30)
    (receipt,) = export_audience(table, load_destination("file"), ExportRequest(tmp_path))
    assert receipt.n_users == 30


def test_identifier_of_a_person_who_opted_out_under_another_account_is_not_sent(tmp_path):
    table = assignments_of()
    identifiers, consents = identifiers_of(table), consents_of(table)
    identifiers.loc[200, "email"] = " P01-000@Example.com"  # a member of P02, the person of P01-000
    consents.loc[200, "opt_out"] = True
    (receipt,) = export_to_google(
        table, tmp_path, identifiers=identifiers, consents=consents, persona_id="P01"
    )
    assert receipt.suppressed == {"refused_identifier": 1}
    assert receipt.rejected == {"refused_email": 1}
    (csv,) = tmp_path.rglob("*.csv")
    assert hashlib.sha256(b"p01-000@example.com").hexdigest() not in csv.read_text()


def test_no_id_stands_in_receipts_and_errors(tmp_path):
    table = assignments_of()
    export_to_google(table, tmp_path, persona_id="P01")
    (receipt,) = tmp_path.rglob("receipt.json")
    assert "P01-0" not in receipt.read_text()
    assert "@example" not in receipt.read_text().lower()
    with pytest.raises(UnsafeExportError) as caught:
        export_to_google(table, tmp_path, persona_id="P03")
    assert "P03-0" not in str(caught.value)


def test_audience_that_is_too_small_is_refused_with_its_counts(tmp_path):
    table = assignments_of()
    consents = consents_of(table)
    consents.loc[:59, "opt_out"] = True
    with pytest.raises(
        UnsafeExportError, match=r"minimum of 100 users: P01 keeps 90 of 150 users \(opt_out 60\)"
    ):
        export_to_google(table, tmp_path / "out", consents=consents, persona_id="P01")
    assert list(tmp_path.iterdir()) == []


def test_minimum_size_holds_for_what_is_written_not_for_who_was_chosen(tmp_path):
    table = assignments_of({"P01": 150})
    identifiers = identifiers_of(table).assign(email="shared@example.com")
    with pytest.raises(UnsafeExportError, match="duplicate_identifier 149"):
        export_to_google(table, tmp_path, identifiers=identifiers)


def test_minimum_size_may_only_be_raised(tmp_path):
    with pytest.raises(UnsafeExportError, match="P02 keeps 120"):
        export_to_google(assignments_of(), tmp_path, minimum_size=121, persona_id="P02")
    with pytest.raises(UnsafeExportError, match="never lowered"):
        export_to_google(assignments_of(), tmp_path, minimum_size=5)


def test_dry_run_counts_the_same_and_writes_nothing(tmp_path):
    wet = export_to_google(assignments_of(), tmp_path / "wet")
    dry = export_to_google(assignments_of(), tmp_path / "dry", dry_run=True)
    assert not (tmp_path / "dry").exists()
    assert [(r.n_users, r.suppressed, r.files, r.dry_run) for r in dry] == [
        (r.n_users, r.suppressed, {}, True) for r in wet
    ]


def test_same_export_again_is_left_and_another_one_stands_beside_it(tmp_path):
    table = assignments_of()
    first = export_to_google(table, tmp_path)
    assert [receipt.folder for receipt in first] == [receipt.code for receipt in first]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    assert export_to_google(table, tmp_path) == first
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before
    for number, min_confidence in ((2, 0.55), (3, 0.65), (2, 0.55)):
        (receipt,) = export_to_google(table, tmp_path, min_confidence=min_confidence, persona_id="P01")
        assert receipt.folder == f"P01_2026W47-{number}"
        folder = tmp_path / "google_customer_match" / receipt.folder
        assert sorted(path.name for path in folder.iterdir()) == ["P01_2026W47.csv", "receipt.json"]
        assert json.loads((folder / "receipt.json").read_text(encoding="utf-8"))["folder"] == receipt.folder
    assert {path: path.read_bytes() for path in before} == before
    assert not list(tmp_path.rglob(".partial*"))


@pytest.mark.parametrize("name", ["file", "google_customer_match"])
def test_order_of_the_input_does_not_matter(tmp_path, name):
    table = assignments_of()
    identifiers = identifiers_of(table).assign(phone=[f"138{i // 2:08d}" for i in range(table.num_rows)])
    shuffled = table.take(list(reversed(range(table.num_rows))))
    for folder, rows in (("a", table), ("b", shuffled)):
        export_audience(
            rows,
            load_destination(name),
            ExportRequest(tmp_path / folder, "P01"),
            identifiers=identifiers if folder == "a" else identifiers.sample(frac=1, random_state=3),
            consents=consents_of(rows),
        )
    assert files_below(tmp_path / "a") == files_below(tmp_path / "b")
    for file in files_below(tmp_path / "a"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_assignments_may_be_parquet(tmp_path):
    table = assignments_of()
    pq.write_table(table, tmp_path / "scores.parquet")
    (receipt,) = export_audience(
        tmp_path / "scores.parquet", load_destination("file"), ExportRequest(tmp_path / "out", "P01")
    )
    assert receipt.n_users == 150
    with pytest.raises(NotFoundError, match="do not exist"):
        export_audience(tmp_path / "nothing", load_destination("file"), ExportRequest(tmp_path))


def test_file_export_without_consents_says_that_nobody_s_opt_out_was_checked(tmp_path):
    (receipt,) = export_audience(assignments_of(), load_destination("file"), ExportRequest(tmp_path, "P01"))
    assert any("opt-out" in warning for warning in receipt.warnings)


def test_platform_without_identifiers_or_consents_says_what_to_add(tmp_path):
    table, google = assignments_of(), load_destination("google_customer_match")
    with pytest.raises(DataError, match=r"sources\.identifiers"):
        export_audience(table, google, ExportRequest(tmp_path), consents=consents_of(table))
    with pytest.raises(UnsafeExportError, match=r"sources\.consents"):
        export_audience(table, google, ExportRequest(tmp_path), identifiers=identifiers_of(table))
    with pytest.raises(DataError, match=r"email, phone.*sources\.identifiers"):
        export_to_google(table, tmp_path, identifiers=identifiers_of(table)[["user_id"]])
    twice = pd.concat([identifiers_of(table), identifiers_of(table).iloc[:1]])
    with pytest.raises(DataError, match="identifiers hold 1 rows of users who already have one"):
        export_to_google(table, tmp_path, identifiers=twice)


def test_unknown_persona_and_destination_list_the_known_ones(tmp_path):
    with pytest.raises(NotFoundError, match=r"'P99'.*P01 \(银发一族\), P02"):
        export_to_google(assignments_of(), tmp_path, persona_id="P99")
    with pytest.raises(NotFoundError, match=", ".join(sorted(DESTINATIONS))):
        load_destination("facebook")
    with pytest.raises(ConfigError, match="it has phone_region"):
        load_destination("google_customer_match", {"region": "US"})


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_min_confidence_is_a_share(tmp_path, value):
    with pytest.raises(ConfigError, match="0 to 1"):
        ExportRequest(tmp_path, min_confidence=value)


def test_broken_assignments_are_refused(tmp_path):
    table = assignments_of()
    google = load_destination("file")
    request = ExportRequest(tmp_path)
    broken = [
        (table.drop_columns(["status"]), "lack the columns status"),
        (table.slice(0, 0), "hold no users"),
        (pa.concat_tables([table, table.slice(0, 2)]), "2 rows of users who already have one"),
        (
            with_column(table, "model_version", ["v1", "v2"] * (table.num_rows // 2)),
            "mix 2 values of model_version",
        ),
        (table.set_column(3, "confidence", pa.array(["high"] * table.num_rows)), "other column types"),
        (
            with_column(table, "persona_id", [None] + ["P01"] * (table.num_rows - 1)),
            "empty values in persona_id",
        ),
    ]
    for bad, message in broken:
        with pytest.raises(DataError, match=message):
            export_audience(bad, google, request)


def test_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ConfigError, match="a file stands in its way"):
        export_to_google(assignments_of(), tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_audiences_that_were_moved_already_are_taken_back_when_a_later_move_fails(tmp_path):
    blocked = tmp_path / "google_customer_match" / "P02_2026W47"
    blocked.parent.mkdir()
    blocked.symlink_to("nowhere")  # the operating system refuses to move a folder onto it
    with pytest.raises(OSError, match="P02_2026W47"):
        export_to_google(assignments_of(), tmp_path)
    assert list(blocked.parent.iterdir()) == [blocked]
