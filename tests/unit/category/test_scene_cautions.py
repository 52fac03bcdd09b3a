"""Cautions: which scenes are no audience, and which tell nothing of their users."""

from dataclasses import replace

import ibis
import pyarrow as pa
import pytest

from personas.category.scene_cautions import EVERYBODY, FEW, UNSTABLE, scene_cautions
from personas.category.scenes import find_scenes


@pytest.fixture(scope="module")
def found():
    """Two scenes; no category is everybody's."""
    lines = [(f"k{u}", c) for u in range(60) for c in ("冰箱", "油烟机", "洗碗机")[u % 3 != 0 :]]
    lines += [(f"h{u}", c) for u in range(60) for c in ("门锁", "猫眼", "监控")[u % 3 != 0 :]]
    users, categories = zip(*lines, strict=True)
    return find_scenes(ibis.memtable(pa.table({"user_id": users, "category": categories})), n_resamples=0)


def test_a_stable_scene_of_many_users_needs_no_caution(found):
    cautions = scene_cautions(found, {"scene_1": 60, "scene_2": 60}, minimum=20)
    assert cautions == {"scene_1": "", "scene_2": ""}


def test_few_main_users_are_no_audience(found):
    assert scene_cautions(found, {"scene_1": 101, "scene_2": 19}, minimum=20)["scene_2"] == FEW
    assert scene_cautions(found, {"scene_1": 101}, minimum=20)["scene_2"] == FEW


@pytest.mark.parametrize(("stability", "caution"), [(0.59, UNSTABLE), (0.6, ""), (float("nan"), "")])
def test_a_scene_below_six_tenths_is_not_to_be_trusted(found, stability, caution):
    first, second = found.scenes
    judged = replace(found, scenes=(replace(first, stability=stability), second))
    assert scene_cautions(judged, {"scene_1": 60, "scene_2": 60}, minimum=20)["scene_1"] == caution


def test_a_scene_of_everybody_that_is_the_main_one_of_most_tells_nothing(found):
    first, second = found.scenes
    common = replace(found, scenes=(replace(first, n_users=110), second))
    assert scene_cautions(common, {"scene_1": 90, "scene_2": 30}, minimum=20)["scene_1"] == EVERYBODY
    assert scene_cautions(common, {"scene_1": 60, "scene_2": 60}, minimum=20)["scene_1"] == ""
