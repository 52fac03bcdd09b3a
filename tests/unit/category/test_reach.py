from datetime import date

import numpy as np
import pytest

from personas.category.reach import conversion, penetration
from personas.errors import ConfigError
from personas.schema import ObservationWindow

CATEGORIES = ["扫地机", "门锁", "空调"]
nan = np.nan


def figures(found):
    return found.table[["numerator", "denominator"]].to_numpy().tolist()


# The docstring of six_users says who bought and did what.
@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ({"denominator": "users"}, [[4, 6], [3, 6], [2, 6]]),
        ({"denominator": "active_users"}, [[4, 5], [3, 5], [2, 5]]),  # u6 only saw an advertisement
        ({"denominator": "buyers"}, [[4, 4], [3, 4], [2, 4]]),  # the order of u5 has no category
        ({"denominator": "users", "brand": "米家"}, [[3, 6], [2, 6], [0, 6]]),
        ({"denominator": "category_buyers", "brand": "米家"}, [[3, 4], [2, 3], [0, 2]]),
        ({"denominator": "brand_buyers", "brand": "米家"}, [[3, 4], [2, 4], [0, 4]]),
    ],
    ids=str,
)
def test_penetration_is_that_counted_by_hand(six_users, year, choices, expected):
    found = penetration(six_users, {"2025": year}, CATEGORIES, **choices)
    assert found.table["category"].tolist() == CATEGORIES
    assert figures(found) == expected
    np.testing.assert_allclose(found.table["value"], [k / n for k, n in expected])


@pytest.mark.parametrize(
    ("denominator", "expected"),
    [
        ("viewers", [[1, 2], [1, 2], [0, 0]]),  # 扫地机: u1 and u5; 门锁: u2 and u5
        ("carters", [[0, 0], [0, 1], [0, 0]]),
        ("searchers", [[0, 0], [0, 0], [0, 0]]),
    ],
)
def test_conversion_is_that_counted_by_hand(six_users, year, denominator, expected):
    found = conversion(six_users, {"2025": year}, CATEGORIES, denominator=denominator)
    assert figures(found) == expected
    np.testing.assert_array_equal(found.table["value"].isna(), [n == 0 for _, n in expected])


def test_penetration_and_conversion_by_persona_and_period(six_users, year):
    periods = {"2024": ObservationWindow(date(2025, 1, 1), 366), "2025": year}
    pairs = six_users.table("assignments")
    found = penetration(six_users, periods, ["门锁"], denominator="users", assignments=pairs).table
    assert found[["period", "persona_id"]].to_numpy().tolist() == [
        [period, persona] for period in ("2024", "2025") for persona in ("(all)", "P01", "P02")
    ]
    # 2024: only u1 bought a 门锁; 2025: u1, u2, u3, all of P01
    assert found["numerator"].tolist() == [1, 1, 0, 3, 3, 0]
    assert found["denominator"].tolist() == [6, 3, 2, 6, 3, 2]
    np.testing.assert_allclose(found["change"], [nan, nan, nan, 2 / 6, 2 / 3, 0])
    np.testing.assert_allclose(found["growth"], [nan, nan, nan, 2, 2, nan])
    viewed = conversion(six_users, periods, ["门锁"], denominator="viewers", assignments=pairs)
    assert figures(viewed)[3:] == [[1, 2], [1, 1], [0, 1]]


def test_who_is_not_in_the_group_is_not_in_the_numerator(make_source, year):
    source = make_source([{"user_id": "stranger", "event_at": "2025-03-01", "category": "门锁"}], users=["a"])
    assert figures(penetration(source, {"2025": year}, ["门锁"], denominator="users")) == [[0, 1]]
    assert figures(penetration(source, {"2025": year}, ["门锁"], denominator="buyers")) == [[1, 1]]


def test_the_denominator_must_be_named_and_known(six_users, year):
    with pytest.raises(TypeError, match="denominator"):
        penetration(six_users, {"2025": year}, ["门锁"])
    with pytest.raises(ConfigError, match="expected one of users, active_users"):
        penetration(six_users, {"2025": year}, ["门锁"], denominator="viewers")
    with pytest.raises(ConfigError, match="expected one of viewers"):
        conversion(six_users, {"2025": year}, ["门锁"], denominator="users")
    for denominator in ("category_buyers", "brand_buyers"):
        with pytest.raises(ConfigError, match="without a brand"):
            penetration(six_users, {"2025": year}, ["门锁"], denominator=denominator)


def test_lists_are_checked(six_users, year):
    with pytest.raises(ConfigError, match="categories is empty"):
        penetration(six_users, {"2025": year}, [], denominator="users")
    with pytest.raises(ConfigError, match="at least one"):
        conversion(six_users, {}, ["门锁"], denominator="viewers")


def test_the_denominator_is_printed(six_users, year):
    zh, en = penetration(
        six_users, {"2025": year}, ["门锁"], denominator="category_buyers", brand="米家"
    ).definition
    assert zh == (
        "渗透率 = 购买米家 该品类的用户 ÷ 该品类的全部购买用户（含品牌未知）。时期：2025（2025-01-01 至 2025-12-31）；"
        "按毛订单统计，不扣除退货；区间为 95% Wilson 区间。"
    )
    assert en.startswith(
        "Penetration = buyers of the category of 米家 ÷ all buyers of the category, of any brand"
    )
    zh, _ = conversion(six_users, {"2025": year}, ["门锁"], denominator="carters").definition
    assert zh.startswith("转化率 = 其中统计期内购买该品类的用户 ÷ 统计期内加购过该品类的用户。")
