"""Findings: the top of each table in words, with its numbers, of everybody, and only what is sure."""

from datetime import date

import pandas as pd
import pytest

from personas.category.analysis import Analysis
from personas.category.findings import tell_findings
from personas.schema import Text

NAMES = {
    "lock": Text("门锁", "door lock"),
    "eye": Text("猫眼", "door viewer"),
    "P01": Text("智能派", "smart"),
    "women": Text("女性", "women"),
}


def told(verb, most=5, parameters=None, minimum_cell=20, **tables):
    """Return the English findings of an analysis of hand-made tables."""
    frames = {key: pd.DataFrame(rows) for key, rows in tables.items()}
    words = {key: Text("", "") for key in frames}
    found = Analysis(verb, date(2026, 1, 1), frames, words, parameters or {}, NAMES)
    return [finding.text.en for finding in tell_findings(found, most=most, minimum_cell=minimum_cell)]


def pair(row, column, tier="high", lift=2.0, confidence=0.5):
    return {
        "row": row,
        "column": column,
        "n_both": 30,
        "n_row": 60,
        "lift": lift,
        "shrunk_lift": lift,
        "confidence": confidence,
        "tier": tier,
    }


def test_a_strong_pair_is_told_once_and_a_weak_one_never():
    rows = [pair("lock", "eye", confidence=0.4), pair("eye", "lock"), pair("lock", "x", tier="mid", lift=9.0)]
    assert told("attach", association=rows) == [
        "door viewer → door lock: 50.0% bought it, too (30 of 60), 2.00 times as many as by chance; high association"
    ]


def test_scenes_are_told_with_their_members_and_substitutes():
    scene = {"scene_id": "s", "name_zh": "安防", "name_en": "security", "hero": "lock", "n_users": 1234}
    rest = {"n_main": 99, "stability": 0.9, "verdict_zh": "高度稳定", "verdict_en": "highly stable"}
    found = told(
        "scenes",
        scenes=[scene | rest, scene | rest | {"stability": float("nan")}],
        members=[{"scene_id": "s", "category": "lock"}, {"scene_id": "s", "category": "eye"}],
        pairs=[
            {"category_a": "eye", "category_b": "lock", "relation": "substitute"},
            {"category_a": "eye", "category_b": "x", "relation": "complement"},
        ],
    )
    words = "s security (hero door lock): door lock, door viewer; 1,234 buyers, the main scene of 99 users"
    assert found == [
        f"{words}; stability 0.90 (highly stable)",
        words,
        "Substitutes: door viewer / door lock",
    ]


def test_scenes_that_are_no_audience_are_told_apart():
    scene = {"name_zh": "安防", "name_en": "security", "hero": "lock", "n_users": 1234, "n_main": 99}
    scene |= {"stability": 0.9, "verdict_zh": "高度稳定", "verdict_en": "highly stable"}
    cautions = {"s1": "everybody", "s2": "unstable", "s3": "few"}
    found = told(
        "scenes",
        scenes=[scene | {"scene_id": s, "caution": caution} for s, caution in cautions.items()],
        members=[{"scene_id": "s1", "category": "lock"}],
    )
    assert len(found) == 2
    assert found[0].startswith("s1 security")
    assert "it tells nothing of who they are" in found[0]
    assert found[1] == (
        "No audiences: s2 security (stability below 0.6, not to be trusted), "
        "s3 security (too few users have it as main scene)"
    )


def cell(row, column, n_both, n_row, persona="(all)", low=0.0):
    return {
        "persona_id": persona,
        "row": row,
        "column": column,
        "n_row": n_row,
        "n_both": n_both,
        "share": n_both / n_row,
        "low": low,
    }


def test_a_flow_that_stands_out_of_its_column_leads_and_slices_are_not_told():
    rows = [
        cell("lock", "eye", 60, 100, low=0.5),
        cell("x", "eye", 20, 100, low=0.1),
        cell("lock", "hub", 80, 100, low=0.7),
        cell("x", "hub", 80, 100, low=0.8),
        cell("lock", "eye", 90, 100, persona="P01", low=0.8),
        cell("y", "eye", 9, 9, low=0.7),
    ]
    (found,) = told("flow", cells=rows)
    assert found.startswith(
        "Of the 100 buyers of door lock in the earlier period, 60.0% (60) bought door viewer"
    )
    assert found.endswith("40.0% of the buyers of all listed categories did")


def test_changes_are_told_when_they_are_sure():
    change = {"persona_id": "(all)", "row": "lock", "column": "eye", "share_last": 0.1, "share_this": 0.2}
    rows = [
        change | {"difference_pp": 10.0, "q_value": 0.01},
        change | {"difference_pp": 30.0, "q_value": 0.2},
        change | {"difference_pp": 30.0, "q_value": float("nan")},
    ]
    assert told("flow", change_cells=rows) == ["Flow door lock → door viewer: 10.0% → 20.0% (+10.0 points)"]
    buyers = {"persona_id": "(all)", "category": "eye", "n_buyers_this": 30.0}
    columns = [
        buyers | {"n_buyers_last": 20.0, "relative_change": 0.5},
        buyers | {"n_buyers_last": 2.0, "relative_change": 14.0},
    ]
    assert told("flow", change_columns=columns) == ["Buyers of door viewer: 20 → 30 (+50.0%)"]


def test_sequences_are_told_in_the_direction_they_have():
    order = {"category": "lock", "next_category": "eye", "n_before": 80, "n_after": 20}
    rows = [
        order | {"share_before": 0.8, "expected_share": 0.5, "q_value": 0.001},
        order | {"share_before": 0.2, "expected_share": 0.5, "q_value": 0.001},
        order | {"share_before": 0.6, "expected_share": 0.5, "q_value": 0.3},
    ]
    assert told("sequence", direction=rows) == [
        "door lock before door viewer: 80.0% of the 100 who bought both (50.0% by chance)"
    ]


