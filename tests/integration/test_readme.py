"""The README is true word for word: its Python runs, its links lead somewhere, nothing is left to fill in."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")


@pytest.mark.parametrize("name", READMES)
def test_nothing_is_left_to_fill_in_and_every_link_leads_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "@@" not in text
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert links
    missing = [link for link in links if not link.startswith("http") and not (ROOT / link).exists()]
    assert missing == []


def test_both_languages_show_the_same_python():
    blocks = [
        re.findall(r"```python\n(.*?)```", (ROOT / n).read_text(encoding="utf-8"), re.DOTALL) for n in READMES
    ]
    assert blocks[0] == blocks[1]


def test_the_python_of_the_readme_runs(tmp_path):
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, 400)
    ids = [f"c{i:03d}" for i in range(400)]
    ages = np.clip(rng.normal(30 + 25 * group, 4), 18, 90).round()
    pd.DataFrame({"id": ids, "age": ages, "marital_status": np.where(group == 1, "M", "S")}).to_csv(
        tmp_path / "users.csv", index=False
    )
    lines = [
        {"id": ids[i], "bought_on": "2025-06-01", "category": ("tea", "coffee")[group[i]], "amount": "9.90"}
        for i in range(400)
        if i % 3
    ]
    pd.DataFrame(lines).to_csv(tmp_path / "events.csv", index=False)
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("P01 ")
    assert (tmp_path / "model" / "model.json").exists()
