import csv
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.integration import shop as house
from tests.integration.shop import run_personas

shop, trained = house.shop, house.trained


def refused(shop, answer, *fragments, before=None, code=2):
    """The run ended in plain words, and left nothing half-written."""
    assert answer.code == code, answer.err
    assert answer.out == ""
    assert answer.err.startswith(("Error: ", "Usage: "))
    assert "Traceback" not in answer.err
    for fragment in fragments:
        assert fragment in answer.err
    assert shop.temporary() == []
    assert shop.files() == (before or [])


def faults(shop):
    path = shop.store / "quarantine" / "shop-2025-12-01.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (r["table"], r["file"], int(r["row"]), r["column"], r["reason"]) for r in csv.DictReader(file)
        ]


# --- tables ---------------------------------------------------------------------------------------


def test_a_mapped_column_that_is_missing(shop):
    shop.write_rows("users", shop.rows("users"), columns=["uid", "age", "sex", "plan"])
    refused(shop, shop.run("train"), "users.csv", "'tier'", "city_tier", "It has: uid, age, sex, plan")


def test_a_required_column_that_is_missing(shop):
    del shop.config["sources"]["events"]["columns"]["event_at"]
    shop.write_config()
    refused(shop, shop.run("train"), "events.csv", "required column event_at is missing", "Map one of them")


