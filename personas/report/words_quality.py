"""Texts of the report about the quality of a model."""

from __future__ import annotations

from personas.schema import Text

QUALITY_WORDS: dict[str, Text] = {
    "headline.one_persona": Text(
        "数据中没有发现可以区分的人群结构：所有用户归为一类。",
        "The data show no structure that separates users: everyone is in one group.",
    ),
    "headline.stability.excellent": Text(
        "非常稳定（ARI {value}）：换一批用户重新训练，得到的人群几乎相同。",
        "Very stable (ARI {value}): retrained on other samples of users, the personas come out almost the same.",
    ),
    "headline.stability.stable": Text(
        "稳定（ARI {value}）：换一批用户重新训练，人群的主体不变，边界上的用户会有变动。",
        "Stable (ARI {value}): retrained on other samples, the cores stay and users near the borders move.",
    ),
    "headline.stability.weak": Text(
        "不够稳定（ARI {value}）：换一批用户重新训练，人群会明显不同，请谨慎使用。",
        "Not stable enough (ARI {value}): retrained on other samples, the personas differ; use them with care.",
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
    "headline.kept_share": Text(
        "{value} 的用户，现在所属的人群与上一个窗口时相同。",
        "{value} of users have the persona that they would have had one window ago.",
    ),
    "headline.chosen": Text(
        "选用{clusterer}、{n} 个人群的理由：{reason}。", "Why {clusterer} with {n} personas: {reason}."
    ),
    # Verdict
    "verdict.title": Text("这些数据里有没有人群", "Are there personas in this table?"),
    "verdict.sentence": Text("{text}。", "{text}."),
    "verdict.caption": Text("与打乱后的数据比较", "Against tables without structure"),
    "verdict.measure": Text("指标", "Measure"),
    "verdict.value": Text("本模型", "This model"),
    "verdict.limit": Text("{null}：最高可达", "{null}: up to"),
    "verdict.beaten": Text("高于", "above"),
    "verdict.not_beaten": Text("未超过", "not above"),
    "verdict.read": Text(
        "把数据打乱、使其中不再有人群，再照样做一遍：如果打乱后也能得到同样高的数值，那么这些人群就不可信。"
        "数值在同一批用户上测得（最多 3,000 人），因此可能与下表略有出入。",
        "The data are shuffled until no personas are left in them, and everything is done again: a figure that shuffled "
        "data reach too proves nothing. Both are measured on the same users, at most 3,000, so they may differ a "
        "little from the table below.",
    ),
    "null_table.columns_permuted": Text("逐列打乱", "Columns shuffled"),
    "null_table.purchases_shuffled": Text("只打乱买什么", "Only what is bought shuffled"),
    "measure.reach": Text("触达预判力", "Reach skill"),
    "measure.taste": Text("偏好预判力", "Taste"),
    "measure.stability": Text("稳定性（ARI）", "Stability (ARI)"),
    "unit_of.taste": Text("{value} 比特", "{value} bits"),
    "judged_by.next_days": Text(
        "人群用没有见过的行为来检验：按截止日之前 {days} 天的数据分群，再看他们在随后这 {days} 天里买了什么。",
        "Personas were judged by behaviour that they had not seen: formed on what was known {days} days before the "
        "as-of date, then compared with what those users bought in the {days} days that followed.",
    ),
    "judged_by.next_window": Text(
        "人群用没有见过的行为来检验：用较早的数据分群，再看他们在下一个时间窗口里买了什么。",
        "Personas were judged by behaviour that they had not seen: formed on earlier data, then compared with what "
        "those users bought in the next window.",
    ),
    "judged_by.held_out_columns": Text(
        "人群用没有见过的字段来检验：只用一半字段分群，再看能否说中另一半字段。",
        "Personas were judged by columns that they had not seen: formed on half of the columns, then compared with "
        "the other half.",
    ),
    "judged_by.none": Text(
        "这张表太窄，没有可以用来检验的行为或字段；只检验了稳定性。",
        "The table is too narrow to hold anything back, so personas were judged by stability alone.",
    ),
    "judged_by.plain": Text(
        "触达预判力：知道一个人属于哪个人群后，对“会不会买某品类”的预判比只看总体购买率好多少（0% 为没有帮助，100% 为完全说中），"
        "光是活跃度高低就能贡献一部分。偏好预判力：对“买的是哪个品类”多知道多少（比特），与活跃度无关。",
        "Reach skill says how much better the persona foretells whether somebody buys a category than the overall "
        "buying rates do (0% = no help, 100% = perfect); activity alone already earns some. Taste says how much the "
        "persona tells of which category it will be (in bits); activity doesn't help there.",
    ),
    # Selection table
    "select.clusterer": Text("聚类方法", "Clusterer"),
    "select.n_personas": Text("人群数", "Personas"),
    "select.skill": Text("综合预判力", "Skill"),
    "select.reach": Text("触达预判力 [95%]", "Reach [95%]"),
    "select.taste": Text("偏好预判力 [95%]", "Taste [95%]"),
    "select.ari": Text("稳定性（ARI）", "Stability (ARI)"),
    "select.least": Text("最不稳定的人群（Jaccard）", "Least stable persona (Jaccard)"),
    "select.smallest": Text("最小人群", "Smallest persona"),
    "select.value_spread": Text("价值区分度", "Value spread"),
    "select.actionability": Text("可触达性", "Actionability"),
    "select.bic": Text("BIC", "BIC"),
    "select.noise": Text("噪声", "Noise"),
    "select.rule": Text(
        "规则：在每个人群都稳定（Jaccard 不低于 {stable}）且规模足够的方案中，找出综合预判力最强的；"
        "与它相差不超过一个标准误的方案里，取人群数最少的。",
        "The rule: among solutions whose every persona is stable (Jaccard of at least {stable}) and large enough, find "
        "the one with the most skill; of those within one standard error of it, take the fewest personas.",
    ),
    "select.read": Text(
        "综合预判力：触达与偏好预判力各占表中最高者的比例，取平均；某项为负时也可能为负。"
        "价值区分度：消费金额的差异中由人群解释的部分。可触达性：人群之间的差异中，由投放工具能用的属性承载的部分。"
        "规模不足的方案不再重复训练，因此没有稳定性。",
        "Skill: reach and taste as shares of the best in the table, averaged; it can be negative. Value spread: how "
        "much of the differences in revenue lies between personas. Actionability: how much of the differences between "
        "personas lies in attributes that a targeting tool can use. A solution with too small a persona was not "
        "refitted, so it has no stability.",
    ),
    "stable.title": Text("每个人群有多稳定", "How stable each persona is"),
    "stable.caption": Text("各人群的稳定性（Jaccard）", "Stability by persona (Jaccard)"),
    "stable.jaccard": Text("再次被找到的程度（Jaccard）", "Found again (Jaccard)"),
    "stable.word": Text("判断", "In words"),
    "stable.across": Text("来源是否单一（SLSa）", "From one persona (SLSa)"),
    "stable.read": Text(
        "换一批用户重新训练，看每个人群能否再次被找到：{highly} 以上高度稳定，{stable} 以上稳定，"
        "{pattern} 以上有迹可循但边界模糊，更低则不可信。"
        "SLSa：与少一个人群的方案相比，1 表示这个人群的用户全部来自同一个人群，越低说明越是东拼西凑。",
        "The personas are sought again on other samples of users: from {highly} a persona is highly stable, from {stable} "
        "stable, from {pattern} a pattern with doubtful members; below, don't trust it. SLSa compares with one persona "
        "fewer: 1 means that all users of this persona come from one of those, less that they are gathered from "
        "several.",
    ),
    "clusterer.latent_class": Text("潜在类别模型", "latent class model"),
    "clusterer.foresight": Text("行为预判聚类", "foresight k-means"),
    "clusterer.kmeans": Text("K-means 聚类", "k-means"),
    "clusterer.bisecting_kmeans": Text("二分 K-means 聚类", "bisecting k-means"),
    "clusterer.gaussian_mixture": Text("高斯混合模型", "Gaussian mixture"),
    "clusterer.hdbscan": Text("HDBSCAN 密度聚类", "HDBSCAN (density-based)"),
    "parameter.random_state": Text("随机种子", "random seed"),
    "parameter.transforms": Text("取对数或平方根的特征", "features on a log or root scale"),
    "parameter.foretold_by": Text("预判的依据", "foresight learned from"),
    "foretold_by.next_window": Text("用户随后买了什么", "what users bought next"),
    "foretold_by.own_counts": Text(
        "用户自己的购买次数（随后买了什么未知）", "users' own counts (what they bought next is not known)"
    ),
    "parameter.left_out": Text("未用于聚类的特征", "features left out of the clustering"),
    "parameter.n_components": Text("人群数", "number of personas"),
    "parameter.max_iter": Text("最大迭代次数", "most iterations"),
    "parameter.n_init": Text("随机起点数", "random starts"),
    "parameter.tol": Text("收敛阈值", "convergence tolerance"),
    "parameter.prior_count": Text("先验权重", "prior count"),
    # Quality
    "quality.lead": Text(
        "数据里有没有人群、方案如何选定、人群有多稳定、每个用户的归类有多可信。",
        "Whether there are personas at all, how these were chosen, how stable they are and how sure each answer is.",
    ),
    "quality.selection": Text("方案的选择", "Choosing the clusterer and the number of personas"),
    "quality.selection_caption": Text("候选方案", "Candidates"),
    "quality.no_selection": Text(
        "人群数为指定值，没有比较其他方案。", "The number of personas was given; no others were compared."
    ),
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
    "quality.clusterer_caption": Text("聚类方法：{name}", "Clusterer: {name}"),
    "quality.weights": Text("特征权重（{n} 项）", "Feature weights ({n})"),
    "quality.weights_further": Text(
        "另有 {n} 个品类，只用于预判行为。", "And {n} further categories, read only to foresee behaviour."
    ),
    "quality.parameter": Text("参数", "Parameter"),
    "quality.limits": Text(
        "置信度低于 {low} 记为“低置信”；异常度高于 {surprise} 记为“超出分布”。",
        'Confidence below {low} reads "low confidence"; a surprise above {surprise} reads "out of distribution".',
    ),
    "chart.n_personas": Text("人群数", "Number of personas"),
    "chart.skill.title": Text("综合预判力", "Skill"),
    "chart.skill.read": Text(
        "100% 表示触达与偏好预判力都是表中最高（两者可能来自不同方案，因此未必有方案达到）。"
        "实心：每个人群都稳定；空心：有人群不稳定或未测；黑圈：选用的方案；竖线：± 一个标准误。",
        "100% = both the most reach and the most taste of the table, which no one solution need have. Filled: every "
        "persona is stable. Hollow: one is not, or it wasn't measured. "
        "Ring: chosen. Bars: ± one standard error.",
    ),
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
    "metric.reach.name": Text("触达预判力", "Reach skill"),
    "metric.reach.read": Text(
        "知道人群后，对“会不会买某品类”的预判比只看总体购买率好多少；0% 为没有帮助，负值为更差。",
        "How much better the persona foretells whether a category is bought than overall rates do; 0% = no help, "
        "negative = worse.",
    ),
    "metric.taste.name": Text("偏好预判力", "Taste"),
    "metric.taste.read": Text(
        "知道人群后，对“买的是哪个品类”平均每次购买多知道多少；0 为没有帮助。",
        "How much the persona tells, per purchase, of which category it is; 0 = no help.",
    ),
    "metric.smallest_jaccard.name": Text("最不稳定的人群（Jaccard）", "Least stable persona (Jaccard)"),
    "metric.smallest_jaccard.read": Text(
        "再次被找到的程度（Jaccard）最低的人群；0.75 以上算稳定。",
        "Jaccard of the persona that is found again worst; stable from 0.75.",
    ),
    "metric.kept_share.name": Text("人群保持率", "Kept share"),
    "metric.kept_share.read": Text(
        "用同一个模型，现在与上一个窗口归入同一人群的用户占比；大人群天然更高。",
        "Users to whom the same model gives the persona that it would have given one window ago; large personas are "
        "kept more by chance alone.",
    ),
    "metric.stability.name": Text("稳定性（ARI）", "Stability (ARI)"),
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
        "候选方案都没有用他们来拟合：用来检验稳定性和规则。选定的方案最后用全部用户拟合。",
        "No candidate was fitted on them: stability and rules are checked on them. The chosen solution was then "
        "fitted on everybody.",
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
}
