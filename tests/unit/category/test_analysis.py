"""Analyses: what is kept comes back as it was, and never holds a user."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from personas.category.analysis import FILE, Analysis, analysis_to_files, read_analysis
from personas.errors import DataError, NotFoundError
from personas.schema import Text

MATRIX = pd.DataFrame(
    {
        "row": ["门锁", '"猫眼"\n,', ""],
        "note": pd.array(["", None, "x"], dtype="str"),
        "n_both": [3, 0, 2**60 + 1],
        "rank": pd.array([1, None, 3], dtype="Int64"),
        "rate": [1 / 3, np.nan, 1e-300],
        "fits": [True, False, True],
        "tier": pd.Categorical(["low", None, "high"], categories=["low", "mid", "high"], ordered=True),
    }
)
WORDS = Text("连带率", "Attach rate")


def analysis(**changes: object) -> Analysis:
    """Return a whole analysis with some of its parts changed."""
    parts = {
        "verb": "attach",
        "as_of": date(2026, 1, 1),
        "tables": {"matrix": MATRIX},
        "definitions": {"matrix": WORDS},
        "parameters": {"unit": "user", "within_days": None},
        "labels": {"门锁": Text("门锁", "door lock")},
    }
    return Analysis(**(parts | changes))


def written(found: Analysis, folder: Path) -> Path:
    """Write the files of an analysis into a folder."""
    for name, content in analysis_to_files(found).items():
        (folder / name).write_bytes(content)
    return folder


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    back = read_analysis(written(analysis(), tmp_path))
    pd.testing.assert_frame_equal(back.tables["matrix"], MATRIX)
    assert (back.verb, back.as_of, back.definitions) == ("attach", date(2026, 1, 1), {"matrix": WORDS})
    assert back.parameters == {"unit": "user", "within_days": None}
    assert back.labels == {"门锁": Text("门锁", "door lock")}


def test_an_empty_table_keeps_its_types(tmp_path: Path) -> None:
    back = read_analysis(written(analysis(tables={"matrix": MATRIX.iloc[:0]}), tmp_path))
    pd.testing.assert_frame_equal(back.tables["matrix"], MATRIX.iloc[:0])


def test_the_same_analysis_gives_the_same_bytes() -> None:
    assert analysis_to_files(analysis()) == analysis_to_files(analysis(tables={"matrix": MATRIX.copy()}))


def test_tables_are_plain_csv() -> None:
    lines = analysis_to_files(analysis())["matrix.csv"].decode().splitlines()
    assert lines[0] == '"row","note","n_both","rank","rate","fits","tier"'
    assert lines[1] == '"门锁","",3,1,0.3333333333333333,true,"low"'


@pytest.mark.parametrize("column", ["user_id", "order_id"])
def test_a_table_of_users_is_refused(column: str) -> None:
    with pytest.raises(DataError, match="never ids of users"):
        analysis(tables={"matrix": pd.DataFrame({column: ["a"]})})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"verb": "magic"}, "expected one of attach"),
        ({"definitions": {}}, "matrix: a table without a definition"),
        ({"tables": {"../x": MATRIX}, "definitions": {"../x": WORDS}}, "snake_case"),
        (
            {"tables": {"matrix": pd.DataFrame({"at": [pd.Timestamp("2025-01-01")]})}},
            "has the type datetime64",
        ),
        ({"tables": {"matrix": pd.DataFrame({"at": [date(2025, 1, 1)]})}}, "has the type object"),
    ],
)
def test_what_can_not_be_kept_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        analysis(**changes)


def test_parameters_have_to_be_plain() -> None:
    with pytest.raises(DataError, match="plain, finite"):
        analysis_to_files(analysis(parameters={"cut": float("nan")}))


def test_damage_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="the folder of an analysis"):
        read_analysis(tmp_path)
    written(analysis(), tmp_path)
    (tmp_path / "matrix.csv").write_text('"row"\n"门锁"\n', encoding="utf-8")
    with pytest.raises(DataError, match="damaged"):
        read_analysis(tmp_path)
    (tmp_path / "matrix.csv").unlink()
    with pytest.raises(NotFoundError, match=r"matrix\.csv does not exist"):
        read_analysis(tmp_path)
    content = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    (tmp_path / FILE).write_text(json.dumps(content | {"as_of": "soon"}), encoding="utf-8")
    with pytest.raises(DataError, match="damaged"):
        read_analysis(tmp_path)


def test_a_name_that_a_spreadsheet_would_run_is_text_in_the_file(tmp_path: Path) -> None:
    names = ["=HYPERLINK(1)", "'=x", "'门锁", "@a", "门锁", None, "", "+1", "''-2"]
    table = pd.DataFrame({"row": pd.array(names, dtype="str"), "n": range(len(names))})
    folder = written(analysis(tables={"matrix": table}), tmp_path)
    lines = (folder / "matrix.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert not [line for line in lines if line.lstrip('"')[:1] in ("=", "+", "-", "@")]
    pd.testing.assert_frame_equal(read_analysis(folder).tables["matrix"], table)