@pytest.mark.parametrize(
    ("table", "values", "column", "reason"),
    [
        ("users", {"age": "many"}, "age", "not a number"),
        ("users", {"age": "-4"}, "age", "outside 0 to 120"),
        ("users", {"sex": "x"}, "gender", "unknown level"),
        ("users", {"uid": ""}, "user_id", "empty"),
        ("users", {"uid": "U0300"}, "user_id", "duplicate key"),
        ("events", {"uid": "nobody"}, "user_id", "user not in users"),
        ("events", {"at": "2025-13-45"}, "event_at", "not an ISO 8601 date"),
        ("events", {"what": "ordr"}, "event_type", "unknown level"),
        ("events", {"amount": "99999999999"}, "amount", "outside 0 to 10,000,000"),
        ("events", {"amount": "-1"}, "amount", "outside 0 to 10,000,000"),
        ("events", {"amount": "1e400"}, "amount", "not a number"),
    ],
)
def test_faulty_rows_above_the_limit_stop_the_run_and_a_few_are_set_aside(
    shop, table, values, column, reason
):
    rows = shop.rows(table)
    shop.change(table, range(1, len(rows) // 10), **values)
    refused(shop, shop.run("train"), f"{table}.csv", reason, column, "at most 5% may")

    shop.write_rows(table, rows)
    shop.change(table, [2, 5], **values)
    answer = shop.run("check", "--json")
    assert answer.code == 0, answer.err
    ours = [fault for fault in faults(shop) if fault[0] == table]
    kept_first = reason == "duplicate key"  # row 2 is then the first of U0300; the last row is the copy
    numbers = [5, len(rows)] if kept_first else [2, 5]
    assert ours == [(table, f"{table}.csv", number, column, reason) for number in numbers]


def test_quarantined_rows_are_counted_in_the_contract_and_the_run_goes_on(shop):
    shop.change("users", [3, 8], sex="x")
    answer = shop.run("train")
    assert answer.code == 0
    n_orphans = sum(row["uid"] in ("U0003", "U0008") for row in shop.rows("events"))
    assert n_orphans
    assert "2 rows were quarantined; see store/quarantine/shop-2025-12-01.csv." in answer.out
    contract = next(shop.store.glob("models/shop/*/contract.json")).read_text(encoding="utf-8")
    users, events = yaml.safe_load(contract)["tables"]
    assert (users["n_rows"], users["n_valid"], users["n_quarantined"]) == (300, 298, 2)
    assert users["reasons"][0]["reason"] == "unknown level"
    # Their events are not strangers': the users exist, though they are left out.
    assert events["n_quarantined"] == 0


def test_a_birth_date_in_the_future(shop):
    rows = [{**row, "born": "1990-05-01"} for row in shop.rows("users")]
    rows[6]["born"] = "2031-01-01"
    shop.write_rows("users", rows)
    shop.config["sources"]["users"]["columns"]["birth_date"] = "born"
    shop.write_config()
    assert shop.run("check").code == 0
    assert ("users", "users.csv", 7, "birth_date", "in the future") in faults(shop)


def test_events_on_or_after_as_of_are_counted_and_not_looked_at(shop):
    shop.change("events", [1, 2, 3], at="2025-12-01")
    answer = shop.run("check")
    assert answer.code == 0
    assert "3 events are on or after 2025-12-01; features do not see them" in answer.out


@pytest.mark.parametrize("table", ["users", "events"])
def test_an_empty_file_and_a_header_without_rows(shop, table):
    rows = shop.rows(table)
    shop.write_rows(table, [], columns=list(rows[0]))
    refused(shop, shop.run("train"), f"{table}.csv", "the table has no rows")
    (shop.folder / f"{table}.csv").write_bytes(b"")
    refused(shop, shop.run("train"), f"{table}.csv", "the file is empty (0 bytes)", "Export it again")


@pytest.mark.parametrize(
    ("n_users", "fragment"), [(1, "No feature is left to cluster on"), (40, "expected at least 50")]
)
def test_too_few_users(shop, n_users, fragment):
    users = shop.rows("users")[:n_users]
    known = {row["uid"] for row in users}
    shop.write_rows("users", users)
    shop.write_rows("events", [row for row in shop.rows("events") if row["uid"] in known])
    refused(shop, shop.run("train"), fragment)


def test_too_few_users_to_train_on(shop):
    shop.write_rows("users", shop.rows("users")[:40])
    kept = {row["uid"] for row in shop.rows("users")}
    shop.write_rows("events", [row for row in shop.rows("events") if row["uid"] in kept])
    refused(shop, shop.run("train"), "users are left to train on; expected at least 50")


def test_a_clusterer_that_finds_the_number_by_itself(shop):
    shop.config["personas"] = {"n_personas": 3, "clusterer": "hdbscan"}
    shop.write_config()
    refused(shop, shop.run("train"), "hdbscan", "auto")


# --- files ----------------------------------------------------------------------------------------


def test_a_text_in_another_encoding(shop):
    users = shop.rows("users")
    shop.write_rows("users", users, encoding="gb18030")
    refused(shop, shop.run("train"), "users.csv", "the text is not utf-8", "try encoding: gb18030")
    shop.write_rows("users", users)
    shop.config["sources"]["users"]["encoding"] = "gb18030"
    shop.write_config()
    refused(shop, shop.run("train"), "users.csv", "the text is UTF-8", "try encoding: utf-8")


def _as_parquet(shop):
    path = shop.folder / "users.parquet"
    pq.write_table(pa.Table.from_pylist(shop.rows("users")), path)
    shop.config["sources"]["users"]["path"] = "users.parquet"
    shop.write_config()
    return path


def test_a_truncated_parquet_file(shop):
    path = _as_parquet(shop)
    path.write_bytes(path.read_bytes()[:-100])
    refused(shop, shop.run("train"), "users.parquet", "not a complete Parquet file", "Copy it again")


def test_a_parquet_file_that_is_damaged_in_the_middle(shop):
    path = _as_parquet(shop)
    content = bytearray(path.read_bytes())
    content[4:1200] = b"\xff" * 1196
    path.write_bytes(content)
    refused(shop, shop.run("train"), "users")


def test_a_csv_file_under_the_name_of_a_parquet_file(shop):
    (shop.folder / "users.csv").rename(shop.folder / "users.parquet")
    shop.config["sources"]["users"]["path"] = "users.parquet"
    shop.write_config()
    refused(shop, shop.run("train"), "users.parquet", "of another format", "set format")


def test_a_missing_file_and_a_folder_instead_of_a_file(shop):
    (shop.folder / "users.csv").unlink()
    refused(shop, shop.run("train"), "users.csv: there is no such file")
    (shop.folder / "users.csv").mkdir()
    refused(shop, shop.run("train"), "users.csv", "check the path")


# --- configs --------------------------------------------------------------------------------------


def test_an_unknown_key_names_the_nearest(shop):
    shop.config["personas"]["n_persona"] = 4
    shop.config["sources"]["users"]["colums"] = {}
    shop.write_config()
    answer = shop.run("train")
    refused(
        shop, answer, "shop.yaml: 2 problem(s)", "personas.n_persona: unknown key; did you mean 'n_personas'?"
    )
    assert "sources.users.colums: unknown key; did you mean 'columns'?" in answer.err


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("name: [shop", "not valid YAML"),
        ("name: shop\nname: shop2\n", "'name' stands twice"),
        ("- just\n- a list\n", "found list, expected a mapping"),
        ("", "found NoneType, expected a mapping"),
        ("name: a/b\nsources: {users: {path: users.csv}}\n", "name: "),
    ],
)
def test_a_config_that_is_no_config(shop, text, fragment):
    shop.config_path.write_text(text, encoding="utf-8")
    refused(shop, shop.run("train"), "shop.yaml", fragment)


