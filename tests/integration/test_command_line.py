import json
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.integration import shop as house
from tests.integration.shop import AS_OF, run_personas

shop, trained = house.shop, house.trained

ROOT = Path(__file__).parents[2]
VERBS = [
    ("init",),
    ("demo",),
    ("check",),
    ("train",),
    ("score",),
    ("report",),
    ("export",),
    ("run",),
    ("models",),
    ("models", "list"),
    ("models", "show"),
    ("models", "name"),
    ("models", "promote"),
    ("category",),
    *(
        ("category", verb)
        for verb in ("attach", "scenes", "flow", "sequence", "growth", "opportunity", "ladder")
    ),
]
SOURCES = ("users", "events", "identifiers", "consents")


# --- help and JSON --------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [(), *VERBS])
def test_help_shows_an_example(verb):
    answer = run_personas(*verb, "--help")
    assert answer.code == 0
    (example,) = [line for line in answer.out.splitlines() if line.startswith("    personas ")][:1]
    assert example.split()[1 : 1 + len(verb)] == list(verb)
    assert "  Example:\n" in answer.out
    assert answer.err == ""


def test_every_verb_is_listed_and_exit_codes_are_explained():
    text = run_personas("--help").out
    for verb in {names[0] for names in VERBS}:
        assert f"\n  {verb} " in text
    codes = text.partition("Exit codes:")[2]
    assert [line.split()[0] for line in codes.split("Options:")[0].splitlines() if line.strip()] == [
        "0",
        "1",
        "2",
        "3",
        "130",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "shop.yaml", "--as-of", AS_OF),
        ("train", "shop.yaml", "--as-of", AS_OF),
        ("score", "shop.yaml", "--as-of", AS_OF, "--output", "copy.parquet"),
        ("export", "shop.yaml", "--destination", "file", "--dry-run"),
        ("report", "--store", "store", "--language", "en"),
        ("models", "list", "--store", "store"),
        ("models", "show", "--store", "store"),
        ("models", "name", "P01", "读者", "--en", "Readers", "--store", "store"),
        ("demo", "home_appliances", "--users", "200", "--output", "world"),
        ("init", "users.csv", "--output", "new.yaml"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_json_is_one_object_on_standard_output(trained, arguments):
    answer = run_personas(*arguments, "--json")
    assert answer.code == 0, answer.err
    assert isinstance(json.loads(answer.out), dict)
    assert answer.out.count("\n") == 1
    assert answer.err == ""


def test_a_fresh_process_prints_nothing_of_third_parties(trained):
    command = Path(sys.executable).with_name("personas")
    arguments = ["run", "shop.yaml", "--as-of", AS_OF, "--json"]
    answer = subprocess.run([command, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stderr
    result = json.loads(answer.stdout)
    assert answer.stderr == ""
    for path in (result["scored"], result["report"], result["export"]):
        assert Path(path).exists()


def test_a_wrong_verb_and_no_verb_are_mistakes_of_the_user():
    assert run_personas("trian").code == 2
    assert run_personas().code == 2


# --- commands in messages -------------------------------------------------------------------------


def _commands(text):
    verbs = {names[0] for names in VERBS}
    lines = [line.partition("personas ")[2].split(";")[0].rstrip(".") for line in text.splitlines()]
    return [shlex.split(line) for line in lines if line.partition(" ")[0] in verbs]


def test_the_command_that_switches_the_champion_works_as_printed(trained):
    trained.config["personas"]["n_personas"] = 3
    trained.write_config()
    answer = trained.run("train")
    (command,) = _commands(answer.out)
    assert command[:2] == ["models", "promote"]
    assert command[-2:] == ["--store", "store"]
    promoted = run_personas(*command)
    assert promoted.code == 0, promoted.err
    (model,) = [
        m
        for m in json.loads(run_personas("models", "list", "--store", "store", "--json").out)["models"]
        if m["champion"]
    ]
    assert model["n_personas"] == 3
    scored = json.loads(trained.run("score", "--json").out)
    assert scored["model_version"] == model["version"]


def test_the_store_is_not_named_where_it_is_the_usual_one(trained):
    trained.store.rename(trained.folder / "artifacts")
    trained.config["store"] = "artifacts"
    trained.config["personas"]["n_personas"] = 3
    trained.write_config()
    (command,) = _commands(trained.run("train").out)
    assert "--store" not in command
    assert run_personas(*command).code == 0


def test_the_command_after_a_missing_model_works_as_printed(shop):
    (command,) = _commands(shop.run("score").err)
    assert run_personas(*command).code == 0


def test_paths_are_short_inside_the_current_folder_and_whole_elsewhere(trained, tmp_path, monkeypatch):
    answer = trained.run("score", "--output", "out/copy.parquet")
    assert "Scored file: out/copy.parquet" in answer.out
    monkeypatch.chdir(tmp_path.parent)
    answer = trained.run("score")
    assert f"Scored file: {tmp_path.name}/shop/store/assignments/shop/" in answer.out
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert f"Scored file: {trained.store}/assignments/shop/" in trained.run("score").out


# --- init -----------------------------------------------------------------------------------------


def test_init_never_overwrites(shop):
    before = shop.config_path.read_bytes()
    answer = run_personas("init", "users.csv", "--output", "shop.yaml")
    assert answer.code == 2
    assert "shop.yaml exists" in answer.err
    assert shop.config_path.read_bytes() == before


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo world in a folder of its own."""
    folder = tmp_path_factory.mktemp("demo") / "world"
    assert run_personas("demo", "home_appliances", "--users", 400, "--output", folder).code == 0
    return folder


@pytest.mark.parametrize("form", ["parquet", "xlsx", "csv", "gb18030"])
def test_init_drafts_the_demo_config_from_any_format(demo, tmp_path, monkeypatch, form):
    monkeypatch.chdir(tmp_path)
    suffix = "csv" if form == "gb18030" else form
    for name in SOURCES:
        table = pd.read_parquet(demo / f"{name}.parquet")
        if name == "events":
            table = table.head(3000)
        match form:
            case "parquet":
                table.to_parquet(f"{name}.parquet", index=False)
            case "xlsx":
                table.to_excel(f"{name}.xlsx", index=False)
            case "csv":
                table.to_csv(f"{name}.csv", index=False, encoding="utf-8-sig")
            case _:
                table.to_csv(f"{name}.csv", index=False, encoding="gb18030")
    encoding = ["--encoding", "gb18030"] if form == "gb18030" else []
    answer = run_personas("init", *(f"{name}.{suffix}" for name in SOURCES), *encoding)
    assert answer.code == 0, answer.err
    checked = run_personas("check", "personas.yaml", "--as-of", AS_OF, "--json")
    assert checked.code == 0, checked.err
    tables = json.loads(checked.out)["contract"]["tables"]
    assert [(table["name"], table["n_quarantined"]) for table in tables] == [(name, 0) for name in SOURCES]

    drafted = yaml.safe_load(Path("personas.yaml").read_text(encoding="utf-8"))["sources"]
    shipped = yaml.safe_load((demo / "home_appliances.yaml").read_text(encoding="utf-8"))["sources"]
    for name in SOURCES:
        ours, theirs = drafted[name]["columns"], shipped[name]["columns"]
        further = {"plus_status", "phone_brand"}  # attributes may be called anything
        assert {k: v for k, v in theirs.items() if k not in further}.items() <= ours.items()
        assert set(ours.values()) == set(theirs.values())
    for column in ("gender", "marital_status", "city_tier"):
        assert drafted["users"]["values"][column] == shipped["users"]["values"][column]
    assert (
        drafted["events"]["values"]["event_type"].items() <= shipped["events"]["values"]["event_type"].items()
    )


def test_init_drafts_a_config_for_adventure_works(tmp_path, monkeypatch):
    folder = ROOT.parent / "shared" / "data" / "adventureworks"
    assert folder.is_dir(), f"the AdventureWorks tables are expected in {folder}"
    monkeypatch.chdir(tmp_path)
    answer = run_personas("init", folder / "customers.parquet", folder / "transactions.parquet")
    assert answer.code == 0, answer.err
    checked = run_personas("check", "personas.yaml", "--as-of", "2019-01-01")
    assert checked.code == 0, checked.err


# --- demo -----------------------------------------------------------------------------------------


def test_the_demo_runs_from_another_folder(demo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (demo / "home_appliances.yaml").read_text(encoding="utf-8")
    quick = demo / "quick.yaml"
    quick.write_text(
        text.replace("\npersonas:\n", "\npersonas:\n  clusterer: kmeans\n  n_personas: 2\n  bootstraps: 2\n"),
        encoding="utf-8",
    )
    answer = run_personas("run", quick, "--as-of", AS_OF, "--json")
    assert answer.code == 0, answer.err
    result = json.loads(answer.out)
    assert Path(result["report"]).is_relative_to(demo / "store")
    assert list(tmp_path.iterdir()) == []
    # Made again, the world is the same, and what was trained on it stays.
    before = {path.name: path.read_bytes() for path in demo.iterdir() if path.is_file()}
    again = run_personas("demo", "home_appliances", "--users", 400, "--output", demo)
    assert again.code == 0, again.err
    assert {path.name: path.read_bytes() for path in demo.iterdir() if path.is_file()} == before
    assert Path(result["report"]).exists()


def test_the_next_command_of_the_demo_works_as_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = run_personas("demo", "home_appliances", "--users", 200, "--output", "my world")
    (command,) = _commands(answer.out.splitlines()[-1])
    assert command == ["run", "my world/home_appliances.yaml", "--as-of", AS_OF]
    assert run_personas("check", *command[1:]).code == 0


def test_the_shipped_config_reads_the_world_where_its_comment_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    text = (ROOT / "configs" / "home_appliances.yaml").read_text(encoding="utf-8")
    paths = [source["path"] for source in yaml.safe_load(text)["sources"].values()]
    assert run_personas("demo", "home_appliances", "--users", 200).code == 0
    for path in paths:
        assert (tmp_path / "configs" / ".." / path).parent.name == "home_appliances"
        assert (tmp_path / "artifacts" / "home_appliances" / Path(path).name).is_file()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_the_demo_overwrites_nothing_but_a_demo_world(tmp_path, kind):
    target = tmp_path / "mine"
    if kind == "file":
        target.write_text("mine")
    else:
        target.mkdir()
        (target / "users.parquet").write_text("mine")
    answer = run_personas("demo", "home_appliances", "--users", 200, "--output", target)
    assert answer.code == 2
    assert "mine" in answer.err
    assert "Traceback" not in answer.err
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.read_text() for path in files] == ["mine"]


def test_an_unknown_demo(tmp_path):
    answer = run_personas("demo", "cars", "--output", tmp_path / "x")
    assert answer.code == 2
    assert "there are home_appliances and category_strategy" in answer.err


# --- databases ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_users_and_events_from_a_database(shop, monkeypatch, kind):
    tables = {name: pd.DataFrame(shop.rows(name)) for name in ("users", "events")}
    url = f"{kind}://{shop.folder}/shop.db"
    if kind == "sqlite":
        connection = sqlite3.connect(shop.folder / "shop.db")
        for name, table in tables.items():
            table.to_sql(name, connection, index=False)
        connection.close()
    else:
        connection = ibis.duckdb.connect(shop.folder / "shop.db")
        for name, table in tables.items():
            connection.create_table(name, pa.Table.from_pandas(table))
        connection.disconnect()
    from_files = json.loads(shop.run("check", "--json").out)["contract"]
    for name, source in shop.config["sources"].items():
        del source["path"]
        source["table"] = name
    shop.config["sources"]["users"]["connection"] = url
    shop.config["sources"]["events"]["connection_env"] = "SHOP_URL"
    shop.write_config()
    monkeypatch.setenv("SHOP_URL", url)
    answer = shop.run("check", "--json")
    assert answer.code == 0, answer.err
    contract = json.loads(answer.out)["contract"]
    for one, other in zip(contract["tables"], from_files["tables"], strict=True):
        assert (one["name"], one["n_valid"], one["absent"]) == (
            other["name"],
            other["n_valid"],
            other["absent"],
        )
    assert shop.run("train").code == 0
    stored = next(shop.store.glob("models/shop/*/model.json")).read_text(encoding="utf-8")
    assert "shop.db" not in stored

    shop.config["sources"]["users"]["table"] = "userz"
    shop.write_config()
    answer = shop.run("check")
    assert answer.code == 2
    assert f"the {kind} connection has no such table" in answer.err
    assert "shop.db" not in answer.err


def test_a_database_that_can_not_be_opened(shop):
    shop.config["sources"]["events"] = {"connection": "duckdb:///no/such/shop.db", "table": "events"}
    shop.write_config()
    answer = shop.run("check")
    assert answer.code == 2
    assert "the duckdb connection could not be opened" in answer.err


# --- what a run leaves ----------------------------------------------------------------------------


def test_every_admitted_user_is_scored_once(trained):
    path = next(trained.store.glob("assignments/shop/*/assignments.parquet"))
    assert sorted(pq.read_table(path)["user_id"].to_pylist()) == [row["uid"] for row in trained.rows("users")]
    assert trained.temporary() == []
    assert not (trained.folder / "artifacts").exists()


def test_scored_users_are_never_written_under_another_formats_name(shop):
    said = shop.run("score", "--output", "scored.csv")
    assert said.code == 2
    assert "ends in .parquet" in said.err
    assert not (shop.folder / "scored.csv").exists()
