"""Texts of the report about what happened since last time."""

from __future__ import annotations

from personas.schema import Text

HISTORY_WORDS: dict[str, Text] = {
    "nav.since": Text("与上次相比", "Since last time"),
    "since.lead": Text(
        "上一次是数据截止 {day} 的冠军模型：人群有何变化、谁换了人群、用户是否漂移、新模型能否上线。",
        "Last time was the champion as of {day}: what became of its personas, who moved, whether users have drifted, "
        "and whether the new model may take its place.",
    ),
    "since.lead_first": Text(
        "这是第一个模型，此后的变化在此列出。",
        "This is the first model; what has changed since then stands here.",
    ),
    "word.stop": Text("。", "."),
    # Events
    "since.events": Text("人群的去向", "What became of each persona"),
    "since.renames": Text(
        "改名只是建议：确认之前一律沿用原名，用 personas models name 命令确认。",
        "A new name is a proposal only: the persona keeps its name until somebody confirms another one with "
        "personas models name.",
    ),
    "since.kind.kept": Text("保留", "kept"),
    "since.kind.renamed": Text("改名建议", "new name proposed"),
    "since.kind.split": Text("拆分", "split"),
    "since.kind.merged": Text("合并", "merged"),
    "since.kind.new": Text("新出现", "new"),
    "since.kind.retired": Text("退役", "retired"),
    "since.by.panel": Text(
        "依据：两个模型都能打标的用户，其中该人群 {n} 人",
        "evidence: {n} of its users, whom both models label",
    ),
    "since.by.panel_few": Text(
        "依据：两个模型都能打标的用户，人数过少不展示",
        "evidence: users whom both models label, too few to show",
    ),
    "since.by.profiles": Text(
        "依据：只按画像匹配，因为旧模型无法给这些用户打标",
        "evidence: profiles alone, as the earlier model can't label these users",
    ),
    "since.overlap": Text("重合度（Jaccard）{value}", "overlap (Jaccard) {value}"),
    "since.distance": Text("画像距离 {value}，{band}", "portrait distance {value}, {band}"),
    # Lineage
    "since.lineage": Text("人群的沿革", "Lineage of the personas"),
    "since.lineage_read": Text(
        "每列是一个版本，柱高为人群占比；色带是在两个版本中分属左右人群的同一批用户，颜色随左侧人群编号。人数过少的色带不画；两个版本只按画像匹配时，色带只表示编号延续。",
        "Each column is a version, each bar the share of a persona; a ribbon is the users who are in the persona on its "
        "left under the one version and in that on its right under the next, in the colour of the left one. Ribbons of "
        "too few users are not drawn; where two versions were matched by profiles alone, a ribbon only says that the id "
        "goes on.",
    ),
    "since.lineage_caption": Text(
        "各版本的人群及其去向：{events}", "Personas of each version and what became of them: {events}"
    ),
    "since.stream": Text(
        "{source} → {target}：占 {target} 的 {share}", "{source} → {target}: {share} of {target}"
    ),
    "since.earlier": Text("更早的 {n} 个版本见下载的表格。", "{n} earlier versions are in the download."),
    "since.gone": Text("已不存在的人群", "Personas that are gone"),
    "since.gone_since": Text("自 {day} 起", "since {day}"),
    # Migration
    "since.moves.models": Text("模型换版带来的变动", "Moves that are the model's doing"),
    "since.moves.models_read": Text(
        "同一批用户、同一天的数据，上一版模型（行）与本模型（列）各打一次标：用户没有变，变的是答案。",
        "The same users on the same day, labelled by the earlier model (rows) and by this one (columns): nobody changed, "
        "the answer did.",
    ),
    "since.moves.dates": Text("用户自身的变动", "Moves that are the customers' doing"),
    "since.moves.dates_read": Text(
        "同一个模型在 {then}（行）与 {now}（列）各打一次标：模型没有变，变的是用户。",
        "The same model on {then} (rows) and on {now} (columns): the model is the same, the customers changed.",
    ),
    "since.moves.kept": Text("{share} 的用户保持人群编号", "{share} of the users keep their persona id"),
    "since.moves.kept_value": Text("他们占消费额的 {share}", "and with them {share} of the spend"),
    "since.moves.corner": Text("由 ＼ 到", "from \\ to"),
    "since.moves.legend": Text(
        "每格为该行人群中的占比，下方为人数；绿色为留在原人群，棕色为转入别的人群，颜色越重越多。表头为各人群人数。一个人群只有少数人与众人去向不同时，这少数人计入众人一格。",
        "Each cell is the share of its row's persona, with the number of users below. Green: stayed; brown: moved to "
        "another persona; the stronger, the more. The headings give the users of each persona. Where only a few of a "
        "persona's users went another way than the rest, they are counted with the rest.",
    ),
    "since.moves.tip": Text(
        "{source} → {target}：{all} 人中的 {n} 人；95% 区间 {interval}",
        "{source} → {target}: {n} of {all}; 95% interval {interval}",
    ),
    "since.moves.tip_value": Text("；占消费额 {share}", "; {share} of the spend"),
    "since.moves.entered": Text("新进入", "entered"),
    "since.moves.left": Text("已离开", "left"),
    # Drift
    "since.drift": Text("用户是否漂移", "Have the users drifted?"),
    "since.drift_read": Text(
        "{now} 的 {n} 名用户与{reference}（{then}，{m} 人）相比；所看的模型版本为 {version}。",
        "{n} users of {now} against {reference} ({then}, {m} users); the model that was watched is {version}.",
    ),
    "since.reference.training": Text("训练时的用户", "those of the training"),
    "since.reference.last_season": Text("一年前的用户", "those of a year ago"),
    "since.advice.keep": Text("建议：继续使用", "Advice: keep the model"),
    "since.advice.recalibrate": Text("建议：重新校准", "Advice: recalibrate"),
    "since.advice.retrain": Text("建议：重新训练", "Advice: train anew"),
    "since.features": Text("特征（{n} 项中 {drifted} 项漂移）", "Features ({drifted} of {n} drifted)"),
    "since.answers": Text("模型的回答", "What the model answers"),
    "since.portraits": Text("各人群的画像", "Portraits of the personas"),
    "since.feature": Text("特征", "Feature"),
    "since.drifted": Text("漂移", "drifted"),
    "since.steady": Text("未漂移", "steady"),
    "since.described_only": Text("仅用于描述", "only described"),
    "since.trend": Text("历次监测", "Over time"),
    "since.trend_said": Text("{day}：PSI {psi}，界限 {limit}", "{day}: PSI {psi}, limit {limit}"),
    "since.moved_most": Text("变化最大的取值", "What moved most"),
    "since.psi_read": Text(
        "PSI 超过界限为漂移：界限是抽样波动加上可容忍的漂移（PSI {tolerated}）。小柱为历次监测的 PSI 与界限之比，横线为界限，画到两倍为止；浅色的小柱监测的是别的模型。",
        "A feature has drifted when its PSI exceeds the limit, which is what chance and the tolerated drift (PSI "
        "{tolerated}) explain. The small bars are PSI over limit of each monitoring, the line is the limit, and bars end at "
        "twice the limit; pale bars watched another model.",
    ),
    "since.bands_read": Text(
        "画像距离 0 为相同、1 为全然不同；刻度为 0.1、0.3、0.5：以下依次为几乎一致、较为相似、有一定差异，以上为明显不同。距离在界限以内时，差异可能只是偶然。",
        "A portrait distance of 0 is the same, 1 nothing in common. The ticks at 0.1, 0.3 and 0.5 part nearly identical, "
        "rather similar, some difference and clearly different; a distance within its limit may be chance.",
    ),
    "since.distance_column": Text("画像距离", "Portrait distance"),
    "since.limit": Text("界限", "Limit"),
    "since.drivers": Text("主要来自", "Mostly from"),
    "since.share_then_now": Text("占比变化", "Share then → now"),
    # Gate
    "since.gate": Text("能否上线", "May it take over?"),
    "since.gate_passed": Text("准入检查全部通过", "Every check of the gate passed"),
    "since.gate_failed": Text("准入检查未通过：{checks}", "The gate said no: {checks}"),
    "since.gate_against": Text(
        "与数据截止 {day} 的冠军模型对照。", "Judged against the champion as of {day}."
    ),
    "since.check": Text("检查项", "Check"),
    "since.value": Text("本模型", "This model"),
    "since.champion": Text("冠军模型", "Champion"),
    "since.threshold": Text("要求", "Asked for"),
    "since.verdict": Text("结论", "Verdict"),
    "since.verdict.passed": Text("通过", "passed"),
    "since.verdict.failed": Text("未通过", "failed"),
    "since.verdict.untold": Text("未评判", "not judged"),
    # Downloads
    "since.table.events": Text("人群的去向", "What became of each persona"),
    "since.table.lineage": Text("人群的沿革", "Lineage"),
    "since.table.moves-models": Text("变动：模型换版", "Moves: the model's doing"),
    "since.table.moves-dates": Text("变动：用户自身", "Moves: the customers' doing"),
    "since.table.drift": Text("漂移", "Drift"),
    "since.table.portraits": Text("画像距离", "Portrait distances"),
    "since.table.gate": Text("准入检查", "Gate"),
    "column.event": Text("事件", "event"),
    "column.others": Text("相关人群", "other personas"),
    "column.basis": Text("依据", "evidence"),
    "column.n_panel": Text("共同用户", "users on the panel"),
    "column.overlap": Text("重合度", "overlap"),
    "column.distance": Text("画像距离", "portrait distance"),
    "column.sentence": Text("说明", "in words"),
    "column.version": Text("模型版本", "model version"),
    "column.as_of": Text("数据截止", "as of"),
    "column.persona_name": Text("名称", "name"),
    "column.came_from": Text("来自", "came from"),
    "column.from_persona": Text("原人群", "from"),
    "column.to_persona": Text("现人群", "to"),
    "column.n_source": Text("原人群人数", "users of the former"),
    "column.n_moved": Text("人数", "users"),
    "column.move_share": Text("占原人群", "share of the former"),
    "column.move_value_share": Text("占其消费额", "share of its spend"),
    "column.moved_value": Text("消费额", "spend"),
    "column.feature": Text("特征", "feature"),
    "column.is_scored": Text("参与打分", "scored"),
    "column.psi": Text("PSI", "PSI"),
    "column.js": Text("JS 散度", "Jensen-Shannon"),
    "column.psi_limit": Text("界限", "limit"),
    "column.is_drift": Text("漂移", "drifted"),
    "column.moved_cell": Text("变化最大的取值", "what moved most"),
    "column.drift_before": Text("此前占比", "share then"),
    "column.drift_now": Text("现在占比", "share now"),
    "column.missing_before": Text("此前缺失", "missing then"),
    "column.missing_now": Text("现在缺失", "missing now"),
    "column.band": Text("档位", "band"),
    "column.drivers": Text("主要来自", "mostly from"),
    "column.check": Text("检查项", "check"),
    "column.check_value": Text("本模型", "this model"),
    "column.champion_value": Text("冠军模型", "champion"),
    "column.threshold": Text("要求", "asked for"),
    "column.check_verdict": Text("结论", "verdict"),
    "column.check_reason": Text("原因", "reason"),
}