def test_a_config_in_another_encoding_a_folder_or_nothing(shop):
    shop.config_path.write_bytes("name: 商店\n".encode("gb18030"))
    refused(shop, shop.run("train"), "shop.yaml", "save it as UTF-8")
    shop.config_path.unlink()
    refused(shop, shop.run("train"), "shop.yaml: no such file", "personas init")
    shop.config_path.mkdir()
    refused(shop, shop.run("train"), "shop.yaml", "is a directory")


def test_a_column_that_is_mapped_but_not_declared(shop):
    shop.config["sources"]["users"]["columns"]["citytier"] = "tier"
    shop.config["sources"]["events"]["values"] = {"categorie": {}}
    shop.write_config()
    answer = shop.run("train")
    refused(
        shop, answer, "sources.users.columns.citytier: no such column of users; did you mean 'city_tier'?"
    )
    assert "sources.events.values.categorie" in answer.err
    assert "declared under attributes" in answer.err


def test_an_attribute_that_is_declared_but_not_mapped(shop):
    shop.config["attributes"]["hobby"] = {"kind": "nominal"}
    shop.write_config()
    refused(shop, shop.run("train"), "attributes declares hobby", "map it, or remove it")


@pytest.mark.parametrize(
    ("section", "values", "fragment"),
    [
        (
            "personas",
            {"clusterer": "kmean"},
            "No clusterer is called 'kmean'; known: bisecting_kmeans, foresight, gaussian_mixture, hdbscan, kmeans, latent_class",
        ),
        ("personas", {"archetypes": "no_such"}, "neither a shipped name (home_appliances"),
        ("personas", {"n_personas": 0}, "personas.n_personas"),
        ("personas", {"n_personas": 31}, "from 1 to 30"),
        ("personas", {"min_personas": 9}, "min_personas is larger than max_personas"),
        ("export", {"min_confidence": 2}, "export.min_confidence"),
        ("features", {"lookback_days": 0}, "features.lookback_days"),
        ("features", {"inputs": ["agee"]}, "agee"),
        ("contract", {"time_zone": "Mars/Base"}, "Mars/Base"),
    ],
)
def test_an_impossible_value_in_the_config(shop, section, values, fragment):
    shop.config[section] = values
    shop.write_config()
    refused(shop, shop.run("train"), fragment)


def test_a_connection_whose_variable_is_not_set(shop, monkeypatch):
    monkeypatch.delenv("SHOP_DATABASE", raising=False)
    shop.config["sources"]["users"] = {"connection_env": "SHOP_DATABASE", "table": "users"}
    shop.config["attributes"] = {}
    shop.write_config()
    refused(shop, shop.run("train"), "SHOP_DATABASE, which is not set", "export SHOP_DATABASE=")


# --- arguments and order --------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2025-13-01", "01.12.2025", "today", ""])
def test_as_of_in_a_wrong_form(shop, day):
    answer = run_personas("train", shop.config_path, "--as-of", day)
    refused(shop, answer, "is not a day; expected YYYY-MM-DD, for example 2025-12-01")


def test_training_without_as_of(shop):
    refused(shop, run_personas("train", shop.config_path), "Missing option '--as-of'")


def test_scoring_before_training_and_exporting_before_scoring(shop):
    refused(
        shop,
        shop.run("score"),
        "store holds no model of 'shop'; train one first: personas train shop.yaml --as-of 2025-12-01",
    )
    assert shop.run("train").code == 0
    before = shop.files()
    refused(
        shop,
        shop.run("export", "--destination", "file"),
        "score them first: personas score shop.yaml --as-of",
        before=before,
    )


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (["--destination", "facebook"], "No destination is called 'facebook'; there are file, google"),
        (["--destination", "file", "--persona", "P99"], "'P99'; the assignments hold P01"),
        (["--destination", "file", "--min-confidence", "2"], "2.0 is not in the range 0<=x<=1"),
        (["--destination", "google_customer_match"], "add sources.identifiers"),
        (["--destination", "tencent_ids", "--format", "csv"], "has no option format"),
        (["--destination", "file", "--format", "docx"], "'docx' is not one of"),
        (["--destination", "file", "--output", "shop.yaml"], "shop.yaml"),
    ],
)
def test_an_export_that_can_not_be(trained, arguments, fragment):
    before = trained.files()
    refused(trained, trained.run("export", *arguments), fragment, before=before)


