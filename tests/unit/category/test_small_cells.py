from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from personas.category.small_cells import hide_small, hide_small_cells


@pytest.fixture(scope="module")
def made():
    """Return the functions that make analyses by hand."""
    folder = Path(__file__).parents[1] / "report"
    return SimpleNamespace(**runpy.run_path(str(folder / "hand_made_analyses.py")))


def test_a_small_count_goes_with_everything_that_would_tell_it(made):
    shown = hide_small("cells", made.flow().tables["cells"], 20)
    few = shown.iloc[3]

    assert few["hidden"]
    assert few[["n_both", "share", "low", "high"]].isna().all()
    assert (few["n_row"], few["n_column"]) == (300, 350)
    assert shown["hidden"].sum() == 1
    assert shown.iloc[1]["share"] == 0.25


def test_nobody_may_be_shown_and_the_limit_itself_too():
    table = pd.DataFrame({"n_users": [0, 1, 19, 20], "share": [0.0, 0.01, 0.19, 0.2]})

    assert hide_small("anything", table, 20)["hidden"].tolist() == [False, True, True, False]
    assert not hide_small("anything", table, 1)["hidden"].any()


def test_a_hidden_persona_gets_a_companion_so_that_the_total_does_not_tell():
    table = pd.DataFrame(
        {"persona_id": ["(all)", "P01", "P02", "P03"], "row": "a", "column": "b", "n_both": [180, 100, 73, 7]}
    )

    assert hide_small("matrix", table, 20)["hidden"].tolist() == [False, False, True, True]


def test_moves_are_hidden_along_both_totals(made):
    shown = hide_small("flow", made.ladder().tables["flow"], 20).set_index(["from_stage", "to_stage"])[
        "hidden"
    ]

    assert shown["A2", "A1"]
    for total in ("from_stage", "to_stage"):
        per_total = shown.groupby(total).sum()
        assert (per_total != 1).all()
    assert not shown["(new)", "(lost)"]


def test_rates_of_a_stage_that_few_left_are_hidden(made):
    shown = hide_small("movements", made.ladder().tables["movements"], 20)

    assert shown["hidden"].tolist() == [False, True]  # 3 % of 300 are 9 users
    assert shown[["n_in", "n_out", "retained_rate"]].iloc[1].isna().all()
    assert shown["n_then"].tolist() == [400, 300]


def test_numbers_of_categories_and_ranks_are_no_users(made):
    scenes, grid = made.scenes().tables["scenes"], made.scenes().tables["grid"]

    assert not hide_small("scenes", scenes, 20)["hidden"].any()
    assert hide_small("scenes", scenes, 20)["stability"].tolist() == [0.91, 0.8]
    assert hide_small("grid", grid, 20)["reach_order"].iloc[0] == 1


def test_the_table_that_is_passed_stays_as_it_is(made):
    table = made.flow().tables["cells"]
    before = table.copy()
    hide_small("cells", table, 20)

    pd.testing.assert_frame_equal(table, before)


def test_stages_of_one_date_do_not_tell_what_the_moves_hide():
    moved = pd.DataFrame(
        {
            "ladder": "a4",
            "persona_id": "(all)",
            "stage": ["(none)", "A1", "A2"],
            "n_then": [81, 75, 2313],
            "n_now": [2, 31, 2436],
            "retained_rate": [0.0, 0.4, 1.0],
            "lost_rate": [0.0, 0.0, 0.0],
        }
    )
    shown = hide_small("movements", moved, 20)

    assert shown["n_now"].isna().tolist() == [True, True, False]
    assert shown["n_then"].tolist() == [81, 75, 2313]


def test_a_count_aside_goes_alone(made):
    scenes = made.scenes().tables["scenes"].assign(n_main=[6, 350])
    shown = hide_small("scenes", scenes, 20)

    assert shown["n_main"].isna().tolist() == [True, False]
    assert shown["stability"].tolist() == [0.91, 0.8]


def test_few_who_did_not_are_as_few_as_few_who_did():
    table = pd.DataFrame(
        {
            "n_row": [100, 100, 100],
            "n_both": [95, 100, 60],
            "rate": [0.95, 1.0, 0.6],
            "n_column": [400, 400, 75],
        }
    )
    shown = hide_small("association", table, 20)

    assert shown["hidden"].tolist() == [True, False, True]
    assert shown["n_row"].tolist() == [100, 100, 100]
    assert shown["rate"].isna().tolist() == [True, False, True]


def test_what_is_hidden_already_stays_so_and_hides_no_more(made):
    for found in (made.flow(), made.ladder(), made.scenes(), made.attach(), made.opportunity()):
        for key, table in found.tables.items():
            once = hide_small(key, table, 20)
            pd.testing.assert_frame_equal(hide_small(key, once, 20), once, obj=key)


def test_a_base_of_few_users_is_a_small_cell():
    table = pd.DataFrame(
        {"n_row": 300, "n_both": [0, 45, 30], "at_risk": [5, 50, 60], "rate": [0.0, 0.9, 0.5]}
    )
    shown = hide_small("matrix", table, 20)

    assert shown["hidden"].tolist() == [True, True, False]
    assert shown["rate"].isna().tolist() == [True, True, False]
    assert shown["at_risk"].isna().tolist() == [True, False, False]


