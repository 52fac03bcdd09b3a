"""What is printed under the tables of scenes and of what users do in them."""

from __future__ import annotations

from collections.abc import Mapping

from personas.category.scene_pairs import MIN_LINK, SHARED_COMPLEMENTS, SUBSTITUTE_SIMILARITY
from personas.schema import Text, label_of

_FOUND = Text(
    "场景 = 同一用户倾向于一起购买的品类组合，由数据得出，场景数不预设，以主推品类命名。",
    "A scene = categories that the same users tend to buy; the data decide how many. Named after the hero. ",
)
_SEEDED = Text(
    "场景 = 指定的种子品类，加上与其关联显著且最强的其他品类；与任何场景均无显著关联的品类不归入场景。",
    "A scene = the given categories and the others that go with them most, if significantly; the rest "
    "belongs to no scene. ",
)


def define_scenes(min_buyers: int, min_weight: float, *, seeded: bool) -> Text:
    """Say what a scene is, to be printed under its tables.

    Parameters
    ----------
    min_buyers : int
        Fewest buyers of a category.
    min_weight : float
        Least weight of a member.
    seeded : bool
        Whether scenes grew around given categories.

    Returns
    -------
    Text
    """
    kind = _SEEDED if seeded else _FOUND
    return Text(
        f"{kind.zh}单位为人，观察窗口内购买过即计一次，未扣除退货；购买人数少于 {min_buyers} 人的品类不参与"
        "（种子品类除外）。期望 = 在购买品类数相同的用户之间，保持各品类购买人数不变、随机搭配时的共同购买人数，"
        "因此热门品类和什么都买的用户不会制造关联。关联权重 = 在购买品类数相同的用户中的相关系数减去随机搭配的"
        f"部分。互补：q < 0.05、实际高于期望且权重 ≥ {MIN_LINK:g}；替代：q < 0.05、实际低于期望且权重 ≤ -{MIN_LINK:g}，"
        f"但至少有 {SHARED_COMPLEMENTS} 个共同的互补品类，且与其他品类的关联相似（相关系数 ≥ {SUBSTITUTE_SIMILARITY:g}）。"
        f"与场景内其他品类整体关联显著（q < 0.05）且权重 ≥ {min_weight:g} 的品类归入场景。主推品类 = 与场景内其他品类关联权重最高者。稳定度 = 对用户重抽样后场景成员的"
        "平均 Jaccard 系数。共同购买是观察结果，不代表因果。",
        f"{kind.en}Unit: users, each once per category bought in the window, returns not netted; categories of "
        f"fewer than {min_buyers} buyers are left out (seeds aren't). Expected = co-buyers if, among users who "
        "bought equally many categories, every category kept its number of buyers and sets were random; so "
        "neither popular categories nor users who buy everything make a link. Weight = correlation among users "
        "who bought equally many categories, less what random sets give. Complements: q < 0.05, more "
        f"co-buyers than expected, weight of at least {MIN_LINK:g}. Substitutes: q < 0.05, fewer than "
        f"expected, weight of -{MIN_LINK:g} or less, although they have at least {SHARED_COMPLEMENTS} complements in "
        f"common and go with the same other categories (correlation of at least {SUBSTITUTE_SIMILARITY:g}). Members go "
        f"with the rest of the scene as a whole (q < 0.05, weight of at least {min_weight:g}). Hero = the "
        "category with the highest weight into the rest of its scene. Stability = mean Jaccard index of the "
        "members over resamples of users. Co-purchase is observed; it proves no cause.",
    )


def define_affinity(event_weights: Mapping[str, float], half_points: float) -> Text:
    """Say how an affinity is computed.

    Parameters
    ----------
    event_weights : mapping of str to float
        Event type -> points.
    half_points : float
        Points of an affinity of one half.

    Returns
    -------
    Text

    Examples
    --------
    >>> define_affinity({"view": 1, "order": 10}, 10).en.split(";")[0]
    'Points per event in the window: view 1, order 10'
    """
    words = {kind: label_of("event_type", kind) for kind in event_weights}
    zh = "、".join(f"{words[kind].zh} {weight:g}" for kind, weight in event_weights.items())
    en = ", ".join(f"{words[kind].en} {weight:g}" for kind, weight in event_weights.items())
    return Text(
        f"窗口内每次行为的分值：{zh}（下单按订单行计）；按场景内全部品类累加为得分。亲和度 = 得分 ÷（得分 + {half_points:g}），取值 0–1，"
        "与其他用户无关。主要场景 = 得分最高的场景，同分取排序靠前者。未扣除退货。",
        f"Points per event in the window: {en}; order lines each count; added up over the categories of the scene. Affinity = points / "
        f"(points + {half_points:g}), 0 to 1, whatever other users do. Main scene = the one with most points, "
        "the earlier one at a tie. Returns are not netted.",
    )


def define_grid(small_cell: int) -> Text:
    """Say what the persona x scene grid shows.

    Parameters
    ----------
    small_cell : int
        Cells of fewer users are suppressed.

    Returns
    -------
    Text
    """
    return Text(
        "人数 = 该人群中以该场景为主要场景的用户数；占比的分母为该人群中有主要场景的用户，无任何场景行为者不计。TGI = 100 × 该人群占比 ÷ "
        "全部用户占比，附 95% 区间（Katz 法）；q 值为 Benjamini-Hochberg 校正。人群与场景的关系由数据计算，不作预设。"
        f"少于 {small_cell} 人的单元格不展示。触达顺序按 TGI 区间下限由高到低，仅为观察性排序，不代表转化提升。",
        "Users = users of the persona whose main scene it is; shares are of the persona's users with a main "
        "scene, those who did nothing in any are left out. TGI = 100 x share in the persona / share among all users, with its 95% "
        "interval (Katz); q values: Benjamini-Hochberg. Which persona goes with which scene is computed, never "
        f"assumed. Cells of fewer than {small_cell} users are not shown. Reach order: by the lower end of the "
        "TGI interval; it is observational and promises no uplift.",
    )
