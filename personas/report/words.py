"""Every text of the report, in Chinese and in English: one table, nothing is written elsewhere."""

from __future__ import annotations

from personas.schema import Language, Text

SECTIONS = ("overview", "personas", "map", "categories", "quality", "data", "glossary")
"""Sections of the report, in order; each is an anchor and has a ``nav.`` text."""

GLOSSARY = (
    "share",
    "tgi",
    "interval",
    "q_value",
    "suppressed",
    "protected",
    "confidence",
    "status",
    "stability",
    "bic",
    "fidelity",
)
"""Terms of the glossary, in order; each has a ``.term``, ``.plain``, ``.formula`` and ``.source``."""

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
    "overview.glance_bar": Text("各人群占画像用户的比例", "Share of each persona among profiled users"),
    "overview.stands_out": Text("突出特征", "Stands out by"),
    "overview.nothing_stands_out": Text("与全体用户差异不大", "close to the average user"),
    "overview.changes": Text("与上一版相比", "What changed"),
    "overview.no_changes": Text("没有可比较的上一版模型。", "There is no earlier model to compare with."),
    "overview.quality": Text("这个模型有多可靠", "How far to trust it"),
    "headline.one_persona": Text(
        "数据中没有发现可以区分的人群结构：所有用户归为一类。",
        "The data show no structure that separates users: everyone is in one group.",
    ),
    "headline.stability.excellent": Text(
        "非常稳定（{value}）：换一批用户重新训练，得到的人群几乎相同。",
        "Very stable ({value}): retrained on other samples of users, the personas come out almost the same.",
    ),
    "headline.stability.stable": Text(
        "稳定（{value}）：换一批用户重新训练，人群的主体不变，边界上的用户会有变动。",
        "Stable ({value}): retrained on other samples, the cores stay and users near the borders move.",
    ),
    "headline.stability.weak": Text(
        "不够稳定（{value}）：换一批用户重新训练，人群会明显不同，请谨慎使用。",
        "Not stable enough ({value}): retrained on other samples, the personas differ; use them with care.",
    ),
    "headline.assigned_share": Text(
        "{value} 的用户可以明确归入一个人群。", "{value} of users belong clearly to one persona."
    ),
    "headline.mean_confidence": Text("平均置信度为 {value}。", "The mean confidence is {value}."),
    "headline.fidelity": Text(
        "评分卡对聚类结果的还原度为 {value}（留出用户）。",
        "The scorecard gives the clusterer's answer for {value} of held-out users.",
    ),
    "headline.noise_share": Text(
        "聚类时有 {value} 的训练用户不属于任何一群（噪声）。",
        "The clusterer left {value} of the training users in no group (noise).",
    ),
    "headline.chosen": Text("选择 {n} 个人群的理由：{reason}。", "Why {n} personas: {reason}."),
    # Cards
    "cards.lead": Text(
        "每张卡片回答三个问题：他们是谁、价值几何、买什么。特征与全体用户比较，TGI 100 为平均水平。",
        "Each card answers three questions: who they are, what they are worth, what they buy. "
        "Traits are compared with all users; a TGI of 100 is average.",
    ),
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
        "“隐藏”的格子不足 {n} 人，或者会让人推算出这样的格子。",
        "A cell is hidden when it has fewer than {n} users, or would give away one that has.",
    ),
    "heat.empty": Text("这个模型没有按品类的购买特征。", "This model has no purchase features by category."),
    # Quality
    "quality.lead": Text(
        "人群数如何选定、人群有多稳定、每个用户的归类有多可信。",
        "How the number of personas was chosen, how stable they are and how sure each answer is.",
    ),
    "quality.selection": Text("人群数的选择", "Choosing the number of personas"),
    "quality.selection_caption": Text("候选方案", "Candidates"),
    "quality.no_selection": Text(
        "人群数为指定值，没有比较其他方案。", "The number of personas was given; no others were compared."
    ),
    "quality.n_personas": Text("人群数", "Personas"),
    "quality.smallest": Text("最小人群", "Smallest"),
    "quality.chosen": Text("选用", "chosen"),
    "quality.metrics": Text("质量指标", "Quality figures"),
    "quality.value": Text("数值", "Value"),
    "quality.scored": Text("打分结果", "Scored users"),
    "quality.scored_lead": Text(
        "{as_of} 用模型 {version} 为 {n} 名用户打分。", "{n} users, scored as of {as_of} by model {version}."
    ),
    "quality.scored_other": Text(
        "注意：打分所用模型与本报告的模型版本不同。",
        "Mind: another version of the model scored these users than the one in this report.",
    ),
    "quality.by_status": Text("归类状态", "Status of the answers"),
    "quality.by_persona": Text("各人群的打分用户", "Scored users by persona"),
    "quality.by_confidence": Text("置信度分布", "Confidence of the answers"),
    "quality.confidence": Text("置信度", "Confidence"),
    "quality.status": Text("状态", "Status"),
    "quality.before": Text("训练时占比", "Share at training"),
    "quality.clusterer": Text("聚类方法与参数", "Clusterer and parameters"),
    "quality.clusterer_caption": Text("{name} 的参数", "Parameters of {name}"),
    "quality.parameter": Text("参数", "Parameter"),
    "quality.limits": Text(
        "置信度低于 {low} 记为“低置信”；异常度高于 {surprise} 记为“超出分布”。",
        'Confidence below {low} reads "low confidence"; a surprise above {surprise} reads "out of distribution".',
    ),
    "chart.n_personas": Text("人群数", "Number of personas"),
    "chart.stability.title": Text("稳定性（平均 ARI）", "Stability (mean ARI)"),
    "chart.stability.read": Text(
        "越高越好；1 表示每次都相同。", "Higher is better; 1 means the same every time."
    ),
    "chart.bic.title": Text("BIC", "BIC"),
    "chart.bic.read": Text(
        "越低越好：拟合与简洁的平衡。", "Lower is better: fit balanced against simplicity."
    ),
    "status.assigned": Text("明确归类", "Assigned"),
    "status.low_confidence": Text("低置信", "Low confidence"),
    "status.out_of_distribution": Text("超出分布", "Out of distribution"),
    "metric.stability.name": Text("稳定性", "Stability"),
    "metric.stability.read": Text(
        "对用户重抽样后重新训练，两次结果的平均一致程度（ARI）。1 为完全一致，0 为随机。"
        "0.75 以上算稳定，0.90 以上为优秀。",
        "Mean agreement (ARI) between refits on resampled users. 1 = identical, 0 = chance. "
        "Stable from 0.75, excellent from 0.90.",
    ),
    "metric.mean_confidence.name": Text("平均置信度", "Mean confidence"),
    "metric.mean_confidence.read": Text(
        "用户归类置信度的平均值，0 到 1。", "Average over users of the confidence of their answer, 0 to 1."
    ),
    "metric.assigned_share.name": Text("明确归类占比", "Assigned share"),
    "metric.assigned_share.read": Text(
        "置信度不低于下限的用户占比。", "Users whose confidence reaches the limit."
    ),
    "metric.fidelity.name": Text("还原度", "Fidelity"),
    "metric.fidelity.read": Text(
        "在留出用户上，评分卡与聚类结果一致的比例；0.90 以上才可发布。",
        "Held-out users for whom the scorecard gives the clusterer's answer; at least 90% to be published.",
    ),
    "metric.smallest_recall.name": Text("最低召回", "Smallest recall"),
    "metric.smallest_recall.read": Text(
        "还原得最差的那个人群，其用户被评分卡正确归类的比例。",
        "Share recovered by the scorecard in the persona that it recovers worst.",
    ),
    "metric.noise_share.name": Text("噪声占比", "Noise share"),
    "metric.noise_share.read": Text(
        "聚类时不属于任何一群的训练用户；他们不参与评分卡的训练。",
        "Training users whom the clusterer left in no group; the scorecard does not learn from them.",
    ),
    "metric.n_training_users.name": Text("训练用户", "Training users"),
    "metric.n_training_users.read": Text("用于发现人群的用户数。", "Users that the personas were found on."),
    "metric.n_holdout_users.name": Text("留出用户", "Held-out users"),
    "metric.n_holdout_users.read": Text(
        "没有参与训练、只用于检验的用户数。", "Users kept aside for checking only."
    ),
    "metric.log_likelihood.name": Text("对数似然", "Log likelihood"),
    "metric.log_likelihood.read": Text(
        "模型对训练数据的拟合程度（自然对数，总和）；只能在同一批数据上比较。",
        "How well the model fits its training data (natural log, total); compare on the same data only.",
    ),
    "metric.bic.name": Text("BIC", "BIC"),
    "metric.bic.read": Text(
        "贝叶斯信息准则，越低越好；只能在同一批数据上比较。",
        "Bayesian information criterion, lower is better; compare on the same data only.",
    ),
    # Data
    "data.lead": Text(
        "读了哪些表，哪些行被隔离及原因，哪些用户被纳入，得到了哪些特征。",
        "Which tables were read, which rows were quarantined and why, who was let in, and the features made of them.",
    ),
    "data.no_contract": Text("没有提供数据质检结果。", "No contract check was given."),
    "data.tables": Text("源表", "Source tables"),
    "data.read": Text("读入", "Read"),
    "data.valid": Text("有效", "Valid"),
    "data.quarantined": Text("隔离", "Quarantined"),
    "data.after_as_of": Text("截止日及以后（不使用）", "On or after the as-of date (not used)"),
    "data.faults_caption": Text("{name}：隔离原因", "{name}: why rows were quarantined"),
    "data.missing": Text("缺失率（{n} 个字段有缺失）", "Missing values ({n} columns)"),
    "data.missing_caption": Text("{name}：各字段缺失率", "{name}: share of missing values by column"),
    "data.no_missing": Text("没有缺失值。", "No missing values."),
    "data.warnings": Text("提醒", "Warnings"),
    "data.admission": Text("用户准入", "Who was let in"),
    "data.admission_lead": Text(
        "{n} 名用户中，{admitted} 名被纳入画像。", "{admitted} of {n} users were let in."
    ),
    "data.admission_caption": Text("未纳入的用户及原因", "Users left out, and why"),
    "data.features": Text("特征", "Features"),
    "data.features_summary": Text(
        "全部 {n} 项：{inputs} 项参与聚类，{profiled} 项仅描述",
        "All {n}: {inputs} clustered on, {profiled} profiled only",
    ),
    "data.whole_row": Text("整行", "whole row"),
    "data.features_caption": Text("特征表", "Features"),
    "data.feature": Text("特征", "Feature"),
    "data.kind": Text("类型", "Kind"),
    "data.block": Text("维度", "Block"),
    "data.unit": Text("单位", "Unit"),
    "data.null": Text("空值含义", "A null means"),
    "data.role": Text("用途", "Role"),
    "fault.empty": Text("为空", "empty"),
    "fault.not a number": Text("不是数字", "not a number"),
    "fault.not a whole number": Text("不是整数", "not a whole number"),
    "fault.not a date in the stated formats": Text(
        "不符合给定的日期格式", "not a date in the stated formats"
    ),
    "fault.not an ISO 8601 date": Text("不是 ISO 8601 日期", "not an ISO 8601 date"),
    "fault.in the future": Text("日期在未来", "in the future"),
    "fault.not yes or no": Text("不是“是”或“否”", "not yes or no"),
    "fault.unknown level": Text("取值不在词表中", "unknown level"),
    "fault.duplicate key": Text("主键重复", "duplicate key"),
    "fault.user not in users": Text("用户不在用户表中", "user not in users"),
    "fault.malformed row": Text("行格式错误", "malformed row"),
    "data.left_out": Text("未采用 {names}：{reason}。", "Left out {names}: {reason}."),
    "left_out.no user has a value": Text("没有用户有取值", "no user has a value"),
    "left_out.every user with a value has the same one": Text(
        "所有有取值的用户取值相同", "every user with a value has the same one"
    ),
    "left_out.fewer than two of its levels occur often enough": Text(
        "出现得足够多的取值不足两个", "fewer than two of its levels occur often enough"
    ),
    "dropped.erasure requested": Text("要求删除数据", "erasure requested"),
    "dropped.opted out": Text("已退出", "opted out"),
    "dropped.profiling refused": Text("拒绝画像", "profiling refused"),
    "dropped.minor": Text("未成年人", "minor"),
    "dropped.under 16": Text("不满 16 岁", "under 16"),
    "dropped.no consent stated": Text("未表示同意", "no consent stated"),
    "table.users": Text("用户表", "Users"),
    "table.events": Text("行为表", "Events"),
    "table.identifiers": Text("标识表", "Identifiers"),
    "table.consents": Text("授权表", "Consents"),
    "kind.numeric": Text("数值", "numeric"),
    "kind.ordinal": Text("有序", "ordinal"),
    "kind.nominal": Text("类别", "nominal"),
    "kind.binary": Text("二元", "binary"),
    "kind.count": Text("计数", "count"),
    "role.input": Text("参与聚类", "clustered on"),
    "role.profile": Text("仅描述", "profiled only"),
    "role.protected": Text("受保护，仅描述", "protected, profiled only"),
    "unit.years": Text("岁", "years"),
    "unit.days": Text("天", "days"),
    "unit.orders": Text("单", "orders"),
    "unit.money": Text("金额", "money"),
    "unit.CNY": Text("元", "CNY"),
    "unit.points": Text("分", "points"),
    "unit.categories": Text("个品类", "categories"),
    "unit.share 0-1": Text("占比 0–1", "share 0–1"),
    "null.never missing": Text("不会缺失", "never missing"),
    "null.never bought": Text("从未购买", "never bought"),
    "null.not stated": Text("未填写", "not stated"),
    "null.not a member": Text("非会员", "not a member"),
    # Glossary
    "glossary.lead": Text(
        "报告中的每个术语：通俗解释、公式与出处。", "Every term in plain words, with formula and source."
    ),
    "glossary.formula": Text("公式", "Formula"),
    "glossary.source": Text("出处：{text}", "Source: {text}"),
    "glossary.share.term": Text("占比", "Share"),
    "glossary.share.plain": Text(
        "一个人群中具有某特征的用户比例；该特征未知的用户不计入分母。",
        "How many users of a persona have a trait. Users for whom it is unknown are left out of the count.",
    ),
    "glossary.share.formula": Text(
        "占比 = 具有该特征的用户数 ÷ 该特征已知的用户数",
        "share = users with the trait ÷ users whose value is known",
    ),
    "glossary.share.source": Text("本工具的定义", "Definition of this toolkit"),
    "glossary.tgi.term": Text("TGI（目标群体指数）", "TGI (target group index)"),
    "glossary.tgi.plain": Text(
        "一个人群的占比与全体用户占比之比。100 为平均水平，150 表示比平均高一半，50 表示只有平均的一半。"
        "占比很低的特征也可能有很高的 TGI，请把两者放在一起看。",
        "The share in a persona against the share among all users. 100 is average, 150 is half as much "
        "again, 50 is half. A rare trait can have a high index, so read it together with the share.",
    ),
    "glossary.tgi.formula": Text(
        "TGI = 100 × 人群占比 ÷ 全体占比", "TGI = 100 × share in the persona ÷ share among all users"
    ),
    "glossary.tgi.source": Text(
        "市场研究通用指数；同 Google Ads API AudienceCompositionMetrics.index（100 倍）",
        "Common index of market research; Google Ads API, AudienceCompositionMetrics.index (times 100)",
    ),
    "glossary.interval.term": Text("95% 区间", "95% interval"),
    "glossary.interval.plain": Text(
        "由于只观察到有限的用户，TGI 有误差；这个范围以 95% 的把握包含真实值。区间跨过 100 时，不能断定高于或低于平均。",
        "An index from a limited number of users is uncertain. With 95% confidence the true value lies in "
        "this range. If it spans 100, neither above nor below average is certain.",
    ),
    "glossary.interval.formula": Text(
        "TGI = 100 × RR ÷ (w × RR + 1 − w)；RR 为人群与其余用户的占比之比，其区间为 exp(ln RR ± 1.96 × 标准误)，w 为人群占比",
        "TGI = 100 × RR ÷ (w × RR + 1 − w); RR, the persona's share against the rest's, lies within "
        "exp(ln RR ± 1.96 × standard error); w is the persona's part of all users",
    ),
    "glossary.interval.source": Text(
        "Katz 等 (1978)，Biometrics 34(3)，469–474", "Katz et al. (1978), Biometrics 34(3), 469–474"
    ),
    "glossary.q_value.term": Text("q 值", "q value"),
    "glossary.q_value.plain": Text(
        "一次比较几百个特征，总有一些差异只是巧合。q 值对此作了校正：把 q < 0.05 的特征都当作真实差异，其中平均不超过 5% 是巧合。",
        "Among hundreds of comparisons some differ by chance. The q value corrects for that: of all traits "
        "with q < 0.05, on average at most 5% differ by chance only.",
    ),
    "glossary.q_value.formula": Text(
        "q(i) = min { p(j) × m ÷ j : j ≥ i }，p 值由小到大排列，m 为比较总数",
        "q(i) = min { p(j) × m ÷ j : j ≥ i }, p values in increasing order, m comparisons",
    ),
    "glossary.q_value.source": Text(
        "Benjamini、Hochberg (1995)，JRSS B 57(1)，289–300",
        "Benjamini, Hochberg (1995), JRSS B 57(1), 289–300",
    ),
    "glossary.suppressed.term": Text("隐藏的格子", "Hidden cell"),
    "glossary.suppressed.plain": Text(
        "人数太少的格子，以及会让人推算出它们的格子，都不展示，以免暴露个人。"
        "若一个人群几乎全部属于某一取值，其余极少数用户并入该取值。",
        "Cells with too few users are not shown, nor cells that would give them away, so that nobody can be "
        "recognised. Where nearly all of a persona has one level, the few others are counted with it.",
    ),
    "glossary.suppressed.formula": Text(
        "展示条件：用户数为 0 或不少于 {n}", "shown: cells of 0 users, or of at least {n}"
    ),
    "glossary.suppressed.source": Text(
        "Repsilber (1994)，方块抑制法；最小人数为本工具的选择，营销报告没有公认的法定下限",
        "Repsilber (1994), hypercube method; the minimum is our choice, no legal one is known for marketing reports",
    ),
    "glossary.protected.term": Text("受保护属性", "Protected attribute"),
    "glossary.protected.plain": Text(
        "性别、婚姻等属性只用来描述人群，不参与聚类，也不用于沟通切入点。",
        "Attributes such as gender describe a persona; they are neither clustered on nor used in messages.",
    ),
    "glossary.protected.formula": Text(
        "参与聚类的特征中不含受保护属性", "No protected attribute among the clustered features"
    ),
    "glossary.protected.source": Text(
        "由配置决定；参见《个人信息保护法》第二十四条",
        "Set by configuration; compare Article 24 of China's PIPL",
    ),
    "glossary.confidence.term": Text("置信度", "Confidence"),
    "glossary.confidence.plain": Text(
        "换一批用户重新训练后，这个用户仍归入同一人群的概率；蒸馏得到的模型则是评分卡与聚类结果一致的概率。",
        "How likely a user would get the same persona from a model refitted on another sample; for distilled "
        "models, how likely the scorecard agrees with the clusterer.",
    ),
    "glossary.confidence.formula": Text(
        "对最佳人群的 softmax 概率作保序校准", "Monotone calibration of the softmax share of the best persona"
    ),
    "glossary.confidence.source": Text(
        "Zadrozny、Elkan (2002)，KDD，694–699（保序校准）",
        "Zadrozny, Elkan (2002), KDD, 694–699 (isotonic calibration)",
    ),
    "glossary.status.term": Text("归类状态", "Status"),
    "glossary.status.plain": Text(
        "明确归类；低置信（列出次优人群）；超出分布（与训练用户差异过大，仅给出最接近的人群）。",
        "Assigned; low confidence (the runner-up is named); out of distribution (unlike the training users, "
        "so the nearest persona is a hint only).",
    ),
    "glossary.status.formula": Text(
        "异常度 > 上限 → 超出分布；否则置信度 < 下限 → 低置信",
        "surprise > limit → out of distribution; else confidence < limit → low confidence",
    ),
    "glossary.status.source": Text("本工具的定义", "Definition of this toolkit"),
    "glossary.stability.term": Text("稳定性", "Stability"),
    "glossary.stability.plain": Text(
        "对用户重抽样多次并重新训练，比较每两次的分群是否一致。",
        "Users are resampled, the model is refitted, and the groupings are compared.",
    ),
    "glossary.stability.formula": Text(
        "调整兰德指数 ARI =（一致度 − 期望一致度）÷（最大一致度 − 期望一致度），取平均",
        "mean adjusted Rand index: (agreement − expected) ÷ (maximum − expected)",
    ),
    "glossary.stability.source": Text(
        "Hubert、Arabie (1985)，J. Classification 2，193–218；分级参考 Steinley (2004)，Psychological Methods 9(3)，386–396",
        "Hubert, Arabie (1985), J. Classification 2, 193–218; grades after Steinley (2004), Psychological Methods 9(3), 386–396",
    ),
    "glossary.bic.term": Text("BIC", "BIC"),
    "glossary.bic.plain": Text(
        "衡量拟合好坏并惩罚复杂度，用来比较不同的人群数。",
        "Rewards fit, penalises complexity; compares numbers of personas on the same data.",
    ),
    "glossary.bic.formula": Text(
        "BIC = −2 × 对数似然 + 参数个数 × ln(用户数)", "BIC = −2 × log likelihood + parameters × ln(users)"
    ),
    "glossary.bic.source": Text(
        "Schwarz (1978)，Annals of Statistics 6(2)，461–464",
        "Schwarz (1978), Annals of Statistics 6(2), 461–464",
    ),
    "glossary.fidelity.term": Text("还原度", "Fidelity"),
    "glossary.fidelity.plain": Text(
        "有的聚类方法不能直接给新用户打分，要先把结果学成一张评分卡；还原度是评分卡与原结果一致的比例。",
        "Some clusterers cannot score new users, so a scorecard learns their answer. Fidelity is how often both agree.",
    ),
    "glossary.fidelity.formula": Text(
        "还原度 = 一致的留出用户数 ÷ 留出用户数", "fidelity = held-out users who agree ÷ held-out users"
    ),
    "glossary.fidelity.source": Text("本工具的发布门槛：0.90", "This toolkit's gate: 0.90 to be published"),
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
