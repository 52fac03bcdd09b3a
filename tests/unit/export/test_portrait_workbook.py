from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from personas.errors import ConfigError, DataError, NotFoundError
from personas.export.portrait_workbook import (
    PlainSheet,
    PortraitSheet,
    read_portrait_workbook,
    write_portrait_workbook,
)

AS_OF = date(2026, 1, 1)
TABLE = pd.DataFrame(
    {
        "tag": ["年龄", "年龄", "性别"],
        "level": ["26-30", "31-35", "女"],
        "share": [0.36, float("nan"), 0.4211],
        "tgi": [149.4, float("nan"), 86.0],
    }
)


def _foreign(path, rows, title="Sheet1"):
    workbook = Workbook()
    workbook.active.title = title
    for row in rows:
        workbook.active.append(row)
    workbook.save(path)
    return path


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / "a.xlsx"
    write_portrait_workbook([PortraitSheet("P01", "智能潮流派", TABLE)], path, as_of=AS_OF)
    read = read_portrait_workbook(path)

    assert read["audience"].unique().tolist() == ["智能潮流派"]
    pd.testing.assert_frame_equal(read.drop(columns="audience"), TABLE, check_dtype=False)


def test_the_sheet_has_the_shape_that_is_expected(tmp_path):
    path = tmp_path / "a.xlsx"
    write_portrait_workbook([PortraitSheet("P01", "智能潮流派", TABLE)], path, as_of=AS_OF)
    rows = list(load_workbook(path)["P01"].values)

    assert rows[0] == ("人群=智能潮流派", None, None, None)
    assert rows[1] == ("标签名", "枚举值", "占比", "TGI")
    assert rows[2] == ("年龄", "26-30", 0.36, 149.4)
    assert rows[3] == (None, "31-35", "隐藏", "隐藏")
    assert load_workbook(path)["P01"]["C3"].number_format == "0.00%"


def test_readers_of_english_get_english_headings_that_are_read_back(tmp_path):
    path = tmp_path / "a.xlsx"
    write_portrait_workbook([PortraitSheet("P01", "trendy", TABLE)], path, as_of=AS_OF, language="en")
    rows = list(load_workbook(path)["P01"].values)
    read = read_portrait_workbook(path)

    assert rows[0][0] == "Audience=trendy"
    assert rows[1] == ("Tag", "Level", "Share", "TGI")
    assert rows[3] == (None, "31-35", "hidden", "hidden")
    assert read["audience"].unique().tolist() == ["trendy"]
    pd.testing.assert_frame_equal(read.drop(columns="audience"), TABLE, check_dtype=False)


def test_an_unknown_index_is_empty_and_not_hidden(tmp_path):
    path = tmp_path / "a.xlsx"
    write_portrait_workbook([PortraitSheet("P01", "甲", TABLE.assign(tgi=float("nan")))], path, as_of=AS_OF)

    rows = load_workbook(path)["P01"].iter_rows(min_row=3, max_row=4, min_col=3, values_only=True)
    assert list(rows) == [(0.36, None), ("隐藏", None)]


def test_texts_with_a_per_cent_sign_are_shares(tmp_path):
    path = _foreign(
        tmp_path / "透视分析_小镇中产.xlsx",
        [
            ["标签名", "枚举值", "占比", "TGI"],
            ["性别", "女", "42.11%", "86"],
            [None, "男", " 57.9 ％", 111],
            ["年龄", "26-30", "0.36", "1,149.4"],
            [None, "46+", "-", "--"],
            [None, None, None, None],
        ],
    )
    read = read_portrait_workbook(path)

    assert read["audience"].unique().tolist() == ["小镇中产"]
    assert read["tag"].tolist() == ["性别", "性别", "年龄", "年龄"]
    assert read["share"].tolist()[:3] == pytest.approx([0.4211, 0.579, 0.36])
    assert read["tgi"].tolist()[:3] == [86.0, 111.0, 1149.4]
    assert read[["share", "tgi"]].iloc[3].isna().all()


