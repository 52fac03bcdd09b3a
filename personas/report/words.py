"""Every text of the report, in Chinese and in English; those of several pages have files of their own."""

from __future__ import annotations

from personas.report.words_category import CATEGORY_WORDS
from personas.report.words_columns import COLUMN_WORDS
from personas.report.words_data import DATA_WORDS
from personas.report.words_glossary import GLOSSARY, GLOSSARY_WORDS, STRATEGY_GLOSSARY
from personas.report.words_history import HISTORY_WORDS
from personas.report.words_quality import QUALITY_WORDS
from personas.schema import Language, Text

__all__ = ["GLOSSARY", "SECTIONS", "STRATEGY_GLOSSARY", "WORDS", "say", "say_or"]

SECTIONS = ("overview", "personas", "map", "categories", "quality", "data", "glossary")
"""Sections of the report, in order; each is an anchor and has a ``nav.`` text."""

WORDS: dict[str, Text] = {
    # Frame
    "page.title": Text("人群画像报告", "Persona report"),
    "page.skip": Text("跳到正文", "Skip to the content"),
    "page.nav": Text("报告章节", "Sections of the report"),
    "page.scroll": Text("可左右滑动的表格", "Table, scrolls sideways"),
    "page.footer": Text(
        "本文件可离线打开，不含任何用户标识，也不会从网络加载任何内容。",
        "This file works offline, holds no user identifiers and loads nothing from the network.",
    ),
    "nav.overview": Text("概览", "Overview"),
    "nav.personas": Text("人群卡片", "Personas"),
    "nav.map": Text("人群地图", "Map"),
    "nav.categories": Text("品类偏好", "Categories"),
    "nav.quality": Text("模型质量", "Quality"),
    "nav.data": Text("数据质检", "Data"),
    "nav.glossary": Text("术语表", "Glossary"),
    # Words used in several places
    "word.persona": Text("人群", "Persona"),
    "word.users": Text("用户数", "Users"),
    "word.share": Text("占比", "Share"),
    "word.base": Text("全体", "All users"),
    "word.trait": Text("特征", "Trait"),
    "word.category": Text("品类", "Category"),
    "word.tgi": Text("TGI", "TGI"),
    "word.interval": Text("95% 区间", "95% interval"),
    "word.q_value": Text("q 值", "q value"),
    "word.significant": Text("差异显著", "significant"),
    "word.reason": Text("原因", "Reason"),
    "word.column": Text("字段", "Column"),
    "word.rows": Text("行数", "Rows"),
    "word.as_of": Text("数据截止", "As of"),
    "word.version": Text("模型版本", "Model version"),
    "word.none": Text("无", "none"),
    "word.hidden": Text("隐藏", "hidden"),
    # Overview
    "overview.users": Text("画像用户", "Users profiled"),
    "overview.personas": Text("人群", "Personas"),
    "overview.window": Text("观察窗口", "Observation window"),
    "overview.window_span": Text("{start} 起，共 {days} 天", "{days} days from {start}"),
    "overview.as_of_note": Text("不含当天", "this day not included"),
    "overview.glance": Text("人群一览", "Personas at a glance"),
    "overview.macro": Text("大类人群 {id}：{name}", "Macro persona {id}: {name}"),
    "overview.macro_note": Text(
        "大类人群把最难区分的人群归在一起；只有下面的人群参与评分和导出。",
        "Macro personas put those personas together that are hardest to tell apart; users are scored into the "
        "personas below them.",
    ),
    "overview.glance_bar": Text("各人群占画像用户的比例", "Share of each persona among profiled users"),
    "overview.stands_out": Text("突出特征", "Stands out by"),
    "overview.nothing_stands_out": Text("与全体用户差异不大", "close to the average user"),
    "overview.changes": Text("与上一版相比", "What changed"),
    "overview.no_changes": Text("没有可比较的上一版模型。", "There is no earlier model to compare with."),
    "overview.more_changes": Text("与上次相比的全部变化", "Everything that changed"),
    "overview.quality": Text("这个模型有多可靠", "How far to trust it"),
    # Cards
    "cards.lead": Text(
        "每张卡片回答三个问题：他们是谁、价值几何、买什么。特征与全体用户比较，TGI 100 为平均水平。",
        "Each card answers three questions: who they are, what they are worth, what they buy. "
        "Traits are compared with all users; a TGI of 100 is average.",
    ),
    "cards.macro": Text("属于大类人群 {id}", "Belongs to macro persona {id}"),
    "cards.jump": Text("直达人群", "Jump to a persona"),
    "cards.users": Text("{n} 人", "{n} users"),
    "cards.source.archetype": Text("命名自原型人群", "Named after an archetype"),
    "cards.source.traits": Text("由突出特征命名", "Named after its strongest traits"),
    "cards.source.override": Text("人工命名", "Named by hand"),
    "cards.offer": Text("推荐品类", "What to offer"),
    "cards.no_offer": Text("没有显著偏好的品类", "no category stands out"),
    "cards.message": Text("沟通切入点", "Message to start from"),
    "cards.top": Text("最突出的特征", "Strongest traits"),
    "cards.top_caption": Text(
        "{name} 最突出的特征，与全体用户比较", "Strongest traits of {name}, compared with all users"
    ),
    "cards.share_vs": Text("占比（竖线为全体）", "Share (tick: all users)"),
    "cards.no_traits": Text("没有可展示的特征。", "There are no traits to show."),
    "cards.legend": Text(
        "TGI 条形以 100 为中线，对数刻度，画到 25 和 400 为止；细线为 95% 区间。"
        "实心为差异显著（q < {q}），空心为不显著。",
        "TGI bars start at 100, run on a log scale and end at 25 and 400; the thin line is the 95% "
        "interval. Filled: significant (q < {q}). Hollow: not significant.",
    ),
    "notes.title": Text("这个人群有多可靠", "How far to trust this persona"),
    "notes.stability": Text("稳定性：{word}（Jaccard {value}）", "Stability: {word} (Jaccard {value})"),
    "notes.identity.clear": Text(
        "与全体相比，身份特征有 {n} 项显著差异（q < {q}）。",
        "Differs from everybody in who they are: {n} traits at q < {q}.",
    ),
    "notes.identity.some": Text(
        "与全体相比，身份特征上没有足够的显著差异（{n} 项 q < {q}）。",
        "Does not differ clearly from everybody in who they are ({n} traits at q < {q}).",
    ),
    "notes.identity.one": Text(
        "与全体相比，身份特征上没有足够的显著差异（1 项 q < {q}）。",
        "Does not differ clearly from everybody in who they are (one trait at q < {q}).",
    ),
    "notes.identity.none": Text(
        "与全体相比，身份特征上没有显著差异（{n} 项 q < {q}）。",
        "Does not differ from everybody in who they are ({n} traits at q < {q}).",
    ),
    "notes.archetype": Text("与原型“{name}”吻合的特征", 'Shared with the archetype "{name}"'),
    "notes.matched": Text("{trait}（TGI {tgi}）", "{trait} (TGI {tgi})"),
    "rules.title": Text("如何圈选这个人群", "How to pick this persona out"),
    "rules.note": Text(
        "准确率、覆盖率与占比均在没有参与找规则的用户上测得。",
        "Precision, recall and size were measured on users that the search did not see.",
    ),
    "rules.none": Text(
        "没有足够准确的规则能圈出这个人群。", "No rule is precise enough to pick this persona out."
    ),
    "rules.tags": Text("标签表达式（可复制）", "Tag expression (to copy)"),
    "cards.protected": Text("受保护属性", "Protected attributes"),
    "cards.protected_note": Text("仅作描述，不参与聚类", "profiled only, not used for clustering"),
    "cards.protected_caption": Text("{name}：受保护属性", "{name}: protected attributes"),
    "cards.everything": Text("全部特征（{n} 项）", "All traits ({n})"),
    "cards.everything_caption": Text("{name}：全部特征", "{name}: all traits"),
    "block.who": Text("是谁", "Who"),
    "block.worth": Text("价值", "Worth"),
    "block.what": Text("买什么", "What"),
    # Map
    "map.lead": Text(
        "距离越近，人群越相似；圆的面积表示占比。坐标轴本身没有单位。",
        "Close bubbles are alike; the area of a bubble is its share. The axes have no unit.",
    ),
    "map.caption": Text("人群地图：{names}", "Persona map: {names}"),
    # Heat map
    "heat.lead": Text(
        "每格为该人群购买该品类的 TGI，下方为购买者占比。绿色高于平均，棕色低于平均；"
        "细体且不着色的格子与平均水平的差异不显著（q ≥ {q}）。",
        "Each cell gives the TGI of buying the category, with the share of buyers below. Green is above "
        "average, brown below; light figures without colour do not differ significantly (q ≥ {q}).",
    ),
    "heat.caption": Text("各人群的品类 TGI 与购买者占比", "TGI and share of buyers by persona and category"),
    "heat.legend": Text("TGI 色阶", "Shades of TGI"),
    "heat.bands_note": Text(
        "色阶仅为阅读辅助：对数刻度上以 100 为中心对称，并非行业标准。",
        "The shades are a reading aid, mirrored around 100 on a log scale; they are no industry standard.",
    ),
    "heat.suppressed": Text(
        "隐藏的格子（·）不足 {n} 人，或者会让人推算出这样的格子。",
        "A cell is hidden (·) when it has fewer than {n} users, or would give away one that has.",
    ),
    "heat.empty": Text("这个模型没有按品类的购买特征。", "This model has no purchase features by category."),
    **QUALITY_WORDS,
    **DATA_WORDS,
    **GLOSSARY_WORDS,
    **CATEGORY_WORDS,
    **COLUMN_WORDS,
    **HISTORY_WORDS,
}
"""Key -> text. Placeholders in braces are filled by the caller."""


def say(key: str, language: Language) -> str:
    """Return one text of the report.

    Examples
    --------
    >>> say("nav.map", "en")
    'Map'
    """
    return WORDS[key].of(language)


def say_or(key: str, fallback: str, language: Language) -> str:
    """Return one text of the report, or ``fallback`` when there is no such key.

    Examples
    --------
    >>> say_or("unit.days", "days", "zh-CN"), say_or("unit.litres", "litres", "zh-CN")
    ('天', 'litres')
    """
    return WORDS[key].of(language) if key in WORDS else fallback
