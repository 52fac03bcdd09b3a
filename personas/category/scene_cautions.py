"""Which scenes must be read with care, and which ones nobody should be addressed by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from personas.category.scenes import SceneSet
from personas.schema import Text
from personas.selection.jaccard import PATTERN_JACCARD

NEARLY_ALL: Final = 0.9
"""Share of the buyers from which on a scene is one that everybody buys from (own choice)."""

UNSTABLE, FEW, EVERYBODY = "unstable", "few", "everybody"

CAUTIONS: Final = {
    UNSTABLE: Text(
        f"稳定度低于 {PATTERN_JACCARD:g}，不可信", f"stability below {PATTERN_JACCARD:g}, not to be trusted"
    ),
    FEW: Text("以其为主要场景的用户过少", "too few users have it as main scene"),
    EVERYBODY: Text(
        "几乎人人购买其品类，且是多数人的主要场景，不能区分用户",
        "nearly everybody buys from it, and it is the main scene of most: it tells nothing of who they are",
    ),
}
"""Caution -> what it says."""

NOT_OFFERED: Final = (UNSTABLE, FEW)
"""Cautions of scenes that are no audience."""


def scene_cautions(found: SceneSet, n_main: Mapping[str, int], *, minimum: int) -> dict[str, str]:
    """Return what to be careful about with each scene.

    Parameters
    ----------
    found : SceneSet
        The scenes.
    n_main : mapping of str to int
        Scene id -> users whose main scene it is; absent = 0.
    minimum : int, users, >= 1
        Fewer are no audience.

    Returns
    -------
    dict of str to str
        Scene id -> ``"unstable"`` (a known stability below :data:`personas.selection.jaccard.PATTERN_JACCARD`),
        ``"few"`` (fewer main users than the minimum), ``"everybody"`` (at least nine tenths of the buyers bought
        from it, and it is the main scene of more than half of those who have one: the main scene goes by
        volume, so it repeats what everybody does) or ``""``, the first that holds.

    Examples
    --------
    >>> import ibis, pyarrow as pa
    >>> from personas.category.scenes import find_scenes
    >>> kitchen = [(f"k{u}", c) for u in range(60) for c in ("冰箱", "油烟机", "洗碗机")[u % 3 != 0 :]]
    >>> hallway = [(f"h{u}", c) for u in range(60) for c in ("门锁", "猫眼", "监控")[u % 3 != 0 :]]
    >>> users, categories = zip(*kitchen, *hallway)
    >>> bought = ibis.memtable(pa.table({"user_id": users, "category": categories}))
    >>> scene_cautions(find_scenes(bought, n_resamples=0), {"scene_1": 60, "scene_2": 7}, minimum=20)
    {'scene_1': '', 'scene_2': 'few'}
    """
    n_with_main = sum(n_main.values())
    cautions = {}
    for scene in found.scenes:
        own = n_main.get(scene.scene_id, 0)
        by_all = scene.n_users >= NEARLY_ALL * found.n_users and own > n_with_main / 2
        if scene.stability < PATTERN_JACCARD:
            cautions[scene.scene_id] = UNSTABLE
        elif own < minimum:
            cautions[scene.scene_id] = FEW
        else:
            cautions[scene.scene_id] = EVERYBODY if by_all else ""
    return cautions