def test_columns_may_stand_in_another_order_and_the_title_names_the_audience(tmp_path):
    path = _foreign(
        tmp_path / "a.xlsx", [[], ["TGI", "占比", "标签名", "枚举值"], [120, 0.2, "学历", "本科"]], "白领"
    )

    assert read_portrait_workbook(path).to_numpy().tolist() == [["白领", "学历", "本科", 0.2, 120.0]]


def test_other_tables_are_written_with_their_note_and_not_read_as_portraits(tmp_path):
    path = tmp_path / "a.xlsx"
    plain = PlainSheet("增长", pd.DataFrame({"品类": ["空调"], "增长率": [0.5]}), "第一行\n第二行")
    write_portrait_workbook([PortraitSheet("P01", "甲", TABLE), plain], path, as_of=AS_OF)

    assert len(read_portrait_workbook(path)) == 3
    rows = load_workbook(path)["增长"].iter_rows(values_only=True)
    assert [row[0] for row in rows] == [
        "品类",
        "空调",
        None,
        "第一行",
        "第二行",
    ]


def test_formulas_stay_text(tmp_path):
    path = tmp_path / "a.xlsx"
    evil = TABLE.assign(level=["=HYPERLINK(1)", "#REF!", "女"])
    write_portrait_workbook([PortraitSheet("P01", "=1+1", evil)], path, as_of=AS_OF)
    sheet = load_workbook(path)["P01"]

    assert (sheet["B3"].value, sheet["B3"].data_type) == ("=HYPERLINK(1)", "s")
    assert sheet["B4"].data_type == "s"
    assert read_portrait_workbook(path)["audience"].unique().tolist() == ["=1+1"]


def test_titles_are_cut_cleaned_and_told_apart(tmp_path):
    path = tmp_path / "a.xlsx"
    long = "P01 [a/b]: " + "很" * 40
    write_portrait_workbook(
        [PortraitSheet(long, "甲", TABLE), PortraitSheet(long, "乙", TABLE)], path, as_of=AS_OF
    )
    names = load_workbook(path).sheetnames

    assert len(set(names)) == 2
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_the_same_content_gives_the_same_bytes_and_leaves_nothing_behind(tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        write_portrait_workbook([PortraitSheet("P01", "甲", TABLE)], tmp_path / name, as_of=AS_OF)

    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["a", "b"]], "no sheet with the header 标签名, 枚举值, 占比, TGI or Tag, Level, Share, TGI"),
        ([["标签名", "枚举值", "占比"], ["性别", "女", 0.5]], "the header lacks TGI"),
        ([["标签名", "枚举值", "占比", "TGI"], ["性别", "女", 42, 1]], "row 2: 占比 is 42"),
        (
            [["标签名", "枚举值", "占比", "TGI"], ["性别", "女", "many", 1]],
            "row 2, 占比: 'many' is no number",
        ),
        (
            [["标签名", "枚举值", "占比", "TGI"], ["性别", "女", "5%", "inf"]],
            "row 2, TGI: 'inf' is no number",
        ),
        ([["标签名", "枚举值", "占比", "TGI"], [None, "女", 0.5, 1]], "row 2: a level without a 标签名"),
    ],
)
def test_what_is_no_portrait_is_refused_with_its_place(tmp_path, rows, message):
    with pytest.raises(DataError, match=message):
        read_portrait_workbook(_foreign(tmp_path / "a.xlsx", rows))


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.xlsx").write_text("no workbook")

    with pytest.raises(DataError, match="can't be opened"):
        read_portrait_workbook(tmp_path / "a.xlsx")
    with pytest.raises(NotFoundError, match="does not exist"):
        read_portrait_workbook(tmp_path / "b.xlsx")


def test_nothing_to_write_and_control_characters_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="no sheet"):
        write_portrait_workbook([], tmp_path / "a.xlsx", as_of=AS_OF)
    with pytest.raises(DataError, match="control character"):
        write_portrait_workbook([PortraitSheet("P01", "甲\x00", TABLE)], tmp_path / "a.xlsx", as_of=AS_OF)
    assert list(tmp_path.iterdir()) == []
