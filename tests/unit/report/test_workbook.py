from __future__ import annotations

import math

from openpyxl import load_workbook

from personas.export.portrait_workbook import read_portrait_workbook
from personas.report import write_workbook


def _written(model, analyses, path, language="zh-CN"):
    write_workbook(model, analyses, path, language=language)
    return read_portrait_workbook(path)


def test_personas_are_portraits_with_their_main_scene(model, made, tmp_path):
    table = _written(model, [made.scenes()], tmp_path / "a.xlsx")
    own = table[table["audience"] == model.personas[0].name.zh]

    assert set(own["tag"]) >= {"年龄", "性别", "购买品类", "主要场景"}
    age = own[(own["tag"] == "年龄") & (own["level"] == "26-30")].iloc[0]
    trait = next(t for t in model.personas[0].traits if t.feature == "age" and t.level == "26-30")
    assert age["share"] == trait.share
    assert age["tgi"] == round(trait.tgi, 1)
    assert own[own["level"] == "安防"]["tgi"].item() == 160.0


def test_attach_rates_and_flows_are_portraits_of_everybody_and_of_personas(model, made, tmp_path):
    table = _written(model, [made.attach(), made.flow()], tmp_path / "a.xlsx")
    everybody = table[table["audience"] == "全体"].set_index(["tag", "level"])

    assert everybody.loc[("门锁", "猫眼"), "share"].tolist() == [0.5, 0.25]
    assert everybody.loc[("门锁", "猫眼"), "tgi"].tolist()[0] == 143.0
    assert math.isnan(everybody.loc[("门锁", "猫眼"), "tgi"].tolist()[1])
    assert everybody.loc[("空调", "猫眼"), "share"].isna().all()  # few users


def test_an_index_is_written_only_where_it_counts_what_the_rate_counts(model, made, tmp_path):
    asked = {"unit": "user", "direction": "after", "within_days": 90, "base": "all"}
    later = made.analysis("attach", dict(made.attach().tables), asked)
    table = _written(model, [later], tmp_path / "a.xlsx")

    assert table[table["audience"] == "全体"]["tgi"].isna().all()


def test_every_table_has_a_sheet_with_its_definition(model, made, tmp_path):
    path = tmp_path / "a.xlsx"
    _written(model, made.every(), path, "en")
    workbook = load_workbook(path)

    names = [name for name in workbook.sheetnames if name.startswith("Table ")]
    assert len(names) == sum(len(analysis.tables) for analysis in made.every())
    texts = [
        str(cell) for row in workbook["Table Growth and share"].values for cell in row if cell is not None
    ]
    assert "Definition of growth_share" in texts
    flow = [row for row in workbook["Table Flow"].values if "hidden" in row]
    assert [row[:4] for row in flow] == [("All users", "air conditioner", 300, "door viewer")]
    assert "air conditioner" in texts


def test_the_same_content_gives_the_same_bytes(model, made, tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        _written(model, made.every(), tmp_path / name)

    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.xlsx", "b.xlsx"]
