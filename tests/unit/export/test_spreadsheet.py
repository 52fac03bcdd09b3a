from __future__ import annotations

import pandas as pd
import pytest

from personas.export.spreadsheet import guard_formulas


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_texts_that_a_spreadsheet_would_run_are_guarded(start):
    guarded, n = guard_formulas(pd.DataFrame({"name": [f"{start}1", "plain", None], "n": [-1, 2, 3]}))

    assert guarded["name"].iloc[0] == f"'{start}1"
    assert guarded["name"].iloc[1] == "plain"
    assert guarded["name"].isna().iloc[2]
    assert guarded["n"].tolist() == [-1, 2, 3]
    assert n == 1


def test_two_columns_may_have_one_heading():
    rows = pd.DataFrame([["=1", "@2"], ["a", "b"]], columns=["users", "users"])
    guarded, n = guard_formulas(rows)

    assert guarded.iloc[0].tolist() == ["'=1", "'@2"]
    assert list(guarded.columns) == ["users", "users"]
    assert n == 2