def test_orders_of_few_users_are_a_small_cell():
    table = pd.DataFrame(
        {"indicator": "units_per_order", "period": "2025", "persona_id": ["(all)", "P01", "P02", "P03"],
         "numerator": [900, 500, 340, 60], "denominator": [700, 400, 270, 30], "n_users": [300, 200, 96, 4],
         "value": [1.3, 1.25, 1.26, 2.0]}
    )  # fmt: skip
    shown = hide_small("indicators", table, 20)

    assert shown["hidden"].tolist() == [False, False, True, True]  # P02 would tell P03


def test_few_without_a_purchase_are_not_told_by_those_with_one():
    table = pd.DataFrame(
        {"persona_id": ["P01", "P02", "P03"], "category": "门锁", "n_users": [100, 200, 300],
         "n_buyers": [95, 100, 100], "share": [0.95, 0.5, 0.33], "n_open": [5, 100, 200]}
    )  # fmt: skip
    shown = hide_small("white_space", table, 20)

    assert shown[["n_buyers", "n_open"]].isna().all(axis=1).tolist() == [True, True, False]


def test_a_share_that_tells_few_others_is_hidden():
    table = pd.DataFrame({"n_segment": [290, 150], "segment_share": [290 / 300, 0.5], "n_others": [200, 200]})

    assert hide_small("preferences", table, 20)["hidden"].tolist() == [True, False]


def test_hidden_parts_are_not_few_together():
    table = pd.DataFrame({"ladder": "a4", "stage": ["A3", "A2", "A1", "(none)"], "n_users": [6, 7, 40, 900]})

    # 6 + 7 users would be what the total leaves.
    assert hide_small("stages", table, 20)["hidden"].tolist() == [True, True, True, False]


def test_a_segment_of_few_users_keeps_its_revenue_to_itself():
    rows = [("P01", "users", 12.0, 30.0), ("P01", "conversion", 0.5, 1.0), ("P01", "basket", 90.0, 80.0),
            ("P02", "users", 300.0, 300.0), ("P02", "conversion", 0.5, 0.5), ("P02", "basket", 90.0, 80.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["segment", "factor", "before", "after"]).assign(contribution=1.0)
    shown = hide_small("decomposition", table, 20)

    assert shown["hidden"].tolist() == [True] * 3 + [False] * 3
    assert shown[["before", "after", "contribution"]].isna().all(axis=1).tolist() == shown["hidden"].tolist()


def test_an_analysis_is_kept_without_its_small_cells(made):
    for found in (made.flow(), made.ladder(), made.scenes(), made.attach(), made.opportunity()):
        kept = hide_small_cells(found, 20)
        assert kept.parameters["minimum_cell"] == 20
        for key, table in kept.tables.items():
            assert set(table.dtypes.astype(str)) <= {
                "str",
                "object",
                "int64",
                "Int64",
                "float64",
                "bool",
                "category",
            }
            shown = hide_small(key, found.tables[key], 20)
            pd.testing.assert_frame_equal(hide_small(key, table, 20), shown, obj=key)
    cells = hide_small_cells(made.flow(), 20).tables["cells"]
    assert str(cells["n_both"].dtype) == "Int64"
    assert cells.loc[cells["hidden"], "n_both"].isna().all()


def test_margins_of_a_persona_have_companions_too():
    personas = ["(all)", "P01", "P02", "P03"]
    table = pd.DataFrame(
        {"persona_id": personas, "row": "a", "column": "b", "n_row": [210, 100, 95, 15],
         "n_both": [50, 50, 0, 0], "at_risk": [210, 100, 95, 15]}
    )  # fmt: skip
    shown = hide_small("matrix", table, 20)

    assert shown["n_row"].isna().tolist() == [False, False, True, True]


def test_tiers_do_not_tell_each_other():
    table = pd.DataFrame({"n_users": [100, 90], "n_high": [60, 30], "n_mid": [35, 30], "n_low": [5, 30]})
    shown = hide_small("offers", table.assign(persona_id=["P01", "P02"], category="a"), 20)

    assert shown[["n_high", "n_mid", "n_low"]].isna().all(axis=1).tolist() == [True, True]
    assert shown["n_users"].tolist() == [100, 90]


def test_what_is_hidden_of_a_total_is_never_few():
    dice = np.random.default_rng(0)
    parts = dice.integers(0, 60, size=(300, 4))
    rows = [
        {"indicator": "x", "period": str(i), "persona_id": f"P{p}", "denominator": n, "numerator": 0}
        for i, counts in enumerate(parts)
        for p, n in enumerate(counts)
    ]
    rows += [
        {"indicator": "x", "period": str(i), "persona_id": "(all)", "denominator": n, "numerator": 0}
        for i, n in enumerate(parts.sum(axis=1))
    ]
    shown = hide_small("indicators", pd.DataFrame(rows), 20)
    wide = shown.pivot_table(index="period", columns="persona_id", values="denominator", dropna=False)
    left = wide["(all)"] - wide.drop(columns="(all)").sum(axis=1)
    # Where there is nobody else to hide, the total itself is all that is known.
    others = wide.drop(columns="(all)") > 0
    assert not ((left > 0) & (left < 20) & others.any(axis=1)).any()
    assert wide.isna().to_numpy().mean() < 0.5
