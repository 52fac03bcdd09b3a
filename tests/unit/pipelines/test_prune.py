"""What is pruned, and what never is."""

import json
from datetime import UTC, date, datetime

import pytest

from personas.errors import DataError, NotFoundError
from personas.store import ArtifactStore
from pipelines.prune import prune_store

MAY = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    store = ArtifactStore(tmp_path / "store")
    for kind in ("models", "monitorings", "sketches", "analyses"):
        for i in range(3):
            store.put(kind, "shop", {"a.json": b"%d" % i}, created_at=MAY.replace(hour=i), metadata={})
    store.promote("models", "shop", store.versions("models", "shop")[0])
    return store


@pytest.fixture
def prune(store, capsys):
    def pruned(keep, *, dry_run=False):
        prune_store(store.root, keep, dry_run=dry_run, as_json=True)
        return json.loads(capsys.readouterr().out)

    return pruned


def test_counts_that_curves_and_seasons_need_are_kept(store, prune):
    models = store.versions("models", "shop")
    result = prune(1)
    assert store.versions("models", "shop") == [models[0], models[2]]
    assert len(store.versions("analyses", "shop")) == 1
    assert len(store.versions("monitorings", "shop")) == len(store.versions("sketches", "shop")) == 3
    assert {place.split("/")[0] for place in result["removed"]} == {"models", "analyses"}


def test_audiences_go_with_their_assignments_those_of_a_scene_too(store, prune):
    for i in range(2):
        noted = {"model_version": store.versions("models", "shop")[i]}
        store.put("assignments", "shop", {"a": b"%d" % i}, created_at=MAY.replace(hour=i), metadata=noted)
    older, newer = (version[-8:] for version in store.versions("assignments", "shop"))
    audiences = store.root / "audiences" / "shop"
    for name in (f"{hash8}{scene}" for hash8 in (older, newer) for scene in ("", "-S1")):
        (audiences / f"2026-05-01-{name}").mkdir(parents=True)
    prune(1)
    assert sorted(place.name for place in audiences.iterdir()) == [
        f"2026-05-01-{newer}",
        f"2026-05-01-{newer}-S1",
    ]


def test_the_scenes_that_the_next_training_reads_are_kept(store, prune):
    store.put("models", "shop", {"a.json": b"judged"}, created_at=MAY, metadata={"horizon_days": 30})
    days = [date(2026, 3, 1), date(2026, 3, 20), date(2026, 4, 10), date(2026, 5, 1)]
    for i, day in enumerate(days):
        noted = {"as_of": day.isoformat()}
        store.put("scene_affinity", "shop", {"a": b"%d" % i}, created_at=MAY.replace(hour=i), metadata=noted)
    prune(1)
    kept = store.metadata("scene_affinity", "shop").values()
    assert [noted["as_of"] for noted in kept] == ["2026-03-20", "2026-05-01"]


def test_to_keep_more_than_there_are_removes_nothing_but_leftovers(store, prune):
    left = store.root / "models" / "shop" / ".writing-abc"
    left.mkdir()
    assert prune(10**30, dry_run=True)["removed"] == []
    assert left.exists()
    assert prune(10**30)["removed"] == []
    assert not left.exists()


def test_a_damaged_version_is_named_and_stays(store, prune):
    first, second, _ = store.versions("models", "shop")
    record = store.root / "models" / "shop" / second / "record.json"
    record.write_text("{")
    with pytest.raises(DataError, match=f"models/shop/{second}/record.json is damaged"):
        prune(1)
    assert store.versions("models", "shop")[0] == first


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(NotFoundError, match="is no folder"):
        prune_store(tmp_path / "nowhere", 1, dry_run=False, as_json=True)
    assert not (tmp_path / "nowhere").exists()