def test_what_everybody_buys_next_does_not_lead():
    def following(category, then, n_next, n_at_risk):
        share = n_next / n_at_risk
        figures = {"n_next": n_next, "n_at_risk": n_at_risk, "probability": share, "low": share - 0.02}
        return {"category": category, "next_category": then, "median_lag_days": 12.4, **figures}

    rows = [
        following("lock", "milk", 160, 200),
        following("x", "milk", 160, 200),
        following("lock", "eye", 50, 200),
        following("x", "eye", 25, 200),
        following("y", "eye", 3, 3),
    ]
    assert told("sequence", parameters={"horizon_days": 90}, next_category=rows) == [
        (
            "25.0% bought door viewer for the first time within 90 days after door lock, 1.33 times as many as after any "
            "category (18.8%), in the median after 12 days"
        )
    ]


def test_growth_names_quadrants_and_what_moved_the_revenue():
    found = told(
        "growth",
        parameters={"gmv_before": 1000.0, "gmv_after": 1500.0},
        growth_share=[{"category": "eye", "quadrant": "star"}, {"category": "x", "quadrant": "not_judged"}],
        decomposition=[
            {"segment": s, "factor": f, "before": x, "after": x, "contribution": c}
            for s, parts in [("P01", (400.0, 0.0, 200.0)), ("(none)", (-100.0, 0.0, 0.0))]
            for f, x, c in zip(("users", "conversion", "basket"), (100.0, 0.5, 10.0), parts, strict=True)
        ],
    )
    assert found == ["Star: door viewer", "GMV 1,000 → 1,500: users +300, conversion +0, basket +200"]


def test_opportunities_are_gaps_likes_and_white_space():
    gap = {"category": "eye", "segment": "women", "market_share": 0.6, "brand_share": 0.4, "headroom": 20.4}
    found = told(
        "opportunity",
        gaps=[gap | {"gap": 0.2, "q_value": 0.01}, gap | {"gap": 0.2, "q_value": 0.5}],
        preferences=[
            {"segment": "women", "category": "lock", "tgi": 140.0, "q_value": 0.01},
            {"segment": "women", "category": "eye", "tgi": 60.0, "q_value": 0.01},
        ],
        white_space=[
            {"persona_id": "P01", "category": "lock", "tgi": 150.0, "fits": True, "n_open": 321},
            {"persona_id": "P01", "category": "eye", "tgi": 90.0, "fits": False, "n_open": 999},
        ],
    )
    assert found[:2] == [
        "door viewer x women: 60.0% of the market's buyers, 40.0% of the brand's; headroom 20 users",
        "women prefer door lock (TGI 140)",
    ]


def test_white_space_is_told_of_personas():
    rows = [{"persona_id": "P01", "category": "lock", "tgi": 150.0, "fits": True, "n_open": 321}]
    assert told("opportunity", white_space=rows) == [
        "smart fit door lock (TGI 150); 321 of them have not bought it"
    ]


def test_the_best_bundle_of_a_scene_and_the_size_of_an_audience_are_told():
    bundle = {"scene": "s", "categories": "lock + eye", "price": 2053.05, "mean_lift": 2.356}
    found = told(
        "opportunity",
        bundles=[bundle | {"rank": 1}, bundle | {"rank": 2}],
        wide_audience=[{"code": "seg_d2434023", "n_users": 199}],
    )
    assert found == [
        "Bundle of the s: door lock + door viewer, 2,053.05 in all, mean lift 2.36",
        "Audience of several tags seg_d2434023: 199 users",
    ]
    assert told("opportunity", wide_audience=[{"code": "seg_d2434023", "n_users": 19}]) == []


def test_ladders_are_told_stage_by_stage():
    stages = [
        {"ladder": "a4", "stage": s, "name_zh": s, "name_en": s, "n_users": n, "share": n / 200}
        for s, n in [("A2", 130), ("A1", 65), ("(none)", 5)]
    ]
    totals = [
        {"ladder": "a4", "persona_id": p, "upgrade_rate": 0.3, "downgrade_rate": 0.1, "retained_rate": 0.6}
        for p in ("(all)", "P01")
    ]
    assert told("ladder", stages=stages, totals=totals) == [
        "a4: A2 130 (65.0%), A1 hidden, (none) hidden. Hidden = too few users, or would give away a stage of too few.",
        "a4: 30.0% moved up, 10.0% down, 60.0% stayed",
    ]


def test_few_users_are_not_told_and_neither_is_what_gives_them_away():
    rows = [
        pair("lock", "few") | {"n_both": 19, "n_row": 60},
        pair("lock", "rest") | {"n_both": 41, "n_row": 60},
    ]
    assert told("attach", association=rows) == []
    assert len(told("attach", association=rows, minimum_cell=19)) == 2
    scene = {"scene_id": "s", "name_zh": "安防", "name_en": "security", "hero": "lock", "n_users": 1234}
    rest = {"n_main": 6, "stability": float("nan"), "verdict_zh": "", "verdict_en": ""}
    members = [{"scene_id": "s", "category": "lock"}]
    assert told("scenes", scenes=[scene | rest], members=members, pairs=[{"relation": "none"}]) == [
        "s security (hero door lock): door lock; 1,234 buyers"
    ]


@pytest.mark.parametrize("most", [1, 2])
def test_there_is_an_end_to_it(most):
    rows = [pair("lock", name) for name in "abcd"]
    assert len(told("attach", most=most, association=rows)) == most
