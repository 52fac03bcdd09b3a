"""Terms of the report, in plain words, with formula and source."""

from __future__ import annotations

from personas.schema import Text

GLOSSARY = (
    "share",
    "tgi",
    "interval",
    "q_value",
    "suppressed",
    "protected",
    "confidence",
    "status",
    "skill",
    "null_table",
    "jaccard",
    "across",
    "stability",
    "bic",
    "rule",
    "fidelity",
    "macro",
)
"""Terms of the glossary, in order; each has a ``.term``, ``.plain``, ``.formula`` and ``.source``."""

STRATEGY_GLOSSARY = (
    "attach",
    "lift",
    "attach_tier",
    "scene",
    "hero",
    "growth_share",
    "headroom",
    "ladder",
)
"""Further terms, of the chapters on category strategy."""

GLOSSARY_WORDS: dict[str, Text] = {
    # Glossary
    "glossary.lead": Text(
        "报告中的每个术语：通俗解释、公式与出处。", "Every term in plain words, with formula and source."
    ),
    "glossary.formula": Text("公式", "Formula"),
    "glossary.source": Text("出处：{text}", "Source: {text}"),
    "glossary.macro.term": Text("大类人群", "Macro persona"),
    "glossary.macro.plain": Text(
        "由几个容易混淆的人群合成的大类，用于汇报与预算；评分和导出仍按人群进行。每次训练重新编号。",
        "Personas that are easily taken for one another, put together for planning; users are still scored and "
        "exported by persona. Each training numbers them anew.",
    ),
    "glossary.macro.formula": Text(
        "每一步合并使熵 −Σ t ln t 下降最多的一对人群；大类的概率 = 其人群概率之和",
        "each step merges the pair that lowers the entropy −Σ t ln t most; its probability = the sum over its personas",
    ),
    "glossary.macro.source": Text(
        "Baudry 等 (2010)，JCGS 19(2)，332–353", "Baudry et al. (2010), JCGS 19(2), 332–353"
    ),
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
    "glossary.skill.term": Text("预判力（触达、偏好）", "Skill (reach, taste)"),
    "glossary.skill.plain": Text(
        "用一半用户算出各人群的购买率，再拿另一半用户没有见过的购买来检验：触达看“会不会买”，偏好看“买哪个品类”。",
        "Buying rates per persona come from one half of the users and are tested on what the other half bought, which no "
        "fit had seen: reach is about whether, taste about which category.",
    ),
    "glossary.skill.formula": Text(
        "触达 = 1 − Σ 对数损失（人群购买率）÷ Σ 对数损失（总体购买率）；偏好 = 买家平均的 Σ 占比 × log2（人群占比 ÷ 总体占比）",
        "reach = 1 − Σ log loss(persona rates) ÷ Σ log loss(base rates); taste = mean over buyers of "
        "Σ share × log2(persona share ÷ base share)",
    ),
    "glossary.skill.source": Text(
        "本工具的定义；技巧评分的思想见 Brier (1950)，Monthly Weather Review 78",
        "Definition of this toolkit; skill scores after Brier (1950), Monthly Weather Review 78",
    ),
    "glossary.null_table.term": Text("没有人群的数据", "Table without structure"),
    "glossary.null_table.plain": Text(
        "把真实数据打乱得到：逐列打乱会切断字段之间的一切联系；只打乱买什么，则保留每人的购买次数和每个品类的总量。",
        "Real data, shuffled: columns shuffled one by one have nothing to do with each other any more; shuffling only "
        "what is bought keeps each user's number of purchases and each category's own.",
    ),
    "glossary.null_table.formula": Text(
        "上限 = 均值 + t(0.995; n − 1) × 标准差 × √(1 + 1/n)，n 为打乱的次数",
        "limit = mean + t(0.995; n − 1) × standard deviation × √(1 + 1/n), n shuffled tables",
    ),
    "glossary.null_table.source": Text(
        "Whitmore (1986)，The American Statistician 40(2)（预测上限）；0.995 为本工具的选择",
        "Whitmore (1986), The American Statistician 40(2) (prediction limits); 0.995 is our choice",
    ),
    "glossary.jaccard.term": Text("人群的稳定性（Jaccard）", "Stability of a persona (Jaccard)"),
    "glossary.jaccard.plain": Text(
        "换一批用户重新训练，原来的人群与新找到的最相似的人群有多少用户重合。",
        "How many users a persona shares with the one most like it when the personas are sought on another sample.",
    ),
    "glossary.jaccard.formula": Text(
        "Jaccard = 同属两者的用户 ÷ 属于其一的用户，对多次重新训练取平均",
        "Jaccard = users in both ÷ users in either, averaged over refits",
    ),
    "glossary.jaccard.source": Text(
        "Hennig (2007)，Computational Statistics & Data Analysis 52(1)；分级见 R 包 fpc 的 clusterboot 手册",
        "Hennig (2007), Computational Statistics & Data Analysis 52(1); scale of clusterboot, R package fpc",
    ),
    "glossary.across.term": Text("来源是否单一（SLSa）", "From one persona (SLSa)"),
    "glossary.across.plain": Text(
        "人群数少一个时，这个人群的用户属于哪些人群：全部来自一个为 1，平均来自所有为 0。",
        "Which personas the users would have with one persona fewer: 1 = all the same one, 0 = all of them equally.",
    ),
    "glossary.across.formula": Text(
        "SLSa = 1 − 来源分布的熵 ÷ ln(上一方案的人群数)",
        "SLSa = 1 − entropy of the origins ÷ ln(personas of the smaller solution)",
    ),
    "glossary.across.source": Text(
        "Dolnicar、Leisch (2017)，Marketing Letters 28(3)", "Dolnicar, Leisch (2017), Marketing Letters 28(3)"
    ),
    "glossary.stability.term": Text("模型的稳定性（ARI）", "Stability of the model (ARI)"),
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
    "glossary.rule.term": Text("圈选规则", "Rule"),
    "glossary.rule.plain": Text(
        "用几个条件圈出一个人群。准确率：圈到的人有多少属于该人群；覆盖率：该人群有多少人被圈到。",
        "A few conditions that pick a persona out. Precision: how many of those picked belong to it; recall: how many "
        "of the persona are picked.",
    ),
    "glossary.rule.formula": Text(
        "准确率 = 圈中且属于该人群 ÷ 圈中；覆盖率 = 圈中且属于该人群 ÷ 该人群",
        "precision = picked and of the persona ÷ picked; recall = picked and of the persona ÷ the persona",
    ),
    "glossary.rule.source": Text(
        "在留出用户上检验：Webb (2007)，Machine Learning 68，1–33",
        "Tested on held-out users: Webb (2007), Machine Learning 68, 1–33",
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
    # Category strategy
    "glossary.attach.term": Text("连带率", "Attach rate"),
    "glossary.attach.plain": Text(
        "买了甲品类的人里，有多少也买了乙品类。按人还是按单、先后次序、时间范围和分母都会改变数字，口径写在每张表下。",
        "How many buyers of one category also buy another. Users or orders, before or after, how long and who is "
        "divided by all change the figure; each table says below how it counted.",
    ),
    "glossary.attach.formula": Text(
        "连带率 = 甲、乙都买的用户（或订单）÷ 买甲的用户（或订单）",
        "attach rate = users (or orders) with both ÷ users (or orders) with the row's category",
    ),
    "glossary.attach.source": Text(
        "即关联规则的置信度：Agrawal 等 (1993)，SIGMOD",
        "The confidence of an association rule: Agrawal et al. (1993), SIGMOD",
    ),
    "glossary.lift.term": Text("提升度", "Lift"),
    "glossary.lift.plain": Text(
        "两个品类一起被买的次数，是互不相干时的几倍。1 为互不相干；收缩提升度把人数很少的组合向 1 拉近，使偶然的高值不会排在前面。",
        "How many times as often two categories are bought together as if they had nothing to do with each other; 1 "
        "is that. The shrunk lift draws rare pairs towards 1, so that accidents do not lead the list.",
    ),
    "glossary.lift.formula": Text(
        "提升度 = 同买占比 ÷（甲的占比 × 乙的占比）",
        "lift = share with both ÷ (share of one × share of the other)",
    ),
    "glossary.lift.source": Text("Brin 等 (1997)，SIGMOD", "Brin et al. (1997), SIGMOD"),
    "glossary.attach_tier.term": Text("关联层级（高、中、低）", "Tier of association (high, mid, low)"),
    "glossary.attach_tier.plain": Text(
        "显著高于随机、且同买人数足够的品类对才会是高或中；切点写在表下。其余为低。",
        "Only pairs that are bought together significantly more often than by chance, by enough users, are high or "
        "mid; the cut points stand below the table. All others are low.",
    ),
    "glossary.attach_tier.formula": Text(
        "显著品类对的提升度取三分位：上三分之一为高，中间为中；也可在配置中指定切点",
        "terciles of the lift of the significant pairs: the upper third is high, the middle mid; or cuts that are "
        "configured",
    ),
    "glossary.attach_tier.source": Text(
        "本工具的选择；检验为 Fisher 精确检验与 Benjamini-Hochberg 校正",
        "Choice of this toolkit; Fisher's exact test, corrected after Benjamini and Hochberg",
    ),
    "glossary.scene.term": Text("场景", "Scene"),
    "glossary.scene.plain": Text(
        "同一批用户倾向于一起购买的一组品类，例如厨房或安防。互相替代的品类可以同属一个场景，但会标明。",
        "A group of categories that the same users tend to buy, such as kitchen or security. Substitutes may share a "
        "scene, and are marked.",
    ),
    "glossary.scene.formula": Text(
        "两个品类的关联权重 = 在购买品类数相同的用户中的相关系数 − 随机搭配的部分；关联紧密的品类归为一个场景",
        "weight of a pair = correlation among users who bought equally many categories − what random sets give; "
        "closely linked categories make a scene",
    ),
    "glossary.scene.source": Text(
        "本工具的定义；稳定度见 Hennig (2007)", "Definition of this toolkit; stability after Hennig (2007)"
    ),
    "glossary.hero.term": Text("主推品类", "Hero category"),
    "glossary.hero.plain": Text(
        "一个场景中与其他品类关联最强的品类，适合用来带动整个场景。",
        "The category of a scene that goes with the rest of it most; a good one to lead with.",
    ),
    "glossary.hero.formula": Text(
        "与场景内其他品类的关联权重最高者", "highest weight into the other categories of the scene"
    ),
    "glossary.hero.source": Text("本工具的定义", "Definition of this toolkit"),
    "glossary.growth_share.term": Text("增长—份额象限", "Growth-share quadrants"),
    "glossary.growth_share.plain": Text(
        "明星：份额高、增长快；现金牛：份额高、增长慢；问题：份额低、增长快；瘦狗：份额低、增长慢。人数过少的品类不判定。",
        "Star: large share, fast growth; cash cow: large, slow; question mark: small, fast; dog: small, slow. "
        "Categories of too few buyers are not judged.",
    ),
    "glossary.growth_share.formula": Text(
        "横轴 = 品类在品牌内的份额，或本品 ÷ 最大竞品；纵轴 = 本期 ÷ 基期 − 1；分界写在图下",
        "x = share of the category at the brand, or own ÷ largest rival; y = later ÷ base period − 1; the cuts stand "
        "below the chart",
    ),
    "glossary.growth_share.source": Text(
        "Henderson (1970)，BCG Perspectives 66；以相对份额为横轴时与之相同",
        "Henderson (1970), BCG Perspectives 66; the same where x is the relative share",
    ),
    "glossary.headroom.term": Text("可拓人数", "Headroom"),
    "glossary.headroom.plain": Text(
        "若该人群在本品购买者中的占比与行业一样高，会多出多少购买者。是规模的估计，不是承诺。",
        "How many more buyers there would be if the segment were as large a part of the brand's buyers as of the "
        "market's. An estimate of size, no promise.",
    ),
    "glossary.headroom.formula": Text(
        "可拓人数 =（行业占比 − 本品占比）× 本品购买人数",
        "headroom = (market share − brand share) × buyers of the brand",
    ),
    "glossary.headroom.source": Text("本工具的定义", "Definition of this toolkit"),
    "glossary.ladder.term": Text("人群分层（4A、AIPL、O-5A）", "Ladders (4A, AIPL, O-5A)"),
    "glossary.ladder.plain": Text(
        "按与品牌关系的深浅给用户分层。京东 4A：认知、吸引、行动、拥护；阿里 AIPL：认知、兴趣、购买、忠诚；抖音 O-5A：机会、了解、"
        "吸引、问询、行动、拥护。每人只计入最深的一层。",
        "Users by how close they are to the brand. JD.com's 4A: aware, appeal, act, advocate; Alibaba's AIPL: "
        "awareness, interest, purchase, loyalty; Douyin's O-5A: opportunity, aware, appeal, ask, act, advocate. "
        "Everybody counts on the deepest stage only.",
    ),
    "glossary.ladder.formula": Text(
        "各层的行为、次数与天数写在表下",
        "behaviour, number of times and days of each stage stand below the table",
    ),
    "glossary.ladder.source": Text(
        "平台公开说明与案例；平台未公开的天数为本工具的选择，见各分层文件的 sources 与 not_found",
        "Platforms' public accounts and cases; days that they do not publish are our choice, see sources and "
        "not_found in the file of each ladder",
    ),
}
