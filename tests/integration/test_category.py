"""Category analyses from the command line: what is planted in a small world comes back."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from sklearn.metrics import adjusted_rand_score

from personas.category.analysis import read_analysis
from personas.category.small_cells import hide_small
from personas.datasets import write_world
from personas.datasets.co_purchase import make_co_purchase_world, shuffle_categories
from tests.integration import shop as house
from tests.integration.shop import run_personas

shop = house.shop

AS_OF = "2025-12-01"
N_USERS = 1_000
LATIN = """
    TGI GMV LMDI Wilson Fisher Benjamini Hochberg BH Jaccard Louvain Elkan Noto Bekker Davis Apple PLUS ID PV A L
    p q z x
"""
"""What a Chinese sentence may hold in Latin letters: figures, people, brands, stages."""

NAMES_FROM_DATA = ("rival_items", "wide_audience", "wide_tags", "wide_overlap")
"""Tables whose definition names tags, brands and categories as the data have them."""

VERBS = ("attach", "scenes", "flow", "sequence", "growth", "opportunity", "ladder")


def analyse(verb, config, *, as_of=AS_OF):
    """Run a verb and return its JSON and the analysis that it kept."""
    answer = run_personas("category", verb, config, "--as-of", as_of, "--json")
    assert answer.code == 0, answer.err
    result = json.loads(answer.out)
    return result, read_analysis(Path(result["folder"]))


def changed(config, target, **sections):
    """Write a copy of a config with some of its sections changed."""
    raw = yaml.safe_load(Path(config).read_text(encoding="utf-8"))
    for name, values in sections.items():
        raw[name] = {**raw.get(name, {}), **values} if isinstance(values, dict) else values
    target.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    return target


@pytest.fixture(scope="module")
def planted():
    return make_co_purchase_world(N_USERS, random_state=0)


def demo(folder, n_users):
    """Write the demo world and return its config."""
    answer = run_personas("demo", "category_strategy", "--users", n_users, "--output", folder, "--json")
    assert answer.code == 0, answer.err
    assert (folder / "truth_scenes.parquet").exists()
    return folder / "category_strategy.yaml"


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return demo(tmp_path_factory.mktemp("strategy") / "world", N_USERS)


@pytest.fixture(scope="module")
def found_in(config):
    """Run every verb on the demo world once; verb -> its JSON and its analysis."""
    return {verb: analyse(verb, config) for verb in VERBS}


@pytest.fixture(scope="module")
def whole(config):
    """Analyse with all small cells in the tables; verb -> its analysis."""
    path = changed(config, config.with_name("whole.yaml"), name="whole", category={"minimum_cell": 1})
    return {verb: analyse(verb, path)[1] for verb in ("sequence", "opportunity")}


@pytest.fixture(scope="module")
def with_personas(tmp_path_factory):
    """Train on scene affinities of three months before, and score; return the config."""
    config = demo(tmp_path_factory.mktemp("personas") / "world", 400)
    path = changed(
        config,
        config,
        sources={"user_tables": {"scenes": {"artifact": "scene_affinity"}}},
        attributes={
            **{
                f"affinity_{key}": {"kind": "numeric", "block": "what"}
                for key in ("living_room", "security", "kitchen")
            },
            "main_scene": {"kind": "nominal", "block": "what"},
        },
        category={"scenes": {"seeds": "home_appliances", "resamples": 2}, "minimum_cell": 1},
        personas={"n_personas": 3, "clusterer": "kmeans", "bootstraps": 2},
    )
    too_late = run_personas("train", path, "--as-of", AS_OF)
    assert too_late.code == 2
    assert "features may not see later days. Run: personas category scenes" in too_late.err
    analyse("scenes", path, as_of="2025-09-01")
    trained = run_personas("train", path, "--as-of", AS_OF, "--force", "--json")
    assert trained.code == 0, trained.err
    scored = run_personas("score", path, "--as-of", AS_OF)
    assert scored.code == 0, scored.err
    return path


# --- what was planted -----------------------------------------------------------------------------


def test_the_planted_scenes_come_back(found_in, planted):
    result, found = found_in["scenes"]
    members = found.tables["members"].set_index("category")["scene_id"]
    truth = planted.scenes.to_pandas().set_index("category")["scene"].dropna()
    assert adjusted_rand_score(truth, members.reindex(truth.index).fillna("none")) >= 0.9
    assert pd.isna(members["手机"])
    pairs = found.tables["pairs"]
    apart = pairs[pairs["relation"] == "substitute"][["category_a", "category_b"]].to_numpy().tolist()
    assert [sorted(pair) for pair in apart] == [sorted(("扫地机", "洗地机"))]
    (users,) = [path for path in result["user_tables"]["scene_affinity"] if "user_scenes" in path]
    table = pd.read_parquet(users)
    admitted = table["user_id"].nunique()
    assert admitted == len(table) < N_USERS
    assert set(table.columns) == {"user_id", "main_scene", *(f"affinity_scene_{i}" for i in (1, 2, 3))}


def test_the_planted_sequence_leads(whole, planted):
    found = whole["sequence"]
    direction = found.tables["direction"]
    sure = direction[(direction["q_value"] < 0.05) & (direction["share_before"] > 0.5)]
    pairs = set(zip(planted.sequence["first"].to_pylist(), planted.sequence["then"].to_pylist(), strict=True))
    top = list(zip(sure["category"], sure["next_category"], strict=True))[:5]
    assert len(top) == 5
    assert set(top) < pairs
    group = found.tables["direction_group"].iloc[0]
    assert (group["category"], group["share_before"] > group["expected_share"]) == ("large", True)


def test_the_planted_opportunity_leads(found_in, whole, planted):
    gaps = whole["opportunity"].tables["gaps"]
    planted_pairs = {(row["category"], row["segment"]) for row in planted.opportunities.to_pylist()}
    assert set(zip(gaps["category"][:2], gaps["segment"][:2], strict=True)) == planted_pairs
    assert gaps.loc[0, "q_value"] < 0.05
    assert gaps.loc[0, "n_brand_segment"] < 20  # so few that neither the file nor the findings tell them
    result, found = found_in["opportunity"]
    assert found.tables["gaps"].loc[0, ["n_brand_segment", "brand_share", "headroom"]].isna().all()
    assert "gaps" not in {finding["table"] for finding in result["findings"]}
    assert found.label("苹果手机用户").en == "holders of an Apple phone"


def test_years_are_compared_and_growth_is_taken_apart(found_in):
    _, found = found_in["flow"]
    assert len(found.parameters["periods"]) == 3
    change = found.tables["change_cells"]
    assert change.loc[change["row"] == change["column"], "share_this"].isna().all()
    _, found = found_in["growth"]
    parts = found.tables["decomposition"]["contribution"].sum()
    total = found.parameters["gmv_after"] - found.parameters["gmv_before"]
    assert parts == pytest.approx(total, abs=1e-6)
    quadrant = found.tables["growth_share"].set_index("category")["quadrant"]
    assert quadrant["电视"] == "cash_cow"
    assert found.parameters["share_kind"] == "relative"


def test_what_a_campaign_asks_for_is_made(found_in):
    result, found = found_in["opportunity"]
    bundles = found.tables["bundles"]
    assert bundles["price"].between(1000, 4000).all()
    assert found.tables["bundle_items"]["brand"].unique().tolist() == ["本品"]
    assert set(found.tables["rival_items"]["brand"]) == {"竞品A"}
    curve = found.tables["lookalikes"]
    assert curve["recall"].is_monotonic_increasing
    assert curve["reach"].max() < 1  # everybody is no audience
    (wide,) = result["user_tables"]["widening"]
    code, n_users = found.tables["wide_audience"].loc[0, ["code", "n_users"]]
    assert Path(wide).stem == code
    assert len(pd.read_parquet(wide)) == n_users
    (rivals,) = result["user_tables"]["interception"]
    assert pd.read_parquet(rivals)["user_id"].is_unique
    # Who the seed are is drawn without regard to what they buy, so nobody is like them.
    assert curve["auc"].max() < 0.6
    assert "lookalike" not in result["user_tables"]
    assert any("无法区分" in note for note in result["notes"]), result["notes"]


def test_every_definition_is_in_its_language(found_in):
    allowed = set(LATIN.split())
    for _, found in found_in.values():
        for key, text in found.definitions.items():
            latin = set(re.findall(r"[A-Za-z][A-Za-z_]*", text.zh))
            assert latin <= allowed, (found.verb, key)
            quoted = re.sub(r"'[^']*'", "", text.en)  # names of tags are as the data have them
            assert not re.search(r"[a-z]_[a-z]", quoted), (found.verb, key)
            if key not in NAMES_FROM_DATA:
                assert not re.search(r"[\u4e00-\u9fff]", quoted), (found.verb, key)


def test_few_users_are_told_nowhere(found_in):
    for result, _ in found_in.values():
        for finding in result["findings"]:
            assert not re.search(r"(?<![\d.,])1?\d (users|buyers|人)", finding["en"] + finding["zh"]), finding
    stages = [f["en"] for f in found_in["ladder"][0]["findings"] if f["table"] == "stages"]
    assert "8 and more page views hidden" in stages[1]


def test_files_hold_no_count_of_few_users(found_in):
    for result, found in found_in.values():
        assert result["minimum_cell"] == found.parameters["minimum_cell"] == 20
        for key, table in found.tables.items():
            counts = table.filter(
                regex=r"^(n_(?!expected|categories|items|orders|tags|contacts)|users_|at_risk)"
            )
            few = (counts > 0) & (counts < 20)
            assert not few.any(axis=None), (found.verb, key)
            pd.testing.assert_series_equal(hide_small(key, table, 20)["hidden"], table["hidden"], obj=key)


def test_the_report_needs_no_model(config, found_in, tmp_path):
    answer = run_personas(
        "category", "report", config, "--output", tmp_path / "r.html", "--language", "en", "--json"
    )
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["verbs"] == list(found_in)
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert [verb for verb in VERBS if f'<section id="{verb}">' not in html] == []
    assert "smart lock + " in html or " + smart lock" in html


def test_a_shuffled_world_has_no_strong_association(config, planted, tmp_path):
    folder = tmp_path / "shuffled"
    write_world(shuffle_categories(planted), folder)
    path = Path(shutil.copy(config, folder))
    result, found = analyse("attach", path)
    assert not (found.tables["association"]["tier"] == "high").any()
    assert not [finding for finding in result["findings"] if finding["table"] == "association"]


# --- personas and scenes ----------------------------------------------------------------------------


def test_scene_affinity_is_a_feature_of_the_next_training(with_personas):
    store = with_personas.parent / "store"
    (model,) = (store / "models" / "category_strategy").glob("*/model.json")
    text = model.read_text(encoding="utf-8")
    assert "affinity_kitchen" in text
    (scored,) = (store / "assignments" / "category_strategy").glob("*/assignments.parquet")
    assert pd.read_parquet(scored)["persona_id"].nunique() == 3


def test_analyses_are_sliced_by_persona(with_personas):
    _, found = analyse("scenes", with_personas)
    grid = found.tables["grid"]
    assert set(grid["persona_id"]) == {"P01", "P02", "P03"}
    assert {"P01", "客厅"} <= {*grid["persona_id"], *(found.label(s).zh for s in grid["scene_id"])}
    result, found = analyse("opportunity", with_personas)
    white = found.tables["white_space"]
    assert white["fits"].any()
    (file,) = result["user_tables"]["white_space"]
    open_ones = pd.read_parquet(file).groupby(["persona_id", "category"]).size()
    told = white[white["fits"] & (white["n_open"] > 0)].set_index(["persona_id", "category"])["n_open"]
    assert open_ones.to_dict() == told.to_dict()
    (offers,) = result["user_tables"]["next_offers"]
    assert pd.read_parquet(offers)["rank"].max() == 3


def test_people_read_the_finding_and_its_definition(with_personas):
    answer = run_personas("category", "ladder", with_personas, "--as-of", AS_OF)
    assert answer.code == 0, answer.err
    assert "- 京东4A：A4拥护" in answer.out
    assert "[stages] 京东4A（第1版），截至 2025-12-01（不含当日）。" in answer.out
    assert "flow.csv" in answer.out


# --- defaults and mistakes ------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_no_section_is_needed(shop, verb):
    result, found = analyse(verb, "shop.yaml", as_of=house.AS_OF)
    assert found.tables
    for table in result["tables"].values():
        assert Path(table).exists()


def test_the_same_tables_give_the_same_analysis(shop):
    first, again = (analyse("scenes", "shop.yaml", as_of=house.AS_OF)[0] for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("verb", "section", "message"),
    [
        ("growth", {"growth": {"share_of": "largest_rival"}}, "but sources.market is not set; name the table"),
        (
            "opportunity",
            {"opportunity": {"segments": {"w": {"label": {"zh": "女", "en": "w"}, "attribute": "gender",
                                                "values": ["female"], "market": "women"}}}},
            "sources.market is not; name the table with the market's buyers",
        ),
        (
            "opportunity",
            {"opportunity": {"segments": {"w": {"label": {"zh": "女", "en": "w"}, "tag": "有车一族"}}}},
            "but sources.tags is not set",
        ),
        ("ladder", {"ladders": ["climb"]}, "neither a shipped name (a4, aipl, device_holder, o5a, page_views)"),
        ("scenes", {"scenes": {"seeds": "home_appliances"}}, "Nobody bought any category of the scene"),
        ("flow", {"period": "year"}, "comparing needs two periods of a year before"),
        ("attach", {"attach": {"direction": "after"}}, "within_days is missing"),
        ("attach", {"exclude": ["phone", "fridge", "tv"]}, "There is no order with a category"),
    ],
)  # fmt: skip
def test_a_mistake_ends_in_one_readable_message(shop, verb, section, message):
    shop.config["category"] = section
    shop.write_config()
    answer = run_personas("category", verb, "shop.yaml", "--as-of", house.AS_OF)
    assert answer.code == 2
    assert message in answer.err
    assert not (shop.store / "analyses").exists()


def test_a_category_that_nobody_bought_is_told(shop):
    shop.config["category"] = {"rows": ["phone", "yacht"], "columns": ["fridge", "tv"]}
    shop.write_config()
    result, found = analyse("attach", "shop.yaml", as_of=house.AS_OF)
    rate = found.tables["matrix"].set_index(["row", "column"])["rate"]
    assert pd.isna(rate["yacht", "tv"])
    assert result["notes"] == ["Nobody bought yacht in the window; spelled as in the events?"]


def test_names_that_look_like_one_are_told(shop):
    shop.change("events", range(1, 60), cat="Phone")
    shop.change("events", range(60, 70), cat="ＰＨＯＮＥ")
    result, _ = analyse("attach", "shop.yaml", as_of=house.AS_OF)
    (note,) = result["notes"]
    assert "in case or width only count apart: Phone / phone / ＰＨＯＮＥ. Give them one name" in note


def test_who_only_looks_around_climbs_a_ladder(shop):
    shop.config["sources"]["events"]["values"] = {"event_type": {"order": "view"}}
    shop.config["category"] = {"ladder_categories": ["phone", "yacht"], "minimum_cell": 1}
    shop.write_config()
    result, found = analyse("ladder", "shop.yaml", as_of=house.AS_OF)
    assert found.tables["stages"].set_index("stage").loc["I", "n_users"] > 0
    assert result["notes"][0] == (
        "category.ladder_categories: no event has the category yacht; spelled as in the events?"
    )
    assert "There is no order" in result["notes"][1]
    early = run_personas("category", "ladder", "shop.yaml", "--as-of", "2020-01-01")
    assert (early.code, "There is no event before 2020-01-01" in early.err) == (2, True)


def test_a_day_begins_at_midnight_of_the_brand(shop):
    edge = {"uid": "U0001", "what": "order", "amount": "1.00"}
    at = {"last": "2025-11-30T15:59:59Z", "next": "2025-11-30T16:00:00Z"}  # in Shanghai 23:59:59 and 0:00
    shop.write_rows("events", shop.rows("events") + [{**edge, "cat": name, "at": at[name]} for name in at])
    shop.config["contract"] = {"time_zone": "Asia/Shanghai"}
    shop.config["category"] = {"rows": ["last"], "columns": ["next", "phone"], "minimum_cell": 1}
    shop.write_config()
    result, found = analyse("attach", "shop.yaml", as_of="2025-12-01")
    assert result["notes"] == ["Nobody bought next in the window; spelled as in the events?"]
    assert found.tables["matrix"]["n_row"].tolist() == [1, 1]
    _, later = analyse("attach", "shop.yaml", as_of="2025-12-02")
    assert later.tables["matrix"].loc[0, "n_both"] == 1


def test_there_is_no_report_without_an_analysis(shop):
    answer = run_personas("category", "report", "shop.yaml")
    assert answer.code == 2
    assert "holds no analysis of shop; expected at least one of attach, scenes" in answer.err
    assert "personas category attach" in answer.err


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"widening": {"tags": [{"tag": "t"}]}}, "opportunity.widening is set, but sources.tags is not"),
        ({"interception": {"brands": ["x"]}}, "needs to know the own brands"),
    ],
)
def test_what_a_campaign_needs_is_told(shop, part, message):
    shop.config["category"] = {"opportunity": part}
    shop.write_config()
    answer = run_personas("category", "opportunity", "shop.yaml", "--as-of", house.AS_OF)
    assert answer.code == 2
    assert message in answer.err


def test_bundles_go_by_what_was_paid_where_there_are_no_items(shop):
    rows = [{**row, "item": f"{row['cat']}-1", "amount": "100.00", "n": 2} for row in shop.rows("events")]
    shop.write_rows("events", rows)
    shop.config["sources"]["events"]["columns"] |= {"item_id": "item", "quantity": "n"}
    home = {"key": "home", "name": {"zh": "家", "en": "home"}, "categories": ["phone", "fridge", "tv"]}
    seeds = {"version": 1, "source": "made by hand", "scenes": [home]}
    (shop.folder / "seeds.yaml").write_text(yaml.safe_dump(seeds, allow_unicode=True), encoding="utf-8")
    shop.config["category"] = {
        "scenes": {"seeds": "seeds.yaml"},
        "opportunity": {"bundles": {"price_to": 100}},
    }
    shop.write_config()
    result, found = analyse("opportunity", "shop.yaml", as_of=house.AS_OF)
    assert "Bundles go by the prices paid, as sources.items is not set." in result["notes"]
    assert "median prices paid sum to 0 to 100" in found.definitions["bundles"].en
    assert found.tables["bundles"]["price"].tolist() == [100.0] * 3  # two of three, at 50 each


def test_there_is_no_analysis_without_events(shop):
    del shop.config["sources"]["events"]
    shop.write_config()
    answer = run_personas("category", "attach", "shop.yaml", "--as-of", house.AS_OF)
    assert answer.code == 2
    assert "sources.events is not set" in answer.err


def test_the_people_of_a_scene_are_an_audience(with_personas):
    answer = run_personas("export", with_personas, "--destination", "file", "--scene", "security", "--json")
    assert answer.code == 0, answer.err
    store = with_personas.parent / "store"
    newest = max(
        (store / "scene_affinity" / "category_strategy").glob("*/record.json"),
        key=lambda path: json.loads(path.read_text(encoding="utf-8"))["metadata"]["as_of"],
    )
    users = pd.read_parquet(newest.parent / "user_scenes.parquet")
    inside = users.loc[users["main_scene"] == "security", "user_id"]
    receipts = json.loads(answer.out)["receipts"]
    assert sum(receipt["n_candidates"] for receipt in receipts) == len(inside) > 0
    # An inside file keeps who is out of distribution; the status says so.
    assert all("out_of_distribution" not in receipt["suppressed"] for receipt in receipts)
    unknown = run_personas("export", with_personas, "--destination", "file", "--scene", "attic")
    assert unknown.code == 2
    assert "known: living_room, security, kitchen" in unknown.err
