"""Which persona ids a training may not give away again."""

from datetime import UTC, datetime, timedelta

from personas.store import ArtifactStore
from pipelines.train import _used_ids

MAY = datetime(2026, 5, 1, tzinfo=UTC)


def _store(root):
    store = ArtifactStore(root)
    for i, ids in enumerate((["P01", "P02"], ["P01", "P04"])):
        noted = {"persona_ids": ids}
        at = MAY + timedelta(days=i)
        store.put("models", "shop", {"model.json": b"%d" % i}, created_at=at, metadata=noted)
    scored = {"by_persona": {"P01": 40, "P03": 60}}
    store.put("assignments", "shop", {"a": b"0"}, created_at=MAY, metadata=scored)
    return store


def test_ids_of_models_and_of_scorings_are_used_up(tmp_path):
    store = _store(tmp_path)
    store.remove("models", "shop", store.versions("models", "shop")[0])
    assert _used_ids(store, "shop") == ("P01", "P02", "P03", "P04")


def test_a_damaged_payload_of_an_old_model_stops_no_training(tmp_path):
    store = _store(tmp_path)
    (store.get("models", "shop", store.versions("models", "shop")[0]).path / "model.json").write_bytes(b"x")
    assert _used_ids(store, "shop") == ("P01", "P02", "P03", "P04")
