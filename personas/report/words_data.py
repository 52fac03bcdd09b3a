"""Texts of the report about source tables and features."""

from __future__ import annotations

from personas.schema import Text

DATA_WORDS: dict[str, Text] = {
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
    "data.features_summary_signals": Text(
        "全部 {n} 项：{inputs} 项参与聚类，{signals} 项用于预判行为，{profiled} 项仅描述",
        "All {n}: {inputs} clustered on, {signals} read to foresee behaviour, {profiled} profiled only",
    ),
    "data.features_further": Text(
        "另有 {n} 个品类，只用于预判行为。", "And {n} further categories, read only to foresee behaviour."
    ),
    "data.said.quarantined": Text(
        "{label}：{whole} 行中有 {part} 行（{share}）被隔离。",
        "{label}: {part} of {whole} rows ({share}) are quarantined.",
    ),
    "data.said.uninformative": Text(
        "{label}：以下字段从不变化或全部缺失，无法区分用户：{names}。",
        "{label}: never varies or is always missing, so it can't tell users apart: {names}.",
    ),
    "data.said.after": Text(
        "{label}：{n} 条行为发生在 {day} 当天或以后，不计入特征。",
        "{label}: {n} events are on or after {day}; features do not see them.",
    ),
    "fault.bound.outside": Text("不在 {low} 到 {high} 之间", "outside {low} to {high}"),
    "fault.bound.below": Text("低于 {low}", "below {low}"),
    "fault.bound.above": Text("高于 {high}", "above {high}"),
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
    "role.signal": Text("用于预判行为", "read to foresee behaviour"),
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
}
