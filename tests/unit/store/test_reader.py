"""Reading a store writes nothing, even where there is none."""

from personas.store import ArtifactStore


def test_a_store_that_is_not_there_is_empty_and_stays_away(tmp_path):
    store = ArtifactStore(tmp_path / "store")
    store.sweep()
    assert (store.kinds(), store.names("model"), store.versions("model", "home")) == ([], [], [])
    assert (store.champion("model", "home"), store.persona_names("model", "home")) == (None, {})
    assert (store.metadata("model", "home"), store.removed("model", "home")) == ({}, {})
    assert not store.root.exists()
