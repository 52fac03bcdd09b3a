from __future__ import annotations

import pandas as pd

from personas.report.kpi_tables import kpi_tables


def _lines(*rows) -> pd.DataFrame:
    columns = [
        "period",
        "persona_id",
        "category",
        "numerator",
        "denominator",
        "value",
        "low",
        "high",
        "change",
        "growth",
    ]
    return pd.DataFrame(list(rows), columns=columns)


def test_indicators_that_are_shares_are_told_from_those_that_are_numbers(made, tables_of):
    shares, numbers = kpi_tables(tables_of(made.growth()))

    assert (shares.title, numbers.title) == ("Indicators: shares", "Indicators: averages")
    assert [row[4].text for row in shares.table.rows] == ["40.0%", "45.5%"]
    assert [cell.text for cell in numbers.table.rows[0][4:7]] == ["2.00", "1.90", "2.10"]
    assert (shares.definition, numbers.definition) == ("", "Definition of indicators")


def test_product_lines_have_penetration_and_conversion_of_the_last_period_side_by_side(made, tables_of):
    nan = float("nan")
    reached = _lines(
        ("2024", "(all)", "门锁", 300, 1000, 0.3, 0.27, 0.33, nan, nan),
        ("2025", "(all)", "门锁", 400, 1000, 0.4, 0.37, 0.43, 0.1, 0.333),
        ("2025", "(all)", "手环", 7, 1000, 0.007, 0.003, 0.014, nan, nan),
        ("2025", "P01", "门锁", 250, 500, 0.5, 0.45, 0.55, nan, nan),
    )
    turned = _lines(("2025", "(all)", "门锁", 200, 800, 0.25, 0.22, 0.28, -0.05, -0.167))
    (view,) = kpi_tables(tables_of(made.analysis("growth", {"penetration": reached, "conversion": turned})))

    assert [cell.text for cell in view.table.headings] == [
        *("category", "buyers", "penetration", "its growth", "converted", "conversion", "its growth"),
    ]
    lock, band = ([cell.text for cell in row] for row in view.table.rows)
    assert lock == ["smart lock", "400", "40.0%", "+33.3%", "200", "25.0%", "−16.7%"]
    assert band[:3] == ["手环", "hidden", "hidden"]
    assert view.definition.splitlines() == ["Definition of penetration", "Definition of conversion"]
