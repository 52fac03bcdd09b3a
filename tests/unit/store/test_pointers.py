"""The small files beside versions: what was put there by hand, or half lost, is named and never guessed at."""

import json

import pytest

from personas.errors import DataError
from personas.store import ArtifactStore, Promotion
from personas.store.pointers import reigns_of


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("champion.json", {"history": 5}),
        ("champion.json", {"history": [None]}),
        ("champion.json", {"history": ["v"], "details": [1]}),
        ("champion.json", {"history": ["v"], "details": {"0": {"at": "yesterday"}}}),
        ("champion.json", []),
        ("names.json", {"P01": 3}),
        ("names.json", {"P01": {"zh": "甲"}}),
        ("removed.json", {"v": "gone"}),
    ],
)
def test_odd_content_is_named_whoever_reads_it(tmp_path, file, content):
    store = ArtifactStore(tmp_path)
    path = tmp_path / "model" / "home" / file
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    readers = {
        "champion.json": store.champion,
        "names.json": store.persona_names,
        "removed.json": store.removed,
    }
    with pytest.raises(DataError, match=rf"model/home/{file} is damaged; expected .* Restore it from a copy"):
        readers[file]("model", "home")


def test_more_rollbacks_than_promotions_leave_nobody():
    assert (
        reigns_of([Promotion("a", is_rollback=True), Promotion("b"), Promotion("a", is_rollback=True)]) == []
    )
