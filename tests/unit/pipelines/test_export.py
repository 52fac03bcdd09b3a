"""Export of a scene: what is no audience is refused, and a date that differs is told."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from personas.errors import NotFoundError, UnsafeExportError
from personas.store import ArtifactStore
from pipelines.config_file import load_config
from pipelines.export import people_of_scene
from pipelines.user_tables import SCENE_AFFINITY, SCENE_AFFINITY_FILE

CONFIG = "name: shop\nstore: store\nsources:\n  users:\n    path: users.csv\n    columns: {user_id: id}\n"


@pytest.fixture
def loaded(tmp_path):
    """A use case whose scenes were analysed as of 1 January 2018."""
    (tmp_path / "shop.yaml").write_text(CONFIG, encoding="utf-8")
    users = pd.DataFrame(
        {"user_id": ["a", "b", "c"], "affinity_s1": 0.5, "affinity_s2": 0.5, "affinity_s3": 0.5}
    )
    file = tmp_path / SCENE_AFFINITY_FILE
    users.assign(main_scene=["s1", "s1", "s3"]).to_parquet(file)
    cautions = {"s1": "", "s2": "unstable", "s3": "everybody"}
    ArtifactStore(tmp_path / "store").put(
        SCENE_AFFINITY,
        "shop",
        {SCENE_AFFINITY_FILE: file},
        created_at=datetime(2018, 1, 2, tzinfo=UTC),
        metadata={"as_of": "2018-01-01", "seeded": False, "cautions": cautions},
    )
    return load_config(tmp_path / "shop.yaml")


def test_the_users_of_a_scene_are_found(loaded):
    people = people_of_scene(loaded, "s1", date(2018, 1, 1))
    assert (people.scene_id, people.user_ids.to_pylist(), people.warnings) == ("s1", ["a", "b"], ())


def test_scenes_of_another_day_are_told(loaded):
    (warning,) = people_of_scene(loaded, "s1", date(2017, 9, 1)).warnings
    assert warning.startswith("The users were scored as of 2017-09-01, their scenes are as of 2018-01-01")


def test_a_scene_that_is_not_to_be_trusted_is_refused_with_the_reason(loaded):
    with pytest.raises(UnsafeExportError, match=r"s2 as of 2018-01-01 is no audience: stability below 0\.6"):
        people_of_scene(loaded, "s2", date(2018, 1, 1))


def test_a_scene_of_everybody_is_exported_with_a_warning(loaded):
    (warning,) = people_of_scene(loaded, "s3", date(2018, 1, 1)).warnings
    assert "tells nothing of who they are" in warning


def test_an_unknown_scene_lists_the_known_ones(loaded):
    with pytest.raises(NotFoundError, match="known: s1, s2, s3"):
        people_of_scene(loaded, "attic", date(2018, 1, 1))
