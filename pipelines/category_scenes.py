"""Scenes: find or grow them, and write who is about which, for training, audiences and exports."""

from __future__ import annotations

from pathlib import Path

import ibis
import pandas as pd
import yaml

from personas.category.affinity import (
    SceneAffinity,
    missing_categories,
    persona_scene_grid,
    scene_affinity,
    scene_audience,
    user_scene_table,
)
from personas.category.scene_cautions import scene_cautions
from personas.category.scenes import SceneSeed, SceneSet, find_scenes, seed_scenes
from personas.schema import Text
from pipelines.category_look import Found, Look
from pipelines.category_verbs import analysed, seen
from pipelines.user_tables import SCENE_AFFINITY, SCENE_AFFINITY_FILE


def scenes(look: Look) -> Found:
    """Return the scenes, and the users' affinity to each."""
    bought = look.bought(look.window)
    found = scene_set(look, bought, resamples=look.spec.scenes.resamples)
    tables = {"members": (found.members, found.definition), "pairs": (found.pairs, found.definition)}
    parameters = {**look.spec.scenes.model_dump(mode="json"), **seen(look.window)}
    names = {scene.scene_id: scene.name for scene in found.scenes}
    if not found.scenes:
        look.tell(
            "未发现场景：没有品类比随机更常一起购买。",
            "No scene was found: no categories go together more than by chance.",
        )
        return analysed(look, "scenes", {"scenes": _overview(found, {}, {}), **tables}, parameters, names)
    affinity = scene_affinity(look, look.window, found)
    user_scenes = look.prepared.engine.store(
        "user_scenes", user_scene_table(affinity, look.table("users").select("user_id"))
    )
    n_main = _n_main(user_scenes)
    cautions = scene_cautions(found, n_main, minimum=look.spec.minimum_cell)
    tables = {"scenes": _overview(found, n_main, cautions), **tables}
    if look.assignments is not None:
        grid = persona_scene_grid(user_scenes, look.assignments, found, small_cell=look.spec.minimum_cell)
        tables["grid"] = (grid.cells, grid.definition)
    result = analysed(look, "scenes", tables, parameters, names)
    seeded = look.spec.scenes.seeds is not None
    files = _user_files(look, affinity, user_scenes, bought)
    (look.scratch / "scenes.yaml").write_text(_seed_file(found), encoding="utf-8")
    files["scenes.yaml"] = look.scratch / "scenes.yaml"
    metadata = {"seeded": seeded, "definition": affinity.definition._asdict(), "cautions": cautions}
    return Found(result.analysis, {SCENE_AFFINITY: files}, metadata)


def scene_set(look: Look, bought: ibis.Table, *, resamples: int) -> SceneSet:
    """Return the scenes, found or grown as the config says; stability is measured over so many resamples."""
    spec, given = look.spec.scenes, look.loaded.scenes()
    if given is None:
        return find_scenes(
            bought,
            labels=look.labels(),
            min_buyers=spec.min_buyers,
            min_weight=spec.min_weight,
            resolution=spec.resolution,
            n_resamples=resamples,
            random_state=spec.random_state,
        )
    seeds = [SceneSeed(s.key, s.name.to_text(), tuple(s.categories)) for s in given.scenes]
    found = seed_scenes(
        bought,
        seeds,
        min_buyers=spec.min_buyers,
        min_weight=spec.min_weight,
        n_resamples=resamples,
        random_state=spec.random_state,
    )
    if found.absent:
        look.tell(
            f"种子品类 {'、'.join(found.absent)} 无人购买，已略去。",
            f"Nobody bought the seeds {', '.join(found.absent)}; they are left out.",
        )
    return found


def _n_main(user_scenes: ibis.Table) -> dict[str, int]:
    counted = user_scenes.group_by("main_scene").agg(n=user_scenes.count()).to_pyarrow().to_pylist()
    return {row["main_scene"]: row["n"] for row in counted if row["main_scene"] is not None}


def _overview(found: SceneSet, n_main: dict[str, int], cautions: dict[str, str]) -> tuple[pd.DataFrame, Text]:
    columns = {
        "scene_id": "str",
        "name_zh": "str",
        "name_en": "str",
        "hero": "str",
        "n_categories": "int64",
        "n_users": "int64",
        "n_main": "int64",
        "stability": "float64",
        "verdict_zh": "str",
        "verdict_en": "str",
        "caution": "str",
    }
    rows = [
        (
            scene.scene_id,
            *scene.name,
            scene.hero,
            len(scene.categories),
            scene.n_users,
            n_main.get(scene.scene_id, 0),
            scene.stability,
            *scene.verdict,
            cautions.get(scene.scene_id, ""),
        )
        for scene in found.scenes
    ]
    return pd.DataFrame(rows, columns=list(columns)).astype(columns), found.definition


def _user_files(
    look: Look, affinity: SceneAffinity, user_scenes: ibis.Table, bought: ibis.Table
) -> dict[str, Path]:
    by_scene = ("user_id", "scene_id")
    audience = affinity.table if look.assignments is None else scene_audience(affinity, look.assignments)
    missing = missing_categories(affinity, bought)
    return {
        SCENE_AFFINITY_FILE: look.write_users(user_scenes, SCENE_AFFINITY_FILE),
        "scene_audience.parquet": look.write_users(audience, "scene_audience.parquet", by_scene),
        "missing_categories.parquet": look.write_users(
            missing, "missing_categories.parquet", (*by_scene, "rank")
        ),
    }


def _seed_file(found: SceneSet) -> str:
    """Return the scenes as a file of seeds: once named there, they keep their ids."""
    content = {
        "version": 1,
        "source": "Found by personas category scenes; name the scenes and check their categories.",
        "scenes": [
            {"key": s.scene_id, "name": s.name._asdict(), "categories": list(s.categories)}
            for s in found.scenes
        ],
    }
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
