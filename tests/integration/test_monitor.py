"""The monitor verb on a small use case: what it says, stores, compares with and refuses."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from personas.model.persist import load_model, model_to_files
from personas.monitor import Reference
from personas.store import ArtifactStore
from pipelines.monitor import monitorings
from pipelines.sketches import sketches_of_last_season
from tests.integration import shop as house
from tests.integration.shop import AS_OF, run_personas

shop, trained = house.shop, house.trained

LATER = "2026-01-01"


def monitor(shop, *arguments, as_of=LATER):
    return run_personas("monitor", shop.config_path, "--as-of", as_of, *arguments)


def test_the_same_users_on_the_same_day_are_no_drift(trained):
    before = ArtifactStore(trained.store).champion("assignments", "shop")
    answer = monitor(trained, "--json", as_of=AS_OF)
    assert answer.code == 0, answer.err
    result = json.loads(answer.out)
    assert result["advice"]["verdict"] == "keep"
    assert {row["shift"]["psi"] for row in result["rows"]} == {0.0}
    assert ArtifactStore(trained.store).champion("assignments", "shop") == before
    assert trained.temporary() == []


def test_other_users_are_and_the_reports_are_kept(trained):
    assert monitor(trained, as_of=AS_OF).code == 0
    trained.change("users", range(1, 301), tier="T3", plan="gold")
    answer = monitor(trained)
    assert answer.code == 1
    assert "Advice: retrain" in answer.out
    assert answer.out.index("! city tier") < answer.out.index("  age")
    assert "personas train shop.yaml --as-of 2026-01-01" in answer.err
    reports = monitorings(ArtifactStore(trained.store), "shop")
    assert [report.as_of.isoformat() for report in reports] == [AS_OF, LATER]
    assert [report.advice.verdict for report in reports] == ["keep", "retrain"]
    stored = "".join(p.read_text(encoding="utf-8") for p in trained.store.glob("monitorings/shop/*/*.json"))
    assert not any(row["uid"] in stored for row in trained.rows("users"))


def test_a_described_attribute_may_go(trained):
    trained.config["sources"]["users"]["columns"].pop("gender")
    trained.config["sources"]["users"]["values"] = {}
    trained.write_config()
    answer = monitor(trained)
    assert answer.code == 1  # a column without values is drift
    assert "! gender" in answer.out


def test_last_season_is_compared_with_where_there_is_one(trained):
    trained.config["monitor"] = {"reference": "last_season"}
    trained.write_config()
    answer = monitor(trained, as_of="2026-11-20")
    assert "a year ago (300 as of 2025-12-01)" in answer.out  # of the scoring and of the model
    answer = monitor(trained, as_of="2026-06-01")
    assert "no sketch of a year ago" in answer.out
    store = ArtifactStore(trained.store)
    found = list(sketches_of_last_season(store, "shop", date(2026, 12, 1), window_days=0))
    assert {reference.sketch.as_of.isoformat() for reference in found} == {AS_OF}
    assert all(isinstance(reference, Reference) for reference in found)


def test_scoring_leaves_a_sketch(trained):
    store = ArtifactStore(trained.store)
    (version,) = store.versions("sketches", "shop")
    assert store.get("sketches", "shop", version).metadata["as_of"] == AS_OF


def test_a_model_without_a_sketch_is_refused_with_advice(trained):
    store = ArtifactStore(trained.store)
    record = store.get("models", "shop")
    bare = replace(load_model(record.path), sketch=None)
    older = store.put(
        "models",
        "shop",
        model_to_files(bare),
        created_at=datetime(2026, 12, 1, tzinfo=UTC),
        metadata=record.metadata,
    )
    answer = monitor(trained, "--model", older.version)
    assert answer.code == 2
    assert "no sketch of the users it was trained on" in answer.err
    assert "personas train shop.yaml" in answer.err
    # Scoring goes on as ever.
    assert trained.run("score", "--model", older.version).code == 0


@pytest.mark.parametrize(
    ("as_of", "message"),
    [("2025-11-30", "trained as of 2025-12-01"), ("yesterday", "not a day")],
)
def test_an_impossible_day_is_refused(trained, as_of, message):
    answer = monitor(trained, as_of=as_of)
    assert answer.code == 2
    assert message in answer.err


def test_without_a_model_the_message_says_how_to_train(shop):
    answer = monitor(shop)
    assert answer.code == 2
    assert "train one first" in answer.err
