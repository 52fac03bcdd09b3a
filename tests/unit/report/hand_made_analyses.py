"""Small analyses made by hand, one per verb; two personas, three or four categories."""

from __future__ import annotations

from datetime import date

import pandas as pd

from personas.category.analysis import Analysis
from personas.schema import Text

AS_OF = date(2026, 1, 1)
NAMES = {
    "门锁": "smart lock",
    "猫眼": "door viewer",
    "空调": "air conditioner",
    "音箱": "smart speaker",
}
LABELS = {zh: Text(zh, en) for zh, en in NAMES.items()}
NOT_TOLD = float("nan")


def analysis(verb: str, tables: dict, parameters: dict | None = None, labels: dict | None = None) -> Analysis:
    definitions = {key: Text(f"口径 {key}", f"Definition of {key}") for key in tables}
    return Analysis(verb, AS_OF, tables, definitions, parameters or {}, {**LABELS, **(labels or {})})


def _table(columns: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def attach() -> Analysis:
    matrix = _table(
        "persona_id row column n_row n_both rate low high at_risk",
        ("(all)", "门锁", "猫眼", 400, 200, 0.5, 0.45, 0.55, 400),
        ("(all)", "门锁", "空调", 400, 100, 0.25, 0.21, 0.3, 400),
        ("(all)", "空调", "猫眼", 300, 9, 0.03, 0.016, 0.056, 300),
        ("P01", "门锁", "猫眼", 250, 150, 0.6, 0.54, 0.66, 250),
        ("P01", "门锁", "空调", 250, 60, 0.24, 0.19, 0.3, 250),
        ("P01", "空调", "猫眼", 100, 4, 0.04, 0.016, 0.1, 100),
        ("P02", "门锁", "猫眼", 150, 50, 0.333, 0.26, 0.41, 150),
        ("P02", "门锁", "空调", 150, 40, 0.267, 0.2, 0.34, 150),
        ("P02", "空调", "猫眼", 200, 5, 0.025, 0.01, 0.06, 200),
    )
    association = _table(
        "row column n_both n_row n_column n_units support confidence lift shrunk_lift p_value q_value tier",
        ("门锁", "猫眼", 200, 400, 350, 1000, 0.2, 0.5, 1.43, 1.42, 0.0, 0.0001, "high"),
        ("门锁", "空调", 100, 400, 300, 1000, 0.1, 0.25, 0.83, 0.84, 0.9, 0.9, "low"),
        ("空调", "猫眼", 9, 300, 350, 1000, 0.009, 0.03, 0.09, 0.1, 1.0, 1.0, "low"),
    )
    tiers = pd.Categorical(association["tier"], categories=["low", "mid", "high"], ordered=True)
    asked = {"unit": "user", "direction": "any", "within_days": None, "base": "all"}
    return analysis("attach", {"matrix": matrix, "association": association.assign(tier=tiers)}, asked)


def scenes() -> Analysis:
    found = _table(
        "scene_id name_zh name_en hero n_categories n_users n_main stability verdict_zh verdict_en",
        ("security", "安防", "home security", "猫眼", 2, 500, 300, 0.91, "高度稳定", "highly stable"),
        ("living", "客厅", "living room", "空调", 1, 400, 350, 0.8, "稳定", "stable"),
    )
    members = _table(
        "category scene_id is_hero is_seed n_buyers weight z_score attach_share next_scene_id next_weight",
        ("猫眼", "security", True, False, 350, 0.4, 9.0, 0.5, "living", 0.01),
        ("门锁", "security", False, True, 400, 0.3, 8.0, 0.45, "living", 0.02),
        ("空调", "living", True, True, 300, 0.2, 5.0, 0.3, "security", 0.01),
        ("音箱", None, False, False, 90, NOT_TOLD, NOT_TOLD, NOT_TOLD, "living", 0.04),
    )
    pairs = _table(
        "category_a category_b n_both n_expected lift weight z_score p_value q_value similarity relation",
        ("猫眼", "门锁", 200, 140.0, 1.43, 0.3, 8.0, 0.0, 0.0, 0.7, "complement"),
        ("空调", "音箱", 5, 25.0, 0.2, -0.1, -5.0, 0.0, 0.0, 0.8, "substitute"),
    )
    grid = _table(
        "persona_id scene_id n_users share base_share tgi tgi_lower tgi_upper q_value reach_order",
        ("P01", "security", 200.0, 0.8, 0.5, 160.0, 145.0, 176.0, 0.001, 1),
        ("P01", "living", 50.0, 0.2, 0.5, 40.0, 30.0, 52.0, 0.001, 2),
        ("P02", "security", 100.0, 0.4, 0.5, 80.0, 68.0, 94.0, 0.2, 2),
        ("P02", "living", NOT_TOLD, NOT_TOLD, NOT_TOLD, NOT_TOLD, NOT_TOLD, NOT_TOLD, NOT_TOLD, None),
    )
    labels = {"security": Text("安防", "home security"), "living": Text("客厅", "living room")}
    grid = grid.astype({"reach_order": "Int64"})
    return analysis("scenes", {"scenes": found, "members": members, "pairs": pairs, "grid": grid}, {}, labels)


def flow(*, years: int = 3) -> Analysis:
    cells = _table(
        "persona_id row n_row column n_column n_both share low high",
        ("(all)", "门锁", 400, "门锁", 420, 30, NOT_TOLD, NOT_TOLD, NOT_TOLD),
        ("(all)", "门锁", 400, "猫眼", 350, 100, 0.25, 0.21, 0.3),
        ("(all)", "空调", 300, "门锁", 420, 60, 0.2, 0.16, 0.25),
        ("(all)", "空调", 300, "猫眼", 350, 8, 0.027, 0.014, 0.052),
    )
    rows = _table(
        "persona_id category n_buyers n_lost lost_share",
        ("(all)", "门锁", 400, 80, 0.2),
        ("(all)", "空调", 300, 60, 0.2),
    )
    columns = _table(
        "persona_id category n_buyers n_new new_share",
        ("(all)", "门锁", 420, 90, 0.21),
        ("(all)", "猫眼", 350, 40, 0.11),
    )
    tables = {"cells": cells, "rows": rows, "columns": columns}
    if years > 2:
        tables["change_cells"] = _table(
            "persona_id row column n_row_last n_both_last share_last n_row_this n_both_this share_this "
            "difference_pp relative_change p_value test q_value",
            ("(all)", "门锁", "门锁", 380.0, 28.0, NOT_TOLD, 400.0, 30.0, NOT_TOLD, NOT_TOLD, NOT_TOLD, NOT_TOLD, "", NOT_TOLD),
            ("(all)", "门锁", "猫眼", 380.0, 57.0, 0.15, 400.0, 100.0, 0.25, 10.0, 0.667, 0.001, "z", 0.003),
            ("(all)", "空调", "门锁", 310.0, 65.0, 0.21, 300.0, 60.0, 0.2, -1.0, -0.048, 0.7, "z", 0.8),
            ("(all)", "空调", "猫眼", 310.0, 6.0, 0.019, 300.0, 8.0, 0.027, 0.8, 0.42, 0.6, "z", 0.8),
        )  # fmt: skip
        for name, second in (("rows", "空调"), ("columns", "猫眼")):
            tables[f"change_{name}"] = _table(
                "persona_id category n_buyers_last n_buyers_this relative_change",
                ("(all)", "门锁", 380.0, 400.0, 0.0526),
                ("(all)", second, 310.0, 300.0, -0.0323),
            )
    return analysis("flow", tables)


def sequence() -> Analysis:
    steps = _table(
        "category next_category n_buyers n_at_risk n_followed n_next probability low high median_lag_days",
        ("门锁", "空调", 400, 380, 300, 120, 0.35, 0.3, 0.4, 61.0),
        ("空调", "音箱", 300, 280, 250, 80, 0.3, 0.25, 0.36, 28.0),
        ("音箱", "空调", 90, 80, 70, 6, 0.08, 0.04, 0.17, 40.0),
    )
    direction = _table(
        "category next_category n_before n_after n_same share_before low high expected_share p_value q_value",
        ("空调", "音箱", 90, 30, 5, 0.75, 0.66, 0.82, 0.5, 0.0, 0.0),
        ("音箱", "空调", 30, 90, 5, 0.25, 0.18, 0.34, 0.5, 0.0, 0.0),
        ("门锁", "空调", 70, 60, 0, 0.54, 0.45, 0.62, 0.5, 0.4, 0.4),
    )
    paths = _table(
        "step_1 step_2 step_3 length n_users support low high median_days",
        ("空调", "音箱", None, 2, 85, 0.085, 0.07, 0.1, 28.0),
        ("门锁", "空调", "音箱", 3, 40, 0.04, 0.03, 0.05, 90.0),
    )
    tables = {"next_category": steps, "direction": direction, "paths": paths}
    return analysis("sequence", tables, {"horizon_days": 90})


def growth(*, relative: bool = False) -> Analysis:
    table = _table(
        "category users_then users_now orders_then orders_now revenue_then revenue_now share growth "
        "market_growth quadrant reason near_cut",
        ("空调", 200, 300, 210, 320, 4e5, 6e5, 0.5, 0.5, NOT_TOLD, "star", "", False),
        ("门锁", 400, 420, 410, 430, 3e5, 3.1e5, 0.7, 0.05, NOT_TOLD, "cash_cow", "", True),
        ("猫眼", 100, 150, 100, 160, 1e5, 1.5e5, 0.25, 0.5, NOT_TOLD, "question_mark", "", False),
        ("音箱", 90, 60, 95, 62, 3e4, 2e4, 0.1, -0.333, NOT_TOLD, "dog", "", False),
        ("手环", 12, 30, 12, 31, 1e3, 4e3, 0.05, 1.5, NOT_TOLD, "not_judged", "few_buyers", False),
    )
    parts = _table(
        "segment factor before after contribution limit",
        ("(all)", "users", 1000.0, 1100.0, 120_000.0, ""),
        ("(all)", "conversion", 0.5, 0.45, -60_000.0, ""),
        ("(all)", "basket", 800.0, 900.0, 80_000.0, ""),
    )
    indicators = _table(
        "indicator period persona_id numerator denominator value low high change growth",
        ("cross_category_share", "2024", "(all)", 400, 1000, 0.4, 0.37, 0.43, NOT_TOLD, NOT_TOLD),
        ("cross_category_share", "2025", "(all)", 500, 1100, 0.4545, 0.425, 0.484, 0.0545, 0.136),
        ("breadth", "2025", "(all)", 2200, 1100, 2.0, 1.9, 2.1, NOT_TOLD, NOT_TOLD),
    )
    asked = {
        "metric": "users",
        "share_kind": "relative" if relative else "internal",
        "used_share_cut": 0.4,
        "used_growth_cut": 0.1,
    }
    return analysis(
        "growth", {"growth_share": table, "decomposition": parts, "indicators": indicators}, asked
    )


def opportunity() -> Analysis:
    gaps = _table(
        "category segment n_brand n_brand_segment brand_share n_market n_market_segment market_share gap index "
        "headroom p_value q_value brand_growth market_growth",
        ("空调", "women", 300, 60, 0.2, 10_000.0, 4000.0, 0.4, 0.2, 50.0, 60.0, 0.0, 0.0, 0.1, 0.3),
        (
            "门锁",
            "women",
            400,
            180,
            0.45,
            9000.0,
            3600.0,
            0.4,
            -0.05,
            112.5,
            -20.0,
            0.1,
            0.2,
            NOT_TOLD,
            NOT_TOLD,
        ),
    )
    preferences = _table(
        "segment category n_segment n_others segment_share others_share tgi tgi_others rank p_value q_value",
        ("women", "门锁", 180, 220, 0.6, 0.31, 150.0, 190.0, 1, 0.0, 0.0),
        ("women", "空调", 60, 240, 0.2, 0.34, 67.0, 59.0, 2, 0.01, 0.02),
    )
    space = _table(
        "persona_id category n_users n_buyers share base_share tgi q_value fits n_open",
        ("P01", "门锁", 500, 250, 0.5, 0.4, 125.0, 0.001, True, 250),
        ("P02", "空调", 500, 100, 0.2, 0.3, 67.0, 0.001, False, 400),
    )
    offers = _table(
        "persona_id rank category n_users n_high n_mid n_low mean_rate expected_value",
        ("(all)", 1, "猫眼", 300, 200, 60, 40, 0.45, NOT_TOLD),
        ("P01", 1, "空调", 120, 30, 60, 30, 0.3, NOT_TOLD),
    )
    labels = {"women": Text("女性", "women")}
    tables = {"gaps": gaps, "preferences": preferences, "white_space": space, "offers": offers}
    return analysis("opportunity", tables, {}, labels)


def ladder() -> Analysis:
    stages = _table(
        "ladder stage name_zh name_en n_users share action_zh action_en",
        ("a4", "A2", "A2吸引", "A2 appeal", 300, 0.3, "促首购", "encourage the first order"),
        ("a4", "A1", "A1认知", "A1 aware", 500, 0.5, "", ""),
        ("a4", "(none)", "非类目意向", "no intent", 200, 0.2, "", ""),
    )
    parts = _table(
        "ladder stage sub_stage name_zh name_en n_users share",
        ("a4", "A2", "cart", "搜索加购", "added to cart", 290, 0.29),
        ("a4", "A2", "views", "高频浏览", "frequent views", 7, 0.007),
    )
    moves = [
        ("A1", "A1", 400, 200),
        ("A1", "A2", 400, 120),
        ("A1", "(lost)", 400, 80),
        ("A2", "A1", 300, 9),
        ("A2", "A2", 300, 250),
        ("A2", "(lost)", 300, 41),
        ("(new)", "A1", 150, 130),
        ("(new)", "A2", 150, 20),
        ("(new)", "(lost)", 150, 0),
    ]
    cells = _table(
        "ladder persona_id from_stage to_stage n_from n_users share low high",
        *(("a4", "(all)", a, b, n, k, k / n, k / n - 0.02, k / n + 0.02) for a, b, n, k in moves),
    )
    movements = _table(
        "ladder persona_id stage n_then n_now n_in n_out net_flow retained_rate moved_rate upgrade_rate downgrade_rate lost_rate",
        ("a4", "(all)", "A1", 400, 339, 139, 200, -61, 0.5, 0.3, 0.3, 0.0, 0.2),
        ("a4", "(all)", "A2", 300, 390, 140, 50, 90, 0.833, 0.03, 0.0, 0.03, 0.137),
    )  # fmt: skip
    labels = {
        "a4": Text("京东4A", "JD 4A"),
        "A1": Text("A1认知", "A1 aware"),
        "A2": Text("A2吸引", "A2 appeal"),
    }
    tables = {"stages": stages, "sub_stages": parts, "flow": cells, "movements": movements}
    return analysis("ladder", tables, {}, labels)


def every() -> list[Analysis]:
    return [attach(), scenes(), flow(), sequence(), growth(), opportunity(), ladder()]
