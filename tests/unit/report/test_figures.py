from __future__ import annotations

import pytest

from personas.report.figures import Figures, text_width, wrap


@pytest.mark.parametrize(
    ("share", "written"),
    [(0.0, "0.0%"), (0.0001, "<0.1%"), (0.2314, "23.1%"), (0.99999, ">99.9%"), (1.0, "100.0%"), (None, "–")],
)
def test_shares_never_round_to_nobody_or_everybody(share, written):
    assert Figures("en").percent(share) == written


def test_each_language_has_its_own_separators():
    chinese, english = Figures("zh-CN"), Figures("en")

    assert (chinese.join(["a", "b"]), english.join(["a", "b"])) == ("a、b", "a, b")
    assert (chinese.interval(80, 120), english.interval(80, 120)) == ("80～120", "80–120")
    assert (chinese.count(None), english.count(None)) == ("隐藏", "hidden")


def test_numbers_are_grouped_and_negatives_have_a_minus_sign():
    figures = Figures("en")

    assert figures.count(1234567) == "1,234,567"
    assert figures.decimal(-1934110.4, 0) == "−1,934,110"
    assert figures.index(1190.4) == "1,190"
    assert figures.q_value(0.00004) == "<0.001"
    assert figures.q_value(0.0312) == "0.031"


def test_what_rounds_to_nothing_has_no_sign():
    figures = Figures("en")

    assert [figures.change(share) for share in (0.0004, -0.0004, 0.002)] == ["0.0%", "0.0%", "+0.2%"]
    assert [figures.points(points) for points in (0.04, -0.04, -0.06)] == ["0.0", "0.0", "−0.1"]
    assert [figures.decimal(value) for value in (-0.004, -0.006)] == ["0.00", "−0.01"]


def test_what_is_undefined_is_a_dash():
    figures = Figures("zh-CN")

    assert [
        figures.index(None),
        figures.interval(1.0, None),
        figures.decimal(None),
        figures.q_value(None),
    ] == ["–"] * 4


@pytest.mark.parametrize(
    "text", ["三线城市·京享值3000-5999·偏好电视", "Tier 3 city, membership value 3000-5999", "", "A" * 40]
)
def test_wrapping_loses_no_character(text):
    assert "".join(wrap(text, 9)).replace(" ", "") == text.replace(" ", "")


def test_wrapped_lines_keep_to_the_width_and_never_begin_with_closing_punctuation():
    lines = wrap("多为年轻用户，住在一线城市，喜欢科技。", 6)

    assert all(text_width(line) <= 8 for line in lines)
    assert not any(line[0] in "，。" for line in lines)