def test_an_unknown_model_version(trained):
    before = trained.files()
    refused(trained, trained.run("score", "--model", "2019"), "a version starting with '2019'", before=before)
    for verb in (("models", "show"), ("models", "promote"), ("report",)):
        answer = run_personas(*verb, "no_such", "--store", "store")
        refused(trained, answer, "'no_such' is no model here", "shop", before=before)
    refused(
        trained,
        run_personas("models", "promote", "shop", "--store", "store"),
        "choose one of: shop/2",
        before=before,
    )


def test_naming_an_unknown_persona(trained):
    before = trained.files()
    answer = run_personas("models", "name", "P99", "name", "--store", "store")
    refused(trained, answer, "P99", "P01", before=before)


@pytest.mark.parametrize("verb", ["train", "score"])
def test_outputs_that_are_folders(trained, verb):
    before = trained.files()
    (trained.folder / "out").mkdir()
    if verb == "score":
        refused(trained, trained.run("score", "--output", "out"), "is a directory", before=before)
        refused(trained, trained.run("score", "--output", "shop.yaml/x.parquet"), "shop.yaml", before=before)
    refused(
        trained,
        run_personas("report", "--store", "store", "--output", "out"),
        "is a directory",
        before=before,
    )
    refused(trained, run_personas("init", "users.csv", "--output", "out"), "is a directory", before=before)


def test_a_store_that_is_a_file(shop):
    (shop.folder / "store").write_text("x")
    answer = shop.run("train")
    assert answer.code == 2
    assert "store can't be a folder, since a file stands in its way" in answer.err
    assert (shop.folder / "store").read_text() == "x"


# --- a model and tables that do not fit ------------------------------------------------------------


def test_another_lookback(trained):
    before = trained.files()
    trained.config["features"] = {"lookback_days": 30}
    trained.write_config()
    refused(trained, trained.run("score"), "lookback_days is 30", "365 days; set it back", before=before)


def test_an_attribute_that_is_gone(trained):
    before = trained.files()
    trained.config["attributes"] = {}
    del trained.config["sources"]["users"]["columns"]["plan"]
    trained.write_config()
    refused(trained, trained.run("score"), "plan", "train", before=before)


def test_a_profile_column_that_is_gone(trained):
    before = trained.files()
    del trained.config["sources"]["users"]["columns"]["city_tier"]
    trained.write_config()
    refused(
        trained,
        trained.run("score"),
        "users.csv",
        "trained on city_tier",
        "train and promote a new model",
        before=before,
    )


def test_other_categories_and_no_events(trained):
    before = trained.files()
    trained.write_rows("events", [{**row, "cat": "boat"} for row in trained.rows("events")])
    refused(trained, trained.run("score"), "events.csv: none of the categories", "fridge", before=before)
    del trained.config["sources"]["events"]
    trained.write_config()
    refused(trained, trained.run("score"), "sources.events: none of the categories", before=before)


def test_an_attribute_of_another_kind(trained):
    before = trained.files()
    trained.write_rows("users", [{**row, "plan": "7"} for row in trained.rows("users")])
    trained.config["attributes"]["plan"]["kind"] = "numeric"
    trained.write_config()
    answer = trained.run("score")
    refused(trained, answer, "plan", before=before)


def test_a_model_that_was_changed_on_disk(trained):
    model = next(trained.store.glob("models/shop/*/model.json"))
    model.write_text(model.read_text(encoding="utf-8").replace("kmeans", "Kmeans", 1), encoding="utf-8")
    before = trained.files()
    refused(trained, trained.run("score"), "'model.json'", "was changed since it was written", before=before)


def test_a_store_that_may_not_be_written(shop):
    shop.store.mkdir()
    shop.store.chmod(0o555)
    # The superuser may write anywhere, but for this right.
    without_rights = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    answer = subprocess.run(
        [
            *without_rights,
            sys.executable,
            "-m",
            "pipelines.cli",
            "train",
            "shop.yaml",
            "--as-of",
            "2025-12-01",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 2, answer.stderr
    assert "store: nothing may be written here" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert list(shop.store.iterdir()) == []
