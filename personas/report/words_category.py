"""Texts of the report about category strategy."""

from __future__ import annotations

from personas.schema import Text

CATEGORY_WORDS: dict[str, Text] = {
    "strategy.title": Text("品类策略报告", "Category strategy report"),
    "strategy.chapters": Text("章节", "Chapters"),
    "nav.growth": Text("增长矩阵", "Growth"),
    "nav.attach": Text("连带率", "Attach rates"),
    "nav.scenes": Text("场景", "Scenes"),
    "nav.flow": Text("品类流转", "Category flow"),
    "nav.sequence": Text("购买时序", "What comes next"),
    "nav.opportunity": Text("机会人群", "Opportunities"),
    "nav.ladder": Text("人群分层", "Ladders"),
    "word.comma": Text("、", ", "),
    # In every chapter
    "chapter.by_persona": Text("分人群", "By persona"),
    "chapter.further": Text("另有 {n} 行，见下载的表格。", "{n} more rows are in the download."),
    "chapter.suppressed": Text(
        "“·”= 隐藏：不足 {n} 人的计数，以及会让人推算出它的数字；下载的表格中留空。",
        "· = hidden: counts of fewer than {n} users, and figures that would give them away; they are empty in the "
        "downloads.",
    ),
    "download.title": Text("下载表格（CSV）", "Download tables (CSV)"),
    "download.plain": Text("CSV", "CSV"),
    "download.zipped": Text("CSV（zip 压缩）", "CSV in a zip"),
    "download.rows": Text("{n} 行", "{n} rows"),
    "download.first_rows": Text(
        "前 {n} 行，共 {all} 行，其余见工作簿", "first {n} of {all} rows, the rest in the workbook"
    ),
    # Attach rates
    "attach.lead": Text(
        "行为已购品类，列为同一批用户也购买的品类；每格是连带率，口径写在表下。",
        "Rows are what users bought, columns what they bought as well; each cell is an attach rate, counted as "
        "stated below the table.",
    ),
    "attach.strongest": Text("关联最强的品类对", "Strongest pairs"),
    "attach.no_high": Text(
        "没有一对品类达到高关联。", "No pair of categories reaches the tier of high association."
    ),
    "attach.lift": Text("提升度 {lift}", "lift {lift}"),
    "attach.map": Text("连带率热力图", "Attach rates"),
    "attach.legend": Text("关联层级", "Tiers of association"),
    "attach.caption": Text("各品类之间的连带率", "Attach rates between categories"),
    "attach.caption_of": Text("{name}：各品类之间的连带率", "{name}: attach rates between categories"),
    "attach.corner": Text("已购 ＼ 也购买", "bought \\ also buys"),
    "attach.blank": Text("同一品类", "the same category"),
    "attach.left_out": Text(
        "为便于阅读未画出 {rows} 行、{columns} 列，下载的表格中齐全。",
        "{rows} rows and {columns} columns are not drawn; the download has them all.",
    ),
    "attach.tip": Text(
        "{row} → {column}：{n} 中的 {both}；95% 区间 {interval}",
        "{row} → {column}: {both} of {n}; 95% interval {interval}",
    ),
    "attach.tip_lift": Text("；提升度 {lift}，q {q}", "; lift {lift}, q {q}"),
    "attach.hidden": Text("人数过少，不展示", "too few users to show"),
    "tier.high": Text("高关联", "high"),
    "tier.mid": Text("中关联", "mid"),
    "tier.low": Text("低关联", "low"),
    # Scenes
    "scenes.lead": Text(
        "同一批用户倾向于一起购买的品类组成一个场景；中间是主推品类。",
        "Categories that the same users tend to buy make a scene; its hero is in the middle.",
    ),
    "scenes.facts": Text("主推 {hero} · {n} 人", "Hero: {hero} · {n} users"),
    "scenes.drawing": Text(
        "场景“{name}”：主推品类 {hero}；成员 {members}", "Scene {name}: hero {hero}; members {members}"
    ),
    "scenes.stability": Text("稳定度（Jaccard）：", "Stability (Jaccard):"),
    "scenes.doubtful": Text(
        "不宜作为人群使用的 {n} 个场景", "Scenes that are no audience, with the reason ({n})"
    ),
    "scenes.read": Text(
        "圆的面积表示购买人数，连线越粗关联越强；虚线为替代关系。",
        "The area of a circle is its buyers, a thicker line a stronger link; dashed lines join substitutes.",
    ),
    "scenes.substitutes": Text("互为替代：", "Substitutes:"),
    "scenes.alone": Text("不属于任何场景的 {n} 个品类", "In no scene ({n})"),
    "scenes.more": Text("另有 {n} 个成员未画出", "{n} more members are not drawn"),
    "scenes.grid": Text("人群 × 场景", "Personas by scene"),
    "scenes.grid_lead": Text(
        "每格为该场景是主要场景的 TGI，下方为占比与触达顺序；细体且不着色的格子差异不显著（q ≥ {q}）。",
        "Each cell gives the TGI of having the scene as main scene, with the share and the order to reach below; "
        "light figures without colour do not differ significantly (q ≥ {q}).",
    ),
    "scenes.order": Text("第 {n} 位", "no. {n}"),
    "scenes.members": Text("全部品类的归属", "Where every category belongs"),
    # Flow
    "flow.lead": Text(
        "上一期购买某品类的人，这一期买了什么。",
        "What the buyers of each category buy in the next period.",
    ),
    "flow.drawing": Text("主要流向", "Main flows"),
    "flow.drawing_caption": Text(
        "品类流转图。最大的流向：{flows}", "Flow between categories. Largest: {flows}"
    ),
    "flow.ribbon": Text("{row} → {column}：{n} 人，{share}", "{row} → {column}: {n} users, {share}"),
    "flow.read": Text(
        "左为上一期，右为这一期，名称下为购买人数；带宽为两期都购买的人数，只画流转人数最多的品类。一人可在多条流向中，复购同品类不画。",
        "Left: the earlier period, right: the later one, with buyers below the names. The width of a band is the "
        "number of users who bought both; only the categories with the largest flows are drawn. A user can be in "
        "several bands; buying the same category again is not drawn.",
    ),
    "flow.table": Text("流转率", "Shares"),
    "flow.table_lead": Text(
        "每格为流转率；绿色高于该列各行的平均，棕色低于平均，色阶与品类偏好一章相同（以平均为 100）。",
        "Each cell is the share of the row's buyers who went on to the column. Green is above the mean of its column, "
        "brown below, in the shades of the chapter on categories with the mean as 100.",
    ),
    "flow.caption": Text("品类流转率与购买人数", "Flow between categories, with buyers at the margins"),
    "flow.caption_of": Text("{name}：品类流转率", "{name}: flow between categories"),
    "flow.corner": Text("上一期 ＼ 这一期", "earlier \\ later"),
    "flow.change": Text("同比：流转率的变化", "Change of the shares against the period before"),
    "flow.change_lead": Text(
        "每格上为相对变化，下为百分点差；边缘为购买人数的变化。着色的格子变化显著（q < {q}）。",
        "Relative change with the difference in percentage points below; change of the number of buyers at the "
        "margins. Coloured cells changed significantly (q < {q}).",
    ),
    "flow.change_corner": Text("变化", "change"),
    "flow.change_tip": Text(
        "{row} → {column}：{last} → {this}，q {q}", "{row} → {column}: {last} → {this}, q {q}"
    ),
    # Growth
    "growth.lead": Text(
        "哪些品类份额高、增长快：明星、现金牛、问题与瘦狗。",
        "Which categories are large and which grow: stars, cash cows, question marks and dogs.",
    ),
    "growth.caption": Text("增长—份额（波士顿）矩阵。", "Growth-share (Boston) matrix."),
    "growth.x_internal": Text("份额", "share"),
    "growth.x_relative": Text("相对份额（对数）", "relative share (log scale)"),
    "growth.y": Text("{metric}增长率", "growth of {metric}"),
    "growth.metric.users": Text("购买人数", "buyers"),
    "growth.metric.orders": Text("订单数", "orders"),
    "growth.metric.revenue": Text("成交额", "GMV"),
    "growth.tip": Text(
        "{name}：{quadrant}，份额 {share}，增长 {growth}，{n} 人",
        "{name}: {quadrant}, share {share}, growth {growth}, {n} users",
    ),
    "growth.table": Text("全部品类的份额与增长", "Share and growth of every category"),
    "growth.more": Text("{names}，另有 {n} 个", "{names} and {n} more"),
    "growth.parts": Text("成交额变化的来源", "What moved the GMV"),
    "growth.lines": Text("各品类渗透与转化", "Penetration and conversion by category"),
    "growth.shares": Text("指标：占比", "Indicators: shares"),
    "growth.numbers": Text("指标：均值", "Indicators: averages"),
    # Sequence
    "sequence.lead": Text(
        "首次购买之后，下一个品类是什么，间隔多久。先后次序显著的排在前面（* q < {q}）。",
        "What comes after a first purchase, and how soon. Steps with a significant order stand first (* q < {q}).",
    ),
    "sequence.next_category": Text("从首次购买到下一品类", "From the first purchase to the next category"),
    "sequence.next_group": Text(
        "从首次购买到下一类目组", "From the first purchase to the next group of categories"
    ),
    "sequence.step": Text("先购 → 后购", "First → next"),
    "sequence.wait": Text("间隔中位数", "Median wait"),
    "sequence.day": Text("{n} 天", "{n} d"),
    "sequence.first_share": Text("先购者占比", "Bought first"),
    "sequence.expected": Text("随机 {share}", "by chance {share}"),
    "sequence.none": Text("没有足够人数的先后购买。", "No step has enough users to be shown."),
    # Opportunity
    "opportunity.lead": Text(
        "品牌在哪些人群上落后于行业，他们更偏爱什么，哪些人适合却还没买。",
        "Where the brand reaches a segment less than the market does, what these users prefer, and who fits but "
        "has not bought.",
    ),
    "opportunity.gaps": Text("与行业的占比差距", "Share gaps against the market"),
    "opportunity.brand": Text("本品占比", "brand"),
    "opportunity.market": Text("行业占比", "market"),
    "opportunity.star": Text("* 差异显著（q < {q}）", "* significant (q < {q})"),
    "opportunity.what": Text("品类与人群", "Category and segment"),
    "opportunity.shares": Text("该人群占购买者的比例", "Share of the segment among buyers"),
    "opportunity.brand_share": Text("本品", "Brand"),
    "opportunity.market_share": Text("行业", "Market"),
    "opportunity.gap": Text("差距（百分点）", "Gap (points)"),
    "opportunity.preference_caption": Text("{name} 的偏好", "What {name} prefer"),
    "opportunity.no_white_space": Text(
        "没有哪个人群显著偏爱某个品类。", "No persona clearly likes a category more than others do."
    ),
    # Ladders
    "ladder.lead": Text(
        "每位用户只在到达的最深一层；两个日期之间谁升、谁降、谁流失。",
        "Each user stands on the deepest stage reached; who rose, fell and was lost between two dates.",
    ),
    "ladder.caption": Text("{name}：各层人数", "{name}: users on each stage"),
    "ladder.moves": Text("两个日期之间的流转", "Moves between the two dates"),
    "ladder.moves_caption": Text("{name}：各层之间的流转", "{name}: moves between stages"),
    "ladder.movements_caption": Text("{name}：各层的流入与流出", "{name}: in and out of each stage"),
    "ladder.legend": Text("颜色含义", "Colours"),
    "ladder.up": Text("升级", "up"),
    "ladder.same": Text("留在原层", "stayed"),
    "ladder.down": Text("降级", "down"),
    "ladder.corner": Text("前 ＼ 后", "then \\ now"),
    # Workbook
    "workbook.plain": Text("明细 {name}", "Table {name}"),
    "workbook.bought": Text("购买品类", "Category bought"),
    "workbook.main_scene": Text("主要场景", "Main scene"),
    "workbook.hidden": Text(
        "不足 {n} 人的计数，以及会让人推算出它的数字，均写作“隐藏”。",
        'Counts of fewer than {n} users, and figures that would give them away, read "hidden".',
    ),
    # Result tables
    "result.matrix": Text("连带率", "Attach rates"),
    "result.association": Text("关联度", "Association"),
    "result.scenes": Text("场景", "Scenes"),
    "result.members": Text("场景成员", "Members of scenes"),
    "result.pairs": Text("品类对", "Pairs of categories"),
    "result.grid": Text("人群 × 场景", "Personas by scene"),
    "result.cells": Text("流转率", "Flow"),
    "result.rows": Text("上一期购买人数", "Buyers of the earlier period"),
    "result.columns": Text("这一期购买人数", "Buyers of the later period"),
    "result.change_cells": Text("流转率同比", "Change of the flow"),
    "result.change_rows": Text("上一期购买人数同比", "Change of earlier buyers"),
    "result.change_columns": Text("这一期购买人数同比", "Change of later buyers"),
    "result.next_category": Text("下一品类", "Next category"),
    "result.direction": Text("先后次序", "Order of purchase"),
    "result.next_group": Text("下一类目组", "Next group"),
    "result.direction_group": Text("类目组先后次序", "Order of groups"),
    "result.paths": Text("常见路径", "Frequent paths"),
    "result.growth_share": Text("增长与份额", "Growth and share"),
    "result.decomposition": Text("成交额拆解", "Parts of the GMV"),
    "result.indicators": Text("跨品类指标", "Indicators"),
    "result.penetration": Text("渗透率", "Penetration"),
    "result.conversion": Text("转化率", "Conversion"),
    "result.gaps": Text("占比差距", "Share gaps"),
    "result.preferences": Text("品类偏好", "Preferred categories"),
    "result.item_preferences": Text("商品偏好", "Preferred items"),
    "result.white_space": Text("适合却未购", "White space: fits, not bought"),
    "result.offers": Text("下一步推荐", "Next offers"),
    "result.bundles": Text("场景套装", "Bundles"),
    "result.bundle_items": Text("套装商品", "Items of bundles"),
    "result.rival_items": Text("竞品拦截", "Rivals' items to intercept"),
    "result.wide_audience": Text("标签扩圈人群", "Audience of several tags"),
    "result.wide_tags": Text("扩圈标签", "Its tags"),
    "result.wide_overlap": Text("标签交叉", "Overlap of its tags"),
    "result.lookalikes": Text("相似人群：规模与精度", "Look-alikes: size and precision"),
    "result.stages": Text("各层人数", "Stages"),
    "result.sub_stages": Text("各层细分", "Sub-stages"),
    "result.flow": Text("各层流转", "Moves between stages"),
    "result.movements": Text("各层流入流出", "In and out of stages"),
    "result.totals": Text("流转合计", "Moves in all"),
    # Words that stand in result tables
    "result_word.high": Text("高", "high"),
    "result_word.mid": Text("中", "mid"),
    "result_word.low": Text("低", "low"),
    "result_word.complement": Text("互补", "complement"),
    "result_word.substitute": Text("替代", "substitute"),
    "result_word.users": Text("用户数", "users"),
    "result_word.conversion": Text("转化率", "conversion"),
    "result_word.basket": Text("客单价", "basket"),
    "result_word.total": Text("合计", "total"),
    "result_word.yes": Text("是", "yes"),
    "result_word.no": Text("否", "no"),
    "result_word.breadth": Text("人均品类数", "categories per buyer"),
    "result_word.cross_category_share": Text("跨品类购买占比", "share of cross-category buyers"),
    "result_word.multi_category_order_share": Text("多品类订单占比", "share of orders of several categories"),
    "result_word.units_per_order": Text("件单比", "units per order"),
    "result_word.penetration": Text("渗透率", "penetration"),
    "result_word.zero before": Text("基期为零", "zero before"),
    "result_word.zero after": Text("本期为零", "zero after"),
    "result_word.zero in both": Text("两期均为零", "zero in both"),
}
